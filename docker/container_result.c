#include <signal.h>
#include <string.h>

#include "core/text.h"
#include "docker/container_runner.h"
#include "docker/image.h"

/* ---- phases ---- */

static int64_t later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

enum sw_clock sw_container_clock(const struct sw_container_facts *facts)
{
	int64_t to_ns = later_of(later_of(facts->exit_ns, facts->result_ns),
	                         later_of(facts->stamps.exited_ns, facts->stamps.eof_ns));
	if (!facts->stamps.start_ns || !to_ns)
		return SW_CLOCK_UNKNOWN;
	return sw_worker_clock(&facts->report, facts->stamps.start_ns, to_ns);
}

/* A strategy that gave its result: the worker's own stamps tell where the time went. */
static int64_t spans_of_result(const struct sw_container_facts *facts, bool shared,
                               struct sw_attempt_result *result)
{
	/* Without the exit: durations are laid backwards from the result, which was read first. */
	struct sw_worker_report report = facts->report;
	report.exit_ns = 0;
	sw_worker_spans(&report, shared, facts->stamps.start_ns, facts->result_ns, SW_PHASE_START,
	                result);
	return facts->result_ns;
}

/* A command, or a strategy that died: all between the shim's two stamps is the code's own time.
 * Without a shim the start ends with its answer or the first byte, whichever came first. */
static int64_t spans_of_run(const struct sw_container_facts *facts, bool shared, int64_t until_ns,
                            struct sw_attempt_result *result)
{
	const struct sw_life_stamps *stamps = &facts->stamps;
	const struct sw_worker_report *report = &facts->report;
	int64_t end_ns = stamps->eof_ns ? stamps->eof_ns : until_ns;
	int64_t init_ns = stamps->started_ns ? stamps->started_ns : until_ns;
	if (facts->first_byte_ns && facts->first_byte_ns < init_ns)
		init_ns = facts->first_byte_ns;
	if (report->init_ns && shared) {
		init_ns = report->init_ns;
		end_ns = report->exit_ns ? report->exit_ns : end_ns;
	} else if (report->init_ns && report->exit_ns && facts->exit_ns) {
		end_ns = facts->exit_ns;
		init_ns = end_ns - (report->exit_ns - report->init_ns);
		result->by_durations = true;
	}
	sw_result_span(result, SW_PHASE_START, stamps->start_ns, init_ns, true);
	if (stamps->started_ns || facts->first_byte_ns)
		sw_result_span(result, SW_PHASE_EXECUTE, init_ns, end_ns, true);
	return end_ns;
}

int64_t sw_container_run_spans(const struct sw_container_facts *facts, int64_t until_ns,
                               struct sw_attempt_result *result)
{
	bool shared = sw_container_clock(facts) == SW_CLOCK_SHARED;
	return facts->report.has_result && facts->result_ns
	           ? spans_of_result(facts, shared, result)
	           : spans_of_run(facts, shared, until_ns, result);
}

void sw_container_end_spans(const struct sw_container_facts *facts, int64_t run_end_ns,
                            struct sw_attempt_result *result)
{
	const struct sw_life_stamps *stamps = &facts->stamps;
	int64_t remove_ns = stamps->remove_ns ? stamps->remove_ns : facts->end_ns;
	bool is_behind = facts->exit_is_behind && facts->result_ns;
	if (run_end_ns && stamps->exited_ns && !stamps->kill_ns && !is_behind)
		sw_result_span(result, SW_PHASE_EXIT, run_end_ns, remove_ns, true);
	if (stamps->kill_ns && stamps->exited_ns > stamps->kill_ns) {
		sw_result_span(result, SW_PHASE_STOP, stamps->kill_ns, stamps->exited_ns, true);
		remove_ns = stamps->exited_ns;
	}
	if (stamps->remove_ns)
		sw_result_span(result, SW_PHASE_REMOVE, remove_ns, facts->end_ns, true);
}

/* ---- outcome ---- */

