#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/histogram.h"
#include "core/text.h"
#include "tui/screens/charts.h"
#include "tui/screens/observe.h"
#include "widgets/histogram.h"
#include "widgets/spans.h"
#include "widgets/text.h"

/* ---- histograms ---- */

static bool walk(const void *source, uint32_t *cursor, double *low, double *high, uint64_t *count)
{
	struct sw_histogram_bucket bucket;
	if (!source || !sw_histogram_next(source, cursor, &bucket))
		return false;
	*low = (double)bucket.low_ns;
	*high = (double)bucket.high_ns;
	*count = bucket.count;
	return true;
}

enum { FIGURES = 5, MARKS = 3 };

/* What a series' texts live in while it is drawn. */
struct series_text {
	char name[SW_OBSERVE_NAME], count[32], values[FIGURES][24];
	struct sw_histogram_figure figures[FIGURES];
	struct sw_histogram_mark marks[MARKS];
	int n_figures, n_marks;
};

static void add_figure(struct series_text *text, const char *label, int64_t ns)
{
	(void)sw_text_duration(text->values[text->n_figures], sizeof text->values[0], ns);
	text->figures[text->n_figures] =
		(struct sw_histogram_figure){label, text->values[text->n_figures]};
	text->n_figures++;
}

/* Longer than the histogram holds: then only that much is known of the longest. */
static void add_max(struct series_text *text, const struct sw_histogram *h)
{
	add_figure(text, "max", sw_histogram_max(h));
	if (sw_histogram_clamped(h))
		(void)snprintf(text->values[text->n_figures - 1], sizeof text->values[0], "≥ 1 h");
}

static void fill(const struct sw_observe_image *image, enum sw_observe_span span,
                 struct series_text *text, struct sw_histogram_series *out)
{
	static const struct {
		const char *label, *mark;
		double percent;
	} shown[MARKS] = {{"p50", "50", 50}, {"p95", "95", 95}, {"p99", "99", 99}};
	const struct sw_histogram *h = image->spans[span];
	uint64_t n = h ? sw_histogram_count(h) : 0;
	text->n_figures = text->n_marks = 0;
	(void)snprintf(text->count, sizeof text->count, "n %llu", (unsigned long long)n);
	for (int i = 0; n && i < MARKS; i++) {
		int64_t at = sw_histogram_percentile(h, shown[i].percent);
		add_figure(text, shown[i].label, at);
		text->marks[text->n_marks++] = (struct sw_histogram_mark){(double)at, shown[i].mark};
	}
	if (n) {
		add_figure(text, "mean", image->sum_ns[span] / (int64_t)n);
		add_max(text, h);
	}
	*out = (struct sw_histogram_series){
		.name = text->name,
		.role = sw_observe_span_role(span),
		.count = text->count,
		.figures = text->figures,
		.n_figures = text->n_figures,
		.marks = text->marks,
		.n_marks = text->n_marks,
		.walk = walk,
		.source = h,
	};
}

struct range {
	double low, high;
};

static void widen(struct range *range, const struct sw_histogram *h)
{
	if (!h || !sw_histogram_count(h))
		return;
	range->low = fmin(range->low, (double)sw_histogram_min(h));
	range->high = fmax(range->high, (double)sw_histogram_max(h));
}

static void set_axis(struct sw_axis *axis, const struct range *range, bool log)
{
	if (range->high <= 0) {
		(void)sw_axis_init(axis, log ? 1e6 : 0, 1e9, log);
		return;
	}
	(void)sw_axis_init(axis, log ? fmax(1, range->low) : 0, range->high, log);
	sw_axis_round(axis);
}

static uint64_t seen_of(const struct sw_observe_image *image)
{
	return image->created + image->found;
}

/* Whether SPAN of it was seen; SW_SPANS: any. */
static bool has(const struct sw_observe_image *image, enum sw_observe_span span)
{
	bool any = false;
	for (int s = 0; s < SW_SPANS; s++)
		any |= image->spans[s] != NULL;
	return span == SW_SPANS ? any : image->spans[span] != NULL;
}

/* The N images of which most was seen, in their order of appearance: nothing changes places while
 * they are counted. Of those that have SPAN. Returns how many there are. */
