#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/scheduler_fixture.h"

static void run_to_end(void)
{
	start();
	while (!n_done)
		step();
}

/* ---- order ---- */

static void interleaved_takes_turns_after_the_warm_up(void **state)
{
	(void)state;
	plan.warmup = 1;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 9);
	for (int i = 0; i < 9; i++) {
		const struct seen *s = nth(SW_EVENT_ITERATION_STARTED, i);
		assert_int_equal(s->mode, i % MODES);
		assert_int_equal(s->warmup, i < 3);
		assert_int_equal(s->iteration, i < 6 ? 1 : 2);
	}
	for (int i = 0; i < MODES; i++)
		assert_int_equal(fakes[i].prepares, 1);
	assert_int_equal(host.prepares, 1);
	assert_int_equal(host.starts, 0);
	assert_ended(SW_STATE_DONE);
}

static void sequential_runs_one_mode_after_the_other(void **state)
{
	static const int modes[] = {0, 0, 1, 1, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2};
	static const int iterations[] = {1, 2, 1, 2, 1, 2, 1, 2, 3, 1, 2, 3, 1, 2, 3};
	(void)state;
	plan.order = SW_ORDER_SEQUENTIAL;
	plan.warmup = 2;
	plan.iterations = 3;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 15);
	for (int i = 0; i < 15; i++) {
		const struct seen *s = nth(SW_EVENT_ITERATION_STARTED, i);
		assert_int_equal(s->mode, modes[i]);
		assert_int_equal(s->iteration, iterations[i]);
		assert_int_equal(s->warmup, i < 6);
	}
	assert_ended(SW_STATE_DONE);
}

static void no_warm_up_is_fine(void **state)
{
	(void)state;
	plan.iterations = 1;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 3);
	assert_false(nth(SW_EVENT_ITERATION_STARTED, 0)->warmup);
	assert_ended(SW_STATE_DONE);
}

/* ---- policy ---- */

/* Mode 1 alone, one iteration whose every sandboxed attempt ends with OUTCOME. */
static void play(enum sw_outcome outcome, int retries, unsigned on)
{
	teardown(NULL);
	setup(NULL);
	plan.modes[0].kind = SW_KIND_COLD;
	plan.n_modes = 1;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = retries, .on = on};
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[0].script[i] = outcome;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_SESSION_FINISHED), 1);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 1);
}

static void every_outcome_meets_the_policy(void **state)
{
	(void)state;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		for (int allowed = 0; allowed < 2; allowed++) {
			enum sw_outcome outcome = (enum sw_outcome)i;
			bool sandbox = sw_outcome_is_sandbox_failure(outcome);
			int retries = outcome == SW_OUTCOME_ENGINE ? 0 : 3; /* engine's take their time */
			play(outcome, retries, allowed ? 1u << i : ~(1u << i));
			bool falls = sandbox && allowed;
			const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, 0);
			assert_int_equal(fakes[0].starts, sandbox ? 1 + retries : 1);
			assert_int_equal(count_seen(SW_EVENT_RETRY), sandbox ? retries : 0);
			assert_int_equal(count_seen(SW_EVENT_FALLBACK_TAKEN), falls);
			assert_int_equal(count_seen(SW_EVENT_FALLBACK_REFUSED), sandbox && !falls);
			assert_int_equal(host.starts, falls);
			assert_int_equal(end->fell_back, falls);
			assert_int_equal(end->outcome, falls ? SW_OUTCOME_OK : outcome);
			assert_int_equal(end->attempts, fakes[0].starts + host.starts);
			if (sandbox)
				assert_int_equal(
					nth(falls ? SW_EVENT_FALLBACK_TAKEN : SW_EVENT_FALLBACK_REFUSED, 0)->outcome,
					outcome);
		}
	}
}

static void a_fallback_that_fails_is_the_end(void **state)
{
	(void)state;
	plan.n_modes = 1;
	plan.modes[0].kind = SW_KIND_COLD;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 5, .on = ~0u};
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[0].script[i] = SW_OUTCOME_OOM;
	host.script[0] = SW_OUTCOME_CRASHED;
	run_to_end();
	const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, 0);
	assert_int_equal(host.starts, 1);
	assert_true(host.attempt.on_host);
	assert_int_equal(host.attempt.number, 7);
	assert_int_equal(end->outcome, SW_OUTCOME_CRASHED);
	assert_true(end->fell_back);
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_REFUSED), 0);
}

