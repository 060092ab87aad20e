/* Hides how values become columns (linear or logarithmic) and which of them get a tick.
 * Must not know what is measured: the caller writes the labels.
 *
 * Any thread, each with its own axis. */
#ifndef SW_AXIS_H
#define SW_AXIS_H

#include "widgets/canvas.h"

#define SW_AXIS_TICKS 24
#define SW_AXIS_LABEL 12

struct sw_tick {
	double at;
	char label[SW_AXIS_LABEL]; /* UTF-8, ends with a 0 */
};

/* A plain value: fill it with sw_axis_init. */
struct sw_axis {
	double low, high; /* finite, low < high; with log both above 0 */
	bool log;
	int n; /* ticks, in rising order; 0 until sw_axis_ticks */
	struct sw_tick ticks[SW_AXIS_TICKS];
};

/* Writes the text of a tick at AT into LABEL. STEP is the distance between ticks, for the number of
 * decimals; 0 on a logarithmic axis. */
typedef void sw_axis_label(double at, double step, char label[SW_AXIS_LABEL]);

/* From LOW to HIGH. Equal values are widened around them, LOW <= 0 on a logarithmic axis becomes
 * HIGH / 1000. false when there is no such axis (not finite, LOW > HIGH, or log without anything
 * above 0): then it is 0..1 (log: 1..10), so that it can be drawn all the same. */
bool sw_axis_init(struct sw_axis *axis, double low, double high, bool log);

/* Widens the axis to round numbers (1, 2 or 5 times a power of ten; linear: multiples of a round
 * step), so that it stays where it is while values come in. */
void sw_axis_round(struct sw_axis *axis);

/* Where VALUE lies on WIDTH columns: LOW is 0, HIGH is WIDTH. Values beyond the axis lie on its
 * ends; NaN on the low one. */
double sw_axis_column(const struct sw_axis *axis, double value, int width);
/* The cell of it: 0 .. WIDTH - 1. WIDTH is at least 1. */
int sw_axis_cell(const struct sw_axis *axis, double value, int width);
/* The value at COLUMN (0 .. WIDTH, fractions too). */
double sw_axis_value(const struct sw_axis *axis, double column, int width);

/* Chooses as many ticks as have room for their labels beside one another in WIDTH columns: round
 * steps, on a logarithmic axis 1-2-5 or whole decades. LABEL NULL: none. */
void sw_axis_ticks(struct sw_axis *axis, int width, sw_axis_label *label);
/* The same for an axis that goes up HEIGHT rows. */
void sw_axis_ticks_up(struct sw_axis *axis, int height, sw_axis_label *label);
/* The row of a tick on an axis that goes up HEIGHT rows: HEIGHT - 1 is the low end. */
int sw_axis_row(const struct sw_axis *axis, double value, int height);

/* Draws the ticks' labels, each centred under its value but inside AREA; with two rows a line with
 * the ticks above them. */
void sw_axis_draw(struct sw_area area, const struct sw_axis *axis);

#endif
