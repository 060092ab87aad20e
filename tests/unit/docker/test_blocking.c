/* docker/blocking.c: what ends a wait. No engine: a timer finishes the call, or nothing does. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/signals.h"
#include "docker/blocking.h"

static struct sw_signals signals;
static struct sw_blocking blocking;
static struct sw_timer answer;

static void answered(void *user)
{
	sw_blocking_finished(user, NULL);
}

static void answer_in_ms(int64_t ms)
{
	assert_int_equal(sw_loop_arm(blocking.loop, &answer, sw_clock_ns() + ms * 1000000, answered,
	                             &blocking), 0);
}

static void ask_for_the_end(void)
{
	assert_int_equal(raise(SIGINT), 0);
}

static void a_signal_ends_a_wait(void **state)
{
	struct sw_error err;
	(void)state;
	assert_int_equal(sw_blocking_heed(&blocking, &signals, &err), 0);
	answer_in_ms(1);
	assert_int_equal(sw_blocking_wait(&blocking, &err), 0);
	ask_for_the_end();
	for (int i = 0; i < 2; i++) { /* it stays so */
		assert_int_equal(sw_blocking_wait(&blocking, &err), -1);
		assert_int_equal(err.code, SW_ERR_INTERRUPTED);
		assert_true(blocking.interrupted);
	}
	assert_true(sw_signals_end_asked(&signals)); /* for the next one to see */
	err.code = SW_OK;
	assert_int_equal(sw_blocking_heed(&blocking, &signals, &err), -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
}

static void what_was_interrupted_can_be_waited_out(void **state)
{
	struct sw_error err;
	(void)state;
	assert_int_equal(sw_blocking_heed(&blocking, &signals, &err), 0);
	ask_for_the_end();
	answer_in_ms(20);
	assert_int_equal(sw_blocking_wait(&blocking, &err), -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
	assert_int_equal(sw_blocking_wait_out(&blocking, INT64_C(60000000000), &err), 0);
	assert_int_equal(sw_blocking_wait_out(&blocking, 10000000, &err), -1);
	assert_int_equal(err.code, SW_ERR_TIMEOUT);
	answer_in_ms(1);
	assert_int_equal(sw_blocking_wait(&blocking, &err), 0);
}

static void without_signals_none_is_heeded(void **state)
{
	struct sw_error err;
	(void)state;
	assert_int_equal(sw_blocking_heed(&blocking, &signals, &err), 0);
	ask_for_the_end();
	assert_int_equal(sw_blocking_heed(&blocking, NULL, &err), 0);
	answer_in_ms(20);
	assert_int_equal(sw_blocking_wait(&blocking, &err), 0);
}

static int set_up_one(void **state)
{
	struct sw_endpoint endpoint;
	struct signalfd_siginfo info;
	(void)state;
	answer = (struct sw_timer){0};
	while (read(signals.end_fd, &info, sizeof info) > 0)
		continue;
	if (sw_endpoint_parse("unix:///nonexistent/engine.sock", &endpoint, NULL) < 0)
		return -1;
	return sw_blocking_init(&blocking, &endpoint, "1.41", NULL);
}

static int tear_down_one(void **state)
{
	(void)state;
	sw_blocking_done(&blocking);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return sw_signals_open(&signals, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	sw_signals_close(&signals);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_signal_ends_a_wait),
		TEST(what_was_interrupted_can_be_waited_out),
		TEST(without_signals_none_is_heeded),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
