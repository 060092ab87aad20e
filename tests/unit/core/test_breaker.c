#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/breaker.h"

#define SECOND INT64_C(1000000000)

static const struct sw_breaker_plan plan = {.failures = 3,
                                            .open_ns = SECOND,
                                            .max_open_ns = 5 * SECOND};

static struct sw_breaker breaker;

static int setup(void **state)
{
	(void)state;
	sw_breaker_init(&breaker, &plan);
	return 0;
}

static enum sw_breaker_answer ask(int64_t now_ns)
{
	return sw_breaker_ask(&breaker, now_ns);
}

static bool ended(enum sw_outcome outcome, int64_t now_ns)
{
	return sw_breaker_ended(&breaker, false, outcome, now_ns);
}

static bool trial_ended(enum sw_outcome outcome, int64_t now_ns)
{
	return sw_breaker_ended(&breaker, true, outcome, now_ns);
}

/* Opened at 100 s. */
static void open_it(void)
{
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(100 * SECOND), SW_BREAKER_GO);
		assert_true(ended(SW_OUTCOME_ENGINE, 100 * SECOND) == (i == 2));
	}
	assert_int_equal(breaker.state, SW_BREAKER_OPEN);
}

/* Half-open at 101 s, with its one attempt under way. */
static void try_it(void)
{
	open_it();
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
	assert_true(sw_breaker_probed(&breaker, true, 101 * SECOND));
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_TRY);
}

static void failures_in_a_row_open_it(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(breaker.failures, 3);
	assert_int_equal(breaker.retry_at_ns, 101 * SECOND);
}

static void any_other_outcome_breaks_the_row(void **state)
{
	(void)state;
	for (int outcome = 0; outcome < SW_OUTCOME_COUNT; outcome++) {
		if (outcome == SW_OUTCOME_ENGINE || outcome == SW_OUTCOME_CANCELLED)
			continue;
		assert_false(ended(SW_OUTCOME_ENGINE, 0));
		assert_false(ended(SW_OUTCOME_ENGINE, 0));
		assert_false(ended((enum sw_outcome)outcome, 0));
		assert_int_equal(breaker.failures, 0);
		assert_int_equal(breaker.state, SW_BREAKER_CLOSED);
	}
}

static void a_cancelled_attempt_says_nothing(void **state)
{
	(void)state;
	assert_false(ended(SW_OUTCOME_ENGINE, 0));
	assert_false(ended(SW_OUTCOME_ENGINE, 0));
	assert_false(ended(SW_OUTCOME_CANCELLED, 0));
	assert_int_equal(breaker.failures, 2);
	assert_true(ended(SW_OUTCOME_ENGINE, 0));
}

static void an_open_one_refuses_until_its_time(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(ask(100 * SECOND), SW_BREAKER_REFUSE);
	assert_int_equal(ask(101 * SECOND - 1), SW_BREAKER_REFUSE);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
}

static void one_probe_at_a_time(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_REFUSE);
	assert_int_equal(ask(200 * SECOND), SW_BREAKER_REFUSE);
	assert_true(sw_breaker_probed(&breaker, false, 201 * SECOND));
	assert_int_equal(ask(201 * SECOND), SW_BREAKER_REFUSE);
	assert_int_equal(ask(203 * SECOND), SW_BREAKER_PROBE);
}

/* Twice as long each time, up to the most. */
/* An engine that has worked, and then failed so often: opened at 100 s. */
static void open_after_work(int64_t wait_ns)
{
	breaker.plan.wait_ns = wait_ns;
	assert_false(ended(SW_OUTCOME_OK, 99 * SECOND));
	open_it();
}

static void assert_waits(int64_t now_ns, int64_t expected_ns)
{
	int64_t until_ns = -1;
	assert_true(sw_breaker_may_wait(&breaker, now_ns, &until_ns));
	assert_int_equal(until_ns, expected_ns);
}

static void assert_waits_not(int64_t now_ns)
{
	int64_t until_ns = -1;
	assert_false(sw_breaker_may_wait(&breaker, now_ns, &until_ns));
	assert_int_equal(until_ns, -1);
}

