#include "tui/screen_observe.h"

#include <errno.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/loop.h"
#include "core/pages.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/events.h"
#include "docker/monitor.h"
#include "docker/observe.h"
#include "tui/console.h"
#include "tui/engine_finder.h"
#include "tui/observe_program.h"
#include "tui/observe_summary.h"
#include "tui/paths.h"
#include "tui/term.h"

#define SECOND INT64_C(1000000000)

enum { FIND_AGAIN_S = 2 };

struct watch {
	const struct sw_observe_options *options;
	struct sw_loop *loop;
	struct sw_app *app; /* NULL: headless */
	struct sw_observe_program *program;
	struct sw_observe *observe;
	struct sw_engine_finder *finder;
	struct sw_events *events;
	struct sw_monitor *monitor;
	struct sw_timer find_again, tick;
	int64_t began_ns; /* CLOCK_MONOTONIC */
	char filter[SW_FILTER_VALUE_MAX], about[256];
	char endpoint[sizeof((struct sw_endpoint *)0)->text];
	char engine[32], engine_version[48];
	struct sw_error error; /* what ended it; code SW_OK: nothing did */
	bool failed;
};

static void say(struct watch *watch, const char *text)
{
	if (watch->app)
		sw_app_say(watch->app, SW_ROLE_WARNING, "%s", text);
	else
		fprintf(stderr, "sandwatch: %s\n", text);
}

/* ---- snapshot and summary ---- */

static int write_snapshot(struct watch *watch, const char *path)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_error err;
	char now[32];
	sw_paths_now(now);
	const struct sw_observe_about about = {
		.generated_at = now,
		.filter = watch->filter,
		.endpoint = watch->endpoint,
		.engine = *watch->engine ? watch->engine : NULL,
		.engine_version = *watch->engine_version ? watch->engine_version : NULL,
		.now_ns = sw_clock_ns(),
	};
	if (sw_observe_write(watch->observe, &about, &text) < 0)
		sw_error_set(&err, SW_ERR_INTERNAL, ENOMEM, "cannot write the snapshot");
	else if (strcmp(path, "-") != 0 && sw_file_write(path, text.data, text.len, &err) == 0)
		return 0;
	else if (strcmp(path, "-") == 0 && fwrite(text.data, 1, text.len, stdout) == text.len &&
	         fflush(stdout) == 0)
		return 0;
	else if (strcmp(path, "-") == 0)
		sw_error_set(&err, SW_ERR_IO, errno, "cannot write to stdout");
	say(watch, err.message);
	return -1;
}

static void snapshot_now(struct watch *watch)
{
	const char *path = watch->options->cli->export_path;
	char own[64];
	if (!path || strcmp(path, "-") == 0) {
		time_t now = time(NULL);
		struct tm tm = {0};
		(void)gmtime_r(&now, &tm);
		(void)strftime(own, sizeof own, "sandwatch-watch-%Y%m%dT%H%M%SZ.json", &tm);
		path = own;
	}
	if (write_snapshot(watch, path) < 0)
		return;
	if (watch->app)
		sw_app_say(watch->app, SW_ROLE_OK, "snapshot written: %s", path);
	else if (!watch->options->cli->quiet)
		fprintf(stderr, "sandwatch: snapshot written: %s\n", path);
}

static void print_summary(struct watch *watch)
{
	/* A snapshot on stdout is for a program: the table then goes where people read. */
	const char *path = watch->options->cli->export_path;
	FILE *out = path && strcmp(path, "-") == 0 ? stderr : stdout;
	struct sw_console console = sw_console_of(fileno(out));
	SW_CLEANUP(buf) struct sw_buf text = {0};
	int64_t now_ns = sw_clock_ns();
	int width = console.width ? console.width : 100;
	const struct sw_observe_summary summary = {
		.observe = watch->observe,
		.filter = watch->filter,
		.engine = watch->about,
		.lasted_ns = now_ns - watch->began_ns,
		.now_ns = now_ns,
		.width = width < 60 ? 60 : width,
		.ascii = !console.unicode,
	};
	if (sw_observe_summary_write(&summary, &text) == 0)
		fwrite(text.data, 1, text.len, out);
	/* A reader that has seen enough (| head) is no failure; anything else shows in the exit code. */
	if (fflush(out) == EOF && errno == EPIPE)
		clearerr(out);
}

/* ---- events ---- */

