#include "widgets/waterfall.h"

#include <math.h>
#include <string.h>

#include "widgets/spans.h"
#include "widgets/text.h"

#define COLUMN_GAP 2
#define CHART_MIN 16 /* columns of the chart before a column of figures is given up for it */
#define SPANS 64     /* of one bar; no iteration has more phases */

/* Columns of the figures at the right; 0: not shown. */
struct columns {
	int name, mean, share, now;
};

static int wider(int columns, const char *text)
{
	int here = text ? sw_glyph_text_columns(text) : 0;
	return here > columns ? here : columns;
}

/* Phases on the path; the others come behind them. */
static int on_path(const struct sw_waterfall_view *view)
{
	int n = 0;
	while (n < view->n && !view->phases[n].off_path)
		n++;
	return n;
}

static int run_columns(const struct sw_waterfall_view *view, bool elapsed, int columns)
{
	for (int i = 0; i < view->n_runs; i++)
		columns = wider(columns, elapsed ? view->runs[i].elapsed : view->runs[i].name);
	return columns;
}

static int taken(const struct columns *columns)
{
	const int figures[] = {columns->mean, columns->share, columns->now};
	int sum = columns->name + COLUMN_GAP;
	for (int i = 0; i < 3; i++)
		sum += figures[i] > 0 ? COLUMN_GAP + figures[i] : 0;
	return sum;
}

/* What WIDTH has no room for goes: the share, then what is running, then most of the name. */
static void make_room(struct columns *columns, int width)
{
	if (taken(columns) > width - CHART_MIN)
		columns->share = 0;
	if (taken(columns) > width - CHART_MIN && columns->mean > 0)
		columns->now = 0;
	if (taken(columns) > width - CHART_MIN && columns->name > 8)
		columns->name = 8;
	if (taken(columns) > width - CHART_MIN / 2)
		columns->mean = columns->now = 0;
}

static struct columns gantt_columns(const struct sw_waterfall_view *view, int width)
{
	struct columns columns = {.mean = wider(0, view->mean_head),
	                          .share = wider(0, view->share_head),
	                          .now = wider(0, view->now_head)};
	for (int i = 0; i < view->n; i++) {
		columns.name = wider(columns.name, view->phases[i].name);
		columns.mean = wider(columns.mean, view->phases[i].mean);
		columns.share = wider(columns.share, view->phases[i].share);
		columns.now = wider(columns.now, view->phases[i].now);
	}
	columns.name = run_columns(view, false, columns.name);
	columns.now = run_columns(view, true, columns.now);
	make_room(&columns, width);
	if (columns.now == 0 && columns.mean > 0)
		columns.mean = run_columns(view, true, columns.mean);
	return columns;
}

/* Cuts the figures of one row off its right side, and draws them. */
static void draw_figures(struct sw_area *row, const struct columns *columns,
                         const char *const texts[3], const enum sw_role roles[3])
{
	const int widths[] = {columns->mean, columns->share, columns->now};
	for (int i = 2; i >= 0; i--) {
		if (widths[i] == 0)
			continue;
		struct sw_area figure = sw_area_cut_right(row, widths[i]);
		sw_area_cut_right(row, COLUMN_GAP);
		if (texts[i])
			sw_put_text_right(figure, figure.w, 0, figure.w, texts[i], roles[i]);
	}
}

static void draw_name(struct sw_area *row, const struct columns *columns, const char *name,
                      enum sw_role role)
{
	struct sw_area area = sw_area_cut_left(row, columns->name);
	sw_put_text_cut(area, 0, 0, area.w, name ? name : "", role);
	if (role == SW_ROLE_STRONG)
		sw_paint(area, SW_ROLE_COUNT, SW_CELL_BOLD);
	sw_area_cut_left(row, COLUMN_GAP);
}

/* ---- bars ---- */

static struct sw_stripe make_span(const struct sw_waterfall_view *view, int width, int phase,
                                  const double range[2])
{
	struct sw_stripe span = {.start = sw_axis_column(&view->axis, range[0], width),
	                         .end = sw_axis_column(&view->axis, range[1], width),
	                         .role = SW_ROLE_TRACK,
	                         .letter = '-'};
	if (phase >= 0 && phase < view->n) {
		char letter = view->phases[phase].name ? view->phases[phase].name[0] : '#';
		span.role = view->phases[phase].role;
		span.letter = letter > ' ' && letter < 0x7f ? letter : '#';
	}
	return span;
}

