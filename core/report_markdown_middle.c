#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"

/* ---- Overhead Breakdown ---- */

static void lifecycle_row(struct sw_table *table, struct sw_unit unit, const char *name,
                          double mean_ns, double share)
{
	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s %s", sw_in_unit(unit, mean_ns).text, unit.name);
	sw_table_cell(table, "%s", sw_share(share).text);
}

static void put_lifecycle(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	struct sw_unit unit = sw_unit_of_phases(mode);
	struct sw_table table;

	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Operation");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Measured Time (mean)");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "% of Total");
	for (int g = 0; g < SW_GROUP_COUNT; g++)
		lifecycle_row(&table, unit, sw_word(&sw_words_group, g), mode->group_ns[g],
		              mode->group_share[g]);
	lifecycle_row(&table, unit, "other", mode->other_ns, mode->other_share);
	lifecycle_row(&table, unit, "**total**", mode->wall_ns, 1);
	sw_md_table(md, &table);
}

/* Groups by falling share, the phases of each below it. */
static void put_bottlenecks(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	struct sw_unit unit = sw_unit_of_phases(mode);
	bool done[SW_GROUP_COUNT] = {false};

	sw_md_add(md, "#### Key Bottlenecks\n\n");
	for (int rank = 1; rank <= SW_GROUP_COUNT; rank++) {
		int group = -1;
		for (int g = 0; g < SW_GROUP_COUNT; g++) {
			if (!done[g] && (group < 0 || mode->group_share[g] > mode->group_share[group]))
				group = g;
		}
		done[group] = true;
		sw_md_add(md, "%d. **%s (%s)**\n", rank, sw_word(&sw_words_group, group),
		          sw_share(mode->group_share[group]).text);
		for (int i = 0; i < mode->n_phases; i++) {
			const struct sw_phase_figure *phase = &mode->phases[i];
			if ((int)sw_phase_group(phase->phase) == group)
				sw_md_add(md, "   - %s: %s %s (%s)\n", sw_word(&sw_words_phase, (int)phase->phase),
				          sw_in_unit(unit, phase->mean_ns).text, unit.name,
				          sw_phase_about(phase->phase));
		}
	}
	sw_md_add(md, "\n");
}

/* Without shares: it is no part of any iteration's time. */
static void put_behind(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	struct sw_unit unit = sw_unit_of_phases(mode);
	struct sw_table table;

	if (mode->n_behind == 0)
		return;
	sw_md_add(md, "#### Behind the Path\n\nNo iteration waited for it.\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Operation");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Mean");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "p95");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Count");
	for (int i = 0; i < mode->n_behind; i++) {
		const struct sw_phase_figure *phase = &mode->behind[i];
		sw_table_row(&table);
		sw_table_cell(&table, "%s (%s)", sw_word(&sw_words_phase, (int)phase->phase),
		              sw_phase_about(phase->phase));
		sw_table_cell(&table, "%s %s", sw_in_unit(unit, phase->mean_ns).text, unit.name);
		sw_table_cell(&table, "%s %s", sw_in_unit(unit, phase->p95_ns).text, unit.name);
		sw_table_cell(&table, "%" PRIu64, phase->count);
	}
	sw_md_table(md, &table);
}

void sw_md_breakdown(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	bool any = false;

	sw_md_add(md, "## Overhead Breakdown\n\n");
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		if (mode->state->info.kind == SW_KIND_HOST || *mode->state->info.layer)
			continue;
		any = true;
		sw_md_add(md, "### Container Lifecycle Analysis (%s)\n\n",
		          sw_md(mode->state->info.name).text);
		if (mode->timed_attempts == 0) {
			sw_md_add(md, "Not measured: no iteration ended ok in the sandbox.\n\n");
			continue;
		}
		put_lifecycle(md, mode);
		put_bottlenecks(md, mode);
		put_behind(md, mode);
	}
	if (!any)
		sw_md_add(md, "Not measured: the session has no sandbox mode.\n\n");
	sw_md_layers(md);
}

