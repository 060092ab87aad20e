#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/stats.h"
#include "core/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- UTF-8 ---- */

static size_t encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((0xf00U >> n & 0xff) | c);
	return n;
}

static void utf8_accepts_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char bytes[4];
		size_t n = encode(c, bytes);
		bool surrogate = c >= 0xd800 && c <= 0xdfff;
		if (sw_text_utf8_len(bytes, n) != (surrogate ? 0 : n))
			fail_msg("U+%04X", c);
		/* More behind it changes nothing; less makes it incomplete. */
		char longer[8] = {0};
		memcpy(longer, bytes, n);
		if (sw_text_utf8_len(longer, 8) != (surrogate ? 0 : n) ||
		    sw_text_utf8_len(bytes, n - 1) != 0)
			fail_msg("U+%04X beside other bytes", c);
	}
}

/* Accepting every character is half of it: of all byte combinations, no more may pass. */
static void utf8_accepts_nothing_else(void **state)
{
	(void)state;
	size_t found[5] = {0};
	for (uint32_t bits = 0; bits < 1U << 24; bits++) {
		char p[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
		size_t n = sw_text_utf8_len(p, 3);
		found[n]++;
		if (n == 4)
			fail_msg("4 of 3 bytes");
	}
	assert_int_equal(found[1], 0x80 << 16);
	assert_int_equal(found[2], (0x800 - 0x80) << 8);
	assert_int_equal(found[3], 0x10000 - 0x800 - 0x800);

	static const unsigned char tails[] = {0x7f, 0x80, 0xbf, 0xc0};
	for (uint32_t bits = 0; bits < 1U << 20; bits++) {
		char p[4] = {(char)(bits >> 12), (char)(bits >> 4), (char)tails[bits >> 2 & 3],
		             (char)tails[bits & 3]};
		found[4] += sw_text_utf8_len(p, 4) == 4;
	}
	/* (U+110000 - U+10000) / 4096 pairs of first bytes, times 2 x 2 good tails. */
	assert_int_equal(found[4], 0x100000 / 4096 * 4);
}

static void utf8_of_nothing_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(sw_text_utf8_len("a", 0), 0);
}

/* ---- cleaning ---- */

static void clean_table(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"plain text ~!", "plain text ~!"},
		{"a\nb\tc\rd", "a b c d"},
		{"\r\n", "  "},
		{"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
		{"\x1b]0;title\x07", "?]0;title?"},
		{"\x1bP0;1|17/ab\x1b\\", "?P0;1|17/ab?\\"},
		{"\x01\x08\x0b\x0c\x1f\x7f", "??????"},
		{"\xc2\x80\xc2\x9b\xc2\x9f", "???"},      /* C1 */
		{"\xc2\xa0\xc2\xa1", "\xc2\xa0\xc2\xa1"}, /* the first after C1 */
		{"\xc2\xad", "?"},                        /* soft hyphen */
		{"\x9b[31m", "?[31m"},                    /* a bare C1 byte */
		{"a\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xaez", "a?????z"},
		{"a\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9z", "a????z"},
		{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "???"}, /* direction marks */
		{"\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0", "????"},
		{"\xe2\x80\xa8\xe2\x80\xa9", "??"},                       /* line, paragraph separator */
		{"\xef\xbb\xbfx", "?x"},                                  /* byte order mark */
		{"\xef\xbf\xbe\xef\xbf\xbf", "??"},                       /* noncharacters */
		{"\xf3\xa0\x81\x81", "?"},                                /* a tag character */
		{"\xe2\x80\x90\xe2\x80\xa6", "\xe2\x80\x90\xe2\x80\xa6"}, /* their neighbours stay */
		{"\xc0\x80\xc1\xbf", "????"},                             /* overlong */
		{"\xe0\x80\xaf\xf0\x80\x80\xaf", "???????"},
		{"\xed\xa0\x80\xed\xbf\xbf", "??????"}, /* surrogates */
		{"\xf4\x90\x80\x80", "????"},           /* past U+10FFFF */
		{"\xf8\x88\x80\x80\x80\xfe\xff", "???????"},
		{"a\xe2\x82", "a??"}, /* cut short at the end */
		{"a\xe2\x82z", "a??z"},
		{"\xe2\x1b[m", "??[m"}, /* ESC inside a cut character */
		{"\xf0\x9f\xa6\xad caf\xc3\xa9 \xe6\xbc\xa2", "\xf0\x9f\xa6\xad caf\xc3\xa9 \xe6\xbc\xa2"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[64];
		memset(out, 'X', sizeof(out));
		size_t n = sw_text_clean(out, sizeof(out), cases[i].in, strlen(cases[i].in));
		assert_string_equal(out, cases[i].out);
		assert_int_equal(n, strlen(cases[i].out));
	}
}

