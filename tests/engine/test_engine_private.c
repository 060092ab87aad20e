/* docker/engine*.c for real: a private dockerd of this test's own is started, found, killed and
 * stopped, in a state directory that goes away. Needs root and dockerd; SANDWATCH_TEST_HOST is only
 * the word for "engine tests are wanted". */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define FX_SHELL "sandwatch-test/engine-private:latest"
#include "tests/engine/fixture.h"

#include "docker/engine_bridge.h"
#include "docker/engine_daemon.h"
#include "docker/lifecycle.h"

static char state_dir[64];
static struct sw_daemon_paths paths;
static struct sw_steps no_steps;

static void need_means(void)
{
	char program[1024];
	fx_need_engine();
	fx_need(geteuid() == 0, "a private engine needs root");
	fx_need(sw_daemon_find_program("dockerd", program, sizeof program), "there is no dockerd");
}

/* How many running processes have TEXT in their command line. */
static int processes_with(const char *text)
{
	int n = 0;
	DIR *dir = opendir("/proc");
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[300], line[8192];
		(void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line);
		if (fd >= 0)
			close(fd);
		n += len > 0 && memmem(line, (size_t)len, text, strlen(text)) != NULL;
	}
	closedir(dir);
	return n;
}

static void start(void)
{
	struct sw_error err;
	if (sw_engine_start_private(state_dir, no_steps, &err) < 0)
		fail_msg("%s", err.message);
}

static bool stop(bool remove_data)
{
	struct sw_error err;
	bool was_running;
	if (sw_engine_stop_private(state_dir, remove_data, &was_running, &err) < 0)
		fail_msg("%s", err.message);
	return was_running;
}

static pid_t daemon_pid(void)
{
	pid_t pid;
	struct sw_error err;
	if (sw_daemon_find(&paths, &pid, &err) < 0)
		fail_msg("%s", err.message);
	assert_true(pid > 0);
	return pid;
}

/* ---- start, find, stop ---- */

static void starts_once_and_stops(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct stat st;
	char host[1100];
	(void)state;
	need_means();
	assert_false(stop(false));
	start();
	pid_t pid = daemon_pid();
	assert_int_equal(stat(paths.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	start();
	assert_int_equal(daemon_pid(), pid);

	(void)snprintf(host, sizeof host, "unix://%s", paths.socket);
	struct sw_engine_options options = {.host = host, .state_dir = state_dir};
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), 0);
	assert_true(engine.is_private);
	assert_string_equal(engine.info.name, "docker");
	assert_true(engine.api_version[0] != '\0');

	assert_true(stop(true));
	assert_int_equal(processes_with(paths.dir), 0);
	assert_int_equal(access(paths.dir, F_OK), -1);
	assert_false(stop(true));
}

