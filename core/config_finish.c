#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

static int check_section(const struct sw_section *section, const void *base, const char *prefix,
                         struct sw_error *err);

static int check_key(const struct sw_key *key, const void *base, const char *path,
                     struct sw_error *err)
{
	const char *at = (const char *)base + key->offset;
	int result = 0;

	if (key->type == SW_KEY_SECTION)
		return check_section(key->section, at, path, err);
	if (sw_key_is_number(key))
		result = sw_key_check(key, sw_key_get(key, base), err);
	else if (sw_key_is_text(key))
		result = sw_key_check_text(key, at, err);
	return result < 0 ? sw_error_wrap(err, "%s", path) : 0;
}

/* Flags write into the plan too, so what the loader checked is checked again. */
static int check_section(const struct sw_section *section, const void *base, const char *prefix,
                         struct sw_error *err)
{
	char path[160];

	for (size_t i = 0; i < section->n_keys; i++) {
		snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", section->keys[i].name);
		if (check_key(&section->keys[i], base, path, err) < 0)
			return -1;
	}
	if (!section->also)
		return 0;
	return check_section(section->also, (const char *)base + section->also_offset, prefix, err);
}

static int check_plan(const struct sw_plan *plan, struct sw_error *err)
{
	const struct sw_workload *workload = &plan->workload;

	if (check_section(&sw_config_root, plan, "", err) < 0)
		return -1;
	if (workload->command && !workload->command[0])
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "workload.command: an empty list; name at least the program");
	if (!workload->command && !*workload->strategy)
		return sw_error_set(err, SW_ERR_USAGE, 0, "workload.strategy: must not be empty");
	if (plan->min_iterations > plan->max_iterations)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "session.min_iterations %lld is above session.max_iterations %lld; use "
		                    "a smaller one",
		                    (long long)plan->min_iterations, (long long)plan->max_iterations);
	if (plan->breaker.open_ns > plan->breaker.max_open_ns)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "sandbox.breaker.open_seconds is above sandbox.breaker.max_open_seconds; "
		                    "use a smaller one");
	if (plan->decision.enable_below_percent > plan->decision.optional_below_percent)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"decision.enable_below_percent is above decision.optional_below_percent; "
			"use a smaller one");
	return 0;
}

/* The modes and the faults: each with its keys. */
static int check_names(const struct sw_plan *plan, struct sw_error *err)
{
	char path[32];

	if (plan->n_modes < 1)
		return sw_error_set(err, SW_ERR_USAGE, 0, "modes: there is none; name at least one");
	for (int i = 0; i < plan->n_modes; i++) {
		const struct sw_mode_plan *mode = &plan->modes[i];

		snprintf(path, sizeof path, "modes[%d]", i);
		if (check_section(&sw_config_mode, mode, path, err) < 0)
			return -1;
		if (sw_plan_mode(plan, mode->name) != i)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "%s: the name '%s' is there twice; give another", path, mode->name);
	}
	for (int i = 0; i < plan->n_chaos; i++) {
		snprintf(path, sizeof path, "chaos[%d]", i);
		if (check_section(&sw_config_fault, &plan->chaos[i], path, err) < 0)
			return -1;
	}
	return 0;
}

static int check_role(const struct sw_plan *plan, const char *role, const char *name,
                      struct sw_error *err)
{
	const char *names[SW_MODES_MAX + 1] = {NULL};

	if (!*name || sw_plan_mode(plan, name) >= 0)
		return 0;
	for (int i = 0; i < plan->n_modes; i++)
		names[i] = plan->modes[i].name;
	sw_key_bad_word("mode of this session", name, names, err);
	return sw_error_wrap(err, "decision.%s", role);
}

static int check_decision(const struct sw_plan *plan, struct sw_error *err)
{
	const struct sw_decision_rules *rules = &plan->decision;

	if (check_role(plan, "baseline", rules->baseline, err) < 0 ||
	    check_role(plan, "candidate", rules->candidate, err) < 0)
		return -1;
	if (*rules->baseline && strcmp(rules->baseline, rules->candidate) == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "decision.candidate: '%s' is the baseline too; name another mode",
		                    rules->candidate);
	return 0;
}

