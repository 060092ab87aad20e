#include "tests/unit/core/report_test.h"

#include <cjson/cJSON.h>

#include "tests/unit/core/golden.h"

/* ---- the Markdown report ---- */

/* The study's, in its order. */
static const char *const sections[] = {
	"\n## Executive Summary\n",
	"\n## Test Configuration\n",
	"\n### Environment\n",
	"\n- **Python**: ",
	"\n### Test Parameters\n",
	"\n- **Timeout**: ",
	"\n## Baseline Results",
	"\n## Docker Sandbox Results",
	"\n## Performance Comparison\n",
	"\n### Execution Time Analysis\n",
	"\n### Overhead Percentage\n",
	"\n## Overhead Breakdown\n",
	"\n## Production Performance Projection\n",
	"\n## Comparison with Historical Data\n",
	"\n## Success Rate Analysis\n",
	"\n## Decision Framework Application\n",
	"\n### Recommended Configuration\n",
	"\n## Risk Assessment\n",
	"\n### Low Risk Factors\n",
	"\n### Medium Risk Factors\n",
	"\n### Mitigation Strategies\n",
	"\n## Recommendations\n",
	"\n#### Option A",
	"\n**Use Case**: ",
	"\n#### Option B",
	"\n**Use Case**: ",
	"\n#### Option C",
	"\n**Use Case**: ",
	"\n## Future Optimization Opportunities\n",
	"\n## Conclusion\n",
	"\n## Test Results Files\n",
	"\n### Generated Artifacts\n",
	"\n### Raw Data Summary\n",
};

static int count_of(const char *text, const char *part)
{
	int n = 0;
	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static int bars_of(const char *line, size_t len)
{
	int n = 0;
	for (size_t i = 0; i < len; i++)
		n += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
	return n;
}

/* Leaves out what stands in code blocks, where nothing is escaped. */
static void drop_fences(struct fixture *f)
{
	struct sw_buf rest = {0};
	bool inside = false;

	for (const char *line = f->text.data; *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, "```", 3) == 0)
			inside = !inside;
		else if (!inside)
			sw_buf_add(&rest, line, strcspn(line, "\n") + 1);
	}
	sw_buf_done(&f->text);
	f->text = rest;
}

/* Every row of a table has as many bars as its head; nothing but a table begins with one. */
static void check_tables(const char *text)
{
	int expected = 0;

	for (; *text; text += strcspn(text, "\n") + 1) {
		size_t len = strcspn(text, "\n");
		if (*text != '|') {
			expected = 0;
			continue;
		}
		int bars = bars_of(text, len);
		if (expected == 0)
			expected = bars;
		if (bars != expected)
			fail_msg("%d bars, not %d: %.*s", bars, expected, (int)len, text);
	}
}

static void test_markdown_in_every_state(void **state)
{
	struct fixture *f = *state;

	for (size_t s = 0; s < STORIES; s++) {
		tell(f, story_list[s].tell);
		const char *text = markdown(f), *at = text;
		for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
			at = strstr(at, sections[i]);
			if (!at)
				fail_msg("%s: no %s in its place", story_list[s].name, sections[i]);
		}
		/* Nothing from outside made a heading of its own. */
		assert_int_equal(count_of(text, "\n## "), 15);
		assert_int_equal(count_of(text, "\n# "), 0);
		assert_int_equal(count_of(text, "\n```") % 2, 0);
		for (size_t i = 0; i < f->text.len; i++)
			assert_true((unsigned char)text[i] >= ' ' || text[i] == '\n');
		drop_fences(f);
		assert_says_not(f, "<script>");
		assert_says_not(f, "<b>");
		assert_says_not(f, "x](");
		assert_says_not(f, " nan");
		check_tables(f->text.data);
	}
}

static void test_markdown_invents_nothing(void **state)
{
	struct fixture *f = *state;

	tell(f, story_all_fell_back);
	markdown(f);
	assert_says(f, "of 20 iterations of docker-sandbox, none ended ok");
	assert_says(f, "Not possible: the overhead was not measured.");
	assert_says(f, "- Overhead: not measured\n");
	assert_says(f, "| not verified | not measured | **do not enable** |");
	assert_says(f, "#### Option C: Disable for Testing (RECOMMENDED)");
	tell(f, story_done);
	markdown(f);
	assert_says(f, "This run has no history to compare with");
	assert_says_not(f, "| measured: ");
	tell(f, story_sixteen);
	markdown(f);
	assert_says(f, "| measured: mode mode-03 |");
	assert_says_not(f,
	                "measured: mode mode-04"); /* two at once: not an iteration after the other */
}

