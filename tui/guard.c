#include "tui/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "tui/tty.h"

enum {
	LEAVE_MAX = 256,
	STACK_BYTES = 32 * 1024,
	CRASH_PATIENCE_MS = 100,
	GUARD_PATIENCE_MS = 5000,
	DESCRIPTORS_MAX = 4096, /* looked at where there is no close_range; a young program has few */
};

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASHES = sizeof crashes / sizeof *crashes };

/* What the guard is told. */
struct note {
	bool taken;
	struct termios found, ours;
};

struct sw_guard {
	int tty, line; /* our end of a socket pair: packets, and no SIGPIPE when the guard is dead */
	pid_t pid, owner;
	char leave[LEAVE_MAX];
	size_t leave_len;
	struct note note;
	struct sigaction before[CRASHES];
	stack_t stack_before;
	char stack[STACK_BYTES];
};

/* Handlers have no other way to their data. */
static struct sw_guard *volatile guarded;

/* ---- giving back: system calls only ---- */

/* False when there was no more room before the patience was at its end. */
static bool write_out(int fd, const char *bytes, size_t n, int patience_ms)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	while (n > 0) {
		/* Polled even if it does not block: it may be the copy that does. */
		int got = poll(&ready, 1, patience_ms);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		ssize_t sent = write(fd, bytes, n);
		if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return true; /* it is gone */
		if (sent < 0 && errno == EAGAIN && ready.revents & (POLLHUP | POLLERR))
			return true;
		bytes += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

/* Modes that somebody else has set meanwhile stay: a shell may be faster than the guard. */
static void restore_modes(int fd, const struct note *note, bool is_front)
{
	struct termios now;
	if (is_front || (tcgetattr(fd, &now) == 0 && sw_tty_same_modes(&now, &note->ours)))
		(void)tcsetattr(fd, TCSANOW, &note->found);
}

static bool restore(const struct sw_guard *guard, const struct note *note, bool is_front,
                    int patience_ms)
{
	int fd = guard->tty;
	const char *leave = guard->leave;
	size_t n = guard->leave_len;
	sigset_t background, before;
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU); /* would stop who does this from the background */
	sigprocmask(SIG_BLOCK, &background, &before);
	bool is_done = write_out(fd, leave, n, 0);
	restore_modes(fd, note, is_front);
	/* From the start again: a sequence that was cut short does no harm. */
	if (!is_done)
		is_done = write_out(fd, leave, n, patience_ms);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return is_done;
}

/* ---- the guard's side ---- */

static void close_all_but(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;
	unsigned ranges[3][2] = {{0, (unsigned)low - 1},
	                         {(unsigned)low + 1, (unsigned)high - 1},
	                         {(unsigned)high + 1, ~0u}};
	for (int i = 0; i < 3; i++) {
		if (ranges[i][0] > ranges[i][1] || (i == 0 && low == 0))
			continue;
		if (syscall(SYS_close_range, ranges[i][0], ranges[i][1], 0u) == 0)
			continue;
		for (unsigned fd = ranges[i][0]; fd <= ranges[i][1] && fd < DESCRIPTORS_MAX; fd++)
			close((int)fd);
	}
}

_Noreturn static void stand_guard(const struct sw_guard *guard, int line)
{
	static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGTSTP, SIGTTOU,
	                              SIGTTIN, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM};
	struct note note = {0}, heard;
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_NAME, "sandwatch-guard");
	close_all_but(line, guard->tty);
	if (chdir("/") < 0) {
		/* Then a mount stays busy for as long as the program would keep it. */
	}
	for (;;) {
		ssize_t n = read(line, &heard, sizeof heard);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof heard)
			break;
		note = heard;
	}
	if (note.taken)
		(void)restore(guard, &note, false, GUARD_PATIENCE_MS);
	_exit(0);
}

/* ---- the program's side ---- */

static void tell(struct sw_guard *guard)
{
	/* Only a guard that was stopped for hundreds of suspensions has no room; it keeps the older. */
	while (send(guard->line, &guard->note, sizeof guard->note, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	       errno == EINTR)
		continue;
}

static void on_crash(int number)
{
	struct sw_guard *guard = guarded;
	/* Not in a child that was forked and has not executed anything yet. */
	if (guard && guard->owner == getpid() && sw_guard_give_back(guard, CRASH_PATIENCE_MS))
		kill(guard->pid, SIGKILL);
	for (int i = 0; i < CRASHES; i++)
		if (guard && crashes[i] == number)
			sigaction(number, &guard->before[i], NULL);
	raise(number); /* blocked until this returns: a core dump has the true stack */
}

static void set_handlers(struct sw_guard *guard)
{
	stack_t stack = {.ss_sp = guard->stack, .ss_size = sizeof guard->stack};
	struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
	(void)sigaltstack(&stack, &guard->stack_before);
	for (int i = 0; i < CRASHES; i++)
		(void)sigaction(crashes[i], &action, &guard->before[i]);
	guarded = guard;
}

static void unset_handlers(struct sw_guard *guard)
{
	if (guarded != guard)
		return;
	guarded = NULL;
	for (int i = 0; i < CRASHES; i++)
		(void)sigaction(crashes[i], &guard->before[i], NULL);
	(void)sigaltstack(&guard->stack_before, NULL);
}

int sw_guard_start(int tty, const char *leave, struct sw_guard **out_guard, struct sw_error *err)
{
	int ends[2];
	struct sw_guard *guard = calloc(1, sizeof *guard);
	if (!guard)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot guard the terminal");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot guard the terminal");
		free(guard);
		return -1;
	}
	guard->tty = tty;
	guard->line = ends[1];
	guard->owner = getpid();
	guard->leave_len = strnlen(leave, sizeof guard->leave - 1);
	memcpy(guard->leave, leave, guard->leave_len);
	guard->pid = fork();
	if (guard->pid == 0)
		stand_guard(guard, ends[0]);
	int fork_errno = errno;
	close(ends[0]);
	if (guard->pid < 0) {
		close(ends[1]);
		free(guard);
		return sw_error_set(err, SW_ERR_INTERNAL, fork_errno, "cannot guard the terminal");
	}
	(void)setpgid(guard->pid, guard->pid); /* both do: either may be first */
	set_handlers(guard);
	*out_guard = guard;
	return 0;
}

void sw_guard_taken(struct sw_guard *guard, const struct termios *found, const struct termios *ours)
{
	guard->note.taken = true;
	guard->note.found = *found;
	guard->note.ours = *ours;
	tell(guard);
}

void sw_guard_left(struct sw_guard *guard)
{
	guard->note.taken = false;
	tell(guard);
}

bool sw_guard_give_back(struct sw_guard *guard, int patience_ms)
{
	if (!guard->note.taken)
		return true;
	if (!restore(guard, &guard->note, sw_tty_in_front(guard->tty), patience_ms))
		return false;
	sw_guard_left(guard);
	return true;
}

void sw_guard_end(struct sw_guard *guard)
{
	if (!guard)
		return;
	unset_handlers(guard);
	if (guard->note.taken) {
		close(guard->line); /* it goes on trying while we end */
	} else {
		kill(guard->pid, SIGKILL); /* also one that is stopped */
		while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
		close(guard->line);
	}
	free(guard);
}
