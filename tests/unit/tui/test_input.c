#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "tui/input.h"

enum { SEEN_MAX = 64 };

static struct sw_input_parser parser;
static struct sw_input seen[SEEN_MAX];
static int n_seen;

static void on_input(void *user, const struct sw_input *input)
{
	(void)user;
	assert_true(n_seen < SEEN_MAX);
	seen[n_seen++] = *input;
}

static int set_up(void **state)
{
	(void)state;
	parser = (struct sw_input_parser){.len = 0};
	n_seen = 0;
	return 0;
}

/* What was seen since the last call, as words: "Up", "click 3,4", "wheel-up 0,0". */
static const char *words(void)
{
	static char text[4096];
	size_t used = 0;
	text[0] = '\0';
	for (int i = 0; i < n_seen; i++) {
		char name[32];
		const struct sw_input *input = &seen[i];
		static const char *const kinds[] = {"", "click", "wheel-up", "wheel-down"};
		if (input->kind == SW_INPUT_KEY)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
			                         sw_input_key_name(input->key, input->mods, name, sizeof name));
		else
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %d,%d+%u", i ? " " : "",
			                         kinds[input->kind], input->x, input->y, input->mods);
	}
	n_seen = 0;
	return text;
}

static void feed(const char *bytes, size_t n)
{
	sw_input_feed(&parser, bytes, n, on_input, NULL);
}

static const char *fed(const char *bytes)
{
	feed(bytes, strlen(bytes));
	return words();
}

static const char *flushed(void)
{
	sw_input_flush(&parser, on_input, NULL);
	assert_false(sw_input_pending(&parser));
	return words();
}

static const struct {
	const char *bytes, *name;
} table[] = {
	/* xterm, plain and in application mode; tmux and screen send the same */
	{"\033[A", "Up"},
	{"\033OA", "Up"},
	{"\033[B", "Down"},
	{"\033OB", "Down"},
	{"\033[C", "Right"},
	{"\033OC", "Right"},
	{"\033[D", "Left"},
	{"\033OD", "Left"},
	{"\033[H", "Home"},
	{"\033OH", "Home"},
	{"\033[F", "End"},
	{"\033OF", "End"},
	{"\033[2~", "Ins"},
	{"\033[3~", "Del"},
	{"\033[5~", "PgUp"},
	{"\033[6~", "PgDn"},
	{"\033[Z", "Shift-Tab"},
	{"\033OP", "F1"},
	{"\033OQ", "F2"},
	{"\033OR", "F3"},
	{"\033OS", "F4"},
	{"\033[15~", "F5"},
	{"\033[17~", "F6"},
	{"\033[18~", "F7"},
	{"\033[19~", "F8"},
	{"\033[20~", "F9"},
	{"\033[21~", "F10"},
	{"\033[23~", "F11"},
	{"\033[24~", "F12"},
	/* with modifiers */
	{"\033[1;2A", "Shift-Up"},
	{"\033[1;3B", "Alt-Down"},
	{"\033[1;5C", "Ctrl-Right"},
	{"\033[1;8D", "Ctrl-Alt-Shift-Left"},
	{"\033[1;9A", "Alt-Up"},
	{"\033[1;5H", "Ctrl-Home"},
	{"\033[1;6F", "Ctrl-Shift-End"},
	{"\033[3;5~", "Ctrl-Del"},
	{"\033[5;3~", "Alt-PgUp"},
	{"\033[1;2P", "Shift-F1"},
	{"\033[1;5R", "Ctrl-F3"},
	{"\033[24;6~", "Ctrl-Shift-F12"},
	{"\033[1;2Z", "Shift-Tab"},
	{"\033[1;5Z", "Ctrl-Shift-Tab"},
	{"\033O5A", "Ctrl-Up"},
	{"\033O1;2P", "Shift-F1"},
	/* the Linux console, screen and tmux */
	{"\033[1~", "Home"},
	{"\033[4~", "End"},
	{"\033[[A", "F1"},
	{"\033[[B", "F2"},
	{"\033[[C", "F3"},
	{"\033[[D", "F4"},
	{"\033[[E", "F5"},
	/* rxvt */
	{"\033[7~", "Home"},
	{"\033[8~", "End"},
	{"\033[11~", "F1"},
	{"\033[12~", "F2"},
	{"\033[13~", "F3"},
	{"\033[14~", "F4"},
	{"\033[a", "Shift-Up"},
	{"\033[b", "Shift-Down"},
	{"\033[c", "Shift-Right"},
	{"\033[d", "Shift-Left"},
	{"\033Oa", "Ctrl-Up"},
	{"\033Od", "Ctrl-Left"},
	{"\033[3$", "Shift-Del"},
	{"\033[5^", "Ctrl-PgUp"},
	{"\033[6@", "Ctrl-Shift-PgDn"},
	{"\033\033[A", "Alt-Up"},
	{"\033\033[5~", "Alt-PgUp"},
	{"\033\033Oa", "Ctrl-Alt-Up"},
	/* keypad in application mode */
	{"\033OM", "Enter"},
	{"\033Op", "0"},
	{"\033Oy", "9"},
	{"\033Ok", "+"},
	/* characters */
	{"q", "q"},
	{"G", "G"},
	{" ", "Space"},
	{"\t", "Tab"},
	{"\r", "Enter"},
	{"\177", "Backspace"},
	{"\010", "Backspace"},
	{"\014", "Ctrl-L"},
	{"\032", "Ctrl-Z"},
	{"\n", "Ctrl-J"},
	{"\033x", "Alt-x"},
	{"\033\r", "Alt-Enter"},
	{"\033\177", "Alt-Backspace"},
	{"\033\001", "Ctrl-Alt-A"},
	{"é", "é"},
	{"€", "€"},
	{"😀", "😀"},
	{"\033ö", "Alt-ö"},
};
enum { TABLE = sizeof table / sizeof *table };

