#include "core/report_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/report_text.h"
#include "core/text.h"

struct sw_sentence sw_say(const char *format, ...)
{
	char text[2048];
	struct sw_sentence sentence;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)sw_text_clean(sentence.text, sizeof(sentence.text), text, strlen(text));
	return sentence;
}

/* PART after " · ", unless it is empty. */
static void join(struct sw_sentence *sentence, const char *part)
{
	size_t len = strlen(sentence->text);
	char piece[320];

	if (*part == '\0')
		return;
	(void)snprintf(piece, sizeof(piece), "%s%.300s", len ? " · " : "", part);
	(void)sw_text_clean(sentence->text + len, sizeof(sentence->text) - len, piece, strlen(piece));
}

struct sw_sentence sw_say_elapsed(const struct sw_session *session)
{
	int64_t paused_ns = sw_session_paused_ns(session, session->last_ns);

	if (!paused_ns)
		return sw_say("%s", sw_duration((double)session->last_ns).text);
	return sw_say("%s, %s of it paused", sw_duration((double)session->last_ns).text,
	              sw_duration((double)paused_ns).text);
}

struct sw_sentence sw_say_state(const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;

	return sw_say("%s, %" PRIu64 " of %" PRIu64 " iterations in %s",
	              session->started ? sw_word(&sw_words_state, (int)session->state) : "not started",
	              sw_session_done(session), sw_session_planned(session),
	              sw_say_elapsed(session).text);
}

struct sw_sentence sw_say_engine(const struct sw_figures *figures)
{
	const struct sw_environment *environment = &figures->session->environment;
	struct sw_sentence sentence;

	bool wanted = false;

	for (int i = 0; i < figures->n_modes; i++)
		wanted |= figures->modes[i].state->info.kind != SW_KIND_HOST;
	if (*environment->engine == '\0' && figures->n_modes && !wanted)
		return sw_say("none needed: no mode uses a sandbox");
	if (*environment->engine == '\0')
		return sw_say("no container engine%s%s", *environment->engine_error ? ": " : "",
		              environment->engine_error);
	sentence = sw_say("%s%s%s", environment->engine, *environment->engine_version ? " " : "",
	                  environment->engine_version);
	join(&sentence, environment->runtime);
	join(&sentence, environment->storage);
	join(&sentence, environment->private_engine ? "private" : "");
	return sentence;
}

struct sw_sentence sw_say_machine(const struct sw_figures *figures)
{
	const struct sw_environment *environment = &figures->session->environment;
	struct sw_sentence sentence = {""};
	char size[16];

	join(&sentence, environment->host);
	join(&sentence, environment->os);
	join(&sentence, environment->kernel);
	if (environment->cpus > 0)
		join(&sentence, sw_say("%" PRId64 " CPUs", environment->cpus).text);
	if (environment->memory_bytes > 0)
		join(&sentence, sw_text_bytes(size, sizeof(size), (uint64_t)environment->memory_bytes));
	return sentence;
}

struct sw_sentence sw_say_image(const struct sw_figures *figures)
{
	const struct sw_environment *environment = &figures->session->environment;
	char size[16];

	if (*environment->image == '\0')
		return (struct sw_sentence){""};
	if (environment->image_bytes <= 0)
		return sw_say("%s", environment->image);
	return sw_say("%s (%s)", environment->image,
	              sw_text_bytes(size, sizeof(size), (uint64_t)environment->image_bytes));
}

struct sw_sentence sw_say_shim(const struct sw_figures *figures)
{
	struct sw_sentence sentence = {""};
	const struct sw_mode_info *first = NULL;
	bool differ = false;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_info *info = &figures->modes[i].state->info;
		if (*info->image_id == '\0')
			continue;
		first = first ? first : info;
		differ |= info->shim != first->shim;
		join(&sentence,
		     sw_say("%s in %s", sw_word(&sw_words_shim, (int)info->shim), info->name).text);
	}
	if (first && !differ)
		return sw_say("%s", sw_word(&sw_words_shim, (int)first->shim));
	return sentence;
}

