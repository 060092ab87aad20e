#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/scheduler_fixture.h"

/* Mode 1 alone is in a sandbox; its engine fails for ever, or as often as a test says. */

static const struct sw_runner_ops probed_ops = {
	.prepare = fake_prepare,
	.start = fake_start,
	.cancel = fake_cancel,
	.probe = fake_probe,
	.finish = fake_finish,
};

static int begun, ended;

static void on_begins(void *user, int slot, const struct sw_attempt *attempt)
{
	(void)user;
	assert_int_equal(slot, 0);
	assert_int_equal(attempt->mode, 1);
	assert_false(attempt->on_host);
	assert_int_equal(begun, ended);
	assert_int_equal(seen[n_seen - 1].kind, SW_EVENT_ATTEMPT_STARTED);
	assert_int_equal(seen[n_seen - 1].attempt, attempt->number);
	assert_int_equal(fakes[1].starts, begun); /* its runner has not been started yet */
	begun++;
}

static void on_ended(void *user, int slot, const struct sw_attempt *attempt)
{
	(void)user;
	(void)slot;
	assert_int_equal(attempt->mode, 1);
	ended++;
	assert_int_equal(begun, ended);
	assert_int_not_equal(seen[n_seen - 1].kind, SW_EVENT_ATTEMPT_FINISHED); /* of this one */
}

static int setup_breaker(void **state)
{
	if (setup(state) != 0)
		return -1;
	begun = ended = 0;
	plan.n_modes = 2;
	plan.iterations = 6;
	plan.modes[0].kind = SW_KIND_HOST;
	plan.fallback = (struct sw_fallback){.enabled = true, .on = 1u << SW_OUTCOME_ENGINE};
	plan.breaker = (struct sw_breaker_plan){.failures = 2,
	                                        .open_ns = 3600 * SECOND,
	                                        .max_open_ns = 3600 * SECOND};
	fakes[1].runner.ops = &probed_ops;
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[1].script[i] = SW_OUTCOME_ENGINE;
	fakes[2].finishes = 1; /* not of this plan */
	return 0;
}

static void run_to_the_end(void)
{
	start();
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	assert_int_equal(begun, ended);
}

/* Attempts in the sandbox that were told, and of those the ones that were not made. */
static int told(bool not_asked)
{
	int n = 0;
	for (int i = 0; i < n_seen; i++)
		n += seen[i].kind == SW_EVENT_ATTEMPT_FINISHED && seen[i].mode == 1 && !seen[i].on_host &&
		     seen[i].not_asked == not_asked;
	return n;
}

static const struct seen *refusal(int n)
{
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_ATTEMPT_FINISHED && seen[i].not_asked && n-- == 0)
			return &seen[i];
	fail_msg("no such refusal");
	return NULL;
}

static int changes_to(enum sw_breaker_state to)
{
	int n = 0;
	for (int i = 0; i < n_seen; i++)
		n += seen[i].kind == SW_EVENT_BREAKER_CHANGED && seen[i].breaker == to;
	return n;
}

/* ---- what is made, and what is not ---- */

static void an_engine_that_is_down_is_not_asked_each_time(void **state)
{
	(void)state;
	attempt_begins = on_begins;
	attempt_ended = on_ended;
	run_to_the_end();
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(begun, 2);
	assert_int_equal(told(false), 2);
	assert_int_equal(told(true), 4);
	assert_int_equal(fakes[1].probes, 0); /* its time has not come */
	/* The policy is as ever: each falls back, and is ok. */
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_TAKEN), 6);
	assert_int_equal(host.starts, 6);
	assert_int_equal(count_seen(SW_EVENT_RETRY), 0);
	const struct seen *change = nth(SW_EVENT_BREAKER_CHANGED, 0);
	assert_int_equal(count_seen(SW_EVENT_BREAKER_CHANGED), 1);
	assert_int_equal(change->breaker, SW_BREAKER_OPEN);
	assert_int_equal(change->failures, 2);
	assert_true(change->retry_ns > 3600 * SECOND); /* the session began a second ago */
	assert_string_equal(change->text, "2 attempts in a row failed: played");
	assert_int_equal(refusal(0)->outcome, SW_OUTCOME_ENGINE);
	assert_int_equal(refusal(0)->wall_ns, 0);
	assert_non_null(strstr(refusal(0)->text,
	                       "not asked: the circuit breaker is open (2 attempts in a row failed: "
	                       "played), probed again in "));
}

