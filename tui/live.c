#include "tui/live.h"

#include <errno.h>
#include <stdatomic.h>

#include "core/error.h"
#include "core/host_runner.h"
#include "core/journal.h"
#include "core/loop.h"
#include "core/queue.h"
#include "core/scheduler.h"
#include "core/text.h"
#include "docker/cold.h"

/* Events that share one write to disk. */
enum { SW_LIVE_BATCH = 32 };

struct sw_live {
	const struct sw_setup *setup;
	struct sw_live_handlers handlers;
	struct sw_loop *main_loop;
	struct sw_queue *queue;
	struct sw_journal *journal;
	struct sw_session *session;
	struct sw_event batch[SW_LIVE_BATCH];
	bool ended;
	struct sw_error error; /* of the journal; code SW_OK when there is none */
	pthread_t thread;
	/* Between the threads. */
	atomic_uint_fast64_t acked;
	atomic_bool stop, thread_over;
	/* The measuring thread's. */
	struct sw_loop *loop;
	struct sw_scheduler *scheduler;
	struct sw_runner *runners[SW_MODES_MAX], *fallback;
	int64_t origin_ns;
	struct sw_event out; /* reused by the thread */
	struct sw_error thread_error;
};

/* ---- measuring thread ---- */

static void push(void *user, struct sw_event *event)
{
	struct sw_live *live = user;
	sw_queue_push(live->queue, event, live->origin_ns);
}

static void emit_plan(struct sw_live *live)
{
	struct sw_event *event = &live->out;
	struct sw_session_info info;
	struct sw_environment environment;
	sw_setup_describe(live->setup, &info, &environment);
	sw_event_init(event, SW_EVENT_SESSION_STARTED, -1);
	event->u.session = info;
	push(live, event);
	sw_event_init(event, SW_EVENT_ENVIRONMENT, -1);
	event->u.environment = environment;
	push(live, event);
	for (int i = 0; i < live->setup->plan.n_modes; i++) {
		sw_event_init(event, SW_EVENT_MODE_PLANNED, i);
		sw_setup_describe_mode(live->setup, i, &event->u.planned);
		push(live, event);
	}
}

static void emit_note(struct sw_live *live, const char *text)
{
	sw_event_init(&live->out, SW_EVENT_NOTE, -1);
	sw_text_copy(live->out.u.end.text, sizeof live->out.u.end.text, text);
	push(live, &live->out);
}

static void emit_setup_notes(struct sw_live *live)
{
	const struct sw_setup *setup = live->setup;
	char text[SW_TEXT_MAX];
	for (int i = 0; i < setup->plan.n_modes; i++) {
		bool container = setup->plan.modes[i].kind != SW_KIND_HOST && setup->has_engine;
		if (*setup->image_errors[i])
			emit_note(live, setup->image_errors[i]);
		if (!container || *setup->image_errors[i] || setup->shims[i] == SW_SHIM_BAKED)
			continue;
		snprintf(text, sizeof text, "%s: image '%.200s' has no shim%s", setup->plan.modes[i].name,
		         setup->plan.modes[i].sandbox.image,
		         setup->shims[i] == SW_SHIM_NONE
		             ? " and its root is read-only, so none was uploaded: start is measured up to "
		               "the engine's answer, so boot is part of it"
		             : ", so it is uploaded: that takes tens of ms, is part of create and so of "
		               "the overhead; sandwatch's own image has it baked in");
		emit_note(live, text);
	}
}

static int make_host(struct sw_live *live, int64_t timeout_ns, struct sw_runner **out_runner)
{
	const struct sw_setup *setup = live->setup;
	struct sw_host_options options = {
		.loop = live->loop,
		.task = &setup->task,
		.timeout_ns = timeout_ns,
		.worker_argv = setup->worker_argv,
		.worker_env = setup->worker_env,
		.no_worker = setup->no_worker,
		.path_list = getenv("PATH"),
		.sink = {push, live},
	};
	return sw_host_new(&options, out_runner, &live->thread_error);
}

