/*
 * sandwatch-shim: the first process of a container. It stamps the clock, starts the command, forwards
 * signals, reaps orphans, stamps the clock again and reports how the command ended.
 *
 *   shim COMMAND…          as above
 *   shim --exec COMMAND…   becomes the command, which so is the first process itself: no exit line
 *   shim --pause           keeps a container up for what is executed in it: reaps orphans, and ends with
 *                          0 at SIGTERM or SIGINT; as PID 1 only when they come from outside; no exit line
 *
 * Lines on stderr, each in one write:  \036sw1 TOKEN init NS
 *                                      \036sw1 TOKEN exit NS code N   |   ... exit NS signal N
 * Without SANDWATCH_TOKEN in the environment no line is written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TOKEN_MAX = 64, EXIT_SHIM = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

static long long monotonic_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* One write, never repeated: every signal is blocked, and part of a line is of no use to anyone. */
static void stamp(const char *token, const char *what, long long ns, const char *rest)
{
	char line[TOKEN_MAX + 96];
	int len = snprintf(line, sizeof line, "\036sw1 %s %s %lld%s\n", token, what, ns, rest);

	if (token[0] != '\0' && write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

static void complain(const char *doing, const char *what)
{
	dprintf(STDERR_FILENO, "sandwatch-shim: cannot %s %.300s: %s\n", doing, what, strerror(errno));
}

/* unsetenv() alone leaves the bytes where /proc/1/environ shows them to code of the same user. */
static void take_token(char token[TOKEN_MAX + 1])
{
	char *value = getenv("SANDWATCH_TOKEN");
	size_t len = value ? strlen(value) : 0;

	token[0] = '\0';
	if (!value)
		return;
	if (len <= TOKEN_MAX)
		memcpy(token, value, len + 1);
	explicit_bzero(value, len);
	unsetenv("SANDWATCH_TOKEN");
}

static void run_command(char **argv, bool own_group)
{
	sigset_t none;

	if (own_group)
		setpgid(0, 0);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	int code = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	complain("execute", argv[0]);
	_exit(code);
}

static bool reap(pid_t child, int *out_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		*out_status = status;
		ended = true;
	}
	return ended;
}

static int wait_and_forward(pid_t child, const sigset_t *all, bool own_group)
{
	siginfo_t info;
	int status = 0;

	for (;;) {
		int sig = sigwaitinfo(all, &info);
		if (sig == SIGCHLD && reap(child, &status))
			return status;
		/* In a shared group the terminal's own Ctrl-C has already reached the child. */
		if (sig > 0 && sig != SIGCHLD && (own_group || info.si_code != SI_KERNEL))
			kill(child, sig);
	}
}

/* Blocked signals reach even PID 1, so code in the container can send them: it is no one to end it.
 * The kernel itself fills in SI_USER, and a sender's pid as 0 when it is outside of our namespace. */
static bool may_end(const siginfo_t *info)
{
	return getpid() != 1 || info->si_code == SI_KERNEL ||
	       (info->si_code == SI_USER && info->si_pid == 0);
}

static void pause_until_ended(const sigset_t *all)
{
	siginfo_t info;
	int status;

	for (;;) {
		int sig = sigwaitinfo(all, &info);
		if (sig == SIGCHLD)
			reap(0, &status);
		else if ((sig == SIGTERM || sig == SIGINT) && may_end(&info))
			return;
	}
}

int main(int argc, char **argv)
{
	long long init_ns = monotonic_ns();
	char token[TOKEN_MAX + 1], number[32];
	bool own_group = !isatty(STDIN_FILENO);
	sigset_t all;

	sigfillset(&all);
	/* Our own, from a closed stderr: blocked it would stay pending and be forwarded. */
	sigdelset(&all, SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* inherited SIG_IGN would reap behind our back */
	sigprocmask(SIG_SETMASK, &all, NULL);
	take_token(token);
	stamp(token, "init", init_ns, "");
	const char *how = argc > 1 ? argv[1] : "";
	bool becomes = strcmp(how, "--exec") == 0, pauses = strcmp(how, "--pause") == 0;
	if (argc < (becomes ? 3 : 2)) {
		errno = EINVAL;
		complain("run", "without a command");
		return EXIT_SHIM;
	}
	snprintf(number, sizeof number, "%lld", init_ns);
	setenv("SANDWATCH_T_INIT", number, 1);
	if (becomes)
		run_command(argv + 2, false);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* keeps the token in our memory from the command */
	if (pauses) {
		pause_until_ended(&all);
		return 0;
	}

	pid_t child = fork();
	if (child == 0)
		run_command(argv + 1, own_group);
	if (child < 0)
		complain("fork for", argv[1]);
	int status = child < 0 ? EXIT_SHIM << 8 : wait_and_forward(child, &all, own_group);
	long long exit_ns = monotonic_ns();

	bool killed = WIFSIGNALED(status);
	int code = killed ? WTERMSIG(status) : WEXITSTATUS(status);
	snprintf(number, sizeof number, " %s %d", killed ? "signal" : "code", code);
	stamp(token, "exit", exit_ns, number);
	return killed ? 128 + code : code;
}
