#include "core/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/histogram.h"

enum {
	RESAMPLES = 2000,
	/* Larger sets use the normal approximation, which is as good there and does not cost
	 * RESAMPLES * n draws. */
	BOOTSTRAP_MAX = 2048,
};

/* The 97.5 % point of the standard normal distribution. */
static const double Z95 = 1.959963984540054;

__extension__ typedef unsigned __int128 wide;

const char *sw_ci_method_name(enum sw_ci_method method)
{
	switch (method) {
	case SW_CI_NONE:
		return "none";
	case SW_CI_BOOTSTRAP:
		return "bootstrap";
	case SW_CI_NORMAL:
		return "normal";
	}
	return "unknown";
}

/* ---- random numbers ---- */

void sw_rng_seed(struct sw_rng *rng, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		uint64_t z = seed;
		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		rng->s[i] = z ^ (z >> 31);
	}
}

static uint64_t rotl(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

uint64_t sw_rng_next(struct sw_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t sw_rng_below(struct sw_rng *rng, uint64_t bound)
{
	assert(bound >= 1);
	wide product = (wide)sw_rng_next(rng) * bound;
	if ((uint64_t)product < bound) {
		/* 2^64 mod bound low halves are one too many for some results: those are drawn again. */
		uint64_t surplus = (0 - bound) % bound;
		while ((uint64_t)product < surplus)
			product = (wide)sw_rng_next(rng) * bound;
	}
	return (uint64_t)(product >> 64);
}

/* ---- order statistics ---- */

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Where the type 7 quantile P (0..1) of N values lies: between order statistics index and
 * index + 1 (from 0), at fraction. */
struct place {
	size_t index;
	double fraction;
};

static struct place quantile_place(size_t n, double p)
{
	double h = (double)(n - 1) * p;
	size_t index = (size_t)floor(h);
	if (index >= n - 1)
		return (struct place){n - 1, 0.0};
	return (struct place){index, h - (double)index};
}

static double between(double low, double high, double fraction)
{
	return low + (high - low) * fraction;
}

static double quantile_int64(const int64_t *sorted, size_t n, double p)
{
	struct place at = quantile_place(n, p);
	size_t next = at.index + 1 < n ? at.index + 1 : at.index;
	return between((double)sorted[at.index], (double)sorted[next], at.fraction);
}

static double quantile_double(const double *sorted, size_t n, double p)
{
	struct place at = quantile_place(n, p);
	size_t next = at.index + 1 < n ? at.index + 1 : at.index;
	return between(sorted[at.index], sorted[next], at.fraction);
}

/* ---- moments ---- */

struct moments {
	double mean, variance; /* sample variance, n - 1; 0 for n < 2 */
};

/* Two passes: the second removes what rounding left in the first. */
static struct moments moments_of(const int64_t *x, size_t n)
{
	struct moments m = {0.0, 0.0};
	double sum = 0.0, rest = 0.0, squares = 0.0;

	if (n == 0)
		return m;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[i];
	m.mean = sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = (double)x[i] - m.mean;
		rest += d;
		squares += d * d;
	}
	m.mean += rest / (double)n;
	if (n > 1)
		m.variance = fmax(0.0, squares - rest * rest / (double)n) / (double)(n - 1);
	return m;
}

static int mad_of(const int64_t *x, size_t n, double median, double *out_mad)
{
	SW_CLEANUP(free) double *deviations = calloc(n, sizeof(*deviations));
	if (!deviations)
		return -1;
	for (size_t i = 0; i < n; i++)
		deviations[i] = fabs((double)x[i] - median);
	qsort(deviations, n, sizeof(*deviations), compare_double);
	*out_mad = quantile_double(deviations, n, 0.5);
	return 0;
}

/* ---- intervals ---- */

static struct sw_ci no_interval(double value)
{
	return (struct sw_ci){value, value, SW_CI_NONE};
}

static struct sw_ci normal_interval(double center, double standard_error)
{
	return (struct sw_ci){
		center - Z95 * standard_error,
		center + Z95 * standard_error,
		SW_CI_NORMAL,
	};
}

/* Sorts ESTIMATES. */
static struct sw_ci percentile_interval(double *estimates)
{
	qsort(estimates, RESAMPLES, sizeof(*estimates), compare_double);
	return (struct sw_ci){
		quantile_double(estimates, RESAMPLES, 0.025),
		quantile_double(estimates, RESAMPLES, 0.975),
		SW_CI_BOOTSTRAP,
	};
}

/* Ranks (1..n) of the order statistics around the median, outward rounded: the normal limit of the
 * binomial(n, 1/2) (Campbell & Gardner 1988, BMJ 296:1454). */
static void median_ranks(uint64_t n, uint64_t *out_low, uint64_t *out_high)
{
	double half = (double)n / 2.0, reach = Z95 * sqrt((double)n) / 2.0;
	double low = floor(half - reach), high = ceil(half + 1.0 + reach);

	*out_low = low < 1.0 ? 1 : (uint64_t)low;
	*out_high = high > (double)n ? n : (uint64_t)high;
}

/* The median of a resample, told how often it drew each of the N sorted values. */
static double counted_median(const int64_t *sorted, const uint32_t *counts, size_t n)
{
	size_t seen = 0, i = 0;
	size_t lower_rank = (n + 1) / 2, upper_rank = n / 2 + 1;

	while ((seen += counts[i]) < lower_rank)
		i++;
	double lower = (double)sorted[i];
	while (seen < upper_rank)
		seen += counts[++i];
	return between(lower, (double)sorted[i], 0.5);
}

/* One draw serves both: the mean and the median of the same resample. */
static int bootstrap(const int64_t *sorted, size_t n, uint64_t seed, struct sw_stats *stats)
{
	SW_CLEANUP(free) double *means = calloc(RESAMPLES, sizeof(*means));
	SW_CLEANUP(free) double *medians = calloc(RESAMPLES, sizeof(*medians));
	SW_CLEANUP(free) uint32_t *counts = calloc(n, sizeof(*counts));
	struct sw_rng rng;

	if (!means || !medians || !counts)
		return -1;
	sw_rng_seed(&rng, seed);
	for (size_t r = 0; r < RESAMPLES; r++) {
		double sum = 0.0;
		memset(counts, 0, n * sizeof(*counts));
		for (size_t i = 0; i < n; i++) {
			size_t drawn = (size_t)sw_rng_below(&rng, n);
			counts[drawn]++;
			sum += (double)sorted[drawn];
		}
		means[r] = sum / (double)n;
		medians[r] = counted_median(sorted, counts, n);
	}
	stats->mean_ci = percentile_interval(means);
	stats->median_ci = percentile_interval(medians);
	return 0;
}

static int intervals_of(const int64_t *sorted, size_t n, uint64_t seed, struct sw_stats *stats)
{
	stats->mean_ci = no_interval(stats->mean);
	stats->median_ci = no_interval(stats->p50);
	if (n < 2)
		return 0;
	if (n <= BOOTSTRAP_MAX)
		return bootstrap(sorted, n, seed, stats);

	uint64_t low, high;
	median_ranks(n, &low, &high);
	stats->mean_ci = normal_interval(stats->mean, stats->stddev / sqrt((double)n));
	stats->median_ci =
		(struct sw_ci){(double)sorted[low - 1], (double)sorted[high - 1], SW_CI_NORMAL};
	return 0;
}

/* ---- whole sets ---- */

int sw_stats_of_samples(const int64_t *samples, size_t n, uint64_t seed, struct sw_stats *out_stats)
{
	struct sw_stats stats = {0};

	if (n == 0) {
		*out_stats = stats;
		return 0;
	}
	SW_CLEANUP(free) int64_t *sorted = calloc(n, sizeof(*sorted));
	if (!sorted)
		return -1;
	memcpy(sorted, samples, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_int64);

	struct moments m = moments_of(sorted, n);
	stats.count = n;
	stats.mean = m.mean;
	stats.stddev = sqrt(m.variance);
	stats.min = sorted[0];
	stats.max = sorted[n - 1];
	stats.p50 = quantile_int64(sorted, n, 0.50);
	stats.p90 = quantile_int64(sorted, n, 0.90);
	stats.p95 = quantile_int64(sorted, n, 0.95);
	stats.p99 = quantile_int64(sorted, n, 0.99);
	if (mad_of(sorted, n, stats.p50, &stats.mad) || intervals_of(sorted, n, seed, &stats))
		return -1;
	*out_stats = stats;
	return 0;
}

/* The value of RANK (1..count). Half a rank less than asked: far from any rounding. */
static double histogram_rank(const struct sw_histogram *h, uint64_t rank)
{
	double percent = ((double)rank - 0.5) / (double)sw_histogram_count(h) * 100.0;
	return (double)sw_histogram_percentile(h, percent);
}

static double histogram_quantile(const struct sw_histogram *h, double p)
{
	size_t n = (size_t)sw_histogram_count(h);
	struct place at = quantile_place(n, p);
	double low = histogram_rank(h, at.index + 1);
	return at.fraction > 0.0 ? between(low, histogram_rank(h, at.index + 2), at.fraction) : low;
}

void sw_stats_of_histogram(const struct sw_histogram *h, double sum_ns, double sum_squares_dev,
                           struct sw_stats *out_stats)
{
	uint64_t n = sw_histogram_count(h);

	*out_stats = (struct sw_stats){.count = n};
	if (n == 0)
		return;
	out_stats->mean = sum_ns / (double)n;
	out_stats->min = sw_histogram_min(h);
	out_stats->max = sw_histogram_max(h);
	out_stats->p50 = histogram_quantile(h, 0.50);
	out_stats->p90 = histogram_quantile(h, 0.90);
	out_stats->p95 = histogram_quantile(h, 0.95);
	out_stats->p99 = histogram_quantile(h, 0.99);
	out_stats->mad = (double)sw_histogram_mad(h);
	out_stats->mean_ci = no_interval(out_stats->mean);
	out_stats->median_ci = no_interval(out_stats->p50);
	if (n < 2)
		return;

	uint64_t low, high;
	median_ranks(n, &low, &high);
	out_stats->stddev = sqrt(fmax(0.0, sum_squares_dev) / (double)(n - 1));
	out_stats->mean_ci = normal_interval(out_stats->mean, out_stats->stddev / sqrt((double)n));
	out_stats->median_ci =
		(struct sw_ci){histogram_rank(h, low), histogram_rank(h, high), SW_CI_NORMAL};
}

/* ---- comparisons ---- */

static double resampled_mean(struct sw_rng *rng, const int64_t *x, size_t n)
{
	double sum = 0.0;
	for (size_t i = 0; i < n; i++)
		sum += (double)x[sw_rng_below(rng, n)];
	return sum / (double)n;
}

int sw_stats_difference(const int64_t *a, size_t na, const int64_t *b, size_t nb, uint64_t seed,
                        struct sw_ci *out_ci)
{
	struct moments ma = moments_of(a, na), mb = moments_of(b, nb);
	double difference = na && nb ? mb.mean - ma.mean : 0.0;

	if (na < 2 || nb < 2) {
		*out_ci = no_interval(difference);
		return 0;
	}
	if (na > BOOTSTRAP_MAX || nb > BOOTSTRAP_MAX) {
		double squared_error = ma.variance / (double)na + mb.variance / (double)nb;
		*out_ci = normal_interval(difference, sqrt(squared_error));
		return 0;
	}

	SW_CLEANUP(free) double *estimates = calloc(RESAMPLES, sizeof(*estimates));
	struct sw_rng rng;
	if (!estimates)
		return -1;
	sw_rng_seed(&rng, seed);
	for (size_t r = 0; r < RESAMPLES; r++) {
		double mean_a = resampled_mean(&rng, a, na);
		estimates[r] = resampled_mean(&rng, b, nb) - mean_a;
	}
	*out_ci = percentile_interval(estimates);
	return 0;
}

struct sw_ci sw_stats_welch(const struct sw_stats *a, const struct sw_stats *b)
{
	double difference = b->mean - a->mean;
	if (a->count < 2 || b->count < 2)
		return no_interval(difference);
	double squared_error = a->stddev * a->stddev / (double)a->count +
	                       b->stddev * b->stddev / (double)b->count;
	return normal_interval(difference, sqrt(squared_error));
}

struct sw_ci sw_stats_wilson(uint64_t k, uint64_t n)
{
	if (n == 0)
		return (struct sw_ci){0.0, 1.0, SW_CI_NONE};
	if (k > n)
		k = n;
	double size = (double)n, p = (double)k / size, z2 = Z95 * Z95;
	double center = (p + z2 / (2.0 * size)) / (1.0 + z2 / size);
	double reach = Z95 * sqrt(p * (1.0 - p) / size + z2 / (4.0 * size * size)) / (1.0 + z2 / size);
	/* The bounds are exact at the ends; rounding would leave 1e-17 there. */
	return (struct sw_ci){
		k == 0 ? 0.0 : fmax(0.0, center - reach),
		k == n ? 1.0 : fmin(1.0, center + reach),
		SW_CI_NORMAL,
	};
}
