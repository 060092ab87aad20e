#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/scheduler_fixture.h"

/* ---- pausing ---- */

/* Each iteration of the plan ended once, in the order that it has without a pause. */
static void assert_plan_complete(void)
{
	int n = 0;
	assert_ended(SW_STATE_DONE);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), MODES * 2);
	for (int i = 0; i < n_seen; i++) {
		if (seen[i].kind != SW_EVENT_ITERATION_FINISHED)
			continue;
		assert_int_equal(seen[i].mode, n % MODES);
		assert_int_equal(seen[i].iteration, 1 + n / MODES);
		n++;
	}
}

static void end_of_plan(void)
{
	while (!n_done)
		step();
	assert_plan_complete();
}

static void hold(int mode)
{
	fakes[mode].hold_start = true;
	start();
	while (!fakes[mode].running)
		step();
}

/* What was held may end, and nothing is held any more. */
static void let_go(int mode)
{
	fakes[mode].hold_start = false;
	release(&fakes[mode]);
}

static void until_seen(enum sw_event_kind kind)
{
	while (!count_seen(kind))
		step();
}

static void a_pause_lets_the_running_one_end(void **state)
{
	(void)state;
	hold(1);
	sw_scheduler_pause(scheduler, false);
	sw_scheduler_pause(scheduler, false);
	settle();
	assert_int_equal(fakes[1].cancels, 0);
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0); /* not before it is idle */
	let_go(1);
	until_seen(SW_EVENT_PAUSED);
	settle();
	sw_scheduler_pause(scheduler, true); /* nothing to drop */
	settle();
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 1);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 2);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 2);
	assert_int_equal(seen[n_seen - 1].mode, -1);
	sw_scheduler_resume(scheduler);
	sw_scheduler_resume(scheduler);
	end_of_plan();
	assert_int_equal(count_seen(SW_EVENT_RESUMED), 1);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 0);
}

static void nothing_starts_before_resumed_is_on_disk(void **state)
{
	(void)state;
	sw_scheduler_free(scheduler);
	make(&host.runner);
	sw_scheduler_pause(scheduler, false); /* before the start is fine */
	auto_ack = false;
	sw_scheduler_start(scheduler);
	until_seen(SW_EVENT_PAUSED);
	assert_int_equal(fakes[2].prepares, 1);
	sw_scheduler_resume(scheduler);
	settle();
	assert_int_equal(count_seen(SW_EVENT_RESUMED), 1);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 0);
	sw_scheduler_pause(scheduler, false); /* and once more, with all of it under way */
	sw_scheduler_acked(scheduler, last_seq);
	settle();
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 2);
	auto_ack = true;
	sw_scheduler_resume(scheduler);
	end_of_plan();
}

static void paused_time_is_in_no_latency(void **state)
{
	struct sw_timer over = {0};
	const int64_t pause_ns = SECOND / 20;
	(void)state;
	hold(1);
	sw_scheduler_pause(scheduler, true);
	until_seen(SW_EVENT_PAUSED);
	assert_int_equal(sw_loop_arm(loop, &over, sw_clock_ns() + pause_ns, nothing, NULL), 0);
	while (over.slot)
		step();
	fakes[1].hold_start = false;
	sw_scheduler_resume(scheduler);
	end_of_plan();
	const struct seen *paused = nth(SW_EVENT_PAUSED, 0), *resumed = nth(SW_EVENT_RESUMED, 0);
	assert_true(resumed->at_ns - paused->at_ns >= pause_ns);
	for (int i = 0; i < MODES * 2; i++) {
		const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, i);
		assert_int_equal(end->wall_ns, 1000); /* what the runner said, exactly */
		assert_int_equal(end->attempts, 1);
	}
}

static void a_dropped_iteration_is_measured_anew(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3, .on = ~0u};
	hold(1);
	sw_scheduler_pause(scheduler, false);
	sw_scheduler_pause(scheduler, true); /* thought better of it */
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_cancel_iteration(scheduler,
	                              sw_scheduler_running(scheduler)); /* too late for that */
	assert_int_equal(fakes[1].cancels, 1);
	until_seen(SW_EVENT_PAUSED);
	const struct seen *dropped = nth(SW_EVENT_ITERATION_DROPPED, 0);
	assert_int_equal(dropped->mode, 1);
	assert_int_equal(dropped->iteration, 1);
	assert_int_equal(dropped[-1].kind, SW_EVENT_ATTEMPT_FINISHED);
	assert_int_equal(dropped[-1].outcome, SW_OUTCOME_CANCELLED);
	assert_true(*dropped->text);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 1);
	fakes[1].hold_start = false;
	sw_scheduler_resume(scheduler);
	end_of_plan();
	assert_int_equal(fakes[1].starts, 3);
	assert_int_equal(host.starts, 0);
	for (int i = 0; i < MODES * 2; i++)
		assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, i)->outcome, SW_OUTCOME_OK);
}

