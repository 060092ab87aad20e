/* Hides the loop of a caller that asks the engine one thing after another and waits for each.
 * Must not know what is asked. For setup and clean-up, never for the measuring thread. */
#ifndef SW_BLOCKING_H
#define SW_BLOCKING_H

#include <stdbool.h>

#include "core/error.h"
#include "docker/api.h"

struct sw_loop;

/* Embedded; sw_blocking_done also after a failed init. Callbacks get it as `user`, directly or
 * inside a struct of the caller's, and end with sw_blocking_finish. */
struct sw_blocking {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	bool finished, failed;
	struct sw_error error;
};

/* API_VERSION: negotiated, or NULL to ping first. */
int sw_blocking_init(struct sw_blocking *blocking, const struct sw_endpoint *endpoint,
                     const char *api_version, struct sw_error *err);
void sw_blocking_done(struct sw_blocking *blocking);

void sw_blocking_finish(struct sw_blocking *blocking, const struct sw_error *error);

/* An sw_api_done_fn whose user is the struct sw_blocking. */
void sw_blocking_finished(void *user, const struct sw_error *error);

/* Runs the loop until the call that was just sent has finished; its error becomes ERR. */
int sw_blocking_wait(struct sw_blocking *blocking, struct sw_error *err);

#endif
