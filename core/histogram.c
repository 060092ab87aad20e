#include "core/histogram.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* 1024 counters per chunk. Chunks 0 and 1 hold the 2048 linear sub-buckets; every later chunk holds
 * one doubling, its buckets twice as wide as those of the chunk before. 33 chunks reach 1 h. */
enum {
	CHUNK_BITS = 10,
	CHUNK_SIZE = 1 << CHUNK_BITS,
	CHUNKS = 33,
	BUCKETS = CHUNKS * CHUNK_SIZE,
};

/* Invariant: an allocated chunk holds at least one count. */
struct chunk {
	uint64_t total; /* of all counts: lets a percentile skip whole chunks */
	uint64_t counts[CHUNK_SIZE];
};

struct sw_histogram {
	uint64_t count, clamped;
	int64_t min, max; /* of the values recorded; only valid when count > 0 */
	struct chunk *chunks[CHUNKS];
};

/* ---- layout ---- */

static uint32_t bucket_of(int64_t value)
{
	if (value < 2 * CHUNK_SIZE)
		return (uint32_t)value;
	uint32_t log2 = 63U - (uint32_t)__builtin_clzll((uint64_t)value);
	uint32_t shift = log2 - CHUNK_BITS;
	return shift * CHUNK_SIZE + (uint32_t)(value >> shift);
}

static uint32_t bucket_shift(uint32_t bucket)
{
	uint32_t chunk = bucket / CHUNK_SIZE;
	return chunk > 1 ? chunk - 1 : 0;
}

static int64_t bucket_low(uint32_t bucket)
{
	uint32_t shift = bucket_shift(bucket);
	return (int64_t)(bucket - shift * CHUNK_SIZE) << shift;
}

static uint64_t bucket_count(const struct sw_histogram *h, uint32_t bucket)
{
	const struct chunk *chunk = h->chunks[bucket / CHUNK_SIZE];
	return chunk ? chunk->counts[bucket % CHUNK_SIZE] : 0;
}

/* What stands for the values in BUCKET: its midpoint, but never outside of what was recorded. */
static int64_t bucket_value(const struct sw_histogram *h, uint32_t bucket)
{
	int64_t middle = bucket_low(bucket) + (INT64_C(1) << bucket_shift(bucket)) / 2;
	if (middle < h->min)
		return h->min;
	return middle > h->max ? h->max : middle;
}

/* The first non-empty bucket at or above BUCKET; BUCKETS when there is none. */
static uint32_t next_used(const struct sw_histogram *h, uint32_t bucket)
{
	while (bucket < BUCKETS) {
		const struct chunk *chunk = h->chunks[bucket / CHUNK_SIZE];
		if (!chunk)
			bucket = (bucket / CHUNK_SIZE + 1) * CHUNK_SIZE;
		else if (chunk->counts[bucket % CHUNK_SIZE] == 0)
			bucket++;
		else
			break;
	}
	return bucket;
}

/* The last non-empty bucket below BUCKET; BUCKETS when there is none. */
static uint32_t previous_used(const struct sw_histogram *h, uint32_t bucket)
{
	while (bucket > 0) {
		const struct chunk *chunk = h->chunks[(bucket - 1) / CHUNK_SIZE];
		if (!chunk)
			bucket = (bucket - 1) / CHUNK_SIZE * CHUNK_SIZE;
		else if (chunk->counts[--bucket % CHUNK_SIZE] > 0)
			return bucket;
	}
	return BUCKETS;
}

/* ---- counting ---- */

struct sw_histogram *sw_histogram_new(void)
{
	return calloc(1, sizeof(struct sw_histogram));
}

void sw_histogram_free(struct sw_histogram *h)
{
	if (!h)
		return;
	for (uint32_t c = 0; c < CHUNKS; c++)
		free(h->chunks[c]);
	free(h);
}

static void widen(struct sw_histogram *h, int64_t min, int64_t max)
{
	if (h->count == 0 || min < h->min)
		h->min = min;
	if (h->count == 0 || max > h->max)
		h->max = max;
}

static struct chunk *chunk_for_writing(struct sw_histogram *h, uint32_t c)
{
	if (!h->chunks[c])
		h->chunks[c] = calloc(1, sizeof(struct chunk));
	return h->chunks[c];
}

int sw_histogram_record(struct sw_histogram *h, int64_t value_ns)
{
	bool over = value_ns > SW_HISTOGRAM_MAX_NS;
	int64_t value = over ? SW_HISTOGRAM_MAX_NS : value_ns < 0 ? 0 : value_ns;
	uint32_t bucket = bucket_of(value);
	struct chunk *chunk = chunk_for_writing(h, bucket / CHUNK_SIZE);

	if (!chunk)
		return -1;
	chunk->counts[bucket % CHUNK_SIZE]++;
	chunk->total++;
	widen(h, value, value);
	h->count++;
	h->clamped += over;
	return 0;
}

