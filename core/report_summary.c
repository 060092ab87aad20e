#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/report.h"
#include "core/report_page.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/report_words.h"

enum { SIDE_BY_SIDE_MAX = 3, BAR_MAX = 40, HEADER_LABEL = 10 };

/* ---- header ---- */

static void put_header(const struct sw_page *page)
{
	const struct sw_session_info *info = &page->figures->session->info;

	(void)sw_report_paragraph("", *info->name ? info->name : "(no session)", page->width,
	                          page->out);
	sw_page_labelled(page, HEADER_LABEL, "session", sw_say_state(page->figures).text);
	sw_page_labelled(page, HEADER_LABEL, "engine", sw_say_engine(page->figures).text);
	sw_page_labelled(page, HEADER_LABEL, "image", sw_say_image(page->figures).text);
	sw_page_labelled(page, HEADER_LABEL, "machine", sw_say_machine(page->figures).text);
	sw_page_labelled(page, HEADER_LABEL, "workload", info->workload);
	sw_page_labelled(page, HEADER_LABEL, "length", sw_say_auto(page->figures).text);
}

/* ---- performance ---- */

struct metric {
	const char *name;
	int keep; /* as a column: report_table.h */
};

enum { M_MEAN, M_REACH, M_SD, M_MIN, M_P50, M_P95, M_P99, M_MAX, M_MAD, M_COUNT };
static const struct metric metrics[M_COUNT] = {
	[M_MEAN] = {"mean", 0}, [M_REACH] = {"± 95 %", 3}, [M_SD] = {"sd", 4},
	[M_MIN] = {"min", 5},   [M_P50] = {"p50", 1},      [M_P95] = {"p95", 2},
	[M_P99] = {"p99", 7},   [M_MAX] = {"max", 6},      [M_MAD] = {"MAD", 8},
};

/* The one sign that ASCII has no single character for. */
static const char *metric_name(const struct sw_page *page, int metric)
{
	return metric == M_REACH && page->ascii ? "+- 95 %" : metrics[metric].name;
}

static double metric_of(const struct sw_stats *latency, int metric)
{
	const double values[M_COUNT] = {
		[M_MEAN] = latency->mean, [M_REACH] = sw_mean_reach(latency),
		[M_SD] = latency->stddev, [M_MIN] = (double)latency->min,
		[M_P50] = latency->p50,   [M_P95] = latency->p95,
		[M_P99] = latency->p99,   [M_MAX] = (double)latency->max,
		[M_MAD] = latency->mad,
	};
	return values[metric];
}

static void metric_cell(struct sw_table *table, const struct sw_stats *latency, int metric,
                        struct sw_unit unit)
{
	bool spread = metric == M_REACH || metric == M_SD;

	if (latency->count == 0 || (spread && latency->count < 2))
		sw_table_cell(table, "-");
	else
		sw_table_cell(table, "%s", sw_in_unit(unit, metric_of(latency, metric)).text);
}

static void metrics_as_rows(const struct sw_page *page, struct sw_table *table, struct sw_unit unit)
{
	const struct sw_figures *figures = page->figures;

	sw_table_column(table, SW_COLUMN_FIXED, 0, unit.name);
	for (int i = 0; i < figures->n_modes; i++)
		sw_table_column(table, SW_COLUMN_NAMED, 0,
		                sw_shown(figures->modes[i].state->info.name).text);
	sw_table_row(table);
	sw_table_cell(table, "n ok");
	for (int i = 0; i < figures->n_modes; i++)
		sw_table_cell(table, "%" PRIu64, figures->modes[i].latency.count);
	for (int m = 0; m < M_COUNT; m++) {
		sw_table_row(table);
		sw_table_cell(table, "%s", metric_name(page, m));
		for (int i = 0; i < figures->n_modes; i++)
			metric_cell(table, &figures->modes[i].latency, m, unit);
	}
}

static void modes_as_rows(const struct sw_page *page, struct sw_table *table, struct sw_unit unit)
{
	const struct sw_figures *figures = page->figures;

	sw_table_column(table, SW_COLUMN_TEXT, 0, unit.name);
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "n ok");
	for (int m = 0; m < M_COUNT; m++)
		sw_table_column(table, SW_COLUMN_NUMBER, metrics[m].keep, metric_name(page, m));
	for (int i = 0; i < figures->n_modes; i++) {
		sw_table_row(table);
		sw_table_cell(table, "%s", sw_shown(figures->modes[i].state->info.name).text);
		sw_table_cell(table, "%" PRIu64, figures->modes[i].latency.count);
		for (int m = 0; m < M_COUNT; m++)
			metric_cell(table, &figures->modes[i].latency, m, unit);
	}
}

static void put_performance(const struct sw_page *page)
{
	struct sw_unit unit = sw_unit_of_modes(page->figures);
	struct sw_table table;

	sw_page_heading(page, "Performance");
	if (page->figures->n_modes == 0) {
		sw_page_paragraph(page, "No mode was planned yet.");
		return;
	}
	sw_table_init(&table);
	if (page->figures->n_modes <= SIDE_BY_SIDE_MAX)
		metrics_as_rows(page, &table, unit);
	else
		modes_as_rows(page, &table, unit);
	sw_page_table(page, &table);
}

