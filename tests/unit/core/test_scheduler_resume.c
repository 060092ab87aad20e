#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/stats.h"
#include "tests/unit/core/scheduler_fixture.h"

enum { EVENTS_MAX = 2000, ITERATIONS_MAX = 24 };

/* What a whole session emitted; of it an earlier process got as far as the first n_read. */
static struct sw_event *events;
static int n_events, n_read;
static bool varies;
static struct sw_rng rng;

/* One and the same for an iteration, in whichever process it is run. */
static int64_t wall_of(int mode, int64_t iteration)
{
	struct sw_rng own;
	sw_rng_seed(&own, (uint64_t)(iteration * MODES + mode));
	return 1000 + mode * 300 + (int64_t)sw_rng_below(&own, 400);
}

static void vary(const struct sw_event *event)
{
	if (event->kind == SW_EVENT_ITERATION_STARTED && varies)
		fakes[event->mode].wall_ns = wall_of(event->mode, event->u.it.iteration);
}

static void keep(const struct sw_event *event)
{
	assert_true(n_events < EVENTS_MAX);
	events[n_events] = *event;
	events[n_events].t_ns = n_events + 1;
	n_events++;
	vary(event);
}

static int setup_resume(void **state)
{
	events = calloc(EVENTS_MAX, sizeof *events);
	n_events = n_read = 0;
	varies = false;
	return events ? setup(state) : -1;
}

static int teardown_resume(void **state)
{
	free(events);
	events = NULL;
	return teardown(state);
}

static void run_to_end(void)
{
	sw_scheduler_start(scheduler);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
}

/* The plan stays, all else is new. */
static void fresh(void)
{
	struct sw_plan kept = plan;
	const char *digests[MODES] = {fakes[0].digest, fakes[1].digest, fakes[2].digest};
	struct fake scripts[MODES] = {fakes[0], fakes[1], fakes[2]};
	assert_int_equal(teardown(NULL), 0);
	assert_int_equal(setup(NULL), 0);
	plan = kept;
	for (int i = 0; i < MODES; i++) {
		fakes[i].digest = digests[i];
		memcpy(fakes[i].script, scripts[i].script, sizeof fakes[i].script);
	}
	on_emit = vary;
}

static void resume_at(int at)
{
	fresh();
	n_read = at;
	make(&host.runner);
	for (int i = 0; i < at; i++)
		sw_scheduler_restore(scheduler, &events[i]);
	run_to_end();
}

static void run_whole(void)
{
	on_emit = keep;
	make(&host.runner);
	run_to_end();
}

/* ---- what holds of any session, cut anywhere ---- */

static bool was_done(int mode, int64_t iteration)
{
	for (int i = 0; i < n_read; i++)
		if (events[i].kind == SW_EVENT_ITERATION_FINISHED && events[i].mode == mode &&
		    !events[i].u.it.warmup && events[i].u.it.iteration == iteration)
			return true;
	return false;
}

static bool is_left(int mode)
{
	for (int64_t i = 1; i <= plan.iterations; i++)
		if (!was_done(mode, i))
			return true;
	return false;
}

static void assert_each_ended_once(void)
{
	int ended[MODES][ITERATIONS_MAX + 1] = {{0}};
	for (int i = 0; i < n_read; i++)
		if (events[i].kind == SW_EVENT_ITERATION_FINISHED && !events[i].u.it.warmup)
			ended[events[i].mode][events[i].u.it.iteration]++;
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_ITERATION_FINISHED && !seen[i].warmup)
			ended[seen[i].mode][seen[i].iteration]++;
	for (int mode = 0; mode < MODES; mode++)
		for (int i = 1; i <= plan.iterations; i++)
			assert_int_equal(ended[mode][i], 1);
}

/* It runs what the whole session would have, in that order, but for what was done: warm-up for those alone
 * that have something left. */
static void assert_same_order(void)
{
	int at = 0;
	for (int i = 0; i < n_events; i++) {
		const struct sw_iteration_info *it = &events[i].u.it;
		if (events[i].kind != SW_EVENT_ITERATION_STARTED)
			continue;
		if (it->warmup ? !is_left(events[i].mode) : was_done(events[i].mode, it->iteration))
			continue;
		while (at < n_seen && seen[at].kind != SW_EVENT_ITERATION_STARTED)
			at++;
		assert_true(at < n_seen);
		assert_int_equal(seen[at].mode, events[i].mode);
		assert_int_equal(seen[at].iteration, it->iteration);
		assert_int_equal(seen[at].warmup, it->warmup);
		at++;
	}
	while (at < n_seen)
		assert_int_not_equal(seen[at++].kind, SW_EVENT_ITERATION_STARTED);
}

/* Neither a turn that was half done, nor one twice. */
static void assert_whole_turns(void)
{
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_TURN_FINISHED && !seen[i].warmup)
			for (int64_t n = 0; n < seen[i].count; n++)
				assert_false(was_done(seen[i].mode, seen[i].iteration + n));
}

