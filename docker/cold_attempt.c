#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/event.h"
#include "core/text.h"
#include "docker/cold_internal.h"

static const int64_t engine_timeout_ns = 30000000000;
static const int64_t ping_timeout_ns = 5000000000;

/* ---- events ---- */

static void emit(struct sw_cold *cold, struct sw_event *event)
{
	if (cold->options.sink.emit)
		cold->options.sink.emit(cold->options.sink.user, event);
}

static void emit_it(struct sw_cold *cold, enum sw_event_kind kind, enum sw_phase phase)
{
	struct sw_event event;
	sw_event_init(&event, kind, cold->attempt.mode);
	event.u.it.iteration = cold->attempt.iteration;
	event.u.it.attempt = cold->attempt.number;
	event.u.it.warmup = cold->attempt.warmup;
	event.u.it.on_host = cold->attempt.on_host;
	event.u.it.phase = phase;
	if (cold->life)
		(void)snprintf(event.u.it.container, sizeof event.u.it.container, "%.12s",
		               sw_lifecycle_id(cold->life));
	emit(cold, &event);
}

static void emit_phase(struct sw_cold *cold, enum sw_phase phase)
{
	emit_it(cold, SW_EVENT_PHASE_STARTED, phase);
}

static void emit_note(struct sw_cold *cold, const char *text)
{
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_NOTE, cold->attempt.mode);
	(void)sw_text_copy(event.u.end.text, sizeof event.u.end.text, text);
	emit(cold, &event);
}

static void learn_clock(struct sw_cold *cold)
{
	enum sw_clock clock = sw_cold_clock(&cold->facts);
	if (cold->clock != SW_CLOCK_UNKNOWN || clock == SW_CLOCK_UNKNOWN)
		return;
	cold->clock = clock;
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_CLOCK_KNOWN, cold->attempt.mode);
	event.u.clock = clock;
	emit(cold, &event);
}

/* ---- the end of an attempt ---- */

static void finish_attempt(void *user)
{
	struct sw_cold *cold = user;
	struct sw_attempt_result result;
	struct sw_cold_facts *facts = &cold->facts;
	if (cold->is_asking || (cold->life && !cold->is_gone))
		return;
	facts->end_ns = sw_clock_ns();
	if (cold->life) {
		facts->stamps = *sw_lifecycle_stamps(cold->life);
		facts->exit_code = sw_lifecycle_exit_code(cold->life);
		(void)sw_text_copy(facts->id, sizeof facts->id, sw_lifecycle_id(cold->life));
	}
	sw_cold_result(&cold->options, facts, &result);
	learn_clock(cold);
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
	sw_loop_defer(cold->options.loop, &cold->later, finish_attempt, cold);
}

/* What the code did stands: a container that stays is told, not charged to the code. */
static void emit_left_behind(struct sw_cold *cold, const struct sw_error *error)
{
	struct sw_error told = *error;
	sw_error_wrap(&told, "a container stays behind (`sandwatch clean` removes it)");
	emit_note(cold, told.message);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	sw_loop_disarm(cold->options.loop, &cold->deadline);
	cold->is_gone = true;
	if (error) {
		emit_left_behind(cold, error);
	} else if (sw_lifecycle_id(cold->life)[0]) {
		emit_it(cold, SW_EVENT_CONTAINER_REMOVED, SW_PHASE_REMOVE);
	}
	finish_attempt(cold);
}

/* ---- what may have to be asked before the removal takes the answer away ---- */

static void on_asked(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	cold->is_asking = false;
	if (!error) {
		cold->facts.is_oom = state->oom_killed;
		if (cold->facts.has_failed && (state->exit_code == 126 || state->exit_code == 127))
			cold->facts.refused_code = state->exit_code;
	}
	if (cold->is_gone)
		finish_attempt(cold);
	else
		sw_lifecycle_remove(cold->life);
}

static bool must_ask(const struct sw_cold *cold, const struct sw_error *error)
{
	if (!error)
		return sw_lifecycle_exit_code(cold->life) == 137;
	/* A start that is refused because of the command is the command's failure, not the engine's. */
	return error->code == SW_ERR_REFUSED && !cold->options.task->strategy &&
	       sw_lifecycle_state(cold->life) == SW_LIFE_STARTING;
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	cold->facts.has_ended = error == NULL;
	if (error) {
		cold->facts.has_failed = true;
		cold->facts.life_error = *error;
		cold->facts.is_missing_image = error->code == SW_ERR_NOT_FOUND &&
		                               sw_lifecycle_state(cold->life) == SW_LIFE_CREATING;
	}
	if (!must_ask(cold, error)) {
		sw_lifecycle_remove(cold->life);
		return;
	}
	cold->is_asking = true;
	sw_api_container_state(cold->api, sw_lifecycle_id(cold->life), engine_timeout_ns, on_asked, cold);
}

/* ---- while it runs ---- */