/* What lies beyond the axis: an arrow in the last column, and the axis stays. */
static void draw_beyond(struct sw_area row, const struct sw_waterfall_view *view, double end,
                        enum sw_role role)
{
	if (end > view->axis.high && row.w > 0)
		sw_put_char(row, row.w - 1, 0, sw_area_glyphs(row)->pointer, role);
}

static void draw_phase_bar(struct sw_area row, const struct sw_waterfall_view *view, int phase)
{
	const struct sw_waterfall_phase *of = &view->phases[phase];
	const double range[] = {of->start, of->start + of->length};
	struct sw_stripe span = make_span(view, row.w, phase, range);
	if (!isfinite(range[0]) || !isfinite(range[1]) || of->length < 0)
		return;
	span.letter = '#';
	if (span.start >= row.w)
		return draw_beyond(row, view, range[1], of->role);
	/* So that the shortest one on the axis' end is seen, too. */
	if (span.start > row.w - 0.125)
		span.start = row.w - 0.125;
	if (of->off_path) {
		int first = (int)span.start, last = (int)lround(span.end);
		sw_fill(sw_area_sub(row, first, 0, last > first ? last - first : 1, 1),
		        sw_area_glyphs(row)->shade, of->role);
	} else {
		sw_spans_draw(row, &span, 1);
	}
	draw_beyond(row, view, range[1], of->role);
}

static void draw_mean_bar(struct sw_area row, const struct sw_waterfall_view *view)
{
	struct sw_stripe spans[SPANS];
	double end = 0;
	enum sw_role role = SW_ROLE_TRACK;
	int n = 0;
	for (int i = 0; i < view->n && n < SPANS; i++) {
		const struct sw_waterfall_phase *phase = &view->phases[i];
		const double range[] = {phase->start, phase->start + phase->length};
		if (!isfinite(range[0]) || !isfinite(range[1]) || phase->length <= 0 || phase->off_path)
			continue;
		spans[n++] = make_span(view, row.w, i, range);
		end = fmax(end, range[1]);
		role = phase->role;
	}
	sw_spans_draw(row, spans, n);
	draw_beyond(row, view, end, role);
}

static void draw_running_bar(struct sw_area row, const struct sw_waterfall_view *view,
                             const struct sw_waterfall_run *run)
{
	struct sw_stripe spans[SPANS];
	double end = 0;
	int n = 0, from = run->n_stretches > SPANS ? run->n_stretches - SPANS : 0;
	for (int i = from; i < run->n_stretches; i++) {
		const struct sw_waterfall_stretch *stretch = &run->stretches[i];
		const double range[] = {stretch->start, stretch->end};
		if (!isfinite(range[0]) || !isfinite(range[1]) || range[1] < range[0])
			continue;
		spans[n++] = make_span(view, row.w, stretch->phase, range);
		end = fmax(end, range[1]);
	}
	/* Whole cells of shade: a started one belongs to the bar, in ASCII one that is half full. */
	double column = sw_axis_column(&view->axis, end, row.w);
	int rest = (int)(sw_area_glyphs(row)->unicode ? ceil(column - 0.0625) : floor(column + 0.5));
	double length = run->active ? view->expected : 0;
	int expected = (int)lround(sw_axis_column(&view->axis, length, row.w));
	sw_fill(sw_area_sub(row, rest, 0, expected > rest ? expected - rest : 0, 1),
	        sw_area_glyphs(row)->shade, SW_ROLE_TRACK);
	sw_spans_draw(row, spans, n);
	draw_beyond(row, view, end, n > 0 ? spans[n - 1].role : SW_ROLE_TRACK);
}

/* ---- a row for each phase ---- */

static void draw_gantt_axis(struct sw_area area, const struct columns *columns,
                            const struct sw_waterfall_view *view)
{
	struct sw_axis axis = view->axis;
	sw_area_cut_left(&area, columns->name + COLUMN_GAP);
	sw_area_cut_right(&area, taken(columns) - columns->name - COLUMN_GAP);
	sw_axis_ticks(&axis, area.w, view->label);
	sw_axis_draw(area, &axis);
}

/* ---- the runs ---- */

static void draw_run(struct sw_area row, const struct columns *columns,
                     const struct sw_waterfall_view *view, const struct sw_waterfall_run *run)
{
	enum sw_role role = run->active || view->n_runs == 1 ? SW_ROLE_STRONG : SW_ROLE_DIM;
	const char *const texts[] = {columns->now > 0 ? NULL : run->elapsed, NULL, run->elapsed};
	const enum sw_role roles[] = {role, SW_ROLE_DIM, role};
	bool has_run = run->name && *run->name;
	draw_figures(&row, columns, texts, roles);
	draw_name(&row, columns, has_run ? run->name : "-", role);
	if (has_run)
		draw_running_bar(row, view, run);
}

