/* Hides how points become dots on two axes: eight to a cell in braille, counted in ASCII.
 * Must not know what is measured, nor where the points are kept. */
#ifndef SW_SCATTER_H
#define SW_SCATTER_H

#include "widgets/axis.h"

/* Walks the points; *CURSOR is 0 at first. *BAD: drawn as a cross in SW_ROLE_BAD. false at the end. */
typedef bool sw_scatter_walk(const void *source, uint32_t *cursor, double *x, double *y, bool *bad);

struct sw_scatter_series {
	enum sw_role role;
	sw_scatter_walk *walk;
	const void *source; /* of walk */
};

#define SW_SCATTER_SERIES 6 /* that are told apart; as many as modes have roles */

/* The picture is drawn no larger than this: its counters are on the stack. */
#define SW_SCATTER_WIDTH 512
#define SW_SCATTER_HEIGHT 128

struct sw_scatter_view {
	struct sw_axis x, y; /* their ranges; the ticks are chosen for the size there is */
	sw_axis_label *x_label, *y_label;
	const struct sw_scatter_series *series;
	int n; /* series I and I + SW_SCATTER_SERIES count as one, in the former's role */
};

/* Draws VIEW into all of AREA: labels of y at the left, of x below, as far as there is room. A cell
 * takes the role of the series with the most points in it. Points beyond an axis lie on its end;
 * those that are not finite are left out. */
void sw_scatter_draw(struct sw_area area, const struct sw_scatter_view *view);

#endif
