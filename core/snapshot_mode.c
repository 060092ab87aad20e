#include "core/snapshot_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/isolation.h"
#include "core/numbers.h"
#include "core/text.h"

void sw_snapshot_ns(struct sw_json *json, const char *key, double ns)
{
	sw_json_int(json, key, sw_whole_ns(ns));
}

void sw_snapshot_ci(struct sw_json *json, const char *key, struct sw_ci ci)
{
	sw_json_object(json, key);
	sw_snapshot_ns(json, "low", ci.low);
	sw_snapshot_ns(json, "high", ci.high);
	sw_json_str(json, "method", sw_ci_method_name(ci.method));
	sw_json_end_object(json);
}

void sw_snapshot_text(struct sw_json *json, const char *key, const char *text)
{
	char clean[2 * SW_TEXT_MAX];

	(void)sw_text_clean(clean, sizeof(clean), text, strlen(text));
	sw_json_str(json, key, *clean ? clean : NULL);
}

void sw_snapshot_range(struct sw_json *json, const char *key, enum sw_ci_method method, double low,
                       double high)
{
	if (method == SW_CI_NONE) {
		sw_json_null(json, key);
		return;
	}
	sw_json_object(json, key);
	sw_json_double(json, "low", low);
	sw_json_double(json, "high", high);
	sw_json_end_object(json);
}

