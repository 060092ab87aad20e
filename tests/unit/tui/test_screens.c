/* Golden dumps of every screen, of sessions told as events: no state that a run could not reach. */
#include "tests/unit/tui/screens_test.h"

struct size {
	int width, height;
};

static const struct size sizes[] = {{120, 36}, {80, 24}, {60, 16}};

/* With the mode CHOSEN for the lifecycle; -1: none is. */
static void check_chosen(const char *story_name, void (*tell)(struct story *s), int screen,
                         int chosen)
{
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct stage stage;
			char name[128];
			stage_open(&stage, tell, sizes[i].width, sizes[i].height,
			           ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			stage.program->mode = chosen;
			stage_screen(&stage, screen);
			(void)snprintf(name, sizeof name, "%s-%s-%dx%d%s", story_name,
			               stage.app.program.screens[screen]->name, sizes[i].width, sizes[i].height,
			               ascii ? "-ascii" : "");
			stage_check(&stage, name);
			stage_close(&stage);
		}
	}
}

static void check_story(const char *story_name, void (*tell)(struct story *s), int screen)
{
	check_chosen(story_name, tell, screen, -1);
}

static void test_running(void **state)
{
	(void)state;
	for (int screen = 0; screen < 6; screen++)
		check_story("running", stage_running, screen);
}

static void test_done(void **state)
{
	(void)state;
	check_story("done", stage_done, 0);
	check_story("done", stage_done, 3);
}

static void test_fallbacks(void **state)
{
	(void)state;
	check_story("fallbacks", stage_fallbacks, 0);
	check_story("fallbacks", stage_fallbacks, 1);
	check_story("no-engine", stage_no_engine, 0);
}

static void test_started(void **state)
{
	(void)state;
	for (int screen = 0; screen < 6; screen++)
		check_story("started", story_started, screen);
}

static void test_modes(void **state)
{
	(void)state;
	check_story("modes", stage_modes, 0);
	check_story("modes", stage_modes, 3);
	check_story("modes", stage_modes, 5);
}

/* From cold to warm; five cold ones run at the same time, and one kept container was lost. */
static void test_ladder(void **state)
{
	(void)state;
	for (int screen = 0; screen < 5; screen++)
		check_story("ladder", many_ladder, screen);
	check_chosen("ladder-x5", many_ladder, 0, LADDER_COLD_X5);
	check_chosen("ladder-warm", many_ladder, 0, LADDER_WARM);
	check_chosen("ladder-prepared", many_ladder, 0, LADDER_PREPARED);
}

static void test_ablation(void **state)
{
	(void)state;
	check_story("ablation", many_ablation, 0);
	check_story("ablation", many_ablation, 3);
}

static void test_auto(void **state)
{
	(void)state;
	check_story("auto", many_auto, 0);
	check_story("auto-decided", many_auto_decided, 0);
	check_story("auto-decided", many_auto_decided, 4);
}

static void test_empty(void **state)
{
	(void)state;
	for (int screen = 0; screen < 6; screen++)
		check_story("empty", stage_empty, screen);
}

/* Any size, from one cell on: nothing is written outside, and all of it can be shown. */
static void test_sizes(void **state)
{
	static const struct size odd[] = {{1, 1},  {2, 1},   {1, 2},   {3, 3},   {10, 4},
	                                  {20, 8}, {40, 10}, {59, 15}, {250, 80}};
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct stage stage;
		stage_open(&stage, stage_fallbacks, odd[i].width, odd[i].height, &sw_glyphs_unicode);
		for (int screen = 0; screen < 6; screen++) {
			for (int box = SW_BOX_NONE; box <= SW_BOX_DETAIL; box++) {
				stage.app.box = (enum sw_box)box;
				stage_screen(&stage, screen);
				stage_printable(&stage);
			}
		}
		stage_close(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_running),   cmocka_unit_test(test_done),
		cmocka_unit_test(test_fallbacks), cmocka_unit_test(test_started),
		cmocka_unit_test(test_modes),     cmocka_unit_test(test_ladder),
		cmocka_unit_test(test_ablation),  cmocka_unit_test(test_auto),
		cmocka_unit_test(test_empty),     cmocka_unit_test(test_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
