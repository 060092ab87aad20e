/* The table of keys, rebinding with its errors, and docs/keys.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/plan.h"
#include "core/text.h"
#include "tui/keymap.h"

/* Outlive a failed assert, which leaves the test with longjmp. */
static struct sw_keymap keymap;
static struct sw_error err;
static struct sw_buf made, file;
static struct sw_plan plan;

static int setup(void **state)
{
	(void)state;
	sw_keymap_default(&keymap);
	memset(&plan, 0, sizeof plan);
	memset(&err, 0, sizeof err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&made);
	sw_buf_done(&file);
	return 0;
}

static enum sw_action press(const char *key, unsigned places)
{
	struct sw_input input = {.kind = SW_INPUT_KEY};
	if (sw_input_key_parse(key, &input.key, &input.mods) < 0)
		fail_msg("'%s' is no key", key);
	return sw_keymap_action(&keymap, &input, places);
}

static void is_bound_to(enum sw_action action, const char *keys)
{
	char text[64];
	assert_string_equal(sw_keymap_keys(&keymap, action, text, sizeof text), keys);
}

/* ---- the table ---- */

/* Every default key parses, is written as in the table, and is nobody else's where both may mean
 * something. */
static void each_key_means_one_thing(void **state)
{
	(void)state;
	for (int a = 0; a < SW_ACTION_COUNT; a++) {
		const struct sw_action_info *info = sw_action_info(a);
		is_bound_to(a, info->keys);
		assert_true(keymap.n_keys[a] > 0);
		assert_true(info->where != 0);
		for (int b = 0; b < a; b++) {
			unsigned both = info->where | sw_action_info(b)->where;
			assert_string_not_equal(info->name, sw_action_info(b)->name);
			for (int i = 0; i < keymap.n_keys[a] * keymap.n_keys[b]; i++) {
				struct sw_key_press *ka = &keymap.keys[a][i / keymap.n_keys[b]];
				struct sw_key_press *kb = &keymap.keys[b][i % keymap.n_keys[b]];
				if (both != (SW_ON_RUN | SW_ON_REPLAY) && ka->key == kb->key &&
				    ka->mods == kb->mods)
					fail_msg("%s and %s have a key in common", info->name, sw_action_info(b)->name);
			}
		}
	}
}

static void the_table_reads_well(void **state)
{
	(void)state;
	for (int a = 0; a < SW_ACTION_COUNT; a++) {
		const struct sw_action_info *info = sw_action_info(a);
		size_t len = strlen(info->about);
		assert_in_range(len, 5, 90);
		assert_in_range(strlen(info->word), 0, 10);
		assert_true(info->about[len - 1] != '.');
		assert_true(strlen(info->name) < sizeof plan.bindings[0].action);
		assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
		                 strlen(info->name));
	}
	assert_true(SW_ACTION_COUNT <= SW_BINDINGS_MAX);
}

static void a_key_means_what_its_place_says(void **state)
{
	struct sw_input wheel = {.kind = SW_INPUT_WHEEL_UP, .key = 'q'};
	(void)state;
	assert_int_equal(press("q", 0), SW_ACTION_QUIT);
	assert_int_equal(press("F1", SW_ON_LIST), SW_ACTION_HELP);
	assert_int_equal(press("x", SW_ON_RUN | SW_ON_LIST), SW_ACTION_CANCEL);
	assert_int_equal(press("x", SW_ON_REPLAY), SW_ACTION_NONE);
	assert_int_equal(press("Space", SW_ON_REPLAY), SW_ACTION_PAUSE);
	assert_int_equal(press("+", SW_ON_RUN), SW_ACTION_NONE);
	assert_int_equal(press("=", SW_ON_REPLAY), SW_ACTION_FASTER);
	assert_int_equal(press("k", SW_ON_LIST), SW_ACTION_UP);
	assert_int_equal(press("k", SW_ON_HISTOGRAM), SW_ACTION_NONE);
	assert_int_equal(press("Shift-Tab", 0), SW_ACTION_PREVIOUS_SCREEN);
	assert_int_equal(press("Ctrl-Z", 0), SW_ACTION_SUSPEND);
	assert_int_equal(press("Alt-q", 0), SW_ACTION_NONE);
	assert_int_equal(press("Q", 0), SW_ACTION_NONE);
	assert_int_equal(sw_keymap_action(&keymap, &wheel, 0), SW_ACTION_NONE);
}

