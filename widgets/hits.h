/* Hides how a click finds what was drawn: rectangles of the canvas, each with a number.
 * Must not know what is done about a click. */
#ifndef SW_HITS_H
#define SW_HITS_H

#include "widgets/canvas.h"

#define SW_HITS_MAX 20

struct sw_hit {
	int x, y, w, h; /* in the canvas */
	int index;
};

/* Plain value; a drawing function that is given one begins it anew. */
struct sw_hits {
	struct sw_hit list[SW_HITS_MAX];
	int n;
};

/* AREA stands for INDEX. Empty areas, and what is more than SW_HITS_MAX, are left out. */
void sw_hits_add(struct sw_hits *hits, struct sw_area area, int index);

/* The index at column X, row Y of the canvas; -1: none. */
int sw_hits_at(const struct sw_hits *hits, int x, int y);

#endif
