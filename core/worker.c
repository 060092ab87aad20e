#include "core/worker_internal.h"

#include <inttypes.h>

#include "core/json.h"
#include "core/text.h"

#define MARK '\036'
#define MS INT64_C(1000000)

/* ---- job ---- */

static bool is_utf8(const char *text, size_t len)
{
	while (len) {
		size_t n = sw_text_utf8_len(text, len);
		if (!n)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static int add_base64(struct sw_buf *out, const unsigned char *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)bytes[i] << 16 | (i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0) |
		             (i + 2 < len ? (unsigned)bytes[i + 2] : 0);
		char quad[4] = {digits[v >> 18], digits[v >> 12 & 63],
		                i + 1 < len ? digits[v >> 6 & 63] : '=', i + 2 < len ? digits[v & 63] : '='};
		if (sw_buf_add(out, quad, sizeof quad) < 0)
			return -1;
	}
	return 0;
}

int sw_worker_job(struct sw_buf *out, const struct sw_task *task, const struct sw_attempt *attempt,
                  const struct sw_job_options *options)
{
	struct sw_json json;
	sw_json_init(&json, out, 0);
	sw_json_object(&json, NULL);
	sw_json_int(&json, "v", 1);
	sw_json_str(&json, "token", attempt->token);
	sw_json_bool(&json, "once", options->once);
	if (options->timeout_ns > 0)
		sw_json_int(&json, "timeout_ms", (options->timeout_ns + MS - 1) / MS);
	if (options->memory_bytes > 0)
		sw_json_int(&json, "memory_bytes", options->memory_bytes);
	if (task->is_unchecked)
		sw_json_bool(&json, "validate", false);
	if (options->noop)
		sw_json_bool(&json, "noop", true);
	else if (is_utf8(task->strategy, task->strategy_len)) {
		sw_json_strn(&json, "strategy", task->strategy, task->strategy_len);
	} else {
		struct sw_buf coded = {0};
		if (add_base64(&coded, (const unsigned char *)task->strategy, task->strategy_len) < 0)
			out->overflow = true;
		else
			sw_json_strn(&json, "strategy_b64", coded.data, coded.len);
		sw_buf_done(&coded);
	}
	sw_json_str(&json, "backtest", sw_word(&sw_words_backtest, (int)task->backtest));
	sw_json_int(&json, "days", task->days);
	sw_json_int(&json, "symbols", task->symbols);
	sw_json_int(&json, "seed", (int64_t)task->seed);
	sw_json_end_object(&json);
	sw_buf_add(out, "\n", 1);
	return out->overflow ? -1 : 0;
}

/* ---- report ---- */

void sw_worker_report_init(struct sw_worker_report *report)
{
	*report = (struct sw_worker_report){.outcome = SW_OUTCOME_CRASHED, .exit_code = -1};
}

/* ---- how it went ---- */

static void judge_over(const struct sw_over *over, int64_t timeout_ns,
                       struct sw_attempt_result *result)
{
	const char *said = *over->tail ? over->tail : "nothing";
	char text[32];
	switch (over->end) {
	case SW_OVER_TIMEOUT:
		sw_result_fail(result, SW_OUTCOME_TIMEOUT,
		               "over its limit of %s and killed; raise timeout_seconds if it needs longer",
		               sw_text_duration(text, sizeof text, timeout_ns));
		break;
	case SW_OVER_OOM:
		sw_result_fail(result, SW_OUTCOME_OOM,
		               "out of memory and stopped; raise memory_limit if it needs more; the last it "
		               "said: %s", said);
		break;
	case SW_OVER_SIGNAL:
		sw_result_fail(result, SW_OUTCOME_CRASHED, "died by %s; the last it said: %s",
		               sw_text_signal(text, sizeof text, over->code), said);
		break;
	case SW_OVER_FLOOD:
		sw_result_fail(result, SW_OUTCOME_CRASHED, "wrote %u bytes and no result; the last it said: %s",
		               SW_RESULT_MAX, said);
		break;
	case SW_OVER_EXIT:
	case SW_OVER_RESULT:
		if (over->end == SW_OVER_EXIT && over->code >= 0)
			sw_result_fail(result, SW_OUTCOME_CRASHED,
			               "its process ended with status %d without a result; the last it said: %s",
			               over->code, said);
		else
			sw_result_fail(result, SW_OUTCOME_CRASHED, "gave no result that can be read; the last it "
			               "said: %s", said);
		break;
	}
}

void sw_worker_judge(const struct sw_worker_report *report, int64_t timeout_ns,
                     struct sw_attempt_result *result)
{
	if (report->garbage) {
		sw_result_fail(result, SW_OUTCOME_CRASHED, "the worker's result cannot be read: %s",
		               report->error);
	} else if (report->has_result) {
		result->outcome = report->outcome;
		sw_text_copy(result->digest, sizeof result->digest, report->digest);
		sw_text_copy(result->error, sizeof result->error, report->error);
	} else if (report->has_over) {
		judge_over(&report->over, timeout_ns, result);
	} else {
		sw_result_fail(result, SW_OUTCOME_CRASHED, "the worker gave no result");
	}
}

