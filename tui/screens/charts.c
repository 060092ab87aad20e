#include "tui/screens/charts.h"

#include <math.h>
#include <stdio.h>

#include "core/histogram.h"
#include "core/text.h"
#include "widgets/axis.h"
#include "widgets/histogram.h"
#include "widgets/scatter.h"
#include "widgets/sparkline.h"

void sw_duration_label(double at, double step, char *label)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = {{3600e9, "h"}, {60e9, "min"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}, {1, "ns"}};
	double magnitude = fabs(at);
	size_t i = 0;
	if (magnitude < 1e-9) {
		(void)snprintf(label, SW_AXIS_LABEL, "0");
		return;
	}
	while (i + 1 < sizeof units / sizeof units[0] && magnitude < units[i].ns * 0.9995)
		i++;
	/* As many decimals as the step needs, so that neighbours differ. */
	double value = at / units[i].ns, unit_step = step > 0 ? step / units[i].ns : fabs(value);
	int decimals = unit_step >= 0.9995 ? 0 : unit_step >= 0.0995 ? 1 : 2;
	(void)snprintf(label, SW_AXIS_LABEL, "%.*f %s", decimals, value, units[i].name);
}

/* ---- latency ---- */

static bool walk_histogram(const void *source, uint32_t *cursor, double *low, double *high,
                           uint64_t *count)
{
	struct sw_histogram_bucket bucket;
	if (!sw_histogram_next(source, cursor, &bucket))
		return false;
	*low = (double)bucket.low_ns;
	*high = (double)bucket.high_ns;
	*count = bucket.count;
	return true;
}

bool sw_latency_axis(const struct sw_session *session, bool log, struct sw_axis *out_axis)
{
	double low = INFINITY, high = 0;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_histogram *h = session->modes[i]->latency;
		if (!sw_histogram_count(h))
			continue;
		low = fmin(low, (double)sw_histogram_min(h));
		high = fmax(high, (double)sw_histogram_max(h));
	}
	if (high <= 0)
		return false;
	(void)sw_axis_init(out_axis, log ? fmax(1, low) : 0, high, log);
	sw_axis_round(out_axis);
	return true;
}

enum { FIGURES = 6, MARKS = 3 };

/* What a series' texts live in while it is drawn. */
struct series_text {
	char count[24], values[FIGURES][16];
	struct sw_histogram_figure figures[FIGURES];
	struct sw_histogram_mark marks[MARKS];
};

static void add_figure(struct series_text *text, struct sw_histogram_series *out, const char *label,
                       double ns)
{
	int n = out->n_figures++;
	text->figures[n] = (struct sw_histogram_figure){
		label, sw_view_mean(text->values[n], sizeof text->values[n], ns)};
}

static void add_mark(struct series_text *text, struct sw_histogram_series *out, const char *label,
                     double ns)
{
	text->marks[out->n_marks++] = (struct sw_histogram_mark){ns, label};
}

/* The figures are those of the tables and the snapshot, so that no two places disagree. */
static void fill_figures(const struct sw_stats *stats, double throughput, struct series_text *text,
                         struct sw_histogram_series *out)
{
	add_figure(text, out, "p50", stats->p50);
	if (throughput > 0) {
		int n = out->n_figures++;
		text->figures[n] = (struct sw_histogram_figure){
			"", sw_view_rate(text->values[n], sizeof text->values[n], throughput)};
	}
	add_figure(text, out, "p95", stats->p95);
	add_figure(text, out, "p99", stats->p99);
	add_figure(text, out, "mean", stats->mean);
	add_figure(text, out, "max", (double)stats->max);
	add_mark(text, out, "50", stats->p50);
	add_mark(text, out, "95", stats->p95);
	add_mark(text, out, "99", stats->p99);
}

/* Where all take their turns one at a time, a mode's rate says nothing that its mean does not. */
static bool has_rates(const struct sw_session *session)
{
	bool any = false;
	for (int i = 0; i < session->n_modes; i++)
		any = any || session->modes[i]->info.parallel > 1;
	return any;
}

static void fill_series(const struct sw_session_program *program, int index, bool rates,
                        struct series_text *text, struct sw_histogram_series *out)
{
	const struct sw_mode_state *mode = sw_program_session(program)->modes[index];
	const struct sw_stats *stats = program->has_figures && index < program->figures->n_modes
	                                   ? &program->figures->modes[index].latency
	                                   : NULL;
	*out = (struct sw_histogram_series){
		.name = mode->info.name,
		.role = sw_view_mode_role(index),
		.count = text->count,
		.figures = text->figures,
		.marks = text->marks,
		.walk = walk_histogram,
		.source = mode->latency,
	};
	(void)snprintf(text->count, sizeof text->count, "n %llu",
	               (unsigned long long)(stats ? stats->count : 0));
	if (stats && stats->count)
		fill_figures(stats, rates ? program->figures->modes[index].throughput_per_second : 0, text,
		             out);
}