/* 10 + 20 + 30 + 40 ms in the phases that reuse leaves out, 60 ms of them the engine's; 100 ms of job. */
static void tell_bounds(struct fixture *f, const char *runtime)
{
	static const struct beat host[] = {{SW_PHASE_EXECUTE, 100 * MS, false}};
	static const struct beat cold[] = {{SW_PHASE_CREATE, 10 * MS, false},
	                                   {SW_PHASE_START, 20 * MS, false},
	                                   {SW_PHASE_IMPORTS, 40 * MS, false},
	                                   {SW_PHASE_EXECUTE, 100 * MS, false},
	                                   {SW_PHASE_REMOVE, 30 * MS, false}};
	static const struct beat light[] = {{SW_PHASE_START, 50 * MS, false},
	                                    {SW_PHASE_EXECUTE, 100 * MS, false}};
	struct turn turns[3] = {{BEATS(host), .exact_ns = true},
	                        {BEATS(cold), .exact_ns = true},
	                        {BEATS(light), .exact_ns = true}};
	struct sw_session_info info = story_info("bounds");
	struct sw_mode_info other = story_mode_info("crun-sandbox", SW_KIND_COLD);

	story_study(&f->story, &info);
	snprintf(other.runtime, sizeof(other.runtime), "%s", runtime);
	story_mode(&f->story, &other);
	for (int mode = 0; mode < 3; mode++)
		story_turn(&f->story, mode, &turns[mode]);
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	markdown(f);
}

static void test_bounds_follow_from_the_phases(void **state)
{
	struct fixture *f = *state;

	tell_bounds(f, "default");
	assert_says(f,
	            "| Container Reuse | 200.0 ms | not below 100.0 ms | at most -50.0 % | - | -60 % "
	            "| not measured by this run; a bound, not an estimate |");
	assert_says(f, "| Prepared Containers | 200.0 ms | not below 160.0 ms | at most -20.0 % |");
	assert_says(f, "| Parallel Execution (5x) | 4.00 s (20 iter) | not below 800 ms (20 iter) | at "
	               "most -80.0 % |");
	assert_says(f, "| Lightweight Runtime | 200.0 ms | not below 140.0 ms | at most -30.0 % |");
	assert_says(f, "5 at once may take 10 GiB by memory_limit; the machine has 8 GiB");
	assert_says(f, "may take 2.5 CPUs");
	sw_session_free(f->story.session);
	tell_bounds(f, "crun");
	assert_says(f, "| Lightweight Runtime (crun) | 200.0 ms | 150.0 ms | **-25.0 %** | - | -20 % | "
	               "measured: mode crun-sandbox against mode docker-sandbox |");
}

