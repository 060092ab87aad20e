#include "tui/screen_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/monitor.h"
#include "tui/live.h"
#include "tui/results.h"
#include "tui/screens/preparing.h"
#include "tui/session_program.h"
#include "tui/setup_thread.h"
#include "tui/steps.h"

enum { ASKED_MAX = 3 };

struct run {
	struct sw_setup *setup;
	const struct sw_cli *cli;
	const struct sw_signals *signals;
	struct sw_loop *loop;
	struct sw_app *app;
	struct sw_preparing preparing;
	struct sw_setup_thread *thread;
	struct sw_session_program *program;
	struct sw_monitor *monitor;
	struct sw_live *live;
	struct sw_error error;     /* what ended it, code SW_OK when nothing did */
	char said[8][SW_TEXT_MAX]; /* to be printed once the terminal is given back */
	int n_said;
	bool leaving;    /* the end of the session is the end of the program */
	bool suspending; /* Ctrl-Z was pressed: once nothing is measured */
	bool user_paused;
	bool ended, failed, stopped_early;
	int asked;
};

static bool is_over(const struct run *run)
{
	return run->live && run->ended;
}

/* On the screen now, and on stderr afterwards: nothing that went wrong is only seen in passing. */
static void say(void *user, const char *text)
{
	struct run *run = user;
	if (!run->app) {
		fprintf(stderr, "sandwatch: %s\n", text);
		return;
	}
	if (run->n_said < (int)(sizeof run->said / sizeof run->said[0]))
		(void)sw_text_clean(run->said[run->n_said++], SW_TEXT_MAX, text, strlen(text));
	sw_app_say(run->app, SW_ROLE_WARNING, "%s", text);
}

static struct sw_results results_of(struct run *run)
{
	return (struct sw_results){
		.run = &run->setup->run,
		.export_path = run->cli->export_path,
		.report_path = run->cli->report_path,
		.quiet = run->cli->quiet,
		.say = say,
		.user = run,
	};
}

static void snapshot_now(struct run *run)
{
	struct sw_results results = results_of(run);
	if (run->live && sw_results_snapshot(&results, sw_live_session(run->live)) == 0)
		sw_app_say(run->app, SW_ROLE_OK, "snapshot written: %s", run->setup->run.snapshot);
}

/* ---- ending ---- */

/* As in a batch: once asks, twice tells, three times leaves behind what hangs. */
static void end_asked(struct run *run)
{
	static const char *const words[ASKED_MAX] = {
		"stopping: removing what runs, then writing what was measured",
		"still removing what runs; Ctrl-C once more leaves it behind",
		"left behind what runs: `sandwatch clean` removes it",
	};
	run->leaving = true;
	if (!run->live || is_over(run)) {
		sw_loop_stop(run->loop);
		return;
	}
	if (run->asked >= ASKED_MAX)
		return;
	sw_app_say(run->app, SW_ROLE_WARNING, "%s", words[run->asked]);
	run->stopped_early = true;
	run->asked++;
	if (run->asked == ASKED_MAX) {
		sw_live_abandon(run->live, words[ASKED_MAX - 1]);
		sw_loop_stop(run->loop);
	} else {
		sw_live_stop(run->live);
	}
}

static void leave_confirmed(void *user)
{
	struct run *run = user;
	run->leaving = true;
	run->stopped_early = true;
	if (is_over(run)) {
		sw_loop_stop(run->loop);
		return;
	}
	sw_app_say(run->app, SW_ROLE_WARNING, "stopping: removing what runs");
	sw_live_stop(run->live);
}

static void stop_confirmed(void *user)
{
	struct run *run = user;
	if (is_over(run))
		return;
	run->stopped_early = true;
	sw_app_say(run->app, SW_ROLE_WARNING, "ending the session: removing what runs");
	sw_live_stop(run->live);
}

