#include "core/report_markdown.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/report.h"
#include "core/report_table.h"
#include "core/report_words.h"

/* ---- Executive Summary ---- */

/* What is known of a session whose journal has no end. */
static const char *unfinished(enum sw_journal_writer writer)
{
	switch (writer) {
	case SW_WRITER_ALIVE:
		return "still running: these are the figures so far";
	case SW_WRITER_DEAD:
		return "unfinished: its journal has no end, and its writer died (the session was killed)";
	case SW_WRITER_UNKNOWN:
		break;
	}
	return "unfinished: its journal has no end (the session was killed, or still runs)";
}

static void put_title(const struct sw_markdown *md, const char *generated_at)
{
	const struct sw_session_info *info = &md->figures->session->info;

	sw_md_add(md, "# Sandbox Performance Report\n\n");
	sw_md_add(md, "**Date**: %s\n", sw_md(*info->started_at ? info->started_at : "-").text);
	sw_md_add(md, "**Session**: %s (%s)\n", sw_md(*info->name ? info->name : "-").text,
	          sw_md(*info->id ? info->id : "-").text);
	if (md->figures->session->started && md->figures->session->state == SW_STATE_RUNNING)
		sw_md_add(md, "**Status**: %s; %" PRIu64 " of %" PRIu64 " iterations in %s\n",
		          unfinished(md->files->writer), sw_session_done(md->figures->session),
		          sw_session_planned(md->figures->session),
		          sw_say_elapsed(md->figures->session).text);
	else
		sw_md_add(md, "**Status**: %s\n", sw_md(sw_say_state(md->figures).text).text);
	sw_md_add(md, "**Generated**: %s by sandwatch %s\n\n", sw_md(generated_at).text,
	          sw_md(info->tool_version).text);
}

static bool has_interval(const struct sw_figures *figures)
{
	return figures->overhead_ci.method != SW_CI_NONE;
}

static void put_executive_summary(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	sw_md_add(md, "## Executive Summary\n\n");
	if (figures->has_overhead) {
		const struct sw_mode_figures *candidate = &figures->modes[figures->candidate];
		sw_md_add(md,
		          "%s was measured against %s. It demonstrated a **%s success rate** over %" PRIu64
		          " iteration%s with **%" PRIu64 " fallbacks**, and adds **%s per iteration**",
		          sw_md(sw_say_candidate(figures).text).text,
		          sw_md(sw_say_baseline(figures).text).text, sw_rate(candidate->success_rate).text,
		          candidate->judged, candidate->judged == 1 ? "" : "s",
		          sw_mode_taken(candidate->state), sw_md_difference(md, figures->overhead_ns).text);
		if (has_interval(figures))
			sw_md_add(md, " (95 %% interval %s to %s)",
			          sw_md_difference(md, figures->overhead_ci.low).text,
			          sw_md_difference(md, figures->overhead_ci.high).text);
		sw_md_add(md, ".\n\n");
		sw_md_paragraph(md, sw_say_noise(figures).text);
	} else {
		sw_md_paragraph(md, sw_say_no_overhead(figures).text);
	}
	sw_md_add(md, "**Key Finding**: the verdict is **%s**.\n\n", sw_verdict_name(figures->verdict));
}

/* ---- Test Configuration ---- */

static void put_item(const struct sw_markdown *md, const char *name, const char *text)
{
	sw_md_add(md, "- **%s**: %s\n", name, *text ? sw_md(text).text : "not known");
}

static void put_workload(const struct sw_markdown *md)
{
	const struct sw_session_info *info = &md->figures->session->info;

	if (info->command || info->days <= 0)
		return;
	sw_md_add(md, "- **Data Size**: %" PRId64 " trading days (OHLCV data), %" PRId64 " symbols\n",
	          info->days, info->symbols);
	put_item(md, "Strategy", info->strategy);
}

