/* Lists on screens: which rows, in which order, and what keys do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/screens/list.h"

static const char *const words[] = {"delta", "Alpha", "charlie", "bravo", "alpha"};
enum { N_WORDS = sizeof words / sizeof words[0] };

static bool contains(const void *context, int i, const char *text)
{
	(void)context;
	return sw_text_contains(words[i], text);
}

static int compare(const void *context, int column, int a, int b)
{
	(void)context;
	return column == 0 ? strcasecmp(words[a], words[b])
	                   : (int)strlen(words[a]) - (int)strlen(words[b]);
}

static const struct sw_listed listed = {N_WORDS, contains, compare, NULL};

static void assert_rows(const struct sw_list *list, const int *rows, int n)
{
	assert_int_equal(list->n_rows, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(list->rows[i], rows[i]);
}
#define ASSERT_ROWS(list, ...)                                             \
	do {                                                                   \
		static const int expected[] = {__VA_ARGS__};                       \
		assert_rows(list, expected, sizeof expected / sizeof expected[0]); \
	} while (0)

static void test_order(void **state)
{
	struct sw_list list = {.table = {.sort = -1}};
	(void)state;
	sw_list_update(&list, &listed);
	ASSERT_ROWS(&list, 0, 1, 2, 3, 4);
	assert_true(sw_list_act(&list, NULL, 2, SW_ACTION_SORT));
	sw_list_update(&list, &listed);
	ASSERT_ROWS(&list, 1, 4, 3, 2, 0); /* equal ones stay as they came */
	assert_true(sw_list_act(&list, NULL, 2, SW_ACTION_REVERSE));
	sw_list_update(&list, &listed);
	ASSERT_ROWS(&list, 0, 2, 3, 1, 4);
	assert_true(sw_list_act(&list, NULL, 2, SW_ACTION_SORT)); /* the next column, upwards */
	sw_list_update(&list, &listed);
	ASSERT_ROWS(&list, 0, 1, 3, 4, 2);
	assert_true(sw_list_act(&list, NULL, 2, SW_ACTION_SORT));
	assert_int_equal(list.table.sort, 0);
	sw_list_done(&list);
}

static void test_filter(void **state)
{
	struct sw_list list = {.table = {.sort = -1}};
	(void)state;
	strncpy(list.filter, "ALPHA", sizeof list.filter - 1);
	sw_list_update(&list, &listed);
	ASSERT_ROWS(&list, 1, 4);
	strncpy(list.filter, "x", sizeof list.filter - 1);
	sw_list_update(&list, &listed);
	assert_int_equal(list.n_rows, 0);
	assert_int_equal(sw_list_selected(&list), -1);
	sw_list_done(&list);
}

static void test_moving(void **state)
{
	struct sw_list list = {.table = {.sort = -1, .follow = true}};
	(void)state;
	sw_list_update(&list, &listed);
	assert_true(sw_list_act(&list, NULL, 0, SW_ACTION_BOTTOM));
	assert_int_equal(sw_list_selected(&list), 4);
	assert_true(sw_list_act(&list, NULL, 0, SW_ACTION_UP));
	assert_int_equal(sw_list_selected(&list), 3);
	assert_false(list.table.follow); /* who looks back is not carried away */
	assert_true(sw_list_act(&list, NULL, 0, SW_ACTION_TOP));
	assert_int_equal(sw_list_selected(&list), 0);
	assert_true(sw_list_act(&list, NULL, 0, SW_ACTION_DOWN));
	assert_int_equal(sw_list_selected(&list), 1);
	assert_true(sw_list_act(&list, NULL, 0, SW_ACTION_FOLLOW));
	assert_int_equal(sw_list_selected(&list), 4);
	assert_true(list.table.follow);
	assert_false(sw_list_act(&list, NULL, 0, SW_ACTION_QUIT));
	sw_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_moving),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
