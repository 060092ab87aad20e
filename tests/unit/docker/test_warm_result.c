/* How a warm attempt is judged from its facts, where no engine of a test brings them about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "docker/warm_internal.h"

#define MS INT64_C(1000000)

static struct sw_mode_plan mode;
static struct sw_task task;
static struct sw_warm_facts facts;
static struct sw_attempt_result result;

static int set_up(void **state)
{
	(void)state;
	memset(&mode, 0, sizeof mode);
	mode.sandbox.timeout_ns = 2000 * MS;
	mode.sandbox.memory_bytes = 400 << 20;
	facts = (struct sw_warm_facts){.start_ns = 1000 * MS,
	                               .over_ns = 1020 * MS,
	                               .has_begun = true,
	                               .exit_code = -1,
	                               .container = "0123456789ab"};
	sw_worker_report_init(&facts.report);
	return 0;
}

static void judge(bool is_podman)
{
	struct sw_container_options options = {.mode = &mode, .task = &task, .is_podman = is_podman};
	sw_warm_result(&options, &facts, &result);
}

static void phase(enum sw_phase which, int64_t start_ms, int64_t end_ms)
{
	facts.report.phases[which].start_ns = start_ms * MS;
	facts.report.phases[which].end_ns = end_ms * MS;
}

static void answer(enum sw_outcome outcome)
{
	facts.result_ns = 1010 * MS;
	facts.report.has_result = true;
	facts.report.outcome = outcome;
	(void)snprintf(facts.report.digest, sizeof facts.report.digest, "%064d", 7);
}

static void over(enum sw_over_end end, int code, const char *tail)
{
	facts.report.has_over = true;
	facts.report.over =
		(struct sw_over){.end = end, .code = code, .stdout_bytes = 100, .stderr_bytes = 20};
	(void)snprintf(facts.report.over.tail, sizeof facts.report.over.tail, "%s", tail);
}

static void assert_judged(enum sw_outcome outcome, const char *error)
{
	judge(false);
	assert_string_equal(result.error, error);
	assert_int_equal(result.outcome, outcome);
}

static void assert_span(int i, enum sw_phase which, int64_t start_ms, int64_t end_ms)
{
	assert_true(i < result.n_spans);
	assert_int_equal(result.spans[i].phase, which);
	assert_int_equal(result.spans[i].start_ns, start_ms * MS);
	assert_int_equal(result.spans[i].end_ns, end_ms * MS);
	assert_true(result.spans[i].on_path);
}

/* ---- spans ---- */

/* The path ends with the result, not with the end of the job's processes; what the worker did ahead is
 * not on it. */
static void an_answer_is_tiled_by_its_stamps(void **state)
{
	(void)state;
	answer(SW_OUTCOME_OK);
	over(SW_OVER_RESULT, 0, "");
	facts.report.main_ns = 100 * MS;
	phase(SW_PHASE_IMPORTS, 100, 200);
	phase(SW_PHASE_PREWARM, 300, 400);
	phase(SW_PHASE_VALIDATE, 1001, 1002);
	phase(SW_PHASE_DATA, 1002, 1003);
	phase(SW_PHASE_EXECUTE, 1003, 1008);
	facts.report.written_ns = 1009 * MS;
	assert_judged(SW_OUTCOME_OK, "");
	assert_int_equal(result.start_ns, 1000 * MS);
	assert_int_equal(result.end_ns, 1010 * MS);
	assert_int_equal(result.n_spans, 5);
	assert_span(0, SW_PHASE_START, 1000, 1001);
	assert_span(1, SW_PHASE_VALIDATE, 1001, 1002);
	assert_span(2, SW_PHASE_DATA, 1002, 1003);
	assert_span(3, SW_PHASE_EXECUTE, 1003, 1008);
	assert_span(4, SW_PHASE_DELIVER, 1009, 1010);
	assert_false(result.by_durations);
	assert_string_equal(result.container, "0123456789ab");
	assert_int_equal(result.stdout_bytes, 100);
	assert_int_equal(result.dropped_bytes, 120);
}

