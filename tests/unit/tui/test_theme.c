/* The themes that come with the program can be read and told apart, files of the user's, what is
 * said of broken ones, and fewer colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "tui/color.h"
#include "tui/theme.h"
#include "tui/theme_internal.h"

/* Outlive a failed assert, which leaves the test with longjmp. */
static struct sw_theme theme, dusk;
static struct sw_error err;
static struct sw_buf long_text;
static char folder[] = "/tmp/sw-theme-XXXXXX", themes[96], path[128];

static int setup(void **state)
{
	(void)state;
	sw_theme_default(&dusk);
	memset(&theme, 0x55, sizeof theme);
	memset(&err, 0, sizeof err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&long_text);
	return 0;
}

/* $XDG_CONFIG_HOME/sandwatch/themes for the tests' files. */
static int make_folder(void **state)
{
	char below[64];
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(below, sizeof below, "%s/sandwatch", folder);
	snprintf(themes, sizeof themes, "%s/themes", below);
	return mkdir(below, 0700) | mkdir(themes, 0700) | setenv("XDG_CONFIG_HOME", folder, 1);
}

static int remove_folder(void **state)
{
	char below[64];
	(void)state;
	snprintf(below, sizeof below, "%s/sandwatch", folder);
	snprintf(path, sizeof path, "%s/t.yaml", themes);
	(void)unlink(path);
	return rmdir(themes) | rmdir(below) | rmdir(folder);
}

#define NAME(id, name, about) name,
static const char *const names[] = {SW_ROLES(NAME)};

static bool same_attributes(const struct sw_style *a, const struct sw_style *b)
{
	return a->bold == b->bold && a->underline == b->underline && a->reverse == b->reverse &&
	       a->dim == b->dim && a->italic == b->italic;
}

static bool same_look(const struct sw_style *a, const struct sw_style *b)
{
	return a->fg == b->fg && a->bg == b->bg && same_attributes(a, b);
}

/* The styles have padding: no memcmp. */
static void is_dusk(void)
{
	assert_string_equal(theme.name, dusk.name);
	for (int depth = SW_DEPTH_NONE; depth <= SW_DEPTH_TRUE; depth++)
		for (int r = 0; r < SW_ROLE_COUNT; r++)
			assert_true(
				same_look(sw_theme_style(&theme, r, depth), sw_theme_style(&dusk, r, depth)));
}

static void loads(const char *name)
{
	if (sw_theme_load(name, &theme, &err) < 0)
		fail_msg("%s: %s", name, err.message);
}

/* Writes the user's theme t, and loads it. */
static int load_text(const char *text, size_t len)
{
	snprintf(path, sizeof path, "%s/t.yaml", themes);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	return sw_theme_load("t", &theme, &err);
}

static void loads_text(const char *text)
{
	if (load_text(text, strlen(text)) < 0)
		fail_msg("%s\nin:\n%s", err.message, text);
}

/* ---- arithmetic ---- */

static void near(double is, double expected, double by)
{
	if (!(fabs(is - expected) <= by))
		fail_msg("%f is not %f", is, expected);
}

/* Known values: W3C's own examples of contrast, and L*a*b* of sRGB's primaries. */
static void colours_are_measured_as_others_do(void **state)
{
	struct sw_lab red = sw_color_lab(0xff0000);
	(void)state;
	near(sw_color_contrast(0xffffff, 0x000000), 21, 0.001);
	near(sw_color_contrast(0x777777, 0xffffff), 4.48, 0.005);
	near(sw_color_contrast(0x0000ff, 0xffffff), 8.59, 0.005);
	near(red.l, 53.24, 0.02);
	near(red.a, 80.09, 0.02);
	near(red.b, 67.20, 0.02);
	near(sw_color_distance(0xffffff, 0x000000), 100, 0.01);
	near(sw_color_distance(0x123456, 0x123456), 0, 0);
	assert_int_equal(sw_color_of_256(16), 0x000000);
	assert_int_equal(sw_color_of_256(110), 0x87afd7);
	assert_int_equal(sw_color_of_256(231), 0xffffff);
	assert_int_equal(sw_color_of_256(232), 0x080808);
	assert_int_equal(sw_color_of_256(255), 0xeeeeee);
	assert_int_equal(sw_color_of_256(256), 0);
}