/* ---- Production Performance Projection ---- */

static void job_columns(const struct sw_markdown *md, struct sw_table *table)
{
	sw_table_init(table);
	sw_table_column(table, SW_COLUMN_TEXT, 0, "Scenario");
	sw_table_column(table, SW_COLUMN_NUMBER, 0, sw_md(sw_say_baseline(md->figures).text).text);
	sw_table_column(table, SW_COLUMN_NUMBER, 0, sw_md(sw_say_candidate(md->figures).text).text);
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "Overhead");
}

static void put_jobs(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	bool ratio = figures->projections[0].has_ratio;
	struct sw_table table;

	job_columns(md, &table);
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "Overhead %");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "95 % interval");
	if (ratio) {
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, "with ratio");
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, "with ratio, overhead %");
	}
	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		sw_table_row(&table);
		sw_table_cell(&table, "job of %s s", sw_plain(p->project_seconds).text);
		sw_table_cell(&table, "%ss", sw_fixed(p->baseline_ns / 1e9, 2).text);
		sw_table_cell(&table, "%ss", sw_fixed(p->candidate_ns / 1e9, 2).text);
		sw_table_cell(&table, "%ss", sw_signed((p->candidate_ns - p->baseline_ns) / 1e9, 2).text);
		sw_table_cell(&table, "**%s**", sw_percent_fixed(p->overhead_percent).text);
		if (figures->overhead_ci.method == SW_CI_NONE)
			sw_table_cell(&table, "-");
		else
			sw_table_cell(&table, "%s to %s", sw_signed(p->overhead_percent_low, 1).text,
			              sw_percent_fixed(p->overhead_percent_high).text);
		if (ratio) {
			sw_table_cell(&table, "%ss", sw_fixed(p->ratio_candidate_ns / 1e9, 2).text);
			sw_table_cell(&table, "%s", sw_percent_fixed(p->ratio_percent).text);
		}
	}
	sw_md_table(md, &table);
}

static void put_run(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	struct sw_table table;

	sw_md_add(md, "### %d-Iteration Evolution Run\n\n", SW_RUN_ITERATIONS);
	job_columns(md, &table);
	for (int i = 0; i < figures->n_projections; i++) {
		const struct sw_projection *p = &figures->projections[i];
		sw_table_row(&table);
		sw_table_cell(&table, "jobs of %s s", sw_plain(p->project_seconds).text);
		sw_table_cell(&table, "%ss", sw_fixed(p->run_baseline_ns / 1e9, 1).text);
		sw_table_cell(&table, "%ss", sw_fixed(p->run_candidate_ns / 1e9, 1).text);
		sw_table_cell(&table, "%ss",
		              sw_signed((p->run_candidate_ns - p->run_baseline_ns) / 1e9, 1).text);
	}
	sw_md_table(md, &table);
	sw_md_add(md, "**Impact**: %s s in a run of %d iterations, by the overhead alone.\n\n",
	          sw_signed(figures->overhead_ns * SW_RUN_ITERATIONS / 1e9, 1).text, SW_RUN_ITERATIONS);
}

/* The projection against the limits, without the execute ratio. */
static void put_insight(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	double low = INFINITY, high = -INFINITY;
	double limit = figures->session->info.enable_below_percent;

	for (int i = 0; i < figures->n_projections; i++) {
		low = fmin(low, figures->projections[i].overhead_percent);
		high = fmax(high, figures->projections[i].overhead_percent);
	}
	sw_md_add(md,
	          "**Key Insight**: with jobs of this length the overhead is %s to %s, %s the limit of "
	          "%s %% for \"enable by default\".\n\n",
	          sw_percent_fixed(low).text, sw_percent_fixed(high).text,
	          high < limit   ? "below"
	          : low >= limit ? "not below"
	                         : "partly below",
	          sw_plain(limit).text);
}

