#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/buf.h"
#include "tests/unit/tui/screen_test.h"
#include "tui/paint.h"

static struct sw_canvas *canvas;
static struct sw_paint *paint;
static struct sw_theme theme;
static struct sw_buf out;
static struct screen screen;
static struct sw_paint_options options;

static uint32_t random_state = 1;

static uint32_t below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static int set_up(void **state)
{
	(void)state;
	sw_theme_default(&theme);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sw_canvas_free(canvas);
	sw_paint_free(paint);
	sw_buf_done(&out);
	canvas = NULL;
	paint = NULL;
	return 0;
}

static void begin(int w, int h, enum sw_depth depth)
{
	options = (struct sw_paint_options){depth, true, true, true};
	canvas = sw_canvas_new(w, h, &sw_glyphs_unicode);
	paint = sw_paint_new(&options);
	assert_non_null(canvas);
	assert_non_null(paint);
	screen_reset(&screen, w, h, true);
}

/* ---- what should be seen, worked out without paint.c ---- */

static uint32_t seen_char(const struct sw_cell *row, int x, int w)
{
	uint32_t ch = row[x].ch;
	int columns = ch < 0xa0 ? ch >= ' ' && ch < 0x7f : sw_glyph_columns(ch);
	if (x > 0 && ch == 0 && sw_glyph_columns(row[x - 1].ch) == 2)
		return options.unicode ? 0 : ' ';
	if (columns < 1 || ch > 0x10ffff || (columns == 2 && (x + 1 == w || row[x + 1].ch != 0)))
		return '?';
	return options.unicode || ch < 0x80 ? ch : (unsigned char)sw_glyph_ascii(ch);
}

static int32_t seen_color(int32_t color)
{
	if (color < 0 || options.depth == SW_DEPTH_NONE)
		return -1;
	return options.depth == SW_DEPTH_TRUE ? 1 << 24 | color : color;
}

static struct screen_cell seen_cell(const struct sw_cell *row, int x, int w)
{
	struct screen_cell cell = {.ch = seen_char(row, x, w)};
	const struct sw_cell *from = &row[x];
	bool is_second = x > 0 && from->ch == 0 && sw_glyph_columns(row[x - 1].ch) == 2;
	if (is_second)
		from--;
	enum sw_role role = from->role < SW_ROLE_COUNT ? from->role : SW_ROLE_TEXT;
	enum sw_role back = from->back < SW_ROLE_COUNT ? from->back : SW_ROLE_TEXT;
	const struct sw_style *style = sw_theme_style(&theme, role, options.depth);
	cell.fg = seen_color(style->fg);
	cell.bg = seen_color(style->bg);
	if (back != SW_ROLE_TEXT && sw_theme_style(&theme, back, options.depth)->fg >= 0)
		cell.bg = seen_color(sw_theme_style(&theme, back, options.depth)->fg);
	cell.attributes = (style->bold || from->attributes & SW_CELL_BOLD) << 1 | style->dim << 2 |
	                  style->italic << 3 |
	                  (style->underline || from->attributes & SW_CELL_UNDERLINE) << 4 |
	                  (style->reverse != ((from->attributes & SW_CELL_REVERSE) != 0)) << 7;
	if (options.depth == SW_DEPTH_16 && !options.bright) {
		cell.attributes |= (cell.fg >= 8) << 1;
		cell.fg -= cell.fg >= 8 ? 8 : 0;
		cell.bg -= cell.bg >= 8 ? 8 : 0;
	}
	return cell;
}

static bool looks_same(struct screen_cell a, struct screen_cell b)
{
	bool is_blank = a.ch == ' ' && !((a.attributes | b.attributes) & (1 << 4 | 1 << 7));
	return a.ch == b.ch && a.bg == b.bg &&
	       (is_blank || (a.fg == b.fg && a.attributes == b.attributes));
}

static void check_screen(void)
{
	int w = sw_canvas_width(canvas), h = sw_canvas_height(canvas);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w - (y == h - 1 && !options.last_cell); x++) {
			struct screen_cell want = seen_cell(sw_canvas_row(canvas, y), x, w);
			struct screen_cell got = screen.cells[y][x];
			if (!options.last_cell && y == h - 1 && x == w - 2 && want.ch &&
			    sw_glyph_columns(want.ch) == 2)
				continue; /* one that would reach into the corner */
			if (!looks_same(want, got))
				fail_msg("at %d,%d of %dx%d: U+%04X %d %d %x on the screen, not U+%04X %d %d %x", x,
				         y, w, h, got.ch, got.fg, got.bg, got.attributes, want.ch, want.fg, want.bg,
				         want.attributes);
		}
}

