#include "tui/screen_watch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/follow.h"
#include "core/loop.h"
#include "core/pages.h"
#include "core/player.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/monitor.h"
#include "tui/progress.h"
#include "tui/results.h"
#include "tui/session_program.h"
#include "tui/term.h"
#include "tui/view.h"

struct watch {
	const struct sw_watch_options *options;
	struct sw_loop *loop;
	struct sw_app *app; /* NULL: headless */
	struct sw_session_program *program;
	struct sw_progress progress;
	struct sw_monitor *monitor;
	struct sw_session *session;
	struct sw_follow *follow;
	struct sw_player *player;
	int64_t behind_ns; /* this machine's clock when an event came, less its t_ns: the least seen */
	bool caught_up, writer_gone, deleted, out_of_memory;
	bool no_beginning; /* events, but not the first: no session can be made of them */
	uint64_t told_broken; /* lines that were no events, and that was said */
	bool interrupted, failed;
	struct sw_run_paths paths; /* of the snapshot that a key writes */
};

static void say(void *user, const char *text)
{
	struct watch *watch = user;
	if (watch->app) {
		sw_app_say(watch->app, SW_ROLE_WARNING, "%s", text);
		return;
	}
	sw_progress_clear(&watch->progress);
	fprintf(stderr, "sandwatch: %s\n", text);
}

static bool is_live(const struct watch *watch)
{
	return !watch->options->is_replay && watch->caught_up && !watch->writer_gone &&
	       watch->session->state == SW_STATE_RUNNING;
}

static bool is_over(const struct watch *watch)
{
	if (watch->player)
		return sw_player_state(watch->player) == SW_PLAYER_ENDED;
	return watch->writer_gone || watch->deleted || watch->no_beginning ||
	       watch->session->state != SW_STATE_RUNNING;
}

/* ---- results ---- */

static struct sw_results results_of(struct watch *watch)
{
	const struct sw_cli *cli = watch->options->cli;
	return (struct sw_results){
		.run = &watch->paths,
		.export_path = cli->export_path,
		.report_path = cli->report_path,
		.quiet = cli->quiet,
		.say = say,
		.user = watch,
	};
}

/* Beside the caller, not in the run's folder: that is another process's. */
static void snapshot_now(struct watch *watch)
{
	struct sw_results results = results_of(watch);
	struct sw_run_paths paths = watch->paths;
	results.run = &paths;
	if (watch->options->cli->export_path && strcmp(watch->options->cli->export_path, "-") != 0)
		(void)sw_text_copy(paths.snapshot, sizeof paths.snapshot, watch->options->cli->export_path);
	else
		(void)snprintf(paths.snapshot, sizeof paths.snapshot, "sandwatch-%s.json",
		               *watch->session->info.id ? watch->session->info.id : "session");
	if (sw_results_snapshot(&results, watch->session) == 0)
		sw_app_say(watch->app, SW_ROLE_OK, "snapshot written: %s", paths.snapshot);
}

/* ---- events ---- */

static void show_progress(struct watch *watch)
{
	if (!watch->app && watch->caught_up)
		sw_progress_show(&watch->progress, watch->session, sw_clock_ns());
}

/* A watched session's own engine can be asked about its containers; a recorded one's are long gone. */
static void find_monitor(struct watch *watch);

static void on_event(void *user, const struct sw_event *event)
{
	struct watch *watch = user;
	int64_t behind = sw_clock_ns() - event->t_ns;
	if (behind < watch->behind_ns)
		watch->behind_ns = behind;
	if (sw_session_apply(watch->session, event) < 0)
		watch->out_of_memory = true;
	watch->no_beginning = !watch->session->started;
	if (watch->program)
		sw_session_program_applied(watch->program, event);
	if (watch->app) {
		if (event->kind == SW_EVENT_ENVIRONMENT && !watch->options->is_replay)
			find_monitor(watch);
		sw_app_touch(watch->app);
		return;
	}
	if (event->kind == SW_EVENT_ITERATION_FINISHED)
		show_progress(watch);
	if (event->kind == SW_EVENT_SESSION_FINISHED && !watch->options->is_replay && watch->caught_up)
		sw_loop_stop(watch->loop);
}

