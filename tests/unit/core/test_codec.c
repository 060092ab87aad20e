#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/error.h"

static struct sw_value *root;
static struct sw_error err;

static int teardown(void **state)
{
	(void)state;
	sw_value_free(root);
	root = NULL;
	return 0;
}

static const struct sw_value *parse(const char *text)
{
	sw_value_free(root);
	root = NULL;
	if (sw_value_parse(text, strlen(text), &root, &err) < 0)
		fail_msg("%s: %s", text, err.message);
	return root;
}

static void members_and_elements(void **state)
{
	(void)state;
	parse(" {\"a\": [1, \"two\", null], \"A\": true, \"o\": {\"a\": 5}}\n");
	const struct sw_value *a = sw_value_member(root, "a");
	assert_true(sw_value_is_object(root));
	assert_false(sw_value_is_object(a));
	assert_int_equal(sw_value_length(a), 3);
	assert_int_equal(sw_value_length(root), -1);
	assert_string_equal(sw_value_text(sw_value_at(a, 1)), "two");
	assert_true(sw_value_is_null(sw_value_at(a, 2)));
	assert_null(sw_value_at(a, 3));
	assert_null(sw_value_at(a, -1));
	assert_ptr_equal(sw_value_first(a), sw_value_at(a, 0));
	assert_ptr_equal(sw_value_next(sw_value_first(a)), sw_value_at(a, 1));
	assert_null(sw_value_next(sw_value_at(a, 2)));
	assert_null(sw_value_member(root, "b"));
	bool value = false;
	assert_true(sw_value_bool(sw_value_member(root, "A"), &value));
	assert_true(value);
}

/* An object is no list, and a list has no members. */
static void kinds_are_not_mixed(void **state)
{
	(void)state;
	parse("{\"0\": 1, \"b\": [2]}");
	assert_null(sw_value_at(root, 0));
	assert_null(sw_value_first(root));
	assert_null(sw_value_member(sw_value_member(root, "b"), "0"));
	assert_null(sw_value_member(sw_value_at(sw_value_member(root, "b"), 0), "0"));
}

static void every_getter_takes_null(void **state)
{
	int64_t whole = 7;
	double number = 7;
	bool flag = true;
	(void)state;
	assert_false(sw_value_is_object(NULL));
	assert_false(sw_value_is_null(NULL));
	assert_null(sw_value_member(NULL, "a"));
	assert_int_equal(sw_value_length(NULL), -1);
	assert_null(sw_value_at(NULL, 0));
	assert_null(sw_value_first(NULL));
	assert_null(sw_value_next(NULL));
	assert_null(sw_value_text(NULL));
	assert_false(sw_value_int(NULL, 0, 9, &whole));
	assert_false(sw_value_double(NULL, &number));
	assert_false(sw_value_bool(NULL, &flag));
	assert_int_equal(whole, 7);
	assert_true(flag);
	sw_value_free(NULL);
}

static bool whole(const char *text, int64_t low, int64_t high, int64_t *out)
{
	*out = 77;
	bool taken = sw_value_int(parse(text), low, high, out);
	if (!taken)
		assert_int_equal(*out, 77);
	return taken;
}

static void whole_numbers_have_a_range(void **state)
{
	int64_t out;
	(void)state;
	assert_true(whole("5", 5, 5, &out));
	assert_int_equal(out, 5);
	assert_false(whole("4", 5, 5, &out));
	assert_false(whole("6", 5, 5, &out));
	assert_true(whole("-3", -3, 5, &out));
	assert_true(whole("1e3", 0, 1000, &out));
	assert_int_equal(out, 1000);
	assert_true(whole("\"9223372036854775807\"", 0, INT64_MAX, &out));
	assert_true(out == INT64_MAX);
	assert_true(whole("\"-9223372036854775808\"", INT64_MIN, 0, &out));
	assert_true(out == INT64_MIN);
	assert_true(whole("9007199254740991", 0, INT64_MAX, &out));
	assert_true(out == INT64_C(9007199254740991));
}

