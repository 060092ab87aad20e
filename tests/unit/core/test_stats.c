#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/histogram.h"
#include "core/stats.h"

/* Lets an impossible allocation fail under the sanitizers as it does without them. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define assert_near(got, want, tolerance) check_near(got, want, tolerance, #got, __LINE__)

static void check_near(double got, double want, double tolerance, const char *what, int line)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("line %d: %s is %.17g, not %.17g", line, what, got, want);
}

/* A cold start's latencies with two outliers, and a host's: ns. The expected numbers below were
 * computed of these by Python 3 (statistics.fmean, .stdev, .median and .quantiles(n=100,
 * method="inclusive"), which is type 7; the intervals by a second implementation of SplitMix64,
 * xoshiro256** and the bootstrap, which sorts each resample). */
static const int64_t cold[] = {
	431000000, 428113377, 502913000, 417654321, 433333333, 440120999,  429999999,
	461000123, 399876543, 455512345, 436789012, 447001002, 419283746,  690123456,
	434343434, 425252525, 450607080, 438383838, 432109876, 1877000000,
};
static const int64_t host[] = {
	5400000, 5100000, 6100000, 5300000, 5500000, 5250000,
	5350000, 7900000, 5450000, 5150000, 5600000,
};

/* The large sets: LOW plus a draw below SPREAD. */
static int64_t *uniform(size_t n, uint64_t seed, int64_t low, uint64_t spread)
{
	struct sw_rng rng;
	int64_t *values = test_malloc(n * sizeof(*values));
	sw_rng_seed(&rng, seed);
	for (size_t i = 0; i < n; i++)
		values[i] = low + (int64_t)sw_rng_below(&rng, spread);
	return values;
}

/* ---- random numbers ---- */

static void rng_seeds_with_splitmix64(void **state)
{
	(void)state;
	/* The first outputs of Vigna's splitmix64.c from 0. */
	static const uint64_t want[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
	                                UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec)};
	struct sw_rng rng;
	sw_rng_seed(&rng, 0);
	assert_memory_equal(rng.s, want, sizeof(want));
}

static void rng_is_xoshiro256starstar(void **state)
{
	(void)state;
	/* Of Blackman and Vigna's xoshiro256starstar.c from the state {1, 2, 3, 4}. */
	static const uint64_t want[] = {
		11520,
		0,
		1509978240,
		UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600),
		UINT64_C(16172922978634559625),
		UINT64_C(8476171486693032832),
		UINT64_C(10595114339597558777),
		UINT64_C(2904607092377533576),
	};
	struct sw_rng rng = {{1, 2, 3, 4}};
	for (size_t i = 0; i < COUNT(want); i++)
		assert_true(sw_rng_next(&rng) == want[i]);
}

static void rng_below_matches_the_reference(void **state)
{
	(void)state;
	static const uint64_t dice[] = {0, 2, 4, 5, 5, 4, 4, 5, 4, 3, 4, 1, 4, 1, 4, 5};
	/* Almost half of all draws have to be rejected for this bound. */
	static const uint64_t rejecting[] = {UINT64_C(0x7ef36e3ff1762f32), UINT64_C(0x6286d29880bca91c),
	                                     UINT64_C(0x5c10aa42ad32eed9), UINT64_C(0x6174b739374bb23f),
	                                     UINT64_C(0x2534edcc39d7c4b2)};
	struct sw_rng rng;
	sw_rng_seed(&rng, 42);
	for (size_t i = 0; i < COUNT(dice); i++)
		assert_int_equal(sw_rng_below(&rng, 6), dice[i]);
	sw_rng_seed(&rng, 42);
	for (size_t i = 0; i < COUNT(rejecting); i++)
		assert_true(sw_rng_below(&rng, (UINT64_C(1) << 63) + 1) == rejecting[i]);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sw_rng_below(&rng, 1), 0);
}

static void rng_below_is_uniform(void **state)
{
	(void)state;
	uint64_t seen[7] = {0};
	struct sw_rng rng;
	sw_rng_seed(&rng, 9);
	for (int i = 0; i < 70000; i++)
		seen[sw_rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 9500, 10500); /* more than 5 sigma */
}