/* ---- lifecycle ---- */

static void bar_cell(struct sw_table *table, double share, size_t room)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	SW_CLEANUP(buf) struct sw_buf bar = {0};
	double scaled = share > 0 ? round(fmin(share, 1) * (double)room * 8) : 0;
	size_t n = (size_t)scaled;

	for (size_t i = 0; i < n / 8; i++)
		(void)sw_buf_add_str(&bar, "█");
	(void)sw_buf_add_str(&bar, eighths[n % 8]);
	sw_table_cell(table, "%s", bar.data ? bar.data : "");
}

static void stretch_row(struct sw_table *table, const char *name, struct sw_number mean,
                        struct sw_number p95, double share, size_t room)
{
	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", mean.text);
	sw_table_cell(table, "%s", p95.text);
	sw_table_cell(table, "%s", sw_share(share).text);
	if (room > 0)
		bar_cell(table, share, room);
}

static void group_rows(const struct sw_mode_figures *mode, enum sw_group group,
                       struct sw_table *table, struct sw_unit unit, size_t room)
{
	char name[48];

	stretch_row(table, sw_word(&sw_words_group, (int)group),
	            sw_in_unit(unit, mode->group_ns[group]), (struct sw_number){""},
	            mode->group_share[group], 0);
	bar_cell(table, mode->group_share[group], room);
	for (int i = 0; i < mode->n_phases; i++) {
		const struct sw_phase_figure *phase = &mode->phases[i];
		if (sw_phase_group(phase->phase) != group)
			continue;
		(void)snprintf(name, sizeof(name), "  %s", sw_word(&sw_words_phase, (int)phase->phase));
		stretch_row(table, name, sw_in_unit(unit, phase->mean_ns), sw_in_unit(unit, phase->p95_ns),
		            phase->share, 0);
	}
}

/* How often in place of a share: it is no part of any iteration's time. */
static void behind_rows(const struct sw_mode_figures *mode, struct sw_table *table,
                        struct sw_unit unit)
{
	if (mode->n_behind == 0)
		return;
	sw_table_row(table);
	sw_table_cell(table, "behind the path");
	for (int i = 0; i < mode->n_behind; i++) {
		const struct sw_phase_figure *phase = &mode->behind[i];
		sw_table_row(table);
		sw_table_cell(table, "  %s", sw_word(&sw_words_phase, (int)phase->phase));
		sw_table_cell(table, "%s", sw_in_unit(unit, phase->mean_ns).text);
		sw_table_cell(table, "%s", sw_in_unit(unit, phase->p95_ns).text);
		sw_table_cell(table, "%s", "");
		sw_table_cell(table, "%" PRIu64 " in all", phase->count);
	}
}

static void put_lifecycle(const struct sw_page *page, const struct sw_mode_figures *mode)
{
	struct sw_unit unit = sw_unit_of_phases(mode);
	struct sw_table table;
	char title[1100];
	size_t room = page->width - 44;

	(void)snprintf(title, sizeof(title), "Lifecycle of %s", sw_shown(mode->state->info.name).text);
	sw_page_heading(page, title);
	if (mode->timed_attempts == 0) {
		sw_page_paragraph(page,
		                  "No iteration ended ok in the sandbox, so there is nothing to show.");
		return;
	}
	room = room > BAR_MAX ? BAR_MAX : room;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_FIXED, 0, unit.name);
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "mean");
	sw_table_column(&table, SW_COLUMN_NUMBER, 1, "p95");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "share");
	sw_table_column(&table, SW_COLUMN_FIXED, 2, "");
	for (int g = 0; g < SW_GROUP_COUNT; g++)
		group_rows(mode, (enum sw_group)g, &table, unit, room);
	stretch_row(&table, "other", sw_in_unit(unit, mode->other_ns), (struct sw_number){""},
	            mode->other_share, room);
	stretch_row(&table, "total", sw_in_unit(unit, mode->wall_ns), (struct sw_number){""}, 1, 0);
	behind_rows(mode, &table, unit);
	sw_page_table(page, &table);
	if (mode->state->by_durations > 0)
		sw_page_paragraph(
			page, "The container's clock is not the host's: the phases inside were placed by "
				  "their durations.");
}

/* ---- the whole ---- */

int sw_report_summary(const struct sw_figures *figures, int width, bool ascii, struct sw_buf *out)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_page page = {figures, width < 60 ? 60 : (size_t)width, ascii, &text};

	put_header(&page);
	put_performance(&page);
	sw_page_modes(&page);
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_info *info = &figures->modes[i].state->info;
		if (info->kind != SW_KIND_HOST && *info->layer == '\0')
			put_lifecycle(&page, &figures->modes[i]);
	}
	sw_page_conclusions(&page);
	if (text.overflow)
		return -1;
	return ascii ? sw_report_ascii(text.data, out) : sw_buf_add(out, text.data, text.len);
}
