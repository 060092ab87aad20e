/* Hides nothing: what docker/warm.c (the runner and its attempts), docker/warm_container.c (what is kept
 * between them) and docker/warm_result.c (what an attempt was, from the facts gathered) share. Must not be
 * included elsewhere. */
#ifndef SW_WARM_INTERNAL_H
#define SW_WARM_INTERNAL_H

#include "core/worker.h"
#include "docker/container_runner.h"
#include "docker/kept.h"
#include "docker/warm.h"

/* All that is known of an attempt at its end. Times: CLOCK_MONOTONIC ns, 0 = never. */
struct sw_warm_facts {
	int64_t
		start_ns; /* just before the line was written; when there was no worker to write it to, then */
	int64_t result_ns; /* the result's sentinel was complete */
	int64_t over_ns;   /* and that of `over`: nothing is left of the job */
	int64_t kill_ns;   /* the container's removal was asked for while the job ran */
	int64_t gone_ns;   /* the container was gone; 0: it goes on */
	bool has_begun;    /* the line was written */
	bool is_cancelled;
	bool is_overdue; /* not even `over` had come when the limit had long passed */
	bool is_dead;    /* the container ended by itself */
	bool is_oom;     /* the engine says that it ran out of memory, and says it for the first time; with
	                    `failure`: there is no container, as it did while its worker came up */
	int exit_code;   /* the container's */
	char failure[SW_TEXT_MAX]; /* the engine's, or why there is no container; "": none */
	bool is_clock_separate;
	char container[16];
	struct sw_worker_report report;
};

/* Fills in RESULT, which is zeroed before. Pure. */
void sw_warm_result(const struct sw_container_options *options, const struct sw_warm_facts *facts,
                    struct sw_attempt_result *out_result);

/* One job's ceiling in bytes, as its mode says; 0: none. */
int64_t sw_warm_job_memory(const struct sw_mode_plan *mode);

/* Appends to RESULT, off the path, what went on behind it before READY_NS, when the worker's readiness was
 * read: the end of a job's processes, from ANSWER_NS (0: there was no job) to when OVER_NS brought word of
 * it, which may come along with the readiness; and what the zygote says it did: boot, imports, prewarm,
 * whichever REPORT has. Pure. */
void sw_warm_behind_spans(const struct sw_worker_report *report, bool is_clock_separate,
                          int64_t answer_ns, int64_t over_ns, int64_t ready_ns,
                          struct sw_attempt_result *result);

enum sw_warm_state {
	SW_WARM_NONE,     /* no container: never made, or `why` says why there is none */
	SW_WARM_MAKING,   /* being made, started, importing, warming up */
	SW_WARM_READY,    /* a worker waits for its job */
	SW_WARM_BUSY,     /* it has one */
	SW_WARM_RESTING,  /* the job is over, the next worker is being made */
	SW_WARM_REMOVING, /* given up, until it is gone */
};

#define SW_WARM_ARGV_MAX 64 /* words of an image's command, a NULL included */

struct sw_warm {
	struct sw_container_runner base; /* first: this is what callers hold */

	/* The container. */
	enum sw_warm_state state;
	struct sw_kept *kept; /* NULL: none can be made, `refusal` says why */
	char refusal[SW_TEXT_MAX];
	char boot_token[33];
	const char *entrypoint[3], *command[SW_WARM_ARGV_MAX];
	struct sw_worker_reader out, err; /* its streams */
	struct sw_worker_report boot;     /* what it says outside of jobs */
	bool was_ready; /* since it was made: only then does its loss call for another */
	bool had_oom;   /* the engine's word for that is never taken back */
	bool is_again;  /* REMOVING: another is to be made */
	bool is_clock_separate;
	char why[SW_TEXT_MAX];    /* NONE: why there is none, "" when none was wanted */
	bool is_why_oom;          /* its limit was too low for its worker */
	struct sw_timer patience; /* with whatever the state waits for */
	int64_t rest_ns;          /* since when it rests */
	struct sw_attempt rested; /* from what; base.attempt may be the next one, which waits */

	/* prepare, settle or finish, whichever is waited for. */
	sw_runner_ready_fn ready;
	void *ready_user;

	/* The attempt: base.attempt. */
	bool is_busy;    /* there is one */
	bool is_waiting; /* it has not begun: until a worker is ready */
	sw_attempt_done_fn done;
	void *user;
	struct sw_warm_facts facts;
	struct sw_buf job; /* the line, written once: each job has its token put in */
	size_t token_at;
	struct sw_task written; /* what it is for */
	struct sw_deferred later;
};

/* docker/warm_container.c. What containers are made of; what is wrong with that becomes `refusal`. */
int sw_warm_container_init(struct sw_warm *warm, struct sw_error *err);
void sw_warm_container_done(struct sw_warm *warm);
/* From NONE: begins to make one. MAKING, then READY (sw_warm_is_ready) or NONE (sw_warm_is_none; maybe from
 * inside). */
void sw_warm_make(struct sw_warm *warm);
/* Removes it: REMOVING, then sw_warm_is_gone, and another is being made if IS_AGAIN. LOST: why it was, which
 * is told; NULL: it was not. */
void sw_warm_give_up(struct sw_warm *warm, const char *lost, bool is_again);
/* Arms `patience`. */
void sw_warm_wait_at_most(struct sw_warm *warm, int64_t from_ns, int64_t timeout_ns);
/* From BUSY, when `over` has come: RESTING, or READY if the next worker is ready already. */
void sw_warm_rest(struct sw_warm *warm);

/* docker/warm.c: what it is told. */
void sw_warm_is_ready(struct sw_warm *warm);
void sw_warm_is_none(struct sw_warm *warm);
void sw_warm_is_gone(struct sw_warm *warm);
void sw_warm_has_news(struct sw_warm *warm);                                /* BUSY: facts.report */
void sw_warm_has_died(struct sw_warm *warm, const struct sw_kept_end *end); /* BUSY */
void sw_warm_is_overdue(struct sw_warm *warm);                              /* BUSY */

#endif
