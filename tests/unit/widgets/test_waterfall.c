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
static const struct sw_waterfall_run run = {"#14", "231 ms", true, running, 5};

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
		view.runs = &run;
		view.n_runs = 1;
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
	struct sw_canvas *canvas = sw_canvas_new(19, 4, &sw_glyphs_unicode);
	struct sw_waterfall_view view = {.phases = phases, .n = 2, .total_name = "a"};
	assert_true(sw_axis_init(&view.axis, 0, 16, false));
	sw_waterfall_draw(sw_canvas_area(canvas), &view);
	const char *text = charts_text(canvas);
	assert_memory_equal(text, "a  ████████\n", strlen("a  ████████\n"));
	assert_non_null(strstr(text, "\nb          ░░░░░░░░\n")); /* below the axis */
	assert_int_equal(sw_canvas_row(canvas, 3)[12].role, CLEANUP);
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

/* Rows of text from the left, their first WIDTH columns, without what is blank at the end. */
static void assert_row(struct sw_canvas *canvas, int y, int width, const char *expected)
{
	char text[64];
	int n = 0;
	for (int x = 0; x < width; x++) {
		uint32_t ch = sw_canvas_row(canvas, y)[x].ch;
		text[n++] = ch < 0x7f ? (char)ch : '#';
	}
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static struct sw_waterfall_view crowd(struct sw_waterfall_run runs[6])
{
	static const struct sw_waterfall_phase phases[] = {
		{.name = "start", .role = STARTUP, .length = 10, .mean = "10"},
		{.name = "execute", .role = EXECUTION, .start = 10, .length = 5, .mean = "5"},
		{.name = "create", .role = STARTUP, .length = 12, .mean = "12", .off_path = true},
		{.name = "remove", .role = CLEANUP, .length = 900, .mean = "900", .off_path = true}};
	static const struct sw_waterfall_stretch stretch = {0, 0, 4};
	static const char *const names[] = {"#21", "#22", "", "#20", "#24", "#19"};
	for (int i = 0; i < 6; i++)
		runs[i] = (struct sw_waterfall_run){names[i], "4", i != 2 && i != 5, &stretch, 1};
	struct sw_waterfall_view view = {.phases = phases,
	                                 .n = 4,
	                                 .label = charts_ms,
	                                 .runs = runs,
	                                 .n_runs = 6,
	                                 .behind_head = "behind the path"};
	assert_true(sw_axis_init(&view.axis, 0, 20, false));
	return view;
}

/* A slot keeps its row, one in which nothing has run too; what finds none is counted. */
static void several_run_at_a_time(void **state)
{
	(void)state;
	struct sw_waterfall_run runs[6];
	struct sw_waterfall_view view = crowd(runs);
	struct sw_canvas *canvas = sw_canvas_new(40, 13, &sw_glyphs_unicode);
	assert_int_equal(sw_waterfall_rows(&view), 2 + 6 + 2 + 3);
	assert_int_equal(sw_waterfall_draw(sw_canvas_area(canvas), &view), 13);
	static const char *const all[] = {"start", "execute", "#21", "#22", "-", "#20", "#24", "#19"};
	for (int y = 0; y < 8; y++)
		assert_row(canvas, y, 7, all[y]);
	assert_row(canvas, 10, 20, "behind the path");
	assert_row(canvas, 11, 7, "create");
	assert_int_equal(sw_canvas_row(canvas, 11)[0].role, SW_ROLE_DIM);
	assert_row(canvas, 12, 7, "remove");

	assert_true(sw_waterfall_shows_behind(&view, 9));
	assert_false(sw_waterfall_shows_behind(&view, 8));
	assert_false(sw_waterfall_shows_behind(&view, 2));
	/* Three runs, then what lies behind, then the other runs. */
	sw_canvas_clear(canvas);
	assert_int_equal(sw_waterfall_draw(sw_area_sub(sw_canvas_area(canvas), 0, 0, 40, 10), &view),
	                 10);
	assert_row(canvas, 3, 7, "#22");
	assert_row(canvas, 4, 7, "-");
	assert_row(canvas, 5, 20, "+2 more running");
	assert_row(canvas, 7, 20, "behind the path");

	/* No room for what lies behind: never among the phases of the path. */
	sw_canvas_clear(canvas);
	assert_int_equal(sw_waterfall_draw(sw_area_sub(sw_canvas_area(canvas), 0, 0, 40, 5), &view), 5);
	assert_row(canvas, 0, 7, "start");
	assert_row(canvas, 1, 7, "execute");
	assert_row(canvas, 2, 7, "#21");
	assert_row(canvas, 3, 20, "+3 more running");

	/* One stacked bar, and below it the runs. */
	static const struct sw_waterfall_phase many[] = {{.name = "a", .length = 1},
	                                                 {.name = "b", .start = 1, .length = 1},
	                                                 {.name = "c", .start = 2, .length = 1},
	                                                 {.name = "d", .start = 3, .length = 1},
	                                                 {.name = "e", .start = 4, .length = 1},
	                                                 {.name = "f", .start = 5, .length = 1},
	                                                 {.name = "g", .start = 6, .length = 1}};
	view.phases = many;
	view.n = 7;
	view.total_name = "mean";
	sw_canvas_clear(canvas);
	assert_int_equal(sw_waterfall_stacked_rows(&view), 10);
	assert_int_equal(sw_waterfall_draw(sw_area_sub(sw_canvas_area(canvas), 0, 0, 40, 7), &view), 7);
	assert_row(canvas, 0, 4, "mean");
	assert_row(canvas, 2, 4, "#21");
	assert_row(canvas, 3, 4, "#22");
	assert_row(canvas, 5, 20, "+2 more running");
	/* Of those left none runs. */
	view.n_runs = 3;
	runs[2].active = false;
	sw_canvas_clear(canvas);
	assert_int_equal(sw_waterfall_draw(sw_area_sub(sw_canvas_area(canvas), 0, 0, 40, 5), &view), 5);
	assert_row(canvas, 3, 20, "+1 more running");
	runs[1].active = false;
	sw_canvas_clear(canvas);
	sw_waterfall_draw(sw_area_sub(sw_canvas_area(canvas), 0, 0, 40, 5), &view);
	assert_row(canvas, 3, 20, "+2 more, idle");
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
		struct sw_waterfall_run runs[9];
		for (int r = 0; r < 9; r++)
			runs[r] = (struct sw_waterfall_run){r % 4 ? "#1234567"
			                                    : r   ? ""
			                                          : NULL,
			                                    "312 ms", r % 3, stretches,
			                                    charts_below(&seed, 100)};
		view.runs = runs;
		view.n_runs = charts_below(&seed, 10);
		view.behind_head = charts_below(&seed, 2) ? "behind the path" : NULL;
		view.expected = charts_value(&seed);
		sw_axis_init(&view.axis, 0, charts_value(&seed), false);
		for (int p = 0; p < 80; p++) {
			phases[p] = cold[charts_below(&seed, 12)];
			phases[p].start = charts_value(&seed);
			phases[p].length = charts_value(&seed);
			phases[p].off_path = charts_below(&seed, 20) == 0;
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
		cmocka_unit_test(several_run_at_a_time),
		cmocka_unit_test(stays_inside_whatever_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