void sw_draw_latency(struct sw_area area, const struct sw_session_program *program, bool log)
{
	const struct sw_session *session = sw_program_session(program);
	struct series_text texts[SW_MODES_MAX];
	struct sw_histogram_series series[SW_MODES_MAX];
	bool rates = has_rates(session);
	int focus = sw_program_mode(program);
	struct sw_histogram_view view = {.label = sw_duration_label,
	                                 .series = series,
	                                 .focus = focus < 0 ? 0 : focus};
	if (!sw_latency_axis(session, log, &view.axis))
		(void)sw_axis_init(&view.axis, log ? 1e6 : 0, 1e9, log);
	for (view.n = 0; view.n < session->n_modes; view.n++)
		fill_series(program, view.n, rates, &texts[view.n], &series[view.n]);
	(void)sw_histogram_draw(area, &view);
}

int sw_latency_rows(const struct sw_session_program *program)
{
	struct sw_histogram_view view = {.n = sw_program_session(program)->n_modes};
	return sw_histogram_rows(&view);
}

int sw_latency_line_rows(const struct sw_session_program *program)
{
	struct sw_histogram_view view = {.n = sw_program_session(program)->n_modes};
	return sw_histogram_line_rows(&view);
}

/* ---- the newest iterations ---- */

struct points {
	const struct sw_session *session;
	int mode;
};

static bool walk_recent(const void *source, uint32_t *cursor, double *x, double *y, bool *bad)
{
	const struct points *points = source;
	const struct sw_session *session = points->session;
	uint64_t kept = session->n_recent < SW_RECENT_MAX ? session->n_recent : SW_RECENT_MAX;
	uint64_t first = session->n_recent - kept;
	while (*cursor < kept) {
		const struct sw_recent *recent = &session->recent[(first + (*cursor)++) % SW_RECENT_MAX];
		if (recent->mode != points->mode || recent->warmup)
			continue;
		*x = (double)recent->start_ns;
		*y = (double)recent->latency_ns;
		*bad = recent->outcome != SW_OUTCOME_OK || recent->fell_back;
		return true;
	}
	return false;
}

static bool recent_times(const struct sw_session *session, double *low, double *high)
{
	uint64_t kept = session->n_recent < SW_RECENT_MAX ? session->n_recent : SW_RECENT_MAX;
	*low = INFINITY;
	*high = 0;
	for (uint64_t i = session->n_recent - kept; i < session->n_recent; i++) {
		const struct sw_recent *recent = &session->recent[i % SW_RECENT_MAX];
		if (recent->warmup)
			continue;
		*low = fmin(*low, (double)recent->start_ns);
		*high = fmax(*high, (double)recent->start_ns);
	}
	return *low <= *high;
}

static void clock_label(double at, double step, char *label)
{
	(void)step;
	(void)sw_view_clock(label, SW_AXIS_LABEL, (int64_t)at);
}

/* A line for each mode, where a picture of points has no room. */
static void draw_sparklines(struct sw_area area, const struct sw_session *session)
{
	int n = session->n_modes, shown = n <= area.h ? n : area.h - 1;
	if (shown < n)
		sw_put_textf(area, 0, area.h - 1, SW_ROLE_DIM, "+%d more", n - shown);
	for (int i = 0; i < shown; i++) {
		double values[SW_RECENT_MAX];
		bool bad[SW_RECENT_MAX];
		struct points points = {session, i};
		struct sw_sparkline_view view = {.values = values,
		                                 .bad = bad,
		                                 .role = sw_view_mode_role(i)};
		uint32_t cursor = 0;
		double x, y;
		bool failed;
		while (walk_recent(&points, &cursor, &x, &y, &failed)) {
			values[view.n] = y;
			bad[view.n++] = failed;
		}
		struct sw_area row = sw_area_sub(area, 0, i, area.w, 1);
		struct sw_area name = sw_area_cut_left(&row, area.w >= 60 ? 20 : 14);
		sw_put_text_cut(name, 0, 0, name.w - 1, session->modes[i]->info.name, sw_view_mode_role(i));
		sw_sparkline_draw(row, &view);
	}
}

void sw_draw_recent(struct sw_area area, const struct sw_session_program *program, bool log)
{
	const struct sw_session *session = sw_program_session(program);
	double low, high;
	struct sw_scatter_view view = {.x_label = clock_label, .y_label = sw_duration_label};
	struct points points[SW_MODES_MAX];
	struct sw_scatter_series series[SW_MODES_MAX];
	if (!recent_times(session, &low, &high))
		return;
	if (area.h < 5 || area.w < 30 || !sw_latency_axis(session, log, &view.y)) {
		draw_sparklines(area, session);
		return;
	}
	(void)sw_axis_init(&view.x, low, high, false);
	view.series = series;
	for (view.n = 0; view.n < session->n_modes; view.n++) {
		points[view.n] = (struct points){session, view.n};
		series[view.n] =
			(struct sw_scatter_series){sw_view_mode_role(view.n), walk_recent, &points[view.n]};
	}
	sw_scatter_draw(area, &view);
}