static void the_nearest_is_found(void **state)
{
	struct sw_palette palette;
	(void)state;
	sw_color_palette(&palette);
	for (int i = 16; i < 256; i++)
		assert_int_equal(sw_color_of_256(sw_color_to_256(&palette, sw_color_of_256(i), -1, 0)),
		                 sw_color_of_256(i));
	assert_int_equal(sw_color_to_256(&palette, 0x161a21, -1, 0), 234);
	assert_int_not_equal(sw_color_to_256(&palette, 0x161a21, 234, 0), 234);
	for (int i = 0; i < 16; i++)
		assert_int_equal(sw_color_to_16(&palette, sw_color_of_256(i), -1, 1), i);
	/* Blue cannot be read on black: what can be is taken, and never the ground. */
	assert_int_equal(sw_color_to_16(&palette, 0x0000ee, 0, 3), 12);
	assert_int_not_equal(sw_color_to_16(&palette, 0x000000, 0, 3), 0);
	assert_int_equal(sw_color_to_16(&palette, 0xffffff, 15, 30), 0);
}

/* ---- what comes with the program ---- */

/* Deuteranopia after Machado, Oliveira and Fernandes (2009), severity 1, on linear light. */
static uint32_t as_deuteranope(uint32_t rgb)
{
	static const double m[3][3] = {{0.367322, 0.860646, -0.227968},
	                               {0.280085, 0.672501, 0.047413},
	                               {-0.011820, 0.042940, 0.968881}};
	double in[3];
	uint32_t out = 0;
	for (int i = 0; i < 3; i++) {
		double c = (double)(rgb >> (16 - 8 * i) & 0xff) / 255;
		in[i] = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
	}
	for (int i = 0; i < 3; i++) {
		double c = fmin(1, fmax(0, m[i][0] * in[0] + m[i][1] * in[1] + m[i][2] * in[2]));
		c = c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055;
		out = out << 8 | (uint32_t)lround(c * 255);
	}
	return out;
}

static uint32_t as_is(uint32_t rgb)
{
	return rgb;
}

static double least_contrast(const char *name, int role)
{
	bool text = role != SW_ROLE_BORDER && role != SW_ROLE_TRACK;
	if (!text)
		return 1.2; /* they may stand back, but are seen */
	if (strcmp(name, "contrast") == 0)
		return 7; /* WCAG 2, AAA */
	return role == SW_ROLE_DIM ? 3 : 4.5;
}

static void every_theme_can_be_read(void **state)
{
	(void)state;
	for (int t = 0; sw_theme_names[t]; t++) {
		loads(sw_theme_names[t]);
		assert_string_equal(theme.name, sw_theme_names[t]);
		assert_true(*theme.about);
		for (int r = 0; r < SW_ROLE_COUNT; r++) {
			const struct sw_style *s = sw_theme_style(&theme, r, SW_DEPTH_TRUE);
			assert_in_range(s->fg, 0, 0xffffff);
			assert_in_range(s->bg, 0, 0xffffff);
			double is = sw_color_contrast((uint32_t)s->fg, (uint32_t)s->bg);
			if (is < least_contrast(theme.name, r))
				fail_msg("%s: %s has contrast %.2f", theme.name, names[r], is);
			s = sw_theme_style(&theme, r, SW_DEPTH_256);
			is = sw_color_contrast(sw_color_of_256(s->fg), sw_color_of_256(s->bg));
			if (s->fg == s->bg || is < least_contrast(theme.name, r) * 0.85)
				fail_msg("%s: %s has contrast %.2f in 256 colours", theme.name, names[r], is);
			s = sw_theme_style(&theme, r, SW_DEPTH_16);
			assert_in_range(s->fg + 1, 0, 16);
			if (s->fg == s->bg && s->fg != SW_COLOR_DEFAULT)
				fail_msg("%s: %s is invisible in 16 colours", theme.name, names[r]);
			s = sw_theme_style(&theme, r, SW_DEPTH_NONE);
			assert_int_equal(s->fg, SW_COLOR_DEFAULT);
			assert_int_equal(s->bg, SW_COLOR_DEFAULT);
		}
	}
}

