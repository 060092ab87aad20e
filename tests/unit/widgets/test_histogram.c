/* Counts in columns that add up, bars of known heights, and every form as a picture. */
#include "charts.h"

#include "widgets/histogram.h"

struct buckets {
	int n;
	struct {
		double low, high;
		uint64_t count;
	} at[64];
};

static bool walk(const void *source, uint32_t *cursor, double *low, double *high, uint64_t *count)
{
	const struct buckets *buckets = source;
	if (*cursor >= (uint32_t)buckets->n)
		return false;
	*low = buckets->at[*cursor].low;
	*high = buckets->at[*cursor].high;
	*count = buckets->at[*cursor].count;
	++*cursor;
	return true;
}

static struct sw_histogram_series series_of(const struct buckets *buckets)
{
	return (struct sw_histogram_series){
		.name = "mode", .role = SW_ROLE_MODE_1, .count = "n", .walk = walk, .source = buckets};
}

/* ---- counting ---- */

static void count(const struct buckets *buckets, bool log, double columns[10], double expected_sum)
{
	struct sw_axis axis;
	struct sw_histogram_series series = series_of(buckets);
	assert_true(sw_axis_init(&axis, log ? 1 : 0, log ? 1e10 : 10, log));
	double sum = 0, returned = sw_histogram_count_columns(&axis, &series, columns, 10);
	for (int i = 0; i < 10; i++)
		sum += columns[i];
	assert_near(returned, expected_sum, 1e-9 * expected_sum);
	assert_near(sum, expected_sum, 1e-9 * expected_sum);
}

static void values_fall_into_their_columns(void **state)
{
	(void)state;
	double columns[10];
	struct buckets linear = {3, {{0, 0.5, 3}, {1, 1.5, 5}, {9.5, 9.9, 7}}};
	count(&linear, false, columns, 15);
	assert_near(columns[0], 3, 0);
	assert_near(columns[1], 5, 0);
	assert_near(columns[9], 7, 0);
	struct buckets decades = {3, {{5, 5.1, 1}, {2e3, 2.1e3, 2}, {9e9, 9.1e9, 4}}};
	count(&decades, true, columns, 7);
	assert_near(columns[0], 1, 0);
	assert_near(columns[3], 2, 0);
	assert_near(columns[9], 4, 0);
}

static void a_wide_bucket_is_spread_evenly(void **state)
{
	(void)state;
	double columns[10];
	struct buckets wide = {2, {{2, 6, 8}, {7.5, 9, 6}}};
	count(&wide, false, columns, 14);
	static const double expected[] = {0, 0, 2, 2, 2, 2, 0, 2, 4, 0};
	for (int i = 0; i < 10; i++)
		assert_near(columns[i], expected[i], 1e-12);
}

static void a_narrow_bucket_on_an_edge_stays_whole(void **state)
{
	(void)state;
	double columns[10];
	struct buckets edge = {2, {{2.9, 3.2, 10}, {5.8, 6.1, 10}}};
	count(&edge, false, columns, 20);
	assert_near(columns[3], 10, 0);
	assert_near(columns[5], 10, 0);
}

static void what_lies_beyond_counts_at_the_edges(void **state)
{
	(void)state;
	double columns[10];
	struct buckets beyond = {4, {{-7, -6, 1}, {9, 13, 8}, {1e9, 1e9 + 1, 2}, {10, 10, 4}}};
	count(&beyond, false, columns, 15);
	assert_near(columns[0], 1, 0);
	assert_near(columns[9], 14, 1e-12);
}

static void buckets_in_any_order_count_alike(void **state)
{
	(void)state;
	double up[10], down[10];
	struct buckets rising = {3, {{0.2, 0.3, 1}, {4, 6, 2}, {8, 8.5, 3}}};
	struct buckets falling = {3, {{8, 8.5, 3}, {4, 6, 2}, {0.2, 0.3, 1}}};
	count(&rising, false, up, 6);
	count(&falling, false, down, 6);
	assert_memory_equal(up, down, sizeof(up));
}

static void what_is_not_finite_is_left_out(void **state)
{
	(void)state;
	double columns[10];
	struct buckets odd = {
		5, {{NAN, 1, 1}, {1, NAN, 1}, {1, INFINITY, 1}, {-INFINITY, 2, 1}, {4, 3, 9}}};
	count(&odd, false, columns, 9);
	assert_near(columns[4], 9, 0); /* ends before it begins: a value */
}

static void columns_add_up_at_any_magnitude(void **state)
{
	(void)state;
	static double columns[SW_CANVAS_MAX];
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t seed = i;
		struct buckets buckets = {.n = charts_below(&seed, 64)};
		double expected = 0, sum = 0;
		for (int b = 0; b < buckets.n; b++) {
			double low = charts_value(&seed), high = low * (1 + charts_random(&seed));
			buckets.at[b].low = low;
			buckets.at[b].high = high;
			buckets.at[b].count = (uint64_t)charts_below(&seed, 1000);
			if (isfinite(low) && isfinite(high))
				expected += (double)buckets.at[b].count;
		}
		struct sw_axis axis;
		struct sw_histogram_series series = series_of(&buckets);
		int width = 1 + charts_below(&seed, SW_CANVAS_MAX);
		sw_axis_init(&axis, charts_value(&seed), charts_value(&seed), i % 2);
		sw_histogram_count_columns(&axis, &series, columns, width);
		for (int x = 0; x < width; x++) {
			assert_true(columns[x] >= 0);
			sum += columns[x];
		}
		assert_near(sum, expected, 1e-9 * (expected + 1));
	}
}

