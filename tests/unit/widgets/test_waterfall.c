/* Phases at their offsets, the running iteration on the same axis, and every form as a picture. */
#include "charts.h"

#include "widgets/waterfall.h"

#define STARTUP SW_ROLE_STARTUP
#define EXECUTION SW_ROLE_EXECUTION
#define SERIALIZATION SW_ROLE_SERIALIZATION
#define CLEANUP SW_ROLE_CLEANUP

static const struct sw_waterfall_phase cold[] = {
	{"create", STARTUP, 0, 9.1, "9.1 ms", "2 %", "8.8 ms", false, false},
	{"attach", STARTUP, 9.1, 1, "1.0 ms", "0 %", "1.1 ms", false, false},
	{"start", STARTUP, 10.1, 79.2, "79.2 ms", "18 %", "81.0 ms", false, false},
	{"boot", EXECUTION, 89.3, 10, "10.0 ms", "2 %", "9.9 ms", false, false},
	{"imports", EXECUTION, 99.3, 244, "244 ms", "57 %", "130 ms", true, false},
	{"validate", EXECUTION, 343.3, 1.2, "1.2 ms", "0 %", NULL, false, false},
	{"data", EXECUTION, 344.5, 4, "4.0 ms", "1 %", "", false, false},
	{"execute", EXECUTION, 348.5, 21, "21.0 ms", "5 %", NULL, false, false},
	{"serialize", SERIALIZATION, 369.5, 0.4, "0.4 ms", "0 %", NULL, false, false},
	{"deliver", SERIALIZATION, 369.9, 0.6, "0.6 ms", "0 %", NULL, false, false},
	{"exit", CLEANUP, 370.5, 22, "22.0 ms", "5 %", NULL, false, false},
	{"remove", CLEANUP, 392.5, 39, "39.0 ms", "9 %", NULL, false, false},
};
static struct sw_waterfall_stretch running[] = {
	{0, 0, 8.8}, {1, 8.8, 9.9}, {2, 9.9, 90.9}, {3, 90.9, 100.8}, {4, 100.8, 231}};

static struct sw_waterfall_view sample(int n, bool live)
{
	struct sw_waterfall_view view = {.phases = cold,
	                                 .n = n,
	                                 .label = charts_ms,
	                                 .mean_head = "mean",
	                                 .share_head = "share",
	                                 .total_name = "mean",
	                                 .total = "431 ms"};
	if (live) {
		view.now_head = "now";
		view.running_name = "#14";
		view.elapsed = "231 ms";
		view.stretches = running;
		view.n_stretches = 5;
		view.expected = 431;
	}
	running[4].end = 231;
	assert_true(sw_axis_init(&view.axis, 0, 500, false));
	return view;
}

static void phases_lie_at_their_offsets(void **state)
{
	(void)state;
	static const struct sw_waterfall_phase phases[] = {
		{.name = "a", .role = STARTUP, .start = 0, .length = 5, .mean = "5"},
		{.name = "b", .role = EXECUTION, .start = 5, .length = 11.25, .mean = "11"},
		{.name = "c", .role = CLEANUP, .start = 16.25, .length = 0, .mean = "0"}};
	struct sw_canvas *canvas = sw_canvas_new(27, 3, &sw_glyphs_unicode);
	struct sw_waterfall_view view = {.phases = phases, .n = 3};
	assert_true(sw_axis_init(&view.axis, 0, 20, false));
	assert_int_equal(sw_waterfall_draw(sw_canvas_area(canvas), &view), 3);
	assert_string_equal(charts_text(canvas), "a  █████                  5\n"
	                                         "b       ███████████▎     11\n"
	                                         "c                  ▏      0\n");
	assert_int_equal(sw_canvas_row(canvas, 1)[8].role, EXECUTION);
	sw_canvas_free(canvas);
}

static void off_the_path_is_shade(void **state)
{
	(void)state;
	static const struct sw_waterfall_phase phases[] = {
		{.name = "a", .role = STARTUP, .start = 0, .length = 8},
		{.name = "b", .role = CLEANUP, .start = 8, .length = 8, .off_path = true}};
	struct sw_canvas *canvas = sw_canvas_new(19, 2, &sw_glyphs_unicode);
	struct sw_waterfall_view view = {.phases = phases, .n = 2, .total_name = "a"};
	assert_true(sw_axis_init(&view.axis, 0, 16, false));
	sw_waterfall_draw(sw_canvas_area(canvas), &view);
	assert_string_equal(charts_text(canvas), "a  ████████\nb          ░░░░░░░░\n");
	assert_int_equal(sw_canvas_row(canvas, 1)[12].role, CLEANUP);
	sw_canvas_resize(canvas, 19, 1);
	sw_waterfall_draw(sw_canvas_area(canvas), &view);
	assert_string_equal(charts_text(canvas), "a  ████████\n");
	sw_canvas_free(canvas);
}

static const struct sw_cell *running_row(struct sw_canvas *canvas, double end)
{
	struct sw_waterfall_view view = sample(12, true);
	running[4].end = end;
	assert_int_equal(sw_waterfall_draw(sw_canvas_area(canvas), &view), 16);
	return sw_canvas_row(canvas, 13);
}