/* As user UID, in a child: 0 when the private engine answers, 1 when not, 2 when something is amiss. */
static int asked_by(uid_t uid)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct sw_endpoint endpoint;
		struct sw_engine engine;
		bool was_running;
		struct sw_error err = {0};
		if (setgroups(0, NULL) < 0 || setgid((gid_t)uid) < 0 || setuid(uid) < 0 ||
		    sw_engine_private_endpoint(state_dir, &endpoint, NULL) < 0)
			_exit(2);
		/* Neither its start nor its end is anybody's but root's. */
		if (sw_engine_start_private(state_dir, no_steps, &err) == 0 || err.code != SW_ERR_NO_ENGINE ||
		    (access(paths.dir, F_OK) == 0 &&
		     (sw_engine_stop_private(state_dir, false, &was_running, &err) == 0 ||
		      !strstr(err.message, "sudo"))))
			_exit(2);
		_exit(sw_engine_probe(&endpoint, 5 * FX_SECOND, true, &engine, NULL) == 0 ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void is_roots_until_it_is_granted(void **state)
{
	enum { NOBODY = 65534, SOMEBODY = 65533 };
	struct sw_error err;
	(void)state;
	need_means();
	assert_int_equal(chmod(state_dir, 0711), 0);
	assert_int_equal(sw_engine_grant_private(state_dir, NOBODY, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	start();
	pid_t pid = daemon_pid();
	assert_int_equal(asked_by(NOBODY), 1);
	assert_int_equal(sw_engine_grant_private(state_dir, NOBODY, &err), 0);
	assert_int_equal(asked_by(NOBODY), 0);
	assert_int_equal(asked_by(SOMEBODY), 1);
	start(); /* does not take it back */
	assert_int_equal(daemon_pid(), pid);
	assert_int_equal(asked_by(NOBODY), 0);
	assert_true(stop(true));
	assert_int_equal(asked_by(NOBODY), 1);
}

static void two_at_once_start_one(void **state)
{
	pid_t children[2];
	(void)state;
	need_means();
	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(sw_engine_start_private(state_dir, no_steps, NULL) == 0 ? 0 : 1);
	}
	for (int i = 0; i < 2; i++) {
		int status = -1;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(processes_with(paths.data), 1);
	assert_true(stop(true));
	assert_int_equal(processes_with(paths.dir), 0);
}

/* A user's dockerd keeps running although its pid stands in our files. */
static void stops_nothing_but_its_own(void **state)
{
	(void)state;
	need_means();
	pid_t stranger = fork();
	assert_true(stranger >= 0);
	if (stranger == 0) {
		for (;;)
			pause();
	}
	assert_int_equal(mkdir(paths.dir, 0700), 0);
	FILE *file = fopen(paths.pid, "we");
	assert_non_null(file);
	(void)fprintf(file, "%d", (int)stranger);
	fclose(file);
	assert_false(stop(true));
	assert_int_equal(kill(stranger, 0), 0);
	assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
	kill(stranger, SIGKILL);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

static void daemon_that_dies_early_is_explained(void **state)
{
	struct sw_error err;
	(void)state;
	need_means();
	assert_int_equal(mkdir(paths.dir, 0700), 0);
	FILE *file = fopen(paths.data, "we"); /* where dockerd wants a folder */
	assert_non_null(file);
	fclose(file);
	int64_t begin_ns = sw_clock_ns();
	assert_int_equal(sw_engine_start_private(state_dir, no_steps, &err), -1);
	assert_true(sw_clock_ns() - begin_ns < 20 * FX_SECOND);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "points to a file"));
	assert_non_null(strstr(err.message, "engine.log"));
	assert_int_equal(processes_with(paths.dir), 0);
	stop(true);
}

static void long_paths_move_below_run(void **state)
{
	char deep[200], first[1024];
	struct sw_error err;
	struct sw_endpoint endpoint;
	struct sw_daemon_paths other;
	(void)state;
	memset(deep, 'x', sizeof deep - 1);
	deep[0] = '/';
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(sw_engine_private_endpoint(deep, &endpoint, &err), 0);
	assert_int_equal(strncmp(endpoint.path, "/run/sandwatch-", 15), 0);
	(void)snprintf(first, sizeof first, "%s", endpoint.path);
	deep[1] = 'y';
	assert_int_equal(sw_engine_private_endpoint(deep, &endpoint, &err), 0);
	assert_string_not_equal(endpoint.path, first);
	assert_int_equal(sw_daemon_paths("/short", &other, &err), 0);
	assert_string_equal(other.socket, "/short/engine/engine.sock");
}

/* ---- killed in the middle ---- */

struct story {
	struct sw_lifecycle *life;
	bool up, ended, failed, gone, stays;
	struct sw_error error;
};

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct story *story = user;
	(void)stream, (void)bytes, (void)len;
	story->up = true;
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct story *story = user;
	story->ended = true;
	story->failed = error != NULL;
	if (error)
		story->error = *error;
	sw_lifecycle_remove(story->life);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct story *story = user;
	story->gone = true;
	story->stays = error != NULL;
}

static void daemon_killed_in_the_middle(void **state)
{
	struct fx fx;
	struct story story = {0};
	struct sw_error err;
	char host[1100];
	const struct sw_life_handlers handlers = {NULL, on_data, on_ended, on_gone, &story};
	const struct sw_life_options options = {
		.name = "sandwatch-test-killed",
		.body = "{\"Image\":\"" FX_SHELL "\",\"Cmd\":[\"/bin/sh\",\"-c\",\"echo up; sleep "
		        "987654\"],\"HostConfig\":{\"NetworkMode\":\"none\"},\"NetworkDisabled\":true}",
		.engine_timeout_ns = 10 * FX_SECOND};
	(void)state;
	need_means();
	start();
	(void)snprintf(host, sizeof host, "unix://%s", paths.socket);
	fx_open(&fx, host);
	fx_import_shell(&fx);
	assert_int_equal(sw_lifecycle_start(fx.loop, fx.api, &options, &handlers, &story.life, &err), 0);
	fx_until(&fx, &story.up, 60, "the container's first word");
	assert_true(processes_with("987654") >= 1);

	assert_int_equal(kill(daemon_pid(), SIGKILL), 0);
	fx_until(&fx, &story.gone, 30, "the end of a container without an engine");
	assert_true(story.ended && story.failed);
	assert_true(story.stays); /* it could not be removed, and that is said */
	sw_lifecycle_free(story.life);
	fx_close(&fx);

	/* The next start comes up, and what the killed one left does not run on. */
	start();
	assert_int_equal(processes_with("987654"), 0);
	fx_open(&fx, host);
	fx_close(&fx);
	assert_true(stop(true));
	assert_int_equal(processes_with(paths.dir), 0);
}

/* ---- a bridge on it ---- */

enum { BRIDGES_MAX = 32 };

struct bridges {
	char names[BRIDGES_MAX][IF_NAMESIZE];
	int n;
};

/* The machine's interfaces br-…, but for those in KNOWN. */
static struct bridges find_bridges(const struct bridges *known)
{
	struct bridges found = {.n = 0};
	struct if_nameindex *all = if_nameindex();
	assert_non_null(all);
	for (struct if_nameindex *one = all; one->if_name && found.n < BRIDGES_MAX; one++) {
		bool is_known = strncmp(one->if_name, "br-", 3) != 0;
		for (int i = 0; known && i < known->n; i++)
			is_known = is_known || strcmp(known->names[i], one->if_name) == 0;
		if (!is_known)
			(void)snprintf(found.names[found.n++], IF_NAMESIZE, "%s", one->if_name);
	}
	if_freenameindex(all);
	return found;
}

struct listener {
	struct story story;
	char heard[4096];
	size_t len;
};

static void on_words(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct listener *listener = user;
	(void)stream;
	for (size_t i = 0; i < len && listener->len + 1 < sizeof listener->heard; i++)
		listener->heard[listener->len++] = bytes[i];
	listener->heard[listener->len] = '\0';
}

/* Whether a container on NETWORK has an interface beside its loopback one. */
static bool has_interface(struct fx *fx, const char *network)
{
	struct listener listener = {.len = 0};
	struct sw_error err;
	char body[512];
	const struct sw_life_handlers handlers = {NULL, on_words, on_ended, on_gone, &listener};
	const struct sw_life_options options = {
		.name = "sandwatch-test-bridge", .body = body, .engine_timeout_ns = 20 * FX_SECOND};
	(void)snprintf(body, sizeof body,
	               "{\"Image\":\"" FX_SHELL "\",\"Cmd\":[\"/bin/sh\",\"-c\",\"while read -r line; do "
	               "echo $line; done < /proc/net/dev\"],\"HostConfig\":{\"NetworkMode\":\"%s\"}}",
	               network);
	if (sw_lifecycle_start(fx->loop, fx->api, &options, &handlers, &listener.story.life, &err) < 0)
		fail_msg("%s", err.message);
	fx_until(fx, &listener.story.gone, 60, "the container's end");
	sw_lifecycle_free(listener.story.life);
	if (listener.story.failed)
		fail_msg("%s: %s", network, listener.story.error.message);
	assert_non_null(strstr(listener.heard, "lo:"));
	return strstr(listener.heard, "eth0:") != NULL;
}

/* Asking a private engine for "bridge" gets a container without any network, and no error: for that
 * its bridge has another name. It goes with the engine. */
static void bridge_comes_and_goes(void **state)
{
	struct sw_engine engine;
	struct sw_error err;
	struct fx fx;
	char host[1100];
	(void)state;
	need_means();
	struct bridges before = find_bridges(NULL);
	start();
	(void)snprintf(host, sizeof host, "unix://%s", paths.socket);
	struct sw_engine_options options = {.host = host, .state_dir = state_dir};
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), 0);
	if (sw_engine_bridge_make(&engine, no_steps, &err) < 0)
		fail_msg("%s", err.message);
	struct bridges made = find_bridges(&before);
	assert_true(made.n >= 1);
	assert_int_equal(sw_engine_bridge_make(&engine, no_steps, &err), 0);
	fx_open(&fx, host);
	fx_import_shell(&fx);
	assert_false(has_interface(&fx, "bridge"));
	assert_true(has_interface(&fx, SW_ENGINE_BRIDGE));
	fx_close(&fx);
	assert_true(stop(true));
	assert_int_equal(if_nametoindex(made.names[0]), 0);
}

