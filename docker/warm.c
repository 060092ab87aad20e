#include "docker/warm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "docker/warm_internal.h"

/* The zygote keeps to the limit by itself, and a bomb of processes may take it seconds to be rid of: what
 * is not told that long after it never will be. */
static const int64_t overdue_ns = 5000000000;

/* ---- who waits for the container ---- */

static void tell_ready(struct sw_warm *warm, const char *error)
{
	sw_runner_ready_fn ready = warm->ready;
	warm->ready = NULL;
	if (ready)
		ready(warm->ready_user, error);
}

static void expect(struct sw_warm *warm, sw_runner_ready_fn ready, void *user)
{
	warm->ready = ready;
	warm->ready_user = user;
}

/* ---- the end of an attempt ---- */

static void finish_attempt(struct sw_warm *warm)
{
	struct sw_attempt_result result;
	sw_warm_result(&warm->base.options, &warm->facts, &result);
	warm->is_busy = warm->is_waiting = false;
	warm->done(warm->user, &result);
}

static void finish_later(void *user)
{
	finish_attempt(user);
}

static void clear_facts(struct sw_warm *warm)
{
	struct sw_warm_facts *facts = &warm->facts;
	*facts = (struct sw_warm_facts){.exit_code = -1, .is_clock_separate = warm->is_clock_separate};
	sw_worker_report_init(&facts->report);
}

/* It never began: there is no worker, or nobody wants it any more. */
static void end_unbegun(struct sw_warm *warm, const char *failure)
{
	clear_facts(warm);
	warm->facts.is_oom = failure == warm->why && warm->is_why_oom;
	warm->is_waiting = false;
	warm->facts.start_ns = warm->facts.over_ns = sw_clock_ns();
	warm->facts.is_cancelled = failure == NULL;
	if (failure)
		(void)sw_text_copy(warm->facts.failure, sizeof warm->facts.failure, failure);
	sw_loop_defer(warm->base.options.loop, &warm->later, finish_later, warm);
}

/* Nothing of it is left when the container is gone. */
static void give_up(struct sw_warm *warm, const char *lost)
{
	warm->facts.kill_ns = sw_clock_ns();
	sw_warm_give_up(warm, lost, true);
}

void sw_warm_is_overdue(struct sw_warm *warm)
{
	warm->facts.is_overdue = true;
	give_up(warm, warm->facts.result_ns ? "a job's end was not told after its result"
	                                    : "a job's end was not told within its limit");
}

void sw_warm_has_died(struct sw_warm *warm, const struct sw_kept_end *end)
{
	struct sw_warm_facts *facts = &warm->facts;
	facts->is_dead = end->exit_code >= 0;
	facts->exit_code = end->exit_code;
	facts->is_oom = end->is_oom && !warm->had_oom;
	if (!facts->is_dead)
		(void)sw_text_copy(facts->failure, sizeof facts->failure, end->text);
}

void sw_warm_has_news(struct sw_warm *warm)
{
	struct sw_warm_facts *facts = &warm->facts;
	if (!facts->result_ns && (facts->report.has_result || facts->report.garbage))
		facts->result_ns = sw_clock_ns();
	if (!facts->report.has_over)
		return;
	facts->over_ns = sw_clock_ns();
	warm->had_oom = warm->had_oom || facts->report.over.end == SW_OVER_OOM;
	sw_warm_rest(warm);
	finish_attempt(warm);
}

/* ---- an attempt begins ---- */

static int write_line(struct sw_warm *warm)
{
	const struct sw_container_options *options = &warm->base.options;
	const struct sw_job_options job = {.timeout_ns = options->mode->sandbox.timeout_ns,
	                                   .memory_bytes = sw_warm_job_memory(options->mode)};
	sw_buf_clear(&warm->job);
	if (sw_worker_job(&warm->job, options->task, &warm->base.attempt, &job) < 0)
		return -1;
	warm->written = *options->task;
	const char *token = strstr(warm->job.data, warm->base.attempt.token);
	warm->token_at = token ? (size_t)(token - warm->job.data) : 0;
	return 0;
}

static bool is_written(const struct sw_warm *warm)
{
	const struct sw_task *a = &warm->written, *b = warm->base.options.task;
	return warm->token_at > 0 && a->strategy == b->strategy && a->strategy_len == b->strategy_len &&
	       a->seed == b->seed && a->days == b->days && a->symbols == b->symbols &&
	       a->backtest == b->backtest && a->is_unchecked == b->is_unchecked;
}

/* All jobs of a task are the same but for the token. */
static int prepare_line(struct sw_warm *warm)
{
	const char *token = warm->base.attempt.token;
	if (!is_written(warm) || strlen(token) != sizeof warm->base.attempt.token - 1)
		return write_line(warm);
	memcpy(warm->job.data + warm->token_at, token, sizeof warm->base.attempt.token - 1);
	return 0;
}