struct sw_sentence sw_say_python(const struct sw_figures *figures)
{
	struct sw_sentence sentence = {""};
	const char *first = NULL;
	bool differ = false;

	if (figures->session->info.command)
		return sw_say("not used: the workload is a command");
	for (int i = 0; i < figures->n_modes; i++) {
		const char *python = figures->modes[i].state->python;
		if (*python && !first)
			first = python;
		differ |= *python && strcmp(python, first) != 0;
	}
	if (!differ)
		return sw_say("%s", first ? first : "");
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_state *mode = figures->modes[i].state;
		if (*mode->python)
			join(&sentence, sw_say("%s in %s", mode->python, mode->info.name).text);
	}
	return sentence;
}

static double mean_of_phase(const struct sw_mode_figures *mode, enum sw_phase phase)
{
	for (int i = 0; i < mode->n_phases; i++) {
		if (mode->phases[i].phase == phase)
			return mode->phases[i].mean_ns;
	}
	return -1;
}

/* The worker validates every strategy, wherever it runs: there is no switch. */
struct sw_sentence sw_say_validation(const struct sw_figures *figures)
{
	struct sw_sentence sentence = {""};
	int measured = 0;

	if (figures->session->info.command)
		return sw_say("none: the workload is a command");
	for (int i = 0; i < figures->n_modes; i++) {
		double ns = mean_of_phase(&figures->modes[i], SW_PHASE_VALIDATE);
		if (ns < 0)
			continue;
		measured++;
		join(&sentence,
		     sw_say("%s in %s", sw_duration(ns).text, figures->modes[i].state->info.name).text);
	}
	if (figures->n_modes == 0)
		return sentence;
	if (measured == 0)
		return sw_say("AST validation enabled in every mode; no iteration measured it");
	return sw_say("AST validation enabled in %s (phase validate: %s)",
	              figures->n_modes == 1   ? "the mode"
	              : figures->n_modes == 2 ? "both modes"
	                                      : "every mode",
	              sentence.text);
}

struct sw_sentence sw_say_baseline(const struct sw_figures *figures)
{
	return sw_say("%s", figures->baseline < 0 ? "baseline"
	                                          : figures->modes[figures->baseline].state->info.name);
}

struct sw_sentence sw_say_candidate(const struct sw_figures *figures)
{
	return sw_say("%s", figures->candidate < 0
	                        ? "candidate"
	                        : figures->modes[figures->candidate].state->info.name);
}

struct sw_sentence sw_say_no_overhead(const struct sw_figures *figures)
{
	const struct sw_mode_figures *candidate;

	if (figures->has_overhead)
		return (struct sw_sentence){""};
	if (sw_figures_is_mere_ablation(figures))
		return sw_say(
			"Not measured: the session compares one sandbox with itself, a layer less at a time, "
			"and with no host.");
	if (figures->candidate < 0 || figures->baseline < 0 || figures->baseline == figures->candidate)
		return sw_say("Not measured: the session has no %s to compare.",
		              figures->candidate < 0 ? "sandbox mode" : "separate baseline");
	candidate = &figures->modes[figures->candidate];
	if (candidate->latency.count > 0)
		return sw_say("Not measured: no iteration of %s ended ok.", sw_say_baseline(figures).text);
	if (candidate->judged > 0 && candidate->state->fell_back == candidate->judged)
		return sw_say("Not measured: all %" PRIu64 " iterations of %s fell back to the host.",
		              candidate->judged, sw_say_candidate(figures).text);
	return sw_say("Not measured: of %" PRIu64 " iterations of %s, none ended ok in the sandbox.",
	              candidate->judged, sw_say_candidate(figures).text);
}

struct sw_sentence sw_say_noise(const struct sw_figures *figures)
{
	if (!figures->has_overhead || figures->distinguishable)
		return (struct sw_sentence){""};
	if (figures->overhead_ci.method == SW_CI_NONE)
		return sw_say("One iteration gives no interval: the difference can't be told from noise.");
	return sw_say("The interval includes 0: the difference can't be told from noise.");
}

