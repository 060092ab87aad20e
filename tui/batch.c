#include "tui/batch.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/signals.h"
#include "tui/live.h"
#include "tui/progress.h"
#include "tui/results.h"

enum { ASKED_MAX = 3 };

struct batch {
	const struct sw_setup *setup;
	const struct sw_batch_options *options;
	struct sw_loop *loop;
	struct sw_live *live;
	struct sw_progress progress;
	struct sw_timer tick;
	int asked; /* how often an end was asked for */
	bool failed;
};

static void say(struct batch *batch, const char *text)
{
	sw_progress_clear(&batch->progress);
	fprintf(stderr, "sandwatch: %s\n", text);
}

static void say_result(void *user, const char *text)
{
	say(user, text);
}

static struct sw_results results_of(struct batch *batch)
{
	return (struct sw_results){
		.run = &batch->setup->run,
		.export_path = batch->options->export_path,
		.report_path = batch->options->report_path,
		.quiet = batch->options->quiet,
		.say = say_result,
		.user = batch,
	};
}

/* ---- the session ---- */

static void applied(void *user, const struct sw_event *event)
{
	struct batch *batch = user;
	if (event->kind == SW_EVENT_NOTE && !batch->options->quiet)
		say(batch, event->u.end.text);
	if (event->kind == SW_EVENT_ITERATION_FINISHED && !batch->asked)
		sw_progress_show(&batch->progress, sw_live_session(batch->live), sw_clock_ns());
}

static void ended(void *user, const struct sw_error *error)
{
	struct batch *batch = user;
	if (error) {
		say(batch, error->message);
		batch->failed = true;
	}
	sw_loop_stop(batch->loop);
}

static void tick(void *user)
{
	struct batch *batch = user;
	int64_t now = sw_clock_ns();
	sw_live_drain(batch->live);
	if (!batch->asked)
		sw_progress_show(&batch->progress, sw_live_session(batch->live), now);
	sw_loop_arm(batch->loop, &batch->tick, now + 1000000000, tick, batch);
}

static void snapshot_now(struct batch *batch)
{
	struct sw_results results = results_of(batch);
	if (sw_results_snapshot(&results, sw_live_session(batch->live)) == 0 && !batch->options->quiet)
		say(batch, "snapshot written to the run's folder");
}

/* The first time all is removed; an engine that hangs may make that long, so who insists may go. */
static void end_asked(struct batch *batch)
{
	static const char *const words[ASKED_MAX] = {
		"stopping: removing what runs, then writing what was measured",
		"still removing what runs; once more leaves it behind",
		"left behind what runs: `sandwatch clean` removes it",
	};
	if (batch->asked >= ASKED_MAX)
		return;
	if (!batch->options->quiet || batch->asked > 0)
		say(batch, words[batch->asked]);
	batch->asked++;
	if (batch->asked == ASKED_MAX) {
		sw_live_abandon(batch->live, words[ASKED_MAX - 1]);
		sw_loop_stop(batch->loop);
	} else {
		sw_live_stop(batch->live);
	}
}

static void on_signal(void *user, int fd, unsigned events)
{
	struct batch *batch = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGUSR1) {
			snapshot_now(batch);
			continue;
		}
		end_asked(batch);
	}
}

/* Stopped and continued (Ctrl-Z, fg): no figure may hold the time between. */
static void on_continued(void *user, int fd, unsigned events)
{
	struct batch *batch = user;
	struct signalfd_siginfo info;
	(void)events;
	sw_live_drop_iteration(batch->live);
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		continue;
	if (!batch->options->quiet)
		say(batch, "was stopped for a while: what was running is measured anew");
}

static int watch_signals(struct batch *batch, struct sw_error *err)
{
	const struct sw_signals *signals = batch->options->signals;
	if (signals->continue_fd >= 0 &&
	    sw_loop_watch(batch->loop, signals->continue_fd, SW_LOOP_READ, on_continued, batch, err) < 0)
		return -1;
	if (sw_loop_watch(batch->loop, signals->end_fd, SW_LOOP_READ, on_signal, batch, err) < 0)
		return -1;
	return sw_loop_watch(batch->loop, signals->snapshot_fd, SW_LOOP_READ, on_signal, batch, err);
}

static int run(struct batch *batch, struct sw_error *err)
{
	struct sw_live_handlers handlers = {applied, ended, batch};
	if (sw_loop_new(&batch->loop, err) < 0 || watch_signals(batch, err) < 0 ||
	    sw_live_start(batch->loop, batch->setup, &handlers, &batch->live, err) < 0)
		return -1;
	tick(batch);
	return sw_loop_run(batch->loop, err);
}

static int exit_code(const struct batch *batch)
{
	if (batch->failed)
		return SW_EXIT_FAILED;
	if (batch->asked)
		return SW_EXIT_INTERRUPTED;
	return sw_results_exit_code(sw_live_session(batch->live));
}

static void say_how_to_go_on(struct batch *batch)
{
	const struct sw_session *session = sw_live_session(batch->live);
	char text[SW_PATH_MAX + 64];
	if (batch->options->quiet || !session->started || session->state == SW_STATE_DONE)
		return;
	sw_resume_hint(&batch->setup->run, batch->setup->paths.state, text, sizeof text);
	say(batch, text);
}

int sw_batch_run(const struct sw_setup *setup, const struct sw_batch_options *options)
{
	struct batch batch = {.setup = setup, .options = options};
	struct sw_error err;
	int code = SW_EXIT_FAILED;
	sw_progress_init(&batch.progress, options->quiet);
	if (run(&batch, &err) < 0) {
		say(&batch, err.message);
	} else {
		sw_progress_clear(&batch.progress);
		struct sw_results results = results_of(&batch);
		if (sw_results_write(&results, sw_live_session(batch.live), ~0u) < 0)
			batch.failed = true;
		code = exit_code(&batch);
		say_how_to_go_on(&batch);
	}
	/* What still runs is not to be waited for, and nothing of it may be freed. */
	if (batch.asked == ASKED_MAX) {
		(void)fflush(stdout);
		_exit(code);
	}
	sw_live_free(batch.live);
	sw_loop_free(batch.loop);
	return code;
}
