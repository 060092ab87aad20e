#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/report.h"
#include "core/report_page.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/report_words.h"

enum { LABEL = 18, TOPIC = 18 };

/* ---- overhead ---- */

static void put_overhead(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_unit unit;
	char text[320];

	sw_page_heading(page, "Overhead");
	if (!figures->has_overhead) {
		sw_page_paragraph(page, sw_say_no_overhead(figures).text);
		return;
	}
	unit = sw_unit_of_modes(figures);
	(void)snprintf(text, sizeof(text), "%.100s compared with %.100s",
	               sw_say_candidate(figures).text, sw_say_baseline(figures).text);
	sw_page_labelled(page, LABEL, "what", text);
	(void)snprintf(text, sizeof(text), "%s %s per iteration",
	               sw_signed_in_unit(unit, figures->overhead_ns).text, unit.name);
	sw_page_labelled(page, LABEL, "absolute", text);
	if (figures->overhead_ci.method != SW_CI_NONE) {
		(void)snprintf(text, sizeof(text), "%s to %s %s (%s)",
		               sw_signed_in_unit(unit, figures->overhead_ci.low).text,
		               sw_signed_in_unit(unit, figures->overhead_ci.high).text, unit.name,
		               sw_ci_method_name(figures->overhead_ci.method));
		sw_page_labelled(page, LABEL, "95 % interval", text);
	}
	int len = snprintf(text, sizeof(text), "%s of the baseline's mean",
	                   sw_percent(figures->overhead_percent).text);
	if (figures->overhead_ci.method != SW_CI_NONE)
		(void)snprintf(text + len, sizeof(text) - (size_t)len, " (%s to %s)",
		               sw_percent(figures->overhead_percent_low).text,
		               sw_percent(figures->overhead_percent_high).text);
	sw_page_labelled(page, LABEL, "relative", text);
	sw_page_paragraph(page, sw_say_small_baseline(figures).text);
	sw_page_paragraph(page, sw_say_noise(figures).text);
}

/* ---- projection ---- */

static bool has_ratio(const struct sw_figures *figures)
{
	return figures->n_projections > 0 && figures->projections[0].has_ratio;
}

static void put_job_table(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_table table;

	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_FIXED, 0, "job");
	sw_table_column(&table, SW_COLUMN_NAMED, 3, sw_say_baseline(figures).text);
	sw_table_column(&table, SW_COLUMN_NAMED, 0, sw_say_candidate(figures).text);
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "overhead");
	sw_table_column(&table, SW_COLUMN_NUMBER, 2, "95 % interval");
	if (has_ratio(figures)) {
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, "with ratio");
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, "overhead");
	}
	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		sw_table_row(&table);
		sw_table_cell(&table, "%s s", sw_plain(p->project_seconds).text);
		sw_table_cell(&table, "%s s", sw_fixed(p->baseline_ns / 1e9, 2).text);
		sw_table_cell(&table, "%s s", sw_fixed(p->candidate_ns / 1e9, 2).text);
		sw_table_cell(&table, "%s", sw_percent_fixed(p->overhead_percent).text);
		if (figures->overhead_ci.method == SW_CI_NONE)
			sw_table_cell(&table, "-");
		else
			sw_table_cell(&table, "%s to %s", sw_signed(p->overhead_percent_low, 1).text,
			              sw_percent_fixed(p->overhead_percent_high).text);
		if (has_ratio(figures)) {
			sw_table_cell(&table, "%s s", sw_fixed(p->ratio_candidate_ns / 1e9, 2).text);
			sw_table_cell(&table, "%s", sw_percent_fixed(p->ratio_percent).text);
		}
	}
	sw_page_table(page, &table);
}

static void put_run_table(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_table table;
	char title[32];

	(void)snprintf(title, sizeof(title), "%d of them", SW_RUN_ITERATIONS);
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_FIXED, 0, title);
	sw_table_column(&table, SW_COLUMN_NAMED, 0, sw_say_baseline(figures).text);
	sw_table_column(&table, SW_COLUMN_NAMED, 0, sw_say_candidate(figures).text);
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "more");
	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		sw_table_row(&table);
		sw_table_cell(&table, "%s s each", sw_plain(p->project_seconds).text);
		sw_table_cell(&table, "%s s", sw_fixed(p->run_baseline_ns / 1e9, 1).text);
		sw_table_cell(&table, "%s s", sw_fixed(p->run_candidate_ns / 1e9, 1).text);
		sw_table_cell(&table, "%s s",
		              sw_signed((p->run_candidate_ns - p->run_baseline_ns) / 1e9, 1).text);
	}
	(void)sw_buf_add_str(page->out, "\n");
	sw_page_table(page, &table);
}

static void put_projection(const struct sw_page *page)
{
	if (page->figures->n_projections == 0)
		return;
	sw_page_heading(page, "Projection onto longer jobs");
	put_job_table(page);
	put_run_table(page);
	sw_page_paragraph(page, sw_say_ratio(page->figures).text);
}

/* ---- reliability ---- */