/* ---- binding ---- */

static void binds(const char *action, const char *keys)
{
	if (sw_keymap_bind(&keymap, action, keys, &err) < 0)
		fail_msg("%s: %s: %s", action, keys, err.message);
}

static void refuses(const char *action, const char *keys, const char *message)
{
	struct sw_keymap before = keymap;
	assert_int_equal(sw_keymap_bind(&keymap, action, keys, &err), -1);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_memory_equal(&before, &keymap, sizeof keymap);
}

static void keys_replace_the_defaults(void **state)
{
	char key[32];
	(void)state;
	binds("pause", "  F5   alt-p  ctrl-p F5 ");
	is_bound_to(SW_ACTION_PAUSE, "F5 Alt-p Ctrl-P");
	assert_string_equal(sw_keymap_key(&keymap, SW_ACTION_PAUSE, key, sizeof key), "F5");
	assert_int_equal(press("p", SW_ON_RUN), SW_ACTION_NONE);
	assert_int_equal(press("Alt-p", SW_ON_RUN), SW_ACTION_PAUSE);
	binds("pause", "");
	is_bound_to(SW_ACTION_PAUSE, "");
	assert_string_equal(sw_keymap_key(&keymap, SW_ACTION_PAUSE, key, sizeof key), "");
	assert_int_equal(press("F5", SW_ON_RUN), SW_ACTION_NONE);
	binds("theme", "日 T");
	is_bound_to(SW_ACTION_THEME, "日 T");
}

/* What another has by default it gives up; what it was given it keeps. */
static void a_key_changes_hands(void **state)
{
	(void)state;
	binds("sort", "r j");
	is_bound_to(SW_ACTION_REVERSE, "");
	is_bound_to(SW_ACTION_DOWN, "Down");
	binds("filter", "Down");
	is_bound_to(SW_ACTION_DOWN, "");
	refuses("reverse", "o r", "'r' is a key of 'sort' already; give one of them another");
	binds("reverse", "o");
	binds("sort", "s");
	is_bound_to(SW_ACTION_SNAPSHOT, "");
}

/* A session is run or replayed: the same key may do another thing in each. */
static void run_and_replay_never_meet(void **state)
{
	(void)state;
	binds("step", "x");
	is_bound_to(SW_ACTION_CANCEL, "x");
	assert_int_equal(press("x", SW_ON_RUN), SW_ACTION_CANCEL);
	assert_int_equal(press("x", SW_ON_REPLAY), SW_ACTION_STEP);
	binds("step", "p");
	is_bound_to(SW_ACTION_PAUSE, "Space");
}

static void wrong_bindings_say_what_is_near(void **state)
{
	static char long_word[10241];
	(void)state;
	refuses("puase", "p", "'puase' is no action; did you mean 'pause'?");
	refuses("zzzzzz", "p", "'zzzzzz' is no action; docs/keys.md has them all");
	refuses("", "p", "'' is no action; docs/keys.md has them all");
	refuses("pause", "p Spcae", "'Spcae' is no key; did you mean 'Space'?");
	refuses("pause", "Page-Up", "'Page-Up' is no key; did you mean 'PageUp'?");
	refuses("pause", "Ctrl-1", "'Ctrl-1' is no key; did you mean 'Ctrl-A'?");
	refuses(
		"pause", "hyperspace",
		"'hyperspace' is no key; write a character, or a name like Enter, Space, PgUp, F1, Ctrl-L or "
		"Alt-x");
	refuses(
		"pause", "\x1b[A",
		"'?[A' is no key; write a character, or a name like Enter, Space, PgUp, F1, Ctrl-L or Alt-x");
	refuses("pause", "a b c d e", "more than 4 keys; keep those you use");
	refuses("quit", " ", "'quit' needs a key");
	refuses("pause", "q", "'q' is the only key of 'quit'; give 'quit' another one, too");
	memset(long_word, 'x', sizeof long_word - 1);
	assert_int_equal(sw_keymap_bind(&keymap, "pause", long_word, &err), -1);
	assert_int_equal(sw_keymap_bind(&keymap, long_word, "p", &err), -1);
	assert_int_equal(sw_keymap_bind(&keymap, "pause", "F13", NULL), -1);
}

