/* Values on columns and back, at any magnitude; ticks whose labels never touch nor leave. */
#include "charts.h"

#include "widgets/text.h"

static void columns_of_known_values(void **state)
{
	(void)state;
	struct sw_axis axis;
	assert_true(sw_axis_init(&axis, 0, 200, false));
	assert_near(sw_axis_column(&axis, 0, 80), 0, 1e-9);
	assert_near(sw_axis_column(&axis, 50, 80), 20, 1e-9);
	assert_near(sw_axis_column(&axis, 200, 80), 80, 1e-9);
	assert_near(sw_axis_column(&axis, 201, 80), 80, 1e-9);
	assert_near(sw_axis_column(&axis, -1, 80), 0, 1e-9);
	assert_near(sw_axis_column(&axis, NAN, 80), 0, 1e-9);
	assert_near(sw_axis_column(&axis, INFINITY, 80), 80, 1e-9);
	assert_int_equal(sw_axis_cell(&axis, 200, 80), 79);
	assert_int_equal(sw_axis_cell(&axis, 49.9, 80), 19);
	assert_int_equal(sw_axis_row(&axis, 0, 10), 9);
	assert_int_equal(sw_axis_row(&axis, 200, 10), 0);
	assert_true(sw_axis_init(&axis, 1, 10000, true));
	assert_near(sw_axis_column(&axis, 10, 80), 20, 1e-9);
	assert_near(sw_axis_column(&axis, 1000, 80), 60, 1e-9);
	assert_near(sw_axis_column(&axis, 0, 80), 0, 1e-9);
	assert_near(sw_axis_value(&axis, 40, 80), 100, 1e-9);
}

static void there_and_back_at_any_magnitude(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++) {
		uint32_t seed = (uint32_t)i;
		double low = pow(10, charts_random(&seed) * 20 - 3);
		double high = low * (1.01 + charts_random(&seed) * 1e6);
		struct sw_axis axis;
		assert_true(sw_axis_init(&axis, low, high, i % 2));
		for (int column = 0; column <= 70; column++) {
			double value = sw_axis_value(&axis, column, 70);
			assert_near(sw_axis_column(&axis, value, 70), column, 1e-4);
		}
	}
}

static void equal_values_get_room_around_them(void **state)
{
	(void)state;
	static const double values[] = {0, 1e-3, 7, -7, 1e18};
	struct sw_axis axis;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_true(sw_axis_init(&axis, values[i], values[i], false));
		assert_true(axis.low <= values[i] && values[i] < axis.high);
		if (values[i] <= 0)
			continue;
		assert_true(sw_axis_init(&axis, values[i], values[i], true));
		assert_near(sw_axis_column(&axis, values[i], 10), 5, 1e-6);
	}
	assert_true(sw_axis_init(&axis, 0, 5000, true));
	assert_near(axis.low, 5, 1e-9);
}

static void what_is_no_range_is_refused_and_can_be_drawn(void **state)
{
	(void)state;
	static const double ranges[][2] = {{NAN, 1},       {0, NAN}, {0, INFINITY},
	                                   {-INFINITY, 0}, {2, 1},   {-1.7e308, 1.7e308}};
	struct sw_axis axis;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		assert_false(sw_axis_init(&axis, ranges[i][0], ranges[i][1], false));
		assert_true(axis.low == 0 && axis.high == 1);
	}
	assert_false(sw_axis_init(&axis, -5, 0, true));
	assert_true(axis.low == 1 && axis.high == 10);
}

static void assert_rounded(double low, double high, bool log, double to_low, double to_high)
{
	struct sw_axis axis;
	assert_true(sw_axis_init(&axis, low, high, log));
	sw_axis_round(&axis);
	assert_near(axis.low / to_high, to_low / to_high, 1e-12);
	assert_near(axis.high / to_high, 1, 1e-12);
}

static void rounds_outwards(void **state)
{
	(void)state;
	assert_rounded(5.4, 431, true, 5, 500);
	assert_rounded(1, 1000, true, 1, 1000);
	assert_rounded(1.999, 20.01, true, 1, 50);
	assert_rounded(0.0012, 9e17, true, 0.001, 1e18);
	assert_rounded(0, 431, false, 0, 500);
	assert_rounded(0, 500, false, 0, 500);
	assert_rounded(-12, 433, false, -100, 500);
	assert_rounded(401, 432, false, 400, 440);
}

