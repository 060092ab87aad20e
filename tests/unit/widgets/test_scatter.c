/* Points as dots: which dot of which cell, in whose role. */
#include "charts.h"

#include "widgets/scatter.h"

struct points {
	int n;
	struct {
		double x, y;
		bool bad;
	} at[300];
};

static bool walk(const void *source, uint32_t *cursor, double *x, double *y, bool *bad)
{
	const struct points *points = source;
	if (*cursor >= (uint32_t)points->n)
		return false;
	*x = points->at[*cursor].x;
	*y = points->at[*cursor].y;
	*bad = points->at[*cursor].bad;
	++*cursor;
	return true;
}

/* Without labels: all of AREA is the plane; x 0..w, y 0..h, so that a cell is 1 by 1. */
static void draw(struct sw_canvas *canvas, const struct sw_scatter_series *series, int n)
{
	struct sw_area area = sw_canvas_area(canvas);
	struct sw_scatter_view view = {.series = series, .n = n};
	assert_true(area.h < 3);
	assert_true(sw_axis_init(&view.x, 0, area.w, false));
	assert_true(sw_axis_init(&view.y, 0, area.h, false));
	sw_scatter_draw(area, &view);
}

static void points_are_dots_of_their_cells(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(4, 2, &sw_glyphs_unicode);
	struct points points = {5, {{0.1, 1.9, 0}, {0.6, 1.1, 0}, {2, 0, 0}, {4, 2, 0}, {3.5, -9, 0}}};
	struct sw_scatter_series series = {SW_ROLE_MODE_3, walk, &points};
	draw(canvas, &series, 1);
	assert_string_equal(charts_text(canvas), "⢁  ⠈\n  ⡀⢀\n");
	assert_int_equal(sw_canvas_row(canvas, 0)->role, SW_ROLE_MODE_3);
	sw_canvas_free(canvas);
}

static void ascii_says_how_many(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(3, 1, &sw_glyphs_ascii);
	struct points points = {7,
	                        {{0.1, 1, 0},
	                         {1.2, 1, 0},
	                         {1.8, 0, 0},
	                         {2.5, 0, 0},
	                         {2.5, 0, 0},
	                         {2.6, 0, 0},
	                         {2.7, 0, 0}}};
	struct sw_scatter_series series = {SW_ROLE_MODE_1, walk, &points};
	draw(canvas, &series, 1);
	assert_string_equal(charts_text(canvas), ".:*\n");
	sw_canvas_free(canvas);
}

static void the_most_points_give_the_role(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(2, 1, &sw_glyphs_unicode);
	struct points one = {2, {{0.1, 0, 0}, {1.1, 0, 0}}};
	struct points two = {3, {{0.2, 0.9, 0}, {0.2, 0.5, 0}, {1.1, 0.9, 0}}};
	struct sw_scatter_series series[] = {{SW_ROLE_MODE_1, walk, &one},
	                                     {SW_ROLE_MODE_2, walk, &two}};
	draw(canvas, series, 2);
	assert_int_equal(sw_canvas_row(canvas, 0)[0].role, SW_ROLE_MODE_2);
	assert_int_equal(sw_canvas_row(canvas, 0)[1].role, SW_ROLE_MODE_1);
	sw_canvas_free(canvas);
}

static void bad_points_are_crosses(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct sw_canvas *canvas =
			sw_canvas_new(3, 1, ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
		struct points points = {3, {{1.1, 0.5, true}, {1.2, 0.5, false}, {NAN, 0, true}}};
		struct sw_scatter_series series = {SW_ROLE_MODE_1, walk, &points};
		draw(canvas, &series, 1);
		assert_string_equal(charts_text(canvas), ascii ? " x\n" : " ×\n");
		assert_int_equal(sw_canvas_row(canvas, 0)[1].role, SW_ROLE_BAD);
		sw_canvas_free(canvas);
	}
}

static void seconds(double at, double step, char label[SW_AXIS_LABEL])
{
	(void)step;
	snprintf(label, SW_AXIS_LABEL, "%u:%02u", (unsigned)at / 60 % 100, (unsigned)at % 60);
}

