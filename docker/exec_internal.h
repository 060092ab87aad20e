/* Hides nothing: what docker/exec.c (the runner and its container), docker/exec_attempt.c (an attempt as
 * it happens) and docker/exec_result.c (what it was) share. Must not be included elsewhere. */
#ifndef SW_EXEC_INTERNAL_H
#define SW_EXEC_INTERNAL_H

#include "docker/exec.h"
#include "docker/kept.h"

enum sw_exec_stage {
	SW_EXEC_IDLE,
	SW_EXEC_RISING,   /* the container is waited for */
	SW_EXEC_CREATING, /* of the exec */
	SW_EXEC_OPENING,  /* its start is asked for */
	SW_EXEC_RUNNING,
	SW_EXEC_ASKING,   /* its stream has ended: how did it exit? */
	SW_EXEC_DOUBTING, /* was it the container's end? */
	SW_EXEC_ENDING,   /* decided; DONE follows */
};

struct sw_exec {
	struct sw_container_runner base;
	struct sw_kept *kept;                 /* NULL: there is no endpoint at all */
	const char *entrypoint[2], *pause[2]; /* of the kept container */
	sw_runner_ready_fn ready;             /* NULL, or prepare, settle or finish waits */
	void *ready_user;
	bool is_rising, is_finishing;
	bool has_served; /* the container: an exec came to its end in it */
	char used_id
		[SW_CONTAINER_ID_MAX]; /* the newest container in which code of an attempt may have run */
	struct sw_deferred rise_call;

	enum sw_exec_stage stage;
	sw_attempt_done_fn done;
	void *user;
	struct sw_container_facts
		facts; /* its stamps are the exec's: create, start, end of stream, exit */
	int64_t start_wall_ns; /* facts.start_ns on the wall clock, which the engine's events go by */
	char exec_id[SW_CONTAINER_ID_MAX];
	struct sw_http_call *step; /* the request that is out */
	struct sw_attach *stream;
	bool has_doubt;        /* life_error holds what raised it */
	int asks;              /* how it exited */
	struct sw_timer limit; /* for a container; the engine's patience; then the code's own limit */
	struct sw_timer again;
	struct sw_deferred later;
};

/* docker/exec.c: sees to it that there is a container, without waiting. Whoever waits is told. */
void sw_exec_raise(struct sw_exec *exec);

/* Gives up the one there is, tells for which REASON (clean), and raises another. */
void sw_exec_replace(struct sw_exec *exec, const char *reason);

/* What an exec runs: the shim, if there is one, and behind it the task's command or the image's own.
 * Freed with free(); NULL without memory. Only while there is a container. */
const char **sw_exec_argv(const struct sw_exec *exec);

/* docker/exec_attempt.c: the vtable's start and cancel. */
void sw_exec_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                   sw_attempt_done_fn done, void *user);
void sw_exec_cancel(struct sw_runner *runner);

/* The container that was waited for is there, or ERROR says why not. */
void sw_exec_risen(struct sw_exec *exec, const struct sw_error *error);

/* The container has ended under the attempt that is under way. */
void sw_exec_died(struct sw_exec *exec, const struct sw_kept_end *end);

/* Fills in RESULT, which is zeroed before. Pure. */
void sw_exec_result(const struct sw_container_options *options,
                    const struct sw_container_facts *facts, struct sw_attempt_result *out_result);

#endif