static void on_restarted(void *user)
{
	struct watch *watch = user;
	struct sw_session *fresh = sw_session_new();
	if (!fresh) {
		watch->out_of_memory = true;
		sw_loop_stop(watch->loop);
		return;
	}
	sw_session_free(watch->session);
	watch->session = fresh;
	watch->behind_ns = INT64_MAX;
	watch->writer_gone = watch->deleted = watch->no_beginning = false;
	if (!watch->options->is_replay) {
		watch->caught_up = false;
		say(watch, "the journal was cut or replaced: reading it from its start");
	}
	if (watch->program)
		sw_session_program_restarted(watch->program);
	sw_app_touch(watch->app);
}

static const struct sw_journal_stats *source_stats(void *user)
{
	const struct watch *watch = user;
	return watch->player ? sw_player_stats(watch->player) : sw_follow_stats(watch->follow);
}

static void tell_damage(struct watch *watch)
{
	const struct sw_journal_stats *stats = source_stats(watch);
	char text[SW_TEXT_MAX];
	if (!stats || stats->broken == watch->told_broken)
		return;
	watch->told_broken = stats->broken;
	(void)snprintf(
		text, sizeof text,
		"%llu lines of the journal are no events and were skipped, the first is line %llu: "
		"%.200s",
		(unsigned long long)stats->broken, (unsigned long long)stats->first_broken_line,
		stats->first_error);
	say(watch, text);
}

static void on_caught_up(void *user)
{
	struct watch *watch = user;
	watch->caught_up = true;
	tell_damage(watch);
	if (watch->app && watch->no_beginning)
		say(watch, "this journal has no beginning that can be read: nothing of its session is known");
	if (!watch->app && is_over(watch))
		sw_loop_stop(watch->loop);
	sw_app_touch(watch->app);
}

static void on_writer_gone(void *user)
{
	struct watch *watch = user;
	watch->writer_gone = true;
	say(watch,
	    "whoever ran this session died before its end; `sandwatch clean` removes what it left");
	if (!watch->app)
		sw_loop_stop(watch->loop);
}

static void on_deleted(void *user)
{
	struct watch *watch = user;
	watch->deleted = true;
	say(watch, "the journal was deleted; what was read stays on the screen");
	if (!watch->app)
		sw_loop_stop(watch->loop);
}

static void on_arrived(void *user)
{
	struct watch *watch = user;
	sw_app_touch(watch->app);
}

static void on_played(void *user)
{
	struct watch *watch = user;
	tell_damage(watch);
	if (!watch->app)
		sw_loop_stop(watch->loop);
	sw_app_touch(watch->app);
}

static void on_failed(void *user, const struct sw_error *err)
{
	struct watch *watch = user;
	watch->failed = true;
	say(watch, err->message);
	if (!watch->app)
		sw_loop_stop(watch->loop);
}

/* ---- the session's source ---- */

static const struct sw_session *source_session(void *user)
{
	const struct watch *watch = user;
	return watch->session;
}

static int64_t source_now(void *user)
{
	const struct watch *watch = user;
	if (watch->player)
		return sw_player_position(watch->player);
	if (!is_live(watch) || watch->behind_ns == INT64_MAX)
		return watch->session->last_ns;
	return sw_clock_ns() - watch->behind_ns;
}

static void replay_head(const struct watch *watch, struct sw_head *head)
{
	char at[16], of[16];
	double speed = sw_player_speed(watch->player);
	(void)sw_view_clock(at, sizeof at, sw_player_position(watch->player));
	(void)sw_view_clock(of, sizeof of, sw_player_duration(watch->player));
	head->badge = SW_BADGE_REPLAY;
	if (sw_player_state(watch->player) == SW_PLAYER_SEEKING)
		(void)snprintf(head->note, sizeof head->note, "seeking %.0f %%",
		               100 * sw_player_seek_progress(watch->player));
	else if (sw_player_state(watch->player) == SW_PLAYER_ENDED)
		(void)snprintf(head->note, sizeof head->note, "end %s", of);
	else if (sw_player_is_paused(watch->player))
		(void)snprintf(head->note, sizeof head->note, "‖ %s/%s", at, of);
	else if (isinf(speed))
		(void)snprintf(head->note, sizeof head->note, "max %s/%s", at, of);
	else
		(void)snprintf(head->note, sizeof head->note, "%g× %s/%s", speed, at, of);
	head->eta[0] = '\0';
}

