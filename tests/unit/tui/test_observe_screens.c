/* The screens of watched containers, of events that are told: golden dumps, accounts, keys. */
#include "core/buf.h"
#include "tests/unit/tui/observe_test.h"
#include "tui/observe_summary.h"

enum { LIVE, CONTAINERS, LIVING, IMAGES, EVENTS, N_SCREENS };

static const struct {
	int width, height;
} sizes[] = {{120, 36}, {80, 24}, {60, 16}};

static void check_story(const char *story_name, void (*tell)(struct stage *stage), int screen)
{
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct stage stage;
			char name[128];
			stage_open(&stage, sizes[i].width, sizes[i].height,
			           ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			tell(&stage);
			stage_screen(&stage, screen);
			(void)snprintf(name, sizeof name, "%s-%s-%dx%d%s", story_name,
			               stage.app.program.screens[screen]->name, sizes[i].width, sizes[i].height,
			               ascii ? "-ascii" : "");
			stage_check(&stage, name);
			stage_close(&stage);
		}
	}
}

static void test_busy(void **state)
{
	(void)state;
	for (int screen = 0; screen < N_SCREENS; screen++)
		check_story("busy", story_busy, screen);
}

static void test_engine(void **state)
{
	(void)state;
	check_story("looking", story_looking, LIVE);
	check_story("no-engine", story_no_engine, LIVE);
	check_story("empty", story_empty, LIVE);
	check_story("away", story_away, LIVE);
	check_story("back", story_back, LIVE);
	check_story("back", story_back, EVENTS);
}

static void test_hostile(void **state)
{
	(void)state;
	for (int screen = 0; screen < N_SCREENS; screen++)
		check_story("hostile", story_hostile, screen);
}

/* Every screen, box and size: nothing but printable text, and nothing breaks. */
static void test_any_size(void **state)
{
	(void)state;
	void (*const stories[])(struct stage *) = {story_looking, story_empty, story_back,
	                                           story_hostile};
	for (size_t s = 0; s < sizeof stories / sizeof stories[0]; s++) {
		struct stage stage;
		stage_open(&stage, 1, 1, &sw_glyphs_unicode);
		stories[s](&stage);
		for (int width = 1; width < 200; width += 1 + width / 4) {
			for (int height = 1; height < 60; height += 1 + height / 4) {
				assert_int_equal(sw_canvas_resize(stage.app.canvas, width, height), 0);
				for (int screen = 0; screen < N_SCREENS; screen++) {
					stage.app.box = screen % 2 ? SW_BOX_DETAIL : SW_BOX_NONE;
					stage_screen(&stage, screen);
					for (const char *p = stage_text(&stage, NULL); *p; p++)
						assert_true((unsigned char)*p >= ' ' ? *p != 0x7f : *p == '\n');
				}
			}
		}
		stage_close(&stage);
	}
}

/* The number that follows LABEL where one does: sentences have the same words. */
static long long number_after(struct stage *stage, const char *label)
{
	const char *text = stage_text(stage, NULL);
	for (const char *at = strstr(text, label); at; at = strstr(at + 1, label)) {
		char *end;
		long long number = strtoll(at + strlen(label), &end, 10);
		if (end != at + strlen(label))
			return number;
	}
	fail_msg("'%s' has no number on\n%s", label, text);
	return -1;
}

static void check_accounts(struct stage *stage)
{
	long long created = number_after(stage, "created "),
			  found = number_after(stage, "there before ");
	long long running = number_after(stage, " running "),
			  stopped = number_after(stage, "not running ");
	long long gone = number_after(stage, "removed "), unseen = number_after(stage, "ended unseen ");
	const struct sw_observe_image *all = sw_observe_all(stage->observe);
	assert_int_equal(created + found, running + stopped + gone + unseen);
	assert_int_equal(created, all->created);
	assert_int_equal(unseen, all->unseen);
	assert_int_equal(running, all->running);
	long long ok = number_after(stage, "ended ok "), failed = number_after(stage, "failed  ");
	long long unknown = number_after(stage, "not known ");
	assert_int_equal(ok + failed + unknown, all->runs);
	assert_int_equal(failed, all->failures);
	assert_int_equal(number_after(stage, "out of mem. "), all->oom);
	assert_int_equal(number_after(stage, "killed   "), all->killed);
	assert_int_equal(number_after(stage, "restarted "), all->restarts);
}

static void test_accounts(void **state)
{
	(void)state;
	void (*const stories[])(struct stage *) = {story_empty, story_busy, story_back, story_hostile};
	for (size_t s = 0; s < sizeof stories / sizeof stories[0]; s++) {
		for (int wide = 0; wide < 2; wide++) {
			struct stage stage;
			stage_open(&stage, wide ? 120 : 80, wide ? 36 : 30, &sw_glyphs_unicode);
			stories[s](&stage);
			stage_screen(&stage, LIVE);
			check_accounts(&stage);
			stage_close(&stage);
		}
	}
}

/* ---- the sentences ---- */