/* Resumed before the runner has let go: no pause, but the measurement is spoilt all the same. */
static void resumed_while_dropping(void **state)
{
	(void)state;
	hold(1);
	sw_scheduler_pause(scheduler, true);
	fakes[1].hold_start = false;
	sw_scheduler_resume(scheduler);
	end_of_plan();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	assert_int_equal(count_seen(SW_EVENT_PAUSED) + count_seen(SW_EVENT_RESUMED), 0);
	assert_int_equal(fakes[1].starts, 3);
}

/* It is not the session's first result: what it was must not be what all others are held to. */
static void a_dropped_result_is_compared_with_nothing(void **state)
{
	(void)state;
	fakes[0].digest = "spoilt";
	hold(0);
	let_go(0); /* ended on its own, not yet told */
	sw_scheduler_pause(scheduler, true);
	until_seen(SW_EVENT_PAUSED);
	assert_int_equal(nth(SW_EVENT_ATTEMPT_FINISHED, 0)->outcome, SW_OUTCOME_CANCELLED);
	fakes[0].digest = "same";
	sw_scheduler_resume(scheduler);
	end_of_plan();
	for (int i = 0; i < MODES * 2; i++)
		assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, i)->outcome, SW_OUTCOME_OK);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
}

static void between_two_attempts_of_mode_1(void)
{
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 100, .on = ~0u};
	fakes[1].script[0] = SW_OUTCOME_ENGINE;
	start();
	until_seen(SW_EVENT_RETRY);
}

static void dropped_between_two_attempts(void **state)
{
	(void)state;
	between_two_attempts_of_mode_1();
	sw_scheduler_pause(scheduler, true);
	until_seen(SW_EVENT_PAUSED);
	assert_int_equal(fakes[1].starts, 1);
	assert_int_equal(fakes[1].cancels, 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	sw_scheduler_resume(scheduler);
	end_of_plan();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 1)->attempts, 1); /* all anew */
	assert_int_equal(fakes[1].starts, 3);
}

static void a_pause_waits_for_the_retries(void **state)
{
	(void)state;
	between_two_attempts_of_mode_1();
	sw_scheduler_pause(scheduler, false);
	until_seen(SW_EVENT_PAUSED);
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 2);
	sw_scheduler_resume(scheduler);
	end_of_plan();
}

static void a_dropped_warm_up_stays_one(void **state)
{
	(void)state;
	plan.warmup = 1;
	hold(1);
	sw_scheduler_pause(scheduler, true);
	until_seen(SW_EVENT_PAUSED);
	assert_true(nth(SW_EVENT_ITERATION_DROPPED, 0)->warmup);
	fakes[1].hold_start = false;
	sw_scheduler_resume(scheduler);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	for (int i = 0; i < MODES * 3; i++)
		assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, i)->warmup, i < MODES);
}

static void stop_while_paused(void **state)
{
	(void)state;
	hold(1);
	sw_scheduler_pause(scheduler, false);
	let_go(1);
	until_seen(SW_EVENT_PAUSED);
	stop_and_end();
	assert_int_equal(count_seen(SW_EVENT_RESUMED), 0);
	sw_scheduler_resume(scheduler);
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	settle();
	assert_int_equal(seen[n_seen - 1].kind, SW_EVENT_SESSION_FINISHED);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 2);
}

static void stop_while_dropping(void **state)
{
	(void)state;
	hold(1);
	sw_scheduler_pause(scheduler, true);
	stop_and_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 1);
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0);
}

static void pause_while_stopping(void **state)
{
	(void)state;
	hold(1);
	stop_now(NULL);
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	stop_and_end();
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1); /* by the stop */
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 1);
}

/* A key that comes late must not hit the iteration after the one that was meant. */
static void cancel_means_one_iteration(void **state)
{
	(void)state;
	hold(1);
	int64_t running = sw_scheduler_running(scheduler);
	for (int64_t key = 0; key < 4 * SW_MODES_MAX; key++)
		if (key != running)
			sw_scheduler_cancel_iteration(scheduler, key);
	let_go(1);
	end_of_plan();
	for (int i = 0; i < MODES * 2; i++)
		assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, i)->outcome, SW_OUTCOME_OK);
}