static void another_clock_leaves_durations(void **state)
{
	(void)state;
	answer(SW_OUTCOME_OK);
	phase(SW_PHASE_EXECUTE, 9000003, 9000008);
	facts.report.written_ns = INT64_C(9000009) * MS;
	facts.is_clock_separate = true;
	judge(false);
	assert_true(result.by_durations);
	assert_span(0, SW_PHASE_START, 1000, 1004);
	assert_span(1, SW_PHASE_EXECUTE, 1004, 1009);
}

static void without_an_answer_all_is_execution(void **state)
{
	(void)state;
	over(SW_OVER_EXIT, 3, "");
	judge(false);
	assert_int_equal(result.end_ns, 1020 * MS);
	assert_int_equal(result.n_spans, 1);
	assert_span(0, SW_PHASE_EXECUTE, 1000, 1020);
	facts.kill_ns = 1030 * MS;
	facts.gone_ns = 1050 * MS;
	judge(false);
	assert_int_equal(result.n_spans, 2);
	assert_span(0, SW_PHASE_EXECUTE, 1000, 1030);
	assert_span(1, SW_PHASE_STOP, 1030, 1050);
}

static void what_lies_behind_is_off_the_path(void **state)
{
	struct sw_attempt_result spans = {0};
	(void)state;
	facts.report.init_ns = 10 * MS;
	facts.report.main_ns = 20 * MS;
	phase(SW_PHASE_IMPORTS, 21, 30);
	phase(SW_PHASE_PREWARM, 31, 40);
	sw_warm_behind_spans(&facts.report, false, 0, 0, 1000 * MS, &spans);
	assert_int_equal(spans.n_spans, 3);
	assert_int_equal(spans.spans[0].phase, SW_PHASE_BOOT);
	assert_int_equal(spans.spans[2].phase, SW_PHASE_PREWARM);
	assert_int_equal(spans.spans[2].end_ns, 40 * MS);
	for (int i = 0; i < spans.n_spans; i++)
		assert_false(spans.spans[i].on_path);
	spans = (struct sw_attempt_result){0};
	sw_warm_behind_spans(&facts.report, true, 0, 0, 1000 * MS, &spans);
	assert_int_equal(spans.spans[0].start_ns, 970 * MS);
	assert_int_equal(spans.spans[2].end_ns, 1000 * MS);
}

/* The word of a job's end waits for the next worker's readiness: the time between is that worker's. */
static void a_jobs_end_is_not_the_next_ones_making(void **state)
{
	static const bool separate[] = {false, true};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sw_attempt_result spans = {0};
		int64_t shift = separate[i] ? 9000 : 0;
		phase(SW_PHASE_PREWARM, 1013 - shift, 1040 - shift);
		sw_warm_behind_spans(&facts.report, separate[i], 1010 * MS, 1040 * MS, 1040 * MS, &spans);
		assert_int_equal(spans.n_spans, 2);
		assert_int_equal(spans.spans[0].phase, SW_PHASE_EXIT);
		assert_int_equal(spans.spans[0].end_ns - spans.spans[0].start_ns, 3 * MS);
		assert_int_equal(spans.spans[1].end_ns - spans.spans[1].start_ns, 27 * MS);
	}
	struct sw_attempt_result early = {0};
	phase(SW_PHASE_PREWARM, 1013, 1040);
	sw_warm_behind_spans(&facts.report, false, 1010 * MS, 1012 * MS, 1040 * MS, &early);
	assert_int_equal(early.spans[0].end_ns, 1012 * MS);
}

/* ---- outcomes ---- */

static void the_workers_word_counts(void **state)
{
	(void)state;
	answer(SW_OUTCOME_REJECTED);
	(void)snprintf(facts.report.error, sizeof facts.report.error, "line 1: has an import");
	assert_judged(SW_OUTCOME_REJECTED, "line 1: has an import");
}

