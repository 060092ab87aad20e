/* What screens say of a session: words, times, sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/figures.h"
#include "tests/unit/core/stories_many.h"
#include "tests/unit/core/story_list.h"
#include "tui/view.h"

static void test_texts(void **state)
{
	char text[40];
	(void)state;
	assert_string_equal(sw_view_clock(text, sizeof text, 0), "0:00");
	assert_string_equal(sw_view_clock(text, sizeof text, -5), "0:00");
	assert_string_equal(sw_view_clock(text, sizeof text, 59 * INT64_C(1000000000) + 999999999),
	                    "0:59");
	assert_string_equal(sw_view_clock(text, sizeof text, 3723 * INT64_C(1000000000)), "1:02:03");
	assert_string_equal(sw_view_percent(text, sizeof text, 0), "0 %");
	assert_string_equal(sw_view_percent(text, sizeof text, 0.0042), "0.4 %");
	assert_string_equal(sw_view_percent(text, sizeof text, 0.0996), "10 %");
	assert_string_equal(sw_view_percent(text, sizeof text, 1), "100 %");
	assert_string_equal(sw_view_rate(text, sizeof text, 2.494), "2.49/s");
	assert_string_equal(sw_view_rate(text, sizeof text, 9.996), "10.0/s");
	assert_string_equal(sw_view_rate(text, sizeof text, 812.4), "812/s");
	assert_string_equal(sw_view_rate(text, sizeof text, 0.05), "3.00/min");
	struct sw_mode_info info = {.kind = SW_KIND_WARM, .parallel = 2};
	assert_string_equal(sw_view_kind(text, sizeof text, &info), "warm \u00d72");
	info = (struct sw_mode_info){.kind = SW_KIND_HOST, .parallel = 1, .preforked = true};
	assert_string_equal(sw_view_kind(text, sizeof text, &info), "preforked");
	assert_string_equal(sw_view_mean(text, sizeof text, 431.4e6), "431 ms");
	assert_string_equal(sw_view_interval(text, sizeof text, 388e6, 403e6), "[388, 403 ms]");
	assert_string_equal(sw_view_interval(text, sizeof text, 936e6, 1.23e9), "[936 ms, 1.23 s]");
	assert_string_equal(sw_view_interval(text, sizeof text, -2e6, 3e6), "[-2.00, 3.00 ms]");
}

static void test_outcomes(void **state)
{
	(void)state;
	assert_string_equal(sw_view_outcome_word(SW_OUTCOME_OK, false), "ok");
	assert_string_equal(sw_view_outcome_word(SW_OUTCOME_OK, true), "fell back");
	assert_string_equal(sw_view_outcome_word(SW_OUTCOME_TIMEOUT, true), "timeout");
	assert_int_equal(sw_view_outcome_role(SW_OUTCOME_OK, false), SW_ROLE_OK);
	assert_int_equal(sw_view_outcome_role(SW_OUTCOME_OK, true), SW_ROLE_WARNING);
	assert_int_equal(sw_view_outcome_role(SW_OUTCOME_ENGINE, false), SW_ROLE_BAD);
	assert_int_equal(sw_view_outcome_role(SW_OUTCOME_CANCELLED, false), SW_ROLE_DIM);
	assert_int_equal(sw_view_mode_role(0), SW_ROLE_MODE_1);
	assert_int_equal(sw_view_mode_role(SW_MODE_ROLES), SW_ROLE_MODE_1);
}

static void told(void (*tell)(struct story *s), char *dst, size_t size)
{
	struct story story = {0};
	struct sw_figures *figures = malloc(sizeof *figures);
	struct sw_headline headline;
	struct sw_highlights highlights;
	tell(&story);
	assert_non_null(figures);
	assert_int_equal(sw_figures_compute(story.session, figures), 0);
	assert_int_equal(sw_view_highlights(figures, &highlights), 0);
	sw_view_headline(story.session, figures, &highlights, &headline);
	dst[0] = '\0';
	for (int i = 0; i < headline.n; i++)
		strncat(dst, headline.pieces[i].text, size - strlen(dst) - 1);
	free(figures);
	sw_session_free(story.session);
}

static void good(struct story *s)
{
	story_good(s, 12);
}

/* Ten of them, of which two fell back, one ran out of memory and one was refused a run on the host. */
static void troubled(struct story *s)
{
	story_good(s, 6);
	story_fall_back(s, 1, SW_OUTCOME_OK);
	story_fall_back(s, 1, SW_OUTCOME_OK);
	story_fail(s, 1, SW_OUTCOME_OOM, "killed");
	story_refuse(s, 1, SW_OUTCOME_TIMEOUT);
}

