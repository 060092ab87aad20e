#include <math.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/figures.h"

/* ---- two modes ---- */

static int difference_interval(const struct sw_mode_figures *a, const struct sw_mode_figures *b,
                               uint64_t seed, struct sw_ci *out)
{
	if (a->exact && b->exact)
		return sw_stats_difference(a->state->samples, (size_t)a->state->n_samples,
		                           b->state->samples, (size_t)b->state->n_samples, seed, out);
	*out = sw_stats_welch(&a->latency, &b->latency);
	return 0;
}

static double percent_of(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

int sw_figures_difference(const struct sw_figures *figures, int a, int b,
                          struct sw_difference *out_difference)
{
	const struct sw_mode_figures *of_a = &figures->modes[a], *of_b = &figures->modes[b];
	uint64_t seed = sw_difference_seed((uint64_t)figures->session->info.seed);
	struct sw_difference d = {.a = a, .b = b};
	double mean = of_a->latency.mean;

	d.is_known = a != b && of_a->latency.count > 0 && of_b->latency.count > 0;
	if (d.is_known) {
		d.ns = of_b->latency.mean - mean;
		if (difference_interval(of_a, of_b, seed, &d.ci))
			return -1;
		d.percent = percent_of(d.ns, mean);
		d.percent_low = percent_of(d.ci.low, mean);
		d.percent_high = percent_of(d.ci.high, mean);
		d.is_distinguishable = d.ci.method != SW_CI_NONE && (d.ci.low > 0 || d.ci.high < 0);
	}
	*out_difference = d;
	return 0;
}

/* ---- layers ---- */

static enum sw_layer layer_of(const struct sw_mode_figures *mode)
{
	int layer = sw_word_value(&sw_words_layer, mode->state->info.layer);
	return layer < 0 ? SW_LAYER_NONE : (enum sw_layer)layer;
}

bool sw_figures_is_ablation(const struct sw_figures *figures)
{
	for (int i = 0; i < figures->n_modes; i++)
		if (layer_of(&figures->modes[i]) != SW_LAYER_NONE)
			return true;
	return false;
}

bool sw_figures_is_mere_ablation(const struct sw_figures *figures)
{
	if (!sw_figures_is_ablation(figures))
		return false;
	if (figures->baseline < 0 || figures->candidate < 0)
		return true;
	const struct sw_mode_figures *candidate = &figures->modes[figures->candidate];
	return figures->modes[figures->baseline].state->info.kind != SW_KIND_HOST ||
	       candidate->state->info.kind == SW_KIND_HOST || layer_of(candidate) != SW_LAYER_NONE;
}

static int whole_sandbox(const struct sw_figures *figures)
{
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		if (layer_of(mode) == SW_LAYER_NONE && mode->state->info.kind != SW_KIND_HOST)
			return i;
	}
	return -1;
}

int sw_figures_reference(const struct sw_figures *figures, int mode)
{
	int reference = -1;
	if (layer_of(&figures->modes[mode]) == SW_LAYER_NONE)
		reference = figures->baseline;
	if (reference < 0)
		reference = whole_sandbox(figures);
	return reference < 0 ? 0 : reference;
}

int sw_figures_layers(const struct sw_figures *figures,
                      struct sw_layer_cost out_costs[SW_MODES_MAX], int *out_n)
{
	int n = 0;

	for (int i = 0; i < figures->n_modes; i++) {
		enum sw_layer layer = layer_of(&figures->modes[i]);
		if (layer == SW_LAYER_NONE)
			continue;
		struct sw_layer_cost *cost = &out_costs[n++];
		cost->layer = layer;
		cost->mode = i;
		if (sw_figures_difference(figures, i, sw_figures_reference(figures, i), &cost->cost))
			return -1;
	}
	*out_n = n;
	return 0;
}

/* ---- the course of one mode ---- */

int sw_figures_series(const struct sw_figures *figures, int mode, struct sw_drift *out_drift,
                      struct sw_outliers *out_outliers)
{
	const struct sw_mode_state *state = figures->modes[mode].state;
	uint64_t seed = (uint64_t)figures->session->info.seed + (uint64_t)mode;
	SW_CLEANUP(free) int64_t *samples = calloc(SW_SAMPLES_MAX, sizeof *samples);
	struct sw_drift drift;

	if (!samples)
		return -1;
	size_t n = sw_mode_samples(state, samples);
	if (sw_series_drift(samples, n, seed, &drift) || sw_series_outliers(samples, n, out_outliers))
		return -1;
	*out_drift = drift;
	return 0;
}
