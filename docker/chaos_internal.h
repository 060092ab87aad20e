/* Hides what the docker/chaos*.c files share: the jobs, the news, and which thread may touch what.
 * Must not be included elsewhere, but for tests of the texts.
 *
 * Three threads: the loop's (docker/chaos.c), the proxy's (only sw_chaos_hit), and the acting thread
 * (docker/chaos_act.c, _engine.c, _container.c). Jobs go to the acting thread, news go to the loop's. */
#ifndef SW_CHAOS_INTERNAL_H
#define SW_CHAOS_INTERNAL_H

#include <pthread.h>
#include <sys/types.h>

#include "core/error.h"
#include "docker/chaos.h"
#include "docker/engine_daemon.h"
#include "docker/image_away.h"
#include "docker/proxy.h"

/* One fault of the plan for one attempt: armed at the proxy, or waiting for the acting thread. */
struct sw_chaos_job {
	struct sw_chaos_job *next;
	int entry; /* of the plan */
	int slot;
	int mode, number; /* the attempt's */
	int64_t iteration;
	uint64_t turn; /* chaos->turns[mode][slot] while that attempt runs */
	uint64_t tag;  /* at the proxy */
};

struct sw_chaos_news {
	struct sw_chaos_news *next;
	bool is_note;
	struct sw_chaos_job job; /* of a fault that was done */
	char container[16];
	char text[SW_TEXT_MAX];
};

struct sw_chaos_list {
	struct sw_chaos_job *first, **end;
	int count;
};

struct sw_chaos_away {
	const char *name; /* the plan's */
	char kept[SW_IMAGE_KEPT_MAX];
	int64_t due_ns; /* to be given back */
};

struct sw_chaos {
	struct sw_chaos_options options;
	struct sw_proxy *proxy;
	char dir[SW_PATH_MAX]; /* the proxy's */
	bool has_paths;
	struct sw_daemon_paths paths; /* of the private engine */
	/* The loop's thread. */
	int listeners[SW_MODES_MAX][SW_PARALLEL_MAX]; /* -1: none */
	int n_listeners;
	uint64_t last_tag, last_turn;
	struct sw_event *event; /* reused */
	int due[SW_CHAOS_MAX], injected[SW_CHAOS_MAX]; /* of each entry: how often */
	bool is_stopped;                               /* by somebody: sw_chaos_calm */
	void (*settled)(void *user);                   /* NULL: nobody asked, or it was told */
	void *settled_user;
	/* Between the threads, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* on CLOCK_MONOTONIC: a job, an attempt's end, calm, quit */
	struct sw_chaos_list armed, queue;
	struct sw_chaos_news *news, **news_end;
	uint64_t turns[SW_MODES_MAX][SW_PARALLEL_MAX]; /* of the attempt that runs; 0: none does */
	bool calm, quit;
	bool is_settled; /* calm, and what was to be undone is, or was tried in vain */
	bool is_excused[SW_CHAOS_MAX]; /* it was told why an entry was not injected */
	int news_fd; /* an eventfd: readable when there are news */
	pthread_t thread;
	bool has_lock, has_thread;
	/* The acting thread. */
	struct sw_chaos_away away[SW_MODES_MAX];
	int n_away;
	int64_t restart_ns; /* the engine is down: to be started again then; 0: it is not */
	uid_t owner;        /* of its socket before it was killed */
	bool is_hastened;   /* calm was seen: what was to be undone later is due */
};

static inline const struct sw_chaos_fault *sw_chaos_fault(const struct sw_chaos *chaos,
                                                          const struct sw_chaos_job *job)
{
	return &chaos->options.plan->chaos[job->entry];
}

/* ---- docker/chaos.c: any thread ---- */

/* JOB's fault was done, to CONTAINER (its id, or ""); it could not be, because; something else to be
 * told. */
void sw_chaos_tell(struct sw_chaos *chaos, const struct sw_chaos_job *job, const char *container,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void sw_chaos_tell_not_done(struct sw_chaos *chaos, const struct sw_chaos_job *job, const char *why);
/* There is something to be told on the loop's thread. */
void sw_chaos_wake_loop(struct sw_chaos *chaos);
void sw_chaos_note(struct sw_chaos *chaos, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- docker/chaos_text.c ---- */

/* What the proxy did to WHAT (as sw_proxy_hit_fn has it), for a person. */
void sw_chaos_text(const struct sw_chaos_fault *fault, const char *what, char *dst, size_t size);

/* ---- docker/chaos_act.c ---- */

int sw_chaos_act_start(struct sw_chaos *chaos, struct sw_error *err);

/* The acting thread: waits until DUE_NS, or until all is to be undone, or, with JOB, until its attempt
 * has ended. True when it was DUE_NS. */
bool sw_chaos_wait(struct sw_chaos *chaos, int64_t due_ns, const struct sw_chaos_job *job);
/* Whether JOB's attempt has ended; with NULL whether all is to be undone. */
bool sw_chaos_is_over(struct sw_chaos *chaos, const struct sw_chaos_job *job);

/* ---- what is done, on the acting thread ---- */

void sw_chaos_engine_pause(struct sw_chaos *chaos, const struct sw_chaos_job *job);
void sw_chaos_engine_kill(struct sw_chaos *chaos, const struct sw_chaos_job *job);
void sw_chaos_engine_restart(struct sw_chaos *chaos, const struct sw_chaos_job *job);
/* When it is down: tries once. IS_LAST: and says so where that fails. */
void sw_chaos_engine_mend(struct sw_chaos *chaos, bool is_last);

void sw_chaos_image_remove(struct sw_chaos *chaos, const struct sw_chaos_job *job);
/* Gives back what is due at NOW_NS, or all with INT64_MAX. */
void sw_chaos_images_mend(struct sw_chaos *chaos, int64_t now_ns);

void sw_chaos_container(struct sw_chaos *chaos, const struct sw_chaos_job *job);

#endif
