#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/loop.h"
#include "core/signals.h"
#include "docker/engine.h"
#include "docker/engine_bridge.h"
#include "docker/engine_daemon.h"
#include "docker/http.h"
#include "docker/tree.h"

static const int64_t ready_timeout_ns = 30000000000;
static const int64_t stop_grace_ns = 20000000000;
const char sw_engine_cannot_start[] = "cannot start a private engine";
static const char step_start[] = "private";

int sw_engine_private_endpoint(const char *state_dir, struct sw_endpoint *out_endpoint,
                               struct sw_error *err)
{
	struct sw_daemon_paths paths;
	if (sw_daemon_paths(state_dir, &paths, err) < 0)
		return -1;
	return sw_endpoint_parse(paths.socket, out_endpoint, err);
}

int sw_engine_private_exists(const char *state_dir, bool *out_exists, struct sw_error *err)
{
	struct sw_daemon_paths paths;
	struct sw_error why;
	pid_t pid = 0;
	if (sw_daemon_paths(state_dir, &paths, err) < 0)
		return -1;
	bool has_socket = access(paths.socket, F_OK) == 0;
	if (!has_socket && sw_daemon_find(&paths, &pid, &why) < 0 && why.sys_errno != EACCES) {
		if (err)
			*err = why;
		return sw_error_wrap(err, "cannot tell whether the private engine runs");
	}
	*out_exists = has_socket || pid != 0;
	return 0;
}

static void report(struct sw_steps steps, int64_t elapsed_ns, const char *detail)
{
	if (steps.fn)
		steps.fn(steps.user, step_start, elapsed_ns, detail);
}

/* ---- directories and the lock ---- */

static int make_dir(const char *path, mode_t mode, struct sw_error *err)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	return sw_error_set(err, SW_ERR_IO, errno, "cannot make the directory %s", path);
}

