#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/ranges.h"
#include "core/stats.h"

enum { TOP = 400, ROUNDS = 300 };

static void an_empty_one_holds_nothing(void **state)
{
	struct sw_ranges ranges = {0};
	(void)state;
	assert_false(sw_ranges_has(&ranges, 1));
	assert_false(sw_ranges_has(&ranges, 0));
	assert_int_equal(sw_ranges_count(&ranges), 0);
}

static void numbers_in_order_are_one_range(void **state)
{
	struct sw_ranges ranges = {0};
	(void)state;
	for (int64_t i = 1; i <= 100000; i++)
		assert_true(sw_ranges_add(&ranges, i));
	assert_int_equal(ranges.n, 1);
	assert_int_equal(sw_ranges_count(&ranges), 100000);
	assert_false(sw_ranges_add(&ranges, 1));
	assert_false(sw_ranges_add(&ranges, 100000));
	assert_false(sw_ranges_add(&ranges, 777));
	assert_int_equal(sw_ranges_count(&ranges), 100000);
	assert_false(sw_ranges_has(&ranges, 100001));
}

static void a_gap_closes(void **state)
{
	struct sw_ranges ranges = {0};
	(void)state;
	assert_true(sw_ranges_add(&ranges, 5));
	assert_true(sw_ranges_add(&ranges, 1));
	assert_true(sw_ranges_add(&ranges, 3));
	assert_int_equal(ranges.n, 3);
	assert_true(sw_ranges_add(&ranges, 2)); /* joins 1 and 3 */
	assert_int_equal(ranges.n, 2);
	assert_true(sw_ranges_add(&ranges, 4)); /* joins all */
	assert_int_equal(ranges.n, 1);
	assert_int_equal(ranges.list[0].first, 1);
	assert_int_equal(ranges.list[0].last, 5);
}

static void numbers_below_1_and_the_largest_do_no_harm(void **state)
{
	struct sw_ranges ranges = {0};
	(void)state;
	assert_false(sw_ranges_add(&ranges, 0));
	assert_false(sw_ranges_add(&ranges, INT64_MIN));
	assert_int_equal(ranges.n, 0);
	assert_true(sw_ranges_add(&ranges, INT64_MAX));
	assert_true(sw_ranges_add(&ranges, INT64_MAX - 2));
	assert_true(sw_ranges_add(&ranges, INT64_MAX - 1));
	assert_false(sw_ranges_add(&ranges, INT64_MAX));
	assert_int_equal(ranges.n, 1);
	assert_int_equal(sw_ranges_count(&ranges), 3);
}

/* No room for one more gap: refused, and nothing is changed; what needs none is still taken. */
static void a_full_one_takes_what_makes_no_gap(void **state)
{
	struct sw_ranges ranges = {0}, before;
	(void)state;
	for (int64_t i = 0; i < SW_RANGES_MAX; i++)
		assert_true(sw_ranges_add(&ranges, 10 + 3 * i));
	assert_int_equal(ranges.n, SW_RANGES_MAX);
	before = ranges;
	assert_false(sw_ranges_add(&ranges, 1));
	assert_false(sw_ranges_add(&ranges, 1000000));
	assert_memory_equal(&before, &ranges, sizeof ranges);
	assert_true(sw_ranges_add(&ranges, 11));
	assert_true(sw_ranges_add(&ranges, 9));
	assert_true(sw_ranges_add(&ranges, 12)); /* closes the gap to 13 */
	assert_int_equal(ranges.n, SW_RANGES_MAX - 1);
	assert_true(sw_ranges_add(&ranges, 1000000));
}

static void check_form(const struct sw_ranges *ranges)
{
	assert_in_range(ranges->n, 0, SW_RANGES_MAX);
	for (int i = 0; i < ranges->n; i++) {
		assert_true(ranges->list[i].first <= ranges->list[i].last);
		assert_true(i == 0 || ranges->list[i].first > ranges->list[i - 1].last + 1);
	}
}

/* Anything in any order, against one bool per number. */
static void it_holds_what_a_bitmap_holds(void **state)
{
	struct sw_rng rng;
	(void)state;
	sw_rng_seed(&rng, 11);
	for (int round = 0; round < ROUNDS; round++) {
		struct sw_ranges ranges = {0};
		bool bitmap[TOP + 1] = {false};
		int64_t count = 0;
		int64_t top = 1 + (int64_t)sw_rng_below(&rng, TOP);
		for (int i = 0; i < 2 * TOP; i++) {
			int64_t value = 1 + (int64_t)sw_rng_below(&rng, (uint64_t)top);
			struct sw_ranges before = ranges;
			bool is_added = sw_ranges_add(&ranges, value);
			if (bitmap[value])
				assert_false(is_added);
			else if (!is_added)
				assert_int_equal(ranges.n, SW_RANGES_MAX);
			if (!is_added)
				assert_memory_equal(&before, &ranges, sizeof ranges);
			bitmap[value] |= is_added;
			count += is_added;
			assert_true(sw_ranges_has(&ranges, value) == bitmap[value]);
			assert_int_equal(sw_ranges_count(&ranges), count);
			check_form(&ranges);
		}
		for (int64_t value = 1; value <= TOP; value++)
			assert_true(sw_ranges_has(&ranges, value) == bitmap[value]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_holds_nothing),
		cmocka_unit_test(numbers_in_order_are_one_range),
		cmocka_unit_test(a_gap_closes),
		cmocka_unit_test(numbers_below_1_and_the_largest_do_no_harm),
		cmocka_unit_test(a_full_one_takes_what_makes_no_gap),
		cmocka_unit_test(it_holds_what_a_bitmap_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
