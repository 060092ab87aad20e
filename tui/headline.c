#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"
#include "tui/view.h"

/* ---- what is told of many modes ---- */

static bool is_sandbox(const struct sw_mode_figures *mode)
{
	return mode->state->info.kind != SW_KIND_HOST;
}

static void find_best(const struct sw_figures *figures, struct sw_highlights *out)
{
	out->fastest = out->busiest = -1;
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		if (!is_sandbox(mode) || !mode->latency.count)
			continue;
		if (out->fastest < 0 || mode->latency.mean < figures->modes[out->fastest].latency.mean)
			out->fastest = i;
		if (mode->throughput_per_second > 0 &&
		    (out->busiest < 0 ||
		     mode->throughput_per_second > figures->modes[out->busiest].throughput_per_second))
			out->busiest = i;
	}
}

static void sort_layers(struct sw_highlights *out)
{
	for (int i = 1; i < out->n_layers; i++) {
		struct sw_layer_cost cost = out->layers[i];
		int k = i;
		for (; k > 0 && fabs(out->layers[k - 1].cost.ns) < fabs(cost.cost.ns); k--)
			out->layers[k] = out->layers[k - 1];
		out->layers[k] = cost;
	}
}

/* The rule's own measure, which ends the session when all of them are narrow enough. */
static int find_precision(const struct sw_figures *figures, struct sw_highlights *out)
{
	double widest = 0;
	for (int i = 0; i < figures->n_modes; i++) {
		int reference = sw_figures_reference(figures, i);
		struct sw_difference difference;
		if (reference == i)
			continue;
		if (sw_figures_difference(figures, reference, i, &difference) < 0)
			return -1;
		double larger =
			fmax(figures->modes[i].latency.mean, figures->modes[reference].latency.mean);
		if (!difference.is_known || difference.ci.method == SW_CI_NONE || larger <= 0)
			return 0;
		widest = fmax(widest, 100 * (difference.ci.high - difference.ci.low) / larger);
	}
	out->precision_percent = widest;
	return 0;
}

int sw_view_highlights(const struct sw_figures *figures, struct sw_highlights *out_highlights)
{
	const struct sw_session *session = figures->session;
	struct sw_highlights found = {.n_layers = 0};
	find_best(figures, &found);
	if (figures->n_modes > 2 && figures->candidate >= 0 && found.fastest >= 0 &&
	    found.fastest != figures->candidate &&
	    sw_figures_difference(figures, found.fastest, figures->candidate, &found.saved) < 0)
		return -1;
	if (sw_figures_is_ablation(figures) &&
	    sw_figures_layers(figures, found.layers, &found.n_layers) < 0)
		return -1;
	sort_layers(&found);
	if (session->info.is_auto && !session->is_length_decided &&
	    session->state == SW_STATE_RUNNING && find_precision(figures, &found) < 0)
		return -1;
	*out_highlights = found;
	return 0;
}

/* ---- pieces ---- */

void sw_headline_say(struct sw_headline *h, enum sw_role role, const char *format, ...)
{
	va_list args;
	size_t room = sizeof h->text - h->used;
	if (h->n == SW_HEADLINE_PIECES || room < 2)
		return;
	va_start(args, format);
	int n = vsnprintf(h->text + h->used, room, format, args);
	va_end(args);
	h->pieces[h->n++] = (struct sw_flow_piece){h->text + h->used, role};
	h->used += (n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1) + 1;
}

/* What was said since is a sentence. */
static void end_sentence(struct sw_headline *h)
{
	int before = h->n_sentences ? h->ends[h->n_sentences - 1] : 0;
	if (h->n > before && h->n_sentences < SW_HEADLINE_SENTENCES)
		h->ends[h->n_sentences++] = h->n;
}

static int index_of(const struct sw_figures *figures, int mode)
{
	return mode >= 0 && mode < figures->n_modes ? mode : -1;
}