/* Roles that stand side by side. */
static const int modes[] = {SW_ROLE_MODE_1, SW_ROLE_MODE_2, SW_ROLE_MODE_3,
                            SW_ROLE_MODE_4, SW_ROLE_MODE_5, SW_ROLE_MODE_6};
static const int groups[] = {SW_ROLE_STARTUP, SW_ROLE_EXECUTION, SW_ROLE_SERIALIZATION,
                             SW_ROLE_CLEANUP};
static const int states[] = {SW_ROLE_OK, SW_ROLE_WARNING, SW_ROLE_BAD};

typedef void (*pair_fn)(int a, int b);

static void pairs_of(const int *roles, int n, pair_fn fn)
{
	for (int a = 0; a < n; a++)
		for (int b = 0; b < a; b++)
			fn(roles[a], roles[b]);
}

static void side_by_side(pair_fn fn)
{
	pairs_of(modes, 6, fn);
	pairs_of(groups, 4, fn);
	pairs_of(states, 3, fn);
}

/* As many steps of CIE76 apart as cannot be missed, in the eyes of who the theme is for. */
static void far_apart(int a, int b)
{
	uint32_t (*eye)(uint32_t) = strcmp(theme.name, "deuteranopia") == 0 ? as_deuteranope : as_is;
	double is = sw_color_distance(eye((uint32_t)theme.rgb[a].fg), eye((uint32_t)theme.rgb[b].fg));
	if (is < 22)
		fail_msg("%s: %s and %s are only %.1f apart", theme.name, names[a], names[b], is);
}

static void differ_with_fewer_colours(int a, int b)
{
	if (same_look(&theme.x256[a], &theme.x256[b]) || same_look(&theme.x16[a], &theme.x16[b]))
		fail_msg("%s: %s and %s look the same", theme.name, names[a], names[b]);
}

static void differ_by_attributes(int a, int b)
{
	if (same_attributes(&theme.none[a], &theme.none[b]))
		fail_msg("%s: %s and %s look the same without colours", theme.name, names[a], names[b]);
}

static void what_stands_side_by_side_can_be_told_apart(void **state)
{
	(void)state;
	for (int t = 0; sw_theme_names[t]; t++) {
		loads(sw_theme_names[t]);
		if (strcmp(theme.name, "mono") != 0)
			side_by_side(far_apart);
		side_by_side(differ_with_fewer_colours);
		side_by_side(differ_by_attributes);
		for (int depth = SW_DEPTH_NONE; depth <= SW_DEPTH_TRUE; depth++)
			assert_false(same_look(sw_theme_style(&theme, SW_ROLE_SELECTION, depth),
			                       sw_theme_style(&theme, SW_ROLE_TEXT, depth)));
	}
}

/* The parts of a waterfall's bar are full blocks: of them only the colour is seen. */
static void neighbours_in_a_bar_differ_in_colour(void **state)
{
	(void)state;
	for (int t = 0; sw_theme_names[t]; t++) {
		loads(sw_theme_names[t]);
		for (int depth = SW_DEPTH_16; depth <= SW_DEPTH_TRUE; depth++)
			for (int g = 0; g < 3; g++)
				assert_int_not_equal(sw_theme_style(&theme, groups[g], depth)->fg,
				                     sw_theme_style(&theme, groups[g + 1], depth)->fg);
	}
}

static void grey_or_attributes(int a, int b)
{
	double is = sw_color_distance((uint32_t)theme.rgb[a].fg, (uint32_t)theme.rgb[b].fg);
	if (is < 14 && same_attributes(&theme.rgb[a], &theme.rgb[b]))
		fail_msg("mono: %s and %s are only %.1f apart", names[a], names[b], is);
}

