#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/stats.h"

#define SECOND INT64_C(1000000000)

enum { TIMERS = 1000, FDS = 8 };

static struct sw_loop *loop;
static struct sw_timer guard;
static int fds[FDS];
static int calls, others;
static char trace[256];

static void give_up(void *user)
{
	(void)user;
	fail_msg("the loop has waited for 20 s");
}

static int setup(void **state)
{
	struct sw_error err;
	(void)state;
	guard = (struct sw_timer){0};
	calls = others = 0;
	trace[0] = '\0';
	for (int i = 0; i < FDS; i++)
		fds[i] = -1;
	return sw_loop_new(&loop, &err) < 0 ||
	       sw_loop_arm(loop, &guard, sw_clock_ns() + 20 * SECOND, give_up, NULL) < 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_loop_free(loop);
	loop = NULL;
	for (int i = 0; i < FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return 0;
}

static void step(void)
{
	struct sw_error err;
	assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void count(void *user)
{
	(void)user;
	calls++;
}

static void note(void *user)
{
	size_t len = strlen(trace);
	trace[len] = *(const char *)user;
	trace[len + 1] = '\0';
}

static void make_pipe(int at)
{
	assert_int_equal(pipe2(fds + at, O_CLOEXEC | O_NONBLOCK), 0);
}

static void fill(int at, const char *text)
{
	assert_int_equal(write(fds[at], text, strlen(text)), strlen(text));
}

/* ---- timers ---- */

static struct sw_timer timers[TIMERS];
static int64_t fired[TIMERS];
static int n_fired;

static void fire(void *user)
{
	struct sw_timer *timer = user;
	assert_int_equal(timer->slot, 0);
	assert_true(sw_clock_ns() >= timer->due_ns);
	fired[n_fired++] = timer->due_ns;
}

/* All in the past already, so that one run sees them all; armed, moved and disarmed at random. */
static void timers_fire_in_order(void **state)
{
	struct sw_rng rng;
	int64_t base = sw_clock_ns() - SECOND;
	int armed = TIMERS;
	(void)state;
	sw_rng_seed(&rng, 7);
	memset(timers, 0, sizeof timers);
	n_fired = 0;
	for (int i = 0; i < TIMERS; i++)
		assert_int_equal(sw_loop_arm(loop, &timers[i], base + (int64_t)sw_rng_below(&rng, 1000),
		                             fire, &timers[i]),
		                 0);
	for (int i = 0; i < TIMERS; i++) {
		struct sw_timer *timer = &timers[sw_rng_below(&rng, TIMERS)];
		if (sw_rng_below(&rng, 4) == 0) {
			armed -= timer->slot != 0;
			sw_loop_disarm(loop, timer);
			assert_int_equal(timer->slot, 0);
		} else {
			armed += timer->slot == 0;
			assert_int_equal(
				sw_loop_arm(loop, timer, base + (int64_t)sw_rng_below(&rng, 1000), fire, timer), 0);
		}
	}
	while (n_fired < armed)
		step();
	assert_in_range(armed, TIMERS / 2, TIMERS - 1);
	for (int i = 1; i < n_fired; i++)
		assert_true(fired[i - 1] <= fired[i]);
}

static void rearm_once(void *user)
{
	struct sw_timer *timer = user;
	if (++calls < 3)
		assert_int_equal(sw_loop_arm(loop, timer, sw_clock_ns() - 1, rearm_once, timer), 0);
}

static void a_timer_may_arm_itself_again(void **state)
{
	struct sw_timer timer = {0};
	(void)state;
	sw_loop_arm(loop, &timer, 0, rearm_once, &timer);
	while (calls < 3)
		step();
	assert_int_equal(timer.slot, 0);
}

static void rearm_for_ever(void *user)
{
	calls++;
	sw_loop_arm(loop, user, 0, rearm_for_ever, user);
}

static void read_all(void *user, int fd, unsigned events)
{
	char buf[64];
	(void)user;
	assert_int_equal(events, SW_LOOP_READ);
	assert_true(read(fd, buf, sizeof buf) > 0);
	others++;
}

static void a_timer_that_is_always_due_leaves_descriptors_their_turn(void **state)
{
	struct sw_timer timer = {0};
	struct sw_error err;
	(void)state;
	make_pipe(0);
	sw_loop_arm(loop, &timer, 0, rearm_for_ever, &timer);
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, read_all, NULL, &err);
	fill(1, "x");
	while (!others || calls < 2)
		step();
	sw_loop_disarm(loop, &timer);
}

static void disarm_other(void *user)
{
	sw_loop_disarm(loop, user);
	calls++;
}

static void a_timer_disarms_another_that_is_due_too(void **state)
{
	struct sw_timer first = {0}, second = {0}, last = {0};
	(void)state;
	sw_loop_arm(loop, &second, 2, note, "2");
	sw_loop_arm(loop, &first, 1, disarm_other, &second);
	sw_loop_arm(loop, &last, 3, note, "3");
	while (last.slot)
		step();
	assert_int_equal(calls, 1);
	assert_string_equal(trace, "3");
	sw_loop_disarm(loop, &second); /* not armed: fine */
}

static void an_armed_timer_moves(void **state)
{
	struct sw_timer moved = {0}, other = {0};
	(void)state;
	sw_loop_arm(loop, &moved, sw_clock_ns() + 3600 * SECOND, note, "m");
	sw_loop_arm(loop, &other, 5, note, "o");
	sw_loop_arm(loop, &moved, 4, note, "M"); /* also with another callback argument */
	while (other.slot || moved.slot)
		step();
	assert_string_equal(trace, "Mo");
}

static void a_timer_waits_for_its_time(void **state)
{
	struct sw_timer timer = {0};
	int64_t due = sw_clock_ns() + 3000000;
	(void)state;
	sw_loop_arm(loop, &timer, due, count, NULL);
	while (!calls)
		step();
	assert_true(sw_clock_ns() >= due);
}

/* ---- deferred calls ---- */

static struct sw_deferred second, third;

static void defer_two_more(void *user)
{
	note(user);
	sw_loop_defer(loop, &second, note, "2");
	sw_loop_defer(loop, &third, note, "3");
	sw_loop_defer(loop, &second, note, "2"); /* pending: changes nothing */
}

static void deferred_calls_run_in_order_before_anything_else(void **state)
{
	struct sw_deferred first = {0};
	struct sw_timer timer = {0};
	(void)state;
	second = third = (struct sw_deferred){0};
	sw_loop_arm(loop, &timer, 0, note, "t");
	sw_loop_defer(loop, &first, defer_two_more, "1");
	assert_string_equal(trace, ""); /* never from inside the call that sets it up */
	while (timer.slot)
		step();
	assert_string_equal(trace, "123t");
}

static void defer_second(void *user)
{
	note(user);
	sw_loop_defer(loop, &second, note, "d");
}

static void a_deferred_call_follows_its_callback_at_once(void **state)
{
	struct sw_timer a = {0}, b = {0};
	(void)state;
	second = (struct sw_deferred){0};
	sw_loop_arm(loop, &a, 1, defer_second, "a");
	sw_loop_arm(loop, &b, 2, note, "b");
	while (b.slot)
		step();
	assert_string_equal(trace, "adb");
}

static void cancel_third(void *user)
{
	note(user);
	sw_loop_cancel(loop, &third);
}

static void deferred_calls_are_cancelled(void **state)
{
	struct sw_deferred first = {0}, last = {0};
	(void)state;
	second = third = (struct sw_deferred){0};
	sw_loop_defer(loop, &first, cancel_third, "1");
	sw_loop_defer(loop, &second, note, "2");
	sw_loop_defer(loop, &third, note, "3");
	step();
	assert_string_equal(trace, "12");
	sw_loop_cancel(loop, &third); /* not pending: fine */
	/* The last one of the list: what follows must be found all the same. */
	sw_loop_defer(loop, &first, note, "a");
	sw_loop_defer(loop, &third, note, "b");
	sw_loop_cancel(loop, &third);
	sw_loop_defer(loop, &last, note, "c");
	step();
	assert_string_equal(trace, "12ac");
	assert_false(third.pending);
}

static void a_step_with_only_a_deferred_call_does_not_sleep(void **state)
{
	struct sw_deferred call = {0};
	(void)state;
	sw_loop_disarm(loop, &guard); /* no timer, no descriptor: poll would wait for ever */
	sw_loop_defer(loop, &call, count, NULL);
	step();
	assert_int_equal(calls, 1);
}

static void a_step_with_nothing_waits_for_a_wake(void **state)
{
	(void)state;
	sw_loop_disarm(loop, &guard);
	sw_loop_wake(loop);
	step(); /* nobody listens: fine */
	sw_loop_on_wake(loop, count, NULL);
	for (int i = 0; i < 5; i++)
		sw_loop_wake(loop);
	step();
	assert_int_equal(calls, 1);
}

/* ---- descriptors ---- */

static unsigned seen_events;

static void see(void *user, int fd, unsigned events)
{
	(void)user;
	(void)fd;
	seen_events = events;
	calls++;
}

static void readiness_is_level_triggered(void **state)
{
	struct sw_error err;
	char byte;
	(void)state;
	make_pipe(0);
	assert_int_equal(sw_loop_watch(loop, fds[0], SW_LOOP_READ, see, NULL, &err), 0);
	fill(1, "ab");
	step();
	step();
	assert_int_equal(calls, 2);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	step();
	assert_int_equal(calls, 3);
	sw_loop_unwatch(loop, fds[0]);
	sw_loop_wake(loop);
	step();
	assert_int_equal(calls, 3);
}

static void a_hang_up_is_readable(void **state)
{
	struct sw_error err;
	char byte;
	(void)state;
	make_pipe(0);
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, see, NULL, &err);
	close(fds[1]);
	fds[1] = -1;
	step();
	assert_int_equal(seen_events, SW_LOOP_READ);
	assert_int_equal(read(fds[0], &byte, 1), 0);
}

