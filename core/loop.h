/* Hides poll(2): one thread's descriptors, timers and deferred calls, in one place.
 * Must not know what waits on it: no HTTP, no processes, no screen.
 *
 * One loop belongs to one thread; only sw_loop_wake may be called from another, or from a signal
 * handler. Callbacks run from sw_loop_run, never from inside the call that set them up. A callback
 * may watch, unwatch, start and stop anything, its own source included. */
#ifndef SW_LOOP_H
#define SW_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_error;
struct sw_loop;

enum {
	SW_LOOP_READ = 1,  /* readable, or the peer hung up, or an error is pending: read to find out */
	SW_LOOP_WRITE = 2, /* writable, or an error is pending */
};

typedef void (*sw_loop_fd_fn)(void *user, int fd, unsigned events);
typedef void (*sw_loop_fn)(void *user);

int sw_loop_new(struct sw_loop **out_loop, struct sw_error *err);
void sw_loop_free(struct sw_loop *loop); /* NULL is fine; does not close watched descriptors */

/* CLOCK_MONOTONIC in ns, read anew at every call. Any thread. */
int64_t sw_clock_ns(void);

/* Calls FN when FD is ready for EVENTS (a mix of SW_LOOP_*). Watching an FD again replaces what was
 * there. Level-triggered. 0 or -1 (memory). */
int sw_loop_watch(struct sw_loop *loop, int fd, unsigned events, sw_loop_fd_fn fn, void *user,
                  struct sw_error *err);

/* Call before closing the descriptor. An FD that is not watched is fine. */
void sw_loop_unwatch(struct sw_loop *loop, int fd);

/* Embedded by its owner, zero-initialised; may be moved or freed only while not armed. */
struct sw_timer {
	int64_t due_ns;
	sw_loop_fn fn;
	void *user;
	size_t slot; /* 1-based place in the heap; 0: not armed */
};

/* Calls FN once at DUE_NS (CLOCK_MONOTONIC, absolute; the past means soon). Arming an armed timer
 * moves it. 0 or -1 (memory). */
int sw_loop_arm(struct sw_loop *loop, struct sw_timer *timer, int64_t due_ns, sw_loop_fn fn,
                void *user);
void sw_loop_disarm(struct sw_loop *loop, struct sw_timer *timer);

/* A call to be made as soon as the current callback has returned. Embedded, zero-initialised.
 * Deferring a pending one again changes nothing; cancelling a call that is not pending is fine. */
struct sw_deferred {
	sw_loop_fn fn;
	void *user;
	struct sw_deferred *next;
	bool pending;
};
void sw_loop_defer(struct sw_loop *loop, struct sw_deferred *call, sw_loop_fn fn, void *user);
void sw_loop_cancel(struct sw_loop *loop, struct sw_deferred *call);

/* Runs until sw_loop_stop. Returns 0, or -1 when poll itself failed. */
int sw_loop_run(struct sw_loop *loop, struct sw_error *err);

/* One round: waits for at most one batch of readiness or timers. For callers that wait for a
 * condition of their own: while (!done) sw_loop_step(loop, err). */
int sw_loop_step(struct sw_loop *loop, struct sw_error *err);

/* Makes sw_loop_run return after the current callback. From the loop's thread. */
void sw_loop_stop(struct sw_loop *loop);

/* Makes the loop call what sw_loop_on_wake set, soon. Any thread; async-signal-safe. */
void sw_loop_wake(struct sw_loop *loop);
void sw_loop_on_wake(struct sw_loop *loop, sw_loop_fn fn, void *user);

#endif
