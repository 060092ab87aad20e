#include "widgets/histogram.h"

#include <math.h>
#include <string.h>

#include "widgets/text.h"

/* ---- counting ---- */

/* The values at which columns begin; edges[0] and edges[width] are not used: the outermost columns
 * reach beyond the axis. */
struct grid {
	double edges[SW_CANVAS_MAX + 1];
	int width;
	int column; /* where the last value was found: buckets come in rising order */
};

static int find_column(struct grid *grid, double value)
{
	while (grid->column > 0 && value < grid->edges[grid->column])
		grid->column--;
	while (grid->column < grid->width - 1 && value >= grid->edges[grid->column + 1])
		grid->column++;
	return grid->column;
}

static void spread(struct grid *grid, double *columns, const double bucket[2], double count)
{
	double low = bucket[0], high = bucket[1];
	int first = find_column(grid, low);
	int last = high > low ? find_column(grid, high) : first;
	if (last > first && high <= grid->edges[last])
		last--;
	/* Narrower than a column, on an edge: a single value must not become two columns. */
	if (last == first + 1 && high - low < fabs(grid->edges[first + 1] - grid->edges[first])) {
		if (low / 2 + high / 2 < grid->edges[last])
			last = first;
		else
			first = last;
	}
	if (first == last) {
		columns[first] += count;
		return;
	}
	for (int i = first; i <= last; i++) {
		double from = i == first ? low : grid->edges[i];
		double to = i == last ? high : grid->edges[i + 1];
		columns[i] += count * ((to - from) / (high - low));
	}
}

double sw_histogram_count_columns(const struct sw_axis *axis,
                                  const struct sw_histogram_series *series, double *columns,
                                  int width)
{
	struct grid grid = {.width = width};
	uint32_t cursor = 0;
	uint64_t count;
	double bucket[2], sum = 0;
	for (int i = 0; i <= width; i++) {
		grid.edges[i] = sw_axis_value(axis, i, width);
		if (i < width)
			columns[i] = 0;
	}
	while (series->walk && series->walk(series->source, &cursor, &bucket[0], &bucket[1], &count)) {
		if (!isfinite(bucket[0]) || !isfinite(bucket[1]) || !isfinite(bucket[1] - bucket[0]))
			continue;
		spread(&grid, columns, bucket, (double)count);
		sum += (double)count;
	}
	return sum;
}

/* Few samples far apart look like a comb and say nothing: then bars get wider, as far as there are
 * samples for them (about two per square root). The middle 90 % count, not the outliers. */
static int bar_width(const double *columns, int width, double sum)
{
	double before = 0;
	int first = -1, last = 0;
	for (int i = 0; i < width; i++) {
		before += columns[i];
		if (first < 0 && before > 0.05 * sum)
			first = i;
		if (columns[i] > 0 && before - columns[i] < 0.95 * sum)
			last = i;
	}
	double bars = fmax(2 * sqrt(sum), 5);
	int wide = (int)ceil((last - first + 1) / bars);
	return wide < 1 ? 1 : wide > 4 ? 4 : wide;
}

static void widen_bars(double *columns, int width, int wide)
{
	for (int at = 0; at < width; at += wide) {
		int end = width - at < 2 * wide ? width : at + wide;
		double sum = 0;
		for (int i = at; i < end; i++)
			sum += columns[i];
		for (int i = at; i < end; i++)
			columns[i] = sum / (end - at);
		if (end == width)
			break;
	}
}

/* ---- bars and marks ---- */

static void draw_bars(struct sw_area area, const struct sw_axis *axis,
                      const struct sw_histogram_series *series)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	double columns[SW_CANVAS_MAX], highest = 0;
	int width = area.w < SW_CANVAS_MAX ? area.w : SW_CANVAS_MAX;
	double sum = sw_histogram_count_columns(axis, series, columns, width);
	if (!(sum > 0))
		return;
	widen_bars(columns, width, bar_width(columns, width, sum));
	for (int i = 0; i < width; i++)
		highest = fmax(highest, columns[i]);
	for (int i = 0; i < width; i++) {
		if (!(columns[i] > 0))
			continue;
		int eighths = (int)lround(columns[i] / highest * 8 * area.h);
		if (eighths < 1)
			eighths = 1;
		for (int y = area.h - 1; y >= 0 && eighths > 0; y--, eighths -= 8)
			sw_put_char(area, i, y, glyphs->below[eighths < 8 ? eighths : 8], series->role);
	}
}

struct marks {
	int n;
	int column[SW_HISTOGRAM_MARKS];
	char label[SW_HISTOGRAM_MARKS][24];
	bool taken[SW_CANVAS_MAX + 2]; /* by column + 1 */
};

/* How near a later mark is drawn as one with MARK: in its column; at the left edge also where the
 * label has to stand, as it cannot stand on the other side. */