static void assert_ticks(double range[2], bool log, int width, const char *expected)
{
	struct sw_axis axis;
	char text[512] = "";
	size_t len = 0;
	assert_true(sw_axis_init(&axis, range[0], range[1], log));
	sw_axis_ticks(&axis, width, charts_ms);
	for (int i = 0; i < axis.n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
		                        axis.ticks[i].label);
	assert_string_equal(text, expected);
}

static void ticks_stand_on_round_values(void **state)
{
	(void)state;
	assert_ticks((double[]){0, 500}, false, 120,
	             "0 ms, 50 ms, 100 ms, 150 ms, 200 ms, 250 ms, "
	             "300 ms, 350 ms, 400 ms, 450 ms, 500 ms");
	assert_ticks((double[]){0, 500}, false, 80, "0 ms, 100 ms, 200 ms, 300 ms, 400 ms, 500 ms");
	assert_ticks((double[]){0, 500}, false, 20, "0 ms, 500 ms");
	assert_ticks((double[]){5, 500}, true, 80, "5 ms, 10 ms, 20 ms, 50 ms, 100 ms, 200 ms, 500 ms");
	assert_ticks((double[]){0.1, 10000}, true, 60, "100 µs, 1 ms, 10 ms, 100 ms, 1 s, 10 s");
	assert_ticks((double[]){0.01, 10000}, true, 30, "10 µs, 1 ms, 100 ms, 10 s");
	assert_ticks((double[]){400, 440}, true, 60, "400 ms, 410 ms, 420 ms, 430 ms, 440 ms");
	assert_ticks((double[]){400, 440}, false, 3, "");
}

/* Every label is found whole in the row, in its order, with blanks between. */
static void labels_never_touch_nor_leave(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1, 1, &sw_glyphs_unicode);
	for (uint32_t i = 1; i < 1500; i++) {
		uint32_t seed = i;
		struct sw_area area = charts_frame(canvas, &seed);
		struct sw_axis axis;
		sw_axis_init(&axis, charts_value(&seed), charts_value(&seed), i % 2);
		if (i % 3 == 0)
			sw_axis_round(&axis);
		assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
		sw_axis_ticks(&axis, area.w, charts_ms);
		sw_axis_draw(area, &axis);
		charts_assert_inside(canvas, area);
		if (area.h < 1 || area.w < 1 || axis.n < 1)
			continue;
		int y = area.y + (area.h > 1), free = area.x;
		const struct sw_cell *row = sw_canvas_row(canvas, y);
		for (int t = 0; t < axis.n; t++) {
			const char *label = axis.ticks[t].label;
			while (free < area.x + area.w && row[free].ch == ' ')
				free++;
			for (uint32_t ch; (ch = sw_glyph_next(&label)) != 0; free++) {
				assert_true(free < area.x + area.w);
				assert_true(row[free].ch == ch || !sw_area_glyphs(area)->unicode);
			}
			assert_true(free == area.x + area.w || row[free].ch == ' ');
		}
	}
	sw_canvas_free(canvas);
}

static void ticks_going_up_leave_a_row_between(void **state)
{
	(void)state;
	struct sw_axis axis;
	sw_axis_init(&axis, 1, 1000, true);
	for (int height = 1; height < 40; height++) {
		sw_axis_ticks_up(&axis, height, charts_ms);
		assert_true(axis.n > (height > 8 ? 3 : 0));
		for (int i = 1; i < axis.n; i++)
			assert_true(sw_axis_row(&axis, axis.ticks[i - 1].at, height) -
			                sw_axis_row(&axis, axis.ticks[i].at, height) >
			            1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_of_known_values),
		cmocka_unit_test(there_and_back_at_any_magnitude),
		cmocka_unit_test(equal_values_get_room_around_them),
		cmocka_unit_test(what_is_no_range_is_refused_and_can_be_drawn),
		cmocka_unit_test(rounds_outwards),
		cmocka_unit_test(ticks_stand_on_round_values),
		cmocka_unit_test(labels_never_touch_nor_leave),
		cmocka_unit_test(ticks_going_up_leave_a_row_between),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
