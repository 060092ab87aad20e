#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/plan.h"
#include "tui/cli.h"

static int nothing(const struct sw_cli *cli)
{
	(void)cli;
	return 0;
}

static const struct sw_command commands[] = {
	{"run", "", "runs a session",
     SW_FLAGS_RESULTS | SW_FLAGS_CONFIG | SW_FLAGS_ENGINE | SW_FLAGS_SCREEN, 0, nothing},
	{"report", "RUN", "writes the report", SW_FLAGS_COMMON, 1, nothing},
	{"clean", "", "removes", SW_FLAGS_CLEAN, 0, nothing},
	{"image", "build|list|remove [IMAGE]", "images", 0, 2, nothing},
	{NULL, NULL, NULL, 0, 0, NULL},
};

static struct sw_cli cli;
static struct sw_error err;
static struct sw_buf buf;

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&buf);
	return 0;
}

/* Up to 30 words, ended by NULL. */
static int parse(char *const *words)
{
	char *argv[32] = {"sandwatch"};
	int argc = 1;
	while (words[argc - 1]) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	memset(&cli, 0x55, sizeof cli);
	return sw_cli_parse(commands, argc, argv, &cli, &err);
}
#define PARSE(...) parse((char *[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void nothing_is_the_first_command(void **state)
{
	(void)state;
	assert_int_equal(PARSE(), 0);
	assert_ptr_equal(cli.command, &commands[0]);
	assert_int_equal(cli.iterations, -1);
	assert_int_equal(cli.warmup, -1);
	assert_int_equal(cli.seed, -1);
	assert_null(cli.config);
	assert_null(cli.modes);
	assert_null(cli.theme);
	assert_null(cli.chaos);
	assert_false(cli.batch || cli.quiet || cli.help || cli.version || cli.engine || cli.data);
	assert_int_equal(cli.n_arguments, 0);
}

static void every_flag_is_taken(void **state)
{
	(void)state;
	assert_int_equal(PARSE("run", "--batch", "--config", "c.yaml", "--iterations", "7",
	                       "--warmup=0", "--mode", "a,b"),
	                 0);
	assert_true(cli.batch);
	assert_string_equal(cli.config, "c.yaml");
	assert_int_equal(cli.iterations, 7);
	assert_int_equal(cli.warmup, 0);
	assert_string_equal(cli.modes, "a,b");
	assert_int_equal(PARSE("--order=random", "--seed", "0", "--export", "-", "--report=r.md",
	                       "--host", "tcp://h:1", "--quiet", "--theme", "./t.yaml", "--chaos", "f.yaml"),
	                 0);
	assert_ptr_equal(cli.command, &commands[0]);
	assert_string_equal(cli.order, "random");
	assert_int_equal(cli.seed, 0);
	assert_string_equal(cli.export_path, "-");
	assert_string_equal(cli.report_path, "r.md");
	assert_string_equal(cli.host, "tcp://h:1");
	assert_true(cli.quiet);
	assert_string_equal(cli.theme, "./t.yaml");
	assert_string_equal(cli.chaos, "f.yaml");
	assert_int_equal(PARSE("clean", "--engine", "--data", "--version", "--help"), 0);
	assert_true(cli.engine && cli.data && cli.version && cli.help);
	assert_int_equal(PARSE("clean", "-h"), 0);
	assert_true(cli.help && !cli.engine);
	assert_int_equal(PARSE("--export=a=b"), 0); /* the first = parts them */
	assert_string_equal(cli.export_path, "a=b");
}

static void iterations_may_be_auto(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--iterations", "auto", "--ablate", "network,caps"), 0);
	assert_int_equal(cli.iterations, SW_CLI_AUTO);
	assert_string_equal(cli.ablate, "network,caps");
	assert_int_equal(PARSE("--iterations=auto"), 0);
	assert_int_equal(cli.iterations, SW_CLI_AUTO);
	assert_null(cli.ablate);
	assert_int_equal(PARSE("--iterations", "autos"), -1);
	assert_string_equal(err.message,
	                    "--iterations takes a number from 1 to 10000000 or auto, not 'autos'");
	assert_int_equal(PARSE("--warmup", "auto"), -1);
	assert_string_equal(err.message, "--warmup takes a number from 0 to 1000, not 'auto'");
	assert_int_equal(PARSE("report", "--ablate", "caps", "x"), -1);
}

static void commands_take_their_words(void **state)
{
	(void)state;
	assert_int_equal(PARSE("image", "build", "--quiet", "x"), 0);
	assert_ptr_equal(cli.command, &commands[3]);
	assert_int_equal(cli.n_arguments, 2);
	assert_string_equal(cli.arguments[0], "build");
	assert_string_equal(cli.arguments[1], "x");
	assert_int_equal(PARSE("report", "-"), 0);
	assert_string_equal(cli.arguments[0], "-");
}

static void flags_may_come_first(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--quiet", "--engine", "clean"), 0);
	assert_ptr_equal(cli.command, &commands[2]);
	assert_true(cli.quiet && cli.engine && cli.is_named);
	assert_int_equal(PARSE("--mode", "clean", "--seed=1"), 0); /* a flag's value is no command */
	assert_ptr_equal(cli.command, &commands[0]);
	assert_string_equal(cli.modes, "clean");
	assert_false(cli.is_named);
	assert_int_equal(PARSE("--seed=1", "report", "clean"), -1);
	assert_int_equal(PARSE("-h", "report", "clean"), 0);
	assert_string_equal(cli.arguments[0], "clean");
	assert_true(cli.help);
}

