#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/image_recipe.h"

extern char **environ;

/* What a child says: into the log as it comes, the last whole line kept for people. */
struct output {
	const struct sw_recipe_run *run;
	int log_fd;
	char line[512];
	size_t len;
	char last[400];
};

static void line_done(struct output *output)
{
	size_t len = output->len;
	output->len = 0;
	if (len == 0)
		return;
	sw_text_clean(output->last, sizeof output->last, output->line, len);
	if (output->run->progress.fn)
		output->run->progress.fn(output->run->progress.user, output->run->what, -1, output->last);
}

static void take(struct output *output, const char *bytes, size_t len)
{
	if (output->log_fd >= 0 && write(output->log_fd, bytes, len) < 0)
		output->log_fd = -1; /* a full disk must not hide the build's own message */
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			line_done(output);
		else if (output->len < sizeof output->line)
			output->line[output->len++] = bytes[i];
	}
}

/* False at the end of the stream. */
static bool drain(struct output *output, int fd)
{
	char bytes[4096];
	for (;;) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n > 0)
			take(output, bytes, (size_t)n);
		else if (n == 0)
			return false;
		else if (errno != EINTR)
			return errno == EAGAIN;
	}
}

static int spawn(const struct sw_recipe_run *run, int write_fd, pid_t *out_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	/* The caller may have blocked signals; the child is to end at Ctrl-C. */
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, write_fd, 1);
	posix_spawn_file_actions_adddup2(&actions, write_fd, 2);
	int result = posix_spawnp(out_pid, run->argv[0], &actions, &attributes,
	                          (char *const *)(uintptr_t)run->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return result;
}

/* Reads until the child has ended: not until the pipe closes, which a stray grandchild may hold. */
static bool follow(struct output *output, int fd, int pidfd, int64_t due_ns)
{
	bool open = true;
	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
		                       {.fd = open ? fd : -1, .events = POLLIN}};
		int64_t left_ms = (due_ns - sw_clock_ns()) / 1000000;
		int n = poll(fds, 2, left_ms > 0 ? (int)left_ms : 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0 && open && fds[1].revents)
			open = drain(output, fd);
		if (n > 0 && fds[0].revents) {
			if (open)
				(void)drain(output, fd);
			line_done(output);
			return true;
		}
	}
}

static int wait_status(pid_t pid)
{
	int status = -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int judge(const struct output *output, int status, struct sw_error *err)
{
	const struct sw_recipe_run *run = output->run;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	const char *how = WIFSIGNALED(status) ? "died by signal" : "ended with";
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	return sw_error_set(err, SW_ERR_IO, 0, "%s: %s %s %d: %.300s", run->what, run->argv[0], how,
	                    number, output->last[0] ? output->last : "it said nothing");
}

/* TERM first: build.sh then removes what it has begun. */
static void stop_child(pid_t pid, int pidfd)
{
	(void)kill(pid, SIGTERM);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};
	if (poll(&ended, 1, 5000) <= 0)
		(void)kill(pid, SIGKILL);
	(void)wait_status(pid);
}

int sw_recipe_run(const struct sw_recipe_run *run, struct sw_error *err)
{
	struct output output = {.run = run};
	int ends[2];
	pid_t pid;

	SW_CLEANUP(close) int log_fd = open(run->log_path,
	                                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	output.log_fd = log_fd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make a pipe");
	SW_CLEANUP(close) int read_fd = ends[0];
	SW_CLEANUP(close) int write_fd = ends[1];
	(void)fcntl(read_fd, F_SETFL, O_NONBLOCK);
	int failed = spawn(run, write_fd, &pid);
	if (failed)
		return sw_error_set(err, SW_ERR_IO, failed, "%s: cannot start %s", run->what, run->argv[0]);
	close(SW_TAKE_FD(write_fd));
	SW_CLEANUP(close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (!follow(&output, read_fd, pidfd, sw_clock_ns() + run->timeout_ns)) {
		stop_child(pid, pidfd);
		return sw_error_set(err, SW_ERR_TIMEOUT, 0, "%s: %s did not end in time; last line: %.200s",
		                    run->what, run->argv[0], output.last);
	}
	if (judge(&output, wait_status(pid), err) < 0)
		return -1;
	if (run->out_last)
		(void)sw_text_copy(run->out_last, run->out_size, output.last);
	return 0;
}
