#include "tests/unit/widgets/screen.h"
#include "widgets/table.h"

static const struct sw_table_column columns[] = {
	{"#", 4, 0, true, 0},       {"mode", 8, 1, false, 0},    {"outcome", 8, 0, false, 0},
	{"latency", 9, 0, true, 1}, {"attempts", 2, 0, true, 3}, {"note", 10, 3, false, 2},
};

static int asked; /* rows, since it was set to 0 */

static void row(void *user, int i, struct sw_table_cell *cells)
{
	(void)user;
	asked++;
	snprintf(cells[0].text, sizeof(cells[0].text), "%d", i + 1);
	snprintf(cells[1].text, sizeof(cells[1].text), "%s", i % 2 ? "docker-sandbox" : "ast-only");
	cells[1].role = i % 2 ? SW_ROLE_MODE_2 : SW_ROLE_MODE_1;
	snprintf(cells[2].text, sizeof(cells[2].text), "%s", i % 7 == 3 ? "failed" : "ok");
	cells[2].role = i % 7 == 3 ? SW_ROLE_BAD : SW_ROLE_OK;
	snprintf(cells[3].text, sizeof(cells[3].text), i % 2 ? "%d.0 ms" : "%d.25 µs", 431 + i * 17);
	snprintf(cells[4].text, sizeof(cells[4].text), "%d", 1 + (i % 7 == 3));
	if (i % 7 == 3)
		snprintf(cells[5].text, sizeof(cells[5].text), "exit code 137: out of memory, 日本語");
}

static struct sw_table table(int rows)
{
	return (struct sw_table){columns, 6, rows, row, NULL, "No iteration has ended yet."};
}

static void test_sizes(void **state)
{
	static const int sizes[][2] = {{100, 9}, {76, 7}, {56, 7}, {42, 6},
	                               {34, 5},  {20, 4}, {40, 1}, {9, 3}};
	struct album album = {.screen = *state};
	const struct sw_table all = table(20), none = table(0), few = table(3);
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_table_state at = {.selected = 5, .sort = 3, .descending = true};
			sw_table_draw(screen_new(*state, sizes[i][0], sizes[i][1], unicode), &all, &at);
			screen_check(album.screen->canvas, unicode);
			album_add(&album, "20 rows, the sixth selected", unicode && i == 0);
		}
		struct sw_table_state at = {.selected = 0, .sort = 0};
		sw_table_draw(screen_new(*state, 76, 6, unicode), &few, &at);
		album_add(&album, "3 rows, sorted by #", false);
		at = (struct sw_table_state){.selected = -1, .sort = -1};
		sw_table_draw(screen_new(*state, 76, 6, unicode), &few, &at);
		album_add(&album, "3 rows, not sortable, nothing to select", false);
		sw_table_draw(screen_new(*state, 60, 4, unicode), &none, &at);
		album_add(&album, "empty", false);
	}
	album_check(&album, "table");
}

static void test_only_visible_rows(void **state)
{
	const struct sw_table many = table(1000000);
	struct sw_table_state at = {.selected = 500000, .sort = -1};
	asked = 0;
	sw_table_draw(screen_new(*state, 80, 11, true), &many, &at);
	assert_int_equal(asked, 10);
	assert_int_equal(at.top, 499991);
}

static void no_row(void *user, int i, struct sw_table_cell *cells)
{
	(void)user;
	(void)i;
	(void)cells;
}

/* Which columns go first, and who gets what is left over. */
static void test_columns(void **state)
{
	static const struct sw_table_column equal[] = {{"aaa", 3, 1, false, 1},
	                                               {"bbb", 3, 0, false, 2},
	                                               {"ccc", 3, 2, false, 2},
	                                               {"ddd", 3, 0, true, 0}};
	static const struct {
		int width;
		const char *header;
	} cases[] = {{26, "aaa    bbb  ccc      ddd\n\n"},
	             {20, "aaa  bbb  ccc  ddd\n\n"},
	             {19, "aaa      bbb  ddd\n\n"},
	             {14, "aaa      ddd\n\n"},
	             {12, "aaa      ddd\n\n"},
	             {5, "ddd\n\n"}};
	const struct sw_table view = {equal, 4, 1, no_row, NULL, NULL};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sw_table_state at = {.selected = -1, .sort = -1};
		sw_table_draw(screen_new(*state, cases[i].width, 2, true), &view, &at);
		assert_string_equal(screen_text(*state, false), cases[i].header);
	}
}