/* ---- of samples ---- */

static void samples_match_python(void **state)
{
	(void)state;
	struct sw_stats s;
	assert_int_equal(sw_stats_of_samples(cold, COUNT(cold), 42, &s), 0);
	assert_int_equal(s.count, 20);
	assert_near(s.mean, 522520900.45, 1e-6);
	assert_near(s.stddev, 324391557.3632717, 1e-6);
	assert_int_equal(s.min, 399876543);
	assert_int_equal(s.max, 1877000000);
	assert_near(s.p50, 435566223.0, 1e-6);
	assert_near(s.p90, 521634045.6, 1e-6);
	assert_near(s.p95, 749467283.2, 1e-6);
	assert_near(s.p99, 1651493456.64, 1e-5);
	assert_near(s.mad, 10874238.5, 1e-6);

	assert_int_equal(sw_stats_of_samples(host, COUNT(host), 7, &s), 0);
	assert_near(s.mean, 5645454.545454546, 1e-8);
	assert_near(s.stddev, 794812.7280858508, 1e-8);
	assert_near(s.p50, 5400000, 1e-8);
	assert_near(s.p90, 6100000, 1e-8);
	assert_near(s.p95, 7000000, 1e-8);
	assert_near(s.p99, 7720000, 1e-8);
	assert_near(s.mad, 150000, 1e-8);
}

static void bootstrap_matches_python(void **state)
{
	(void)state;
	struct sw_stats s;
	assert_int_equal(sw_stats_of_samples(cold, COUNT(cold), 42, &s), 0); /* even n */
	assert_int_equal(s.mean_ci.method, SW_CI_BOOTSTRAP);
	assert_int_equal(s.median_ci.method, SW_CI_BOOTSTRAP);
	assert_near(s.mean_ci.low, 433783908.265, 1e-4);
	assert_near(s.mean_ci.high, 681123169.1537501, 1e-4);
	assert_near(s.median_ci.low, 430499999.5, 1e-4);
	assert_near(s.median_ci.high, 448804041.0, 1e-4);

	assert_int_equal(sw_stats_of_samples(host, COUNT(host), 7, &s), 0); /* odd n */
	assert_near(s.mean_ci.low, 5304545.454545454, 1e-4);
	assert_near(s.mean_ci.high, 6140909.090909091, 1e-4);
	assert_near(s.median_ci.low, 5250000.0, 1e-4);
	assert_near(s.median_ci.high, 5600000.0, 1e-4);
}

static void few_samples(void **state)
{
	(void)state;
	struct sw_stats s, zero = {0};
	memset(&s, 'X', sizeof(s));
	assert_int_equal(sw_stats_of_samples(NULL, 0, 1, &s), 0);
	assert_int_equal(s.count, 0);
	assert_memory_equal(&s.mean, &zero.mean, sizeof(double));
	assert_int_equal(s.max, 0);
	assert_near(s.p99, 0.0, 0.0);
	assert_int_equal(s.mean_ci.method, SW_CI_NONE);
	assert_near(s.median_ci.high, 0.0, 0.0);

	const int64_t values[] = {700, 300};
	assert_int_equal(sw_stats_of_samples(values, 1, 1, &s), 0);
	assert_int_equal(s.count, 1);
	assert_near(s.mean, 700.0, 0.0);
	assert_near(s.stddev, 0.0, 0.0);
	assert_near(s.p50, 700.0, 0.0);
	assert_near(s.p99, 700.0, 0.0);
	assert_near(s.mad, 0.0, 0.0);
	assert_int_equal(s.mean_ci.method, SW_CI_NONE);
	assert_near(s.mean_ci.low, 700.0, 0.0);
	assert_near(s.median_ci.high, 700.0, 0.0);

	assert_int_equal(sw_stats_of_samples(values, 2, 1, &s), 0);
	assert_near(s.mean, 500.0, 0.0);
	assert_near(s.stddev, sqrt(80000.0), 1e-9);
	assert_near(s.p90, 660.0, 1e-9);
	assert_near(s.mad, 200.0, 0.0);
	assert_int_equal(s.mean_ci.method, SW_CI_BOOTSTRAP);
	assert_near(s.mean_ci.low, 300.0, 0.0);
	assert_near(s.mean_ci.high, 700.0, 0.0);
}