/* ---- sentinels ---- */

/* REST of "WORD REST" if the line's word is WORD. */
static const char *after_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static void read_init(const char *rest, struct sw_worker_report *report)
{
	long long at = strtoll(rest, NULL, 10);
	if (!report->init_ns && at > 0 && at <= SW_STAMP_MAX)
		report->init_ns = at;
}

static void read_exit(const char *rest, struct sw_worker_report *report)
{
	char kind[8];
	int64_t at;
	int number;
	if (sscanf(rest, "%" SCNd64 " %7s %d", &at, kind, &number) != 3 || at <= 0 || at > SW_STAMP_MAX)
		return;
	report->exit_ns = at;
	report->has_exit = true;
	if (strcmp(kind, "signal") == 0)
		report->exit_signal = number;
	else
		report->exit_code = number;
}

/* Each phase once and in order, so that nothing that is written later can take the screen back. */
static bool take_hint(const char *name, size_t len, unsigned expected,
                      struct sw_worker_report *report)
{
	int phase = sw_word_find(&sw_words_phase, name, len);
	if (phase < 0 || !(expected & 1u << phase) || report->hints >= 1u << phase ||
	    report->has_result || report->garbage)
		return false;
	report->hints |= 1u << phase;
	return true;
}

/* The reader's line is what follows the mark, without the newline. False: not a sentinel for us. */
static bool take_sentinel(const struct sw_worker_reader *reader, struct sw_worker_report *report)
{
	static const unsigned early = 1u << SW_PHASE_IMPORTS,
	                      late = 1u << SW_PHASE_VALIDATE | 1u << SW_PHASE_DATA | 1u << SW_PHASE_EXECUTE;
	const char *line = reader->line.data;
	const char *at = after_word(line, "sw1"), *rest;
	if (!at)
		return false;
	/* "-" is for who has no job yet: it may announce itself and its imports, and nothing more. */
	const char *announced = after_word(at, "-");
	at = announced ? announced : after_word(at, reader->token);
	if (!at)
		return false;
	size_t left = reader->line.len - (size_t)(at - line);
	if ((rest = after_word(at, "phase")))
		return reader->takes_hints &&
		       take_hint(rest, left - (size_t)(rest - at), announced ? early : late, report);
	if (announced && !after_word(at, "ready"))
		return false;
	if ((rest = after_word(at, "result"))) {
		/* The first word counts: code that writes a second result changes nothing. */
		if (!report->has_result && !report->garbage)
			sw_worker_read_result(rest, left - (size_t)(rest - at), report);
	} else if ((rest = after_word(at, "over")))
		return sw_worker_read_over(rest, left - (size_t)(rest - at), report);
	else if ((rest = after_word(at, "ready")))
		sw_worker_read_ready(rest, left - (size_t)(rest - at), report);
	else if ((rest = after_word(at, "init")))
		read_init(rest, report);
	else if ((rest = after_word(at, "exit")))
		read_exit(rest, report);
	else
		return false;
	return true;
}

void sw_worker_reader_init(struct sw_worker_reader *reader, const char *token)
{
	*reader = (struct sw_worker_reader){.token = token};
	sw_buf_init(&reader->line, SW_RESULT_MAX);
}

void sw_worker_reader_done(struct sw_worker_reader *reader)
{
	sw_buf_done(&reader->line);
}

static void keep_plain(struct sw_worker_reader *reader, const char *bytes, size_t len)
{
	reader->plain_bytes += len;
	const size_t room = sizeof reader->tail;
	if (len >= room) {
		memcpy(reader->tail, bytes + len - room, room);
		reader->tail_len = room;
		return;
	}
	if (reader->tail_len + len > room) {
		/* By half, so that a flood of single bytes does not move the whole each time. */
		size_t keep = len < room / 2 ? room / 2 : room - len;
		keep = keep < reader->tail_len ? keep : reader->tail_len;
		memmove(reader->tail, reader->tail + reader->tail_len - keep, keep);
		reader->tail_len = keep;
	}
	memcpy(reader->tail + reader->tail_len, bytes, len);
	reader->tail_len += len;
}

/* The line in hand turned out not to be a sentinel of ours, or too long for one. */
static void line_is_plain(struct sw_worker_reader *reader, bool ended)
{
	keep_plain(reader, "\036", 1);
	if (reader->line.len)
		keep_plain(reader, reader->line.data, reader->line.len);
	if (ended)
		keep_plain(reader, "\n", 1);
	sw_buf_clear(&reader->line);
}

