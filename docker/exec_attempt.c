#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "docker/exec_internal.h"

/* The engine may know of an exec's end a moment after its stream's. */
static const int64_t first_again_ns = 1000000, last_again_ns = 100000000;

/* The engine learns of the ends of an exec and of its container one after the other. */
static const int64_t doubt_ns = 100000000;

/* ---- the end of an attempt ---- */

static void drop_requests(struct sw_exec *exec)
{
	sw_loop_disarm(exec->base.options.loop, &exec->limit);
	sw_loop_disarm(exec->base.options.loop, &exec->again);
	if (exec->step)
		sw_http_cancel(exec->step);
	exec->step = NULL;
	sw_attach_free(exec->stream);
	exec->stream = NULL;
}

static void finish_attempt(void *user)
{
	struct sw_exec *exec = user;
	struct sw_attempt_result result;
	struct sw_container_facts *facts = &exec->facts;
	facts->end_ns = sw_clock_ns();
	sw_exec_result(&exec->base.options, facts, &result);
	sw_container_learn_clock(&exec->base, sw_container_clock(facts));
	sw_worker_reader_done(&facts->out);
	sw_worker_reader_done(&facts->err);
	exec->stage = SW_EXEC_IDLE;
	exec->has_served = exec->has_served || facts->has_ended;
	if (facts->stamps.started_ns)
		(void)sw_text_copy(exec->used_id, sizeof exec->used_id, facts->id);
	exec->done(exec->user, &result);
}

static void end_attempt(struct sw_exec *exec)
{
	drop_requests(exec);
	if (exec->kept)
		sw_kept_watch(exec->kept, false);
	exec->stage = SW_EXEC_ENDING;
}

/* From inside a callback that the owner's DONE must not follow at once. */
static void finish_later(struct sw_exec *exec)
{
	end_attempt(exec);
	sw_loop_defer(exec->base.options.loop, &exec->later, finish_attempt, exec);
}

static void fail(struct sw_exec *exec, const struct sw_error *error)
{
	sw_container_fail(&exec->facts, error, SW_LIFE_RUNNING);
	finish_later(exec);
}

/* Its code has begun: the shim has spoken (other bytes may be the engine's own), or there is none. What its
 * container comes to after that may be its doing, and is told as a cold one's: a crash, or out of memory. */
static bool has_begun(const struct sw_exec *exec)
{
	bool has_shim = exec->base.options.shim != SW_SHIM_NONE;
	return exec->stage >= SW_EXEC_RUNNING && exec->stage <= SW_EXEC_DOUBTING &&
	       (exec->facts.report.init_ns || !has_shim);
}

static void wait_for_container(struct sw_exec *exec);

static void end_with_container(struct sw_exec *exec, int exit_code, bool is_oom)
{
	exec->facts.exit_code = exit_code;
	exec->facts.is_oom = is_oom && exit_code == 128 + SIGKILL;
	exec->facts.is_container_dead = true;
	finish_later(exec);
}

/* What an earlier attempt left in the container may be at fault: processes that take its last pids or
 * memory, or kill what comes after them. So this one is not the engine's failure, and begins anew in a
 * container where no code has been. At most once: that one is not used. */
static bool begin_anew(struct sw_exec *exec)
{
	const struct sw_attempt attempt = exec->base.attempt;
	if (has_begun(exec) || !exec->used_id[0] || strcmp(exec->used_id, exec->facts.id) != 0)
		return false;
	drop_requests(exec);
	sw_worker_reader_done(&exec->facts.out);
	sw_worker_reader_done(&exec->facts.err);
	sw_container_begin(&exec->base, &attempt, &exec->facts);
	exec->used_id[0] = '\0';
	wait_for_container(exec);
	return true;
}

/* Not an engine that is away, or whose answers are broken: that is nothing code could do. */
static bool may_be_of_what_was_left(const struct sw_error *error)
{
	return error->code == SW_ERR_REFUSED || error->code == SW_ERR_NOT_FOUND ||
	       error->code == SW_ERR_TIMEOUT;
}

/* What went wrong may be the container's doing: the next attempt gets another one. */
static void fail_and_replace(struct sw_exec *exec, const struct sw_error *error)
{
	struct sw_error why = *error;
	if (may_be_of_what_was_left(&why) && begin_anew(exec))
		sw_error_wrap(&why, "an earlier attempt may have left something in the container");
	else
		fail(exec, &why);
	sw_exec_replace(exec, why.message);
}

