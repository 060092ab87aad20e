#include <limits.h>

#include "tests/unit/widgets/screen.h"

static void test_text_at_edges(void **state)
{
	struct screen *s = *state;
	struct sw_area area = screen_new(s, 6, 3, true);
	assert_int_equal(sw_put_text(area, -2, 0, "abcdefghij", SW_ROLE_TEXT), 8);
	assert_int_equal(sw_put_text(area, 4, 1, "xyz", SW_ROLE_OK), 2);
	assert_int_equal(sw_put_text(area, 6, 1, "xyz", SW_ROLE_OK), 0);
	assert_int_equal(sw_put_text(area, 0, 2, "ab", SW_ROLE_TEXT), 2);
	sw_put_text(area, 0, -1, "nowhere", SW_ROLE_TEXT);
	sw_put_text(area, 0, 3, "nowhere", SW_ROLE_TEXT);
	sw_put_text(area, INT_MIN, 0, "nowhere", SW_ROLE_TEXT);
	sw_put_text(area, INT_MAX, INT_MAX, "nowhere", SW_ROLE_TEXT);
	sw_put_char(area, INT_MIN, INT_MIN, '!', SW_ROLE_TEXT);
	assert_string_equal(screen_text(s, true), "cdefgh\n    xy\nab\n......\n....ii\n..\n");
}

static void test_areas(void **state)
{
	struct screen *s = *state;
	struct sw_area all = screen_new(s, 10, 4, true), area = all;
	struct sw_area top = sw_area_cut_top(&area, 1), bottom = sw_area_cut_bottom(&area, 1);
	struct sw_area left = sw_area_cut_left(&area, 2), right = sw_area_cut_right(&area, 3);
	sw_fill(top, 't', SW_ROLE_TEXT);
	sw_fill(bottom, 'b', SW_ROLE_TEXT);
	sw_fill(left, 'l', SW_ROLE_TEXT);
	sw_fill(right, 'r', SW_ROLE_TEXT);
	sw_fill(area, 'm', SW_ROLE_TEXT);
	sw_put_text(sw_area_sub(area, 1, 1, 2, 5), 0, 0, "XYZ", SW_ROLE_TEXT);
	assert_string_equal(screen_text(s, false), "tttttttttt\nllmmmmmrrr\nllmXYmmrrr\nbbbbbbbbbb\n");
	struct sw_area none = sw_area_cut_left(&area, INT_MAX);
	assert_int_equal(none.w, 5);
	assert_int_equal(area.w, 0);
	assert_int_equal(sw_area_cut_top(&area, -5).h, 0);
	none = sw_area_sub(all, INT_MAX, INT_MAX, INT_MAX, INT_MAX);
	assert_true(none.w == 0 && none.h == 0);
	none = sw_area_sub(all, -3, -1, 5, 2);
	assert_true(none.x == 0 && none.w == 2 && none.y == 0 && none.h == 1);
	none = sw_area_sub(all, 3, 1, -1, INT_MIN);
	assert_true(none.w == 0 && none.h == 0);
}

/* Areas that reach beyond the canvas, or whose size makes no sense. */
static void test_foreign_areas(void **state)
{
	struct screen *s = *state;
	struct sw_area all = screen_new(s, 4, 2, true);
	struct sw_area beyond = {s->canvas, -2, -1, 100, 100};
	struct sw_area huge = {s->canvas, INT_MIN, INT_MIN, INT_MAX, INT_MAX};
	struct sw_area wrong = {s->canvas, 0, 0, -4, -4};
	sw_fill(huge, 'h', SW_ROLE_TEXT);
	sw_paint(huge, SW_ROLE_BAD, SW_CELL_REVERSE);
	sw_fill(wrong, 'w', SW_ROLE_TEXT);
	sw_put_text(wrong, -4, -4, "wrong", SW_ROLE_TEXT);
	sw_put_text((struct sw_area){0}, 0, 0, "no canvas", SW_ROLE_TEXT);
	assert_string_equal(screen_text(s, false), "\n\n");
	sw_put_text(beyond, 0, 1, "abcdefgh", SW_ROLE_TEXT);
	assert_string_equal(screen_text(s, false), "cdef\n\n");
	sw_fill(beyond, '.', SW_ROLE_TEXT);
	sw_paint(beyond, SW_ROLE_BAD, SW_CELL_BOLD);
	assert_string_equal(screen_text(s, true), "....\n....\nkkkk\nkkkk\n");
	assert_int_equal(sw_canvas_row(s->canvas, 1)[3].attributes, SW_CELL_BOLD);
	sw_paint(all, SW_ROLE_COUNT, 0);
	assert_int_equal(sw_canvas_row(s->canvas, 1)[3].role, SW_ROLE_BAD);
	assert_int_equal(sw_canvas_row(s->canvas, 1)[3].attributes, 0);
}

