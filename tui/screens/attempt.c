#include "tui/screens/attempt.h"

#include <stdio.h>

#include "core/text.h"
#include "tui/screens/charts.h"
#include "tui/view.h"
#include "widgets/waterfall.h"

/* Where the next line goes, below AREA's top by what is scrolled away. */
struct page {
	struct sw_area area;
	int y;
};

/* A line of its own; texts that are longer than the area go on below. */
static void put_text(struct page *page, const struct sw_flow_piece *pieces, int n)
{
	struct sw_area measure = {NULL, 0, 0, page->area.w, 0};
	int rows = sw_flow_draw(measure, pieces, n);
	struct sw_area part = sw_area_sub(page->area, 0, page->y, page->area.w, rows);
	if (page->y >= 0 && part.h > 0)
		sw_flow_draw(part, pieces, n);
	page->y += rows;
}

static void put_head(struct page *page, const struct sw_session *session,
                     const struct sw_recent *recent)
{
	char number[32], took[16], at[16], tries[48];
	(void)snprintf(number, sizeof number, " %s%lld  ", recent->warmup ? "warm-up " : "#",
	               (long long)recent->iteration);
	(void)snprintf(tries, sizeof tries, "  %lld %s, started at ", (long long)recent->attempts,
	               recent->attempts == 1 ? "attempt" : "attempts");
	const struct sw_flow_piece pieces[] = {
		{session->modes[recent->mode]->info.name, sw_view_mode_role(recent->mode)},
		{number, SW_ROLE_TEXT},
		{sw_view_outcome_word(recent->outcome, recent->fell_back),
	     sw_view_outcome_role(recent->outcome, recent->fell_back)},
		{"  ", SW_ROLE_TEXT},
		{sw_text_duration(took, sizeof took, recent->latency_ns), SW_ROLE_STRONG},
		{tries, SW_ROLE_DIM},
		{sw_view_clock(at, sizeof at, recent->start_ns), SW_ROLE_DIM},
	};
	put_text(page, pieces, sizeof pieces / sizeof pieces[0]);
}

static void put_attempt_head(struct page *page, const struct sw_attempt_record *attempt)
{
	char number[48], took[16], end[64] = "";
	(void)snprintf(number, sizeof number, "attempt %lld%s  ", (long long)attempt->number,
	               attempt->on_host ? ", on the host" : "");
	if (attempt->term_signal)
		(void)snprintf(end, sizeof end, "  signal %lld", (long long)attempt->term_signal);
	else if (attempt->exit_code > 0)
		(void)snprintf(end, sizeof end, "  exit code %lld", (long long)attempt->exit_code);
	const struct sw_flow_piece pieces[] = {
		{number, SW_ROLE_TITLE},
		{sw_word(&sw_words_outcome, (int)attempt->outcome),
	     sw_view_outcome_role(attempt->outcome, false)},
		{"  ", SW_ROLE_TEXT},
		{sw_text_duration(took, sizeof took, attempt->wall_ns), SW_ROLE_STRONG},
		{end, SW_ROLE_DIM},
		{*attempt->container ? "  container " : "", SW_ROLE_DIM},
		{attempt->container, SW_ROLE_DIM},
	};
	put_text(page, pieces, sizeof pieces / sizeof pieces[0]);
	if (attempt->faults) {
		char faults[160];
		const struct sw_flow_piece injected[] = {
			{"injected: ", SW_ROLE_DIM},
			{sw_view_faults(faults, sizeof faults, attempt->faults), SW_ROLE_ACCENT}};
		put_text(page, injected, 2);
	}
	if (*attempt->error) {
		const struct sw_flow_piece error = {attempt->error, SW_ROLE_BAD};
		put_text(page, &error, 1);
	}
}

static void put_waterfall(struct page *page, const struct sw_attempt_record *attempt)
{
	char lengths[SW_SPANS_MAX][16], shares[SW_SPANS_MAX][16];
	struct sw_waterfall_phase phases[SW_SPANS_MAX];
	double wall = (double)attempt->wall_ns;
	for (int i = 0; i < attempt->n_spans; i++) {
		const struct sw_span *span = &attempt->spans[i];
		double length = (double)(span->end_ns - span->start_ns);
		phases[i] = (struct sw_waterfall_phase){
			.name = sw_word(&sw_words_phase, (int)span->phase),
			.role = sw_view_phase_role(span->phase),
			.start = (double)(span->start_ns - attempt->start_ns),
			.length = length,
			.mean = sw_view_mean(lengths[i], sizeof lengths[i], length),
			.share = sw_view_percent(shares[i], sizeof shares[i], wall > 0 ? length / wall : 0),
		};
	}
	struct sw_waterfall_view view = {
		.phases = phases,
		.n = attempt->n_spans,
		.label = sw_duration_label,
		.mean_head = "took",
		.share_head = "share",
	};
	(void)sw_axis_init(&view.axis, 0, wall > 0 ? wall : 1, false);
	int rows = sw_waterfall_rows(&view);
	/* Whole, or not at all: a waterfall cut at its top would lose its meaning. */
	if (page->y >= 0 && page->y < page->area.h)
		(void)sw_waterfall_draw(
			sw_area_sub(page->area, 0, page->y, page->area.w, page->area.h - page->y), &view);
	page->y += rows;
}

void sw_draw_iteration(struct sw_area area, const struct sw_session *session,
                       const struct sw_recent *recent, int top)
{
	struct page page = {area, -top};
	put_head(&page, session, recent);
	page.y++;
	for (int i = 0; i < recent->ended.n; i++) {
		const struct sw_attempt_record *attempt = &recent->ended.list[i];
		if (i && attempt->number > recent->ended.list[i - 1].number + 1) {
			const struct sw_flow_piece gap = {"… attempts in between are in the journal",
			                                  SW_ROLE_DIM};
			put_text(&page, &gap, 1);
		}
		put_attempt_head(&page, attempt);
		if (attempt->n_spans)
			put_waterfall(&page, attempt);
		page.y++;
	}
	if (!recent->ended.n && *recent->error) {
		const struct sw_flow_piece error = {recent->error, SW_ROLE_BAD};
		put_text(&page, &error, 1);
	}
}