static void stop_after_a_kill_cleans_up(void **state)
{
	(void)state;
	need_means();
	start();
	assert_int_equal(kill(daemon_pid(), SIGKILL), 0);
	(void)stop(true);
	assert_int_equal(processes_with(paths.dir), 0);
	assert_int_equal(access(paths.dir, F_OK), -1);
}

/* ---- a daemon that runs, but cannot be seen or reached ---- */

/* With as few descriptors as `ulimit -n 4` leaves: the lock's is the last. */
static int started_without_descriptors(void)
{
	const struct rlimit few = {4, 4};
	struct sw_error err = {0};
	bool was_running;
	(void)syscall(SYS_close_range, 3U, ~0U, 0U);
	if (setrlimit(RLIMIT_NOFILE, &few) < 0)
		return 2;
	if (sw_engine_start_private(state_dir, no_steps, &err) == 0 || err.sys_errno != EMFILE)
		return 3;
	if (sw_engine_stop_private(state_dir, true, &was_running, &err) == 0 || err.sys_errno != EMFILE)
		return 4;
	return strstr(err.message, "cannot tell") ? 0 : 5;
}

static void one_that_cannot_be_looked_for_is_left(void **state)
{
	(void)state;
	need_means();
	start();
	pid_t pid = daemon_pid(), child = fork();
	int status = -1;
	assert_true(child >= 0);
	if (child == 0)
		_exit(started_without_descriptors());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(paths.socket, F_OK), 0);
	assert_int_equal(access(paths.pid, F_OK), 0);
	start();
	assert_int_equal(daemon_pid(), pid);
}