static void equal_samples_have_no_spread(void **state)
{
	(void)state;
	int64_t values[100];
	struct sw_stats s;
	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = 123456789;
	assert_int_equal(sw_stats_of_samples(values, COUNT(values), 3, &s), 0);
	assert_near(s.stddev, 0.0, 0.0);
	assert_near(s.mean_ci.low, 123456789.0, 0.0);
	assert_near(s.mean_ci.high, 123456789.0, 0.0);
	assert_near(s.median_ci.low, 123456789.0, 0.0);
	assert_near(s.mad, 0.0, 0.0);
}

static void equal_input_gives_equal_output(void **state)
{
	(void)state;
	int64_t reversed[COUNT(cold)], before[COUNT(cold)];
	struct sw_stats first, again, other_seed;
	for (size_t i = 0; i < COUNT(cold); i++)
		reversed[i] = cold[COUNT(cold) - 1 - i];
	memcpy(before, reversed, sizeof(before));
	memset(&first, 0, sizeof(first));
	memset(&again, 0, sizeof(again));
	assert_int_equal(sw_stats_of_samples(cold, COUNT(cold), 42, &first), 0);
	assert_int_equal(sw_stats_of_samples(reversed, COUNT(cold), 42, &again), 0);
	assert_int_equal(sw_stats_of_samples(cold, COUNT(cold), 43, &other_seed), 0);
	assert_memory_equal(reversed, before, sizeof(before));
	assert_true(first.mean == again.mean && first.stddev == again.stddev);
	assert_true(first.mean_ci.low == again.mean_ci.low);
	assert_true(first.median_ci.high == again.median_ci.high);
	assert_true(first.mean_ci.low != other_seed.mean_ci.low);
}

static void large_values_keep_their_precision(void **state)
{
	(void)state;
	/* An hour, give or take a nanosecond: naive sums of squares would lose it all. */
	const int64_t hour = INT64_C(3600000000000);
	const int64_t values[] = {hour - 1, hour, hour + 1};
	struct sw_stats s;
	assert_int_equal(sw_stats_of_samples(values, 3, 1, &s), 0);
	assert_near(s.mean, (double)hour, 0.0);
	assert_near(s.stddev, 1.0, 1e-12);
	const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0};
	assert_int_equal(sw_stats_of_samples(extremes, 3, 1, &s), 0);
	assert_true(isfinite(s.stddev) && isfinite(s.mad) && isfinite(s.mean_ci.high));
	assert_true(s.p50 == 0.0 && s.min == INT64_MIN);
}

static void many_samples_use_the_normal_method(void **state)
{
	(void)state;
	int64_t *values = uniform(3000, 1, 100000000, 50000001);
	struct sw_stats s;
	assert_int_equal(sw_stats_of_samples(values, 3000, 1, &s), 0);
	assert_int_equal(s.mean_ci.method, SW_CI_NORMAL);
	assert_int_equal(s.median_ci.method, SW_CI_NORMAL);
	assert_near(s.mean, 125062619.176, 1e-6);
	assert_near(s.stddev, 14476997.661364691, 1e-6);
	assert_near(s.mean_ci.low, 124544575.98731358, 1e-4);
	assert_near(s.mean_ci.high, 125580662.36468641, 1e-4);
	assert_near(s.median_ci.low, 124305824, 0.0);  /* the 1446th and the 1555th: */
	assert_near(s.median_ci.high, 126094126, 0.0); /* 95.34 % by the exact binomial */

	assert_int_equal(sw_stats_of_samples(values, 2048, 1, &s), 0);
	assert_int_equal(s.mean_ci.method, SW_CI_BOOTSTRAP);
	assert_int_equal(sw_stats_of_samples(values, 2049, 1, &s), 0);
	assert_int_equal(s.mean_ci.method, SW_CI_NORMAL);
	test_free(values);
}

