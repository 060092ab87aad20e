#include "widgets/table.h"

#include "widgets/flow.h"
#include "widgets/scrollbar.h"
#include "widgets/text.h"

enum { GAP = 2, MARK = 2 /* the pointer, the scroll bar, the sort mark; each with a blank */ };

/* ---- moving ---- */

static int clamp(int64_t value, int low, int high)
{
	return value > high ? high : value < low ? low : (int)value;
}

void sw_table_clamp(struct sw_table_state *state, int rows)
{
	int last = rows > 0 ? rows - 1 : 0, page = state->page > 0 ? state->page : 1;
	int last_top = rows > page ? rows - page : 0;
	if (state->selected >= 0) {
		state->selected = state->follow ? last : clamp(state->selected, 0, last);
		if (state->top > state->selected)
			state->top = state->selected;
		if (state->top < state->selected - page + 1)
			state->top = state->selected - page + 1;
	} else if (state->follow) {
		state->top = last_top;
	}
	state->top = clamp(state->top, 0, last_top);
}

void sw_table_move(struct sw_table_state *state, int rows, int by)
{
	int last = rows > 0 ? rows - 1 : 0;
	if (by < 0)
		state->follow = false;
	if (state->selected >= 0)
		state->selected = clamp((int64_t)state->selected + by, 0, last);
	else
		state->top = clamp((int64_t)state->top + by, 0, last);
	sw_table_clamp(state, rows);
}

void sw_table_page(struct sw_table_state *state, int rows, int by)
{
	/* One row of the old page stays in sight. */
	int step = state->page > 2 ? state->page - 1 : 1;
	int top = state->top;
	int64_t rows_by = (int64_t)by * step;
	sw_table_move(state, rows, clamp(rows_by, -rows, rows));
	if (state->selected >= 0 && !state->follow) {
		state->top = clamp(top + rows_by, 0, rows);
		sw_table_clamp(state, rows);
	}
}

void sw_table_top(struct sw_table_state *state, int rows)
{
	state->follow = false;
	sw_table_move(state, rows, -rows);
	state->top = 0;
}

void sw_table_bottom(struct sw_table_state *state, int rows)
{
	state->follow = true;
	sw_table_clamp(state, rows);
}

int sw_table_row_at(const struct sw_table_state *state, int rows, int x, int y)
{
	const struct sw_area *body = &state->body;
	int row = state->top + y - body->y;
	if (x < body->x || y < body->y || x - body->x >= body->w || y - body->y >= body->h)
		return -1;
	return row < rows ? row : -1;
}

/* ---- columns ---- */

struct layout {
	int n;
	bool shown[SW_TABLE_COLUMNS_MAX];
	int width[SW_TABLE_COLUMNS_MAX];
};

static int total_width(const struct layout *layout)
{
	int total = 0;
	for (int i = 0; i < layout->n; i++)
		if (layout->shown[i])
			total += layout->width[i] + (total > 0 ? GAP : 0);
	return total;
}

static void leave_out_columns(struct layout *layout, const struct sw_table_column *columns,
                              int width)
{
	while (total_width(layout) > width) {
		int least = -1;
		for (int i = 0; i < layout->n; i++)
			if (layout->shown[i] && columns[i].priority > 0 &&
			    (least < 0 || columns[i].priority >= columns[least].priority))
				least = i;
		if (least < 0)
			return;
		layout->shown[least] = false;
	}
}

/* Each gets its share of SPARE; shares are rounded so that they add up. */
static void widen_columns(struct layout *layout, const struct sw_table_column *columns, int spare)
{
	int64_t weights = 0, sum = 0;
	for (int i = 0; i < layout->n; i++)
		weights += layout->shown[i] ? columns[i].weight : 0;
	for (int i = 0; i < layout->n && weights > 0 && spare > 0; i++) {
		int64_t before = sum;
		sum += layout->shown[i] ? columns[i].weight : 0;
		layout->width[i] += (int)(spare * sum / weights - spare * before / weights);
	}
}

static struct layout lay_out(const struct sw_table *table, bool sortable, int width)
{
	struct layout layout = {.n = clamp(table->n_columns, 0, SW_TABLE_COLUMNS_MAX)};
	for (int i = 0; i < layout.n; i++) {
		int title = sw_glyph_text_columns(table->columns[i].title);
		if (sortable) /* The gap has room for the other half of the mark, but for the first. */
			title += i == 0 && table->columns[i].right ? MARK : MARK / 2;
		layout.width[i] = table->columns[i].width > title ? table->columns[i].width : title;
		layout.shown[i] = true;
	}
	leave_out_columns(&layout, table->columns, width);
	widen_columns(&layout, table->columns, width - total_width(&layout));
	return layout;
}

