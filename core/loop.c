#include "core/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/error.h"

struct watch {
	sw_loop_fd_fn fn;
	void *user;
};

/* fds[0] is the wake-up descriptor. fds and watches grow together; a watch that is dropped while
 * callbacks run leaves a hole (fd -1, which poll skips) so that no index moves under the walk. */
struct sw_loop {
	struct pollfd *fds;
	struct watch *watches;
	size_t n_fds, cap_fds;
	size_t holes;
	struct sw_timer **heap; /* 1-based binary heap by due_ns */
	size_t n_timers, cap_timers;
	struct sw_deferred *first, **last;
	sw_loop_fn on_wake;
	void *on_wake_user;
	int wake_fd; /* also fds[0].fd; apart from fds, which other threads must not touch */
	bool stopped;
};

int64_t sw_clock_ns(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void drain_wake(void *user, int fd, unsigned events)
{
	struct sw_loop *loop = user;
	uint64_t count;
	(void)events;
	if (read(fd, &count, sizeof count) == (ssize_t)sizeof count && loop->on_wake)
		loop->on_wake(loop->on_wake_user);
}

int sw_loop_new(struct sw_loop **out_loop, struct sw_error *err)
{
	struct sw_loop *loop = calloc(1, sizeof *loop);
	if (!loop)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make an event loop");
	loop->last = &loop->first;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make an event loop");
		free(loop);
		return -1;
	}
	if (sw_loop_watch(loop, loop->wake_fd, SW_LOOP_READ, drain_wake, loop, err) < 0) {
		sw_loop_free(loop);
		return -1;
	}
	*out_loop = loop;
	return 0;
}

void sw_loop_free(struct sw_loop *loop)
{
	if (!loop)
		return;
	close(loop->wake_fd);
	free(loop->fds);
	free(loop->watches);
	free(loop->heap);
	free(loop);
}

static size_t find_fd(const struct sw_loop *loop, int fd)
{
	for (size_t i = 0; i < loop->n_fds; i++)
		if (loop->fds[i].fd == fd)
			return i;
	return loop->n_fds;
}

static int reserve_fd(struct sw_loop *loop, struct sw_error *err)
{
	if (loop->n_fds < loop->cap_fds)
		return 0;
	size_t cap = loop->cap_fds ? loop->cap_fds * 2 : 8;
	struct pollfd *fds = realloc(loop->fds, cap * sizeof *fds);
	if (fds)
		loop->fds = fds;
	struct watch *watches = realloc(loop->watches, cap * sizeof *watches);
	if (watches)
		loop->watches = watches;
	if (!fds || !watches)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot watch another descriptor");
	loop->cap_fds = cap;
	return 0;
}

int sw_loop_watch(struct sw_loop *loop, int fd, unsigned events, sw_loop_fd_fn fn, void *user,
                  struct sw_error *err)
{
	size_t i = find_fd(loop, fd);
	if (i == loop->n_fds) {
		if (reserve_fd(loop, err) < 0)
			return -1;
		loop->n_fds++;
		loop->fds[i].revents = 0;
	}
	loop->fds[i].fd = fd;
	loop->fds[i].events = (short)((events & SW_LOOP_READ ? POLLIN : 0) |
	                              (events & SW_LOOP_WRITE ? POLLOUT : 0));
	loop->watches[i] = (struct watch){fn, user};
	return 0;
}

void sw_loop_unwatch(struct sw_loop *loop, int fd)
{
	size_t i = find_fd(loop, fd);
	if (fd < 0 || i == loop->n_fds)
		return;
	loop->fds[i] = (struct pollfd){.fd = -1};
	loop->holes++;
}

static void close_holes(struct sw_loop *loop)
{
	size_t kept = 0;
	for (size_t i = 0; i < loop->n_fds; i++) {
		if (loop->fds[i].fd < 0)
			continue;
		loop->fds[kept] = loop->fds[i];
		loop->watches[kept++] = loop->watches[i];
	}
	loop->n_fds = kept;
	loop->holes = 0;
}

static void heap_put(struct sw_loop *loop, size_t slot, struct sw_timer *timer)
{
	loop->heap[slot] = timer;
	timer->slot = slot;
}

