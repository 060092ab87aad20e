#include "core/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"

static int open_one(const int *numbers, size_t n, sigset_t *all)
{
	sigset_t set;
	struct sigaction before;
	sigemptyset(&set);
	for (size_t i = 0; i < n; i++) {
		/* nohup(1): what was started to outlive its terminal does. */
		if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
		    before.sa_handler == SIG_IGN)
			continue;
		sigaddset(&set, numbers[i]);
		sigaddset(all, numbers[i]);
	}
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int sw_signals_open(struct sw_signals *out_signals, struct sw_error *err)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP}, snapshots[] = {SIGUSR1};
	sigset_t all;
	sigemptyset(&all);
	SW_CLEANUP(close) int end_fd = open_one(ends, sizeof ends / sizeof *ends, &all);
	SW_CLEANUP(close) int snapshot_fd = open_one(snapshots, 1, &all);
	if (end_fd < 0 || snapshot_fd < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot listen for signals");
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	out_signals->end_fd = SW_TAKE_FD(end_fd);
	out_signals->snapshot_fd = SW_TAKE_FD(snapshot_fd);
	out_signals->continue_fd = -1;
	return 0;
}

int sw_signals_open_continue(struct sw_signals *signals, struct sw_error *err)
{
	static const int number = SIGCONT;
	sigset_t set;
	sigemptyset(&set);
	signals->continue_fd = open_one(&number, 1, &set);
	if (signals->continue_fd < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot listen for signals");
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return 0;
}

bool sw_signals_continue_pending(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1;
}

void sw_signals_close(struct sw_signals *signals)
{
	sw_cleanup_close(&signals->end_fd);
	sw_cleanup_close(&signals->snapshot_fd);
	sw_cleanup_close(&signals->continue_fd);
	*signals = (struct sw_signals){-1, -1, -1};
}

bool sw_signals_wait(const struct sw_signals *signals, int64_t timeout_ns)
{
	struct pollfd end = {.fd = signals ? signals->end_fd : -1, .events = POLLIN};
	int64_t due_ns = sw_clock_ns() + timeout_ns;
	for (;;) {
		int64_t left_ns = due_ns - sw_clock_ns();
		struct timespec left = {0};
		if (left_ns > 0)
			left = (struct timespec){left_ns / 1000000000, left_ns % 1000000000};
		int n = ppoll(&end, 1, &left, NULL);
		if (n >= 0 || errno != EINTR)
			return n > 0;
	}
}

bool sw_signals_end_asked(const struct sw_signals *signals)
{
	return sw_signals_wait(signals, 0);
}

int sw_signals_error(struct sw_error *err)
{
	return sw_error_set(err, SW_ERR_INTERRUPTED, 0, "interrupted");
}
