/* What a session of whatever events is told as: the snapshot is JSON, the summary and the report hold
 * nothing that a terminal would obey, and the recommended configuration loads. (fuzz_journal.c has the
 * events.) */
#include "core/codec.h"
#include "core/config.h"
#include "core/figures.h"
#include "core/report.h"
#include "core/report_text.h"
#include "core/session.h"
#include "core/snapshot.h"
#include "tests/fuzz/lines.h"

static const char at[] = "2026-11-23T16:16:14Z";

/* Lines that may be shown, each of at most COLUMNS; 0: however long. */
static void check_lines(const struct sw_buf *out, size_t columns)
{
	FUZZ_CHECK(!out->overflow && out->len > 0 && out->data[out->len - 1] == '\n');
	for (const char *line = out->data; *line;) {
		size_t len = strcspn(line, "\n");
		SW_CLEANUP(free) char *text = fuzz_text(line, len);
		fuzz_check_shown(text, len + 1);
		if (columns && sw_text_columns(text) > columns)
			fprintf(stderr, "%zu columns of %zu: %s\n", sw_text_columns(text), columns, text);
		FUZZ_CHECK(columns == 0 || sw_text_columns(text) <= columns);
		line += len + 1;
	}
}

static void check_snapshot(const struct sw_figures *figures, struct sw_buf *out)
{
	struct sw_value *value = NULL;
	struct sw_error err = {0};
	sw_buf_clear(out);
	FUZZ_CHECK(sw_snapshot_write(figures, at, out) == 0);
	check_lines(out, 0);
	if (sw_value_parse(out->data, out->len, &value, &err) < 0) {
		fprintf(stderr, "%s\n%s", err.message, out->data);
		abort();
	}
	FUZZ_CHECK(sw_value_text(sw_value_member(value, "schema")));
	FUZZ_CHECK(sw_value_length(sw_value_member(value, "modes")) == figures->n_modes);
	sw_value_free(value);
}

static void check_summary(const struct sw_figures *figures, struct sw_buf *out)
{
	for (int ascii = 0; ascii < 2; ascii++) {
		size_t columns = ascii ? 60 : 120;
		sw_buf_clear(out);
		FUZZ_CHECK(sw_report_summary(figures, (int)columns, ascii, out) == 0);
		check_lines(out, columns);
		for (size_t i = 0; ascii && i < out->len; i++)
			FUZZ_CHECK((unsigned char)out->data[i] < 0x80);
	}
}

static void check_report(const struct sw_figures *figures, uint64_t hash, struct sw_buf *out)
{
	struct sw_report_files files = {
		.journal = "journal.jsonl",
		.snapshot = hash & 1 ? "snapshot.json" : NULL,
		.config = hash & 2 ? "config.yaml" : NULL,
		.exported = hash & 4 ? "out.json" : NULL,
		.report = hash & 8 ? "study.md" : NULL,
		.writer = (enum sw_journal_writer)(hash >> 4 & 1),
	};
	sw_buf_clear(out);
	FUZZ_CHECK(sw_report_markdown(figures, &files, at, out) == 0);
	check_lines(out, 0);
}

static const char *get(void *user, const char *name)
{
	(void)user, (void)name;
	return NULL;
}

/* It loads; only a number that no session has may be refused there, too. */
static void check_recommended(const struct sw_figures *figures, struct sw_buf *out)
{
	static struct sw_plan plan;
	struct sw_error err = {0};
	sw_buf_clear(out);
	FUZZ_CHECK(sw_report_recommended_yaml(figures, out) == 0);
	check_lines(out, 0);
	sw_plan_defaults(&plan);
	if (sw_config_load_text(&plan, "f", out->data, out->len, (struct sw_config_env){get, NULL},
	                        &err) < 0 &&
	    !strstr(err.message, " is out of range; ") &&
	    !strstr(err.message, " is not a number of CPUs ")) {
		fprintf(stderr, "%s\n%s", err.message, out->data);
		abort();
	}
	sw_plan_done(&plan);
}

static void apply(struct sw_session *session, const char *bytes, size_t size)
{
	static struct sw_event event;
	const char *from = bytes, *end = bytes + size;
	while (from < end) {
		const char *feed = memchr(from, '\n', (size_t)(end - from));
		size_t len = feed ? (size_t)(feed - from) + 1 : (size_t)(end - from);
		if (sw_event_decode(from, len, &event, NULL) == 0)
			FUZZ_CHECK(sw_session_apply(session, &event) == 0);
		from += len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sw_figures figures;
	struct sw_session *session = sw_session_new();
	SW_CLEANUP(buf) struct sw_buf out = {0};

	FUZZ_CHECK(session);
	apply(session, (const char *)data, size);
	if (session->started) {
		FUZZ_CHECK(sw_figures_compute(session, &figures) == 0);
		check_snapshot(&figures, &out);
		check_summary(&figures, &out);
		check_report(&figures, fuzz_hash(data, size, 0), &out);
		check_recommended(&figures, &out);
	}
	sw_session_free(session);
	return 0;
}
