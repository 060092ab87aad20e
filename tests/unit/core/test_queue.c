#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>

#include "core/loop.h"
#include "core/queue.h"

enum { MANY = 20000 };

static struct sw_queue *queue;
static struct sw_event event, taken;
static struct sw_queue_place place;

static int setup(void **state)
{
	(void)state;
	queue = sw_queue_new();
	return queue ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_queue_free(queue);
	return 0;
}

static void push(enum sw_event_kind kind, int64_t number)
{
	sw_event_init(&event, kind, 0);
	event.u.it.iteration = number;
	sw_queue_push(queue, &event, sw_clock_ns() - 1000);
}

static enum sw_taken take(void)
{
	return sw_queue_take(queue, &taken, &place);
}

/* The recorder's turn: true when it was called for, not just because time passed. */
static bool is_called(uint64_t *out_last)
{
	int64_t before = sw_clock_ns();
	assert_true(sw_queue_wait(queue, SW_QUEUE_IDLE_NS, out_last));
	return sw_clock_ns() - before < SW_QUEUE_IDLE_NS;
}

static void events_are_numbered_and_stamped(void **state)
{
	(void)state;
	assert_int_equal(take(), SW_TAKEN_NONE);
	for (int i = 1; i <= 3; i++) {
		push(SW_EVENT_PHASE_STARTED, i);
		assert_int_equal(event.seq, i);
		assert_true(event.t_ns >= 1000 && event.t_ns < INT64_C(60000000000));
		assert_int_equal(sw_queue_at(queue, (uint64_t)i)->u.it.iteration, i);
	}
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(take(), SW_TAKEN_EVENT);
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i);
		assert_int_equal(place.seq, i);
	}
	assert_int_equal(take(), SW_TAKEN_NONE);
}

static void only_urgent_events_call_the_recorder(void **state)
{
	uint64_t last;
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		enum sw_event_kind k = (enum sw_event_kind)kind;
		push(k, 1);
		if (!sw_event_is_urgent(k))
			continue; /* that nobody is called is seen below */
		assert_true(is_called(&last));
		assert_int_equal(last, event.seq);
		sw_queue_recorded(queue, last, 10);
	}
	push(SW_EVENT_PHASE_STARTED, 1);
	assert_false(is_called(&last)); /* but it is not forgotten, either */
	assert_int_equal(last, event.seq);
}

static void all_that_is_durable_is_urgent(void **state)
{
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++)
		if (sw_event_is_durable((enum sw_event_kind)kind))
			assert_true(sw_event_is_urgent((enum sw_event_kind)kind));
	assert_true(sw_event_is_durable(SW_EVENT_ITERATION_FINISHED));
	assert_true(sw_event_is_durable(SW_EVENT_RESUMED));
	assert_false(sw_event_is_durable(SW_EVENT_PHASE_STARTED));
}

static void a_ring_that_fills_up_calls_the_recorder(void **state)
{
	uint64_t last;
	(void)state;
	for (int i = 0; i < SW_QUEUE_EVENTS / 2; i++)
		push(SW_EVENT_PHASE_STARTED, i);
	assert_true(is_called(&last));
	assert_int_equal(last, SW_QUEUE_EVENTS / 2);
}

/* A figure that is shown is on disk; what comes after it waits its turn. */
static void durable_events_are_taken_once_recorded(void **state)
{
	(void)state;
	push(SW_EVENT_PHASE_STARTED, 1);
	push(SW_EVENT_ITERATION_FINISHED, 1);
	push(SW_EVENT_PHASE_STARTED, 2);
	assert_int_equal(take(), SW_TAKEN_EVENT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(), SW_TAKEN_NONE);
	assert_int_equal(place.seq, 1);
	sw_queue_recorded(queue, 1, 50);
	assert_int_equal(take(), SW_TAKEN_NONE);
	sw_queue_recorded(queue, 2, 100);
	assert_int_equal(take(), SW_TAKEN_EVENT);
	assert_int_equal(taken.kind, SW_EVENT_ITERATION_FINISHED);
	assert_int_equal(place.recorded_seq, 2);
	assert_int_equal(place.recorded_size, 100);
	assert_int_equal(take(), SW_TAKEN_EVENT);
	assert_int_equal(take(), SW_TAKEN_NONE);
}

