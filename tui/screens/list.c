#include "tui/screens/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "widgets/panel.h"

void sw_list_done(struct sw_list *list)
{
	free(list->rows);
	*list = (struct sw_list){.table = {.sort = -1}};
}

bool sw_text_contains(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

struct order {
	const struct sw_listed *listed;
	int column;
	bool descending;
};

static int compare(const void *a, const void *b, void *user)
{
	const struct order *order = user;
	int one = *(const int *)a, other = *(const int *)b;
	int result = order->listed->compare(order->listed->context, order->column, one, other);
	if (order->descending)
		result = -result;
	return result ? result : (one > other) - (one < other);
}

static bool make_room(struct sw_list *list, int n)
{
	if (n <= list->capacity)
		return true;
	int capacity = n < 64 ? 64 : 2 * n;
	int *rows = realloc(list->rows, (size_t)capacity * sizeof *rows);
	if (!rows)
		return false;
	list->rows = rows;
	list->capacity = capacity;
	return true;
}

void sw_list_update(struct sw_list *list, const struct sw_listed *listed)
{
	list->n_rows = 0;
	if (!make_room(list, listed->n))
		return;
	for (int i = 0; i < listed->n; i++)
		if (!list->filter[0] || listed->contains(listed->context, i, list->filter))
			list->rows[list->n_rows++] = i;
	struct order order = {listed, list->table.sort, list->table.descending};
	if (listed->compare && list->table.sort >= 0 && list->n_rows > 1)
		qsort_r(list->rows, (size_t)list->n_rows, sizeof *list->rows, compare, &order);
}

void sw_list_draw(struct sw_area area, struct sw_list *list, const struct sw_list_view *view)
{
	char filter[SW_LIST_FILTER_MAX + 16] = "", none[64];
	if (list->filter[0])
		(void)snprintf(filter, sizeof filter, "  filter: %s", list->filter);
	(void)snprintf(none, sizeof none, "no %s contains that", view->what);
	struct sw_flow_piece title[] = {{view->title, SW_ROLE_TITLE}, {filter, SW_ROLE_ACCENT}};
	struct sw_flow_piece foot = {view->foot, SW_ROLE_WARNING};
	struct sw_panel panel = {
		.title = title,
		.n_title = 2,
		.note = view->note,
		.foot = &foot,
		.n_foot = view->foot && *view->foot ? 1 : 0,
	};
	struct sw_table table = {
		.columns = view->columns,
		.n_columns = view->n_columns,
		.rows = list->n_rows,
		.row = view->row,
		.user = view->user,
		.empty = list->filter[0] ? none : view->empty,
	};
	sw_table_draw(sw_panel_draw(area, &panel), &table, &list->table);
}

static void sort_by(struct sw_list *list, int column)
{
	if (list->table.sort == column) {
		list->table.descending = !list->table.descending;
		return;
	}
	list->table.sort = column;
	list->table.descending = false;
}

bool sw_list_act(struct sw_list *list, struct sw_app *app, int n_columns, enum sw_action action)
{
	struct sw_table_state *table = &list->table;
	switch ((int)action) {
	case SW_ACTION_UP:
		sw_table_move(table, list->n_rows, -1);
		return true;
	case SW_ACTION_DOWN:
		sw_table_move(table, list->n_rows, 1);
		return true;
	case SW_ACTION_PAGE_UP:
		sw_table_page(table, list->n_rows, -1);
		return true;
	case SW_ACTION_PAGE_DOWN:
		sw_table_page(table, list->n_rows, 1);
		return true;
	case SW_ACTION_TOP:
		sw_table_top(table, list->n_rows);
		return true;
	case SW_ACTION_BOTTOM:
		sw_table_bottom(table, list->n_rows);
		return true;
	case SW_ACTION_FOLLOW:
		table->follow = !table->follow;
		if (table->follow)
			sw_table_bottom(table, list->n_rows);
		return true;
	case SW_ACTION_SORT:
		if (n_columns) {
			table->sort = table->sort + 1 < n_columns ? table->sort + 1 : 0;
			table->descending = false;
		}
		return true;
	case SW_ACTION_REVERSE:
		table->descending = !table->descending;
		return true;
	case SW_ACTION_OPEN:
		if (sw_list_selected(list) >= 0)
			sw_app_open_detail(app);
		return true;
	default:
		return false;
	}
}

void sw_list_click(struct sw_list *list, struct sw_app *app, int n_columns, struct sw_place place)
{
	int column = sw_hits_at(&list->table.header, place.x, place.y);
	int row = sw_table_row_at(&list->table, list->n_rows, place.x, place.y);
	if (column >= 0 && column < n_columns)
		sort_by(list, column);
	if (row < 0)
		return;
	if (row == list->table.selected)
		sw_app_open_detail(app);
	list->table.selected = row;
	list->table.follow = false;
}

int sw_list_selected(const struct sw_list *list)
{
	int row = list->table.selected;
	return row >= 0 && row < list->n_rows ? list->rows[row] : -1;
}
