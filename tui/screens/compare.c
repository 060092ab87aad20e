#include "tui/screens/session.h"

#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "tui/screens/charts.h"
#include "widgets/interval.h"
#include "widgets/panel.h"
#include "widgets/table.h"

enum { NAME, COUNT, MEAN, SPREAD, MIN, P50, P90, P95, P99, MAX, SUCCESS, FELL_BACK, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[NAME] = {.title = "mode", .width = 14, .weight = 2},
	[COUNT] = {.title = "n", .width = 4, .right = true},
	[MEAN] = {.title = "mean", .width = 8, .right = true},
	[SPREAD] = {.title = "sd", .width = 8, .right = true, .priority = 5},
	[MIN] = {.title = "min", .width = 8, .right = true, .priority = 6},
	[P50] = {.title = "p50", .width = 8, .right = true},
	[P90] = {.title = "p90", .width = 8, .right = true, .priority = 4},
	[P95] = {.title = "p95", .width = 8, .right = true},
	[P99] = {.title = "p99", .width = 8, .right = true, .priority = 2},
	[MAX] = {.title = "max", .width = 8, .right = true, .priority = 3},
	[SUCCESS] = {.title = "success", .width = 7, .right = true, .priority = 1},
	[FELL_BACK] = {.title = "fell back", .width = 9, .right = true, .priority = 1},
};

static void put_ns(struct sw_table_cell *cell, double ns, enum sw_role role)
{
	(void)sw_view_mean(cell->text, sizeof cell->text, ns);
	cell->role = role;
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_figures *figures = user;
	const struct sw_mode_figures *mode = &figures->modes[index];
	const struct sw_stats *latency = &mode->latency;
	(void)snprintf(cells[NAME].text, sizeof cells->text, "%s", mode->state->info.name);
	cells[NAME].role = sw_view_mode_role(index);
	(void)snprintf(cells[COUNT].text, sizeof cells->text, "%llu",
	               (unsigned long long)latency->count);
	cells[COUNT].role = SW_ROLE_DIM;
	if (latency->count) {
		put_ns(&cells[MEAN], latency->mean, SW_ROLE_STRONG);
		put_ns(&cells[SPREAD], latency->stddev, SW_ROLE_DIM);
		put_ns(&cells[MIN], (double)latency->min, SW_ROLE_TEXT);
		put_ns(&cells[P50], latency->p50, SW_ROLE_STRONG);
		put_ns(&cells[P90], latency->p90, SW_ROLE_TEXT);
		put_ns(&cells[P95], latency->p95, SW_ROLE_TEXT);
		put_ns(&cells[P99], latency->p99, SW_ROLE_TEXT);
		put_ns(&cells[MAX], (double)latency->max, SW_ROLE_TEXT);
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

static void draw_table(const struct sw_session_program *program, struct sw_area area)
{
	struct sw_table_state state = {.selected = -1, .sort = -1};
	struct sw_table table = {
		.columns = columns,
		.n_columns = N_COLUMNS,
		.rows = program->has_figures ? program->figures->n_modes : 0,
		.row = row,
		.user = program->figures,
		.empty = "nothing is known yet",
	};
	const struct sw_flow_piece title = {"side by side", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = "latency of ok iterations"};
	sw_table_draw(sw_panel_draw(area, &panel), &table, &state);
}

/* ---- differences ---- */

struct difference {
	char text[96];
	struct sw_ci ci;
	double ns;
};

/* Each mode's mean against the baseline's, with its interval where there is one. */
static int differences(const struct sw_session_program *program, struct difference *out,
                       struct sw_interval *intervals, double *out_low, double *out_high)
{
	const struct sw_figures *figures = program->figures;
	const struct sw_mode_figures *base = &figures->modes[figures->baseline];
	int n = 0;
	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		char diff[16], interval[40], percent[24] = "";
		if (i == figures->baseline || !mode->latency.count || !base->latency.count)
			continue;
		struct difference *d = &out[n];
		d->ns = mode->latency.mean - base->latency.mean;
		d->ci = i == figures->candidate ? figures->overhead_ci : program->difference_ci[i];
		bool known = d->ci.method != SW_CI_NONE;
		bool noise = known && d->ci.low <= 0 && d->ci.high >= 0;
		if (base->latency.mean > 0)
			(void)snprintf(percent, sizeof percent, "%+.0f %%", 100 * d->ns / base->latency.mean);
		(void)snprintf(d->text, sizeof d->text, "%s%s  %s  %s", d->ns < 0 ? "" : "+",
		               sw_view_mean(diff, sizeof diff, d->ns),
		               known ? sw_view_interval(interval, sizeof interval, d->ci.low, d->ci.high)
		                     : "[?, ?]",
		               noise ? "not told from noise" : percent);
		intervals[n] = (struct sw_interval){
			.name = mode->state->info.name,
			.role = sw_view_mode_role(i),
			.low = known ? d->ci.low : NAN,
			.middle = d->ns,
			.high = known ? d->ci.high : NAN,
			.text = d->text,
		};
		*out_low = fmin(*out_low, fmin(d->ns, known ? d->ci.low : d->ns));
		*out_high = fmax(*out_high, fmax(d->ns, known ? d->ci.high : d->ns));
		n++;
	}
	return n;
}

static void draw_differences(const struct sw_session_program *program, struct sw_area area)
{
	struct difference texts[SW_MODES_MAX];
	struct sw_interval intervals[SW_MODES_MAX];
	struct sw_interval_view view = {.label = sw_duration_label, .intervals = intervals};
	double low = 0, high = 0;
	bool has_base = program->has_figures && program->figures->baseline >= 0;
	const struct sw_flow_piece title[] = {
		{"difference to ", SW_ROLE_TITLE},
		{has_base ? program->figures->modes[program->figures->baseline].state->info.name
	              : "the baseline",
	     has_base ? sw_view_mode_role(program->figures->baseline) : SW_ROLE_DIM},
	};
	struct sw_panel panel = {.title = title, .n_title = 2, .note = "95 % interval of the means"};
	struct sw_area inside = sw_panel_draw(area, &panel);
	view.n = has_base ? differences(program, texts, intervals, &low, &high) : 0;
	if (!view.n) {
		bool is_over = sw_program_session(program)->state != SW_STATE_RUNNING;
		sw_put_text_cut(inside, 0, 0, inside.w,
		                is_over ? "nothing to compare: no two modes ended ok"
		                        : "nothing to compare yet",
		                SW_ROLE_DIM);
		return;
	}
	(void)sw_axis_init(&view.axis, low, high, false);
	sw_axis_round(&view.axis);
	(void)sw_interval_draw(inside, &view);
}

/* ---- the whole ---- */

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	draw_table(program, sw_area_cut_top(&area, session->n_modes + 1 + SW_PANEL_ROWS));
	int rows = session->n_modes - 1 + 2 + SW_PANEL_ROWS;
	if (area.h >= rows + 5)
		draw_differences(program, sw_area_cut_top(&area, rows));
	const struct sw_flow_piece title = {"latency", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title,
	                         .n_title = 1,
	                         .note = sw_app_log_scale(app) ? "log" : "linear"};
	sw_draw_latency(sw_panel_draw(area, &panel), program, sw_app_log_scale(app));
}

const struct sw_screen sw_screen_compare = {
	.name = "compare",
	.places = SW_ON_HISTOGRAM,
	.draw = draw,
};