static void an_error_is_writable_too(void **state)
{
	struct sw_error err;
	(void)state;
	make_pipe(0);
	sw_loop_watch(loop, fds[1], SW_LOOP_WRITE, see, NULL, &err);
	step();
	assert_int_equal(seen_events, SW_LOOP_WRITE);
	close(fds[0]);
	fds[0] = -1;
	step();
	assert_true(seen_events & SW_LOOP_WRITE);
}

static void a_socket_is_watched_for_both(void **state)
{
	struct sw_error err;
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	sw_loop_watch(loop, fds[0], SW_LOOP_READ | SW_LOOP_WRITE, see, NULL, &err);
	step();
	assert_int_equal(seen_events, SW_LOOP_WRITE);
	fill(1, "x");
	step();
	assert_int_equal(seen_events, SW_LOOP_READ | SW_LOOP_WRITE);
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, see, NULL, &err); /* replaces */
	step();
	assert_int_equal(seen_events, SW_LOOP_READ);
}

static void unwatch_both(void *user, int fd, unsigned events)
{
	(void)user;
	(void)fd;
	(void)events;
	sw_loop_unwatch(loop, fds[0]);
	sw_loop_unwatch(loop, fds[2]);
	calls++;
}

static void a_callback_unwatches_another_that_is_ready_too(void **state)
{
	struct sw_error err;
	(void)state;
	make_pipe(0);
	make_pipe(2);
	fill(1, "x");
	fill(3, "x");
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, unwatch_both, NULL, &err);
	sw_loop_watch(loop, fds[2], SW_LOOP_READ, unwatch_both, NULL, &err);
	step();
	sw_loop_wake(loop);
	step();
	assert_int_equal(calls, 1);
}

