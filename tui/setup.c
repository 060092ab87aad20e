#include "tui/setup.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/config.h"
#include "core/error.h"
#include "core/file.h"
#include "core/loop.h"
#include "core/orphans.h"
#include "core/text.h"
#include "docker/chaos.h"
#include "docker/cold.h"
#include "docker/engine_bridge.h"
#include "docker/reaper.h"
#include "docker/tar.h"

enum { STRATEGY_MAX = 4 << 20, SHIM_MAX = 8 << 20 };

static bool wants_sandbox(const struct sw_plan *plan)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind != SW_KIND_HOST)
			return true;
	return false;
}

/* Whether anything may run on the host: a host mode, or a fallback. */
static bool wants_host(const struct sw_plan *plan)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind == SW_KIND_HOST)
			return true;
	return plan->fallback.enabled && plan->fallback.on;
}

/* ---- the task ---- */

/* A path is a file; a bare word is one of the strategies that come with the program. */
static int find_strategy(struct sw_setup *setup, struct sw_error *err)
{
	static const char *const places[] = {"../../config/strategies",
	                                     "../share/sandwatch/strategies"};
	const char *name = setup->plan.workload.strategy;
	if (strchr(name, '/') || strchr(name, '.')) {
		sw_text_copy(setup->strategy_path, sizeof setup->strategy_path, name);
		return 0;
	}
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		int n = snprintf(setup->strategy_path, sizeof setup->strategy_path, "%s/%s/%s.py",
		                 setup->paths.program, places[i], name);
		if (n > 0 && (size_t)n < sizeof setup->strategy_path &&
		    access(setup->strategy_path, R_OK) == 0)
			return 0;
	}
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "no strategy '%s' comes with sandwatch: workload.strategy is 'momentum' or "
	                    "the path of a .py file",
	                    name);
}

static int load_task(struct sw_setup *setup, struct sw_error *err)
{
	const struct sw_workload *workload = &setup->plan.workload;
	struct sw_task *task = &setup->task;
	*task = (struct sw_task){
		.backtest = workload->backtest,
		.days = workload->days,
		.symbols = workload->symbols,
		.seed = setup->plan.seed,
		.command = workload->command,
	};
	if (workload->command)
		return 0;
	if (find_strategy(setup, err) < 0)
		return -1;
	if (sw_file_read(setup->strategy_path, STRATEGY_MAX, &setup->strategy, err) < 0) {
		err->code = SW_ERR_USAGE;
		return sw_error_wrap(err, "workload.strategy");
	}
	task->strategy = setup->strategy.data ? setup->strategy.data : "";
	task->strategy_len = setup->strategy.len;
	sw_fingerprint(task->strategy, task->strategy_len, setup->strategy_fnv1a);
	return setup->resume ? sw_resume_strategy(setup->resume, setup->strategy_path, setup->strategy_fnv1a, err)
	                     : 0;
}

/* ---- images ---- */

static int load_shim(struct sw_setup *setup, const struct sw_image_parts *parts,
                     struct sw_error *err)
{
	struct sw_buf shim = {0};
	if (setup->shim_tar.len)
		return 0;
	int status = sw_file_read(parts->shim, SHIM_MAX, &shim, err);
	if (status == 0)
		status = sw_tar_one(&setup->shim_tar, "sandwatch-shim", 0755, shim.data, shim.len);
	sw_buf_done(&shim);
	return status;
}

/* Our image has the shim; into others it is uploaded, which a read-only root does not allow. */
static int choose_shim(struct sw_setup *setup, int mode, const struct sw_image_parts *parts,
                       struct sw_error *err)
{
	const struct sw_sandbox *sandbox = &setup->plan.modes[mode].sandbox;
	if (setup->images[mode].ours) {
		setup->shims[mode] = SW_SHIM_BAKED;
		return 0;
	}
	if (!setup->task.command)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "mode '%s': image '%s' does not carry sandwatch's worker, which runs "
		                    "strategies; use sandwatch/python:latest, or workload.command for any "
		                    "command in any image",
		                    setup->plan.modes[mode].name, sandbox->image);
	setup->shims[mode] = sandbox->read_only ? SW_SHIM_NONE : SW_SHIM_UPLOADED;
	return sandbox->read_only ? 0 : load_shim(setup, parts, err);
}

