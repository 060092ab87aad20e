#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report_words.h"
#include "core/text.h"

static const char *name_of(const struct sw_figures *figures, int mode)
{
	return figures->modes[mode].state->info.name;
}

/* ---- layers ---- */

/* A layer as what has it: with its verbs. */
static const struct {
	const char *subject, *costs, *saves;
} layer_words[SW_LAYER_COUNT] = {
	[SW_LAYER_NONE] = {"nothing", "costs", "saves"},
	[SW_LAYER_NETWORK] = {"no network", "costs", "saves"},
	[SW_LAYER_SECCOMP] = {"seccomp", "costs", "saves"},
	[SW_LAYER_READONLY] = {"the read-only root", "costs", "saves"},
	[SW_LAYER_LIMITS] = {"the limits", "cost", "save"},
	[SW_LAYER_CAPS] = {"dropped capabilities", "cost", "save"},
};

/* [LOW, HIGH] of what is saved is that of what it costs, turned round. */
static struct sw_sentence say_interval(const struct sw_difference *cost, bool saves,
                                       struct sw_unit unit)
{
	double low = saves ? -cost->ci.high : cost->ci.low;
	double high = saves ? -cost->ci.low : cost->ci.high;

	if (cost->ci.method == SW_CI_NONE)
		return (struct sw_sentence){""};
	return sw_say(" [%s, %s]", sw_signed_in_unit(unit, low).text,
	              sw_signed_in_unit(unit, high).text);
}

struct sw_sentence sw_say_layer(const struct sw_figures *figures, const struct sw_layer_cost *cost,
                                struct sw_unit unit)
{
	const struct sw_difference *difference = &cost->cost;
	const char *subject = layer_words[cost->layer].subject;
	bool saves = difference->ns < 0;

	if (!difference->is_known)
		return sw_say("%s: not measured, for want of iterations of %s or %s that ended ok", subject,
		              name_of(figures, difference->a), name_of(figures, difference->b));
	struct sw_sentence first =
		sw_say("%s %s %s %s%s", subject,
	           saves ? layer_words[cost->layer].saves : layer_words[cost->layer].costs,
	           sw_in_unit(unit, fabs(difference->ns)).text, unit.name,
	           say_interval(difference, saves, unit).text);
	if (difference->ci.method == SW_CI_NONE)
		return sw_say("%s; one iteration gives no interval", first.text);
	if (!difference->is_distinguishable)
		return sw_say("%s: not distinguishable from zero", first.text);
	double whole = figures->modes[difference->b].latency.mean;
	struct sw_number share = sw_share(whole > 0 ? fabs(difference->ns) / whole : 0);
	if (cost->layer == SW_LAYER_NETWORK && saves)
		return sw_say("%s: setting up the engine's bridge would cost that, %s of an iteration",
		              first.text, share.text);
	return sw_say("%s: %s of an iteration", first.text, share.text);
}

/* ---- the course of a mode ---- */

struct sw_sentence sw_say_drift(const struct sw_figures *figures, int mode,
                                const struct sw_drift *drift)
{
	if (!drift->is_found)
		return (struct sw_sentence){""};
	struct sw_unit unit =
		sw_unit_for(fmin(drift->first_ns, drift->last_ns), fmax(drift->first_ns, drift->last_ns));
	return sw_say(
		"%s: the last third of its iterations took %s %s %s than the first third, on average (%s, "
		"95 %% interval %s to %s %s); nothing is left out of the figures",
		name_of(figures, mode), sw_in_unit(unit, fabs(drift->ns)).text, unit.name,
		drift->ns > 0 ? "longer" : "less", sw_percent(drift->percent).text,
		sw_signed_in_unit(unit, drift->ci.low).text, sw_signed_in_unit(unit, drift->ci.high).text,
		unit.name);
}