static void all_spellings_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < TABLE; i++) {
		assert_string_equal(fed(table[i].bytes), table[i].name);
		assert_false(sw_input_pending(&parser));
	}
}

static void all_spellings_byte_by_byte(void **state)
{
	(void)state;
	for (int i = 0; i < TABLE; i++) {
		size_t n = strlen(table[i].bytes);
		for (size_t at = 0; at < n; at++) {
			assert_int_equal(n_seen, 0);
			assert_true(sw_input_pending(&parser) == (at > 0));
			feed(table[i].bytes + at, 1);
		}
		assert_string_equal(words(), table[i].name);
	}
}

static void keys_follow_one_another(void **state)
{
	(void)state;
	assert_string_equal(fed("\033[Aj\033OB\033[5~é\033[<0;5;6Mq"),
	                    "Up j Down PgUp é click 4,5+0 q");
	assert_string_equal(fed("\033[1\033[A"), "Up"); /* one that was cut off */
	assert_string_equal(fed("\033[1;\rq"), "Enter q");
}

static void a_lone_escape_waits(void **state)
{
	(void)state;
	assert_string_equal(fed("\033"), "");
	assert_true(sw_input_pending(&parser));
	assert_string_equal(flushed(), "Esc");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("\033\033"), "");
	assert_string_equal(flushed(), "Esc Esc");
	assert_string_equal(fed("\033\033\033"), "Esc");
	assert_string_equal(flushed(), "Esc Esc");
	assert_string_equal(fed("\033\033q"), "Esc Alt-q");
	assert_string_equal(fed("\033["), "");
	assert_string_equal(flushed(), "Alt-[");
	assert_string_equal(fed("\033O"), "");
	assert_string_equal(flushed(), "Alt-O");
	assert_string_equal(fed("\033]"), "");
	assert_string_equal(flushed(), "Alt-]");
	assert_string_equal(fed("\033[1;"), "");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("\303"), "");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("A"), "A");
}

static void the_mouse_clicks_and_turns(void **state)
{
	(void)state;
	assert_string_equal(fed("\033[<0;1;1M"), "click 0,0+0");
	assert_string_equal(fed("\033[<0;120;36M"), "click 119,35+0");
	assert_string_equal(fed("\033[<0;0;0M"), "click 0,0+0");
	assert_string_equal(fed("\033[<0;;M"), "click 0,0+0");
	assert_string_equal(fed("\033[<16;3;4M"), "click 2,3+4");
	assert_string_equal(fed("\033[<0;99999999999999;2M"), "click 99998,1+0");
	assert_string_equal(fed("\033[<64;3;4M"), "wheel-up 2,3+0");
	assert_string_equal(fed("\033[<65;3;4M"), "wheel-down 2,3+0");
	/* releases, other buttons, motion, wheels to the side */
	assert_string_equal(fed("\033[<0;3;4m\033[<1;3;4M\033[<2;3;4M\033[<32;3;4M\033[<35;3;4M"), "");
	assert_string_equal(fed("\033[<66;3;4M\033[<128;3;4M\033[<65;3;4m\033[<0;3M\033[<0;1;2;3M"),
	                    "");
	/* the old form, of terminals that do not know the new one */
	assert_string_equal(fed("\033[M !!"), "click 0,0+0");
	assert_string_equal(fed("\033[M \377\377"), "click 222,222+0");
	assert_string_equal(fed("\033[M`!\""), "wheel-up 0,1+0");
	assert_string_equal(fed("\033[M#!!q"), "q");
	assert_string_equal(fed("\033[M \rq"), "Enter q");
}

