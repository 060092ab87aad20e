/* Hides nothing: what docker/prepared.c (the runner and its attempt) and docker/prepared_pool.c (the
 * containers, from being made to being gone) share. Must not be included elsewhere. */
#ifndef SW_PREPARED_INTERNAL_H
#define SW_PREPARED_INTERNAL_H

#include "docker/prepared.h"

enum sw_stock {
	SW_STOCK_MAKING, /* created, attached */
	SW_STOCK_READY,
	SW_STOCK_BROKEN,  /* could not be made: `error` says why; there is no container any more */
	SW_STOCK_SERVING, /* the attempt under way has it, and waits for it */
	SW_STOCK_LEAVING, /* nobody waits for it: it exits and is removed */
};

struct sw_prepared;

/* One container of the pool, or that was in it. In the order in which they were begun. */
struct sw_stocked {
	struct sw_prepared *owner;
	struct sw_stocked *next;
	enum sw_stock stock;
	struct sw_lifecycle *life; /* NULL: broken */
	struct sw_attempt
		attempt; /* what it served; its token is the container's own from the beginning */
	bool has_served;
	enum sw_life failed_in; /* broken: the state it came to */
	struct sw_error error;
	int64_t path_end_ns; /* from here on nobody waited for it; 0: somebody did to its end */
	struct sw_timer
		deadline; /* the engine's until the code's first sign, then the code's; at last its exit's */
	bool has_limit; /* the code's */
};

struct sw_prepared {
	struct sw_container_runner base;
	struct sw_stocked *first;
	struct sw_stocked *serving; /* the attempt's; NULL while there is none yet */
	int64_t serial;             /* of names */
	int losses;                 /* replaced since the last attempt that went well */
	bool is_open;               /* the pool is kept at its depth: within a turn, not at the end */
	bool is_finishing;
	bool has_told_wait;

	bool is_busy, is_asking;     /* is_asking: a request of the attempt's own is out */
	bool is_waiting, has_waited; /* for a container */
	bool is_over;                /* judged; `done` is about to be called */
	sw_attempt_done_fn done;
	void *user;
	struct sw_container_facts facts;
	struct sw_deferred later;
	struct sw_timer patience; /* with the wait for a container */

	sw_runner_ready_fn quiet; /* settle's, finish's or prepare's READY; NULL: nobody waits */
	void *quiet_user;
};

/* ---- docker/prepared_pool.c ---- */

int sw_pool_depth(const struct sw_prepared *prepared);

/* Begins to make what the pool lacks, if it is open. */
void sw_pool_refill(struct sw_prepared *prepared);

/* The oldest that is ready; NULL: none, or too many others are being removed. */
struct sw_stocked *sw_pool_ready(struct sw_prepared *prepared);

/* When nothing is ready or in the making, the oldest that could not be made; else NULL. */
const struct sw_stocked *sw_pool_broken(const struct sw_prepared *prepared);
/* Forgets all that could not be made. */
void sw_pool_drop_broken(struct sw_prepared *prepared);

/* Removes all that nobody waits for. */
void sw_pool_clear(struct sw_prepared *prepared);

/* STOCKED is about to be started, for the attempt under way: until its code gives a sign, the engine's
 * patience counts. */
void sw_pool_expect(struct sw_stocked *stocked);

/* From PATH_END_NS on nobody waits for STOCKED: it ends, or is ended, by itself. */
void sw_pool_release(struct sw_stocked *stocked, int64_t path_end_ns);

/* Calls `quiet` if somebody waits for it and nothing goes on. */
void sw_pool_check_quiet(struct sw_prepared *prepared);

/* ---- docker/prepared.c: what the pool tells the attempt of its container ---- */

void sw_prepared_serve(struct sw_prepared *prepared); /* something of the pool changed */
void sw_prepared_entered(struct sw_stocked *stocked, enum sw_life state);
void sw_prepared_heard(struct sw_stocked *stocked, enum sw_stream stream, const char *bytes,
                       size_t len);
void sw_prepared_ended(struct sw_stocked *stocked, const struct sw_error *error);
void sw_prepared_overdue(struct sw_stocked *stocked); /* its code */
void sw_prepared_engine_overdue(struct sw_stocked *stocked);
void sw_prepared_gone(struct sw_stocked *stocked);

#endif