static void source_head(void *user, struct sw_head *head)
{
	static const enum sw_badge badges[SW_STATE_COUNT] = {
		[SW_STATE_RUNNING] = SW_BADGE_RUNNING,
		[SW_STATE_DONE] = SW_BADGE_DONE,
		[SW_STATE_INTERRUPTED] = SW_BADGE_INTERRUPTED,
		[SW_STATE_FAILED] = SW_BADGE_FAILED,
	};
	const struct watch *watch = user;
	if (watch->player) {
		replay_head(watch, head);
		return;
	}
	head->badge = watch->session->paused ? SW_BADGE_PAUSED : badges[watch->session->state];
	if (!watch->caught_up)
		(void)sw_text_copy(head->note, sizeof head->note, "catching up");
	else if (watch->deleted)
		(void)sw_text_copy(head->note, sizeof head->note, "deleted");
	if (watch->session->state != SW_STATE_RUNNING || !is_over(watch))
		return;
	head->badge = SW_BADGE_LOST;
	head->eta[0] = '\0';
}

static bool source_moving(void *user)
{
	const struct watch *watch = user;
	if (!watch->player)
		return is_live(watch) && !watch->session->paused;
	enum sw_player_state state = sw_player_state(watch->player);
	return state == SW_PLAYER_PLAYING || state == SW_PLAYER_SEEKING;
}

static void change_speed(struct watch *watch, double factor)
{
	double speed = sw_player_speed(watch->player);
	if (isinf(speed))
		speed = factor < 1 ? SW_PLAYER_SPEED_MAX : INFINITY;
	else
		speed *= factor;
	sw_player_set_speed(watch->player, speed);
}

static void seek(struct watch *watch, double by)
{
	int64_t duration = sw_player_duration(watch->player);
	sw_player_seek(watch->player,
	               sw_player_position(watch->player) + (int64_t)(by * (double)duration));
}

static void replay_act(struct watch *watch, enum sw_action action)
{
	switch ((int)action) {
	case SW_ACTION_PAUSE:
		if (sw_player_is_paused(watch->player))
			sw_player_resume(watch->player);
		else
			sw_player_pause(watch->player);
		break;
	case SW_ACTION_FASTER:
		change_speed(watch, 2);
		break;
	case SW_ACTION_SLOWER:
		change_speed(watch, 0.5);
		break;
	case SW_ACTION_STEP:
		sw_player_step(watch->player);
		break;
	case SW_ACTION_SEEK_BACK:
		seek(watch, -0.05);
		break;
	case SW_ACTION_SEEK_FORWARD:
		seek(watch, 0.05);
		break;
	default:
		break;
	}
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
	else if (watch->player)
		replay_act(watch, action);
}

static void source_gone(void *user)
{
	struct watch *watch = user;
	watch->interrupted = true;
	sw_loop_stop(watch->loop);
}

static void monitored(void *user)
{
	struct watch *watch = user;
	sw_app_touch(watch->app);
}

static void find_monitor(struct watch *watch)
{
	struct sw_endpoint endpoint;
	struct sw_error err;
	if (watch->monitor ||
	    sw_endpoint_parse(watch->session->environment.endpoint, &endpoint, &err) < 0)
		return;
	if (sw_monitor_new(watch->loop, &endpoint, monitored, watch, &watch->monitor, &err) < 0)
		return;
	sw_session_program_monitor(watch->program, watch->monitor);
	sw_pages_give_back();
}

/* ---- beginning and end ---- */

static void on_end_signal(void *user, int fd, unsigned events)
{
	struct watch *watch = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		watch->interrupted = true;
	sw_loop_stop(watch->loop);
}

static void on_snapshot_signal(void *user, int fd, unsigned events)
{
	struct watch *watch = user;
	struct signalfd_siginfo info;
	(void)events;
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		if (watch->app)
			snapshot_now(watch);
}

