#include "core/orphans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/loop.h"
#include "core/process.h"

#define MARK_KEY "SANDWATCH_HOST_RUN="

enum { PIDS_MAX = 4096, ROUNDS_MAX = 100, ENVIRON_MAX = 1 << 20 };

extern char **environ;

struct pids {
	pid_t pids[PIDS_MAX];
	int n;
};

void sw_orphans_adopt(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* ---- marks ---- */

static unsigned long long own_namespace(void)
{
	struct stat st;
	return stat("/proc/self/ns/pid", &st) == 0 ? (unsigned long long)st.st_ino : 0;
}

void sw_orphans_mark(char dst[SW_ORPHANS_MARK_MAX])
{
	struct sw_process_stat stat = {0};
	(void)sw_process_read_stat(0, &stat, NULL);
	(void)snprintf(dst, SW_ORPHANS_MARK_MAX, MARK_KEY "%llu.%d.%" PRIu64 ".%" PRId64,
	               own_namespace(), (int)getpid(), stat.start_ticks, sw_clock_ns());
}

char **sw_orphans_env(char *const *env, const char *mark)
{
	char *const *from = env ? env : environ;
	size_t n = 0, k = 0;
	while (from[n])
		n++;
	char **marked = calloc(n + 2, sizeof *marked);
	if (!marked)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(from[i], MARK_KEY, sizeof MARK_KEY - 1) != 0)
			marked[k++] = from[i];
	marked[k] = (char *)(uintptr_t)mark;
	return marked;
}

/* PID's environment into TEXT, with a NUL behind it; -1 when it may not be read. It is empty while a process
 * is ending. */
static int read_environment(pid_t pid, struct sw_buf *text)
{
	char path[64], bytes[16384];
	(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	SW_CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? 1 : errno == ESRCH ? 0 : -1; /* ESRCH: newer kernels, of one that ends */
	sw_buf_clear(text);
	while (n > 0 && text->len < ENVIRON_MAX && (n = read(fd, bytes, sizeof bytes)) > 0)
		if (sw_buf_add(text, bytes, (size_t)n) < 0)
			return -1;
	return n < 0 || (text->len && sw_buf_add(text, "", 1) < 0) ? -1 : 0;
}

/* The string in an environment that begins with START, or NULL. */
static const char *find_string(const struct sw_buf *text, const char *start)
{
	size_t len = strlen(start);
	for (size_t at = 0; at < text->len; at += strlen(text->data + at) + 1)
		if (strncmp(text->data + at, start, len) == 0)
			return text->data + at;
	return NULL;
}

/* ---- children ---- */

static bool has(const struct pids *pids, pid_t pid)
{
	for (int i = 0; i < pids->n; i++)
		if (pids->pids[i] == pid)
			return true;
	return false;
}

static void add_listed(const char *path, struct pids *out)
{
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	int pid;
	while (file && out->n < PIDS_MAX && fscanf(file, "%d", &pid) == 1)
		out->pids[out->n++] = (pid_t)pid;
}

/* Appends the children of each thread of process WHO ("self" or a number). */
static void add_children(const char *who, struct pids *out)
{
	char path[400];
	(void)snprintf(path, sizeof path, "/proc/%s/task", who);
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "/proc/%s/task/%s/children", who, entry->d_name);
		add_listed(path, out);
	}
	if (dir)
		(void)closedir(dir);
}

/* PID, and all below it, which its end will hand to us. */
static void doom(pid_t pid, struct pids *doomed)
{
	int next = doomed->n;
	if (doomed->n < PIDS_MAX)
		doomed->pids[doomed->n++] = pid;
	for (; next < doomed->n; next++) {
		char who[16];
		(void)snprintf(who, sizeof who, "%d", (int)doomed->pids[next]);
		add_children(who, doomed);
	}
}

/* What this process spawns itself stays in its session, and leads a process group (core/process.h). */
static bool was_handed_over(pid_t pid)
{
	return getpgid(pid) != pid || getsid(pid) != getsid(0);
}

struct sweep {
	const char *mark;
	struct pids children, doomed;
	struct sw_buf text;
	int killed;
};

/* Returns whether CHILD has to be looked at again. */
static bool sweep_child(struct sweep *sweep, pid_t child)
{
	struct sw_process_stat stat;
	bool is_doomed = has(&sweep->doomed, child);
	if (sw_process_read_stat(child, &stat, NULL) < 0)
		return false;
	if (stat.state == 'Z') {
		if (is_doomed || was_handed_over(child))
			(void)waitpid(child, NULL, WNOHANG);
		return false;
	}
	if (!is_doomed) {
		if (read_environment(child, &sweep->text) < 0)
			return false;
		if (!sweep->text.len)
			return was_handed_over(child);
		const char *found = find_string(&sweep->text, sweep->mark);
		if (!found || strcmp(found, sweep->mark) != 0)
			return false;
		doom(child, &sweep->doomed);
	}
	sweep->killed += kill(child, SIGKILL) == 0 && !is_doomed;
	return true;
}

int sw_orphans_kill(const char *mark)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	bool again = true;
	int killed = 0;
	struct sweep *sweep = calloc(1, sizeof *sweep);
	for (int round = 0; sweep && again && round < ROUNDS_MAX; round++) {
		if (round > 0)
			(void)nanosleep(&pause, NULL);
		again = false;
		sweep->mark = mark;
		sweep->children.n = 0;
		add_children("self", &sweep->children);
		for (int i = 0; i < sweep->children.n; i++)
			again |= sweep_child(sweep, sweep->children.pids[i]);
	}
	if (sweep) {
		killed = sweep->killed;
		sw_buf_done(&sweep->text);
	}
	free(sweep);
	return killed;
}

/* ---- of the dead ---- */

static bool is_of_the_dead(const char *mark, unsigned long long namespace)
{
	unsigned long long in;
	int pid;
	uint64_t start;
	struct sw_process_stat stat;
	if (sscanf(mark, MARK_KEY "%llu.%d.%" SCNu64 ".", &in, &pid, &start) != 3 || pid <= 0 ||
	    !start || !namespace || in != namespace)
		return false;
	if (sw_process_read_stat((pid_t)pid, &stat, NULL) < 0)
		return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
	return stat.start_ticks != start || stat.state == 'Z';
}

/* Opened before the last look: the number cannot pass to another process between that and the signal. */
static bool kill_started_at(pid_t pid, uint64_t start_ticks)
{
	struct sw_process_stat stat;
	SW_CLEANUP(close) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (sw_process_read_stat(pid, &stat, NULL) < 0 || stat.start_ticks != start_ticks)
		return false;
	if (pidfd < 0) /* Linux before 5.3 */
		return kill(pid, SIGKILL) == 0;
	return syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0;
}

int sw_orphans_kill_of_dead(void)
{
	unsigned long long namespace = own_namespace();
	SW_CLEANUP(buf) struct sw_buf text = {0};
	int killed = 0;
	DIR *dir = opendir("/proc");
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct sw_process_stat before;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid <= 0 || pid == getpid() || sw_process_read_stat(pid, &before, NULL) < 0)
			continue;
		const char *mark = read_environment(pid, &text) < 0 ? NULL : find_string(&text, MARK_KEY);
		if (mark && is_of_the_dead(mark, namespace))
			killed += kill_started_at(pid, before.start_ticks);
	}
	if (dir)
		(void)closedir(dir);
	return killed;
}
