#include "widgets/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "widgets/text.h"

/* A cell's ch is 0 exactly where the cell before it holds a wide character. */
struct sw_canvas {
	int width, height;
	const struct sw_glyphs *glyphs;
	struct sw_cell *cells;
};

static int clamp(int64_t value, int low, int high)
{
	return value < low ? low : value > high ? high : (int)value;
}

/* ---- the grid ---- */

int sw_canvas_resize(struct sw_canvas *canvas, int width, int height)
{
	width = clamp(width, 1, SW_CANVAS_MAX);
	height = clamp(height, 1, SW_CANVAS_MAX);
	if (!canvas->cells || width != canvas->width || height != canvas->height) {
		struct sw_cell *cells = malloc((size_t)width * (size_t)height * sizeof(*cells));
		if (!cells)
			return -1;
		free(canvas->cells);
		canvas->cells = cells;
		canvas->width = width;
		canvas->height = height;
	}
	sw_canvas_clear(canvas);
	return 0;
}

struct sw_canvas *sw_canvas_new(int width, int height, const struct sw_glyphs *glyphs)
{
	struct sw_canvas *canvas = calloc(1, sizeof(*canvas));
	if (!canvas)
		return NULL;
	canvas->glyphs = glyphs;
	if (sw_canvas_resize(canvas, width, height) < 0) {
		free(canvas);
		return NULL;
	}
	return canvas;
}

void sw_canvas_free(struct sw_canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	free(canvas);
}

void sw_canvas_clear(struct sw_canvas *canvas)
{
	size_t n = (size_t)canvas->width * (size_t)canvas->height;
	for (size_t i = 0; i < n; i++)
		canvas->cells[i] = (struct sw_cell){.ch = ' '};
}

void sw_canvas_set_glyphs(struct sw_canvas *canvas, const struct sw_glyphs *glyphs)
{
	canvas->glyphs = glyphs;
}

int sw_canvas_width(const struct sw_canvas *canvas)
{
	return canvas->width;
}

int sw_canvas_height(const struct sw_canvas *canvas)
{
	return canvas->height;
}

const struct sw_cell *sw_canvas_row(const struct sw_canvas *canvas, int y)
{
	return canvas->cells + (size_t)clamp(y, 0, canvas->height - 1) * (size_t)canvas->width;
}

/* ---- areas ---- */

struct sw_area sw_canvas_area(struct sw_canvas *canvas)
{
	return (struct sw_area){.canvas = canvas, .w = canvas->width, .h = canvas->height};
}

struct sw_area sw_area_sub(struct sw_area area, int x, int y, int w, int h)
{
	int x0 = clamp(x, 0, area.w < 0 ? 0 : area.w), y0 = clamp(y, 0, area.h < 0 ? 0 : area.h);
	int64_t x1 = (int64_t)x + (w > 0 ? w : 0), y1 = (int64_t)y + (h > 0 ? h : 0);
	return (struct sw_area){.canvas = area.canvas,
	                        .x = area.x + x0,
	                        .y = area.y + y0,
	                        .w = clamp(x1, x0, area.w > x0 ? area.w : x0) - x0,
	                        .h = clamp(y1, y0, area.h > y0 ? area.h : y0) - y0};
}

struct sw_area sw_area_cut_top(struct sw_area *area, int n)
{
	struct sw_area cut = sw_area_sub(*area, 0, 0, area->w, n);
	*area = sw_area_sub(*area, 0, cut.h, area->w, area->h - cut.h);
	return cut;
}

struct sw_area sw_area_cut_bottom(struct sw_area *area, int n)
{
	int rows = clamp(n, 0, area->h > 0 ? area->h : 0);
	struct sw_area cut = sw_area_sub(*area, 0, area->h - rows, area->w, rows);
	*area = sw_area_sub(*area, 0, 0, area->w, area->h - rows);
	return cut;
}

struct sw_area sw_area_cut_left(struct sw_area *area, int n)
{
	struct sw_area cut = sw_area_sub(*area, 0, 0, n, area->h);
	*area = sw_area_sub(*area, cut.w, 0, area->w - cut.w, area->h);
	return cut;
}

struct sw_area sw_area_cut_right(struct sw_area *area, int n)
{
	int columns = clamp(n, 0, area->w > 0 ? area->w : 0);
	struct sw_area cut = sw_area_sub(*area, area->w - columns, 0, columns, area->h);
	*area = sw_area_sub(*area, 0, 0, area->w - columns, area->h);
	return cut;
}

