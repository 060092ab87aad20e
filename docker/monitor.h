/* Hides how much CPU and memory containers use now: one-shot statistics, asked for over connections of
 * its own. Must not know why these containers matter, nor anything that changes them: it has a reader
 * (docker/reader.h) and nothing else. One loop's thread: never the one that measures.
 *
 * While it is on: a round begins at most once a second, at most 8 requests are under way at once, and
 * a round that is slow delays the next one. While it is off no timer is armed and nothing is asked. */
#ifndef SW_MONITOR_H
#define SW_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/api.h"
#include "docker/endpoint.h"

struct sw_error;
struct sw_loop;
struct sw_monitor;

enum { SW_MONITOR_MAX = 256 };

enum sw_sample_state {
	SW_SAMPLE_NONE,    /* nothing is known yet, or the engine did not answer */
	SW_SAMPLE_RUNNING, /* the figures below are there */
	SW_SAMPLE_STOPPED, /* the container exists and does not run */
	SW_SAMPLE_GONE,    /* the engine has no such container: it is not asked about again */
};

struct sw_sample {
	char id[SW_CONTAINER_ID_MAX];
	enum sw_sample_state state;
	int64_t cpu_ns; /* since its start; -1: not said */
	double
		cpu_percent; /* of one CPU, since the round before, by the engine's clock; NAN: not known */
	int64_t
		memory_bytes; /* as `docker stats` shows it: without the page cache that can be dropped; -1 */
	int64_t memory_limit_bytes; /* -1: not said; without a limit it is the machine's memory */
	int64_t pids;               /* -1: not said */
	int64_t at_ns;              /* CLOCK_MONOTONIC of the last answer; 0: none */
};

/* What an answer to GET /containers/ID/stats says, read at READ_NS by the engine's clock. Docker's and
 * Podman's, cgroup v1 and v2. Into a sample whose id is set and whose other figures are those of the
 * round before (LAST_READ_NS, 0: none). An empty answer is about a container that goes: stopped.
 * -1: the answer makes no sense. Pure. */
int sw_sample_read(const char *body, size_t len, int64_t last_read_ns, struct sw_sample *sample,
                   int64_t *out_read_ns);

/* CHANGED (may be NULL) is called when a round is over; it may do anything but free. */
int sw_monitor_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                   void (*changed)(void *user), void *user, struct sw_monitor **out_monitor,
                   struct sw_error *err);
void sw_monitor_free(struct sw_monitor *monitor); /* NULL is fine */

/* Off at first. Off cancels what is under way; the samples stay as they are. */
void sw_monitor_set(struct sw_monitor *monitor, bool on);

/* These N containers from now on; samples of those that stay are kept. Ids that are none and those
 * beyond SW_MONITOR_MAX are left out. Returns how many are watched. */
int sw_monitor_watch(struct sw_monitor *monitor, const char *const *ids, int n);

/* NULL when it is not watched. Valid until the loop turns, or sw_monitor_watch. */
const struct sw_sample *sw_monitor_find(const struct sw_monitor *monitor, const char *id);

/* Why the last request failed; "" when the last one did not. */
const char *sw_monitor_error(const struct sw_monitor *monitor);

#endif