/* ---- bars ---- */

/* One series on 0..20 in 20 columns with five rows: heading, two of bars, marks, axis. */
static const char *draw_one(struct sw_canvas *canvas, const struct buckets *buckets)
{
	struct sw_histogram_series series = series_of(buckets);
	struct sw_histogram_view view = {.series = &series, .n = 1};
	assert_true(sw_axis_init(&view.axis, 0, 20, false));
	assert_int_equal(sw_histogram_draw(sw_canvas_area(canvas), &view), 5);
	return charts_text(canvas);
}

static void bars_have_known_heights(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(20, 5, &sw_glyphs_unicode);
	struct buckets buckets = {4, {{0, 1, 1600}, {1, 2, 800}, {2, 3, 900}, {19, 20, 100}}};
	const char *text = draw_one(canvas, &buckets);
	assert_string_equal(text, "mode  n\n█ ▁\n███                ▁\n\n\n");
	sw_canvas_free(canvas);
}

static void one_of_a_million_is_seen(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct sw_canvas *canvas =
			sw_canvas_new(20, 5, ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
		struct buckets buckets = {2, {{4, 4.5, 1000000}, {12, 12.5, 1}}};
		draw_one(canvas, &buckets);
		const struct sw_cell *row = sw_canvas_row(canvas, 2);
		assert_int_equal(row[12].ch, ascii ? '.' : 0x2581);
		assert_int_equal(row[12].role, SW_ROLE_MODE_1);
		assert_int_equal(row[11].ch, ' ');
		sw_canvas_free(canvas);
	}
}

static void few_samples_far_apart_become_wider_bars(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(20, 5, &sw_glyphs_unicode);
	struct buckets buckets = {4, {{2, 2, 1}, {7, 7, 1}, {8, 8, 1}, {17, 17, 1}}};
	const char *text = draw_one(canvas, &buckets);
	/* 16 columns hold all 4 samples: bars of 4 columns, each with one sample. */
	assert_string_equal(text, "mode  n\n████████████    ████\n████████████    ████\n\n\n");
	sw_canvas_free(canvas);
}

/* ---- pictures ---- */

static const struct buckets fast = {8,
                                    {{4.9, 4.91, 1},
                                     {5.2, 5.21, 2},
                                     {5.3, 5.31, 3},
                                     {5.4, 5.41, 2},
                                     {5.6, 5.61, 2},
                                     {5.8, 5.81, 1},
                                     {6.0, 6.01, 1},
                                     {6.1, 6.11, 1}}};
static const struct buckets slow = {10,
                                    {{388, 389, 1},
                                     {401, 402, 1},
                                     {419, 420, 1},
                                     {425, 426, 1},
                                     {428, 429, 2},
                                     {431, 432, 2},
                                     {436, 437, 2},
                                     {441, 442, 1},
                                     {460, 461, 1},
                                     {502, 503, 1}}};
static const struct buckets warm = {
	6, {{16, 17, 4}, {17, 18, 61}, {18, 19, 120}, {19, 20, 44}, {20, 24, 9}, {66, 67, 1}}};
static const struct buckets none = {0};

static const struct sw_histogram_figure fast_figures[] = {{"p50", "5.4 ms"},
                                                          {"p95", "6.1 ms"},
                                                          {"p99", "6.1 ms"}};
static const struct sw_histogram_figure slow_figures[] = {{"p50", "431 ms"},
                                                          {"p95", "502 ms"},
                                                          {"p99", "502 ms"}};
static const struct sw_histogram_figure warm_figures[] = {{"p50", "18.4 ms"},
                                                          {"p95", "20.3 ms"},
                                                          {"p99", "23.1 ms"}};
static const struct sw_histogram_figure no_figures[] = {{"p50", "-"}, {"p95", "-"}, {"p99", "-"}};
static const struct sw_histogram_mark fast_marks[] = {{5.4, "50"}, {6.1, "95"}, {6.1, "99"}};
static const struct sw_histogram_mark slow_marks[] = {{431, "50"}, {502, "95"}, {502, "99"}};
static const struct sw_histogram_mark warm_marks[] = {{18.4, "50"}, {20.3, "95"}, {23.1, "99"}};

#define SERIES(text, which, of, samples)                                                           \
	{                                                                                              \
		.name = (text), .role = SW_ROLE_MODE_##which, .count = (samples), .figures = of##_figures, \
		.n_figures = 3, .marks = of##_marks, .n_marks = 3, .walk = walk, .source = &(of)           \
	}

