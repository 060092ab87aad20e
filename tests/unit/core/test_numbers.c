#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/numbers.h"

static void test_fixed(void **state)
{
	(void)state;
	assert_string_equal(sw_fixed(1.25, 1).text, "1.3");
	assert_string_equal(sw_fixed(-1.25, 1).text, "-1.3");
	assert_string_equal(sw_fixed(-0.04, 1).text, "0.0");
	assert_string_equal(sw_fixed(0.0005, 3).text, "0.001");
	assert_string_equal(sw_fixed(12345.5, 0).text, "12346");
	assert_string_equal(sw_fixed(1e300, 2).text, "1e+300");
	assert_string_equal(sw_fixed(NAN, 2).text, "-");
	assert_string_equal(sw_fixed(-INFINITY, 2).text, "-");
	assert_string_equal(sw_signed(0, 1).text, "+0.0");
	assert_string_equal(sw_signed(-0.01, 1).text, "+0.0");
	assert_string_equal(sw_signed(2.5, 1).text, "+2.5");
	assert_string_equal(sw_plain(3).text, "3");
	assert_string_equal(sw_plain(0.5).text, "0.5");
	assert_string_equal(sw_plain(100).text, "100");
	assert_string_equal(sw_plain(1.2345).text, "1.235");
}

static void test_percent(void **state)
{
	(void)state;
	assert_string_equal(sw_percent(14.2).text, "+14 %");
	assert_string_equal(sw_percent(-3.44).text, "-3.4 %");
	assert_string_equal(sw_percent(9.96).text, "+10 %");
	assert_string_equal(sw_percent_fixed(14.25).text, "+14.3 %");
	assert_string_equal(sw_share(0.0002).text, "0.0 %");
}

/* 1999 of 2000 are not all of them, and 1 of 10000 is not none. */
static void test_rates_do_not_round_to_the_ends(void **state)
{
	(void)state;
	assert_string_equal(sw_rate(1).text, "100.0 %");
	assert_string_equal(sw_rate(0).text, "0.0 %");
	assert_string_equal(sw_rate(0.975).text, "97.5 %");
	assert_string_equal(sw_rate(1999.0 / 2000).text, ">99.9 %");
	assert_string_equal(sw_rate(1.0 / 10000).text, "<0.1 %");
}

static void test_units(void **state)
{
	(void)state;
	assert_string_equal(sw_unit_for(700e3, 900e3).name, "µs");
	assert_string_equal(sw_unit_for(5e6, 430e6).name, "ms");
	assert_string_equal(sw_unit_for(5e6, 10e9).name, "s");
	assert_string_equal(sw_in_unit(sw_unit_for(5e6, 430e6), 5043005).text, "5.04");
	assert_string_equal(sw_in_unit(sw_unit_for(0.05e6, 430e6), 50000).text, "0.050");
	assert_string_equal(sw_signed_in_unit(sw_unit_for(200e6, 430e6), 230e6).text, "+230.0");
	assert_string_equal(sw_duration(431e6).text, "431 ms");
	assert_int_equal(sw_whole_ns(1.5), 2);
	assert_true(sw_whole_ns(1e300) == INT64_MAX);
	assert_true(sw_whole_ns(-1e300) == -INT64_MAX);
	assert_int_equal(sw_whole_ns(NAN), 0);
}

/* curses needs setlocale, and that must not put a comma into figures. Skipped where no such locale is
 * installed. */
static void test_locale_does_not_matter(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8", "pt_BR.UTF-8"};
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!setlocale(LC_ALL, names[i]) || strcmp(localeconv()->decimal_point, ".") == 0)
			continue;
		tried++;
		assert_string_equal(sw_fixed(1.5, 1).text, "1.5");
		assert_string_equal(sw_fixed(1e300, 1).text, "1e+300");
	}
	setlocale(LC_ALL, "C");
	if (!tried)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_rates_do_not_round_to_the_ends),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_locale_does_not_matter),
	};
	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
