#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/stats.h"

static struct sw_buf buf;
static struct sw_json json;

static int setup(void **state)
{
	(void)state;
	sw_buf_init(&buf, 0);
	sw_json_init(&json, &buf, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)setlocale(LC_ALL, "C");
	sw_buf_done(&buf);
	return 0;
}

static void write_sample(void)
{
	sw_json_object(&json, NULL);
	sw_json_str(&json, "schema", "sandwatch/1");
	sw_json_array(&json, "modes");
	sw_json_object(&json, NULL);
	sw_json_int(&json, "done", 13);
	sw_json_bool(&json, "ok", true);
	sw_json_end_object(&json);
	sw_json_array(&json, NULL);
	sw_json_end_array(&json);
	sw_json_int(&json, NULL, -1);
	sw_json_bool(&json, NULL, false);
	sw_json_end_array(&json);
	sw_json_object(&json, "empty");
	sw_json_end_object(&json);
	sw_json_double(&json, "mean", 0.5);
	sw_json_double(&json, "none", NAN);
	sw_json_null(&json, "last");
	sw_json_end_object(&json);
}

static void one_line(void **state)
{
	(void)state;
	write_sample();
	assert_string_equal(buf.data,
	                    "{\"schema\":\"sandwatch/1\",\"modes\":[{\"done\":13,\"ok\":true},[],"
	                    "-1,false],\"empty\":{},\"mean\":0.5,\"none\":null,\"last\":null}");
	assert_int_equal(strlen(buf.data), buf.len);
	assert_false(buf.overflow);
}

static void indented(void **state)
{
	(void)state;
	sw_json_init(&json, &buf, 2);
	write_sample();
	assert_string_equal(buf.data, "{\n"
	                              "  \"schema\": \"sandwatch/1\",\n"
	                              "  \"modes\": [\n"
	                              "    {\n"
	                              "      \"done\": 13,\n"
	                              "      \"ok\": true\n"
	                              "    },\n"
	                              "    [],\n"
	                              "    -1,\n"
	                              "    false\n"
	                              "  ],\n"
	                              "  \"empty\": {},\n"
	                              "  \"mean\": 0.5,\n"
	                              "  \"none\": null,\n"
	                              "  \"last\": null\n"
	                              "}");
}

static void values_at_the_top_have_no_comma(void **state)
{
	(void)state;
	for (int i = 1; i <= 2; i++) {
		sw_json_object(&json, NULL);
		sw_json_int(&json, "i", i);
		sw_json_end_object(&json);
		sw_buf_add_str(&buf, "\n");
	}
	sw_json_str(&json, NULL, "bare");
	assert_string_equal(buf.data, "{\"i\":1}\n{\"i\":2}\n\"bare\"");
}

static void assert_written(const char *text, size_t len, const char *want)
{
	sw_buf_clear(&buf);
	sw_json_strn(&json, NULL, text, len);
	assert_string_equal(buf.data, want);
	assert_int_equal(buf.len, strlen(want));
}

