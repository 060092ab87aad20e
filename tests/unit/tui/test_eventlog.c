/* Events in words: every kind of them, and a ring that forgets the oldest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/stories_many.h"
#include "tests/unit/core/story_list.h"
#include "tui/eventlog.h"

static struct sw_eventlog *heard;

static void hear(void *user, const struct sw_event *event)
{
	(void)user;
	sw_eventlog_add(heard, event);
}

static int set_up(void **state)
{
	(void)state;
	heard = sw_eventlog_new();
	*story_listener() = (struct story_listener){hear, NULL};
	return heard ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	*story_listener() = (struct story_listener){NULL, NULL};
	sw_eventlog_free(heard);
	return 0;
}

static struct sw_eventlog_line newest(const struct story *s)
{
	struct sw_eventlog_line line;
	sw_eventlog_line(heard, sw_eventlog_count(heard) - 1, s->session, &line);
	return line;
}

static void test_words(void **state)
{
	struct story s = {0};
	struct sw_eventlog_line line;
	(void)state;
	story_good(&s, 1);
	line = newest(&s);
	assert_string_equal(line.what, "iteration_finished");
	assert_string_equal(line.subject, "docker-sandbox #1");
	assert_memory_equal(line.text, "ok  4", 5);
	assert_int_equal(line.role, SW_ROLE_OK);
	story_fall_back(&s, 1, SW_OUTCOME_OK);
	line = newest(&s);
	assert_non_null(strstr(line.text, "3 attempts"));
	assert_non_null(strstr(line.text, "fell back to the host"));
	assert_int_equal(line.role, SW_ROLE_WARNING);
	story_refuse(&s, 1, SW_OUTCOME_TIMEOUT);
	line = newest(&s);
	assert_memory_equal(line.text, "timeout", 7);
	assert_non_null(strstr(line.text, "over its limit"));
	assert_int_equal(line.role, SW_ROLE_BAD);
	story_end(&s, SW_STATE_INTERRUPTED, "stopped by the user");
	line = newest(&s);
	assert_int_equal(line.mode, -1);
	assert_string_equal(line.subject, "");
	assert_string_equal(line.text, "interrupted: stopped by the user");
	sw_session_free(s.session);
}

/* Turns, what lies behind the path, kept containers and a length that was found. */
static void test_words_of_many_modes(void **state)
{
	struct story s = {0};
	struct sw_session_info info = story_info("ladder");
	struct sw_eventlog_line line;
	(void)state;
	many_ladder_modes(&s, &info);
	sw_eventlog_line(heard, sw_eventlog_count(heard) - 1, s.session, &line);
	assert_string_equal(line.what, "phase_behind");
	assert_string_equal(line.subject, "warm-x2");
	assert_memory_equal(line.text, "create 8.", 9);
	assert_non_null(strstr(line.text, " ms, attach "));
	assert_non_null(strstr(line.text, " ms, boot "));
	sw_eventlog_line(heard, sw_eventlog_count(heard) - 2, s.session, &line);
	assert_string_equal(line.text, "a3a300000003  for several iterations");

	many_mode_turn(&s, LADDER_COLD_X5, 10);
	line = newest(&s);
	assert_string_equal(line.what, "turn_finished");
	assert_string_equal(line.subject, "cold-x5");
	assert_memory_equal(line.text, "10 iterations in 2.", 19);
	assert_non_null(strstr(line.text, " s, 4."));

	struct sw_iteration_info lost = {.text = "its first process ended with signal 9"};
	many_container(&s, SW_EVENT_CONTAINER_REPLACED, LADDER_WARM, lost, "a3a300000001");
	line = newest(&s);
	assert_string_equal(line.text, "a3a300000001  its first process ended with signal 9");
	assert_int_equal(line.role, SW_ROLE_WARNING);
	many_container(&s, SW_EVENT_CONTAINER_CREATED, LADDER_COLD,
	               (struct sw_iteration_info){.iteration = 3}, "c0");
	assert_string_equal(newest(&s).text, "c0");

	struct sw_event event = {.kind = SW_EVENT_LENGTH_DECIDED, .mode = -1};
	event.u.length.iterations = 18;
	memcpy(event.u.length.text, "precise enough", 15);
	story_tell(&s, &event);
	line = newest(&s);
	assert_string_equal(line.text, "18 iterations each: precise enough");
	sw_session_free(s.session);
}

static void test_words_of_a_plan(void **state)
{
	struct story s = {0};
	struct sw_session_info info = story_info("plan");
	struct sw_mode_info mode = story_mode_info("without-seccomp", SW_KIND_COLD);
	(void)state;
	mode.parallel = 5;
	memcpy(mode.layer, "seccomp", 8);
	story_begin(&s, &info);
	story_mode(&s, &mode);
	assert_string_equal(newest(&s).text, "20 iterations, cold, 5 at a time, without seccomp");
	mode = story_mode_info("host", SW_KIND_HOST);
	mode.preforked = true;
	story_mode(&s, &mode);
	assert_string_equal(newest(&s).text, "20 iterations, host, preforked");
	sw_session_free(s.session);
}

static void test_ring(void **state)
{
	struct story s = {0};
	struct sw_eventlog_line line;
	(void)state;
	story_good(&s, 400);
	assert_true(sw_eventlog_total(heard) > SW_EVENTLOG_MAX);
	assert_int_equal(sw_eventlog_count(heard), SW_EVENTLOG_MAX);
	int64_t before = -1;
	for (int i = 0; i < SW_EVENTLOG_MAX; i++) {
		sw_eventlog_line(heard, i, s.session, &line);
		assert_true(line.t_ns >= before);
		before = line.t_ns;
	}
	assert_int_equal(before, s.t_ns);
	sw_eventlog_clear(heard);
	assert_int_equal(sw_eventlog_count(heard), 0);
	sw_session_free(s.session);
}

/* A journal may name modes that were never planned. */
static void test_a_mode_that_is_not_there(void **state)
{
	struct story s = {0};
	struct sw_event event = {.kind = SW_EVENT_ITERATION_FINISHED, .mode = 7};
	(void)state;
	story_empty(&s);
	event.u.it.outcome = SW_OUTCOME_CRASHED;
	memset(event.u.it.text, 'x', sizeof event.u.it.text - 1);
	sw_eventlog_add(heard, &event);
	struct sw_eventlog_line line = newest(&s);
	assert_string_equal(line.subject, "");
	assert_true(strlen(line.text) < sizeof line.text);
	sw_session_free(s.session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_words_of_many_modes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_words_of_a_plan, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_mode_that_is_not_there, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