static void put_configuration(const struct sw_markdown *md)
{
	const struct sw_session *session = md->figures->session;
	const struct sw_session_info *info = &session->info;
	int64_t timeout = session->n_modes > 0 ? session->modes[0]->info.timeout_ns : 0;

	sw_md_add(md, "## Test Configuration\n\n### Environment\n\n");
	put_item(md, "Platform", sw_say_machine(md->figures).text);
	put_item(md, "CPU", session->environment.cpu);
	put_item(md, "Engine", sw_say_engine(md->figures).text);
	put_item(md, "Image", sw_say_image(md->figures).text);
	put_item(md, "Image id", session->environment.image_id);
	put_item(md, "Python", sw_say_python(md->figures).text);
	put_item(md, "Clock inside", sw_word(&sw_words_clock, (int)session->clock));
	put_item(md, "Start stamp (shim)", sw_say_shim(md->figures).text);
	put_item(md, "Test Date", info->started_at);

	sw_md_add(md, "\n### Test Parameters\n\n");
	if (info->is_auto)
		put_item(md, "Iterations", sw_say_auto(md->figures).text);
	else
		sw_md_add(md, "- **Iterations**: %" PRId64 " per mode\n", info->iterations);
	sw_md_add(md, "- **Warm-up**: %" PRId64 " per mode, in no figure\n", info->warmup);
	if (info->block > 1)
		sw_md_add(md, "- **Turns**: %" PRId64 " iterations of a mode in a row, per slot\n",
		          info->block);
	sw_md_add(md, "- **Order**: %s, seed %" PRId64 "\n", sw_word(&sw_words_order, (int)info->order),
	          info->seed);
	put_item(md, "Workload", info->workload);
	put_workload(md);
	sw_md_add(md, "- **Timeout**: %s per attempt\n",
	          timeout > 0 ? sw_duration((double)timeout).text : "not known");
	put_item(md, "Validation", sw_say_validation(md->figures).text);
	sw_md_add(md, "- **Fallback**: %s, max_retries %" PRId64 "%s\n",
	          info->fallback_enabled ? "enabled" : "disabled", info->max_retries,
	          md->figures->fallback_unsafe ? ", **unsafe** reasons allowed" : "");
	for (int i = 0; i < session->n_notes; i++)
		put_item(md, "Note", session->notes[i]);
	sw_md_add(md, "\n");
}

/* ---- results of one mode ---- */

static void put_row(struct sw_table *table, const char *name, struct sw_number value)
{
	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", value.text);
}

static struct sw_number count_of(uint64_t count)
{
	struct sw_number number;
	(void)snprintf(number.text, sizeof(number.text), "%" PRIu64, count);
	return number;
}

static void begin_metrics(struct sw_table *table)
{
	sw_table_init(table);
	sw_table_column(table, SW_COLUMN_TEXT, 0, "Metric");
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "Value");
}

/* What takes two samples at least. */
static struct sw_number spread(const struct sw_markdown *md, const struct sw_stats *latency,
                               double ns)
{
	return latency->count > 1 ? sw_md_time(md, ns) : (struct sw_number){"-"};
}

static void put_statistics(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_stats *latency = &mode->latency;
	struct sw_table table;

	sw_md_add(md, "### Performance Statistics\n\n");
	begin_metrics(&table);
	if (latency->count > 0) {
		put_row(&table, "**Mean Time**", sw_md_time(md, latency->mean));
		put_row(&table, "Mean, 95 % from", spread(md, latency, latency->mean_ci.low));
		put_row(&table, "Mean, 95 % to", spread(md, latency, latency->mean_ci.high));
		put_row(&table, "Std Dev", spread(md, latency, latency->stddev));
		put_row(&table, "Min Time", sw_md_time(md, (double)latency->min));
		put_row(&table, "Max Time", sw_md_time(md, (double)latency->max));
		put_row(&table, "Median", sw_md_time(md, latency->p50));
		put_row(&table, "p95", sw_md_time(md, latency->p95));
		put_row(&table, "p99", sw_md_time(md, latency->p99));
		put_row(&table, "Median abs. deviation", sw_md_time(md, latency->mad));
	}
	put_row(&table, "Ended ok", count_of(mode->ok));
	put_row(&table, "Success Rate",
	        mode->judged ? sw_rate(mode->success_rate) : (struct sw_number){"not measured"});
	sw_md_table(md, &table);
}