static void escapes(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", "\"\""},
		{"a/b's <tag>", "\"a/b's <tag>\""},
		{"\"\\", "\"\\\"\\\\\""},
		{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
		{"\x01\x0b\x1f", "\"\\u0001\\u000b\\u001f\""},
		{"\x1b[0m~\x7f", "\"\\u001b[0m~\\u007f\""},
		{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
		{"\xc3\x80", "\"\xc3\x80\""},
		{"\xe2\x82\xac \xf0\x9f\xa6\xad", "\"\xe2\x82\xac \xf0\x9f\xa6\xad\""},
		{"\xff.\xc0\x80", "\"\xef\xbf\xbd.\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xe2\"", "\"\xef\xbf\xbd\\\"\""}, /* a cut character must not hide a quote */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_written(cases[i].in, strlen(cases[i].in), cases[i].out);
	assert_written("a\0b", 3, "\"a\\u0000b\"");
	assert_written("abc", 2, "\"ab\"");
	assert_written("\xe2\x82\xac", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_written("x\xe2\x82\xac", 3, "\"x\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_written(NULL, 0, "\"\"");
}

static void null_text_and_strange_keys(void **state)
{
	(void)state;
	sw_json_object(&json, NULL);
	sw_json_str(&json, "none", NULL);
	sw_json_str(&json, "k\"\n\xff", "v");
	sw_json_str(&json, "", "");
	sw_json_end_object(&json);
	assert_string_equal(buf.data, "{\"none\":null,\"k\\\"\\n\xef\xbf\xbd\":\"v\",\"\":\"\"}");
}

static void integers(void **state)
{
	(void)state;
	sw_json_array(&json, NULL);
	sw_json_int(&json, NULL, 0);
	sw_json_int(&json, NULL, INT64_MIN);
	sw_json_int(&json, NULL, INT64_MAX);
	sw_json_end_array(&json);
	assert_string_equal(buf.data, "[0,-9223372036854775808,9223372036854775807]");
}

static const char *written(double value)
{
	sw_buf_clear(&buf);
	sw_json_double(&json, NULL, value);
	return buf.data;
}

static void doubles(void **state)
{
	(void)state;
	static const struct {
		double in;
		const char *out;
	} cases[] = {
		{0.0, "0"},
		{-0.0, "-0"},
		{1.0, "1"},
		{0.1, "0.1"},
		{0.5, "0.5"},
		{1.877, "1.877"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3.0, "0.3333333333333333"},
		{123456789012345678.0, "1.2345678901234568e+17"},
		{9007199254740993.0, "9007199254740992"},
		{1e22, "1e+22"},
		{1e-7, "1e-07"},
		{-2.5e-300, "-2.5e-300"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{DBL_MIN, "2.2250738585072014e-308"},
		{5e-324, "5e-324"},
		{NAN, "null"},
		{INFINITY, "null"},
		{-INFINITY, "null"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(written(cases[i].in), cases[i].out);
}

static void doubles_come_back_the_same(void **state)
{
	(void)state;
	struct sw_rng rng;
	sw_rng_seed(&rng, 5);
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = sw_rng_next(&rng);
		double value, back;
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		char *end;
		back = strtod(written(value), &end);
		assert_int_equal(*end, '\0');
		assert_memory_equal(&back, &value, sizeof(value));
	}
}

/* A user's locale may write 1,5 (or a mark of two bytes, U+066B): JSON must not. Skipped where no
 * such locale is installed. */
static void the_locale_does_not_matter(void **state)
{
	(void)state;
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "nl_NL.UTF-8",
	                                    "fa_IR.UTF-8", "pt_BR.UTF-8", "de_DE",       "fr_FR"};
	int tried = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!setlocale(LC_ALL, names[i]) || strcmp(localeconv()->decimal_point, ".") == 0)
			continue;
		tried++;
		assert_string_equal(written(1.5), "1.5");
		assert_string_equal(written(-2.5e-300), "-2.5e-300");
		assert_string_equal(written(1e22), "1e+22");
		assert_string_equal(written(12.0), "12");
	}
	if (!tried)
		skip();
}

static void nesting(void **state)
{
	(void)state;
	for (int i = 0; i < 32; i++)
		sw_json_array(&json, NULL);
	assert_false(buf.overflow);
	sw_json_array(&json, NULL);
	assert_true(buf.overflow);
	for (int i = 0; i < 33; i++)
		sw_json_end_array(&json);
	assert_int_equal(json.depth, 0);
	assert_int_equal(buf.len, 66);
}

static void a_full_buffer_shows_at_the_end(void **state)
{
	(void)state;
	write_sample();
	size_t full = buf.len;
	for (size_t limit = 1; limit <= full; limit++) {
		sw_buf_done(&buf);
		sw_buf_init(&buf, limit);
		sw_json_init(&json, &buf, 0);
		write_sample();
		assert_int_equal(buf.overflow, limit < full);
		assert_true(buf.len <= limit);
		assert_int_equal(json.depth, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(indented, setup, teardown),
		cmocka_unit_test_setup_teardown(values_at_the_top_have_no_comma, setup, teardown),
		cmocka_unit_test_setup_teardown(escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(null_text_and_strange_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(integers, setup, teardown),
		cmocka_unit_test_setup_teardown(doubles, setup, teardown),
		cmocka_unit_test_setup_teardown(doubles_come_back_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(the_locale_does_not_matter, setup, teardown),
		cmocka_unit_test_setup_teardown(nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_buffer_shows_at_the_end, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