static void check_headline(void (*tell)(struct stage *stage), const char *expected)
{
	struct stage stage;
	struct sw_headline headline;
	char text[2048] = "";
	stage_open(&stage, 80, 24, &sw_glyphs_unicode);
	tell(&stage);
	sw_observe_headline(stage.program, &headline);
	size_t used = 0;
	for (int i = 0; i < headline.n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s", headline.pieces[i].text);
	assert_string_equal(text, expected);
	stage_close(&stage);
}

static void test_headline(void **state)
{
	(void)state;
	check_headline(story_looking, "Looking for an engine.");
	check_headline(story_empty,
	               "No container yet since 10:31 (all): whatever is started shows here.");
	check_headline(
		story_busy,
		"23 containers of 3 images since 10:31: 14 runs ended ok, 6 failed (exit 1 ×2, exit 3 "
		"×2, exit 137 ×2; 1 out of memory, 1 killed by SIGKILL); 3 are running now. jobs:1.2 "
		"starts in 95.0 ms and runs 328 ms, nginx starts in 128 ms and runs 2.35 s (p50).");
	check_headline(
		story_away,
		"The engine went away 4 s ago: the engine ended its event stream; trying again. "
		"23 containers of 3 images since 10:31: 14 runs ended ok, 6 failed (exit 1 ×2, exit 3 "
		"×2, exit 137 ×2; 1 out of memory, 1 killed by SIGKILL); 3 are running now. jobs:1.2 "
		"starts in 95.0 ms and runs 328 ms, nginx starts in 128 ms and runs 2.35 s (p50).");
	check_headline(
		story_back,
		"23 containers of 3 images since 10:31: 14 runs ended ok, 6 failed (exit 1 ×2, exit 3 "
		"×2, exit 137 ×2; 1 out of memory, 1 killed by SIGKILL); 1 is running now. The engine "
		"was away for 4.30 s; 3 ended unseen. jobs:1.2 starts in 95.0 ms and runs 328 ms, "
		"nginx starts in 128 ms and runs 2.35 s (p50).");
}

static void test_never_answered(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	sw_observe_program_engine(stage.program, "docker", NULL);
	stage_watch(&stage, SW_CE_LOST, "refused");
	stage_screen(&stage, LIVE);
	stage_has(&stage, "The engine does not answer: refused; trying again.");
	stage_close(&stage);
}

/* ---- keys ---- */

static void press(struct stage *stage, enum sw_action action, int screen)
{
	const struct sw_screen *on = stage->app.program.screens[screen];
	assert_true(on->act(stage->app.program.user, &stage->app, action));
	stage_screen(stage, screen);
}

static void test_spans(void **state)
{
	static const char *const titles[] = {"time of cleanup", "time of whole", "time of startup",
	                                     "time of run"};
	struct stage stage;
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	story_busy(&stage);
	stage_screen(&stage, LIVE);
	stage_has(&stage, "time of run  start to die");
	stage_has(&stage, "n 18  p50 328 ms");
	for (int i = 0; i < 4; i++) {
		press(&stage, SW_ACTION_MODE, LIVE);
		stage_has(&stage, titles[i]);
	}
	press(&stage, SW_ACTION_MODE, IMAGES);
	stage_has(&stage, "times of cleanup");
	stage_close(&stage);
}

static void test_detail(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, 80, 24, &sw_glyphs_unicode);
	story_busy(&stage);
	stage_screen(&stage, CONTAINERS);
	(void)snprintf(stage.program->containers.filter, SW_LIST_FILTER_MAX, "out of memory");
	stage_screen(&stage, CONTAINERS);
	assert_int_equal(stage.program->containers.n_rows, 1);
	press(&stage, SW_ACTION_OPEN, CONTAINERS);
	stage_check(&stage, "detail-80x24");
	stage.app.box = SW_BOX_NONE;
	(void)snprintf(stage.program->containers.filter, SW_LIST_FILTER_MAX, "ngin-41");
	stage_screen(&stage, CONTAINERS);
	press(&stage, SW_ACTION_OPEN, CONTAINERS);
	stage_has(&stage, "restarts  1, the last run is shown");
	stage.app.box = SW_BOX_NONE;
	press(&stage, SW_ACTION_OPEN, IMAGES);
	stage_check(&stage, "detail-image-80x24");
	stage_close(&stage);
}

/* By startup, the other way round: the slowest first, whatever has none last. */
static void test_sort(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	story_busy(&stage);
	struct sw_list *list = &stage.program->containers;
	for (int i = 0; i < 7; i++)
		press(&stage, SW_ACTION_SORT, CONTAINERS);
	press(&stage, SW_ACTION_REVERSE, CONTAINERS);
	int64_t before = INT64_MAX;
	assert_int_equal(list->n_rows, 23);
	for (int i = 0; i < list->n_rows; i++) {
		int64_t startup = sw_observe_length(stage.program->every[list->rows[i]], SW_SPAN_STARTUP);
		assert_true(startup <= before);
		before = startup;
	}
	assert_int_equal(before, -1);
	stage_close(&stage);
}