static void mono_has_no_hue(void **state)
{
	(void)state;
	loads("mono");
	for (int r = 0; r < SW_ROLE_COUNT; r++) {
		for (int i = 0; i < 2; i++) {
			int32_t c = i ? theme.rgb[r].bg : theme.rgb[r].fg;
			assert_int_equal(c & 0xff, c >> 8 & 0xff);
			assert_int_equal(c & 0xff, c >> 16);
		}
		assert_true(theme.x16[r].fg == 0 || theme.x16[r].fg == 7 || theme.x16[r].fg == 8 ||
		            theme.x16[r].fg == 15);
	}
	side_by_side(grey_or_attributes);
	pairs_of(states, 3, differ_by_attributes);
}

static void no_theme_opposes_red_and_green_to_deuteranopes(void **state)
{
	(void)state;
	loads("deuteranopia");
	for (int r = 0; r < SW_ROLE_COUNT; r++) {
		struct sw_lab lab = sw_color_lab((uint32_t)theme.rgb[r].fg);
		/* a*: green below 0, red above. Orange has some of it, and much of b*. */
		assert_true(lab.a > -15);
		assert_true(lab.a < 15 || lab.b > lab.a);
	}
}

/* ---- files ---- */

static void what_is_left_out_is_as_the_base_or_as_text(void **state)
{
	(void)state;
	loads_text("name: t\nroles:\n  text: \"#f0e0d0 on #201010\"\n  bad: \"#ff8080 bold\"\n"
	           "  dim: {rgb: \"#aa9988\", x16: red, none: italic}\n");
	assert_string_equal(theme.name, "t");
	assert_int_equal(theme.rgb[SW_ROLE_BAD].fg, 0xff8080);
	assert_int_equal(theme.rgb[SW_ROLE_BAD].bg, 0x201010);
	assert_true(theme.rgb[SW_ROLE_BAD].bold);
	assert_int_equal(theme.rgb[SW_ROLE_KEY].fg, 0xf0e0d0);
	assert_true(theme.rgb[SW_ROLE_SELECTION].reverse);
	assert_int_equal(theme.x16[SW_ROLE_DIM].fg, 1);
	assert_true(theme.none[SW_ROLE_DIM].italic && !theme.none[SW_ROLE_DIM].dim);
	assert_true(theme.none[SW_ROLE_BAD].underline); /* dusk's */

	loads_text("base: paper\nroles: {mode-2: \"#0000e0\"}\n");
	assert_string_equal(theme.name, "t");
	assert_int_equal(theme.rgb[SW_ROLE_TEXT].bg, 0xfaf8f3);
	assert_int_equal(theme.rgb[SW_ROLE_MODE_2].fg, 0x0000e0);
	assert_int_equal(theme.rgb[SW_ROLE_MODE_2].bg, 0xfaf8f3);
	assert_int_equal(theme.x16[SW_ROLE_MODE_2].fg, 4);
	assert_int_equal(theme.x16[SW_ROLE_MODE_2].bg, 7);
	assert_int_equal(theme.x16[SW_ROLE_TEXT].bg, 7);

	loads_text("base: dusk\nroles: {text: \"#ffffff on #000000\"}\n");
	assert_int_equal(theme.rgb[SW_ROLE_OK].fg, dusk.rgb[SW_ROLE_OK].fg);
	assert_int_equal(theme.rgb[SW_ROLE_OK].bg, 0);
	assert_int_equal(theme.rgb[SW_ROLE_SELECTION].bg, dusk.rgb[SW_ROLE_SELECTION].bg);

	loads_text("roles: {ok: default}");
	assert_int_equal(theme.rgb[SW_ROLE_OK].fg, SW_COLOR_DEFAULT);
	assert_int_equal(theme.x256[SW_ROLE_OK].fg, SW_COLOR_DEFAULT);
	assert_true(same_look(&theme.rgb[SW_ROLE_BAD], &dusk.rgb[SW_ROLE_BAD]));
	loads_text("name: dusk");
	is_dusk();
	loads_text("");
	assert_string_equal(theme.name, "t");
	loads_text("{name: \"my own\", about: ~x, roles: }");
	assert_string_equal(theme.name, "my own");
}