/* Its owner replaces it. */
void sw_exec_died(struct sw_exec *exec, const struct sw_kept_end *end)
{
	struct sw_error error;
	if (exec->stage == SW_EXEC_ENDING)
		return;
	sw_error_set(&error, SW_ERR_PROTOCOL, 0, "%s", end->text);
	if (end->exit_code >= 0 && has_begun(exec))
		end_with_container(exec, end->exit_code, end->is_oom);
	else if (end->exit_code < 0 || !begin_anew(exec))
		fail(exec, &error);
}

static void on_killed(void *user, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	(void)error; /* told by a note */
	/* First: whoever is told then may start an attempt, which waits for what is being made. */
	sw_exec_raise(exec);
	finish_attempt(exec);
}

/* An exec has no kill of its own: its container goes with it. LOST: why, for the figures; NULL where somebody
 * asked for it. */
static void kill_attempt(struct sw_exec *exec, const char *lost)
{
	exec->facts.stamps.kill_ns = sw_clock_ns();
	end_attempt(exec);
	sw_container_tell_phase(&exec->base, SW_PHASE_STOP, exec->facts.id);
	if (lost)
		sw_container_tell(&exec->base, SW_EVENT_CONTAINER_REPLACED, NULL, exec->facts.id, lost);
	sw_kept_down(exec->kept, on_killed, exec);
}

/* ---- how it ended ---- */

static void on_oom(void *user, bool has_oom, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	exec->step = NULL;
	exec->facts.is_oom = has_oom;
	exec->facts.is_oom_untold = error != NULL;
	end_attempt(exec);
	finish_attempt(exec);
}

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	struct sw_container_facts *facts = &exec->facts;
	struct sw_error why;
	char line[300];
	exec->step = NULL;
	if (error) {
		fail_and_replace(exec, error);
	} else if (!state->running && has_begun(exec)) {
		end_with_container(exec, state->exit_code, state->oom_killed);
		sw_exec_replace(exec, "the kept container does not run any more");
	} else if (!state->running) {
		sw_error_set(&why, SW_ERR_REFUSED, 0, "the kept container %.12s does not run any more",
		             facts->id);
		fail_and_replace(exec, &why);
	} else if (exec->has_doubt) {
		fail_and_replace(exec, &facts->life_error);
	} else if (facts->exit_code == 128 + SIGKILL &&
	           sw_api_wall_was_set(exec->start_wall_ns, facts->start_ns, sw_api_wall_ns(),
	                               sw_clock_ns())) {
		facts->is_oom_untold = true;
		end_attempt(exec);
		finish_attempt(exec);
	} else if (facts->exit_code == 128 + SIGKILL) {
		exec->step = sw_api_container_oom(exec->base.api, facts->id,
		                                  sw_clock_ns() - facts->start_ns,
		                                  sw_container_patience_ns(&exec->base), on_oom, exec);
	} else {
		sw_worker_reader_last_line(&facts->out, line, sizeof line);
		sw_error_set(&why, SW_ERR_REFUSED, 0,
		             "the engine could not execute in container %.12s (%d)%s%s", facts->id,
		             facts->exit_code, line[0] ? ": " : "", line);
		fail_and_replace(exec, &why);
	}
}

static void ask_state(void *user)
{
	struct sw_exec *exec = user;
	exec->step = sw_api_container_state(exec->base.api, exec->facts.id,
	                                    sw_container_patience_ns(&exec->base), on_state, exec);
}

static void doubt(struct sw_exec *exec, const struct sw_error *error)
{
	exec->stage = SW_EXEC_DOUBTING;
	exec->has_doubt = error != NULL;
	if (error)
		exec->facts.life_error = *error;
	sw_loop_disarm(exec->base.options.loop, &exec->limit);
	if (sw_loop_arm(exec->base.options.loop, &exec->again, sw_clock_ns() + doubt_ns, ask_state,
	                exec) < 0)
		ask_state(exec);
}

/* The shim always speaks first; if it has not, it never ran. */
static bool is_doubtful(const struct sw_exec *exec)
{
	const struct sw_container_facts *facts = &exec->facts;
	bool has_shim = exec->base.options.shim != SW_SHIM_NONE;
	return facts->exit_code == 128 + SIGKILL || facts->exit_code < 0 ||
	       (has_shim && !facts->report.init_ns);
}

static void ask_exit(void *user);

