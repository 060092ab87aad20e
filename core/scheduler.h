/* Hides the order of iterations, retries and the fallback policy.
 * Must not know how an attempt is executed (runners do) nor what the events add up to.
 *
 * Lives on the measuring thread's loop. Emits every event about iterations and attempts; runners
 * emit those about phases and containers. */
#ifndef SW_SCHEDULER_H
#define SW_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan.h"
#include "core/runner.h"
#include "core/stats.h"

struct sw_event;
struct sw_loop;
struct sw_error;
struct sw_scheduler;

/* ---- order, pure ---- */

/* Iterations of one mode in a row: `parallel` at a time, then the next mode has its turn. */
struct sw_turn {
	int mode;
	int64_t first, count; /* iterations first .. first + count - 1, counted from 1 */
	bool warmup;
};

/* Which turn comes next: warm-up first, then the counted ones. A turn has block × parallel iterations;
 * a mode whose turns are larger has them more rarely, so that no mode runs ahead and drift hits all
 * alike. `random` draws each round's order of modes anew. Each slot of a parallel mode is warmed up:
 * such a mode has warmup × parallel warm-up iterations. Embedded. */
struct sw_order_state {
	enum sw_order order;
	int n_modes;
	int64_t warmup, iterations;
	int64_t parallel[SW_MODES_MAX], size[SW_MODES_MAX]; /* size: of a counted turn */
	int64_t stretch; /* counted iterations after which all modes have done as much, not in sequence */
	struct sw_rng rng;
	bool in_warmup;
	int64_t round; /* interleaved, random: iteration; sequential: iterations of the mode so far */
	int at;        /* place in the round; sequential: the mode */
	int permutation[SW_MODES_MAX];
};
void sw_order_init(struct sw_order_state *state, const struct sw_plan *plan);
/* false at the end. */
bool sw_order_next(struct sw_order_state *state, struct sw_turn *out_turn);

/* ---- policy, pure ---- */

/* Whether an attempt in a sandbox that ended so may be tried again, or be run on the host. The
 * code's own outcomes (rejected, failed) are never either. */
bool sw_outcome_is_sandbox_failure(enum sw_outcome outcome);
bool sw_fallback_allows(const struct sw_fallback *fallback, enum sw_outcome outcome);

/* Pause before the Nth retry (1..): 100 ms doubling up to 2 s after `engine`, none otherwise. */
int64_t sw_retry_delay_ns(enum sw_outcome outcome, int retry);

/* ---- scheduler ---- */

struct sw_scheduler_options {
	struct sw_loop *loop;
	const struct sw_plan *plan; /* borrowed */
	/* Borrowed: of each mode, an array of as many runners as its `parallel`, one per slot. */
	struct sw_runner *const *runners[SW_MODES_MAX];
	/* Run on the host: one per slot of the mode with the most; NULL: none. They may be a host mode's. */
	struct sw_runner *const *fallbacks;
	struct sw_sink sink;
	int64_t origin_ns; /* the session's start, CLOCK_MONOTONIC */
	/* Whether the program stood still since this was asked last; asked as each attempt ends: then what
	 * it measured is dropped. May be NULL. */
	bool (*disturbed)(void *user);
	/* Chaos: an attempt in a sandbox is about to start in SLOT of its mode, and has ended. May be NULL. */
	void (*attempt_begins)(void *user, int slot, const struct sw_attempt *attempt);
	void (*attempt_ended)(void *user, int slot, const struct sw_attempt *attempt);
	/* The end: all runners are finished, session_finished was emitted. */
	void (*done)(void *user, enum sw_state state);
	void *user;
};

int sw_scheduler_new(const struct sw_scheduler_options *options,
                     struct sw_scheduler **out_scheduler, struct sw_error *err);
void sw_scheduler_free(struct sw_scheduler *scheduler); /* after done, or never started */

/* What an earlier process recorded of the same session, event by event, before sw_scheduler_start: counted
 * iterations that ended are not run again, the order goes on where it stood, and what the decisions of
 * `auto` and the digest rest on is taken over. Warm-up is run anew, of modes that have something left. */
void sw_scheduler_restore(struct sw_scheduler *scheduler, const struct sw_event *event);

/* Prepares the runners one after the other, then runs the plan. */
void sw_scheduler_start(struct sw_scheduler *scheduler);

/* The event numbered SEQ and all before it are in the journal, and synced where they must be
 * (core/queue.h). A slot begins its next iteration only once the end of the one before is there: a kill
 * at any moment loses at most what is in flight. The next turn starts only once the last
 * iteration_finished of this one is synced, and all slots have settled: no disk I/O and nothing that a
 * mode left to do runs beside another's measurement. */
void sw_scheduler_acked(struct sw_scheduler *scheduler, uint64_t seq);

/* No iteration starts any more until sw_scheduler_resume; preparing and finishing go on. Those
 * that run end first; with DROP_RUNNING they are cancelled instead, count nowhere (an
 * iteration_dropped says so), and are run anew, in their place of the order, after the pause. `paused`
 * is emitted when nothing runs and what was measured is on disk. Asking twice is fine, and so is
 * asking for the drop later; after the plan's last iteration the session ends instead. */
void sw_scheduler_pause(struct sw_scheduler *scheduler, bool drop_running);

/* Goes on, once `resumed` is on disk. Before the pause has begun: there will be none (a drop that is
 * under way stands: its iteration is run anew at once). Not paused: does nothing. */
void sw_scheduler_resume(struct sw_scheduler *scheduler);

/* Which iteration is meant, as one number > 0. */
int64_t sw_scheduler_key(int mode, int64_t iteration, bool warmup);
/* Of those that are under way the one that began first; 0: none. */
int64_t sw_scheduler_running(const struct sw_scheduler *scheduler);

/* Cancels the iteration of KEY if it runs, also while it waits between two attempts: no retry, no
 * fallback, and the session goes on with the next. Its outcome is `cancelled`, or what an attempt became
 * before its runner could cancel it. Does nothing when another one runs or none, or when it is being
 * dropped. */
void sw_scheduler_cancel_iteration(struct sw_scheduler *scheduler, int64_t key);

/* Ends the session early, also a paused one: cancels what runs and finishes. What that cuts short has no
 * end: it counts nowhere (iteration_dropped), and a resumed session runs it. STATE and TEXT go into
 * session_finished. Asking twice is fine. */
void sw_scheduler_stop(struct sw_scheduler *scheduler, enum sw_state state, const char *text);

#endif