static int make_cold(struct sw_live *live, int mode)
{
	const struct sw_setup *setup = live->setup;
	struct sw_cold_options options = {
		.loop = live->loop,
		.endpoint = setup->engine.endpoint,
		.api_version = setup->has_engine ? setup->engine.api_version : "",
		.engine_error = *setup->engine_error ? setup->engine_error : NULL,
		.mode = &setup->plan.modes[mode],
		.task = &setup->task,
		.session_id = setup->run.id,
		.shim = setup->shims[mode],
		.shim_tar = setup->shim_tar.data,
		.shim_tar_len = setup->shim_tar.len,
		.is_podman = strcmp(setup->engine.info.name, "podman") == 0,
		.sink = {push, live},
	};
	return sw_cold_new(&options, &live->runners[mode], &live->thread_error);
}

/* A host mode's runner serves the fallbacks too; without one, there is a runner just for them. */
static int make_runners(struct sw_live *live)
{
	const struct sw_plan *plan = &live->setup->plan;
	for (int i = 0; i < plan->n_modes; i++) {
		if (plan->modes[i].kind != SW_KIND_HOST) {
			if (make_cold(live, i) < 0)
				return -1;
			continue;
		}
		if (make_host(live, plan->modes[i].sandbox.timeout_ns, &live->runners[i]) < 0)
			return -1;
		if (!live->fallback)
			live->fallback = live->runners[i];
	}
	if (live->fallback || !plan->fallback.enabled || !plan->fallback.on)
		return 0;
	return make_host(live, plan->sandbox.timeout_ns, &live->fallback);
}

static void free_runners(struct sw_live *live)
{
	bool shared = false;
	for (int i = 0; i < live->setup->plan.n_modes; i++) {
		shared |= live->runners[i] == live->fallback;
		if (live->runners[i])
			live->runners[i]->ops->free(live->runners[i]);
	}
	if (live->fallback && !shared)
		live->fallback->ops->free(live->fallback);
}

static void scheduler_done(void *user, enum sw_state state)
{
	struct sw_live *live = user;
	(void)state;
	sw_loop_stop(live->loop);
}

static void thread_woken(void *user)
{
	struct sw_live *live = user;
	if (atomic_load(&live->stop))
		sw_scheduler_stop(live->scheduler, SW_STATE_INTERRUPTED, "stopped by the user");
	sw_scheduler_acked(live->scheduler, atomic_load(&live->acked));
}

static int measure(struct sw_live *live)
{
	if (make_runners(live) < 0)
		return -1;
	struct sw_scheduler_options options = {
		.loop = live->loop,
		.plan = &live->setup->plan,
		.fallback = live->fallback,
		.sink = {push, live},
		.origin_ns = live->origin_ns,
		.done = scheduler_done,
		.user = live,
	};
	memcpy(options.runners, live->runners, sizeof options.runners);
	if (sw_scheduler_new(&options, &live->scheduler, &live->thread_error) < 0)
		return -1;
	emit_plan(live);
	emit_setup_notes(live);
	sw_loop_on_wake(live->loop, thread_woken, live);
	sw_scheduler_start(live->scheduler);
	return sw_loop_run(live->loop, &live->thread_error);
}

static void *thread_main(void *user)
{
	struct sw_live *live = user;
	live->origin_ns = sw_clock_ns();
	if (measure(live) == 0)
		live->thread_error.code = SW_OK;
	sw_scheduler_free(live->scheduler);
	live->scheduler = NULL;
	free_runners(live);
	atomic_store(&live->thread_over, true);
	sw_loop_wake(live->main_loop);
	return NULL;
}

/* ---- main thread ---- */

/* What cannot be recorded is not measured any further. */
static void journal_failed(struct sw_live *live, const struct sw_error *err)
{
	if (live->error.code == SW_OK)
		live->error = *err;
	sw_live_stop(live);
}

static void acknowledge(struct sw_live *live, uint64_t seq)
{
	atomic_store(&live->acked, seq);
	sw_loop_wake(live->loop);
}