static void drop_sandboxes(struct sw_plan *plan)
{
	int kept = 0;

	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind == SW_KIND_HOST)
			plan->modes[kept++] = plan->modes[i];
	plan->n_modes = kept;
	if (sw_plan_mode(plan, plan->decision.baseline) < 0)
		plan->decision.baseline[0] = '\0';
	if (sw_plan_mode(plan, plan->decision.candidate) < 0)
		plan->decision.candidate[0] = '\0';
}

static int needs_worker(const char *mode, const char *what, const char *instead,
                        struct sw_error *err)
{
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "mode '%s': %s keeps the Python worker ready, which runs strategies, but "
	                    "workload.command is given; %s, or name a workload.strategy",
	                    mode, what, instead);
}

/* What a mode's own keys and the rest of the plan make impossible together. */
static int check_mode(const struct sw_mode_plan *mode, const struct sw_workload *workload,
                      struct sw_error *err)
{
	char job[32], limit[32];

	if (workload->command && mode->kind == SW_KIND_WARM)
		return needs_worker(mode->name, "kind warm", "use kind exec", err);
	if (workload->command && mode->kind == SW_KIND_HOST && mode->preforked)
		return needs_worker(mode->name, "preforked", "leave preforked out", err);
	if (mode->kind != SW_KIND_WARM || !mode->sandbox.memory_bytes ||
	    mode->job_memory_bytes <= mode->sandbox.memory_bytes)
		return 0;
	sw_text_bytes(job, sizeof job, (uint64_t)mode->job_memory_bytes);
	sw_text_bytes(limit, sizeof limit, (uint64_t)mode->sandbox.memory_bytes);
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "mode '%s': job_memory %s is above its memory_limit %s; use a smaller one",
	                    mode->name, job, limit);
}

static void inherit(struct sw_mode_plan *mode, const struct sw_sandbox *from)
{
	for (size_t i = 0; i < sw_config_docker.n_keys; i++) {
		const struct sw_key *key = &sw_config_docker.keys[i];

		if (!(mode->given & 1u << i))
			memcpy((char *)&mode->sandbox + key->offset, (const char *)from + key->offset,
			       key->size);
	}
}

/* The worker makes all of it in memory. */
static int check_data(const struct sw_workload *workload, struct sw_error *err)
{
	int64_t cells = (int64_t)workload->days * workload->symbols;

	if (workload->command || cells <= SW_CELLS_MAX)
		return 0;
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "workload: days × symbols is %lld, at most %d fit; lower one of them",
	                    (long long)cells, SW_CELLS_MAX);
}

int sw_config_finish(struct sw_plan *plan, struct sw_error *err)
{
	struct sw_plan next = *plan;

	if (check_plan(&next, err) < 0)
		return -1;
	for (int i = 0; i < next.n_modes; i++)
		inherit(&next.modes[i], &next.sandbox);
	if (check_names(&next, err) < 0 || check_decision(&next, err) < 0 ||
	    sw_config_check_chaos(&next, err) < 0 || check_data(&next.workload, err) < 0)
		return -1;
	if (next.is_auto)
		next.iterations = next.max_iterations;
	if (!next.sandbox_enabled)
		drop_sandboxes(&next);
	sw_plan_drop_faults(&next);
	if (next.n_modes == 0)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"sandbox.enabled is false and no mode of kind host is left; add one, or "
			"enable the sandbox");
	if (next.is_auto && next.order == SW_ORDER_SEQUENTIAL && next.n_modes > 1)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"session.order sequential finishes a mode before the next begins, and "
			"iterations: auto goes by their differences; use interleaved or random");
	for (int i = 0; i < next.n_modes; i++)
		if (check_mode(&next.modes[i], &next.workload, err) < 0)
			return -1;
	*plan = next;
	return 0;
}
