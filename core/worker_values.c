#include "core/json_scan.h"
#include "core/text.h"
#include "core/worker_internal.h"

/* The longest text that is wanted has 2000 characters of up to 12 bytes, as Python's json escapes them. */
enum { TEXT_MAX = 32 * 1024, COUNTS = 4 };

struct times {
	int64_t main_ns, written_ns;
	struct {
		int64_t start_ns, end_ns;
	} phases[SW_PHASE_COUNT];
};

/* All that any of the lines may say. */
struct said {
	struct sw_scan scan;
	int outcome, end; /* -1: none that is known */
	bool has_error, has_tail, has_python;
	char digest[SW_DIGEST_MAX]; /* "": none that is one */
	char error[SW_TEXT_MAX], tail[sizeof((struct sw_over *)0)->tail], python[SW_PYTHON_MAX];
	struct {
		bool is_said;
		int64_t value;
	} counts[COUNTS];
	struct times times;
	char scratch[TEXT_MAX]; /* not initialised */
};

/* ---- values: false is wrong syntax; what has another type than expected is skipped ---- */

static bool is_key(struct sw_slice key, const char *name)
{
	return strlen(name) == key.len && memcmp(name, key.text, key.len) == 0;
}

/* OUT->text is NULL unless a text was there that is not too long. */
static bool get_text(struct said *said, struct sw_slice *out)
{
	char first = sw_scan_peek(&said->scan);
	struct sw_scan text = said->scan;
	*out = (struct sw_slice){0};
	if (!sw_scan_skip(&said->scan))
		return false;
	text.end = said->scan.p;
	return first != '"' || text.end - text.p > TEXT_MAX || sw_scan_string(&text, said->scratch, out);
}

static bool get_clean(struct said *said, char *dst, size_t size, bool *out_is_there)
{
	struct sw_slice text;
	if (!get_text(said, &text))
		return false;
	*out_is_there = text.text != NULL;
	if (text.text)
		sw_text_clean(dst, size, text.text, text.len);
	return true;
}

static bool get_digest(struct said *said)
{
	struct sw_slice text;
	size_t n = 0;
	if (!get_text(said, &text))
		return false;
	while (n < text.len && text.text[n] && strchr("0123456789abcdef", text.text[n]))
		n++;
	bool is_one = text.len == SW_DIGEST_MAX - 1 && n == text.len;
	if (is_one)
		memcpy(said->digest, text.text, n);
	said->digest[is_one ? n : 0] = '\0';
	return true;
}

/* Takes a whole number; false, and nothing taken, when something else is there. */
static bool take_whole(struct sw_scan *scan, int64_t *out)
{
	struct sw_scan_number number;
	struct sw_scan at = *scan;
	if (!sw_scan_number(&at, &number) || !number.whole)
		return false;
	*scan = at;
	*out = number.value;
	return true;
}

/* A clock's reading from LOW on; *OUT is left alone when it is none. */
static bool get_stamp(struct said *said, int64_t low, int64_t *out)
{
	int64_t value;
	if (!take_whole(&said->scan, &value))
		return sw_scan_skip(&said->scan);
	if (value >= low && value <= SW_STAMP_MAX)
		*out = value;
	return true;
}

static bool get_count(struct said *said, int which)
{
	said->counts[which].is_said = take_whole(&said->scan, &said->counts[which].value);
	return said->counts[which].is_said || sw_scan_skip(&said->scan);
}

/* [start, end] */
static bool get_pair(struct said *said, int phase)
{
	int64_t start_ns = 0, end_ns = 0;
	int n = 0;
	if (!sw_scan_char(&said->scan, '['))
		return sw_scan_skip(&said->scan);
	said->scan.depth++;
	if (!sw_scan_char(&said->scan, ']')) {
		do {
			bool ok = n == 0   ? get_stamp(said, 1, &start_ns)
			          : n == 1 ? get_stamp(said, start_ns, &end_ns)
			                   : sw_scan_skip(&said->scan);
			if (!ok)
				return false;
			n++;
		} while (sw_scan_char(&said->scan, ','));
		if (!sw_scan_char(&said->scan, ']'))
			return false;
	}
	said->scan.depth--;
	if (n == 2 && start_ns && end_ns) {
		said->times.phases[phase].start_ns = start_ns;
		said->times.phases[phase].end_ns = end_ns;
	}
	return true;
}