/* A folder below /run could have been put there by another: it must be ours and closed. */
static int make_private_dir(const char *path, struct sw_error *err)
{
	struct stat st;
	if (make_dir(path, 0700, err) < 0)
		return -1;
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return sw_error_set(err, SW_ERR_IO, 0, "%s is not a directory of this user: remove it", path);
	/* Search permission alone is what sw_engine_grant_private gives. */
	if ((st.st_mode & 066) && chmod(path, 0700) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot close the directory %s to others", path);
	return 0;
}

static int make_dirs(const struct sw_daemon_paths *paths, struct sw_error *err)
{
	if (sw_file_make_dirs(paths->dir, err) < 0 || make_private_dir(paths->dir, err) < 0 ||
	    make_private_dir(paths->run, err) < 0)
		return -1;
	return 0;
}

static int lock_file(const char *path, const struct sw_signals *signals, int *out_fd,
                     struct sw_error *err)
{
	SW_CLEANUP(close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path);
	/* Tried again and again, as one wait cannot be for a lock and a descriptor. */
	int locked;
	while ((locked = flock(fd, LOCK_EX | LOCK_NB)) < 0 && (errno == EWOULDBLOCK || errno == EINTR))
		if (sw_signals_wait(signals, 20000000))
			return sw_signals_error(err);
	if (locked < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot lock %s", path);
	*out_fd = SW_TAKE_FD(fd);
	return 0;
}

/* The lock's holder is bounded by ready_timeout_ns, or by the longest pause that chaos may make, or dies,
 * so waiting without a deadline is too.
 * A lock on a file that was removed meanwhile (with the engine's data) guards nothing: again. */
int sw_daemon_lock(const struct sw_daemon_paths *paths, const struct sw_signals *signals, int *out_fd,
                   struct sw_error *err)
{
	for (;;) {
		SW_CLEANUP(close) int fd = -1;
		struct stat held, named;
		if (make_dirs(paths, err) < 0 || lock_file(paths->lock, signals, &fd, err) < 0)
			return -1;
		if (fstat(fd, &held) == 0 && stat(paths->lock, &named) == 0 &&
		    held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
			*out_fd = SW_TAKE_FD(fd);
			return 0;
		}
	}
}

/* ---- waiting until it answers ---- */

struct wait {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	struct sw_timer deadline, again;
	int64_t due_ns;
	int pidfd, inotify;
	const struct sw_signals *signals; /* may be NULL */
	bool pinging, ready, died, late, interrupted;
};

static void wait_done(struct wait *wait)
{
	if (wait->loop) {
		sw_loop_unwatch(wait->loop, wait->pidfd);
		sw_loop_unwatch(wait->loop, wait->inotify);
		if (wait->signals)
			sw_loop_unwatch(wait->loop, wait->signals->end_fd);
		sw_loop_disarm(wait->loop, &wait->deadline);
		sw_loop_disarm(wait->loop, &wait->again);
	}
	sw_api_free(wait->api);
	sw_http_free(wait->http);
	sw_loop_free(wait->loop);
	if (wait->pidfd >= 0)
		close(wait->pidfd);
	if (wait->inotify >= 0)
		close(wait->inotify);
}

static void on_again(void *user)
{
	((struct wait *)user)->pinging = false;
}

/* A refusal falls between the daemon's bind and its listen: a pause, lest the loop spins. */
static void on_ping(void *user, const struct sw_error *error)
{
	struct wait *wait = user;
	wait->ready = error == NULL;
	if (error && sw_loop_arm(wait->loop, &wait->again, sw_clock_ns() + 50000000, on_again, wait) < 0)
		wait->late = true;
}

/* dockerd listens long before it serves: a ping sent early waits in the socket's queue. */
static void try_ping(struct wait *wait, const char *socket_path)
{
	int64_t left_ns = wait->due_ns - sw_clock_ns();
	if (wait->pinging || left_ns <= 0 || access(socket_path, F_OK) < 0)
		return;
	wait->pinging = true;
	sw_api_ping(wait->api, left_ns, on_ping, wait);
}

static void on_died(void *user, int fd, unsigned events)
{
	struct wait *wait = user;
	(void)fd;
	(void)events;
	wait->died = true;
}

static void on_end(void *user, int fd, unsigned events)
{
	struct wait *wait = user;
	(void)fd;
	(void)events;
	wait->interrupted = true;
}

static void on_created(void *user, int fd, unsigned events)
{
	char buffer[4096];
	(void)user;
	(void)events;
	while (read(fd, buffer, sizeof buffer) > 0)
		continue;
}

static void on_late(void *user)
{
	((struct wait *)user)->late = true;
}

static int wait_setup(struct wait *wait, const struct sw_daemon_paths *paths, struct sw_error *err)
{
	struct sw_endpoint endpoint;
	wait->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (wait->inotify < 0 ||
	    inotify_add_watch(wait->inotify, paths->run, IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot watch %s", paths->run);
	if (sw_endpoint_parse(paths->socket, &endpoint, err) < 0 || sw_loop_new(&wait->loop, err) < 0 ||
	    sw_http_new(wait->loop, &endpoint, &wait->http, err) < 0 ||
	    sw_api_new(wait->http, &wait->api, err) < 0 ||
	    sw_loop_watch(wait->loop, wait->inotify, SW_LOOP_READ, on_created, wait, err) < 0)
		return -1;
	if (wait->pidfd >= 0 &&
	    sw_loop_watch(wait->loop, wait->pidfd, SW_LOOP_READ, on_died, wait, err) < 0)
		return -1;
	if (wait->signals &&
	    sw_loop_watch(wait->loop, wait->signals->end_fd, SW_LOOP_READ, on_end, wait, err) < 0)
		return -1;
	if (sw_loop_arm(wait->loop, &wait->deadline, wait->due_ns, on_late, wait) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot arm a timer");
	return 0;
}

static bool is_about_rights(const char *words)
{
	static const char *const signs[] = {"not permitted", "ermission denied", "cgroup", "read-only"};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (strstr(words, signs[i]))
			return true;
	return false;
}

static int tell_death(const struct sw_daemon_paths *paths, struct sw_error *err)
{
	char words[260];
	sw_daemon_last_words(paths, words, sizeof words);
	return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "dockerd ended before it answered: %s%s; all it "
	                    "said is in %s", words[0] ? words : "it said nothing",
	                    is_about_rights(words) ? " - this machine does not grant root what an engine "
	                    "needs (mounts, namespaces, cgroups; inside a container: --privileged)" : "",
	                    paths->log);
}

static int wait_ready(const struct sw_daemon_paths *paths, pid_t pid,
                      const struct sw_signals *signals, struct sw_error *err)
{
	struct wait wait = {.pidfd = sw_daemon_pidfd(pid), .inotify = -1, .signals = signals,
	                    .due_ns = sw_clock_ns() + ready_timeout_ns};
	int result = wait_setup(&wait, paths, err);
	wait.died = wait.pidfd < 0;
	while (result == 0 && !wait.ready && !wait.died && !wait.late && !wait.interrupted) {
		try_ping(&wait, paths->socket);
		result = sw_loop_step(wait.loop, err);
	}
	if (result == 0 && wait.died)
		result = tell_death(paths, err);
	else if (result == 0 && wait.interrupted && !wait.ready)
		result = sw_error_set(err, SW_ERR_INTERRUPTED, 0, "interrupted; dockerd goes on starting, and "
		                      "`sandwatch clean --engine` stops it");
	else if (result == 0 && wait.late)
		result = sw_error_set(err, SW_ERR_TIMEOUT, 0, "dockerd (process %d) does not answer within 30 s "
		                      "at %s", (int)pid, paths->socket);
	wait_done(&wait);
	return result;
}

/* ---- start and stop ---- */

static int check_means(struct sw_error *err)
{
	char program[1024];
	if (!sw_daemon_find_program("dockerd", program, sizeof program))
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "there is no dockerd (apt-get install docker.io)");
	return 0;
}

/* The dockerd that runs, into *OUT_PID, or 0. One that lost its socket, to a cleaner of old files,
 * say, can never be reached again: it is ended. */
static int find_running(const struct sw_daemon_paths *paths, struct sw_steps steps, pid_t *out_pid,
                        struct sw_error *err)
{
	int64_t start_ns = sw_clock_ns();
	bool lost = false;
	if (sw_daemon_find(paths, out_pid, err) < 0 ||
	    (*out_pid && sw_daemon_lost_socket(paths, *out_pid, &lost, err) < 0))
		return sw_error_wrap(err, "cannot tell whether it runs");
	if (!lost)
		return 0;
	report(steps, -1, "its socket is gone: ending it");
	if (sw_daemon_end(paths, *out_pid, stop_grace_ns, err) < 0)
		return sw_error_wrap(err, "its socket is gone");
	*out_pid = 0;
	report(steps, sw_clock_ns() - start_ns, "its socket was gone: it is ended, to be started again");
	return 0;
}

/* The paths come last: what is to be done must not be what a long one cuts off. */
static int fail_late(const struct sw_daemon_paths *paths, bool was_running,
                     const struct sw_error *why, struct sw_error *err)
{
	/* Beside its advice a message has room for a log of this length at least. */
	bool fits = strlen(paths->log) <= 120;
	return sw_error_set(err, why->code, 0, "%s: %s%s%s", why->message,
	                    was_running ? "`sandwatch clean --engine` stops it" : "it is ended again",
	                    fits ? "; its log is " : "", fits ? paths->log : "");
}

/* One that a chaos session has stopped and, being killed itself, never continued. While such a session
 * lives it holds the lock. */
static void continue_stopped(const struct sw_daemon_paths *paths, pid_t pid, struct sw_steps steps)
{
	if (sw_daemon_is_stopped(pid) && sw_daemon_signal(paths, pid, SIGCONT, NULL) == 0)
		report(steps, 0, "it was stopped (SIGSTOP): it goes on");
}

static int start_locked(const struct sw_daemon_paths *paths, struct sw_steps steps,
                        struct sw_error *err)
{
	struct sw_error why;
	pid_t pid;

	if (find_running(paths, steps, &pid, err) < 0)
		return -1;
	bool running = pid != 0;
	if (running)
		continue_stopped(paths, pid, steps);
	int64_t start_ns = sw_clock_ns();
	if (!running && check_means(err) < 0)
		return -1;
	report(steps, -1, "");
	if (!running) {
		if (sw_signals_end_asked(steps.signals))
			return sw_signals_error(err);
		/* A daemon that was killed leaves containers that no engine would ever stop again; and a
		 * pid file of its containerd, which dockerd believes as long as a zombie has that number. */
		(void)sw_daemon_sweep(paths);
		(void)unlink(paths->containerd_pid);
		(void)unlink(paths->socket);
		(void)unlink(paths->pid);
		if (sw_daemon_spawn(paths, &pid, err) < 0)
			return -1;
	}
	if (wait_ready(paths, pid, steps.signals, &why) < 0) {
		/* Only what was started here is ended: an engine that was there may have its reasons. One
		 * that is just slower than its user's patience is on record, for the next one or for clean:
		 * to end it would take as long. */
		if (!running && why.code != SW_ERR_INTERRUPTED)
			(void)sw_daemon_end(paths, pid, stop_grace_ns, NULL);
		if (why.code == SW_ERR_TIMEOUT)
			return fail_late(paths, running, &why, err);
		if (err)
			*err = why;
		return -1;
	}
	if (running)
		report(steps, 0, "it runs already");
	else
		report(steps, sw_clock_ns() - start_ns, paths->socket);
	return 0;
}

int sw_engine_start_private(const char *state_dir, struct sw_steps steps, struct sw_error *err)
{
	struct sw_daemon_paths paths;
	SW_CLEANUP(close) int lock = -1;
	if (geteuid() != 0) {
		sw_error_set(err, SW_ERR_NO_ENGINE, 0, "it needs root");
		return sw_error_wrap(err, "%s", sw_engine_cannot_start);
	}
	if (sw_daemon_paths(state_dir, &paths, err) < 0 || sw_daemon_lock(&paths, steps.signals, &lock, err) < 0)
		return -1;
	if (start_locked(&paths, steps, err) < 0)
		return sw_error_wrap(err, "%s", sw_engine_cannot_start);
	return 0;
}

int sw_engine_grant_private(const char *state_dir, uid_t uid, struct sw_error *err)
{
	struct sw_daemon_paths paths;
	if (sw_daemon_paths(state_dir, &paths, err) < 0)
		return -1;
	if (chmod(paths.dir, 0711) < 0 || chmod(paths.run, 0711) < 0 ||
	    lchown(paths.socket, uid, (gid_t)-1) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot give user %ld access to %s", (long)uid,
		                    paths.socket);
	return 0;
}

static int remove_data(const struct sw_daemon_paths *paths, struct sw_error *err)
{
	if (sw_tree_remove(paths->dir, err) < 0)
		return -1;
	return strcmp(paths->dir, paths->run) == 0 ? 0 : sw_tree_remove(paths->run, err);
}

static void remove_bridge(const struct sw_daemon_paths *paths)
{
	struct sw_endpoint endpoint;
	struct sw_error ignored;
	if (sw_endpoint_parse(paths->socket, &endpoint, &ignored) == 0)
		(void)sw_engine_bridge_remove(&endpoint, &ignored);
}

int sw_engine_stop_private(const char *state_dir, bool with_data, bool *out_was_running,
                           struct sw_error *err)
{
	struct sw_daemon_paths paths;
	SW_CLEANUP(close) int lock = -1;
	pid_t pid;

	if (sw_daemon_paths(state_dir, &paths, err) < 0)
		return -1;
	if (access(paths.dir, F_OK) < 0) {
		*out_was_running = false;
		return 0;
	}
	if (geteuid() != 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "the private engine in %s is root's: stop it with sudo",
		                    paths.dir);
	if (sw_daemon_lock(&paths, NULL, &lock, err) < 0)
		return -1;
	if (sw_daemon_find(&paths, &pid, err) < 0)
		return sw_error_wrap(err, "cannot tell whether the private engine runs");
	bool running = pid != 0;
	/* Its interface would outlive the engine. One that does not answer keeps it: the end matters more. */
	if (running)
		continue_stopped(&paths, pid, (struct sw_steps){0});
	if (running)
		remove_bridge(&paths);
	if (running && sw_daemon_end(&paths, pid, stop_grace_ns, err) < 0)
		return sw_error_wrap(err, "cannot stop the private engine");
	if (!running)
		(void)sw_daemon_sweep(&paths);
	(void)unlink(paths.socket);
	(void)unlink(paths.record);
	if (with_data && remove_data(&paths, err) < 0)
		return -1;
	*out_was_running = running;
	return 0;
}