/* Paints; what comes out is what the screen then shows. Returns its bytes. */
static const char *painted(void)
{
	sw_buf_clear(&out);
	assert_int_equal(sw_paint_frame(paint, canvas, &theme, &out), 0);
	screen.fault_at = NULL;
	screen_feed(&screen, out.data ? out.data : "");
	if (screen.faults)
		fail_msg("a fault at: %.30s", screen.fault_at);
	assert_false(screen.in_update);
	check_screen();
	return out.len ? out.data : "";
}

static void put(int x, int y, const char *text, enum sw_role role)
{
	sw_put_text(sw_canvas_area(canvas), x, y, text, role);
}

/* As nobody should, past the canvas's own checks. */
static struct sw_cell *raw_cell(int x, int y)
{
	return (struct sw_cell *)(uintptr_t)&sw_canvas_row(canvas, y)[x];
}

/* ---- tests ---- */

static void an_unchanged_frame_is_no_bytes(void **state)
{
	(void)state;
	begin(40, 5, SW_DEPTH_TRUE);
	put(3, 2, "wide 世界 and ▒ blocks", SW_ROLE_OK);
	assert_true(strlen(painted()) > 200);
	assert_string_equal(painted(), "");
	sw_canvas_clear(canvas);
	put(3, 2, "wide 世界 and ▒ blocks", SW_ROLE_OK);
	assert_string_equal(painted(), "");
	sw_paint_forget(paint);
	assert_true(strlen(painted()) > 200);
	assert_string_equal(painted(), "");
}

static void a_change_costs_little(void **state)
{
	(void)state;
	begin(40, 5, SW_DEPTH_NONE);
	put(0, 0, "latency 431 ms", SW_ROLE_TEXT);
	put(0, 1, "latency 431 ms", SW_ROLE_TEXT);
	painted();
	put(9, 0, "4", SW_ROLE_TEXT);
	assert_string_equal(painted(), "\033[?2026h\033[;10H\033[0m4\033[0m\033[?2026l");
	/* what lies between is written again, or skipped, whatever is shorter */
	put(8, 0, "5", SW_ROLE_TEXT);
	put(10, 0, "7", SW_ROLE_TEXT);
	assert_string_equal(painted(), "\033[?2026h\033[;9H\033[0m547\033[0m\033[?2026l");
	put(0, 0, "L", SW_ROLE_TEXT);
	put(8, 0, "6", SW_ROLE_TEXT);
	put(8, 1, "6", SW_ROLE_TEXT);
	put(0, 3, "6", SW_ROLE_TEXT);
	assert_string_equal(painted(),
	                    "\033[?2026h\033[H\033[0mL\033[7C6\033[2;9H6\033[4H6\033[0m\033[?2026l");
}

static void colours_are_said_once(void **state)
{
	(void)state;
	begin(30, 3, SW_DEPTH_256);
	put(0, 0, "one two three", SW_ROLE_OK);
	put(0, 1, "four five six", SW_ROLE_OK);
	painted();
	screen.sgrs = 0;
	put(0, 0, "ONE", SW_ROLE_OK);
	put(0, 1, "FOUR", SW_ROLE_OK);
	painted();
	assert_int_equal(screen.sgrs, 2); /* one before, and the reset behind */
}

