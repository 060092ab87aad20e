/* Hides processes on the host: the kept Python worker that validates and executes strategies, the
 * preforked one, and commands that are spawned anew for every iteration. Must not know containers;
 * implements core/runner.h.
 *
 * The worker is started by prepare, and again off every measured path after it died: a `host`
 * attempt starts when a worker that is ready gets its job. Nothing of a job outlives it: its process
 * group is killed with it, and what fled from the group when the process is gone (core/orphans.h): a
 * command's after each attempt, a worker's when it ends. Against a fork bomb there is no limit: RLIMIT_NPROC
 * counts all processes of the user, is not for root, and would fail whatever else the user runs.
 *
 * Preforked, the worker is the zygote that the warm mode has in its container: each job has a child
 * of its own, forked and warmed up before. An attempt ends with its result; settle's READY comes when
 * the child is gone and the next one waits. What a child printed is not known by then, so the counts
 * of bytes stay 0 when there is a result. */
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
	bool preforked;             /* each job in a child of the zygote; not for a command */
	int64_t memory_bytes;       /* preforked: the child's ceiling; 0: none */
	const char *path_list;      /* $PATH, for a command without a slash; may be NULL */
	struct sw_sink sink;
};

int sw_host_new(const struct sw_host_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
