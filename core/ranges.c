#include "core/ranges.h"

#include <string.h>

/* The first range that ends at VALUE - 1 or later; n when there is none. */
static int find(const struct sw_ranges *ranges, int64_t value)
{
	int i = 0;
	while (i < ranges->n && ranges->list[i].last < value - 1)
		i++;
	return i;
}

static void remove_at(struct sw_ranges *ranges, int at)
{
	ranges->n--;
	memmove(&ranges->list[at], &ranges->list[at + 1],
	        (size_t)(ranges->n - at) * sizeof ranges->list[0]);
}

static bool insert_at(struct sw_ranges *ranges, int at, int64_t value)
{
	if (ranges->n == SW_RANGES_MAX)
		return false;
	memmove(&ranges->list[at + 1], &ranges->list[at],
	        (size_t)(ranges->n - at) * sizeof ranges->list[0]);
	ranges->n++;
	ranges->list[at].first = ranges->list[at].last = value;
	return true;
}

bool sw_ranges_add(struct sw_ranges *ranges, int64_t value)
{
	if (value < 1)
		return false;
	int at = find(ranges, value);
	if (at == ranges->n || ranges->list[at].first - 1 > value)
		return insert_at(ranges, at, value);
	if (ranges->list[at].first - 1 == value) {
		ranges->list[at].first = value;
		return true;
	}
	if (ranges->list[at].last >= value)
		return false;
	/* VALUE follows this range, and may close the gap to the next. */
	ranges->list[at].last = value;
	if (at + 1 < ranges->n && ranges->list[at + 1].first - 1 == value) {
		ranges->list[at].last = ranges->list[at + 1].last;
		remove_at(ranges, at + 1);
	}
	return true;
}

bool sw_ranges_has(const struct sw_ranges *ranges, int64_t value)
{
	for (int i = 0; i < ranges->n; i++)
		if (ranges->list[i].first <= value && value <= ranges->list[i].last)
			return true;
	return false;
}

int64_t sw_ranges_count(const struct sw_ranges *ranges)
{
	int64_t sum = 0;
	for (int i = 0; i < ranges->n; i++)
		sum += ranges->list[i].last - ranges->list[i].first + 1;
	return sum;
}