static void ask_end(struct run *run, enum sw_action action)
{
	const struct sw_session *session = sw_live_session(run->live);
	char text[200];
	(void)snprintf(text, sizeof text,
	               "%llu of %llu iterations are done. End the session now? What was measured is "
	               "written.",
	               (unsigned long long)sw_session_done(session),
	               (unsigned long long)sw_session_planned(session));
	bool leave = action == SW_ACTION_QUIT;
	struct sw_ask ask = {
		.text = text,
		.yes_word = leave ? "end and leave" : "end",
		.action = action,
		.yes = leave ? leave_confirmed : stop_confirmed,
		.user = run,
	};
	sw_app_ask(run->app, &ask);
}

static void on_end_signal(void *user, int fd, unsigned events)
{
	struct run *run = user;
	struct signalfd_siginfo info;
	(void)events;
	if (!run->live && run->thread) {
		/* The setup sees it, too, as long as nobody reads it; and it ends soon. */
		sw_loop_unwatch(run->loop, fd);
		run->leaving = true;
		sw_app_say(run->app, SW_ROLE_WARNING, "stopping: cleaning up what was half made");
		return;
	}
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		end_asked(run);
}

static void on_snapshot_signal(void *user, int fd, unsigned events)
{
	struct run *run = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		snapshot_now(run);
}

/* ---- the session's source ---- */

static const struct sw_session *source_session(void *user)
{
	const struct run *run = user;
	return sw_live_session(run->live);
}

static int64_t source_now(void *user)
{
	const struct run *run = user;
	return run->ended ? sw_live_session(run->live)->last_ns : sw_live_now_ns(run->live);
}

static void source_refresh(void *user)
{
	struct run *run = user;
	if (!run->ended)
		sw_live_drain(run->live);
}

static void source_head(void *user, struct sw_head *head)
{
	const struct run *run = user;
	const struct sw_session *session = sw_live_session(run->live);
	head->badge = session->paused      ? SW_BADGE_PAUSED
	              : run->stopped_early ? SW_BADGE_STOPPING
	                                   : SW_BADGE_RUNNING;
	if (run->ended)
		head->badge = run->failed          ? SW_BADGE_FAILED
		              : run->stopped_early ? SW_BADGE_INTERRUPTED
		                                   : SW_BADGE_DONE;
	else if ((run->user_paused || run->suspending) && !session->paused)
		(void)sw_text_copy(head->note, sizeof head->note, "pausing");
}

static bool source_moving(void *user)
{
	const struct run *run = user;
	return !run->ended && !sw_live_session(run->live)->paused;
}

static void toggle_pause(struct run *run)
{
	run->user_paused = !run->user_paused;
	if (run->user_paused)
		sw_live_pause(run->live, false);
	else
		sw_live_resume(run->live);
}

static void suspend(struct run *run)
{
	run->suspending = false;
	sw_app_suspend(run->app);
	if (!run->user_paused && run->live && !run->ended)
		sw_live_resume(run->live);
}

/* What is being measured would be measured while it stands still: it is dropped first, and measured
 * anew afterwards. Who presses twice does not want to wait for it. */
static void ask_suspend(struct run *run)
{
	bool idle = !run->live || run->ended || sw_live_session(run->live)->paused;
	if (idle || run->suspending) {
		suspend(run);
		return;
	}
	run->suspending = true;
	sw_live_pause(run->live, true);
}

static void source_act(void *user, enum sw_action action)
{
	struct run *run = user;
	bool running = run->live && !run->ended;
	if (action == SW_ACTION_QUIT && running && !run->stopped_early)
		ask_end(run, action);
	else if (action == SW_ACTION_QUIT && running)
		leave_confirmed(run);
	else if (action == SW_ACTION_QUIT)
		sw_loop_stop(run->loop);
	else if (action == SW_ACTION_SNAPSHOT)
		snapshot_now(run);
	else if (action == SW_ACTION_SUSPEND)
		ask_suspend(run);
	else if (!running || run->stopped_early)
		return;
	else if (action == SW_ACTION_STOP)
		ask_end(run, action);
	else if (action == SW_ACTION_PAUSE)
		toggle_pause(run);
}

