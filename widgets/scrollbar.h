/* Hides how a bar shows which part of a list is visible.
 * Must not know the list. */
#ifndef SW_SCROLLBAR_H
#define SW_SCROLLBAR_H

#include "widgets/canvas.h"

/* In the first column of AREA: PAGE of TOTAL lines are visible, from TOP on. Draws nothing when all
 * are. The thumb reaches an end exactly when the list is at that end. */
void sw_scrollbar_draw(struct sw_area area, int total, int page, int top);

#endif
