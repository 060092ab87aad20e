#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/adaptive.h"
#include "core/figures.h"
#include "core/stats.h"

enum { MS = 1000000, SECOND = 1000000000 };

struct fixture {
	struct sw_plan plan;
	struct sw_adaptive adaptive;
	struct sw_rng rng;
	int64_t done;
	double precision;
	char text[SW_TEXT_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	if (!f)
		return -1;
	sw_rng_seed(&f->rng, 11);
	f->plan = (struct sw_plan){.iterations = 200,
	                           .is_auto = true,
	                           .precision_percent = 2,
	                           .min_iterations = 10,
	                           .time_budget_ns = 60LL * SECOND,
	                           .seed = 7};
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_adaptive_done(&f->adaptive);
	free(f);
	return 0;
}

static void mode(struct fixture *f, const char *name, enum sw_kind kind, enum sw_layer layer)
{
	struct sw_mode_plan *planned = &f->plan.modes[f->plan.n_modes++];
	planned->kind = kind;
	planned->layer = layer;
	snprintf(planned->name, sizeof planned->name, "%s", name);
}

static void begin_two(struct fixture *f)
{
	mode(f, "ast-only", SW_KIND_HOST, SW_LAYER_NONE);
	mode(f, "docker-sandbox", SW_KIND_COLD, SW_LAYER_NONE);
	sw_adaptive_init(&f->adaptive, &f->plan);
}

/* MEAN ± SPREAD ms, uniform. */
static void add(struct fixture *f, int index, int64_t mean_ms, int64_t spread_ms)
{
	int64_t off = (int64_t)sw_rng_below(&f->rng, (uint64_t)(2 * spread_ms * MS + 1)) -
	              spread_ms * MS;
	sw_adaptive_add(&f->adaptive, index, mean_ms * MS + off);
}

static bool ask(struct fixture *f, int64_t elapsed_ns)
{
	return sw_adaptive_is_enough(&f->adaptive, elapsed_ns, f->done, &f->precision, f->text,
	                             sizeof f->text);
}

/* The sandbox at 400 ms ± SPREAD; how many iterations it takes. */
static int64_t run_two(struct fixture *f, int64_t spread_ms)
{
	do {
		f->done++;
		add(f, 0, 10, 1);
		add(f, 1, 400, spread_ms);
	} while (!ask(f, f->done));
	return f->done;
}

static void assert_says(const struct fixture *f, const char *part)
{
	if (!strstr(f->text, part))
		fail_msg("\"%s\" does not say \"%s\"", f->text, part);
}

static void test_steady_modes_stop_at_the_minimum(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	assert_int_equal(run_two(f, 1), 10);
	assert_true(f->precision > 0 && f->precision < 2);
	assert_says(f, "precise enough: the widest 95 % interval, of the difference of docker-sandbox "
	               "from ast-only, spans 0.");
	assert_says(f, "asked for: 2 %");
}

/* sd 20/√3 ms: 2 * 1.96 sd / √n is 8 ms at n = 32. */
static void test_wider_spread_takes_longer(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	int64_t n = run_two(f, 20);
	assert_true(n > 20 && n < 60);
	assert_true(f->precision < 2);
}

/* What is asked is what is shown: the same interval, to the last bit. */
static void test_the_interval_is_the_shown_one(void **state)
{
	struct fixture *f = *state;
	int64_t a[200], b[200];
	struct sw_ci ci;
	double mean = 0;

	begin_two(f);
	f->plan.iterations = 40;
	f->plan.precision_percent = 0.001;
	for (int i = 0; i < 40; i++) {
		a[i] = 10 * MS + i % 7 * MS;
		b[i] = 400 * MS + i % 11 * MS;
		mean += (double)b[i] / 40;
		sw_adaptive_add(&f->adaptive, 0, a[i]);
		sw_adaptive_add(&f->adaptive, 1, b[i]);
	}
	f->done = 40;
	assert_true(ask(f, 0));
	sw_stats_difference(a, 40, b, 40, sw_difference_seed(7), &ci);
	assert_true(fabs(f->precision - 100 * (ci.high - ci.low) / mean) < 1e-9);
	assert_says(f,
	            "the most iterations of a mode (40) were run before the precision of 0.001 % was "
	            "reached");
}

static void test_it_does_not_look_every_time(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	f->plan.precision_percent = 50;
	for (f->done = 1; f->done < 10; f->done++)
		assert_false(ask(f, 0));
	/* At 10 nothing is known; the next look is at 11 + 1. */
	assert_false(ask(f, 0));
	for (int i = 0; i < 20; i++) {
		add(f, 0, 10, 1);
		add(f, 1, 400, 1);
	}
	f->done = 30;
	f->adaptive.next_check = 33;
	assert_false(ask(f, 0));
	f->done = 33;
	assert_true(ask(f, 0));
}

static void test_budget_and_maximum_end_it(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	f->plan.precision_percent = 0.1;
	for (f->done = 1; f->done <= 20; f->done++) {
		add(f, 0, 10, 5);
		add(f, 1, 400, 50);
	}
	assert_false(ask(f, 59LL * SECOND));
	assert_true(ask(f, 60LL * SECOND));
	assert_says(
		f, "the time budget of 1.00 min was used up before the precision of 0.1 % was reached: "
		   "the widest 95 % interval, of the difference of docker-sandbox from ast-only, spans ");
	assert_true(f->precision > 0.1);
	f->done = 3;
	f->plan.precision_percent = 90;
	assert_true(ask(f, 60LL * SECOND));
	assert_says(f, "was used up before the fewest iterations of a mode (10) were run");
	f->done = 199;
	f->plan.precision_percent = 0.1;
	f->plan.time_budget_ns = 0;
	f->adaptive.next_check = 300;
	assert_false(ask(f, 1000LL * SECOND)); /* no budget */
	f->done = 200;
	assert_true(ask(f, 0));
}

static void test_a_mode_without_successes_ends_by_the_maximum(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	for (f->done = 1; f->done < 200; f->done++) {
		add(f, 0, 10, 1);
		assert_false(ask(f, 0));
	}
	assert_true(ask(f, 0));
	assert_true(f->precision == 0);
	assert_says(f, "the difference of docker-sandbox from ast-only has no interval, for want of");
}

/* Each layer against the whole sandbox, even beside a host mode. */
static void test_references(void **state)
{
	struct fixture *f = *state;
	mode(f, "cold", SW_KIND_COLD, SW_LAYER_NONE);
	mode(f, "without-seccomp", SW_KIND_COLD, SW_LAYER_SECCOMP);
	mode(f, "warm", SW_KIND_WARM, SW_LAYER_NONE);
	sw_adaptive_init(&f->adaptive, &f->plan);
	for (int i = 0; i < 3; i++)
		assert_int_equal(f->adaptive.modes[i].reference, 0);
	mode(f, "host", SW_KIND_HOST, SW_LAYER_NONE);
	sw_adaptive_init(&f->adaptive, &f->plan);
	assert_int_equal(f->adaptive.modes[0].reference, 3);
	assert_int_equal(f->adaptive.modes[1].reference, 0);
	assert_int_equal(f->adaptive.modes[2].reference, 3);
	assert_int_equal(f->adaptive.modes[3].reference, 3);
	snprintf(f->plan.decision.baseline, SW_NAME_MAX, "warm");
	sw_adaptive_init(&f->adaptive, &f->plan);
	assert_int_equal(f->adaptive.modes[0].reference, 2);
}

static void test_all_pairs_count(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	mode(f, "warm", SW_KIND_WARM, SW_LAYER_NONE);
	sw_adaptive_init(&f->adaptive, &f->plan);
	for (f->done = 1; f->done < 60; f->done++) {
		add(f, 0, 10, 1);
		add(f, 1, 400, 1);
		add(f, 2, 11, 6); /* a small mean: wide in percent */
		if (ask(f, 0))
			fail_msg("enough at %d: %s", (int)f->done, f->text);
	}
}

static void test_one_mode_alone(void **state)
{
	struct fixture *f = *state;
	mode(f, "cold", SW_KIND_COLD, SW_LAYER_NONE);
	sw_adaptive_init(&f->adaptive, &f->plan);
	do {
		f->done++;
		add(f, 0, 400, 20);
	} while (!ask(f, 0));
	assert_true(f->done > 20 && f->done < 60);
	assert_says(f, "the widest 95 % interval, of the mean of cold, spans ");
}

/* Beyond what is kept, mean and spread tell as much. */
static void test_more_iterations_than_samples(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	f->plan.iterations = 9000;
	for (int i = 0; i < 9000; i++) {
		sw_adaptive_add(&f->adaptive, 0, (10 + i % 2) * MS);
		sw_adaptive_add(&f->adaptive, 1, (400 + 2 * (i % 2)) * MS);
	}
	f->done = 9000;
	assert_true(ask(f, 0));
	double sd = hypot(0.5, 1), percent = 100 * 2 * 1.96 * sd / sqrt(9000) / 401;
	assert_true(fabs(f->precision / percent - 1) < 1e-3);
	assert_true(f->adaptive.modes[1].n_samples == SW_SAMPLES_MAX);
}

static void test_nonsense_is_ignored(void **state)
{
	struct fixture *f = *state;
	begin_two(f);
	sw_adaptive_add(&f->adaptive, -1, MS);
	sw_adaptive_add(&f->adaptive, 2, MS);
	assert_int_equal(f->adaptive.modes[0].count + f->adaptive.modes[1].count, 0);
	sw_adaptive_done(&f->adaptive);
	sw_adaptive_done(&f->adaptive);
	sw_adaptive_done(NULL);
	sw_adaptive_add(&f->adaptive, 0, MS);
	assert_int_equal(f->adaptive.modes[0].count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_steady_modes_stop_at_the_minimum),
		TEST(test_wider_spread_takes_longer),
		TEST(test_the_interval_is_the_shown_one),
		TEST(test_it_does_not_look_every_time),
		TEST(test_budget_and_maximum_end_it),
		TEST(test_a_mode_without_successes_ends_by_the_maximum),
		TEST(test_references),
		TEST(test_all_pairs_count),
		TEST(test_one_mode_alone),
		TEST(test_more_iterations_than_samples),
		TEST(test_nonsense_is_ignored),
	};
	return cmocka_run_group_tests_name("adaptive", tests, NULL, NULL);
}