static void reliability_row(struct sw_table *table, const struct sw_mode_figures *mode)
{
	const struct sw_mode_state *state = mode->state;

	sw_table_row(table);
	sw_table_cell(table, "%s", sw_shown(state->info.name).text);
	sw_table_cell(table, "%" PRIu64 "/%" PRId64, state->done, state->info.planned);
	sw_table_cell(table, "%" PRIu64, mode->ok);
	sw_table_cell(table, "%" PRIu64, mode->failures);
	sw_table_cell(table, "%s", mode->judged ? sw_rate(mode->success_rate).text : "-");
	if (mode->judged)
		sw_table_cell(table, "%s to %s", sw_rate(mode->success_ci.low).text,
		              sw_rate(mode->success_ci.high).text);
	else
		sw_table_cell(table, "-");
	if (state->info.kind == SW_KIND_HOST)
		sw_table_cell(table, "-");
	else
		sw_table_cell(table, "%" PRIu64, sw_mode_taken(state));
	sw_table_cell(table, "%s",
	              mode->judged && state->info.kind != SW_KIND_HOST
	                  ? sw_rate(mode->fallback_rate).text
	                  : "-");
	sw_table_cell(table, "%" PRIu64, sw_mode_refused(state));
	sw_table_cell(table, "%" PRIu64, state->retries);
}

static void put_troubles(const struct sw_page *page, const struct sw_mode_figures *mode)
{
	const struct sw_mode_state *state = mode->state;
	struct sw_shown name = sw_shown(state->info.name);
	const struct {
		const char *what;
		struct sw_sentence list;
	} lists[] = {
		{"ended otherwise", sw_say_failures(mode)},
		{"fell back", sw_say_counts(state->taken)},
		{"fallback refused", sw_say_counts(state->refused)},
		{"retried", sw_say_counts(state->retried)},
		{"replaced", sw_say_replaced(mode)},
		{"last error", {""}},
	};
	char text[1400];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		bool error = i + 1 == sizeof(lists) / sizeof(lists[0]);
		const char *list = error ? state->last_error : lists[i].list.text;
		if (*list == '\0')
			continue;
		(void)snprintf(text, sizeof(text), "%.256s: %s", name.text, list);
		sw_page_labelled(page, LABEL, lists[i].what, text);
	}
}

static void put_reliability(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_table table;

	sw_page_heading(page, "Reliability");
	if (figures->n_modes == 0) {
		sw_page_paragraph(page, "No mode was planned yet.");
		return;
	}
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "mode");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "done");
	sw_table_column(&table, SW_COLUMN_NUMBER, 5, "ok");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "failed");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "success");
	sw_table_column(&table, SW_COLUMN_NUMBER, 4, "95 % interval");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "fallbacks");
	sw_table_column(&table, SW_COLUMN_NUMBER, 1, "rate");
	sw_table_column(&table, SW_COLUMN_NUMBER, 3, "refused");
	sw_table_column(&table, SW_COLUMN_NUMBER, 2, "retries");
	for (int i = 0; i < figures->n_modes; i++)
		reliability_row(&table, &figures->modes[i]);
	sw_page_table(page, &table);
	for (int i = 0; i < figures->n_modes; i++)
		put_troubles(page, &figures->modes[i]);
	sw_page_faults(page);
}

/* ---- decision ---- */

static void put_decision(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	char label[64];

	sw_page_heading(page, "Decision");
	sw_page_labelled(page, TOPIC + 2,
	                 figures->session->state == SW_STATE_RUNNING ? "so far" : "verdict",
	                 sw_verdict_name(figures->verdict));
	for (int i = 0; i < figures->n_reasons; i++) {
		const struct sw_reason *reason = &figures->reasons[i];
		(void)snprintf(label, sizeof(label), "%s %s",
		               reason->weight > 0   ? "+"
		               : reason->weight < 0 ? "−"
		                                    : "○",
		               reason->topic);
		sw_page_labelled(page, TOPIC + 2, label, reason->text);
	}
	sw_page_labelled(page, TOPIC + 2, "○ gates", sw_say_gates(figures).text);
}

static void put_yaml(const struct sw_page *page)
{
	SW_CLEANUP(buf) struct sw_buf yaml = {0};
	bool cut = false;

	sw_page_heading(page, "Recommended configuration");
	if (sw_report_recommended_yaml(page->figures, &yaml)) {
		page->out->overflow = true;
		return;
	}
	for (const char *line = yaml.data; *line;) {
		size_t len = strcspn(line, "\n"), fits = sw_text_prefix(line, page->width - 2, NULL);
		if (fits < len)
			fits = sw_text_prefix(line, page->width - 3, NULL);
		(void)sw_buf_addf(page->out, "  %.*s%s\n", (int)(fits < len ? fits : len), line,
		                  fits < len ? "…" : "");
		cut = cut || fits < len;
		line += len + 1;
	}
	if (cut)
		sw_page_paragraph(page, "A line was cut to the width; --report FILE.md has it whole.");
}

void sw_page_conclusions(const struct sw_page *page)
{
	put_overhead(page);
	put_projection(page);
	put_reliability(page);
	put_decision(page);
	if (!sw_figures_is_mere_ablation(page->figures))
		put_yaml(page);
}
