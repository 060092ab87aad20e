#include "core/adaptive.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/figures.h"
#include "core/numbers.h"
#include "core/session.h"
#include "core/stats.h"
#include "core/text.h"

/* The first mode that lacks no layer, if it is a sandbox: what an ablation takes layers from. */
static int whole_sandbox(const struct sw_plan *plan)
{
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].layer == SW_LAYER_NONE && plan->modes[i].kind != SW_KIND_HOST)
			return i;
	return -1;
}

/* As sw_figures_reference chooses it from a session. */
static int reference_of(const struct sw_plan *plan, int mode)
{
	int reference = -1;
	if (plan->modes[mode].layer == SW_LAYER_NONE)
		reference = sw_plan_baseline(plan);
	if (reference < 0)
		reference = whole_sandbox(plan);
	return reference < 0 ? 0 : reference;
}

void sw_adaptive_init(struct sw_adaptive *adaptive, const struct sw_plan *plan)
{
	*adaptive = (struct sw_adaptive){.plan = plan, .next_check = plan->min_iterations};
	for (int i = 0; i < plan->n_modes; i++)
		adaptive->modes[i].reference = reference_of(plan, i);
}

void sw_adaptive_done(struct sw_adaptive *adaptive)
{
	if (!adaptive)
		return;
	for (int i = 0; i < SW_MODES_MAX; i++)
		free(adaptive->modes[i].samples);
	*adaptive = (struct sw_adaptive){0};
}

/* Samples are kept without a gap from the first on, or not at all any more. */
static void keep_sample(struct sw_adaptive_mode *mode, int64_t latency_ns)
{
	if (mode->n_samples != mode->count || mode->n_samples == SW_SAMPLES_MAX)
		return;
	if (mode->n_samples == mode->cap) {
		size_t cap = mode->cap ? 2 * mode->cap : 64;
		int64_t *grown = reallocarray(mode->samples, cap, sizeof *grown);
		if (!grown)
			return;
		mode->samples = grown;
		mode->cap = cap;
	}
	mode->samples[mode->n_samples++] = latency_ns;
}

void sw_adaptive_add(struct sw_adaptive *adaptive, int index, int64_t latency_ns)
{
	if (!adaptive->plan || index < 0 || index >= adaptive->plan->n_modes)
		return;
	struct sw_adaptive_mode *mode = &adaptive->modes[index];
	keep_sample(mode, latency_ns);
	mode->count++;
	double delta = (double)latency_ns - mode->mean_ns;
	mode->mean_ns += delta / (double)mode->count;
	mode->m2_ns += delta * ((double)latency_ns - mode->mean_ns);
}

/* ---- the intervals ---- */

static bool has_all(const struct sw_adaptive_mode *mode)
{
	return mode->n_samples == mode->count;
}

static struct sw_stats moments_of(const struct sw_adaptive_mode *mode)
{
	double n = (double)mode->count;
	return (struct sw_stats){
		.count = mode->count,
		.mean = mode->mean_ns,
		.stddev = mode->count > 1 ? sqrt(fmax(0, mode->m2_ns) / (n - 1)) : 0,
	};
}

static struct sw_ci difference(const struct sw_adaptive *adaptive, const struct sw_adaptive_mode *a,
                               const struct sw_adaptive_mode *b)
{
	struct sw_ci ci;
	if (has_all(a) && has_all(b) &&
	    sw_stats_difference(a->samples, a->n_samples, b->samples, b->n_samples,
	                        sw_difference_seed(adaptive->plan->seed), &ci) == 0)
		return ci;
	struct sw_stats of_a = moments_of(a), of_b = moments_of(b);
	return sw_stats_welch(&of_a, &of_b);
}

/* The interval of a mean is that of its difference from a constant. */
static struct sw_ci of_mean(const struct sw_adaptive *adaptive, const struct sw_adaptive_mode *mode)
{
	struct sw_stats stats, constant = {.count = mode->count};
	if (has_all(mode) &&
	    sw_stats_of_samples(mode->samples, mode->n_samples, adaptive->plan->seed, &stats) == 0)
		return stats.mean_ci;
	stats = moments_of(mode);
	return sw_stats_welch(&constant, &stats);
}

struct look {
	bool is_known;  /* every interval */
	double percent; /* the widest one's width */
	int mode;       /* whose that is; else one without an interval */
};

/* HIGH - LOW in percent of the larger mean; infinite when nothing can be said. */
static double width_percent(const struct sw_adaptive *adaptive, int index)
{
	const struct sw_adaptive_mode *mode = &adaptive->modes[index];
	const struct sw_adaptive_mode *reference = &adaptive->modes[mode->reference];
	struct sw_ci ci = mode == reference ? of_mean(adaptive, mode)
	                                    : difference(adaptive, reference, mode);
	double larger = fmax(mode->mean_ns, reference->mean_ns), width = ci.high - ci.low;
	if (ci.method == SW_CI_NONE)
		return INFINITY;
	return width <= 0 ? 0 : larger > 0 ? 100 * width / larger : INFINITY;
}

