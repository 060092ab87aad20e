#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/figures.h"
#include "core/isolation.h"
#include "core/numbers.h"
#include "core/text.h"

const char *sw_verdict_name(enum sw_verdict verdict)
{
	switch (verdict) {
	case SW_VERDICT_UNKNOWN:
		return "unknown";
	case SW_VERDICT_ENABLE:
		return "enable";
	case SW_VERDICT_ENABLE_VERIFIED:
		return "enable, once verified";
	case SW_VERDICT_OPTIONAL:
		return "optional";
	case SW_VERDICT_DISABLE:
		return "do not enable";
	}
	return "unknown";
}

static void __attribute__((format(printf, 4, 5)))
give_reason(struct sw_figures *figures, const char *topic, int weight, const char *format, ...)
{
	char text[2 * SW_TEXT_MAX];
	va_list args;

	if (figures->n_reasons == SW_REASONS_MAX)
		return;
	struct sw_reason *reason = &figures->reasons[figures->n_reasons++];
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)sw_text_copy(reason->topic, sizeof(reason->topic), topic);
	(void)sw_text_clean(reason->text, sizeof(reason->text), text, strlen(text));
	reason->weight = weight;
}

static void worsen(struct sw_figures *figures, enum sw_verdict at_most)
{
	if (figures->verdict != SW_VERDICT_UNKNOWN && figures->verdict < at_most)
		figures->verdict = at_most;
}

/* ---- what the rules compare ---- */

static void choose_percent(struct sw_figures *figures)
{
	const struct sw_projection *shortest = NULL;

	figures->decision_percent = figures->overhead_percent;
	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		if (!shortest || p->project_seconds < shortest->project_seconds)
			shortest = p;
	}
	if (!shortest)
		return;
	figures->decision_seconds = shortest->project_seconds;
	figures->decision_percent = shortest->overhead_percent;
	/* A ratio from less than one period of the limit decides nothing: chance may have made it. */
	if (shortest->has_ratio && figures->execute.baseline_ns >= SW_CPU_PERIOD_NS &&
	    shortest->ratio_percent > shortest->overhead_percent) {
		figures->decision_percent = shortest->ratio_percent;
		figures->decision_with_ratio = true;
	}
}

/* ---- the reasons ---- */

static void judge_overhead(struct sw_figures *figures)
{
	const struct sw_session_info *info = &figures->session->info;
	double percent = figures->decision_percent;
	const char *relation = "not below";
	double limit = info->optional_below_percent;
	int weight = -1;
	char basis[160] = "measured against this baseline";

	if (percent < info->enable_below_percent) {
		relation = "below";
		limit = info->enable_below_percent;
		weight = 1;
	} else if (percent < info->optional_below_percent) {
		relation = "not below";
		limit = info->enable_below_percent;
		weight = 0;
		worsen(figures, SW_VERDICT_OPTIONAL);
	} else {
		worsen(figures, SW_VERDICT_DISABLE);
	}
	if (figures->decision_with_ratio)
		(void)snprintf(basis, sizeof(basis),
		               "projected for jobs of %s s stretched by the measured execute ratio ×%s",
		               sw_plain(figures->decision_seconds).text,
		               sw_fixed(figures->execute.ratio, 2).text);
	else if (figures->decision_seconds > 0)
		(void)snprintf(basis, sizeof(basis), "projected for jobs of %s s",
		               sw_plain(figures->decision_seconds).text);
	give_reason(figures, "overhead", weight, "%s %s, %s the limit of %s %%%s",
	            sw_percent(percent).text, basis, relation, sw_plain(limit).text,
	            figures->distinguishable ? ""
	                                     : "; the measured difference can't be told from noise");
}

static void judge_cpu_limit(struct sw_figures *figures)
{
	const struct sw_execute_figure *execute = &figures->execute;
	char measured[160] = "";

	bool uncertain = execute->basis == SW_EXECUTE_MEASURED &&
	                 execute->baseline_ns < SW_CPU_PERIOD_NS;
	if (!execute->cpu_limited || (execute->basis == SW_EXECUTE_MEASURED && !uncertain))
		return;
	if (uncertain)
		(void)snprintf(measured, sizeof(measured),
		               ": its ×%s is of an execute phase of %s, less than one 100 ms period of the "
		               "limit",
		               sw_fixed(execute->ratio, 2).text, sw_duration(execute->baseline_ns).text);
	if (execute->basis == SW_EXECUTE_TOO_SHORT)
		(void)snprintf(measured, sizeof(measured),
		               ": the execute phase lasted %s here, too short to extrapolate from",
		               sw_duration(execute->baseline_ns).text);
	give_reason(
		figures, "cpu limit", 0,
		"the projection leaves the sandbox's own limit of %s CPU out, which can stretch "
		"CPU-bound jobs about ×%s; this session did not measure for long enough by how much%s",
		sw_plain(1 / execute->cpu_stretch).text, sw_plain(execute->cpu_stretch).text, measured);
}