static void host_modes_are_neither_retried_nor_refused(void **state)
{
	(void)state;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 5, .on = ~0u};
	fakes[0].script[0] = SW_OUTCOME_TIMEOUT;
	run_to_end();
	assert_int_equal(fakes[0].starts, 1);
	assert_int_equal(host.starts, 0);
	assert_int_equal(count_seen(SW_EVENT_RETRY) + count_seen(SW_EVENT_FALLBACK_REFUSED), 0);
	assert_ended(SW_STATE_DONE);
}

static void a_retry_after_engine_waits(void **state)
{
	(void)state;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 1, .on = 0};
	fakes[1].script[0] = SW_OUTCOME_ENGINE;
	run_to_end();
	assert_int_equal(fakes[1].starts, 2);
	assert_memory_not_equal(fakes[1].first_token, fakes[1].attempt.token, 33);
	assert_int_equal(strspn(fakes[1].attempt.token, "0123456789abcdef"), 32);
	const struct seen *retry = nth(SW_EVENT_RETRY, 0);
	assert_int_equal(retry[1].kind, SW_EVENT_ATTEMPT_STARTED);
	assert_int_equal(retry[1].attempt, 2);
	assert_true(retry[1].at_ns - retry->at_ns >= sw_retry_delay_ns(SW_OUTCOME_ENGINE, 1) - 1000000);
	/* The iteration's wall time holds both attempts and the pause. */
	const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, 1);
	assert_true(end->wall_ns >= sw_retry_delay_ns(SW_OUTCOME_ENGINE, 1));
	assert_int_equal(end->outcome, SW_OUTCOME_OK);
	assert_false(end->fell_back);
	assert_ended(SW_STATE_DONE);
}

static void without_a_runner_for_it_a_fallback_is_refused(void **state)
{
	(void)state;
	plan.n_modes = 1;
	plan.modes[0].kind = SW_KIND_COLD;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .on = ~0u};
	fakes[0].script[0] = SW_OUTCOME_CRASHED;
	make(NULL);
	sw_scheduler_start(scheduler);
	while (!n_done)
		step();
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_REFUSED), 1);
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 0)->outcome, SW_OUTCOME_CRASHED);
}

/* A host mode's runner that serves the fallbacks too is prepared and finished once. */
static void a_shared_runner_is_prepared_once(void **state)
{
	(void)state;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .on = ~0u};
	fakes[1].script[0] = SW_OUTCOME_CRASHED;
	make(&fakes[0].runner);
	sw_scheduler_start(scheduler);
	while (!n_done)
		step();
	assert_int_equal(fakes[0].prepares, 1);
	assert_int_equal(fakes[0].finishes, 1);
	assert_int_equal(fakes[0].starts, 2);
}

static void a_result_that_differs_has_failed(void **state)
{
	(void)state;
	plan.warmup = 0;
	plan.iterations = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3, .on = ~0u};
	fakes[1].digest = "other";
	run_to_end();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 0)->outcome, SW_OUTCOME_OK);
	const struct seen *end = nth(SW_EVENT_ITERATION_FINISHED, 1);
	assert_int_equal(end->outcome, SW_OUTCOME_FAILED);
	assert_non_null(strstr(end->text, "mode-0"));
	assert_int_equal(nth(SW_EVENT_ATTEMPT_FINISHED, 1)->outcome, SW_OUTCOME_FAILED);
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 2)->outcome, SW_OUTCOME_OK);
	assert_int_equal(fakes[1].starts, 1); /* neither retried nor run on the host */
	assert_int_equal(host.starts, 0);
	assert_ended(SW_STATE_DONE);
}

static void commands_have_no_digest_to_compare(void **state)
{
	(void)state;
	plan.iterations = 1;
	fakes[1].digest = "";
	run_to_end();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 1)->outcome, SW_OUTCOME_OK);
}