/* Its streams have ended and it goes on: for a moment, or for good, and then its limit counts. */
static void ask_again(struct sw_exec *exec)
{
	int64_t delay_ns = last_again_ns;
	if (exec->asks < 7)
		delay_ns = first_again_ns << exec->asks;
	exec->asks++;
	if (sw_loop_arm(exec->base.options.loop, &exec->again, sw_clock_ns() + delay_ns, ask_exit,
	                exec) < 0)
		ask_exit(exec);
}

static void on_inspected(void *user, const struct sw_api_exec_state *state,
                         const struct sw_error *error)
{
	struct sw_exec *exec = user;
	exec->step = NULL;
	if (error) {
		doubt(exec, error);
	} else if (state->running) {
		ask_again(exec);
	} else {
		exec->facts.stamps.exited_ns = sw_clock_ns();
		exec->facts.exit_code = state->exit_code;
		if (is_doubtful(exec)) {
			doubt(exec, NULL);
		} else {
			exec->facts.has_ended = true;
			end_attempt(exec);
			finish_attempt(exec);
		}
	}
}

static void ask_exit(void *user)
{
	struct sw_exec *exec = user;
	exec->step = sw_api_exec_inspect(exec->base.api, exec->exec_id,
	                                 sw_container_patience_ns(&exec->base), on_inspected, exec);
}

/* ---- while it runs ---- */

static void on_deadline(void *user)
{
	struct sw_exec *exec = user;
	exec->facts.is_timed_out = true;
	kill_attempt(exec, "over its time limit: an exec ends only with its container");
}

static void on_engine_deadline(void *user)
{
	struct sw_exec *exec = user;
	sw_container_fail_overdue(&exec->base, &exec->facts,
	                          exec->stage == SW_EXEC_CREATING ? SW_PHASE_CREATE : SW_PHASE_START);
	fail_and_replace(exec, &exec->facts.life_error);
}

/* Nothing is waited for without an end. */
static void wait_until(struct sw_exec *exec, int64_t due_ns, void (*over)(void *user))
{
	if (sw_loop_arm(exec->base.options.loop, &exec->limit, due_ns, over, exec) < 0)
		over(exec);
}

/* The code's own limit counts from the first sign that the code runs. */
static void begin_limit(struct sw_exec *exec)
{
	wait_until(exec, sw_clock_ns() + exec->base.options.mode->sandbox.timeout_ns, on_deadline);
}

static bool says_nothing(const struct sw_exec *exec)
{
	return exec->base.options.shim == SW_SHIM_NONE;
}

static void on_opened(void *user)
{
	struct sw_exec *exec = user;
	exec->facts.stamps.started_ns = sw_clock_ns();
	exec->stage = SW_EXEC_RUNNING;
	if (says_nothing(exec)) {
		begin_limit(exec);
		sw_container_tell_inner(&exec->base, &exec->facts, exec->facts.id, true);
	}
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_exec *exec = user;
	if (!exec->facts.first_byte_ns && stream != SW_STREAM_STDIN && !says_nothing(exec))
		begin_limit(exec);
	if (exec->stage == SW_EXEC_RUNNING)
		sw_container_hear(&exec->base, &exec->facts, stream, bytes, len, exec->facts.id,
		                  says_nothing(exec));
}

static void on_closed(void *user, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	sw_attach_free(exec->stream);
	exec->stream = NULL;
	if (error) {
		doubt(exec, error);
		return;
	}
	exec->facts.stamps.eof_ns = sw_clock_ns();
	exec->stage = SW_EXEC_ASKING;
	exec->asks = 0;
	ask_exit(exec);
}

/* ---- its beginning ---- */

