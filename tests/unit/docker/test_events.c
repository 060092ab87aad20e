/* The event stream against an engine that comes and goes (fake_engine.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/events.h"
#include "tests/unit/docker/fake_engine.h"
#include "tests/unit/docker/turns.h"

#define SECOND INT64_C(1000000000)

struct fixture {
	struct sw_loop *loop;
	struct fake *fake;
	struct sw_events *events;
	struct sw_container_event seen[2048];
	int n;
	int free_at; /* frees at this event; 0: never */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	f->fake = fake_start();
	return sw_loop_new(&f->loop, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_events_free(f->events);
	fake_stop(f->fake);
	sw_loop_free(f->loop);
	free(f);
	return 0;
}

static void on_event(void *user, const struct sw_container_event *event)
{
	struct fixture *f = user;
	assert_in_range(f->n, 0, 2047);
	f->seen[f->n++] = *event;
	if (f->n == f->free_at) {
		sw_events_free(f->events);
		f->events = NULL;
	}
}

static void begin(struct fixture *f, const char *filter_text)
{
	struct sw_filter filter = {0};
	assert_int_equal(sw_filter_add(&filter, filter_text, NULL), 0);
	assert_int_equal(sw_events_new(f->loop, &f->fake->peer->endpoint, &filter, &f->events, NULL),
	                 0);
	sw_events_on_event(f->events, on_event, f);
}

static bool has(const struct fixture *f, enum sw_ce_kind kind, int n)
{
	for (int i = 0; i < f->n; i++)
		n -= f->seen[i].kind == kind;
	return n <= 0;
}

/* Until N of this KIND have come. */
static void until(struct fixture *f, enum sw_ce_kind kind, int n)
{
	struct sw_timer timer = {0};
	volatile bool over = false;
	sw_loop_arm(f->loop, &timer, sw_clock_ns() + 20 * SECOND, tick, (void *)&over);
	while (!has(f, kind, n) && !over)
		step(f->loop);
	sw_loop_disarm(f->loop, &timer);
	if (over)
		fail_msg("kind %d has not come %d times", kind, n);
}

static const struct sw_container_event *last(const struct fixture *f)
{
	return &f->seen[f->n - 1];
}

#define LINE_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Says it and takes what is there, so that the socket does not fill up. */
static void say(struct fixture *f, const char *bytes, size_t len)
{
	struct sw_timer timer = {0};
	volatile bool over = false;
	fake_say(f->fake, bytes, len);
	sw_loop_arm(f->loop, &timer, sw_clock_ns(), tick, (void *)&over);
	while (!over)
		step(f->loop);
}

static void say_line(struct fixture *f, const char *action, int64_t time_ns, const char *name)
{
	char line[512];
	int len = snprintf(line, sizeof line,
	                   "{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"" LINE_ID
	                   "\",\"Attributes\":{\"image\":\"i\",\"name\":\"%s\",\"oldName\":\"/web\"}},"
	                   "\"timeNano\":%lld}\n",
	                   action, name, (long long)time_ns);
	fake_say(f->fake, line, (size_t)len);
}

#define T0 INT64_C(1795407262822545912)

/* --- tests --- */

static void test_connects_and_lists(void **state)
{
	struct fixture *f = *state;
	char line[256];
	f->fake->list =
		"[{\"Id\":\"" LINE_ID "\",\"Names\":[\"/web\"],\"Image\":\"i\",\"State\":\"running\"},"
		"{\"Id\":\"bbbbbbbbbbbb\",\"Names\":[\"/other\"],\"Image\":\"i\",\"State\":\"running\"}]";
	begin(f, "name=web,label=a=b");
	until(f, SW_CE_LIST_END, 1);
	assert_int_equal(f->n, 4);
	assert_int_equal(f->seen[0].kind, SW_CE_CONNECTED);
	assert_int_equal(f->seen[1].kind, SW_CE_LIST_BEGIN);
	assert_int_equal(f->seen[2].kind, SW_CE_LISTED);
	assert_string_equal(f->seen[2].name, "web");
	/* Nothing of before is asked for; names are compared here, labels by the engine. */
	assert_int_equal(fake_count(f->fake, "GET /_ping ", NULL), 1);
	assert_int_equal(fake_count(f->fake,
	                            "GET /v1.41/events?filters=%7B%22type%22%3A%5B%22container"
	                            "%22%5D%2C%22label%22%3A%5B%22a%3Db%22%5D%7D HTTP",
	                            line),
	                 1);
	assert_int_equal(
		fake_count(f->fake, "GET /v1.41/containers/json?all=1&filters=%7B%22label%22", line), 1);
	/* Connected and idle: nothing turns, no timer is armed. */
	assert_in_range(turns(f->loop), 1, 10);
}