/* Those from FIRST on that found no row: how many of them run. */
static void draw_rest(struct sw_area row, const struct sw_waterfall_view *view, int first)
{
	int running = 0;
	for (int i = first; i < view->n_runs; i++)
		running += view->runs[i].active;
	if (running)
		sw_put_textf(row, 0, 0, SW_ROLE_TEXT, "+%d more running", running);
	else
		sw_put_textf(row, 0, 0, SW_ROLE_DIM, "+%d more, idle", view->n_runs - first);
}

/* In ROWS rows of *AREA, which it cuts off. */
static void draw_runs(struct sw_area *area, const struct columns *columns,
                      const struct sw_waterfall_view *view, int rows)
{
	int shown = view->n_runs <= rows ? view->n_runs : rows - 1;
	for (int i = 0; i < shown; i++)
		draw_run(sw_area_cut_top(area, 1), columns, view, &view->runs[i]);
	if (shown < view->n_runs && rows > 0)
		draw_rest(sw_area_cut_top(area, 1), view, shown);
}

/* ---- a row for each phase ---- */

static void draw_phase(struct sw_area row, const struct columns *columns,
                       const struct sw_waterfall_view *view, int i)
{
	const struct sw_waterfall_phase *phase = &view->phases[i];
	const char *const texts[] = {phase->mean, phase->share, phase->now};
	enum sw_role text = phase->off_path ? SW_ROLE_DIM : SW_ROLE_TEXT;
	const enum sw_role roles[] = {text, SW_ROLE_DIM, phase->active ? SW_ROLE_STRONG : text};
	draw_figures(&row, columns, texts, roles);
	draw_name(&row, columns, phase->name, phase->active ? SW_ROLE_STRONG : text);
	draw_phase_bar(row, view, i);
}

static void draw_behind(struct sw_area *area, const struct columns *columns,
                        const struct sw_waterfall_view *view, int first)
{
	struct sw_area head = sw_area_cut_top(area, view->behind_head != NULL);
	if (head.h > 0)
		sw_put_text_cut(head, 0, 0, head.w, view->behind_head, SW_ROLE_DIM);
	for (int i = first; i < view->n; i++)
		draw_phase(sw_area_cut_top(area, 1), columns, view, i);
}

/* How the rows are shared out. What is asked first is given last. */
struct shares {
	int path, runs, behind; /* behind: with its heading, all or nothing */
	int axis;               /* 2, 1, 0 */
	bool heads;
};

static int behind_rows(const struct sw_waterfall_view *view)
{
	int behind = view->n - on_path(view);
	return behind ? behind + (view->behind_head != NULL) : 0;
}

static bool has_heads(const struct sw_waterfall_view *view)
{
	return view->mean_head || view->share_head || view->now_head;
}

static struct shares share_out(const struct sw_waterfall_view *view, int rows)
{
	struct shares shares = {.path = on_path(view), .runs = view->n_runs > 0};
	int left = rows - shares.path - shares.runs, more;
	if (has_heads(view) && left > 1) {
		shares.heads = true;
		left--;
	}
	shares.axis = left >= 1;
	left -= shares.axis;
	more = view->n_runs - shares.runs < left ? view->n_runs - shares.runs : left;
	/* Three runs beside one another say what many would: then what lies behind has its turn. */
	int behind = behind_rows(view), first = more < 2 ? more : 2;
	if (behind && left - first >= behind) {
		shares.behind = behind;
		left -= behind;
		more = more < left ? more : left;
	}
	shares.axis += left > more;
	shares.runs += more;
	return shares;
}

static void draw_gantt(struct sw_area area, const struct sw_waterfall_view *view)
{
	static const enum sw_role dim[3] = {SW_ROLE_DIM, SW_ROLE_DIM, SW_ROLE_DIM};
	struct columns columns = gantt_columns(view, area.w);
	struct shares shares = share_out(view, area.h);
	if (shares.heads) {
		const char *const heads[] = {view->mean_head, view->share_head, view->now_head};
		struct sw_area row = sw_area_cut_top(&area, 1);
		draw_figures(&row, &columns, heads, dim);
	}
	for (int i = 0; i < shares.path; i++)
		draw_phase(sw_area_cut_top(&area, 1), &columns, view, i);
	draw_runs(&area, &columns, view, shares.runs);
	draw_gantt_axis(sw_area_cut_top(&area, shares.axis), &columns, view);
	if (shares.behind)
		draw_behind(&area, &columns, view, shares.path);
}

/* ---- fewer rows than phases ---- */