static void hear_step(void *user, const char *what, int64_t elapsed_ns, const char *detail)
{
	(void)what;
	if (elapsed_ns >= 0 && strstr(detail, "socket was gone"))
		++*(int *)user;
}

static void one_that_lost_its_socket_is_replaced(void **state)
{
	int told = 0;
	struct sw_error err;
	struct sw_endpoint endpoint;
	struct sw_engine engine;
	const struct sw_steps steps = {.fn = hear_step, .user = &told};
	(void)state;
	need_means();
	start();
	pid_t pid = daemon_pid();
	assert_int_equal(unlink(paths.socket), 0);
	if (sw_engine_start_private(state_dir, steps, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(told, 1);
	assert_int_not_equal(daemon_pid(), pid);
	assert_int_equal(processes_with(paths.data), 1);
	assert_int_equal(sw_engine_private_endpoint(state_dir, &endpoint, &err), 0);
	assert_int_equal(sw_engine_probe(&endpoint, 5 * FX_SECOND, true, &engine, &err), 0);
	if (sw_engine_start_private(state_dir, steps, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(told, 1);
}

/* A process that looks like this engine's dockerd, by its arguments and its pid file, and has its
 * socket open, but never answers: until *OUT_END is closed. */
static pid_t start_one_that_hangs(int *out_end)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *const argv[] = {"dockerd", "-c", "read -r line", "--data-root", paths.data, NULL};
	int ends[2];
	assert_int_equal(mkdir(paths.dir, 0700), 0);
	assert_true(strlen(paths.socket) < sizeof address.sun_path);
	memcpy(address.sun_path, paths.socket, strlen(paths.socket));
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[0], 0);
		execv("/bin/sh", argv);
		_exit(127);
	}
	close(listener);
	close(ends[0]);
	FILE *file = fopen(paths.pid, "we");
	assert_non_null(file);
	(void)fprintf(file, "%d", (int)pid);
	fclose(file);
	*out_end = ends[1];
	return pid;
}

/* It may have its reasons. */
static void one_that_hangs_is_left_and_told_of(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct sw_endpoint usual[8];
	bool exists = false;
	int end;
	struct sw_engine_options options = {.state_dir = state_dir, .may_start = true};
	(void)state;
	need_means();
	fx_need(sw_endpoint_usual(NULL, NULL, usual, 8) == 0, "this machine has a usual socket");
	assert_int_equal(sw_engine_private_exists(state_dir, &exists, &err), 0);
	assert_false(exists);
	pid_t pid = start_one_that_hangs(&end);
	int result = sw_engine_find(&options, no_steps, &engine, &err);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* it runs still */
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "`sandwatch clean --engine`"));
	assert_non_null(strstr(err.message, paths.socket));
	size_t len = strlen(err.message), log_len = strlen(paths.log);
	assert_true(len > log_len);
	assert_string_equal(err.message + len - log_len, paths.log);
	assert_int_equal(sw_engine_private_exists(state_dir, &exists, &err), 0);
	assert_true(exists);
	assert_int_equal(unlink(paths.socket), 0);
	exists = false;
	assert_int_equal(sw_engine_private_exists(state_dir, &exists, &err), 0);
	assert_true(exists); /* by its record */
	close(end);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void until_stopped(pid_t pid)
{
	int64_t late_ns = sw_clock_ns() + 10 * FX_SECOND;
	while (!sw_daemon_is_stopped(pid) && sw_clock_ns() < late_ns)
		continue;
	assert_true(sw_daemon_is_stopped(pid));
}

