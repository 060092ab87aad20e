#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/core/stories.h"
#include "tui/progress.h"

#define SECOND INT64_C(1000000000)

static struct story story;
static struct sw_progress progress;
static int drawn, kept_stderr;
static char text[8192];

static int set_up(void **state)
{
	(void)state;
	kept_stderr = dup(STDERR_FILENO);
	drawn = memfd_create("drawn", MFD_CLOEXEC);
	return kept_stderr < 0 || drawn < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(drawn);
	close(kept_stderr);
	sw_session_free(story.session);
	story.session = NULL;
	return 0;
}

static void begin(int64_t warmup, bool is_terminal)
{
	struct sw_session_info info = story_info("x");
	info.warmup = warmup;
	story_study(&story, &info);
	sw_progress_init(&progress, false);
	progress.console.is_terminal = is_terminal;
	progress.console.width = 100;
}

/* What is drawn at second AT; "" when nothing is. */
static const char *show(int64_t at)
{
	fflush(stderr);
	if (ftruncate(drawn, 0) < 0 || lseek(drawn, 0, SEEK_SET) < 0 || dup2(drawn, STDERR_FILENO) < 0)
		return NULL;
	sw_progress_show(&progress, story.session, at * SECOND);
	fflush(stderr);
	dup2(kept_stderr, STDERR_FILENO);
	ssize_t n = pread(drawn, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void assert_eta(const char *line, const char *eta)
{
	const char *at = strstr(line, "ETA");
	if (!*line)
		fail_msg("nothing was drawn");
	if (!eta && at)
		fail_msg("an ETA before anything is known: %s", line);
	if (eta && (!at || strncmp(at, eta, strlen(eta)) != 0))
		fail_msg("not %s: %s", eta, line);
}

/* Columns of LINE without what moves the cursor; every character here is one wide. */
static int columns(const char *line)
{
	int n = 0;
	for (; *line; line++) {
		if (*line == '\033')
			line += strcspn(line, "K");
		else if (*line != '\r' && ((unsigned char)*line & 0xc0) != 0x80)
			n++;
	}
	return n;
}

static void the_bar_fits_any_terminal(void **state)
{
	(void)state;
	begin(0, true);
	for (int i = 0; i < 5; i++) {
		story_ok(&story, 0);
		story_fail(&story, 1, SW_OUTCOME_FAILED, "x");
	}
	for (int unicode = 0; unicode < 2; unicode++) {
		progress.console.unicode = unicode;
		for (int width = 1; width <= 120; width++) {
			progress.console.width = width;
			assert_true(columns(show(100 + unicode * 200 + width)) < (width > 1 ? width : 2));
		}
		assert_non_null(strstr(text, "10/40"));
		assert_non_null(strstr(text, "failed 5"));
		assert_non_null(strstr(text, "ast-only"));
	}
}

/* Modes take unlike times: the first mode's own tell nothing of the whole. */
static void no_eta_before_each_mode_has_ended_one(void **state)
{
	for (int is_terminal = 0; is_terminal < 2; is_terminal++) {
		begin(0, is_terminal);
		show(100);
		for (int i = 0; i < 5; i++)
			story_ok(&story, 0);
		assert_eta(show(110), NULL);
		story_ok(&story, 1);
		/* 6 in 20 s, 34 are left. */
		assert_eta(show(120), "ETA 1:53  ");
		tear_down(state);
		set_up(state);
	}
}

/* Nothing is shown before the modes are planned, so the first look may find one done. */
static void no_eta_from_a_first_look(void **state)
{
	(void)state;
	begin(0, true);
	story_ok(&story, 0);
	story_ok(&story, 1);
	assert_eta(show(100), NULL);
	story_ok(&story, 0);
	assert_eta(show(102), "ETA 1:14  ");
}

static void warm_up_is_no_base(void **state)
{
	struct turn host = {BEATS(story_host_beats), .warmup = true};
	struct turn cold = {BEATS(story_cold_beats), .warmup = true};
	(void)state;
	begin(1, true);
	story_turn(&story, 0, &host);
	assert_non_null(strstr(show(100), "0/40  warming up"));
	assert_eta(text, NULL);
	story_turn(&story, 1, &cold);
	story.iterations[0] = story.iterations[1] = 0;
	assert_eta(show(200), NULL);
	story_ok(&story, 0);
	story_ok(&story, 1);
	assert_eta(show(202), "ETA 0:38  ");
}

static void no_eta_at_the_end(void **state)
{
	(void)state;
	begin(0, true);
	show(100);
	for (int i = 0; i < 20; i++) {
		story_ok(&story, 0);
		story_ok(&story, 1);
	}
	assert_eta(show(101), NULL);
	assert_non_null(strstr(text, "40/40  ast-only "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_bar_fits_any_terminal),
		TEST(no_eta_before_each_mode_has_ended_one),
		TEST(no_eta_from_a_first_look),
		TEST(warm_up_is_no_base),
		TEST(no_eta_at_the_end),
	};
	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
