#include "tui/runners.h"

#include "core/host_runner.h"
#include "docker/chaos.h"
#include "docker/cold.h"
#include "docker/container_runner.h"
#include "docker/exec.h"
#include "docker/prepared.h"
#include "docker/warm.h"

/* PLAN: the mode; NULL: for fallbacks alone. */
static int make_host(const struct sw_runners_options *o, const struct sw_mode_plan *plan,
                     struct sw_runner **out_runner, struct sw_error *err)
{
	const struct sw_setup *setup = o->setup;
	struct sw_host_options options = {
		.loop = o->loop,
		.task = &setup->task,
		.timeout_ns = plan ? plan->sandbox.timeout_ns : setup->plan.sandbox.timeout_ns,
		.worker_argv = setup->worker_argv,
		.worker_env = setup->worker_env,
		.no_worker = setup->no_worker,
		.preforked = plan && plan->preforked,
		.path_list = getenv("PATH"),
		.sink = o->sink,
	};
	return sw_host_new(&options, out_runner, err);
}

static int make_container(const struct sw_runners_options *o, int mode, int slot,
                          struct sw_runner **out_runner, struct sw_error *err)
{
	static int (*const kinds[SW_KIND_COUNT])(const struct sw_container_options *options,
	                                         struct sw_runner **out_runner,
	                                         struct sw_error *err) = {
		[SW_KIND_COLD] = sw_cold_new,
		[SW_KIND_PREPARED] = sw_prepared_new,
		[SW_KIND_EXEC] = sw_exec_new,
		[SW_KIND_WARM] = sw_warm_new,
	};
	const struct sw_setup *setup = o->setup;
	struct sw_container_options options = {
		.loop = o->loop,
		.endpoint = setup->engine.endpoint,
		.api_version = setup->has_engine ? setup->engine.api_version : "",
		.engine_error = *setup->engine_error ? setup->engine_error : NULL,
		.mode = &setup->plan.modes[mode],
		.task = &setup->task,
		.session_id = setup->run.id,
		.slot = slot,
		.index = mode,
		.origin_ns = o->origin_ns,
		.shim = setup->shims[mode],
		.shim_tar = setup->shim_tar.data,
		.shim_tar_len = setup->shim_tar.len,
		.image_argv = (const char *const *)setup->images[mode].argv,
		.image_error = *setup->image_errors[mode] ? setup->image_errors[mode] : NULL,
		.is_podman = strcmp(setup->engine.info.name, "podman") == 0,
		.sink = o->sink,
	};
	if (o->chaos && sw_chaos_endpoint(o->chaos, mode, slot, &options.endpoint, err) < 0)
		return -1;
	return kinds[options.mode->kind](&options, out_runner, err);
}

static int slots_of(const struct sw_mode_plan *mode)
{
	return mode->parallel > 1 ? mode->parallel : 1;
}

/* A host mode's runners serve the fallbacks too; what they are too few for has runners of its own. */
static int make_fallbacks(const struct sw_runners_options *o, struct sw_runners *runners,
                          struct sw_error *err)
{
	const struct sw_plan *plan = &o->setup->plan;
	int most = 0;
	for (int i = 0; i < plan->n_modes; i++)
		most = slots_of(&plan->modes[i]) > most ? slots_of(&plan->modes[i]) : most;
	for (int i = 0; i < plan->n_modes && !runners->n_shared; i++) {
		if (plan->modes[i].kind != SW_KIND_HOST)
			continue;
		runners->n_shared = slots_of(&plan->modes[i]);
		for (int slot = 0; slot < runners->n_shared; slot++)
			runners->fallbacks[slot] = runners->modes[i][slot];
	}
	runners->has_fallback = runners->n_shared || (plan->fallback.enabled && plan->fallback.on);
	for (int slot = runners->n_shared; runners->has_fallback && slot < most; slot++)
		if (make_host(o, NULL, &runners->fallbacks[slot], err) < 0)
			return -1;
	return 0;
}

int sw_runners_make(const struct sw_runners_options *options, struct sw_runners *runners,
                    struct sw_error *err)
{
	const struct sw_plan *plan = &options->setup->plan;
	for (int i = 0; i < plan->n_modes; i++) {
		const struct sw_mode_plan *mode = &plan->modes[i];
		for (int slot = 0; slot < slots_of(mode); slot++) {
			struct sw_runner **out = &runners->modes[i][slot];
			int status = mode->kind == SW_KIND_HOST ? make_host(options, mode, out, err)
			                                        : make_container(options, i, slot, out, err);
			if (status < 0)
				return -1;
		}
	}
	return make_fallbacks(options, runners, err);
}

void sw_runners_free(struct sw_runners *runners)
{
	for (int slot = runners->n_shared; slot < SW_PARALLEL_MAX; slot++)
		if (runners->fallbacks[slot])
			runners->fallbacks[slot]->ops->free(runners->fallbacks[slot]);
	for (int i = 0; i < SW_MODES_MAX; i++)
		for (int slot = 0; slot < SW_PARALLEL_MAX; slot++)
			if (runners->modes[i][slot])
				runners->modes[i][slot]->ops->free(runners->modes[i][slot]);
}
