#include "widgets/axis.h"

#include <math.h>
#include <string.h>

#include "widgets/text.h"

/* Blank columns between two labels: closer ones are hard to tell apart. */
#define LABEL_GAP 3

bool sw_axis_init(struct sw_axis *axis, double low, double high, bool log)
{
	*axis = (struct sw_axis){.low = log ? 1 : 0, .high = log ? 10 : 1, .log = log};
	if (!isfinite(low) || !isfinite(high) || low > high || (log && high <= 0))
		return false;
	if (log && low <= 0)
		low = high / 1000;
	/* Closer together than what doubles can tell apart on a few hundred columns. */
	if (high - low <= 1e-9 * fmax(fabs(low), fabs(high))) {
		double middle = low / 2 + high / 2;
		low = log ? middle / 2 : middle - fabs(middle) / 2;
		high = log ? middle * 2 : middle + fabs(middle) / 2;
	}
	if (low >= high || !isfinite(high) || !isfinite(high - low) || (log && low <= 0)) {
		if (low != 0 || high != 0 || log)
			return false;
		high = 1;
	}
	axis->low = low;
	axis->high = high;
	return true;
}

/* The round number (1, 2 or 5 times a power of ten) at or above VALUE > 0, or at or below it. */
static double round_number(double value, bool up)
{
	static const double steps[] = {1, 2, 5, 10};
	double power = pow(10, floor(log10(value)));
	double ratio = value / power;
	if (up) {
		for (int i = 0; i < 4; i++)
			if (steps[i] >= ratio * (1 - 1e-9))
				return steps[i] * power;
		return 10 * power;
	}
	for (int i = 3; i > 0; i--)
		if (steps[i] <= ratio * (1 + 1e-9))
			return steps[i] * power;
	return power;
}

void sw_axis_round(struct sw_axis *axis)
{
	double low, high;
	if (axis->log) {
		low = round_number(axis->low, false);
		high = round_number(axis->high, true);
	} else {
		double step = round_number((axis->high - axis->low) / 5, true);
		low = floor(axis->low / step + 1e-9) * step;
		high = ceil(axis->high / step - 1e-9) * step;
	}
	if (isfinite(low) && isfinite(high) && low < high && (!axis->log || low > 0)) {
		axis->low = low;
		axis->high = high;
	}
}

double sw_axis_column(const struct sw_axis *axis, double value, int width)
{
	if (!(value > axis->low))
		return 0;
	if (value >= axis->high)
		return width;
	double part = axis->log ? log(value / axis->low) / log(axis->high / axis->low)
	                        : (value - axis->low) / (axis->high - axis->low);
	return fmin(fmax(part, 0), 1) * width;
}

int sw_axis_cell(const struct sw_axis *axis, double value, int width)
{
	int cell = (int)sw_axis_column(axis, value, width);
	return cell < width ? cell : width - 1;
}

int sw_axis_row(const struct sw_axis *axis, double value, int height)
{
	return height - 1 - sw_axis_cell(axis, value, height);
}

double sw_axis_value(const struct sw_axis *axis, double column, int width)
{
	double part = width > 0 ? column / width : 0;
	if (axis->log)
		return axis->low * pow(axis->high / axis->low, part);
	return axis->low + part * (axis->high - axis->low);
}

/* ---- ticks ---- */

static int label_start(const struct sw_axis *axis, const struct sw_tick *tick, int width)
{
	int columns = sw_glyph_text_columns(tick->label);
	int start = sw_axis_cell(axis, tick->at, width) - columns / 2;
	if (start > width - columns)
		start = width - columns;
	return start < 0 ? 0 : start;
}

static bool fits(const struct sw_axis *axis, int length, bool up)
{
	int free = 0;
	for (int i = 0; i < axis->n; i++) {
		const struct sw_tick *tick = &axis->ticks[i];
		if (up) {
			int row = sw_axis_cell(axis, tick->at, length);
			if (row < free)
				return false;
			free = row + 2;
			continue;
		}
		int start = label_start(axis, tick, length);
		int columns = sw_glyph_text_columns(tick->label);
		if (start < free || columns > length)
			return false;
		free = start + columns + LABEL_GAP;
	}
	return axis->n > 0;
}

