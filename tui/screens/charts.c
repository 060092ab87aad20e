#include "tui/screens/charts.h"

#include <math.h>
#include <stdio.h>

#include "core/histogram.h"
#include "core/text.h"
#include "widgets/axis.h"
#include "widgets/histogram.h"
#include "widgets/scatter.h"
#include "widgets/sparkline.h"
#include "widgets/waterfall.h"

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

enum { FIGURES = 5, MARKS = 3 };

/* What a series' texts live in while it is drawn. */
struct series_text {
	char count[24], values[FIGURES][16];
	struct sw_histogram_figure figures[FIGURES];
	struct sw_histogram_mark marks[MARKS];
};

/* The figures are those of the tables and the snapshot, so that no two places disagree. */
static void fill_figures(const struct sw_stats *stats, struct series_text *text,
                         struct sw_histogram_series *out)
{
	const struct {
		const char *label, *mark; /* mark NULL: none */
		double ns;
	} shown[FIGURES] = {
		{"p50", "50", stats->p50},   {"p95", "95", stats->p95},         {"p99", "99", stats->p99},
		{"mean", NULL, stats->mean}, {"max", NULL, (double)stats->max},
	};
	for (int i = 0; i < FIGURES; i++) {
		text->figures[i] = (struct sw_histogram_figure){
			shown[i].label, sw_view_mean(text->values[i], sizeof text->values[i], shown[i].ns)};
		if (shown[i].mark)
			text->marks[out->n_marks++] = (struct sw_histogram_mark){shown[i].ns, shown[i].mark};
	}
	out->n_figures = FIGURES;
}

static void fill_series(const struct sw_session_program *program, int index,
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
		fill_figures(stats, text, out);
}

void sw_draw_latency(struct sw_area area, const struct sw_session_program *program, bool log)
{
	const struct sw_session *session = sw_program_session(program);
	struct series_text texts[SW_MODES_MAX];
	struct sw_histogram_series series[SW_MODES_MAX];
	struct sw_histogram_view view = {.label = sw_duration_label, .series = series};
	if (!sw_latency_axis(session, log, &view.axis))
		(void)sw_axis_init(&view.axis, log ? 1e6 : 0, 1e9, log);
	for (view.n = 0; view.n < session->n_modes; view.n++)
		fill_series(program, view.n, &texts[view.n], &series[view.n]);
	(void)sw_histogram_draw(area, &view);
}

int sw_latency_rows(const struct sw_session_program *program)
{
	struct sw_histogram_view view = {.n = sw_program_session(program)->n_modes};
	return sw_histogram_rows(&view);
}

/* ---- lifecycle ---- */

enum { STRETCHES = SW_SPANS_MAX + 1 };

struct lifecycle_text {
	char mean[SW_PHASE_COUNT][16], share[SW_PHASE_COUNT][16], now[SW_PHASE_COUNT][16];
	char total[16], running[32], elapsed[16], head[32];
	struct sw_waterfall_phase phases[SW_PHASE_COUNT];
	struct sw_waterfall_stretch stretches[STRETCHES];
	int64_t now_ns[SW_PHASE_COUNT]; /* what the shown attempt spent in each; -1: nothing yet */
	int index[SW_PHASE_COUNT];      /* in phases; -1: not there */
	int n, n_stretches;
};

/* A phase that no finished attempt had yet still belongs to the picture. */
static int index_of(struct lifecycle_text *text, enum sw_phase phase)
{
	if (text->index[phase] < 0) {
		text->index[phase] = text->n;
		text->phases[text->n] = (struct sw_waterfall_phase){
			.name = sw_word(&sw_words_phase, (int)phase),
			.role = sw_view_phase_role(phase),
			.start = text->n ? text->phases[text->n - 1].start + text->phases[text->n - 1].length
		                     : 0,
			.mean = "",
		};
		text->n++;
	}
	return text->index[phase];
}

static void add_means(struct lifecycle_text *text, const struct sw_mode_figures *mode)
{
	double at = 0;
	for (int i = 0; i < mode->n_phases; i++) {
		const struct sw_phase_figure *figure = &mode->phases[i];
		int k = index_of(text, figure->phase);
		text->phases[k].start = at;
		text->phases[k].length = figure->mean_ns;
		text->phases[k].mean = sw_view_mean(text->mean[k], sizeof text->mean[k], figure->mean_ns);
		text->phases[k].share =
			sw_view_percent(text->share[k], sizeof text->share[k], figure->share);
		if (figure->on_path)
			at += figure->mean_ns;
	}
}

static void add_stretch(struct lifecycle_text *text, enum sw_phase phase, double start, double end)
{
	if (text->n_stretches == STRETCHES || end < start)
		return;
	text->stretches[text->n_stretches++] =
		(struct sw_waterfall_stretch){index_of(text, phase), start, end};
	int64_t before = text->now_ns[phase] < 0 ? 0 : text->now_ns[phase];
	text->now_ns[phase] = before + (int64_t)(end - start);
}

