#include "tui/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"

enum sw_role sw_view_mode_role(int mode)
{
	return (enum sw_role)(SW_ROLE_MODE_1 + mode % SW_MODE_ROLES);
}

enum sw_role sw_view_phase_role(enum sw_phase phase)
{
	static const enum sw_role roles[SW_GROUP_COUNT] = {
		[SW_GROUP_STARTUP] = SW_ROLE_STARTUP,
		[SW_GROUP_EXECUTION] = SW_ROLE_EXECUTION,
		[SW_GROUP_SERIALIZATION] = SW_ROLE_SERIALIZATION,
		[SW_GROUP_CLEANUP] = SW_ROLE_CLEANUP,
	};
	return roles[sw_phase_group(phase)];
}

enum sw_role sw_view_outcome_role(enum sw_outcome outcome, bool fell_back)
{
	if (outcome == SW_OUTCOME_CANCELLED)
		return SW_ROLE_DIM;
	if (outcome != SW_OUTCOME_OK)
		return SW_ROLE_BAD;
	return fell_back ? SW_ROLE_WARNING : SW_ROLE_OK;
}

const char *sw_view_outcome_word(enum sw_outcome outcome, bool fell_back)
{
	return fell_back && outcome == SW_OUTCOME_OK ? "fell back"
	                                             : sw_word(&sw_words_outcome, (int)outcome);
}

char *sw_view_mean(char *dst, size_t size, double ns)
{
	return sw_text_duration(dst, size, (int64_t)llround(ns));
}

char *sw_view_interval(char *dst, size_t size, double low, double high)
{
	char a[16], b[16];
	const char *unit = strchr(sw_view_mean(a, sizeof a, low), ' ');
	const char *other = strchr(sw_view_mean(b, sizeof b, high), ' ');
	if (unit && other && strcmp(unit, other) == 0)
		(void)snprintf(dst, size, "[%.*s, %s]", (int)(unit - a), a, b);
	else
		(void)snprintf(dst, size, "[%s, %s]", a, b);
	return dst;
}

char *sw_view_clock(char *dst, size_t size, int64_t ns)
{
	int64_t seconds = ns > 0 ? ns / 1000000000 : 0;
	if (seconds >= 3600)
		(void)snprintf(dst, size, "%lld:%02lld:%02lld", (long long)(seconds / 3600),
		               (long long)(seconds / 60 % 60), (long long)(seconds % 60));
	else
		(void)snprintf(dst, size, "%lld:%02lld", (long long)(seconds / 60),
		               (long long)(seconds % 60));
	return dst;
}

char *sw_view_percent(char *dst, size_t size, double fraction)
{
	double percent = 100 * fraction;
	(void)snprintf(dst, size, fabs(percent) < 9.95 && percent != 0 ? "%.1f %%" : "%.0f %%",
	               percent);
	return dst;
}

char *sw_view_rate(char *dst, size_t size, double per_second)
{
	double value = per_second >= 0.1 ? per_second : 60 * per_second;
	(void)snprintf(dst, size,
	               value >= 99.95   ? "%.0f/%s"
	               : value >= 9.995 ? "%.1f/%s"
	                                : "%.2f/%s",
	               value, per_second >= 0.1 ? "s" : "min");
	return dst;
}

char *sw_view_kind(char *dst, size_t size, const struct sw_mode_info *info)
{
	int n = snprintf(dst, size, "%s%s", sw_word(&sw_words_kind, (int)info->kind),
	                 info->preforked ? ", preforked" : "");
	if (info->parallel > 1)
		(void)snprintf(dst + n, size - (size_t)n, " \u00d7%lld", (long long)info->parallel);
	return dst;
}

double sw_view_throughput(const struct sw_mode_state *mode)
{
	return mode->turn_ns > 0 ? 1e9 * (double)mode->turn_count / mode->turn_ns : 0;
}

/* ---- the rest ---- */

int64_t sw_view_left_ns(const struct sw_session *session, int64_t now_ns)
{
	double left = 0;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		double planned = (double)mode->info.planned, done = (double)mode->done;
		if (planned <= done)
			continue;
		if (mode->done == 0)
			return -1;
		/* As long as a whole iteration takes, so much the less with several at a time. */
		double each = mode->busy_ns / done, now = 0;
		for (int k = 0; k < mode->n_slots; k++) {
			const struct sw_running *run = &mode->slots[k];
			if (run->is_active && !run->warmup)
				now += fmin(each, fmax(0, (double)(now_ns - run->iteration_start_ns)));
		}
		left += fmax(0, (planned - done) * each - now) / mode->n_slots;
	}
	return (int64_t)left;
}

/* ---- the headline ---- */

static void say(struct sw_headline *h, enum sw_role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct sw_headline *h, enum sw_role role, const char *format, ...)
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
	say(h, sw_view_mode_role(mode), "%s", name_of(figures, mode));
}

