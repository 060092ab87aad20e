/* Hides how a set of whole numbers that fills up nearly in order is kept in little room: as ranges.
 * Must not know what the numbers count.
 *
 * The iterations of a mode end nearly in order: the gaps are those that still run, one per slot. So the set
 * stays small however many it holds. Embedded, a plain value; {0} is empty. One thread at a time. */
#ifndef SW_RANGES_H
#define SW_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/words.h"

#define SW_RANGES_MAX (2 * SW_PARALLEL_MAX)

struct sw_ranges {
	struct {
		int64_t first, last;
	} list[SW_RANGES_MAX]; /* ascending, neither overlapping nor adjacent */
	int n;
};

/* Adds VALUE (>= 1). False, and nothing changed: it is in the set already, or there is no room for one more
 * gap (a hostile journal; no session of ours has as many). */
bool sw_ranges_add(struct sw_ranges *ranges, int64_t value);

bool sw_ranges_has(const struct sw_ranges *ranges, int64_t value);

/* How many numbers are in the set. */
int64_t sw_ranges_count(const struct sw_ranges *ranges);

#endif
