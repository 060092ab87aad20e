#include "tui/view.h"

#include <math.h>
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
	int n = snprintf(dst, size, "%s",
	                 info->preforked ? "preforked" : sw_word(&sw_words_kind, (int)info->kind));
	if (info->parallel > 1)
		(void)snprintf(dst + n, size - (size_t)n, " \u00d7%lld", (long long)info->parallel);
	return dst;
}

char *sw_view_faults(char *dst, size_t size, uint32_t faults)
{
	size_t used = 0;
	dst[0] = '\0';
	for (int f = 0; f < SW_FAULT_COUNT; f++) {
		if (!(faults & UINT32_C(1) << f) || used >= size)
			continue;
		int n = snprintf(dst + used, size - used, "%s%s", used ? ", " : "",
		                 sw_word(&sw_words_fault, f));
		used += n > 0 ? (size_t)n : 0;
	}
	return dst;
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
		/* As long as a whole iteration takes, so much the less with several at a time. Where turns are
		 * told their length is, with all that is done behind. */
		double each = mode->busy_ns / done, now = 0;
		if (mode->turn_count && mode->turn_ns > 0)
			each = mode->turn_ns / (double)mode->turn_count * mode->n_slots;
		for (int k = 0; k < mode->n_slots; k++) {
			const struct sw_running *run = &mode->slots[k];
			if (run->is_active && !run->warmup)
				now += fmin(each, fmax(0, (double)(now_ns - run->iteration_start_ns)));
		}
		left += fmax(0, (planned - done) * each - now) / mode->n_slots;
	}
	/* The budget of a session that finds its own length ends it in any case. */
	double budget = (double)(session->info.time_budget_ns - now_ns);
	if (session->info.is_auto && !session->is_length_decided && session->info.time_budget_ns > 0)
		left = fmin(left, fmax(0, budget + (double)sw_session_paused_ns(session, now_ns)));
	return (int64_t)left;
}
