#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/process.h"
#include "docker/engine_daemon.h"

/* The longest socket that the engine puts below its exec root decides whether a path is short enough. */
enum {
	SUN_PATH = 108,
	ARGS_MAX = 32,
	LONGEST_SOCKET = sizeof "/exec/containerd/containerd-debug.sock.ttrpc",
};

static const char search_path[] =
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
static const char system_containerd[] = "/run/containerd";

/* ---- paths ---- */

static uint64_t hash_text(const char *text) /* FNV-1a */
{
	uint64_t hash = 14695981039346656037U;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211U;
	return hash;
}

static void below(char dst[1024], const char *dir, const char *name)
{
	(void)snprintf(dst, 1024, "%s/%s", dir, name);
}

int sw_daemon_paths(const char *state_dir, struct sw_daemon_paths *out_paths, struct sw_error *err)
{
	struct sw_daemon_paths paths;
	char here[512] = "";
	if (state_dir[0] != '/' && !getcwd(here, sizeof here))
		return sw_error_set(err, SW_ERR_IO, errno, "cannot tell the current directory");
	int len = snprintf(paths.dir, sizeof paths.dir, "%s%s%s/engine", here, here[0] ? "/" : "",
	                   state_dir);
	if (len < 0 || (size_t)len >= sizeof paths.dir)
		return sw_error_set(err, SW_ERR_USAGE, 0, "the state directory's path is too long: %.60s…",
		                    state_dir);
	if ((size_t)len + LONGEST_SOCKET > SUN_PATH)
		(void)snprintf(paths.run, sizeof paths.run, "/run/sandwatch-%016llx",
		               (unsigned long long)hash_text(paths.dir));
	else
		(void)snprintf(paths.run, sizeof paths.run, "%s", paths.dir);
	below(paths.data, paths.dir, "data");
	below(paths.exec, paths.run, "exec");
	below(paths.socket, paths.run, "engine.sock");
	below(paths.pid, paths.dir, "engine.pid");
	below(paths.log, paths.dir, "engine.log");
	below(paths.config, paths.dir, "daemon.json");
	below(paths.record, paths.dir, "engine.process");
	below(paths.lock, paths.dir, "lock");
	below(paths.containerd, paths.dir, "containerd");
	below(paths.containerd_pid, paths.run, "exec/containerd/containerd.pid");
	*out_paths = paths;
	return 0;
}

bool sw_daemon_find_program(const char *name, char *dst, size_t size)
{
	for (const char *from = search_path; *from;) {
		size_t len = strcspn(from, ":");
		(void)snprintf(dst, size, "%.*s/%s", (int)len, from, name);
		if (access(dst, X_OK) == 0)
			return true;
		from += len + (from[len] == ':');
	}
	return false;
}

/* ---- the command ---- */

struct command {
	char program[1024], crun[1024], runc[1024], host[1100], add_crun[1100];
	const char *argv[ARGS_MAX];
	bool has_crun, has_runc;
	bool hides_containerd; /* the system's own one runs: it is not ours to share */
};

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LANG=C.UTF-8",
	/* See read_only_runtime. */
	"_LIBCONTAINER_CLONED_BINARY=1",
	NULL,
};

/* An own, empty configuration file: /etc/docker/daemon.json is the user's engine's. */
static void prepare_command(const struct sw_daemon_paths *paths, struct command *command)
{
	int n = 0;
	command->has_crun = sw_daemon_find_program("crun", command->crun, sizeof command->crun);
	command->has_runc = sw_daemon_find_program("runc", command->runc, sizeof command->runc);
	(void)snprintf(command->host, sizeof command->host, "unix://%s", paths->socket);
	(void)snprintf(command->add_crun, sizeof command->add_crun, "crun=%s", command->crun);
	const char *const fixed[] = {
		command->program, "--data-root", paths->data, "--exec-root", paths->exec,
		"-H", command->host, "-p", paths->pid, "--config-file", paths->config,
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
		"--ip-masq=false", "--userland-proxy=false",
	};
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		command->argv[n++] = fixed[i];
	if (command->has_crun) {
		command->argv[n++] = "--add-runtime";
		command->argv[n++] = command->add_crun;
		/* The faster one (docs/performance.md); every table names the runtime that was used. */
		command->argv[n++] = "--default-runtime";
		command->argv[n++] = "crun";
	}
	command->argv[n] = NULL;
	command->hides_containerd = access("/run/containerd/containerd.sock", F_OK) == 0;
}

static int write_config(const struct sw_daemon_paths *paths, struct sw_error *err)
{
	if (sw_file_write(paths->config, "{}\n", 3, err) < 0)
		return -1;
	if (mkdir(paths->containerd, 0700) < 0 && errno != EEXIST)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot make %s", paths->containerd);
	return 0;
}

/* ---- fork, detach, exec ---- */

/* What the daemon's process says over the pipe before it is dockerd: its pid, then, only if
 * something fails, what did. */
struct word {
	pid_t pid;
	int error;
	char doing[48];
};

static void say(int fd, const struct word *word)
{
	ssize_t n;
	do {
		n = write(fd, word, sizeof *word);
	} while (n < 0 && errno == EINTR);
}

_Noreturn static void fail(int fd, const char *doing)
{
	struct word word = {.pid = getpid(), .error = errno};
	(void)snprintf(word.doing, sizeof word.doing, "%s", doing);
	say(fd, &word);
	_exit(127);
}