/* ---- objects ---- */

typedef bool (*member_fn)(struct said *said, struct sw_slice key);

/* Calls MEMBER for each member's value. What is no object has none. */
static bool read_object(struct said *said, member_fn member)
{
	struct sw_scan *scan = &said->scan;
	if (!sw_scan_char(scan, '{'))
		return sw_scan_skip(scan);
	scan->depth++;
	if (!sw_scan_char(scan, '}')) {
		do {
			(void)sw_scan_peek(scan);
			const char *name = scan->p + 1; /* as it stands: none that is known here has escapes */
			if (!sw_scan_string(scan, NULL, NULL))
				return false;
			struct sw_slice key = {.text = name, .len = (size_t)(scan->p - 1 - name)};
			if (!sw_scan_char(scan, ':') || !member(said, key))
				return false;
		} while (sw_scan_char(scan, ','));
		if (!sw_scan_char(scan, '}'))
			return false;
	}
	scan->depth--;
	return true;
}

static bool time_member(struct said *said, struct sw_slice key)
{
	static const enum sw_phase inner[] = {SW_PHASE_IMPORTS, SW_PHASE_VALIDATE, SW_PHASE_DATA,
	                                      SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE, SW_PHASE_PREWARM};
	if (is_key(key, "main"))
		return get_stamp(said, 1, &said->times.main_ns);
	if (is_key(key, "written"))
		return get_stamp(said, 1, &said->times.written_ns);
	for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++)
		if (is_key(key, sw_word(&sw_words_phase, (int)inner[i])))
			return get_pair(said, (int)inner[i]);
	return sw_scan_skip(&said->scan);
}

static bool result_member(struct said *said, struct sw_slice key)
{
	if (is_key(key, "outcome")) {
		struct sw_slice word;
		if (!get_text(said, &word))
			return false;
		said->outcome = word.text ? sw_word_find(&sw_words_outcome, word.text, word.len) : -1;
		return true;
	}
	if (is_key(key, "digest"))
		return get_digest(said);
	if (is_key(key, "error"))
		return get_clean(said, said->error, sizeof said->error, &said->has_error);
	if (is_key(key, "python"))
		return get_clean(said, said->python, sizeof said->python, &said->has_python);
	if (is_key(key, "t"))
		return read_object(said, time_member);
	return sw_scan_skip(&said->scan);
}

static int over_end(struct sw_slice word)
{
	static const char *const words[] = {
		[SW_OVER_RESULT] = "result", [SW_OVER_TIMEOUT] = "timeout", [SW_OVER_OOM] = "oom",
		[SW_OVER_EXIT] = "exit",     [SW_OVER_SIGNAL] = "signal",   [SW_OVER_FLOOD] = "flood",
	};
	for (int i = 0; word.text && i < (int)(sizeof words / sizeof words[0]); i++)
		if (is_key(word, words[i]))
			return i;
	return -1;
}

enum { CODE, KILLED, STDOUT_BYTES, STDERR_BYTES };

static bool over_member(struct said *said, struct sw_slice key)
{
	static const char *const counts[COUNTS] = {
		[CODE] = "code",
		[KILLED] = "killed",
		[STDOUT_BYTES] = "stdout_bytes",
		[STDERR_BYTES] = "stderr_bytes",
	};
	for (int i = 0; i < COUNTS; i++)
		if (is_key(key, counts[i]))
			return get_count(said, i);
	if (is_key(key, "end")) {
		struct sw_slice word;
		if (!get_text(said, &word))
			return false;
		said->end = over_end(word);
		return true;
	}
	if (is_key(key, "tail"))
		return get_clean(said, said->tail, sizeof said->tail, &said->has_tail);
	return sw_scan_skip(&said->scan);
}

