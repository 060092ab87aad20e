/* What the tests of charts share: pictures in tests/golden/widgets/NAME.txt, labels, random numbers,
 * and a frame that shows whether something was drawn outside of it. */
#ifndef SW_TEST_CHARTS_H
#define SW_TEST_CHARTS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/golden.h"
#include "widgets/axis.h"
#include "widgets/canvas.h"
#include "widgets/text.h"

#define assert_near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

/* ---- labels ---- */

/* Milliseconds. */
static inline void charts_ms(double at, double step, char label[SW_AXIS_LABEL])
{
	char text[32];
	(void)step;
	if (fabs(at) >= 1000)
		snprintf(text, sizeof(text), "%.4g s", at / 1000);
	else if (at != 0 && fabs(at) < 1)
		snprintf(text, sizeof(text), "%.4g µs", at * 1000);
	else
		snprintf(text, sizeof(text), "%.4g ms", at);
	snprintf(label, SW_AXIS_LABEL, "%.11s", text);
}

/* ---- pictures ---- */

struct charts_golden {
	char text[256 * 1024];
	size_t len;
};

static inline void charts_add(struct charts_golden *golden, const struct sw_canvas *canvas,
                              const char *title, bool roles)
{
	golden->len += (size_t)snprintf(golden->text + golden->len, sizeof(golden->text) - golden->len,
	                                "=== %s, %d x %d\n", title, sw_canvas_width(canvas),
	                                sw_canvas_height(canvas));
	golden->len += sw_canvas_dump(canvas, roles, golden->text + golden->len,
	                              sizeof(golden->text) - golden->len);
	assert_true(golden->len < sizeof(golden->text));
}

static inline void charts_check(const struct charts_golden *golden, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "tests/golden/widgets/%s.txt", name);
	golden_check_file(path, golden->text, golden->len);
}

/* The canvas's characters, in one static text. */
static inline const char *charts_text(const struct sw_canvas *canvas)
{
	static char text[256 * 1024];
	assert_true(sw_canvas_dump(canvas, false, text, sizeof(text)) < sizeof(text));
	return text;
}

/* ---- random ---- */

static inline double charts_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) / (double)(1 << 24);
}

static inline int charts_below(uint32_t *seed, int n)
{
	return (int)(charts_random(seed) * n);
}

/* Any magnitude from 1e-3 to 1e18, sometimes 0, negative or no number at all. */
static inline double charts_value(uint32_t *seed)
{
	double value = pow(10, charts_random(seed) * 21 - 3);
	switch (charts_below(seed, 20)) {
	case 0:
		return 0;
	case 1:
		return -value;
	case 2:
		return charts_below(seed, 2) ? INFINITY : -INFINITY;
	case 3:
		return NAN;
	case 4:
		return charts_below(seed, 2) ? 1e300 : 1e-300;
	default:
		return value;
	}
}

/* ---- a frame ---- */

#define CHARTS_PAINT 'Z'

/* A random area of a painted canvas, blank. */
static inline struct sw_area charts_frame(struct sw_canvas *canvas, uint32_t *seed)
{
	assert_int_equal(
		sw_canvas_resize(canvas, 1 + charts_below(seed, 130), 1 + charts_below(seed, 40)), 0);
	sw_canvas_set_glyphs(canvas, charts_below(seed, 2) ? &sw_glyphs_unicode : &sw_glyphs_ascii);
	struct sw_area all = sw_canvas_area(canvas);
	sw_fill(all, CHARTS_PAINT, SW_ROLE_TEXT);
	struct sw_area area =
		sw_area_sub(all, charts_below(seed, all.w), charts_below(seed, all.h),
	                charts_below(seed, 2) ? all.w : charts_below(seed, all.w + 1),
	                charts_below(seed, 2) ? all.h : charts_below(seed, all.h + 1));
	sw_fill(area, ' ', SW_ROLE_TEXT);
	return area;
}

/* The paint is whole outside of AREA; inside all is printable, in ASCII where it has to be. Texts
 * of the test must not hold the paint. */
static inline void charts_assert_inside(const struct sw_canvas *canvas, struct sw_area area)
{
	bool unicode = sw_area_glyphs(area)->unicode;
	for (int y = 0; y < sw_canvas_height(canvas); y++) {
		const struct sw_cell *row = sw_canvas_row(canvas, y);
		for (int x = 0; x < sw_canvas_width(canvas); x++) {
			bool inside = x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h;
			assert_int_equal(row[x].ch == CHARTS_PAINT, !inside);
			if (row[x].ch == 0) /* the second half of a wide character */
				assert_true(unicode && x > area.x && sw_glyph_columns(row[x - 1].ch) == 2);
			else
				assert_true(row[x].ch >= ' ' &&
				            (row[x].ch < 0x7f || (unicode && row[x].ch >= 0xa0)));
			assert_true(row[x].role < SW_ROLE_COUNT && row[x].back < SW_ROLE_COUNT);
		}
	}
}

#endif
