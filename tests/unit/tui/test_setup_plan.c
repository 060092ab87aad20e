/* What flags and tui.keys make of the plan, before anything is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "tui/setup.h"

/* Outlive a failed assert, which leaves the test with longjmp. */
static char path[] = "/tmp/sw-plan-XXXXXX";
static struct sw_plan plan;
static struct sw_error err;
static struct sw_cli cli;

static int setup(void **state)
{
	(void)state;
	cli = (struct sw_cli){.iterations = -1, .warmup = -1, .seed = -1, .config = path};
	return setenv("XDG_CONFIG_HOME", "/nowhere", 1);
}

static int teardown(void **state)
{
	(void)state;
	sw_plan_done(&plan);
	return 0;
}

static int make_file(void **state)
{
	int fd = mkstemp(path);
	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static int load(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return sw_setup_plan(&cli, &plan, &err);
}

static void the_theme_s_flag_wins(void **state)
{
	(void)state;
	assert_int_equal(load("tui: {theme: paper}\n"), 0);
	assert_string_equal(plan.theme, "paper");
	sw_plan_done(&plan);
	cli.theme = "/a/b.yaml";
	assert_int_equal(load("tui: {theme: paper}\n"), 0);
	assert_string_equal(plan.theme, "/a/b.yaml");
}

static void a_theme_s_name_has_a_bound(void **state)
{
	static char name[10241];
	(void)state;
	memset(name, 'x', sizeof name - 1);
	cli.theme = name;
	assert_int_equal(load(""), -1);
	assert_string_equal(err.message, "--theme: 10240 bytes are too long; use at most 1023");
	assert_int_equal(err.code, SW_ERR_USAGE);
	cli.theme = "a\x1b[2Jb";
	assert_int_equal(load(""), -1);
	assert_string_equal(
		err.message, "tui.theme: 'a?[2Jb' holds characters that cannot be shown; leave them out");
}

/* Whether there is such a theme is for the screen to say: it starts all the same. */
static void a_theme_that_is_none_is_no_reason_to_stop(void **state)
{
	(void)state;
	cli.theme = "dsuk";
	assert_int_equal(load(""), 0);
}

static void wrong_keys_stop_with_their_position(void **state)
{
	char expected[256];
	(void)state;
	assert_int_equal(load("tui:\n  keys:\n    pause: \"p F5\"\n"), 0);
	sw_plan_done(&plan);
	assert_int_equal(load("tui:\n  keys:\n    pause: \"p Spcae\"\n"), -1);
	snprintf(expected, sizeof expected,
	         "%s:3:12: tui.keys.pause: 'Spcae' is no key; did you mean 'Space'?", path);
	assert_string_equal(err.message, expected);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_int_equal(load("tui: {keys: {puase: p}}\n"), -1);
	snprintf(expected, sizeof expected,
	         "%s:1:21: tui.keys.puase: 'puase' is no action; did you mean 'pause'?", path);
	assert_string_equal(err.message, expected);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_theme_s_flag_wins),
		TEST(a_theme_s_name_has_a_bound),
		TEST(a_theme_that_is_none_is_no_reason_to_stop),
		TEST(wrong_keys_stop_with_their_position),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