static void memory_names_whose_ceiling_it_was(void **state)
{
	(void)state;
	over(SW_OVER_OOM, 75, "MemoryError");
	assert_judged(SW_OUTCOME_OOM,
	              "over its memory limit of 300 MiB and killed; raise job_memory if it needs "
	              "more; last line of its output: MemoryError");
	mode.job_memory_bytes = 100 << 20;
	over(SW_OVER_OOM, 75, "");
	assert_judged(SW_OUTCOME_OOM,
	              "over its memory limit of 100 MiB and killed; raise job_memory if it needs "
	              "more");
	over(SW_OVER_OOM, 9, "");
	assert_judged(SW_OUTCOME_OOM,
	              "killed, as its container was over its memory limit of 400 MiB; raise "
	              "memory_limit if it needs more");
	mode.job_memory_bytes = mode.sandbox.memory_bytes = 0;
	assert_judged(SW_OUTCOME_OOM, "killed, as the machine is out of memory; set a memory_limit");
}

static void time_names_its_key(void **state)
{
	(void)state;
	over(SW_OVER_TIMEOUT, 0, "");
	judge(false);
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	assert_non_null(strstr(result.error, "limit of 2.00 s"));
	assert_non_null(strstr(result.error, "raise timeout_seconds"));
	facts.report.has_over = false;
	facts.is_overdue = true;
	assert_judged(SW_OUTCOME_TIMEOUT,
	              "over its limit of 2.00 s, and nothing was heard of its end: killed "
	              "with its container");
	/* What was answered in time is no timeout, although its end was not told. */
	answer(SW_OUTCOME_OK);
	assert_judged(SW_OUTCOME_OK, "");
}

static void who_brings_its_container_down_has_crashed(void **state)
{
	(void)state;
	facts.is_dead = true;
	facts.exit_code = 137;
	facts.gone_ns = 1100 * MS;
	assert_judged(SW_OUTCOME_CRASHED, "its container died by SIGKILL");
	assert_int_equal(result.exit_code, 137);
	assert_int_equal(result.term_signal, 9);
	assert_span(0, SW_PHASE_EXECUTE, 1000, 1100);
	facts.exit_code = 65;
	assert_judged(SW_OUTCOME_CRASHED, "its container ended with 65");
	answer(SW_OUTCOME_OK);
	assert_judged(SW_OUTCOME_CRASHED, "gave a result, but then its container ended with 65");
	assert_string_equal(result.digest, "");
	assert_int_equal(result.end_ns, 1100 * MS);
}

static void a_container_out_of_memory(void **state)
{
	(void)state;
	facts.is_dead = facts.is_oom = true;
	facts.exit_code = 137;
	assert_judged(SW_OUTCOME_OOM,
	              "killed with all, as its container was over its memory limit of 400 MiB; raise "
	              "memory_limit if it needs more");
	/* Podman never says it (facts.md): SIGKILL under a limit is taken for it. */
	facts.is_oom = false;
	judge(true);
	assert_int_equal(result.outcome, SW_OUTCOME_OOM);
	mode.sandbox.memory_bytes = 0;
	judge(true);
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
}

static void the_engines_failure_is_not_the_jobs(void **state)
{
	(void)state;
	(void)snprintf(facts.failure, sizeof facts.failure, "the engine is gone");
	assert_judged(SW_OUTCOME_ENGINE, "the engine is gone");
	facts.has_begun = false;
	judge(false);
	assert_int_equal(result.n_spans, 0);
	facts.is_oom = true; /* its worker had no room to come up */
	assert_judged(SW_OUTCOME_OOM, "the engine is gone");
	facts.is_cancelled = true;
	assert_judged(SW_OUTCOME_CANCELLED, "stopped before its end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_answer_is_tiled_by_its_stamps, set_up),
		cmocka_unit_test_setup(another_clock_leaves_durations, set_up),
		cmocka_unit_test_setup(without_an_answer_all_is_execution, set_up),
		cmocka_unit_test_setup(what_lies_behind_is_off_the_path, set_up),
		cmocka_unit_test_setup(a_jobs_end_is_not_the_next_ones_making, set_up),
		cmocka_unit_test_setup(the_workers_word_counts, set_up),
		cmocka_unit_test_setup(memory_names_whose_ceiling_it_was, set_up),
		cmocka_unit_test_setup(time_names_its_key, set_up),
		cmocka_unit_test_setup(who_brings_its_container_down_has_crashed, set_up),
		cmocka_unit_test_setup(a_container_out_of_memory, set_up),
		cmocka_unit_test_setup(the_engines_failure_is_not_the_jobs, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