int sw_histogram_merge(struct sw_histogram *into, const struct sw_histogram *from)
{
	if (from->count == 0)
		return 0;
	widen(into, from->min, from->max);
	for (uint32_t c = 0; c < CHUNKS; c++) {
		const struct chunk *source = from->chunks[c];
		if (!source)
			continue;
		struct chunk *chunk = chunk_for_writing(into, c);
		if (!chunk)
			return -1;
		/* The sum grows with each chunk, so that even a part is a sound histogram. */
		into->count += source->total;
		chunk->total += source->total;
		for (uint32_t i = 0; i < CHUNK_SIZE; i++)
			chunk->counts[i] += source->counts[i];
	}
	into->clamped += from->clamped;
	return 0;
}

/* ---- reading ---- */

uint64_t sw_histogram_count(const struct sw_histogram *h)
{
	return h->count;
}

uint64_t sw_histogram_clamped(const struct sw_histogram *h)
{
	return h->clamped;
}

int64_t sw_histogram_min(const struct sw_histogram *h)
{
	return h->count ? h->min : 0;
}

int64_t sw_histogram_max(const struct sw_histogram *h)
{
	return h->count ? h->max : 0;
}

/* The bucket of the RANKth value in rising order, 1 <= RANK <= count. */
static uint32_t bucket_at_rank(const struct sw_histogram *h, uint64_t rank)
{
	uint32_t c = 0;
	while (!h->chunks[c] || h->chunks[c]->total < rank) {
		rank -= h->chunks[c] ? h->chunks[c]->total : 0;
		c++;
		assert(c < CHUNKS);
	}
	uint32_t i = 0;
	while (h->chunks[c]->counts[i] < rank)
		rank -= h->chunks[c]->counts[i++];
	return c * CHUNK_SIZE + i;
}

int64_t sw_histogram_percentile(const struct sw_histogram *h, double percent)
{
	if (h->count == 0)
		return 0;
	uint64_t rank = 1;
	if (percent >= 100.0) {
		rank = h->count;
	} else if (percent > 0.0) {
		/* 99.9 is stored a little above 99.9: of 1000 values it would name the last one. */
		double exact = nextafter(percent, 0.0) * (double)h->count / 100.0;
		rank = (uint64_t)ceil(exact);
		if (rank < 1)
			rank = 1;
		if (rank > h->count)
			rank = h->count;
	}
	return bucket_value(h, bucket_at_rank(h, rank));
}

int64_t sw_histogram_mad(const struct sw_histogram *h)
{
	if (h->count == 0)
		return 0;
	uint64_t half = h->count / 2 + h->count % 2;
	uint32_t middle = bucket_at_rank(h, half);
	int64_t median = bucket_value(h, middle);

	/* Walk outwards from the median, the nearer neighbour first: the deviations come in rising
	 * order without being stored. */
	uint64_t seen = bucket_count(h, middle);
	uint32_t below = previous_used(h, middle), above = next_used(h, middle + 1);
	int64_t deviation = 0;
	while (seen < half) {
		int64_t down = below < BUCKETS ? median - bucket_value(h, below) : INT64_MAX;
		int64_t up = above < BUCKETS ? bucket_value(h, above) - median : INT64_MAX;
		if (down <= up) {
			deviation = down;
			seen += bucket_count(h, below);
			below = previous_used(h, below);
		} else {
			deviation = up;
			seen += bucket_count(h, above);
			above = next_used(h, above + 1);
		}
	}
	return deviation;
}

bool sw_histogram_next(const struct sw_histogram *h, uint32_t *cursor,
                       struct sw_histogram_bucket *out_bucket)
{
	uint32_t bucket = next_used(h, *cursor);
	if (bucket >= BUCKETS)
		return false;
	int64_t low = bucket_low(bucket);
	*out_bucket = (struct sw_histogram_bucket){
		.low_ns = low,
		.high_ns = low + (INT64_C(1) << bucket_shift(bucket)),
		.count = bucket_count(h, bucket),
	};
	*cursor = bucket + 1;
	return true;
}

bool sw_histogram_equal(const struct sw_histogram *a, const struct sw_histogram *b)
{
	if (a->count != b->count || a->clamped != b->clamped ||
	    sw_histogram_min(a) != sw_histogram_min(b) || sw_histogram_max(a) != sw_histogram_max(b))
		return false;
	uint32_t ca = next_used(a, 0), cb = next_used(b, 0);
	while (ca == cb && ca < BUCKETS && bucket_count(a, ca) == bucket_count(b, cb)) {
		ca = next_used(a, ca + 1);
		cb = next_used(b, cb + 1);
	}
	return ca == cb && ca >= BUCKETS;
}
