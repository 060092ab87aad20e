/* CPU and memory of containers (docker/monitor.c): what answers say, and how often is asked. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/monitor.h"
#include "tests/unit/docker/fake_engine.h"
#include "tests/unit/docker/turns.h"

#define SECOND INT64_C(1000000000)

/* --- answers --- */

static size_t load(const char *path, char *dst, size_t size)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t len = fread(dst, 1, size, file);
	fclose(file);
	return len;
}

static int read_text(const char *text, int64_t last_read_ns, struct sw_sample *sample,
                     int64_t *read_ns)
{
	return sw_sample_read(text, strlen(text), last_read_ns, sample, read_ns);
}

static void test_recorded_cgroup_1(void **state)
{
	char body[4096];
	struct sw_sample sample = {.id = "abc"};
	int64_t read_ns = 0;
	(void)state;
	size_t len = load("tests/unit/docker/recorded/stats_v1.json", body, sizeof body);
	assert_int_equal(sw_sample_read(body, len, 0, &sample, &read_ns), 0);
	assert_string_equal(sample.id, "abc");
	assert_int_equal(sample.state, SW_SAMPLE_RUNNING);
	assert_int_equal(sample.cpu_ns, 21157775);
	assert_true(isnan(sample.cpu_percent));
	assert_int_equal(sample.memory_bytes, 3395584);
	assert_int_equal(sample.memory_limit_bytes, 25276510208);
	assert_int_equal(sample.pids, 1);
	assert_int_equal(read_ns, INT64_C(1795407309389990574));
}

static void test_recorded_stopped(void **state)
{
	char body[4096];
	struct sw_sample sample = {.state = SW_SAMPLE_RUNNING, .cpu_ns = 5, .memory_bytes = 5};
	int64_t read_ns = 0;
	(void)state;
	size_t len = load("tests/unit/docker/recorded/stats_stopped.json", body, sizeof body);
	assert_int_equal(sw_sample_read(body, len, 77, &sample, &read_ns), 0);
	assert_int_equal(sample.state, SW_SAMPLE_STOPPED);
	assert_int_equal(sample.cpu_ns, -1);
	assert_int_equal(sample.memory_bytes, -1);
	assert_true(isnan(sample.cpu_percent));
}

/* What Docker 20.10 answers, with status 200, about a container that is being removed. */
static void test_empty(void **state)
{
	struct sw_sample sample = {.state = SW_SAMPLE_RUNNING, .cpu_ns = 5, .memory_bytes = 5};
	int64_t read_ns = 5;
	(void)state;
	assert_int_equal(read_text("", 5, &sample, &read_ns), 0);
	assert_int_equal(sample.state, SW_SAMPLE_STOPPED);
	assert_int_equal(sample.memory_bytes, -1);
	assert_true(isnan(sample.cpu_percent));
	assert_int_equal(read_ns, 0);
}

#define STATS(read, cpu, usage, stats)                                                \
	"{\"read\":\"" read                                                               \
	"\",\"pids_stats\":{\"current\":3,\"limit\":100},\"cpu_stats\":{\"cpu_usage\":"   \
	"{\"total_usage\":" cpu "},\"online_cpus\":2},\"memory_stats\":{\"usage\":" usage \
	",\"limit\":1000000,\"stats\":{" stats "}}}"

static void test_percent(void **state)
{
	struct sw_sample sample = {0};
	int64_t read_ns = 0;
	(void)state;
	assert_int_equal(read_text(STATS("2026-11-23T04:15:09.5Z", "1000000000", "900000", ""), 0,
	                           &sample, &read_ns),
	                 0);
	assert_int_equal(read_text(STATS("2026-11-23T05:15:11.5+01:00", "4000000000", "900000", ""),
	                           read_ns, &sample, &read_ns),
	                 0);
	assert_true(fabs(sample.cpu_percent - 150.0) < 1e-9); /* 3 s in 2 s */
	assert_int_equal(sample.memory_limit_bytes, 1000000);
	assert_int_equal(sample.pids, 3);
	/* It was restarted: less than before. */
	assert_int_equal(read_text(STATS("2026-11-23T04:15:13Z", "1000", "900000", ""), read_ns,
	                           &sample, &read_ns),
	                 0);
	assert_true(isnan(sample.cpu_percent));
	/* No time has passed. */
	assert_int_equal(read_text(STATS("2026-11-23T04:15:13Z", "2000", "900000", ""), read_ns,
	                           &sample, &read_ns),
	                 0);
	assert_true(isnan(sample.cpu_percent));
}