/* Inside a sentinel line: takes bytes up to its newline (or a second mark, which starts anew).
 * Returns the bytes used; *OUT_TAKEN tells whether a sentinel was completed. */
static size_t feed_line(struct sw_worker_reader *reader, const char *bytes, size_t len,
                        struct sw_worker_report *report, bool *out_taken)
{
	size_t n = 0;
	while (n < len && bytes[n] != '\n' && bytes[n] != MARK)
		n++;
	if (sw_buf_add(&reader->line, bytes, n) < 0) {
		line_is_plain(reader, false);
		keep_plain(reader, bytes, n);
		reader->in_line = false;
		return n;
	}
	if (n == len)
		return n;
	reader->in_line = bytes[n] == MARK;
	if (bytes[n] == '\n' && reader->line.data &&
	    take_sentinel(reader, report)) {
		*out_taken = true;
		sw_buf_clear(&reader->line);
	} else {
		line_is_plain(reader, bytes[n] == '\n');
	}
	return n + 1;
}

int sw_worker_reader_feed(struct sw_worker_reader *reader, const char *bytes, size_t len,
                          struct sw_worker_report *report)
{
	int taken = 0;
	while (len) {
		size_t used;
		if (reader->in_line) {
			bool one = false;
			used = feed_line(reader, bytes, len, report, &one);
			taken += one;
		} else {
			const char *mark = memchr(bytes, MARK, len);
			size_t plain = mark ? (size_t)(mark - bytes) : len;
			if (plain)
				keep_plain(reader, bytes, plain);
			reader->in_line = mark != NULL;
			used = plain + (mark ? 1 : 0);
		}
		bytes += used;
		len -= used;
	}
	return taken;
}

void sw_worker_reader_last_line(const struct sw_worker_reader *reader, char *dst, size_t size)
{
	const char *end = reader->tail + reader->tail_len;
	while (end > reader->tail && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		end--;
	const char *start = end;
	while (start > reader->tail && start[-1] != '\n')
		start--;
	sw_text_clean(dst, size, start, (size_t)(end - start));
}

/* ---- spans ---- */

static const enum sw_phase inner_phases[] = {SW_PHASE_IMPORTS, SW_PHASE_VALIDATE, SW_PHASE_DATA,
                                             SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE};
#define N_INNER (sizeof inner_phases / sizeof inner_phases[0])

static int64_t first_stamp(const struct sw_worker_report *report)
{
	if (report->init_ns)
		return report->init_ns;
	if (report->main_ns)
		return report->main_ns;
	for (size_t i = 0; i < N_INNER; i++)
		if (report->phases[inner_phases[i]].end_ns)
			return report->phases[inner_phases[i]].start_ns;
	return 0;
}

static int64_t last_stamp(const struct sw_worker_report *report)
{
	if (report->exit_ns)
		return report->exit_ns;
	if (report->written_ns)
		return report->written_ns;
	return first_stamp(report);
}

enum sw_clock sw_worker_clock(const struct sw_worker_report *report, int64_t from_ns, int64_t to_ns)
{
	const int64_t slack = 1000000;
	int64_t first = first_stamp(report), last = last_stamp(report);
	if (!first)
		return SW_CLOCK_UNKNOWN;
	return first >= from_ns - slack && last <= to_ns + slack ? SW_CLOCK_SHARED : SW_CLOCK_SEPARATE;
}

void sw_worker_spans(const struct sw_worker_report *report, bool shared_clock, int64_t from_ns,
                     int64_t read_ns, enum sw_phase init_phase, struct sw_attempt_result *result)
{
	int64_t first = first_stamp(report), last = last_stamp(report), shift = 0;
	sw_text_copy(result->python, sizeof result->python, report->python);
	if (!first)
		return;
	if (!shared_clock) {
		/* Only differences count: what was inside ends when its last word was read. */
		shift = read_ns - last;
		result->by_durations = true;
	}
	if (init_phase != SW_PHASE_COUNT)
		sw_result_span(result, init_phase, from_ns, first + shift, true);
	if (report->init_ns && report->main_ns)
		sw_result_span(result, SW_PHASE_BOOT, report->init_ns + shift, report->main_ns + shift, true);
	for (size_t i = 0; i < N_INNER; i++) {
		enum sw_phase phase = inner_phases[i];
		int64_t end_ns = report->phases[phase].end_ns;
		/* The result's line is put together after the stamp that stands in it. */
		if (phase == SW_PHASE_SERIALIZE && report->written_ns > end_ns)
			end_ns = report->written_ns;
		if (report->phases[phase].end_ns)
			sw_result_span(result, phase, report->phases[phase].start_ns + shift, end_ns + shift,
			               true);
	}
	if (report->written_ns)
		sw_result_span(result, SW_PHASE_DELIVER, report->written_ns + shift, read_ns, true);
}
