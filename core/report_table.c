#include "core/report_table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/report_text.h"

enum { GAP = 2, TITLE_MIN = 6, TEXT_MIN = 14 };

/* ---- filling a table ---- */

void sw_table_init(struct sw_table *table)
{
	table->n_columns = table->n_rows = table->n_cells = 0;
	sw_buf_init(&table->text, 0);
	(void)sw_buf_add(&table->text, "", 1); /* offset 0: the empty cell */
}

void sw_table_done(struct sw_table *table)
{
	sw_buf_done(&table->text);
}

static size_t keep_text(struct sw_table *table, const char *text, size_t len)
{
	size_t at = table->text.len;
	if (sw_buf_add(&table->text, text, len))
		return 0;
	return sw_buf_add(&table->text, "", 1) ? 0 : at;
}

void sw_table_column(struct sw_table *table, enum sw_column kind, int keep, const char *title)
{
	if (table->n_columns == SW_TABLE_COLUMNS)
		return;
	int c = table->n_columns++;
	table->columns[c].kind = kind;
	table->columns[c].keep = keep;
	table->columns[c].title = keep_text(table, title, strlen(title));
}

void sw_table_row(struct sw_table *table)
{
	table->n_cells = table->n_columns; /* of a row that is dropped, cells are too */
	if (table->n_rows == SW_TABLE_ROWS)
		return;
	memset(table->cells[table->n_rows++], 0, sizeof(table->cells[0]));
	table->n_cells = 0;
}

void sw_table_cell(struct sw_table *table, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (table->n_cells == table->n_columns)
		return;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text)) {
		table->text.overflow = true;
		return;
	}
	table->cells[table->n_rows - 1][table->n_cells++] = keep_text(table, text, (size_t)len);
}

/* ---- laying it out ---- */

struct layout {
	size_t widths[SW_TABLE_COLUMNS];
	size_t minimums[SW_TABLE_COLUMNS];
	bool shown[SW_TABLE_COLUMNS];
};

static const char *title_of(const struct sw_table *table, int column)
{
	return table->text.data + table->columns[column].title;
}

static const char *cell_of(const struct sw_table *table, int row, int column)
{
	return table->text.data + table->cells[row][column];
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void measure(const struct sw_table *table, int column, struct layout *layout)
{
	size_t title = sw_text_columns(title_of(table, column)), cells = 0;

	for (int row = 0; row < table->n_rows; row++)
		cells = max_size(cells, sw_text_columns(cell_of(table, row, column)));
	size_t natural = max_size(title, cells);
	layout->shown[column] = true;
	layout->widths[column] = layout->minimums[column] = natural;
	if (table->columns[column].kind == SW_COLUMN_NAMED)
		layout->minimums[column] = natural < TITLE_MIN ? natural : max_size(cells, TITLE_MIN);
	if (table->columns[column].kind == SW_COLUMN_TEXT && natural > TEXT_MIN)
		layout->minimums[column] = TEXT_MIN;
}

static size_t total(const struct sw_table *table, const struct layout *layout, const size_t *widths)
{
	size_t sum = 0;

	for (int c = 0; c < table->n_columns; c++) {
		if (layout->shown[c])
			sum += widths[c] + (sum > 0 ? GAP : 0);
	}
	return sum;
}

/* The column to leave out next; -1 when all that are left must stay. */
static int least_needed(const struct sw_table *table, const struct layout *layout)
{
	int least = -1, keep = 0;

	for (int c = 0; c < table->n_columns; c++) {
		if (layout->shown[c] && table->columns[c].keep > keep) {
			least = c;
			keep = table->columns[c].keep;
		}
	}
	return least;
}

/* The widest column that can still shrink, to its minimum or to LEAST; -1 when there is none. */
static int widest(const struct sw_table *table, const struct layout *layout, size_t least)
{
	int found = -1;

	for (int c = 0; c < table->n_columns; c++) {
		if (layout->shown[c] && layout->widths[c] > min_size(layout->minimums[c], least) &&
		    (found < 0 || layout->widths[c] > layout->widths[found]))
			found = c;
	}
	return found;
}

static void fit(const struct sw_table *table, size_t width, struct layout *layout)
{
	int column;

	for (int c = 0; c < table->n_columns; c++)
		measure(table, c, layout);
	while (total(table, layout, layout->minimums) > width &&
	       (column = least_needed(table, layout)) >= 0)
		layout->shown[column] = false;
	while (total(table, layout, layout->widths) > width &&
	       (column = widest(table, layout, SIZE_MAX)) >= 0)
		layout->widths[column]--;
	/* No session has such numbers, but a journal that somebody made may. */
	while (total(table, layout, layout->widths) > width && (column = widest(table, layout, 1)) >= 0)
		layout->widths[column]--;
}

static void pad(struct sw_buf *out, size_t columns)
{
	(void)sw_buf_addf(out, "%*s", (int)columns, "");
}

static void put_cell(struct sw_buf *out, const char *text, size_t width, bool right)
{
	size_t columns = sw_text_columns(text), bytes = strlen(text);
	bool cut = columns > width;

	if (cut) {
		bytes = sw_text_prefix(text, width - 1, &columns);
		columns++;
	}
	if (right)
		pad(out, width - columns);
	(void)sw_buf_add(out, text, bytes);
	if (cut)
		(void)sw_buf_add_str(out, "…");
	if (!right)
		pad(out, width - columns);
}

/* ROW -1: the titles. */
static void put_row(const struct sw_table *table, const struct layout *layout, int row,
                    size_t indent, struct sw_buf *out)
{
	bool first = true;

	pad(out, indent);
	for (int c = 0; c < table->n_columns; c++) {
		enum sw_column kind = table->columns[c].kind;
		if (!layout->shown[c])
			continue;
		if (!first)
			pad(out, GAP);
		first = false;
		put_cell(out, row < 0 ? title_of(table, c) : cell_of(table, row, c), layout->widths[c],
		         kind == SW_COLUMN_NUMBER || kind == SW_COLUMN_NAMED);
	}
	sw_report_end_line(out);
}

int sw_table_write(const struct sw_table *table, size_t indent, size_t width, struct sw_buf *out)
{
	struct layout layout;

	if (table->text.overflow)
		return -1;
	fit(table, width - indent, &layout);
	for (int row = -1; row < table->n_rows; row++)
		put_row(table, &layout, row, indent, out);
	return out->overflow ? -1 : 0;
}

int sw_table_write_markdown(const struct sw_table *table, struct sw_buf *out)
{
	if (table->text.overflow)
		return -1;
	for (int row = -1; row < table->n_rows; row++) {
		for (int c = 0; c < table->n_columns; c++) {
			const char *text = row < 0 ? title_of(table, c) : cell_of(table, row, c);
			(void)sw_buf_addf(out, "%s%s |", c == 0 ? "| " : " ", text);
		}
		(void)sw_buf_add_str(out, "\n");
		for (int c = 0; row < 0 && c < table->n_columns; c++) {
			bool right = table->columns[c].kind == SW_COLUMN_NUMBER ||
			             table->columns[c].kind == SW_COLUMN_NAMED;
			(void)sw_buf_addf(out, "%s%s|%s", c == 0 ? "|" : "", right ? "---:" : "---",
			                  c + 1 == table->n_columns ? "\n" : "");
		}
	}
	return out->overflow ? -1 : 0;
}
