#include <signal.h>
#include <string.h>

#include "core/text.h"
#include "docker/container_result.h"
#include "docker/warm_internal.h"

int64_t sw_warm_job_memory(const struct sw_mode_plan *mode)
{
	if (mode->job_memory_bytes > 0)
		return mode->job_memory_bytes;
	return mode->sandbox.memory_bytes > 0 ? mode->sandbox.memory_bytes / 4 * 3 : 0;
}

/* ---- phases ---- */

/* The way is over with the result; without one, with the news that nothing is left. */
static int64_t end_of(const struct sw_warm_facts *facts)
{
	if (facts->gone_ns)
		return facts->gone_ns;
	return facts->result_ns ? facts->result_ns : facts->over_ns;
}

static void fill_spans(const struct sw_warm_facts *facts, struct sw_attempt_result *result)
{
	if (!facts->has_begun)
		return;
	if (facts->report.has_result && facts->result_ns && !facts->gone_ns) {
		struct sw_worker_report report = facts->report;
		/* What the worker did before this job is no part of it. */
		report.init_ns = report.main_ns = report.exit_ns = 0;
		report.phases[SW_PHASE_IMPORTS].end_ns = 0;
		sw_worker_spans(&report, !facts->is_clock_separate, facts->start_ns, facts->result_ns,
		                SW_PHASE_START, result);
		return;
	}
	sw_result_span(result, SW_PHASE_EXECUTE, facts->start_ns,
	               facts->kill_ns ? facts->kill_ns : result->end_ns, true);
	if (facts->kill_ns)
		sw_result_span(result, SW_PHASE_STOP, facts->kill_ns, result->end_ns, true);
}

void sw_warm_behind_spans(const struct sw_worker_report *report, bool is_clock_separate,
                          int64_t answer_ns, int64_t over_ns, int64_t ready_ns,
                          struct sw_attempt_result *result)
{
	const int64_t begin = report->phases[SW_PHASE_PREWARM].start_ns;
	const int64_t end = report->phases[SW_PHASE_PREWARM].end_ns;
	/* With another clock only durations count: its last stamp is that of the readiness. */
	int64_t shift = is_clock_separate && end ? ready_ns - end : 0;
	if (answer_ns)
		sw_result_span(result, SW_PHASE_EXIT, answer_ns,
		               end && begin + shift < over_ns ? begin + shift : over_ns, false);
	if (report->init_ns && report->main_ns)
		sw_result_span(result, SW_PHASE_BOOT, report->init_ns + shift, report->main_ns + shift,
		               false);
	if (report->phases[SW_PHASE_IMPORTS].end_ns)
		sw_result_span(result, SW_PHASE_IMPORTS, report->phases[SW_PHASE_IMPORTS].start_ns + shift,
		               report->phases[SW_PHASE_IMPORTS].end_ns + shift, false);
	if (end)
		sw_result_span(result, SW_PHASE_PREWARM, begin + shift, end + shift, false);
}

/* ---- outcome ---- */

/* "; last line of its output: …", or "". */
static const char *last_line(const struct sw_warm_facts *facts, char dst[360])
{
	const char *line = facts->report.over.tail;
	(void)snprintf(dst, 360, "%s%.300s", line[0] ? "; last line of its output: " : "", line);
	return dst;
}

/* A ceiling is the job's own, unless the kernel had to kill: that is the container's, or the machine's. */
static void judge_oom(const struct sw_container_options *options, const struct sw_warm_facts *facts,
                      struct sw_attempt_result *result)
{
	char limit[16], line[360];
	bool is_own = !facts->is_dead && facts->report.over.code != SIGKILL;
	int64_t bytes = is_own ? sw_warm_job_memory(options->mode)
	                       : options->mode->sandbox.memory_bytes;
	sw_text_bytes(limit, sizeof limit, (uint64_t)bytes);
	last_line(facts, line);
	if (bytes <= 0)
		sw_result_fail(result, SW_OUTCOME_OOM,
		               "killed, as the machine is out of memory; set a memory_limit%s", line);
	else if (is_own)
		sw_result_fail(
			result, SW_OUTCOME_OOM,
			"over its memory limit of %s and killed; raise job_memory if it needs more%s", limit,
			line);
	else
		sw_result_fail(
			result, SW_OUTCOME_OOM,
			"killed%s, as its container was over its memory limit of %s; raise memory_limit if "
			"it needs more%s",
			facts->is_dead ? " with all" : "", limit, line);
}

static void judge_death(const struct sw_container_options *options,
                        const struct sw_warm_facts *facts, struct sw_attempt_result *result)
{
	char name[24];
	int sig = facts->exit_code > 128 && facts->exit_code < 128 + 65 ? facts->exit_code - 128 : 0;
	const char *gave = facts->report.has_result ? "gave a result, but then its container "
	                                            : "its container ";
	result->exit_code = facts->exit_code;
	result->term_signal = sig;
	if (sw_container_ran_out(options, facts->exit_code, facts->is_oom, false))
		judge_oom(options, facts, result);
	else if (sig)
		sw_result_fail(result, SW_OUTCOME_CRASHED, "%sdied by %s", gave,
		               sw_text_signal(name, sizeof name, sig));
	else
		sw_result_fail(result, SW_OUTCOME_CRASHED, "%sended with %d", gave, facts->exit_code);
}

static bool is_answered(const struct sw_warm_facts *facts)
{
	return facts->report.has_result || facts->report.garbage;
}

static void judge(const struct sw_container_options *options, const struct sw_warm_facts *facts,
                  struct sw_attempt_result *result)
{
	char limit[16];
	if (facts->is_cancelled)
		sw_result_fail(result, SW_OUTCOME_CANCELLED, "stopped before its end");
	else if (facts->failure[0])
		sw_result_fail(result, facts->is_oom ? SW_OUTCOME_OOM : SW_OUTCOME_ENGINE, "%s",
		               facts->failure);
	else if (facts->is_dead)
		judge_death(options, facts, result);
	else if (!is_answered(facts) && facts->is_overdue)
		sw_result_fail(
			result, SW_OUTCOME_TIMEOUT,
			"over its limit of %s, and nothing was heard of its end: killed with its container",
			sw_text_duration(limit, sizeof limit, options->mode->sandbox.timeout_ns));
	else if (!is_answered(facts) && facts->report.has_over && facts->report.over.end == SW_OVER_OOM)
		judge_oom(options, facts, result);
	else
		sw_worker_judge(&facts->report, options->mode->sandbox.timeout_ns, result);
}

static void fill_over(const struct sw_over *over, struct sw_attempt_result *result)
{
	uint64_t told = over->stdout_bytes + over->stderr_bytes, kept = strlen(over->tail);
	result->stdout_bytes = over->stdout_bytes;
	result->stderr_bytes = over->stderr_bytes;
	result->dropped_bytes = told > kept ? told - kept : 0;
	if (over->end == SW_OVER_EXIT)
		result->exit_code = over->code;
	else if (over->end == SW_OVER_SIGNAL)
		result->term_signal = over->code;
}

void sw_warm_result(const struct sw_container_options *options, const struct sw_warm_facts *facts,
                    struct sw_attempt_result *out_result)
{
	*out_result = (struct sw_attempt_result){.start_ns = facts->start_ns,
	                                         .end_ns = end_of(facts),
	                                         .exit_code = -1};
	if (facts->report.has_over)
		fill_over(&facts->report.over, out_result);
	(void)sw_text_copy(out_result->container, sizeof out_result->container, facts->container);
	fill_spans(facts, out_result);
	judge(options, facts, out_result);
}