static void judge_reliability(struct sw_figures *figures)
{
	const struct sw_mode_figures *candidate = &figures->modes[figures->candidate];
	const struct sw_mode_figures *baseline = &figures->modes[figures->baseline];
	uint64_t fallbacks = candidate->state->fell_back + candidate->state->fallback_failed;
	const char *verdict = "";
	int weight = 1;

	if (fallbacks > 0 || candidate->failures > 0) {
		weight = -1;
		verdict = "; so \"optional\" at most";
		worsen(figures, SW_VERDICT_OPTIONAL);
	}
	if (candidate->success_rate < baseline->success_rate) {
		verdict = "; fewer successes than the baseline";
		worsen(figures, SW_VERDICT_DISABLE);
	}
	give_reason(figures, "reliability", weight,
	            "%" PRIu64 " of %" PRIu64 " iterations succeeded (%s, at 95 %% between %s and %s), "
	            "%" PRIu64 " of them on the host after a fallback; fallback rate %s (%s to %s), "
	            "retries %" PRIu64 "%s",
	            candidate->ok + candidate->state->fell_back, candidate->judged,
	            sw_rate(candidate->success_rate).text, sw_rate(candidate->success_ci.low).text,
	            sw_rate(candidate->success_ci.high).text, candidate->state->fell_back,
	            sw_rate(candidate->fallback_rate).text, sw_rate(candidate->fallback_ci.low).text,
	            sw_rate(candidate->fallback_ci.high).text, candidate->state->retries, verdict);
}

static void judge_fallback_policy(struct sw_figures *figures)
{
	const struct sw_session_info *info = &figures->session->info;
	int64_t unsafe = info->fallback_on & ~(INT64_C(1) << SW_OUTCOME_ENGINE);
	char words[128] = "";
	size_t len = 0;

	figures->fallback_unsafe = info->fallback_enabled && unsafe != 0;
	if (!figures->fallback_unsafe)
		return;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		if (unsafe & (INT64_C(1) << i))
			len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", len ? ", " : "",
			                        sw_word(&sw_words_outcome, i));
	}
	give_reason(
		figures, "fallback policy", -1,
		"unsafe: fallback.on has %s, so code that makes its sandbox end that way earns a run "
		"on the host",
		words);
}

struct protection {
	bool held;
	const char *name;
};

static size_t list_protections(const struct protection *all, size_t n, bool held, char *text,
                               size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n && len < size; i++) {
		if (all[i].held == held)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", all[i].name);
	}
	return len;
}

static bool is_root(const char *user)
{
	return *user == '\0' || strcmp(user, "0") == 0 || strncmp(user, "0:", 2) == 0 ||
	       strcmp(user, "root") == 0 || strncmp(user, "root:", 5) == 0;
}

/* What its kind gives up so as to be faster; "" where nothing but the kernel is shared. Returns how many
 * attacks are not withstood. */
static int say_isolation(const struct sw_mode_info *info, char *text, size_t size)
{
	const struct sw_isolation *line = sw_isolation_of(info->kind, info->preforked);
	int withstood, tried;

	text[0] = '\0';
	if (!line || *info->layer || !*sw_isolation_source())
		return 0;
	sw_isolation_count(line, &withstood, &tried);
	struct sw_isolation_names fails = sw_isolation_fails(line);
	bool shares = false;
	for (int i = 0; i < SW_BOND_COUNT; i++)
		shares |= i != SW_BOND_KERNEL && line->shares[i] == SW_FINDING_YES;
	if (!shares && withstood == tried)
		return 0;
	(void)snprintf(text, size, "; its iterations share %s, and %s %s",
	               sw_isolation_shared(line).text,
	               *fails.text ? "did not withstand, when tested:" : "withstood every attack",
	               *fails.text ? fails.text : "that was tested");
	return tried - withstood;
}

