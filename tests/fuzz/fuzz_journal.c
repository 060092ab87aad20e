/* A journal's lines: what decodes is written as a line that decodes to the same event; and a
 * session of whatever events, however absurd, adds up, has figures, and can be told as a snapshot
 * and as a report. */
#include "core/codec.h"
#include "core/figures.h"
#include "core/report.h"
#include "core/session.h"
#include "core/snapshot.h"
#include "tests/fuzz/fuzz.h"

#define FIGURES_EVERY 64 /* inputs: their bootstrap costs more than all else */

static void check_round_trip(const struct sw_event *event)
{
	static struct sw_event back;
	SW_CLEANUP(buf) struct sw_buf line = {0};
	struct sw_error err = {0};
	FUZZ_CHECK(sw_event_encode(event, &line) == 0);
	if (line.len > SW_EVENT_LINE_MAX)
		return;
	FUZZ_CHECK(sw_event_decode(line.data, line.len, &back, &err) == 0);
	FUZZ_CHECK(sw_event_equal(event, &back));
}

static void check_accounts(const struct sw_session *session)
{
	FUZZ_CHECK(session->n_modes >= 0 && session->n_modes <= SW_MODES_MAX);
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		uint64_t sum = mode->fell_back;
		for (int outcome = 0; outcome < SW_OUTCOME_COUNT; outcome++)
			sum += mode->outcomes[outcome];
		FUZZ_CHECK(sum == mode->done);
		FUZZ_CHECK(mode->info.planned ==
		           (int64_t)(sum + sw_mode_counted_running(mode) + sw_mode_pending(mode)));
		FUZZ_CHECK(sum + sw_mode_counted_running(mode) <= (uint64_t)mode->info.planned);
		FUZZ_CHECK(mode->n_running <= mode->n_slots && mode->n_slots <= SW_PARALLEL_MAX);
	}
	FUZZ_CHECK(session->n_containers <= SW_SEEN_CONTAINERS_MAX && session->n_notes <= SW_NOTES_MAX);
}

/* What is told of SESSION is complete, and safe to show. */
static void check_told(const struct sw_session *session)
{
	static const struct sw_report_files files = {.journal = "journal.jsonl", .snapshot = "s.json"};
	static const char at[] = "2026-11-23T16:16:14Z";
	static struct sw_figures figures;
	SW_CLEANUP(buf) struct sw_buf out = {0};
	struct sw_value *value = NULL;
	struct sw_error err = {0};

	FUZZ_CHECK(sw_figures_compute(session, &figures) == 0);
	FUZZ_CHECK(sw_snapshot_write(&figures, at, &out) == 0);
	if (sw_value_parse(out.data, out.len, &value, &err) < 0) {
		fprintf(stderr, "%s\n%s", err.message, out.data);
		abort();
	}
	sw_value_free(value);
	for (int ascii = 0; ascii < 2; ascii++) {
		sw_buf_clear(&out);
		FUZZ_CHECK(sw_report_summary(&figures, ascii ? 60 : 120, ascii, &out) == 0);
		for (size_t i = 0; i < out.len; i++)
			FUZZ_CHECK(out.data[i] == '\n' ||
			           ((unsigned char)out.data[i] >= ' ' && out.data[i] != 0x7f));
		for (size_t i = 0; ascii && i < out.len; i++)
			FUZZ_CHECK((unsigned char)out.data[i] < 0x80);
	}
	sw_buf_clear(&out);
	FUZZ_CHECK(sw_report_markdown(&figures, &files, at, &out) == 0);
	sw_buf_clear(&out);
	FUZZ_CHECK(sw_report_recommended_yaml(&figures, &out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sw_event event;
	struct sw_session *session = sw_session_new();
	const char *at = (const char *)data, *end = at + size;

	FUZZ_CHECK(session);
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		size_t len = feed ? (size_t)(feed - at) + 1 : (size_t)(end - at);
		SW_CLEANUP(free) char *line = fuzz_bytes(at, len);
		struct sw_error err = {0};
		if (sw_event_decode(line, len, &event, &err) == 0) {
			check_round_trip(&event);
			FUZZ_CHECK(sw_session_apply(session, &event) == 0);
			check_accounts(session);
		} else {
			fuzz_check_error(&err);
		}
		at += len;
	}
	if (session->started && fuzz_hash(data, size, 7) % FIGURES_EVERY == 0)
		check_told(session);
	sw_session_free(session);
	return 0;
}
