#include "widgets/flow.h"

#include "widgets/text.h"

struct flow {
	struct sw_area area;
	int x, y;
	bool space; /* a blank is due before the next word */
	bool full;
};

/* Where the word that begins at TEXT, its pieces joined, ends: its columns. */
static int word_columns(const struct sw_flow_piece *pieces, int n, int piece, const char *text)
{
	int columns = 0;
	while (piece < n) {
		while (*text && *text != ' ')
			columns += sw_glyph_columns(sw_glyph_next(&text));
		if (*text || ++piece >= n)
			break;
		text = pieces[piece].text;
	}
	return columns;
}

static void put(struct flow *flow, uint32_t ch, enum sw_role role)
{
	if (flow->area.canvas)
		sw_put_char(flow->area, flow->x, flow->y, ch, role);
	flow->x += sw_glyph_columns(ch);
}

/* A new word: on this line if it fits, or is too long for any. */
static void begin_word(struct flow *flow, int columns, enum sw_role role)
{
	int needed = columns + (flow->space && flow->x > 0);
	if (flow->x > 0 && flow->x + needed > flow->area.w) {
		if (flow->area.canvas && flow->y + 1 >= flow->area.h) {
			int at = flow->x < flow->area.w ? flow->x : flow->area.w - 1;
			sw_put_char(flow->area, at, flow->y, sw_area_glyphs(flow->area)->ellipsis, role);
			flow->full = true;
			return;
		}
		flow->x = 0;
		flow->y++;
	} else if (flow->space && flow->x > 0) {
		put(flow, ' ', role);
	}
	flow->space = false;
}

int sw_flow_draw(struct sw_area area, const struct sw_flow_piece *pieces, int n)
{
	struct flow flow = {.area = area};
	bool in_word = false;
	if (area.w < 1 || (area.canvas && area.h < 1))
		return 0;
	for (int i = 0; i < n && !flow.full; i++) {
		const char *at = pieces[i].text;
		while (*at && !flow.full) {
			if (*at == ' ') {
				in_word = false;
				flow.space = true;
				at++;
				continue;
			}
			if (!in_word)
				begin_word(&flow, word_columns(pieces, n, i, at), pieces[i].role);
			in_word = true;
			if (flow.full)
				break;
			put(&flow, sw_glyph_next(&at), pieces[i].role);
		}
	}
	return flow.x > 0 || flow.y > 0 ? flow.y + 1 : 0;
}

int sw_flow_columns(const struct sw_flow_piece *pieces, int n)
{
	int columns = 0;
	for (int i = 0; i < n; i++)
		columns += sw_glyph_text_columns(pieces[i].text);
	return columns;
}

int sw_flow_line(struct sw_area area, int x, int y, int width, const struct sw_flow_piece *pieces,
                 int n)
{
	if (width > area.w - x)
		width = area.w - x;
	if (width < 1)
		return 0;
	bool cut = sw_flow_columns(pieces, n) > width, full = false;
	enum sw_role role = SW_ROLE_TEXT;
	int used = 0;
	for (int i = 0; i < n && !full; i++) {
		const char *at = pieces[i].text;
		role = pieces[i].role;
		for (uint32_t ch; !full && (ch = sw_glyph_next(&at)) != 0;) {
			full = used + sw_glyph_columns(ch) > width - cut;
			if (!full)
				sw_put_char(area, x + used, y, ch, role);
			used += full ? 0 : sw_glyph_columns(ch);
		}
	}
	if (cut)
		sw_put_char(area, x + used, y, sw_area_glyphs(area)->ellipsis, role);
	return used + cut;
}
