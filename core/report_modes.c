#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report_page.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/report_words.h"

enum { LABEL = 10 };

/* ---- all modes ---- */

static bool has_several(const struct sw_figures *figures)
{
	bool any = figures->n_modes > 2;

	for (int i = 0; i < figures->n_modes; i++)
		any |= figures->modes[i].state->info.parallel > 1;
	return any;
}

/* Journals of older versions tell of no turns. */
static bool has_throughput(const struct sw_figures *figures)
{
	bool any = false;

	for (int i = 0; i < figures->n_modes; i++)
		any |= figures->modes[i].throughput_per_second > 0;
	return any;
}

static void time_cell(struct sw_table *table, struct sw_unit unit, const struct sw_stats *latency,
                      double ns)
{
	sw_table_cell(table, "%s", latency->count ? sw_in_unit(unit, ns).text : "-");
}

static void put_ways(const struct sw_page *page, struct sw_unit unit)
{
	const struct sw_figures *figures = page->figures;
	bool throughput = has_throughput(figures);
	struct sw_table table;

	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, unit.name);
	sw_table_column(&table, SW_COLUMN_FIXED, 1, "kind");
	sw_table_column(&table, SW_COLUMN_NUMBER, 2, "at once");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "p50");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "mean");
	if (throughput)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, "per second");
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		sw_table_row(&table);
		sw_table_cell(&table, "%s", sw_shown(mode->state->info.name).text);
		sw_table_cell(&table, "%s", sw_word(&sw_words_kind, (int)mode->state->info.kind));
		sw_table_cell(&table, "×%" PRId64, mode->state->info.parallel);
		time_cell(&table, unit, &mode->latency, mode->latency.p50);
		time_cell(&table, unit, &mode->latency, mode->latency.mean);
		if (throughput)
			sw_table_cell(&table, "%s", sw_say_rate(mode->throughput_per_second).text);
	}
	sw_page_table(page, &table);
}

/* ---- each against one ---- */

static void interval_cell(struct sw_table *table, struct sw_unit unit,
                          const struct sw_difference *difference)
{
	if (difference->ci.method == SW_CI_NONE)
		sw_table_cell(table, "-");
	else
		sw_table_cell(table, "%s to %s", sw_signed_in_unit(unit, difference->ci.low).text,
		              sw_signed_in_unit(unit, difference->ci.high).text);
}

static const char *certainty(const struct sw_difference *difference)
{
	if (difference->is_distinguishable)
		return "";
	return difference->ci.method == SW_CI_NONE ? "no interval" : "could be noise";
}

/* What lacks a layer is told of elsewhere. -1 when memory is out. */
static int difference_rows(const struct sw_figures *figures, int from, struct sw_unit unit,
                           struct sw_table *table)
{
	for (int i = 0; i < figures->n_modes; i++) {
		struct sw_difference difference;
		if (*figures->modes[i].state->info.layer)
			continue;
		if (sw_figures_difference(figures, from, i, &difference))
			return -1;
		if (!difference.is_known)
			continue;
		sw_table_row(table);
		sw_table_cell(table, "%s", sw_shown(figures->modes[i].state->info.name).text);
		sw_table_cell(table, "%s", sw_signed_in_unit(unit, difference.ns).text);
		interval_cell(table, unit, &difference);
		sw_table_cell(table, "%s", sw_percent_fixed(difference.percent).text);
		sw_table_cell(table, "%s", certainty(&difference));
	}
	return 0;
}

static void put_differences(const struct sw_page *page, int from, struct sw_unit unit)
{
	struct sw_table table;
	char title[320];

	if (from < 0)
		return;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, unit.name);
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "mean");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "95 % interval");
	sw_table_column(&table, SW_COLUMN_NUMBER, 1, "percent");
	sw_table_column(&table, SW_COLUMN_FIXED, 2, "");
	if (difference_rows(page->figures, from, unit, &table))
		page->out->overflow = true;
	if (table.n_rows == 0) {
		sw_table_done(&table);
		return;
	}
	(void)snprintf(title, sizeof(title), "Differences from %.200s:",
	               sw_shown(page->figures->modes[from].state->info.name).text);
	(void)sw_buf_add_str(page->out, "\n");
	sw_page_paragraph(page, title);
	sw_page_table(page, &table);
}

static void put_all_modes(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_unit unit = sw_unit_of_modes(figures);

	if (!has_several(figures))
		return;
	sw_page_heading(page, "All modes");
	put_ways(page, unit);
	put_differences(page, figures->baseline, unit);
	if (figures->candidate != figures->baseline)
		put_differences(page, figures->candidate, unit);
}

/* ---- isolation ---- */