/* The viewer never holds up the producer: here both are one thread, which would hang. */
static void a_viewer_far_behind_is_told_so(void **state)
{
	(void)state;
	push(SW_EVENT_PHASE_STARTED, 1);
	assert_int_equal(take(), SW_TAKEN_EVENT);
	for (int i = 2; i <= 5 * SW_QUEUE_EVENTS; i++) {
		sw_queue_recorded(queue, (uint64_t)i - 1, i);
		push(SW_EVENT_PHASE_STARTED, i);
	}
	assert_int_equal(take(), SW_TAKEN_BEHIND);
	assert_int_equal(place.seq, 1);
	assert_int_equal(place.recorded_seq, 5 * SW_QUEUE_EVENTS - 1);
	sw_queue_skip(queue, 4 * SW_QUEUE_EVENTS - 1);
	assert_int_equal(take(), SW_TAKEN_BEHIND);
	sw_queue_skip(queue, 4 * SW_QUEUE_EVENTS);
	sw_queue_skip(queue, 7);                   /* never back */
	sw_queue_skip(queue, 9 * SW_QUEUE_EVENTS); /* nor ahead */
	for (int i = 4 * SW_QUEUE_EVENTS + 1; i <= 5 * SW_QUEUE_EVENTS; i++) {
		assert_int_equal(take(), SW_TAKEN_EVENT);
		assert_int_equal(taken.u.it.iteration, i);
	}
	assert_int_equal(take(), SW_TAKEN_NONE);
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
	sw_queue_close(queue);
	return user;
}

static pthread_t start_producer(void)
{
	pthread_t thread;
	atomic_store(&pushed, 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, NULL), 0);
	return thread;
}

/* Records all there is, and checks it, as it comes. */
static void *record(void *user)
{
	uint64_t last, at = 0;
	while (sw_queue_wait(queue, SW_QUEUE_IDLE_NS, &last)) {
		while (at < last) {
			const struct sw_event *e = sw_queue_at(queue, ++at);
			assert_int_equal(e->seq, at);
			assert_int_equal(e->u.it.iteration, at);
			assert_int_equal(e->u.it.attempt, -(int64_t)at);
		}
		sw_queue_recorded(queue, at, (int64_t)at);
	}
	assert_int_equal(at, MANY);
	return user;
}

/* No event is doubled, torn or out of order, however the three meet; what the viewer has missed of
 * the ring it is told to find on disk. */
static void events_cross_threads_in_order(void **state)
{
	pthread_t producer, recorder;
	uint64_t n = 0, missed = 0;
	int64_t last_ns = 0;
	(void)state;
	producer = start_producer();
	assert_int_equal(pthread_create(&recorder, NULL, record, NULL), 0);
	while (n + missed < MANY) {
		enum sw_taken what = take();
		if (what == SW_TAKEN_BEHIND) {
			missed += place.recorded_seq - place.seq;
			sw_queue_skip(queue, place.recorded_seq);
		}
		if (what != SW_TAKEN_EVENT)
			continue;
		n++;
		assert_int_equal(taken.seq, n + missed);
		assert_int_equal(taken.u.it.iteration, n + missed);
		assert_int_equal(taken.u.it.attempt, -(int64_t)(n + missed));
		assert_true(taken.t_ns >= last_ns);
		last_ns = taken.t_ns;
	}
	pthread_join(producer, NULL);
	pthread_join(recorder, NULL);
	assert_int_equal(take(), SW_TAKEN_NONE);
}

static void until_pushed(int n)
{
	while (atomic_load(&pushed) < n)
		;
}

/* Waits at a ring that nobody records, and goes on once there is room; the viewer makes none. */
static void a_full_ring_blocks_the_producer(void **state)
{
	uint64_t last;
	(void)state;
	pthread_t producer = start_producer();
	until_pushed(SW_QUEUE_EVENTS);
	while (take() == SW_TAKEN_EVENT)
		;
	assert_true(sw_queue_wait(queue, SW_QUEUE_IDLE_NS, &last));
	assert_true(sw_queue_wait(queue, SW_QUEUE_IDLE_NS,
	                          &last)); /* called for, or half a second: it still waits */
	assert_int_equal(atomic_load(&pushed), SW_QUEUE_EVENTS);
	record(NULL);
	pthread_join(producer, NULL);
	assert_int_equal(atomic_load(&pushed), MANY);
}