static void what_runners_complain_of_is_noted(void **state)
{
	(void)state;
	plan.iterations = 1;
	fakes[0].prepare_error = "no worker\033[31m";
	fakes[1].finish_error = "left behind";
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_NOTE), 2);
	assert_string_equal(nth(SW_EVENT_NOTE, 0)->text, "no worker?[31m");
	assert_int_equal(fakes[0].starts, 1); /* it says what is wrong as its outcome */
	assert_string_equal(nth(SW_EVENT_NOTE, 1)->text, "left behind");
	assert_ended(SW_STATE_DONE);
}

/* ---- the disk ---- */

static void each_iteration_waits_for_the_end_before(void)
{
	auto_ack = false;
	start();
	for (int i = 1; i <= MODES * 2; i++) {
		while (count_seen(SW_EVENT_ITERATION_FINISHED) < i)
			step();
		settle();
		assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), i);
		sw_scheduler_acked(scheduler, nth(SW_EVENT_ITERATION_FINISHED, i - 1)->seq - 1);
		settle();
		assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), i);
		sw_scheduler_acked(scheduler, 0); /* older news changes nothing */
		sw_scheduler_acked(scheduler, last_seq);
		sw_scheduler_acked(scheduler, last_seq);
	}
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
}

static void the_next_iteration_waits_for_the_disk(void **state)
{
	(void)state;
	each_iteration_waits_for_the_end_before();
}

static void so_does_one_of_the_same_block(void **state)
{
	(void)state;
	plan.block = 2;
	each_iteration_waits_for_the_end_before();
}

static void acks_while_an_attempt_runs_start_nothing(void **state)
{
	(void)state;
	fakes[0].hold_start = true;
	start();
	while (!fakes[0].running)
		step();
	for (uint64_t seq = 1; seq < 100; seq++)
		sw_scheduler_acked(scheduler, seq);
	settle();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 1);
	fakes[0].hold_start = false;
	release(&fakes[0]);
	while (!n_done)
		step();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 6);
	assert_ended(SW_STATE_DONE);
}

/* ---- stopping ---- */

static void stop_before_the_start(void **state)
{
	(void)state;
	make(&host.runner);
	sw_scheduler_stop(scheduler, SW_STATE_INTERRUPTED, "stopped by the user");
	sw_scheduler_start(scheduler);
	while (!n_done)
		step();
	assert_int_equal(fakes[0].prepares, 0);
	assert_ended(SW_STATE_INTERRUPTED);
}

static void stop_while_preparing(void **state)
{
	(void)state;
	fakes[1].hold_prepare = true;
	start();
	while (!fakes[1].prepares)
		step();
	stop_now(NULL);
	settle();
	assert_int_equal(n_done, 0); /* what it began it ends */
	release(&fakes[1]);
	stop_and_end();
	assert_int_equal(fakes[2].prepares, 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 0);
}

/* What a stop cuts short has no end: it is told as dropped, and a resumed session runs it. */
static void assert_cut_short(int mode)
{
	const struct seen *dropped = nth(SW_EVENT_ITERATION_DROPPED, 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 1);
	assert_int_equal(dropped->mode, mode);
	assert_non_null(strstr(dropped->text, "run --resume"));
	for (int i = 0; i < n_seen; i++)
		assert_false(seen[i].kind == SW_EVENT_ITERATION_FINISHED && seen[i].mode == mode);
}

static void stop_while_an_attempt_runs(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3, .on = ~0u};
	fakes[1].hold_start = true;
	start();
	while (!fakes[1].running)
		step();
	stop_and_end();
	assert_int_equal(fakes[1].cancels, 1);
	assert_cut_short(1);
	assert_int_equal(fakes[2].starts, 0);
}

static void stop_as_an_attempt_is_about_to_be_tried_again(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 3};
	fakes[1].script[0] = SW_OUTCOME_CRASHED;
	fakes[1].hold_start = true;
	start();
	while (!fakes[1].running)
		step();
	release(&fakes[1]);
	stop_and_end();
	assert_cut_short(1);
	assert_int_equal(fakes[1].starts, 1);
}

