#include "widgets/interval.h"

#include <math.h>

#include "widgets/text.h"

#define COLUMN_GAP 2
#define CHART_MIN 12
#define LEFT_POINTER 0x25c2 /* ◂ */

static void draw_end(struct sw_area row, const struct sw_axis *axis, double value, bool right)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(row);
	int x = sw_axis_cell(axis, value, row.w);
	uint32_t ch = right ? glyphs->tee_right : glyphs->tee_left;
	enum sw_role role = SW_ROLE_TEXT;
	if (right && value > axis->high)
		ch = glyphs->pointer;
	else if (!right && value < axis->low)
		ch = glyphs->unicode ? LEFT_POINTER : '<';
	sw_put_char(row, x, 0, ch, role);
}

static void draw_one(struct sw_area row, const struct sw_axis *axis,
                     const struct sw_interval *interval)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(row);
	if (row.w < 1)
		return;
	if (axis->low <= 0 && axis->high >= 0)
		sw_put_char(row, sw_axis_cell(axis, 0, row.w), 0, glyphs->vertical, SW_ROLE_TRACK);
	if (isfinite(interval->low) && isfinite(interval->high) && interval->low <= interval->high) {
		int low = sw_axis_cell(axis, interval->low, row.w);
		int high = sw_axis_cell(axis, interval->high, row.w);
		sw_fill(sw_area_sub(row, low, 0, high - low + 1, 1), glyphs->horizontal, interval->role);
		draw_end(row, axis, interval->low, false);
		draw_end(row, axis, interval->high, true);
		sw_paint(sw_area_sub(row, low, 0, high - low + 1, 1), interval->role, 0);
	}
	if (isfinite(interval->middle))
		sw_put_char(row, sw_axis_cell(axis, interval->middle, row.w), 0, glyphs->dot,
		            interval->role);
}

int sw_interval_draw(struct sw_area area, const struct sw_interval_view *view)
{
	int name = 0, text = 0, rows = view->n < area.h ? view->n : area.h;
	if (area.w < 1 || rows < 1)
		return 0;
	for (int i = 0; i < view->n; i++) {
		int columns = sw_glyph_text_columns(view->intervals[i].name);
		name = columns > name ? columns : name;
		columns = sw_glyph_text_columns(view->intervals[i].text);
		text = columns > text ? columns : text;
	}
	/* The figures say most: the name is cut first, then the picture goes. */
	int chart = area.w - name - text - 2 * COLUMN_GAP;
	if (chart < CHART_MIN && name > 8) {
		name = name + chart - CHART_MIN < 8 ? 8 : name + chart - CHART_MIN;
		chart = area.w - name - text - 2 * COLUMN_GAP;
	}
	if (chart < CHART_MIN / 2)
		chart = 0;
	for (int i = 0; i < rows; i++) {
		const struct sw_interval *interval = &view->intervals[i];
		struct sw_area row = sw_area_sub(area, 0, i, area.w, 1);
		struct sw_area names = sw_area_cut_left(&row, name);
		sw_put_text_cut(names, 0, 0, names.w, interval->name, interval->role);
		sw_area_cut_left(&row, COLUMN_GAP);
		struct sw_area figures = sw_area_cut_right(&row, text);
		sw_put_text_right(figures, figures.w, 0, figures.w, interval->text, SW_ROLE_TEXT);
		sw_area_cut_right(&row, COLUMN_GAP);
		if (chart > 0)
			draw_one(row, &view->axis, interval);
	}
	int below = area.h - rows > 1 ? 2 : area.h - rows;
	if (chart > 0 && below > 0) {
		struct sw_axis axis = view->axis;
		sw_axis_ticks(&axis, chart, view->label);
		sw_axis_draw(sw_area_sub(area, name + COLUMN_GAP, rows, chart, below), &axis);
	}
	return chart > 0 ? rows + below : rows;
}