static const char *name_of(const struct sw_figures *figures, int mode)
{
	return figures->modes[mode].state->info.name;
}

static void say_mode(struct sw_headline *h, const struct sw_figures *figures, int mode)
{
	sw_headline_say(h, sw_view_mode_role(mode), "%s", name_of(figures, mode));
}

/* "80 times as long as", and the difference with its interval. */
static void say_comparison(struct sw_headline *h, const struct sw_figures *figures)
{
	const struct sw_mode_figures *a = &figures->modes[figures->baseline];
	const struct sw_mode_figures *b = &figures->modes[figures->candidate];
	char mean[16], other[16], diff[16], interval[40];
	double ratio = a->latency.mean > 0 ? b->latency.mean / a->latency.mean : 0;
	say_mode(h, figures, figures->candidate);
	sw_headline_say(h, SW_ROLE_TEXT, " takes ");
	sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_view_mean(mean, sizeof mean, b->latency.mean));
	sw_headline_say(h, SW_ROLE_TEXT, ", ");
	say_mode(h, figures, figures->baseline);
	sw_headline_say(h, SW_ROLE_TEXT, " ");
	sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_view_mean(other, sizeof other, a->latency.mean));
	bool noise = figures->overhead_ci.method != SW_CI_NONE && !figures->distinguishable;
	if (noise) {
		sw_headline_say(h, SW_ROLE_TEXT, ": no difference that can be told from noise");
	} else {
		sw_headline_say(h, SW_ROLE_TEXT, ": ");
		sw_headline_say(h, SW_ROLE_STRONG, ratio >= 10 ? "%.0f times" : "%.2f times", ratio);
		sw_headline_say(h, SW_ROLE_TEXT, " as long, ");
		sw_headline_say(h, SW_ROLE_STRONG, "%s%s", figures->overhead_ns < 0 ? "" : "+",
		                sw_view_mean(diff, sizeof diff, figures->overhead_ns));
	}
	if (figures->overhead_ci.method != SW_CI_NONE)
		sw_headline_say(h, SW_ROLE_DIM, " %s",
		                sw_view_interval(interval, sizeof interval, figures->overhead_ci.low,
		                                 figures->overhead_ci.high));
	sw_headline_say(h, SW_ROLE_TEXT, noise ? ". " : " each. ");
}

static void say_one(struct sw_headline *h, const struct sw_figures *figures, int mode)
{
	const struct sw_mode_figures *m = &figures->modes[mode];
	char mean[16];
	if (!m->latency.count)
		return;
	say_mode(h, figures, mode);
	sw_headline_say(h, SW_ROLE_TEXT, " takes ");
	sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_view_mean(mean, sizeof mean, m->latency.mean));
	sw_headline_say(h, SW_ROLE_TEXT, " each. ");
}

