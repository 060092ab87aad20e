#include "docker/cold.h"

#include <errno.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "docker/cold_internal.h"

struct sw_cold {
	struct sw_container_runner base;
	bool is_busy, is_gone;
	bool is_asking; /* a request of ours is out: for an engine, or for a state */
	sw_attempt_done_fn done;
	void *user;
	struct sw_lifecycle *life;
	struct sw_container_facts facts;
	struct sw_timer deadline; /* the engine's until the code's first sign, then the code's */
	bool has_limit;           /* the code's */
	enum sw_phase phase;      /* the engine's newest */
	struct sw_deferred later;
};

/* The inner phases of a container that is being removed are over. */
static bool is_running(const struct sw_cold *cold)
{
	return sw_lifecycle_state(cold->life) == SW_LIFE_RUNNING;
}

/* ---- the end of an attempt ---- */

static void finish_attempt(void *user)
{
	struct sw_cold *cold = user;
	struct sw_attempt_result result;
	struct sw_container_facts *facts = &cold->facts;
	if (cold->is_asking || (cold->life && !cold->is_gone))
		return;
	facts->end_ns = sw_clock_ns();
	if (cold->life) {
		facts->stamps = *sw_lifecycle_stamps(cold->life);
		facts->exit_code = sw_lifecycle_exit_code(cold->life);
		(void)sw_text_copy(facts->id, sizeof facts->id, sw_lifecycle_id(cold->life));
	}
	sw_cold_result(&cold->base.options, facts, &result);
	sw_container_learn_clock(&cold->base, sw_container_clock(facts));
	sw_lifecycle_free(cold->life);
	cold->life = NULL;
	sw_worker_reader_done(&facts->out);
	sw_worker_reader_done(&facts->err);
	cold->is_busy = false;
	cold->done(cold->user, &result);
}

static void fail_later(struct sw_cold *cold, const struct sw_error *error)
{
	cold->facts.has_failed = true;
	cold->facts.life_error = *error;
	sw_loop_defer(cold->base.options.loop, &cold->later, finish_attempt, cold);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	const char *id = sw_lifecycle_id(cold->life);
	sw_loop_disarm(cold->base.options.loop, &cold->deadline);
	cold->is_gone = true;
	/* What the code did stands: a container that stays is told, not charged to the code. */
	if (error)
		sw_container_tell_left(&cold->base, error);
	else if (sw_lifecycle_is_known(cold->life))
		sw_container_tell(&cold->base, SW_EVENT_CONTAINER_REMOVED, &cold->base.attempt, id, NULL);
	finish_attempt(cold);
}

/* ---- what may have to be asked before the removal takes the answer away ---- */

static void on_asked(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	cold->is_asking = false;
	if (!error)
		sw_container_asked(&cold->facts, state);
	if (cold->is_gone)
		finish_attempt(cold);
	else
		sw_lifecycle_remove(cold->life);
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	enum sw_life state = sw_lifecycle_state(cold->life);
	cold->facts.has_ended = error == NULL;
	if (error)
		sw_container_fail(&cold->facts, error, state);
	if (!sw_container_must_ask(&cold->base.options, error, state,
	                           sw_lifecycle_exit_code(cold->life))) {
		sw_lifecycle_remove(cold->life);
		return;
	}
	cold->is_asking = true;
	sw_api_container_state(cold->base.api, sw_lifecycle_id(cold->life),
	                       sw_container_patience_ns(&cold->base), on_asked, cold);
}

/* ---- while it runs ---- */

static void on_deadline(void *user)
{
	struct sw_cold *cold = user;
	if (!cold->facts.has_ended && !cold->facts.has_failed)
		cold->facts.is_timed_out = true;
	sw_lifecycle_remove(cold->life);
}

static void on_engine_deadline(void *user)
{
	struct sw_cold *cold = user;
	if (!cold->facts.has_failed && !cold->facts.is_cancelled)
		sw_container_fail_overdue(&cold->base, &cold->facts, cold->phase);
	sw_lifecycle_remove(cold->life);
}