static void pastes_are_skipped(void **state)
{
	(void)state;
	assert_string_equal(fed("a\033[200~rm -rf q\r\033[A\033[20\033[201b\033[201~c"), "a c");
	/* over several reads, with pauses */
	assert_string_equal(fed("\033[200~qqq\033[20"), "");
	sw_input_flush(&parser, on_input, NULL);
	assert_string_equal(fed("1~x"), "x");
	/* one without an end: Escape leaves it */
	assert_string_equal(fed("\033[200~qqq"), "");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("q\033"), "");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("q"), "q");
	assert_string_equal(fed("\033[201~q"), "q");
}

static void answers_and_unknown_sequences_are_skipped_whole(void **state)
{
	static const char *const unknown[] = {
		"\033[?64;1;2;6;9;15;18;21;22c",
		"\033[>41;354;0c",
		"\033[24;80R",
		"\033[1;80;3R",
		"\033[0n",
		"\033[?2026;2$y",
		"\033[8;24;80t",
		"\033[I",
		"\033[O",
		"\033[E",
		"\033[99~",
		"\033[0~",
		"\033[5A",
		"\033[97;5u",
		"\033[27;5;97~",
		"\033[38:2:1:2:3m",
		"\033[1;2;3;4;5;6A",
		"\033[ q",
		"\033[!p",
		"\033[[Z",
		"\033Oz",
		"\033P>|XTerm(370)\033\\",
		"\033]11;rgb:0000/0000/0000\033\\",
		"\033]11;rgb:0000/0000/0000\a",
		"\033_Gi=31;OK\033\\",
		"\033^private\033\\",
		"\033Xstring\033\\",
		"\033[1111111111111111111111111111111111111111111111111111111111111111111111111111111111A",
		"\033[<11111111111111111111111111111111111111111111111111111111111111111111111111111111111M",
		"\033O1111111111111111111111111111111111111111111111111111111111111111111111111111111111A",
		"\000",
		"\034\035\036\037",
	};
	(void)state;
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		feed(unknown[i], unknown[i][0] ? strlen(unknown[i]) : 1);
		feed("q", 1);
		assert_string_equal(words(), "q");
		assert_false(sw_input_pending(&parser));
	}
	/* An answer that stops short costs no more than a pause. */
	assert_string_equal(fed("\033]11;rgb:00"), "");
	assert_string_equal(flushed(), "");
	assert_string_equal(fed("\033]11;rgb\033[A"), "Up");
}

static void only_utf8_is_a_character(void **state)
{
	static const char *const bad[] = {"\200",         "\300\200",         "\340\200\200",
	                                  "\355\240\200", "\364\220\200\200", "\377\376",
	                                  "\303\303",     "\342\202",         "\302\205",
	                                  "\033\377"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_string_equal(fed(bad[i]), "");
		assert_string_equal(fed("q"), "q");
	}
	assert_string_equal(fed("\303\303\251"), "é");
}

static bool is_key(const struct sw_input *input)
{
	uint32_t key = input->key;
	if (input->kind != SW_INPUT_KEY)
		return input->x >= 0 && input->y >= 0;
	if (key < ' ')
		return (key >= 1 && key <= 27 && key != 8);
	return key < 0x80 || (key >= 0xa0 && key <= SW_CODE_LAST && (key < 0xd800 || key > 0xdfff));
}

