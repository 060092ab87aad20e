#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/plan.h"
#include "core/scheduler.h"

#define SECOND INT64_C(1000000000)

enum { MODES = 3 };

static struct sw_plan plan = {.n_modes = MODES};

/* The order of modes over ROUNDS rounds of SEED; each round must hold each mode once. */
static void draw(uint64_t seed, int rounds, int *out_modes)
{
	struct sw_order_state order;
	struct sw_turn turn;
	plan.order = SW_ORDER_RANDOM;
	plan.seed = seed;
	plan.iterations = rounds - 1;
	plan.warmup = 1;
	sw_order_init(&order, &plan);
	for (int round = 0; round < rounds; round++) {
		unsigned held = 0;
		for (int i = 0; i < MODES; i++) {
			int *mode = &out_modes[round * MODES + i];
			assert_true(sw_order_next(&order, &turn));
			*mode = turn.mode;
			assert_int_equal(turn.count, 1);
			assert_in_range(*mode, 0, MODES - 1);
			held |= 1u << *mode;
			assert_int_equal(turn.warmup, round == 0);
			assert_int_equal(turn.first, round ? round : 1);
		}
		assert_int_equal(held, (1u << MODES) - 1);
	}
	assert_false(sw_order_next(&order, &turn));
}

/* What the turns of PLAN_ are: "mode:first+count", warm-up ones with a w. */
static const char *turns(const struct sw_plan *plan_)
{
	static char text[1024];
	struct sw_order_state order;
	struct sw_turn turn;
	size_t len = 0;
	sw_order_init(&order, plan_);
	text[0] = '\0';
	while (sw_order_next(&order, &turn))
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%d:%d+%d", len ? " " : "",
		                        turn.warmup ? "w" : "", turn.mode, (int)turn.first,
		                        (int)turn.count);
	return text;
}

static void larger_turns_come_more_rarely(void **state)
{
	struct sw_plan p = {.n_modes = 3, .iterations = 7, .order = SW_ORDER_INTERLEAVED, .warmup = 1};
	(void)state;
	p.modes[1].parallel = 4;
	assert_string_equal(turns(&p), "w0:1+1 w1:1+4 w2:1+1 "
	                               "0:1+1 1:1+4 2:1+1 0:2+1 2:2+1 0:3+1 2:3+1 0:4+1 2:4+1 "
	                               "0:5+1 1:5+3 2:5+1 0:6+1 2:6+1 0:7+1 2:7+1");
	p.warmup = 0;
	p.iterations = 5;
	p.block = 2;
	assert_string_equal(turns(&p), "0:1+2 1:1+5 2:1+2 0:3+2 2:3+2 0:5+1 2:5+1");
	p.order = SW_ORDER_SEQUENTIAL;
	assert_string_equal(turns(&p), "0:1+2 0:3+2 0:5+1 1:1+5 2:1+2 2:3+2 2:5+1");
	p.warmup = 2;
	p.iterations = 1;
	p.n_modes = 2;
	assert_string_equal(turns(&p), "w0:1+1 w0:2+1 w1:1+4 w1:5+4 0:1+1 1:1+1");
}

/* However the turns' sizes lie, all modes are even after the largest turn, not after their common
 * multiple. */
static void of_an_unknown_number_all_have_done_as_much_again_and_again(void **state)
{
	struct sw_plan p = {
		.n_modes = 3, .iterations = 8, .order = SW_ORDER_INTERLEAVED, .warmup = 1, .is_auto = true};
	(void)state;
	p.modes[1].parallel = 5;
	p.modes[2].parallel = 3;
	assert_string_equal(turns(&p), "w0:1+1 w1:1+5 w2:1+3 "
	                               "0:1+1 1:1+5 2:1+3 0:2+1 0:3+1 0:4+1 2:4+2 0:5+1 "
	                               "0:6+1 1:6+3 2:6+3 0:7+1 0:8+1");
}

static void random_is_a_permutation_each_round_and_the_same_by_seed(void **state)
{
	enum { ROUNDS = 300 };
	static int a[ROUNDS * MODES], b[ROUNDS * MODES], c[ROUNDS * MODES];
	int orders[27] = {0}, kinds = 0;
	(void)state;
	draw(42, ROUNDS, a);
	draw(42, ROUNDS, b);
	draw(43, ROUNDS, c);
	assert_memory_equal(a + 1, b + 1, sizeof a - sizeof *a);
	assert_memory_not_equal(a + 1, c + 1, sizeof a - sizeof *a);
	for (int i = 1; i < ROUNDS; i++)
		orders[a[3 * i] * 9 + a[3 * i + 1] * 3 + a[3 * i + 2]]++;
	for (int i = 0; i < 27; i++) {
		kinds += orders[i] > 0;
		assert_true(!orders[i] || orders[i] > ROUNDS / 6 / 2);
	}
	assert_int_equal(kinds, 6);
}

static void back_off_doubles_up_to_two_seconds(void **state)
{
	static const int64_t ms[] = {100, 200, 400, 800, 1600, 2000, 2000};
	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(sw_retry_delay_ns(SW_OUTCOME_ENGINE, i + 1), ms[i] * 1000000);
	assert_int_equal(sw_retry_delay_ns(SW_OUTCOME_ENGINE, 1000000), 2 * SECOND);
	for (int outcome = 0; outcome < SW_OUTCOME_COUNT; outcome++)
		if (outcome != SW_OUTCOME_ENGINE)
			assert_int_equal(sw_retry_delay_ns((enum sw_outcome)outcome, 3), 0);
}

static void the_codes_own_outcomes_never_earn_the_host(void **state)
{
	const struct sw_fallback all = {.enabled = true, .on = ~0u}, none = {.enabled = true, .on = 0};
	const struct sw_fallback off = {.enabled = false, .on = ~0u};
	(void)state;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		enum sw_outcome outcome = (enum sw_outcome)i;
		bool is_sandbox = outcome == SW_OUTCOME_ENGINE || outcome == SW_OUTCOME_TIMEOUT ||
		                  outcome == SW_OUTCOME_OOM || outcome == SW_OUTCOME_CRASHED;
		struct sw_fallback one = {.enabled = true, .on = 1u << i};
		assert_int_equal(sw_outcome_is_sandbox_failure(outcome), is_sandbox);
		assert_int_equal(sw_fallback_allows(&all, outcome), is_sandbox);
		assert_int_equal(sw_fallback_allows(&one, outcome), is_sandbox);
		assert_false(sw_fallback_allows(&none, outcome));
		assert_false(sw_fallback_allows(&off, outcome));
		one.on = ~(1u << i);
		assert_false(sw_fallback_allows(&one, outcome));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_is_a_permutation_each_round_and_the_same_by_seed),
		cmocka_unit_test(larger_turns_come_more_rarely),
		cmocka_unit_test(of_an_unknown_number_all_have_done_as_much_again_and_again),
		cmocka_unit_test(back_off_doubles_up_to_two_seconds),
		cmocka_unit_test(the_codes_own_outcomes_never_earn_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