static void assert_usage(int status, const char *what)
{
	static const unsigned char untouched = 0x55;
	assert_int_equal(status, -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_int_equal(sw_cli_exit_code(&err), SW_EXIT_USAGE);
	if (!strstr(err.message, what))
		fail_msg("'%s' does not say '%s'", err.message, what);
	assert_memory_equal(&cli, &untouched, 1);
}

static void too_many_words(void **state)
{
	(void)state;
	assert_usage(PARSE("image", "a", "b", "c"), "'c' is one word too many");
	assert_usage(PARSE("run", "x"), "'x' is one word too many");
	assert_usage(PARSE("--batch", "run", "x"), "'x' is one word too many");
}

static void what_is_unknown_has_its_nearest(void **state)
{
	(void)state;
	assert_usage(PARSE("--iteration", "5"), "did you mean --iterations");
	assert_usage(PARSE("--iteration=5"), "did you mean --iterations");
	assert_usage(PARSE("--confg=/a/rather/long/path/to/a/configuration/file/of/somebody.yaml"),
	             "did you mean --config");
	assert_usage(PARSE("--nothing-like-it"), "takes no flag '--nothing-like-it'; see");
	assert_usage(PARSE("--"), "takes no flag '--'");
	assert_usage(PARSE("-x"), "takes no flag '-x'");
	assert_usage(PARSE("repotr"), "did you mean report");
	assert_usage(PARSE("zzzzzzzz"), "no command 'zzzzzzzz'; see");
	assert_usage(PARSE(""), "no command ''");
	assert_usage(PARSE("-"), "no command '-'");
	assert_usage(PARSE("--batch", "repotr"), "did you mean report");
	assert_usage(PARSE("--iteration", "5", "run"), "did you mean --iterations");
}

/* A flag that another command takes is unknown here, and is not suggested. */
static void flags_belong_to_commands(void **state)
{
	(void)state;
	assert_usage(PARSE("clean", "--batch"), "'clean' takes no flag '--batch'; see");
	assert_usage(PARSE("run", "--engine"), "'run' takes no flag '--engine'");
	assert_null(strstr(err.message, "mean --engine"));
	assert_int_equal(PARSE("image", "--quiet", "--help", "--version"), 0);
}

static void values_are_needed_or_not(void **state)
{
	(void)state;
	assert_usage(PARSE("--config"), "--config needs its value: --config FILE");
	assert_usage(PARSE("--seed"), "--seed needs its value: --seed N");
	assert_usage(PARSE("--config="), "--config has an empty value");
	assert_usage(PARSE("--config", ""), "--config has an empty value");
	assert_usage(PARSE("--batch=yes"), "--batch takes no value");
	assert_usage(PARSE("--quiet="), "--quiet takes no value");
}

static void numbers_have_a_range(void **state)
{
	char most[32];
	(void)state;
	static char *const bad[] = {"0", "-1", "x", " 3", "+3", "1x", "1.5", "10000001", "99999999999999999999"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_usage(PARSE("--iterations", bad[i]),
		             "--iterations takes a number from 1 to 10000000");
	snprintf(most, sizeof most, "%d", SW_ITERATIONS_MAX);
	assert_int_equal(PARSE("--iterations", most), 0);
	assert_int_equal(cli.iterations, SW_ITERATIONS_MAX);
	assert_int_equal(PARSE("--warmup", "1000"), 0);
	assert_usage(PARSE("--warmup", "1001"), "from 0 to 1000");
	assert_usage(PARSE("--warmup=-1"), "not '-1'");
	assert_usage(PARSE("--seed=-1"), "--seed");
	assert_int_equal(PARSE("--seed", "4294967295"), 0);
	assert_int_equal(cli.seed, INT64_C(4294967295));
}

static void help_lists_what_is_there(void **state)
{
	(void)state;
	sw_cli_help(commands, NULL, &buf);
	for (const struct sw_command *c = commands; c->name; c++)
		assert_non_null(strstr(buf.data, c->about));
	assert_non_null(strstr(buf.data, "--iterations N"));
	assert_non_null(strstr(buf.data, "exit codes"));
	assert_non_null(strstr(buf.data, "reserved: 1 a gate failed, 4 inconclusive: not yet used"));
	assert_null(strstr(buf.data, "--data"));
	sw_buf_clear(&buf);
	sw_cli_help(commands, &commands[2], &buf);
	assert_ptr_equal(strstr(buf.data, "sandwatch clean: removes\n"), buf.data);
	assert_non_null(strstr(buf.data, "--data"));
	assert_null(strstr(buf.data, "--batch"));
	for (const char *at = buf.data; *at;) { /* no line wider than a terminal */
		size_t len = strcspn(at, "\n");
		assert_true(len <= 100);
		at += len + (at[len] == '\n');
	}
}

static void errors_have_exit_codes(void **state)
{
	(void)state;
	err.code = SW_ERR_NO_ENGINE;
	assert_int_equal(sw_cli_exit_code(&err), 3);
	err.code = SW_ERR_USAGE;
	assert_int_equal(sw_cli_exit_code(&err), 2);
	err.code = SW_ERR_IO;
	assert_int_equal(sw_cli_exit_code(&err), 5);
	err.code = SW_ERR_INTERRUPTED;
	assert_int_equal(sw_cli_exit_code(&err), 130);
}

static void the_version_is_built_in(void **state)
{
	(void)state;
	assert_true(*sw_version >= '0' && *sw_version <= '9');
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_the_first_command),    TEST(every_flag_is_taken),
		TEST(iterations_may_be_auto),
		TEST(commands_take_their_words),       TEST(too_many_words),
		TEST(flags_may_come_first),
		TEST(what_is_unknown_has_its_nearest), TEST(flags_belong_to_commands),
		TEST(values_are_needed_or_not),        TEST(numbers_have_a_range),
		TEST(help_lists_what_is_there),        TEST(errors_have_exit_codes),
		TEST(the_version_is_built_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