static void inner_begins(struct sw_cold *cold, enum sw_phase phase)
{
	if (phase <= cold->inner || cold->has_exit_event ||
	    sw_lifecycle_state(cold->life) >= SW_LIFE_REMOVING)
		return;
	cold->inner = phase;
	emit_phase(cold, phase);
}

/* As far as can be told from outside. A worker says itself when it has booted; a command has no phases
 * of its own, and without a shim all that tells of its beginning may be the start's answer. */
static void tell_inner(struct sw_cold *cold)
{
	const struct sw_cold_facts *facts = &cold->facts;
	bool is_running = sw_lifecycle_state(cold->life) == SW_LIFE_RUNNING;
	if (!cold->options.task->strategy) {
		if (facts->first_byte_ns || (is_running && cold->options.shim == SW_SHIM_NONE))
			inner_begins(cold, SW_PHASE_EXECUTE);
		return;
	}
	if (is_running || facts->report.init_ns || facts->report.hints)
		inner_begins(cold, SW_PHASE_BOOT);
	for (int phase = SW_PHASE_IMPORTS; phase <= SW_PHASE_EXECUTE; phase++)
		if (facts->report.hints & 1u << phase)
			inner_begins(cold, (enum sw_phase)phase);
}

static void on_deadline(void *user);

/* The limit is the code's own: it counts from the first sign that the code runs, which is the start's
 * answer or a byte of output. Until then the engine's patience, each request's deadline, counts. */
static void begin_limit(struct sw_cold *cold)
{
	int64_t due_ns = sw_clock_ns() + cold->options.mode->sandbox.timeout_ns;
	if (cold->deadline.slot)
		return;
	if (sw_loop_arm(cold->options.loop, &cold->deadline, due_ns, on_deadline, cold) < 0)
		on_deadline(cold); /* an attempt without a deadline is not to be */
}

static void on_deadline(void *user)
{
	struct sw_cold *cold = user;
	if (!cold->facts.has_ended && !cold->facts.has_failed)
		cold->facts.is_timed_out = true;
	sw_lifecycle_remove(cold->life);
}

static void on_entered(void *user, enum sw_life state)
{
	struct sw_cold *cold = user;
	switch (state) {
	case SW_LIFE_CREATING:
		emit_phase(cold, SW_PHASE_CREATE);
		break;
	case SW_LIFE_UPLOADING:
		emit_it(cold, SW_EVENT_CONTAINER_CREATED, SW_PHASE_CREATE);
		break;
	case SW_LIFE_ATTACHING:
		if (cold->options.shim != SW_SHIM_UPLOADED)
			emit_it(cold, SW_EVENT_CONTAINER_CREATED, SW_PHASE_CREATE);
		emit_phase(cold, SW_PHASE_ATTACH);
		break;
	case SW_LIFE_STARTING:
		emit_phase(cold, SW_PHASE_START);
		break;
	case SW_LIFE_RUNNING:
		begin_limit(cold);
		tell_inner(cold);
		break;
	case SW_LIFE_REMOVING:
		emit_phase(cold, sw_lifecycle_stamps(cold->life)->kill_ns ? SW_PHASE_STOP : SW_PHASE_REMOVE);
		break;
	case SW_LIFE_IDLE:
	case SW_LIFE_EXITED:
	case SW_LIFE_GONE:
	case SW_LIFE_COUNT:
		break;
	}
}

static void exit_begins(struct sw_cold *cold)
{
	if (cold->has_exit_event)
		return;
	cold->has_exit_event = true;
	emit_phase(cold, SW_PHASE_EXIT);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_cold *cold = user;
	struct sw_cold_facts *facts = &cold->facts;
	struct sw_worker_reader *reader = stream == SW_STREAM_STDERR ? &facts->err : &facts->out;
	if (stream == SW_STREAM_STDIN)
		return;
	if (!facts->first_byte_ns) {
		facts->first_byte_ns = sw_clock_ns();
		begin_limit(cold);
	}
	int taken = sw_worker_reader_feed(reader, bytes, len, &facts->report);
	tell_inner(cold);
	if (!taken)
		return;
	if ((facts->report.has_result || facts->report.garbage) && !facts->result_ns) {
		facts->result_ns = sw_clock_ns();
		exit_begins(cold);
	}
	if (facts->report.has_exit && !facts->exit_ns) {
		facts->exit_ns = sw_clock_ns();
		exit_begins(cold);
	}
}