static void each_depth_has_its_numbers(void **state)
{
	(void)state;
	static const char *const has[] = {[SW_DEPTH_NONE] = "\033[0mx",
	                                  [SW_DEPTH_16] = "\033[0;94;40mx",
	                                  [SW_DEPTH_256] = "\033[0;38;5;200;48;5;17mx",
	                                  [SW_DEPTH_TRUE] = "\033[0;38;2;1;20;255;48;2;0;0;16mx"};
	for (enum sw_depth depth = SW_DEPTH_NONE; depth <= SW_DEPTH_TRUE; depth++) {
		begin(3, 1, depth);
		theme.none[SW_ROLE_BAD] = (struct sw_style){.fg = -1, .bg = -1};
		theme.x16[SW_ROLE_BAD] = (struct sw_style){.fg = 12, .bg = 0};
		theme.x256[SW_ROLE_BAD] = (struct sw_style){.fg = 200, .bg = 17};
		theme.rgb[SW_ROLE_BAD] = (struct sw_style){.fg = 0x0114ff, .bg = 0x10};
		put(0, 0, "x", SW_ROLE_BAD);
		assert_non_null(strstr(painted(), has[depth]));
		tear_down(NULL);
	}
	/* a terminal of eight colours */
	begin(3, 1, SW_DEPTH_16);
	options.bright = false;
	sw_paint_free(paint);
	paint = sw_paint_new(&options);
	put(0, 0, "x", SW_ROLE_BAD);
	assert_non_null(strstr(painted(), "\033[0;1;34;40mx"));
}

static void another_theme_is_seen(void **state)
{
	(void)state;
	begin(30, 3, SW_DEPTH_TRUE);
	put(0, 0, "text", SW_ROLE_TEXT);
	put(0, 1, "ok", SW_ROLE_OK);
	painted();
	theme.rgb[SW_ROLE_OK].fg ^= 0x404040;
	const char *bytes = painted();
	assert_null(strstr(bytes, "text"));
	assert_non_null(strstr(bytes, "ok"));
	for (int i = 0; sw_theme_names[i]; i++) {
		assert_int_equal(sw_theme_load(sw_theme_names[i], &theme, NULL), 0);
		painted();
	}
}

static void only_printable_characters_get_out(void **state)
{
	static const uint32_t hostile[] = {0,       1,        '\a',     '\b',       '\t',      '\n',
	                                   '\r',    0x1b,     0x1f,     0x7f,       0x80,      0x85,
	                                   0x9b,    0x9f,     0xad,     0x300,      0x200b,    0x200e,
	                                   0x202e,  0x2066,   0xfeff,   0xd800,     0xdfff,    0xfe0f,
	                                   0xe0001, 0x10fffe, 0x110000, 0x80000000, 0xffffffff};
	enum { N = sizeof hostile / sizeof *hostile };
	(void)state;
	for (int unicode = 0; unicode < 2; unicode++) {
		begin(N, 2, SW_DEPTH_TRUE);
		options.unicode = unicode;
		sw_paint_free(paint);
		paint = sw_paint_new(&options);
		put(0, 1, "µ × … é 世", SW_ROLE_TEXT);
		for (int i = 0; i < N; i++)
			raw_cell(i, 0)->ch = hostile[i];
		const char *bytes = painted();
		for (int i = 0; i < N; i++)
			if (sw_glyph_columns(hostile[i]) == 0)
				assert_int_equal(screen.cells[0][i].ch, '?');
		for (; *bytes && !unicode; bytes++)
			assert_true((unsigned char)*bytes < 0x80);
		tear_down(NULL);
	}
	begin(6, 1, SW_DEPTH_TRUE);
	raw_cell(1, 0)->ch = 0x4e16; /* halves of wide ones */
	raw_cell(4, 0)->ch = 0;
	raw_cell(5, 0)->ch = 0x4e16;
	raw_cell(3, 0)->role = 200;
	raw_cell(3, 0)->back = 200;
	painted();
	assert_int_equal(screen.cells[0][1].ch, '?');
	assert_int_equal(screen.cells[0][4].ch, '?');
	assert_int_equal(screen.cells[0][5].ch, '?');
}

static void the_corner_scrolls_nothing(void **state)
{
	(void)state;
	for (int w = 1; w < 5; w++) {
		begin(w, 3, SW_DEPTH_16);
		options.last_cell = false;
		sw_paint_free(paint);
		paint = sw_paint_new(&options);
		screen.wraps_late = false;
		for (int i = 0; i < 6; i++) {
			sw_fill(sw_canvas_area(canvas), (uint32_t)('a' + i), SW_ROLE_TEXT);
			if (i > 3 && w > 1)
				put(w - 2, 2, "世", SW_ROLE_TEXT);
			painted();
		}
		tear_down(NULL);
	}
	begin(1, 1, SW_DEPTH_TRUE);
	put(0, 0, "x", SW_ROLE_TEXT);
	painted();
	assert_int_equal(screen.cells[0][0].ch, 'x');
}

