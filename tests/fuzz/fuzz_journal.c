/* A journal's lines: what decodes is written as a line that decodes to the same event; and a
 * session of whatever events, however absurd, adds up. (fuzz_report.c has what is told of it.) */
#include "core/session.h"
#include "tests/fuzz/lines.h"

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
	sw_session_free(session);
	return 0;
}