/* false when there is no room for one more. Labels that say the same twice are left out. */
static bool add_tick(struct sw_axis *axis, double at, double step, sw_axis_label *label)
{
	double slack = 1e-9;
	if (axis->log ? at < axis->low * (1 - slack) || at > axis->high * (1 + slack)
	              : at < axis->low - slack * step || at > axis->high + slack * step)
		return true;
	if (axis->n == SW_AXIS_TICKS)
		return false;
	struct sw_tick *tick = &axis->ticks[axis->n];
	*tick = (struct sw_tick){.at = fmin(fmax(at, axis->low), axis->high)};
	label(fabs(at) < step * slack ? 0 : at, step, tick->label);
	tick->label[SW_AXIS_LABEL - 1] = '\0';
	if (axis->n == 0 || strcmp(tick->label, tick[-1].label) != 0)
		axis->n++;
	return true;
}

static bool linear_ticks(struct sw_axis *axis, double step, sw_axis_label *label)
{
	double first = ceil(axis->low / step - 1e-9);
	axis->n = 0;
	for (int i = 0; (first + i) * step <= axis->high + step * 1e-9; i++)
		if (i > SW_AXIS_TICKS || !add_tick(axis, (first + i) * step, step, label))
			return false;
	return true;
}

/* Every STRIDE-th decade; with STRIDE 0 also its 2 and 5. */
static bool decade_ticks(struct sw_axis *axis, int stride, sw_axis_label *label)
{
	int first = (int)floor(log10(axis->low)), last = (int)ceil(log10(axis->high));
	axis->n = 0;
	for (int decade = first; decade <= last; decade++) {
		if (stride > 0 && decade % stride != 0)
			continue;
		double power = pow(10, decade);
		if (!add_tick(axis, power, 0, label))
			return false;
		if (stride == 0 &&
		    (!add_tick(axis, 2 * power, 0, label) || !add_tick(axis, 5 * power, 0, label)))
			return false;
	}
	return true;
}

static void choose(struct sw_axis *axis, int length, bool up, sw_axis_label *label)
{
	bool wide = axis->log && axis->high / axis->low >= 8;
	axis->n = 0;
	if (length < 1 || !label)
		return;
	for (int stride = 0; wide && stride < 64; stride++)
		if (decade_ticks(axis, stride, label) && axis->n > 1 && fits(axis, length, up))
			return;
	/* About a decade: round steps say more than a single power. */
	double step = round_number((axis->high - axis->low) / (SW_AXIS_TICKS - 1), true);
	for (int i = 0; i < 12; i++) {
		if (linear_ticks(axis, step, label) && fits(axis, length, up))
			return;
		step = round_number(step * 1.5, true);
	}
	axis->n = 0;
}

void sw_axis_ticks(struct sw_axis *axis, int width, sw_axis_label *label)
{
	choose(axis, width, false, label);
}

void sw_axis_ticks_up(struct sw_axis *axis, int height, sw_axis_label *label)
{
	choose(axis, height, true, label);
}

void sw_axis_draw(struct sw_area area, const struct sw_axis *axis)
{
	if (area.w < 1 || area.h < 1)
		return;
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	int labels = area.h > 1 ? 1 : 0;
	if (labels > 0)
		sw_fill(sw_area_sub(area, 0, 0, area.w, 1), glyphs->horizontal, SW_ROLE_TRACK);
	for (int i = 0; i < axis->n; i++) {
		const struct sw_tick *tick = &axis->ticks[i];
		if (labels > 0)
			sw_put_char(area, sw_axis_cell(axis, tick->at, area.w), 0, glyphs->tick, SW_ROLE_TRACK);
		sw_put_text(area, label_start(axis, tick, area.w), labels, tick->label, SW_ROLE_DIM);
	}
}
