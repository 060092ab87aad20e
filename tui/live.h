/* Hides the threads of a session: one measures (scheduler and runners), one puts its events on disk
 * and acknowledges them, and here, on the main thread, they are folded. The measuring thread waits for
 * the disk and never for the main thread.
 * Must not know who looks: batch and screen are both callers. */
#ifndef SW_LIVE_H
#define SW_LIVE_H

#include <stdbool.h>

#include "core/session.h"
#include "tui/setup.h"

struct sw_loop;
struct sw_error;
struct sw_live;

struct sw_live_handlers {
	/* After each event that was folded; EVENT is valid during the call. */
	void (*applied)(void *user, const struct sw_event *event);
	/* The measuring thread has ended; nothing follows. ERROR is NULL, or why the session could not
	 * be recorded to its end (a full disk). */
	void (*ended)(void *user, const struct sw_error *error);
	void *user;
};

/* Creates the run's journal, or goes on with SETUP->resume's, and starts the measuring thread. LOOP is
 * the main thread's; its on_wake is taken. SETUP is borrowed and must not change until sw_live_free. */
int sw_live_start(struct sw_loop *loop, const struct sw_setup *setup,
                  const struct sw_live_handlers *handlers, struct sw_live **out_live,
                  struct sw_error *err);

/* The state so far. Main thread only. */
const struct sw_session *sw_live_session(const struct sw_live *live);

/* What time it is in the session, ns since its start, as the events' t_ns. */
int64_t sw_live_now_ns(const struct sw_live *live);

/* Asks for an early end: what runs is cancelled, its container removed, `ended` follows. */
void sw_live_stop(struct sw_live *live);

/* Lets the iteration that runs end, or with DROP_RUNNING cancels it to measure it anew, and starts no
 * other until sw_live_resume; sw_session's `paused` tells when it has come to that. Paused time is in
 * no figure. Both may be called at any time, again and again; the newest call counts. */
void sw_live_pause(struct sw_live *live, bool drop_running);
void sw_live_resume(struct sw_live *live);

/* The program stood still for a while (SIGSTOP): what was being measured meanwhile is in no figure and
 * is measured anew. To be called before the SIGCONT is read. */
void sw_live_drop_iteration(struct sw_live *live);

/* Cancels this iteration if it still runs; no other one is in danger. See sw_scheduler_cancel_iteration. */
void sw_live_cancel_iteration(struct sw_live *live, int mode, int64_t iteration, bool warmup);

/* Takes what has arrived now, without waiting for a wake-up: all but a figure that is not on disk
 * yet, for which a wake-up follows. Events that are not urgent (core/queue.h) cause no wake-up: a
 * screen calls this once a frame. */
void sw_live_drain(struct sw_live *live);

/* Ends the record here, as interrupted because of WHY, while the measuring thread still hangs over
 * something; waits for the disk, a few seconds at most. Only for a program that exits at
 * once: nothing may be freed, nothing follows. */
void sw_live_abandon(struct sw_live *live, const char *why);

/* After `ended` only. */
void sw_live_free(struct sw_live *live);

#endif