/* ---- lines ---- */

/* All of TEXT is one value. *OUT_AT: where it is not. */
static bool read_line(struct said *said, const char *text, size_t len, member_fn member,
                      size_t *out_at)
{
	memset(said, 0, offsetof(struct said, scratch));
	said->scan = (struct sw_scan){.p = text, .end = text + len};
	said->outcome = said->end = -1;
	bool is_json = read_object(said, member);
	if (is_json)
		(void)sw_scan_peek(&said->scan);
	*out_at = (size_t)(said->scan.p - text);
	return is_json && said->scan.p == said->scan.end;
}

static void take_times(const struct times *times, struct sw_worker_report *report)
{
	if (times->main_ns)
		report->main_ns = times->main_ns;
	if (times->written_ns)
		report->written_ns = times->written_ns;
	for (int i = 0; i < SW_PHASE_COUNT; i++) {
		if (!times->phases[i].end_ns)
			continue;
		report->phases[i].start_ns = times->phases[i].start_ns;
		report->phases[i].end_ns = times->phases[i].end_ns;
	}
}

static void garbage(struct sw_worker_report *report, const char *what)
{
	report->garbage = true;
	sw_text_copy(report->error, sizeof report->error, what);
}

void sw_worker_read_result(const char *text, size_t len, struct sw_worker_report *report)
{
	struct said said;
	size_t at;
	if (!read_line(&said, text, len, result_member, &at)) {
		char what[80];
		(void)snprintf(what, sizeof what, "not JSON (at byte %zu of %zu)", at, len);
		garbage(report, what);
		return;
	}
	if (said.outcome != SW_OUTCOME_OK && said.outcome != SW_OUTCOME_REJECTED &&
	    said.outcome != SW_OUTCOME_FAILED) {
		garbage(report, "its outcome is none of ok, rejected, failed");
		return;
	}
	if (said.outcome == SW_OUTCOME_OK && !said.digest[0]) {
		garbage(report, "it says ok without a result's digest");
		return;
	}
	report->has_result = true;
	report->outcome = (enum sw_outcome)said.outcome;
	if (said.has_python)
		sw_text_copy(report->python, sizeof report->python, said.python);
	if (said.outcome == SW_OUTCOME_OK)
		sw_text_copy(report->digest, sizeof report->digest, said.digest);
	else
		sw_text_copy(report->error, sizeof report->error,
		             said.has_error ? said.error : "no reason given");
	take_times(&said.times, report);
}

void sw_worker_read_ready(const char *text, size_t len, struct sw_worker_report *report)
{
	struct said said;
	size_t at;
	if (!read_line(&said, text, len, result_member, &at))
		return;
	take_times(&said.times, report);
	report->readies++;
}

static bool is_count(const struct said *said, int which, int64_t low, int64_t high)
{
	return said->counts[which].is_said && said->counts[which].value >= low &&
	       said->counts[which].value <= high;
}

bool sw_worker_read_over(const char *text, size_t len, struct sw_worker_report *report)
{
	struct said said;
	size_t at;
	if (report->has_over)
		return true;
	if (!read_line(&said, text, len, over_member, &at) || said.end < 0 || !said.has_tail ||
	    !is_count(&said, CODE, -1, 255) || !is_count(&said, KILLED, 0, INT32_MAX) ||
	    !is_count(&said, STDOUT_BYTES, 0, SW_STAMP_MAX) ||
	    !is_count(&said, STDERR_BYTES, 0, SW_STAMP_MAX))
		return false;
	report->has_over = true;
	report->over = (struct sw_over){
		.end = (enum sw_over_end)said.end,
		.code = (int)said.counts[CODE].value,
		.killed = (int)said.counts[KILLED].value,
		.stdout_bytes = (uint64_t)said.counts[STDOUT_BYTES].value,
		.stderr_bytes = (uint64_t)said.counts[STDERR_BYTES].value,
	};
	sw_text_copy(report->over.tail, sizeof report->over.tail, said.tail);
	return true;
}
