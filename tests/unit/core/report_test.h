/* What the tests of the summary, the Markdown report and the recommended configuration share. */
#ifndef SW_TEST_REPORT_H
#define SW_TEST_REPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/report.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/text.h"
#include "tests/unit/core/story_list.h"

static const struct sw_report_files report_files = {
	.journal = "/state/runs/7f3a/journal.jsonl",
	.snapshot = "/state/runs/7f3a/snapshot.json",
	.config = "/state/runs/7f3a/config.yaml",
	.exported = "-",
	.report = "/home/me/my_report.md",
};

struct fixture {
	struct story story;
	struct sw_figures figures;
	struct sw_buf text;
	struct sw_table table;
	struct sw_plan plan;
	enum sw_journal_writer writer;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	return f ? 0 : -1;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	sw_session_free(f->story.session);
	sw_buf_done(&f->text);
	sw_table_done(&f->table);
	sw_plan_done(&f->plan);
	free(f);
	return 0;
}

static inline void tell(struct fixture *f, void (*story)(struct story *))
{
	sw_session_free(f->story.session);
	story(&f->story);
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
}

static inline const char *summary(struct fixture *f, int width, bool ascii)
{
	sw_buf_clear(&f->text);
	assert_int_equal(sw_report_summary(&f->figures, width, ascii, &f->text), 0);
	return f->text.data;
}

static inline const char *markdown(struct fixture *f)
{
	struct sw_report_files files = report_files;
	files.writer = f->writer;
	sw_buf_clear(&f->text);
	assert_int_equal(sw_report_markdown(&f->figures, &files, GENERATED_AT, &f->text), 0);
	return f->text.data;
}

static inline void assert_says(const struct fixture *f, const char *part)
{
	if (!strstr(f->text.data, part))
		fail_msg("\"%s\" is not in:\n%s", part, f->text.data);
}

static inline void assert_says_not(const struct fixture *f, const char *part)
{
	if (strstr(f->text.data, part))
		fail_msg("\"%s\" is in:\n%s", part, f->text.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