static struct look look_at(const struct sw_adaptive *adaptive)
{
	struct look look = {.is_known = true, .percent = -1};
	int n = adaptive->plan->n_modes;

	for (int i = 0; i < n && look.is_known; i++) {
		if (adaptive->modes[i].reference == i && n > 1)
			continue;
		double percent = width_percent(adaptive, i);
		if (percent <= look.percent)
			continue;
		look.is_known = isfinite(percent) != 0;
		look.percent = percent;
		look.mode = i;
	}
	return look;
}

/* ---- the answer ---- */

/* "the difference of warm from ast-only" */
static void say_what(const struct sw_adaptive *adaptive, int mode, char *text, size_t size)
{
	const struct sw_plan *plan = adaptive->plan;
	int reference = adaptive->modes[mode].reference;
	if (reference == mode)
		(void)snprintf(text, size, "the mean of %s", plan->modes[mode].name);
	else
		(void)snprintf(text, size, "the difference of %s from %s", plan->modes[mode].name,
		               plan->modes[reference].name);
}

static void say_reached(const struct sw_adaptive *adaptive, const struct look *look,
                        char text[SW_TEXT_MAX])
{
	char what[2 * SW_NAME_MAX + 32];
	say_what(adaptive, look->mode, what, sizeof what);
	(void)snprintf(
		text, SW_TEXT_MAX,
		"precise enough: the widest 95 %% interval, of %s, spans %s %% of the larger mean; "
		"asked for: %s %%",
		what, sw_fixed(look->percent, 2).text, sw_plain(adaptive->plan->precision_percent).text);
}

/* CAUSE ended it before MISSED. */
static void say_ended(const struct sw_adaptive *adaptive, const struct look *look,
                      const char *cause, const char *missed, char text[SW_TEXT_MAX])
{
	char what[2 * SW_NAME_MAX + 32];

	say_what(adaptive, look->mode, what, sizeof what);
	if (look->is_known)
		(void)snprintf(
			text, SW_TEXT_MAX,
			"%s before %s: the widest 95 %% interval, of %s, spans %s %% of the larger mean", cause,
			missed, what, sw_fixed(look->percent, 2).text);
	else
		(void)snprintf(text, SW_TEXT_MAX,
		               "%s before %s: %s has no interval, for want of iterations that ended ok",
		               cause, missed, what);
}

static int64_t a_tenth_more(int64_t count)
{
	return count + (count + 9) / 10;
}

void sw_adaptive_went_on(struct sw_adaptive *adaptive, int64_t iterations_done)
{
	if (iterations_done >= adaptive->plan->min_iterations && iterations_done >= adaptive->next_check)
		adaptive->next_check = a_tenth_more(iterations_done);
}

bool sw_adaptive_is_enough(struct sw_adaptive *adaptive, int64_t elapsed_ns,
                           int64_t iterations_done, double *out_precision_percent, char *text,
                           size_t size)
{
	const struct sw_plan *plan = adaptive->plan;
	bool has_min = iterations_done >= plan->min_iterations;
	bool is_last = iterations_done >= plan->iterations;
	bool is_over = plan->time_budget_ns > 0 && elapsed_ns >= plan->time_budget_ns;
	char cause[120], missed[120], said[SW_TEXT_MAX];

	if (!is_last && !is_over && !(has_min && iterations_done >= adaptive->next_check))
		return false;
	struct look look = look_at(adaptive);
	adaptive->next_check = a_tenth_more(iterations_done);
	bool is_precise = has_min && look.is_known && look.percent < plan->precision_percent;
	if (!is_last && !is_over && !is_precise)
		return false;

	(void)snprintf(cause, sizeof cause, "the most iterations of a mode (%" PRId64 ") were run",
	               plan->iterations);
	if (!is_last)
		(void)snprintf(cause, sizeof cause, "the time budget of %s was used up",
		               sw_duration((double)plan->time_budget_ns).text);
	(void)snprintf(missed, sizeof missed, "the precision of %s %% was reached",
	               sw_plain(plan->precision_percent).text);
	if (!has_min && !is_last)
		(void)snprintf(missed, sizeof missed,
		               "the fewest iterations of a mode (%" PRId64 ") were run",
		               plan->min_iterations);
	if (is_precise)
		say_reached(adaptive, &look, said);
	else
		say_ended(adaptive, &look, cause, missed, said);
	if (size)
		(void)sw_text_copy(text, size, said);
	*out_precision_percent = look.is_known ? look.percent : 0;
	return true;
}