const struct sw_glyphs *sw_area_glyphs(struct sw_area area)
{
	return area.canvas ? area.canvas->glyphs : &sw_glyphs_ascii;
}

/* ---- drawing ---- */

/* The columns of AREA that can be seen, from..to, and its row Y in the canvas; NULL: not visible. */
struct line {
	struct sw_cell *row; /* the canvas's; its cell area.x is the area's column 0 */
	int from, to, width;
};

static bool find_line(struct sw_area area, int y, struct line *line)
{
	if (!area.canvas || y < 0 || y >= area.h)
		return false;
	int64_t at = (int64_t)area.y + y;
	if (at < 0 || at >= area.canvas->height)
		return false;
	line->width = area.canvas->width;
	line->row = area.canvas->cells + at * line->width;
	line->from = clamp(area.x, 0, line->width);
	line->to = clamp((int64_t)area.x + area.w, line->from, line->width);
	return line->from < line->to;
}

/* X counts from the canvas's left edge. */
static void set_cell(const struct line *line, int x, struct sw_cell cell)
{
	struct sw_cell *at = line->row + x;
	if (at->ch == 0 && x > 0)
		at[-1].ch = ' ';
	if (x + 1 < line->width && at[1].ch == 0)
		at[1].ch = ' ';
	*at = cell;
}

/* X may be anywhere; COLUMNS are those of cell.ch. */
static void set_glyph(const struct line *line, int64_t x, int columns, struct sw_cell cell)
{
	bool first = x >= line->from && x < line->to;
	if (columns == 1) {
		if (first)
			set_cell(line, (int)x, cell);
		return;
	}
	bool second = x + 1 >= line->from && x + 1 < line->to;
	struct sw_cell half = cell;
	if (cell.ch != '?') /* ASCII: ?? */
		half.ch = ' ';
	if (first)
		set_cell(line, (int)x, half);
	if (second)
		set_cell(line, (int)x + 1, half);
	if (first && second && cell.ch != '?') {
		line->row[x].ch = cell.ch;
		line->row[x + 1].ch = 0;
	}
}

static uint32_t shown(const struct sw_canvas *canvas, uint32_t ch)
{
	return ch < 0x7f || canvas->glyphs->unicode ? ch : (uint32_t)sw_glyph_ascii(ch);
}

void sw_put_cell(struct sw_area area, int x, int y, struct sw_cell cell)
{
	struct line line;
	if (!find_line(area, y, &line))
		return;
	if (cell.ch == 0)
		cell.ch = ' ';
	else if (cell.ch < ' ' || (cell.ch >= 0x7f && cell.ch < 0xa0))
		cell.ch = '?';
	if (cell.role >= SW_ROLE_COUNT)
		cell.role = SW_ROLE_TEXT;
	if (cell.back >= SW_ROLE_COUNT)
		cell.back = SW_ROLE_TEXT;
	int columns = sw_glyph_columns(cell.ch);
	cell.ch = shown(area.canvas, cell.ch);
	if (columns > 0)
		set_glyph(&line, (int64_t)area.x + x, columns, cell);
}

void sw_put_char(struct sw_area area, int x, int y, uint32_t ch, enum sw_role role)
{
	sw_put_cell(area, x, y, (struct sw_cell){.ch = ch, .role = (uint8_t)role});
}

/* The first COLUMNS of TEXT, from column X. Returns the columns used. */
static int put_columns(struct sw_area area, int x, int y, int columns, const char *text,
                       enum sw_role role)
{
	struct line line;
	bool visible = find_line(area, y, &line);
	struct sw_cell cell = {.role = role < SW_ROLE_COUNT ? (uint8_t)role : SW_ROLE_TEXT};
	int used = 0;
	for (uint32_t ch; used < columns && (ch = sw_glyph_next(&text)) != 0;) {
		int n = sw_glyph_columns(ch);
		if (visible && n > 0) {
			cell.ch = shown(area.canvas, ch);
			set_glyph(&line, (int64_t)area.x + x + used, n, cell);
		}
		used += n;
	}
	return used < columns ? used : columns;
}

/* Columns from X to the area's right edge. */
static int room(struct sw_area area, int x)
{
	return clamp((int64_t)area.w - x, 0, INT32_MAX);
}

int sw_put_text(struct sw_area area, int x, int y, const char *text, enum sw_role role)
{
	return put_columns(area, x, y, room(area, x), text, role);
}