/* Both take the same, but for what chance makes of it. */
static void alike(struct story *s)
{
	struct sw_session_info info = story_info("alike");
	story_study(s, &info);
	for (int i = 0; i < 8; i++)
		for (int mode = 0; mode < 2; mode++) {
			struct turn turn = {BEATS(story_host_beats), .outcome = SW_OUTCOME_OK};
			story_turn(s, mode, &turn);
		}
}

static void three(struct story *s)
{
	struct sw_session_info info = story_info("three");
	story_begin(s, &info);
	for (int i = 0; i < 3; i++) {
		struct sw_mode_info mode =
			story_mode_info((const char *[]){"a", "b", "c"}[i], i ? SW_KIND_COLD : SW_KIND_HOST);
		story_mode(s, &mode);
	}
}

static void test_headline(void **state)
{
	char text[1600];
	(void)state;
	told(good, text, sizeof text);
	assert_non_null(strstr(text, "docker-sandbox takes 401 ms, ast-only 5.0"));
	assert_non_null(strstr(text, " times as long, +39"));
	assert_non_null(strstr(text, "Its time goes into imports 61 %, start 20 %."));
	assert_non_null(strstr(text, "Nothing fell back (0 of 12)."));
	told(troubled, text, sizeof text);
	assert_non_null(strstr(text, "2 of 16 failed."));
	assert_non_null(strstr(text, "2 of 10 fell back to the host."));
	told(story_started, text, sizeof text);
	assert_null(strstr(text, "takes"));
	told(alike, text, sizeof text);
	assert_non_null(strstr(text, ": no difference that can be told from noise ["));
	assert_null(strstr(text, "each"));
	told(three, text, sizeof text);
	assert_non_null(strstr(text, "Comparing a, b and c, 20 iterations each."));
	told(story_empty, text, sizeof text);
	assert_string_equal(text, "Nothing is known yet.");
}

/* Four of one kind each: the fastest one's difference is noise. */
static void alike_but_for_chance(struct story *s)
{
	static const char *const names[] = {"ast-only", "docker-sandbox", "crun"};
	struct sw_session_info info = story_info("alike");
	story_begin(s, &info);
	for (int i = 0; i < 3; i++) {
		struct sw_mode_info mode = story_mode_info(names[i], i ? SW_KIND_COLD : SW_KIND_HOST);
		story_mode(s, &mode);
	}
	for (int i = 0; i < 9; i++)
		story_ok(s, i % 3 == 0 ? 0 : 3 - i % 3);
}

static void test_headline_of_many_modes(void **state)
{
	char text[1600];
	(void)state;
	told(many_ladder, text, sizeof text);
	assert_non_null(
		strstr(text, "docker-sandbox takes 398 ms, ast-only 4.91 ms: 81 times as long"));
	assert_non_null(strstr(text, " warm is the fastest sandbox: 2.42 ms, 395 ms less than "
	                             "docker-sandbox [390, 400 ms]. "));
	assert_non_null(strstr(text, " Nothing fell back (0 of 90). warm-x2 gets most done: 113/s. "));
	told(alike_but_for_chance, text, sizeof text);
	assert_non_null(strstr(text, " is the fastest sandbox: "));
	assert_non_null(strstr(text, ", which cannot be told from docker-sandbox ["));
	assert_null(strstr(text, "less than"));
	assert_null(strstr(text, "gets most done")); /* no turn is over */
}