static void put_mode_reliability(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	struct sw_table table;

	sw_md_add(md, "### Reliability Metrics\n\n");
	begin_metrics(&table);
	put_row(&table, "**Fallback Count**", count_of(sw_mode_taken(mode->state)));
	put_row(&table, "**Fallback Rate**",
	        mode->judged ? sw_rate(mode->fallback_rate) : (struct sw_number){"not measured"});
	put_row(&table, "Fallbacks refused", count_of(sw_mode_refused(mode->state)));
	put_row(&table, "Retries", count_of(mode->state->retries));
	put_row(&table, "Execution Count", count_of(mode->judged));
	put_row(&table, "Failures", count_of(mode->failures));
	put_row(&table, "Containers created", count_of(mode->state->containers_created));
	put_row(&table, "Containers removed", count_of(mode->state->containers_removed));
	if (mode->state->replaced > 0)
		put_row(&table, "Kept containers lost and made anew", count_of(mode->state->replaced));
	sw_md_table(md, &table);
}

static void put_observations(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_stats *latency = &mode->latency;
	struct sw_sentence failures = sw_say_failures(mode);

	sw_md_add(md, "### Key Observations\n\n");
	if (latency->count > 1 && latency->mean > 0)
		sw_md_add(md, "- The standard deviation is %s of the mean\n",
		          sw_share(latency->stddev / latency->mean).text);
	sw_md_add(md,
	          "- %" PRIu64 " of %" PRIu64 " iterations ended ok; %" PRIu64
	          " fell back to the host, %" PRIu64 " were cancelled, %" PRIu64 " were not run\n",
	          mode->ok, mode->state->done, mode->state->fell_back, mode->cancelled, mode->not_run);
	if (mode->judged > 0 && mode->failures + mode->state->retries + sw_mode_taken(mode->state) == 0)
		sw_md_add(md, "- No timeouts, no engine errors, nothing out of memory or crashed\n");
	if (md->figures->session->info.backtest == SW_BACKTEST_MOCK &&
	    !md->figures->session->info.command)
		sw_md_add(md, "- Uses the mock simulation, not a real backtest: shorter than a production "
		              "job\n");
	if (*failures.text)
		sw_md_add(md, "- Ended otherwise: %s\n", sw_md(failures.text).text);
	if (*mode->state->last_error)
		sw_md_add(md, "- Last error: %s\n", sw_md(mode->state->last_error).text);
	sw_md_add(md, "\n");
}

static void put_results(const struct sw_markdown *md, const char *title, int index)
{
	if (index < 0) {
		sw_md_add(md, "## %s Results\n\nNot measured: the session has no such mode.\n\n", title);
		return;
	}
	const struct sw_mode_figures *mode = &md->figures->modes[index];
	sw_md_add(md, "## %s Results (%s)\n\n", title, sw_md(mode->state->info.name).text);
	put_statistics(md, mode);
	if (mode->state->info.kind != SW_KIND_HOST)
		put_mode_reliability(md, mode);
	put_observations(md, mode);
}

/* ---- Performance Comparison ---- */

static void comparison_row(const struct sw_markdown *md, struct sw_table *table,
                           const struct sw_mode_figures *mode)
{
	const struct sw_stats *latency = &mode->latency;
	const double values[] = {latency->mean, (double)latency->min, (double)latency->max};

	sw_table_row(table);
	sw_table_cell(table, "**%s**", sw_md(mode->state->info.name).text);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sw_table_cell(table, "%s", latency->count ? sw_md_time(md, values[i]).text : "-");
	sw_table_cell(table, "%s", spread(md, latency, latency->stddev).text);
	sw_table_cell(table, "%" PRIu64 "/%" PRIu64 " (%s)", mode->ok + mode->state->fell_back,
	              mode->judged, mode->judged ? sw_rate(mode->success_rate).text : "-");
}