/* Once nothing can be recorded the ring is all there is: nothing of it is overwritten unseen. */
static void lost_events_are_kept_for_the_viewer(void **state)
{
	uint64_t last, n = 0, lost = 0;
	(void)state;
	pthread_t producer = start_producer();
	until_pushed(SW_QUEUE_EVENTS);
	sw_queue_recorded(queue, 50, 50);
	while (sw_queue_wait(queue, SW_QUEUE_IDLE_NS, &last)) {
		sw_queue_lost(queue, last);
		for (enum sw_taken what; (what = take()) != SW_TAKEN_NONE;) {
			if (what == SW_TAKEN_BEHIND) { /* of what was recorded before */
				assert_true(place.seq < 50);
				sw_queue_skip(queue, n = 50);
				continue;
			}
			assert_int_equal(taken.seq, ++n);
			assert_int_equal(taken.u.it.iteration, n);
			if (n <= 50)
				assert_int_equal(what, SW_TAKEN_EVENT);
			lost += what == SW_TAKEN_LOST;
		}
	}
	pthread_join(producer, NULL);
	assert_int_equal(n, MANY);
	assert_true(lost > MANY / 8);
}

static void a_closed_queue_takes_nothing(void **state)
{
	uint64_t last;
	(void)state;
	push(SW_EVENT_NOTE, 1);
	sw_event_init(&event, SW_EVENT_SESSION_FINISHED, -1);
	assert_false(sw_queue_close_with(queue, &event, 0, 0)); /* closed, but nobody records */
	assert_int_equal(event.seq, 2);
	assert_false(sw_queue_close_with(queue, &event, 0, 0));
	sw_event_init(&event, SW_EVENT_NOTE, -1);
	sw_queue_push(queue, &event, 0);
	assert_int_equal(event.seq, 0);
	assert_true(sw_queue_wait(queue, SW_QUEUE_IDLE_NS,
	                          &last)); /* what came before is still to be recorded */
	assert_int_equal(last, 2);
	sw_queue_recorded(queue, 2, 2);
	assert_false(sw_queue_wait(queue, SW_QUEUE_IDLE_NS, &last));
	assert_int_equal(take(), SW_TAKEN_EVENT);
	assert_int_equal(take(), SW_TAKEN_EVENT);
	assert_int_equal(taken.kind, SW_EVENT_SESSION_FINISHED);
	assert_int_equal(take(), SW_TAKEN_NONE);
}

static void closing_a_full_queue_gives_up_in_time(void **state)
{
	(void)state;
	for (int i = 0; i < SW_QUEUE_EVENTS; i++)
		push(SW_EVENT_PHASE_STARTED, i);
	int64_t before = sw_clock_ns();
	assert_false(sw_queue_close_with(queue, &event, 0, 20000000));
	assert_true(sw_clock_ns() - before >= 20000000);
	sw_queue_push(queue, &event, 0); /* closed: does not wait */
}

/* Rests until anything comes, over and over. */
static void *rest_and_record(void *user)
{
	atomic_int *recorded = user;
	uint64_t last;
	while (sw_queue_wait(queue, SW_QUEUE_REST, &last)) {
		sw_queue_recorded(queue, last, (int64_t)last);
		atomic_store(recorded, (int)last);
	}
	return NULL;
}

static void any_event_ends_a_rest(void **state)
{
	enum { ROUNDS = 300 };
	static atomic_int recorded;
	pthread_t recorder;
	(void)state;
	atomic_store(&recorded, 0);
	push(SW_EVENT_PHASE_STARTED, 1); /* before the rest begins */
	assert_int_equal(pthread_create(&recorder, NULL, rest_and_record, &recorded), 0);
	for (int i = 1; i <= ROUNDS; i++) {
		int64_t until_ns = sw_clock_ns() + INT64_C(20000000000);
		while (atomic_load(&recorded) < i)
			assert_true(sw_clock_ns() < until_ns);
		push(SW_EVENT_PHASE_STARTED, i + 1);
	}
	sw_queue_close(queue);
	pthread_join(recorder, NULL);
	assert_int_equal(atomic_load(&recorded), ROUNDS + 1);
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
		TEST(events_are_numbered_and_stamped),
		TEST(only_urgent_events_call_the_recorder),
		TEST(all_that_is_durable_is_urgent),
		TEST(a_ring_that_fills_up_calls_the_recorder),
		TEST(durable_events_are_taken_once_recorded),
		TEST(a_viewer_far_behind_is_told_so),
		TEST(events_cross_threads_in_order),
		TEST(a_full_ring_blocks_the_producer),
		TEST(lost_events_are_kept_for_the_viewer),
		TEST(a_closed_queue_takes_nothing),
		TEST(closing_a_full_queue_gives_up_in_time),
		TEST(any_event_ends_a_rest),
		TEST(free_takes_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
