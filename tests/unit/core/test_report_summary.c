#include "tests/unit/core/report_test.h"

#include "tests/unit/core/golden.h"

/* ---- the summary ---- */

static void test_summary_golden(void **state)
{
	static const struct {
		const char *name;
		int width;
		bool ascii;
	} cases[] = {
		{"summary-120.txt", 120, false},
		{"summary-80.txt", 80, false},
		{"summary-60.txt", 60, false},
		{"summary-80-ascii.txt", 80, true},
	};
	struct fixture *f = *state;

	tell(f, story_done);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		summary(f, cases[i].width, cases[i].ascii);
		golden_check(cases[i].name, &f->text);
	}
	tell(f, story_interrupted);
	summary(f, 80, false);
	golden_check("summary-80-interrupted.txt", &f->text);
	tell(f, story_sixteen);
	summary(f, 60, false);
	golden_check("summary-60-sixteen.txt", &f->text);
}

static void test_golden_of_faults(void **state)
{
	struct fixture *f = *state;

	tell(f, story_faults);
	summary(f, 100, false);
	golden_check("summary-100-faults.txt", &f->text);
	summary(f, 60, true);
	golden_check("summary-60-faults-ascii.txt", &f->text);
}

/* Many modes, and the layers of one. */
static void test_golden_of_several_modes(void **state)
{
	static const int widths[] = {120, 80, 60};
	struct fixture *f = *state;
	char name[40];

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		tell(f, story_ladder);
		summary(f, widths[i], false);
		snprintf(name, sizeof(name), "summary-%d-ladder.txt", widths[i]);
		golden_check(name, &f->text);
		tell(f, story_ablation);
		summary(f, widths[i], false);
		snprintf(name, sizeof(name), "summary-%d-ablation.txt", widths[i]);
		golden_check(name, &f->text);
	}
}

static void test_several_modes_are_told_of(void **state)
{
	struct fixture *f = *state;

	tell(f, story_ladder);
	summary(f, 120, false);
	assert_says(f, "replaced          warm: 1 kept container was lost, and made anew\n");
	assert_says(f, "    create          1.01   1.07    1.0 %\n");
	assert_says(f, "  behind the path\n    create         80.00  80.00           1 in all\n");
	assert_says(f, "    prewarm         2.00   2.00           12 in all\n");
	assert_says_not(f, "off the path");
	f->story.session->is_length_decided = false;
	summary(f, 300, false);
	assert_says(
		f,
		"length    auto, not decided: until every 95 % interval of a difference spans less than 2 %");
	assert_says(f, "10 to 200 iterations per mode, within 5.00 min\n");
	/* A journal that tells of no turns. */
	for (int i = 0; i < f->figures.n_modes; i++)
		f->figures.modes[i].throughput_per_second = 0;
	summary(f, 120, false);
	assert_says_not(f, "per second");
	tell(f, story_done);
	summary(f, 120, false);
	assert_says_not(f, "All modes");
	assert_says_not(f, "Drift");
	assert_says_not(f, "What each layer");
	assert_says_not(f, "replaced");
}

static void test_drift_and_outliers_are_said(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct beat beat = {SW_PHASE_EXECUTE, 0, false};
	struct turn turn = {&beat, 1, SW_OUTCOME_OK, .exact_ns = true};

	story_study(&f->story, &info);
	story_plan(&f->story, 36);
	for (int i = 0; i < 24; i++) {
		beat.ns = i == 5 ? 900 * MS : (200 - i / 8 * 40 + i % 3) * MS;
		story_turn(&f->story, 1, &turn);
	}
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	summary(f, 200, false);
	assert_says(f, "outliers  docker-sandbox: 1 of 24 iterations took more than ");
	assert_says(f, "(Q3 + 3 × IQR), the longest 900 ms; nothing is left out of the figures\n");
	beat.ns = 40 * MS;
	for (int i = 0; i < 12; i++)
		story_turn(&f->story, 1, &turn);
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	summary(f, 200, false);
	assert_says(f, "drift     docker-sandbox: the last third of its iterations took ");
	assert_says(f, " ms less than the first third, on average (-");
}

static void test_a_layer_without_figures(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_mode_info whole = story_mode_info("whole", SW_KIND_COLD);
	struct sw_mode_info less = story_mode_info("less", SW_KIND_COLD);

	snprintf(less.layer, sizeof(less.layer), "limits");
	story_begin(&f->story, &info);
	story_mode(&f->story, &whole);
	story_mode(&f->story, &less);
	story_ok(&f->story, 0);
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	summary(f, 120, false);
	assert_says(f,
	            "the limits: not measured, for want of iterations of less or whole that ended ok");
	story_ok(&f->story, 1);
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	summary(f, 120, false);
	assert_says(f, "; one iteration gives no interval");
}

static void check_line(const char *line, size_t len, int width, bool ascii)
{
	char copy[2048];

	assert_true(len < sizeof(copy));
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (sw_text_columns(copy) > (size_t)width)
		fail_msg("more than %d columns: %s", width, copy);
	if (len > 0 && copy[len - 1] == ' ')
		fail_msg("a space at the end: \"%s\"", copy);
	for (size_t i = 0; i < len;) {
		size_t n = sw_text_utf8_len(copy + i, len - i);
		if (n == 0 || (unsigned char)copy[i] < ' ' || copy[i] == 0x7f || (ascii && n > 1))
			fail_msg("unfit to be shown at %zu: %s", i, copy);
		i += n;
	}
}

