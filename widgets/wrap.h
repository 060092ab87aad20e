/* Hides where text is broken into lines. Must not know what it says.
 * For texts from outside: every byte string has a next line, and words of any length are broken. */
#ifndef SW_WRAP_H
#define SW_WRAP_H

#include "widgets/canvas.h"

/* The next line of *TEXT in at most WIDTH columns (at least one character), from *TEXT to *OUT_END;
 * *TEXT moves to where the one after it begins. Lines end at line feeds, else between words, else
 * within one. False, and nothing is touched, at the end of the text. Any thread. */
bool sw_wrap_next(const char **text, int width, const char **out_end);

int sw_wrap_rows(const char *text, int width); /* lines of all of TEXT; 0 for "" */

/* Draws the lines of TEXT as wide as AREA, the first of them in row Y, which may be negative. Rows
 * outside of AREA are not drawn. Returns sw_wrap_rows. */
int sw_wrap_draw(struct sw_area area, int y, const char *text, enum sw_role role);

#endif
