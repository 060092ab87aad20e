/* Hides how distributions become columns of blocks under one another on one shared axis.
 * Must not know what is measured, nor where the counts are kept.
 *
 * Each series is scaled to its own highest column: say so beside it. Draws what fits: from blocks
 * of four rows with a row of percentile marks down to one line per series. */
#ifndef SW_WIDGETS_HISTOGRAM_H
#define SW_WIDGETS_HISTOGRAM_H

#include "widgets/axis.h"

/* "p50" "431 ms" */
struct sw_histogram_figure {
	const char *label, *value;
};

struct sw_histogram_mark {
	double at;
	const char *label; /* "50": short */
};

/* Walks the buckets: *CURSOR is 0 at first. Values v with *LOW <= v < *HIGH occurred *COUNT times.
 * false at the end. In rising order it is fastest, but any order will do. */
typedef bool sw_histogram_walk(const void *source, uint32_t *cursor, double *low, double *high,
                               uint64_t *count);

struct sw_histogram_series {
	const char *name;
	enum sw_role role;
	const char *count;                         /* "n 13": is always shown */
	const struct sw_histogram_figure *figures; /* the most important first; the last go first */
	int n_figures;                             /* at most SW_HISTOGRAM_FIGURES are shown */
	const struct sw_histogram_mark *marks;     /* the most important first */
	int n_marks;                               /* at most SW_HISTOGRAM_MARKS are shown */
	sw_histogram_walk *walk;
	const void *source; /* of walk */
};

#define SW_HISTOGRAM_FIGURES 6
#define SW_HISTOGRAM_MARKS 6

struct sw_histogram_view {
	struct sw_axis axis; /* its range; the ticks are chosen for the width there is */
	sw_axis_label *label;
	const struct sw_histogram_series *series;
	int n;
	int focus; /* the series that is seen also where not all of them find a line */
};

/* Draws VIEW into AREA, from its top. Returns the rows used. */
int sw_histogram_draw(struct sw_area area, const struct sw_histogram_view *view);

/* The rows in which it would look best, for the one who divides the screen. */
int sw_histogram_rows(const struct sw_histogram_view *view);
/* The rows of the form that has one line for each series, and the axis. */
int sw_histogram_line_rows(const struct sw_histogram_view *view);

/* Counts a series into WIDTH (1 .. SW_CANVAS_MAX) columns of AXIS. A bucket wider than a column is
 * spread evenly; what lies beyond the axis counts in its first or last column, so that the columns
 * add up to the counts. Buckets that are not finite are left out. Returns the sum. */
double sw_histogram_count_columns(const struct sw_axis *axis,
                                  const struct sw_histogram_series *series, double *columns,
                                  int width);

#endif
