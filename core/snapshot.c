#include "core/snapshot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/numbers.h"
#include "core/report_words.h"
#include "core/snapshot_parts.h"
#include "core/words.h"

static void put_fallback_policy(struct sw_json *json, const struct sw_figures *figures)
{
	const struct sw_session_info *info = &figures->session->info;

	sw_json_object(json, "fallback");
	sw_json_bool(json, "enabled", info->fallback_enabled);
	sw_json_int(json, "max_retries", info->max_retries);
	sw_json_array(json, "on");
	for (int o = 0; o < SW_OUTCOME_COUNT; o++) {
		if (info->fallback_on & (INT64_C(1) << o))
			sw_json_str(json, NULL, sw_word(&sw_words_outcome, o));
	}
	sw_json_end_array(json);
	sw_json_bool(json, "unsafe", figures->fallback_unsafe);
	sw_json_end_object(json);
}

/* null where the number of iterations was given. */
static void put_auto(struct sw_json *json, const struct sw_session *session)
{
	const struct sw_session_info *info = &session->info;
	bool decided = session->is_length_decided;

	if (!info->is_auto) {
		sw_json_null(json, "auto");
		return;
	}
	sw_json_object(json, "auto");
	sw_json_double(json, "precision_percent", info->precision_percent);
	sw_json_int(json, "min_iterations", info->min_iterations);
	sw_json_int(json, "max_iterations", info->iterations);
	sw_json_int(json, "time_budget_ns", info->time_budget_ns);
	sw_json_bool(json, "decided", decided);
	if (decided && session->n_modes > 0)
		sw_json_int(json, "iterations", session->modes[0]->info.planned);
	else
		sw_json_null(json, "iterations");
	if (decided && session->length_precision_percent > 0)
		sw_json_double(json, "reached_percent", session->length_precision_percent);
	else
		sw_json_null(json, "reached_percent");
	sw_snapshot_text(json, "text", decided ? session->length_text : "");
	sw_json_end_object(json);
}

/* null in the times where it never changed, or is not to be probed. */
static void put_breaker(struct sw_json *json, const struct sw_session *session)
{
	bool changed = session->breaker_opened > 0;

	sw_json_object(json, "breaker");
	sw_json_str(json, "state", sw_word(&sw_words_breaker, (int)session->breaker));
	if (changed)
		sw_json_int(json, "since_ns", session->breaker_since_ns);
	else
		sw_json_null(json, "since_ns");
	if (session->breaker == SW_BREAKER_OPEN)
		sw_json_int(json, "probed_at_ns", session->breaker_retry_ns);
	else
		sw_json_null(json, "probed_at_ns");
	sw_json_int(json, "opened", sw_whole_ns((double)session->breaker_opened));
	sw_json_int(json, "probes_unanswered", sw_whole_ns((double)session->breaker_probes));
	sw_snapshot_text(json, "text", changed ? session->breaker_text : "");
	sw_json_end_object(json);
}

static void put_session(struct sw_json *json, const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;
	const struct sw_session_info *info = &session->info;

	sw_json_object(json, "session");
	sw_snapshot_text(json, "id", info->id);
	sw_snapshot_text(json, "name", info->name);
	sw_json_int(json, "seed", info->seed);
	sw_json_str(json, "order", sw_word(&sw_words_order, (int)info->order));
	sw_snapshot_text(json, "started_at", info->started_at);
	sw_json_int(json, "elapsed_ns", session->last_ns);
	sw_json_int(json, "paused_ns", sw_session_paused_ns(session, session->last_ns));
	sw_json_int(json, "iterations", info->iterations);
	put_auto(json, session);
	sw_json_int(json, "block", info->block);
	sw_json_int(json, "warmup", info->warmup);
	sw_snapshot_text(json, "workload", info->workload);
	sw_json_bool(json, "sandbox_enabled", info->sandbox_enabled);
	put_fallback_policy(json, figures);
	put_breaker(json, session);
	sw_json_int(json, "resumed", sw_whole_ns((double)session->resumed));
	sw_json_int(json, "gates", info->gates);
	sw_snapshot_text(json, "end_text", session->end_text);
	sw_json_int(json, "events_missing", sw_whole_ns((double)session->missing));
	sw_json_int(json, "events_unexpected", sw_whole_ns((double)session->unexpected));
	sw_json_end_object(json);
}

