#include "widgets/counters.h"

#include <inttypes.h>

#include "widgets/text.h"

enum { GAP = 3, LABEL_GAP = 1 };

struct grid {
	int columns;
	int label[SW_COUNTERS_MAX], value[SW_COUNTERS_MAX]; /* widths, per column */
};

struct digits {
	char text[24];
};

static const char *value_text(const struct sw_counter *counter, struct digits *digits)
{
	if (counter->text)
		return counter->text;
	snprintf(digits->text, sizeof(digits->text), "%" PRId64, counter->value);
	return digits->text;
}

/* Lays N counters out in COLUMNS columns; returns the width of all. */
static int lay_out(struct grid *grid, const struct sw_counter *counters, int n, int columns,
                   int value_columns)
{
	int total = GAP * (columns - 1);
	grid->columns = columns;
	for (int i = 0; i < columns; i++) {
		grid->label[i] = 0;
		grid->value[i] = value_columns;
	}
	for (int i = 0; i < n; i++) {
		struct digits digits;
		int label = sw_glyph_text_columns(counters[i].label);
		int value = sw_glyph_text_columns(value_text(&counters[i], &digits));
		int *label_max = &grid->label[i % columns], *value_max = &grid->value[i % columns];
		*label_max = label > *label_max ? label : *label_max;
		*value_max = value > *value_max ? value : *value_max;
	}
	for (int i = 0; i < columns; i++)
		total += grid->label[i] + LABEL_GAP + grid->value[i];
	return total;
}

static void put_counter(struct sw_area cell, const struct sw_counter *counter, int label)
{
	struct digits digits;
	enum sw_role role = counter->value ? counter->role : SW_ROLE_DIM;
	const char *text = value_text(counter, &digits);
	int value = sw_glyph_text_columns(text);
	if (label + LABEL_GAP + value > cell.w) /* rather the value than its label */
		label = cell.w - LABEL_GAP - value;
	sw_put_text_cut(cell, 0, 0, label, counter->label, SW_ROLE_DIM);
	sw_put_text_right(cell, cell.w, 0, cell.w, text, role);
}

int sw_counters_draw(struct sw_area area, const struct sw_counter *counters, int n,
                     int value_columns)
{
	struct grid grid;
	if (n > SW_COUNTERS_MAX)
		n = SW_COUNTERS_MAX;
	if (n < 1 || area.w < 1)
		return 0;
	int columns = n;
	while (lay_out(&grid, counters, n, columns, value_columns) > area.w && columns > 1)
		columns--;
	int rows = (n + columns - 1) / columns;
	for (int i = 0, x = 0; i < n && area.canvas; i++) {
		int column = i % columns, w = grid.label[column] + LABEL_GAP + grid.value[column];
		x = column > 0 ? x : 0;
		put_counter(sw_area_sub(area, x, i / columns, w, 1), &counters[i], grid.label[column]);
		x += w + GAP;
	}
	return rows < area.h || !area.canvas ? rows : area.h;
}