static void what_is_expected_is_shade_until_it_is_there(void **state)
{
	(void)state;
	/* 9 + 2 columns of name, 50 of the chart, 7 + 5 + 7 + 3 * 2 of figures. */
	struct sw_canvas *canvas = sw_canvas_new(86, 16, &sw_glyphs_unicode);
	const struct sw_cell *row = running_row(canvas, 231);
	assert_int_equal(row[11 + 22].ch, 0x2588);
	assert_int_equal(row[11 + 23].ch, 0x258f); /* 231 ms: 23.1 columns */
	assert_int_equal(row[11 + 24].ch, sw_glyphs_unicode.shade);
	assert_int_equal(row[11 + 42].ch, sw_glyphs_unicode.shade);
	assert_int_equal(row[11 + 42].role, SW_ROLE_TRACK);
	assert_int_equal(row[11 + 43].ch, ' ');
	sw_canvas_clear(canvas);
	row = running_row(canvas, 470); /* longer than expected */
	assert_int_equal(row[11 + 46].ch, 0x2588);
	assert_int_equal(row[11 + 47].ch, ' ');
	assert_int_equal(row[11 + 49].ch, ' ');
	sw_canvas_free(canvas);
}

static void beyond_the_axis_is_an_arrow(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		const struct sw_glyphs *glyphs = ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode;
		struct sw_canvas *canvas = sw_canvas_new(86, 16, glyphs);
		const struct sw_cell *row = running_row(canvas, 501);
		assert_int_equal(row[11 + 48].ch, ascii ? 'i' : 0x2588);
		assert_int_equal(row[11 + 49].ch, glyphs->pointer);
		assert_int_equal(row[11 + 49].role, EXECUTION);
		assert_int_equal(row[11 + 50].ch, ' ');
		row = running_row(canvas, 1e18);
		assert_int_equal(row[11 + 49].ch, glyphs->pointer);
		sw_canvas_free(canvas);
	}
}

static void every_phase_is_seen(void **state)
{
	(void)state;
	for (int width = 34; width < 120; width++) {
		struct sw_canvas *canvas = sw_canvas_new(width, 12, &sw_glyphs_ascii);
		struct sw_waterfall_view view = sample(12, false);
		sw_waterfall_draw(sw_canvas_area(canvas), &view);
		for (int y = 0; y < 12; y++) {
			int seen = 0;
			for (int x = 0; x < width; x++)
				seen += sw_canvas_row(canvas, y)[x].role == cold[y].role;
			assert_true(seen > 0);
		}
		sw_canvas_free(canvas);
	}
}

static void looks_as_it_should(void **state)
{
	static struct charts_golden golden;
	static const struct {
		int w, h, n;
		bool live, roles;
	} sizes[] = {
		{118, 17, 12, true, true}, {118, 12, 12, false, false}, {78, 16, 12, true, false},
		{78, 13, 12, true, false}, {78, 6, 12, true, true},     {78, 4, 12, true, false},
		{78, 3, 12, true, false},  {78, 2, 12, true, false},    {78, 1, 12, true, false},
		{78, 1, 12, false, false}, {58, 15, 12, true, false},   {58, 3, 12, true, false},
		{58, 5, 3, true, false},   {30, 16, 12, true, false},   {30, 3, 12, true, false},
		{12, 14, 12, true, false}, {5, 2, 12, true, false},
	};
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_canvas *canvas = sw_canvas_new(sizes[i].w, sizes[i].h,
			                                         ascii ? &sw_glyphs_ascii : &sw_glyphs_unicode);
			struct sw_waterfall_view view = sample(sizes[i].n, sizes[i].live);
			int rows = sw_waterfall_draw(sw_canvas_area(canvas), &view);
			assert_true(rows > 0 && rows <= sizes[i].h);
			charts_add(&golden, canvas, ascii ? "ascii" : "unicode", sizes[i].roles);
			sw_canvas_free(canvas);
		}
	}
	charts_check(&golden, "waterfall");
}

static void asks_for_the_rows_it_uses(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(80, 60, &sw_glyphs_unicode);
	for (int live = 0; live < 2; live++) {
		struct sw_waterfall_view view = sample(12, live);
		assert_int_equal(sw_waterfall_draw(sw_canvas_area(canvas), &view),
		                 sw_waterfall_rows(&view));
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
		struct sw_waterfall_phase phases[80];
		struct sw_waterfall_stretch stretches[100];
		struct sw_waterfall_view view = sample(0, charts_below(&seed, 2));
		view.phases = phases;
		view.n = charts_below(&seed, 2) ? charts_below(&seed, 80) : charts_below(&seed, 14);
		view.stretches = stretches;
		view.n_stretches = charts_below(&seed, 100);
		view.expected = charts_value(&seed);
		sw_axis_init(&view.axis, 0, charts_value(&seed), false);
		for (int p = 0; p < 80; p++) {
			phases[p] = cold[charts_below(&seed, 12)];
			phases[p].start = charts_value(&seed);
			phases[p].length = charts_value(&seed);
			if (charts_below(&seed, 5) == 0)
				phases[p].name = "箱子 of a rather long name";
		}
		for (int s = 0; s < 100; s++)
			stretches[s] = (struct sw_waterfall_stretch){charts_below(&seed, 90) - 1,
			                                             charts_value(&seed), charts_value(&seed)};
		int rows = sw_waterfall_draw(area, &view);
		assert_true(rows >= 0 && rows <= area.h);
		charts_assert_inside(canvas, area);
	}
	sw_canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_lie_at_their_offsets),
		cmocka_unit_test(off_the_path_is_shade),
		cmocka_unit_test(what_is_expected_is_shade_until_it_is_there),
		cmocka_unit_test(beyond_the_axis_is_an_arrow),
		cmocka_unit_test(every_phase_is_seen),
		cmocka_unit_test(looks_as_it_should),
		cmocka_unit_test(asks_for_the_rows_it_uses),
		cmocka_unit_test(stays_inside_whatever_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