static void test_headline_of_layers(void **state)
{
	char text[1600];
	(void)state;
	told(many_ablation, text, sizeof text);
	assert_memory_equal(text, "docker-sandbox takes 399 ms each. Its layers cost: limits +22.", 60);
	/* The layer is the absence: a network has its price, which it saves. */
	assert_non_null(strstr(text, " A network would add +42.0 ms ["));
	assert_non_null(strstr(text, " caps, readonly and seccomp: not distinguishable from zero. "));
}

static void test_headline_of_a_length(void **state)
{
	char text[1600];
	(void)state;
	told(many_auto, text, sizeof text);
	assert_non_null(strstr(text, " It ends once all intervals are within 2 %, now 2.7 %. "));
	told(many_auto_decided, text, sizeof text);
	assert_non_null(strstr(text, " Its length was found: the interval is as narrow as"));
	assert_null(strstr(text, "It ends once"));
}

/* By the turns where there are any: with all that is done behind, and several at a time. */
static void test_time_left_by_turns(void **state)
{
	struct story s = {0};
	struct sw_session_info info = story_info("turns");
	(void)state;
	many_ladder_modes(&s, &info);
	for (int mode = 0; mode < LADDER_MODES; mode++)
		many_mode_turn(&s, mode, 10);
	double expected = 0;
	for (int i = 0; i < LADDER_MODES; i++)
		expected += 10 * s.session->modes[i]->turn_ns / 10; /* of the 20 that are planned */
	assert_in_range(sw_view_left_ns(s.session, s.t_ns), (int64_t)expected - 10,
	                (int64_t)expected + 10);
	/* A session that finds its own length has a budget. */
	s.session->info.is_auto = true;
	s.session->info.time_budget_ns = s.t_ns + 5;
	assert_int_equal(sw_view_left_ns(s.session, s.t_ns), 5);
	s.session->is_length_decided = true;
	assert_true(sw_view_left_ns(s.session, s.t_ns) > 1000);
	sw_session_free(s.session);
}

static void test_time_left(void **state)
{
	struct story s = {0};
	(void)state;
	story_good(&s, 5);
	const struct sw_mode_state *host = s.session->modes[0], *cold = s.session->modes[1];
	/* 20 of each are planned. */
	double expected = 15 * (host->busy_ns / 5) + 15 * (cold->busy_ns / 5);
	assert_in_range(sw_view_left_ns(s.session, s.t_ns), (int64_t)expected - 10,
	                (int64_t)expected + 10);
	story_start(&s, 1, false);
	int64_t half = (int64_t)(cold->busy_ns / 10);
	assert_in_range(sw_view_left_ns(s.session, s.t_ns + half), (int64_t)expected - half - 10,
	                (int64_t)expected - half + 10);
	/* One that takes longer than the others takes nothing from the rest. */
	assert_in_range(sw_view_left_ns(s.session, s.t_ns + 100 * half),
	                (int64_t)expected - 2 * half - 10, (int64_t)expected - 2 * half + 10);
	sw_session_free(s.session);
}

static void test_time_left_is_not_known_before_each_mode_has_ended_one(void **state)
{
	struct story s = {0};
	struct sw_session_info info = story_info("young");
	(void)state;
	story_study(&s, &info);
	story_ok(&s, 0);
	assert_int_equal(sw_view_left_ns(s.session, s.t_ns), -1);
	story_ok(&s, 1);
	assert_true(sw_view_left_ns(s.session, s.t_ns) > 0);
	sw_session_free(s.session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_headline),
		cmocka_unit_test(test_headline_of_many_modes),
		cmocka_unit_test(test_headline_of_layers),
		cmocka_unit_test(test_headline_of_a_length),
		cmocka_unit_test(test_time_left),
		cmocka_unit_test(test_time_left_by_turns),
		cmocka_unit_test(test_time_left_is_not_known_before_each_mode_has_ended_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