static void looks_as_it_should(void **state)
{
	(void)state;
	static struct charts_golden golden;
	static const struct {
		int w, h;
		bool log, roles;
	} sizes[] = {{118, 16, true, false}, {78, 12, true, true}, {78, 8, false, false},
	             {58, 10, true, false},  {30, 8, true, false}, {30, 3, true, false},
	             {8, 5, true, false},    {1, 1, true, false}};
	struct points fast = {.n = 260}, slow = {.n = 260};
	uint32_t seed = 7;
	for (int i = 0; i < 260; i++) {
		double noise = charts_random(&seed) + charts_random(&seed) + charts_random(&seed);
		fast.at[i].x = slow.at[i].x = i * 0.44;
		fast.at[i].y = 5 + noise / 3;
		slow.at[i].y = 380 + 35 * noise + (i > 160 && i < 190 ? 150 : 0);
		slow.at[i].bad = i % 83 == 40;
	}
	for (int ascii = 0; ascii < 2; ascii++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_canvas *canvas = sw_canvas_new(sizes[i].w, sizes[i].h,
			                                         ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			struct sw_scatter_series series[] = {{SW_ROLE_MODE_1, walk, &fast},
			                                     {SW_ROLE_MODE_2, walk, &slow}};
			struct sw_scatter_view view = {
				.x_label = seconds, .y_label = charts_ms, .series = series, .n = 2};
			sw_axis_init(&view.x, 0, 115, false);
			sw_axis_init(&view.y, sizes[i].log ? 4 : 0, 650, sizes[i].log);
			sw_axis_round(&view.y);
			sw_scatter_draw(sw_canvas_area(canvas), &view);
			charts_add(&golden, canvas, ascii ? "ascii" : "unicode", sizes[i].roles);
			sw_canvas_free(canvas);
		}
	}
	charts_check(&golden, "scatter");
}

static void stays_inside_whatever_comes(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1, 1, &sw_glyphs_unicode);
	for (uint32_t i = 0; i < 400; i++) {
		uint32_t seed = i;
		struct sw_area area = charts_frame(canvas, &seed);
		struct points points = {.n = charts_below(&seed, 300)};
		struct sw_scatter_series series[8];
		for (int p = 0; p < points.n; p++) {
			points.at[p].x = charts_value(&seed);
			points.at[p].y = charts_value(&seed);
			points.at[p].bad = charts_below(&seed, 9) == 0;
		}
		for (int s = 0; s < 8; s++)
			series[s] = (struct sw_scatter_series){SW_ROLE_MODE_1, walk, &points};
		struct sw_scatter_view view = {.x_label = charts_ms,
		                               .y_label = charts_ms,
		                               .series = series,
		                               .n = charts_below(&seed, 9)};
		sw_axis_init(&view.x, charts_value(&seed), charts_value(&seed), i % 2);
		sw_axis_init(&view.y, charts_value(&seed), charts_value(&seed), i % 3);
		sw_scatter_draw(area, &view);
		charts_assert_inside(canvas, area);
	}
	sw_canvas_free(canvas);
}

static void a_huge_screen_is_drawn_as_far_as_it_goes(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1000, 1000, &sw_glyphs_unicode);
	struct points points = {2, {{0, 0, 0}, {1, 1, 0}}};
	struct sw_scatter_series series = {SW_ROLE_MODE_1, walk, &points};
	struct sw_scatter_view view = {.series = &series, .n = 1};
	sw_axis_init(&view.x, 0, 1, false);
	sw_axis_init(&view.y, 0, 1, false);
	sw_scatter_draw(sw_canvas_area(canvas), &view);
	assert_int_equal(sw_canvas_row(canvas, 0)[SW_SCATTER_WIDTH - 1].ch, 0x2808);
	sw_canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_dots_of_their_cells),
		cmocka_unit_test(ascii_says_how_many),
		cmocka_unit_test(the_most_points_give_the_role),
		cmocka_unit_test(bad_points_are_crosses),
		cmocka_unit_test(looks_as_it_should),
		cmocka_unit_test(stays_inside_whatever_comes),
		cmocka_unit_test(a_huge_screen_is_drawn_as_far_as_it_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
