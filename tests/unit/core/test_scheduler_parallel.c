#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/scheduler_fixture.h"

/* Mode 1 has three slots, modes 0 and 2 one each. */
static void plan_slots(int64_t iterations, int64_t block)
{
	plan.modes[1].parallel = SLOTS;
	plan.iterations = iterations;
	plan.block = block;
}

static int running_slots(void)
{
	int n = 0;
	for (int i = 0; i < SLOTS; i++)
		n += slots[i].running;
	return n;
}

static void hold_slots(bool hold)
{
	for (int i = 0; i < SLOTS; i++)
		slots[i].hold_start = hold;
}

static void until_all_slots_run(void)
{
	while (running_slots() < SLOTS)
		step();
}

static void let_all_go(void)
{
	hold_slots(false);
	for (int i = 0; i < SLOTS; i++)
		if (slots[i].running)
			release(&slots[i]);
}

/* Every iteration of every mode ended once. */
static void assert_all_done(void)
{
	assert_ended(SW_STATE_DONE);
	for (int mode = 0; mode < MODES; mode++) {
		for (int64_t iteration = 1; iteration <= plan.iterations; iteration++) {
			int n = 0;
			for (int i = 0; i < n_seen; i++)
				n += seen[i].kind == SW_EVENT_ITERATION_FINISHED && seen[i].mode == mode &&
				     seen[i].iteration == iteration && !seen[i].warmup;
			assert_int_equal(n, 1);
		}
	}
}

static void run_to_end(void)
{
	while (!n_done)
		step();
	assert_all_done();
}

static void a_turn_keeps_all_slots_busy(void **state)
{
	(void)state;
	plan_slots(7, 2);
	hold_slots(true);
	start();
	until_all_slots_run();
	settle();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 2 + SLOTS); /* block 2 of mode 0 */
	for (int i = 0; i < SLOTS; i++)
		for (int k = i + 1; k < SLOTS; k++)
			assert_int_not_equal(slots[i].attempt.iteration, slots[k].attempt.iteration);
	release(&slots[1]);
	while (slots[1].done < 1 || !slots[1].running)
		step();
	assert_int_equal(slots[1].attempt.iteration, 4); /* the next one, at once */
	assert_int_equal(running_slots(), SLOTS);
	let_all_go();
	run_to_end();
}

/* Nobody else is measured while something of a mode goes on behind its path. */
static void the_next_mode_waits_until_all_have_settled(void **state)
{
	(void)state;
	plan_slots(3, 1);
	slots[1].hold_settle = true;
	start();
	while (slots[1].settles == 0)
		step();
	settle();
	assert_int_equal(slots[0].settles, 1);
	assert_int_equal(fakes[2].starts, 0);
	assert_int_equal(count_seen(SW_EVENT_TURN_FINISHED), 1); /* mode 0's */
	slots[1].hold_settle = false;
	release(&slots[1]);
	run_to_end();
	for (int i = 0; i < SLOTS; i++)
		assert_false(slots[i].unsettled);
}

static void turns_count_what_ended_in_them(void **state)
{
	int64_t sums[MODES] = {0};
	(void)state;
	plan_slots(8, 1);
	start();
	run_to_end();
	for (int i = 0; i < n_seen; i++) {
		if (seen[i].kind != SW_EVENT_TURN_FINISHED)
			continue;
		assert_true(seen[i].wall_ns > 0);
		assert_in_range(seen[i].count, 1, seen[i].mode == 1 ? SLOTS : 1);
		sums[seen[i].mode] += seen[i].count;
	}
	for (int mode = 0; mode < MODES; mode++)
		assert_int_equal(sums[mode], 8);
}

/* The last end of a turn is to be on disk; those before it are taken along. */
static void the_disk_is_asked_for_once_a_turn(void **state)
{
	int left = 0, ends = 0;
	(void)state;
	plan_slots(6, 2);
	start();
	run_to_end();
	for (int i = 0; i < n_seen; i++) {
		left += seen[i].kind == SW_EVENT_ITERATION_STARTED;
		if (seen[i].kind != SW_EVENT_ITERATION_FINISHED)
			continue;
		left--;
		if (!seen[i].in_turn)
			assert_int_equal(left, 0);
		ends += !seen[i].in_turn;
	}
	assert_int_equal(ends, count_seen(SW_EVENT_TURN_FINISHED));
}

/* A kill is to cost what is in flight, not what ended before it. */
static void each_slot_waits_for_the_journal(void **state)
{
	(void)state;
	plan_slots(6, 2);
	auto_ack = false;
	start();
	while (n_done == 0) {
		uint64_t acked = last_seq;
		int running = 0, unwritten = 0;
		sw_scheduler_acked(scheduler, acked);
		settle();
		for (int i = 0; i < n_seen; i++) {
			running += seen[i].kind == SW_EVENT_ITERATION_STARTED;
			running -= seen[i].kind == SW_EVENT_ITERATION_FINISHED;
			unwritten += seen[i].kind == SW_EVENT_ITERATION_FINISHED && seen[i].seq > acked;
			assert_in_range(running + unwritten, 0, seen[i].mode == 1 ? SLOTS : 1);
		}
	}
	assert_all_done();
}

