#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"

extern char **environ;

struct ends {
	int in[2], out[2], err[2], result[2];
};

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	pair[0] = pair[1] = -1;
}

static void close_ends(struct ends *ends)
{
	close_pair(ends->in);
	close_pair(ends->out);
	close_pair(ends->err);
	close_pair(ends->result);
}

/* FD, or -1, moved above 3 so that the child's dup2s do not collide. */
static int above_3(int fd)
{
	if (fd < 0 || fd > 3)
		return fd;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 4);
	close(fd);
	return high;
}

/* Our end does not block, the child's does. */
static int make_pipe(int pair[2], int ours)
{
	int raw[2];
	if (pipe2(raw, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		pair[i] = above_3(raw[i]);
	if (pair[0] < 0 || pair[1] < 0)
		return -1;
	return fcntl(pair[ours], F_SETFL, O_NONBLOCK);
}

static int make_ends(const struct sw_process_options *options, struct ends *ends)
{
	*ends = (struct ends){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	if (make_pipe(ends->out, 0) < 0 || make_pipe(ends->err, 0) < 0)
		return -1;
	if (options->pipe_result && make_pipe(ends->result, 0) < 0)
		return -1;
	if (options->pipe_in)
		return make_pipe(ends->in, 1);
	ends->in[0] = above_3(open("/dev/null", O_RDONLY | O_CLOEXEC));
	return ends->in[0];
}

/* Runs between vfork and exec, in the parent's memory: system calls only, nothing written to it. */
static void child(const struct sw_process_options *options, const struct ends *ends)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(ends->in[0], 0);
	dup2(ends->out[1], 1);
	dup2(ends->err[1], 2);
	if (options->pipe_result)
		dup2(ends->result[1], 3);
	execve(options->path, options->argv, options->env ? options->env : environ);
	_exit(errno == ENOENT ? 127 : 126);
}

struct watcher {
	pid_t pid;
	int fd;
};

static void *watch_exit(void *user)
{
	struct watcher *watcher = user;
	siginfo_t info;
	uint64_t one = 1;
	while (waitid(P_PID, (id_t)watcher->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
	}
	if (write(watcher->fd, &one, sizeof one) < 0) {
		/* An eventfd of ours takes its first 1. */
	}
	close(watcher->fd);
	free(watcher);
	return NULL;
}

/* Linux before 5.3 has no pidfd_open, nor has valgrind before 3.21: there a thread waits, and an
 * eventfd becomes readable as a pidfd would. */
static int open_watcher(pid_t pid)
{
	pthread_t thread;
	struct watcher *watcher = malloc(sizeof *watcher);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 4);
	if (watcher && copy >= 0) {
		*watcher = (struct watcher){pid, copy};
		if (pthread_create(&thread, NULL, watch_exit, watcher) == 0) {
			pthread_detach(thread);
			return fd;
		}
	}
	int why = fd < 0 || copy < 0 ? errno : ENOMEM;
	free(watcher);
	if (copy >= 0)
		close(copy);
	if (fd >= 0)
		close(fd);
	errno = why;
	return -1;
}

static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 && errno == ENOSYS ? open_watcher(pid) : fd;
}

int sw_process_spawn(const struct sw_process_options *options, struct sw_process *out_process,
                     struct sw_error *err)
{
	struct ends ends;
	sigset_t all, before;
	if (make_ends(options, &ends) < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make pipes for %s", options->path);
		close_ends(&ends);
		return -1;
	}
	/* No handler of ours may run in the child while it shares our memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = vfork();
	if (pid == 0)
		child(options, &ends);
	int fork_errno = errno;
	if (pid > 0)
		setpgid(pid, pid); /* both do: where vfork is a fork (valgrind), either may be first */
	/* A thread that stands in for a pidfd inherits the full mask: signals stay with the others. */
	int pidfd = pid > 0 ? open_pidfd(pid) : -1;
	int pidfd_errno = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0 || pidfd < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, pid < 0 ? fork_errno : pidfd_errno, "cannot start %s",
		             options->path);
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		close_ends(&ends);
		return -1;
	}
	*out_process = (struct sw_process){
		.pid = pid,
		.pidfd = pidfd,
		.in = ends.in[1],
		.out = ends.out[0],
		.err = ends.err[0],
		.result = ends.result[0],
	};
	ends.in[1] = ends.out[0] = ends.err[0] = ends.result[0] = -1;
	close_ends(&ends);
	return 0;
}