static void anything_else_is_no_whole_number(void **state)
{
	static const char *const texts[] = {"1.5",
	                                    "-0.5",
	                                    "1e300",
	                                    "-1e300",
	                                    "9223372036854775807",
	                                    "true",
	                                    "null",
	                                    "[]",
	                                    "[1]",
	                                    "{}",
	                                    "\"\"",
	                                    "\" 1\"",
	                                    "\"\\t1\"",
	                                    "\"\\n1\"",
	                                    "\"+1\"",
	                                    "\"1 \"",
	                                    "\"1.0\"",
	                                    "\"0x10\"",
	                                    "\"1e3\"",
	                                    "\"-\"",
	                                    "\"--1\"",
	                                    "\"9223372036854775808\"",
	                                    "\"-9223372036854775809\"",
	                                    "\"one\"",
	                                    "1e999"};
	int64_t out;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (whole(texts[i], INT64_MIN, INT64_MAX, &out))
			fail_msg("%s was taken for %lld", texts[i], (long long)out);
}

static void doubles_are_numbers_only(void **state)
{
	double out = 0;
	(void)state;
	assert_true(sw_value_double(parse("-2.5e-3"), &out));
	assert_true(fabs(out + 0.0025) < 1e-12);
	assert_false(sw_value_double(parse("\"2\""), &out));
	assert_false(sw_value_double(parse("true"), &out));
}

static void what_is_not_json_is_refused(void **state)
{
	static const char *const texts[] = {"",     " ",        "{",           "}",   "[1",
	                                    "[1,]", "{\"a\"}",  "{\"a\":}",    "nul", "tru",
	                                    "'a'",  "\"a",      "\"\\x\"",     "1 2", "{} {}",
	                                    "{}x",  "[],",      "\"\\ud800\"", "-",   "+1",
	                                    "NaN",  "Infinity", "\x1e"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct sw_value *value = NULL;
		if (sw_value_parse(texts[i], strlen(texts[i]), &value, &err) == 0) {
			sw_value_free(value);
			fail_msg("taken: '%s'", texts[i]);
		}
		assert_int_equal(err.code, SW_ERR_PROTOCOL);
		assert_true(*err.message);
		assert_null(value);
	}
	struct sw_value *value = NULL;
	assert_int_equal(sw_value_parse("{}\0x", 4, &value, &err), -1);
}

/* The length counts, not a terminator; and nothing beyond it is read (ASan would say). */
static void the_length_bounds_what_is_read(void **state)
{
	static const char text[] = "{\"name\": [true, false, null, -1.25e2, \"\\u00e9\\n\"]}";
	(void)state;
	for (size_t len = 0; len <= strlen(text); len++) {
		struct sw_value *value = NULL;
		char *exact = malloc(len ? len : 1);
		memcpy(exact, text, len);
		int status = sw_value_parse(exact, len, &value, &err);
		free(exact);
		sw_value_free(value);
		assert_int_equal(status, len == strlen(text) ? 0 : -1);
	}
}

static void deep_nesting_is_refused(void **state)
{
	enum { DEEP = 100000 };
	struct sw_value *value = NULL;
	(void)state;
	char *text = malloc(2 * DEEP);
	memset(text, '[', DEEP);
	memset(text + DEEP, ']', DEEP);
	int status = sw_value_parse(text, 2 * DEEP, &value, &err);
	free(text);
	sw_value_free(value);
	assert_int_equal(status, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(members_and_elements, teardown),
		cmocka_unit_test_teardown(kinds_are_not_mixed, teardown),
		cmocka_unit_test_teardown(every_getter_takes_null, teardown),
		cmocka_unit_test_teardown(whole_numbers_have_a_range, teardown),
		cmocka_unit_test_teardown(anything_else_is_no_whole_number, teardown),
		cmocka_unit_test_teardown(doubles_are_numbers_only, teardown),
		cmocka_unit_test_teardown(what_is_not_json_is_refused, teardown),
		cmocka_unit_test_teardown(the_length_bounds_what_is_read, teardown),
		cmocka_unit_test_teardown(deep_nesting_is_refused, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
