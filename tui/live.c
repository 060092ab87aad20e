#include "tui/live.h"

#include <errno.h>
#include <stdatomic.h>

#include "core/error.h"
#include "core/journal_read.h"
#include "core/loop.h"
#include "core/pages.h"
#include "core/recorder.h"
#include "core/scheduler.h"
#include "core/signals.h"
#include "core/standing.h"
#include "core/text.h"
#include "docker/chaos.h"
#include "docker/reaper.h"
#include "tui/runners.h"

enum pause { PAUSE_NONE, PAUSE_AFTER, PAUSE_DROP };

/* How long a program that is told to leave at once waits for its last line to be on disk. */
static const int64_t abandon_ns = 5000000000;

struct sw_live {
	const struct sw_setup *setup;
	struct sw_live_handlers handlers;
	struct sw_loop *main_loop;
	struct sw_recorder *recorder;
	struct sw_session *session;
	struct sw_event taken, last; /* reused by the main thread */
	bool ended;
	const char *why_resumed; /* NULL: this process began it */
	pthread_t thread;
	int64_t origin_ns;
	/* Between the threads. */
	atomic_uint_fast64_t acked;
	atomic_bool stop, drop;
	atomic_llong cancel; /* the iteration to cancel, as iteration_key has it; 0: none */
	atomic_int pause;    /* enum pause */
	/* The measuring thread's. */
	struct sw_loop *loop;
	struct sw_scheduler *scheduler;
	struct sw_chaos *chaos; /* NULL: the plan has no faults */
	struct sw_runners runners;
	struct sw_standing standing;
	sw_runner_ready_fn may_finish; /* asked for by the scheduler, before the runners' finish */
	void *may_finish_user;
	bool is_cleaned_up;
	struct sw_event out; /* reused by the thread */
	struct sw_error thread_error;
};

/* ---- measuring thread ---- */