static void test_lines_in_pieces(void **state)
{
	struct fixture *f = *state;
	char line[1024];
	begin(f, "all");
	until(f, SW_CE_LIST_END, 1);
	int len =
		snprintf(line, sizeof line,
	             "\n\r\n{\"Type\":\"container\",\"Action\":\"create\",\"Actor\":{\"ID\":\"" LINE_ID
	             "\"},\"timeNano\":%lld}\r\nnonsense\n",
	             (long long)T0);
	for (int i = 0; i < len; i++)
		say(f, line + i, 1);
	say_line(f, "start", T0 + 1, "web");
	until(f, SW_CE_START, 1);
	assert_true(has(f, SW_CE_CREATE, 1));
	assert_int_equal(sw_events_unreadable(f->events), 1);
}

static void test_a_line_without_end(void **state)
{
	struct fixture *f = *state;
	static char junk[32 << 10];
	begin(f, "all");
	until(f, SW_CE_LIST_END, 1);
	memset(junk, '{', sizeof junk);
	for (int i = 0; i < 40; i++)
		say(f, junk, sizeof junk);
	fake_say(f->fake, "\n", 1);
	say_line(f, "start", T0 + 1, "web");
	until(f, SW_CE_START, 1);
	assert_int_equal(sw_events_unreadable(f->events), 1);
}

static void test_the_filter(void **state)
{
	struct fixture *f = *state;
	begin(f, "name=web");
	until(f, SW_CE_LIST_END, 1);
	say_line(f, "create", T0, "other");
	say_line(f, "start", T0 + 1, "web");
	say_line(f, "rename", T0 + 2, "other"); /* from web */
	until(f, SW_CE_LEFT, 1);
	assert_false(has(f, SW_CE_CREATE, 1));
	assert_true(has(f, SW_CE_START, 1));
}

/* What was said before the cut comes again and is dropped; what comes after is not. */
static void test_lost_and_back(void **state)
{
	struct fixture *f = *state;
	char line[256];
	begin(f, "all");
	until(f, SW_CE_LIST_END, 1);
	say_line(f, "create", T0, "web");
	until(f, SW_CE_CREATE, 1);
	fake_cut(f->fake);
	until(f, SW_CE_LOST, 1);
	assert_non_null(strstr(last(f)->text, "watching the engine's events: "));
	assert_non_null(strstr(last(f)->text, "broke off"));
	until(f, SW_CE_LIST_END, 2);
	assert_int_equal(fake_count(f->fake, "/events?", line), 2);
	assert_non_null(strstr(line, "&since=1795407261.822545912 "));
	assert_int_equal(fake_count(f->fake, "/_ping", NULL), 2); /* it may be another engine now */
	say_line(f, "create", T0, "web");
	say_line(f, "start", T0 + 1, "web");
	until(f, SW_CE_START, 1);
	assert_false(has(f, SW_CE_CREATE, 2));
	for (int i = 0; i < f->n; i++)
		if (f->seen[i].kind == SW_CE_BACK)
			assert_in_range(f->seen[i].lost_ns, SECOND / 10, 5 * SECOND);
	assert_true(has(f, SW_CE_BACK, 1) && !has(f, SW_CE_CONNECTED, 2));
}