static void test_working_set(void **state)
{
	static const struct {
		const char *text;
		int64_t memory_bytes;
	} cases[] = {
		/* cgroup v1, v2, Podman's without details, an old engine's */
		{STATS("2026-11-23T04:15:09Z", "1", "900",
	           "\"total_inactive_file\":100,\"inactive_file\":7"),
	     800},
		{STATS("2026-11-23T04:15:09Z", "1", "900", "\"anon\":5,\"inactive_file\":300"), 600},
		{STATS("2026-11-23T04:15:09Z", "1", "900", ""), 900},
		{STATS("2026-11-23T04:15:09Z", "1", "900", "\"cache\":50"), 850},
		{STATS("2026-11-23T04:15:09Z", "1", "900", "\"inactive_file\":901"), 900},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sw_sample sample = {0};
		int64_t read_ns = 0;
		assert_int_equal(read_text(cases[i].text, 0, &sample, &read_ns), 0);
		assert_int_equal(sample.memory_bytes, cases[i].memory_bytes);
	}
}

static void test_nonsense(void **state)
{
	static const char *const wrong[] = {
		" ", "[]", "{}", "{\"cpu_stats\":5}", "x", "{\"cpu_stats\":{}}", "null"};
	struct sw_sample sample = {.cpu_ns = 42}, before = sample;
	int64_t read_ns = 42;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(read_text(wrong[i], 0, &sample, &read_ns), -1);
		assert_memory_equal(&sample, &before, sizeof sample);
		assert_int_equal(read_ns, 42);
	}
	/* Strange values: nothing negative, no time that is none. */
	assert_int_equal(
		read_text(STATS("yesterday", "-5", "-1", "\"cache\":\"x\""), 0, &sample, &read_ns), 0);
	assert_int_equal(sample.state, SW_SAMPLE_STOPPED);
	assert_int_equal(read_ns, 0);
	assert_int_equal(read_text(STATS("2026-11-23T04:15:09.99999999999999999999+99:99", "1e300",
	                                 "1e300", ""),
	                           0, &sample, &read_ns),
	                 0);
	assert_true(sample.memory_bytes > 0);
}

/* --- asking --- */

struct fixture {
	struct sw_loop *loop;
	struct fake *fake;
	struct sw_monitor *monitor;
	int rounds;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	f->fake = fake_start();
	f->fake->stats = STATS("2026-11-23T04:15:09Z", "7", "900", "");
	return sw_loop_new(&f->loop, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_monitor_free(f->monitor);
	fake_stop(f->fake);
	sw_loop_free(f->loop);
	free(f);
	return 0;
}

static void on_changed(void *user)
{
	((struct fixture *)user)->rounds++;
}

static char ids[300][24];
static const char *id_list[300];

static void begin(struct fixture *f, int n)
{
	assert_int_equal(
		sw_monitor_new(f->loop, &f->fake->peer->endpoint, on_changed, f, &f->monitor, NULL), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(ids[i], sizeof ids[i], "abcdef%06d", i);
		id_list[i] = ids[i];
	}
	assert_int_equal(sw_monitor_watch(f->monitor, id_list, n), n);
}

static void until_rounds(struct fixture *f, int n)
{
	struct sw_timer timer = {0};
	volatile bool over = false;
	sw_loop_arm(f->loop, &timer, sw_clock_ns() + 20 * SECOND, tick, (void *)&over);
	while (f->rounds < n && !over)
		step(f->loop);
	sw_loop_disarm(f->loop, &timer);
	assert_false(over);
}

static void test_off(void **state)
{
	struct fixture *f = *state;
	begin(f, 3);
	assert_in_range(turns(f->loop), 1, 3);
	assert_int_equal(atomic_load(&f->fake->peer->connections), 0);
	assert_int_equal(sw_monitor_find(f->monitor, ids[0])->state, SW_SAMPLE_NONE);
	assert_int_equal(sw_monitor_find(f->monitor, ids[0])->cpu_ns, -1);
	assert_null(sw_monitor_find(f->monitor, ids[3]));
}

static void test_a_round_a_second(void **state)
{
	struct fixture *f = *state;
	begin(f, 3);
	int64_t begin_ns = sw_clock_ns();
	sw_monitor_set(f->monitor, true);
	until_rounds(f, 1);
	assert_true(sw_clock_ns() - begin_ns < SECOND);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sw_monitor_find(f->monitor, ids[i])->state, SW_SAMPLE_RUNNING);
		assert_int_equal(sw_monitor_find(f->monitor, ids[i])->memory_bytes, 900);
		assert_true(sw_monitor_find(f->monitor, ids[i])->at_ns >= begin_ns);
	}
	/* Whoever switches it off and on, and tells it the same set, gets no more rounds by that. */
	for (int i = 0; i < 10; i++) {
		sw_monitor_set(f->monitor, false);
		sw_monitor_set(f->monitor, true);
		assert_int_equal(sw_monitor_watch(f->monitor, id_list, 3), 3);
	}
	assert_int_equal(sw_monitor_find(f->monitor, ids[0])->memory_bytes, 900);
	until_rounds(f, 2);
	assert_in_range(sw_clock_ns() - begin_ns, SECOND, 4 * SECOND);
	assert_int_equal(fake_count(f->fake, "/stats?stream=0&one-shot=1", NULL), 6);
	assert_int_equal(
		fake_count(f->fake, "GET /v1.41/containers/abcdef000001/stats?stream=0&one-shot=1 ", NULL),
		2);
	until_rounds(f, 3);
	assert_in_range(sw_clock_ns() - begin_ns, 2 * SECOND, 6 * SECOND);
	for (int i = 0; i < f->fake->n_lines; i++)
		assert_memory_equal(f->fake->lines[i], "GET /", 5);
	sw_monitor_set(f->monitor, false);
	assert_in_range(turns(f->loop), 1, 10);
}

