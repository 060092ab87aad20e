/* Hides how the plan's faults are done: by the proxy between client and engine, and to the real
 * engine, image and containers. Must not know the scheduler, which says when attempts begin and end,
 * nor what comes of them.
 *
 * Real faults to the engine and its images need the engine that sandwatch itself started: somebody
 * else's is never paused, killed, or robbed of an image. Other sessions on that engine suffer with
 * this one. Whatever was done is undone by sw_chaos_free: the engine runs, the images are there. What
 * a sandwatch that was killed could not undo, the next one does: sw_engine_start_private continues the
 * engine, sw_image_ensure gives images back.
 *
 * A fault is told as soon as it is done, so that a session's end cannot come first: that an engine
 * runs again, or does not, is a note. All calls on the loop's thread. */
#ifndef SW_DOCKER_CHAOS_H
#define SW_DOCKER_CHAOS_H

#include "core/chaos.h"
#include "core/runner.h"
#include "docker/engine.h"

struct sw_loop;
struct sw_error;
struct sw_chaos;

/* Borrowed for as long as the chaos lives. */
struct sw_chaos_options {
	struct sw_loop *loop; /* the measuring thread's: events are emitted there */
	const struct sw_plan *plan;
	const struct sw_engine *engine; /* its endpoint is empty where none answers */
	const char *state_dir;  /* where the private engine's state is */
	const char *session_id; /* whose containers are killed and removed */
	const char *dir;        /* of this run: the proxy's sockets are below it where that is short enough for a
	                         * socket's path, else below /tmp */
	bool is_resumed;        /* another process began the session */
	struct sw_sink sink;    /* fault_injected, and notes about what could not be injected or undone */
	void (*disk_full)(void *user); /* the journal's next write is to find the disk full; on the loop's thread,
	                                * behind its event. NULL: no such fault is in the plan */
	void *user;
};

/* Whether PLAN's faults can be injected with ENGINE (NULL: none answers); else SW_ERR_USAGE says which
 * entry cannot, why, and what to do. Before a session. Any thread. */
int sw_chaos_check(const struct sw_plan *plan, const struct sw_engine *engine, struct sw_error *err);

/* Starts the proxy and the thread that does real faults. */
int sw_chaos_new(const struct sw_chaos_options *options, struct sw_chaos **out_chaos,
                 struct sw_error *err);

/* Where the runner of MODE's SLOT has to connect; one listener each. Without an engine: nowhere, an empty
 * endpoint. */
int sw_chaos_endpoint(struct sw_chaos *chaos, int mode, int slot, struct sw_endpoint *out_endpoint,
                      struct sw_error *err);

/* ATTEMPT is about to start in SLOT; it has ended. Faults by the proxy, and real ones that wait for a
 * request, are armed with it, and taken back when it ends without having hit anything. A real fault on
 * `any` is begun at once and done even if the attempt has ended by then. A container's kill or removal
 * waits for one that runs, as long as the attempt lasts. Neither blocks. */
void sw_chaos_attempt_begins(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt);
void sw_chaos_attempt_ended(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt);

/* The session was asked to end: nothing new is done from now on, and what is done is being undone, behind
 * this call. Does not block. Calling it again does nothing. */
void sw_chaos_calm(struct sw_chaos *chaos);

/* The same, asked for or not, before the runners' finish, which would fail at an engine that is down: calls
 * SETTLED with USER from the loop, when what was done is undone, or that was tried in vain. That takes as
 * long as an engine's start. Once per chaos; SETTLED may free it. */
void sw_chaos_settle(struct sw_chaos *chaos, void (*settled)(void *user), void *user);

/* Undoes what is still done, then ends both threads; may take as long as an engine's start. Blocks.
 * What was injected and not yet told is told first; then, of a session that this process began and nobody
 * stopped (sw_chaos_calm), which entries hit nothing. Once the runners are finished, as they talk through
 * the proxy. NULL is fine. */
void sw_chaos_free(struct sw_chaos *chaos);

#endif