/* It works, fails for two attempts, and works again. */
static void plan_an_outage(int64_t open_ns)
{
	plan.breaker = (struct sw_breaker_plan){.failures = 2,
	                                        .open_ns = open_ns,
	                                        .max_open_ns = 3600 * SECOND,
	                                        .wait_ns = 3600 * SECOND};
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[1].script[i] = i == 1 || i == 2 ? SW_OUTCOME_ENGINE : SW_OUTCOME_OK;
}

static void an_engine_that_worked_is_waited_for(void **state)
{
	(void)state;
	plan_an_outage(SECOND / 1000);
	run_to_the_end();
	assert_int_equal(fakes[1].starts, 6);
	assert_int_equal(fakes[1].probes, 1);
	assert_int_equal(told(true), 0);
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_TAKEN), 2);
	assert_int_equal(changes_to(SW_BREAKER_CLOSED), 1);
	/* A turn that waited tells no length: an engine that was away is in no throughput. */
	assert_int_equal(count_seen(SW_EVENT_TURN_FINISHED), count_seen(SW_EVENT_ITERATION_FINISHED) - 1);
}

static int begun_of(int mode)
{
	int n = 0;
	for (int i = 0; i < n_seen; i++)
		n += seen[i].kind == SW_EVENT_ITERATION_STARTED && seen[i].mode == mode;
	return n;
}

static void one_that_waits_can_be_stopped(void **state)
{
	(void)state;
	plan_an_outage(3600 * SECOND);
	start();
	/* Its fourth begins, and waits. */
	while (begun_of(1) < 4)
		step();
	sw_scheduler_stop(scheduler, SW_STATE_INTERRUPTED, "asked");
	while (!n_done)
		step();
	assert_ended(SW_STATE_INTERRUPTED);
	assert_int_equal(told(true), 0);
}

static void the_host_is_never_refused(void **state)
{
	(void)state;
	run_to_the_end();
	assert_int_equal(fakes[0].starts, 6);
}

static void without_one_the_engine_is_asked_each_time(void **state)
{
	(void)state;
	plan.breaker.failures = 0;
	run_to_the_end();
	assert_int_equal(fakes[1].starts, 6);
	assert_int_equal(count_seen(SW_EVENT_BREAKER_CHANGED), 0);
}

static void a_refused_fallback_stays_one(void **state)
{
	(void)state;
	plan.fallback.enabled = false;
	plan.fallback.on = 0;
	run_to_the_end();
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_REFUSED), 6);
	assert_int_equal(host.starts, 0);
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_ITERATION_FINISHED && seen[i].mode == 1)
			assert_int_equal(seen[i].outcome, SW_OUTCOME_ENGINE);
}

/* Iteration 2's first attempt opens it. Its retry, which would have waited, is refused at once; and what was
 * not asked is not retried. */
static void a_retry_is_refused_like_any_attempt(void **state)
{
	(void)state;
	plan.fallback.max_retries = 3;
	plan.breaker.failures = 5;
	fakes[1].script[0] = SW_OUTCOME_OK;
	start();
	while (!count_seen(SW_EVENT_BREAKER_CHANGED))
		step();
	settle();
	assert_true(told(true) > 0); /* no timer was waited for */
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	/* 1: ok. 2: four attempts. 3: one opens it, its retry is not made. 4, 5, 6: one each. */
	assert_int_equal(fakes[1].starts, 6);
	assert_int_equal(told(true), 4);
	assert_int_equal(count_seen(SW_EVENT_RETRY), 4);
	assert_int_equal(refusal(0)->iteration, 3);
	assert_int_equal(refusal(0)->attempt, 2);
	assert_int_equal(refusal(1)->attempt, 1);
}

/* ---- probes ---- */