/* runc and crun copy themselves at every start, lest a container overwrites them (CVE-2019-5736),
 * unless the environment claims a safe copy and they find themselves on a read-only mount, as here:
 * 10 ms less per start. Where the mount fails they just go on copying. */
static void read_only_runtime(const char *program)
{
	if (mount(program, program, NULL, MS_BIND, NULL) == 0)
		(void)mount(NULL, program, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

/* crun refuses a hybrid hierarchy that it can see (facts.md). Slave: the host sees none of it. */
static void own_mounts(const struct sw_daemon_paths *paths, const struct command *command, int fd)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		fail(fd, "make a mount namespace");
	if (command->has_crun)
		(void)umount2("/sys/fs/cgroup/unified", MNT_DETACH);
	if (command->has_crun)
		read_only_runtime(command->crun);
	if (command->has_runc)
		read_only_runtime(command->runc);
	if (command->hides_containerd &&
	    mount(paths->containerd, system_containerd, NULL, MS_BIND, NULL) < 0)
		fail(fd, "keep the system's containerd apart");
}

static void reset_signals(void)
{
	sigset_t none;
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void become_dockerd(const struct sw_daemon_paths *paths,
                                     const struct command *command, int log, int fd)
{
	struct word word = {.pid = getpid()};
	say(fd, &word);
	reset_signals();
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/") < 0)
		fail(fd, "redirect its output");
	own_mounts(paths, command, fd);
	(void)syscall(SYS_close_range, 3U, ~0U, 1U << 2); /* CLOSE_RANGE_CLOEXEC */
	(void)umask(022);
	execve(command->program, (char *const *)(uintptr_t)command->argv,
	       (char *const *)(uintptr_t)environment);
	fail(fd, "execute it");
}

/* A grandchild, so that nobody has to reap the daemon; only async-signal-safe calls after a fork. */
static int fork_daemon(const struct sw_daemon_paths *paths, const struct command *command, int log,
                       int write_fd, struct sw_error *err)
{
	/* To init, not to us, who are told of orphans once commands run on the host (core/orphans.h): its end
	 * would have to be reaped. */
	int adopts = 0;
	(void)prctl(PR_GET_CHILD_SUBREAPER, &adopts);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
	pid_t child = fork();
	if (child < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot fork for dockerd");
		(void)prctl(PR_SET_CHILD_SUBREAPER, adopts);
		return -1;
	}
	if (child == 0) {
		if (setsid() < 0)
			fail(write_fd, "leave the session");
		pid_t daemon_pid = fork();
		if (daemon_pid < 0)
			fail(write_fd, "fork");
		if (daemon_pid == 0)
			become_dockerd(paths, command, log, write_fd);
		_exit(0);
	}
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	(void)prctl(PR_SET_CHILD_SUBREAPER, adopts);
	return 0;
}

/* The pipe closes when dockerd has been executed, or when its process has died. */
static int hear(int read_fd, const char *program, pid_t *out_pid, struct sw_error *err)
{
	struct word word;
	pid_t pid = -1;
	for (;;) {
		ssize_t n = read(read_fd, &word, sizeof word);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof word)
			break;
		word.doing[sizeof word.doing - 1] = '\0';
		if (word.error)
			return sw_error_set(err, SW_ERR_NO_ENGINE, word.error, "%s: cannot %s%s", program,
			                    word.doing, word.error == EPERM ? " (root lacks the right to mount "
			                    "here; inside a container: --privileged)" : "");
		pid = word.pid;
	}
	if (pid < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, 0, "%s died before it was executed", program);
	*out_pid = pid;
	return 0;
}

/* Its start time tells it from a later process of the same number. */
static int write_record(const struct sw_daemon_paths *paths, pid_t pid, struct sw_error *err)
{
	struct sw_process_stat stat;
	if (sw_process_read_stat(pid, &stat, NULL) < 0)
		return 0; /* it has died: the caller is about to notice */
	char record[64];
	int len = snprintf(record, sizeof record, "%d %" PRIu64 "\n", (int)pid, stat.start_ticks);
	return sw_file_write(paths->record, record, (size_t)len, err);
}

static int open_log(const struct sw_daemon_paths *paths, int *out_fd, struct sw_error *err)
{
	char old[1100];
	(void)snprintf(old, sizeof old, "%s.old", paths->log);
	(void)rename(paths->log, old);
	int fd = open(paths->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", paths->log);
	*out_fd = fd;
	return 0;
}

int sw_daemon_spawn(const struct sw_daemon_paths *paths, pid_t *out_pid, struct sw_error *err)
{
	struct command command;
	int ends[2];
	SW_CLEANUP(close) int log = -1;
	pid_t pid = -1;

	if (!sw_daemon_find_program("dockerd", command.program, sizeof command.program))
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "there is no dockerd");
	prepare_command(paths, &command);
	if (write_config(paths, err) < 0 || open_log(paths, &log, err) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make a pipe");
	SW_CLEANUP(close) int read_fd = ends[0];
	SW_CLEANUP(close) int write_fd = ends[1];
	(void)unlink(paths->record);
	if (fork_daemon(paths, &command, log, write_fd, err) < 0)
		return -1;
	close(SW_TAKE_FD(write_fd));
	if (hear(read_fd, command.program, &pid, err) < 0 || write_record(paths, pid, err) < 0)
		return -1;
	*out_pid = pid;
	return 0;
}
