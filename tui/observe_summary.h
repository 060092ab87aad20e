/* Hides how the accounts of watched containers are written as text: what a watch without a screen ends
 * with. Must not know where it goes. Pure. */
#ifndef SW_OBSERVE_SUMMARY_H
#define SW_OBSERVE_SUMMARY_H

#include <stdbool.h>

#include "docker/observe.h"

struct sw_buf;

struct sw_observe_summary {
	const struct sw_observe *observe;
	const char *filter, *engine; /* ENGINE: "Docker 20.10.24 at unix:///…" */
	int64_t lasted_ns, now_ns;   /* of the watch; CLOCK_MONOTONIC */
	int width;                   /* columns, 60 at least */
	bool ascii;
};

/* Appends the accounts by image, the times of their spans, the exit codes, and what was not seen.
 * Every text from outside is clean already (docker/container_event.h). 0 or -1 (memory). */
int sw_observe_summary_write(const struct sw_observe_summary *summary, struct sw_buf *out);

#endif