/* The runner's own end came first, and it is the iteration's: it stands. */
static void stop_as_an_attempt_fails(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 0};
	fakes[1].script[0] = SW_OUTCOME_CRASHED;
	fakes[1].hold_start = true;
	start();
	while (!fakes[1].running)
		step();
	release(&fakes[1]);
	stop_and_end();
	assert_int_equal(nth(SW_EVENT_ITERATION_FINISHED, 1)->outcome, SW_OUTCOME_CRASHED);
	assert_int_equal(fakes[1].starts, 1);
	assert_int_equal(host.starts, 0);
}

static void stop_between_two_attempts(void **state)
{
	(void)state;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 100, .on = ~0u};
	fakes[1].script[0] = SW_OUTCOME_ENGINE;
	start();
	while (!count_seen(SW_EVENT_RETRY))
		step();
	stop_and_end();
	assert_int_equal(fakes[1].starts, 1);
	assert_cut_short(1);
}

/* Stops as soon as an event of KIND was emitted, whatever is pending then. */
static void stop_after(enum sw_event_kind kind, enum sw_outcome outcome)
{
	teardown(NULL);
	setup(NULL);
	plan.warmup = 1;
	plan.fallback = (struct sw_fallback){.enabled = true, .max_retries = 1, .on = ~0u};
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[1].script[i] = outcome;
	stop_at = kind;
	start();
	while (!n_done)
		step();
	assert_ended(count_seen(kind) && kind != SW_EVENT_SESSION_FINISHED ? SW_STATE_INTERRUPTED
	                                                                   : SW_STATE_DONE);
}

static void stop_after_any_event(void **state)
{
	static const enum sw_event_kind kinds[] = {
		SW_EVENT_ITERATION_STARTED,  SW_EVENT_ATTEMPT_STARTED,
		SW_EVENT_ATTEMPT_FINISHED,   SW_EVENT_RETRY,
		SW_EVENT_FALLBACK_TAKEN,     SW_EVENT_FALLBACK_REFUSED,
		SW_EVENT_ITERATION_FINISHED, SW_EVENT_SESSION_FINISHED};
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		stop_after(kinds[i], SW_OUTCOME_OK);
		stop_after(kinds[i], SW_OUTCOME_CRASHED);
		stop_after(kinds[i], SW_OUTCOME_REJECTED);
	}
}

/* Even when the disk never answers. */
static void stop_while_waiting_for_the_disk(void **state)
{
	(void)state;
	auto_ack = false;
	start();
	while (!count_seen(SW_EVENT_ITERATION_FINISHED))
		step();
	settle();
	stop_and_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 1);
	sw_scheduler_acked(scheduler, last_seq);
	settle();
	assert_int_equal(count_seen(SW_EVENT_SESSION_FINISHED), 1);
}

static void stop_while_finishing(void **state)
{
	(void)state;
	fakes[1].hold_finish = true;
	start();
	while (!fakes[1].finishes)
		step();
	stop_now(NULL); /* too late: all was done */
	sw_scheduler_acked(scheduler, last_seq);
	settle();
	release(&fakes[1]);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(interleaved_takes_turns_after_the_warm_up),
		TEST(sequential_runs_one_mode_after_the_other),
		TEST(no_warm_up_is_fine),
		TEST(every_outcome_meets_the_policy),
		TEST(a_fallback_that_fails_is_the_end),
		TEST(host_modes_are_neither_retried_nor_refused),
		TEST(a_retry_after_engine_waits),
		TEST(without_a_runner_for_it_a_fallback_is_refused),
		TEST(a_shared_runner_is_prepared_once),
		TEST(a_result_that_differs_has_failed),
		TEST(commands_have_no_digest_to_compare),
		TEST(what_runners_complain_of_is_noted),
		TEST(the_next_iteration_waits_for_the_disk),
		TEST(so_does_one_of_the_same_block),
		TEST(acks_while_an_attempt_runs_start_nothing),
		TEST(stop_before_the_start),
		TEST(stop_while_preparing),
		TEST(stop_while_an_attempt_runs),
		TEST(stop_as_an_attempt_is_about_to_be_tried_again),
		TEST(stop_as_an_attempt_fails),
		TEST(stop_between_two_attempts),
		TEST(stop_after_any_event),
		TEST(stop_while_waiting_for_the_disk),
		TEST(stop_while_finishing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