/* Nothing of a stop hangs on an end that is on its way to the disk. */
static void a_stop_finds_slots_that_wait(void **state)
{
	(void)state;
	plan_slots(6, 2);
	auto_ack = false;
	start();
	while (count_seen(SW_EVENT_ITERATION_FINISHED) < 2 + SLOTS) {
		if (slots[0].starts == 0)
			sw_scheduler_acked(scheduler, last_seq);
		step();
	}
	settle();
	assert_int_equal(running_slots(), 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 2 + SLOTS);
	stop_now(NULL);
	while (!n_done)
		step();
	assert_ended(SW_STATE_INTERRUPTED);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_STARTED), 2 + SLOTS);
}

static void a_dropping_pause_takes_all_that_run(void **state)
{
	(void)state;
	plan_slots(5, 2);
	hold_slots(true);
	start();
	until_all_slots_run();
	sw_scheduler_pause(scheduler, true);
	while (!count_seen(SW_EVENT_PAUSED))
		step();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), SLOTS);
	assert_int_equal(running_slots(), 0);
	hold_slots(false);
	sw_scheduler_resume(scheduler);
	run_to_end();
}

static bool stood_still;

static bool disturbed_once(void *user)
{
	bool was = stood_still;
	(void)user;
	stood_still = false;
	return was;
}

/* Whoever ran while the program stood still is measured anew, not only the one that ends first. */
static void what_ran_while_it_stood_still_is_dropped(void **state)
{
	(void)state;
	plan_slots(5, 1);
	hold_slots(true);
	disturbed = disturbed_once;
	start();
	until_all_slots_run();
	stood_still = true;
	release(&slots[2]);
	while (count_seen(SW_EVENT_ITERATION_DROPPED) < SLOTS)
		step();
	let_all_go();
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), SLOTS);
	assert_int_equal(count_seen(SW_EVENT_PAUSED), 0);
}

static void a_pause_in_a_turn_goes_on_with_the_rest(void **state)
{
	(void)state;
	plan_slots(9, 3);
	hold_slots(true);
	start();
	until_all_slots_run();
	sw_scheduler_pause(scheduler, false);
	let_all_go();
	while (!count_seen(SW_EVENT_PAUSED))
		step();
	assert_int_equal(slots[0].done + slots[1].done + slots[2].done, SLOTS);
	sw_scheduler_resume(scheduler);
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_DROPPED), 0);
}

static void one_of_several_can_be_cancelled(void **state)
{
	(void)state;
	plan_slots(3, 1);
	hold_slots(true);
	start();
	until_all_slots_run();
	sw_scheduler_cancel_iteration(scheduler, sw_scheduler_key(1, 2, false));
	while (!slots[1].done)
		step();
	assert_int_equal(slots[0].cancels + slots[2].cancels, 0);
	assert_int_equal(slots[1].cancels, 1);
	let_all_go();
	run_to_end();
	int cancelled = 0;
	for (int i = 0; i < n_seen; i++)
		cancelled += seen[i].kind == SW_EVENT_ITERATION_FINISHED &&
		             seen[i].outcome == SW_OUTCOME_CANCELLED;
	assert_int_equal(cancelled, 1);
}

/* Each slot falls back to a host runner of its own. */
static void all_slots_can_fall_back_at_once(void **state)
{
	(void)state;
	plan_slots(3, 1);
	plan.fallback = (struct sw_fallback){.enabled = true, .on = ~0u};
	for (int i = 0; i < SLOTS; i++) {
		slots[i].script[0] = SW_OUTCOME_ENGINE;
		hosts[i].hold_start = true;
	}
	start();
	while (!hosts[0].running || !hosts[1].running || !hosts[2].running)
		step();
	for (int i = 0; i < SLOTS; i++) {
		hosts[i].hold_start = false;
		release(&hosts[i]);
	}
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_FALLBACK_TAKEN), SLOTS);
}

static void a_stop_ends_all_slots(void **state)
{
	(void)state;
	plan_slots(6, 2);
	hold_slots(true);
	start();
	until_all_slots_run();
	stop_and_end();
	for (int i = 0; i < SLOTS; i++)
		assert_int_equal(slots[i].cancels, 1);
}

static void a_stop_while_settling_waits_for_it(void **state)
{
	(void)state;
	plan_slots(3, 1);
	slots[0].hold_settle = true;
	start();
	while (!slots[0].settles)
		step();
	stop_now(NULL);
	settle();
	assert_int_equal(n_done, 0);
	release(&slots[0]);
	while (!n_done)
		step();
	assert_ended(SW_STATE_INTERRUPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_turn_keeps_all_slots_busy),
		TEST(the_next_mode_waits_until_all_have_settled),
		TEST(turns_count_what_ended_in_them),
		TEST(the_disk_is_asked_for_once_a_turn),
		TEST(each_slot_waits_for_the_journal),
		TEST(a_stop_finds_slots_that_wait),
		TEST(a_dropping_pause_takes_all_that_run),
		TEST(what_ran_while_it_stood_still_is_dropped),
		TEST(a_pause_in_a_turn_goes_on_with_the_rest),
		TEST(one_of_several_can_be_cancelled),
		TEST(all_slots_can_fall_back_at_once),
		TEST(a_stop_ends_all_slots),
		TEST(a_stop_while_settling_waits_for_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