static int ensure_images(struct sw_setup *setup, const struct sw_image_parts *parts,
                         struct sw_steps steps, struct sw_error *err)
{
	for (int i = 0; i < setup->plan.n_modes; i++) {
		const char *name = setup->plan.modes[i].sandbox.image;
		struct sw_error why;
		if (setup->plan.modes[i].kind == SW_KIND_HOST)
			continue;
		int same = 0;
		while (same < i && (setup->plan.modes[same].kind == SW_KIND_HOST ||
		                    strcmp(setup->plan.modes[same].sandbox.image, name) != 0))
			same++;
		if (same < i) {
			setup->images[i] = setup->images[same];
			setup->images[i].argv = sw_image_argv_copy(setup->images[same].argv);
			memcpy(setup->image_errors[i], setup->image_errors[same], SW_TEXT_MAX);
		} else if (sw_image_ensure(&setup->engine, name, parts, setup->paths.state, steps,
		                           &setup->images[i], &why) < 0) {
			if (why.code == SW_ERR_USAGE || why.code == SW_ERR_INTERRUPTED) {
				*err = why;
				return -1;
			}
			/* Not the end: its iterations fail as what they are, and may fall back. */
			sw_text_copy(setup->image_errors[i], SW_TEXT_MAX, why.message);
		}
		if (!*setup->image_errors[i] && choose_shim(setup, i, parts, err) < 0)
			return -1;
	}
	return 0;
}

/* Appends the worker's own arguments to what the image's host.argv says. */
static int add_worker_arguments(char ***argv)
{
	static const char *const extra[] = {"--result-fd", "3", "--announce"};
	enum { N_EXTRA = sizeof extra / sizeof extra[0] };
	size_t n = 0;
	while ((*argv)[n])
		n++;
	char **longer = realloc(*argv, (n + N_EXTRA + 1) * sizeof *longer);
	if (!longer)
		return -1;
	*argv = longer;
	for (int i = 0; i < N_EXTRA; i++) {
		longer[n] = strdup(extra[i]);
		longer[n + 1] = NULL;
		if (!longer[n++])
			return -1;
	}
	return 0;
}

/* Its lack is no error: host iterations then fail, and say why. */
static int load_worker(struct sw_setup *setup, const struct sw_image_parts *parts,
                       struct sw_steps steps, struct sw_error *err)
{
	char root[SW_PATH_MAX];
	struct sw_error why;
	const struct sw_image *image = NULL;
	for (int i = 0; i < setup->plan.n_modes && !image; i++)
		if (setup->images[i].ours)
			image = &setup->images[i];
	if (sw_image_host_root(image ? &setup->engine : NULL, image, parts, setup->paths.state, steps,
	                       root, sizeof root, &why) < 0 ||
	    sw_image_host_command(root, &setup->worker_argv, &setup->worker_env, &why) < 0 ||
	    (add_worker_arguments(&setup->worker_argv) < 0 &&
	     sw_error_set(&why, SW_ERR_INTERNAL, ENOMEM, "the worker on the host") < 0)) {
		sw_text_copy(setup->no_worker, sizeof setup->no_worker, why.message);
		if (why.code == SW_ERR_INTERRUPTED) {
			*err = why;
			return -1;
		}
	}
	return 0;
}

/* ---- engine ---- */

int sw_setup_engine(struct sw_setup *setup, const struct sw_cli *cli, bool may_start,
                    struct sw_steps steps, struct sw_error *err)
{
	struct sw_engine_options options = {
		.host = cli->host,
		.docker_host = getenv("DOCKER_HOST"),
		.runtime_dir = getenv("XDG_RUNTIME_DIR"),
		.home = getenv("HOME"),
		.state_dir = setup->paths.state,
		.may_start = may_start,
	};
	if (sw_engine_find(&options, steps, &setup->engine, err) < 0)
		return -1;
	setup->has_engine = true;
	return 0;
}

