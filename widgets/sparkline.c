#include "widgets/sparkline.h"

#include <math.h>

static int height_of(double value, const double range[2], int eighths)
{
	double width = range[1] - range[0];
	if (!(width > 0))
		return eighths / 2;
	int height = 1 + (int)lround((value - range[0]) / width * (eighths - 1));
	return height < 1 ? 1 : height > eighths ? eighths : height;
}

void sw_sparkline_draw(struct sw_area area, const struct sw_sparkline_view *view)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	int shown = view->n < area.w ? view->n : area.w;
	double range[2] = {INFINITY, -INFINITY};
	if (shown < 1 || area.h < 1)
		return;
	for (int i = view->n - shown; i < view->n; i++) {
		if (!isfinite(view->values[i]))
			continue;
		/* Halves: so that the difference of any two values is finite. */
		range[0] = fmin(range[0], view->values[i] / 2);
		range[1] = fmax(range[1], view->values[i] / 2);
	}
	if (view->from_zero)
		range[0] = 0;
	for (int i = view->n - shown; i < view->n; i++) {
		if (!isfinite(view->values[i]))
			continue;
		int x = area.w - (view->n - i);
		int left = height_of(view->values[i] / 2, range, area.h * 8);
		enum sw_role role = view->bad && view->bad[i] ? SW_ROLE_BAD : view->role;
		for (int y = area.h - 1; y >= 0 && left > 0; y--, left -= 8)
			sw_put_char(area, x, y, glyphs->below[left < 8 ? left : 8], role);
	}
}