/* The phases with the greatest shares, until they are three quarters. */
static void say_phases(struct sw_headline *h, const struct sw_mode_figures *mode)
{
	bool told[SW_PHASE_COUNT] = {false};
	double sum = 0;
	int n = 0;
	while (n < 3 && sum < 0.75) {
		int best = -1;
		for (int i = 0; i < mode->n_phases; i++)
			if (!told[i] && (best < 0 || mode->phases[i].share > mode->phases[best].share))
				best = i;
		if (best < 0 || mode->phases[best].share < 0.01)
			break;
		char share[16];
		told[best] = true;
		sum += mode->phases[best].share;
		sw_headline_say(h, SW_ROLE_TEXT, n++ ? ", " : "Its time goes into ");
		sw_headline_say(h, sw_view_phase_role(mode->phases[best].phase), "%s",
		                sw_word(&sw_words_phase, (int)mode->phases[best].phase));
		sw_headline_say(h, SW_ROLE_STRONG, " %s",
		                sw_view_percent(share, sizeof share, mode->phases[best].share));
	}
	if (n)
		sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

/* Faults that were injected come first: whatever else is said is of a run that was disturbed. */
static void say_disturbances(struct sw_headline *h, const struct sw_session *session)
{
	uint64_t injected = 0, not_asked = 0;
	for (int i = 0; i < session->n_modes; i++) {
		injected += sw_mode_faults(session->modes[i]);
		not_asked += session->modes[i]->not_asked;
	}
	if (session->breaker == SW_BREAKER_OPEN && session->state == SW_STATE_RUNNING)
		sw_headline_say(
			h, SW_ROLE_BAD,
			"The circuit breaker is open: the engine is left alone, and probed again. ");
	else if (session->breaker == SW_BREAKER_OPEN)
		sw_headline_say(h, SW_ROLE_BAD, "The engine did not come back: %llu %s not asked of it. ",
		                (unsigned long long)not_asked,
		                not_asked == 1 ? "attempt was" : "attempts were");
	if (injected)
		sw_headline_say(h, SW_ROLE_ACCENT, "%llu %s injected. ", (unsigned long long)injected,
		                injected == 1 ? "fault was" : "faults were");
	end_sentence(h);
}

static bool has_failures(const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		if (mode->done > mode->outcomes[SW_OUTCOME_OK] + mode->outcomes[SW_OUTCOME_CANCELLED])
			return true;
	}
	return false;
}

static void say_fallbacks(struct sw_headline *h, const struct sw_session *session)
{
	uint64_t fell_back = 0, sandboxed = 0, failed = 0, done = 0;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		done += mode->done;
		failed += mode->done - mode->fell_back - mode->outcomes[SW_OUTCOME_OK] -
		          mode->outcomes[SW_OUTCOME_CANCELLED];
		if (mode->info.kind == SW_KIND_HOST)
			continue;
		sandboxed += mode->done;
		fell_back += mode->fell_back + mode->fallback_failed;
	}
	if (failed)
		sw_headline_say(h, SW_ROLE_BAD, "%llu of %llu failed. ", (unsigned long long)failed,
		                (unsigned long long)done);
	if (fell_back)
		sw_headline_say(h, SW_ROLE_WARNING, "%llu of %llu fell back to the host. ",
		                (unsigned long long)fell_back, (unsigned long long)sandboxed);
	else if (sandboxed)
		sw_headline_say(h, SW_ROLE_OK, "Nothing fell back (0 of %llu). ",
		                (unsigned long long)sandboxed);
}

/* ---- many modes ---- */

/* "[400, 408 ms]", nothing where there is no interval. */
static void say_interval(struct sw_headline *h, struct sw_ci ci)
{
	char interval[40];
	if (ci.method != SW_CI_NONE)
		sw_headline_say(h, SW_ROLE_DIM, " %s",
		                sw_view_interval(interval, sizeof interval, ci.low, ci.high));
}

static void say_fastest(struct sw_headline *h, const struct sw_figures *figures,
                        const struct sw_highlights *highlights)
{
	char mean[16], less[16];
	const struct sw_difference *saved = &highlights->saved;
	if (highlights->fastest < 0 || highlights->fastest == figures->candidate || !saved->is_known)
		return;
	say_mode(h, figures, highlights->fastest);
	/* One that was run once proves nothing. */
	sw_headline_say(h, SW_ROLE_TEXT,
	                saved->ci.method == SW_CI_NONE ? " is the fastest sandbox so far: "
	                                               : " is the fastest sandbox: ");
	sw_headline_say(h, SW_ROLE_STRONG, "%s",
	                sw_view_mean(mean, sizeof mean,
	                             figures->modes[highlights->fastest].latency.mean));
	if (saved->is_distinguishable || saved->ci.method == SW_CI_NONE) {
		sw_headline_say(h, SW_ROLE_TEXT, ", ");
		sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_view_mean(less, sizeof less, saved->ns));
		sw_headline_say(h, SW_ROLE_TEXT, " less than ");
	} else {
		sw_headline_say(h, SW_ROLE_TEXT, ", which cannot be told from ");
	}
	say_mode(h, figures, figures->candidate);
	say_interval(h, saved->ci);
	sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