static int need_engine(struct sw_setup *setup, const struct sw_cli *cli, struct sw_steps steps,
                       struct sw_error *err)
{
	struct sw_error why;
	if (sw_setup_engine(setup, cli, true, steps, &why) == 0)
		return 0;
	const struct sw_fallback *fallback = &setup->plan.fallback;
	bool falls_back = fallback->enabled && fallback->on & 1u << SW_OUTCOME_ENGINE;
	if (why.code != SW_ERR_NO_ENGINE || !falls_back) {
		*err = why;
		return -1;
	}
	sw_text_copy(setup->engine_error, sizeof setup->engine_error, why.message);
	if (steps.fn)
		steps.fn(steps.user, "fallback", 0,
		         "every sandbox iteration will fail and run on the host instead");
	return 0;
}

/* A profile that cannot be sent would fail every iteration, each time for the same reason. */
static int check_profiles(const struct sw_setup *setup, struct sw_error *err)
{
	bool is_podman = setup->has_engine && strcmp(setup->engine.info.name, "podman") == 0;
	for (int i = 0; i < setup->plan.n_modes; i++) {
		const struct sw_mode_plan *mode = &setup->plan.modes[i];
		struct sw_buf profile = {0};
		int status = mode->kind == SW_KIND_HOST ? 0 : sw_container_profile(&mode->sandbox, is_podman,
		                                                              &profile, err);
		sw_buf_done(&profile);
		if (status == 0)
			continue;
		bool inherits = strcmp(mode->sandbox.seccomp, setup->plan.sandbox.seccomp) == 0;
		err->code = SW_ERR_USAGE;
		return sw_error_wrap(err, "%s%s%s (builtin, unconfined, or a profile's path)",
		                     inherits ? "sandbox.docker.seccomp" : "seccomp of mode '",
		                     inherits ? "" : mode->name, inherits ? "" : "'");
	}
	return 0;
}

/* The private engine has no bridge of its own: one is made and used in its place. Where that cannot
 * be, the attempts fail, because the engine knows no network of that name, and say so. */
static int use_private_bridge(struct sw_setup *setup, struct sw_steps steps, struct sw_error *err)
{
	bool made = false;
	for (int i = 0; setup->engine.is_private && i < setup->plan.n_modes; i++) {
		struct sw_mode_plan *mode = &setup->plan.modes[i];
		struct sw_error why;
		if (mode->kind == SW_KIND_HOST || strcmp(mode->sandbox.network, "bridge") != 0)
			continue;
		if (!made && sw_engine_bridge_make(&setup->engine, steps, &why) < 0 &&
		    why.code == SW_ERR_INTERRUPTED) {
			*err = why;
			return -1;
		}
		made = true;
		sw_text_copy(mode->sandbox.network, sizeof mode->sandbox.network, SW_ENGINE_BRIDGE);
	}
	return 0;
}

static void end_the_deads_processes(struct sw_steps steps)
{
	char text[80];
	int64_t start_ns = sw_clock_ns();
	int n = sw_orphans_kill_of_dead();
	(void)snprintf(text, sizeof text, "ended %d process%s that a dead session left", n, n == 1 ? "" : "es");
	if (n > 0 && steps.fn)
		steps.fn(steps.user, "clean", sw_clock_ns() - start_ns, text);
}

/* Says nothing when there was nothing. What hangs or stays is no error: only SW_ERR_INTERRUPTED is. */
static int reap(const struct sw_setup *setup, struct sw_steps steps, struct sw_error *err)
{
	struct sw_reaped reaped;
	struct sw_error why;
	char text[SW_TEXT_MAX];
	int64_t start_ns = sw_clock_ns();
	if (!setup->has_engine)
		return 0;
	int status = sw_reaper_clean(&setup->engine, steps.signals, SW_REAPER_PATIENCE_NS, &reaped, &why);
	if (status < 0 && why.code == SW_ERR_INTERRUPTED) {
		*err = why;
		return -1;
	}
	if (status < 0)
		(void)snprintf(text, sizeof text, "cannot tell what dead sessions left: %.300s", why.message);
	else if (reaped.failed)
		(void)snprintf(text, sizeof text,
		               "removed %d of %d containers that a dead session left (`sandwatch clean` removes "
		               "the rest): %.300s",
		               reaped.removed, reaped.removed + reaped.failed, reaped.why.message);
	else if (reaped.removed)
		(void)snprintf(text, sizeof text, "removed %d container%s that a dead session left",
		               reaped.removed, reaped.removed == 1 ? "" : "s");
	else
		return 0;
	if (steps.fn)
		steps.fn(steps.user, "clean", sw_clock_ns() - start_ns, text);
	return 0;
}