/* One that is stopped, as a chaos session that was killed leaves it, is no mystery: it goes on. */
static void one_that_is_stopped_is_continued(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct sw_endpoint endpoint;
	(void)state;
	need_means();
	start();
	pid_t pid = daemon_pid();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	until_stopped(pid);
	start();
	assert_int_equal(daemon_pid(), pid);
	assert_int_equal(sw_engine_private_endpoint(state_dir, &endpoint, &err), 0);
	assert_int_equal(sw_engine_probe(&endpoint, 5 * FX_SECOND, false, &engine, &err), 0);

	/* Stopped again, it is ended by TERM all the same: it takes its pid file away, which KILL would leave. */
	assert_int_equal(kill(pid, SIGSTOP), 0);
	until_stopped(pid);
	assert_int_equal(access(paths.pid, F_OK), 0);
	assert_true(stop(false));
	assert_int_equal(access(paths.pid, F_OK), -1);
	assert_int_equal(processes_with(paths.dir), 0);
	assert_false(stop(true));
}

/* ---- finding: no dockerd is needed for these ---- */

static void named_engine_that_is_away(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct sw_engine_options options = {.docker_host = "unix:///nonexistent/engine.sock",
	                                    .state_dir = state_dir, .may_start = true};
	(void)state;
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "DOCKER_HOST"));
	assert_non_null(strstr(err.message, "/nonexistent/engine.sock"));
	options.host = "gopher://x";
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
}

static void socket_that_is_no_engine(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char host[160];
	(void)state;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/mail.sock", state_dir);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 4), 0);
	pid_t server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		int fd = accept(listener, NULL, NULL);
		_exit(fd >= 0 && write(fd, "220 mail ready\r\n", 16) == 16 ? 0 : 1);
	}
	close(listener);
	(void)snprintf(host, sizeof host, "unix://%s", address.sun_path);
	struct sw_engine_options options = {.host = host, .state_dir = state_dir};
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "mail.sock"));
	assert_int_equal(waitpid(server, NULL, 0), server);
}

static void nothing_answers(void **state)
{
	struct sw_error err;
	struct sw_engine engine;
	struct sw_endpoint usual[8];
	struct sw_engine_options options = {.state_dir = state_dir, .may_start = false};
	(void)state;
	fx_need(sw_endpoint_usual(NULL, NULL, usual, 8) == 0, "this machine has a usual socket");
	assert_int_equal(sw_engine_find(&options, no_steps, &engine, &err), -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "DOCKER_HOST"));
	assert_non_null(strstr(err.message, "docker.io"));
	assert_non_null(strstr(err.message, "sandbox.enabled: false"));
	assert_int_equal(access(paths.dir, F_OK), -1);
}

/* ---- fixture ---- */

static int set_up_one(void **state)
{
	(void)state;
	(void)snprintf(state_dir, sizeof state_dir, "/tmp/sandwatch-test-eng.XXXXXX");
	if (!mkdtemp(state_dir) || sw_daemon_paths(state_dir, &paths, NULL) < 0)
		return -1;
	return 0;
}

/* Also after a test that failed in its middle. */
static int tear_down_one(void **state)
{
	bool was_running;
	char path[128];
	(void)state;
	(void)sw_engine_stop_private(state_dir, true, &was_running, NULL);
	(void)snprintf(path, sizeof path, "%s/mail.sock", state_dir);
	(void)unlink(path);
	return rmdir(state_dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_once_and_stops),
		TEST(is_roots_until_it_is_granted),
		TEST(two_at_once_start_one),
		TEST(stops_nothing_but_its_own),
		TEST(daemon_that_dies_early_is_explained),
		TEST(long_paths_move_below_run),
		TEST(daemon_killed_in_the_middle),
		TEST(bridge_comes_and_goes),
		TEST(stop_after_a_kill_cleans_up),
		TEST(one_that_cannot_be_looked_for_is_left),
		TEST(one_that_lost_its_socket_is_replaced),
		TEST(one_that_hangs_is_left_and_told_of),
		TEST(one_that_is_stopped_is_continued),
		TEST(named_engine_that_is_away),
		TEST(socket_that_is_no_engine),
		TEST(nothing_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
