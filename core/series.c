#include "core/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* A drift below this part of the mean changes no conclusion, however sure it is. */
static const double DRIFT_PERCENT_MIN = 1;

static double mean_of(const int64_t *samples, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)samples[i];
	return n ? sum / (double)n : 0;
}

int sw_series_drift(const int64_t *samples, size_t n, uint64_t seed, struct sw_drift *out_drift)
{
	struct sw_drift drift = {.is_judged = n >= SW_DRIFT_SAMPLES_MIN};
	size_t third = n / 3;

	if (drift.is_judged) {
		const int64_t *last = samples + n - third;
		double mean = mean_of(samples, n);
		drift.first_ns = mean_of(samples, third);
		drift.last_ns = mean_of(last, third);
		drift.ns = drift.last_ns - drift.first_ns;
		drift.percent = mean > 0 ? 100 * drift.ns / mean : 0;
		if (sw_stats_difference(samples, third, last, third, seed, &drift.ci))
			return -1;
		drift.is_found = (drift.ci.low > 0 || drift.ci.high < 0) &&
		                 fabs(drift.percent) > DRIFT_PERCENT_MIN;
	}
	*out_drift = drift;
	return 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Type 7, as struct sw_stats' percentiles. N >= 2. */
static double quantile(const int64_t *sorted, size_t n, double p)
{
	double at = (double)(n - 1) * p;
	size_t index = (size_t)at;
	if (index >= n - 1)
		return (double)sorted[n - 1];
	double low = (double)sorted[index], high = (double)sorted[index + 1];
	return low + (high - low) * (at - (double)index);
}

int sw_series_outliers(const int64_t *samples, size_t n, struct sw_outliers *out_outliers)
{
	struct sw_outliers outliers = {.is_judged = n >= SW_OUTLIER_SAMPLES_MIN};

	if (outliers.is_judged) {
		SW_CLEANUP(free) int64_t *sorted = calloc(n, sizeof *sorted);
		if (!sorted)
			return -1;
		memcpy(sorted, samples, n * sizeof *sorted);
		qsort(sorted, n, sizeof *sorted, compare);
		double q1 = quantile(sorted, n, 0.25), q3 = quantile(sorted, n, 0.75);
		outliers.threshold_ns = q3 + 3 * (q3 - q1);
		outliers.max_ns = sorted[n - 1];
		for (size_t i = n; i > 0 && (double)sorted[i - 1] > outliers.threshold_ns; i--)
			outliers.count++;
	}
	*out_outliers = outliers;
	return 0;
}