static void put_engine(struct sw_json *json, const struct sw_environment *environment)
{
	if (*environment->engine == '\0') {
		sw_json_null(json, "engine");
		sw_snapshot_text(json, "engine_error", environment->engine_error);
		return;
	}
	sw_json_object(json, "engine");
	sw_snapshot_text(json, "name", environment->engine);
	sw_snapshot_text(json, "version", environment->engine_version);
	sw_snapshot_text(json, "api", environment->api_version);
	sw_snapshot_text(json, "runtime", environment->runtime);
	sw_snapshot_text(json, "storage", environment->storage);
	sw_snapshot_text(json, "cgroup", environment->cgroup);
	sw_snapshot_text(json, "endpoint", environment->endpoint);
	sw_json_bool(json, "private", environment->private_engine);
	sw_json_end_object(json);
	sw_snapshot_text(json, "engine_error", environment->engine_error);
}

static void put_environment(struct sw_json *json, const struct sw_session *session)
{
	const struct sw_environment *environment = &session->environment;

	sw_json_object(json, "environment");
	sw_snapshot_text(json, "host", environment->host);
	sw_snapshot_text(json, "os", environment->os);
	sw_snapshot_text(json, "kernel", environment->kernel);
	sw_snapshot_text(json, "cpu", environment->cpu);
	sw_json_int(json, "cpus", environment->cpus);
	sw_json_int(json, "memory_bytes", environment->memory_bytes);
	put_engine(json, environment);
	if (*environment->image == '\0' && *environment->image_id == '\0') {
		sw_json_null(json, "image");
	} else {
		sw_json_object(json, "image");
		sw_snapshot_text(json, "name", environment->image);
		sw_snapshot_text(json, "id", environment->image_id);
		sw_json_int(json, "bytes", environment->image_bytes);
		sw_json_end_object(json);
	}
	sw_json_str(json, "clock", sw_word(&sw_words_clock, (int)session->clock));
	sw_json_object(json, "tool");
	sw_snapshot_text(json, "version", session->info.tool_version);
	sw_snapshot_text(json, "commit", session->info.tool_commit);
	sw_json_end_object(json);
	sw_json_end_object(json);
}

static void put_overhead(struct sw_json *json, const struct sw_figures *figures)
{
	if (!figures->has_overhead) {
		sw_json_null(json, "overhead");
		return;
	}
	sw_json_object(json, "overhead");
	sw_snapshot_text(json, "baseline", figures->modes[figures->baseline].state->info.name);
	sw_snapshot_text(json, "candidate", figures->modes[figures->candidate].state->info.name);
	sw_json_object(json, "absolute_ns");
	sw_snapshot_ns(json, "mean", figures->overhead_ns);
	sw_snapshot_ci(json, "ci95", figures->overhead_ci);
	if (figures->overhead_ci.method == SW_CI_NONE)
		sw_json_null(json, "stddev");
	else
		sw_snapshot_ns(json, "stddev", figures->overhead_stddev_ns);
	sw_snapshot_ns(json, "min", figures->overhead_min_ns);
	sw_snapshot_ns(json, "max", figures->overhead_max_ns);
	sw_snapshot_ns(json, "p50", figures->overhead_p50_ns);
	sw_json_end_object(json);
	sw_json_double(json, "percent", figures->overhead_percent);
	sw_snapshot_range(json, "percent_ci95", figures->overhead_ci.method,
	                  figures->overhead_percent_low, figures->overhead_percent_high);
	sw_json_bool(json, "percent_misleading", figures->small_baseline);
	sw_json_bool(json, "distinguishable", figures->distinguishable);
	sw_json_object(json, "execute");
	sw_json_str(json, "basis", sw_execute_basis_name(figures->execute.basis));
	sw_snapshot_ns(json, "baseline_ns", figures->execute.baseline_ns);
	sw_snapshot_ns(json, "candidate_ns", figures->execute.candidate_ns);
	if (figures->execute.basis == SW_EXECUTE_UNKNOWN)
		sw_json_null(json, "ratio");
	else
		sw_json_double(json, "ratio", figures->execute.ratio);
	sw_json_double(json, "cpu_stretch", figures->execute.cpu_stretch);
	sw_json_end_object(json);
	sw_json_end_object(json);
}

