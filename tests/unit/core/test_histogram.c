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

enum { MAX_VALUES = 5000 };

static struct sw_histogram *h, *other;

static int setup(void **state)
{
	(void)state;
	h = sw_histogram_new();
	other = sw_histogram_new();
	return h && other ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_histogram_free(h);
	sw_histogram_free(other);
	return 0;
}

static void reset(void)
{
	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/* Spread over all magnitudes, like no real latencies: every chunk gets its share. */
static int64_t any_magnitude(struct sw_rng *rng)
{
	uint64_t bits = 1 + sw_rng_below(rng, 41);
	return (int64_t)sw_rng_below(rng, UINT64_C(1) << bits);
}

/* ---- the layout ---- */

static struct sw_histogram_bucket bucket_of(int64_t value)
{
	struct sw_histogram_bucket bucket, more;
	uint32_t cursor = 0;
	reset();
	assert_int_equal(sw_histogram_record(h, value), 0);
	assert_true(sw_histogram_next(h, &cursor, &bucket));
	assert_int_equal(bucket.count, 1);
	assert_false(sw_histogram_next(h, &cursor, &more));
	assert_false(sw_histogram_next(h, &cursor, &more)); /* and stays at its end */
	return bucket;
}

static void bucket_bounds(void **state)
{
	(void)state;
	static const struct {
		int64_t value, low, high;
	} cases[] = {
		{0, 0, 1},
		{1, 1, 2},
		{1023, 1023, 1024},
		{1024, 1024, 1025},
		{2047, 2047, 2048},
		{2048, 2048, 2050},
		{2049, 2048, 2050},
		{4095, 4094, 4096},
		{4096, 4096, 4100},
		{4100, 4100, 4104},
		{8191, 8188, 8192},
		{1000000000, 999817216, 1000341504},                                   /* 1907 * 2^19 */
		{SW_HISTOGRAM_MAX_NS, INT64_C(3599182594048), INT64_C(3601330077696)}, /* 1676 * 2^31 */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sw_histogram_bucket bucket = bucket_of(cases[i].value);
		assert_int_equal(bucket.low_ns, cases[i].low);
		assert_int_equal(bucket.high_ns, cases[i].high);
	}
}

/* From 0 to 1 h, each bucket begins where the one before ended, holds its first and last value and
 * is narrower than 1/1024 of it. */
static void buckets_are_contiguous(void **state)
{
	(void)state;
	int64_t value = 0;
	uint32_t count = 0;
	while (value <= SW_HISTOGRAM_MAX_NS) {
		struct sw_histogram_bucket bucket = bucket_of(value);
		if (bucket.low_ns != value || bucket.high_ns <= value)
			fail_msg("bucket [%lld, %lld) of %lld", (long long)bucket.low_ns,
			         (long long)bucket.high_ns, (long long)value);
		if (value > 0)
			assert_true((bucket.high_ns - 1 - value) * 1024 < value);
		if (bucket.high_ns <= SW_HISTOGRAM_MAX_NS)
			assert_int_equal(bucket_of(bucket.high_ns - 1).low_ns, value);
		value = bucket.high_ns;
		count++;
	}
	/* 2048 linear, 1024 for each of 30 doublings, 1024..1676 of the last one. */
	assert_int_equal(count, 2048 + 30 * 1024 + 1676 - 1024 + 1);
}

/* ---- counting ---- */

static void empty(void **state)
{
	(void)state;
	uint32_t cursor = 0;
	struct sw_histogram_bucket bucket;
	assert_int_equal(sw_histogram_count(h), 0);
	assert_int_equal(sw_histogram_clamped(h), 0);
	assert_int_equal(sw_histogram_min(h), 0);
	assert_int_equal(sw_histogram_max(h), 0);
	assert_int_equal(sw_histogram_percentile(h, 50.0), 0);
	assert_int_equal(sw_histogram_mad(h), 0);
	assert_false(sw_histogram_next(h, &cursor, &bucket));
	assert_true(sw_histogram_equal(h, other));
	sw_histogram_free(NULL);
}

static void one_value_is_every_percentile(void **state)
{
	(void)state;
	assert_int_equal(sw_histogram_record(h, 431000001), 0);
	assert_int_equal(sw_histogram_count(h), 1);
	assert_int_equal(sw_histogram_min(h), 431000001);
	assert_int_equal(sw_histogram_max(h), 431000001);
	for (int percent = 0; percent <= 100; percent += 25)
		assert_int_equal(sw_histogram_percentile(h, percent), 431000001);
	assert_int_equal(sw_histogram_mad(h), 0);
}

static void values_out_of_range_are_clamped(void **state)
{
	(void)state;
	sw_histogram_record(h, SW_HISTOGRAM_MAX_NS);
	assert_int_equal(sw_histogram_clamped(h), 0);
	sw_histogram_record(h, SW_HISTOGRAM_MAX_NS + 1);
	sw_histogram_record(h, INT64_MAX);
	assert_int_equal(sw_histogram_clamped(h), 2);
	assert_int_equal(sw_histogram_max(h), SW_HISTOGRAM_MAX_NS);
	assert_int_equal(sw_histogram_min(h), SW_HISTOGRAM_MAX_NS);
	assert_int_equal(sw_histogram_percentile(h, 50.0), SW_HISTOGRAM_MAX_NS);
	sw_histogram_record(h, -1);
	sw_histogram_record(h, INT64_MIN);
	assert_int_equal(sw_histogram_clamped(h), 2);
	assert_int_equal(sw_histogram_min(h), 0);
	assert_int_equal(sw_histogram_count(h), 5);
	assert_int_equal(sw_histogram_percentile(h, 40.0), 0);
}

static void walk_sums_to_the_count(void **state)
{
	(void)state;
	struct sw_rng rng;
	sw_rng_seed(&rng, 11);
	for (int i = 0; i < MAX_VALUES; i++)
		assert_int_equal(sw_histogram_record(h, any_magnitude(&rng)), 0);

	uint64_t sum = 0;
	int64_t end = 0;
	uint32_t cursor = 0;
	struct sw_histogram_bucket bucket;
	while (sw_histogram_next(h, &cursor, &bucket)) {
		assert_true(bucket.low_ns >= end && bucket.high_ns > bucket.low_ns);
		assert_true(bucket.count > 0);
		if (sum == 0)
			assert_true(bucket.low_ns <= sw_histogram_min(h));
		end = bucket.high_ns;
		sum += bucket.count;
	}
	assert_int_equal(sum, MAX_VALUES);
	assert_true(end > sw_histogram_max(h));
}

/* ---- against all the values, sorted ---- */

static void check_against_oracle(int64_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sw_histogram_record(h, values[i]), 0);
	qsort(values, n, sizeof(values[0]), compare);
	assert_int_equal(sw_histogram_count(h), n);
	assert_int_equal(sw_histogram_min(h), values[0]);
	assert_int_equal(sw_histogram_max(h), values[n - 1]);
	for (size_t tenths = 0; tenths <= 1000; tenths++) {
		size_t rank = (tenths * n + 999) / 1000;
		int64_t want = values[rank ? rank - 1 : 0];
		int64_t got = sw_histogram_percentile(h, (double)tenths / 10.0);
		/* The midpoint is off by half a bucket at most. */
		if (distance(got, want) * 2048 > want || got < values[0] || got > values[n - 1])
			fail_msg("p%zu.%zu of %zu: %lld, not %lld", tenths / 10, tenths % 10, n, (long long)got,
			         (long long)want);
	}
}