static int begin_patience(struct sw_cold *cold, struct sw_error *err)
{
	int64_t due_ns = sw_clock_ns() + sw_container_patience_ns(&cold->base);
	if (sw_loop_arm(cold->base.options.loop, &cold->deadline, due_ns, on_engine_deadline, cold) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot wait for the engine");
	return 0;
}

/* The limit is the code's own: it counts from the first sign that the code runs, which is the start's
 * answer or a byte of output. Until then the engine's patience counts. */
static void begin_limit(struct sw_cold *cold)
{
	int64_t due_ns = sw_clock_ns() + cold->base.options.mode->sandbox.timeout_ns;
	if (cold->has_limit)
		return;
	cold->has_limit = true;
	if (sw_loop_arm(cold->base.options.loop, &cold->deadline, due_ns, on_deadline, cold) < 0)
		on_deadline(cold); /* an attempt without a deadline is not to be */
}

static void tell_created(struct sw_cold *cold)
{
	sw_container_tell(&cold->base, SW_EVENT_CONTAINER_CREATED, &cold->base.attempt,
	                  sw_lifecycle_id(cold->life), NULL);
}

static void on_entered(void *user, enum sw_life state)
{
	struct sw_cold *cold = user;
	struct sw_container_runner *base = &cold->base;
	const char *id = sw_lifecycle_id(cold->life);
	switch (state) {
	case SW_LIFE_CREATING:
		sw_container_tell_phase(base, SW_PHASE_CREATE, id);
		break;
	case SW_LIFE_UPLOADING:
		tell_created(cold);
		break;
	case SW_LIFE_ATTACHING:
		if (base->options.shim != SW_SHIM_UPLOADED)
			tell_created(cold);
		cold->phase = SW_PHASE_ATTACH;
		sw_container_tell_phase(base, SW_PHASE_ATTACH, id);
		break;
	case SW_LIFE_STARTING:
		cold->phase = SW_PHASE_START;
		sw_container_tell_phase(base, SW_PHASE_START, id);
		break;
	case SW_LIFE_RUNNING:
		begin_limit(cold);
		sw_container_tell_inner(base, &cold->facts, id, is_running(cold));
		break;
	case SW_LIFE_REMOVING:
		sw_container_tell_phase(
			base, sw_lifecycle_stamps(cold->life)->kill_ns ? SW_PHASE_STOP : SW_PHASE_REMOVE, id);
		break;
	case SW_LIFE_IDLE:
	case SW_LIFE_HELD:
	case SW_LIFE_EXITED:
	case SW_LIFE_GONE:
	case SW_LIFE_COUNT:
		break;
	}
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_cold *cold = user;
	bool is_first = !cold->facts.first_byte_ns && stream != SW_STREAM_STDIN;
	if (is_first)
		begin_limit(cold);
	sw_container_hear(&cold->base, &cold->facts, stream, bytes, len, sw_lifecycle_id(cold->life),
	                  is_running(cold));
}

/* ---- an attempt begins ---- */

static int hand_over_job(struct sw_cold *cold, struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf job = {0};
	if (!cold->base.options.task->strategy)
		return 0; /* a command reads nothing: it has no stdin */
	if (sw_worker_job(&job, cold->base.options.task, &cold->base.attempt,
	                  &(struct sw_job_options){.once = true}) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot write the job");
	if (sw_lifecycle_write(cold->life, job.data, job.len, err) < 0)
		return -1;
	sw_lifecycle_end_input(cold->life);
	return 0;
}

static int begin(struct sw_cold *cold, struct sw_error *err)
{
	const struct sw_attempt *attempt = &cold->base.attempt;
	const struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, cold};
	struct sw_container_shape shape;
	const char *entrypoint[2];
	char what[48], name[192];
	(void)snprintf(what, sizeof what, "%s%lld-%d", attempt->warmup ? "w" : "",
	               (long long)attempt->iteration, attempt->number);
	sw_container_name(&cold->base, what, name, sizeof name);
	sw_container_shape_once(&cold->base, attempt->token, entrypoint, &shape);
	if (sw_container_make(&cold->base, name, &shape, &handlers, &cold->life, err) < 0)
		return -1;
	if (begin_patience(cold, err) < 0 || hand_over_job(cold, err) < 0) {
		cold->facts.has_failed = true;
		cold->facts.life_error = *err;
		sw_lifecycle_remove(cold->life);
	}
	return 0;
}

static void on_looked(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	struct sw_error why;
	cold->is_asking = false;
	if (error)
		fail_later(cold, error);
	else if (cold->facts.is_cancelled)
		finish_attempt(cold);
	else if (begin(cold, &why) < 0)
		fail_later(cold, &why);
}

static void cold_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                       sw_attempt_done_fn done, void *user)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	struct sw_error err;
	sw_container_begin(&cold->base, attempt, &cold->facts);
	cold->done = done;
	cold->user = user;
	cold->is_busy = true;
	cold->is_gone = cold->is_asking = cold->has_limit = false;
	cold->phase = SW_PHASE_CREATE;
	if (!cold->base.has_version) {
		/* None answered when the session began; one may have come since. */
		cold->is_asking = true;
		sw_container_look_again(&cold->base, on_looked, cold);
	} else if (begin(cold, &err) < 0) {
		fail_later(cold, &err);
	}
}

static void cold_cancel(struct sw_runner *runner)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	sw_container_cancel_probe(&cold->base);
	if (!cold->is_busy)
		return;
	if (!cold->facts.has_ended && !cold->facts.has_failed && !cold->facts.is_timed_out)
		cold->facts.is_cancelled = true;
	if (cold->life && !cold->is_gone)
		sw_lifecycle_remove(cold->life);
}

/* ---- the runner ---- */

static void cold_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	sw_container_ready_later((struct sw_container_runner *)runner, NULL, ready, user);
}

static void cold_free(struct sw_runner *runner)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	if (!cold)
		return;
	sw_loop_cancel(cold->base.options.loop, &cold->later);
	sw_loop_disarm(cold->base.options.loop, &cold->deadline);
	sw_container_done(&cold->base);
	free(cold);
}

int sw_cold_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err)
{
	static const struct sw_runner_ops ops = {.prepare = sw_container_prepare,
	                                         .start = cold_start,
	                                         .cancel = cold_cancel,
	                                         .probe = sw_container_probe,
	                                         .finish = cold_finish,
	                                         .free = cold_free};
	struct sw_cold *cold = calloc(1, sizeof *cold);
	if (!cold)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	if (sw_container_init(&cold->base, options, &ops, err) < 0) {
		cold_free(&cold->base.runner);
		return -1;
	}
	*out_runner = &cold->base.runner;
	return 0;
}
