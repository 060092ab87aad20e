/* Hides a container that outlives attempts: made, watched for its death, removed, and made anew when it
 * is asked for again, each time under a name of its own. One at a time; every life is a docker/lifecycle.
 * Must not know what runs in it, nor why its owner gives one up: the owner emits container_replaced.
 *
 * For docker/{exec,warm}*.c. Tells of each container: container_created and container_removed of no
 * attempt, its create, attach and start as one phase_behind of none, and a note when the engine would not
 * remove it. All on the loop's thread. */
#ifndef SW_KEPT_H
#define SW_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "docker/container_runner.h"
#include "docker/lifecycle.h"

struct sw_kept;

/* How a life ended that was not given up. Valid during the call. */
struct sw_kept_end {
	const char *text; /* clean: "the kept container 0123456789ab was killed (SIGKILL)" */
	int exit_code;    /* -1: not known */
	bool is_oom; /* the engine says that something in it was killed for want of memory: its first
	                     process, or another, and then the first one gave up. Podman never says so. */
};

struct sw_kept_handlers {
	/* What the container writes, from its start request on; a stream's order is kept. May give the
	 * container up. NULL: dropped. */
	void (*data)(void *user, enum sw_stream stream, const char *bytes, size_t len);
	/* It was up and has ended by itself, or the engine lost it. Its removal follows. Not after
	 * sw_kept_down or sw_kept_drop. May call sw_kept_up, which then makes a new one. */
	void (*died)(void *user, const struct sw_kept_end *end);
	void *user;
};

/* BASE, and what SHAPE points to, are borrowed and outlive it; base->http is not NULL. Each container is
 * called sw_container_name(WHAT-1), -2 … */
int sw_kept_new(struct sw_container_runner *base, const char *what,
                const struct sw_container_shape *shape, const struct sw_kept_handlers *handlers,
                struct sw_kept **out_kept, struct sw_error *err);

/* What up and down come to. ERROR is NULL when it is so, else why it is not. */
typedef void (*sw_kept_done_fn)(void *user, const struct sw_error *error);

/* Sees to it that a container runs, waiting for a removal that is under way; and that none is left. DONE is
 * called once, never from inside, with the engine's start answer (the command may run before it, so data
 * may have come before) or its removal. Asking for the one while the other is pending takes its place: the
 * earlier DONE is not called. What failed is tried again at the next call only. A down whose error is set
 * has left a container behind. */
void sw_kept_up(struct sw_kept *kept, sw_kept_done_fn done, void *user);
void sw_kept_down(struct sw_kept *kept, sw_kept_done_fn done, void *user);

/* Gives the container up, killing what runs in it: like down, without waiting. Data comes no more. An up
 * that is pending begins anew. Down already: does nothing. */
void sw_kept_drop(struct sw_kept *kept);

/* Whether an attempt is under way in it: only then is its silence looked into (docker/lifecycle.h). */
void sw_kept_watch(struct sw_kept *kept, bool is_expected);

bool sw_kept_is_up(const struct sw_kept *kept); /* a container runs, as far as is known */
bool sw_kept_is_idle(
	const struct sw_kept *kept); /* nothing goes on: it is up, or nothing is there */
const char *sw_kept_id(
	const struct sw_kept *kept); /* of the newest one that was created; "" before */
const struct sw_life_stamps *sw_kept_stamps(
	const struct sw_kept *kept); /* NULL while there is none */

/* To its stdin, as sw_lifecycle_write. SW_ERR_REFUSED while none is up. */
int sw_kept_write(struct sw_kept *kept, const void *bytes, size_t len, struct sw_error *err);

/* After down, or where nothing was ever up; else a container stays on the engine. NULL is fine. */
void sw_kept_free(struct sw_kept *kept);

#endif