static bool source_cancel(void *user, const struct sw_which *which)
{
	struct run *run = user;
	if (!run->live || run->ended || run->stopped_early)
		return false;
	sw_live_cancel_iteration(run->live, which->mode, which->iteration, which->warmup);
	return true;
}

/* Nobody sees it any more, and what runs is removed as after a hangup. */
static void source_gone(void *user)
{
	end_asked(user);
}

/* SIGSTOP and SIGCONT from outside: nobody could prepare for that. */
static void source_continued(void *user)
{
	struct run *run = user;
	if (run->ended || sw_live_session(run->live)->paused)
		return;
	sw_live_drop_iteration(run->live);
	sw_app_say(run->app, SW_ROLE_WARNING,
	           "the program stood still for a while: what was running is measured anew");
}

/* ---- the session ---- */

static void applied(void *user, const struct sw_event *event)
{
	struct run *run = user;
	sw_session_program_applied(run->program, event);
	if (event->kind == SW_EVENT_NOTE)
		say(run, event->u.end.text);
	if (event->kind == SW_EVENT_PAUSED && run->suspending)
		suspend(run);
	sw_app_touch(run->app);
}

static void ended(void *user, const struct sw_error *error)
{
	struct run *run = user;
	struct sw_results results = results_of(run);
	run->ended = true;
	if (error) {
		run->failed = true;
		say(run, error->message);
	}
	if (sw_results_write(&results, sw_live_session(run->live), SW_RESULTS_FILES) < 0)
		run->failed = true;
	sw_app_set_places(run->app, 0);
	if (run->leaving)
		sw_loop_stop(run->loop);
	else if (!run->failed)
		sw_app_say(run->app, SW_ROLE_OK, "%s: %s",
		           run->stopped_early ? "ended early; what was measured is written"
		                              : "all done; snapshot and journal are written",
		           run->setup->run.dir);
}

static void monitored(void *user)
{
	struct run *run = user;
	sw_app_touch(run->app);
}

static int start_session(struct run *run, struct sw_error *err)
{
	struct sw_source source = {
		.places = SW_ON_RUN,
		.session = source_session,
		.now_ns = source_now,
		.refresh = source_refresh,
		.head = source_head,
		.moving = source_moving,
		.act = source_act,
		.cancel = source_cancel,
		.gone = source_gone,
		.continued = source_continued,
		.user = run,
	};
	struct sw_live_handlers handlers = {applied, ended, run};
	if (run->setup->has_engine && sw_monitor_new(run->loop, &run->setup->engine.endpoint, monitored,
	                                             run, &run->monitor, err) < 0)
		return -1;
	source.monitor = run->monitor;
	run->program = sw_session_program_new(&source);
	if (!run->program)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot show the session");
	if (sw_live_start(run->loop, run->setup, &handlers, &run->live, err) < 0)
		return -1;
	struct sw_program program = sw_session_program_of(run->program);
	sw_app_set_program(run->app, &program);
	return 0;
}

static void setup_step(void *user, const struct sw_setup_steps *steps)
{
	struct run *run = user;
	run->preparing.steps = *steps;
	sw_app_touch(run->app);
}

static void setup_ended(void *user, const struct sw_error *error)
{
	struct run *run = user;
	if (error)
		run->error = *error;
	else if (run->leaving)
		(void)sw_signals_error(&run->error);
	else if (start_session(run, &run->error) == 0)
		return;
	sw_loop_stop(run->loop);
}

/* ---- before the session ---- */

static void preparing_act(void *user, enum sw_action action)
{
	struct run *run = user;
	/* The setup heeds the signal, wherever it is just then. */
	if (action == SW_ACTION_QUIT)
		(void)kill(getpid(), SIGINT);
	else if (action == SW_ACTION_SUSPEND)
		sw_app_suspend(run->app);
}