static const struct sw_histogram_series all_series[] = {
	SERIES("ast-only", 1, fast, "n 13"),
	SERIES("docker-sandbox", 2, slow, "n 13"),
	SERIES("warm", 3, warm, "n 239"),
	{.name = "Ünïversäl 箱 with a long name",
     .role = SW_ROLE_MODE_4,
     .count = "n 0",
     .figures = no_figures,
     .n_figures = 3,
     .walk = walk,
     .source = &none},
};

static struct sw_histogram_view sample(int n, bool log)
{
	struct sw_histogram_view view = {.label = charts_ms, .series = all_series, .n = n};
	assert_true(sw_axis_init(&view.axis, log ? 4.9 : 0, 503, log));
	sw_axis_round(&view.axis);
	return view;
}

static void looks_as_it_should(void **state)
{
	static struct charts_golden golden;
	static const struct {
		int w, h, n;
		bool log, roles;
	} sizes[] = {
		{118, 15, 2, true, true},  {118, 22, 3, true, false}, {118, 8, 2, false, false},
		{78, 15, 2, true, false},  {78, 13, 3, true, false},  {78, 9, 2, false, false},
		{78, 7, 2, true, false},   {78, 4, 2, true, true},    {78, 3, 2, true, false},
		{58, 15, 2, false, false}, {58, 5, 4, true, false},   {58, 3, 4, true, false},
		{30, 9, 2, true, false},   {30, 3, 2, true, false},   {30, 1, 2, true, false},
		{12, 6, 2, true, false},   {3, 3, 2, true, false},
	};
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_canvas *canvas = sw_canvas_new(sizes[i].w, sizes[i].h,
			                                         ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			struct sw_histogram_view view = sample(sizes[i].n, sizes[i].log);
			int rows = sw_histogram_draw(sw_canvas_area(canvas), &view);
			assert_true(rows > 0 && rows <= sizes[i].h);
			if (sizes[i].w >= 30)
				assert_non_null(strstr(charts_text(canvas), sizes[i].h > 1 ? "n 13" : "2 more"));
			charts_add(&golden, canvas, ascii ? "ascii" : "unicode", sizes[i].roles);
			sw_canvas_free(canvas);
		}
	}
	charts_check(&golden, "histogram");
}

static void asks_for_the_rows_it_uses(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(80, 60, &sw_glyphs_unicode);
	for (int n = 1; n <= 4; n++) {
		struct sw_histogram_view view = sample(n, true);
		assert_int_equal(sw_histogram_draw(sw_canvas_area(canvas), &view),
		                 sw_histogram_rows(&view));
	}
	sw_canvas_free(canvas);
}

static void stays_inside_whatever_comes(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(1, 1, &sw_glyphs_unicode);
	for (uint32_t i = 0; i < 600; i++) {
		uint32_t seed = i;
		struct sw_area area = charts_frame(canvas, &seed);
		struct buckets buckets = {.n = charts_below(&seed, 64)};
		for (int b = 0; b < buckets.n; b++) {
			buckets.at[b].low = charts_value(&seed);
			buckets.at[b].high = charts_value(&seed);
			buckets.at[b].count = (uint64_t)charts_value(&seed) % UINT32_MAX;
		}
		struct sw_histogram_mark marks[8];
		struct sw_histogram_series series[5];
		for (int m = 0; m < 8; m++)
			marks[m] = (struct sw_histogram_mark){charts_value(&seed), m % 2 ? "50" : "99.9"};
		for (int s = 0; s < 5; s++) {
			series[s] = all_series[charts_below(&seed, 4)];
			series[s].source = charts_below(&seed, 3) ? &buckets : series[s].source;
			series[s].marks = marks;
			series[s].n_marks = charts_below(&seed, 9);
			series[s].n_figures = charts_below(&seed, 4);
		}
		struct sw_histogram_view view = {.label = charts_ms,
		                                 .series = series,
		                                 .n = charts_below(&seed, 6)};
		sw_axis_init(&view.axis, charts_value(&seed), charts_value(&seed), i % 2);
		int rows = sw_histogram_draw(area, &view);
		assert_true(rows >= 0 && rows <= area.h);
		charts_assert_inside(canvas, area);
	}
	sw_canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_fall_into_their_columns),
		cmocka_unit_test(a_wide_bucket_is_spread_evenly),
		cmocka_unit_test(a_narrow_bucket_on_an_edge_stays_whole),
		cmocka_unit_test(what_lies_beyond_counts_at_the_edges),
		cmocka_unit_test(buckets_in_any_order_count_alike),
		cmocka_unit_test(what_is_not_finite_is_left_out),
		cmocka_unit_test(columns_add_up_at_any_magnitude),
		cmocka_unit_test(bars_have_known_heights),
		cmocka_unit_test(one_of_a_million_is_seen),
		cmocka_unit_test(few_samples_far_apart_become_wider_bars),
		cmocka_unit_test(looks_as_it_should),
		cmocka_unit_test(asks_for_the_rows_it_uses),
		cmocka_unit_test(stays_inside_whatever_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