static void after_the_last_iteration_there_is_no_pause(void **state)
{
	(void)state;
	start();
	while (count_seen(SW_EVENT_ITERATION_STARTED) < MODES * 2)
		step();
	sw_scheduler_pause(scheduler, false);
	end_of_plan();
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0);
}

static void pause_while_finishing(void **state)
{
	(void)state;
	fakes[1].hold_finish = true;
	start();
	while (!fakes[1].finishes)
		step();
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_resume(scheduler);
	release(&fakes[1]);
	end_of_plan();
}

/* ---- cancelling one iteration ---- */

static void a_cancelled_iteration_is_over(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3, .on = ~0u};
	hold(1);
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	sw_scheduler_pause(scheduler, true); /* it stays cancelled */
	assert_int_equal(fakes[1].cancels, 1);
	fakes[1].hold_start = false;
	until_seen(SW_EVENT_PAUSED);
	sw_scheduler_resume(scheduler);
	end_of_plan();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 1)->outcome, SW_OUTCOME_CANCELLED);
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 4)->outcome, SW_OUTCOME_OK);
	assert_int_equal(fakes[1].starts, 2);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 0);
}

/* The runner's own end came first: its outcome stands, but nothing is tried again. */
static void cancelled_as_an_attempt_fails(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3, .on = ~0u};
	fakes[1].script[0] = SW_OUTCOME_CRASHED;
	hold(1);
	release(&fakes[1]);
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	fakes[1].hold_start = false;
	end_of_plan();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 1)->outcome, SW_OUTCOME_CRASHED);
	assert_int_equal(count_seen(SW_EVENT_RETRY) + host.starts, 0);
}

static void cancelled_between_two_attempts(void **state)
{
	(void)state;
	between_two_attempts_of_mode_1();
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	end_of_plan();
	const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, 1);
	assert_int_equal(end->outcome, SW_OUTCOME_CANCELLED);
	assert_int_equal(end->attempts, 1);
	assert_int_equal(end->wall_ns, 1000);
	assert_false(end->fell_back);
	assert_non_null(strstr(end->text, "played")); /* why there was to be another */
	assert_int_equal(host.starts, 0);
}

static void cancelling_nothing_does_nothing(void **state)
{
	(void)state;
	fakes[0].hold_prepare = true;
	auto_ack = false;
	start();
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler)); /* while preparing */
	fakes[0].hold_prepare = false;
	release(&fakes[0]);
	until_seen(SW_EVENT_ITERATION_FINISHED);
	settle();
	/* while waiting for the disk */
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler));
	auto_ack = true;
	sw_scheduler_pause(scheduler, false);
	sw_scheduler_acked(scheduler, last_seq);
	until_seen(SW_EVENT_PAUSED);
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_running(scheduler)); /* while paused */
	sw_scheduler_resume(scheduler);
	end_of_plan();
	for (int i = 0; i < MODES; i++)
		assert_int_equal(fakes[i].cancels, 0);
}

/* Between two iterations of a block there is nothing to drop, but the turn has stood still. */
static void a_drop_between_two_spoils_the_turns_length(void **state)
{
	(void)state;
	plan.block = 2;
	auto_ack = false;
	start();
	while (!count_seen(SW_EVENT_ITERATION_FINISHED))
		step();
	settle();
	sw_scheduler_pause(scheduler, true);
	sw_scheduler_resume(scheduler);
	auto_ack = true;
	sw_scheduler_acked(scheduler, last_seq);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 0);
	assert_int_equal(count_seen(SW_EVENT_TURN_FINISHED), MODES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pause_lets_the_running_one_end),
		TEST(nothing_starts_before_resumed_is_on_disk),
		TEST(paused_time_is_in_no_latency),
		TEST(a_dropped_iteration_is_measured_anew),
		TEST(resumed_while_dropping),
		TEST(a_dropped_result_is_compared_with_nothing),
		TEST(dropped_between_two_attempts),
		TEST(a_pause_waits_for_the_retries),
		TEST(a_dropped_warm_up_stays_one),
		TEST(stop_while_paused),
		TEST(stop_while_dropping),
		TEST(pause_while_stopping),
		TEST(after_the_last_iteration_there_is_no_pause),
		TEST(cancel_means_one_iteration),
		TEST(pause_while_finishing),
		TEST(a_cancelled_iteration_is_over),
		TEST(cancelled_as_an_attempt_fails),
		TEST(cancelled_between_two_attempts),
		TEST(cancelling_nothing_does_nothing),
		TEST(a_drop_between_two_spoils_the_turns_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