/* ---- the configuration's ---- */

static void wants(const char *action, const char *keys, const char *where)
{
	struct sw_binding *b = &plan.bindings[plan.n_bindings++];
	sw_text_copy(b->action, sizeof b->action, action);
	sw_text_copy(b->keys, sizeof b->keys, keys);
	sw_text_copy(b->where, sizeof b->where, where);
}

static void a_plan_is_applied(void **state)
{
	(void)state;
	/* Also when quit's new key comes after the one who takes its old. */
	wants("pause", "q", "");
	wants("quit", "Ctrl-Q", "");
	binds("pause", "F9"); /* replaced: the plan's are laid over the defaults */
	assert_int_equal(sw_keymap_from_plan(&keymap, &plan, &err), 0);
	is_bound_to(SW_ACTION_PAUSE, "q");
	is_bound_to(SW_ACTION_QUIT, "Ctrl-Q");
	is_bound_to(SW_ACTION_HELP, "? F1 h");
}

static void a_plan_s_errors_have_a_position(void **state)
{
	struct sw_keymap before = keymap;
	(void)state;
	wants("stop", "z", "");
	wants("pause", "Spcae", "s.yaml:3:12");
	assert_int_equal(sw_keymap_from_plan(&keymap, &plan, &err), -1);
	assert_string_equal(err.message,
	                    "s.yaml:3:12: tui.keys.pause: 'Spcae' is no key; did you mean 'Space'?");
	plan.n_bindings = 0;
	wants("paus", "p", "");
	assert_int_equal(sw_keymap_from_plan(&keymap, &plan, &err), -1);
	assert_string_equal(err.message, "tui.keys.paus: 'paus' is no action; did you mean 'pause'?");
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_memory_equal(&before, &keymap, sizeof keymap);
}

/* ---- docs/keys.md ---- */

static void the_manual_is_what_the_table_says(void **state)
{
	static const char path[] = "docs/keys.md";
	const char *mode = getenv("SW_GOLDEN");
	char block[4096];
	size_t n;
	(void)state;
	assert_int_equal(sw_keymap_markdown(&made), 0);
	for (int a = 0; a < SW_ACTION_COUNT; a++)
		assert_non_null(strstr(made.data, sw_action_info(a)->about));
	if (mode && strcmp(mode, "update") == 0) {
		FILE *out = fopen(path, "w");
		assert_non_null(out);
		assert_int_equal(fwrite(made.data, 1, made.len, out), made.len);
		assert_int_equal(fclose(out), 0);
	}
	FILE *in = fopen(path, "r");
	if (!in)
		fail_msg("%s is missing: run make docs", path);
	while ((n = fread(block, 1, sizeof block, in)) > 0)
		sw_buf_add(&file, block, n);
	fclose(in);
	if (file.len != made.len || memcmp(file.data, made.data, made.len) != 0)
		fail_msg("%s is not what tui/keymap.h says: run make docs", path);
}

static void the_manual_keeps_to_its_bound(void **state)
{
	(void)state;
	sw_buf_init(&made, 500);
	assert_int_equal(sw_keymap_markdown(&made), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_key_means_one_thing),
		TEST(the_table_reads_well),
		TEST(a_key_means_what_its_place_says),
		TEST(keys_replace_the_defaults),
		TEST(a_key_changes_hands),
		TEST(run_and_replay_never_meet),
		TEST(wrong_bindings_say_what_is_near),
		TEST(a_plan_is_applied),
		TEST(a_plan_s_errors_have_a_position),
		TEST(the_manual_is_what_the_table_says),
		TEST(the_manual_keeps_to_its_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