const char *sw_signal_name(int sig)
{
	static const struct {
		int sig;
		const char *name;
	} names[] = {
		{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},
		{SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
		{SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"}, {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},
		{SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].sig == sig)
			return names[i].name;
	return NULL;
}

static int term_signal(const struct sw_container_facts *facts)
{
	if (facts->report.has_exit)
		return facts->report.exit_signal;
	return facts->exit_code > 128 && facts->exit_code < 128 + 65 ? facts->exit_code - 128 : 0;
}

/* "died by SIGSEGV", "exited with 3". */
static const char *how_it_ended(const struct sw_container_facts *facts, char dst[64])
{
	int sig = term_signal(facts);
	const char *name = sig ? sw_signal_name(sig) : NULL;
	if (name)
		(void)snprintf(dst, 64, "died by %s", name);
	else if (sig)
		(void)snprintf(dst, 64, "died by signal %d", sig);
	else
		(void)snprintf(dst, 64, "exited with %d", facts->exit_code);
	return dst;
}

/* "; last line of its output: …", or "". stderr is where reasons are. */
static const char *last_line(const struct sw_container_facts *facts, char dst[360])
{
	char line[300];
	sw_worker_reader_last_line(&facts->err, line, sizeof line);
	if (!line[0])
		sw_worker_reader_last_line(&facts->out, line, sizeof line);
	(void)snprintf(dst, 360, "%s%s", line[0] ? "; last line of its output: " : "", line);
	return dst;
}

/* 127, 126: Podman, which keeps no exit code of a command it could not start, says so in words; else 0. */
static int refusal_in_words(const char *message)
{
	if (strstr(message, "attempted to invoke a command that was not found"))
		return 127;
	return strstr(message, "OCI permission denied") ? 126 : 0;
}

static void judge_engine(const struct sw_container_options *options,
                         const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	const char *image = options->mode->sandbox.image;
	bool is_ours = sw_image_is_own_name(image);
	int refused_code = facts->refused_code;
	if (!refused_code && options->task->command && facts->life_error.code == SW_ERR_REFUSED)
		refused_code = refusal_in_words(facts->life_error.message);
	if (refused_code)
		result->exit_code = refused_code;
	if (refused_code)
		sw_result_fail(result, SW_OUTCOME_FAILED, "the command cannot be executed: %s: %s",
		               options->task->command[0], facts->life_error.message);
	else if (facts->is_missing_image)
		sw_result_fail(result, SW_OUTCOME_ENGINE, "%s: get it with `%s%s`",
		               facts->life_error.message,
		               is_ours ? "sandwatch image build" : "docker pull ", is_ours ? "" : image);
	else
		sw_result_fail(result, SW_OUTCOME_ENGINE, "%s", facts->life_error.message);
}

static void judge_oom(const struct sw_container_options *options,
                      const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	char limit[16], line[360];
	int64_t bytes = options->mode->sandbox.memory_bytes;
	sw_text_bytes(limit, sizeof limit, (uint64_t)bytes);
	last_line(facts, line);
	if (bytes > 0)
		sw_result_fail(
			result, SW_OUTCOME_OOM,
			"over its memory limit of %s and killed%s; raise memory_limit if it needs more%s",
			limit, facts->is_oom ? "" : " (SIGKILL; this engine does not say why)", line);
	else
		sw_result_fail(result, SW_OUTCOME_OOM,
		               "killed, as the machine is out of memory; set a memory_limit%s", line);
}

/* An exec whose container has ended under it: how it would have ended itself nobody knows. */
static void judge_container_death(const struct sw_container_facts *facts,
                                  struct sw_attempt_result *result)
{
	char how[64], line[360];
	sw_result_fail(result, SW_OUTCOME_CRASHED, "%sits container %s%s",
	               facts->report.has_result ? "gave a result, but then " : "",
	               how_it_ended(facts, how), last_line(facts, line));
}

static void judge_strategy(const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	const struct sw_worker_report *report = &facts->report;
	char how[64], line[360];
	how_it_ended(facts, how);
	if (report->has_result && (facts->exit_is_behind || facts->exit_code == 0)) {
		result->outcome = report->outcome;
		(void)sw_text_copy(result->digest, sizeof result->digest, report->digest);
		(void)sw_text_copy(result->error, sizeof result->error, report->error);
	} else if (report->has_result) {
		sw_result_fail(result, SW_OUTCOME_CRASHED, "gave a result (%s) but then %s%s",
		               sw_word(&sw_words_outcome, (int)report->outcome), how,
		               last_line(facts, line));
	} else if (report->garbage) {
		sw_result_fail(result, SW_OUTCOME_CRASHED, "its result cannot be read: %s", report->error);
	} else {
		sw_result_fail(result, SW_OUTCOME_CRASHED, "%s before it gave a result%s", how,
		               last_line(facts, line));
	}
}

/* 126 and 127 are also what a command says that ran, and could not execute another. */
static void judge_not_found(const struct sw_task *task, const struct sw_container_facts *facts,
                            struct sw_attempt_result *result)
{
	static const char complaint[] = "sandwatch-shim: cannot execute ";
	char how[64], line[360], said[300];
	how_it_ended(facts, how);
	last_line(facts, line);
	sw_worker_reader_last_line(&facts->err, said, sizeof said);
	if (strncmp(said, complaint, strlen(complaint)) == 0)
		sw_result_fail(result, SW_OUTCOME_FAILED, "the command cannot be executed: %s",
		               said + strlen(complaint));
	else if (facts->report.init_ns)
		sw_result_fail(result, SW_OUTCOME_FAILED, "%s%s", how, line);
	else
		sw_result_fail(result, SW_OUTCOME_FAILED, "the command cannot be executed: %s: %s%s",
		               task->command[0], how, line);
}

static void judge_command(const struct sw_task *task, const struct sw_container_facts *facts,
                          struct sw_attempt_result *result)
{
	char how[64], line[360];
	how_it_ended(facts, how);
	last_line(facts, line);
	if (facts->exit_code == 0)
		result->outcome = SW_OUTCOME_OK;
	else if (term_signal(facts))
		sw_result_fail(result, SW_OUTCOME_CRASHED, "%s%s", how, line);
	else if (facts->exit_code == 125 && facts->report.init_ns && !facts->report.has_exit)
		/* The shim's own word: it could not fork. The code has not run. */
		sw_result_fail(result, SW_OUTCOME_CRASHED, "the command was never started%s", line);
	else if (facts->exit_code == 126 || facts->exit_code == 127)
		judge_not_found(task, facts, result);
	else
		sw_result_fail(result, facts->exit_code >= 128 ? SW_OUTCOME_CRASHED : SW_OUTCOME_FAILED,
		               "%s%s", how, line);
}

bool sw_container_ran_out(const struct sw_container_options *options, int exit_code, bool is_oom,
                          bool is_untold)
{
	if (exit_code != 128 + SIGKILL)
		return false;
	is_untold = is_untold || options->is_podman;
	return is_oom || (is_untold && options->mode->sandbox.memory_bytes > 0);
}

void sw_container_judge(const struct sw_container_options *options,
                        const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	char limit[16];
	if (facts->is_timed_out)
		sw_result_fail(result, SW_OUTCOME_TIMEOUT,
		               "over its limit of %s and killed; raise timeout_seconds if it needs longer",
		               sw_text_duration(limit, sizeof limit, options->mode->sandbox.timeout_ns));
	else if (facts->is_cancelled)
		sw_result_fail(result, SW_OUTCOME_CANCELLED, "stopped before its end");
	else if (facts->has_failed)
		judge_engine(options, facts, result);
	else if (sw_container_ran_out(options, facts->exit_code, facts->is_oom, facts->is_oom_untold))
		judge_oom(options, facts, result);
	else if (facts->is_container_dead)
		judge_container_death(facts, result);
	else if (options->task->strategy)
		judge_strategy(facts, result);
	else
		judge_command(options->task, facts, result);
}

void sw_container_result_begin(const struct sw_container_facts *facts,
                               struct sw_attempt_result *out_result)
{
	*out_result = (struct sw_attempt_result){.start_ns = facts->start_ns,
	                                         .end_ns = facts->end_ns,
	                                         .exit_code = facts->refused_code ? facts->refused_code
	                                                                          : facts->exit_code,
	                                         .term_signal = term_signal(facts)};
	out_result->stdout_bytes = facts->out.plain_bytes;
	out_result->stderr_bytes = facts->err.plain_bytes;
	out_result->dropped_bytes = facts->out.plain_bytes - facts->out.tail_len +
	                            facts->err.plain_bytes - facts->err.tail_len;
	(void)snprintf(out_result->container, sizeof out_result->container, "%.12s", facts->id);
}

/* ---- facts ---- */

void sw_container_fail(struct sw_container_facts *facts, const struct sw_error *error,
                       enum sw_life state)
{
	facts->has_failed = true;
	facts->life_error = *error;
	facts->is_missing_image = error->code == SW_ERR_NOT_FOUND && state == SW_LIFE_CREATING;
}

bool sw_container_must_ask(const struct sw_container_options *options, const struct sw_error *error,
                           enum sw_life state, int exit_code)
{
	if (!error)
		return exit_code == 128 + SIGKILL;
	/* A start that is refused because of the command is the command's failure, not the engine's. */
	return error->code == SW_ERR_REFUSED && !options->task->strategy && state == SW_LIFE_STARTING;
}

void sw_container_asked(struct sw_container_facts *facts, const struct sw_api_state *state)
{
	facts->is_oom = state->oom_killed;
	if (facts->has_failed && (state->exit_code == 126 || state->exit_code == 127))
		facts->refused_code = state->exit_code;
}
