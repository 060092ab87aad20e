#include <math.h>

#include "tests/unit/widgets/screen.h"
#include "widgets/counters.h"
#include "widgets/gauge.h"
#include "widgets/tabs.h"

static void test_gauge(void **state)
{
	static const int widths[] = {60, 40, 27, 24, 20, 15, 6, 3};
	static const double shares[] = {0, 0.001, 0.1, 0.33, 0.655, 0.999, 1, -1};
	struct album album = {.screen = *state};
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			struct sw_area area = screen_new(*state, widths[i], 1, unicode);
			sw_gauge_draw(area, &(struct sw_gauge){13 / 20.0, "13/20", "ETA 0:12", SW_ROLE_OK});
			album_add(&album, "13/20", i == 0);
		}
		for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
			struct sw_area area = screen_new(*state, 20, 1, unicode);
			char heading[32];
			snprintf(heading, sizeof(heading), "%g", shares[i]);
			sw_gauge_draw(area, &(struct sw_gauge){.share = shares[i], .role = SW_ROLE_OK});
			album_add(&album, heading, false);
		}
	}
	album_check(&album, "gauge");
}

/* The bar grows with its share, step by step, and is full or empty only when that is so. */
static void test_bar_is_monotonic(void **state)
{
	struct screen *s = *state;
	int before = -1;
	for (int i = 0; i <= 1000; i++) {
		struct sw_area area = screen_new(s, 10, 1, true);
		int lit = 0;
		sw_bar_draw(area, 0, 0, 10, i / 1000.0, SW_ROLE_OK);
		for (int x = 0; x < 10; x++)
			for (int step = 1; step <= 8; step++)
				if (sw_canvas_row(s->canvas, 0)[x].ch == sw_glyphs_unicode.left[step])
					lit += step;
		assert_true(lit >= before && lit <= before + 1 + (before < 0));
		assert_int_equal(lit == 0, i == 0);
		assert_int_equal(lit == 80, i == 1000);
		before = lit;
	}
	struct sw_area area = screen_new(s, 5, 1, false);
	sw_bar_draw(area, 0, 0, 5, 0.001, SW_ROLE_OK);
	assert_string_equal(screen_text(s, false), "[#..]\n");
	sw_bar_draw(area, 0, 0, 5, 0.999, SW_ROLE_OK);
	assert_string_equal(screen_text(s, false), "[##.]\n");
	area = screen_new(s, 3, 1, true);
	sw_bar_draw(area, 0, 0, 3, NAN, SW_ROLE_OK);
	assert_string_equal(screen_text(s, false), "░░░\n");
	sw_bar_draw(area, 0, 0, 100, INFINITY, SW_ROLE_OK);
	assert_string_equal(screen_text(s, false), "███\n");
}

static void test_badges(void **state)
{
	struct album album = {.screen = *state};
	for (int unicode = 1; unicode >= 0; unicode--) {
		struct sw_area area = screen_new(*state, 16, SW_BADGE_COUNT, unicode);
		for (int i = 0; i < SW_BADGE_COUNT; i++)
			assert_int_equal(sw_badge_draw(area, 0, i, i), sw_badge_columns(i));
		album_add(&album, "badges", true);
	}
	album_check(&album, "badges");
}

static void test_counters(void **state)
{
	static const struct sw_counter counters[] = {
		{"ok", 12, NULL, SW_ROLE_OK},
		{"failed", 1, NULL, SW_ROLE_BAD},
		{"fallback", 2, "2/13", SW_ROLE_WARNING},
		{"refused", 0, NULL, SW_ROLE_BAD},
		{"retries", 123456, NULL, SW_ROLE_WARNING},
		{"timeouts", 0, "0/13", SW_ROLE_BAD},
		{"out of memory", 0, NULL, SW_ROLE_BAD},
	};
	static const int sizes[][2] = {{140, 1}, {80, 2}, {60, 3}, {40, 4}, {24, 7}, {12, 5}, {4, 2}};
	struct album album = {.screen = *state};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sw_area area = screen_new(*state, sizes[i][0], sizes[i][1], true);
		int rows = sw_counters_draw(area, counters, 7, 4);
		int all = sw_counters_draw((struct sw_area){.w = area.w}, counters, 7, 4);
		assert_int_equal(rows, all < area.h ? all : area.h);
		screen_check(album.screen->canvas, true);
		album_add(&album, "counters", true);
	}
	album_check(&album, "counters");
}

static void test_tabs(void **state)
{
	static const char *const names[] = {"live",    "iterations", "containers",
	                                    "compare", "events",     "verification"};
	static const int widths[] = {120, 76, 60, 32, 18, 10, 1};
	struct album album = {.screen = *state};
	struct sw_hits hits;
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			struct sw_area area = screen_new(*state, widths[i], 1, unicode);
			sw_tabs_draw(area, names, 6, 1, &hits);
			screen_check(album.screen->canvas, unicode);
			album_add(&album, "tabs", unicode);
		}
	}
	album_check(&album, "tabs");
	struct sw_area area = sw_area_sub(screen_new(*state, 90, 3, true), 2, 1, 80, 1);
	assert_int_equal(sw_tabs_draw(area, names, 6, 0, &hits), 73);
	assert_int_equal(hits.n, 6);
	assert_int_equal(sw_hits_at(&hits, 2, 1), 0);
	assert_int_equal(sw_hits_at(&hits, 9, 1), 0);
	assert_int_equal(sw_hits_at(&hits, 10, 1), 1);
	assert_int_equal(sw_hits_at(&hits, 74, 1), 5);
	assert_int_equal(sw_hits_at(&hits, 75, 1), -1);
	assert_int_equal(sw_hits_at(&hits, 10, 0), -1);
}

static void test_footer(void **state)
{
	static const struct sw_footer_key keys[] = {
		{"?", "help"}, {"q", "quit"}, {"p", "pause"}, {"s", "snapshot"}, {"↑↓", "move"}};
	static const int widths[] = {60, 46, 45, 30, 14, 6, 5, 1};
	struct album album = {.screen = *state};
	struct sw_hits hits;
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			struct sw_area area = screen_new(*state, widths[i], 1, unicode);
			assert_true(sw_footer_draw(area, keys, 5, &hits) <= widths[i]);
			album_add(&album, "footer", unicode && i == 0);
		}
	}
	album_check(&album, "footer");
	sw_footer_draw(sw_area_sub(screen_new(*state, 30, 2, true), 5, 1, 25, 1), keys, 5, &hits);
	assert_int_equal(hits.n, 3);
	assert_int_equal(sw_hits_at(&hits, 5, 1), 0);
	assert_int_equal(sw_hits_at(&hits, 11, 1), -1);
	assert_int_equal(sw_hits_at(&hits, 13, 1), 1);
	assert_int_equal(sw_hits_at(&hits, 13, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gauge), TEST(test_bar_is_monotonic), TEST(test_badges), TEST(test_counters),
		TEST(test_tabs),  TEST(test_footer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