static int watch_signals(struct watch *watch, struct sw_error *err)
{
	const struct sw_signals *signals = watch->options->signals;
	if (sw_loop_watch(watch->loop, signals->end_fd, SW_LOOP_READ, on_end_signal, watch, err) < 0)
		return -1;
	return sw_loop_watch(watch->loop, signals->snapshot_fd, SW_LOOP_READ, on_snapshot_signal, watch,
	                     err);
}

static int open_screen(struct watch *watch, struct sw_error *err)
{
	struct sw_source source = {
		.places = watch->options->is_replay ? SW_ON_REPLAY : 0,
		.session = source_session,
		.now_ns = source_now,
		.head = source_head,
		.moving = source_moving,
		.act = source_act,
		.gone = source_gone,
		.stats = source_stats,
		.user = watch,
	};
	watch->program = sw_session_program_new(&source);
	if (!watch->program)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot show the session");
	struct sw_program program = sw_session_program_of(watch->program);
	return sw_app_open(watch->loop, watch->options->plan, &program, &watch->app, err);
}

static int open_producer(struct watch *watch, bool headless, struct sw_error *err)
{
	static const struct sw_follow_ops follow_ops = {on_event,       on_caught_up, on_restarted,
	                                                on_writer_gone, on_deleted,   on_failed};
	static const struct sw_player_ops player_ops = {on_event, on_restarted, on_arrived, on_played,
	                                                on_failed};
	const struct sw_watch_options *options = watch->options;
	if (!options->is_replay)
		return sw_follow_new(watch->loop, options->journal, &follow_ops, watch, &watch->follow,
		                     err);
	if (sw_player_new(watch->loop, options->journal, &player_ops, watch, &watch->player, err) < 0)
		return -1;
	/* Without a screen nobody waits to see it happen. */
	sw_player_set_speed(watch->player, headless ? INFINITY : options->speed);
	return 0;
}

static int run(struct watch *watch, struct sw_error *err)
{
	const struct sw_cli *cli = watch->options->cli;
	bool headless = cli->batch || cli->quiet || !sw_term_usable();
	watch->session = sw_session_new();
	if (!watch->session)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot watch a session");
	if (sw_loop_new(&watch->loop, err) < 0)
		return -1;
	/* The screen needs something that is moved by; the producer is opened first for its errors. */
	if (open_producer(watch, headless, err) < 0 || watch_signals(watch, err) < 0 ||
	    (!headless && open_screen(watch, err) < 0))
		return -1;
	return sw_loop_run(watch->loop, err);
}

static int finish(struct watch *watch)
{
	const struct sw_cli *cli = watch->options->cli;
	struct sw_results results = results_of(watch);
	bool headless = !watch->program;
	unsigned what = SW_RESULTS_STDOUT | (headless ? SW_RESULTS_TABLES : 0);
	if (cli->export_path || cli->report_path)
		what |= SW_RESULTS_FILES;
	if (!watch->session->started && headless) {
		fprintf(stderr, "sandwatch: %s is not a session's journal\n", watch->options->journal);
		return SW_EXIT_USAGE;
	}
	if (headless)
		tell_damage(watch);
	if (watch->session->started && sw_results_write(&results, watch->session, what) < 0)
		watch->failed = true;
	if (watch->failed || watch->out_of_memory || (headless && watch->writer_gone))
		return SW_EXIT_FAILED;
	if (headless && watch->interrupted)
		return SW_EXIT_INTERRUPTED;
	return SW_EXIT_DONE;
}

int sw_screen_watch(const struct sw_watch_options *options)
{
	struct watch watch = {.options = options, .behind_ns = INT64_MAX};
	struct sw_error err;
	int code;
	sw_progress_init(&watch.progress, options->cli->quiet);
	int status = run(&watch, &err);
	sw_app_close(watch.app);
	watch.app = NULL;
	sw_progress_clear(&watch.progress);
	if (status < 0) {
		say(&watch, err.message);
		code = sw_cli_exit_code(&err);
	} else {
		code = finish(&watch);
	}
	sw_session_program_free(watch.program);
	sw_monitor_free(watch.monitor);
	sw_follow_free(watch.follow);
	sw_player_free(watch.player);
	sw_session_free(watch.session);
	sw_loop_free(watch.loop);
	return code;
}
