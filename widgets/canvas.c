#include "widgets/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "widgets/text.h"

struct sw_canvas {
	int width, height;
	size_t capacity; /* cells */
	const struct sw_glyphs *glyphs;
	struct sw_cell *cells;
};

static const struct sw_cell blank = {.ch = ' ', .role = SW_ROLE_TEXT, .back = SW_ROLE_TEXT};

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

struct sw_canvas *sw_canvas_new(int width, int height, const struct sw_glyphs *glyphs)
{
	struct sw_canvas *canvas = calloc(1, sizeof *canvas);
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

int sw_canvas_resize(struct sw_canvas *canvas, int width, int height)
{
	width = clamp(width, 1, SW_CANVAS_MAX);
	height = clamp(height, 1, SW_CANVAS_MAX);
	size_t needed = (size_t)width * (size_t)height;
	if (needed > canvas->capacity) {
		struct sw_cell *cells = realloc(canvas->cells, needed * sizeof *cells);
		if (!cells)
			return -1;
		canvas->cells = cells;
		canvas->capacity = needed;
	}
	canvas->width = width;
	canvas->height = height;
	sw_canvas_clear(canvas);
	return 0;
}

void sw_canvas_clear(struct sw_canvas *canvas)
{
	size_t n = (size_t)canvas->width * (size_t)canvas->height;
	for (size_t i = 0; i < n; i++)
		canvas->cells[i] = blank;
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

static struct sw_cell *cell_at(const struct sw_canvas *canvas, int x, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
}

const struct sw_cell *sw_canvas_row(const struct sw_canvas *canvas, int y)
{
	return cell_at(canvas, 0, clamp(y, 0, canvas->height - 1));
}

/* ---- dump ---- */

struct dump {
	char *dst;
	size_t size, len;
};

static void dump_byte(struct dump *dump, char byte)
{
	if (dump->len + 1 < dump->size)
		dump->dst[dump->len] = byte;
	dump->len++;
}

static void dump_char(struct dump *dump, uint32_t ch)
{
	if (ch < 0x80) {
		dump_byte(dump, (char)ch);
	} else if (ch < 0x800) {
		dump_byte(dump, (char)(0xc0 | ch >> 6));
		dump_byte(dump, (char)(0x80 | (ch & 0x3f)));
	} else if (ch < 0x10000) {
		dump_byte(dump, (char)(0xe0 | ch >> 12));
		dump_byte(dump, (char)(0x80 | (ch >> 6 & 0x3f)));
		dump_byte(dump, (char)(0x80 | (ch & 0x3f)));
	} else {
		dump_byte(dump, (char)(0xf0 | ch >> 18));
		dump_byte(dump, (char)(0x80 | (ch >> 12 & 0x3f)));
		dump_byte(dump, (char)(0x80 | (ch >> 6 & 0x3f)));
		dump_byte(dump, (char)(0x80 | (ch & 0x3f)));
	}
}

static bool is_blank(const struct sw_cell *cell)
{
	return cell->ch == ' ' && !(cell->attributes & SW_CELL_REVERSE);
}

static char role_letter(const struct sw_cell *cell)
{
	char letter = cell->role == SW_ROLE_TEXT ? '.' : (char)('a' + cell->role - 1);
	if (!(cell->attributes & SW_CELL_REVERSE))
		return letter;
	return letter == '.' ? ':' : (char)(letter - 'a' + 'A');
}

size_t sw_canvas_dump(const struct sw_canvas *canvas, bool roles, char *dst, size_t size)
{
	struct dump dump = {dst, size, 0};
	for (int pass = 0; pass < (roles ? 2 : 1); pass++) {
		for (int y = 0; y < canvas->height; y++) {
			int end = canvas->width;
			while (end > 0 && is_blank(cell_at(canvas, end - 1, y)))
				end--;
			for (int x = 0; x < end; x++) {
				const struct sw_cell *cell = cell_at(canvas, x, y);
				if (pass)
					dump_byte(&dump, role_letter(cell));
				else if (cell->ch)
					dump_char(&dump, cell->ch);
			}
			dump_byte(&dump, '\n');
		}
	}
	if (size)
		dst[dump.len < size ? dump.len : size - 1] = '\0';
	return dump.len;
}

/* ---- areas ---- */

struct sw_area sw_canvas_area(struct sw_canvas *canvas)
{
	return (struct sw_area){canvas, 0, 0, canvas->width, canvas->height};
}

struct sw_area sw_area_sub(struct sw_area area, int x, int y, int w, int h)
{
	int left = clamp(x, 0, area.w), top = clamp(y, 0, area.h);
	/* Not x + w: that could overflow. */
	int right = w < 0 ? left : x > area.w - w ? area.w : clamp(x + w, left, area.w);
	int bottom = h < 0 ? top : y > area.h - h ? area.h : clamp(y + h, top, area.h);
	return (struct sw_area){area.canvas, area.x + left, area.y + top, right - left, bottom - top};
}

struct sw_area sw_area_cut_top(struct sw_area *area, int n)
{
	n = clamp(n, 0, area->h);
	struct sw_area cut = sw_area_sub(*area, 0, 0, area->w, n);
	area->y += n;
	area->h -= n;
	return cut;
}

struct sw_area sw_area_cut_bottom(struct sw_area *area, int n)
{
	n = clamp(n, 0, area->h);
	struct sw_area cut = sw_area_sub(*area, 0, area->h - n, area->w, n);
	area->h -= n;
	return cut;
}

struct sw_area sw_area_cut_left(struct sw_area *area, int n)
{
	n = clamp(n, 0, area->w);
	struct sw_area cut = sw_area_sub(*area, 0, 0, n, area->h);
	area->x += n;
	area->w -= n;
	return cut;
}

struct sw_area sw_area_cut_right(struct sw_area *area, int n)
{
	n = clamp(n, 0, area->w);
	struct sw_area cut = sw_area_sub(*area, area->w - n, 0, n, area->h);
	area->w -= n;
	return cut;
}

const struct sw_glyphs *sw_area_glyphs(struct sw_area area)
{
	return area.canvas->glyphs;
}

/* ---- drawing ---- */

/* The cell of AREA at X, Y; NULL outside of it or of the canvas. */
static struct sw_cell *target(struct sw_area area, int x, int y)
{
	if (x < 0 || y < 0 || x >= area.w || y >= area.h)
		return NULL;
	x += area.x;
	y += area.y;
	if (x < 0 || y < 0 || x >= area.canvas->width || y >= area.canvas->height)
		return NULL;
	return cell_at(area.canvas, x, y);
}

/* A wide character of which a half is about to go, goes. */
static void break_wide(struct sw_area area, struct sw_cell *cell)
{
	int x = (int)((size_t)(cell - area.canvas->cells) % (size_t)area.canvas->width);
	if (cell->ch == 0 && x > 0)
		cell[-1].ch = ' ';
	if (x + 1 < area.canvas->width && cell[1].ch == 0)
		cell[1].ch = ' ';
	if (cell->ch == 0)
		cell->ch = ' ';
}

void sw_put_cell(struct sw_area area, int x, int y, struct sw_cell cell)
{
	struct sw_cell *at = target(area, x, y);
	if (!at)
		return;
	int columns = sw_glyph_columns(cell.ch);
	if (!area.canvas->glyphs->unicode && (cell.ch < ' ' || cell.ch > '~'))
		cell.ch = (unsigned char)sw_glyph_ascii(cell.ch);
	else if (columns == 0)
		cell.ch = '?';
	break_wide(area, at);
	if (columns < 2) {
		*at = cell;
		return;
	}
	struct sw_cell *second = target(area, x + 1, y);
	if (!second || cell.ch < 0x80) {
		/* Half of it is outside; or a stand-in of one column for two. */
		cell.ch = second ? cell.ch : ' ';
		*at = cell;
		if (!second)
			return;
		break_wide(area, second);
		*second = cell;
		second->ch = ' ';
		return;
	}
	break_wide(area, second);
	*at = *second = cell;
	second->ch = 0;
}

void sw_put_char(struct sw_area area, int x, int y, uint32_t ch, enum sw_role role)
{
	sw_put_cell(area, x, y,
	            (struct sw_cell){.ch = ch, .role = (uint8_t)role, .back = SW_ROLE_TEXT});
}

int sw_put_text(struct sw_area area, int x, int y, const char *text, enum sw_role role)
{
	int begin = x;
	uint32_t ch;
	while (x < area.w && (ch = sw_glyph_next(&text))) {
		int columns = sw_glyph_columns(ch);
		if (columns == 0)
			continue;
		sw_put_char(area, x, y, ch, role);
		x += columns;
	}
	return (x < area.w ? x : area.w > begin ? area.w : begin) - begin;
}

int sw_put_textf(struct sw_area area, int x, int y, enum sw_role role, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return sw_put_text(area, x, y, text, role);
}

/* Columns of TEXT, counting no further than beyond LIMIT: texts may be long. */
static int columns_up_to(const char *text, int limit)
{
	int columns = 0;
	uint32_t ch;
	while (columns <= limit && (ch = sw_glyph_next(&text)))
		columns += sw_glyph_columns(ch);
	return columns;
}

int sw_put_text_cut(struct sw_area area, int x, int y, int width, const char *text,
                    enum sw_role role)
{
	if (width <= 0)
		return 0;
	struct sw_area part = sw_area_sub(area, x, y, width, 1);
	/* What lies left of the area is not text's beginning any more. */
	int skipped = x < 0 ? -x : 0;
	if (columns_up_to(text, width) <= width)
		return sw_put_text(part, -skipped, 0, text, role);
	int room = width - 1, used = 0;
	uint32_t ch;
	while ((ch = sw_glyph_next(&text))) {
		int columns = sw_glyph_columns(ch);
		if (used + columns > room)
			break;
		if (columns)
			sw_put_char(part, used - skipped, 0, ch, role);
		used += columns;
	}
	sw_put_char(part, used - skipped, 0, area.canvas->glyphs->ellipsis, role);
	return used + 1;
}

int sw_put_text_right(struct sw_area area, int x_end, int y, int width, const char *text,
                      enum sw_role role)
{
	int columns = columns_up_to(text, width);
	if (columns > width)
		columns = width;
	return sw_put_text_cut(area, x_end - columns, y, columns, text, role);
}

void sw_fill(struct sw_area area, uint32_t ch, enum sw_role role)
{
	for (int y = 0; y < area.h; y++)
		for (int x = 0; x < area.w; x++)
			sw_put_char(area, x, y, ch, role);
}

void sw_paint(struct sw_area area, enum sw_role role, uint8_t attributes)
{
	for (int y = 0; y < area.h; y++) {
		for (int x = 0; x < area.w; x++) {
			struct sw_cell *cell = target(area, x, y);
			if (!cell)
				continue;
			if (role != SW_ROLE_COUNT)
				cell->role = (uint8_t)role;
			cell->attributes = attributes;
		}
	}
}
