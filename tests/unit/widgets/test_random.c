/* Every widget, in random places, with the worst texts: nothing outside of its area changes, and what
 * is drawn can be printed. SW_SEED repeats a run that failed. */
#include "tests/unit/widgets/screen.h"
#include "widgets/counters.h"
#include "widgets/gauge.h"
#include "widgets/modal.h"
#include "widgets/panel.h"
#include "widgets/table.h"
#include "widgets/tabs.h"
#include "widgets/wrap.h"

enum { ROUNDS = 4000, TEXTS = 24 };

struct chance {
	uint64_t state;
	char texts[TEXTS][200];
	int n_texts;
};

/* xorshift64* */
static int below(struct chance *chance, int n)
{
	chance->state ^= chance->state >> 12;
	chance->state ^= chance->state << 25;
	chance->state ^= chance->state >> 27;
	return (int)((chance->state * 0x2545f4914f6cdd1dull >> 33) % (uint64_t)n);
}

static const char *nasty_text(struct chance *chance)
{
	static const char *const parts[] = {"a",
	                                    "word ",
	                                    "\033[31m",
	                                    "\n",
	                                    "\t",
	                                    "\r\n",
	                                    "日本",
	                                    "한",
	                                    "\xf0\x9f\x98\x80",
	                                    "e\xcc\x81",
	                                    "…",
	                                    "µs",
	                                    "\xff",
	                                    "\xe2\x80",
	                                    "\xe2\x80\xae",
	                                    "\xef\xbb\xbf",
	                                    "\xc2\x9b",
	                                    "\x7f",
	                                    " ",
	                                    "0.5 ms",
	                                    "█",
	                                    "\xf4\x90\x80\x80",
	                                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	char *text = chance->texts[chance->n_texts++ % TEXTS];
	size_t len = 0;
	text[0] = '\0';
	for (int n = below(chance, 4) ? below(chance, 12) : 0; n > 0 && len < 150; n--)
		len += (size_t)snprintf(text + len, 200 - len, "%s",
		                        parts[below(chance, (int)(sizeof(parts) / sizeof(parts[0])))]);
	return text;
}

static enum sw_role some_role(struct chance *chance)
{
	return (enum sw_role)below(chance, SW_ROLE_COUNT);
}

static struct sw_flow_piece some_piece(struct chance *chance)
{
	return (struct sw_flow_piece){nasty_text(chance), some_role(chance)};
}

static void panel(struct chance *chance, struct sw_area area)
{
	struct sw_flow_piece title[] = {some_piece(chance), some_piece(chance)};
	struct sw_flow_piece foot = some_piece(chance);
	struct sw_area inner =
		sw_panel_draw(area, &(struct sw_panel){title, below(chance, 3),
	                                           below(chance, 2) ? nasty_text(chance) : NULL, &foot,
	                                           below(chance, 2), below(chance, 3) == 0});
	assert_true(inner.x >= area.x && inner.y >= area.y && inner.w >= 0 && inner.h >= 0);
	assert_true(inner.x + inner.w <= area.x + area.w && inner.y + inner.h <= area.y + area.h);
	sw_wrap_draw(inner, below(chance, 5) - 2, nasty_text(chance), SW_ROLE_TEXT);
}

struct rows {
	struct chance *chance;
	int n, first, last;
};

static void row(void *user, int i, struct sw_table_cell *cells)
{
	struct rows *rows = user;
	assert_true(i >= 0 && i < rows->n);
	rows->first = rows->first < 0 ? i : rows->first;
	rows->last = i;
	for (int c = 0; c < 3; c++) {
		snprintf(cells[c].text, sizeof(cells[c].text), "%s", nasty_text(rows->chance));
		cells[c].role = some_role(rows->chance);
	}
}

static void table(struct chance *chance, struct sw_area area)
{
	struct sw_table_column columns[3];
	struct rows rows = {chance, below(chance, 2) ? below(chance, 50) : below(chance, 4), -1, -1};
	for (int i = 0; i < 3; i++)
		columns[i] = (struct sw_table_column){nasty_text(chance), below(chance, 20),
		                                      below(chance, 3), below(chance, 2), below(chance, 3)};
	const struct sw_table view = {columns, 3, rows.n, row, &rows, nasty_text(chance)};
	struct sw_table_state at = {.top = below(chance, 60) - 5,
	                            .selected = below(chance, 60) - 5,
	                            .follow = below(chance, 2),
	                            .sort = below(chance, 5) - 1,
	                            .descending = below(chance, 2)};
	sw_table_draw(area, &view, &at);
	for (int i = 0; i < 4; i++) {
		sw_table_move(&at, rows.n, below(chance, 100) - 50);
		sw_table_page(&at, rows.n, below(chance, 5) - 2);
		if (below(chance, 4) == 0)
			sw_table_bottom(&at, rows.n);
		rows.first = rows.last = -1;
		sw_table_draw(area, &view, &at);
		assert_true(at.top >= 0 && at.selected < (rows.n > 0 ? rows.n : 1));
		if (at.selected >= 0 && area.w > 0 && area.h > 0 && rows.n > 0)
			assert_true(at.selected >= rows.first && at.selected <= rows.last);
	}
}

static void modal(struct chance *chance, struct sw_area area)
{
	struct sw_modal_line lines[6];
	struct sw_modal_state at = {.top = below(chance, 30) - 5};
	for (int i = 0; i < 6; i++)
		lines[i] = (struct sw_modal_line){below(chance, 2) ? nasty_text(chance) : NULL,
		                                  below(chance, 3) ? nasty_text(chance) : NULL,
		                                  some_role(chance)};
	const struct sw_modal view = {nasty_text(chance), lines, below(chance, 7), some_role(chance),
	                              below(chance, 2) ? nasty_text(chance) : NULL};
	sw_modal_draw(area, &view, &at);
	sw_modal_scroll(&at, below(chance, 20) - 10);
	sw_modal_draw(area, &view, &at);
	assert_true(at.top >= 0 && (at.top == 0 || at.top + at.page <= at.rows));
}

static void question(struct chance *chance, struct sw_area area)
{
	struct sw_choice choices[3];
	struct sw_hits hits;
	for (int i = 0; i < 3; i++)
		choices[i] = (struct sw_choice){nasty_text(chance), nasty_text(chance)};
	sw_question_draw(area,
	                 &(struct sw_question){nasty_text(chance), nasty_text(chance), choices,
	                                       below(chance, 4)},
	                 &hits);
	for (int i = 0; i < hits.n; i++)
		assert_true(hits.list[i].x >= area.x && hits.list[i].x + hits.list[i].w <= area.x + area.w);
}

static void lines(struct chance *chance, struct sw_area area)
{
	const char *names[] = {nasty_text(chance), nasty_text(chance), nasty_text(chance)};
	struct sw_footer_key keys[] = {{names[0], names[1]}, {names[2], names[0]}};
	struct sw_counter counters[] = {{names[0], below(chance, 2), names[1], some_role(chance)},
	                                {names[1], below(chance, 1000000), NULL, some_role(chance)},
	                                {names[2], 0, NULL, some_role(chance)}};
	struct sw_hits hits;
	switch (below(chance, 5)) {
	case 0:
		sw_tabs_draw(area, names, 3, below(chance, 5) - 1, &hits);
		break;
	case 1:
		sw_footer_draw(area, keys, 2, &hits);
		break;
	case 2:
		sw_counters_draw(area, counters, below(chance, 4), below(chance, 8));
		break;
	case 3:
		sw_gauge_draw(area, &(struct sw_gauge){below(chance, 200) / 100.0 - 0.5, names[0], names[1],
		                                       some_role(chance)});
		break;
	default:
		sw_badge_draw(area, below(chance, 9) - 4, below(chance, 3) - 1,
		              (enum sw_badge)below(chance, SW_BADGE_COUNT));
	}
}

static void texts(struct chance *chance, struct sw_area area)
{
	int x = below(chance, 20) - 8, y = below(chance, 8) - 2;
	struct sw_flow_piece pieces[] = {some_piece(chance), some_piece(chance)};
	sw_put_text(area, x, y, nasty_text(chance), some_role(chance));
	sw_put_text_cut(area, x, y, below(chance, 20) - 2, nasty_text(chance), some_role(chance));
	sw_put_text_right(area, x, y, below(chance, 20) - 2, nasty_text(chance), some_role(chance));
	sw_put_char(area, x, y, (uint32_t)below(chance, 0x120000), some_role(chance));
	sw_flow_draw(area, pieces, 2);
	sw_flow_line(area, x, y, below(chance, 20) - 2, pieces, 2);
	sw_paint(sw_area_sub(area, x, y, below(chance, 9), 1), some_role(chance), SW_CELL_BOLD);
}

/* Every cell of the background tells where it is. */
static uint32_t background(int x, int y)
{
	return (uint32_t)('A' + (x * 7 + y * 3) % 26);
}

static void check_outside(const struct sw_canvas *canvas, struct sw_area area)
{
	for (int y = 0; y < sw_canvas_height(canvas); y++) {
		for (int x = 0; x < sw_canvas_width(canvas); x++) {
			const struct sw_cell *cell = &sw_canvas_row(canvas, y)[x];
			if (x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h)
				continue;
			assert_int_equal(cell->ch, background(x, y));
			assert_true(cell->role == SW_ROLE_DIM && !cell->back && !cell->attributes);
		}
	}
}

static void test_random(void **state)
{
	static void (*const widgets[])(struct chance *, struct sw_area) = {panel,    table, modal,
	                                                                   question, lines, texts};
	const char *seed = getenv("SW_SEED");
	struct screen *s = *state;
	for (uint64_t round = seed ? strtoull(seed, NULL, 10) : 1; round <= ROUNDS; round++) {
		struct chance chance = {.state = round * 0x9e3779b97f4a7c15ull};
		bool unicode = below(&chance, 3) > 0;
		int w = 1 + below(&chance, below(&chance, 2) ? 100 : 12), h = 1 + below(&chance, 20);
		struct sw_area all = screen_new(s, w, h, unicode), area;
		for (int y = 0; y < h; y++)
			for (int x = 0; x < w; x++)
				sw_put_char(all, x, y, background(x, y), SW_ROLE_DIM);
		/* Also beyond the canvas, which sw_area_sub would not let through. */
		area = (struct sw_area){s->canvas, below(&chance, w + 4) - 4, below(&chance, h + 4) - 4,
		                        below(&chance, w + 8), below(&chance, h + 8)};
		if (below(&chance, 2))
			area = sw_area_sub(all, area.x, area.y, area.w, area.h);
		widgets[round % 6](&chance, area);
		screen_check(s->canvas, unicode);
		check_outside(s->canvas, area);
		if (seed)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_random)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
