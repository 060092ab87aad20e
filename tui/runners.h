/* Hides which runner executes which kind of mode, and who runs what falls back.
 * Must not know the order of iterations: the scheduler's. Measuring thread. */
#ifndef SW_RUNNERS_H
#define SW_RUNNERS_H

#include "core/runner.h"
#include "tui/setup.h"

struct sw_loop;
struct sw_chaos;
struct sw_error;

struct sw_runners_options {
	const struct sw_setup *setup; /* borrowed, outlives the runners; so does LOOP */
	struct sw_loop *loop;
	int64_t origin_ns; /* the session's start, CLOCK_MONOTONIC */
	struct sw_chaos *chaos; /* whose endpoints containers' runners connect to; NULL: to the engine */
	struct sw_sink sink;
};

/* One runner per slot of each mode, and one on the host for each slot that may fall back. Embedded, zeroed
 * at first. */
struct sw_runners {
	struct sw_runner *modes[SW_MODES_MAX][SW_PARALLEL_MAX];
	struct sw_runner *fallbacks[SW_PARALLEL_MAX];
	int n_shared; /* so many of the fallbacks are a host mode's own */
	bool has_fallback;
};

/* 0 or -1; sw_runners_free is to be called in both cases. */
int sw_runners_make(const struct sw_runners_options *options, struct sw_runners *runners,
                    struct sw_error *err);
void sw_runners_free(struct sw_runners *runners);

#endif
