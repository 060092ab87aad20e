/* Hides what has to be in place before a session can run: engine, images, the host's worker, the
 * task, the run's folder. Must not know how the session is run or shown. Blocking. */
#ifndef SW_SETUP_H
#define SW_SETUP_H

#include "core/buf.h"
#include "core/event.h"
#include "core/plan.h"
#include "core/runner.h"
#include "docker/engine.h"
#include "docker/image.h"
#include "tui/cli.h"
#include "tui/paths.h"
#include "tui/resume.h"

struct sw_setup {
	struct sw_plan plan;
	struct sw_paths paths;
	struct sw_run_paths run;
	bool has_engine;
	struct sw_engine engine;
	char engine_error[SW_TEXT_MAX]; /* why there is none */
	struct sw_image images[SW_MODES_MAX];
	enum sw_shim shims[SW_MODES_MAX];
	char image_errors[SW_MODES_MAX][SW_TEXT_MAX];
	char **worker_argv, **worker_env; /* NULL: no worker on the host */
	char no_worker[SW_TEXT_MAX];
	struct sw_buf strategy; /* the source's bytes */
	char strategy_path[SW_PATH_MAX];
	struct sw_task task;
	char strategy_fnv1a[SW_FINGERPRINT_MAX]; /* of the source's bytes; "" for a command */
	struct sw_resume *resume; /* borrowed: go on with this one; NULL: a session of its own */
	struct sw_buf shim_tar; /* for images without our shim; empty when not needed */
};

/* The configuration's layers and CLI's flags become SETUP's plan; with CLI->resume, that run's config.yaml
 * over the built-in defaults, and nothing of the user's. */
int sw_setup_plan(const struct sw_cli *cli, struct sw_plan *plan, struct sw_error *err);

/* An engine that answers, into SETUP, whose paths are set: what CLI, the environment and the state
 * folder name, as sw_engine_find takes them. MAY_START: whether a private one may be started. */
int sw_setup_engine(struct sw_setup *setup, const struct sw_cli *cli, bool may_start,
                    struct sw_steps steps, struct sw_error *err);

/* All of it; SETUP is zeroed first, but for `resume`. SW_ERR_NO_ENGINE only when nothing could run
 * instead: else the session runs, and every sandbox iteration shows what it is. */
int sw_setup_session(struct sw_setup *setup, const struct sw_cli *cli, struct sw_steps steps,
                     struct sw_error *err);
void sw_setup_done(struct sw_setup *setup);

/* What session_started and environment will say. */
void sw_setup_describe(const struct sw_setup *setup, struct sw_session_info *out_info,
                       struct sw_environment *out_environment);
void sw_setup_describe_mode(const struct sw_setup *setup, int mode, struct sw_mode_info *out_info);

#endif