static void random_style(struct sw_style *style, uint32_t colors)
{
	*style = (struct sw_style){.fg = below(4) ? (int32_t)below(colors) : -1,
	                           .bg = below(4) ? (int32_t)below(colors) : -1,
	                           .bold = !below(4),
	                           .underline = !below(6),
	                           .reverse = !below(6),
	                           .dim = !below(6),
	                           .italic = !below(6)};
}

static void random_theme(void)
{
	for (int role = 0; role < SW_ROLE_COUNT; role++) {
		random_style(&theme.rgb[role], 1 << 24);
		random_style(&theme.x256[role], 256);
		random_style(&theme.x16[role], 16);
		random_style(&theme.none[role], 1);
		theme.none[role].fg = theme.none[role].bg = -1;
	}
}

static void random_change(void)
{
	static const char *const texts[] = {"abc",     "世界", "é",   "▏▎▍",   "   ",
	                                    "a世b界c", "x",    "⠿⠇⣿", "431 ms"};
	int w = sw_canvas_width(canvas), h = sw_canvas_height(canvas);
	int x = (int)below((uint32_t)w), y = (int)below((uint32_t)h);
	enum sw_role role = below(SW_ROLE_COUNT);
	switch (below(8)) {
	case 0:
		raw_cell(x, y)->ch = below(3) ? below(0x3000) : 0;
		break;
	case 1:
		raw_cell(x, y)->back = (uint8_t)below(SW_ROLE_COUNT + 2);
		raw_cell(x, y)->attributes = (uint8_t)below(8);
		break;
	case 2:
		sw_paint(sw_area_sub(sw_canvas_area(canvas), x, y, 5, 2), role, (uint8_t)below(8));
		break;
	case 3:
		if (!below(20))
			sw_canvas_clear(canvas);
		break;
	default:
		put(x, y, texts[below(sizeof texts / sizeof *texts)], role);
		break;
	}
}

/* Sizes, depths and terminals at random; after each frame the screen shows what the canvas holds. */
static void any_sequence_of_frames_ends_on_the_canvas(void **state)
{
	(void)state;
	for (int round = 0; round < 120; round++) {
		begin(1 + (int)below(round & 1 ? 8 : SCREEN_W), 1 + (int)below(SCREEN_H), below(4));
		options.bright = below(3);
		options.unicode = below(4);
		options.last_cell = below(4);
		sw_paint_free(paint);
		paint = sw_paint_new(&options);
		screen.wraps_late = options.last_cell;
		for (int frame = 0; frame < 30; frame++) {
			for (uint32_t n = below(12); n > 0; n--)
				random_change();
			if (!below(10))
				random_theme();
			if (!below(10))
				sw_paint_forget(paint);
			if (!below(10)) {
				int w = 1 + (int)below(SCREEN_W), h = 1 + (int)below(SCREEN_H);
				assert_int_equal(sw_canvas_resize(canvas, w, h), 0);
				screen_reset(&screen, w, h, options.last_cell);
				sw_paint_forget(paint); /* 20x3 may have become 20x3 again */
			}
			painted();
		}
		assert_string_equal(painted(), "");
		tear_down(NULL);
	}
}

static void without_memory_nothing_is_half_sent(void **state)
{
	(void)state;
	begin(30, 3, SW_DEPTH_TRUE);
	put(0, 0, "text", SW_ROLE_TEXT);
	painted();
	put(0, 0, "TEXT that is longer", SW_ROLE_OK);
	sw_buf_done(&out);
	sw_buf_init(&out, 30);
	assert_int_equal(sw_buf_add_str(&out, "before"), 0);
	assert_int_equal(sw_paint_frame(paint, canvas, &theme, &out), -1);
	assert_string_equal(out.data, "before");
	assert_int_equal(out.len, 6);
	sw_buf_done(&out);
	sw_buf_init(&out, 0);
	assert_non_null(strstr(painted(), "\033(B")); /* whole */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_unchanged_frame_is_no_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_change_costs_little, set_up, tear_down),
		cmocka_unit_test_setup_teardown(colours_are_said_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_depth_has_its_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_theme_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_printable_characters_get_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_corner_scrolls_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_sequence_of_frames_ends_on_the_canvas, set_up,
	                                    tear_down),
		cmocka_unit_test_setup_teardown(without_memory_nothing_is_half_sent, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