static int reach(const struct marks *marks, int mark)
{
	int columns = sw_glyph_text_columns(marks->label[mark]);
	return marks->column[mark] < columns + 1 ? columns + 1 : 0;
}

static void collect_marks(struct marks *marks, const struct sw_axis *axis,
                          const struct sw_histogram_series *series, int width)
{
	for (int i = 0; i < series->n_marks && i < SW_HISTOGRAM_MARKS; i++) {
		const struct sw_histogram_mark *mark = &series->marks[i];
		if (!isfinite(mark->at))
			continue;
		int column = sw_axis_cell(axis, mark->at, width), same = 0;
		while (same < marks->n && abs(column - marks->column[same]) > reach(marks, same))
			same++;
		char *label = marks->label[same];
		if (same == marks->n) {
			marks->n++;
			marks->column[same] = column;
			snprintf(label, sizeof(marks->label[0]), "%s", mark->label);
		} else { /* "50-99": all from p50 to p99 is here */
			int kept = (int)strcspn(label, "-");
			char joined[sizeof(marks->label[0])];
			snprintf(joined, sizeof(joined), "%.*s-%s", kept, label, mark->label);
			memcpy(label, joined, sizeof(joined));
		}
		marks->taken[marks->column[same] + 1] = true;
	}
}

/* Whether the columns FROM..TO and their outer neighbour NEXT are free. */
static bool is_free(const struct marks *marks, int from, int to, int next)
{
	for (int i = from; i <= to; i++)
		if (marks->taken[i + 1])
			return false;
	return !marks->taken[next + 1];
}

static void draw_marks(struct sw_area area, const struct sw_axis *axis,
                       const struct sw_histogram_series *series)
{
	struct marks marks = {.n = 0};
	int width = area.w < SW_CANVAS_MAX ? area.w : SW_CANVAS_MAX;
	collect_marks(&marks, axis, series, width);
	for (int i = 0; i < marks.n; i++) {
		int column = marks.column[i], columns = sw_glyph_text_columns(marks.label[i]), at = -1;
		sw_put_char(area, column, 0, sw_area_glyphs(area)->up, SW_ROLE_MARK);
		if (columns == 0)
			continue;
		if (column + columns < width &&
		    is_free(&marks, column + 1, column + columns, column + columns + 1))
			at = column + 1;
		else if (column >= columns &&
		         is_free(&marks, column - columns, column - 1, column - columns - 1))
			at = column - columns;
		if (at < 0)
			continue;
		sw_put_text(area, at, 0, marks.label[i], SW_ROLE_DIM);
		for (int x = at; x < at + columns; x++)
			marks.taken[x + 1] = true;
	}
}

/* ---- the line of figures ---- */

/* Columns shared by all series, so that names and figures stand under one another. */
struct line {
	int name, count;
	int figures; /* how many are shown */
	int label[SW_HISTOGRAM_FIGURES], value[SW_HISTOGRAM_FIGURES];
	int width;
};

#define COLUMN_GAP 2

static int wider(int columns, const char *text)
{
	int here = text ? sw_glyph_text_columns(text) : 0;
	return here > columns ? here : columns;
}

/* Names give way to the first figure, down to this. */
#define NAME_LEAST 8

static int figure_columns(const struct line *line, int figure)
{
	return COLUMN_GAP + line->label[figure] + 1 + line->value[figure];
}

/* At most WIDTH columns: fewer figures first, then a shorter name; the count stays. */
static struct line plan_line(const struct sw_histogram_view *view, int width)
{
	struct line line = {0};
	int most = 0;
	for (int i = 0; i < view->n; i++) {
		const struct sw_histogram_series *series = &view->series[i];
		line.name = wider(line.name, series->name);
		line.count = wider(line.count, series->count);
		for (int f = 0; f < series->n_figures && f < SW_HISTOGRAM_FIGURES; f++) {
			line.label[f] = wider(line.label[f], series->figures[f].label);
			line.value[f] = wider(line.value[f], series->figures[f].value);
			most = f + 1 > most ? f + 1 : most;
		}
	}
	line.width = line.name + COLUMN_GAP + line.count;
	if (line.width > width) {
		line.name -= line.width - width;
		line.name = line.name < 0 ? 0 : line.name;
		line.width = width;
		return line;
	}
	int lacking = most > 0 ? line.width + figure_columns(&line, 0) - width : 0;
	if (lacking > 0 && line.name - lacking >= NAME_LEAST) {
		line.name -= lacking;
		line.width -= lacking;
	}
	while (line.figures < most) {
		int more = figure_columns(&line, line.figures);
		if (line.width + more > width)
			break;
		line.width += more;
		line.figures++;
	}
	return line;
}