/* The attempt that runs, up to NOW_NS; else the last one that ended. Returns its length so far. */
static double add_now(struct lifecycle_text *text, const struct sw_mode_state *mode, int64_t now_ns)
{
	const struct sw_running *run = sw_mode_running(mode);
	if (!run || !run->n_phase_starts) {
		if (!mode->n_last_spans)
			return 0;
		double begin = (double)mode->last_spans[0].start_ns;
		for (int i = 0; i < mode->n_last_spans; i++)
			add_stretch(text, mode->last_spans[i].phase,
			            (double)mode->last_spans[i].start_ns - begin,
			            (double)mode->last_spans[i].end_ns - begin);
		return (double)mode->last_spans[mode->n_last_spans - 1].end_ns - begin;
	}
	double begin = (double)run->phase_starts[0].start_ns;
	for (int i = 0; i < run->n_phase_starts; i++) {
		bool newest = i + 1 == run->n_phase_starts;
		int64_t end = newest ? now_ns : run->phase_starts[i + 1].start_ns;
		add_stretch(text, run->phase_starts[i].phase,
		            (double)run->phase_starts[i].start_ns - begin, (double)end - begin);
	}
	text->phases[index_of(text, run->phase_starts[run->n_phase_starts - 1].phase)].active = true;
	return (double)now_ns - begin;
}

static void add_now_texts(struct lifecycle_text *text)
{
	for (int phase = 0; phase < SW_PHASE_COUNT; phase++) {
		int k = text->index[phase];
		if (k >= 0 && text->now_ns[phase] >= 0)
			text->phases[k].now =
				sw_text_duration(text->now[k], sizeof text->now[k], text->now_ns[phase]);
	}
}

/* The axis must not jump with each iteration: it goes as far as the slowest of most of them. */
static double axis_end(const struct sw_mode_state *mode, double expected, double elapsed)
{
	double high = (double)sw_histogram_percentile(mode->latency, 95);
	double end = fmax(high, expected) * 1.05;
	return end > 0 ? end : fmax(elapsed, 1e6);
}

void sw_draw_lifecycle(struct sw_area area, const struct sw_session_program *program, int mode)
{
	const struct sw_session *session = sw_program_session(program);
	const struct sw_mode_state *state = session->modes[mode];
	const struct sw_mode_figures *figures = program->has_figures && mode < program->figures->n_modes
	                                            ? &program->figures->modes[mode]
	                                            : NULL;
	struct lifecycle_text text = {.n = 0};
	for (int i = 0; i < SW_PHASE_COUNT; i++) {
		text.index[i] = -1;
		text.now_ns[i] = -1;
	}
	if (figures)
		add_means(&text, figures);
	double expected = figures ? figures->wall_ns : 0;
	double elapsed = add_now(&text, state, program->source.now_ns(program->source.user));
	add_now_texts(&text);
	const struct sw_running *run = sw_mode_running(state);
	bool running = run && run->n_phase_starts;
	struct sw_waterfall_view view = {
		.phases = text.phases,
		.n = text.n,
		.label = sw_duration_label,
		.mean_head = "mean",
		.share_head = "share",
		.now_head = running ? "now" : "last",
		.total_name = "mean",
		.total = expected > 0 ? sw_view_mean(text.total, sizeof text.total, expected) : "",
		.stretches = text.stretches,
		.n_stretches = text.n_stretches,
		.expected = running ? expected : 0,
	};
	if (text.n_stretches) {
		bool warmup = run ? run->warmup : state->last_warmup;
		(void)snprintf(text.running, sizeof text.running, "%s%lld", warmup ? "w" : "#",
		               (long long)(run ? run->iteration : state->last_iteration));
		view.running_name = text.running;
		view.elapsed = sw_view_mean(text.elapsed, sizeof text.elapsed, elapsed);
	}
	(void)sw_axis_init(&view.axis, 0, axis_end(state, expected, elapsed), false);
	(void)sw_waterfall_draw(area, &view);
}

int sw_lifecycle_rows(const struct sw_session_program *program, int mode)
{
	const struct sw_session *session = sw_program_session(program);
	struct sw_waterfall_view view = {.running_name = ""};
	/* What a container's attempt goes through, before the first has. */
	view.n = mode >= 0 && session->modes[mode]->info.kind == SW_KIND_HOST ? 5 : 11;
	if (program->has_figures && mode >= 0 && program->figures->modes[mode].n_phases)
		view.n = program->figures->modes[mode].n_phases;
	return sw_waterfall_rows(&view);
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
	for (int i = 0; i < session->n_modes && i < area.h; i++) {
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
	struct points points[SW_SCATTER_SERIES];
	struct sw_scatter_series series[SW_SCATTER_SERIES];
	if (!recent_times(session, &low, &high))
		return;
	if (area.h < 5 || area.w < 30 || !sw_latency_axis(session, log, &view.y)) {
		draw_sparklines(area, session);
		return;
	}
	(void)sw_axis_init(&view.x, low, high, false);
	view.series = series;
	for (view.n = 0; view.n < session->n_modes && view.n < SW_SCATTER_SERIES; view.n++) {
		points[view.n] = (struct points){session, view.n};
		series[view.n] =
			(struct sw_scatter_series){sw_view_mode_role(view.n), walk_recent, &points[view.n]};
	}
	sw_scatter_draw(area, &view);
}