static void must_not_be_called(void *user, int fd, unsigned events)
{
	(void)user;
	fail_msg("called for descriptor %d, events %u", fd, events);
}

/* Closes the other pipe's reading end and opens a pipe that gets its number: nothing waits in the
 * new one, and what poll said of the old one must not be told to it. */
static void reuse_number(void *user, int fd, unsigned events)
{
	int reused = fds[2], fresh[2];
	struct sw_error err;
	(void)user;
	(void)events;
	sw_loop_unwatch(loop, fd);
	sw_loop_unwatch(loop, reused);
	close(reused);
	assert_int_equal(pipe2(fresh, O_CLOEXEC | O_NONBLOCK), 0);
	if (fresh[0] != reused) {
		assert_int_equal(dup2(fresh[0], reused), reused);
		close(fresh[0]);
	}
	fds[4] = fresh[1];
	assert_int_equal(sw_loop_watch(loop, reused, SW_LOOP_READ, must_not_be_called, NULL, &err), 0);
	calls++;
}

static void a_reused_number_within_one_round_starts_anew(void **state)
{
	struct sw_error err;
	(void)state;
	make_pipe(0);
	make_pipe(2);
	fill(1, "x");
	fill(3, "x");
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, reuse_number, NULL, &err);
	sw_loop_watch(loop, fds[2], SW_LOOP_READ, must_not_be_called, NULL, &err);
	step();
	assert_int_equal(calls, 1);
	sw_loop_watch(loop, fds[2], SW_LOOP_READ, read_all, NULL, &err);
	fill(4, "y");
	while (!others)
		step();
}

static void now_only_writes(void *user, int fd, unsigned events)
{
	struct sw_error err;
	(void)user;
	(void)events;
	sw_loop_unwatch(loop, fd);
	sw_loop_watch(loop, fds[2], SW_LOOP_WRITE, see, NULL, &err);
}

/* What was wanted has changed since poll looked: readable is no longer of interest. */
static void a_watch_that_is_replaced_within_a_round_forgets_what_poll_said(void **state)
{
	struct sw_error err;
	(void)state;
	make_pipe(0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds + 2), 0);
	fill(1, "x");
	fill(3, "x");
	sw_loop_watch(loop, fds[0], SW_LOOP_READ, now_only_writes, NULL, &err);
	sw_loop_watch(loop, fds[2], SW_LOOP_READ, must_not_be_called, NULL, &err);
	step();
	while (!calls)
		step();
	assert_int_equal(seen_events, SW_LOOP_WRITE);
}

