/* Hides what is looked for in durations taken one after the other: whether they drift, and which lie far
 * out. Both are said and nothing is done about them: every sample stays in every figure.
 * Must not know what was timed, nor how it is shown. */
#ifndef SW_SERIES_H
#define SW_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/stats.h"

#define SW_DRIFT_SAMPLES_MIN 30  /* a bootstrap of thirds of fewer than 10 finds drift where there is none */
#define SW_OUTLIER_SAMPLES_MIN 4 /* fewer have no quartiles */

/* The mean of the last third of the samples against that of the first third (of N / 3 samples each). */
struct sw_drift {
	bool is_judged; /* there are SW_DRIFT_SAMPLES_MIN samples; else all below is 0 */
	bool is_found;  /* the interval excludes 0, and the difference is more than 1 % of the mean */
	double first_ns, last_ns; /* the thirds' means */
	double ns;                /* last - first */
	double percent;           /* of the mean of all */
	struct sw_ci ci;          /* of ns, sw_stats_difference's */
};

/* Values above Q3 + 3·(Q3 - Q1): "far out" (Tukey 1977, Exploratory Data Analysis, 2D). Latencies have no
 * outliers below. */
struct sw_outliers {
	bool is_judged; /* there are SW_OUTLIER_SAMPLES_MIN samples; else all below is 0 */
	uint64_t count;
	double threshold_ns;
	int64_t max_ns; /* the largest of all samples */
};

/* Of N samples in the order in which they were taken; the interval uses SEED. 0 or -1 (memory). */
int sw_series_drift(const int64_t *samples, size_t n, uint64_t seed, struct sw_drift *out_drift);

/* Of N samples in any order. 0 or -1 (memory). */
int sw_series_outliers(const int64_t *samples, size_t n, struct sw_outliers *out_outliers);

#endif