/* ---- the container to be made ---- */

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*: the engine's rule for names. */
static void container_name(const struct sw_cold *cold, char *dst, size_t size)
{
	const struct sw_attempt *attempt = &cold->attempt;
	(void)snprintf(dst, size, "sandwatch-%.32s-%.64s-%s%lld-%d", cold->options.session_id,
	               cold->options.mode->name, attempt->warmup ? "w" : "",
	               (long long)attempt->iteration, attempt->number);
	for (char *p = dst; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			*p = '_';
}

static const char *shim_path(enum sw_shim shim)
{
	if (shim == SW_SHIM_NONE)
		return NULL;
	return shim == SW_SHIM_BAKED ? "/sandwatch/shim" : "/sandwatch-shim";
}

static int build_body(const struct sw_cold *cold, struct sw_buf *body, struct sw_error *err)
{
	char token[64];
	const char *env[] = {token, NULL};
	const struct sw_task *task = cold->options.task;
	const char *const *command = (const char *const *)task->command;
	const char *entrypoint[] = {shim_path(cold->options.shim), NULL};
	struct sw_api_create create = {
		.sandbox = &cold->options.mode->sandbox,
		.seccomp_json = cold->seccomp.len ? cold->seccomp.data : NULL,
		.env = env, .labels = cold->labels, .open_stdin = task->strategy != NULL,
		.is_podman = cold->options.is_podman,
	};
	(void)snprintf(token, sizeof token, "SANDWATCH_TOKEN=%s", cold->attempt.token);
	if (!task->strategy && entrypoint[0]) {
		create.entrypoint = entrypoint;
		create.command = command;
	} else if (!task->strategy) {
		/* The command's first word: an empty list would mean the image's own to some engines. */
		entrypoint[0] = command[0];
		create.entrypoint = entrypoint;
		create.command = command + 1;
	}
	if (sw_api_create_body(&create, body) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot describe the container");
	return 0;
}

static int hand_over_job(struct sw_cold *cold, struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf job = {0};
	if (!cold->options.task->strategy)
		return 0; /* a command reads nothing: it has no stdin */
	if (sw_worker_job(&job, cold->options.task, &cold->attempt,
	                  &(struct sw_job_options){.once = true}) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot write the job");
	if (sw_lifecycle_write(cold->life, job.data, job.len, err) < 0)
		return -1;
	sw_lifecycle_end_input(cold->life);
	return 0;
}

static int begin(struct sw_cold *cold, struct sw_error *err)
{
	const struct sw_cold_options *options = &cold->options;
	SW_CLEANUP(buf) struct sw_buf body = {0};
	char name[192];
	if (cold->profile_failed) {
		*err = cold->profile_error;
		return -1;
	}
	container_name(cold, name, sizeof name);
	if (build_body(cold, &body, err) < 0)
		return -1;
	bool uploads = options->shim == SW_SHIM_UPLOADED;
	struct sw_life_options life = {
		.name = name, .body = body.data, .with_stdin = options->task->strategy != NULL,
		.upload = uploads ? options->shim_tar : NULL, .upload_len = options->shim_tar_len,
		.engine_timeout_ns = engine_timeout_ns,
	};
	struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, cold};
	if (sw_lifecycle_start(options->loop, cold->api, &life, &handlers, &cold->life, err) < 0)
		return -1;
	if (hand_over_job(cold, err) < 0) {
		cold->facts.has_failed = true;
		cold->facts.life_error = *err;
		sw_lifecycle_remove(cold->life);
	}
	return 0;
}

/* ---- an attempt begins ---- */

static void on_pinged_late(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	struct sw_error why;
	cold->is_asking = false;
	if (error) {
		sw_error_set(&why, error->code, 0, "%s",
		             cold->options.engine_error ? cold->options.engine_error : error->message);
		fail_later(cold, &why);
		return;
	}
	cold->has_version = true;
	if (cold->facts.is_cancelled)
		finish_attempt(cold);
	else if (begin(cold, &why) < 0)
		fail_later(cold, &why);
}

void sw_cold_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                       sw_attempt_done_fn done, void *user)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	struct sw_error err;
	cold->facts = (struct sw_cold_facts){.start_ns = sw_clock_ns(), .exit_code = -1};
	cold->attempt = *attempt;
	cold->done = done;
	cold->user = user;
	cold->is_busy = true;
	cold->is_gone = cold->is_asking = cold->has_exit_event = false;
	cold->inner = SW_PHASE_PULL;
	sw_worker_report_init(&cold->facts.report);
	sw_worker_reader_init(&cold->facts.out, cold->attempt.token);
	sw_worker_reader_init(&cold->facts.err, cold->attempt.token);
	cold->facts.out.takes_hints = cold->options.task->strategy != NULL; /* the worker's result channel */
	if (!cold->http) {
		sw_error_set(&err, SW_ERR_NO_ENGINE, 0, "%s", cold->options.engine_error
		             ? cold->options.engine_error : "there is no container engine");
		fail_later(cold, &err);
	} else if (!cold->has_version) {
		/* None answered when the session began; one may have come since. */
		cold->is_asking = true;
		sw_api_ping(cold->api, ping_timeout_ns, on_pinged_late, cold);
	} else if (begin(cold, &err) < 0) {
		fail_later(cold, &err);
	}
}

void sw_cold_cancel(struct sw_runner *runner)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	if (!cold->is_busy)
		return;
	if (!cold->facts.has_ended && !cold->facts.has_failed && !cold->facts.is_timed_out)
		cold->facts.is_cancelled = true;
	if (cold->life && !cold->is_gone)
		sw_lifecycle_remove(cold->life);
}
