#include "docker/engine_daemon.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/process.h"
#include "core/text.h"

enum { SWEEP_MAX = 512 };

static const int64_t kill_timeout_ns = 10000000000;

/* ---- what /proc tells ---- */

/* Reads at most SIZE-1 bytes of a small file. The length, 0 also when the file or the process that
 * it tells of is not there; -1: it cannot be read. */
static ssize_t read_small(const char *path, char *dst, size_t size, struct sw_error *err)
{
	ssize_t total = 0, n = 0;
	SW_CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (size_t)total < size - 1 &&
	       ((n = read(fd, dst + total, size - 1 - (size_t)total)) > 0 || (n < 0 && errno == EINTR)))
		total += n > 0 ? n : 0;
	if (fd < 0 || n < 0) {
		if (errno != ENOENT && errno != ESRCH)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
		total = 0;
	}
	dst[total] = '\0';
	return total;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The arguments, each with its NUL; as read_small. */
static ssize_t command_line(pid_t pid, char *text, size_t size, struct sw_error *err)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	return read_small(path, text, size, err);
}

/* RECORDED: when it was started, 0 when that is not known. */
static int is_our_dockerd(const struct sw_daemon_paths *paths, pid_t pid, uint64_t recorded,
                          bool *out_ours, struct sw_error *err)
{
	char text[8192];
	struct sw_process_stat stat;
	struct sw_error why;
	*out_ours = false;
	if (sw_process_read_stat(pid, &stat, &why) < 0) {
		if (why.code == SW_ERR_NOT_FOUND)
			return 0;
		if (err)
			*err = why;
		return -1;
	}
	if (stat.state == 'Z' || stat.state == 'X' || (recorded && recorded != stat.start_ticks))
		return 0;
	ssize_t len = command_line(pid, text, sizeof text, err);
	if (len <= 0 || strcmp(base_name(text), "dockerd") != 0)
		return len < 0 ? -1 : 0;
	for (const char *arg = text; arg < text + len && !*out_ours; arg += strlen(arg) + 1)
		*out_ours = strcmp(arg, "--data-root") == 0 && arg + sizeof "--data-root" < text + len &&
		            strcmp(arg + sizeof "--data-root", paths->data) == 0;
	return 0;
}

int sw_daemon_find(const struct sw_daemon_paths *paths, pid_t *out_pid, struct sw_error *err)
{
	char text[128];
	int pid = 0;
	uint64_t recorded = 0;
	bool ours = false;
	if (read_small(paths->record, text, sizeof text, err) < 0)
		return -1;
	/* Without our record (a starter that was killed) dockerd's own pid file still names it. */
	if (sscanf(text, "%d %" SCNu64, &pid, &recorded) != 2) {
		recorded = 0;
		if (read_small(paths->pid, text, sizeof text, err) < 0)
			return -1;
		if (sscanf(text, "%d", &pid) != 1)
			pid = 0;
	}
	if (pid > 1 && is_our_dockerd(paths, (pid_t)pid, recorded, &ours, err) < 0)
		return -1;
	*out_pid = ours ? (pid_t)pid : 0;
	return 0;
}