static void fewer_colours_can_still_be_read(void **state)
{
	(void)state;
	loads_text("roles:\n  text: \"#dddddd on #101010\"\n  dim: \"#1c1c1c\"\n  ok: \"#101010\"\n"
	           "  key: \"#0000c0\"\n  selection: \"#ffffff on #181818\"\n"
	           "  title: \"#000000 on #ffffff\"\n");
	assert_int_equal(theme.x16[SW_ROLE_TEXT].bg, 0);
	assert_int_equal(theme.x16[SW_ROLE_TEXT].fg, 7);
	assert_int_equal(theme.x16[SW_ROLE_TITLE].fg, 0);
	assert_int_equal(theme.x16[SW_ROLE_TITLE].bg, 15);
	/* A ground that is black, too, is turned round instead. */
	assert_true(theme.x16[SW_ROLE_SELECTION].reverse);
	assert_int_not_equal(theme.x256[SW_ROLE_SELECTION].bg, theme.x256[SW_ROLE_TEXT].bg);
	for (int r = 0; r < SW_ROLE_COUNT; r++) {
		assert_int_not_equal(theme.x16[r].fg, theme.x16[r].bg);
		assert_int_not_equal(theme.x256[r].fg, theme.x256[r].bg);
	}
	assert_true(sw_color_contrast(sw_color_of_256(theme.x16[SW_ROLE_KEY].fg), 0) >= 3);
}

static void a_path_is_a_file(void **state)
{
	char other[sizeof path + 8];
	(void)state;
	loads_text("base: mono\n");
	loads(path);
	assert_string_equal(theme.name, "t");
	assert_int_equal(theme.rgb[SW_ROLE_TEXT].bg, 0x141414);
	assert_int_equal(sw_theme_load(themes, &theme, &err), -1);
	assert_non_null(strstr(err.message, ": is no file; name a theme file"));
	snprintf(other, sizeof other, "%s.no", path);
	assert_int_equal(sw_theme_load(other, &theme, &err), -1);
	assert_non_null(strstr(err.message, "No such file"));
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_int_equal(sw_theme_load("/dev/zero", &theme, NULL), -1);
}

/* ---- broken ones ---- */

static void refuses(const char *text, const char *message)
{
	char expected[640];
	snprintf(path, sizeof path, "%s/t.yaml", themes);
	snprintf(expected, sizeof expected, "%s:%s", path, message);
	if (load_text(text, strlen(text)) == 0)
		fail_msg("accepted:\n%s", text);
	assert_string_equal(err.message, expected);
	assert_int_equal(err.code, SW_ERR_USAGE);
	is_dusk();
}