static void say_busiest(struct sw_headline *h, const struct sw_figures *figures,
                        const struct sw_highlights *highlights)
{
	char rate[16];
	if (highlights->busiest < 0)
		return;
	say_mode(h, figures, highlights->busiest);
	sw_headline_say(h, SW_ROLE_TEXT, " gets most done: ");
	sw_headline_say(h, SW_ROLE_STRONG, "%s",
	                sw_view_rate(rate, sizeof rate,
	                             figures->modes[highlights->busiest].throughput_per_second));
	sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

/* ---- layers ---- */

static bool is_absence(const struct sw_layer_cost *layer)
{
	return layer->layer == SW_LAYER_NETWORK;
}

/* "limits +21.0 ms [18.0, 24.1 ms]"; of a layer that is the absence of something, what that would add. */
static void say_layer(struct sw_headline *h, const struct sw_layer_cost *layer)
{
	char cost[16];
	double ns = is_absence(layer) ? -layer->cost.ns : layer->cost.ns;
	struct sw_ci ci = layer->cost.ci;
	if (is_absence(layer)) {
		ci.low = -layer->cost.ci.high;
		ci.high = -layer->cost.ci.low;
	}
	sw_headline_say(h, SW_ROLE_TEXT, is_absence(layer) ? "A %s would add " : "%s ",
	                sw_word(&sw_words_layer, (int)layer->layer));
	sw_headline_say(h, SW_ROLE_STRONG, "%s%s", ns < 0 ? "" : "+",
	                sw_view_mean(cost, sizeof cost, ns));
	say_interval(h, ci);
}

/* Those whose cost can be told from zero, the dearest first. */
static void say_told_layers(struct sw_headline *h, const struct sw_highlights *highlights,
                            bool absences)
{
	int told = 0;
	for (int i = 0; i < highlights->n_layers; i++) {
		const struct sw_layer_cost *layer = &highlights->layers[i];
		if (!layer->cost.is_distinguishable || is_absence(layer) != absences)
			continue;
		sw_headline_say(h, SW_ROLE_TEXT, told++ ? ", " : absences ? "" : "Its layers cost: ");
		say_layer(h, layer);
	}
	if (told)
		sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

/* Those that cost nothing, as far as can be told; and those of which nothing is known yet. */
static void say_noise(struct sw_headline *h, const struct sw_highlights *highlights)
{
	int all = 0, said = 0;
	for (int i = 0; i < highlights->n_layers; i++)
		all += highlights->layers[i].cost.ci.method != SW_CI_NONE &&
		       !highlights->layers[i].cost.is_distinguishable;
	for (int i = 0; i < highlights->n_layers && all; i++) {
		const struct sw_difference *cost = &highlights->layers[i].cost;
		if (cost->ci.method == SW_CI_NONE || cost->is_distinguishable)
			continue;
		if (said)
			sw_headline_say(h, SW_ROLE_TEXT, said + 1 == all ? " and " : ", ");
		said++;
		sw_headline_say(h, SW_ROLE_STRONG, "%s",
		                sw_word(&sw_words_layer, (int)highlights->layers[i].layer));
	}
	if (all)
		sw_headline_say(h, SW_ROLE_TEXT, ": not distinguishable from zero. ");
}

static void say_layers(struct sw_headline *h, const struct sw_figures *figures,
                       const struct sw_highlights *highlights)
{
	say_one(h, figures, sw_figures_reference(figures, highlights->layers[0].mode));
	end_sentence(h);
	say_told_layers(h, highlights, false);
	end_sentence(h);
	say_told_layers(h, highlights, true);
	end_sentence(h);
	say_noise(h, highlights);
	end_sentence(h);
}

/* ---- how long ---- */

static void say_length(struct sw_headline *h, const struct sw_session *session,
                       const struct sw_highlights *highlights)
{
	if (session->is_length_decided) {
		sw_headline_say(h, SW_ROLE_TEXT, "Its length was found: %s. ", session->length_text);
		return;
	}
	sw_headline_say(h, SW_ROLE_TEXT, "It ends once all intervals are within ");
	sw_headline_say(h, SW_ROLE_STRONG, "%g %%", session->info.precision_percent);
	if (highlights->precision_percent > 0) {
		sw_headline_say(h, SW_ROLE_TEXT, ", now ");
		sw_headline_say(h, SW_ROLE_STRONG, "%.1f %%", highlights->precision_percent);
	}
	sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

/* ---- the whole ---- */

/* Before there is anything to compare. */
static void say_plan(struct sw_headline *h, const struct sw_session *session)
{
	sw_headline_say(h, SW_ROLE_TEXT, session->n_modes > 1 ? "Comparing " : "Measuring ");
	for (int i = 0; i < session->n_modes; i++) {
		if (i)
			sw_headline_say(h, SW_ROLE_TEXT, "%s",
			                i + 1 < session->n_modes ? ", "
			                : session->n_modes > 2   ? " and "
			                                         : " with ");
		sw_headline_say(h, sw_view_mode_role(i), "%s", session->modes[i]->info.name);
	}
	sw_headline_say(h, SW_ROLE_TEXT,
	                session->info.iterations == 1 ? ", %lld iteration each. "
	                                              : ", %lld iterations each. ",
	                (long long)session->info.iterations);
}

static void say_result(struct sw_headline *h, const struct sw_session *session,
                       const struct sw_figures *figures, const struct sw_highlights *highlights)
{
	bool is_ablation = highlights && highlights->n_layers && highlights->layers[0].cost.is_known;
	if (is_ablation) {
		say_layers(h, figures, highlights);
	} else if (figures->has_overhead) {
		say_comparison(h, figures);
	} else {
		say_plan(h, session);
		for (int i = 0; i < figures->n_modes; i++)
			say_one(h, figures, i);
	}
	end_sentence(h);
	if (highlights && figures->has_overhead && figures->n_modes > 2 && !is_ablation) {
		say_fastest(h, figures, highlights);
		end_sentence(h);
	}
}

void sw_view_headline(const struct sw_session *session, const struct sw_figures *figures,
                      const struct sw_highlights *highlights, struct sw_headline *out_headline)
{
	struct sw_headline *h = out_headline;
	h->n = h->n_sentences = 0;
	h->used = 0;
	if (!session->started || !figures) {
		sw_headline_say(h, SW_ROLE_DIM, "Nothing is known yet.");
		end_sentence(h);
		return;
	}
	int baseline = index_of(figures, figures->baseline);
	int candidate = index_of(figures, figures->candidate);
	int told = candidate >= 0 ? candidate : baseline;
	bool is_many = highlights && figures->n_modes > 2;
	say_disturbances(h, session);
	say_result(h, session, figures, highlights);
	if (highlights && session->info.is_auto && !session->is_length_decided)
		say_length(h, session, highlights);
	end_sentence(h);
	/* What went wrong must not be what a small terminal leaves out. */
	bool has_trouble = has_failures(session);
	if (has_trouble)
		say_fallbacks(h, session);
	end_sentence(h);
	/* What matters most is told of one first: with many the others come before where its time goes. */
	if (!is_many && told >= 0)
		say_phases(h, &figures->modes[told]);
	end_sentence(h);
	if (!has_trouble)
		say_fallbacks(h, session);
	end_sentence(h);
	if (highlights && session->info.is_auto && session->is_length_decided)
		say_length(h, session, highlights);
	end_sentence(h);
	if (is_many && !highlights->n_layers)
		say_busiest(h, figures, highlights);
	end_sentence(h);
	if (is_many && told >= 0 && !highlights->n_layers)
		say_phases(h, &figures->modes[told]);
	end_sentence(h);
}