int sw_put_textf(struct sw_area area, int x, int y, enum sw_role role, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return sw_put_text(area, x, y, text, role);
}

/* How many columns of TEXT to draw in WIDTH; *CUT: an ellipsis follows them. */
static int measure(const char *text, int width, bool *cut)
{
	int used = 0, before_last = 0;
	*cut = false;
	for (uint32_t ch; (ch = sw_glyph_next(&text)) != 0;) {
		int n = sw_glyph_columns(ch);
		if (used + n > width) {
			*cut = width > 0;
			return *cut ? before_last : 0;
		}
		used += n;
		if (used < width)
			before_last = used;
	}
	return used;
}

static int put_measured(struct sw_area area, int x, int y, int columns, bool cut, const char *text,
                        enum sw_role role)
{
	put_columns(area, x, y, columns, text, role);
	if (cut)
		sw_put_char(area, x + columns, y, sw_area_glyphs(area)->ellipsis, role);
	return columns + cut;
}

int sw_put_text_cut(struct sw_area area, int x, int y, int width, const char *text,
                    enum sw_role role)
{
	bool cut;
	int columns = measure(text, width < room(area, x) ? width : room(area, x), &cut);
	return put_measured(area, x, y, columns, cut, text, role);
}

int sw_put_text_right(struct sw_area area, int x_end, int y, int width, const char *text,
                      enum sw_role role)
{
	bool cut;
	int columns = measure(text, width < x_end ? width : x_end, &cut);
	return put_measured(area, x_end - columns - cut, y, columns, cut, text, role);
}

/* How much of an area that begins at START lies before the canvas. */
static int hidden(int start)
{
	return clamp(-(int64_t)start, 0, INT32_MAX);
}

void sw_fill(struct sw_area area, uint32_t ch, enum sw_role role)
{
	int columns = sw_glyph_columns(ch);
	if (columns < 1 || !area.canvas)
		return;
	int y0 = hidden(area.y), x0 = hidden(area.x);
	for (int y = y0; y < area.h && (int64_t)area.y + y < area.canvas->height; y++)
		for (int x = x0; x < area.w && (int64_t)area.x + x < area.canvas->width; x += columns)
			sw_put_char(area, x, y, ch, role);
}

void sw_paint(struct sw_area area, enum sw_role role, uint8_t attributes)
{
	struct line line;
	int y0 = hidden(area.y);
	for (int y = y0; y < area.h && find_line(area, y, &line); y++) {
		for (int x = line.from; x < line.to; x++) {
			line.row[x].attributes = attributes;
			if (role < SW_ROLE_COUNT)
				line.row[x].role = (uint8_t)role;
		}
	}
}

/* ---- as text ---- */

struct dump {
	char *at;
	size_t size, len;
};

static void add(struct dump *dump, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++, dump->len++)
		if (dump->len + 1 < dump->size)
			dump->at[dump->len] = bytes[i];
}

static void add_glyph(struct dump *dump, uint32_t ch)
{
	char bytes[4];
	add(dump, bytes, sw_glyph_encode(ch, bytes));
}

static char role_letter(struct sw_cell cell)
{
	bool reverse = cell.attributes & SW_CELL_REVERSE;
	if (cell.role == SW_ROLE_TEXT)
		return reverse ? ':' : '.';
	return (char)((reverse ? 'A' : 'a') + cell.role - 1);
}

static void dump_row(struct dump *dump, const struct sw_cell *row, int width, bool roles)
{
	while (width > 0 && row[width - 1].ch == ' ' && !(row[width - 1].attributes & SW_CELL_REVERSE))
		width--;
	for (int x = 0; x < width; x++) {
		char letter = role_letter(row[x]);
		if (roles)
			add(dump, &letter, 1);
		else if (row[x].ch != 0)
			add_glyph(dump, row[x].ch);
	}
	add(dump, "\n", 1);
}

size_t sw_canvas_dump(const struct sw_canvas *canvas, bool roles, char *dst, size_t size)
{
	struct dump dump = {.at = dst, .size = size};
	for (int y = 0; y < canvas->height; y++)
		dump_row(&dump, sw_canvas_row(canvas, y), canvas->width, false);
	for (int y = 0; roles && y < canvas->height; y++)
		dump_row(&dump, sw_canvas_row(canvas, y), canvas->width, true);
	if (size > 0)
		dst[dump.len < size ? dump.len : size - 1] = '\0';
	return dump.len;
}
