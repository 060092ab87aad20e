/* Hides how stretches that end between two columns are drawn: eighth blocks and cells of two
 * colours, letters in ASCII. Must not know what the stretches are. */
#ifndef SW_SPANS_H
#define SW_SPANS_H

#include "widgets/canvas.h"

struct sw_stripe {
	double start, end; /* columns, fractions too; what lies outside of the area is cut off */
	enum sw_role role;
	char letter; /* fills it in ASCII; 0: '#' */
};

/* Draws the spans, in rising order and without overlap, into AREA's first row. A span that is alone
 * in its cells is never invisible, however short; of more than two in one cell the longest two are
 * shown. A gap stays between neighbours of one role; where there are no colours, all the blocks'
 * shapes say enough. */
void sw_spans_draw(struct sw_area area, const struct sw_stripe *spans, int n);

#endif