static void an_engine_that_worked_is_waited_for(void **state)
{
	(void)state;
	open_after_work(10 * SECOND);
	assert_waits(100 * SECOND, 101 * SECOND);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
	assert_waits(101 * SECOND, 110 * SECOND); /* for whoever probes */
	assert_true(sw_breaker_probed(&breaker, false, 101 * SECOND));
	assert_waits(101 * SECOND, 103 * SECOND);
	assert_int_equal(ask(103 * SECOND), SW_BREAKER_PROBE);
	assert_true(sw_breaker_probed(&breaker, false, 107 * SECOND));
	assert_waits(107 * SECOND, 110 * SECOND); /* the next probe, at 111 s, is too late */
	assert_waits(110 * SECOND - 1, 110 * SECOND);
	assert_waits_not(110 * SECOND);
}

static void one_that_never_worked_is_not(void **state)
{
	(void)state;
	breaker.plan.wait_ns = 10 * SECOND;
	open_it();
	assert_waits_not(100 * SECOND);
	sw_breaker_init(&breaker, &plan);
	open_after_work(0);
	assert_waits_not(100 * SECOND);
}

static void each_outage_is_waited_for_anew(void **state)
{
	(void)state;
	open_after_work(10 * SECOND);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
	assert_true(sw_breaker_probed(&breaker, true, 101 * SECOND));
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_TRY);
	assert_waits(101 * SECOND, 110 * SECOND);
	/* A trial that fails is the same outage; one that goes well ends it. */
	assert_true(trial_ended(SW_OUTCOME_ENGINE, 102 * SECOND));
	assert_waits(102 * SECOND, 104 * SECOND);
	assert_int_equal(ask(104 * SECOND), SW_BREAKER_PROBE);
	assert_true(sw_breaker_probed(&breaker, true, 104 * SECOND));
	assert_int_equal(ask(104 * SECOND), SW_BREAKER_TRY);
	assert_true(trial_ended(SW_OUTCOME_OK, 105 * SECOND));
	assert_waits_not(105 * SECOND);
	for (int i = 0; i < 3; i++)
		(void)ended(SW_OUTCOME_ENGINE, 200 * SECOND);
	assert_waits(200 * SECOND, 201 * SECOND);
	assert_waits_not(210 * SECOND);
}

static void a_probe_in_vain_doubles_the_wait(void **state)
{
	static const int64_t waits[] = {2, 4, 5, 5};
	int64_t now = 101 * SECOND;
	(void)state;
	open_it();
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ask(now), SW_BREAKER_PROBE);
		assert_true(sw_breaker_probed(&breaker, false, now));
		assert_int_equal(breaker.state, SW_BREAKER_OPEN);
		assert_int_equal(breaker.probes, i + 1);
		assert_int_equal(breaker.retry_at_ns, now + waits[i] * SECOND);
		assert_int_equal(ask(now + waits[i] * SECOND - 1), SW_BREAKER_REFUSE);
		now += waits[i] * SECOND;
	}
}

static void a_probe_that_was_called_off_says_nothing(void **state)
{
	(void)state;
	open_it();
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
	sw_breaker_called_off(&breaker);
	assert_int_equal(breaker.probes, 0);
	assert_int_equal(breaker.open_ns, SECOND);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_PROBE);
}

static void a_probe_that_nobody_asked_for_changes_nothing(void **state)
{
	(void)state;
	assert_false(sw_breaker_probed(&breaker, false, 0));
	assert_false(sw_breaker_probed(&breaker, true, 0));
	assert_int_equal(breaker.state, SW_BREAKER_CLOSED);
	open_it();
	assert_false(sw_breaker_probed(&breaker, true, 0));
	assert_int_equal(breaker.state, SW_BREAKER_OPEN);
}

static void an_answer_lets_one_attempt_through(void **state)
{
	(void)state;
	try_it();
	assert_int_equal(breaker.state, SW_BREAKER_HALF_OPEN);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_REFUSE);
	assert_int_equal(ask(999 * SECOND), SW_BREAKER_REFUSE);
}

static void whatever_the_trial_becomes_but_engine_closes_it(void **state)
{
	(void)state;
	for (int outcome = 0; outcome < SW_OUTCOME_COUNT; outcome++) {
		if (outcome == SW_OUTCOME_ENGINE || outcome == SW_OUTCOME_CANCELLED)
			continue;
		sw_breaker_init(&breaker, &plan);
		try_it();
		assert_true(trial_ended((enum sw_outcome)outcome, 102 * SECOND));
		assert_int_equal(breaker.state, SW_BREAKER_CLOSED);
		assert_int_equal(breaker.failures, 0);
		assert_int_equal(ask(102 * SECOND), SW_BREAKER_GO);
	}
}