/* Where both apply, they must nearly agree. */
static void both_methods_agree(void **state)
{
	(void)state;
	int64_t *values = uniform(2048, 4, 100000000, 50000001);
	struct sw_stats s;
	assert_int_equal(sw_stats_of_samples(values, 2048, 5, &s), 0);
	double reach = 1.96 * s.stddev / sqrt(2048.0);
	assert_near(s.mean_ci.low, s.mean - reach, reach / 10);
	assert_near(s.mean_ci.high, s.mean + reach, reach / 10);
	/* The sd of a median of n uniform values: spread / (2 sqrt n). */
	double median_reach = 1.96 * 50000001 / (2 * sqrt(2048.0));
	assert_near((s.median_ci.high - s.median_ci.low) / 2, median_reach, median_reach / 4);
	assert_true(s.median_ci.low < s.p50 && s.p50 < s.median_ci.high);
	test_free(values);
}

static void no_memory_changes_nothing(void **state)
{
	(void)state;
	volatile size_t huge = SIZE_MAX / 16;
	struct sw_stats s = {.count = 77};
	assert_int_equal(sw_stats_of_samples(cold, huge, 1, &s), -1);
	assert_int_equal(s.count, 77);
}

/* ---- of a histogram ---- */

static struct sw_stats of_histogram(const int64_t *values, size_t n)
{
	struct sw_histogram *h = sw_histogram_new();
	struct sw_stats s;
	double sum = 0.0, squares = 0.0;
	assert_non_null(h);
	for (size_t i = 0; i < n; i++) {
		sw_histogram_record(h, values[i]);
		sum += (double)values[i];
	}
	for (size_t i = 0; i < n; i++) {
		double d = (double)values[i] - sum / (double)n;
		squares += d * d;
	}
	memset(&s, 'X', sizeof(s));
	sw_stats_of_histogram(h, sum, squares, &s);
	sw_histogram_free(h);
	return s;
}

static void histogram_agrees_with_samples(void **state)
{
	(void)state;
	static const size_t sizes[] = {2, 3, 4, 10, 19, 20, 101, 3000};
	int64_t *values = uniform(3000, 1, 100000000, 50000001);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct sw_stats exact, s = of_histogram(values, sizes[i]);
		assert_int_equal(sw_stats_of_samples(values, sizes[i], 1, &exact), 0);
		assert_int_equal(s.count, sizes[i]);
		assert_near(s.mean, exact.mean, 1e-6);
		assert_near(s.stddev, exact.stddev, 1e-6);
		assert_int_equal(s.min, exact.min);
		assert_int_equal(s.max, exact.max);
		assert_near(s.p50, exact.p50, exact.p50 / 2048);
		assert_near(s.p90, exact.p90, exact.p90 / 2048);
		assert_near(s.p95, exact.p95, exact.p95 / 2048);
		assert_near(s.p99, exact.p99, exact.p99 / 2048);
		assert_int_equal(s.mean_ci.method, SW_CI_NORMAL);
		assert_int_equal(s.median_ci.method, SW_CI_NORMAL);
		assert_near(s.mean_ci.high - s.mean, 1.96 * s.stddev / sqrt((double)s.count),
		            s.stddev / 1e4);
	}
	/* At 3000 samples the intervals are the same method's. */
	struct sw_stats exact, s = of_histogram(values, 3000);
	assert_int_equal(sw_stats_of_samples(values, 3000, 1, &exact), 0);
	assert_near(s.mad, exact.mad, exact.p50 / 512);
	assert_near(s.mean_ci.low, exact.mean_ci.low, 1e-3);
	assert_near(s.median_ci.low, exact.median_ci.low, exact.p50 / 2048);
	assert_near(s.median_ci.high, exact.median_ci.high, exact.p50 / 2048);
	test_free(values);
}

