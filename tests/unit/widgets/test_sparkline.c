/* The newest values at the right, each visible, on a scale of their own. */
#include "charts.h"

#include "widgets/sparkline.h"

static const char *draw(int w, int h, const double *values, int n, bool from_zero)
{
	static char text[512];
	struct sw_canvas *canvas = sw_canvas_new(w, h, &sw_glyphs_unicode);
	struct sw_sparkline_view view = {
		.values = values, .n = n, .from_zero = from_zero, .role = SW_ROLE_MODE_1};
	sw_sparkline_draw(sw_canvas_area(canvas), &view);
	sw_canvas_dump(canvas, false, text, sizeof(text));
	sw_canvas_free(canvas);
	return text;
}

static void heights_of_known_values(void **state)
{
	(void)state;
	static const double values[] = {0, 1, 2, 3, 4, 5, 6, 7};
	assert_string_equal(draw(8, 1, values, 8, false), "▁▂▃▄▅▆▇█\n");
	assert_string_equal(draw(10, 1, values, 8, false), "  ▁▂▃▄▅▆▇█\n");
	assert_string_equal(draw(3, 1, values, 8, false), "▁▅█\n"); /* 5..7 */
	assert_string_equal(draw(3, 1, values, 8, true), "▆▇█\n");  /* 0..7 */
	assert_string_equal(draw(2, 2, (double[]){1, 2}, 2, false), " █\n▁█\n");
}

static void equal_values_are_half_high(void **state)
{
	(void)state;
	static const double equal[] = {431, 431, 431};
	assert_string_equal(draw(3, 1, equal, 3, false), "▄▄▄\n");
	assert_string_equal(draw(3, 1, equal, 3, true), "███\n");
	assert_string_equal(draw(3, 1, equal, 1, false), "  ▄\n");
	assert_string_equal(draw(2, 1, (double[]){0, 0}, 2, true), "▄▄\n");
	assert_string_equal(draw(2, 1, (double[]){1e18, 1e-3}, 2, true), "█▁\n");
	assert_string_equal(draw(2, 1, (double[]){-1.7e308, 1.7e308}, 2, false), "▁█\n");
}

static void no_number_leaves_a_gap(void **state)
{
	(void)state;
	assert_string_equal(draw(4, 1, (double[]){1, NAN, 2, INFINITY}, 4, false), "▁ █\n");
	assert_string_equal(draw(4, 1, (double[]){NAN}, 1, false), "\n");
	assert_string_equal(draw(4, 1, NULL, 0, false), "\n");
}

static void bad_values_have_their_role(void **state)
{
	(void)state;
	static const double values[] = {1, 2, 3};
	static const bool bad[] = {false, true, false};
	struct sw_canvas *canvas = sw_canvas_new(2, 1, &sw_glyphs_ascii);
	struct sw_sparkline_view view = {.values = values, .bad = bad, .n = 3, .role = SW_ROLE_MODE_2};
	sw_sparkline_draw(sw_canvas_area(canvas), &view);
	assert_int_equal(sw_canvas_row(canvas, 0)[0].role, SW_ROLE_BAD);
	assert_int_equal(sw_canvas_row(canvas, 0)[1].role, SW_ROLE_MODE_2);
	assert_string_equal(charts_text(canvas), ".#\n");
	sw_canvas_free(canvas);
}

static void looks_as_it_should(void **state)
{
	(void)state;
	static struct charts_golden golden;
	double values[200];
	uint32_t seed = 1;
	for (int i = 0; i < 200; i++)
		values[i] = 400 + 30 * sin(i / 9.0) + 40 * charts_random(&seed) + (i % 41 == 7 ? 150 : 0);
	for (int ascii = 0; ascii < 2; ascii++) {
		for (int h = 1; h <= 4; h += h < 2 ? 1 : 2) {
			struct sw_canvas *canvas =
				sw_canvas_new(h == 4 ? 118 : 58, h, ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			struct sw_sparkline_view view = {
				.values = values, .n = 200, .from_zero = h == 2, .role = SW_ROLE_MODE_2};
			sw_sparkline_draw(sw_canvas_area(canvas), &view);
			charts_add(&golden, canvas, ascii ? "ascii" : "unicode", h == 1);
			sw_canvas_free(canvas);
		}
	}
	charts_check(&golden, "sparkline");
}

static void stays_inside_whatever_comes(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1, 1, &sw_glyphs_unicode);
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t seed = i;
		double values[200];
		bool bad[200];
		struct sw_area area = charts_frame(canvas, &seed);
		for (int v = 0; v < 200; v++) {
			values[v] = charts_value(&seed);
			bad[v] = charts_below(&seed, 2);
		}
		struct sw_sparkline_view view = {values, bad, charts_below(&seed, 200), i % 2,
		                                 SW_ROLE_MODE_1};
		sw_sparkline_draw(area, &view);
		charts_assert_inside(canvas, area);
	}
	sw_canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heights_of_known_values), cmocka_unit_test(equal_values_are_half_high),
		cmocka_unit_test(no_number_leaves_a_gap),  cmocka_unit_test(bad_values_have_their_role),
		cmocka_unit_test(looks_as_it_should),      cmocka_unit_test(stays_inside_whatever_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