static void percentiles_match_sorted_values(void **state)
{
	(void)state;
	static int64_t values[MAX_VALUES];
	static const size_t sizes[] = {1, 2, 3, 10, 20, 999, 1000, 1001, MAX_VALUES};
	struct sw_rng rng;
	sw_rng_seed(&rng, 12);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		reset();
		for (size_t i = 0; i < sizes[s]; i++)
			values[i] = any_magnitude(&rng);
		check_against_oracle(values, sizes[s]);
		reset();
		for (size_t i = 0; i < sizes[s]; i++) /* narrow: many in the same bucket */
			values[i] = 431000000 + (int64_t)sw_rng_below(&rng, 10000000);
		check_against_oracle(values, sizes[s]);
	}
}

static void percentiles_are_exact_ranks(void **state)
{
	(void)state;
	for (int64_t v = 1; v <= 1000; v++)
		sw_histogram_record(h, v);
	for (int64_t tenths = 1; tenths <= 1000; tenths++)
		assert_int_equal(sw_histogram_percentile(h, (double)tenths / 10.0), tenths);
	assert_int_equal(sw_histogram_percentile(h, 0.0), 1);
	assert_int_equal(sw_histogram_percentile(h, 50.05), 501);
	assert_int_equal(sw_histogram_percentile(h, 99.95), 1000);
	/* Outside of 0..100 counts as the nearer end. */
	assert_int_equal(sw_histogram_percentile(h, -5.0), 1);
	assert_int_equal(sw_histogram_percentile(h, 1e300), 1000);
	assert_int_equal(sw_histogram_percentile(h, NAN), 1);
}

