/* Hides how a list on a screen is filtered and sorted: which rows, in which order.
 * Must not know what is listed. */
#ifndef SW_SCREENS_LIST_H
#define SW_SCREENS_LIST_H

#include <stdbool.h>

#include "tui/app.h"
#include "widgets/table.h"

#define SW_LIST_FILTER_MAX 64

struct sw_place {
	int x, y; /* in the canvas */
};

/* Embedded; {.table = {.sort = -1}} to begin with. */
struct sw_list {
	struct sw_table_state table;
	char filter[SW_LIST_FILTER_MAX];
	int *rows; /* which of the listed things are shown, in order */
	int n_rows, capacity;
};
void sw_list_done(struct sw_list *list);

/* What is listed: things 0 .. n - 1 of CONTEXT. */
struct sw_listed {
	int n;
	/* Whether thing I contains the filter's text (not empty). */
	bool (*contains)(const void *context, int i, const char *text);
	/* Order of the things A and B by COLUMN, like strcmp. NULL: as they come. */
	int (*compare)(const void *context, int column, int a, int b);
	const void *context;
};

/* Computes rows anew from the filter and the table's order; equal things stay in their order. When
 * memory is out the list is empty. */
void sw_list_update(struct sw_list *list, const struct sw_listed *listed);

/* A list's panel: what is around its table, and the table. All is borrowed for the call. */
struct sw_list_view {
	const char *title, *note;
	const char *foot;      /* a warning in the frame; NULL or "": none */
	const char *what;      /* "no iteration contains that" begins with "no " and this */
	const char *empty;     /* shown when there is nothing to filter either */
	const struct sw_table_column *columns;
	int n_columns;
	void (*row)(void *user, int row, struct sw_table_cell *cells);
	void *user;
};
void sw_list_draw(struct sw_area area, struct sw_list *list, const struct sw_list_view *view);

/* The actions of a list (moving, sorting, following, opening); of columns that can be sorted the
 * first N_COLUMNS count, 0: none can. false: not one of them. */
bool sw_list_act(struct sw_list *list, struct sw_app *app, int n_columns, enum sw_action action);

/* A click at column X, row Y of the canvas: a title sorts, a row is chosen, the chosen one opens. */
void sw_list_click(struct sw_list *list, struct sw_app *app, int n_columns, struct sw_place place);

/* The thing that is chosen; -1: none. */
int sw_list_selected(const struct sw_list *list);

/* Whether TEXT contains PART, ASCII letters of either case being equal. */
bool sw_text_contains(const char *text, const char *part);

#endif