struct sw_sentence sw_say_small_baseline(const struct sw_figures *figures)
{
	if (!figures->has_overhead || !figures->small_baseline)
		return (struct sw_sentence){""};
	return sw_say("The percentage is misleading: the baseline takes only %s. Compare the absolute "
	              "overhead, or the projection.",
	              sw_duration(figures->modes[figures->baseline].latency.mean).text);
}

struct sw_sentence sw_say_ratio(const struct sw_figures *figures)
{
	const struct sw_execute_figure *execute = &figures->execute;
	struct sw_sentence means;

	if (!figures->has_overhead)
		return (struct sw_sentence){""};
	means = sw_say("%s in %s against %s in %s", sw_duration(execute->candidate_ns).text,
	               sw_say_candidate(figures).text, sw_duration(execute->baseline_ns).text,
	               sw_say_baseline(figures).text);
	if (!execute->cpu_limited) {
		if (execute->basis != SW_EXECUTE_MEASURED)
			return (struct sw_sentence){""};
		return sw_say("The job itself (phase execute) took ×%s as long: %s.",
		              sw_fixed(execute->ratio, 2).text, means.text);
	}
	struct sw_sentence cpu =
		sw_say("The projection leaves the sandbox's own limit of %s CPU out, which stretches "
	           "CPU-bound jobs.",
	           sw_plain(1 / execute->cpu_stretch).text);
	if (execute->basis == SW_EXECUTE_UNKNOWN)
		return sw_say("%s This session did not measure by how much; the limit alone allows ×%s.",
		              cpu.text, sw_plain(execute->cpu_stretch).text);
	if (execute->basis == SW_EXECUTE_TOO_SHORT)
		return sw_say(
			"%s By how much can't be extrapolated from this session: its execute phase is "
			"below 1 ms (%s). The limit alone allows ×%s.",
			cpu.text, means.text, sw_plain(execute->cpu_stretch).text);
	return sw_say(
		"%s Measured execute ratio ×%s (%s)%s; the columns \"with ratio\" hold if the whole "
		"job is CPU-bound.",
		cpu.text, sw_fixed(execute->ratio, 2).text, means.text,
		execute->baseline_ns < SW_CPU_PERIOD_NS
			? ", derived from less than one 100 ms period of the limit, so it is uncertain"
			: "");
}

struct sw_sentence sw_say_gates(const struct sw_figures *figures)
{
	int64_t gates = figures->session->info.gates;

	if (gates <= 0)
		return (struct sw_sentence){""};
	return sw_say("%" PRId64 " configured, not evaluated by this version", gates);
}

struct sw_sentence sw_say_counts(const uint64_t counts[SW_OUTCOME_COUNT])
{
	struct sw_sentence sentence = {""};

	for (int o = 0; o < SW_OUTCOME_COUNT; o++) {
		size_t len = strlen(sentence.text);
		if (counts[o] > 0)
			(void)snprintf(sentence.text + len, sizeof(sentence.text) - len, "%s%s %" PRIu64,
			               len ? ", " : "", sw_word(&sw_words_outcome, o), counts[o]);
	}
	return sentence;
}

struct sw_sentence sw_say_failures(const struct sw_mode_figures *mode)
{
	uint64_t counts[SW_OUTCOME_COUNT];

	memcpy(counts, mode->state->outcomes, sizeof(counts));
	counts[SW_OUTCOME_OK] = 0;
	return sw_say_counts(counts);
}

struct sw_unit sw_unit_of_modes(const struct sw_figures *figures)
{
	double smallest = INFINITY, largest = 0;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_stats *latency = &figures->modes[i].latency;
		if (latency->count == 0)
			continue;
		smallest = fmin(smallest, latency->mean);
		largest = fmax(largest, (double)latency->max);
	}
	return sw_unit_for(smallest, largest);
}

/* Two decimals: thousandths of a millisecond of one phase are noise. */
struct sw_unit sw_unit_of_phases(const struct sw_mode_figures *mode)
{
	return sw_unit_for(1e6, mode->wall_ns);
}

double sw_mean_reach(const struct sw_stats *stats)
{
	return fmax(stats->mean - stats->mean_ci.low, stats->mean_ci.high - stats->mean);
}
