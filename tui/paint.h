/* Hides which bytes turn the screen of the last frame into the next one: what has changed, where the
 * cursor goes, which colours. Must not know descriptors, terminfo, nor what is drawn.
 *
 * Pure. Understands the terminal as ECMA-48 has it (xterm and all that followed): whoever opens one
 * makes sure that it is one. Nothing is assumed of cursor and colours at a frame's beginning, so that
 * a stranger's message on the terminal spoils no more than the cells it covers. */
#ifndef SW_PAINT_H
#define SW_PAINT_H

#include <stdbool.h>

#include "tui/theme.h"
#include "widgets/canvas.h"

struct sw_buf;
struct sw_paint;

struct sw_paint_options {
	enum sw_depth depth;
	bool unicode;   /* else all but ASCII becomes its stand-in */
	bool bright;    /* at 16 colours: knows 8..15 by themselves; else bold 0..7 stand for them */
	bool last_cell; /* the last column of the last row can be written without scrolling */
};

/* NULL: memory. */
struct sw_paint *sw_paint_new(const struct sw_paint_options *options);
void sw_paint_free(struct sw_paint *paint); /* NULL is fine */

/* Appends to OUT what differs from the last frame, inside a synchronized update (mode 2026, which
 * terminals without it skip); nothing at all when nothing differs. The first frame, one of another
 * size, and one after sw_paint_forget are whole: every cell is written, nothing is cleared first, so
 * that nothing flickers. Only printable characters get out: a cell that holds a control character, a
 * zero-width or an invalid one becomes '?'.
 *
 * 0, or -1 when memory is out: OUT is as it was, and the next frame is whole. */
int sw_paint_frame(struct sw_paint *paint, const struct sw_canvas *canvas,
                   const struct sw_theme *theme, struct sw_buf *out);

/* What is on the terminal is not known any more. */
void sw_paint_forget(struct sw_paint *paint);

#endif