static void broken_files_say_where(void **state)
{
	(void)state;
	refuses("name: t\nroles:\n  txt: \"#ffffff\"\n", "3:3: 'txt' is no role; did you mean 'text'?");
	refuses("role: {}\n", "1:1: 'role' is no key of a theme; did you mean 'roles'?");
	refuses("colours: {}\n", "1:1: 'colours' is no key of a theme; use name, about, base, roles");
	refuses("roles:\n  ok: \"#12345\"\n", "2:7: '#12345' is no colour; write \"#rrggbb\"");
	refuses("roles:\n  ok: \"#12345g\"\n", "2:7: '#12345g' is no colour; write \"#rrggbb\"");
	refuses("roles:\n  ok: \"#123456 blod\"\n",
	        "2:16: 'blod' is no colour or attribute; did you mean 'bold'?");
	refuses("roles:\n  ok: bold blue\n",
	        "2:12: 'blue' is one of 16 colours, which stand in x16; write \"#rrggbb\"");
	refuses("roles: {ok: {x16: bright-bleu}}\n",
	        "1:19: 'bright-bleu' is no colour or attribute; did you mean 'bright-blue'?");
	refuses("roles: {ok: {x16: \"#ffffff\"}}\n",
	        "1:19: '#ffffff' is no colour here; use one like bright-blue, or default");
	refuses("roles: {ok: {none: blue}}\n",
	        "1:20: 'blue' is no attribute; use bold, underline, reverse, dim or italic");
	refuses("roles: {ok: {x61: blue}}\n",
	        "1:14: 'x61' is no kind of terminal; did you mean 'x16'?");
	refuses("roles: {ok: \"#111111 #222222\"}\n",
	        "1:22: a second colour; keep one, or put 'on' before the ground's");
	refuses("roles: {ok: \"#111111 on\"}\n", "1:13: 'on' wants a colour after it");
	refuses("roles: {ok: \"#111111 on bold\"}\n", "1:25: 'on' wants a colour after it");
	refuses("roles:\n  ok: #ffffff\n", "2:6: expected a look like \"#c3cad6 bold\", found nothing "
	                                   "(a colour wants quotes)");
	refuses("roles: {ok: [a]}\n", "1:13: expected a look like \"#c3cad6 bold\", found a list (a "
	                              "colour wants quotes)");
	refuses("roles:\n  ok: bold\n  bad: bold\n  ok: dim\n",
	        "4:3: this key is there twice; keep one");
	refuses("base: papier\n",
	        "1:7: 'papier' is no theme that comes with sandwatch; did you mean 'paper'?");
	refuses("base: x\n",
	        "1:7: 'x' is no theme that comes with sandwatch; use dusk, paper, contrast, "
	        "deuteranopia or mono");
	refuses("roles: 3\n", "1:8: expected keys with values");
	refuses("[a]\n", "1:1: expected keys with values");
	refuses("? [a]\n: b\n", "1:3: a key must be a word");
	refuses("name: [a]\n", "1:7: expected a text");
	refuses("roles: {ok: \"\xff\"}\n", "1:14: not UTF-8 (byte 0xFF); save the file as UTF-8");
	refuses("roles: {ok: \"a\n", "2:1: found unexpected end of stream, while scanning a quoted "
	                             "scalar that starts at 1:13");
}

static void hostile_files_are_bounded(void **state)
{
	(void)state;
	refuses("name: \"a\\e[2J\"\n",
	        "1:7: longer than 63 bytes, or with characters that cannot be shown");
	refuses("roles: {ok: \"\\e[31m\"}\n",
	        "1:13: '?[31m' is no colour or attribute; use \"#rrggbb\", default, bold, underline, "
	        "reverse, dim or italic");
	sw_buf_add_str(&long_text, "name: ");
	for (int i = 0; i < 10240; i++)
		sw_buf_add_str(&long_text, "x");
	refuses(long_text.data, "1:7: longer than 63 bytes, or with characters that cannot be shown");
	memcpy(long_text.data, "a:    ", 6); /* the word is the look of a role */
	sw_buf_clear(&long_text);
	sw_buf_add_str(&long_text, "roles: {ok: ");
	for (int i = 0; i < 10240; i++)
		sw_buf_add_str(&long_text, "x");
	sw_buf_add_str(&long_text, "}");
	assert_int_equal(load_text(long_text.data, long_text.len), -1);
	assert_non_null(strstr(err.message, "t.yaml:1:13: 'xxxxx"));
	while (long_text.len < 65 << 10)
		sw_buf_add_str(&long_text, "\n# more than a theme needs, and yet no more of it");
	assert_int_equal(load_text(long_text.data, long_text.len), -1);
	is_dusk();
}