static void check_key(void *user, const struct sw_input *input)
{
	char name[32];
	uint32_t key = 0;
	unsigned mods = 0;
	(void)user;
	assert_true(is_key(input));
	n_seen++;
	if (input->kind != SW_INPUT_KEY)
		return;
	/* Whatever can be pressed has a name, and the name means that key. */
	sw_input_key_name(input->key, input->mods, name, sizeof name);
	assert_int_equal(sw_input_key_parse(name, &key, &mods), 0);
	assert_int_equal(key, input->key);
	assert_int_equal(mods, input->mods);
}

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void garbage_yields_keys_or_nothing(void **state)
{
	static const char likely[] = "\033\033\033[[OPM<;;;0123456789~$^@ABCabcHFRZ\\]\a \377\303\251";
	unsigned char bytes[32];
	(void)state;
	for (int round = 0; round < 40000; round++) {
		size_t n = 1 + random_below(sizeof bytes);
		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)(round & 1
			                               ? random_below(256)
			                               : (unsigned char)likely[random_below(sizeof likely)]);
		sw_input_feed(&parser, bytes, n, check_key, NULL);
		if (!random_below(3))
			sw_input_flush(&parser, check_key, NULL);
		if (!random_below(50))
			parser.in_paste = false;
	}
	assert_true(n_seen > 1000);
}

static void names_are_read(void **state)
{
	static const struct {
		const char *name;
		uint32_t key;
		unsigned mods;
	} good[] = {
		{"q", 'q', 0},
		{"Q", 'Q', 0},
		{"-", '-', 0},
		{"Alt--", '-', SW_MOD_ALT},
		{"ctrl-c", 3, 0},
		{"CTRL-C", 3, 0},
		{"Ctrl-H", 0x7f, 0},
		{"Ctrl-I", '\t', 0},
		{"Alt-Ctrl-A", 1, SW_MOD_ALT},
		{"Shift-Alt-a", 'A', SW_MOD_ALT},
		{"Alt-x", 'x', SW_MOD_ALT},
		{"enter", '\r', 0},
		{"Escape", 0x1b, 0},
		{"esc", 0x1b, 0},
		{"PageUp", SW_CODE_PAGE_UP, 0},
		{"pgdn", SW_CODE_PAGE_DOWN, 0},
		{"shift-tab", SW_CODE_BACK_TAB, 0},
		{"Shift-Ctrl-Up", SW_CODE_UP, SW_MOD_SHIFT | SW_MOD_CTRL},
		{"f12", SW_CODE_F1 + 11, 0},
		{"F", 'F', 0},
		{"µ", 0xb5, 0},
		{"😀", 0x1f600, 0},
	};
	static const char *const bad[] = {
		"",         "Ctrl-",       "Alt-",   "qq",      "F0",           "F13",         "F1x",
		"F01",      "Ctrl-1",      "Ctrl--", "Shift-1", "Ctrl-Shift-a", "Shift-Enter", "Ctrl-Space",
		"Ctrl-Tab", "Ctrl-Ctrl-a", "Upp",    " ",       "\t",           "\033",        "\177",
		"\302\205", "\377"};
	uint32_t key = 77;
	unsigned mods = 77;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(sw_input_key_parse(bad[i], &key, &mods), -1);
	assert_int_equal(key, 77);
	assert_int_equal(mods, 77);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(sw_input_key_parse(good[i].name, &key, &mods), 0);
		assert_int_equal(key, good[i].key);
		assert_int_equal(mods, good[i].mods);
	}
}

static void all_keys_survive_their_names(void **state)
{
	(void)state;
	for (uint32_t code = 1; code <= SW_CODE_LAST; code++) {
		struct sw_input input = {.kind = SW_INPUT_KEY, .key = code};
		if (code == 0x3000)
			code = SW_CODE_UP - 0x100; /* the rest is alike */
		if (!is_key(&input))
			continue;
		check_key(NULL, &input);
		input.mods = SW_MOD_ALT;
		check_key(NULL, &input);
		input.mods = SW_MOD_ALT | SW_MOD_CTRL | SW_MOD_SHIFT;
		if (code >= SW_CODE_UP && code != SW_CODE_BACK_TAB)
			check_key(NULL, &input);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_spellings_at_once, set_up),
		cmocka_unit_test_setup(all_spellings_byte_by_byte, set_up),
		cmocka_unit_test_setup(keys_follow_one_another, set_up),
		cmocka_unit_test_setup(a_lone_escape_waits, set_up),
		cmocka_unit_test_setup(the_mouse_clicks_and_turns, set_up),
		cmocka_unit_test_setup(pastes_are_skipped, set_up),
		cmocka_unit_test_setup(answers_and_unknown_sequences_are_skipped_whole, set_up),
		cmocka_unit_test_setup(only_utf8_is_a_character, set_up),
		cmocka_unit_test_setup(garbage_yields_keys_or_nothing, set_up),
		cmocka_unit_test_setup(names_are_read, set_up),
		cmocka_unit_test_setup(all_keys_survive_their_names, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
