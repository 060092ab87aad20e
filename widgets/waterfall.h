/* Hides how phases that follow one another become bars on one time axis.
 * Must not know what the phases are, nor any clock: times are numbers in any one unit.
 *
 * With a row for every phase it is a Gantt chart with a stacked bar for each running iteration under
 * it; with fewer rows the phases become one stacked bar with the widest ones' names under it. Phases
 * that nobody waits for stand below the others under a heading, or, where there is no room, nowhere. */
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
	bool off_path;        /* nobody waits for it: drawn dim, apart, and not in the stacked bar */
};

/* A stretch of the running iteration; the last one may still grow. */
struct sw_waterfall_stretch {
	int phase; /* its index in the view: role and letter; -1: between phases */
	double start, end;
};

/* An iteration that runs, or ran last, as one stacked bar. A run keeps its row. */
struct sw_waterfall_run {
	const char *name;    /* "#14"; "" or NULL: nothing has run there yet */
	const char *elapsed; /* "312 ms" */
	bool active;         /* it runs */
	const struct sw_waterfall_stretch *stretches;
	int n_stretches;
};

struct sw_waterfall_view {
	/* In the order in which they occur, those off the path behind all others. */
	const struct sw_waterfall_phase *phases;
	int n;
	struct sw_axis axis; /* its range, 0 .. something beyond the expected end; linear */
	sw_axis_label *label;
	/* Over the columns: "mean of 13", "share", "now"; NULL: none. */
	const char *mean_head, *share_head, *now_head;
	const char *total_name; /* of the stacked bar of means: "mean" */
	const char *total;      /* "431 ms" */
	/* A row for each, as far as there are rows; they are given up before the phases are. */
	const struct sw_waterfall_run *runs;
	int n_runs;
	const char *behind_head; /* over the phases off the path; NULL: none */
	double expected;         /* a running iteration's expected end; 0: not known */
};

/* Draws VIEW into AREA, from its top. Returns the rows used. */
int sw_waterfall_draw(struct sw_area area, const struct sw_waterfall_view *view);

/* The rows in which it would look best, and those of its stacked form. Of the view only n, n_runs, heads
 * and the phases' off_path count here and below. */
int sw_waterfall_rows(const struct sw_waterfall_view *view);
int sw_waterfall_stacked_rows(const struct sw_waterfall_view *view);
/* Whether in ROWS rows the phases off the path, if there are any, are shown. */
bool sw_waterfall_shows_behind(const struct sw_waterfall_view *view, int rows);

#endif
