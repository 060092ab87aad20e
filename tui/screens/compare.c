#include "tui/screens/session.h"

#include <stdio.h>

#include "core/isolation.h"
#include "core/text.h"
#include "tui/screens/charts.h"
#include "tui/screens/differences.h"
#include "tui/screens/isolation.h"
#include "widgets/panel.h"
#include "widgets/table.h"

enum {
	NAME,
	KIND,
	COUNT,
	MEAN,
	SPREAD,
	MIN,
	P50,
	P90,
	P95,
	P99,
	MAX,
	RATE,
	SUCCESS,
	FELL_BACK,
	ISOLATION,
	DRIFT,
	FAR_OUT,
	N_COLUMNS
};

_Static_assert(N_COLUMNS <= SW_TABLE_COLUMNS_MAX, "each has its cell");

static const struct sw_table_column columns[N_COLUMNS] = {
	[NAME] = {.title = "mode", .width = 16, .weight = 2},
	[KIND] = {.title = "kind", .width = 12, .weight = 1, .priority = 5},
	[COUNT] = {.title = "n", .width = 4, .right = true},
	[MEAN] = {.title = "mean", .width = 7, .right = true},
	[SPREAD] = {.title = "sd", .width = 8, .right = true, .priority = 8},
	[MIN] = {.title = "min", .width = 8, .right = true, .priority = 9},
	[P50] = {.title = "p50", .width = 7, .right = true},
	[P90] = {.title = "p90", .width = 8, .right = true, .priority = 9},
	[P95] = {.title = "p95", .width = 7, .right = true, .priority = 4},
	[P99] = {.title = "p99", .width = 8, .right = true, .priority = 7},
	[MAX] = {.title = "max", .width = 8, .right = true, .priority = 8},
	[RATE] = {.title = "rate", .width = 7, .right = true, .priority = 2},
	[SUCCESS] = {.title = "success", .width = 7, .right = true, .priority = 3},
	[FELL_BACK] = {.title = "fallback", .width = 8, .right = true, .priority = 3},
	[ISOLATION] = {.title = "isolation", .width = 9, .right = true, .priority = 1},
	[DRIFT] = {.title = "drift", .width = 6, .right = true, .priority = 6},
	[FAR_OUT] = {.title = "far out", .width = 7, .right = true, .priority = 6},
};

static void put_ns(struct sw_table_cell *cell, double ns, enum sw_role role)
{
	(void)sw_view_mean(cell->text, sizeof cell->text, ns);
	cell->role = role;
}

static void put_latency(const struct sw_mode_figures *mode, struct sw_table_cell *cells)
{
	const struct sw_stats *latency = &mode->latency;
	put_ns(&cells[MEAN], latency->mean, SW_ROLE_STRONG);
	put_ns(&cells[SPREAD], latency->stddev, SW_ROLE_DIM);
	put_ns(&cells[MIN], (double)latency->min, SW_ROLE_TEXT);
	put_ns(&cells[P50], latency->p50, SW_ROLE_STRONG);
	put_ns(&cells[P90], latency->p90, SW_ROLE_TEXT);
	put_ns(&cells[P95], latency->p95, SW_ROLE_TEXT);
	put_ns(&cells[P99], latency->p99, SW_ROLE_TEXT);
	put_ns(&cells[MAX], (double)latency->max, SW_ROLE_TEXT);
}

/* What does not fit a mean: the session's last third against its first, and how many were far out. */
static void put_doubts(const struct sw_comparison *found, int index, struct sw_table_cell *cells)
{
	const struct sw_drift *drift = &found->drift[index];
	const struct sw_outliers *outliers = &found->outliers[index];
	cells[DRIFT].role = cells[FAR_OUT].role = SW_ROLE_DIM;
	if (drift->is_found) {
		(void)snprintf(cells[DRIFT].text, sizeof cells->text, "%+.1f %%", drift->percent);
		cells[DRIFT].role = SW_ROLE_WARNING;
	} else {
		(void)snprintf(cells[DRIFT].text, sizeof cells->text, drift->is_judged ? "none" : "?");
	}
	if (outliers->is_judged)
		(void)snprintf(cells[FAR_OUT].text, sizeof cells->text, "%llu",
		               (unsigned long long)outliers->count);
	else
		(void)snprintf(cells[FAR_OUT].text, sizeof cells->text, "?");
	if (outliers->count)
		cells[FAR_OUT].role = SW_ROLE_WARNING;
}

static void put_rates(const struct sw_mode_figures *mode, struct sw_table_cell *cells)
{
	cells[RATE].role = SW_ROLE_DIM;
	(void)snprintf(cells[RATE].text, sizeof cells->text, "-");
	if (mode->throughput_per_second > 0) {
		(void)sw_view_rate(cells[RATE].text, sizeof cells->text, mode->throughput_per_second);
		cells[RATE].role = SW_ROLE_STRONG;
	}
	if (!mode->judged)
		return;
	(void)sw_view_percent(cells[SUCCESS].text, sizeof cells->text, mode->success_rate);
	cells[SUCCESS].role = mode->success_rate < 1 ? SW_ROLE_BAD : SW_ROLE_OK;
	if (mode->state->info.kind == SW_KIND_HOST)
		return;
	(void)sw_view_percent(cells[FELL_BACK].text, sizeof cells->text, mode->fallback_rate);
	cells[FELL_BACK].role = mode->fallback_rate > 0 ? SW_ROLE_WARNING : SW_ROLE_OK;
}