void sw_process_kill(const struct sw_process *process)
{
	if (process->pid > 0)
		kill(-process->pid, SIGKILL);
}

bool sw_process_reap(struct sw_process *process, int *out_exit_code, int *out_signal)
{
	siginfo_t info = {0};
	if (process->pid <= 0 ||
	    waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
		return false;
	/* The group may hold children of the child. Kill it before its number is free again. */
	kill(-process->pid, SIGKILL);
	waitpid(process->pid, NULL, 0);
	process->pid = -1;
	*out_exit_code = info.si_code == CLD_EXITED ? info.si_status : -1;
	*out_signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	return true;
}

void sw_process_end(struct sw_process *process)
{
	if (process->pid <= 0)
		return;
	sw_process_kill(process);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	process->pid = -1;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void sw_process_close(struct sw_process *process)
{
	close_one(&process->pidfd);
	close_one(&process->in);
	close_one(&process->out);
	close_one(&process->err);
	close_one(&process->result);
}

/* 0 or -1 with errno. */
static int check_executable(const char *path)
{
	struct stat st;
	if (access(path, X_OK) < 0 || stat(path, &st) < 0)
		return -1;
	errno = EACCES;
	return S_ISREG(st.st_mode) ? 0 : -1;
}

int sw_process_find(const char *name, const char *path_list, char *dst, size_t size,
                    struct sw_error *err)
{
	int why = ENOENT;
	if (strchr(name, '/')) {
		size_t len = strlen(name);
		if (len >= size || check_executable(name) < 0)
			return sw_error_set(err, SW_ERR_NOT_FOUND, len >= size ? ENAMETOOLONG : errno,
			                    "cannot execute %s", name);
		memcpy(dst, name, len + 1);
		return 0;
	}
	const char *at = path_list && *path_list ? path_list : "/usr/local/bin:/usr/bin:/bin";
	while (*name) {
		size_t len = strcspn(at, ":");
		int n = snprintf(dst, size, "%.*s/%s", len ? (int)len : 1, len ? at : ".", name);
		if (n > 0 && (size_t)n < size) {
			if (check_executable(dst) == 0)
				return 0;
			if (errno == EACCES)
				why = EACCES;
		}
		if (!at[len])
			break;
		at += len + 1;
	}
	return sw_error_set(err, SW_ERR_NOT_FOUND, why, "cannot execute %s", *name ? name : "''");
}

/* At most SIZE-1 bytes; one read gives all that a file of /proc has. 0 or -1 with errno. */
static int read_proc(const char *path, char *dst, size_t size)
{
	SW_CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, dst, size - 1) : -1;
	if (n < 0)
		return -1;
	dst[n] = '\0';
	return 0;
}

int sw_process_read_stat(pid_t pid, struct sw_process_stat *out_stat, struct sw_error *err)
{
	char path[64] = "/proc/self/stat", text[1024], state;
	int parent;
	uint64_t start;
	if (pid != 0)
		(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (read_proc(path, text, sizeof text) < 0) {
		/* ESRCH: it ended between the open and the read. */
		enum sw_code code = errno == ENOENT || errno == ESRCH ? SW_ERR_NOT_FOUND : SW_ERR_IO;
		return sw_error_set(err, code, errno, "cannot read %s", path);
	}
	const char *name_end = strrchr(text, ')');
	if (!name_end || sscanf(name_end + 1,
	                        " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
	                        "%*s %*s %" SCNu64,
	                        &state, &parent, &start) != 3)
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s is not as proc(5) has it", path);
	*out_stat = (struct sw_process_stat){.state = state, .parent = parent, .start_ticks = start};
	return 0;
}