static void tell_headless(struct watch *watch, const struct sw_container_event *event)
{
	char text[640], away[16];
	if (watch->options->cli->quiet)
		return;
	if (event->kind == SW_CE_CONNECTED)
		(void)snprintf(text, sizeof text, "watching containers (%s) on %s; Ctrl-C ends it",
		               watch->filter, watch->about);
	else if (event->kind == SW_CE_LOST)
		(void)snprintf(text, sizeof text, "%s: %s; trying again",
		               sw_observe_watch(watch->observe)->was_connected
		                   ? "the engine went away"
		                   : "the engine does not answer",
		               event->text);
	else if (event->kind == SW_CE_BACK)
		(void)snprintf(text, sizeof text, "the engine is back after %s",
		               sw_text_duration(away, sizeof away, event->lost_ns));
	else
		return;
	say(watch, text);
}

static void on_event(void *user, const struct sw_container_event *event)
{
	struct watch *watch = user;
	int64_t now_ns = sw_clock_ns();
	if (sw_observe_apply(watch->observe, event, now_ns) < 0 && !watch->failed) {
		watch->failed = true;
		say(watch, "out of memory: some of what happens is not counted");
	}
	if (!watch->app) {
		tell_headless(watch, event);
		return;
	}
	sw_observe_program_applied(watch->program, event, now_ns);
	sw_app_touch(watch->app);
}

static void monitored(void *user)
{
	struct watch *watch = user;
	sw_app_touch(watch->app);
}

/* Ages and how long the engine is away go on without events. */
static void on_tick(void *user)
{
	struct watch *watch = user;
	const struct sw_observe_watch *state = sw_observe_watch(watch->observe);
	if (sw_observe_all(watch->observe)->living || !state->is_connected)
		sw_app_touch(watch->app);
	(void)sw_loop_arm(watch->loop, &watch->tick, sw_clock_ns() + SECOND, on_tick, watch);
}

/* ---- the engine ---- */

static void fail(struct watch *watch, const struct sw_error *err)
{
	watch->error = *err;
	sw_loop_stop(watch->loop);
}

/* From here on nothing but readers know the engine: what watches cannot change what it watches. */
static int begin(struct watch *watch, const struct sw_engine *engine, struct sw_error *err)
{
	(void)sw_text_copy(watch->endpoint, sizeof watch->endpoint, engine->endpoint.text);
	(void)sw_text_clean(watch->engine, sizeof watch->engine, engine->info.name,
	                    strlen(engine->info.name));
	(void)sw_text_clean(watch->engine_version, sizeof watch->engine_version, engine->info.version,
	                    strlen(engine->info.version));
	(void)snprintf(watch->about, sizeof watch->about, "%s %s at %.160s", watch->engine,
	               watch->engine_version, watch->endpoint);
	if (sw_events_new(watch->loop, &engine->endpoint, watch->options->filter, &watch->events, err) <
	    0)
		return -1;
	sw_events_on_event(watch->events, on_event, watch);
	if (!watch->app)
		return 0;
	if (sw_monitor_new(watch->loop, &engine->endpoint, monitored, watch, &watch->monitor, err) < 0)
		return -1;
	sw_observe_program_engine(watch->program, watch->about, watch->monitor);
	sw_pages_give_back();
	sw_app_touch(watch->app);
	return 0;
}

static void find(void *user);

/* Who looks at a screen may start the engine meanwhile; who waits for an exit code is told. */
static void on_found(void *user, const struct sw_engine *engine, const struct sw_error *error)
{
	struct watch *watch = user;
	struct sw_error err;
	if (engine && begin(watch, engine, &err) < 0) {
		fail(watch, &err);
	} else if (!engine && (!watch->app || error->code != SW_ERR_NO_ENGINE)) {
		fail(watch, error);
	} else if (!engine) {
		sw_observe_program_no_engine(watch->program, error->message);
		sw_app_touch(watch->app);
		(void)sw_loop_arm(watch->loop, &watch->find_again, sw_clock_ns() + FIND_AGAIN_S * SECOND,
		                  find, watch);
	}
	sw_engine_finder_free(SW_TAKE(watch->finder));
}

static void find(void *user)
{
	struct watch *watch = user;
	struct sw_error err;
	if (sw_engine_finder_start(watch->loop, watch->options->cli, on_found, watch, &watch->finder,
	                           &err) < 0)
		fail(watch, &err);
}

/* ---- the screen ---- */