/* Of the columns those that have anything to say. */
static int choose_columns(const struct sw_session_program *program, int chosen[N_COLUMNS])
{
	bool fell_back = false, is_tested = *sw_isolation_source() != '\0';
	int n = 0;
	for (int i = 0; program->has_figures && i < program->figures->n_modes; i++)
		fell_back |= program->figures->modes[i].fallback_rate > 0;
	for (int column = 0; column < N_COLUMNS; column++)
		if ((column != FELL_BACK || fell_back) && (column != ISOLATION || is_tested))
			chosen[n++] = column;
	return n;
}

static void fill_row(const struct sw_session_program *program, int index,
                     struct sw_table_cell *cells)
{
	const struct sw_mode_figures *mode = &program->figures->modes[index];
	(void)snprintf(cells[NAME].text, sizeof cells->text, "%s", mode->state->info.name);
	cells[NAME].role = sw_view_mode_role(index);
	(void)sw_view_kind(cells[KIND].text, sizeof cells->text, &mode->state->info);
	cells[KIND].role = SW_ROLE_DIM;
	(void)snprintf(cells[COUNT].text, sizeof cells->text, "%llu",
	               (unsigned long long)mode->latency.count);
	cells[COUNT].role = SW_ROLE_DIM;
	if (mode->latency.count)
		put_latency(mode, cells);
	put_rates(mode, cells);
	if (program->comparison.is_known && index < program->comparison.n_modes)
		put_doubts(&program->comparison, index, cells);
	cells[ISOLATION].role =
		sw_isolation_cell(cells[ISOLATION].text, sizeof cells->text, &mode->state->info);
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	struct sw_table_cell all[N_COLUMNS];
	int chosen[N_COLUMNS], n = choose_columns(user, chosen);
	for (int i = 0; i < N_COLUMNS; i++)
		all[i] = (struct sw_table_cell){.role = SW_ROLE_TEXT};
	fill_row(user, index, all);
	for (int i = 0; i < n; i++)
		cells[i] = all[chosen[i]];
}

/* The mode the others are compared with is marked, and so in sight where not all of them are. */
static void draw_table(struct sw_session_program *program, struct sw_area area)
{
	bool is_many = program->has_figures && program->figures->n_modes > 2;
	struct sw_table_state state = {.selected = is_many ? sw_program_reference(program) : -1,
	                               .sort = -1};
	struct sw_table_column shown[N_COLUMNS];
	int chosen[N_COLUMNS], n = choose_columns(program, chosen);
	for (int i = 0; i < n; i++)
		shown[i] = columns[chosen[i]];
	struct sw_table table = {
		.columns = shown,
		.n_columns = n,
		.rows = program->has_figures ? program->figures->n_modes : 0,
		.row = row,
		.user = program,
		.empty = "nothing is known yet",
	};
	const struct sw_flow_piece title = {"side by side", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = "latency of ok iterations"};
	struct sw_flow_piece legend[SW_ISOLATION_LEGEND_MAX];
	if (table.rows && *sw_isolation_source()) {
		panel.foot = legend;
		panel.n_foot = sw_isolation_legend(legend);
	}
	sw_table_draw(sw_panel_draw(area, &panel), &table, &state);
}

/* ---- the parts below ---- */

enum { AXIS = 2, PART_LEAST = 4, LATENCY_LEAST = 5, LATENCY_WELL = 16 };

/* From the most telling down; each gets its rows if they are there. */
static const struct part {
	int (*rows)(
		const struct sw_session_program *program); /* without its frame; 0: nothing to show */
	void (*draw)(const struct sw_session_program *program, struct sw_area area);
	int kept; /* with two modes, histograms of so many rows say more */
} parts[] = {
	{sw_layers_rows, sw_draw_layers, LATENCY_LEAST},
	{sw_reference_rows, sw_draw_reference, LATENCY_LEAST},
	{sw_isolation_rows, sw_draw_isolation, LATENCY_WELL},
	{sw_baseline_rows, sw_draw_baseline, LATENCY_LEAST},
};

static void draw_parts(const struct sw_session_program *program, struct sw_area *area)
{
	bool is_many = sw_program_session(program)->n_modes > 2;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		int rows = parts[i].rows(program);
		int kept = is_many ? 0 : parts[i].kept;
		if (!rows)
			continue;
		if (area->h >= rows + SW_PANEL_ROWS + kept)
			parts[i].draw(program, sw_area_cut_top(area, rows + SW_PANEL_ROWS));
		else if (is_many &&
		         area->h >= (rows - AXIS < PART_LEAST ? rows - AXIS : PART_LEAST) + SW_PANEL_ROWS)
			parts[i].draw(program, sw_area_cut_top(area, area->h));
	}
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	sw_program_compare(program);
	/* Of very many modes some, which go with the reference; the differences have the rest. */
	int rows = session->n_modes + 1 + SW_PANEL_ROWS;
	draw_table(program, sw_area_cut_top(&area, rows <= area.h ? rows : area.h * 3 / 5));
	draw_parts(program, &area);
	if (session->n_modes > 2 && area.h < LATENCY_LEAST)
		return;
	const struct sw_flow_piece title = {"latency", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title,
	                         .n_title = 1,
	                         .note = sw_app_log_scale(app) ? "log" : "linear"};
	sw_draw_latency(sw_panel_draw(area, &panel), program, sw_app_log_scale(app));
}

/* SW_ACTION_MODE: the next mode that the others are compared with. */
static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	int n = sw_program_session(program)->n_modes;
	if (action != SW_ACTION_MODE || n < 3)
		return sw_program_act(program, app, action);
	program->reference = (sw_program_reference(program) + 1) % n;
	return true;
}

const struct sw_screen sw_screen_compare = {
	.name = "compare",
	.places = SW_ON_HISTOGRAM,
	.draw = draw,
	.act = act,
};
