#include <locale.h>

#include "tests/unit/widgets/screen.h"

static void assert_glyphs(const char *text, const uint32_t *expected, int n)
{
	const char *at = text;
	for (int i = 0; i < n; i++)
		assert_int_equal(sw_glyph_next(&at), expected[i]);
	assert_int_equal(sw_glyph_next(&at), 0);
	assert_ptr_equal(at, text + strlen(text));
}

#define GLYPHS(text, ...)                                \
	assert_glyphs(text, (const uint32_t[]){__VA_ARGS__}, \
	              (int)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

static void test_valid(void **state)
{
	(void)state;
	GLYPHS("aé…", 'a', 0xe9, 0x2026);
	GLYPHS("\xc2\xa0\xdf\xbf", 0xa0, 0x7ff);
	GLYPHS("\xe0\xa0\x80\xef\xbf\xbd", 0x800, 0xfffd);
	GLYPHS("\xed\x9f\xbf\xee\x80\x80", 0xd7ff, 0xe000);
	GLYPHS("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0x10000, 0x10ffff);
}

/* RFC 3629, 3 and 4; each bad byte is skipped alone. */
static void test_invalid(void **state)
{
	(void)state;
	GLYPHS("\x80z", '?', 'z');
	GLYPHS("\xc0\xaf", '?', '?');
	GLYPHS("\xc1\xbf", '?', '?');
	GLYPHS("\xe0\x9f\xbf", '?', '?', '?');
	GLYPHS("\xed\xa0\x80", '?', '?', '?');
	GLYPHS("\xf0\x8f\xbf\xbf", '?', '?', '?', '?');
	GLYPHS("\xf4\x90\x80\x80", '?', '?', '?', '?');
	GLYPHS("\xf5\x80\x80\x80", '?', '?', '?', '?');
	GLYPHS("\xf8\xff\xfe", '?', '?', '?');
	GLYPHS("\xe2\x80", '?', '?');
	GLYPHS("\xf0\x9f\x98", '?', '?', '?');
	GLYPHS("\xe2(\xa1", '?', '(', '?');
}

static void test_control(void **state)
{
	(void)state;
	GLYPHS("\033[31m\x7f", '?', '[', '3', '1', 'm', '?');
	GLYPHS("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", '?', '?', '?', 0xa0);
	GLYPHS("\n\t\r", '?', '?', '?');
}

static void test_columns(void **state)
{
	static const struct {
		uint32_t ch;
		int columns;
	} cases[] = {
		{0, 0},       {'\n', 0},     {' ', 1},    {'~', 1},    {0x7f, 0},   {0x9b, 0},
		{0xa0, 1},    {0xad, 0},     {0xe9, 1},   {0x301, 0},  {0x3bc, 1},  {0x200b, 0},
		{0x200d, 0},  {0x202e, 0},   {0x2066, 0}, {0x2026, 1}, {0x2500, 1}, {0x2588, 1},
		{0x25cf, 1},  {0x25fd, 2},   {0x2800, 1}, {0x28ff, 1}, {0x4e2d, 2}, {0xac00, 2},
		{0xd800, 0},  {0xfe0f, 0},   {0xfeff, 0}, {0xff21, 2}, {0xffff, 0}, {0x1f600, 2},
		{0xe0041, 0}, {0x110000, 0}, {0x2713, 1}, {0x2016, 1}, {0x2503, 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (sw_glyph_columns(cases[i].ch) != cases[i].columns)
			fail_msg("U+%04x: %d columns", cases[i].ch, sw_glyph_columns(cases[i].ch));
	assert_int_equal(sw_glyph_text_columns("日本 e\xcc\x81\xff"), 7);
	assert_int_equal(sw_glyph_text_columns(""), 0);
}

/* The process's locale is C here, and does not matter; it is not changed either. */
static void test_locale(void **state)
{
	(void)state;
	assert_string_equal(setlocale(LC_CTYPE, NULL), "C");
	assert_int_equal(sw_glyph_columns(0x4e2d), 2);
	assert_int_equal(MB_CUR_MAX, 1);
}

static void test_ascii(void **state)
{
	static const struct {
		const char *text;
		const char *ascii;
	} cases[] = {{"a~", "a~"},       {"µs", "us"},   {"…", "."},       {"3×4", "3x4"},
	             {"a–b—c", "a-b-c"}, {"·", "-"},     {"é", "e"},       {"“q”", "\"q\""},
	             {"±", "+"},         {"→", ">"},     {"│─┼╭", "|-++"}, {"█░●○", "#.*o"},
	             {"▲▼▸", "^v>"},     {"✓✗‖", "+x="}, {"中", "?"},      {"⣿⠀", "* "}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = cases[i].text;
		for (const char *ascii = cases[i].ascii; *ascii; ascii++) {
			char got = sw_glyph_ascii(sw_glyph_next(&at));
			if (got != *ascii)
				fail_msg("%s: '%c', not '%c'", cases[i].text, got, *ascii);
		}
	}
	for (uint32_t ch = 1; ch < 0x30000; ch++) {
		char ascii = sw_glyph_ascii(ch);
		assert_true(ascii >= ' ' && ascii <= '~');
	}
}

static void check_glyphs(const struct sw_glyphs *glyphs)
{
	const uint32_t *first = glyphs->left, *end = &glyphs->ellipsis + 1;
	for (const uint32_t *ch = first; ch < end; ch++) {
		assert_int_equal(sw_glyph_columns(*ch), 1);
		assert_true(glyphs->unicode || *ch <= '~');
	}
}

static void test_glyphs(void **state)
{
	uint32_t all = 0;
	(void)state;
	check_glyphs(&sw_glyphs_unicode);
	check_glyphs(&sw_glyphs_ascii);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(all & sw_braille_dot(i & 1, i >> 1) & 0xff, 0);
		all |= sw_braille_dot(i & 1, i >> 1);
	}
	assert_int_equal(all, 0x28ff);
	assert_int_equal(sw_braille_dot(0, 0), 0x2801);
	assert_int_equal(sw_braille_dot(1, 3), 0x2880);
	assert_int_equal(sw_braille_dot(0, 3), 0x2840);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),   cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_control), cmocka_unit_test(test_columns),
		cmocka_unit_test(test_locale),  cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_glyphs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