static void heap_settle(struct sw_loop *loop, size_t slot)
{
	struct sw_timer *timer = loop->heap[slot];
	while (slot > 1 && loop->heap[slot / 2]->due_ns > timer->due_ns) {
		heap_put(loop, slot, loop->heap[slot / 2]);
		slot /= 2;
	}
	for (size_t child; (child = slot * 2) <= loop->n_timers; slot = child) {
		if (child < loop->n_timers && loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
			child++;
		if (loop->heap[child]->due_ns >= timer->due_ns)
			break;
		heap_put(loop, slot, loop->heap[child]);
	}
	heap_put(loop, slot, timer);
}

int sw_loop_arm(struct sw_loop *loop, struct sw_timer *timer, int64_t due_ns, sw_loop_fn fn,
                void *user)
{
	if (!timer->slot) {
		if (loop->n_timers + 1 >= loop->cap_timers) {
			size_t cap = loop->cap_timers ? loop->cap_timers * 2 : 16;
			struct sw_timer **heap = realloc(loop->heap, cap * sizeof *heap);
			if (!heap)
				return -1;
			loop->heap = heap;
			loop->cap_timers = cap;
		}
		heap_put(loop, ++loop->n_timers, timer);
	}
	timer->due_ns = due_ns;
	timer->fn = fn;
	timer->user = user;
	heap_settle(loop, timer->slot);
	return 0;
}

void sw_loop_disarm(struct sw_loop *loop, struct sw_timer *timer)
{
	size_t slot = timer->slot;
	if (!slot)
		return;
	struct sw_timer *moved = loop->heap[loop->n_timers--];
	timer->slot = 0;
	if (moved != timer) {
		heap_put(loop, slot, moved);
		heap_settle(loop, slot);
	}
}

void sw_loop_defer(struct sw_loop *loop, struct sw_deferred *call, sw_loop_fn fn, void *user)
{
	call->fn = fn;
	call->user = user;
	if (call->pending)
		return;
	call->pending = true;
	call->next = NULL;
	*loop->last = call;
	loop->last = &call->next;
}

void sw_loop_cancel(struct sw_loop *loop, struct sw_deferred *call)
{
	if (!call->pending)
		return;
	struct sw_deferred **at = &loop->first;
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	if (loop->last == &call->next)
		loop->last = at;
	call->pending = false;
}

static void run_deferred(struct sw_loop *loop)
{
	while (loop->first && !loop->stopped) {
		struct sw_deferred *call = loop->first;
		sw_loop_cancel(loop, call);
		call->fn(call->user);
	}
}

/* At most as many as were armed before the round, so that a timer which arms itself for "now", or
 * for the past, leaves descriptors their turn. */
static void run_timers(struct sw_loop *loop)
{
	int64_t now = sw_clock_ns();
	size_t turns = loop->n_timers;
	while (turns-- && loop->n_timers && loop->heap[1]->due_ns <= now && !loop->stopped) {
		struct sw_timer *timer = loop->heap[1];
		sw_loop_disarm(loop, timer);
		timer->fn(timer->user);
		run_deferred(loop);
	}
}

static void run_ready(struct sw_loop *loop, size_t n)
{
	for (size_t i = 0; i < n && !loop->stopped; i++) {
		short revents = loop->fds[i].revents;
		if (loop->fds[i].fd < 0 || !revents)
			continue;
		short want = loop->fds[i].events;
		unsigned events = 0;
		/* A callback of this round may have changed what is wanted since poll looked. */
		if (revents & (POLLHUP | POLLERR | POLLNVAL) || revents & want & POLLIN)
			events |= SW_LOOP_READ;
		if (revents & (POLLOUT | POLLERR | POLLNVAL) && want & POLLOUT)
			events |= SW_LOOP_WRITE;
		struct watch watch = loop->watches[i];
		if (events)
			watch.fn(watch.user, loop->fds[i].fd, events);
		run_deferred(loop);
	}
}

int sw_loop_step(struct sw_loop *loop, struct sw_error *err)
{
	bool has_called = loop->first;
	loop->stopped = false; /* of an earlier round: stopping ends one sw_loop_run, not all steps */
	run_deferred(loop);
	if (loop->stopped)
		return 0;
	if (loop->holes)
		close_holes(loop);
	/* What a deferred call did may be all that the caller waits for: look, but don't sleep. */
	struct timespec wait = {0}, *timeout = has_called ? &wait : NULL;
	if (loop->n_timers && !has_called) {
		int64_t left = loop->heap[1]->due_ns - sw_clock_ns();
		if (left < 0)
			left = 0;
		wait = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
		timeout = &wait;
	}
	size_t n = loop->n_fds;
	for (size_t i = 0; i < n; i++)
		loop->fds[i].revents = 0;
	if (ppoll(loop->fds, n, timeout, NULL) < 0 && errno != EINTR)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot wait for events");
	run_ready(loop, n);
	run_timers(loop);
	return 0;
}

int sw_loop_run(struct sw_loop *loop, struct sw_error *err)
{
	loop->stopped = false;
	while (!loop->stopped)
		if (sw_loop_step(loop, err) < 0)
			return -1;
	return 0;
}

void sw_loop_stop(struct sw_loop *loop)
{
	loop->stopped = true;
}

void sw_loop_wake(struct sw_loop *loop)
{
	uint64_t one = 1;
	int saved = errno;
	if (write(loop->wake_fd, &one, sizeof one) < 0) {
		/* Full counter: a wake-up is pending already. */
	}
	errno = saved;
}

void sw_loop_on_wake(struct sw_loop *loop, sw_loop_fn fn, void *user)
{
	loop->on_wake = fn;
	loop->on_wake_user = user;
}
