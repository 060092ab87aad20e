/* Golden dumps of every screen, of sessions told as events: no state that a run could not reach. */
#include "tests/unit/tui/screens_test.h"

#include <math.h>

#include "tests/unit/core/stories_faults.h"

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
	/* As many as there can be. */
	check_story("sixteen", story_sixteen, 0);
	check_story("sixteen", story_sixteen, 3);
}

/* From cold to warm; five cold ones run at the same time, and one kept container was lost. */
static void test_ladder(void **state)
{
	(void)state;
	for (int screen = 0; screen < 6; screen++)
		check_story("ladder", many_ladder, screen);
	check_chosen("ladder-x5", many_ladder, 0, LADDER_COLD_X5);
	check_chosen("ladder-warm", many_ladder, 0, LADDER_WARM);
	check_chosen("ladder-exec", many_ladder, 0, LADDER_EXEC);
	check_chosen("ladder-prepared", many_ladder, 0, LADDER_PREPARED);
}

/* Faults that were injected, and the circuit breaker that opened. */
static void test_faults(void **state)
{
	(void)state;
	check_story("breaking", story_breaking, 0);
	check_story("breaking", story_breaking, 1);
	check_story("breaking", story_breaking, 4);
	check_story("broken", story_broken, 0);
	check_story("faults", story_faults, 0);
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

static void act(struct stage *stage, int screen, enum sw_action action)
{
	stage->app.program.screens[screen]->act(stage->app.program.user, &stage->app, action);
	stage_screen(stage, screen);
}

static void assert_cancelled(struct stage *stage, int mode, int64_t iteration, const char *said)
{
	assert_int_equal(stage->cancelled.mode, mode);
	assert_int_equal(stage->cancelled.iteration, iteration);
	assert_string_equal(stage->app.said, said);
	stage->cancelled = (struct sw_which){.mode = -1};
	stage->app.said[0] = '\0';
}

/* The one that is chosen if it runs, else the one that began first; and it is said which. */
static void test_cancel(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, many_ladder, 120, 36, &sw_glyphs_unicode);
	stage.app.busy = true; /* there is no loop that would draw */
	for (int screen = 0; screen < 6; screen++) {
		stage_screen(&stage, screen);
		if (screen == 1)
			continue;
		act(&stage, screen, SW_ACTION_CANCEL);
		assert_cancelled(&stage, LADDER_COLD_X5, 31, "cancelling cold-x5 #31");
	}
	/* The last row is chosen while the list follows. */
	stage_screen(&stage, 1);
	act(&stage, 1, SW_ACTION_CANCEL);
	assert_cancelled(&stage, LADDER_COLD_X5, 35, "cancelling cold-x5 #35");
	act(&stage, 1, SW_ACTION_UP);
	act(&stage, 1, SW_ACTION_CANCEL);
	assert_cancelled(&stage, LADDER_COLD_X5, 34, "cancelling cold-x5 #34");
	/* A finished one is chosen. */
	act(&stage, 1, SW_ACTION_TOP);
	act(&stage, 1, SW_ACTION_CANCEL);
	assert_cancelled(&stage, LADDER_COLD_X5, 31, "cancelling cold-x5 #31");
	stage_close(&stage);
	/* Nothing runs. */
	stage_open(&stage, stage_done, 120, 36, &sw_glyphs_unicode);
	stage_screen(&stage, 1);
	act(&stage, 1, SW_ACTION_CANCEL);
	assert_int_equal(stage.cancelled.mode, -1);
	assert_string_equal(stage.app.said, "");
	stage_close(&stage);
}

/* What others are compared with goes round all modes. */
static void test_reference(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, many_ladder, 80, 24, &sw_glyphs_unicode);
	stage_screen(&stage, 3);
	assert_int_equal(sw_program_reference(stage.program), LADDER_COLD);
	for (int i = 1; i <= LADDER_MODES; i++) {
		act(&stage, 3, SW_ACTION_MODE);
		int reference = (LADDER_COLD + i) % LADDER_MODES;
		assert_int_equal(sw_program_reference(stage.program), reference);
		const struct sw_comparison *found = &stage.program->comparison;
		assert_false(found->to_reference[reference].is_known);
		int other = reference == LADDER_WARM ? LADDER_COLD : LADDER_WARM;
		assert_true(found->to_reference[other].is_known);
		assert_true(fabs(found->to_reference[other].ns -
		                 (stage.program->figures->modes[other].latency.mean -
		                  stage.program->figures->modes[reference].latency.mean)) < 1);
	}
	stage_close(&stage);
}

