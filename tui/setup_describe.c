#include "tui/setup.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/file.h"
#include "core/text.h"

#define COPY(dst, src) sw_text_copy((dst), sizeof(dst), (src))

static void describe_workload(const struct sw_setup *setup, struct sw_session_info *info)
{
	const struct sw_workload *workload = &setup->plan.workload;
	info->command = workload->command != NULL;
	if (!info->command) {
		const char *base = strrchr(workload->strategy, '/');
		COPY(info->strategy, base ? base + 1 : workload->strategy);
		info->backtest = workload->backtest;
		info->days = workload->days;
		info->symbols = workload->symbols;
		COPY(info->strategy_fnv1a, setup->strategy_fnv1a);
		snprintf(info->workload, sizeof info->workload, "%s, %s backtest, %d days × %d symbols",
		         info->strategy, sw_word(&sw_words_backtest, (int)workload->backtest),
		         workload->days, workload->symbols);
		return;
	}
	struct sw_buf words = {0};
	for (char **word = workload->command; *word; word++)
		sw_buf_addf(&words, "%s%s", word == workload->command ? "" : " ", *word);
	sw_text_clean(info->workload, sizeof info->workload, words.data ? words.data : "", words.len);
	sw_buf_done(&words);
}

static void describe_session(const struct sw_setup *setup, struct sw_session_info *info)
{
	const struct sw_plan *plan = &setup->plan;
	int baseline = sw_plan_baseline(plan), candidate = sw_plan_candidate(plan);
	memset(info, 0, sizeof *info);
	COPY(info->id, setup->run.id);
	COPY(info->name, plan->name);
	COPY(info->started_at, setup->run.started_at);
	info->order = plan->order;
	info->seed = (int64_t)plan->seed;
	info->iterations = plan->iterations;
	info->warmup = plan->warmup;
	info->is_auto = plan->is_auto;
	info->precision_percent = plan->is_auto ? plan->precision_percent : 0;
	info->min_iterations = plan->is_auto ? plan->min_iterations : 0;
	info->time_budget_ns = plan->is_auto ? plan->time_budget_ns : 0;
	info->block = plan->block;
	info->breaker_failures = plan->breaker.failures;
	info->breaker_open_ns = plan->breaker.open_ns;
	info->breaker_max_open_ns = plan->breaker.max_open_ns;
	info->breaker_wait_ns = plan->breaker.wait_ns;
	COPY(info->tool_version, sw_version);
	COPY(info->tool_commit, sw_commit);
	COPY(info->baseline, baseline >= 0 ? plan->modes[baseline].name : "");
	COPY(info->candidate, candidate >= 0 ? plan->modes[candidate].name : "");
	info->enable_below_percent = plan->decision.enable_below_percent;
	info->optional_below_percent = plan->decision.optional_below_percent;
	memcpy(info->project_seconds, plan->decision.project_seconds, sizeof info->project_seconds);
	info->n_project = plan->decision.n_project;
	info->sandbox_enabled = plan->sandbox_enabled;
	info->fallback_enabled = plan->fallback.enabled;
	info->max_retries = plan->fallback.max_retries;
	info->fallback_on = plan->fallback.on;
	info->gates = plan->n_gates;
	describe_workload(setup, info);
}

/* The value of KEY in a file of KEY=VALUE or "KEY : VALUE" lines. */
static void file_value(const char *path, const char *key, char *dst, size_t size)
{
	char line[256];
	size_t len = strlen(key);
	FILE *file = fopen(path, "re");
	*dst = '\0';
	while (file && fgets(line, sizeof line, file)) {
		char *at = line + len;
		if (strncmp(line, key, len) != 0 || (*at != '=' && *at != ' ' && *at != '\t'))
			continue;
		at += strspn(at, "= :\t\"");
		sw_text_clean(dst, size, at, strcspn(at, "\"\n"));
		break;
	}
	if (file)
		fclose(file);
}

