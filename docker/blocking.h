/* Hides the loop of a caller that asks the engine one thing after another and waits for each.
 * Must not know what is asked. For setup and clean-up, never for the measuring thread. */
#ifndef SW_BLOCKING_H
#define SW_BLOCKING_H

#include <stdbool.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/api.h"

struct sw_signals;

/* Embedded; sw_blocking_done also after a failed init. Callbacks get it as `user`, directly or
 * inside a struct of the caller's, and end with sw_blocking_finish. */
struct sw_blocking {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	bool finished, failed;
	struct sw_error error;
	int end_fd; /* what is heeded; -1: nothing */
	bool interrupted, late;
	struct sw_timer limit;
};

/* API_VERSION: negotiated, or NULL to ping first. */
int sw_blocking_init(struct sw_blocking *blocking, const struct sw_endpoint *endpoint,
                     const char *api_version, struct sw_error *err);

/* Cancels what was sent and has not finished: its callback is not called any more. */
void sw_blocking_done(struct sw_blocking *blocking);

/* Whether SIGNALS (borrowed) end sw_blocking_wait from now on; NULL: nothing does.
 * SW_ERR_INTERRUPTED: they have asked for the end already. */
int sw_blocking_heed(struct sw_blocking *blocking, const struct sw_signals *signals,
                     struct sw_error *err);

void sw_blocking_finish(struct sw_blocking *blocking, const struct sw_error *error);

/* An sw_api_done_fn whose user is the struct sw_blocking. */
void sw_blocking_finished(void *user, const struct sw_error *error);

/* Runs the loop until the call that was just sent has finished; its error becomes ERR. When it is
 * SW_ERR_INTERRUPTED (blocking->interrupted says so, too), the call has not finished: end with
 * sw_blocking_done, or wait on with sw_blocking_wait_out. */
int sw_blocking_wait(struct sw_blocking *blocking, struct sw_error *err);

/* The same for at most TIMEOUT_NS, heeding no signal: for a call that was interrupted but whose
 * answer is needed to clean up. SW_ERR_TIMEOUT: it has not finished. */
int sw_blocking_wait_out(struct sw_blocking *blocking, int64_t timeout_ns, struct sw_error *err);

#endif