static void isolation_row(const struct sw_figures *figures, const struct sw_isolation *line,
                          struct sw_table *table)
{
	int withstood, tried, first;
	struct sw_sentence names = sw_say_modes_of(figures, line, &first);
	struct sw_isolation_names fails = sw_isolation_fails(line);

	if (first < 0)
		return;
	sw_isolation_count(line, &withstood, &tried);
	sw_table_row(table);
	sw_table_cell(table, "%s", names.text);
	sw_table_cell(table, "%s", sw_say_against_candidate(figures, first).text);
	sw_table_cell(table, "%s", sw_isolation_marks(line).text);
	sw_table_cell(table, "%d/%d", withstood, tried);
	sw_table_cell(table, "%s", *fails.text ? fails.text : "-");
}

/* The way from cold to warm saves time, and gives up some of what is between two iterations. */
static void put_isolation(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	const struct sw_isolation *line;
	struct sw_table table;

	if (!has_several(figures) || !*sw_isolation_source())
		return;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "modes");
	sw_table_column(&table, SW_COLUMN_NUMBER, 1, "mean");
	sw_table_column(&table, SW_COLUMN_FIXED, 0, "shares");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "withstands");
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "not withstood");
	for (int i = 0; (line = sw_isolation_line(i)); i++)
		isolation_row(figures, line, &table);
	if (table.n_rows < 2) {
		sw_table_done(&table);
		return;
	}
	sw_page_heading(page, "Isolation");
	sw_page_table(page, &table);
	(void)sw_buf_add_str(page->out, "\n");
	sw_page_paragraph(
		page, "shares: what two iterations have in common, K kernel, F filesystem, P process "
			  "tree, I interpreter, M memory. withstands: attacks that the next iterations do "
			  "not notice, of those that were tried.");
	if (figures->candidate >= 0) {
		char text[400];
		(void)snprintf(text, sizeof(text), "mean: against that of %.200s.",
		               sw_shown(figures->modes[figures->candidate].state->info.name).text);
		sw_page_paragraph(page, text);
	}
	sw_page_paragraph(page, sw_say_isolation_source(figures).text);
}

/* ---- layers ---- */

static void layer_row(const struct sw_figures *figures, const struct sw_layer_cost *cost,
                      struct sw_unit unit, struct sw_table *table)
{
	const struct sw_stats *without = &figures->modes[cost->mode].latency;

	sw_table_row(table);
	sw_table_cell(table, "%s", sw_word(&sw_words_layer, (int)cost->layer));
	sw_table_cell(table, "%s", sw_layer_about(cost->layer));
	time_cell(table, unit, without, without->mean);
	if (!cost->cost.is_known) {
		sw_table_cell(table, "-");
		sw_table_cell(table, "-");
		return;
	}
	sw_table_cell(table, "%s", sw_signed_in_unit(unit, cost->cost.ns).text);
	interval_cell(table, unit, &cost->cost);
}

static void put_layers(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	struct sw_unit unit = sw_unit_of_modes(figures);
	struct sw_layer_cost costs[SW_MODES_MAX];
	struct sw_table table;
	int n;

	if (sw_figures_layers(figures, costs, &n)) {
		page->out->overflow = true;
		return;
	}
	if (n == 0)
		return;
	sw_page_heading(page, "What each layer costs");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_FIXED, 0, unit.name);
	sw_table_column(&table, SW_COLUMN_TEXT, 1, "taken away");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "without");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "costs");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "95 % interval");
	for (int i = 0; i < n; i++)
		layer_row(figures, &costs[i], unit, &table);
	sw_page_table(page, &table);
	(void)sw_buf_add_str(page->out, "\n");
	for (int i = 0; i < n; i++)
		sw_page_paragraph(page, sw_say_layer(figures, &costs[i], unit).text);
}

/* ---- drift and outliers ---- */

static void put_courses(const struct sw_page *page)
{
	const struct sw_figures *figures = page->figures;
	bool begun = false;

	for (int i = 0; i < figures->n_modes; i++) {
		struct sw_outliers outliers;
		struct sw_drift drift;
		if (sw_figures_series(figures, i, &drift, &outliers)) {
			page->out->overflow = true;
			return;
		}
		if ((drift.is_found || outliers.count > 0) && !begun)
			sw_page_heading(page, "Drift and outliers");
		begun |= drift.is_found || outliers.count > 0;
		sw_page_labelled(page, LABEL, "drift", sw_say_drift(figures, i, &drift).text);
		sw_page_labelled(page, LABEL, "outliers", sw_say_outliers(figures, i, &outliers).text);
	}
}

void sw_page_modes(const struct sw_page *page)
{
	put_all_modes(page);
	put_isolation(page);
	put_layers(page);
	put_courses(page);
}
