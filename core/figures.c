#include "core/figures.h"

#include <math.h>
#include <stdlib.h>

#include "core/cleanup.h"

const char *sw_execute_basis_name(enum sw_execute_basis basis)
{
	switch (basis) {
	case SW_EXECUTE_UNKNOWN:
		return "unknown";
	case SW_EXECUTE_TOO_SHORT:
		return "too short";
	case SW_EXECUTE_MEASURED:
		return "measured";
	}
	return "unknown";
}

static double share_of(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

/* ---- one mode ---- */

static int add_latency(const struct sw_mode_state *state, uint64_t seed,
                       struct sw_mode_figures *figures)
{
	figures->exact = state->n_samples <= SW_SAMPLES_MAX;
	if (!figures->exact && state->latency) {
		sw_stats_of_histogram(state->latency, state->sum_ns, state->m2_ns, &figures->latency);
		return 0;
	}
	/* No more than the ring holds: it never wrapped, so it is the samples in their order. */
	return sw_stats_of_samples(state->samples, (size_t)state->n_samples, seed, &figures->latency);
}

static void add_counts(const struct sw_mode_state *state, struct sw_mode_figures *figures)
{
	uint64_t planned = state->info.planned > 0 ? (uint64_t)state->info.planned : 0;

	figures->ok = state->outcomes[SW_OUTCOME_OK];
	figures->cancelled = state->outcomes[SW_OUTCOME_CANCELLED];
	figures->judged = state->done - figures->cancelled;
	figures->failures = figures->judged - figures->ok - state->fell_back;
	figures->not_run = planned > state->done ? planned - state->done : 0;

	uint64_t good = figures->ok + state->fell_back;
	uint64_t fallbacks = state->fell_back + state->fallback_failed;
	if (fallbacks > figures->judged)
		fallbacks = figures->judged; /* a fallback that the user cancelled is not judged */
	figures->success_rate = share_of((double)good, (double)figures->judged);
	figures->fallback_rate = share_of((double)fallbacks, (double)figures->judged);
	figures->success_ci = sw_stats_wilson(good, figures->judged);
	figures->fallback_ci = sw_stats_wilson(fallbacks, figures->judged);
}

static struct sw_phase_figure phase_figure(enum sw_phase phase, const struct sw_phase_sum *sum)
{
	return (struct sw_phase_figure){
		.phase = phase,
		.count = sum->count,
		.mean_ns = sum->sum_ns / (double)sum->count,
		.p50_ns = sum->histogram ? (double)sw_histogram_percentile(sum->histogram, 50) : 0,
		.p95_ns = sum->histogram ? (double)sw_histogram_percentile(sum->histogram, 95) : 0,
	};
}

static void add_behind(const struct sw_mode_state *state, struct sw_mode_figures *figures)
{
	for (int p = 0; p < SW_PHASE_COUNT; p++) {
		if (state->behind[p].count > 0)
			figures->behind[figures->n_behind++] =
				phase_figure((enum sw_phase)p, &state->behind[p]);
	}
}

static void add_phase(const struct sw_mode_state *state, enum sw_phase phase,
                      struct sw_mode_figures *figures)
{
	const struct sw_phase_sum *sum = &state->phases[phase];
	enum sw_group group = sw_phase_group(phase);

	if (sum->count == 0)
		return;
	struct sw_phase_figure *figure = &figures->phases[figures->n_phases++];
	*figure = phase_figure(phase, sum);
	figure->share = fmin(1, share_of(sum->sum_ns, state->wall_sum_ns));
	figures->group_ns[group] += share_of(sum->sum_ns, (double)figures->timed_attempts);
	double share = figures->group_share[group] + share_of(sum->sum_ns, state->wall_sum_ns);
	figures->group_share[group] = fmin(1, share);
}

static void add_phases(const struct sw_mode_state *state, struct sw_mode_figures *figures)
{
	figures->timed_attempts = state->other_ppm ? sw_histogram_count(state->other_ppm) : 0;
	if (figures->timed_attempts == 0)
		return;
	double attempts = (double)figures->timed_attempts;
	figures->wall_ns = state->wall_sum_ns / attempts;
	figures->other_ns = state->other_sum_ns / attempts;
	figures->other_share = share_of(state->other_sum_ns, state->wall_sum_ns);
	figures->other_share_p50 = (double)sw_histogram_percentile(state->other_ppm, 50) / 1e6;
	for (int p = 0; p < SW_PHASE_COUNT; p++)
		add_phase(state, (enum sw_phase)p, figures);
}

double sw_mode_phases_ns(const struct sw_mode_figures *mode, unsigned phases)
{
	double share = 0;

	for (int i = 0; i < mode->n_phases; i++) {
		if (phases & (1U << mode->phases[i].phase))
			share += mode->phases[i].share;
	}
	return share * mode->wall_ns;
}

static int add_mode(const struct sw_session *session, int index, struct sw_figures *out)
{
	const struct sw_mode_state *state = session->modes[index];
	struct sw_mode_figures *figures = &out->modes[index];
	uint64_t seed = (uint64_t)session->info.seed + (uint64_t)index;

	figures->state = state;
	figures->throughput_per_second = 1e9 * share_of((double)state->turn_count, state->turn_ns);
	add_counts(state, figures);
	add_phases(state, figures);
	add_behind(state, figures);
	return add_latency(state, seed, figures);
}

/* ---- the candidate against the baseline ---- */

static int index_of(const struct sw_session *session, const struct sw_mode_state *mode)
{
	for (int i = 0; i < session->n_modes; i++) {
		if (session->modes[i] == mode)
			return i;
	}
	return -1;
}

static int add_overhead(struct sw_figures *out)
{
	if (out->baseline < 0 || out->candidate < 0 || out->baseline == out->candidate)
		return 0;
	const struct sw_mode_figures *a = &out->modes[out->baseline];
	const struct sw_mode_figures *b = &out->modes[out->candidate];
	if (a->latency.count == 0 || b->latency.count == 0)
		return 0;

	struct sw_difference difference;
	if (sw_figures_difference(out, out->baseline, out->candidate, &difference))
		return -1;
	out->overhead_ns = difference.ns;
	out->overhead_ci = difference.ci;
	out->overhead_min_ns = (double)b->latency.min - (double)a->latency.min;
	out->overhead_max_ns = (double)b->latency.max - (double)a->latency.max;
	out->overhead_p50_ns = b->latency.p50 - a->latency.p50;
	if (a->latency.count > 1 && b->latency.count > 1)
		out->overhead_stddev_ns = hypot(a->latency.stddev, b->latency.stddev);
	out->has_overhead = true;
	out->overhead_percent = difference.percent;
	out->overhead_percent_low = difference.percent_low;
	out->overhead_percent_high = difference.percent_high;
	out->distinguishable = difference.is_distinguishable;
	out->small_baseline = a->latency.mean < SW_SMALL_BASELINE_NS;
	return 0;
}

static double mean_execute(const struct sw_mode_state *state)
{
	const struct sw_phase_sum *sum = &state->phases[SW_PHASE_EXECUTE];
	return sum->count ? sum->sum_ns / (double)sum->count : 0;
}

static void add_execute(struct sw_figures *out)
{
	struct sw_execute_figure *execute = &out->execute;

	execute->cpu_stretch = 1;
	if (out->baseline < 0 || out->candidate < 0 || out->baseline == out->candidate)
		return;
	const struct sw_mode_state *baseline = out->modes[out->baseline].state;
	const struct sw_mode_state *candidate = out->modes[out->candidate].state;
	int64_t cpu_milli = candidate->info.kind == SW_KIND_HOST ? 0 : candidate->info.cpu_milli;
	if (cpu_milli > 0 && cpu_milli < 1000) {
		execute->cpu_limited = true;
		execute->cpu_stretch = 1000.0 / (double)cpu_milli;
	}
	execute->baseline_ns = mean_execute(baseline);
	execute->candidate_ns = mean_execute(candidate);
	if (execute->baseline_ns <= 0 || execute->candidate_ns <= 0)
		return;
	execute->ratio = execute->candidate_ns / execute->baseline_ns;
	execute->basis = execute->baseline_ns < SW_EXECUTE_MIN_NS ? SW_EXECUTE_TOO_SHORT
	                                                          : SW_EXECUTE_MEASURED;
}

static struct sw_projection project(const struct sw_figures *figures, double seconds)
{
	const struct sw_execute_figure *execute = &figures->execute;
	double job = seconds * 1e9;
	struct sw_projection p = {
		.project_seconds = seconds,
		.baseline_ns = job,
		.candidate_ns = job + figures->overhead_ns,
		.overhead_percent = 100 * figures->overhead_ns / job,
		.overhead_percent_low = 100 * figures->overhead_ci.low / job,
		.overhead_percent_high = 100 * figures->overhead_ci.high / job,
		.run_iterations = SW_RUN_ITERATIONS,
	};

	p.run_baseline_ns = SW_RUN_ITERATIONS * p.baseline_ns;
	p.run_candidate_ns = SW_RUN_ITERATIONS * p.candidate_ns;
	if (execute->cpu_limited && execute->basis == SW_EXECUTE_MEASURED) {
		double stretch_measured = execute->candidate_ns - execute->baseline_ns;
		p.has_ratio = true;
		p.ratio_candidate_ns = job * execute->ratio + figures->overhead_ns - stretch_measured;
		p.ratio_percent = 100 * (p.ratio_candidate_ns - job) / job;
	}
	return p;
}

static void add_projections(struct sw_figures *out)
{
	const struct sw_session_info *info = &out->session->info;

	for (int i = 0; out->has_overhead && i < info->n_project && i < SW_PROJECT_MAX; i++) {
		double seconds = info->project_seconds[i];
		if (isfinite(seconds) && seconds > 0)
			out->projections[out->n_projections++] = project(out, seconds);
	}
}

int sw_figures_compute(const struct sw_session *session, struct sw_figures *out_figures)
{
	SW_CLEANUP(free) struct sw_figures *figures = calloc(1, sizeof(*figures));

	if (!figures)
		return -1;
	figures->session = session;
	figures->n_modes = session->n_modes;
	for (int i = 0; i < session->n_modes; i++) {
		if (add_mode(session, i, figures))
			return -1;
	}
	figures->baseline = index_of(session, sw_session_baseline(session));
	figures->candidate = index_of(session, sw_session_candidate(session));
	if (add_overhead(figures))
		return -1;
	add_execute(figures);
	add_projections(figures);
	sw_figures_decide(figures);
	*out_figures = *figures;
	return 0;
}
