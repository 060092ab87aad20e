#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"

/* ---- all modes ---- */

static struct sw_escaped name_of(const struct sw_markdown *md, int mode)
{
	return sw_md(md->figures->modes[mode].state->info.name);
}

static struct sw_number interval_of(const struct sw_markdown *md, struct sw_ci ci)
{
	struct sw_number text = {"-"};

	if (ci.method != SW_CI_NONE)
		(void)snprintf(text.text, sizeof(text.text), "%.16s to %.16s",
		               sw_signed_in_unit(md->unit, ci.low).text,
		               sw_signed_in_unit(md->unit, ci.high).text);
	return text;
}

static void difference_columns(const struct sw_markdown *md, struct sw_table *table, int from)
{
	char title[600];

	if (from < 0)
		return;
	(void)snprintf(title, sizeof(title), "Difference from %.400s (%s)", name_of(md, from).text,
	               md->unit.name);
	sw_table_column(table, SW_COLUMN_NUMBER, 0, title);
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "95 % interval");
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "%");
}

static void difference_cells(const struct sw_markdown *md, struct sw_table *table, int from, int to)
{
	struct sw_difference difference;

	if (from < 0)
		return;
	if (sw_figures_difference(md->figures, from, to, &difference)) {
		md->out->overflow = true;
		return;
	}
	sw_table_cell(table, "%s",
	              difference.is_known ? sw_signed_in_unit(md->unit, difference.ns).text : "-");
	sw_table_cell(table, "%s", interval_of(md, difference.ci).text);
	sw_table_cell(table, "%s",
	              difference.is_known ? sw_percent_fixed(difference.percent).text : "-");
}

static void mode_row(const struct sw_markdown *md, struct sw_table *table, int index, int candidate)
{
	const struct sw_mode_figures *mode = &md->figures->modes[index];
	const struct sw_stats *latency = &mode->latency;

	sw_table_row(table);
	sw_table_cell(table, "**%s**", name_of(md, index).text);
	sw_table_cell(table, "%s", sw_word(&sw_words_kind, (int)mode->state->info.kind));
	sw_table_cell(table, "%" PRId64, mode->state->info.parallel);
	sw_table_cell(table, "%s", latency->count ? sw_md_time(md, latency->p50).text : "-");
	sw_table_cell(table, "%s", latency->count ? sw_md_time(md, latency->mean).text : "-");
	sw_table_cell(table, "%s", sw_say_rate(mode->throughput_per_second).text);
	difference_cells(md, table, md->figures->baseline, index);
	difference_cells(md, table, candidate, index);
}

static void put_all_modes(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	int candidate = figures->candidate == figures->baseline ? -1 : figures->candidate;
	static const char *const titles[] = {"At once", "Median", "Mean", "Iterations per second"};
	struct sw_table table;

	sw_md_add(md, "### All Modes\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Mode");
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Kind");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, titles[i]);
	difference_columns(md, &table, figures->baseline);
	difference_columns(md, &table, candidate);
	for (int i = 0; i < figures->n_modes; i++)
		mode_row(md, &table, i, candidate);
	sw_md_table(md, &table);
	sw_md_add(md,
	          "Iterations per second are those of all slots together, with all that is done behind "
	          "the path of an iteration.\n\n");
}

static void isolation_row(const struct sw_markdown *md, const struct sw_isolation *line,
                          struct sw_table *table)
{
	int withstood, tried, first;
	struct sw_sentence names = sw_say_modes_of(md->figures, line, &first);
	struct sw_isolation_names shared = sw_isolation_shared(line), fails = sw_isolation_fails(line);

	if (first < 0)
		return;
	const struct sw_stats *latency = &md->figures->modes[first].latency;
	sw_isolation_count(line, &withstood, &tried);
	sw_table_row(table);
	sw_table_cell(table, "%s", sw_isolation_kind(line));
	sw_table_cell(table, "%s", sw_md(names.text).text);
	sw_table_cell(table, "%s", latency->count ? sw_md_time(md, latency->mean).text : "-");
	sw_table_cell(table, "%s", sw_say_against_candidate(md->figures, first).text);
	sw_table_cell(table, "%s", *shared.text ? shared.text : "nothing");
	sw_table_cell(table, "%d of %d", withstood, tried);
	sw_table_cell(table, "%s", *fails.text ? fails.text : "-");
}

