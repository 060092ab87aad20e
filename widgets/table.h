/* Hides which columns and rows of a table fit, and how one moves in it.
 * Must not know what the rows are, nor how they are sorted or filtered.
 *
 * One thread at a time. Rows are counted from 0 in the order in which they are shown. */
#ifndef SW_TABLE_H
#define SW_TABLE_H

#include "widgets/hits.h"

#define SW_TABLE_COLUMNS_MAX SW_HITS_MAX /* further ones are ignored */

/* A table of them can be static. */
struct sw_table_column {
	const char *title;
	int width;    /* least columns; the title needs its own, and one more for the sort mark */
	int weight;   /* share of the columns that are left over; 0: none */
	bool right;   /* aligned to the right */
	int priority; /* 0: always there; where it is narrow the highest number goes first, of equal
	               * ones the last */
};

struct sw_table_cell {
	char text[256]; /* UTF-8, printed with snprintf; "" is a blank cell */
	enum sw_role role;
};

/* The view model; everything is borrowed for the call. */
struct sw_table {
	const struct sw_table_column *columns;
	int n_columns;
	int rows;
	/* Fills in the cells of ROW, which are "" in SW_ROLE_TEXT. Called for visible rows only. */
	void (*row)(void *user, int row, struct sw_table_cell *cells);
	void *user;
	const char *empty; /* shown when there are no rows; NULL: nothing */
};

/* Owned by the caller; {.sort = -1} to begin with, and .selected -1 where rows are not chosen. */
struct sw_table_state {
	int top;      /* first visible row */
	int selected; /* -1: nothing can be chosen, moving scrolls */
	bool follow;  /* stays on the last row as rows are added; moving up ends it */
	int sort;     /* column whose title has the sort mark; -1: none is shown */
	bool descending;
	/* Of the last drawing. */
	int page;              /* rows that fit */
	struct sw_area body;   /* where the rows are */
	struct sw_hits header; /* column at a place: sw_hits_at */
};

/* Draws header (where there are 2 rows), rows and scroll bar; clamps STATE first. */
void sw_table_draw(struct sw_area area, const struct sw_table *table, struct sw_table_state *state);

/* Makes STATE valid for ROWS rows: call it when their number has changed. */
void sw_table_clamp(struct sw_table_state *state, int rows);

/* Moves by BY rows (negative: up), by BY pages, to the first, to the last row (and follows it). */
void sw_table_move(struct sw_table_state *state, int rows, int by);
void sw_table_page(struct sw_table_state *state, int rows, int by);
void sw_table_top(struct sw_table_state *state, int rows);
void sw_table_bottom(struct sw_table_state *state, int rows);

/* The row that was drawn at column X, row Y of the canvas; -1: none. */
int sw_table_row_at(const struct sw_table_state *state, int rows, int x, int y);

#endif