static void test_optimizations_are_measured(void **state)
{
	struct fixture *f = *state;

	tell(f, story_ladder);
	markdown(f);
	assert_says(
		f, "| Container Reuse (exec) | 395.18 ms | 99.56 ms | **-74.8 %** | -76.8 to -73.0 % | "
		   "-60 % | measured: mode exec |\n");
	assert_says(f, "| Container Reuse (warm) | 395.18 ms | 4.21 ms | **-98.9 %** |");
	assert_says(f, "| Prepared Containers | 395.18 ms | 161.87 ms | **-59.0 %** |");
	/* 20 iterations, at 2.524 and at 4.160 a second. */
	assert_says(
		f, "| Parallel Execution (2x) | 7.92 s (20 iter) | 4.81 s (20 iter) | **-39.3 %** | - | "
		   "-31 % (5x) | measured: throughput of mode cold-x2 |\n");
	assert_says(f, "| Lightweight Runtime (crun) | 395.18 ms | 298.47 ms | **-24.5 %** |");
	assert_says(f, "| -20 % | measured: mode cold-crun against mode docker-sandbox |\n");
	assert_says(f, "| Combined (warm, 2x) | 396 ms | 2.83 ms | **-99.3 %** | - | -68 % | measured: "
	               "throughput of mode warm-x2 |\n");
	assert_says(f, "| exec | exec | 99.56 ms | -74.8 % | kernel, filesystem, process tree | 6 of 7 | "
	               "forks |\n");
	assert_says(f, "| warm | warm, warm-x2 | 4.21 ms | -98.9 % | kernel, filesystem, process tree, "
	               "interpreter | 7 of 7 | - |\n");
	assert_says_not(f, "a bound");
	assert_says_not(f, "`sandwatch --config config/ladder.yaml`");
	/* crun is the lighter one, also where it is the engine's own; other limits are no runtime's doing. */
	snprintf(f->story.session->modes[1]->info.runtime, 64, "default");
	snprintf(f->story.session->environment.runtime, 32, "crun");
	snprintf(f->story.session->modes[2]->info.runtime, 64, "runc");
	markdown(f);
	assert_says(f, "| Lightweight Runtime (crun) | 298.47 ms | 395.18 ms | **+32.4 %** |");
	/* A mode that names it stands for it. */
	snprintf(f->story.session->modes[3]->info.runtime, 64, "crun");
	f->story.session->modes[3]->info.parallel = 1;
	markdown(f);
	assert_says(f, "| Lightweight Runtime (crun) | 298.47 ms | 479.84 ms | **+60.8 %** |");
	assert_says_not(f, "| Lightweight Runtime (crun) | 298.47 ms | 395.18 ms |");
	f->story.session->modes[3]->info.parallel = 2;
	f->story.session->modes[2]->info.memory_bytes--;
	markdown(f);
	assert_says(f, "| Lightweight Runtime | 395.18 ms | not below ");
	assert_says(f, "measured by `sandwatch --config config/ladder.yaml`.");
}

static void test_without_a_cold_mode_nothing_is_optimized(void **state)
{
	struct fixture *f = *state;

	tell(f, story_one_mode);
	markdown(f);
	assert_says(f, "`sandwatch --config config/ladder.yaml` measures them all.\n");
	assert_says_not(f, "| Container Reuse");
}

static void test_layers_fill_the_breakdown(void **state)
{
	struct fixture *f = *state;

	tell(f, story_ablation);
	markdown(f);
	assert_says(f, "| Network setup | ~0.10s | +31.2 ms | +25.6 to +37.0 | measured: mean of "
	               "without-network minus mean of sandbox |\n");
	assert_says(
		f, "| Security profile apply | ~0.18s | +2.0 ms | -3.3 to +7.0 | measured: mean of sandbox "
		   "minus mean of without-seccomp; not distinguishable from zero |\n");
	assert_says(f,
	            "- dropped capabilities cost 11.1 ms \\[+6.4, +15.7\\]: 3.7 % of an iteration\n");
	assert_says(f, "### Container Lifecycle Analysis (sandbox)\n");
	assert_says_not(f, "Lifecycle Analysis (without-");
	assert_says(f, "the verdict is **unknown**");
	tell(f, story_done);
	markdown(f);
	assert_says(f, "| Network setup | ~0.10s | not measured | - | `sandwatch run --ablate "
	               "network,seccomp` measures it |\n");
	assert_says(f, "| Security profile apply | ~0.18s | not measured | - |");
}

static void test_all_modes_are_compared(void **state)
{
	struct fixture *f = *state;

	tell(f, story_ladder);
	markdown(f);
	assert_says(
		f, "| **cold-x2** | cold | 2 | 488.16 ms | 479.84 ms | 4.16 | +474.76 | +465.22 to +483.64 "
		   "| +9358.3 % | +84.65 | +72.73 to +95.99 | +21.4 % |\n");
	assert_says(f, "| **docker-sandbox** | cold | 1 | 391.95 ms | 395.18 ms | 2.52 | +390.11 | ");
	assert_says(f, " | - | - | - |\n");
	assert_says(f, "- **Iterations**: auto, 12 iterations per mode: precise enough: ");
	assert_says_not(f, "the last third of its iterations");
	assert_says(f, "#### Behind the Path\n\nNo iteration waited for it.\n\n");
	assert_says(f, "| create (the engine creates the container) | 80.00 ms | 80.00 ms | 1 |\n");
	assert_says_not(f, "off the path");
	tell(f, story_done);
	markdown(f);
	assert_says_not(f, "### All Modes");
	assert_says_not(f, "Behind the Path");
	assert_says(f, "### Drift and Outliers\n\nNone found. Drift is not judged in modes with fewer than 30 "
	               "iterations that ended ok.\n");
	story_plan(&f->story, 32);
	for (int i = 0; i < 12; i++) {
		story_ok(&f->story, 0);
		story_ok(&f->story, 1);
	}
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	markdown(f);
	assert_says_not(f, "is not judged");
}