static int64_t source_now(void *user)
{
	(void)user;
	return sw_clock_ns();
}

static void source_act(void *user, enum sw_action action)
{
	struct watch *watch = user;
	if (action == SW_ACTION_QUIT)
		sw_loop_stop(watch->loop);
	else if (action == SW_ACTION_SNAPSHOT)
		snapshot_now(watch);
	else if (action == SW_ACTION_SUSPEND)
		sw_app_suspend(watch->app);
}

static void source_gone(void *user)
{
	struct watch *watch = user;
	sw_loop_stop(watch->loop);
}

static int open_screen(struct watch *watch, struct sw_error *err)
{
	struct timespec wall;
	struct tm tm = {0};
	(void)clock_gettime(CLOCK_REALTIME, &wall);
	(void)localtime_r(&wall.tv_sec, &tm);
	const struct sw_observe_source source = {
		.observe = watch->observe,
		.filter = watch->filter,
		.now_ns = source_now,
		.began_ns = (int64_t)wall.tv_sec * SECOND + wall.tv_nsec,
		.utc_offset_s = tm.tm_gmtoff,
		.act = source_act,
		.gone = source_gone,
		.user = watch,
	};
	watch->program = sw_observe_program_new(&source);
	if (!watch->program)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot show containers");
	struct sw_program program = sw_observe_program_of(watch->program);
	if (sw_app_open(watch->loop, watch->options->plan, &program, &watch->app, err) < 0)
		return -1;
	return sw_loop_arm(watch->loop, &watch->tick, sw_clock_ns() + SECOND, on_tick, watch);
}

/* ---- beginning and end ---- */

static void on_end_signal(void *user, int fd, unsigned events)
{
	struct watch *watch = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		sw_loop_stop(watch->loop);
}

static void on_snapshot_signal(void *user, int fd, unsigned events)
{
	struct watch *watch = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		snapshot_now(watch);
}

static int run(struct watch *watch, struct sw_error *err)
{
	const struct sw_cli *cli = watch->options->cli;
	const struct sw_signals *signals = watch->options->signals;
	bool headless = cli->batch || cli->quiet || !sw_term_usable();
	if (cli->report_path)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "--report is of a session; watched containers have --export");
	if (sw_observe_new(&watch->observe, err) < 0 || sw_loop_new(&watch->loop, err) < 0 ||
	    sw_loop_watch(watch->loop, signals->end_fd, SW_LOOP_READ, on_end_signal, watch, err) < 0 ||
	    sw_loop_watch(watch->loop, signals->snapshot_fd, SW_LOOP_READ, on_snapshot_signal, watch,
	                  err) < 0)
		return -1;
	/* The terminal first: it wants a program with one thread, and shows something at once. */
	if (!headless && open_screen(watch, err) < 0)
		return -1;
	find(watch);
	if (sw_loop_run(watch->loop, err) < 0)
		return -1;
	if (watch->error.code == SW_OK)
		return 0;
	*err = watch->error;
	return -1;
}

/* What nobody was connected for is no result. */
static void finish(struct watch *watch)
{
	const struct sw_cli *cli = watch->options->cli;
	if (!watch->program && !cli->quiet)
		print_summary(watch);
	if (cli->export_path && write_snapshot(watch, cli->export_path) < 0)
		watch->failed = true;
}

static void done(struct watch *watch)
{
	sw_engine_finder_free(watch->finder);
	sw_events_free(watch->events);
	sw_monitor_free(watch->monitor);
	sw_observe_program_free(watch->program);
	sw_observe_free(watch->observe);
	sw_loop_free(watch->loop);
}

int sw_screen_observe(const struct sw_observe_options *options)
{
	struct watch watch = {.options = options, .began_ns = sw_clock_ns()};
	struct sw_error err;
	int code = SW_EXIT_DONE;
	char filter[SW_FILTER_VALUE_MAX];
	(void)sw_filter_text(options->filter, filter, sizeof filter);
	(void)sw_text_clean(watch.filter, sizeof watch.filter, filter, strlen(filter));
	int status = run(&watch, &err);
	sw_app_close(watch.app);
	watch.app = NULL;
	if (status < 0) {
		say(&watch, err.message);
		code = sw_cli_exit_code(&err);
	} else {
		finish(&watch);
		if (watch.failed)
			code = SW_EXIT_FAILED;
	}
	done(&watch);
	return code;
}
