#include "tests/unit/core/report_test.h"

/* ---- text ---- */

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(sw_text_columns(""), 0);
	assert_int_equal(sw_text_columns("abc"), 3);
	assert_int_equal(sw_text_columns("µ±…█"), 4);
	assert_int_equal(sw_text_columns("日本"), 4);
	assert_int_equal(sw_text_columns("e\xcc\x81"), 1);
	assert_int_equal(sw_text_columns("\xf0\x9f\x92\xa5"), 2);
	assert_int_equal(sw_text_prefix("日本", 3, NULL), 3);
	size_t columns = 0;
	assert_int_equal(sw_text_prefix("a日本", 4, &columns), 4);
	assert_int_equal(columns, 3);
}

static void test_paragraph(void **state)
{
	struct fixture *f = *state;
	sw_report_paragraph("- ", "one two three 4 ms", 10, &f->text);
	assert_string_equal(f->text.data, "- one two\n  three\n  4 ms\n");
	sw_buf_clear(&f->text);
	sw_report_paragraph("", "abcdefghijkl mn", 5, &f->text);
	assert_string_equal(f->text.data, "abcde\nfghij\nkl mn\n");
	sw_buf_clear(&f->text);
	sw_report_paragraph("> ", "", 10, &f->text);
	assert_string_equal(f->text.data, ">\n");
}

static void test_ascii_keeps_the_columns(void **state)
{
	struct fixture *f = *state;
	const char *text = "a·µ日█▏…é─e\xcc\x81|";
	sw_report_ascii(text, &f->text);
	assert_string_equal(f->text.data, "a-u??#.~?-e|");
	assert_int_equal(f->text.len, sw_text_columns(text));
}

/* ---- tables ---- */

static void two_columns(struct fixture *f)
{
	sw_table_init(&f->table);
	sw_table_column(&f->table, SW_COLUMN_TEXT, 0, "name");
	sw_table_column(&f->table, SW_COLUMN_NUMBER, 0, "n");
	sw_table_column(&f->table, SW_COLUMN_NUMBER, 1, "extra");
}

static void fill(struct fixture *f, const char *name, int n, const char *extra)
{
	sw_table_row(&f->table);
	sw_table_cell(&f->table, "%s", name);
	sw_table_cell(&f->table, "%d", n);
	sw_table_cell(&f->table, "%s", extra);
}

static void test_table_is_aligned(void **state)
{
	struct fixture *f = *state;
	two_columns(f);
	fill(f, "日本語", 7, "x");
	fill(f, "abc", 1234, "");
	assert_int_equal(sw_table_write(&f->table, 1, 60, &f->text), 0);
	assert_string_equal(f->text.data, " name       n  extra\n"
	                                  " 日本語     7      x\n"
	                                  " abc     1234\n");
}

static void test_table_leaves_columns_out_then_cuts(void **state)
{
	struct fixture *f = *state;
	two_columns(f);
	fill(f, "a-very-long-name-of-a-mode", 123456, "x");
	assert_int_equal(sw_table_write(&f->table, 0, 30, &f->text), 0);
	assert_string_equal(f->text.data, "name                  n  extra\n"
	                                  "a-very-long-na…  123456      x\n");
	sw_buf_clear(&f->text);
	assert_int_equal(sw_table_write(&f->table, 0, 24, &f->text), 0);
	assert_string_equal(f->text.data, "name                   n\n"
	                                  "a-very-long-nam…  123456\n");
}

/* A journal that somebody made: tests/fuzz/fuzz_report.c. */
static void test_table_cuts_numbers_rather_than_be_too_wide(void **state)
{
	struct fixture *f = *state;
	sw_table_init(&f->table);
	sw_table_column(&f->table, SW_COLUMN_TEXT, 0, "name");
	sw_table_column(&f->table, SW_COLUMN_NUMBER, 0, "n");
	sw_table_column(&f->table, SW_COLUMN_NUMBER, 0, "ok");
	fill(f, "abc", 7, "0/9223372036854775807");
	assert_int_equal(sw_table_write(&f->table, 0, 20, &f->text), 0);
	assert_string_equal(f->text.data, "name  n           ok\n"
	                                  "abc   7  0/92233720…\n");
}

static void test_table_bounds(void **state)
{
	struct fixture *f = *state;
	sw_table_init(&f->table);
	for (int c = 0; c < SW_TABLE_COLUMNS + 3; c++)
		sw_table_column(&f->table, SW_COLUMN_NUMBER, c, "c");
	for (int r = 0; r < SW_TABLE_ROWS + 3; r++) {
		sw_table_row(&f->table);
		for (int c = 0; c < SW_TABLE_COLUMNS + 3; c++)
			sw_table_cell(&f->table, "%d", r);
	}
	assert_int_equal(f->table.n_rows, SW_TABLE_ROWS);
	assert_int_equal(sw_table_write(&f->table, 0, 20, &f->text), 0);
	assert_says(f, "\n39  39  39");
	assert_says_not(f, "40");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_columns),
		TEST(test_paragraph),
		TEST(test_ascii_keeps_the_columns),
		TEST(test_table_is_aligned),
		TEST(test_table_leaves_columns_out_then_cuts),
		TEST(test_table_cuts_numbers_rather_than_be_too_wide),
		TEST(test_table_bounds),
	};
	return cmocka_run_group_tests_name("report_table", tests, NULL, NULL);
}