static void make_absolute(char path[static SW_PATH_MAX])
{
	SW_CLEANUP(free)
	char *real = strchr(path, '/') || strchr(path, '.') ? realpath(path, NULL) : NULL;
	if (real && strlen(real) < SW_PATH_MAX)
		sw_text_copy(path, SW_PATH_MAX, real);
}

/* The plan as text; its paths are absolute, since --resume may be called in another folder. */
static int write_plan(const struct sw_plan *plan, struct sw_buf *out)
{
	SW_CLEANUP(free) struct sw_plan *lasting = malloc(sizeof *lasting);
	if (!lasting)
		return -1;
	*lasting = *plan; /* what it points to stays the plan's */
	make_absolute(lasting->workload.strategy);
	make_absolute(lasting->sandbox.seccomp);
	for (int i = 0; i < lasting->n_modes; i++)
		make_absolute(lasting->modes[i].sandbox.seccomp);
	return sw_config_write(lasting, out);
}

/* The plan is on disk before the journal begins: a journal can always go on. */
static int open_run(struct sw_setup *setup, struct sw_error *err)
{
	struct sw_buf yaml = {0};
	if (setup->resume) {
		setup->run = setup->resume->run;
		return 0;
	}
	int status = sw_paths_new_run(&setup->paths, &setup->run, err);
	if (status == 0 && write_plan(&setup->plan, &yaml) < 0)
		status = sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot write the configuration");
	if (status == 0)
		status = sw_file_write(setup->run.config, yaml.data, yaml.len, err);
	sw_buf_done(&yaml);
	return status;
}

int sw_setup_session(struct sw_setup *setup, const struct sw_cli *cli, struct sw_steps steps,
                     struct sw_error *err)
{
	struct sw_image_parts parts;
	struct sw_resume *resume = setup->resume;
	memset(setup, 0, sizeof *setup);
	setup->resume = resume;
	if (sw_setup_plan(cli, &setup->plan, err) < 0 ||
	    (resume && sw_resume_plan(resume, &setup->plan, err) < 0) ||
	    sw_paths_init(&setup->paths, err) < 0 || load_task(setup, err) < 0 ||
	    sw_image_parts(setup->paths.program, &parts, err) < 0)
		return -1;
	end_the_deads_processes(steps);
	if (wants_sandbox(&setup->plan) &&
	    (need_engine(setup, cli, steps, err) < 0 || check_profiles(setup, err) < 0))
		return -1;
	if (setup->plan.n_chaos &&
	    sw_chaos_check(&setup->plan, setup->has_engine ? &setup->engine : NULL, err) < 0)
		return -1;
	if (setup->has_engine && (reap(setup, steps, err) < 0 ||
	                          ensure_images(setup, &parts, steps, err) < 0))
		return -1;
	if (!setup->task.command && wants_host(&setup->plan) &&
	    load_worker(setup, &parts, steps, err) < 0)
		return -1;
	/* The bridge comes after it: written is what was asked for. */
	return open_run(setup, err) < 0 ? -1 : use_private_bridge(setup, steps, err);
}

void sw_setup_done(struct sw_setup *setup)
{
	sw_plan_done(&setup->plan);
	sw_buf_done(&setup->strategy);
	sw_buf_done(&setup->shim_tar);
	for (int i = 0; i < SW_MODES_MAX; i++)
		sw_image_done(&setup->images[i]);
	sw_image_argv_free(setup->worker_argv);
	sw_image_argv_free(setup->worker_env);
}
