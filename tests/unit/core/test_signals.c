/* core/signals.c: what is asked for waits, is seen by everybody who looks, and ends nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/signals.h"

static struct sw_signals signals;

static unsigned read_one(int fd)
{
	struct signalfd_siginfo info;
	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? info.ssi_signo : 0;
}

static void ends_are_seen_until_they_are_read(void **state)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		assert_false(sw_signals_end_asked(&signals));
		assert_int_equal(raise(ends[i]), 0);
		assert_true(sw_signals_end_asked(&signals));
		assert_true(sw_signals_end_asked(&signals));
		assert_int_equal(read_one(signals.snapshot_fd), 0);
		assert_int_equal(read_one(signals.end_fd), ends[i]);
	}
	assert_false(sw_signals_end_asked(&signals));
}

static void a_snapshot_is_no_end(void **state)
{
	(void)state;
	assert_int_equal(raise(SIGUSR1), 0);
	assert_false(sw_signals_end_asked(&signals));
	assert_int_equal(read_one(signals.end_fd), 0);
	assert_int_equal(read_one(signals.snapshot_fd), SIGUSR1);
}

static void waiting_ends_early_or_in_time(void **state)
{
	int64_t begin_ns = sw_clock_ns();
	(void)state;
	assert_false(sw_signals_wait(&signals, 20000000));
	assert_true(sw_clock_ns() - begin_ns >= 20000000);
	assert_false(sw_signals_wait(NULL, 1000000));
	assert_int_equal(raise(SIGHUP), 0);
	begin_ns = sw_clock_ns();
	assert_true(sw_signals_wait(&signals, INT64_C(3600000000000)));
	assert_true(sw_clock_ns() - begin_ns < INT64_C(60000000000));
	assert_false(sw_signals_end_asked(NULL));
	assert_int_equal(read_one(signals.end_fd), SIGHUP);
}

/* Closed, one that is pending still does not end the process before its exit. */
static void closing_lets_nothing_through(void **state)
{
	int status = -1;
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)raise(SIGTERM);
		sw_signals_close(&signals);
		_exit(signals.end_fd == -1 && signals.snapshot_fd == -1 ? 42 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void the_error_says_so(void **state)
{
	struct sw_error err = {0};
	(void)state;
	assert_int_equal(sw_signals_error(&err), -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
	assert_string_equal(err.message, "interrupted");
	assert_int_equal(sw_signals_error(NULL), -1);
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
	sw_signals_close(&signals);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_seen_until_they_are_read),
		cmocka_unit_test(a_snapshot_is_no_end),
		cmocka_unit_test(waiting_ends_early_or_in_time),
		cmocka_unit_test(closing_lets_nothing_through),
		cmocka_unit_test(the_error_says_so),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
