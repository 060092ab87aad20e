#include "core/plan.h"

#include "core/text.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define MIB (INT64_C(1) << 20)

static void sandbox_defaults(struct sw_sandbox *sandbox)
{
	*sandbox = (struct sw_sandbox){
		.image = "sandwatch/python:latest",
		.memory_bytes = 2048 * MIB,
		.cpu_milli = 500,
		.timeout_ns = 300 * NS_PER_SECOND,
		.network = "none",
		.pids_limit = 64,
		.user = "65534:65534",
		.read_only = true,
		.tmpfs_bytes = 16 * MIB,
		.runtime = "default",
		.seccomp = "builtin",
		.drop_capabilities = true,
		.no_new_privileges = true,
		.engine_timeout_ns = 30 * NS_PER_SECOND,
	};
}

struct sw_mode_plan sw_plan_new_mode(const struct sw_sandbox *sandbox)
{
	return (struct sw_mode_plan){.parallel = 1, .pool = SW_POOL_DEFAULT, .sandbox = *sandbox};
}

struct sw_chaos_fault sw_plan_new_fault(void)
{
	return (struct sw_chaos_fault){.attempts = 1, .duration_ns = NS_PER_SECOND, .code = 500};
}

static bool has_sandbox(const struct sw_plan *plan, const char *name)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind != SW_KIND_HOST && (!*name || !strcmp(plan->modes[i].name, name)))
			return true;
	return false;
}

void sw_plan_drop_faults(struct sw_plan *plan)
{
	int kept = 0;

	for (int i = 0; i < plan->n_chaos; i++)
		if (has_sandbox(plan, plan->chaos[i].mode))
			plan->chaos[kept++] = plan->chaos[i];
	plan->n_chaos = kept;
}

static void mode_defaults(struct sw_plan *plan, const char *name, enum sw_kind kind)
{
	struct sw_mode_plan *mode = &plan->modes[plan->n_modes++];

	*mode = sw_plan_new_mode(&plan->sandbox);
	sw_text_copy(mode->name, sizeof mode->name, name);
	mode->kind = kind;
}

void sw_plan_defaults(struct sw_plan *plan)
{
	*plan = (struct sw_plan){
		.name = "docker-sandbox-study",
		.iterations = 20,
		.precision_percent = 2,
		.min_iterations = 10,
		.max_iterations = 1000,
		.time_budget_ns = 600 * NS_PER_SECOND,
		.block = 1,
		.warmup = 1,
		.order = SW_ORDER_INTERLEAVED,
		.seed = 42,
		.sandbox_enabled = true,
		.workload = {.strategy = "momentum",
	                 .backtest = SW_BACKTEST_MOCK,
	                 .days = 252,
	                 .symbols = 10},
		.fallback = {.enabled = true, .max_retries = 1, .on = 1u << SW_OUTCOME_ENGINE},
		.breaker = {.failures = 3,
	                .open_ns = NS_PER_SECOND,
	                .max_open_ns = 30 * NS_PER_SECOND,
	                .wait_ns = 10 * NS_PER_SECOND},
		.decision = {.enable_below_percent = 100,
	                 .optional_below_percent = 300,
	                 .project_seconds = {3, 4, 5},
	                 .n_project = 3},
		.gates = {"docker-sandbox.p95 < 3s", "docker-sandbox.fallback_rate == 0"},
		.n_gates = 2,
		.theme = "dusk",
		.fps = 10,
		.unicode = "auto",
		.mouse = true,
		.scale = "log",
	};
	sandbox_defaults(&plan->sandbox);
	mode_defaults(plan, "ast-only", SW_KIND_HOST);
	mode_defaults(plan, "docker-sandbox", SW_KIND_COLD);
}

void sw_plan_done(struct sw_plan *plan)
{
	if (!plan)
		return;
	if (plan->workload.command)
		for (char **arg = plan->workload.command; *arg; arg++)
			free(*arg);
	free(plan->workload.command);
	*plan = (struct sw_plan){0};
}

int sw_plan_mode(const struct sw_plan *plan, const char *name)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (strcmp(plan->modes[i].name, name) == 0)
			return i;
	return -1;
}

static int first_host(const struct sw_plan *plan)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind == SW_KIND_HOST)
			return i;
	return -1;
}

int sw_plan_baseline(const struct sw_plan *plan)
{
	const char *name = plan->decision.baseline;

	return *name ? sw_plan_mode(plan, name) : first_host(plan);
}

int sw_plan_candidate(const struct sw_plan *plan)
{
	const char *name = plan->decision.candidate;

	if (*name)
		return sw_plan_mode(plan, name);

	int baseline = sw_plan_baseline(plan);

	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind != SW_KIND_HOST && i != baseline &&
		    plan->modes[i].layer == SW_LAYER_NONE)
			return i;
	return -1;
}
