/* Hides one container's life as an explicit state machine: which request is out, what may come
 * next, and that nothing is left behind. Must not know jobs, results or retries.
 *
 *  creating -> (uploading) -> attaching -> (held) -> starting -> running -> exited -> removing -> gone
 *
 *  Any failure or kill leads through removing to gone; a create whose answer was lost is removed by
 *  its name. Stamps are CLOCK_MONOTONIC ns, 0 when a state was not reached.
 *
 *  Nothing is waited for without an end, but the code itself, whose limit is its owner's:
 *  - create, upload, attach, start: each the engine's patience;
 *  - the exit code, after a patience of silence: one look at the container tells whether it still runs,
 *    and is repeated while it does; a look that the engine leaves unanswered for a patience ends the run
 *    with an error;
 *  - the end of the stream once the exit is known: as long as bytes come, and a patience, at most
 *    10 s, after the last one;
 *  - the removal: a patience and 1 s, all tries together. */
#ifndef SW_LIFECYCLE_H
#define SW_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/api.h"
#include "docker/attach.h"

struct sw_loop;

#define SW_LIFECYCLES(X)              \
	X(SW_LIFE_IDLE, "idle")           \
	X(SW_LIFE_CREATING, "creating")   \
	X(SW_LIFE_UPLOADING, "uploading") \
	X(SW_LIFE_ATTACHING, "attaching") \
	X(SW_LIFE_HELD, "held")           \
	X(SW_LIFE_STARTING, "starting")   \
	X(SW_LIFE_RUNNING, "running")     \
	X(SW_LIFE_EXITED, "exited")       \
	X(SW_LIFE_REMOVING, "removing")   \
	X(SW_LIFE_GONE, "gone")
#define SW_LIFE_ENUM(id, name) id,
enum sw_life { SW_LIFECYCLES(SW_LIFE_ENUM) SW_LIFE_COUNT };
#undef SW_LIFE_ENUM

struct sw_lifecycle;

struct sw_life_stamps {
	int64_t create_ns, created_ns; /* asked, answered */
	int64_t attach_ns, attached_ns;
	int64_t start_ns, started_ns;  /* asked, answered: PID 1 may run before the answer */
	int64_t eof_ns, exited_ns;     /* stream's end; exit code known. exited: both have come */
	int64_t kill_ns;               /* removal asked while it could be running */
	int64_t remove_ns, removed_ns; /* first asked; last answered */
};

struct sw_life_handlers {
	/* Each time a new state is entered; `creating` from inside sw_lifecycle_start, `removing` maybe
	 * from inside sw_lifecycle_remove, all others from the loop. May be NULL. */
	void (*entered)(void *user, enum sw_life state);
	void (*data)(void *user, enum sw_stream stream, const char *bytes, size_t len);
	/* The state is `exited` (wait AND end of stream), or something failed before: then error is set
	 * and the container may exist; call sw_lifecycle_remove in both cases. Once. */
	void (*ended)(void *user, const struct sw_error *error);
	/* Nothing is left of it; error when the engine would not remove it. Once, last. */
	void (*gone)(void *user, const struct sw_error *error);
	void *user;
};

struct sw_life_options {
	const char *name; /* the container's, unique; copied */
	const char *body; /* of create; copied */
	bool with_stdin;
	const void *upload; /* a tar put at / after create; NULL: none; borrowed until gone */
	size_t upload_len;
	int64_t engine_timeout_ns; /* the engine's patience: deadline of each request (not of wait) */
	bool is_held;              /* attached, it waits for sw_lifecycle_go */
	bool is_kept; /* it is silent for long, and that is well: only after the end of its stream, and
	                 while sw_lifecycle_watch says so, it is looked at */
};

/* Begins at once with create. *OUT_LIFE is set before any handler is called. */
int sw_lifecycle_start(struct sw_loop *loop, struct sw_api *api,
                       const struct sw_life_options *options,
                       const struct sw_life_handlers *handlers, struct sw_lifecycle **out_life,
                       struct sw_error *err);

/* Starts a container that is `held`; in another state it does nothing. What was written before is sent
 * first. */
void sw_lifecycle_go(struct sw_lifecycle *life);

/* Queues stdin; end closes it. Valid any time after start; sent once attached. */
int sw_lifecycle_write(struct sw_lifecycle *life, const void *bytes, size_t len,
                       struct sw_error *err);
void sw_lifecycle_end_input(struct sw_lifecycle *life);

/* Removes by force, in whatever state: drops the attach first (a stalled reader makes kill and wait
 * hang, moby#41827). `gone` follows, never from inside this call; `ended` no longer comes. While a
 * create's answer is awaited, the removal waits for it too. Asking twice is fine. */
void sw_lifecycle_remove(struct sw_lifecycle *life);

/* Of one that is_kept: whether something is expected of it from now on: then its silence is looked into. */
void sw_lifecycle_watch(struct sw_lifecycle *life, bool is_expected);

enum sw_life sw_lifecycle_state(const struct sw_lifecycle *life);
const char *sw_life_name(enum sw_life state);
const struct sw_life_stamps *sw_lifecycle_stamps(const struct sw_lifecycle *life);
const char *sw_lifecycle_id(const struct sw_lifecycle *life); /* "" before created */
/* Whether `entered` has told of a state after creating: else its removal is no news either. */
bool sw_lifecycle_is_known(const struct sw_lifecycle *life);
/* -1 before it is known; a container that was removed while it ran may tell it, too. */
int sw_lifecycle_exit_code(const struct sw_lifecycle *life);

/* After gone only (inside the gone handler is fine). NULL is fine. */
void sw_lifecycle_free(struct sw_lifecycle *life);

/* The labels that every container of sandwatch carries, so that a later run can tell whose it was
 * and whether its owner still lives: org.sandwatch.{session,host,pid,pid_start,boot,
 * pid_ns,machine}. "k=v", NULL-terminated, one block that the caller frees with free(); NULL when memory is
 * out. pid_start is core/process.h's start_ticks, boot the kernel's boot_id, pid_ns the inode of the
 * PID namespace in which pid counts; "" where there is no /proc. machine is a fingerprint of
 * /etc/machine-id, as host names are not unique; "" where there is none. */
const char **sw_lifecycle_labels(const char *session_id);

/* What KEY says among LABELS, or "". */
const char *sw_label(const char *const *labels, const char *key);

/* The process that labels name, as this one sees it. */
enum sw_owner {
	SW_OWNER_DEAD,      /* what it made is nobody's */
	SW_OWNER_LIVES,     /* or it cannot be told that it does not: there is no /proc */
	SW_OWNER_ELSEWHERE, /* in another PID namespace of this boot, which cannot be seen from here */
	SW_OWNER_FOREIGN,   /* on another host */
};

/* Of LABELS, seen from the process with the labels OWN. Dead is who is on this host (its name, and its
 * machine-id where they tell one) and of another boot, or in this PID namespace with no such pid, or one
 * with another start time; a pid and a start spelled otherwise than sw_lifecycle_labels writes them are no
 * process's. */
enum sw_owner sw_labels_owner(const char *const *own, const char *const *labels);

#endif