static void test_one_iteration_has_no_interval(void **state)
{
	struct fixture *f = *state;

	tell_bounds(f, "default");
	assert_says(f, "adds **+100.0 ms per iteration**.\n");
	assert_says(f, "| Mean, 95 % from | - |");
	assert_says(f, "| Std Dev | - |");
	assert_says(f, "| **Overhead** | **+100.0 ms** | +100.0 ms | +100.0 ms | - |");
	assert_says(f, "one iteration gives no interval");
	assert_says_not(f, "% interval +");
	assert_says_not(f, "√");
	summary(f, 120, false);
	assert_says(f, "relative          +100 % of the baseline's mean\n");
	assert_says(f, "+3.3 %              -");
	assert_says_not(f, " to +");
}

static void test_a_journal_without_an_end_is_unfinished(void **state)
{
	struct fixture *f = *state;

	tell(f, story_running);
	markdown(f);
	assert_says(f,
	            "**Status**: unfinished: its journal has no end (the session was killed, or still "
	            "runs); 3 of 40 iterations in ");
	assert_says(f, "- **Completeness**: 19 of 20 planned iterations were not run\n");
	assert_says_not(f, "running,");
	f->writer = SW_WRITER_ALIVE;
	markdown(f);
	assert_says(f,
	            "**Status**: still running: these are the figures so far; 3 of 40 iterations in ");
	f->writer = SW_WRITER_DEAD;
	markdown(f);
	assert_says(f,
	            "**Status**: unfinished: its journal has no end, and its writer died (the session "
	            "was killed); 3 of 40 iterations in ");
	f->writer = SW_WRITER_UNKNOWN;
	tell(f, story_interrupted);
	markdown(f);
	assert_says(f, "**Status**: interrupted, ");
	tell(f, story_empty);
	markdown(f);
	assert_says(f, "**Status**: not started, ");
}

static void test_paused_time_is_told(void **state)
{
	struct fixture *f = *state;

	tell(f, story_done);
	markdown(f);
	assert_says_not(f, "paused");
	f->story.session->paused_sum_ns = 5000000000;
	markdown(f);
	assert_says(f, ", 5.00 s of it paused\n");
	summary(f, 120, false);
	assert_says(f, ", 5.00 s of it paused\n");
}

static void test_mitigation_follows_from_what_happened(void **state)
{
	struct fixture *f = *state;

	tell(f, story_done);
	markdown(f);
	assert_says(f, "**Overhead**: phase imports takes the most");
	assert_says(f, "none in 20 iterations leaves up to 16.1 % possible");
	assert_says(f, "timeout_seconds (5.00 min) was not hit; the longest iteration took 423 ms");
	assert_says(f, "memory_limit (2 GiB) was not hit");
	assert_says(f, "**fallback mechanism**: on, and never taken here");
	tell(f, story_interrupted);
	markdown(f);
	assert_says(f, "**Timeouts**: 1 at the limit of timeout_seconds (5.00 min)");
	assert_says(f, "**Memory**: 1 killed at the limit of memory_limit (2 GiB)");
	assert_says_not(f, "was not hit");
	tell(f, story_all_fell_back);
	markdown(f);
	assert_says(f, "mend what caused them first: engine 20");
	assert_says_not(f, "no engine errors, nothing out of memory or crashed\n- Last");
	assert_says(f, "**Retries**: 20 (engine 20); max_retries is 1");
	assert_says(f, "**Fallback policy**: set sandbox.fallback.on to");
	assert_says(f, "exercised: 20 taken, 19 of them ended ok on the host");
	assert_says_not(f, "was not hit");
	tell(f, story_empty);
	markdown(f);
	assert_says_not(f, "limit (");
}

