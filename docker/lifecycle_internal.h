/* Hides nothing: the state that docker/lifecycle.c (forward: create to start, the owner's calls) and
 * docker/lifecycle_end.c (the end: exit, end of stream, removal) share. Must not be included
 * elsewhere. */
#ifndef SW_LIFECYCLE_INTERNAL_H
#define SW_LIFECYCLE_INTERNAL_H

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "docker/lifecycle.h"

/* What is known of the container on the engine. */
enum sw_presence {
	SW_NOT_THERE,
	SW_MAYBE_THERE, /* create was sent and its answer never came */
	SW_THERE,
};

struct sw_lifecycle {
	struct sw_loop *loop;
	struct sw_api *api;
	struct sw_life_handlers handlers;
	char *name;
	const void *upload;
	size_t upload_len;
	int64_t engine_timeout_ns;
	bool with_stdin, is_held;
	bool is_watched; /* its silence is looked into */

	bool is_known; /* a state after creating was entered */
	enum sw_life state;
	enum sw_presence presence;
	char id[SW_CONTAINER_ID_MAX];
	int exit_code;
	struct sw_life_stamps stamps;

	struct sw_attach *attach;
	struct sw_http_call *step; /* the upload or the start, while its answer is awaited */
	struct sw_http_call *wait;
	struct sw_buf input; /* what was written before there was an attach */
	bool input_ended;
	int pending; /* requests whose callback is still to come; step and wait can be dropped */
	bool has_ended, is_removed;
	bool wants_removal;
	int tries;   /* of the removal */
	struct sw_error removal_error;
	bool removal_failed;
	int64_t heard_ns;      /* the newest sign of it: a byte, an end of stream, an exit, a look */
	bool is_looking;       /* a look at its state is out */
	bool was_silent;       /* all through one grace: two are needed */
	struct sw_timer grace; /* how long its silence is taken as it is */
	struct sw_timer retry;
	struct sw_deferred later;
};

void sw_life_enter(struct sw_lifecycle *life, enum sw_life state);

/* Tells the owner that it has ended, once. The owner may ask for the removal from inside: nothing
 * may follow a call of these. */
void sw_life_end(struct sw_lifecycle *life, const struct sw_error *error);
void sw_life_end_with(struct sw_lifecycle *life, enum sw_code code, const char *what);

/* Ends the run if exit code and end of stream are both known; else sees to it that they are not waited for
 * without an end. */
void sw_life_check_end(struct sw_lifecycle *life);

void sw_life_begin_removal(struct sw_lifecycle *life);

/* For callbacks that come after the removal was asked for: `gone` waits for the last of them. */
void sw_life_finish_if_done(struct sw_lifecycle *life);

/* Callbacks of attach and wait. */
void sw_life_on_closed(void *user, const struct sw_error *error);
void sw_life_on_waited(void *user, int exit_code, const struct sw_error *error);

#endif