/* "80 times as long as", and the difference with its interval. */
static void say_comparison(struct sw_headline *h, const struct sw_figures *figures)
{
	const struct sw_mode_figures *a = &figures->modes[figures->baseline];
	const struct sw_mode_figures *b = &figures->modes[figures->candidate];
	char mean[16], other[16], diff[16], interval[40];
	double ratio = a->latency.mean > 0 ? b->latency.mean / a->latency.mean : 0;
	say_mode(h, figures, figures->candidate);
	say(h, SW_ROLE_TEXT, " takes ");
	say(h, SW_ROLE_STRONG, "%s", sw_view_mean(mean, sizeof mean, b->latency.mean));
	say(h, SW_ROLE_TEXT, ", ");
	say_mode(h, figures, figures->baseline);
	say(h, SW_ROLE_TEXT, " ");
	say(h, SW_ROLE_STRONG, "%s", sw_view_mean(other, sizeof other, a->latency.mean));
	bool noise = figures->overhead_ci.method != SW_CI_NONE && !figures->distinguishable;
	if (noise) {
		say(h, SW_ROLE_TEXT, ": no difference that can be told from noise");
	} else {
		say(h, SW_ROLE_TEXT, ": ");
		say(h, SW_ROLE_STRONG, ratio >= 10 ? "%.0f times" : "%.2f times", ratio);
		say(h, SW_ROLE_TEXT, " as long, ");
		say(h, SW_ROLE_STRONG, "%s%s", figures->overhead_ns < 0 ? "" : "+",
		    sw_view_mean(diff, sizeof diff, figures->overhead_ns));
	}
	if (figures->overhead_ci.method != SW_CI_NONE)
		say(h, SW_ROLE_DIM, " %s",
		    sw_view_interval(interval, sizeof interval, figures->overhead_ci.low,
		                     figures->overhead_ci.high));
	say(h, SW_ROLE_TEXT, noise ? ". " : " each. ");
}

static void say_one(struct sw_headline *h, const struct sw_figures *figures, int mode)
{
	const struct sw_mode_figures *m = &figures->modes[mode];
	char mean[16];
	if (!m->latency.count)
		return;
	say_mode(h, figures, mode);
	say(h, SW_ROLE_TEXT, " takes ");
	say(h, SW_ROLE_STRONG, "%s", sw_view_mean(mean, sizeof mean, m->latency.mean));
	say(h, SW_ROLE_TEXT, " each. ");
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
		say(h, SW_ROLE_TEXT, n++ ? ", " : "Its time goes into ");
		say(h, sw_view_phase_role(mode->phases[best].phase), "%s",
		    sw_word(&sw_words_phase, (int)mode->phases[best].phase));
		say(h, SW_ROLE_STRONG, " %s",
		    sw_view_percent(share, sizeof share, mode->phases[best].share));
	}
	if (n)
		say(h, SW_ROLE_TEXT, ". ");
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
		say(h, SW_ROLE_BAD, "%llu of %llu failed. ", (unsigned long long)failed,
		    (unsigned long long)done);
	if (fell_back)
		say(h, SW_ROLE_WARNING, "%llu of %llu fell back to the host.",
		    (unsigned long long)fell_back, (unsigned long long)sandboxed);
	else if (sandboxed)
		say(h, SW_ROLE_OK, "Nothing fell back (0 of %llu).", (unsigned long long)sandboxed);
}

/* Before there is anything to compare. */
static void say_plan(struct sw_headline *h, const struct sw_session *session)
{
	say(h, SW_ROLE_TEXT, session->n_modes > 1 ? "Comparing " : "Measuring ");
	for (int i = 0; i < session->n_modes; i++) {
		if (i)
			say(h, SW_ROLE_TEXT, "%s",
			    i + 1 < session->n_modes ? ", "
			    : session->n_modes > 2   ? " and "
			                             : " with ");
		say(h, sw_view_mode_role(i), "%s", session->modes[i]->info.name);
	}
	say(h, SW_ROLE_TEXT,
	    session->info.iterations == 1 ? ", %lld iteration each. " : ", %lld iterations each. ",
	    (long long)session->info.iterations);
}

void sw_view_headline(const struct sw_session *session, const struct sw_figures *figures,
                      struct sw_headline *out_headline)
{
	struct sw_headline *h = out_headline;
	h->n = 0;
	h->used = 0;
	if (!session->started || !figures) {
		say(h, SW_ROLE_DIM, "Nothing is known yet.");
		return;
	}
	int baseline = index_of(figures, figures->baseline);
	int candidate = index_of(figures, figures->candidate);
	if (figures->has_overhead) {
		say_comparison(h, figures);
	} else {
		say_plan(h, session);
		for (int i = 0; i < figures->n_modes; i++)
			say_one(h, figures, i);
	}
	int told = candidate >= 0 ? candidate : baseline;
	if (told >= 0)
		say_phases(h, &figures->modes[told]);
	say_fallbacks(h, session);
}