/* dusk, broken at random: read, or refused with a position. The sanitizers look on. */
static void nothing_crashes_it(void **state)
{
	static const char marks[] = "{}[]:,-&*#?|>!%@`'\"\\$~<\n\t \0\x80\xffx3o";
	size_t len;
	const char *text = sw_theme_text(0, &len);
	struct sw_theme_draft draft;
	uint64_t seed = 7;
	int accepted = 0;
	(void)state;
	for (int i = 0; i < 1000; i++) {
		char *copy = malloc(len); /* just that size, so that a read past its end is seen */
		assert_non_null(copy);
		memcpy(copy, text, len);
		for (int n = 0; n <= i % 3; n++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			copy[len / 2 + (seed >> 33) % (len / 2)] = marks[(seed >> 20) % (sizeof marks - 1)];
		}
		int result = sw_theme_parse("f", copy, len, &draft, &err);
		free(copy);
		if (result == 0) {
			accepted++;
			sw_theme_resolve(&draft, i % 2 ? &dusk : NULL, &dusk, &theme);
		} else {
			assert_memory_equal(err.message, "f:", 2);
			assert_in_range(err.message[2], '1', '9');
		}
	}
	assert_in_range(accepted, 50, 950);
}

static void names_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(sw_theme_load("dsuk", &theme, &err), -1);
	assert_string_equal(err.message, "no theme 'dsuk'; did you mean 'dusk'?");
	is_dusk();
	assert_int_equal(sw_theme_load("solarized", &theme, &err), -1);
	assert_non_null(strstr(err.message, "/sandwatch/themes/solarized.yaml"));
	assert_int_equal(sw_theme_load("", &theme, &err), -1);
	for (int i = 0; i < 10240; i++)
		sw_buf_add_str(&long_text, "x");
	assert_int_equal(sw_theme_load(long_text.data, &theme, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
}

/* ---- the terminal ---- */

static void the_environment_says_how_many_colours(void **state)
{
	static const struct {
		const char *no_color, *colorterm, *term;
		int max_colors;
		enum sw_depth depth;
	} cases[] = {
		{NULL, NULL, "xterm-256color", 256, SW_DEPTH_256},
		{NULL, "truecolor", "xterm-256color", 256, SW_DEPTH_TRUE},
		{NULL, "24bit", "screen", 8, SW_DEPTH_TRUE},
		{NULL, "yes", "xterm", 8, SW_DEPTH_16},
		{NULL, NULL, "xterm-direct", 0x1000000, SW_DEPTH_TRUE},
		{NULL, NULL, "xterm-kitty", 256, SW_DEPTH_256},
		{NULL, NULL, "tmux-256color", -1, SW_DEPTH_256},
		{NULL, NULL, "linux", 8, SW_DEPTH_16},
		{NULL, NULL, "linux", -1, SW_DEPTH_16},
		{NULL, "truecolor", "vt100", 0, SW_DEPTH_NONE},
		{"1", "truecolor", "xterm-256color", 256, SW_DEPTH_NONE},
		{"", "truecolor", "xterm-256color", 256, SW_DEPTH_TRUE},
		{NULL, "truecolor", "dumb", -1, SW_DEPTH_NONE},
		{NULL, NULL, "", -1, SW_DEPTH_NONE},
		{NULL, NULL, NULL, -1, SW_DEPTH_NONE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(sw_theme_depth(cases[i].no_color, cases[i].colorterm, cases[i].term,
		                                cases[i].max_colors),
		                 cases[i].depth);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(colours_are_measured_as_others_do),
		TEST(the_nearest_is_found),
		TEST(every_theme_can_be_read),
		TEST(what_stands_side_by_side_can_be_told_apart),
		TEST(neighbours_in_a_bar_differ_in_colour),
		TEST(mono_has_no_hue),
		TEST(no_theme_opposes_red_and_green_to_deuteranopes),
		TEST(what_is_left_out_is_as_the_base_or_as_text),
		TEST(fewer_colours_can_still_be_read),
		TEST(a_path_is_a_file),
		TEST(broken_files_say_where),
		TEST(hostile_files_are_bounded),
		TEST(nothing_crashes_it),
		TEST(names_that_are_none),
		TEST(the_environment_says_how_many_colours),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