static void put_isolation(const struct sw_markdown *md)
{
	static const char *const titles[] = {"Iterations share", "Attacks withstood", "Not withstood"};
	const struct sw_isolation *line;
	struct sw_table table;

	if (!*sw_isolation_source())
		return;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Kind");
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Modes");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Mean");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Against the candidate");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, i == 1 ? SW_COLUMN_NUMBER : SW_COLUMN_TEXT, 0, titles[i]);
	for (int i = 0; (line = sw_isolation_line(i)); i++)
		isolation_row(md, line, &table);
	if (table.n_rows < 2) {
		sw_table_done(&table);
		return;
	}
	sw_md_add(md,
	          "### Isolation\n\nWhat a kind of mode saves in time, and what two of its iterations "
	          "have in common.\n\n");
	sw_md_table(md, &table);
	sw_md_add(
		md, "The mean is that of the first of the modes, of one that runs one iteration at a time "
			"where there is one. ");
	sw_md_add(
		md,
		"Each kind was attacked by code that went past the validator, not in this session: %s "
		"(docs/isolation.md, `make isolation`).\n\n",
		sw_md(sw_say_isolation_source(md->figures).text).text);
}

static void put_courses(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	bool any = false, unjudged = false;

	sw_md_add(md, "### Drift and Outliers\n\n");
	for (int i = 0; i < figures->n_modes; i++) {
		struct sw_outliers outliers;
		struct sw_drift drift;
		if (sw_figures_series(figures, i, &drift, &outliers)) {
			md->out->overflow = true;
			return;
		}
		sw_md_item(md, sw_say_drift(figures, i, &drift).text);
		sw_md_item(md, sw_say_outliers(figures, i, &outliers).text);
		any |= drift.is_found || outliers.count > 0;
		unjudged |= !drift.is_judged;
	}
	if (unjudged)
		sw_md_add(md,
		          "%s%sDrift is not judged in modes with fewer than %d iterations that ended ok.\n",
		          any ? "\n" : "", any ? "" : "None found. ", SW_DRIFT_SAMPLES_MIN);
	else if (!any)
		sw_md_add(md, "None found.\n");
	sw_md_add(md, "\n");
}

void sw_md_modes(const struct sw_markdown *md)
{
	bool several = md->figures->n_modes > 2;

	for (int i = 0; i < md->figures->n_modes; i++)
		several |= md->figures->modes[i].state->info.parallel > 1;
	if (several) {
		put_all_modes(md);
		put_isolation(md);
	}
	put_courses(md);
}

/* ---- layers ---- */

/* SIGN -1: what the layer saves is what the operation costs. */
static void operation_row(const struct sw_markdown *md, struct sw_table *table,
                          const struct sw_layer_cost *cost, double sign)
{
	const struct sw_difference *d = &cost->cost;
	struct sw_ci ci = d->ci;
	bool without_first = sign < 0;

	if (sign < 0)
		ci = (struct sw_ci){-d->ci.high, -d->ci.low, d->ci.method};
	sw_table_cell(table, "%s", sw_md_difference(md, sign * d->ns).text);
	sw_table_cell(table, "%s", interval_of(md, ci).text);
	sw_table_cell(table, "measured: mean of %s minus mean of %s%s",
	              name_of(md, without_first ? d->a : d->b).text,
	              name_of(md, without_first ? d->b : d->a).text,
	              d->is_distinguishable ? "" : "; not distinguishable from zero");
}

static void put_operation(const struct sw_markdown *md, struct sw_table *table,
                          const struct sw_layer_cost *costs, int n, enum sw_layer layer)
{
	bool network = layer == SW_LAYER_NETWORK;
	const struct sw_layer_cost *found = NULL;

	for (int i = 0; i < n && !found; i++)
		if (costs[i].layer == layer && costs[i].cost.is_known)
			found = &costs[i];
	sw_table_row(table);
	sw_table_cell(table, "%s", network ? "Network setup" : "Security profile apply");
	sw_table_cell(table, "%s", network ? "~0.10s" : "~0.18s");
	if (found) {
		operation_row(md, table, found, network ? -1 : 1);
		return;
	}
	sw_table_cell(table, "not measured");
	sw_table_cell(table, "-");
	sw_table_cell(table, "`sandwatch run --ablate network,seccomp` measures it");
}

void sw_md_layers(const struct sw_markdown *md)
{
	struct sw_layer_cost costs[SW_MODES_MAX];
	struct sw_table table;
	int n;

	if (sw_figures_layers(md->figures, costs, &n)) {
		md->out->overflow = true;
		return;
	}
	sw_md_add(md,
	          "### What No Engine Reports\n\nParts of the container's startup that show only when "
	          "they are left out, one at a time.\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Operation");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Study's estimate");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Measured Time (mean)");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "95 % interval");
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "How this is known");
	put_operation(md, &table, costs, n, SW_LAYER_NETWORK);
	put_operation(md, &table, costs, n, SW_LAYER_SECCOMP);
	sw_md_table(md, &table);
	for (int i = 0; i < n; i++)
		sw_md_item(md, sw_say_layer(md->figures, &costs[i], md->unit).text);
	if (n > 0)
		sw_md_add(md, "\n");
}
