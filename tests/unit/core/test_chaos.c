/* Which faults are due for an attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/chaos.h"

enum { HOST, COLD, WARM };

static struct sw_plan *plan;

static int setup(void **state)
{
	(void)state;
	plan = calloc(1, sizeof *plan);
	if (!plan)
		return -1;
	plan->seed = 42;
	plan->n_modes = 3;
	plan->modes[HOST] = (struct sw_mode_plan){.name = "host", .kind = SW_KIND_HOST};
	plan->modes[COLD] = (struct sw_mode_plan){.name = "cold", .kind = SW_KIND_COLD};
	plan->modes[WARM] = (struct sw_mode_plan){.name = "warm", .kind = SW_KIND_WARM};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(plan);
	return 0;
}

static void add(struct sw_chaos_fault fault)
{
	plan->chaos[plan->n_chaos++] = fault;
}

/* Bit i: entry i is due. */
static unsigned due(int mode, int64_t iteration, int number)
{
	struct sw_attempt attempt = {.mode = mode, .iteration = iteration, .number = number};
	int entries[SW_CHAOS_MAX], n = sw_chaos_due(plan, &attempt, entries);
	unsigned bits = 0;

	for (int i = 0; i < n; i++) {
		assert_true(i == 0 || entries[i] > entries[i - 1]);
		assert_in_range(entries[i], 0, plan->n_chaos - 1);
		bits |= 1u << entries[i];
	}
	return bits;
}

static void named_iterations(void **state)
{
	(void)state;
	add((struct sw_chaos_fault){.iterations = {3, 7}, .n_iterations = 2, .attempts = 1});
	add((struct sw_chaos_fault){
		.iterations = {7}, .n_iterations = 1, .attempts = 2, .mode = "warm"});
	add((struct sw_chaos_fault){
		.iterations = {7}, .n_iterations = 1, .attempts = 0, .mode = "cold"});
	for (int64_t i = 1; i <= 10; i++)
		if (i != 7)
			assert_int_equal(due(COLD, i, 1), i == 3 ? 1 : 0);
	assert_int_equal(due(COLD, 7, 1), 1 | 4);
	assert_int_equal(due(COLD, 7, 2), 4);
	assert_int_equal(due(COLD, 7, 101), 4);
	assert_int_equal(due(WARM, 7, 1), 1 | 2);
	assert_int_equal(due(WARM, 7, 2), 2);
	assert_int_equal(due(WARM, 7, 3), 0);
}

/* An entry that names iterations has no rate, whatever stands there. */
static void iterations_come_before_a_rate(void **state)
{
	(void)state;
	add((struct sw_chaos_fault){.iterations = {3}, .n_iterations = 1, .attempts = 1, .rate = 1});
	assert_int_equal(due(COLD, 4, 1), 0);
	assert_int_equal(due(COLD, 3, 1), 1);
}

static void never_in_warm_up_nor_on_the_host(void **state)
{
	int entries[SW_CHAOS_MAX];
	struct sw_attempt attempt = {.mode = COLD, .iteration = 1, .number = 1};

	(void)state;
	add((struct sw_chaos_fault){.iterations = {1}, .n_iterations = 1, .attempts = 0});
	add((struct sw_chaos_fault){.rate = 1});
	assert_int_equal(sw_chaos_due(plan, &attempt, entries), 2);
	attempt.on_host = true;
	assert_int_equal(sw_chaos_due(plan, &attempt, entries), 0);
	attempt.on_host = false;
	attempt.warmup = true;
	assert_int_equal(sw_chaos_due(plan, &attempt, entries), 0);
	attempt.warmup = false;
	attempt.mode = HOST;
	assert_int_equal(sw_chaos_due(plan, &attempt, entries), 0);
}

/* ---- rates ---- */

enum { DRAWS = 20000 };

static int hits(int mode, unsigned bits)
{
	int n = 0;

	for (int64_t i = 1; i <= DRAWS; i++)
		n += (due(mode, i, 1) & bits) == bits;
	return n;
}

/* Five standard deviations: one draw in two million goes beyond, and these are always the same draws. */
static void binomial(int n, double p)
{
	double expected = DRAWS * p, slack = 5 * sqrt(DRAWS * p * (1 - p));

	if (n < expected - slack || n > expected + slack)
		fail_msg("%d of %d at rate %g", n, DRAWS, p);
}

static void rates_come_out_right(void **state)
{
	static const double rates[] = {0.001, 0.01, 0.1, 0.5, 0.9};
	enum { N = sizeof rates / sizeof rates[0] };

	(void)state;
	for (int i = 0; i < N; i++)
		add((struct sw_chaos_fault){.rate = rates[i]});
	for (int i = 0; i < N; i++) {
		binomial(hits(COLD, 1u << i), rates[i]);
		binomial(hits(WARM, 1u << i), rates[i]);
	}
}

static void the_ends_of_a_rate(void **state)
{
	(void)state;
	add((struct sw_chaos_fault){.rate = 0});
	add((struct sw_chaos_fault){.rate = 1});
	assert_int_equal(hits(COLD, 1), 0);
	assert_int_equal(hits(COLD, 2), DRAWS);
}

/* Both of two entries are due as often as their rates' product says; so are two modes, and two attempts. */
static void draws_are_independent(void **state)
{
	int modes = 0, attempts = 0, neighbours = 0;

	(void)state;
	add((struct sw_chaos_fault){.rate = 0.2});
	add((struct sw_chaos_fault){.rate = 0.2});
	binomial(hits(COLD, 3), 0.04);
	for (int64_t i = 1; i <= DRAWS; i++) {
		modes += due(COLD, i, 1) & due(WARM, i, 1) & 1;
		attempts += due(COLD, i, 1) & due(COLD, i, 2) & 1;
		neighbours += due(COLD, i, 1) & due(COLD, i + 1, 1) & 1;
	}
	binomial(modes, 0.04);
	binomial(attempts, 0.04);
	binomial(neighbours, 0.04);
}

static void another_seed_draws_others(void **state)
{
	static unsigned char first[DRAWS + 1];
	int both = 0;

	(void)state;
	add((struct sw_chaos_fault){.rate = 0.2});
	for (int i = 1; i <= DRAWS; i++)
		first[i] = (unsigned char)due(COLD, i, 1);
	plan->seed++;
	for (int i = 1; i <= DRAWS; i++)
		both += first[i] && due(COLD, i, 1);
	binomial(both, 0.04);
}

/* What a session that was stopped and resumed asks in another order is told the same. */
static void the_order_does_not_matter(void **state)
{
	static unsigned forth[1000];

	(void)state;
	for (int i = 0; i < 5; i++)
		add((struct sw_chaos_fault){.rate = 0.3});
	for (int i = 0; i < 1000; i++)
		forth[i] = due(i % 2 ? COLD : WARM, i / 4 + 1, i / 2 % 2 + 1);
	for (int i = 999; i >= 0; i--)
		assert_int_equal(due(i % 2 ? COLD : WARM, i / 4 + 1, i / 2 % 2 + 1), forth[i]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(named_iterations),
		TEST(iterations_come_before_a_rate),
		TEST(never_in_warm_up_nor_on_the_host),
		TEST(rates_come_out_right),
		TEST(the_ends_of_a_rate),
		TEST(draws_are_independent),
		TEST(another_seed_draws_others),
		TEST(the_order_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