/* Labels under the phases of a stacked bar, the longest first: name and figure, the name alone, or
 * nothing where another one stands already or where there is hardly a bar above it. */
static void draw_phase_labels(struct sw_area row, const struct sw_waterfall_view *view)
{
	bool done[SPANS] = {false}, used[SW_CANVAS_MAX + 1] = {false};
	int n = view->n < SPANS ? view->n : SPANS;
	int width = row.w < SW_CANVAS_MAX ? row.w : SW_CANVAS_MAX;
	for (;;) {
		int longest = -1;
		for (int i = 0; i < n; i++)
			if (!done[i] && !view->phases[i].off_path && view->phases[i].length > 0 &&
			    (longest < 0 || view->phases[i].length > view->phases[longest].length))
				longest = i;
		if (longest < 0)
			return;
		const struct sw_waterfall_phase *phase = &view->phases[longest];
		done[longest] = true;
		if (phase->start >= view->axis.high || !isfinite(phase->start) || !phase->name)
			continue;
		int start = sw_axis_cell(&view->axis, phase->start, width);
		int name = sw_glyph_text_columns(phase->name);
		int columns = name + (phase->mean ? 1 + sw_glyph_text_columns(phase->mean) : 0), room = 0;
		double bar = sw_axis_column(&view->axis, phase->start + phase->length, width) -
		             sw_axis_column(&view->axis, phase->start, width);
		if ((start > 0 && used[start - 1]) || bar * 3 < name)
			continue;
		while (start + room < width && !used[start + room])
			room++;
		if (start + room < width)
			room--; /* a blank before the next one */
		if (room < name)
			continue;
		sw_put_text(row, start, 0, phase->name, phase->role);
		if (columns <= room && phase->mean)
			sw_put_text(row, start + name + 1, 0, phase->mean, SW_ROLE_DIM);
		for (int x = start; x < start + (columns <= room ? columns : name); x++)
			used[x] = true;
	}
}

static void draw_stacked(struct sw_area area, const struct sw_waterfall_view *view)
{
	static const enum sw_role roles[3] = {SW_ROLE_STRONG, SW_ROLE_DIM, SW_ROLE_STRONG};
	struct columns columns = {.name = run_columns(view, false, wider(0, view->total_name)),
	                          .mean = run_columns(view, true, wider(0, view->total))};
	make_room(&columns, area.w);
	/* Means and their names, one run and how many more there are, the axis, the other runs. */
	int least = view->n_runs < 2 ? view->n_runs : 2, spare = area.h - 2 - (area.h > 2 + least);
	int runs = spare < 1 ? 1 : spare;
	runs = runs < view->n_runs ? runs : view->n_runs;
	if (!runs || area.h > 1) {
		const char *const texts[] = {view->total, NULL, NULL};
		struct sw_area row = sw_area_cut_top(&area, 1);
		draw_figures(&row, &columns, texts, roles);
		draw_name(&row, &columns, view->total_name, SW_ROLE_TEXT);
		draw_mean_bar(row, view);
		row = sw_area_cut_top(&area, 1);
		sw_area_cut_left(&row, columns.name + COLUMN_GAP);
		sw_area_cut_right(&row, taken(&columns) - columns.name - COLUMN_GAP);
		draw_phase_labels(row, view);
	}
	draw_runs(&area, &columns, view, runs < area.h ? runs : area.h);
	draw_gantt_axis(sw_area_cut_top(&area, area.h > 1 ? 2 : area.h), &columns, view);
}

int sw_waterfall_rows(const struct sw_waterfall_view *view)
{
	return on_path(view) + behind_rows(view) + view->n_runs + has_heads(view) + 2;
}

int sw_waterfall_stacked_rows(const struct sw_waterfall_view *view)
{
	return 2 + view->n_runs + 2;
}

static bool is_stacked(const struct sw_waterfall_view *view, int rows)
{
	return rows < on_path(view) + (view->n_runs > 0);
}

bool sw_waterfall_shows_behind(const struct sw_waterfall_view *view, int rows)
{
	int behind = behind_rows(view);
	return !behind || (!is_stacked(view, rows) && share_out(view, rows).behind);
}

int sw_waterfall_draw(struct sw_area area, const struct sw_waterfall_view *view)
{
	if (area.w < 1 || area.h < 1)
		return 0;
	bool stacked = is_stacked(view, area.h);
	int most = stacked ? sw_waterfall_stacked_rows(view) : sw_waterfall_rows(view);
	area.h = area.h < most ? area.h : most;
	if (stacked)
		draw_stacked(area, view);
	else
		draw_gantt(area, view);
	return area.h;
}