static void judge_security(struct sw_figures *figures)
{
	const struct sw_mode_info *info = &figures->modes[figures->candidate].state->info;
	const struct protection all[] = {
		{strcmp(info->network, "none") == 0, "network isolation"},
		{info->read_only, "read-only root"},
		{info->drop_capabilities, "dropped capabilities"},
		{info->no_new_privileges, "no-new-privileges"},
		{strcmp(info->seccomp, "unconfined") != 0, "seccomp"},
		{!is_root(info->user), "a user other than root"},
		{info->memory_bytes > 0, "a memory limit"},
		{info->cpu_milli > 0, "a cpu limit"},
		{info->pids_limit > 0, "a process limit"},
	};
	char held[256], missing[256], between[400];

	if (info->kind == SW_KIND_HOST) {
		give_reason(figures, "security", -1, "none: the candidate runs on the host");
		return;
	}
	size_t n_held = list_protections(all, sizeof(all) / sizeof(all[0]), true, held, sizeof(held));
	size_t n_missing =
		list_protections(all, sizeof(all) / sizeof(all[0]), false, missing, sizeof(missing));
	int n_fails = say_isolation(info, between, sizeof(between));
	give_reason(figures, "security",
	            n_held == 0 || n_fails ? -1
	            : n_missing            ? 0
	                                   : 1,
	            "as configured, not verified: %s%s%s%s", n_held ? held : "nothing",
	            n_missing ? "; missing: " : "", missing, between);
}

/* ---- the verdict ---- */

/* What is missing for a verdict; the reason when there is something. */
static bool is_undecidable(struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;

	if (sw_figures_is_mere_ablation(figures))
		give_reason(
			figures, "ablation", 0,
			"this session takes layers off the sandbox to measure what each costs; no whole "
			"sandbox is compared with the host here, so it decides nothing");
	else if (figures->candidate < 0)
		give_reason(figures, "modes", 0, "%s",
		            session->started && !session->info.sandbox_enabled
		                ? "sandbox.enabled is false: there is no sandbox to decide about"
		                : "there is no mode to decide about");
	else if (figures->baseline < 0)
		give_reason(figures, "modes", 0, "there is no baseline to compare with");
	else if (figures->baseline == figures->candidate)
		give_reason(figures, "modes", 0, "baseline and candidate are the same mode");
	else if (*session->environment.engine == '\0' && *session->environment.engine_error &&
	         figures->modes[figures->candidate].ok == 0)
		give_reason(figures, "engine", 0, "no container engine answered: %s",
		            session->environment.engine_error);
	else if (figures->modes[figures->candidate].judged == 0)
		give_reason(figures, "iterations", 0, "the candidate has not finished an iteration");
	else
		return false;
	return true;
}

/* An iteration of each is there, but perhaps none that ended ok. */
static bool is_unmeasured(struct sw_figures *figures)
{
	const struct sw_mode_figures *candidate = &figures->modes[figures->candidate];

	if (figures->has_overhead)
		return false;
	if (candidate->ok == 0 && figures->modes[figures->baseline].ok == 0) {
		figures->verdict = SW_VERDICT_UNKNOWN;
		give_reason(figures, "overhead", 0,
		            "not measured: no iteration ended ok in either mode%s%s",
		            *candidate->state->last_error ? "; the last error in the sandbox: " : "",
		            candidate->state->last_error);
	} else if (candidate->ok == 0) {
		figures->verdict = SW_VERDICT_DISABLE;
		give_reason(figures, "overhead", -1,
		            "not measured: none of %" PRIu64 " iterations ended ok in the sandbox%s%s",
		            candidate->judged, *candidate->state->last_error ? "; the last error: " : "",
		            candidate->state->last_error);
	} else {
		figures->verdict = SW_VERDICT_UNKNOWN;
		give_reason(figures, "overhead", 0, "not measured: no iteration of the baseline ended ok");
	}
	return true;
}

void sw_figures_decide(struct sw_figures *figures)
{
	figures->n_reasons = 0;
	figures->verdict = SW_VERDICT_UNKNOWN;
	figures->decision_percent = figures->decision_seconds = 0;
	figures->decision_with_ratio = false;
	if (!sw_figures_is_mere_ablation(figures))
		give_reason(figures, "functional tests", 0,
		            "not verified: this session ran none, so the verdict is \"%s\" at most",
		            sw_verdict_name(SW_VERDICT_ENABLE_VERIFIED));
	if (!is_undecidable(figures)) {
		figures->verdict = SW_VERDICT_ENABLE_VERIFIED;
		if (!is_unmeasured(figures)) {
			choose_percent(figures);
			judge_overhead(figures);
			judge_cpu_limit(figures);
		}
		judge_reliability(figures);
		judge_security(figures);
	}
	judge_fallback_policy(figures);
}
