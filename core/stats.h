/* Hides the formulas: what is computed of a set of durations, and how sure it is.
 * Must not know what was timed, nor how it is shown. */
#ifndef SW_STATS_H
#define SW_STATS_H

#include <stddef.h>
#include <stdint.h>

struct sw_histogram;

/* How an interval was obtained. */
enum sw_ci_method {
	SW_CI_NONE,      /* fewer than 2 samples: no interval (low = high = the value, or 0) */
	SW_CI_BOOTSTRAP, /* percentile bootstrap, 2000 resamples (Efron & Tibshirani 1993, ch. 13) */
	SW_CI_NORMAL,    /* mean ± 1.96 sd/√n; for a median, binomial order statistics */
};
const char *sw_ci_method_name(enum sw_ci_method method);

struct sw_ci {
	double low, high; /* 95 % */
	enum sw_ci_method method;
};

/* All in nanoseconds. Percentiles interpolate linearly between order statistics (Hyndman & Fan
 * type 7, numpy's default), so the median of 20 values is the mean of the two in the middle. */
struct sw_stats {
	uint64_t count;
	double mean, stddev; /* stddev: sample, n - 1; 0 for n < 2 */
	int64_t min, max;
	double p50, p90, p95, p99;
	double mad; /* median |x - median|, unscaled */
	struct sw_ci mean_ci, median_ci;
};

/* SplitMix64-seeded xoshiro256**: reproducible everywhere (Blackman & Vigna 2018). */
struct sw_rng {
	uint64_t s[4];
};
void sw_rng_seed(struct sw_rng *rng, uint64_t seed);
uint64_t sw_rng_next(struct sw_rng *rng);
/* Uniform in [0, bound), unbiased (Lemire 2019). bound >= 1. */
uint64_t sw_rng_below(struct sw_rng *rng, uint64_t bound);

/* Of N samples; the intervals use SEED, so that equal input gives equal output. n == 0 gives zeros.
 * Up to 2048 samples are resampled, more take SW_CI_NORMAL. 0, or -1 when memory is out. Any thread;
 * SAMPLES is not changed. */
int sw_stats_of_samples(const int64_t *samples, size_t n, uint64_t seed,
                        struct sw_stats *out_stats);

/* The same from a histogram and the exact running sums, when not all samples were kept. */
void sw_stats_of_histogram(const struct sw_histogram *h, double sum_ns, double sum_squares_dev,
                           struct sw_stats *out_stats);

/* 95 % bootstrap interval of mean(B) - mean(A), both resampled independently; Welch's normal one when
 * either set has more than 2048, SW_CI_NONE when either has fewer than 2. 0 or -1 (memory). */
int sw_stats_difference(const int64_t *a, size_t na, const int64_t *b, size_t nb, uint64_t seed,
                        struct sw_ci *out_ci);

/* Welch's normal interval of mean(B) - mean(A) from their counts, means and standard deviations: for sets
 * whose samples were not all kept; SW_CI_NONE when either has fewer than 2. */
struct sw_ci sw_stats_welch(const struct sw_stats *a, const struct sw_stats *b);

/* Wilson score interval (1927) for K of N at 95 %, as fractions 0..1; n == 0 gives [0, 1]. */
struct sw_ci sw_stats_wilson(uint64_t k, uint64_t n);

#endif