static int hand_over_job(struct sw_exec *exec, struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf job = {0};
	if (!exec->base.options.task->strategy)
		return 0; /* a command reads nothing: it has no stdin */
	if (sw_worker_job(&job, exec->base.options.task, &exec->base.attempt,
	                  &(struct sw_job_options){.once = true}) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot write the job");
	if (sw_attach_write(exec->stream, job.data, job.len, err) < 0)
		return -1;
	sw_attach_end(exec->stream);
	return 0;
}

static void open_stream(struct sw_exec *exec)
{
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, exec};
	struct sw_container_runner *base = &exec->base;
	struct sw_error error;
	char path[256];
	const struct sw_attach_request request = {.path = path,
	                                          .body = SW_API_EXEC_START,
	                                          .open_timeout_ns =
	                                              sw_container_patience_ns(&exec->base)};
	exec->facts.stamps.created_ns = exec->facts.stamps.start_ns = sw_clock_ns();
	exec->stage = SW_EXEC_OPENING;
	sw_container_tell_phase(base, SW_PHASE_START, exec->facts.id);
	if (exec->stage != SW_EXEC_OPENING)
		return; /* who was told cancelled it */
	sw_api_exec_start_path(base->api, exec->exec_id, path, sizeof path);
	if (sw_attach_open(base->options.loop, sw_http_endpoint(base->http), &request, &handlers,
	                   &exec->stream, &error) < 0 ||
	    hand_over_job(exec, &error) < 0)
		fail_and_replace(exec, &error);
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	struct sw_exec *exec = user;
	(void)warning;
	exec->step = NULL;
	if (error) {
		fail_and_replace(exec, error);
		return;
	}
	(void)sw_text_copy(exec->exec_id, sizeof exec->exec_id, id);
	open_stream(exec);
}

static void create(struct sw_exec *exec)
{
	SW_CLEANUP(buf) struct sw_buf body = {0};
	struct sw_container_facts *facts = &exec->facts;
	struct sw_error error;
	char token[64];
	const char *const env[] = {token, NULL};
	SW_CLEANUP(free) const char **argv = sw_exec_argv(exec);
	const struct sw_api_exec what = {.command = argv,
	                                 .env = env,
	                                 .with_stdin = exec->base.options.task->strategy != NULL};
	facts->start_ns = facts->stamps.create_ns = sw_clock_ns();
	exec->start_wall_ns = sw_api_wall_ns();
	wait_until(exec, facts->start_ns + sw_container_patience_ns(&exec->base), on_engine_deadline);
	if (exec->stage != SW_EXEC_RISING)
		return; /* without memory */
	sw_kept_watch(exec->kept, true);
	(void)sw_text_copy(facts->id, sizeof facts->id, sw_kept_id(exec->kept));
	exec->stage = SW_EXEC_CREATING;
	sw_container_tell_phase(&exec->base, SW_PHASE_CREATE, facts->id);
	if (exec->stage != SW_EXEC_CREATING)
		return;
	(void)snprintf(token, sizeof token, "SANDWATCH_TOKEN=%s", exec->base.attempt.token);
	if (!argv || sw_api_exec_body(&what, &body) < 0) {
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "cannot describe an exec");
		fail(exec, &error);
		return;
	}
	exec->step = sw_api_exec_create(exec->base.api, facts->id, body.data,
	                                sw_container_patience_ns(&exec->base), on_created, exec);
}

static void on_no_container(void *user)
{
	struct sw_exec *exec = user;
	exec->facts.start_ns = sw_clock_ns();
	sw_container_fail_waiting(&exec->base, &exec->facts);
	finish_later(exec);
}

static void wait_for_container(struct sw_exec *exec)
{
	exec->stage = SW_EXEC_RISING;
	wait_until(exec, sw_clock_ns() + sw_container_wait_ns(&exec->base), on_no_container);
}

void sw_exec_risen(struct sw_exec *exec, const struct sw_error *error)
{
	if (!error) {
		create(exec);
		return;
	}
	/* One that has an id was created: what is missing at its start is not its image. */
	bool is_created = exec->kept && sw_kept_id(exec->kept)[0];
	exec->facts.start_ns = sw_clock_ns();
	sw_container_fail(&exec->facts, error, is_created ? SW_LIFE_STARTING : SW_LIFE_CREATING);
	finish_later(exec);
}

void sw_exec_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                   sw_attempt_done_fn done, void *user)
{
	struct sw_exec *exec = (struct sw_exec *)runner;
	sw_container_begin(&exec->base, attempt, &exec->facts);
	exec->done = done;
	exec->user = user;
	exec->has_doubt = false;
	wait_for_container(exec);
	if (exec->kept && sw_kept_is_up(exec->kept))
		create(exec);
	else
		sw_exec_raise(exec);
}

void sw_exec_cancel(struct sw_runner *runner)
{
	struct sw_exec *exec = (struct sw_exec *)runner;
	sw_container_cancel_probe(&exec->base);
	if (exec->stage == SW_EXEC_IDLE || exec->stage == SW_EXEC_ENDING ||
	    exec->stage == SW_EXEC_DOUBTING)
		return;
	exec->facts.is_cancelled = true;
	if (exec->stage == SW_EXEC_RISING)
		finish_later(exec);
	else
		kill_attempt(exec, NULL);
}