/* Those that are gone are not among the living, with a filter or without. */
static void test_living(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	story_busy(&stage);
	stage_screen(&stage, LIVING);
	assert_int_equal(stage.program->living.n_rows, 4);
	(void)snprintf(stage.program->living.filter, SW_LIST_FILTER_MAX, "o");
	stage_screen(&stage, LIVING);
	assert_int_equal(stage.program->living.n_rows, 2);
	stage.app.program.screens[LIVING]->shown(stage.program, true);
	assert_true(stage.program->is_living_shown);
	stage.app.program.screens[LIVING]->shown(stage.program, false);
	assert_false(stage.program->is_living_shown);
	stage_close(&stage);
}

/* The keys' help names these screens, and no others. */
static void test_help(void **state)
{
	struct stage stage;
	(void)state;
	stage_open(&stage, 120, 60, &sw_glyphs_unicode);
	story_busy(&stage);
	stage.app.box = SW_BOX_HELP;
	stage_screen(&stage, LIVE);
	stage_has(&stage, "images: counts, failures and times side by side");
	stage_has(&stage, "histograms of the next span");
	assert_null(strstr(stage_text(&stage, NULL), "verification"));
	assert_null(strstr(stage_text(&stage, NULL), "iterations: every"));
	stage.app.program.act(stage.app.program.user, SW_ACTION_SNAPSHOT);
	assert_int_equal(stage.acted, SW_ACTION_SNAPSHOT);
	stage_close(&stage);
}

/* More images than fit, more containers than are kept: cut, counted, never wrong. */
static void test_many(void **state)
{
	struct stage stage;
	char image[64];
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	story_empty(&stage);
	for (int i = 0; i < 80; i++) {
		(void)snprintf(image, sizeof image, "registry/%s:%d", i == 70 ? "often" : "image", i);
		stage.image = image;
		for (int k = 0; k < 12; k++)
			stage_life(&stage, 100 + i * 12 + k, 20 + k, 0);
	}
	for (int screen = 0; screen < N_SCREENS; screen++)
		stage_screen(&stage, screen);
	stage_screen(&stage, LIVE);
	check_accounts(&stage);
	stage_has(&stage, "960 containers of 65 images");
	stage_has(&stage, "other images");
	assert_int_equal(stage.program->n_every, SW_OBSERVE_ENDED_MAX);
	stage_close(&stage);
}

/* Two images of one short name are told apart. */
static void test_names(void **state)
{
	struct stage stage;
	char name[SW_OBSERVE_NAME];
	(void)state;
	stage_open(&stage, 120, 36, &sw_glyphs_unicode);
	story_empty(&stage);
	stage.image = "a.example/api:latest";
	stage_life(&stage, 1, 20, 0);
	assert_string_equal(sw_observe_name(stage.observe, sw_observe_image(stage.observe, 0), name),
	                    "api");
	stage.image = "b.example/api";
	stage_life(&stage, 2, 20, 0);
	assert_string_equal(sw_observe_name(stage.observe, sw_observe_image(stage.observe, 0), name),
	                    "a.example/api:latest");
	assert_string_equal(sw_observe_name(stage.observe, sw_observe_image(stage.observe, 1), name),
	                    "b.example/api");
	assert_string_equal(sw_observe_short("sha256:d86a809badd2d86a809badd2d86a809badd2", name),
	                    "sha256:d86a809badd2");
	assert_string_equal(sw_observe_short("x/", name), "x/");
	stage_close(&stage);
}

/* ---- the summary of a watch without a screen ---- */

static void check_summary(void (*tell)(struct stage *stage), const char *name, int width,
                          bool ascii)
{
	struct stage stage;
	struct sw_buf text = {0};
	char path[256];
	stage_open(&stage, 80, 24, &sw_glyphs_unicode);
	tell(&stage);
	const struct sw_observe_summary summary = {
		.observe = stage.observe,
		.filter = "label=app=web",
		.engine = "docker 20.10.24 at unix:///run/docker.sock",
		.lasted_ns = stage.t_ns,
		.now_ns = stage_now(&stage),
		.width = width,
		.ascii = ascii,
	};
	assert_int_equal(sw_observe_summary_write(&summary, &text), 0);
	(void)snprintf(path, sizeof path, "tests/unit/tui/golden/observe-summary-%s-%d%s.txt", name,
	               width, ascii ? "-ascii" : "");
	golden_check_file(path, text.data, text.len);
	sw_buf_done(&text);
	stage_close(&stage);
}

static void test_summary(void **state)
{
	(void)state;
	check_summary(story_empty, "empty", 100, false);
	check_summary(story_looking, "never", 100, false);
	check_summary(story_busy, "busy", 120, false);
	check_summary(story_back, "back", 80, false);
	check_summary(story_away, "away", 60, true);
	check_summary(story_hostile, "hostile", 100, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy),           cmocka_unit_test(test_engine),
		cmocka_unit_test(test_hostile),        cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_accounts),       cmocka_unit_test(test_headline),
		cmocka_unit_test(test_never_answered), cmocka_unit_test(test_spans),
		cmocka_unit_test(test_detail),         cmocka_unit_test(test_sort),
		cmocka_unit_test(test_living),         cmocka_unit_test(test_help),
		cmocka_unit_test(test_many),           cmocka_unit_test(test_names),
		cmocka_unit_test(test_summary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
