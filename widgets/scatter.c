#include "widgets/scatter.h"

#include <math.h>
#include <string.h>

#include "widgets/text.h"

#define CROSS 0xd7 /* × */

struct dots {
	uint8_t pattern; /* of braille */
	uint8_t bad;
	uint8_t points[SW_SCATTER_SERIES]; /* up to 255 */
};

struct plane {
	int w, h;
	struct dots cells[SW_SCATTER_WIDTH * SW_SCATTER_HEIGHT]; /* w * h are in use */
};

static void add_points(struct plane *plane, const struct sw_scatter_view *view, int which)
{
	const struct sw_scatter_series *series = &view->series[which];
	uint32_t cursor = 0;
	double x, y;
	bool bad;
	while (series->walk && series->walk(series->source, &cursor, &x, &y, &bad)) {
		if (!isfinite(x) || !isfinite(y))
			continue;
		int column = sw_axis_cell(&view->x, x, plane->w * 2);
		int row = sw_axis_row(&view->y, y, plane->h * 4);
		struct dots *dots = &plane->cells[row / 4 * plane->w + column / 2];
		if (bad) {
			dots->bad = 1;
			continue;
		}
		dots->pattern |= (uint8_t)(sw_braille_dot(column % 2, row % 4) & 0xff);
		uint8_t *points = &dots->points[which % SW_SCATTER_SERIES];
		if (*points < UINT8_MAX)
			(*points)++;
	}
}

static void draw_cell(struct sw_area area, int x, int y, const struct sw_scatter_view *view,
                      const struct dots *dots)
{
	bool unicode = sw_area_glyphs(area)->unicode;
	int sum = 0, most = 0;
	if (dots->bad) {
		sw_put_char(area, x, y, unicode ? CROSS : 'x', SW_ROLE_BAD);
		return;
	}
	for (int i = 0; i < view->n && i < SW_SCATTER_SERIES; i++) {
		sum += dots->points[i];
		if (dots->points[i] > dots->points[most])
			most = i;
	}
	if (sum == 0)
		return;
	uint32_t ch = sum == 1 ? '.' : sum < 4 ? ':' : '*';
	if (unicode)
		ch = (sw_braille_dot(0, 0) & ~0xffu) | dots->pattern;
	sw_put_char(area, x, y, ch, view->series[most].role);
}

static void draw_plane(struct sw_area area, const struct sw_scatter_view *view)
{
	struct plane plane;
	plane.w = area.w < SW_SCATTER_WIDTH ? area.w : SW_SCATTER_WIDTH;
	plane.h = area.h < SW_SCATTER_HEIGHT ? area.h : SW_SCATTER_HEIGHT;
	memset(plane.cells, 0, (size_t)plane.w * (size_t)plane.h * sizeof(plane.cells[0]));
	for (int i = 0; i < view->n; i++)
		add_points(&plane, view, i);
	for (int y = 0; y < plane.h; y++)
		for (int x = 0; x < plane.w; x++)
			draw_cell(area, x, y, view, &plane.cells[y * plane.w + x]);
}

/* Labels at the left of a line with a tick for each. Returns the columns used. */
static int draw_left(struct sw_area area, const struct sw_axis *axis)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	int columns = 0;
	for (int i = 0; i < axis->n; i++) {
		int here = sw_glyph_text_columns(axis->ticks[i].label);
		columns = here > columns ? here : columns;
	}
	if (columns == 0 || columns + 1 > area.w / 3)
		return 0;
	sw_fill(sw_area_sub(area, columns + 1, 0, 1, area.h), glyphs->vertical, SW_ROLE_TRACK);
	for (int i = 0; i < axis->n; i++) {
		int row = sw_axis_row(axis, axis->ticks[i].at, area.h);
		sw_put_text_right(area, columns, row, columns, axis->ticks[i].label, SW_ROLE_DIM);
		sw_put_char(area, columns + 1, row, glyphs->tee_right, SW_ROLE_TRACK);
	}
	return columns + 2;
}

void sw_scatter_draw(struct sw_area area, const struct sw_scatter_view *view)
{
	if (area.w < 1 || area.h < 1)
		return;
	struct sw_axis x = view->x, y = view->y;
	int below = area.h >= 6 ? 2 : area.h >= 3 ? 1 : 0;
	if (area.w > SW_SCATTER_WIDTH)
		area.w = SW_SCATTER_WIDTH;
	if (area.h > SW_SCATTER_HEIGHT)
		area.h = SW_SCATTER_HEIGHT;
	struct sw_area bottom = sw_area_cut_bottom(&area, below);
	sw_axis_ticks_up(&y, area.h, view->y_label);
	int left = draw_left(area, &y);
	sw_area_cut_left(&area, left);
	sw_area_cut_left(&bottom, left);
	sw_axis_ticks(&x, area.w, view->x_label);
	draw_plane(area, view);
	if (below == 0)
		return;
	sw_axis_draw(bottom, &x);
	if (below > 1 && left > 0)
		sw_put_char((struct sw_area){bottom.canvas, bottom.x - 1, bottom.y, 1, 1}, 0, 0,
		            sw_area_glyphs(area)->bottom_left, SW_ROLE_TRACK);
}