static void describe_host(struct sw_environment *environment)
{
	struct utsname name;
	struct sysinfo info;
	if (uname(&name) == 0) {
		COPY(environment->host, name.nodename);
		snprintf(environment->kernel, sizeof environment->kernel, "%.31s %.62s", name.sysname,
		         name.release);
	}
	file_value("/etc/os-release", "PRETTY_NAME", environment->os, sizeof environment->os);
	file_value("/proc/cpuinfo", "model name", environment->cpu, sizeof environment->cpu);
	environment->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (sysinfo(&info) == 0)
		environment->memory_bytes = (int64_t)info.totalram * (int64_t)info.mem_unit;
}

static void describe_engine(const struct sw_setup *setup, struct sw_environment *environment)
{
	const struct sw_engine *engine = &setup->engine;
	COPY(environment->engine_error, setup->engine_error);
	if (!setup->has_engine)
		return;
	COPY(environment->engine, engine->info.name);
	COPY(environment->engine_version, engine->info.version);
	COPY(environment->api_version, engine->api_version);
	COPY(environment->runtime, engine->info.runtime);
	COPY(environment->storage, engine->info.storage);
	COPY(environment->cgroup, engine->info.cgroup);
	COPY(environment->endpoint, engine->endpoint.text);
	environment->private_engine = engine->is_private;
}

/* The mode whose image stands for the session's: the candidate, or the first container's. */
static int described_image(const struct sw_plan *plan)
{
	int mode = sw_plan_candidate(plan);
	for (int i = 0; mode < 0 && i < plan->n_modes; i++)
		if (plan->modes[i].kind != SW_KIND_HOST)
			mode = i;
	return mode;
}

void sw_setup_describe(const struct sw_setup *setup, struct sw_session_info *out_info,
                       struct sw_environment *out_environment)
{
	int mode = described_image(&setup->plan);
	describe_session(setup, out_info);
	memset(out_environment, 0, sizeof *out_environment);
	describe_host(out_environment);
	describe_engine(setup, out_environment);
	if (mode < 0)
		return;
	COPY(out_environment->image, setup->plan.modes[mode].sandbox.image);
	COPY(out_environment->image_id, setup->images[mode].id);
	out_environment->image_bytes = setup->images[mode].size_bytes;
}

void sw_setup_describe_mode(const struct sw_setup *setup, int mode, struct sw_mode_info *out_info)
{
	const struct sw_mode_plan *plan = &setup->plan.modes[mode];
	const struct sw_sandbox *sandbox = &plan->sandbox;
	memset(out_info, 0, sizeof *out_info);
	COPY(out_info->name, plan->name);
	out_info->kind = plan->kind;
	out_info->parallel = plan->parallel;
	out_info->planned = setup->plan.iterations;
	out_info->timeout_ns = sandbox->timeout_ns;
	out_info->preforked = plan->kind == SW_KIND_HOST && plan->preforked;
	out_info->pool = plan->kind == SW_KIND_PREPARED ? plan->pool : 0;
	out_info->job_memory_bytes = plan->kind == SW_KIND_WARM ? plan->job_memory_bytes : 0;
	COPY(out_info->layer, sw_word(&sw_words_layer, (int)plan->layer));
	if (plan->kind == SW_KIND_HOST)
		return;
	COPY(out_info->image, sandbox->image);
	COPY(out_info->image_id, setup->images[mode].id);
	out_info->shim = setup->shims[mode];
	COPY(out_info->network, sandbox->network);
	COPY(out_info->runtime, sandbox->runtime);
	COPY(out_info->user, sandbox->user);
	COPY(out_info->seccomp, sandbox->seccomp);
	out_info->engine_timeout_ns = sandbox->engine_timeout_ns;
	out_info->memory_bytes = sandbox->memory_bytes;
	out_info->cpu_milli = sandbox->cpu_milli;
	out_info->pids_limit = sandbox->pids_limit;
	out_info->tmpfs_bytes = sandbox->tmpfs_bytes;
	out_info->read_only = sandbox->read_only;
	out_info->drop_capabilities = sandbox->drop_capabilities;
	out_info->no_new_privileges = sandbox->no_new_privileges;
}