static void a_probe_lets_one_attempt_through(void **state)
{
	(void)state;
	plan.breaker.open_ns = 1;
	fakes[1].script[2] = SW_OUTCOME_OK;
	run_to_the_end();
	assert_int_equal(fakes[1].probes, 2);
	/* Open, half-open, closed; then open anew, and the last iteration's trial fails. */
	assert_int_equal(nth(SW_EVENT_BREAKER_CHANGED, 0)->breaker, SW_BREAKER_OPEN);
	assert_int_equal(nth(SW_EVENT_BREAKER_CHANGED, 1)->breaker, SW_BREAKER_HALF_OPEN);
	assert_int_equal(nth(SW_EVENT_BREAKER_CHANGED, 2)->breaker, SW_BREAKER_CLOSED);
	assert_int_equal(nth(SW_EVENT_BREAKER_CHANGED, 3)->breaker, SW_BREAKER_OPEN);
	assert_string_equal(nth(SW_EVENT_BREAKER_CHANGED, 2)->text,
	                    "an attempt ended as ok: the engine is used again");
}

static void a_failed_trial_opens_it_again(void **state)
{
	(void)state;
	plan.breaker.open_ns = 1;
	run_to_the_end();
	assert_int_equal(fakes[1].starts,
	                 6); /* one failed trial for each iteration from the third on */
	assert_int_equal(fakes[1].probes, 4);
	assert_int_equal(changes_to(SW_BREAKER_HALF_OPEN), 4);
	assert_int_equal(changes_to(SW_BREAKER_OPEN), 5);
	assert_int_equal(changes_to(SW_BREAKER_CLOSED), 0);
	assert_string_equal(nth(SW_EVENT_BREAKER_CHANGED, 2)->text,
	                    "the engine answered a probe, but the attempt failed: played");
}

static void probes_in_vain_are_told(void **state)
{
	(void)state;
	plan.breaker.open_ns = plan.breaker.max_open_ns = 1;
	fakes[1].mute = 3;
	run_to_the_end();
	assert_int_equal(fakes[1].probes, 4);
	assert_int_equal(fakes[1].starts, 3);
	for (int i = 1; i <= 3; i++) {
		const struct seen *change = nth(SW_EVENT_BREAKER_CHANGED, i);
		assert_int_equal(change->breaker, SW_BREAKER_OPEN);
		assert_int_equal(change->vain, i);
	}
	assert_string_equal(nth(SW_EVENT_BREAKER_CHANGED, 2)->text,
	                    "no answer to probe 2: nobody is there");
	assert_int_equal(nth(SW_EVENT_BREAKER_CHANGED, 4)->breaker, SW_BREAKER_HALF_OPEN);
	assert_int_equal(told(true), 3);
}

/* The host's runners and others that have nobody to ask. */
static void who_cannot_be_probed_counts_as_answering(void **state)
{
	(void)state;
	fakes[1].runner.ops = &fake_ops;
	plan.breaker.open_ns = 1;
	fakes[1].script[2] = SW_OUTCOME_OK;
	run_to_the_end();
	assert_true(changes_to(SW_BREAKER_HALF_OPEN) > 0);
	assert_int_equal(changes_to(SW_BREAKER_CLOSED), 1);
	assert_int_equal(told(true), 0);
}

/* ---- while it is being probed ---- */

static void start_and_wait_for_the_probe(void)
{
	plan.breaker.open_ns = 1;
	fakes[1].hold_probe = true;
	start();
	while (!fakes[1].probing)
		step();
	settle();
	assert_true(fakes[1].probing);
	assert_int_equal(fakes[1].starts, 2);
	assert_int_not_equal(sw_scheduler_running(scheduler), 0);
}

static void go_on_to_the_end(void)
{
	fakes[1].hold_probe = false;
	if (fakes[1].probing)
		release(&fakes[1]);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	for (int i = 0; i < n_seen; i++)
		assert_false(seen[i].kind == SW_EVENT_ITERATION_FINISHED && seen[i].wall_ns < 0);
}