static void histogram_ranks_are_exact(void **state)
{
	(void)state;
	int64_t values[1001];
	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = (int64_t)i; /* below 2048 every value has its own bucket */
	struct sw_stats s = of_histogram(values, 1001);
	assert_near(s.p50, 500.0, 0.0);
	assert_near(s.p90, 900.0, 1e-9);
	assert_near(s.p95, 950.0, 1e-9);
	assert_near(s.p99, 990.0, 1e-9);
	assert_near(s.mad, 250.0, 0.0);
	assert_near(s.median_ci.low, 468.0, 0.0);  /* rank floor(500.5 - 31.005) = 469 */
	assert_near(s.median_ci.high, 532.0, 0.0); /* rank ceil(501.5 + 31.005) = 533 */
	s = of_histogram(values, 20);
	assert_near(s.p50, 9.5, 1e-9);
	assert_near(s.p95, 18.05, 1e-9);
	s = of_histogram(values, 2); /* ranks are kept inside of what there is */
	assert_near(s.median_ci.low, 0.0, 0.0);
	assert_near(s.median_ci.high, 1.0, 0.0);
}

static void histogram_of_few(void **state)
{
	(void)state;
	struct sw_stats s = of_histogram(cold, 0);
	assert_int_equal(s.count, 0);
	assert_near(s.mean, 0.0, 0.0);
	assert_near(s.p99, 0.0, 0.0);
	assert_int_equal(s.mean_ci.method, SW_CI_NONE);
	s = of_histogram(cold, 1);
	assert_int_equal(s.count, 1);
	assert_near(s.mean, 431000000.0, 0.0);
	assert_near(s.p95, 431000000.0, 0.0);
	assert_near(s.stddev, 0.0, 0.0);
	assert_int_equal(s.mean_ci.method, SW_CI_NONE);
	assert_near(s.mean_ci.low, 431000000.0, 0.0);
	assert_near(s.median_ci.high, 431000000.0, 0.0);
}

/* ---- comparisons ---- */

static void difference_matches_python(void **state)
{
	(void)state;
	struct sw_ci ci;
	assert_int_equal(sw_stats_difference(host, COUNT(host), cold, COUNT(cold), 42, &ci), 0);
	assert_int_equal(ci.method, SW_CI_BOOTSTRAP);
	assert_near(ci.low, 428472216.4729546, 1e-4);
	assert_near(ci.high, 673466549.775, 1e-4);
}