static void test_moving(void **state)
{
	const struct sw_table all = table(20);
	struct sw_table_state at = {.sort = -1};
	struct sw_area area = screen_new(*state, 80, 6, true);
	sw_table_draw(area, &all, &at);
	assert_int_equal(at.page, 5);
	sw_table_move(&at, 20, -1);
	assert_true(at.selected == 0 && at.top == 0);
	sw_table_move(&at, 20, 5);
	assert_true(at.selected == 5 && at.top == 1);
	sw_table_move(&at, 20, -4);
	assert_true(at.selected == 1 && at.top == 1);
	sw_table_page(&at, 20, 1);
	assert_true(at.selected == 5 && at.top == 5);
	sw_table_page(&at, 20, 100);
	assert_true(at.selected == 19 && at.top == 15);
	sw_table_page(&at, 20, -1);
	assert_true(at.selected == 15 && at.top == 11);
	sw_table_top(&at, 20);
	assert_true(at.selected == 0 && at.top == 0);
	sw_table_bottom(&at, 20);
	assert_true(at.selected == 19 && at.top == 15 && at.follow);
	sw_table_move(&at, 20, INT32_MAX);
	assert_true(at.selected == 19 && at.follow);
	sw_table_clamp(&at, 25);
	assert_true(at.selected == 24 && at.top == 20);
	sw_table_move(&at, 25, -1);
	assert_true(at.selected == 23 && !at.follow);
	sw_table_clamp(&at, 26);
	assert_int_equal(at.selected, 23);
	sw_table_clamp(&at, 2);
	assert_true(at.selected == 1 && at.top == 0);
	sw_table_clamp(&at, 0);
	assert_true(at.selected == 0 && at.top == 0);
	sw_table_bottom(&at, 0);
	sw_table_top(&at, 0);
	assert_true(at.selected == 0 && !at.follow);
}

static void test_scrolling_without_selection(void **state)
{
	const struct sw_table all = table(20);
	struct sw_table_state at = {.selected = -1, .sort = -1, .follow = true};
	struct sw_area area = screen_new(*state, 80, 6, true);
	sw_table_draw(area, &all, &at);
	assert_int_equal(at.top, 15);
	sw_table_move(&at, 20, -3);
	assert_true(at.top == 12 && !at.follow && at.selected == -1);
	sw_table_page(&at, 20, -1);
	assert_int_equal(at.top, 8);
	sw_table_move(&at, 20, 100);
	assert_int_equal(at.top, 15);
	sw_table_top(&at, 20);
	assert_int_equal(at.top, 0);
}

static void test_mouse(void **state)
{
	const struct sw_table all = table(20);
	struct sw_table_state at = {.selected = 8, .sort = 1};
	struct sw_area area = sw_area_sub(screen_new(*state, 90, 12, true), 3, 2, 80, 6);
	sw_table_draw(area, &all, &at);
	assert_int_equal(at.top, 4);
	assert_int_equal(sw_table_row_at(&at, 20, 3, 3), 4);
	assert_int_equal(sw_table_row_at(&at, 20, 79, 7), 8);
	assert_int_equal(sw_table_row_at(&at, 20, 3, 2), -1);
	assert_int_equal(sw_table_row_at(&at, 20, 3, 8), -1);
	assert_int_equal(sw_table_row_at(&at, 20, 2, 3), -1);
	assert_int_equal(sw_table_row_at(&at, 20, 82, 3), -1);
	assert_int_equal(sw_table_row_at(&at, 7, 10, 7), -1);
	assert_int_equal(sw_hits_at(&at.header, 5, 2), 0);
	assert_int_equal(sw_hits_at(&at.header, 12, 2), 1);
	assert_int_equal(sw_hits_at(&at.header, 12, 3), -1);
	assert_int_equal(sw_hits_at(&at.header, 9, 2), -1);
}

/* What is drawn says where one is: the thumb touches an end of its bar only at that end. */
static void test_scroll_bar(void **state)
{
	struct screen *s = *state;
	for (int rows = 6; rows < 40; rows++) {
		const struct sw_table all = table(rows);
		for (int top = 0; top <= rows - 5; top++) {
			struct sw_table_state at = {.top = top, .selected = -1, .sort = -1};
			sw_table_draw(screen_new(s, 80, 6, true), &all, &at);
			bool first = sw_canvas_row(s->canvas, 1)[79].ch == sw_glyphs_unicode.thumb;
			bool last = sw_canvas_row(s->canvas, 5)[79].ch == sw_glyphs_unicode.thumb;
			assert_int_equal(first, top == 0);
			assert_int_equal(last, top == rows - 5);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),   TEST(test_only_visible_rows), TEST(test_moving),
		TEST(test_columns), TEST(test_scroll_bar),        TEST(test_scrolling_without_selection),
		TEST(test_mouse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