static void preparing_gone(void *user)
{
	preparing_act(user, SW_ACTION_QUIT);
}

static int open_all(struct run *run, struct sw_error *err)
{
	struct sw_setup_handlers handlers = {setup_step, setup_ended, run};
	struct sw_plan plan;
	if (sw_setup_plan(run->cli, &plan, err) < 0 || sw_loop_new(&run->loop, err) < 0)
		return -1;
	run->preparing.act = preparing_act;
	run->preparing.gone = preparing_gone;
	run->preparing.user = run;
	sw_preparing_plan(&run->preparing, &plan);
	struct sw_program program = sw_preparing_program(&run->preparing);
	int status = sw_app_open(run->loop, &plan, &program, &run->app, err);
	sw_plan_done(&plan);
	if (status < 0 ||
	    sw_loop_watch(run->loop, run->signals->end_fd, SW_LOOP_READ, on_end_signal, run, err) < 0 ||
	    sw_loop_watch(run->loop, run->signals->snapshot_fd, SW_LOOP_READ, on_snapshot_signal, run,
	                  err) < 0)
		return -1;
	return sw_setup_thread_start(run->loop, run->setup, run->cli, run->signals, &handlers,
	                             &run->thread, err);
}

/* What the screen showed of the setup, for who has to find out what went wrong. */
static void print_steps(const struct run *run)
{
	struct sw_step_lines lines;
	sw_step_lines_init(&lines, run->cli->quiet);
	for (int i = 0; i < run->preparing.steps.n; i++) {
		const struct sw_setup_step *step = &run->preparing.steps.steps[i];
		if (step->elapsed_ns >= 0)
			sw_step_show(&lines, step->what, step->elapsed_ns, step->detail);
	}
	sw_step_lines_fail(&lines, &run->error);
}

static int finish(struct run *run)
{
	if (!run->live) {
		print_steps(run);
		return sw_cli_exit_code(&run->error);
	}
	const struct sw_session *session = sw_live_session(run->live);
	struct sw_results results = results_of(run);
	unsigned what = SW_RESULTS_TABLES | SW_RESULTS_STDOUT | SW_RESULTS_FOLDER;
	for (int i = 0; i < run->n_said; i++)
		fprintf(stderr, "sandwatch: %s\n", run->said[i]);
	if (run->asked == ASKED_MAX)
		what |= SW_RESULTS_FILES;
	if (sw_results_write(&results, session, what) < 0)
		run->failed = true;
	if (session->started && session->state != SW_STATE_DONE && !run->cli->quiet) {
		char text[SW_PATH_MAX + 64];
		sw_resume_hint(&run->setup->run, run->setup->paths.state, text, sizeof text);
		fprintf(stderr, "sandwatch: %s\n", text);
	}
	if (run->failed)
		return SW_EXIT_FAILED;
	return run->stopped_early ? SW_EXIT_INTERRUPTED : sw_results_exit_code(session);
}

int sw_screen_run(struct sw_setup *setup, const struct sw_cli *cli,
                  const struct sw_signals *signals)
{
	struct run *run = calloc(1, sizeof *run);
	struct sw_error err;
	if (!run)
		return SW_EXIT_FAILED;
	run->setup = setup;
	run->cli = cli;
	run->signals = signals;
	if (open_all(run, &run->error) == 0 && sw_loop_run(run->loop, &err) < 0)
		run->error = err;
	sw_app_close(run->app);
	run->app = NULL;
	int code = finish(run);
	/* What still runs is not to be waited for, and nothing of it may be freed. */
	if (run->asked == ASKED_MAX) {
		(void)fflush(stdout);
		_exit(code);
	}
	sw_session_program_free(run->program);
	sw_live_free(run->live);
	sw_monitor_free(run->monitor);
	sw_setup_thread_free(run->thread);
	sw_loop_free(run->loop);
	free(run);
	return code;
}