static void test_python_and_validation(void **state)
{
	struct fixture *f = *state;

	tell(f, story_done);
	markdown(f);
	assert_says(f, "- **Python**: 3.11.2\n");
	assert_says(f,
	            "- **Validation**: AST validation enabled in both modes (phase validate: 268 µs in "
	            "ast-only · 1.38 ms in docker-sandbox)");
	snprintf(f->story.session->modes[0]->python, SW_PYTHON_MAX, "3.12.1");
	markdown(f);
	assert_says(f, "- **Python**: 3.12.1 in ast-only · 3.11.2 in docker-sandbox\n");
	f->story.session->info.command = true;
	markdown(f);
	assert_says(f, "- **Python**: not used: the workload is a command\n");
	assert_says(f, "- **Validation**: none: the workload is a command\n");
	assert_says_not(f, "mock simulation");
	tell(f, story_engineless);
	markdown(f);
	assert_says(f, "- **Python**: 3.11.2\n"); /* the host's */
	tell(f, story_started);
	markdown(f);
	assert_says(f, "- **Python**: not known\n");
}

static void test_shims_of_modes_that_differ(void **state)
{
	struct fixture *f = *state;

	tell(f, story_sixteen);
	markdown(f);
	assert_says(f, "- **Start stamp (shim)**: baked\n");
	f->story.session->modes[1]->info.shim = SW_SHIM_UPLOADED;
	markdown(f);
	assert_says(f, "- **Start stamp (shim)**: uploaded in docker-sandbox · baked in mode-02 · ");
	tell(f, story_one_mode);
	markdown(f);
	assert_says(f, "- **Start stamp (shim)**: not known\n");
}

static void test_files_are_named_as_far_as_known(void **state)
{
	static const struct sw_report_files none = {0};
	struct fixture *f = *state;

	tell(f, story_done);
	markdown(f);
	assert_says(f, "1. **Journal, every event of the run**: `/state/runs/7f3a/journal.jsonl`\n");
	assert_says(f, "4. **Exported snapshot**: standard output\n");
	assert_says(f, "5. **This report**: `/home/me/my_report.md`\n");
	sw_buf_clear(&f->text);
	assert_int_equal(sw_report_markdown(&f->figures, &none, GENERATED_AT, &f->text), 0);
	assert_says(f, "None that this report knows of.");
	assert_says_not(f, "**Journal");
}

static void test_markdown_golden(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	markdown(f);
	golden_check("report.md", &f->text);
	tell(f, story_faults);
	markdown(f);
	golden_check("report-faults.md", &f->text);
}

/* The block after "### Raw Data Summary" is JSON, and the study's. */
static void test_raw_data(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	const char *json = strstr(markdown(f), "```json\n");
	assert_non_null(json);
	cJSON *root = cJSON_Parse(json + strlen("```json\n"));
	assert_non_null(root);
	cJSON *sandbox = cJSON_GetObjectItem(root, "docker_sandbox");
	double mean = cJSON_GetObjectItem(sandbox, "mean")->valuedouble;
	double iterations = cJSON_GetObjectItem(sandbox, "iterations")->valuedouble;
	bool has_rate = cJSON_GetObjectItem(sandbox, "fallback_rate") != NULL;
	cJSON_Delete(root);
	assert_true(mean * 1e9 - f->figures.modes[1].latency.mean < 500 &&
	            mean * 1e9 - f->figures.modes[1].latency.mean > -500);
	assert_true(iterations > 19.5 && iterations < 20.5);
	assert_true(has_rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_markdown_in_every_state),
		TEST(test_markdown_invents_nothing),
		TEST(test_markdown_golden),
		TEST(test_raw_data),
		TEST(test_bounds_follow_from_the_phases),
		TEST(test_optimizations_are_measured),
		TEST(test_without_a_cold_mode_nothing_is_optimized),
		TEST(test_layers_fill_the_breakdown),
		TEST(test_all_modes_are_compared),
		TEST(test_one_iteration_has_no_interval),
		TEST(test_mitigation_follows_from_what_happened),
		TEST(test_a_journal_without_an_end_is_unfinished),
		TEST(test_paused_time_is_told),
		TEST(test_python_and_validation),
		TEST(test_shims_of_modes_that_differ),
		TEST(test_files_are_named_as_far_as_known),
	};
	return cmocka_run_group_tests_name("report_markdown", tests, NULL, NULL);
}
