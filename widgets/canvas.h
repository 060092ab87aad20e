/* Hides a grid of cells and clipping: all that is drawn lands here first.
 * Must not know terminals, colours or escape sequences, nor what is being drawn.
 *
 * One thread at a time. Nothing is allocated while drawing. */
#ifndef SW_CANVAS_H
#define SW_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "widgets/glyphs.h"
#include "widgets/roles.h"

enum {
	SW_CELL_REVERSE = 1, /* foreground and background change places: selection, cursor */
	SW_CELL_BOLD = 2,
	SW_CELL_UNDERLINE = 4,
};

/* One column of one row. A wide character takes two cells: the second has ch 0. */
struct sw_cell {
	uint32_t ch;        /* a code point that takes 1 or 2 columns; never a control character */
	uint8_t role;       /* enum sw_role: the foreground, and the background where `back` is TEXT */
	uint8_t back;       /* enum sw_role whose foreground colour fills the cell's background;
	                     * SW_ROLE_TEXT: none. For two-coloured block cells; where there are no
	                     * colours it is ignored, so that ch alone has to say enough */
	uint8_t attributes; /* SW_CELL_* */
};

struct sw_canvas;

/* All blanks of SW_ROLE_TEXT. Sizes are clamped to 1..SW_CANVAS_MAX. NULL when memory is out. */
#define SW_CANVAS_MAX 1000
struct sw_canvas *sw_canvas_new(int width, int height, const struct sw_glyphs *glyphs);
void sw_canvas_free(struct sw_canvas *canvas); /* NULL is fine */

/* Blank again, in another size. 0, or -1 when memory is out (then nothing has changed). */
int sw_canvas_resize(struct sw_canvas *canvas, int width, int height);
void sw_canvas_clear(struct sw_canvas *canvas);
void sw_canvas_set_glyphs(struct sw_canvas *canvas, const struct sw_glyphs *glyphs);

int sw_canvas_width(const struct sw_canvas *canvas);
int sw_canvas_height(const struct sw_canvas *canvas);
const struct sw_cell *sw_canvas_row(const struct sw_canvas *canvas, int y); /* width cells */

/* The canvas as text, one line per row without trailing blanks, and with `roles` a second block:
 * one letter per cell for its role ('.' text, then 'a'.. in the enum's order; upper case: reversed,
 * ':' for text). Writes to DST of SIZE bytes like snprintf (returns what would be written). For
 * golden tests and screenshots. */
size_t sw_canvas_dump(const struct sw_canvas *canvas, bool roles, char *dst, size_t size);

/* ---- areas: where a widget may draw ---- */

/* A rectangle of a canvas; whatever is drawn through it is clipped to it. Coordinates are relative
 * to it. Plain value, may be empty or reach beyond the canvas. */
struct sw_area {
	struct sw_canvas *canvas;
	int x, y, w, h;
};

struct sw_area sw_canvas_area(struct sw_canvas *canvas); /* all of it */
/* The part of AREA at X, Y (relative); clipped to AREA, so w and h may come out smaller, or 0. */
struct sw_area sw_area_sub(struct sw_area area, int x, int y, int w, int h);
/* Takes N rows from the top (or bottom) of *AREA, which shrinks; at most what is there. */
struct sw_area sw_area_cut_top(struct sw_area *area, int n);
struct sw_area sw_area_cut_bottom(struct sw_area *area, int n);
struct sw_area sw_area_cut_left(struct sw_area *area, int n);
struct sw_area sw_area_cut_right(struct sw_area *area, int n);
const struct sw_glyphs *sw_area_glyphs(struct sw_area area);

/* One character. Half of a wide one at an edge becomes a blank; drawing over half of a wide one
 * blanks its other half. */
void sw_put_char(struct sw_area area, int x, int y, uint32_t ch, enum sw_role role);
void sw_put_cell(struct sw_area area, int x, int y, struct sw_cell cell);

/* UTF-8 text up to the area's edge. Control characters and invalid bytes become '?', zero-width
 * ones are left out; with ASCII glyphs every other character becomes its ASCII stand-in (µ u, … .,
 * × x, · -) or '?', a wide one '??': columns do not depend on the glyphs. Returns the columns
 * used. */
int sw_put_text(struct sw_area area, int x, int y, const char *text, enum sw_role role);
int sw_put_textf(struct sw_area area, int x, int y, enum sw_role role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* At most WIDTH columns; what does not fit ends with an ellipsis. */
int sw_put_text_cut(struct sw_area area, int x, int y, int width, const char *text,
                    enum sw_role role);
/* So that it ends at column X_END - 1; cut as above when it does not fit in WIDTH. Returns the
 * columns used. */
int sw_put_text_right(struct sw_area area, int x_end, int y, int width, const char *text,
                      enum sw_role role);
void sw_fill(struct sw_area area, uint32_t ch, enum sw_role role);
/* Sets attributes (SW_CELL_*) and, if ROLE is not SW_ROLE_COUNT, the role of what is there. */
void sw_paint(struct sw_area area, enum sw_role role, uint8_t attributes);

#endif