static void put_projection(struct sw_json *json, enum sw_ci_method method,
                           const struct sw_projection *projection)
{
	sw_json_object(json, NULL);
	sw_snapshot_ns(json, "baseline_ns", projection->baseline_ns);
	sw_snapshot_ns(json, "candidate_ns", projection->candidate_ns);
	sw_json_double(json, "overhead_percent", projection->overhead_percent);
	sw_snapshot_range(json, "overhead_percent_ci95", method, projection->overhead_percent_low,
	                  projection->overhead_percent_high);
	if (projection->has_ratio) {
		sw_json_object(json, "with_execute_ratio");
		sw_snapshot_ns(json, "candidate_ns", projection->ratio_candidate_ns);
		sw_json_double(json, "overhead_percent", projection->ratio_percent);
		sw_json_end_object(json);
	} else {
		sw_json_null(json, "with_execute_ratio");
	}
	sw_json_object(json, "run");
	sw_json_int(json, "iterations", projection->run_iterations);
	sw_snapshot_ns(json, "baseline_ns", projection->run_baseline_ns);
	sw_snapshot_ns(json, "candidate_ns", projection->run_candidate_ns);
	sw_json_end_object(json);
	sw_json_end_object(json);
}

static void put_decision(struct sw_json *json, const struct sw_figures *figures)
{
	const struct sw_session_info *info = &figures->session->info;

	sw_json_object(json, "decision");
	sw_json_str(json, "verdict", sw_verdict_name(figures->verdict));
	sw_json_double(json, "enable_below_percent", info->enable_below_percent);
	sw_json_double(json, "optional_below_percent", info->optional_below_percent);
	if (figures->has_overhead)
		sw_json_double(json, "compared_percent", figures->decision_percent);
	else
		sw_json_null(json, "compared_percent");
	if (figures->decision_seconds > 0)
		sw_snapshot_ns(json, "compared_job_ns", figures->decision_seconds * 1e9);
	else
		sw_json_null(json, "compared_job_ns");
	sw_json_bool(json, "with_execute_ratio", figures->decision_with_ratio);
	sw_json_array(json, "reasons");
	for (int i = 0; i < figures->n_reasons; i++) {
		sw_json_object(json, NULL);
		sw_json_str(json, "topic", figures->reasons[i].topic);
		sw_json_str(json, "text", figures->reasons[i].text);
		sw_json_int(json, "weight", figures->reasons[i].weight);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
	sw_json_end_object(json);
}

/* ---- the study's raw-data block, in seconds ---- */

static void put_seconds(struct sw_json *json, const char *key, double ns)
{
	sw_json_double(json, key, round(ns / 1e3) / 1e6);
}

static void put_mode_summary(struct sw_json *json, const char *key,
                             const struct sw_figures *figures, int index, bool with_fallbacks)
{
	if (index < 0) {
		sw_json_null(json, key);
		return;
	}
	const struct sw_mode_figures *mode = &figures->modes[index];

	sw_json_object(json, key);
	if (mode->latency.count > 0)
		put_seconds(json, "mean", mode->latency.mean);
	else
		sw_json_null(json, "mean");
	sw_json_double(json, "success_rate", mode->judged ? mode->success_rate : NAN);
	if (with_fallbacks)
		sw_json_double(json, "fallback_rate", mode->judged ? mode->fallback_rate : NAN);
	sw_json_int(json, "iterations", (int64_t)mode->judged);
	sw_json_end_object(json);
}

/* "14-24 % (projected for jobs of 3-5 s)" */
static void put_percentage(struct sw_json *json, const struct sw_figures *figures)
{
	char text[200];
	double low = INFINITY, high = -INFINITY, shortest = INFINITY, longest = 0;

	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		low = fmin(low, p->overhead_percent);
		high = fmax(high, p->overhead_percent);
		shortest = fmin(shortest, p->project_seconds);
		longest = fmax(longest, p->project_seconds);
	}
	if (figures->n_projections > 0)
		(void)snprintf(text, sizeof(text), "%s to %s (projected for jobs of %s to %s s)",
		               sw_percent(low).text, sw_percent(high).text, sw_plain(shortest).text,
		               sw_plain(longest).text);
	else
		(void)snprintf(text, sizeof(text), "%s", sw_percent(figures->overhead_percent).text);
	sw_json_str(json, "percentage", text);
}

