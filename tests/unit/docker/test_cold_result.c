/* How an attempt is judged from its facts, where no engine of a test brings them about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "docker/cold_internal.h"

static struct sw_mode_plan mode;
static struct sw_task task;
static struct sw_container_facts facts;
static struct sw_attempt_result result;

static int set_up(void **state)
{
	(void)state;
	memset(&mode, 0, sizeof mode);
	memset(&facts, 0, sizeof facts);
	facts.exit_code = 137;
	sw_worker_reader_init(&facts.out, "-");
	sw_worker_reader_init(&facts.err, "-");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sw_worker_reader_done(&facts.out);
	sw_worker_reader_done(&facts.err);
	return 0;
}

static void judge(bool is_podman)
{
	struct sw_container_options options = {.mode = &mode, .task = &task, .is_podman = is_podman};
	sw_cold_result(&options, &facts, &result);
}

static void out_of_memory_names_its_key(void **state)
{
	(void)state;
	mode.sandbox.memory_bytes = 64 << 20;
	facts.is_oom = true;
	sw_worker_reader_feed(&facts.err, "last\n", 5, &facts.report);
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_OOM);
	assert_string_equal(result.error, "over its memory limit of 64 MiB and killed; raise memory_limit if it "
	                                  "needs more; last line of its output: last");
	facts.is_oom = false;
	judge(true);
	assert_int_equal(result.outcome, SW_OUTCOME_OOM);
	assert_non_null(strstr(result.error, "(SIGKILL; this engine does not say why); raise memory_limit"));
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
}

/* No limit of its own: there is none to raise. */
static void out_of_the_machines_memory(void **state)
{
	(void)state;
	facts.is_oom = true;
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_OOM);
	assert_string_equal(result.error, "killed, as the machine is out of memory; set a memory_limit");
}

static void a_timeout_names_its_key(void **state)
{
	(void)state;
	mode.sandbox.timeout_ns = 2000000000;
	facts.is_timed_out = facts.is_oom = true;
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	assert_string_equal(result.error, "over its limit of 2.00 s and killed; raise timeout_seconds if it "
	                                  "needs longer");
}

static void say(const char *line)
{
	sw_worker_reader_done(&facts.err);
	sw_worker_reader_init(&facts.err, "-");
	sw_worker_reader_feed(&facts.err, line, strlen(line), &facts.report);
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
}

/* The words of the host; a command that ran and did not find another is not it. */
static void a_command_that_is_not_there_is_named(void **state)
{
	char *const command[] = {"/none", "x", NULL};
	(void)state;
	task.command = command;
	facts.exit_code = 127;
	say("sandwatch-shim: cannot execute /none: No such file or directory\n");
	assert_string_equal(result.error,
	                    "the command cannot be executed: /none: No such file or directory");
	say("exec: not there\n");
	assert_string_equal(result.error, "the command cannot be executed: /none: exited with 127; last "
	                                  "line of its output: exec: not there");
	facts.report.init_ns = 5;
	say("sh: nosuch: not found\n");
	assert_string_equal(result.error,
	                    "exited with 127; last line of its output: sh: nosuch: not found");
	facts.has_failed = true;
	facts.refused_code = 126;
	sw_error_set(&facts.life_error, SW_ERR_REFUSED, 0, "starting: no");
	say("");
	assert_string_equal(result.error, "the command cannot be executed: /none: starting: no");
	task.command = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(out_of_memory_names_its_key),
		TEST(out_of_the_machines_memory),
		TEST(a_timeout_names_its_key),
		TEST(a_command_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests_name("cold_result", tests, NULL, NULL);
}