/* While nobody listens it is tried again, ever more seldom, and LOST comes once per reason. */
static void test_away(void **state)
{
	struct fixture *f = *state;
	begin(f, "all");
	until(f, SW_CE_LIST_END, 1);
	fake_hide(f->fake, true);
	int64_t begin_ns = sw_clock_ns();
	until(f, SW_CE_LOST, 2);
	assert_non_null(strstr(last(f)->text, "cannot connect"));
	/* 0.1, 0.2, 0.4: the fourth attempt finds it. */
	struct sw_timer timer = {0};
	volatile bool over = false;
	sw_loop_arm(f->loop, &timer, begin_ns + SECOND / 2, tick, (void *)&over);
	while (!over)
		step(f->loop);
	assert_false(has(f, SW_CE_LOST, 3));
	fake_hide(f->fake, false);
	until(f, SW_CE_BACK, 1);
	assert_in_range(sw_clock_ns() - begin_ns, SECOND * 7 / 10, 4 * SECOND);
	const struct sw_container_event *back = last(f);
	while (back->kind != SW_CE_BACK)
		back--;
	assert_in_range(back->lost_ns, SECOND * 6 / 10, 4 * SECOND);
}

static void test_not_there_at_the_start(void **state)
{
	struct fixture *f = *state;
	fake_hide(f->fake, true);
	begin(f, "all");
	until(f, SW_CE_LOST, 1);
	fake_hide(f->fake, false);
	until(f, SW_CE_CONNECTED, 1);
	assert_false(has(f, SW_CE_BACK, 1));
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	f->fake->events_head = R_JSON("500 Internal Server Error") "Content-Length: 28\r\n\r\n"
															   "{\"message\":\"no such filter\"}";
	begin(f, "all");
	until(f, SW_CE_LOST, 1);
	assert_non_null(strstr(last(f)->text, "no such filter"));
	f->fake->events_head = R_HTML;
}

/* A list that makes no sense: not connected as far as anybody can tell. */
static void test_a_foreign_list(void **state)
{
	struct fixture *f = *state;
	f->fake->list = "\x1b[31m{}";
	begin(f, "all");
	until(f, SW_CE_LOST, 1);
	assert_non_null(
		strstr(last(f)->text, "listing containers: the engine's answer makes no sense"));
	assert_null(strchr(last(f)->text, 0x1b));
	f->fake->list = "[]";
	until(f, SW_CE_LIST_END, 1);
}

static void test_freed_from_inside(void **state)
{
	struct fixture *f = *state;
	/* 1: CONNECTED, 2: LIST_BEGIN, 3: LIST_END, 4: create */
	for (int at = 1; at <= 4; at++) {
		f->n = 0;
		f->free_at = at;
		begin(f, "all");
		if (at == 4) {
			until(f, SW_CE_LIST_END, 1);
			say_line(f, "create", T0, "web");
			say_line(f, "start", T0 + 1, "web");
		}
		while (f->events)
			step(f->loop);
		assert_in_range(turns(f->loop), 1, 10);
		assert_int_equal(f->n, at);
	}
	f->free_at = f->n = 0;
	fake_hide(f->fake, true);
	f->free_at = 1;
	begin(f, "all");
	while (f->events)
		step(f->loop);
	assert_int_equal(f->seen[0].kind, SW_CE_LOST);
	fake_hide(f->fake, false);
}

static void test_only_get(void **state)
{
	struct fixture *f = *state;
	begin(f, "all");
	until(f, SW_CE_LIST_END, 1);
	fake_cut(f->fake);
	until(f, SW_CE_LIST_END, 2);
	assert_true(f->fake->n_lines >= 6);
	assert_int_equal(fake_count(f->fake, "", NULL), f->fake->n_lines);
	for (int i = 0; i < f->fake->n_lines; i++)
		assert_memory_equal(f->fake->lines[i], "GET /", 5);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_connects_and_lists),
		T(test_lines_in_pieces),
		T(test_a_line_without_end),
		T(test_the_filter),
		T(test_lost_and_back),
		T(test_away),
		T(test_not_there_at_the_start),
		T(test_refused),
		T(test_a_foreign_list),
		T(test_freed_from_inside),
		T(test_only_get),
	};
	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
