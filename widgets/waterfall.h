/* Hides how phases that follow one another become bars on one time axis.
 * Must not know what the phases are, nor any clock: times are numbers in any one unit.
 *
 * With a row for every phase it is a Gantt chart with a stacked bar of the running iteration under
 * it; with fewer rows the phases become one stacked bar with the widest ones' names under it. */
#ifndef SW_WATERFALL_H
#define SW_WATERFALL_H

#include "widgets/axis.h"

struct sw_waterfall_phase {
	const char *name;     /* "imports" */
	enum sw_role role;    /* of its group */
	double start, length; /* the mean one, from the iteration's start */
	const char *mean;     /* "244 ms" */
	const char *share;    /* "57 %"; NULL or "": none */
	const char *now;      /* the running iteration's; NULL or "": not yet */
	bool active;          /* the running iteration is in it */
	bool off_path;        /* nobody waits for it: drawn as shade, and not in the stacked bar */
};

/* A stretch of the running iteration; the last one may still grow. */
struct sw_waterfall_stretch {
	int phase; /* its index in the view: role and letter; -1: between phases */
	double start, end;
};

struct sw_waterfall_view {
	const struct sw_waterfall_phase *phases; /* in the order in which they occur */
	int n;
	struct sw_axis axis; /* its range, 0 .. something beyond the expected end; linear */
	sw_axis_label *label;
	/* Over the columns: "mean of 13", "share", "now"; NULL: none. */
	const char *mean_head, *share_head, *now_head;
	const char *total_name; /* of the stacked bar of means: "mean" */
	const char *total;      /* "431 ms" */
	/* The running iteration; running_name NULL: there is none and no row for one. */
	const char *running_name; /* "#14" */
	const char *elapsed;      /* "312 ms" */
	const struct sw_waterfall_stretch *stretches;
	int n_stretches;
	double expected; /* its expected end; 0: not known */
};

/* Draws VIEW into AREA, from its top. Returns the rows used. */
int sw_waterfall_draw(struct sw_area area, const struct sw_waterfall_view *view);

/* The rows in which it would look best. */
int sw_waterfall_rows(const struct sw_waterfall_view *view);

#endif