static void a_probed_iteration_can_be_cancelled(void **state)
{
	(void)state;
	start_and_wait_for_the_probe();
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_key(1, 3, false));
	settle();
	const struct seen *last = nth(SW_EVENT_ITERATION_FINISHED, 5);
	assert_int_equal(last->mode, 1);
	assert_int_equal(last->iteration, 3);
	assert_int_equal(last->outcome, SW_OUTCOME_CANCELLED);
	assert_int_equal(last->attempts, 0);
	assert_int_equal(last->wall_ns, 0);
	assert_string_equal(last->text, "cancelled by the user");
	assert_int_equal(changes_to(SW_BREAKER_HALF_OPEN), 0); /* that probe says nothing */
	go_on_to_the_end();
	assert_int_equal(fakes[1].probes, 4); /* iteration 4 begins with one of its own */
}

static void a_probed_iteration_can_be_dropped(void **state)
{
	(void)state;
	start_and_wait_for_the_probe();
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_pause(scheduler, true);
	while (!count_seen(SW_EVENT_PAUSED))
		step();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	assert_int_equal(nth(SW_EVENT_ITERATION_DROPPED, 0)->iteration, 3);
	assert_int_equal(fakes[1].starts, 2);
	settle();
	assert_int_equal(fakes[1].probes, 1);
	fakes[1].hold_probe = false;
	sw_scheduler_resume(scheduler);
	go_on_to_the_end();
	assert_int_equal(changes_to(SW_BREAKER_HALF_OPEN), 4);
}

/* Those that run end first: the probe, and the attempt that it lets through. */
static void a_pause_waits_for_the_probe(void **state)
{
	(void)state;
	start_and_wait_for_the_probe();
	sw_scheduler_pause(scheduler, false);
	settle();
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0);
	release(&fakes[1]);
	while (!count_seen(SW_EVENT_PAUSED))
		step();
	assert_int_equal(fakes[1].starts, 3);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 0);
	sw_scheduler_resume(scheduler);
	go_on_to_the_end();
}

static void a_probed_session_can_be_stopped(void **state)
{
	(void)state;
	start_and_wait_for_the_probe();
	stop_and_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 5);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(changes_to(SW_BREAKER_HALF_OPEN), 0);
}

static void a_probe_before_a_retry_can_be_stopped(void **state)
{
	(void)state;
	plan.fallback.max_retries = 9;
	start_and_wait_for_the_probe();
	stop_and_end();
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
}

static int n_asked;

static bool was_disturbed(void *user)
{
	(void)user;
	return n_asked++ == 1;
}

static void a_disturbance_drops_it_as_ever(void **state)
{
	(void)state;
	n_asked = 0;
	disturbed = was_disturbed;
	run_to_the_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	/* Dropped attempts are cancelled ones: they say nothing of the engine. */
	assert_int_equal(fakes[1].starts, nth(SW_EVENT_ITERATION_DROPPED, 0)->mode == 1 ? 3 : 2);
}

/* ---- parallel slots ---- */

static void start_parallel(void)
{
	plan.modes[1].parallel = SLOTS;
	plan.iterations = 2 * SLOTS;
	plan.fallback.max_retries = 2;
	plan.breaker.failures = SLOTS;
	for (int i = 0; i < SLOTS; i++) {
		slots[i].runner.ops = &probed_ops;
		for (int j = 0; j < SCRIPT_MAX; j++)
			slots[i].script[j] = SW_OUTCOME_ENGINE;
	}
	start();
}

/* Each slot's first attempt is ok, its second is not; then the engine works again, and is waited for. */
static void start_parallel_outage(void)
{
	plan.modes[1].parallel = SLOTS;
	plan.iterations = 3 * SLOTS;
	plan_an_outage(SECOND / 1000);
	plan.breaker.failures = SLOTS;
	for (int i = 0; i < SLOTS; i++) {
		slots[i].runner.ops = &probed_ops;
		slots[i].script[1] = SW_OUTCOME_ENGINE;
	}
	start();
}

