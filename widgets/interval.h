/* Hides how a difference and its confidence interval are drawn beside zero.
 * Must not know what differs, nor how the interval was computed. */
#ifndef SW_INTERVAL_H
#define SW_INTERVAL_H

#include "widgets/axis.h"

struct sw_interval {
	const char *name;
	enum sw_role role;
	double low, middle, high; /* low or high not finite: there is no interval, only the middle */
	const char *text;         /* at the right: "+426 ms  [411, 440]" */
};

struct sw_interval_view {
	struct sw_axis axis; /* its range, linear; it should hold 0; ticks are chosen here */
	sw_axis_label *label;
	const struct sw_interval *intervals;
	int n;
};

/* Draws a row for each interval, and below them, as far as there are rows, the axis. What reaches
 * beyond the axis ends with an arrow. Returns the rows used. */
int sw_interval_draw(struct sw_area area, const struct sw_interval_view *view);

#endif