static void test_summary_fits_in_every_state(void **state)
{
	static const int widths[] = {60, 61, 72, 80, 100, 120, 200};
	struct fixture *f = *state;

	for (size_t s = 0; s < STORIES; s++) {
		tell(f, story_list[s].tell);
		for (size_t w = 0; w < 2 * sizeof(widths) / sizeof(widths[0]); w++) {
			const char *line = summary(f, widths[w / 2], w % 2);
			for (; *line; line += strcspn(line, "\n") + 1)
				check_line(line, strcspn(line, "\n"), widths[w / 2], w % 2);
			assert_says(f, "Performance ");
			assert_says(f, "\nDecision ");
			if (story_list[s].tell == story_ablation)
				assert_says_not(f, "\nRecommended configuration ");
			else
				assert_says(f, "\nRecommended configuration ");
			assert_says_not(f, "\n## ");
		}
	}
}

static void test_summary_names_what_happened(void **state)
{
	struct fixture *f = *state;

	tell(f, story_empty);
	summary(f, 80, false);
	assert_says(f, "not started");
	assert_says(f, "No mode was planned yet.");
	tell(f, story_engineless);
	summary(f, 200, false);
	assert_says(f, "no container engine: no socket answers; start dockerd, set DOCKER_HOST");
	assert_says(f, "all 3 iterations of docker-sandbox fell back to the host");
	tell(f, story_all_fell_back);
	summary(f, 200, false);
	assert_says(
		f, "docker-sandbox  20/20   0       1   95.0 %   76.4 % to 99.1 %         20  100.0 %");
	assert_says(f, "fell back         docker-sandbox: engine 20");
	assert_says(f, "last error        docker-sandbox: create: the engine said no (500)");
	assert_says(f, "unsafe: fallback.on has oom, crashed");
	assert_says(f, "do not enable");
	tell(f, story_running);
	summary(f, 80, false);
	assert_says(f, "running, 3 of 40 iterations");
	assert_says(f, "so far ");
	tell(f, story_interrupted);
	summary(f, 80, false);
	assert_says(f, "fallback refused  docker-sandbox: timeout 1");
	assert_says(f, "ended otherwise   docker-sandbox: timeout 1, oom 1, cancelled 1");
	assert_says(f, "placed by\n  their durations.");
	assert_says_not(f, "A line was cut");
	tell(f, story_hostile);
	summary(f, 80, false);
	assert_says(f, "A line was cut to the width");
	tell(f, story_done);
	summary(f, 80, false);
	assert_says(f, "\n  ○ gates             2 configured, not evaluated by this version\n");
	f->story.session->info.gates = 0;
	summary(f, 80, false);
	assert_says_not(f, "gates");
	markdown(f);
	assert_says_not(f, "Gates");
	tell(f, story_sixteen);
	summary(f, 60, false);
	assert_says(f, "\n  mode-15 ");
	assert_says(f, "  behind the path\n    create ");
}

static void test_too_short_to_extrapolate_is_said(void **state)
{
	static const struct beat tiny[] = {{SW_PHASE_EXECUTE, 400000, false}};
	struct fixture *f = *state;
	struct turn turn = {BEATS(tiny), .outcome = SW_OUTCOME_OK};
	struct sw_session_info info = story_info("mock");

	story_study(&f->story, &info);
	for (int i = 0; i < 5; i++) {
		story_turn(&f->story, 0, &turn);
		story_ok(&f->story, 1);
	}
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	summary(f, 200, false);
	assert_says(f, "its execute phase is below 1 ms");
	assert_says(f, "The limit alone allows ×2.");
	assert_says(f, "The percentage is misleading");
	assert_says_not(f, "with ratio");
	markdown(f);
	assert_says(f, "its execute phase is below 1 ms");
	assert_says(f, "The percentage is misleading");
}

static void test_a_full_buffer_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct sw_buf small;

	tell(f, story_done);
	for (size_t limit = 1; limit < 500; limit *= 3) {
		sw_buf_init(&small, limit);
		int a = sw_report_summary(&f->figures, 80, limit % 2, &small);
		sw_buf_clear(&small);
		int b = sw_report_markdown(&f->figures, &report_files, GENERATED_AT, &small);
		sw_buf_clear(&small);
		int c = limit < 200 ? sw_report_recommended_yaml(&f->figures, &small) : -1;
		sw_buf_done(&small);
		assert_int_equal(a, -1);
		assert_int_equal(b, -1);
		assert_int_equal(c, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_summary_golden),
		TEST(test_golden_of_faults),
		TEST(test_golden_of_several_modes),
		TEST(test_several_modes_are_told_of),
		TEST(test_drift_and_outliers_are_said),
		TEST(test_a_layer_without_figures),
		TEST(test_summary_fits_in_every_state),
		TEST(test_summary_names_what_happened),
		TEST(test_too_short_to_extrapolate_is_said),
		TEST(test_a_full_buffer_is_an_error),
	};
	return cmocka_run_group_tests_name("report_summary", tests, NULL, NULL);
}
