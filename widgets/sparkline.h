/* Hides how recent values become a line of eighth blocks.
 * Must not know what the values are. */
#ifndef SW_SPARKLINE_H
#define SW_SPARKLINE_H

#include "widgets/canvas.h"

struct sw_sparkline_view {
	const double *values; /* oldest first; one that is not finite leaves a gap */
	const bool *bad;      /* beside values: drawn as SW_ROLE_BAD; NULL: none is */
	int n;
	bool from_zero; /* the scale is 0..max; else min..max of what is shown */
	enum sw_role role;
};

/* Draws the most recent values that fit, one per column, the newest in AREA's last column, over all
 * of its rows. Every value is at least an eighth high; equal ones are drawn half high. */
void sw_sparkline_draw(struct sw_area area, const struct sw_sparkline_view *view);

#endif
