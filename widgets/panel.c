#include "widgets/panel.h"

#include "widgets/text.h"

enum { FRAME_ROWS_MIN = 3, FRAME_COLUMNS_MIN = 12, RULE_MIN = 2 };

static void rule(struct sw_area area, int from, int to, int y)
{
	for (int x = from; x < to; x++)
		sw_put_char(area, x, y, sw_area_glyphs(area)->horizontal, SW_ROLE_BORDER);
}

/* Over a rule: with a blank before and behind, as far as they lie in AREA. */
static int on_rule(struct sw_area area, int x, int y, int width, const struct sw_flow_piece *pieces,
                   int n)
{
	int used = sw_flow_columns(pieces, n) > 0 ? sw_flow_line(area, x, y, width, pieces, n) : 0;
	if (used > 0) {
		sw_put_char(area, x - 1, y, ' ', SW_ROLE_BORDER);
		sw_put_char(area, x + used, y, ' ', SW_ROLE_BORDER);
	}
	return used;
}

/* Title and note over the rule of row 0, between the columns FROM and TO. */
static void title_line(struct sw_area area, const struct sw_panel *panel, int from, int to)
{
	int used = on_rule(area, from, 0, to - from, panel->title, panel->n_title);
	struct sw_flow_piece note = {panel->note ? panel->note : "", SW_ROLE_DIM};
	int columns = sw_flow_columns(&note, 1);
	int needed = (used > 0 ? used + 1 + RULE_MIN : 0) + 1 + columns;
	if (columns > 0 && needed <= to - from)
		on_rule(area, to - columns, 0, columns, &note, 1);
}

static void frame(struct sw_area area, const struct sw_panel *panel)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	int right = area.w - 1, bottom = area.h - 1;
	sw_put_char(area, 0, 0, glyphs->top_left, SW_ROLE_BORDER);
	sw_put_char(area, right, 0, glyphs->top_right, SW_ROLE_BORDER);
	sw_put_char(area, 0, bottom, glyphs->bottom_left, SW_ROLE_BORDER);
	sw_put_char(area, right, bottom, glyphs->bottom_right, SW_ROLE_BORDER);
	rule(area, 1, right, 0);
	rule(area, 1, right, bottom);
	for (int y = 1; y < bottom; y++) {
		sw_put_char(area, 0, y, glyphs->vertical, SW_ROLE_BORDER);
		sw_put_char(area, right, y, glyphs->vertical, SW_ROLE_BORDER);
	}
	title_line(area, panel, 2, right - 1);
	on_rule(area, 2, bottom, right - 3, panel->foot, panel->n_foot);
}

struct sw_area sw_panel_draw(struct sw_area area, const struct sw_panel *panel)
{
	if (!panel->plain && area.h >= FRAME_ROWS_MIN && area.w >= FRAME_COLUMNS_MIN) {
		frame(area, panel);
		return sw_area_sub(area, 2, 1, area.w - SW_PANEL_COLUMNS, area.h - SW_PANEL_ROWS);
	}
	if (area.h < 2)
		return area;
	struct sw_area heading = sw_area_cut_top(&area, 1);
	rule(heading, 0, heading.w, 0);
	title_line(heading, panel, 0, heading.w);
	return area;
}