/* Events are folded only once they are on disk: a figure that was shown is never lost. */
static void fold(struct sw_live *live, const struct sw_event *batch, int n)
{
	struct sw_error err;
	bool durable = false, failed = live->error.code != SW_OK;
	for (int i = 0; i < n && !failed; i++) {
		durable |= batch[i].kind == SW_EVENT_ITERATION_FINISHED ||
		           batch[i].kind == SW_EVENT_SESSION_FINISHED;
		failed = sw_journal_add(live->journal, &batch[i], &err) < 0;
	}
	if (!failed)
		failed = sw_journal_sync(live->journal, durable, &err) < 0;
	if (failed && live->error.code == SW_OK)
		journal_failed(live, &err);
	for (int i = 0; i < n; i++) {
		bool lost = failed && batch[i].kind == SW_EVENT_ITERATION_FINISHED;
		if (!lost && sw_session_apply(live->session, &batch[i]) == 0)
			live->handlers.applied(live->handlers.user, &batch[i]);
	}
	if (durable || failed)
		acknowledge(live, batch[n - 1].seq);
}

void sw_live_abandon(struct sw_live *live, const char *why)
{
	struct sw_event *end = live->batch;
	sw_live_drain(live);
	sw_event_init(end, SW_EVENT_SESSION_FINISHED, -1);
	end->seq = live->session->last_seq + 1;
	end->t_ns = sw_clock_ns() - live->origin_ns;
	end->u.end.state = SW_STATE_INTERRUPTED;
	sw_text_copy(end->u.end.text, sizeof end->u.end.text, why);
	fold(live, end, 1);
}

void sw_live_drain(struct sw_live *live)
{
	struct sw_event *batch = live->batch;
	int n;
	do {
		n = 0;
		while (n < SW_LIVE_BATCH && sw_queue_pop(live->queue, &batch[n]))
			n++;
		if (n)
			fold(live, batch, n);
	} while (n == SW_LIVE_BATCH);
}

static void woken(void *user)
{
	struct sw_live *live = user;
	bool over = atomic_load(&live->thread_over);
	sw_live_drain(live);
	if (!over || live->ended)
		return;
	live->ended = true;
	pthread_join(live->thread, NULL);
	if (live->error.code == SW_OK && live->thread_error.code != SW_OK)
		live->error = live->thread_error;
	live->handlers.ended(live->handlers.user, live->error.code == SW_OK ? NULL : &live->error);
}

static int allocate(struct sw_live *live, struct sw_error *err)
{
	live->queue = sw_queue_new(live->main_loop);
	live->session = sw_session_new();
	if (!live->queue || !live->session)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot start the session");
	if (sw_loop_new(&live->loop, err) < 0)
		return -1;
	return sw_journal_create(live->setup->run.journal, &live->journal, err);
}

int sw_live_start(struct sw_loop *loop, const struct sw_setup *setup,
                  const struct sw_live_handlers *handlers, struct sw_live **out_live,
                  struct sw_error *err)
{
	struct sw_live *live = calloc(1, sizeof *live);
	if (!live)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot start the session");
	live->setup = setup;
	live->handlers = *handlers;
	live->main_loop = loop;
	int status = allocate(live, err);
	if (status == 0) {
		sw_loop_on_wake(loop, woken, live);
		int failed = pthread_create(&live->thread, NULL, thread_main, live);
		if (failed)
			status =
				sw_error_set(err, SW_ERR_INTERNAL, failed, "cannot start the measuring thread");
	}
	if (status < 0) {
		sw_live_free(live);
		return -1;
	}
	*out_live = live;
	return 0;
}

const struct sw_session *sw_live_session(const struct sw_live *live)
{
	return live->session;
}

void sw_live_stop(struct sw_live *live)
{
	atomic_store(&live->stop, true);
	sw_loop_wake(live->loop);
}

void sw_live_free(struct sw_live *live)
{
	if (!live)
		return;
	sw_loop_on_wake(live->main_loop, NULL, NULL);
	sw_journal_free(live->journal);
	sw_session_free(live->session);
	sw_queue_free(live->queue);
	sw_loop_free(live->loop);
	free(live);
}