/* Every result is judged as it was, by the session's first one. */
static void assert_same_outcomes(void)
{
	for (int i = 0; i < n_seen; i++) {
		const struct seen *end = &seen[i];
		if (end->kind != SW_EVENT_ITERATION_FINISHED || end->warmup)
			continue;
		for (int j = 0; j < n_events; j++)
			if (events[j].kind == SW_EVENT_ITERATION_FINISHED && events[j].mode == end->mode &&
			    !events[j].u.it.warmup && events[j].u.it.iteration == end->iteration)
				assert_int_equal(end->outcome, events[j].u.it.outcome);
	}
}

static int64_t pick(int64_t low, int64_t high)
{
	return low + (int64_t)sw_rng_below(&rng, (uint64_t)(high - low + 1));
}

static void random_shape(bool all_ok)
{
	plan.order = (enum sw_order)pick(0, SW_ORDER_RANDOM);
	plan.seed = (uint64_t)pick(1, 1000);
	plan.iterations = pick(1, 9);
	plan.warmup = pick(0, 2);
	plan.block = pick(1, 3);
	plan.modes[1].parallel = pick(0, 1) ? SLOTS : 0;
	plan.fallback =
		(struct sw_fallback){.enabled = true, .max_retries = 0, .on = 1u << SW_OUTCOME_TIMEOUT};
	for (int mode = 0; mode < MODES; mode++) {
		fakes[mode].digest = pick(0, 3) ? "same" : "other";
		for (int i = 0; i < SCRIPT_MAX; i++)
			fakes[mode].script[i] = all_ok || pick(0, 2) ? SW_OUTCOME_OK
			                        : pick(0, 1)         ? SW_OUTCOME_TIMEOUT
			                                             : SW_OUTCOME_CRASHED;
	}
}

static void a_session_cut_anywhere_is_finished(void **state)
{
	(void)state;
	sw_rng_seed(&rng, 20261123);
	for (int round = 0; round < 60; round++) {
		bool all_ok = round % 2;
		fresh();
		random_shape(all_ok);
		n_events = 0;
		run_whole();
		for (int cut = 0; cut < 12; cut++) {
			resume_at((int)pick(0, n_events));
			assert_each_ended_once();
			assert_same_order();
			assert_whole_turns();
			if (all_ok)
				assert_same_outcomes();
		}
	}
}

/* Killed again and again: the third reads what the first two wrote. */
static void resumed_sessions_can_be_resumed(void **state)
{
	(void)state;
	sw_rng_seed(&rng, 7);
	plan.iterations = 8;
	plan.modes[1].parallel = 3;
	plan.block = 2;
	plan.warmup = 1;
	plan.order = SW_ORDER_RANDOM;
	run_whole();
	struct sw_event *whole = calloc(EVENTS_MAX, sizeof *whole);
	int n_whole = n_events;
	memcpy(whole, events, (size_t)n_events * sizeof *events);
	for (int kills = 0, at = 0; kills < 6; kills++) {
		at = (int)pick(at, n_events);
		fresh();
		n_read = n_events = at;
		on_emit = keep;
		make(&host.runner);
		for (int i = 0; i < at; i++)
			sw_scheduler_restore(scheduler, &events[i]);
		run_to_end();
		assert_each_ended_once();
	}
	/* and each of the runs left the order as it was */
	memcpy(events, whole, (size_t)n_whole * sizeof *events);
	n_events = n_whole;
	free(whole);
	resume_at(n_events / 2);
	assert_same_order();
}

/* ---- the digest ---- */

static void restore_attempt(int mode, enum sw_outcome outcome, const char *digest)
{
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_ATTEMPT_FINISHED, mode);
	event.u.it.iteration = event.u.it.attempt = 1;
	event.u.it.outcome = outcome;
	snprintf(event.u.it.digest, sizeof event.u.it.digest, "%s", digest);
	sw_scheduler_restore(scheduler, &event);
}

static void the_first_ok_result_stands(void **state)
{
	(void)state;
	make(&host.runner);
	restore_attempt(1, SW_OUTCOME_FAILED, "none of it");
	restore_attempt(2, SW_OUTCOME_OK, "the first");
	restore_attempt(1, SW_OUTCOME_OK, "same");
	run_to_end();
	for (int i = 0; i < MODES * 2; i++) {
		assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, i)->outcome, SW_OUTCOME_FAILED);
		assert_non_null(strstr(nth(SW_EVENT_ITERATION_FINISHED, i)->text, "mode-2"));
	}
}

/* ---- nothing left, and what makes no sense ---- */

static void restore_end_of(int mode, int64_t iteration, bool warmup)
{
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_ITERATION_FINISHED, mode);
	event.u.it.iteration = iteration;
	event.u.it.warmup = warmup;
	sw_scheduler_restore(scheduler, &event);
}