struct sw_sentence sw_say_outliers(const struct sw_figures *figures, int mode,
                                   const struct sw_outliers *outliers)
{
	const struct sw_mode_state *state = figures->modes[mode].state;
	uint64_t kept = state->n_samples < SW_SAMPLES_MAX ? state->n_samples : SW_SAMPLES_MAX;

	if (outliers->count == 0)
		return (struct sw_sentence){""};
	return sw_say("%s: %" PRIu64 " of %" PRIu64
	              " iterations took more than %s (Q3 + 3 × IQR), the longest %s; "
	              "nothing is left out of the figures",
	              name_of(figures, mode), outliers->count, kept,
	              sw_duration(outliers->threshold_ns).text,
	              sw_duration((double)outliers->max_ns).text);
}

/* ---- the session's length ---- */

/* The time may have run out while one mode was ahead of another. */
static bool is_even(const struct sw_session *session)
{
	for (int i = 1; i < session->n_modes; i++)
		if (session->modes[i]->done != session->modes[0]->done)
			return false;
	return true;
}

struct sw_sentence sw_say_auto(const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;
	const struct sw_session_info *info = &session->info;

	if (!info->is_auto)
		return (struct sw_sentence){""};
	if (session->is_length_decided && session->n_modes > 0)
		return sw_say("auto, %s%" PRId64 " iterations per mode: %s",
		              is_even(session) ? "" : "at most ", session->modes[0]->info.planned,
		              session->length_text);
	struct sw_sentence budget = {""};
	if (info->time_budget_ns > 0)
		budget = sw_say(", within %s", sw_duration((double)info->time_budget_ns).text);
	return sw_say(
		"auto, %s: until every 95 %% interval of a difference spans less than %s %% of the larger "
		"mean, %" PRId64 " to %" PRId64 " iterations per mode%s",
		session->state == SW_STATE_RUNNING ? "not decided yet" : "not decided",
		sw_plain(info->precision_percent).text, info->min_iterations, info->iterations,
		budget.text);
}

/* ---- isolation ---- */

struct sw_sentence sw_say_isolation_source(const struct sw_figures *figures)
{
	const struct sw_environment *here = &figures->session->environment;
	const char *source = sw_isolation_source();

	if (*source == '\0')
		return (struct sw_sentence){""};
	return sw_say("tested on %s%s", source,
	              *here->engine &&
	                      !sw_isolation_is_of(here->engine, here->engine_version, here->runtime)
	                  ? ": another engine than this session's"
	                  : "");
}

struct sw_sentence sw_say_modes_of(const struct sw_figures *figures,
                                   const struct sw_isolation *line, int *out_first)
{
	struct sw_sentence list = {""};
	int first = -1;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_info *info = &figures->modes[i].state->info;
		if (*info->layer || sw_isolation_of(info->kind, info->preforked) != line)
			continue;
		struct sw_sentence longer = sw_say("%s%s%s", list.text, *list.text ? ", " : "", info->name);
		if (first < 0 || (info->parallel == 1 && figures->modes[first].state->info.parallel > 1))
			first = i;
		list = longer;
	}
	*out_first = first;
	return list;
}

struct sw_number sw_say_against_candidate(const struct sw_figures *figures, int mode)
{
	const struct sw_stats *latency = &figures->modes[mode].latency;

	if (figures->candidate < 0 || mode == figures->candidate || latency->count == 0 ||
	    !(figures->modes[figures->candidate].latency.mean > 0))
		return (struct sw_number){"-"};
	return sw_percent_fixed(100 *
	                        (latency->mean / figures->modes[figures->candidate].latency.mean - 1));
}

struct sw_sentence sw_say_replaced(const struct sw_mode_figures *mode)
{
	uint64_t n = mode->state->replaced;

	if (n == 0)
		return (struct sw_sentence){""};
	return sw_say("%" PRIu64 " kept container%s lost, and made anew", n,
	              n == 1 ? " was" : "s were");
}

struct sw_number sw_say_rate(double per_second)
{
	if (!(per_second > 0))
		return (struct sw_number){"-"};
	return sw_fixed(per_second, per_second < 9.995 ? 2 : per_second < 99.95 ? 1 : 0);
}
