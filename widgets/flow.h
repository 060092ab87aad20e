/* Hides how a sentence made of pieces in several roles is broken into lines.
 * Must not know what it says. */
#ifndef SW_FLOW_H
#define SW_FLOW_H

#include "widgets/canvas.h"

struct sw_flow_piece {
	const char *text; /* UTF-8; words are separated by single blanks, pieces by what they hold */
	enum sw_role role;
};

/* Draws the pieces one after the other, broken between words, into AREA; what does not fit ends with
 * an ellipsis. Returns the rows used. AREA.canvas NULL: draws nothing, but counts the rows that a
 * width of AREA.w takes. */
int sw_flow_draw(struct sw_area area, const struct sw_flow_piece *pieces, int n);

/* Draws the pieces in one line of at most WIDTH columns from X, Y; what does not fit ends with an
 * ellipsis. Returns the columns used. */
int sw_flow_line(struct sw_area area, int x, int y, int width, const struct sw_flow_piece *pieces,
                 int n);
int sw_flow_columns(const struct sw_flow_piece *pieces, int n); /* of all of them in one line */

#endif