static void draw_line(struct sw_area area, const struct line *line,
                      const struct sw_histogram_series *series)
{
	int x = line->name > 0 ? line->name + COLUMN_GAP : 0;
	sw_put_text_cut(area, 0, 0, line->name, series->name, series->role);
	sw_put_text_right(area, x + line->count, 0, line->count, series->count, SW_ROLE_DIM);
	x += line->count;
	for (int f = 0; f < line->figures && f < series->n_figures; f++) {
		x += COLUMN_GAP;
		sw_put_text(area, x, 0, series->figures[f].label, SW_ROLE_DIM);
		x += line->label[f] + 1 + line->value[f];
		sw_put_text_right(area, x, 0, line->value[f], series->figures[f].value,
		                  f == 0 ? SW_ROLE_STRONG : SW_ROLE_TEXT);
	}
}

/* ---- forms ---- */

struct form {
	int bars;  /* rows of bars; 0: on the line of figures */
	int marks; /* rows of marks */
	int gap;   /* rows between two series */
	int axis;  /* rows of the axis */
};

/* From the most beautiful down. */
static const struct form forms[] = {
	{4, 1, 1, 2}, {3, 1, 1, 2}, {3, 1, 0, 2}, {2, 1, 1, 2}, {2, 1, 0, 2}, {2, 1, 0, 1},
	{2, 0, 0, 1}, {1, 1, 0, 1}, {1, 0, 0, 1}, {0, 0, 0, 2}, {0, 0, 0, 1}, {0, 0, 0, 0},
};

static int rows_of(struct form form, int n)
{
	return n * (1 + form.bars + form.marks) + (n > 0 ? (n - 1) * form.gap : 0) + form.axis;
}

int sw_histogram_rows(const struct sw_histogram_view *view)
{
	return rows_of(forms[0], view->n);
}

int sw_histogram_line_rows(const struct sw_histogram_view *view)
{
	return view->n + 2;
}

/* The first of SHOWN lines, so that the focus is among them. */
static int first_line(const struct sw_histogram_view *view, int shown)
{
	int first = view->focus - shown + 1;
	int last = view->n - shown;
	return first < 0 || shown < 1 ? 0 : first > last ? last : first;
}

static void draw_hidden(struct sw_area area, int before, int after)
{
	if (before && after)
		sw_put_textf(area, 0, 0, SW_ROLE_DIM, "+%d before, %d after", before, after);
	else
		sw_put_textf(area, 0, 0, SW_ROLE_DIM, "+%d %s", before + after, before ? "before" : "more");
}

/* One line per series, its bars at the right of its figures. */
static void draw_lines(struct sw_area area, const struct sw_histogram_view *view, int axis_rows)
{
	int n = view->n, shown = n <= area.h ? n : area.h - 1;
	int first = first_line(view, shown);
	struct line line = plan_line(view, area.w - COLUMN_GAP - (area.w / 3 + 4));
	struct sw_area left = sw_area_cut_left(&area, line.width);
	sw_area_cut_left(&area, COLUMN_GAP);
	for (int i = 0; i < shown; i++) {
		const struct sw_histogram_series *series = &view->series[first + i];
		draw_line(sw_area_sub(left, 0, i, left.w, 1), &line, series);
		draw_bars(sw_area_sub(area, 0, i, area.w, 1), &view->axis, series);
	}
	if (shown < n)
		draw_hidden(sw_area_sub(left, 0, shown, left.w, 1), first, n - first - shown);
	if (axis_rows > 0) {
		struct sw_axis axis = view->axis;
		sw_axis_ticks(&axis, area.w, view->label);
		sw_axis_draw(sw_area_sub(area, 0, n, area.w, axis_rows), &axis);
	}
}

int sw_histogram_draw(struct sw_area area, const struct sw_histogram_view *view)
{
	struct form form = {0};
	if (area.h < 1 || area.w < 1 || view->n < 1)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		form = forms[i];
		if (rows_of(form, view->n) <= area.h)
			break;
	}
	int rows = rows_of(form, view->n);
	if (form.bars == 0) {
		draw_lines(area, view, form.axis);
		return rows < area.h ? rows : area.h;
	}
	struct sw_area rest = area;
	struct line line = plan_line(view, area.w);
	for (int i = 0; i < view->n; i++) {
		const struct sw_histogram_series *series = &view->series[i];
		if (i > 0)
			sw_area_cut_top(&rest, form.gap);
		draw_line(sw_area_cut_top(&rest, 1), &line, series);
		draw_bars(sw_area_cut_top(&rest, form.bars), &view->axis, series);
		if (form.marks)
			draw_marks(sw_area_cut_top(&rest, 1), &view->axis, series);
	}
	struct sw_axis axis = view->axis;
	sw_axis_ticks(&axis, area.w, view->label);
	sw_axis_draw(sw_area_cut_top(&rest, form.axis), &axis);
	return rows;
}