/* The definition, slowly: ranks ceil(n/2), as the percentile has them. */
static int64_t oracle_mad(int64_t *values, size_t n)
{
	static int64_t deviations[MAX_VALUES];
	qsort(values, n, sizeof(values[0]), compare);
	int64_t median = values[(n + 1) / 2 - 1];
	for (size_t i = 0; i < n; i++)
		deviations[i] = distance(values[i], median);
	qsort(deviations, n, sizeof(deviations[0]), compare);
	return deviations[(n + 1) / 2 - 1];
}

static void mad_is_exact_where_buckets_are(void **state)
{
	(void)state;
	static int64_t values[MAX_VALUES];
	struct sw_rng rng;
	sw_rng_seed(&rng, 13);
	for (int round = 0; round < 300; round++) {
		size_t n = 1 + (size_t)sw_rng_below(&rng, 40);
		uint64_t range = round % 2 ? 2048 : 8; /* sparse, and with many ties */
		reset();
		for (size_t i = 0; i < n; i++) {
			values[i] = (int64_t)sw_rng_below(&rng, range);
			sw_histogram_record(h, values[i]);
		}
		assert_int_equal(sw_histogram_mad(h), oracle_mad(values, n));
	}
}

static void mad_is_near_everywhere(void **state)
{
	(void)state;
	static int64_t values[MAX_VALUES];
	struct sw_rng rng;
	sw_rng_seed(&rng, 14);
	for (int round = 0; round < 40; round++) {
		size_t n = 1 + (size_t)sw_rng_below(&rng, MAX_VALUES);
		int64_t base = any_magnitude(&rng);
		uint64_t spread = 1 + (uint64_t)any_magnitude(&rng);
		reset();
		for (size_t i = 0; i < n; i++) {
			values[i] = base + (int64_t)sw_rng_below(&rng, spread);
			if (values[i] > SW_HISTOGRAM_MAX_NS)
				values[i] = SW_HISTOGRAM_MAX_NS;
			sw_histogram_record(h, values[i]);
		}
		int64_t want = oracle_mad(values, n);
		int64_t median = values[(n + 1) / 2 - 1];
		/* Half a bucket of the median and of the value that far from it. */
		assert_true(distance(sw_histogram_mad(h), want) <= (2 * median + want) / 2048 + 1);
	}
}

/* The walk to either side has to cross chunks that were never allocated. */
static void mad_crosses_gaps(void **state)
{
	(void)state;
	static const int64_t sets[][5] = {
		{1, 10, 1000000000, 3000000000, 4000000000},
		{1, 2, 3, 3000000, SW_HISTOGRAM_MAX_NS},
		{7, 900000000, 1000000000, INT64_C(500000000000), SW_HISTOGRAM_MAX_NS},
		{4000, 5000, 1000000000, INT64_C(400000000000), INT64_C(500000000000)},
	};
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		for (size_t n = 1; n <= 5; n++) {
			int64_t values[5];
			memcpy(values, sets[i], sizeof(values));
			reset();
			for (size_t k = 0; k < n; k++)
				sw_histogram_record(h, values[k]);
			int64_t want = oracle_mad(values, n);
			int64_t median = values[(n + 1) / 2 - 1];
			assert_true(distance(sw_histogram_mad(h), want) <= (2 * median + want) / 2048 + 1);
		}
	}
}

/* ---- merging, comparing ---- */

