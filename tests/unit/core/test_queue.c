#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/queue.h"

enum { MANY = 20000 };

static struct sw_loop *loop;
static struct sw_queue *queue;
static struct sw_event event, taken;
static int woken;

static void count(void *user)
{
	(void)user;
	woken++;
}

static int setup(void **state)
{
	struct sw_error err;
	(void)state;
	woken = 0;
	if (sw_loop_new(&loop, &err) < 0)
		return -1;
	sw_loop_on_wake(loop, count, NULL);
	queue = sw_queue_new(loop);
	return queue ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_queue_free(queue);
	sw_loop_free(loop);
	return 0;
}

static void nothing(void *user)
{
	(void)user;
}

/* Whether the consumer has been woken since the last time. */
static bool was_woken(void)
{
	struct sw_deferred now = {0};
	struct sw_error err;
	int before = woken;
	sw_loop_defer(loop, &now, nothing, NULL); /* so that the step does not sleep */
	assert_int_equal(sw_loop_step(loop, &err), 0);
	return woken > before;
}

static void push(enum sw_event_kind kind, int64_t number)
{
	sw_event_init(&event, kind, 0);
	event.u.it.iteration = number;
	sw_queue_push(queue, &event, sw_clock_ns() - 1000);
}

static void events_are_numbered_and_stamped(void **state)
{
	(void)state;
	assert_false(sw_queue_pop(queue, &taken));
	for (int i = 1; i <= 3; i++) {
		push(SW_EVENT_PHASE_STARTED, i);
		assert_int_equal(event.seq, i);
		assert_true(event.t_ns >= 1000 && event.t_ns < INT64_C(60000000000));
	}
	for (int i = 1; i <= 3; i++) {
		assert_true(sw_queue_pop(queue, &taken));
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i);
	}
	assert_false(sw_queue_pop(queue, &taken));
}

static void only_urgent_events_wake_the_consumer(void **state)
{
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		bool urgent = kind == SW_EVENT_ITERATION_FINISHED || kind == SW_EVENT_NOTE ||
		              kind == SW_EVENT_SESSION_STARTED || kind == SW_EVENT_SESSION_FINISHED;
		push((enum sw_event_kind)kind, 1);
		assert_int_equal(was_woken(), urgent);
	}
}

static void a_ring_that_fills_up_wakes_the_consumer(void **state)
{
	(void)state;
	for (int i = 1; i < SW_QUEUE_EVENTS / 2; i++)
		push(SW_EVENT_PHASE_STARTED, i);
	assert_false(was_woken());
	push(SW_EVENT_PHASE_STARTED, 0);
	assert_true(was_woken());
}

static atomic_int pushed;

static void *produce(void *user)
{
	static struct sw_event own;
	for (int i = 1; i <= MANY; i++) {
		sw_event_init(&own, i % 7 ? SW_EVENT_PHASE_STARTED : SW_EVENT_ITERATION_FINISHED, 1);
		own.u.it.iteration = i;
		own.u.it.attempt = -i;
		sw_queue_push(queue, &own, 0);
		assert_int_equal(own.seq, i);
		atomic_store(&pushed, i);
	}
	return user;
}

/* No event is lost, doubled or torn, however the two threads meet; the consumer sleeps in between. */
static void events_cross_threads_in_order(void **state)
{
	struct sw_error err;
	pthread_t thread;
	int64_t last_ns = 0;
	int n = 0;
	(void)state;
	atomic_store(&pushed, 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
	while (n < MANY) {
		/* The last ones are not urgent: nobody wakes for them. */
		if (MANY - n > SW_QUEUE_EVENTS)
			assert_int_equal(sw_loop_step(loop, &err), 0);
		while (sw_queue_pop(queue, &taken)) {
			assert_int_equal(taken.seq, ++n);
			assert_int_equal(taken.u.it.iteration, n);
			assert_int_equal(taken.u.it.attempt, -n);
			assert_true(taken.t_ns >= last_ns);
			last_ns = taken.t_ns;
		}
	}
	pthread_join(thread, NULL);
	assert_false(sw_queue_pop(queue, &taken));
}

/* The producer waits at a full ring, wakes the consumer, and goes on once there is room. */
static void a_full_ring_blocks_the_producer(void **state)
{
	struct sw_error err;
	pthread_t thread;
	(void)state;
	atomic_store(&pushed, 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
	while (atomic_load(&pushed) < SW_QUEUE_EVENTS)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	assert_int_equal(atomic_load(&pushed), SW_QUEUE_EVENTS);
	for (int n = 1; n <= MANY;)
		if (sw_queue_pop(queue, &taken))
			assert_int_equal(taken.seq, n++);
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&pushed), MANY);
}

static void free_takes_null(void **state)
{
	(void)state;
	sw_queue_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_numbered_and_stamped),         TEST(only_urgent_events_wake_the_consumer),
		TEST(a_ring_that_fills_up_wakes_the_consumer), TEST(events_cross_threads_in_order),
		TEST(a_full_ring_blocks_the_producer),         TEST(free_takes_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