void sw_md_projection(const struct sw_markdown *md)
{
	sw_md_add(md, "## Production Performance Projection\n\n");
	if (md->figures->n_projections == 0) {
		sw_md_add(md, "%s\n\n",
		          md->figures->has_overhead ? "Not asked for: decision.project_seconds is empty."
		                                    : "Not possible: the overhead was not measured.");
		return;
	}
	sw_md_add(md,
	          "### With Real Backtest Execution\n\nProjected, not measured: a job of this length "
	          "in the baseline, plus the overhead measured here.\n\n");
	put_jobs(md);
	put_insight(md);
	sw_md_paragraph(md, sw_say_ratio(md->figures).text);
	put_run(md);
}

/* ---- Success Rate Analysis ---- */

static void put_count_cell(struct sw_table *table, bool applies, uint64_t count)
{
	if (applies)
		sw_table_cell(table, "%" PRIu64, count);
	else
		sw_table_cell(table, "N/A");
}

static void success_row(struct sw_table *table, const struct sw_mode_figures *mode)
{
	const struct sw_mode_state *state = mode->state;
	bool sandbox = state->info.kind != SW_KIND_HOST;

	sw_table_row(table);
	sw_table_cell(table, "%s", sw_md(state->info.name).text);
	sw_table_cell(table, "%s (%" PRIu64 "/%" PRIu64 ")",
	              mode->judged ? sw_rate(mode->success_rate).text : "-",
	              mode->ok + state->fell_back, mode->judged);
	if (mode->judged)
		sw_table_cell(table, "%s to %s", sw_rate(mode->success_ci.low).text,
		              sw_rate(mode->success_ci.high).text);
	else
		sw_table_cell(table, "-");
	sw_table_cell(table, "%s",
	              !sandbox       ? "N/A"
	              : mode->judged ? sw_rate(mode->fallback_rate).text
	                             : "-");
	put_count_cell(table, sandbox, sw_mode_refused(state));
	put_count_cell(table, sandbox, state->outcomes[SW_OUTCOME_ENGINE]);
	put_count_cell(table, true, state->outcomes[SW_OUTCOME_TIMEOUT]);
	put_count_cell(table, true, state->outcomes[SW_OUTCOME_OOM]);
	put_count_cell(table, true, state->outcomes[SW_OUTCOME_CRASHED]);
	put_count_cell(table, true,
	               state->outcomes[SW_OUTCOME_FAILED] + state->outcomes[SW_OUTCOME_REJECTED]);
}

static void put_difference(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	if (figures->baseline < 0 || figures->candidate < 0 || figures->baseline == figures->candidate)
		return;
	const struct sw_mode_figures *a = &figures->modes[figures->baseline];
	const struct sw_mode_figures *b = &figures->modes[figures->candidate];
	if (a->judged == 0 || b->judged == 0)
		return;
	sw_md_add(md, "**Difference** in success rate, %s against %s: %s percentage points.\n\n",
	          sw_md(b->state->info.name).text, sw_md(a->state->info.name).text,
	          sw_signed(100 * (b->success_rate - a->success_rate), 1).text);
}

void sw_md_success(const struct sw_markdown *md)
{
	static const char *const titles[] = {
		"Success Rate", "95 % interval", "Fallback Rate", "Fallbacks refused", "Container Failures",
		"Timeouts",     "Out of memory", "Crashed",       "Failed or rejected"};
	struct sw_table table;

	sw_md_add(md, "## Success Rate Analysis\n\n### Reliability Metrics\n\n");
	if (md->figures->n_modes == 0) {
		sw_md_add(md, "Not measured: no mode was planned.\n\n");
		return;
	}
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Mode");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, titles[i]);
	for (int i = 0; i < md->figures->n_modes; i++)
		success_row(&table, &md->figures->modes[i]);
	sw_md_table(md, &table);
	put_difference(md);
	sw_md_faults(md);
}
