/* Hides how the plan's faults are done: by the proxy between client and engine, and to the real engine, image
 * and containers. Must not know the scheduler, which says when attempts begin and end, nor what comes of them.
 *
 * Real faults need the engine that sandwatch itself started: somebody else's is never paused, killed, or
 * robbed of its image. Whatever was done is undone by sw_chaos_free: the engine runs, the image is there. */
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
	const struct sw_engine *engine;
	const char *state_dir;  /* where the private engine's state is */
	const char *session_id; /* whose containers are killed and removed */
	const char *dir;        /* of this run: where the proxy's sockets may be */
	struct sw_sink sink;    /* fault_injected, and notes about what could not be injected */
	void (*disk_full)(void *user); /* the journal's next write is to find the disk full */
	void *user;
};

/* Whether PLAN's faults can be injected with ENGINE (NULL: none answers); else SW_ERR_USAGE says which entry
 * cannot, why, and what to do. Before a session. */
int sw_chaos_check(const struct sw_plan *plan, const struct sw_engine *engine, struct sw_error *err);

/* Starts the proxy and the thread that does real faults. */
int sw_chaos_new(const struct sw_chaos_options *options, struct sw_chaos **out_chaos,
                 struct sw_error *err);

/* Where the runner of MODE's SLOT has to connect; one listener each. */
int sw_chaos_endpoint(struct sw_chaos *chaos, int mode, int slot, struct sw_endpoint *out_endpoint,
                      struct sw_error *err);

/* The measuring thread: ATTEMPT is about to start in SLOT; it has ended. What was armed for it and has not
 * hit anything by then is taken back. Neither blocks. */
void sw_chaos_attempt_begins(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt);
void sw_chaos_attempt_ended(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt);

/* Undoes what is still done, then ends both threads; may take as long as an engine's start. Blocks. What was
 * injected and not yet told is told first. NULL is fine. */
void sw_chaos_free(struct sw_chaos *chaos);

#endif