int sw_daemon_lost_socket(const struct sw_daemon_paths *paths, pid_t pid, bool *out_lost,
                          struct sw_error *err)
{
	char path[64], line[512];
	*out_lost = false;
	if (access(paths->socket, F_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot look at %s", paths->socket);
	/* A bound socket keeps its name there (proc(5)), whatever becomes of its file. */
	(void)snprintf(path, sizeof path, "/proc/%d/net/unix", (int)pid);
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	if (!file)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
	while (!*out_lost && fgets(line, sizeof line, file)) {
		const char *name = strchr(line, '/');
		size_t len = strcspn(line, "\n");
		line[len] = '\0';
		*out_lost = name && strcmp(name, paths->socket) == 0;
	}
	/* It may have been bound between the two looks. */
	*out_lost = *out_lost && access(paths->socket, F_OK) < 0;
	return 0;
}

int sw_daemon_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* ---- ending it ---- */

/* True once PIDFD's process has ended. */
static bool await_end(int pidfd, int64_t timeout_ns)
{
	int64_t due_ns = sw_clock_ns() + timeout_ns;
	for (;;) {
		int64_t left_ms = (due_ns - sw_clock_ns()) / 1000000;
		struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
		int n = poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0);
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

static int send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* A descriptor of dockerd PID, *OUT_FD, or -1 where that has ended or is another's process. */
static int open_ours(const struct sw_daemon_paths *paths, pid_t pid, int *out_fd,
                     struct sw_error *err)
{
	bool ours = false;
	*out_fd = -1;
	SW_CLEANUP(close) int pidfd = sw_daemon_pidfd(pid);
	if (pidfd < 0)
		return errno == ESRCH ? 0 : sw_error_set(err, SW_ERR_IO, errno,
		                                         "cannot reach dockerd (process %d)", (int)pid);
	/* Asked behind the pidfd: the number cannot pass to another process any more. */
	if (is_our_dockerd(paths, pid, 0, &ours, err) < 0)
		return -1;
	if (ours)
		*out_fd = SW_TAKE_FD(pidfd);
	return 0;
}

/* SIG to dockerd PID, whose descriptor is then *OUT_FD. */
static int signal_ours(const struct sw_daemon_paths *paths, pid_t pid, int sig, int *out_fd,
                       struct sw_error *err)
{
	SW_CLEANUP(close) int pidfd = -1;
	if (open_ours(paths, pid, &pidfd, err) < 0)
		return -1;
	int sent = pidfd < 0 ? -1 : send_signal(pidfd, sig);
	if (sent < 0 && (pidfd < 0 || errno == ESRCH))
		return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "dockerd (process %d) does not run any more",
		                    (int)pid);
	if (sent < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot signal dockerd (process %d)", (int)pid);
	*out_fd = SW_TAKE_FD(pidfd);
	return 0;
}

int sw_daemon_signal(const struct sw_daemon_paths *paths, pid_t pid, int sig, struct sw_error *err)
{
	SW_CLEANUP(close) int pidfd = -1;
	return signal_ours(paths, pid, sig, &pidfd, err);
}

bool sw_daemon_is_stopped(pid_t pid)
{
	struct sw_process_stat stat;
	return sw_process_read_stat(pid, &stat, NULL) == 0 && stat.state == 'T';
}

int sw_daemon_kill(const struct sw_daemon_paths *paths, pid_t pid, struct sw_error *err)
{
	SW_CLEANUP(close) int pidfd = -1;
	if (signal_ours(paths, pid, SIGKILL, &pidfd, err) < 0)
		return -1;
	if (!await_end(pidfd, kill_timeout_ns))
		return sw_error_set(err, SW_ERR_TIMEOUT, 0, "dockerd (process %d) does not end", (int)pid);
	return 0;
}

int sw_daemon_end(const struct sw_daemon_paths *paths, pid_t pid, int64_t grace_ns,
                  struct sw_error *err)
{
	SW_CLEANUP(close) int pidfd = -1;
	if (open_ours(paths, pid, &pidfd, err) < 0)
		return -1;
	if (pidfd >= 0) {
		if (send_signal(pidfd, SIGTERM) < 0 && errno != ESRCH)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot signal dockerd (process %d)", (int)pid);
		(void)send_signal(pidfd, SIGCONT); /* one that is stopped hears nothing else */
		if (!await_end(pidfd, grace_ns)) {
			(void)send_signal(pidfd, SIGKILL);
			if (!await_end(pidfd, grace_ns))
				return sw_error_set(err, SW_ERR_TIMEOUT, 0, "dockerd (process %d) does not end",
				                    (int)pid);
		}
	}
	(void)sw_daemon_sweep(paths);
	return 0;
}

struct victim {
	pid_t pid, parent;
	bool ours;
};

static bool is_engine_part(const struct sw_daemon_paths *paths, pid_t pid)
{
	static const char *const programs[] = {"containerd", "runc", "crun", "docker-"};
	char text[8192];
	bool known = false;
	ssize_t len = command_line(pid, text, sizeof text, NULL);
	if (len <= 0)
		return false;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		known = known || strncmp(base_name(text), programs[i], strlen(programs[i])) == 0;
	size_t prefix = strlen(paths->exec);
	for (const char *arg = text; known && arg < text + len; arg += strlen(arg) + 1)
		if (strncmp(arg, paths->exec, prefix) == 0 && arg[prefix] == '/')
			return true;
	return false;
}

static size_t list_processes(const struct sw_daemon_paths *paths, struct victim *victims,
                             size_t max)
{
	size_t n = 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return 0;
	for (struct dirent *entry; n < max && (entry = readdir(dir));) {
		struct sw_process_stat stat;
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		if (!isdigit((unsigned char)entry->d_name[0]) || *end ||
		    sw_process_read_stat((pid_t)pid, &stat, NULL) < 0 || stat.state == 'Z')
			continue;
		victims[n].pid = (pid_t)pid;
		victims[n].parent = stat.parent;
		victims[n].ours = is_engine_part(paths, (pid_t)pid);
		n++;
	}
	closedir(dir);
	return n;
}

static bool child_of_ours(const struct victim *victims, size_t n, pid_t parent)
{
	for (size_t i = 0; i < n; i++)
		if (victims[i].ours && victims[i].pid == parent)
			return true;
	return false;
}

int sw_daemon_sweep(const struct sw_daemon_paths *paths)
{
	SW_CLEANUP(free) struct victim *victims = calloc(8192, sizeof *victims);
	int fds[SWEEP_MAX], n_fds = 0;
	size_t n = victims ? list_processes(paths, victims, 8192) : 0;
	for (size_t i = 0; i < n && n_fds < SWEEP_MAX; i++) {
		/* A container's first process is its shim's child; killing it ends all of the container. */
		if (!victims[i].ours && !child_of_ours(victims, n, victims[i].parent))
			continue;
		int fd = sw_daemon_pidfd(victims[i].pid);
		if (fd < 0)
			continue;
		(void)send_signal(fd, SIGKILL);
		fds[n_fds++] = fd;
	}
	for (int i = 0; i < n_fds; i++) {
		(void)await_end(fds[i], 5000000000);
		close(fds[i]);
	}
	return n_fds;
}

/* ---- its last words ---- */

/* 3: the reason of an end; 2: an error; 1: anything; 0: empty. */
static int weight(const char *line)
{
	if (line[0] == '\0')
		return 0;
	if (strstr(line, "level=fatal") || strncmp(line, "time=", 5) != 0)
		return 3;
	return strstr(line, "level=error") ? 2 : 1;
}

/* Leaves what stands in logrus' msg="…", in place. */
static const char *log_message(char *line)
{
	char *message = strstr(line, "msg=\"");
	if (strncmp(line, "time=", 5) != 0 || !message)
		return line;
	message += 5;
	for (char *p = message; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '"') {
			*p = '\0';
			break;
		}
	}
	return message;
}

void sw_daemon_last_words(const struct sw_daemon_paths *paths, char *dst, size_t size)
{
	char text[16384];
	char *best = NULL;
	dst[0] = '\0';
	SW_CLEANUP(close) int fd = open(paths->log, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	off_t end = lseek(fd, 0, SEEK_END);
	off_t from = end > (off_t)sizeof text - 1 ? end - ((off_t)sizeof text - 1) : 0;
	ssize_t n = pread(fd, text, sizeof text - 1, from);
	if (n <= 0)
		return;
	text[n] = '\0';
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (weight(line) > 0 && (!best || weight(line) >= weight(best)))
			best = line;
	if (best) {
		const char *message = log_message(best);
		sw_text_clean(dst, size, message, strlen(message));
	}
}