static void test_wide_at_edges(void **state)
{
	struct screen *s = *state;
	struct sw_area all = screen_new(s, 6, 4, true), area = sw_area_sub(all, 1, 0, 4, 4);
	sw_fill(all, '.', SW_ROLE_TEXT);
	sw_put_text(area, -1, 0, "日本語", SW_ROLE_TEXT);
	assert_int_equal(sw_put_text(area, 0, 1, "a日本", SW_ROLE_TEXT), 4);
	sw_put_char(area, 3, 2, 0x65e5, SW_ROLE_TEXT);
	sw_put_char(area, 4, 2, 0x65e5, SW_ROLE_TEXT);
	sw_put_char(area, -2, 2, 0x65e5, SW_ROLE_TEXT);
	sw_fill(sw_area_sub(area, 0, 3, 3, 1), 0x65e5, SW_ROLE_TEXT);
	screen_check(s->canvas, true);
	assert_string_equal(screen_text(s, false), ". 本 .\n.a日 .\n.... .\n.日 ..\n");
	area = screen_new(s, 1, 1, true);
	sw_put_char(area, 0, 0, 0x65e5, SW_ROLE_OK);
	assert_string_equal(screen_text(s, false), "\n");
}

static void test_overwriting_halves(void **state)
{
	struct screen *s = *state;
	struct sw_area area = screen_new(s, 6, 4, true);
	for (int y = 0; y < 4; y++)
		sw_put_text(area, 0, y, "日本語", SW_ROLE_TEXT);
	sw_put_char(area, 2, 0, 'a', SW_ROLE_TEXT);
	sw_put_char(area, 3, 1, 'b', SW_ROLE_TEXT);
	sw_put_char(area, 1, 2, 0x4e2d, SW_ROLE_TEXT);
	sw_put_char(area, 5, 3, 0x4e2d, SW_ROLE_TEXT);
	screen_check(s->canvas, true);
	assert_string_equal(screen_text(s, false), "日a 語\n日 b語\n 中 語\n日本\n");
	sw_put_char(area, 2, 2, 'c', SW_ROLE_TEXT);
	screen_check(s->canvas, true);
	sw_put_char(area, 0, 3, 0x4e2d, SW_ROLE_TEXT);
	screen_check(s->canvas, true);
	assert_string_equal(screen_text(s, false), "日a 語\n日 b語\n  c 語\n中本\n");
}

static void test_nasty_text(void **state)
{
	struct screen *s = *state;
	struct sw_area area = screen_new(s, 20, 2, true);
	assert_int_equal(sw_put_text(area, 0, 0, "\033[2J\n\xff\xc2\x9b", SW_ROLE_TEXT), 7);
	assert_int_equal(sw_put_text(area, 0, 1, "e\xcc\x81\xe2\x80\xae|\xef\xbb\xbf|", SW_ROLE_TEXT),
	                 3);
	assert_string_equal(screen_text(s, false), "?[2J???\ne||\n");
	sw_canvas_clear(s->canvas);
	sw_put_char(area, 0, 0, '\033', SW_ROLE_COUNT);
	sw_put_char(area, 1, 0, 0x9b, SW_ROLE_TEXT);
	sw_put_char(area, 2, 0, 0x202e, SW_ROLE_TEXT);
	sw_put_char(area, 3, 0, 0xffffffff, SW_ROLE_TEXT);
	sw_put_cell(area, 4, 0, (struct sw_cell){.ch = 0, .role = 200, .back = 200});
	sw_put_cell(area, 5, 0, (struct sw_cell){.ch = 'x', .back = SW_ROLE_OK, .attributes = 3});
	screen_check(s->canvas, true);
	assert_string_equal(screen_text(s, false), "??   x\n\n");
	assert_int_equal(sw_canvas_row(s->canvas, 0)[5].back, SW_ROLE_OK);
	assert_int_equal(sw_canvas_row(s->canvas, 0)[5].attributes, 3);
}

