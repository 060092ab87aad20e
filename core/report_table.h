/* Hides how cells are laid out in columns: alignment, and what is cut or left out when there is no
 * room. Must not know what stands in a table. */
#ifndef SW_REPORT_TABLE_H
#define SW_REPORT_TABLE_H

#include <stddef.h>

#include "core/buf.h"

#define SW_TABLE_COLUMNS 20
#define SW_TABLE_ROWS 40

enum sw_column {
	SW_COLUMN_NUMBER, /* right-aligned, cut only where all else does not fit */
	SW_COLUMN_NAMED,  /* the same, but its title may be cut: a mode's name over figures */
	SW_COLUMN_TEXT,   /* left-aligned, title and cells may be cut */
	SW_COLUMN_FIXED,  /* left-aligned, cut as a number is */
};

/* Embedded: init, columns, then rows cell by cell, write, done. Errors stay in text.overflow until
 * a write returns them; a cell or row too many is dropped. */
struct sw_table {
	struct sw_buf text; /* all titles and cells, each with its NUL */
	struct {
		size_t title;
		enum sw_column kind;
		int keep;
	} columns[SW_TABLE_COLUMNS];
	size_t cells[SW_TABLE_ROWS][SW_TABLE_COLUMNS];
	int n_columns, n_rows, n_cells; /* n_cells: of the last row */
};

void sw_table_init(struct sw_table *table);
void sw_table_done(struct sw_table *table);

/* KEEP 0: always shown; else columns are left out from the highest KEEP down until it fits. */
void sw_table_column(struct sw_table *table, enum sw_column kind, int keep, const char *title);
void sw_table_row(struct sw_table *table);
void sw_table_cell(struct sw_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Aligned text, at most WIDTH columns with INDENT spaces before each line. 0 or -1 (memory). */
int sw_table_write(const struct sw_table *table, size_t indent, size_t width, struct sw_buf *out);

/* A Markdown table; titles and cells are Markdown already. 0 or -1 (memory). */
int sw_table_write_markdown(const struct sw_table *table, struct sw_buf *out);

static inline void sw_cleanup_table(struct sw_table *table)
{
	sw_table_done(table);
}

#endif