static void merging_equals_recording_all(void **state)
{
	(void)state;
	struct sw_rng rng;
	sw_rng_seed(&rng, 15);
	struct sw_histogram *all = sw_histogram_new();
	assert_non_null(all);
	for (int i = 0; i < MAX_VALUES; i++) {
		int64_t value = i % 100 ? any_magnitude(&rng) : SW_HISTOGRAM_MAX_NS + 1 + i;
		sw_histogram_record(all, value);
		sw_histogram_record(i % 3 ? h : other, value);
	}
	bool before = sw_histogram_equal(all, h);
	int status = sw_histogram_merge(h, other);
	bool after = sw_histogram_equal(all, h);
	uint64_t clamped = sw_histogram_clamped(h);
	int64_t p99 = sw_histogram_percentile(h, 99.0), want = sw_histogram_percentile(all, 99.0);
	sw_histogram_free(all);
	assert_false(before);
	assert_int_equal(status, 0);
	assert_true(after);
	assert_int_equal(clamped, MAX_VALUES / 100);
	assert_int_equal(p99, want);
}

static void merging_with_empty(void **state)
{
	(void)state;
	sw_histogram_record(h, 5000);
	sw_histogram_record(h, 7000);
	assert_int_equal(sw_histogram_merge(h, other), 0); /* an empty one changes nothing, ... */
	assert_int_equal(sw_histogram_min(h), 5000);
	assert_int_equal(sw_histogram_max(h), 7000);
	assert_int_equal(sw_histogram_count(h), 2);
	assert_int_equal(sw_histogram_merge(other, h), 0); /* ... into an empty one is a copy, ... */
	assert_true(sw_histogram_equal(h, other));
	assert_int_equal(sw_histogram_min(other), 5000);
	assert_int_equal(sw_histogram_merge(h, h), 0); /* ... with itself doubles */
	assert_int_equal(sw_histogram_count(h), 4);
	assert_int_equal(sw_histogram_percentile(h, 50.0), sw_histogram_percentile(other, 50.0));
	assert_false(sw_histogram_equal(h, other));
}

static void equal_sees_every_difference(void **state)
{
	(void)state;
	sw_histogram_record(h, 100);
	sw_histogram_record(h, 3000);
	sw_histogram_record(other, 100);
	assert_false(sw_histogram_equal(h, other)); /* count */
	sw_histogram_record(other, 3001);
	assert_false(sw_histogram_equal(h, other)); /* maximum: same bucket, other value */

	static const int64_t pairs[][2] = {
		{500, 501},                                     /* another bucket */
		{500, 500000000},                               /* another chunk */
		{SW_HISTOGRAM_MAX_NS, SW_HISTOGRAM_MAX_NS + 1}, /* clamped */
		{0, 1},                                         /* minimum */
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		reset();
		for (int side = 0; side < 2; side++) {
			struct sw_histogram *target = side ? other : h;
			sw_histogram_record(target, 10);
			sw_histogram_record(target, pairs[i][side]);
			sw_histogram_record(target, SW_HISTOGRAM_MAX_NS);
		}
		assert_false(sw_histogram_equal(h, other));
		assert_false(sw_histogram_equal(other, h));
	}

	reset(); /* same count, ends and buckets, other counts in them */
	static const int64_t left[] = {1, 1, 2, 9}, right[] = {1, 2, 2, 9};
	for (size_t i = 0; i < 4; i++) {
		sw_histogram_record(h, left[i]);
		sw_histogram_record(other, right[i]);
	}
	assert_false(sw_histogram_equal(h, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bucket_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(buckets_are_contiguous, setup, teardown),
		cmocka_unit_test_setup_teardown(empty, setup, teardown),
		cmocka_unit_test_setup_teardown(one_value_is_every_percentile, setup, teardown),
		cmocka_unit_test_setup_teardown(values_out_of_range_are_clamped, setup, teardown),
		cmocka_unit_test_setup_teardown(walk_sums_to_the_count, setup, teardown),
		cmocka_unit_test_setup_teardown(percentiles_match_sorted_values, setup, teardown),
		cmocka_unit_test_setup_teardown(percentiles_are_exact_ranks, setup, teardown),
		cmocka_unit_test_setup_teardown(mad_is_exact_where_buckets_are, setup, teardown),
		cmocka_unit_test_setup_teardown(mad_is_near_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(mad_crosses_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(merging_equals_recording_all, setup, teardown),
		cmocka_unit_test_setup_teardown(merging_with_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(equal_sees_every_difference, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