static int choose(const struct sw_observe *observe, enum sw_observe_span span, int n,
                  const struct sw_observe_image **out)
{
	const struct sw_observe_image *image;
	int chosen = 0;
	for (int i = 0; (image = sw_observe_image(observe, i)); i++) {
		int before = 0;
		const struct sw_observe_image *other;
		if (!has(image, span))
			continue;
		for (int k = 0; (other = sw_observe_image(observe, k)); k++)
			before += has(other, span) && (seen_of(other) > seen_of(image) ||
			                               (seen_of(other) == seen_of(image) && k < i));
		if (before < n)
			out[chosen++] = image;
	}
	return chosen;
}

/* At most COLUMNS of NAME, so that it leaves room for the figures. */
static void cut_name(char *name, int columns)
{
	const char *at = name;
	char *end = name;
	int used = 0;
	if (sw_glyph_text_columns(name) <= columns)
		return;
	for (uint32_t ch; (ch = sw_glyph_next(&at)) != 0; end = name + (at - name)) {
		used += sw_glyph_columns(ch);
		if (used > columns - 1)
			break;
	}
	if (end - name <= SW_OBSERVE_NAME - (int)sizeof "…")
		memcpy(end, "…", sizeof "…");
}

/* With bars of their own, if there is room for that, or a line each. */
static int room_for(int images, int rows)
{
	enum { BLOCK = 3, AXIS = 1 };
	if (images * BLOCK + AXIS <= rows)
		return images;
	return rows > AXIS ? rows - AXIS : 1;
}

static int count(const struct sw_observe *observe, enum sw_observe_span span)
{
	const struct sw_observe_image *image;
	int n = 0;
	for (int i = 0; (image = sw_observe_image(observe, i)); i++)
		n += has(image, span);
	return n;
}

int sw_observe_timed_images(const struct sw_observe_program *program)
{
	return count(program->source.observe, program->span);
}

int sw_observe_draw_spans(struct sw_area area, const struct sw_observe_program *program, bool log)
{
	const struct sw_observe *observe = program->source.observe;
	const struct sw_observe_image *images[SW_OBSERVE_SHOWN_IMAGES];
	struct series_text texts[SW_OBSERVE_SHOWN_IMAGES];
	struct sw_histogram_series series[SW_OBSERVE_SHOWN_IMAGES];
	struct sw_histogram_view view = {.label = sw_duration_label, .series = series};
	struct range range = {INFINITY, 0};
	int all = sw_observe_timed_images(program);
	view.n = choose(observe, program->span, room_for(all, area.h), images);
	for (int i = 0; i < view.n; i++) {
		cut_name(sw_observe_name(observe, images[i], texts[i].name), area.w / 5 + 4);
		fill(images[i], program->span, &texts[i], &series[i]);
		series[i].role = sw_observe_role(observe, images[i]);
		widen(&range, images[i]->spans[program->span]);
	}
	set_axis(&view.axis, &range, log);
	(void)sw_histogram_draw(area, &view);
	return all - view.n;
}

int sw_observe_spans_rows(const struct sw_observe_program *program)
{
	struct sw_histogram_view view = {.n = sw_observe_timed_images(program)};
	return sw_histogram_rows(&view);
}

void sw_observe_draw_image(struct sw_area area, const struct sw_observe_image *image, bool log)
{
	struct series_text texts[SW_SPANS];
	struct sw_histogram_series series[SW_SPANS];
	struct sw_histogram_view view = {.label = sw_duration_label, .series = series, .n = SW_SPANS};
	struct range range = {INFINITY, 0};
	for (int s = 0; s < SW_SPANS; s++) {
		(void)sw_text_copy(texts[s].name, sizeof texts[s].name, sw_observe_span_name(s));
		fill(image, s, &texts[s], &series[s]);
		widen(&range, image->spans[s]);
	}
	set_axis(&view.axis, &range, log);
	(void)sw_histogram_draw(area, &view);
}

/* ---- one bar for each image ---- */

enum { PARTS = 3, VALUE = 9, GAP = 2, LEAST_BAR = 10 };
static const enum sw_observe_span parts[PARTS] = {SW_SPAN_STARTUP, SW_SPAN_RUN, SW_SPAN_CLEANUP};
static const char *const part_names[PARTS] = {"startup", "run", "cleanup"};

