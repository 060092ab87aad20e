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
static char path[] = "/tmp/sw-plan-XXXXXX", faults[] = "/tmp/sw-faults-XXXXXX";
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
	int fd = mkstemp(path), other = mkstemp(faults);
	(void)state;
	return fd < 0 || other < 0 ? -1 : close(fd) + close(other);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path) + unlink(faults);
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

static void a_number_and_auto_take_turns(void **state)
{
	(void)state;
	assert_int_equal(load("session: {iterations: auto, max_iterations: 77}\n"), 0);
	assert_true(plan.is_auto);
	assert_int_equal(plan.iterations, 77);
	sw_plan_done(&plan);
	cli.iterations = 30;
	assert_int_equal(load("session: {iterations: auto}\n"), 0);
	assert_false(plan.is_auto);
	assert_int_equal(plan.iterations, 30);
	sw_plan_done(&plan);
	cli.iterations = SW_CLI_AUTO;
	assert_int_equal(load("session: {iterations: 5, max_iterations: 88}\n"), 0);
	assert_true(plan.is_auto);
	assert_int_equal(plan.iterations, 88);
}

static void an_ablation_makes_the_modes(void **state)
{
	(void)state;
	cli.ablate = "seccomp,limits";
	assert_int_equal(load("modes:\n- {name: h, kind: host}\n- {name: w, kind: warm}\n"
	                      "- {name: c, kind: cold, memory_limit: 1g}\n"
	                      "session: {order: sequential}\n"),
	                 0);
	assert_int_equal(plan.n_modes, 3);
	assert_string_equal(plan.modes[0].name, "c");
	assert_string_equal(plan.modes[1].name, "without-seccomp");
	assert_string_equal(plan.modes[2].name, "without-limits");
	assert_int_equal(plan.order, SW_ORDER_INTERLEAVED);
	assert_int_equal(sw_plan_baseline(&plan), 0);
	assert_int_equal(sw_plan_candidate(&plan), -1);
	sw_plan_done(&plan);
	cli.order = "random";
	assert_int_equal(load(""), 0);
	assert_int_equal(plan.order, SW_ORDER_RANDOM);
	sw_plan_done(&plan);
	cli.ablate = "sycall";
	assert_int_equal(load(""), -1);
	assert_string_equal(err.message, "--ablate: 'sycall' is no layer; use network, seccomp, readonly, "
	                                 "limits, caps or all");
	cli.ablate = "caps";
	cli.modes = "docker-sandbox";
	assert_int_equal(load(""), -1);
	assert_string_equal(err.message,
	                    "--ablate makes the session's modes itself; leave --mode out");
	assert_int_equal(err.code, SW_ERR_USAGE);
}

/* Laid over the configuration's, before the flags, which take modes away and the faults with them. */
static void a_file_of_faults(void **state)
{
	static const char text[] = "chaos: [{fault: delay, rate: 1}]\n"
							   "modes: [{name: h, kind: host}, {name: c, kind: cold}, "
							   "{name: w, kind: warm}]\n";
	FILE *file = fopen(faults, "w");
	(void)state;
	assert_non_null(file);
	assert_true(fputs("chaos: [{fault: reset, rate: 1, mode: c}, {fault: stall, rate: 1}]\n", file) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(load(text), 0);
	assert_int_equal(plan.n_chaos, 1);
	assert_int_equal(plan.chaos[0].fault, SW_FAULT_DELAY);
	sw_plan_done(&plan);
	cli.chaos = faults;
	assert_int_equal(load(text), 0);
	assert_int_equal(plan.n_chaos, 2);
	assert_int_equal(plan.chaos[0].fault, SW_FAULT_RESET);
	sw_plan_done(&plan);
	cli.modes = "h,w";
	assert_int_equal(load(text), 0);
	assert_int_equal(plan.n_chaos, 1);
	assert_int_equal(plan.chaos[0].fault, SW_FAULT_STALL);
	sw_plan_done(&plan);
	cli.modes = "h";
	assert_int_equal(load(text), 0);
	assert_int_equal(plan.n_chaos, 0);
	sw_plan_done(&plan);
	cli.modes = NULL;
	cli.ablate = "caps";
	assert_int_equal(load(text), 0);
	assert_int_equal(plan.n_chaos, 2);
	sw_plan_done(&plan);
	cli.chaos = "/nowhere/faults.yaml";
	assert_int_equal(load(text), -1);
	assert_string_equal(err.message,
	                    "/nowhere/faults.yaml: cannot be opened: No such file or directory");
	assert_int_equal(err.code, SW_ERR_USAGE);
}

/* What a mode's events say of it: of each key only what its kind takes. */
static void a_session_is_described(void **state)
{
	static struct sw_setup session;
	static struct sw_session_info info;
	static struct sw_environment environment;
	static struct sw_mode_info mode;
	(void)state;
	assert_int_equal(load("session: {iterations: auto, precision: 3%, block: 4, min_iterations: 11,\n"
	                      "          time_budget_seconds: 9}\n"
	                      "modes:\n- {name: h, kind: host, preforked: true, parallel: 2}\n"
	                      "- {name: p, kind: prepared, pool: 3}\n"
	                      "- {name: w, kind: warm, job_memory: 64m}\n- {name: c, kind: cold}\n"),
	                 0);
	memset(&session, 0, sizeof session);
	session.plan = plan;
	sw_setup_describe(&session, &info, &environment);
	assert_true(info.is_auto);
	assert_true(info.precision_percent == 3.0);
	assert_int_equal(info.iterations, 1000);
	assert_int_equal(info.min_iterations, 11);
	assert_int_equal(info.time_budget_ns, INT64_C(9000000000));
	assert_int_equal(info.block, 4);
	sw_setup_describe_mode(&session, 0, &mode);
	assert_true(mode.preforked && !mode.pool && !mode.job_memory_bytes);
	assert_int_equal(mode.parallel, 2);
	assert_string_equal(mode.layer, "");
	sw_setup_describe_mode(&session, 1, &mode);
	assert_true(!mode.preforked && mode.pool == 3 && !mode.job_memory_bytes);
	sw_setup_describe_mode(&session, 2, &mode);
	assert_true(!mode.preforked && !mode.pool && mode.job_memory_bytes == 64 << 20);
	sw_plan_done(&plan);
	cli.ablate = "caps";
	assert_int_equal(load("session: {iterations: 3}\n"), 0);
	session.plan = plan;
	sw_setup_describe(&session, &info, &environment);
	assert_false(info.is_auto);
	assert_true(info.precision_percent == 0.0 && info.min_iterations == 0 && !info.time_budget_ns);
	assert_string_equal(info.baseline, "docker-sandbox");
	assert_string_equal(info.candidate, "");
	assert_string_equal(environment.image, "sandwatch/python:latest");
	sw_setup_describe_mode(&session, 1, &mode);
	assert_string_equal(mode.name, "without-caps");
	assert_string_equal(mode.layer, "caps");
	assert_false(mode.drop_capabilities);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_theme_s_flag_wins),
		TEST(a_theme_s_name_has_a_bound),
		TEST(a_theme_that_is_none_is_no_reason_to_stop),
		TEST(wrong_keys_stop_with_their_position),
		TEST(a_number_and_auto_take_turns),
		TEST(an_ablation_makes_the_modes),
		TEST(a_file_of_faults),
		TEST(a_session_is_described),
	};
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