/* ---- drawing ---- */

static void put_aligned(struct sw_area cell, const char *text, bool right, enum sw_role role)
{
	if (right)
		sw_put_text_right(cell, cell.w, 0, cell.w, text, role);
	else
		sw_put_text_cut(cell, 0, 0, cell.w, text, role);
}

static uint32_t sort_mark(struct sw_area area, const struct sw_table_state *state)
{
	return state->descending ? sw_area_glyphs(area)->down : sw_area_glyphs(area)->up;
}

/* The titles keep to the first COLUMNS of LINE, as the rows do. */
static void draw_header(struct sw_area line, int columns, const struct sw_table *table,
                        const struct layout *layout, struct sw_table_state *state)
{
	struct sw_area titles = sw_area_sub(line, 0, 0, columns, 1);
	int x = 0;
	for (int i = 0; i < layout->n; i++) {
		if (!layout->shown[i])
			continue;
		const struct sw_table_column *column = &table->columns[i];
		int w = layout->width[i], title = sw_glyph_text_columns(column->title);
		struct sw_area cell = sw_area_sub(titles, x, 0, w, 1);
		bool sorted = i == state->sort;
		put_aligned(cell, column->title, column->right, sorted ? SW_ROLE_STRONG : SW_ROLE_DIM);
		/* On the side where it does not move the title; a part of the gap is its own. */
		if (sorted && cell.w == w)
			sw_put_char(line, column->right ? x + w - title - MARK : x + title + 1, 0,
			            sort_mark(line, state), SW_ROLE_STRONG);
		sw_hits_add(&state->header, cell, i);
		x += w + GAP;
	}
}

static void draw_row(struct sw_area line, const struct sw_table *table, const struct layout *layout,
                     int row)
{
	struct sw_table_cell cells[SW_TABLE_COLUMNS_MAX];
	int x = 0;
	for (int i = 0; i < layout->n; i++) {
		cells[i].text[0] = '\0';
		cells[i].role = SW_ROLE_TEXT;
	}
	table->row(table->user, row, cells);
	for (int i = 0; i < layout->n; i++) {
		if (!layout->shown[i])
			continue;
		struct sw_area cell = sw_area_sub(line, x, 0, layout->width[i], 1);
		cells[i].text[sizeof(cells[i].text) - 1] = '\0';
		put_aligned(cell, cells[i].text, table->columns[i].right, cells[i].role);
		x += layout->width[i] + GAP;
	}
}

void sw_table_draw(struct sw_area area, const struct sw_table *table, struct sw_table_state *state)
{
	bool chosen = state->selected >= 0;
	struct sw_area header = sw_area_cut_top(&area, area.h >= 2 ? 1 : 0);
	struct sw_area bar = sw_area_cut_right(&area, area.w > 6 * MARK ? MARK : 0);
	struct layout layout = lay_out(table, state->sort >= 0, area.w - (chosen ? MARK : 0));
	sw_area_cut_left(&header, chosen ? MARK : 0);
	state->header.n = 0;
	draw_header(header, header.w - bar.w, table, &layout, state);
	state->body = area;
	state->page = area.h;
	sw_table_clamp(state, table->rows);
	if (table->rows < 1 && table->empty)
		sw_flow_draw(area, &(struct sw_flow_piece){table->empty, SW_ROLE_DIM}, 1);
	for (int y = 0; y < area.h && state->top + y < table->rows; y++) {
		struct sw_area row = sw_area_sub(area, 0, y, area.w, 1), inner = row;
		sw_area_cut_left(&inner, chosen ? MARK : 0);
		draw_row(inner, table, &layout, state->top + y);
		if (chosen && state->top + y == state->selected) {
			sw_put_char(row, 0, 0, sw_area_glyphs(row)->pointer, SW_ROLE_SELECTION);
			sw_paint(row, SW_ROLE_SELECTION, 0);
		}
	}
	sw_scrollbar_draw(sw_area_sub(bar, bar.w - 1, 0, 1, bar.h), table->rows, area.h, state->top);
}