static void difference_of_large_sets_is_welch(void **state)
{
	(void)state;
	int64_t *a = uniform(3000, 1, 100000000, 50000001);
	int64_t *b = uniform(2500, 2, 400000000, 200000001);
	struct sw_ci ci, small;
	assert_int_equal(sw_stats_difference(a, 3000, b, 2500, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NORMAL);
	assert_near(ci.low, 373419721.297944, 1e-4);
	assert_near(ci.high, 378035458.24285597, 1e-4);
	/* One large set is enough for it; at the bound both still resample, and nearly agree. */
	assert_int_equal(sw_stats_difference(a, 2049, b, 2, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NORMAL);
	assert_int_equal(sw_stats_difference(a, 2, b, 2049, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NORMAL);
	assert_int_equal(sw_stats_difference(a, 2048, b, 2048, 1, &small), 0);
	assert_int_equal(small.method, SW_CI_BOOTSTRAP);
	assert_int_equal(sw_stats_difference(a, 2049, b, 2048, 1, &ci), 0);
	assert_near(small.low, ci.low, (ci.high - ci.low) / 20);
	assert_near(small.high, ci.high, (ci.high - ci.low) / 20);
	test_free(a);
	test_free(b);
}

static void difference_is_b_minus_a(void **state)
{
	(void)state;
	struct sw_ci ci;
	assert_int_equal(sw_stats_difference(cold, COUNT(cold), host, COUNT(host), 1, &ci), 0);
	assert_true(ci.high < 0.0 && ci.low < ci.high);
	assert_int_equal(sw_stats_difference(cold, COUNT(cold), cold, COUNT(cold), 1, &ci), 0);
	assert_true(ci.low < 0.0 && ci.high > 0.0);
}

static void difference_of_few(void **state)
{
	(void)state;
	struct sw_ci ci;
	assert_int_equal(sw_stats_difference(host, 1, cold, 1, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NONE);
	assert_near(ci.low, 425600000.0, 0.0);
	assert_near(ci.high, 425600000.0, 0.0);
	assert_int_equal(sw_stats_difference(host, COUNT(host), cold, 1, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NONE);
	assert_near(ci.low, 431000000.0 - 5645454.545454546, 1e-6);
	assert_int_equal(sw_stats_difference(NULL, 0, cold, 20, 1, &ci), 0);
	assert_int_equal(ci.method, SW_CI_NONE);
	assert_near(ci.low, 0.0, 0.0);
	assert_near(ci.high, 0.0, 0.0);
}

/* Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3, and the closed ends. */
static void wilson(void **state)
{
	(void)state;
	static const struct {
		uint64_t k, n;
		double low, high;
	} cases[] = {
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0, 0.1611},
		{1, 29, 0.0061, 0.1718},   {20, 20, 1 - 0.1611, 1.0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sw_ci ci = sw_stats_wilson(cases[i].k, cases[i].n);
		assert_int_equal(ci.method, SW_CI_NORMAL);
		assert_near(ci.low, cases[i].low, 0.00005);
		assert_near(ci.high, cases[i].high, 0.00005);
	}
	struct sw_ci ci = sw_stats_wilson(13, 20);
	assert_near(ci.low, 0.43285427668523624, 1e-14);
	assert_near(ci.high, 0.818808175898918, 1e-14);
}

static void wilson_stays_within_its_ends(void **state)
{
	(void)state;
	struct sw_ci ci = sw_stats_wilson(0, 0);
	assert_int_equal(ci.method, SW_CI_NONE);
	assert_near(ci.low, 0.0, 0.0);
	assert_near(ci.high, 1.0, 0.0);
	for (uint64_t n = 1; n <= 300; n++) {
		assert_near(sw_stats_wilson(0, n).low, 0.0, 0.0);
		assert_near(sw_stats_wilson(n, n).high, 1.0, 0.0);
		for (uint64_t k = 0; k <= n; k++) {
			double p = (double)k / (double)n;
			ci = sw_stats_wilson(k, n);
			assert_true(ci.low >= 0.0 && ci.low <= p && p <= ci.high && ci.high <= 1.0);
			assert_near(ci.low, 1.0 - sw_stats_wilson(n - k, n).high, 1e-12);
		}
	}
	ci = sw_stats_wilson(9, 5); /* more than all is all */
	assert_near(ci.low, sw_stats_wilson(5, 5).low, 0.0);
	assert_near(ci.high, 1.0, 0.0);
	ci = sw_stats_wilson(UINT64_MAX, UINT64_MAX);
	assert_true(ci.low > 0.999999 && ci.high == 1.0);
}

static void method_names(void **state)
{
	(void)state;
	assert_string_equal(sw_ci_method_name(SW_CI_NONE), "none");
	assert_string_equal(sw_ci_method_name(SW_CI_BOOTSTRAP), "bootstrap");
	assert_string_equal(sw_ci_method_name(SW_CI_NORMAL), "normal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rng_seeds_with_splitmix64),
		cmocka_unit_test(rng_is_xoshiro256starstar),
		cmocka_unit_test(rng_below_matches_the_reference),
		cmocka_unit_test(rng_below_is_uniform),
		cmocka_unit_test(samples_match_python),
		cmocka_unit_test(bootstrap_matches_python),
		cmocka_unit_test(few_samples),
		cmocka_unit_test(equal_samples_have_no_spread),
		cmocka_unit_test(equal_input_gives_equal_output),
		cmocka_unit_test(large_values_keep_their_precision),
		cmocka_unit_test(many_samples_use_the_normal_method),
		cmocka_unit_test(both_methods_agree),
		cmocka_unit_test(no_memory_changes_nothing),
		cmocka_unit_test(histogram_agrees_with_samples),
		cmocka_unit_test(histogram_ranks_are_exact),
		cmocka_unit_test(histogram_of_few),
		cmocka_unit_test(difference_matches_python),
		cmocka_unit_test(difference_of_large_sets_is_welch),
		cmocka_unit_test(difference_is_b_minus_a),
		cmocka_unit_test(difference_of_few),
		cmocka_unit_test(wilson),
		cmocka_unit_test(wilson_stays_within_its_ends),
		cmocka_unit_test(method_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
