/* Stretches in eighths of a column: which cell gets which block, in which two colours. */
#include "charts.h"

#include "widgets/spans.h"

#define STARTUP SW_ROLE_STARTUP
#define EXECUTION SW_ROLE_EXECUTION
#define CLEANUP SW_ROLE_CLEANUP

static const char *draw(const struct sw_glyphs *glyphs, const struct sw_stripe *spans, int n)
{
	static char text[64];
	struct sw_canvas *canvas = sw_canvas_new(8, 1, glyphs);
	sw_spans_draw(sw_canvas_area(canvas), spans, n);
	sw_canvas_dump(canvas, false, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	sw_canvas_free(canvas);
	return text;
}

#define assert_drawn(expected, ...)                                                    \
	assert_string_equal(                                                               \
		draw(&sw_glyphs_unicode, (struct sw_stripe[]){__VA_ARGS__},                      \
	         (int)(sizeof((struct sw_stripe[]){__VA_ARGS__}) / sizeof(struct sw_stripe))), \
		expected)
#define assert_ascii(expected, ...)                                                    \
	assert_string_equal(                                                               \
		draw(&sw_glyphs_ascii, (struct sw_stripe[]){__VA_ARGS__},                        \
	         (int)(sizeof((struct sw_stripe[]){__VA_ARGS__}) / sizeof(struct sw_stripe))), \
		expected)

static void one_span_ends_at_an_eighth(void **state)
{
	(void)state;
	assert_drawn("███", {0, 3, STARTUP, 0});
	assert_drawn("██▍", {0, 2.375, STARTUP, 0});
	assert_drawn(" ██", {1, 3, STARTUP, 0});
	assert_drawn(" ▐█", {1.5, 3, STARTUP, 0});
	assert_drawn(" ▕█", {1.9, 3, STARTUP, 0});
	assert_drawn("████████", {-4, 90, STARTUP, 0});
}

static void the_shortest_is_seen(void **state)
{
	(void)state;
	assert_drawn("  ▏", {2, 2, STARTUP, 0});
	assert_drawn("  ▏", {2.1, 2.1001, STARTUP, 0});
	assert_drawn("  ▕", {2.8, 2.9, STARTUP, 0});
	assert_ascii("  #", {2.8, 2.9, STARTUP, 0});
}

static void no_number_draws_nothing(void **state)
{
	(void)state;
	assert_drawn("", {NAN, 2, STARTUP, 0}, {1, NAN, STARTUP, 0}, {9, 20, STARTUP, 0});
}

static void another_role_shares_the_cell(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(8, 1, &sw_glyphs_unicode);
	const struct sw_stripe spans[] = {{0, 1.625, STARTUP, 0}, {1.625, 4, EXECUTION, 0}};
	sw_spans_draw(sw_canvas_area(canvas), spans, 2);
	const struct sw_cell *row = sw_canvas_row(canvas, 0);
	assert_int_equal(row[1].ch, 0x258b); /* ▋ */
	assert_int_equal(row[1].role, STARTUP);
	assert_int_equal(row[1].back, EXECUTION);
	assert_int_equal(row[0].back, SW_ROLE_TEXT);
	assert_int_equal(row[2].ch, 0x2588);
	assert_int_equal(row[2].role, EXECUTION);
	assert_int_equal(row[4].ch, ' ');
	sw_canvas_free(canvas);
}

static void a_gap_stays_between_neighbours_of_one_role(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(8, 1, &sw_glyphs_unicode);
	const struct sw_stripe spans[] = {{0, 1.5, STARTUP, 0}, {1.5, 4, STARTUP, 0}};
	sw_spans_draw(sw_canvas_area(canvas), spans, 2);
	assert_int_equal(sw_canvas_row(canvas, 0)[1].back, SW_ROLE_TEXT);
	assert_string_equal(charts_text(canvas), "█▌██\n");
	sw_canvas_free(canvas);
	assert_drawn("█▉██", {0, 2, STARTUP, 0}, {2, 4, STARTUP, 0});
	assert_drawn("████", {0, 2, STARTUP, 0}, {2, 4, EXECUTION, 0});
}

static void of_many_in_a_cell_the_longest_are_seen(void **state)
{
	(void)state;
	struct sw_canvas *canvas = sw_canvas_new(8, 1, &sw_glyphs_unicode);
	const struct sw_stripe spans[] = {{0, 0.5, STARTUP, 0},
	                                {0.5, 0.625, EXECUTION, 0},
	                                {0.625, 1, CLEANUP, 0}};
	sw_spans_draw(sw_canvas_area(canvas), spans, 3);
	assert_int_equal(sw_canvas_row(canvas, 0)->role, STARTUP);
	assert_int_equal(sw_canvas_row(canvas, 0)->back, CLEANUP);
	sw_canvas_free(canvas);
}

static void letters_tell_them_apart_in_ascii(void **state)
{
	(void)state;
	assert_ascii("cccsseee", {0, 3, STARTUP, 'c'}, {3, 5, STARTUP, 's'}, {5, 8, EXECUTION, 'e'});
	assert_ascii("sssSSeee", {0, 3, STARTUP, 's'}, {3, 5, STARTUP, 's'}, {5, 8, EXECUTION, 'e'});
	assert_ascii("cceeee", {0, 2, STARTUP, 'c'}, {2, 2.1, STARTUP, 's'}, {2.1, 6, EXECUTION, 'e'});
	assert_ascii("####", {0, 4, STARTUP, 0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_span_ends_at_an_eighth),
		cmocka_unit_test(the_shortest_is_seen),
		cmocka_unit_test(no_number_draws_nothing),
		cmocka_unit_test(another_role_shares_the_cell),
		cmocka_unit_test(a_gap_stays_between_neighbours_of_one_role),
		cmocka_unit_test(of_many_in_a_cell_the_longest_are_seen),
		cmocka_unit_test(letters_tell_them_apart_in_ascii),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
