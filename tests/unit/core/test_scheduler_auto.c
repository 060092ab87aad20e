#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/scheduler_fixture.h"

static void plan_auto(int64_t least, int64_t most)
{
	plan.is_auto = true;
	plan.iterations = most;
	plan.min_iterations = least;
	plan.precision_percent = 2;
	plan.time_budget_ns = 3600 * SECOND;
}

static void run_to_end(void)
{
	start();
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	assert_int_equal(count_seen(SW_EVENT_LENGTH_DECIDED), 1);
}

/* Equal walls: the intervals are narrow at once. */
static void a_steady_session_ends_at_the_minimum(void **state)
{
	(void)state;
	plan_auto(12, 500);
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 12 * MODES);
}

static void a_parallel_mode_does_as_many_as_the_others(void **state)
{
	(void)state;
	plan.modes[1].parallel = SLOTS;
	plan_auto(10, 500);
	run_to_end();
	int done[MODES] = {0};
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_ITERATION_FINISHED)
			done[seen[i].mode]++;
	assert_int_equal(done[0] % SLOTS, 0);
	assert_true(done[0] >= 10);
	assert_int_equal(done[0], done[1]);
	assert_int_equal(done[0], done[2]);
}

/* Without a success there is no interval: the plan's most ends it. */
static void a_mode_that_never_succeeds_runs_to_the_most(void **state)
{
	(void)state;
	plan_auto(2, 8);
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[1].script[i] = SW_OUTCOME_FAILED;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 8 * MODES);
}

static void the_time_budget_ends_it(void **state)
{
	(void)state;
	plan_auto(2, 500);
	for (int i = 0; i < SCRIPT_MAX; i++)
		fakes[1].script[i] = SW_OUTCOME_FAILED;
	plan.time_budget_ns = 1;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), MODES); /* also below the minimum */
}

/* It need not wait until all are even; each has had a turn. */
static void the_time_budget_is_kept_turn_by_turn(void **state)
{
	(void)state;
	plan.modes[1].parallel = SLOTS;
	plan_auto(2, 500);
	plan.time_budget_ns = 1;
	run_to_end();
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), MODES - 1 + SLOTS);
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == SW_EVENT_LENGTH_DECIDED)
			assert_non_null(strstr(seen[i].text, "the time budget of"));
}

static void a_fixed_number_is_not_decided(void **state)
{
	(void)state;
	plan.iterations = 20;
	start();
	while (!n_done)
		step();
	assert_int_equal(count_seen(SW_EVENT_LENGTH_DECIDED), 0);
	assert_int_equal(count_seen(SW_EVENT_ITERATION_FINISHED), 20 * MODES);
}

static bool is_time;

static void time_has_come(void *user)
{
	(void)user;
	is_time = true;
}

/* What is paused before the first counted turn is none of the budget's time, and not to be taken off it. */
static void a_pause_in_the_warm_up_gives_no_time(void **state)
{
	struct sw_timer timer = {0};
	(void)state;
	plan_auto(400, 500);
	plan.warmup = 1;
	plan.time_budget_ns = 1;
	start();
	sw_scheduler_pause(scheduler, false);
	while (!count_seen(SW_EVENT_PAUSED))
		step();
	assert_int_equal(sw_loop_arm(loop, &timer, sw_clock_ns() + SECOND / 10, time_has_come, NULL), 0);
	for (is_time = false; !is_time;)
		step();
	sw_scheduler_resume(scheduler);
	while (!n_done)
		step();
	assert_ended(SW_STATE_DONE);
	int counted = 0;
	for (int i = 0; i < n_seen; i++)
		counted += seen[i].kind == SW_EVENT_ITERATION_FINISHED && !seen[i].warmup;
	assert_int_equal(counted, MODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_steady_session_ends_at_the_minimum),
		TEST(a_parallel_mode_does_as_many_as_the_others),
		TEST(a_mode_that_never_succeeds_runs_to_the_most),
		TEST(the_time_budget_ends_it),
		TEST(the_time_budget_is_kept_turn_by_turn),
		TEST(a_fixed_number_is_not_decided),
		TEST(a_pause_in_the_warm_up_gives_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
