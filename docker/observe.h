/* Hides the accounts of containers that others run: a fold over their events (docker/container_event.h).
 * Must not know where events come from: no engine, no clock but the one it is told, no loop, no file.
 *
 * All durations are differences of the engine's own times (timeNano): how late an event arrives does not
 * matter. A negative one, which a clock that was set makes, counts as 0 and in `clamped`.
 *
 * created + found = living + ended, in all and per image. Memory is bounded: 4096 living containers in
 * full (more are only counted), the 512 that ended last, 64 images (more are one, "other images"), whose
 * histograms take some 100 KiB each; nothing grows with the number of events. */
#ifndef SW_OBSERVE_H
#define SW_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "docker/container_event.h"

struct sw_buf;
struct sw_error;
struct sw_histogram;
struct sw_observe;

enum {
	SW_OBSERVE_LIVING_MAX = 4096,
	SW_OBSERVE_ENDED_MAX = 512,
	SW_OBSERVE_IMAGES_MAX = 64,
	SW_OBSERVE_EXIT_CODES = 256,
	SW_OBSERVE_SIGNALS = 65,
};

enum sw_observe_span {
	SW_SPAN_STARTUP, /* create to start; the first one */
	SW_SPAN_RUN,     /* start to die; each one */
	SW_SPAN_CLEANUP, /* the last die to destroy */
	SW_SPAN_WHOLE,   /* create to destroy */
	SW_SPANS,
};

enum sw_observe_end {
	SW_END_LIVING,
	SW_END_REMOVED, /* its destroy was seen */
	SW_END_UNSEEN, /* it was gone when the engine was asked after an interruption, or it was renamed
	                   out of the filter: how it ended is not known */
};

/* Times are the engine's, ns since 1970; 0: not seen. */
struct sw_observed {
	char id[SW_CONTAINER_ID_MAX];
	char name[128];
	const struct sw_observe_image *image;
	enum sw_container_state state;
	enum sw_observe_end end;
	bool was_found; /* it was there already when the watch began, or came in while nobody watched */
	int64_t created_ns, died_ns, destroyed_ns;
	int64_t started_ns; /* the last start */
	int64_t first_started_ns;
	int64_t listed_created_s; /* what the list said, whole seconds: for its age only; 0: not said */
	int exit_code;            /* of the last run; -1: none, or not said */
	int signal;               /* the one that ended the last run; 0: none did */
	int last_kill;            /* the last signal sent in this run; 0: not said; -1: none was sent */
	bool oom;                 /* the last run ran out of memory, so the engine says */
	uint32_t restarts;        /* starts after a die */
	const struct sw_observed *newer, *older; /* of the same list; NULL at its end */
};

/* The accounts of one image, or of all together. */
struct sw_observe_image {
	char name[160]; /* "" of all; "(unknown)" where the engine did not say it */
	uint64_t created, found;
	uint64_t living, running;                   /* running: paused ones, too */
	uint64_t ended, unseen;                     /* unseen: of those that ended */
	uint64_t runs;                              /* dies that were seen */
	uint64_t failures;                          /* of these, with an exit code other than 0 */
	uint64_t exit_unknown;                      /* of these, without one */
	uint64_t exit_codes[SW_OBSERVE_EXIT_CODES]; /* of these, by code, 0 included */
	uint64_t oom;                               /* of these, out of memory */
	uint64_t killed; /* of these, ended by a signal that was sent through the engine */
	uint64_t signals[SW_OBSERVE_SIGNALS]; /* the same, by signal */
	uint64_t restarts;
	uint64_t clamped;                     /* durations that were negative */
	struct sw_histogram *spans[SW_SPANS]; /* NULL: none was seen */
	int64_t sum_ns[SW_SPANS];             /* for a mean; stays at INT64_MAX when it gets there */
};

/* What is known of the watch itself. */
struct sw_observe_watch {
	bool is_connected, was_connected, is_listed;
	int64_t since_ns;      /* now_ns of the last change; 0: before the first */
	uint64_t lost;         /* how often */
	int64_t lost_ns;       /* for how long together, without the one that goes on */
	char why[256];         /* of the last loss */
	uint64_t events;       /* of the engine's own */
	uint64_t ignored;      /* of these, about containers that had ended */
	uint64_t untracked;    /* living containers beyond SW_OBSERVE_LIVING_MAX */
	int64_t last_event_ns; /* the engine's clock */
};

int sw_observe_new(struct sw_observe **out_observe, struct sw_error *err);
void sw_observe_free(struct sw_observe *observe); /* NULL is fine */

/* Folds one event. NOW_NS: CLOCK_MONOTONIC when it came. 0; -1 when memory is out: the event is then
 * counted where that was possible. */
int sw_observe_apply(struct sw_observe *observe, const struct sw_container_event *event,
                     int64_t now_ns);

/* All are valid until the next apply. Lists: the newest (the last to begin; the last to end), from
 * which ->older leads on; NULL when empty. */
const struct sw_observed *sw_observe_living(const struct sw_observe *observe);
const struct sw_observed *sw_observe_ended(const struct sw_observe *observe);
const struct sw_observed *sw_observe_find(const struct sw_observe *observe, const char *id);
const struct sw_observe_image *sw_observe_all(const struct sw_observe *observe);
/* INDEX in order of appearance, "other images" last; NULL beyond. */
const struct sw_observe_image *sw_observe_image(const struct sw_observe *observe, int index);
/* The codes other than 0 that occurred most often, up to MAX, the most frequent first (of equal ones the
 * smaller). Returns how many. */
int sw_observe_top_codes(const struct sw_observe_image *image, int *out_codes, int max);
const struct sw_observe_watch *sw_observe_watch(const struct sw_observe *observe);

/* What the engine's clock shows at NOW_NS, as the events told it: for ages. 0: no event has come. */
int64_t sw_observe_engine_now(const struct sw_observe *observe, int64_t now_ns);

/* "startup", "run", "cleanup", "whole". */
const char *sw_observe_span_name(enum sw_observe_span span);

/* The snapshot of all that, "sandwatch-watch/1" (docs/watch.schema.json), as a whole file. */
struct sw_observe_about {
	const char *generated_at; /* UTC, as in core/snapshot.h */
	const char *filter;       /* docker/filter.h's text */
	const char *endpoint;
	const char *engine, *engine_version; /* may be NULL */
	int64_t now_ns;                      /* CLOCK_MONOTONIC */
};
/* 0 or -1 (memory). (docker/observe_write.c) */
int sw_observe_write(const struct sw_observe *observe, const struct sw_observe_about *about,
                     struct sw_buf *out);

#endif
