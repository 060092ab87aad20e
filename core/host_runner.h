/* Hides processes on the host: the kept Python worker that validates and executes strategies, and
 * commands that are spawned anew for every iteration. Must not know containers; implements
 * core/runner.h.
 *
 * The worker is started by prepare, and again off every measured path after it died: a `host`
 * attempt starts when a worker that is ready gets its job. Nothing of a job outlives it: its process
 * group is killed with it. */
#ifndef SW_HOST_RUNNER_H
#define SW_HOST_RUNNER_H

#include "core/runner.h"

struct sw_loop;
struct sw_error;

/* Everything is borrowed and outlives the runner. */
struct sw_host_options {
	struct sw_loop *loop;
	const struct sw_task *task;
	int64_t timeout_ns;         /* of one attempt */
	char *const *worker_argv;   /* the image's host.argv; unused when a command is run */
	char *const *worker_env;
	const char *no_worker;      /* why there is no worker, when worker_argv is NULL */
	const char *path_list;      /* $PATH, for a command without a slash; may be NULL */
	struct sw_sink sink;
};

int sw_host_new(const struct sw_host_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
