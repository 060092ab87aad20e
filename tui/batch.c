#include "tui/batch.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/figures.h"
#include "core/file.h"
#include "core/loop.h"
#include "core/report.h"
#include "core/signals.h"
#include "core/snapshot.h"
#include "core/text.h"
#include "tui/live.h"
#include "tui/progress.h"

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

/* ---- results ---- */

static int write_text(struct batch *batch, const char *path, const struct sw_buf *text)
{
	struct sw_error err;
	if (strcmp(path, "-") == 0) {
		if (fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
			return 0;
		sw_error_set(&err, SW_ERR_IO, errno, "cannot write to stdout");
	} else if (sw_file_write(path, text->data, text->len, &err) == 0) {
		return 0;
	}
	say(batch, err.message);
	return -1;
}

static int write_snapshot(struct batch *batch, const struct sw_figures *figures, const char *path)
{
	char now[32];
	struct sw_buf text = {0};
	sw_paths_now(now);
	int status = -1;
	if (sw_snapshot_write(figures, now, &text) == 0)
		status = write_text(batch, path, &text);
	sw_buf_done(&text);
	return status;
}

static int write_report(struct batch *batch, const struct sw_figures *figures)
{
	char now[32];
	struct sw_buf text = {0};
	const struct sw_run_paths *run = &batch->setup->run;
	struct sw_report_files files = {run->journal, run->snapshot, run->config,
	                                batch->options->export_path, batch->options->report_path};
	sw_paths_now(now);
	int status = -1;
	if (sw_report_markdown(figures, &files, now, &text) == 0)
		status = write_text(batch, batch->options->report_path, &text);
	sw_buf_done(&text);
	return status;
}

static void print_summary(struct batch *batch, const struct sw_figures *figures)
{
	const char *export = batch->options->export_path;
	/* A snapshot or report on stdout is for a program: the tables then go where people read. */
	bool taken = (export && strcmp(export, "-") == 0) ||
	             (batch->options->report_path && strcmp(batch->options->report_path, "-") == 0);
	FILE *out = taken ? stderr : stdout;
	struct sw_console console = sw_console_of(fileno(out));
	int width = console.width ? console.width : 100;
	struct sw_buf text = {0};
	if (sw_report_summary(figures, width < 60 ? 60 : width, !console.unicode, &text) == 0)
		fwrite(text.data, 1, text.len, out);
	/* A reader that has seen enough (| head) is no failure; anything else shows in the exit code. */
	if (fflush(out) == EOF && errno == EPIPE)
		clearerr(out);
	sw_buf_done(&text);
}

/* Quiet or not: a sandbox that was not used must not look like one that was. */
static void warn_of_fallbacks(struct batch *batch, const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		char text[SW_TEXT_MAX];
		if (!mode->fell_back)
			continue;
		snprintf(text, sizeof text, "%llu of %llu iterations of %s ran on the host instead: %.300s",
		         (unsigned long long)mode->fell_back, (unsigned long long)mode->done,
		         mode->info.name, mode->last_error);
		say(batch, text);
	}
}

static void print_folder(const char *dir)
{
	char text[SW_PATH_MAX];
	(void)sw_text_clean(text, sizeof text, dir, strlen(dir));
	fprintf(stderr, "  recorded   %s\n", text);
}

static struct sw_figures *compute(struct batch *batch)
{
	struct sw_figures *figures = malloc(sizeof *figures);
	if (figures && sw_figures_compute(sw_live_session(batch->live), figures) == 0)
		return figures;
	free(figures);
	say(batch, "out of memory: no figures");
	return NULL;
}

static void write_results(struct batch *batch)
{
	const struct sw_batch_options *options = batch->options;
	SW_CLEANUP(free) struct sw_figures *figures = compute(batch);
	if (!figures) {
		batch->failed = true;
		return;
	}
	if (!options->quiet)
		print_summary(batch, figures);
	else
		warn_of_fallbacks(batch, sw_live_session(batch->live));
	/* Each on its own: a full disk here says nothing of the one there. */
	bool recorded = write_snapshot(batch, figures, batch->setup->run.snapshot) == 0;
	if (!recorded)
		batch->failed = true;
	if (options->export_path && write_snapshot(batch, figures, options->export_path) < 0)
		batch->failed = true;
	if (options->report_path && write_report(batch, figures) < 0)
		batch->failed = true;
	if (!options->quiet && recorded)
		print_folder(batch->setup->run.dir);
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
	SW_CLEANUP(free) struct sw_figures *figures = compute(batch);
	if (figures && write_snapshot(batch, figures, batch->setup->run.snapshot) == 0 &&
	    !batch->options->quiet)
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

static int watch_signals(struct batch *batch, struct sw_error *err)
{
	const struct sw_signals *signals = batch->options->signals;
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

/* Every sandbox iteration that ended did so for want of an engine, and nothing stood in for it. */
static bool had_no_engine(const struct sw_session *session)
{
	uint64_t done = 0, engine = 0;
	for (int i = 0; i < session->n_modes; i++) {
		if (session->modes[i]->info.kind == SW_KIND_HOST)
			continue;
		done += session->modes[i]->done;
		engine += session->modes[i]->outcomes[SW_OUTCOME_ENGINE];
	}
	return done && engine == done;
}

static int exit_code(const struct batch *batch)
{
	if (batch->failed)
		return SW_EXIT_FAILED;
	if (batch->asked)
		return SW_EXIT_INTERRUPTED;
	return had_no_engine(sw_live_session(batch->live)) ? SW_EXIT_NO_ENGINE : SW_EXIT_DONE;
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
		write_results(&batch);
		code = exit_code(&batch);
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