static void push(void *user, struct sw_event *event)
{
	struct sw_live *live = user;
	sw_standing_take(&live->standing, event);
	sw_recorder_push(live->recorder, event);
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

static int restore_event(void *user, const struct sw_event *event)
{
	struct sw_live *live = user;
	sw_scheduler_restore(live->scheduler, event);
	return 0;
}

static const char *why_resumed(const struct sw_session *session)
{
	return session->state == SW_STATE_RUNNING ? "its process had died" : "it had been stopped";
}

/* What the process before recorded, and that another goes on. */
static int restore(struct sw_live *live)
{
	struct sw_journal_stats stats;
	struct sw_event *event = &live->out;
	if (sw_journal_read(live->setup->run.journal, restore_event, live, &stats, &live->thread_error) < 0)
		return -1;
	sw_event_init(event, SW_EVENT_SESSION_RESUMED, -1);
	sw_paths_now(event->u.resumption.at);
	sw_text_copy(event->u.resumption.text, sizeof event->u.resumption.text, live->why_resumed);
	push(live, event);
	return 0;
}

static void emit_note(struct sw_live *live, const char *text)
{
	sw_event_init(&live->out, SW_EVENT_NOTE, -1);
	sw_text_copy(live->out.u.end.text, sizeof live->out.u.end.text, text);
	push(live, &live->out);
}

/* Modes with the same image have the same to say of it. */
static bool is_said(const struct sw_setup *setup, int mode)
{
	for (int i = 0; i < mode; i++)
		if (strcmp(setup->image_errors[i], setup->image_errors[mode]) == 0)
			return true;
	return false;
}

static void emit_setup_notes(struct sw_live *live)
{
	const struct sw_setup *setup = live->setup;
	char text[SW_TEXT_MAX];
	for (int i = 0; i < setup->plan.n_modes; i++) {
		bool container = setup->plan.modes[i].kind != SW_KIND_HOST && setup->has_engine;
		if (*setup->image_errors[i] && !is_said(setup, i))
			emit_note(live, setup->image_errors[i]);
		if (live->why_resumed || !container || *setup->image_errors[i] || setup->shims[i] == SW_SHIM_BAKED)
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

static void scheduler_done(void *user, enum sw_state state)
{
	struct sw_live *live = user;
	(void)state;
	sw_loop_stop(live->loop);
}

static void thread_woken(void *user)
{
	struct sw_live *live = user;
	if (atomic_load(&live->stop)) {
		if (live->chaos)
			sw_chaos_calm(live->chaos);
		sw_scheduler_stop(live->scheduler, SW_STATE_INTERRUPTED, "stopped by the user");
	}
	sw_scheduler_acked(live->scheduler, atomic_load(&live->acked));
	int64_t key = atomic_exchange(&live->cancel, 0);
	if (key)
		sw_scheduler_cancel_iteration(live->scheduler, key);
	if (atomic_exchange(&live->drop, false)) {
		/* A pause that is over at once: what it drops is run anew. */
		sw_scheduler_pause(live->scheduler, true);
		sw_scheduler_resume(live->scheduler);
	}
	int pause = atomic_load(&live->pause);
	if (pause == PAUSE_NONE)
		sw_scheduler_resume(live->scheduler);
	else
		sw_scheduler_pause(live->scheduler, pause == PAUSE_DROP);
}

/* The attempt's end may be seen here before the main thread has seen the SIGCONT: whoever reads that
 * one calls sw_live_drop_iteration first, so at no moment neither of the two tells. */
static bool disturbed(void *user)
{
	struct sw_live *live = user;
	bool told = atomic_exchange(&live->drop, false);
	return told || sw_signals_continue_pending();
}

static void disk_full(void *user)
{
	struct sw_live *live = user;
	sw_recorder_fill_disk(live->recorder);
}

static int start_chaos(struct sw_live *live)
{
	const struct sw_setup *setup = live->setup;
	struct sw_chaos_options options = {
		.loop = live->loop,
		.plan = &setup->plan,
		.engine = &setup->engine,
		.state_dir = setup->paths.state,
		.session_id = setup->run.id,
		.dir = setup->run.dir,
		.is_resumed = live->why_resumed != NULL,
		.sink = {push, live},
		.disk_full = disk_full,
		.user = live,
	};
	return setup->plan.n_chaos ? sw_chaos_new(&options, &live->chaos, &live->thread_error) : 0;
}

static void attempt_begins(void *user, int slot, const struct sw_attempt *attempt)
{
	struct sw_live *live = user;
	sw_chaos_attempt_begins(live->chaos, slot, attempt);
}

static void attempt_ended(void *user, int slot, const struct sw_attempt *attempt)
{
	struct sw_live *live = user;
	sw_chaos_attempt_ended(live->chaos, slot, attempt);
}

static void stays(void *user, const char *container_id)
{
	struct sw_live *live = user;
	sw_standing_keep(&live->standing, container_id);
}

static const char *containers(int n)
{
	return n == 1 ? "container" : "containers";
}

/* An engine that was down as a container was to be removed has kept it; and a process that was resumed
 * may have died with a create on its way, which came through after the first look. */
static void remove_what_stays(struct sw_live *live)
{
	const struct sw_setup *setup = live->setup;
	const struct sw_reaper_session session = {setup->run.id, SW_REAPER_PATIENCE_NS, stays, live};
	const struct sw_sink sink = {push, live};
	struct sw_reaped reaped = {.removed = 0};
	struct sw_error err;
	char text[SW_TEXT_MAX];
	if (!setup->has_engine)
		return;
	int status = sw_reaper_clean_session(&setup->engine, &session, &reaped, &err);
	int gone = status == 0 ? sw_standing_tell_gone(&live->standing, &sink, &live->out) : 0;
	if (status < 0)
		(void)snprintf(text, sizeof text,
		               "cannot ask the engine whether containers stay behind (`sandwatch clean` "
		               "removes them): %.300s", err.message);
	else if (reaped.failed)
		(void)snprintf(text, sizeof text, "%d %s behind (`sandwatch clean` removes them): %.300s",
		               reaped.failed, reaped.failed == 1 ? "container stays" : "containers stay",
		               reaped.why.message);
	else if (reaped.removed)
		(void)snprintf(text, sizeof text, "removed %d %s that stayed behind before",
		               reaped.removed, containers(reaped.removed));
	else if (gone)
		(void)snprintf(text, sizeof text, "%d %s whose removal got no answer %s gone", gone,
		               containers(gone), gone == 1 ? "is" : "are");
	else
		return;
	emit_note(live, text);
}

/* ---- the end ---- */

static void calmed(void *user)
{
	struct sw_live *live = user;
	live->may_finish(live->may_finish_user, NULL);
}

static void before_finish(void *user, sw_runner_ready_fn ready, void *ready_user)
{
	struct sw_live *live = user;
	live->may_finish = ready;
	live->may_finish_user = ready_user;
	if (live->chaos)
		sw_chaos_settle(live->chaos, calmed, live);
	else
		calmed(live);
}

/* What there is to tell yet comes before session_finished: who watches the journal leaves with that one. */
static void clean_up(void *user)
{
	struct sw_live *live = user;
	sw_chaos_free(live->chaos);
	live->chaos = NULL;
	if (!live->is_cleaned_up)
		remove_what_stays(live);
	live->is_cleaned_up = true;
}

static int measure(struct sw_live *live)
{
	if (start_chaos(live) < 0)
		return -1;
	struct sw_runners_options wanted = {
		.setup = live->setup,
		.loop = live->loop,
		.origin_ns = live->origin_ns,
		.chaos = live->chaos,
		.sink = {push, live},
	};
	if (sw_runners_make(&wanted, &live->runners, &live->thread_error) < 0)
		return -1;
	struct sw_scheduler_options options = {
		.loop = live->loop,
		.plan = &live->setup->plan,
		.fallbacks = live->runners.has_fallback ? live->runners.fallbacks : NULL,
		.sink = {push, live},
		.origin_ns = live->origin_ns,
		.disturbed = disturbed,
		.attempt_begins = live->chaos ? attempt_begins : NULL,
		.attempt_ended = live->chaos ? attempt_ended : NULL,
		.before_finish = before_finish,
		.before_end = clean_up,
		.done = scheduler_done,
		.user = live,
	};
	for (int i = 0; i < live->setup->plan.n_modes; i++)
		options.runners[i] = live->runners.modes[i];
	if (sw_scheduler_new(&options, &live->scheduler, &live->thread_error) < 0)
		return -1;
	if (live->why_resumed && restore(live) < 0)
		return -1;
	if (!live->why_resumed)
		emit_plan(live);
	emit_setup_notes(live);
	sw_loop_on_wake(live->loop, thread_woken, live);
	sw_scheduler_start(live->scheduler);
	return sw_loop_run(live->loop, &live->thread_error);
}

static void *thread_main(void *user)
{
	struct sw_live *live = user;
	if (measure(live) == 0)
		live->thread_error.code = SW_OK;
	sw_scheduler_free(live->scheduler);
	live->scheduler = NULL;
	sw_runners_free(&live->runners);
	clean_up(live); /* of what failed on its way */
	sw_standing_done(&live->standing);
	sw_recorder_close(live->recorder);
	return NULL;
}

/* ---- recorder's thread ---- */

static void acknowledged(void *user, uint64_t seq)
{
	struct sw_live *live = user;
	atomic_store(&live->acked, seq);
	sw_loop_wake(live->loop);
}

/* What cannot be recorded is not measured any further. */
static void recording_failed(void *user)
{
	sw_live_stop(user);
}

/* ---- main thread ---- */

static void apply(struct sw_live *live, const struct sw_event *event)
{
	if (sw_session_apply(live->session, event) == 0)
		live->handlers.applied(live->handlers.user, event);
}

/* Figures are folded only once they are on disk: one that was shown is never lost. */
void sw_live_drain(struct sw_live *live)
{
	bool is_lost;
	while (sw_recorder_take(live->recorder, &live->taken, &is_lost))
		if (!is_lost || live->taken.kind != SW_EVENT_ITERATION_FINISHED)
			apply(live, &live->taken);
}

void sw_live_abandon(struct sw_live *live, const char *why)
{
	struct sw_event *end = &live->last;
	sw_live_drain(live);
	/* The thread may have come to its end meanwhile: a session ends once. */
	bool is_over = live->session->state != SW_STATE_RUNNING;
	sw_event_init(end, is_over ? SW_EVENT_NOTE : SW_EVENT_SESSION_FINISHED, -1);
	end->u.end.state = SW_STATE_INTERRUPTED;
	sw_text_copy(end->u.end.text, sizeof end->u.end.text, why);
	sw_recorder_abandon(live->recorder, end, abandon_ns);
	live->ended = true; /* the measuring thread is not waited for */
	sw_live_drain(live);
}

static void woken(void *user)
{
	struct sw_live *live = user;
	bool is_over = sw_recorder_is_over(live->recorder);
	sw_live_drain(live);
	if (!is_over || live->ended)
		return;
	live->ended = true;
	pthread_join(live->thread, NULL);
	const struct sw_error *error = sw_recorder_error(live->recorder);
	if (!error && live->thread_error.code != SW_OK)
		error = &live->thread_error;
	live->handlers.ended(live->handlers.user, error);
}

static int allocate(struct sw_live *live, struct sw_error *err)
{
	struct sw_recorder_options options = {
		.path = live->setup->run.journal,
		.origin_ns = live->origin_ns,
		.viewer = live->main_loop,
		.acknowledged = acknowledged,
		.failed = recording_failed,
		.user = live,
	};
	if (sw_loop_new(&live->loop, err) < 0)
		return -1;
	if (live->why_resumed) {
		options.journal = live->setup->resume->journal;
		options.seq = live->session->last_seq;
		live->setup->resume->journal = NULL;
	} else {
		live->session = sw_session_new();
	}
	if (!live->session)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot start the session");
	return sw_recorder_start(&options, &live->recorder, err);
}

/* Its time goes on from the last event's. */
static void take_over(struct sw_live *live)
{
	live->session = live->setup->resume->session;
	live->setup->resume->session = NULL;
	live->why_resumed = why_resumed(live->session);
	live->origin_ns -= live->session->last_ns;
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
	sw_pages_give_back();
	live->origin_ns = sw_clock_ns();
	if (setup->resume)
		take_over(live);
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

int64_t sw_live_now_ns(const struct sw_live *live)
{
	return sw_clock_ns() - live->origin_ns;
}

void sw_live_stop(struct sw_live *live)
{
	atomic_store(&live->stop, true);
	sw_loop_wake(live->loop);
}

static void set_pause(struct sw_live *live, enum pause pause)
{
	atomic_store(&live->pause, pause);
	sw_loop_wake(live->loop);
}

void sw_live_pause(struct sw_live *live, bool drop_running)
{
	set_pause(live, drop_running ? PAUSE_DROP : PAUSE_AFTER);
}

void sw_live_resume(struct sw_live *live)
{
	set_pause(live, PAUSE_NONE);
}

void sw_live_drop_iteration(struct sw_live *live)
{
	atomic_store(&live->drop, true);
	sw_loop_wake(live->loop);
}

void sw_live_cancel_iteration(struct sw_live *live, int mode, int64_t iteration, bool warmup)
{
	atomic_store(&live->cancel, sw_scheduler_key(mode, iteration, warmup));
	sw_loop_wake(live->loop);
}

void sw_live_free(struct sw_live *live)
{
	if (!live)
		return;
	sw_loop_on_wake(live->main_loop, NULL, NULL);
	sw_recorder_free(live->recorder);
	sw_session_free(live->session);
	sw_loop_free(live->loop);
	free(live);
}