/* Two slots wait for their retries when the third one's failure opens it: neither waits any longer. */
static void waiting_retries_are_refused_when_it_opens(void **state)
{
	(void)state;
	slots[2].hold_start = true;
	start_parallel();
	while (count_seen(SW_EVENT_RETRY) < 2)
		step();
	release(&slots[2]);
	while (!count_seen(SW_EVENT_BREAKER_CHANGED))
		step();
	slots[2].hold_start = false;
	settle();
	assert_true(told(true) >= SLOTS); /* no timer was waited for */
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	for (int i = 0; i < SLOTS; i++)
		assert_int_equal(slots[i].starts, 1);
	assert_int_equal(told(true), 2 * SLOTS);
}

static void one_slot_probes_and_one_tries(void **state)
{
	(void)state;
	plan.breaker.open_ns = 1;
	plan.breaker.max_open_ns = 1;
	for (int i = 0; i < SLOTS; i++)
		slots[i].hold_probe = true;
	start_parallel();
	int probing = -1;
	while (probing < 0) {
		step();
		for (int i = 0; i < SLOTS; i++)
			probing = slots[i].probing ? i : probing;
	}
	settle();
	for (int i = 0; i < SLOTS; i++)
		assert_true(slots[i].probing == (i == probing));
	assert_non_null(strstr(refusal(0)->text, ", the engine is being probed"));
	/* The trial: while it runs, the others are refused. */
	slots[probing].hold_start = true;
	release(&slots[probing]);
	while (!slots[probing].running)
		step();
	settle();
	for (int i = 0; i < SLOTS; i++)
		assert_false(slots[i].probing || (slots[i].running && i != probing));
	slots[probing].hold_start = false;
	release(&slots[probing]);
	for (int i = 0; i < SLOTS; i++)
		slots[i].hold_probe = false;
	while (!n_done) {
		for (int i = 0; i < SLOTS; i++)
			if (slots[i].probing && !slots[i].later.pending)
				release(&slots[i]);
		step();
	}
	assert_ended(SW_STATE_DONE);
}

/* All work, then all fail at once, and one is let through. Nobody waits for what was cancelled. */
static void a_cancelled_trial_is_anothers_chance(void **state)
{
	(void)state;
	int trial = -1;
	start_parallel_outage();
	while (!changes_to(SW_BREAKER_OPEN))
		step();
	for (int i = 0; i < SLOTS; i++)
		slots[i].hold_start = true;
	while (!changes_to(SW_BREAKER_HALF_OPEN))
		step();
	settle();
	for (int i = 0; i < SLOTS; i++)
		trial = slots[i].running ? i : trial;
	assert_in_range(trial, 0, SLOTS - 1);
	for (int i = 0; i < SLOTS; i++)
		slots[i].hold_start = false;
	sw_scheduler_cancel_iteration(scheduler,
	                              sw_scheduler_key(1, slots[trial].attempt.iteration, false));
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	assert_int_equal(told(true), 0);
	assert_int_equal(changes_to(SW_BREAKER_CLOSED), 1);
}

int main(void)
{
#define BREAKER(name) cmocka_unit_test_setup_teardown(name, setup_breaker, teardown)
	const struct CMUnitTest tests[] = {
		BREAKER(an_engine_that_is_down_is_not_asked_each_time),
		BREAKER(an_engine_that_worked_is_waited_for),
		BREAKER(one_that_waits_can_be_stopped),
		BREAKER(the_host_is_never_refused),
		BREAKER(without_one_the_engine_is_asked_each_time),
		BREAKER(a_refused_fallback_stays_one),
		BREAKER(a_retry_is_refused_like_any_attempt),
		BREAKER(a_probe_lets_one_attempt_through),
		BREAKER(a_failed_trial_opens_it_again),
		BREAKER(probes_in_vain_are_told),
		BREAKER(who_cannot_be_probed_counts_as_answering),
		BREAKER(a_probed_iteration_can_be_cancelled),
		BREAKER(a_probed_iteration_can_be_dropped),
		BREAKER(a_pause_waits_for_the_probe),
		BREAKER(a_probed_session_can_be_stopped),
		BREAKER(a_probe_before_a_retry_can_be_stopped),
		BREAKER(a_disturbance_drops_it_as_ever),
		BREAKER(waiting_retries_are_refused_when_it_opens),
		BREAKER(one_slot_probes_and_one_tries),
		BREAKER(a_cancelled_trial_is_anothers_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