void sw_snapshot_summary(struct sw_json *json, const struct sw_figures *figures)
{
	put_mode_summary(json, "baseline", figures, figures->baseline, false);
	put_mode_summary(json, "docker_sandbox", figures, figures->candidate, true);
	if (!figures->has_overhead) {
		sw_json_null(json, "overhead");
		return;
	}
	sw_json_object(json, "overhead");
	put_seconds(json, "absolute", figures->overhead_ns);
	put_percentage(json, figures);
	sw_json_end_object(json);
}

/* ---- the document ---- */

static void put_tail(struct sw_json *json, const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;

	sw_json_array(json, "projection");
	for (int i = 0; i < figures->n_projections; i++)
		put_projection(json, figures->overhead_ci.method, &figures->projections[i]);
	sw_json_end_array(json);
	sw_json_object(json, "verification");
	sw_json_str(json, "state", "not verified");
	sw_json_end_object(json);
	put_decision(json, figures);
	sw_json_array(json, "gates");
	sw_json_end_array(json);
	sw_json_object(json, "result");
	sw_snapshot_text(json, "digest", session->digest);
	sw_json_end_object(json);
	sw_json_array(json, "notes");
	for (int i = 0; i < session->n_notes; i++)
		sw_snapshot_text(json, NULL, *session->notes[i] ? session->notes[i] : "(empty)");
	if (session->info.gates > 0) {
		char text[sizeof(struct sw_sentence) + 8];
		(void)snprintf(text, sizeof(text), "gates: %s", sw_say_gates(figures).text);
		sw_snapshot_text(json, NULL, text);
	}
	sw_json_end_array(json);
	sw_json_int(json, "notes_dropped", sw_whole_ns((double)session->notes_dropped));
	sw_json_object(json, "summary");
	sw_snapshot_summary(json, figures);
	sw_json_end_object(json);
}

int sw_snapshot_write(const struct sw_figures *figures, const char *generated_at,
                      struct sw_buf *out)
{
	struct sw_json json;

	sw_json_init(&json, out, 2);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "schema", "sandwatch/1");
	sw_json_str(&json, "generated_at", generated_at);
	sw_json_str(&json, "state", sw_word(&sw_words_state, (int)figures->session->state));
	put_session(&json, figures);
	put_environment(&json, figures->session);
	sw_json_array(&json, "modes");
	for (int i = 0; i < figures->n_modes; i++) {
		if (sw_snapshot_mode(&json, figures, i))
			return -1;
	}
	sw_json_end_array(&json);
	sw_snapshot_text(&json, "isolation_source", sw_isolation_source());
	put_overhead(&json, figures);
	if (sw_snapshot_ablation(&json, figures))
		return -1;
	put_tail(&json, figures);
	sw_json_end_object(&json);
	(void)sw_buf_add_str(out, "\n");
	return out->overflow ? -1 : 0;
}
