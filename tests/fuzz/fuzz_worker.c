/* What a worker and a shim say within a stream of hostile bytes: however it is cut, the same
 * report; and what is made of the report, the spans and the outcome, is in order. */
#include "core/worker.h"
#include "tests/fuzz/fuzz.h"

#define TOKEN "t0k"

struct reading {
	struct sw_worker_reader reader;
	struct sw_worker_report report;
	int taken;
};

static bool feed(void *user, const char *bytes, size_t len)
{
	struct reading *reading = user;
	reading->taken += sw_worker_reader_feed(&reading->reader, bytes, len, &reading->report);
	return true;
}

static void run(const uint8_t *data, size_t size, enum fuzz_cut cut, bool takes_hints,
                struct reading *out)
{
	memset(out, 0, sizeof *out);
	sw_worker_reader_init(&out->reader, TOKEN);
	sw_worker_report_init(&out->report);
	out->reader.takes_hints = takes_hints;
	fuzz_feed(data, size, cut, feed, out);
}

static void check_same(const struct reading *a, const struct reading *b)
{
	char a_line[200], b_line[200];
	FUZZ_CHECK(a->taken == b->taken);
	FUZZ_CHECK(memcmp(&a->report, &b->report, sizeof a->report) == 0);
	FUZZ_CHECK(a->reader.plain_bytes == b->reader.plain_bytes);
	sw_worker_reader_last_line(&a->reader, a_line, sizeof a_line);
	sw_worker_reader_last_line(&b->reader, b_line, sizeof b_line);
	/* "At least the last half is kept": longer lines may begin elsewhere. */
	if (a->reader.tail_len < 200 && b->reader.tail_len < 200)
		FUZZ_CHECK(strcmp(a_line, b_line) == 0);
	fuzz_check_shown(a_line, sizeof a_line);
}

static void check_report(const struct sw_worker_report *report)
{
	fuzz_check_shown(report->error, sizeof report->error);
	fuzz_check_shown(report->python, sizeof report->python);
	fuzz_check_shown(report->digest, sizeof report->digest);
	fuzz_check_shown(report->over.tail, sizeof report->over.tail);
	FUZZ_CHECK((unsigned)report->outcome < SW_OUTCOME_COUNT);
	for (int shared = 0; shared < 2; shared++) {
		for (int i = 0; i < 2; i++) {
			const int64_t from = 1000000, read = from + (i ? INT64_C(5000000000) : 0);
			static struct sw_attempt_result result;
			memset(&result, 0, sizeof result);
			sw_worker_spans(report, shared, from, read, i ? SW_PHASE_START : SW_PHASE_COUNT,
			                &result);
			sw_worker_judge(report, from, &result);
			FUZZ_CHECK(result.n_spans >= 0 && result.n_spans <= SW_SPANS_MAX);
			for (int k = 0; k < result.n_spans; k++)
				FUZZ_CHECK(result.spans[k].start_ns <= result.spans[k].end_ns &&
				           (unsigned)result.spans[k].phase < SW_PHASE_COUNT);
			fuzz_check_shown(result.error, sizeof result.error);
			(void)sw_worker_clock(report, from, read);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading whole, cut_up;
	for (int hints = 0; hints < 2; hints++) {
		run(data, size, FUZZ_WHOLE, hints, &whole);
		check_report(&whole.report);
		for (enum fuzz_cut cut = FUZZ_BYTES; cut < FUZZ_CUTS; cut++) {
			run(data, size, cut, hints, &cut_up);
			check_same(&whole, &cut_up);
			sw_worker_reader_done(&cut_up.reader);
		}
		sw_worker_reader_done(&whole.reader);
	}
	return 0;
}