static void begin(struct sw_warm *warm)
{
	struct sw_warm_facts *facts = &warm->facts;
	struct sw_error err;
	clear_facts(warm);
	if (prepare_line(warm) < 0) {
		end_unbegun(warm, "cannot write the job: out of memory");
		return;
	}
	(void)snprintf(facts->container, sizeof facts->container, "%.12s", sw_kept_id(warm->kept));
	sw_worker_report_init(&warm->boot);
	warm->out.token = warm->base.attempt.token;
	warm->is_waiting = false;
	facts->has_begun = true;
	facts->start_ns = sw_clock_ns();
	if (sw_kept_write(warm->kept, warm->job.data, warm->job.len, &err) < 0) {
		end_unbegun(warm, err.message);
		return;
	}
	warm->state = SW_WARM_BUSY;
	sw_kept_watch(warm->kept, true);
	sw_warm_wait_at_most(warm, facts->start_ns,
	                     warm->base.options.mode->sandbox.timeout_ns + overdue_ns);
	sw_container_tell_phase(&warm->base, SW_PHASE_EXECUTE, facts->container);
}

void sw_warm_is_ready(struct sw_warm *warm)
{
	if (warm->is_waiting)
		begin(warm);
	else
		tell_ready(warm, NULL);
}

static void on_nothing_left(void *user, const struct sw_error *error)
{
	struct sw_warm *warm = user;
	(void)error; /* told by a note */
	tell_ready(warm, warm->why[0] ? warm->why : NULL);
}

void sw_warm_is_none(struct sw_warm *warm)
{
	if (warm->is_waiting)
		end_unbegun(warm, warm->why);
	else if (warm->ready && warm->kept)
		sw_kept_down(warm->kept, on_nothing_left, warm); /* the removal of what could not be made */
}

void sw_warm_is_gone(struct sw_warm *warm)
{
	if (warm->is_busy && !warm->is_waiting && warm->facts.has_begun) {
		warm->facts.gone_ns = sw_clock_ns();
		finish_attempt(warm);
	} else if (warm->state == SW_WARM_NONE) {
		tell_ready(warm, NULL); /* finish's: else another is being made */
	}
}

/* ---- the vtable ---- */

static void warm_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                       sw_attempt_done_fn done, void *user)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	warm->base.attempt = *attempt;
	warm->done = done;
	warm->user = user;
	warm->is_busy = warm->is_waiting = true;
	if (warm->state == SW_WARM_READY)
		begin(warm);
	else if (warm->state == SW_WARM_NONE)
		sw_warm_make(warm);
}

static void warm_cancel(struct sw_runner *runner)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	sw_container_cancel_probe(&warm->base);
	if (warm->is_waiting) {
		end_unbegun(warm, NULL);
	} else if (warm->is_busy && warm->state == SW_WARM_BUSY) {
		warm->facts.is_cancelled = true;
		give_up(warm, NULL);
	}
}

static void warm_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	if (warm->state == SW_WARM_READY || !warm->kept) {
		sw_container_ready_later(&warm->base, warm->kept ? NULL : warm->refusal, ready, user);
		return;
	}
	expect(warm, ready, user);
	if (warm->state == SW_WARM_NONE)
		sw_warm_make(warm);
}

static void warm_settle(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	if (warm->state == SW_WARM_READY || !warm->kept) {
		sw_container_ready_later(&warm->base, warm->kept ? NULL : warm->refusal, ready, user);
		return;
	}
	expect(warm, ready, user);
	if (warm->state == SW_WARM_NONE) /* what could not be made may have to be removed still */
		sw_kept_down(warm->kept, on_nothing_left, warm);
}

static void warm_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	if (!warm->kept) {
		sw_container_ready_later(&warm->base, NULL, ready, user);
		return;
	}
	expect(warm, ready, user);
	if (warm->state != SW_WARM_REMOVING)
		sw_warm_give_up(warm, NULL, false);
	else
		warm->is_again = false;
}

static void warm_free(struct sw_runner *runner)
{
	struct sw_warm *warm = (struct sw_warm *)runner;
	if (!warm)
		return;
	sw_loop_cancel(warm->base.options.loop, &warm->later);
	sw_warm_container_done(warm);
	sw_buf_done(&warm->job);
	sw_container_done(&warm->base);
	free(warm);
}

int sw_warm_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err)
{
	static const struct sw_runner_ops ops = {.prepare = warm_prepare,
	                                         .start = warm_start,
	                                         .cancel = warm_cancel,
	                                         .settle = warm_settle,
	                                         .probe = sw_container_probe,
	                                         .finish = warm_finish,
	                                         .free = warm_free};
	struct sw_warm *warm = calloc(1, sizeof *warm);
	if (!warm)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	if (sw_container_init(&warm->base, options, &ops, err) < 0 ||
	    sw_warm_container_init(warm, err) < 0) {
		warm_free(&warm->base.runner);
		return -1;
	}
	*out_runner = &warm->base.runner;
	return 0;
}