static double mean_of(const struct sw_observe_image *image, enum sw_observe_span span)
{
	const struct sw_histogram *h = image->spans[span];
	uint64_t n = h ? sw_histogram_count(h) : 0;
	return n ? (double)image->sum_ns[span] / (double)n : NAN;
}

static double life_of(const struct sw_observe_image *image)
{
	double sum = 0;
	for (int p = 0; p < PARTS; p++) {
		double mean = mean_of(image, parts[p]);
		sum += isnan(mean) ? 0 : mean;
	}
	return sum;
}

struct columns {
	int name, bar;
};

static struct columns columns_of(struct sw_area area)
{
	struct columns c = {.name = area.w >= 100 ? 24 : area.w >= 70 ? 18 : 12};
	c.bar = c.name + PARTS * (VALUE + 1) + GAP;
	return c;
}

static void draw_life_head(struct sw_area area, struct columns c)
{
	sw_put_text_cut(area, 0, 0, c.name, "mean of", SW_ROLE_DIM);
	for (int p = 0; p < PARTS; p++)
		sw_put_text_right(area, c.name + (p + 1) * (VALUE + 1), 0, VALUE, part_names[p],
		                  sw_observe_span_role(parts[p]));
}

static void draw_life(struct sw_area area, const struct sw_observe *observe,
                      const struct sw_observe_image *image, const struct sw_axis *axis)
{
	struct columns c = columns_of(area);
	char name[SW_OBSERVE_NAME], text[16];
	struct sw_stripe stripes[PARTS];
	struct sw_area bar = sw_area_sub(area, c.bar, 0, area.w - c.bar, 1);
	double at = 0;
	int n = 0;
	sw_put_text_cut(area, 0, 0, c.name, sw_observe_name(observe, image, name),
	                sw_observe_role(observe, image));
	for (int p = 0; p < PARTS; p++) {
		double mean = mean_of(image, parts[p]);
		bool known = !isnan(mean);
		sw_put_text_right(area, c.name + (p + 1) * (VALUE + 1), 0, VALUE,
		                  known ? sw_view_mean(text, sizeof text, mean) : "-",
		                  known ? SW_ROLE_TEXT : SW_ROLE_DIM);
		if (!known)
			continue;
		stripes[n++] = (struct sw_stripe){
			.start = sw_axis_column(axis, at, bar.w),
			.end = sw_axis_column(axis, at + mean, bar.w),
			.role = sw_observe_span_role(parts[p]),
			.letter = part_names[p][0],
		};
		at += mean;
	}
	if (bar.w >= LEAST_BAR)
		sw_spans_draw(bar, stripes, n);
}

void sw_observe_draw_lives(struct sw_area area, const struct sw_observe_program *program)
{
	const struct sw_observe *observe = program->source.observe;
	const struct sw_observe_image *images[SW_OBSERVE_SHOWN_IMAGES];
	struct columns c = columns_of(area);
	struct sw_axis axis;
	double longest = 0;
	if (area.h < 2)
		return;
	draw_life_head(sw_area_cut_top(&area, 1), c);
	int all = count(observe, SW_SPANS);
	bool has_axis = area.h > 1 && area.w - c.bar >= LEAST_BAR && all < area.h;
	int n = choose(observe, SW_SPANS, has_axis ? area.h - 1 : area.h, images);
	for (int i = 0; i < n; i++)
		longest = fmax(longest, life_of(images[i]));
	if (!n)
		sw_put_text_cut(area, 0, 0, area.w, "no container has come that far yet", SW_ROLE_DIM);
	(void)sw_axis_init(&axis, 0, longest > 0 ? longest : 1e9, false);
	for (int i = 0; i < n; i++)
		draw_life(sw_area_cut_top(&area, 1), observe, images[i], &axis);
	if (!has_axis || longest <= 0)
		return;
	struct sw_area line = sw_area_cut_top(&area, area.h > 1 ? 2 : 1);
	sw_area_cut_left(&line, c.bar);
	sw_axis_ticks(&axis, line.w, sw_duration_label);
	sw_axis_draw(line, &axis);
}

int sw_observe_lives_rows(const struct sw_observe_program *program)
{
	int images = count(program->source.observe, SW_SPANS);
	return 1 + (images ? images : 1) + 2;
}
