#include "tests/unit/widgets/screen.h"
#include "widgets/panel.h"

static void draw(struct screen *s, int w, int h, bool unicode, const struct sw_panel *panel)
{
	struct sw_area inner = sw_panel_draw(screen_new(s, w, h, unicode), panel);
	sw_fill(inner, 'x', SW_ROLE_DIM);
	screen_check(s->canvas, unicode);
}

static void test_sizes(void **state)
{
	static const struct sw_flow_piece title[] = {{"lifecycle", SW_ROLE_TITLE},
	                                             {"  ", SW_ROLE_BORDER},
	                                             {"docker-sandbox", SW_ROLE_MODE_2}};
	static const struct sw_flow_piece foot[] = {{"so far: ", SW_ROLE_DIM}, {"ENABLE", SW_ROLE_OK}};
	static const int sizes[][2] = {{60, 5}, {44, 4}, {38, 3}, {20, 3}, {12, 3}, {11, 3},
	                               {40, 2}, {20, 2}, {8, 2},  {8, 1},  {1, 1}};
	const struct sw_panel panel = {title, 3, "mean of 13", foot, 2, false};
	struct album album = {.screen = *state};
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			draw(*state, sizes[i][0], sizes[i][1], unicode, &panel);
			album_add(&album, "panel", unicode);
		}
	}
	album_check(&album, "panel");
}

static void test_parts(void **state)
{
	const struct sw_flow_piece title = {"t", SW_ROLE_TITLE};
	draw(*state, 12, 3, true, &(struct sw_panel){0});
	assert_string_equal(screen_text(*state, false), "╭──────────╮\n│ xxxxxxxx │\n╰──────────╯\n");
	draw(*state, 12, 3, true, &(struct sw_panel){.note = "log"});
	assert_string_equal(screen_text(*state, false), "╭───── log ╮\n│ xxxxxxxx │\n╰──────────╯\n");
	draw(*state, 12, 3, true, &(struct sw_panel){&title, 1, .note = "log"});
	assert_string_equal(screen_text(*state, false), "╭ t ── log ╮\n│ xxxxxxxx │\n╰──────────╯\n");
	draw(*state, 12, 3, true, &(struct sw_panel){&title, 1, .note = "logs"});
	assert_string_equal(screen_text(*state, false), "╭ t ───────╮\n│ xxxxxxxx │\n╰──────────╯\n");
	draw(*state, 12, 3, true, &(struct sw_panel){&title, 1, .plain = true, .note = "log"});
	assert_string_equal(screen_text(*state, false), "t ────── log\nxxxxxxxxxxxx\nxxxxxxxxxxxx\n");
	draw(*state, 12, 2, true, &(struct sw_panel){.plain = true});
	assert_string_equal(screen_text(*state, false), "────────────\nxxxxxxxxxxxx\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_sizes), TEST(test_parts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