static void nothing_left_prepares_nothing(void **state)
{
	(void)state;
	plan.warmup = 1;
	make(&host.runner);
	for (int mode = 0; mode < MODES; mode++)
		for (int i = 2; i >= 1; i--)
			restore_end_of(mode, i, false);
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 0);
	for (int mode = 0; mode < MODES; mode++)
		assert_int_equal(fakes[mode].prepares, 0);
}

static void what_is_not_of_the_plan_is_left_out(void **state)
{
	(void)state;
	make(&host.runner);
	restore_end_of(0, 1, true);
	restore_end_of(0, 0, false);
	restore_end_of(0, 3, false);
	restore_end_of(MODES, 1, false);
	restore_end_of(-1, 1, false);
	restore_end_of(2, 2, false);
	restore_end_of(2, 2, false);
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), MODES * 2 - 1);
}

/* ---- iterations: auto ---- */

static void plan_auto(void)
{
	plan.is_auto = true;
	plan.precision_percent = 12;
	plan.min_iterations = 3;
	plan.iterations = ITERATIONS_MAX;
	varies = true;
}

/* Where it was cut makes no difference: it looks when it would have looked, and sees the same. */
static void auto_ends_where_it_would_have_ended(void **state)
{
	(void)state;
	plan_auto();
	run_whole();
	const struct sw_event *decided = NULL;
	for (int i = 0; i < n_events; i++)
		if (events[i].kind == SW_EVENT_LENGTH_DECIDED)
			decided = &events[i];
	assert_non_null(decided);
	assert_in_range(decided->u.length.iterations, 6, ITERATIONS_MAX - 1);
	for (int at = 0; at < n_events; at++) {
		resume_at(at);
		bool was_decided = &events[at] > decided;
		assert_int_equal(count_seen(SW_EVENT_LENGTH_DECIDED), !was_decided);
		if (!was_decided)
			assert_string_equal(nth(SW_EVENT_LENGTH_DECIDED, 0)->text, decided->u.length.text);
		for (int i = 0; was_decided && i < MODES; i++)
			assert_int_equal(fakes[i].prepares + fakes[i].starts, 0);
		int64_t most = plan.iterations;
		plan.iterations = decided->u.length.iterations;
		assert_each_ended_once();
		plan.iterations = most;
	}
}

static void restore_at(enum sw_event_kind kind, int mode, int64_t seconds)
{
	struct sw_event event;
	sw_event_init(&event, kind, mode);
	event.u.it.iteration = 1;
	event.t_ns = seconds * SECOND;
	sw_scheduler_restore(scheduler, &event);
}

/* 2 s by the first process, of its 10 s; SECONDS by the second. */
static void restore_budget(int64_t seconds)
{
	restore_at(SW_EVENT_ITERATION_STARTED, 0, 5);
	restore_at(SW_EVENT_PAUSED, -1, 6);
	restore_at(SW_EVENT_RESUMED, -1, 13);
	restore_at(SW_EVENT_ITERATION_FINISHED, 0, 14);
	restore_at(SW_EVENT_CONTAINER_REMOVED, 0, 98);
	restore_at(SW_EVENT_NOTE, -1, 99);
	restore_at(SW_EVENT_SESSION_FINISHED, -1, 100);
	restore_at(SW_EVENT_SESSION_RESUMED, -1, 200);
	restore_at(SW_EVENT_ITERATION_STARTED, 1, 300);
	restore_at(SW_EVENT_ITERATION_FINISHED, 1, 300);
	restore_at(SW_EVENT_ITERATION_FINISHED, 2, 300 + seconds);
	restore_at(SW_EVENT_PAUSED, -1, 300 + seconds);
	restore_at(SW_EVENT_NOTE, -1, 400 + seconds);
}

static void auto_goes_on_with_the_rest_of_its_budget(void **state)
{
	(void)state;
	plan_auto();
	plan.precision_percent = 0.001;
	plan.time_budget_ns = 60 * SECOND;
	make(&host.runner);
	restore_budget(57); /* 59 s: one is left, of which some is used */
	run_to_end();
	assert_true(count_seen(SW_EVENT_ITERATION_STARTED) > 0);
	fresh();
	make(&host.runner);
	restore_budget(58);
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 0);
	assert_int_equal(count_seen(SW_EVENT_LENGTH_DECIDED), 1);
	assert_non_null(strstr(nth(SW_EVENT_LENGTH_DECIDED, 0)->text, "time budget"));
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_resume, teardown_resume)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_cut_anywhere_is_finished),
		TEST(resumed_sessions_can_be_resumed),
		TEST(the_first_ok_result_stands),
		TEST(nothing_left_prepares_nothing),
		TEST(what_is_not_of_the_plan_is_left_out),
		TEST(auto_ends_where_it_would_have_ended),
		TEST(auto_goes_on_with_the_rest_of_its_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
