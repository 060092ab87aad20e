/* Hides the counting of durations at 3 significant digits: which bucket, how much memory.
 * Must not know what was timed, nor how percentiles are shown.
 *
 * The layout is HdrHistogram's (Gil Tene, https://hdrhistogram.org): 2048 linear sub-buckets, then
 * 1024 per doubling, so a value is off by less than 1/1024 (0.1 %). Range 1 ns .. 1 h; larger values
 * count as 1 h and in `clamped`, negative ones as 0. Chunks of 1024 counters are allocated on
 * first use: a typical latency distribution costs 8-24 KiB. Not for sharing between threads. */
#ifndef SW_HISTOGRAM_H
#define SW_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define SW_HISTOGRAM_MAX_NS INT64_C(3600000000000)

struct sw_histogram;

/* NULL when memory is out. */
struct sw_histogram *sw_histogram_new(void);
void sw_histogram_free(struct sw_histogram *h);

/* Counts VALUE_NS once. 0, or -1 when memory is out (then nothing was counted). */
int sw_histogram_record(struct sw_histogram *h, int64_t value_ns);

/* Adds all of FROM's counts to INTO; recording a then b in one, or in two and merging, gives equal
 * histograms. 0 or -1 (memory; INTO may then hold part). */
int sw_histogram_merge(struct sw_histogram *into, const struct sw_histogram *from);

uint64_t sw_histogram_count(const struct sw_histogram *h);
uint64_t sw_histogram_clamped(const struct sw_histogram *h);
int64_t sw_histogram_min(const struct sw_histogram *h); /* exact; 0 when empty */
int64_t sw_histogram_max(const struct sw_histogram *h); /* exact (clamped values: 1 h) */

/* The value at or below which PERCENT (0..100) of the counts lie: the midpoint of the bucket that
 * holds rank ceil(percent/100 * count), clamped to [min, max]; 0 when empty. */
int64_t sw_histogram_percentile(const struct sw_histogram *h, double percent);

/* Median absolute deviation from the median, unscaled, to the histogram's resolution. */
int64_t sw_histogram_mad(const struct sw_histogram *h);

/* Walks the non-empty buckets in rising order. Start with *cursor = 0; false at the end. */
struct sw_histogram_bucket {
	int64_t low_ns, high_ns; /* values v with low <= v < high */
	uint64_t count;
};
bool sw_histogram_next(const struct sw_histogram *h, uint32_t *cursor,
                       struct sw_histogram_bucket *out_bucket);

bool sw_histogram_equal(const struct sw_histogram *a, const struct sw_histogram *b);

#endif
