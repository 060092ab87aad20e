#include "widgets/spans.h"

#include <math.h>

#define RIGHT_HALF 0x2590   /* ▐ */
#define RIGHT_EIGHTH 0x2595 /* ▕ */

/* What one span covers of one cell, in eighths. */
struct piece {
	const struct sw_stripe *span;
	int from, to;
};

static int eighths(double column)
{
	if (!(column > 0))
		return 0;
	return column < SW_CANVAS_MAX ? (int)lround(column * 8) : SW_CANVAS_MAX * 8;
}

/* A span shorter than an eighth is an eighth. */
static int span_end(const struct sw_stripe *span)
{
	int start = eighths(span->start), end = eighths(span->end);
	return end > start ? end : start + 1;
}

/* The (at most two) spans that cover most of the cell, in their order. */
static int find_pieces(const struct sw_stripe *spans, int n, int cell, struct piece pieces[2])
{
	int found = 0;
	for (int i = 0; i < n; i++) {
		int from = eighths(spans[i].start) - cell * 8, to = span_end(&spans[i]) - cell * 8;
		from = from < 0 ? 0 : from;
		to = to > 8 ? 8 : to;
		if (from >= to || !isfinite(spans[i].start) || isnan(spans[i].end))
			continue;
		struct piece piece = {&spans[i], from, to};
		if (found < 2) {
			pieces[found++] = piece;
			continue;
		}
		int shorter = pieces[1].to - pieces[1].from < pieces[0].to - pieces[0].from;
		if (to - from <= pieces[shorter].to - pieces[shorter].from)
			continue;
		if (shorter == 0)
			pieces[0] = pieces[1];
		pieces[1] = piece;
	}
	return found;
}

/* One span in the cell, which begins or ends in it or fills it. */
static uint32_t block(const struct sw_glyphs *glyphs, int from, int to)
{
	int length = to - from;
	if (from < 2 || (to < 8 && from + to < 8))
		return glyphs->left[to == 8 ? 8 : length];
	return length > 2 ? RIGHT_HALF : RIGHT_EIGHTH;
}

/* Whether a span of the same role goes on where SPAN ends, at the end of CELL. */
static bool meets_its_like(const struct sw_stripe *spans, int n, const struct sw_stripe *span, int cell)
{
	const struct sw_stripe *next = span + 1;
	return next < spans + n && next->role == span->role && span_end(span) == (cell + 1) * 8 &&
	       eighths(next->start) <= (cell + 1) * 8;
}

static struct sw_cell two_colours(const struct sw_glyphs *glyphs, struct piece a, struct piece b)
{
	int edge = a.to < b.from ? (a.to + b.from) / 2 : a.to;
	edge = edge < 1 ? 1 : edge > 7 ? 7 : edge;
	if (a.span->role == b.span->role)
		return (struct sw_cell){.ch = glyphs->left[edge], .role = (uint8_t)a.span->role};
	if (b.to < 7) { /* nothing comes after it: the longer one stands for both */
		bool first = a.to - a.from >= b.to - b.from;
		enum sw_role role = first ? a.span->role : b.span->role;
		return (struct sw_cell){.ch = glyphs->left[b.to], .role = (uint8_t)role};
	}
	return (struct sw_cell){.ch = glyphs->left[edge],
	                        .role = (uint8_t)a.span->role,
	                        .back = (uint8_t)b.span->role};
}

static void draw_unicode(struct sw_area area, const struct sw_stripe *spans, int n)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	for (int x = 0; x < area.w; x++) {
		struct piece pieces[2];
		int found = find_pieces(spans, n, x, pieces);
		if (found == 0)
			continue;
		struct sw_cell cell = {.role = (uint8_t)pieces[0].span->role};
		if (found == 2)
			cell = two_colours(glyphs, pieces[0], pieces[1]);
		else if (pieces[0].to == 8 && meets_its_like(spans, n, pieces[0].span, x))
			cell.ch = glyphs->left[7];
		else
			cell.ch = block(glyphs, pieces[0].from, pieces[0].to);
		sw_put_cell(area, x, 0, cell);
	}
}

static void draw_ascii(struct sw_area area, const struct sw_stripe *spans, int n)
{
	const struct sw_stripe *drawn = NULL;
	char letter = '#';
	for (int x = 0; x < area.w; x++) {
		struct piece pieces[2];
		int found = find_pieces(spans, n, x, pieces);
		if (found == 0)
			continue;
		int longer = found == 2 && pieces[1].to - pieces[1].from > pieces[0].to - pieces[0].from;
		const struct piece *piece = &pieces[longer];
		/* Less than half of a cell, and drawn before or still to come: no cell of its own. */
		bool elsewhere = piece->span == drawn || span_end(piece->span) > x * 8 + 12;
		if (pieces[found - 1].to - pieces[0].from < 4 && elsewhere)
			continue;
		if (piece->span != drawn) {
			char own = piece->span->letter ? piece->span->letter : '#';
			bool alike = drawn && own == letter && own >= 'a' && own <= 'z';
			letter = alike ? (char)(own - 'a' + 'A') : own;
			drawn = piece->span;
		}
		sw_put_char(area, x, 0, (uint32_t)(unsigned char)letter, piece->span->role);
	}
}

void sw_spans_draw(struct sw_area area, const struct sw_stripe *spans, int n)
{
	if (area.w < 1 || area.h < 1)
		return;
	if (sw_area_glyphs(area)->unicode)
		draw_unicode(area, spans, n);
	else
		draw_ascii(area, spans, n);
}
