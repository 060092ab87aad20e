#include "tests/unit/widgets/screen.h"
#include "widgets/modal.h"
#include "widgets/wrap.h"

static const struct sw_modal_line lines[] = {
	{NULL, "Everywhere", SW_ROLE_TITLE},
	{"1-6", "shows a screen: live, iterations, containers, compare, events, verification", 0},
	{"Space, p", "pauses the session; paused time is in no figure", 0},
	{"s", "writes a snapshot", 0},
	{NULL, NULL, 0},
	{NULL, "Iterations", SW_ROLE_TITLE},
	{"Enter", "one iteration's phases", 0},
	{"/", "filters", 0},
	{NULL, "", 0},
	{NULL,
     "Keys can be changed in the configuration file, under \"keys\"; every change is checked "
     "when the program starts.",
     SW_ROLE_DIM},
};
static const struct sw_modal help = {"help", lines, 10, SW_ROLE_KEY, "↑ ↓ scroll   Esc back"};

static struct sw_area new_screen(struct screen *s, int w, int h, bool unicode)
{
	struct sw_area area = screen_new(s, w, h, unicode);
	sw_fill(area, '.', SW_ROLE_TRACK);
	return area;
}

static void test_modal(void **state)
{
	static const int sizes[][2] = {{90, 18}, {60, 16}, {40, 12}, {28, 9},
	                               {40, 6},  {12, 4},  {5, 2},   {1, 1}};
	struct album album = {.screen = *state};
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct sw_area area = new_screen(*state, sizes[i][0], sizes[i][1], unicode);
			struct sw_modal_state at = {.top = 2};
			sw_modal_draw(area, &help, &at);
			screen_check(album.screen->canvas, unicode);
			album_add(&album, "help, two lines down", unicode && i == 0);
		}
	}
	album_check(&album, "modal");
}

static void test_scrolling(void **state)
{
	struct sw_area area = new_screen(*state, 60, 12, true);
	struct sw_modal_state at = {.top = 1000};
	sw_modal_draw(area, &help, &at);
	assert_int_equal(at.page, 10);
	assert_int_equal(at.rows, 14);
	assert_int_equal(at.top, 4);
	sw_modal_scroll(&at, -1);
	assert_int_equal(at.top, 3);
	sw_modal_scroll(&at, -1000);
	assert_int_equal(at.top, 0);
	sw_modal_scroll(&at, INT32_MAX);
	assert_int_equal(at.top, 4);
	assert_int_equal(sw_hits_at(&at.box, 1, 0), 0);
	assert_int_equal(sw_hits_at(&at.box, 0, 0), -1);
}

/* Details: labels instead of keys, and whatever a container has written. */
static void test_detail(void **state)
{
	static const struct sw_modal_line detail[] = {
		{"mode", "docker-sandbox", SW_ROLE_MODE_2},
		{"outcome", "failed: exit code 1", SW_ROLE_BAD},
		{"latency", "431.2 ms", SW_ROLE_STRONG},
		{NULL, NULL, 0},
		{NULL,
	     "Traceback (most recent call last):\n  File \"worker.py\", line 7, in <module>\n"
	     "\033[31mMemoryError\033[0m\r\n\ttab, \xff\xfe and \xe6\x97\xa5\xe6\x9c\xac\n\n"
	     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	     0},
	};
	const struct sw_modal modal = {"iteration 14", detail, 5, SW_ROLE_DIM, NULL};
	static const int sizes[][2] = {{90, 18}, {44, 16}};
	struct album album = {.screen = *state};
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < 2; i++) {
			struct sw_modal_state at = {0};
			sw_modal_draw(new_screen(*state, sizes[i][0], sizes[i][1], unicode), &modal, &at);
			screen_check(album.screen->canvas, unicode);
			album_add(&album, "detail", unicode);
		}
	}
	album_check(&album, "detail");
}

static void test_question(void **state)
{
	static const struct sw_choice choices[] = {{"y", "stop, and write the results"},
	                                           {"n", "go on"},
	                                           {"c", "cancel this iteration"}};
	static const struct sw_question question = {
		"stop early?", "7 of 20 iterations have not run. What has been measured stays.", choices,
		3};
	static const int sizes[][2] = {{90, 12}, {60, 12}, {40, 12}, {28, 8}, {14, 5}, {3, 2}, {1, 1}};
	struct album album = {.screen = *state};
	struct sw_hits hits;
	for (int unicode = 1; unicode >= 0; unicode--) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			sw_question_draw(new_screen(*state, sizes[i][0], sizes[i][1], unicode), &question,
			                 &hits);
			screen_check(album.screen->canvas, unicode);
			album_add(&album, "question", unicode && i == 0);
		}
	}
	album_check(&album, "question");
	sw_question_draw(new_screen(*state, 90, 12, true), &question, &hits);
	assert_int_equal(hits.n, 3);
	assert_int_equal(sw_hits_at(&hits, hits.list[1].x, hits.list[1].y), 1);
	assert_int_equal(hits.list[1].w, 9);
}

static void assert_wrapped(const char *text, int width, const char *expected)
{
	char got[256] = "";
	size_t len = 0;
	for (const char *at = text, *end; sw_wrap_next(&text, width, &end); at = text)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%.*s|", (int)(end - at), at);
	assert_string_equal(got, expected);
}

static void test_wrap(void **state)
{
	(void)state;
	assert_wrapped("", 10, "");
	assert_wrapped("one two three", 7, "one two|three|");
	assert_wrapped("one two three", 8, "one two|three|");
	assert_wrapped("one   two", 4, "one|two|");
	assert_wrapped("one two\nthree\n\nfour\n", 20, "one two|three||four|");
	assert_wrapped("abcdefgh ij", 3, "abc|def|gh|ij|");
	assert_wrapped("a bcdefgh", 3, "a|bcd|efg|h|");
	assert_wrapped("  in dented", 6, "  in|dented|");
	assert_wrapped("日本語", 3, "日|本|語|");
	assert_wrapped("日本語", 1, "日|本|語|");
	assert_wrapped("ab \n cd", 2, "ab| c|d|");
	assert_wrapped("abc", 0, "a|b|c|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modal),    TEST(test_scrolling), TEST(test_detail),
		TEST(test_question), TEST(test_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