/* The ends of each range that must not be shown, and that their neighbours may. */
static void clean_ranges_are_exact(void **state)
{
	(void)state;
	static const uint32_t ranges[][2] = {
		{0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
	};
	for (size_t i = 0; i < COUNT(ranges); i++) {
		for (uint32_t c = ranges[i][0] - 1; c <= ranges[i][1] + 1; c++) {
			char in[4], out[8];
			size_t n = encode(c, in);
			bool hidden = c >= ranges[i][0] && c <= ranges[i][1];
			size_t len = sw_text_clean(out, sizeof(out), in, n);
			if (len != (hidden ? 1 : n) || memcmp(out, hidden ? "?" : in, len) != 0)
				fail_msg("U+%04X", c);
		}
	}
	char in[4], out[8];
	assert_int_equal(sw_text_clean(out, sizeof(out), in, encode(0xfffd, in)), 3);
	assert_int_equal(sw_text_clean(out, sizeof(out), in, encode(0x10000, in)), 4);
}

static void clean_counts_bytes_not_terminators(void **state)
{
	(void)state;
	char out[16];
	assert_int_equal(sw_text_clean(out, sizeof(out), "a\0b", 3), 3);
	assert_string_equal(out, "a?b");
	/* A length that ends inside of a character must not look behind it. */
	assert_int_equal(sw_text_clean(out, sizeof(out), "\xc3\xa9", 1), 1);
	assert_string_equal(out, "?");
}

static void clean_never_splits(void **state)
{
	(void)state;
	static const char in[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\xadz"; /* 1 2 3 4 1 bytes */
	static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	for (size_t size = 1; size <= COUNT(fits); size++) {
		char out[16];
		memset(out, 'X', sizeof(out));
		assert_int_equal(sw_text_clean(out, size, in, sizeof(in) - 1), fits[size - 1]);
		assert_memory_equal(out, in, fits[size - 1]);
		assert_int_equal(out[fits[size - 1]], '\0');
		assert_int_equal(out[size], 'X');
	}
}

/* Random bytes, half of them from a set that makes trouble: whatever comes, what leaves is valid,
 * printable, within its bound, and a shorter buffer holds the beginning of a longer one's text. */
static void clean_properties(void **state)
{
	(void)state;
	static const unsigned char nasty[] = {0x1b, 0xc2, 0x9b, 0xe2, 0x80, 0xae, 0xf0, 0x9f,
	                                      0xed, 0xa0, 0xef, 0xbb, 0xbf, 0x00, 0x0a, 0xf4};
	struct sw_rng rng;
	sw_rng_seed(&rng, 1);
	for (int round = 0; round < 20000; round++) {
		char in[40], full[80], part[80];
		size_t len = (size_t)sw_rng_below(&rng, sizeof(in) + 1);
		for (size_t i = 0; i < len; i++) {
			uint64_t r = sw_rng_next(&rng);
			in[i] = (char)(r & 1 ? r >> 8 : nasty[r >> 8 & 15]);
		}
		size_t n = sw_text_clean(full, sizeof(full), in, len);
		assert_true(n <= len);
		assert_int_equal(strlen(full), n);
		for (size_t i = 0; i < n;) {
			size_t step = sw_text_utf8_len(full + i, n - i);
			assert_int_not_equal(step, 0);
			assert_true((unsigned char)full[i] >= 0x20 && full[i] != 0x7f);
			assert_false(full[i] == '\xc2' && (unsigned char)full[i + 1] < 0xa0);
			assert_int_not_equal(memcmp(full + i, "\xe2\x80\xae", 3), 0);
			assert_int_not_equal(memcmp(full + i, "\xef\xbb\xbf", 3), 0);
			i += step;
		}
		size_t size = 1 + (size_t)sw_rng_below(&rng, 20);
		size_t m = sw_text_clean(part, size, in, len);
		assert_true(m < size && m <= n);
		assert_memory_equal(part, full, m);
		assert_true(m == n || m + 4 >= size);
	}
}

static void copy_truncates_at_a_character(void **state)
{
	(void)state;
	char out[16];
	memset(out, 'X', sizeof(out));
	assert_true(sw_text_copy(out, 4, "abc"));
	assert_string_equal(out, "abc");
	assert_int_equal(out[4], 'X');
	assert_false(sw_text_copy(out, 4, "abcd"));
	assert_string_equal(out, "abc");
	assert_true(sw_text_copy(out, 1, ""));
	assert_string_equal(out, "");
	assert_false(sw_text_copy(out, 1, "a"));
	assert_string_equal(out, "");

	static const char in[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\xadz";
	static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
	for (size_t size = 1; size <= COUNT(fits); size++) {
		assert_int_equal(sw_text_copy(out, size, in), size == COUNT(fits));
		assert_int_equal(strlen(out), fits[size - 1]);
		assert_memory_equal(out, in, fits[size - 1]);
	}
	assert_false(sw_text_copy(out, 2, "\xc3\xa9")); /* not even the first one fits */
	assert_string_equal(out, "");
	/* Bytes that are no characters are simply cut. */
	assert_false(sw_text_copy(out, 4, "\x80\x80\x80\x80\x80"));
	assert_string_equal(out, "\x80\x80\x80");
}

/* ---- quantities ---- */

static void durations(void **state)
{
	(void)state;
	static const struct {
		int64_t ns;
		const char *out;
	} cases[] = {
		{0, "0 ns"},
		{1, "1 ns"},
		{999, "999 ns"},
		{1000, "1.00 µs"},
		{1234, "1.23 µs"},
		{1235, "1.24 µs"},
		{9994, "9.99 µs"},
		{9995, "10.0 µs"},
		{53000, "53.0 µs"},
		{99949, "99.9 µs"},
		{99950, "100 µs"},
		{999499, "999 µs"},
		{999500, "1.00 ms"},
		{5400000, "5.40 ms"},
		{431000000, "431 ms"},
		{431499999, "431 ms"},
		{431500000, "432 ms"},
		{999499999, "999 ms"},
		{999500000, "1.00 s"},
		{INT64_C(1877000000), "1.88 s"},
		{INT64_C(59900000000), "59.9 s"},
		{INT64_C(59949999999), "59.9 s"},
		{INT64_C(59950000000), "1.00 min"},
		{INT64_C(60000000000), "1.00 min"},
		{INT64_C(90000000000), "1.50 min"},
		{INT64_C(3596999999999), "59.9 min"},
		{INT64_C(3597000000000), "1.00 h"},
		{INT64_C(3600000000000), "1.00 h"},
		{INT64_C(86400000000000), "24.0 h"},
		{INT64_C(360000000000000), "100 h"},
		{INT64_MAX, "2562048 h"},
		{-1, "-1 ns"},
		{-1234, "-1.23 µs"},
		{-999500000, "-1.00 s"},
		{INT64_MIN, "-2562048 h"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[17];
		memset(out, 'X', sizeof(out));
		assert_ptr_equal(sw_text_duration(out, 16, cases[i].ns), out);
		assert_string_equal(out, cases[i].out);
		assert_int_equal(out[16], 'X');
	}
}

static void durations_stay_within_their_bound(void **state)
{
	(void)state;
	char out[8];
	memset(out, 'X', sizeof(out));
	sw_text_duration(out, 4, 1234567);
	assert_string_equal(out, "1.2");
	assert_int_equal(out[4], 'X');
}

static void seconds(void **state)
{
	(void)state;
	static const struct {
		double in;
		const char *out;
	} cases[] = {
		{1.877, "1.877s"},           {0.0, "0.000s"},      {0.0054, "0.005s"}, {0.0006, "0.001s"},
		{0.9996, "1.000s"},          {59.9996, "60.000s"}, {-1.5, "-1.500s"},  {-0.0001, "0.000s"},
		{123456.789, "123456.789s"}, {NAN, "-"},           {INFINITY, "-"},    {-INFINITY, "-"},
		{1e15, "1000000000000000s"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[32];
		assert_ptr_equal(sw_text_seconds(out, sizeof(out), cases[i].in), out);
		assert_string_equal(out, cases[i].out);
	}
	char small[8];
	memset(small, 'X', sizeof(small));
	sw_text_seconds(small, 4, DBL_MAX / 1e6);
	assert_int_equal(strlen(small), 3);
	assert_int_equal(small[4], 'X');
}

static void bytes(void **state)
{
	(void)state;
	static const struct {
		uint64_t in;
		const char *out;
	} cases[] = {
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1025, "1.00 KiB"},
		{1536, "1.50 KiB"},
		{16 << 20, "16 MiB"},
		{UINT64_C(2) << 30, "2 GiB"},
		{116391936, "111 MiB"}, /* 111 MiB exactly */
		{116391937, "111 MiB"},
		{1572864000, "1.46 GiB"},
		{10229, "9.99 KiB"},
		{10236, "10.0 KiB"},
		{UINT64_C(1047552) + 100, "1023 KiB"},
		{UINT64_C(1048064), "1.00 MiB"}, /* 1023.5 KiB */
		{UINT64_C(1048575), "1.00 MiB"},
		{UINT64_C(1) << 40, "1 TiB"},
		{(UINT64_C(1) << 40) - 1, "1.00 TiB"},
		{UINT64_C(3) << 49, "1.50 PiB"},
		{UINT64_C(1) << 60, "1 EiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[16];
		assert_ptr_equal(sw_text_bytes(out, sizeof(out), cases[i].in), out);
		assert_string_equal(out, cases[i].out);
	}
}

/* ---- "did you mean" ---- */

static void distances(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"kitten", "sitting", 3},
		{"iteratoins", "iterations", 1}, /* a swap counts once */
		{"ca", "abc", 3},                /* restricted: 2 without the restriction */
		{"a cat", "an abct", 4},
		{"Docker", "dOCKER", 0},
		{"MOde", "mdoe", 1},
		{"AZ", "az", 0},
		{"@[`{", "`{@[", 4}, /* neighbours of the letters are no letters */
		{"timeout", "timeout_seconds", 8},
		{"abcdef", "fedcba", 5},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(sw_text_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(sw_text_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static void long_words_are_infinitely_far(void **state)
{
	(void)state;
	char a[66], b[66];
	memset(a, 'a', 65);
	memset(b, 'b', 65);
	a[64] = b[64] = '\0';
	assert_int_equal(sw_text_distance(a, b), 64);
	assert_int_equal(sw_text_distance(a, a), 0);
	a[64] = 'a';
	a[65] = '\0';
	assert_true(sw_text_distance(a, "a") == SIZE_MAX);
	assert_true(sw_text_distance("a", a) == SIZE_MAX);
	assert_true(sw_text_distance(a, a) == SIZE_MAX);
	assert_null(sw_text_nearest(a, (const char *const[]){a, NULL}));
}

static void nearest(void **state)
{
	(void)state;
	static const char *const keys[] = {"memory_limit", "cpu_count", "network",
	                                   "user",         "used",      NULL};
	assert_string_equal(sw_text_nearest("memory_limt", keys), "memory_limit");
	assert_string_equal(sw_text_nearest("MEMORY_LIMIT", keys), "memory_limit");
	assert_string_equal(sw_text_nearest("cpus_count", keys), "cpu_count");
	assert_string_equal(sw_text_nearest("usex", keys), "user"); /* equally far: the first */
	assert_string_equal(sw_text_nearest("used", keys), "used"); /* nearer, though later */
	assert_null(sw_text_nearest("completely", keys));
	/* At most 1 + len/4: two edits of four letters pass, three do not; two of three do not. */
	assert_string_equal(sw_text_nearest("usxx", keys), "user");
	assert_null(sw_text_nearest("uxxx", keys));
	assert_null(sw_text_nearest("uxx", keys));
	assert_null(sw_text_nearest("user", (const char *const[]){NULL}));
}

static void signals_have_names(void **state)
{
	char text[16];
	(void)state;
	assert_string_equal(sw_text_signal(text, sizeof text, 9), "SIGKILL");
	assert_string_equal(sw_text_signal(text, sizeof text, 40), "signal 40");
	assert_string_equal(sw_text_signal(text, 5, 9), "SIGK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_accepts_every_character),
		cmocka_unit_test(utf8_accepts_nothing_else),
		cmocka_unit_test(utf8_of_nothing_is_nothing),
		cmocka_unit_test(clean_table),
		cmocka_unit_test(clean_ranges_are_exact),
		cmocka_unit_test(clean_counts_bytes_not_terminators),
		cmocka_unit_test(clean_never_splits),
		cmocka_unit_test(clean_properties),
		cmocka_unit_test(copy_truncates_at_a_character),
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_stay_within_their_bound),
		cmocka_unit_test(seconds),
		cmocka_unit_test(bytes),
		cmocka_unit_test(distances),
		cmocka_unit_test(long_words_are_infinitely_far),
		cmocka_unit_test(nearest),
		cmocka_unit_test(signals_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