static void test_ascii(void **state)
{
	struct screen *s = *state;
	struct sw_area area = screen_new(s, 12, 3, false);
	assert_int_equal(sw_put_text(area, 0, 0, "5 µs × 日 …", SW_ROLE_TEXT), 11);
	sw_put_char(area, 0, 1, 0x2588, SW_ROLE_TEXT);
	sw_put_char(area, 11, 1, 0x65e5, SW_ROLE_TEXT);
	sw_put_text_cut(area, 0, 2, 4, "abcdef", SW_ROLE_TEXT);
	screen_check(s->canvas, false);
	assert_string_equal(screen_text(s, false), "5 us x ?? .\n#          ?\nabc~\n");
	sw_canvas_set_glyphs(s->canvas, &sw_glyphs_unicode);
	sw_put_char(area, 0, 1, 0x2588, SW_ROLE_TEXT);
	assert_int_equal(sw_canvas_row(s->canvas, 1)[0].ch, 0x2588);
}

static void test_cut(void **state)
{
	struct screen *s = *state;
	struct sw_area area = screen_new(s, 8, 9, true);
	assert_int_equal(sw_put_text_cut(area, 0, 0, 5, "abcde", SW_ROLE_TEXT), 5);
	assert_int_equal(sw_put_text_cut(area, 0, 1, 5, "abcdef", SW_ROLE_TEXT), 5);
	assert_int_equal(sw_put_text_cut(area, 0, 2, 4, "日本語", SW_ROLE_TEXT), 3);
	assert_int_equal(sw_put_text_cut(area, 4, 3, 9, "abcdef", SW_ROLE_TEXT), 4);
	assert_int_equal(sw_put_text_cut(area, 0, 4, 0, "abc", SW_ROLE_TEXT), 0);
	assert_int_equal(sw_put_text_cut(area, 0, 4, 1, "abc", SW_ROLE_TEXT), 1);
	assert_int_equal(sw_put_text_right(area, 8, 5, 8, "12.5", SW_ROLE_TEXT), 4);
	assert_int_equal(sw_put_text_right(area, 8, 6, 4, "日本語", SW_ROLE_TEXT), 3);
	assert_int_equal(sw_put_text_right(area, 3, 7, 9, "abcdef", SW_ROLE_TEXT), 3);
	assert_int_equal(sw_put_textf(area, 0, 8, SW_ROLE_TEXT, "%d %s", 5, "ms"), 4);
	assert_string_equal(screen_text(s, false),
	                    "abcde\nabcd…\n日…\n    abc…\n…\n    12.5\n     日…\nab…\n5 ms\n");
}

static void test_sizes(void **state)
{
	struct screen *s = *state;
	screen_new(s, 0, -5, true);
	assert_int_equal(sw_canvas_width(s->canvas), 1);
	assert_int_equal(sw_canvas_height(s->canvas), 1);
	sw_put_text(sw_canvas_area(s->canvas), 0, 0, "ab", SW_ROLE_TEXT);
	assert_string_equal(screen_text(s, false), "a\n");
	assert_int_equal(sw_canvas_resize(s->canvas, 100000, 3), 0);
	assert_int_equal(sw_canvas_width(s->canvas), SW_CANVAS_MAX);
	assert_string_equal(screen_text(s, false), "\n\n\n");
	assert_int_equal(sw_canvas_resize(s->canvas, 2, 2), 0);
	sw_put_text(sw_canvas_area(s->canvas), 0, 1, "ab", SW_ROLE_TEXT);
	assert_int_equal(sw_canvas_resize(s->canvas, 2, 2), 0);
	assert_string_equal(screen_text(s, false), "\n\n");
	sw_canvas_free(NULL);
}

static void test_dump(void **state)
{
	struct screen *s = *state;
	char small[4] = "zzz";
	struct sw_area area = screen_new(s, 4, 1, true);
	sw_put_text(area, 0, 0, "aé", SW_ROLE_CLEANUP);
	sw_paint(sw_area_sub(area, 1, 0, 1, 1), SW_ROLE_COUNT, SW_CELL_REVERSE);
	sw_paint(sw_area_sub(area, 3, 0, 1, 1), SW_ROLE_COUNT, SW_CELL_REVERSE);
	assert_string_equal(screen_text(s, true), "aé  \nvV.:\n");
	assert_int_equal(sw_canvas_dump(s->canvas, false, small, sizeof(small)), 6);
	assert_string_equal(small, "aé");
	assert_int_equal(sw_canvas_dump(s->canvas, false, NULL, 0), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text_at_edges),
		TEST(test_areas),
		TEST(test_foreign_areas),
		TEST(test_wide_at_edges),
		TEST(test_overwriting_halves),
		TEST(test_nasty_text),
		TEST(test_ascii),
		TEST(test_cut),
		TEST(test_sizes),
		TEST(test_dump),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