/* Enough samples that one frame does not compare all modes. */
static void many_samples(struct story *s)
{
	many_ladder(s);
	story_plan(s, 1000);
	for (int i = 0; i < 300; i++)
		for (int mode = 0; mode < 3; mode++)
			story_ok(s, mode);
}

static void test_a_comparison_goes_on_over_frames(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, many_samples, 80, 24, &sw_glyphs_unicode);
	const struct sw_comparison *found = &stage.program->comparison;
	stage_screen(&stage, 3);
	assert_true(found->is_known && found->is_owed);
	assert_in_range(found->next, 1, LADDER_MODES - 1);
	assert_false(found->to_reference[LADDER_MODES - 1].is_known);
	/* Frames go on though nothing moves. */
	int frames = 1;
	for (; found->is_owed && frames < 20; frames++) {
		assert_true(stage.app.program.moving(stage.app.program.user));
		stage_screen(&stage, 3);
	}
	assert_in_range(frames, 2, LADDER_MODES);
	assert_true(found->to_reference[LADDER_MODES - 1].is_known);
	assert_false(stage.app.program.moving(stage.app.program.user));
	stage_close(&stage);
}

/* A container of a pool has no process until it is started: no figure is missing. */
static void story_ahead(struct story *s)
{
	many_ladder(s);
	many_container(s, SW_EVENT_CONTAINER_CREATED, LADDER_PREPARED, (struct sw_iteration_info){0},
	               "eae000000001");
}

static void assert_shows(struct stage *stage, bool is_there, const char *expected)
{
	static char text[200000];
	assert_true(sw_canvas_dump(stage->app.canvas, false, text, sizeof text) < sizeof text);
	if (is_there != (strstr(text, expected) != NULL))
		fail_msg("\"%s\" %s:\n%s", expected, is_there ? "is not shown" : "is shown", text);
}

static void test_what_waits_has_no_figures(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, story_ahead, 120, 36, &sw_glyphs_unicode);
	stage_screen(&stage, 2);
	assert_shows(&stage, true, "  none yet   none yet");
	act(&stage, 2, SW_ACTION_OPEN);
	assert_shows(&stage, true, "made ahead of its iteration");
	assert_shows(&stage, true, "none yet, as it ");
	stage.app.box = SW_BOX_NONE;
	act(&stage, 2, SW_ACTION_UP);
	act(&stage, 2, SW_ACTION_OPEN);
	assert_shows(&stage, true, "CPU and memory: no engine to ask");
	stage.app.box = SW_BOX_NONE;
	act(&stage, 2, SW_ACTION_TOP);
	act(&stage, 2, SW_ACTION_DOWN);
	act(&stage, 2, SW_ACTION_OPEN);
	assert_shows(&stage, true, "removed");
	assert_shows(&stage, false, "; CPU and memory");
	stage_close(&stage);
}

/* Any size, from one cell on: nothing is written outside, and all of it can be shown. */
static void test_sizes(void **state)
{
	static const struct size odd[] = {{1, 1},  {2, 1},   {1, 2},   {3, 3},   {10, 4},
	                                  {20, 8}, {40, 10}, {59, 15}, {250, 80}};
	(void)state;
	static void (*const stories[])(struct story * s) = {stage_fallbacks, many_ladder,
	                                                    many_ablation};
	const size_t n = sizeof odd / sizeof odd[0];
	for (size_t k = 0; k < n * 3; k++) {
		struct stage stage;
		size_t i = k % n;
		stage_open(&stage, stories[k / n], odd[i].width, odd[i].height, &sw_glyphs_unicode);
		stage.program->mode = LADDER_COLD_X5 % stage.story.session->n_modes;
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
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_ablation),  cmocka_unit_test(test_auto),
		cmocka_unit_test(test_empty),     cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_reference), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_a_comparison_goes_on_over_frames),
		cmocka_unit_test(test_what_waits_has_no_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