static bool is_held(struct fake *fake, int n)
{
	pthread_mutex_lock(&fake->lock);
	bool is = fake->held >= n;
	pthread_mutex_unlock(&fake->lock);
	return is;
}

/* A slow engine is never asked for more than 8 at once, nor for the next round. */
static void test_a_slow_engine(void **state)
{
	struct fixture *f = *state;
	struct sw_timer timer = {0};
	volatile bool over = false;
	f->fake->hold_stats = true;
	begin(f, 30);
	sw_monitor_set(f->monitor, true);
	while (!is_held(f->fake, 8))
		step(f->loop);
	sw_loop_arm(f->loop, &timer, sw_clock_ns() + SECOND * 6 / 5, tick, (void *)&over);
	while (!over)
		step(f->loop);
	assert_int_equal(f->rounds, 0);
	assert_int_equal(fake_count(f->fake, "/stats", NULL), 8);
	fake_let_go(f->fake, &f->fake->hold_stats);
	until_rounds(f, 1);
	assert_int_equal(fake_count(f->fake, "/stats", NULL), 30);
	assert_int_equal(f->fake->most_held, 8);
}

static void test_off_while_asking(void **state)
{
	struct fixture *f = *state;
	f->fake->hold_stats = true;
	begin(f, 30);
	sw_monitor_set(f->monitor, true);
	while (!is_held(f->fake, 8))
		step(f->loop);
	sw_monitor_set(f->monitor, false);
	fake_let_go(f->fake, &f->fake->hold_stats);
	assert_in_range(turns(f->loop), 1, 10);
	assert_int_equal(f->rounds, 0);
	assert_int_equal(fake_count(f->fake, "/stats", NULL), 8);
}

static void test_gone(void **state)
{
	struct fixture *f = *state;
	f->fake->stats_status = "404 Not Found";
	f->fake->stats = "{\"message\":\"No such container: x\"}";
	begin(f, 2);
	sw_monitor_set(f->monitor, true);
	until_rounds(f, 2);
	assert_int_equal(sw_monitor_find(f->monitor, ids[0])->state, SW_SAMPLE_GONE);
	assert_int_equal(fake_count(f->fake, "/stats", NULL), 2); /* not asked again */
	assert_string_equal(sw_monitor_error(f->monitor), "");
}

static void test_an_engine_that_goes_and_comes(void **state)
{
	struct fixture *f = *state;
	begin(f, 20);
	fake_hide(f->fake, true);
	sw_monitor_set(f->monitor, true);
	until_rounds(f, 1);
	assert_non_null(strstr(sw_monitor_error(f->monitor), "cannot connect"));
	assert_int_equal(sw_monitor_find(f->monitor, ids[0])->state, SW_SAMPLE_NONE);
	fake_hide(f->fake, false);
	until_rounds(f, 2);
	assert_string_equal(sw_monitor_error(f->monitor), "");
	assert_int_equal(sw_monitor_find(f->monitor, ids[19])->state, SW_SAMPLE_RUNNING);
}

static void test_hostile(void **state)
{
	struct fixture *f = *state;
	const char *const strange[] = {"",      "../../x",     "abcdef000001", "ABCDEF000001",
	                               "abc\n", "abcdef00000/"};
	f->fake->stats = "\x1b[31mno";
	begin(f, 1);
	assert_int_equal(sw_monitor_watch(f->monitor, strange, 6), 1);
	sw_monitor_set(f->monitor, true);
	until_rounds(f, 1);
	assert_int_equal(sw_monitor_find(f->monitor, ids[1])->state, SW_SAMPLE_NONE);
	assert_string_equal(sw_monitor_error(f->monitor), "the engine's statistics make no sense");
	assert_int_equal(sw_monitor_watch(f->monitor, id_list, 300), SW_MONITOR_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_cgroup_1),
		cmocka_unit_test(test_recorded_stopped),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_working_set),
		cmocka_unit_test(test_nonsense),
		T(test_off),
		T(test_a_round_a_second),
		T(test_a_slow_engine),
		T(test_off_while_asking),
		T(test_gone),
		T(test_an_engine_that_goes_and_comes),
		T(test_hostile),
	};
	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
