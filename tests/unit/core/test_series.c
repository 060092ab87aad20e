#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/series.h"

enum { MS = 1000000 };

static struct sw_drift drift_of(const int64_t *samples, size_t n)
{
	struct sw_drift drift;
	assert_int_equal(sw_series_drift(samples, n, 42, &drift), 0);
	return drift;
}

static struct sw_outliers outliers_of(const int64_t *samples, size_t n)
{
	struct sw_outliers outliers;
	assert_int_equal(sw_series_outliers(samples, n, &outliers), 0);
	return outliers;
}

static void test_a_rise_is_found(void **state)
{
	int64_t samples[30];
	(void)state;
	for (int i = 0; i < 30; i++)
		samples[i] = (100 + i / 10 * 5 + i % 2) * MS; /* thirds of 100.5, 105.5, 110.5 ms */
	struct sw_drift drift = drift_of(samples, 30);
	assert_true(drift.is_judged && drift.is_found);
	assert_true(fabs(drift.first_ns - 100.5e6) < 1 && fabs(drift.last_ns - 110.5e6) < 1);
	assert_true(fabs(drift.ns - 10e6) < 1);
	assert_true(fabs(drift.percent - 10 / 1.055) < 1e-6);
	assert_true(drift.ci.low > 9e6 && drift.ci.low < 10e6 && drift.ci.high > 10e6);
	for (int i = 0; i < 15; i++) {
		int64_t swap = samples[i];
		samples[i] = samples[29 - i];
		samples[29 - i] = swap;
	}
	drift = drift_of(samples, 30);
	assert_true(drift.is_found && drift.ns < 0 && drift.ci.high < 0);
}

/* The middle is in no third; neither is what remains of a division by 3. */
static void test_thirds_are_of_the_ends(void **state)
{
	int64_t samples[32];
	(void)state;
	for (int i = 0; i < 32; i++)
		samples[i] = i < 10 ? 10 : i < 22 ? 99 : 30;
	struct sw_drift drift = drift_of(samples, 32);
	assert_true(fabs(drift.first_ns - 10) < 1e-9 && fabs(drift.last_ns - 30) < 1e-9);
}

static void test_noise_and_little_are_no_drift(void **state)
{
	int64_t samples[60];
	(void)state;
	for (int i = 0; i < 60; i++)
		samples[i] = (100 + i * 37 % 11) * MS;
	assert_true(drift_of(samples, 60).is_judged);
	assert_false(drift_of(samples, 60).is_found);
	/* Sure, but half a percent. */
	for (int i = 0; i < 60; i++)
		samples[i] = 100 * MS + i / 20 * MS / 4 + i % 2;
	struct sw_drift drift = drift_of(samples, 60);
	assert_true(drift.ci.low > 0);
	assert_false(drift.is_found);
}

static void test_too_few_are_not_judged(void **state)
{
	int64_t rising[30];
	(void)state;
	for (int i = 0; i < 30; i++)
		rising[i] = 1 + i / 10 * 4;
	assert_true(drift_of(rising, 30).is_found);
	assert_false(drift_of(rising, 29).is_judged);
	assert_false(drift_of(rising, 29).is_found);
	assert_false(drift_of(rising, 0).is_judged);
	assert_true(outliers_of(rising, 4).is_judged);
	assert_false(outliers_of(rising, 3).is_judged);
	assert_false(outliers_of(rising, 0).is_judged);
}

/* numpy: quartiles of 1..9 and 100 are 3.25 and 7.75; 7.75 + 13.5 */
static void test_far_out(void **state)
{
	const int64_t samples[10] = {100, 9, 1, 8, 2, 7, 3, 6, 4, 5};
	(void)state;
	struct sw_outliers outliers = outliers_of(samples, 10);
	assert_true(fabs(outliers.threshold_ns - 21.25) < 1e-9);
	assert_int_equal(outliers.count, 1);
	assert_int_equal(outliers.max_ns, 100);
}

static void test_at_the_threshold_is_not_beyond_it(void **state)
{
	const int64_t equal[8] = {5, 5, 5, 5, 5, 5, 5, 5}, one[8] = {5, 5, 5, 5, 5, 5, 5, 6};
	(void)state;
	assert_int_equal(outliers_of(equal, 8).count, 0);
	assert_int_equal(outliers_of(one, 8).count, 1);
	/* Below is never far out. */
	const int64_t low[8] = {0, 50, 51, 52, 53, 54, 55, 56};
	assert_int_equal(outliers_of(low, 8).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rise_is_found),
		cmocka_unit_test(test_thirds_are_of_the_ends),
		cmocka_unit_test(test_noise_and_little_are_no_drift),
		cmocka_unit_test(test_too_few_are_not_judged),
		cmocka_unit_test(test_far_out),
		cmocka_unit_test(test_at_the_threshold_is_not_beyond_it),
	};
	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