static void put_comparison_table(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	const char *const titles[] = {"Mean", "Min", "Max", "Std Dev", "Success"};
	struct sw_table table;

	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Mode");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, titles[i]);
	for (int i = 0; i < figures->n_modes; i++)
		comparison_row(md, &table, &figures->modes[i]);
	if (figures->has_overhead) {
		sw_table_row(&table);
		sw_table_cell(&table, "**Overhead**");
		sw_table_cell(&table, "**%s**", sw_md_difference(md, figures->overhead_ns).text);
		sw_table_cell(&table, "%s", sw_md_difference(md, figures->overhead_min_ns).text);
		sw_table_cell(&table, "%s", sw_md_difference(md, figures->overhead_max_ns).text);
		sw_table_cell(&table, "%s",
		              has_interval(figures) ? sw_md_time(md, figures->overhead_stddev_ns).text
		                                    : "-");
		sw_table_cell(&table, "%" PRIu64 " failures", figures->modes[figures->candidate].failures);
	}
	sw_md_table(md, &table);
	if (has_interval(figures))
		sw_md_add(md,
		          "The overhead's Min and Max are the differences of the minima and the maxima; "
		          "its Std Dev is that of the difference between two independent iterations, one "
		          "of each mode: √(sd² + sd²).\n\n");
}

static void put_comparison(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	sw_md_add(md, "## Performance Comparison\n\n### Execution Time Analysis\n\n");
	put_comparison_table(md);
	sw_md_modes(md);
	sw_md_add(md, "### Overhead Percentage\n\n");
	if (!figures->has_overhead) {
		sw_md_paragraph(md, sw_say_no_overhead(figures).text);
		return;
	}
	sw_md_add(md,
	          "```\nOverhead (absolute)   = candidate mean - baseline mean\n"
	          "                      = %s per iteration\n",
	          sw_md_difference(md, figures->overhead_ns).text);
	if (has_interval(figures))
		sw_md_add(md, "                        95 %% interval %s to %s\n",
		          sw_md_difference(md, figures->overhead_ci.low).text,
		          sw_md_difference(md, figures->overhead_ci.high).text);
	sw_md_add(md,
	          "\nOverhead (percentage) = (candidate mean / baseline mean - 1) x 100 %%\n"
	          "                      = %s\n",
	          sw_percent(figures->overhead_percent).text);
	if (has_interval(figures))
		sw_md_add(md, "                        95 %% interval %s to %s\n",
		          sw_percent(figures->overhead_percent_low).text,
		          sw_percent(figures->overhead_percent_high).text);
	sw_md_add(md, "```\n\n");
	sw_md_paragraph(md, sw_say_small_baseline(figures).text);
	sw_md_paragraph(md, sw_say_noise(figures).text);
}

int sw_report_markdown(const struct sw_figures *figures, const struct sw_report_files *files,
                       const char *generated_at, struct sw_buf *out)
{
	struct sw_markdown md = {figures, files, sw_unit_of_modes(figures), out};

	put_title(&md, generated_at);
	put_executive_summary(&md);
	put_configuration(&md);
	put_results(&md, "Baseline", figures->baseline);
	put_results(&md, "Docker Sandbox", figures->candidate);
	put_comparison(&md);
	sw_md_breakdown(&md);
	sw_md_projection(&md);
	sw_md_history(&md);
	sw_md_success(&md);
	sw_md_decision(&md);
	sw_md_risks(&md);
	sw_md_recommendations(&md);
	sw_md_optimizations(&md);
	sw_md_conclusion(&md);
	sw_md_files(&md);
	return out->overflow ? -1 : 0;
}