static void put_count(struct sw_json *json, const char *key, uint64_t count)
{
	sw_json_int(json, key, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

static void put_rate(struct sw_json *json, const char *key, uint64_t of, double rate)
{
	if (of == 0)
		sw_json_null(json, key);
	else
		sw_json_double(json, key, rate);
}

static void put_wilson(struct sw_json *json, const char *key, struct sw_ci ci)
{
	sw_json_object(json, key);
	sw_json_double(json, "low", ci.low);
	sw_json_double(json, "high", ci.high);
	sw_json_str(json, "method", "wilson");
	sw_json_end_object(json);
}

/* A host mode has a time limit and nothing else: the rest is null. */
static void put_limits(struct sw_json *json, const struct sw_mode_info *info)
{
	bool host = info->kind == SW_KIND_HOST;

	sw_json_object(json, "limits");
	sw_json_int(json, "timeout_ns", info->timeout_ns);
#define NUMBER(key) host ? sw_json_null(json, #key) : sw_json_int(json, #key, info->key)
#define FLAG(key) host ? sw_json_null(json, #key) : sw_json_bool(json, #key, info->key)
	NUMBER(memory_bytes);
	NUMBER(cpu_milli);
	NUMBER(pids_limit);
	NUMBER(tmpfs_bytes);
	FLAG(read_only);
	FLAG(drop_capabilities);
	FLAG(no_new_privileges);
#undef NUMBER
#undef FLAG
	sw_snapshot_text(json, "network", host ? "" : info->network);
	sw_snapshot_text(json, "user", host ? "" : info->user);
	sw_snapshot_text(json, "runtime", host ? "" : info->runtime);
	sw_snapshot_text(json, "seccomp", host ? "" : info->seccomp);
	sw_json_end_object(json);
}

static void put_iterations(struct sw_json *json, const struct sw_mode_figures *figures)
{
	const struct sw_mode_state *state = figures->state;

	sw_json_object(json, "iterations");
	sw_json_int(json, "planned", state->info.planned);
	put_count(json, "done", state->done);
	put_count(json, "ok", figures->ok);
	put_count(json, "fell_back", state->fell_back);
	for (int o = 0; o < SW_OUTCOME_COUNT; o++) {
		if (o != SW_OUTCOME_OK)
			put_count(json, sw_word(&sw_words_outcome, o), state->outcomes[o]);
	}
	put_count(json, "not_run", figures->not_run);
	put_count(json, "running", sw_mode_counted_running(state));
	put_count(json, "dropped", state->dropped);
	put_count(json, "warmup", state->warmup_done);
	sw_json_end_object(json);
}

static void put_latency(struct sw_json *json, const struct sw_mode_figures *figures)
{
	const struct sw_stats *latency = &figures->latency;

	if (latency->count == 0) {
		sw_json_null(json, "latency_ns");
		return;
	}
	sw_json_object(json, "latency_ns");
	put_count(json, "count", latency->count);
	sw_snapshot_ns(json, "mean", latency->mean);
	sw_snapshot_ns(json, "stddev", latency->stddev);
	sw_json_int(json, "min", latency->min);
	sw_json_int(json, "max", latency->max);
	sw_snapshot_ns(json, "p50", latency->p50);
	sw_snapshot_ns(json, "p90", latency->p90);
	sw_snapshot_ns(json, "p95", latency->p95);
	sw_snapshot_ns(json, "p99", latency->p99);
	sw_snapshot_ns(json, "mad", latency->mad);
	sw_snapshot_ci(json, "ci95", latency->mean_ci);
	sw_snapshot_ci(json, "median_ci95", latency->median_ci);
	sw_json_bool(json, "exact", figures->exact);
	sw_json_end_object(json);
}

static void put_histogram(struct sw_json *json, const struct sw_histogram *histogram)
{
	struct sw_histogram_bucket bucket;
	uint32_t cursor = 0;

	sw_json_array(json, "histogram");
	while (histogram && sw_histogram_next(histogram, &cursor, &bucket)) {
		sw_json_object(json, NULL);
		sw_json_int(json, "low_ns", bucket.low_ns);
		sw_json_int(json, "high_ns", bucket.high_ns);
		put_count(json, "count", bucket.count);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
}

static void put_phase(struct sw_json *json, const struct sw_phase_figure *phase, bool on_path)
{
	sw_json_object(json, NULL);
	sw_json_str(json, "name", sw_word(&sw_words_phase, (int)phase->phase));
	sw_json_str(json, "group", sw_word(&sw_words_group, (int)sw_phase_group(phase->phase)));
	sw_json_bool(json, "on_path", on_path);
	put_count(json, "count", phase->count);
	sw_snapshot_ns(json, "mean_ns", phase->mean_ns);
	sw_snapshot_ns(json, "p50_ns", phase->p50_ns);
	sw_snapshot_ns(json, "p95_ns", phase->p95_ns);
	if (on_path)
		sw_json_double(json, "share", phase->share);
	sw_json_end_object(json);
}

static void put_phases(struct sw_json *json, const struct sw_mode_figures *figures)
{
	sw_json_array(json, "phases");
	for (int i = 0; i < figures->n_phases; i++)
		put_phase(json, &figures->phases[i], true);
	sw_json_end_array(json);
	sw_json_array(json, "behind");
	for (int i = 0; i < figures->n_behind; i++)
		put_phase(json, &figures->behind[i], false);
	sw_json_end_array(json);
}

static void put_groups(struct sw_json *json, const struct sw_mode_figures *figures)
{
	sw_json_array(json, "groups");
	for (int g = 0; figures->timed_attempts > 0 && g < SW_GROUP_COUNT; g++) {
		sw_json_object(json, NULL);
		sw_json_str(json, "name", sw_word(&sw_words_group, g));
		sw_snapshot_ns(json, "mean_ns", figures->group_ns[g]);
		sw_json_double(json, "share", figures->group_share[g]);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
	if (figures->timed_attempts == 0) {
		sw_json_null(json, "other");
		return;
	}
	sw_json_object(json, "other");
	sw_snapshot_ns(json, "mean_ns", figures->other_ns);
	sw_json_double(json, "share", figures->other_share);
	sw_json_double(json, "share_p50", figures->other_share_p50);
	sw_json_end_object(json);
}

/* Those that occurred. */
static void put_reasons(struct sw_json *json, const char *key, const uint64_t *counts)
{
	sw_json_object(json, key);
	for (int o = 0; o < SW_OUTCOME_COUNT; o++) {
		if (counts[o] > 0)
			put_count(json, sw_word(&sw_words_outcome, o), counts[o]);
	}
	sw_json_end_object(json);
}

static void put_fallback(struct sw_json *json, const struct sw_mode_figures *figures)
{
	const struct sw_mode_state *state = figures->state;

	sw_json_object(json, "fallback");
	put_count(json, "taken", sw_mode_taken(state));
	put_count(json, "refused", sw_mode_refused(state));
	put_count(json, "failed", state->fallback_failed);
	put_count(json, "retries", state->retries);
	put_rate(json, "rate", figures->judged, figures->fallback_rate);
	put_wilson(json, "rate_ci95", figures->fallback_ci);
	sw_json_object(json, "reasons");
	put_reasons(json, "taken", state->taken);
	put_reasons(json, "refused", state->refused);
	put_reasons(json, "retried", state->retried);
	sw_json_end_object(json);
	sw_json_end_object(json);
}

/* By fault, those that were injected: how often, and what came of the iterations that were hit. */
static void put_faults(struct sw_json *json, const struct sw_mode_state *state)
{
	sw_json_object(json, "faults");
	for (int f = 0; f < SW_FAULT_COUNT; f++) {
		if (state->faults[f] == 0)
			continue;
		sw_json_object(json, sw_word(&sw_words_fault, f));
		put_count(json, "injected", state->faults[f]);
		put_reasons(json, "outcomes", state->came_of[f]);
		put_count(json, "fell_back", state->came_of[f][SW_CAME_BACK]);
		sw_json_end_object(json);
	}
	sw_json_end_object(json);
}

static void put_outcomes(struct sw_json *json, const struct sw_mode_state *state)
{
	sw_json_object(json, "outcomes");
	for (int o = 0; o < SW_OUTCOME_COUNT; o++)
		put_count(json, sw_word(&sw_words_outcome, o), state->outcomes[o]);
	sw_json_end_object(json);
}

static int put_samples(struct sw_json *json, const struct sw_mode_state *state)
{
	SW_CLEANUP(free) int64_t *samples = calloc(SW_SAMPLES_MAX, sizeof(*samples));
	if (!samples)
		return -1;
	size_t n = sw_mode_samples(state, samples);

	sw_json_array(json, "samples_ns");
	for (size_t i = 0; i < n; i++)
		sw_json_int(json, NULL, samples[i]);
	sw_json_end_array(json);
	put_count(json, "samples_dropped", state->n_samples - n);
	return 0;
}

/* What only some kinds have is null for the others. */
static void put_way(struct sw_json *json, const struct sw_mode_info *info)
{
	sw_json_int(json, "parallel", info->parallel);
	if (info->kind == SW_KIND_PREPARED)
		sw_json_int(json, "pool", info->pool);
	else
		sw_json_null(json, "pool");
	if (info->kind == SW_KIND_HOST)
		sw_json_bool(json, "preforked", info->preforked);
	else
		sw_json_null(json, "preforked");
	if (info->kind == SW_KIND_WARM)
		sw_json_int(json, "job_memory_bytes", info->job_memory_bytes);
	else
		sw_json_null(json, "job_memory_bytes");
	bool known = *info->layer && sw_word_value(&sw_words_layer, info->layer) >= 0;
	sw_json_str(json, "layer", known ? info->layer : NULL);
}

/* Of its kind, not of this run; null where that was never tested, as without a layer of the sandbox. */
static void put_isolation(struct sw_json *json, const struct sw_mode_info *info)
{
	const struct sw_isolation *line = sw_isolation_of(info->kind, info->preforked);

	if (!line || *info->layer || !*sw_isolation_source()) {
		sw_json_null(json, "isolation");
		return;
	}
	sw_json_object(json, "isolation");
	sw_json_object(json, "shares");
	for (int i = 0; i < SW_BOND_COUNT; i++)
		sw_json_str(json, sw_word(&sw_words_bond, i),
		            sw_word(&sw_words_finding, (int)line->shares[i]));
	sw_json_end_object(json);
	sw_json_object(json, "withstands");
	for (int i = 0; i < SW_ATTACK_COUNT; i++)
		sw_json_str(json, sw_word(&sw_words_attack, i),
		            sw_word(&sw_words_finding, (int)line->withstands[i]));
	sw_json_end_object(json);
	sw_json_end_object(json);
}

int sw_snapshot_mode(struct sw_json *json, const struct sw_figures *all, int index)
{
	const struct sw_mode_figures *figures = &all->modes[index];
	const struct sw_mode_state *state = figures->state;

	sw_json_object(json, NULL);
	sw_snapshot_text(json, "name", *state->info.name ? state->info.name : "?");
	sw_json_str(json, "kind", sw_word(&sw_words_kind, (int)state->info.kind));
	put_way(json, &state->info);
	put_isolation(json, &state->info);
	sw_snapshot_text(json, "image", state->info.image);
	sw_snapshot_text(json, "image_id", state->info.image_id);
	sw_json_str(json, "shim",
	            *state->info.image_id ? sw_word(&sw_words_shim, (int)state->info.shim) : NULL);
	sw_snapshot_text(json, "python", state->python);
	put_limits(json, &state->info);
	put_iterations(json, figures);
	put_rate(json, "success_rate", figures->judged, figures->success_rate);
	put_wilson(json, "success_ci95", figures->success_ci);
	put_latency(json, figures);
	int status = sw_snapshot_comparisons(json, all, index);
	put_histogram(json, state->latency);
	put_phases(json, figures);
	put_groups(json, figures);
	put_fallback(json, figures);
	put_outcomes(json, state);
	put_count(json, "attempts", state->attempts);
	put_count(json, "not_asked", state->not_asked);
	put_faults(json, state);
	put_count(json, "placed_by_durations", state->by_durations);
	put_count(json, "containers_created", state->containers_created);
	put_count(json, "containers_removed", state->containers_removed);
	put_count(json, "replaced", state->replaced);
	put_count(json, "output_bytes_dropped", state->dropped_bytes);
	sw_snapshot_text(json, "last_error", state->last_error);
	status |= put_samples(json, state);
	sw_json_end_object(json);
	return status;
}