static void a_failed_trial_opens_it_for_longer(void **state)
{
	(void)state;
	try_it();
	assert_true(trial_ended(SW_OUTCOME_ENGINE, 110 * SECOND));
	assert_int_equal(breaker.state, SW_BREAKER_OPEN);
	assert_int_equal(breaker.failures, 4);
	assert_int_equal(breaker.retry_at_ns, 112 * SECOND);
	assert_int_equal(ask(112 * SECOND), SW_BREAKER_PROBE);
	assert_true(sw_breaker_probed(&breaker, true, 112 * SECOND));
	assert_int_equal(ask(112 * SECOND), SW_BREAKER_TRY);
	assert_true(trial_ended(SW_OUTCOME_OK, 113 * SECOND));
	/* And the next time it begins anew. */
	for (int i = 0; i < 3; i++)
		(void)ended(SW_OUTCOME_ENGINE, 120 * SECOND);
	assert_int_equal(breaker.retry_at_ns, 121 * SECOND);
}

static void a_cancelled_trial_leaves_it_to_the_next(void **state)
{
	(void)state;
	try_it();
	assert_false(trial_ended(SW_OUTCOME_CANCELLED, 102 * SECOND));
	assert_int_equal(breaker.state, SW_BREAKER_HALF_OPEN);
	assert_int_equal(ask(102 * SECOND), SW_BREAKER_TRY);
	assert_int_equal(ask(102 * SECOND), SW_BREAKER_REFUSE);
}

/* Parallel slots: what was let go before it opened ends when it likes. */
static void attempts_from_before_neither_open_nor_close_it(void **state)
{
	(void)state;
	open_it();
	assert_false(ended(SW_OUTCOME_OK, 100 * SECOND));
	assert_false(ended(SW_OUTCOME_ENGINE, 100 * SECOND));
	assert_int_equal(breaker.state, SW_BREAKER_OPEN);
	assert_int_equal(breaker.failures, 3);
	setup(state);
	try_it();
	assert_false(ended(SW_OUTCOME_ENGINE, 101 * SECOND));
	assert_false(ended(SW_OUTCOME_OK, 101 * SECOND));
	assert_int_equal(breaker.state, SW_BREAKER_HALF_OPEN);
	assert_int_equal(ask(101 * SECOND), SW_BREAKER_REFUSE);
	assert_true(trial_ended(SW_OUTCOME_OK, 101 * SECOND));
}

static void none_means_never(void **state)
{
	const struct sw_breaker_plan off = {.failures = 0, .open_ns = SECOND, .max_open_ns = SECOND};
	(void)state;
	sw_breaker_init(&breaker, &off);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(ask(i), SW_BREAKER_GO);
		assert_false(ended(SW_OUTCOME_ENGINE, i));
	}
	assert_int_equal(breaker.state, SW_BREAKER_CLOSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(failures_in_a_row_open_it, setup),
		cmocka_unit_test_setup(any_other_outcome_breaks_the_row, setup),
		cmocka_unit_test_setup(a_cancelled_attempt_says_nothing, setup),
		cmocka_unit_test_setup(an_open_one_refuses_until_its_time, setup),
		cmocka_unit_test_setup(one_probe_at_a_time, setup),
		cmocka_unit_test_setup(an_engine_that_worked_is_waited_for, setup),
		cmocka_unit_test_setup(one_that_never_worked_is_not, setup),
		cmocka_unit_test_setup(each_outage_is_waited_for_anew, setup),
		cmocka_unit_test_setup(a_probe_in_vain_doubles_the_wait, setup),
		cmocka_unit_test_setup(a_probe_that_was_called_off_says_nothing, setup),
		cmocka_unit_test_setup(a_probe_that_nobody_asked_for_changes_nothing, setup),
		cmocka_unit_test_setup(an_answer_lets_one_attempt_through, setup),
		cmocka_unit_test_setup(whatever_the_trial_becomes_but_engine_closes_it, setup),
		cmocka_unit_test_setup(a_failed_trial_opens_it_for_longer, setup),
		cmocka_unit_test_setup(a_cancelled_trial_leaves_it_to_the_next, setup),
		cmocka_unit_test_setup(attempts_from_before_neither_open_nor_close_it, setup),
		cmocka_unit_test_setup(none_means_never, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
