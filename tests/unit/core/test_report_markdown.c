#include "tests/unit/core/report_test.h"

#include <cjson/cJSON.h>

#include "tests/unit/core/golden.h"

/* ---- the Markdown report ---- */

/* The study's, in its order. */
static const char *const sections[] = {
	"\n## Executive Summary\n",
	"\n## Test Configuration\n",
	"\n## Baseline Results",
	"\n## Docker Sandbox Results",
	"\n## Performance Comparison\n",
	"\n### Overhead Percentage\n",
	"\n## Overhead Breakdown\n",
	"\n## Production Performance Projection\n",
	"\n## Comparison with Historical Data\n",
	"\n## Success Rate Analysis\n",
	"\n## Decision Framework Application\n",
	"\n### Recommended Configuration\n",
	"\n## Risk Assessment\n",
	"\n## Recommendations\n",
	"\n#### Option A",
	"\n#### Option B",
	"\n#### Option C",
	"\n## Future Optimization Opportunities\n",
	"\n## Conclusion\n",
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
		assert_int_equal(count_of(text, "\n## "), 14);
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
	assert_says(f, "Not available in this version.");
	assert_says(f, "| Container Reuse | not measured in this session |");
	tell(f, story_sixteen);
	markdown(f);
	assert_says(f, "| Container Reuse | mode-03: ");
	assert_says(f, "| Parallel Execution | mode-02: ");
}

static void test_markdown_golden(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	markdown(f);
	golden_check("report.md", &f->text);
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
	};
	return cmocka_run_group_tests_name("report_markdown", tests, NULL, NULL);
}
