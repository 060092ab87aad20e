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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(out_of_memory_names_its_key),
		TEST(out_of_the_machines_memory),
		TEST(a_timeout_names_its_key),
	};
	return cmocka_run_group_tests_name("cold_result", tests, NULL, NULL);
}