static void many_descriptors_come_and_go(void **state)
{
	enum { MANY = 200 };
	int pairs[MANY][2];
	struct sw_error err;
	struct sw_rng rng;
	int ready = 0;
	(void)state;
	sw_rng_seed(&rng, 3);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(pipe2(pairs[i], O_CLOEXEC | O_NONBLOCK), 0);
		assert_int_equal(sw_loop_watch(loop, pairs[i][0], SW_LOOP_READ, read_all, NULL, &err), 0);
	}
	for (int i = 0; i < MANY; i++) {
		if (sw_rng_below(&rng, 2)) {
			sw_loop_unwatch(loop, pairs[i][0]);
			sw_loop_unwatch(loop, pairs[i][0]); /* not watched: fine */
		} else if (sw_rng_below(&rng, 2)) {
			assert_int_equal(write(pairs[i][1], "x", 1), 1);
			ready++;
		}
	}
	step();
	assert_int_equal(others, ready);
	for (int i = 0; i < MANY; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	sw_loop_unwatch(loop, -1);
}

/* ---- running, stopping, waking ---- */

static void stop(void *user)
{
	note(user);
	sw_loop_stop(loop);
}

static void stopping_ends_a_run_after_the_callback(void **state)
{
	struct sw_timer a = {0}, b = {0};
	struct sw_error err;
	(void)state;
	sw_loop_arm(loop, &a, 1, stop, "a");
	sw_loop_arm(loop, &b, 2, note, "b");
	assert_int_equal(sw_loop_run(loop, &err), 0);
	assert_string_equal(trace, "a");
	sw_loop_arm(loop, &a, 3, stop, "c"); /* runs again */
	assert_int_equal(sw_loop_run(loop, &err), 0);
	assert_string_equal(trace, "abc");
}

enum { WAKES = 20000 };
static atomic_int produced;
static int consumed;

static void consume(void *user)
{
	(void)user;
	consumed = atomic_load(&produced);
}

static void *produce(void *user)
{
	(void)user;
	for (int i = 0; i < WAKES; i++) {
		atomic_fetch_add(&produced, 1);
		sw_loop_wake(loop);
	}
	return NULL;
}

/* The loop goes to sleep between wakes; one that is missed would be seen as a hang. Meanwhile its
 * tables grow, which must not disturb the other thread. */
static void no_wake_from_another_thread_is_missed(void **state)
{
	enum { MORE = 100 };
	int more[MORE];
	struct sw_error err;
	pthread_t thread;
	int n = 0;
	(void)state;
	atomic_store(&produced, 0);
	consumed = 0;
	make_pipe(0);
	sw_loop_on_wake(loop, consume, NULL);
	assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
	while (consumed < WAKES) {
		step();
		if (n < MORE) {
			more[n] = fcntl(fds[0], F_DUPFD_CLOEXEC, 4);
			assert_true(more[n] >= 0);
			assert_int_equal(sw_loop_watch(loop, more[n++], SW_LOOP_READ, see, NULL, &err), 0);
		}
	}
	pthread_join(thread, NULL);
	while (n)
		close(more[--n]);
}

static void free_takes_null(void **state)
{
	(void)state;
	sw_loop_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_fire_in_order),
		TEST(a_timer_may_arm_itself_again),
		TEST(a_timer_that_is_always_due_leaves_descriptors_their_turn),
		TEST(a_timer_disarms_another_that_is_due_too),
		TEST(an_armed_timer_moves),
		TEST(a_timer_waits_for_its_time),
		TEST(deferred_calls_run_in_order_before_anything_else),
		TEST(a_deferred_call_follows_its_callback_at_once),
		TEST(deferred_calls_are_cancelled),
		TEST(a_step_with_only_a_deferred_call_does_not_sleep),
		TEST(a_step_with_nothing_waits_for_a_wake),
		TEST(readiness_is_level_triggered),
		TEST(a_hang_up_is_readable),
		TEST(an_error_is_writable_too),
		TEST(a_socket_is_watched_for_both),
		TEST(a_callback_unwatches_another_that_is_ready_too),
		TEST(a_reused_number_within_one_round_starts_anew),
		TEST(a_watch_that_is_replaced_within_a_round_forgets_what_poll_said),
		TEST(many_descriptors_come_and_go),
		TEST(stopping_ends_a_run_after_the_callback),
		TEST(no_wake_from_another_thread_is_missed),
		TEST(free_takes_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
