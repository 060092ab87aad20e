/* Differences beside zero: ends, middle and zero in their columns, arrows where they go on. */
#include "charts.h"

#include "widgets/interval.h"

/* Names and texts empty: the chart is AREA without two gaps of 2, 20 columns; -10..10. */
static const char *draw(const struct sw_glyphs *glyphs, double low, double middle, double high)
{
	static char text[256];
	struct sw_canvas *canvas = sw_canvas_new(24, 1, glyphs);
	struct sw_interval interval = {"", SW_ROLE_MODE_1, low, middle, high, ""};
	struct sw_interval_view view = {.intervals = &interval, .n = 1};
	assert_true(sw_axis_init(&view.axis, -10, 10, false));
	assert_int_equal(sw_interval_draw(sw_canvas_area(canvas), &view), 1);
	sw_canvas_dump(canvas, false, text, sizeof(text));
	sw_canvas_free(canvas);
	return text;
}

#define U &sw_glyphs_unicode
#define A &sw_glyphs_ascii

static void ends_and_middle_in_their_columns(void **state)
{
	(void)state;
	assert_string_equal(draw(U, 3, 5, 8), "            │  ├─●──┤\n");
	assert_string_equal(draw(A, 3, 5, 8), "            |  +-*--+\n");
	assert_string_equal(draw(U, -3, 2, 8), "         ├────●─────┤\n");
	assert_string_equal(draw(U, 5, 5, 5), "            │    ●\n");
	assert_string_equal(draw(U, -10, -10, 10), "  ●──────────────────┤\n");
}

static void beyond_the_axis_are_arrows(void **state)
{
	(void)state;
	assert_string_equal(draw(U, -30, 0, 40), "  ◂─────────●────────▸\n");
	assert_string_equal(draw(A, -30, 0, 40), "  <---------*-------->\n");
}

static void without_an_interval_there_is_the_middle(void **state)
{
	(void)state;
	assert_string_equal(draw(U, NAN, 5, NAN), "            │    ●\n");
	assert_string_equal(draw(U, 1, 5, INFINITY), "            │    ●\n");
	assert_string_equal(draw(U, NAN, NAN, NAN), "            │\n");
}

static const struct sw_interval sample[] = {
	{"docker-sandbox", SW_ROLE_MODE_2, 411, 426, 440, "+426 ms  [411, 440]"},
	{"prepared", SW_ROLE_MODE_3, 80, 180, 900, "+180 ms  [80, 900]"},
	{"warm", SW_ROLE_MODE_4, -8, 22, 60, "+22 ms  [-8, 60]"},
	{"exec", SW_ROLE_MODE_5, NAN, 70, NAN, "+70 ms"}};

static void looks_as_it_should(void **state)
{
	(void)state;
	static struct charts_golden golden;
	static const int sizes[][2] = {{118, 6}, {78, 5}, {58, 4}, {45, 6}, {30, 5}, {30, 2}, {8, 3}};
	for (int ascii = 0; ascii < 2; ascii++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_canvas *canvas = sw_canvas_new(sizes[i][0], sizes[i][1], ascii ? A : U);
			struct sw_interval_view view = {.label = charts_ms, .intervals = sample, .n = 4};
			sw_axis_init(&view.axis, -50, 450, false);
			sw_axis_round(&view.axis);
			int rows = sw_interval_draw(sw_canvas_area(canvas), &view);
			assert_true(rows > 0 && rows <= sizes[i][1]);
			charts_add(&golden, canvas, ascii ? "ascii" : "unicode", i == 1);
			sw_canvas_free(canvas);
		}
	}
	charts_check(&golden, "interval");
}

static void stays_inside_whatever_comes(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1, 1, U);
	for (uint32_t i = 0; i < 600; i++) {
		uint32_t seed = i;
		struct sw_area area = charts_frame(canvas, &seed);
		struct sw_interval intervals[8];
		for (int n = 0; n < 8; n++) {
			intervals[n] = sample[n % 4];
			intervals[n].low = charts_value(&seed);
			intervals[n].middle = charts_value(&seed);
			intervals[n].high = charts_value(&seed);
		}
		struct sw_interval_view view = {.label = charts_ms,
		                                .intervals = intervals,
		                                .n = charts_below(&seed, 9)};
		sw_axis_init(&view.axis, -charts_value(&seed), charts_value(&seed), false);
		int rows = sw_interval_draw(area, &view);
		assert_true(rows >= 0 && rows <= area.h);
		charts_assert_inside(canvas, area);
	}
	sw_canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_and_middle_in_their_columns),
		cmocka_unit_test(beyond_the_axis_are_arrows),
		cmocka_unit_test(without_an_interval_there_is_the_middle),
		cmocka_unit_test(looks_as_it_should),
		cmocka_unit_test(stays_inside_whatever_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
