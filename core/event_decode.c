#include <assert.h>
#include <math.h>

#include "core/error.h"
#include "core/event_fields.h"
#include "core/json_scan.h"
#include "core/text.h"

/* What every event has, before the fields of its kind; their bits in seen and wrong come first. */
enum { HEAD_MODE, HEAD_SEQ, HEAD_TIME, HEAD_COUNT };
_Static_assert(HEAD_COUNT + SW_EVENT_FIELDS_MAX < 64, "one bit for each");

/* One pass: syntax errors end it; of wrong values the first in the table's order is told at the end,
 * so that a message does not depend on the order in the line. */
struct decoder {
	struct sw_scan scan;
	struct sw_event event;                /* not initialised, but for what `begin` clears */
	bool has_kind;                        /* the first "event" was met */
	bool named;                           /* and it is text */
	int kind;                             /* -1: none of this version */
	const struct sw_field *fields, *next; /* next: what follows the field that was met last */
	uint64_t seen, wrong;
	char scratch[SW_EVENT_LINE_MAX + 16];
};

/* ---- values: false is a wrong value, or wrong syntax; which one, skipping it again shows ---- */

static bool get_text(struct decoder *d, char *dst, size_t size)
{
	struct sw_slice text;
	if (!sw_scan_string(&d->scan, d->scratch, &text))
		return false;
	if (!text.plain) {
		sw_text_clean(dst, size, text.text, text.len);
		return true;
	}
	size_t n = text.len < size ? text.len : size - 1;
	memcpy(dst, text.text, n);
	dst[n] = '\0';
	return true;
}

/* A string of decimal digits: how numbers beyond 2^53 travel, for readers that know doubles only. */
static bool int_of_text(struct sw_slice text, int64_t *out)
{
	bool negative = text.len && *text.text == '-';
	const char *end = text.text + text.len;
	int64_t value = 0;
	if (text.len == negative)
		return false;
	for (const char *p = text.text + negative; p < end; p++)
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, *p - '0', &value))
			return false;
	if (!negative && value == INT64_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

static bool get_int(struct decoder *d, int64_t low, int64_t high, int64_t *out)
{
	const double exact = 9007199254740992.0; /* 2^53 */
	int64_t value;
	if (sw_scan_peek(&d->scan) == '"') {
		struct sw_slice text;
		if (!sw_scan_string(&d->scan, d->scratch, &text) || !int_of_text(text, &value))
			return false;
	} else {
		struct sw_scan_number number;
		if (!sw_scan_number(&d->scan, &number))
			return false;
		value = number.value;
		if (!number.whole) {
			double real = sw_scan_double(&number, d->scratch); /* 1e3 and 2.0 are whole too */
			if (!(real >= -exact && real <= exact) || floor(real) < real)
				return false;
			value = (int64_t)real;
		}
	}
	if (value < low || value > high)
		return false;
	*out = value;
	return true;
}

static bool get_bool(struct decoder *d, bool *out)
{
	*out = sw_scan_peek(&d->scan) == 't';
	return sw_scan_literal(&d->scan, *out ? "true" : "false");
}

static bool get_double(struct decoder *d, double *out)
{
	struct sw_scan_number number;
	if (!sw_scan_number(&d->scan, &number))
		return false;
	*out = sw_scan_double(&number, d->scratch);
	return isfinite(*out);
}

static bool get_word(struct decoder *d, const struct sw_words *words, int *out)
{
	struct sw_slice word;
	if (!sw_scan_string(&d->scan, d->scratch, &word))
		return false;
	*out = sw_word_find(words, word.text, word.len);
	return *out >= 0;
}

static bool get_doubles(struct decoder *d, double *out, int *out_count)
{
	int n = 0;
	if (!sw_scan_char(&d->scan, '['))
		return false;
	if (!sw_scan_char(&d->scan, ']')) {
		do {
			if (n == SW_PROJECT_MAX || !get_double(d, &out[n++]))
				return false;
		} while (sw_scan_char(&d->scan, ','));
		if (!sw_scan_char(&d->scan, ']'))
			return false;
	}
	*out_count = n;
	return true;
}

static bool get_span(struct decoder *d, struct sw_span *out)
{
	struct sw_scan *scan = &d->scan;
	int phase;
	memset(out, 0, sizeof *out); /* its padding too */
	if (!sw_scan_char(scan, '[') || !get_word(d, &sw_words_phase, &phase) ||
	    !sw_scan_char(scan, ',') || !get_int(d, 0, INT64_MAX, &out->start_ns) ||
	    !sw_scan_char(scan, ',') || !get_int(d, out->start_ns, INT64_MAX, &out->end_ns) ||
	    !sw_scan_char(scan, ',') || !get_bool(d, &out->on_path))
		return false;
	out->phase = (enum sw_phase)phase;
	scan->depth += 2;
	while (sw_scan_char(scan, ',')) /* a later version may say more */
		if (!sw_scan_skip(scan))
			return false;
	scan->depth -= 2;
	return sw_scan_char(scan, ']');
}

static bool get_spans(struct decoder *d, struct sw_span *out, int *out_count)
{
	int n = 0;
	if (!sw_scan_char(&d->scan, '['))
		return false;
	if (!sw_scan_char(&d->scan, ']')) {
		do {
			if (n == SW_SPANS_MAX || !get_span(d, &out[n++]))
				return false;
		} while (sw_scan_char(&d->scan, ','));
		if (!sw_scan_char(&d->scan, ']'))
			return false;
	}
	*out_count = n;
	return true;
}

static bool get_field(struct decoder *d, const struct sw_field *field)
{
	char *at = (char *)&d->event + field->offset;
	int *count = (int *)(void *)((char *)&d->event + field->count_offset);
	switch (field->type) {
	case SW_FIELD_TEXT:
		return get_text(d, at, field->size);
	case SW_FIELD_INT:
		return get_int(d, 0, INT64_MAX, (int64_t *)(void *)at);
	case SW_FIELD_SIGNED:
		return get_int(d, INT64_MIN, INT64_MAX, (int64_t *)(void *)at);
	case SW_FIELD_BOOL:
		return get_bool(d, (bool *)at);
	case SW_FIELD_DOUBLE:
		return get_double(d, (double *)(void *)at);
	case SW_FIELD_WORD:
		return get_word(d, field->words, (int *)(void *)at);
	case SW_FIELD_DOUBLES:
		return get_doubles(d, (double *)(void *)at, count);
	case SW_FIELD_SPANS:
		return get_spans(d, (struct sw_span *)(void *)at, count);
	}
	return false;
}

static bool get_head(struct decoder *d, int head)
{
	int64_t number;
	if (head == HEAD_TIME)
		return get_int(d, 0, INT64_MAX, &d->event.t_ns);
	if (!get_int(d, 0, head == HEAD_MODE ? SW_MODES_MAX - 1 : INT64_MAX, &number))
		return false;
	if (head == HEAD_MODE)
		d->event.mode = (int)number;
	else
		d->event.seq = (uint64_t)number;
	return true;
}

/* ---- the event ---- */

/* Kinds that come by the thousand carry struct sw_iteration_info, of which text and spans are most:
 * these are cleared and copied only as far as they are filled. */
static bool is_iteration(int kind)
{
	switch (kind) {
	case SW_EVENT_ITERATION_STARTED:
	case SW_EVENT_ATTEMPT_STARTED:
	case SW_EVENT_PHASE_STARTED:
	case SW_EVENT_ATTEMPT_FINISHED:
	case SW_EVENT_RETRY:
	case SW_EVENT_FALLBACK_TAKEN:
	case SW_EVENT_FALLBACK_REFUSED:
	case SW_EVENT_ITERATION_FINISHED:
	case SW_EVENT_TURN_FINISHED:
	case SW_EVENT_PHASE_BEHIND:
	case SW_EVENT_CONTAINER_CREATED:
	case SW_EVENT_CONTAINER_REMOVED:
	case SW_EVENT_CONTAINER_REPLACED:
	case SW_EVENT_FAULT_INJECTED:
		return true;
	default:
		return false;
	}
}

static void begin(struct decoder *d)
{
	struct sw_iteration_info *it = &d->event.u.it;
	d->fields = d->next = sw_event_fields[d->kind];
	d->event.kind = (enum sw_event_kind)d->kind;
	d->event.mode = -1;
	if (!is_iteration(d->kind)) {
		memset(&d->event.u, 0, sizeof d->event.u);
		return;
	}
	memset(it, 0, offsetof(struct sw_iteration_info, text));
	it->text[0] = '\0';
	it->n_spans = 0;
}

static void hand_over(const struct decoder *d, struct sw_event *out)
{
	const struct sw_iteration_info *it = &d->event.u.it;
	if (!is_iteration(d->kind)) {
		*out = d->event;
		return;
	}
	memcpy(out, &d->event, offsetof(struct sw_event, u.it.text));
	memcpy(out->u.it.text, it->text, strlen(it->text) + 1);
	memcpy(out->u.it.spans, it->spans, (size_t)it->n_spans * sizeof it->spans[0]);
	out->u.it.n_spans = it->n_spans;
}

static bool is_key(struct sw_slice key, const char *name, size_t len)
{
	return key.len == len && memcmp(key.text, name, len) == 0;
}

static int find_head(struct sw_slice key)
{
	static const char *const names[HEAD_COUNT] = {"mode", "seq", "t_ns"};
	for (int i = 0; i < HEAD_COUNT && key.len <= 4; i++)
		if (is_key(key, names[i], i == HEAD_SEQ ? 3 : 4))
			return i;
	return -1;
}

/* Fields come in the table's order, as long as the encoder wrote them. */
static const struct sw_field *find_field(const struct decoder *d, struct sw_slice key)
{
	for (const struct sw_field *field = d->next; field->name; field++)
		if (is_key(key, field->name, field->name_len))
			return field;
	for (const struct sw_field *field = d->fields; field < d->next; field++)
		if (is_key(key, field->name, field->name_len))
			return field;
	return NULL;
}

/* KEY's value: the first of a name counts, wrong ones are noted, unknown ones skipped. */
static bool take_value(struct decoder *d, struct sw_slice key)
{
	const char *at = d->scan.p;
	if (d->kind < 0)
		return sw_scan_skip(&d->scan);
	int bit = find_head(key);
	const struct sw_field *field = bit < 0 ? find_field(d, key) : NULL;
	if (field) {
		bit = HEAD_COUNT + (int)(field - d->fields);
		d->next = field + 1;
	}
	assert(bit < 64);
	if (bit < 0 || d->seen >> bit & 1)
		return sw_scan_skip(&d->scan);
	d->seen |= UINT64_C(1) << bit;
	if (field ? get_field(d, field) : get_head(d, bit))
		return true;
	d->wrong |= UINT64_C(1) << bit;
	d->scan.p = at;
	return sw_scan_skip(&d->scan);
}

static bool take_kind(struct decoder *d)
{
	struct sw_slice name;
	d->has_kind = true;
	if (sw_scan_peek(&d->scan) != '"')
		return sw_scan_skip(&d->scan);
	if (!sw_scan_string(&d->scan, d->scratch, &name))
		return false;
	d->named = true;
	d->kind = sw_word_find(&sw_event_names, name.text, name.len);
	if (d->kind >= 0)
		begin(d);
	return true;
}

/* All members of the object that starts here. KIND_ONLY: nothing is taken but the kind. */
static bool take_members(struct decoder *d, bool kind_only)
{
	struct sw_scan *scan = &d->scan;
	struct sw_slice key;
	if (!sw_scan_char(scan, '{'))
		return false;
	if (sw_scan_char(scan, '}'))
		return true;
	do {
		if (!sw_scan_string(scan, d->scratch, &key) || !sw_scan_char(scan, ':'))
			return false;
		bool is_kind = !d->has_kind && is_key(key, "event", 5);
		bool taken = is_kind ? take_kind(d) : kind_only ? sw_scan_skip(scan) : take_value(d, key);
		if (!taken)
			return false;
	} while (sw_scan_char(scan, ','));
	return sw_scan_char(scan, '}');
}

/* The kind comes first; where another writer put it elsewhere, it is looked for beforehand. */
static bool take_root(struct decoder *d)
{
	static const char first[] = "{\"event\":", mark[] = "\xef\xbb\xbf"; /* of UTF-8 */
	struct sw_scan *scan = &d->scan;
	if (scan->end - scan->p >= 3 && memcmp(scan->p, mark, 3) == 0)
		scan->p += 3;
	if (sw_scan_peek(scan) != '{')
		return sw_scan_skip(scan);
	const char *at = scan->p;
	scan->depth = 1;
	if (!sw_scan_literal(scan, first)) {
		if (!take_members(d, true))
			return false;
		if (d->kind < 0)
			return true;
	}
	scan->p = at;
	return take_members(d, false);
}

/* The first thing of the table's order that is missing or wrong. */
static int check(const struct decoder *d, struct sw_error *err)
{
	const char *name = sw_event_names.names[d->kind];
	if (d->wrong >> HEAD_MODE & 1)
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: 'mode' is not one", name);
	for (int head = HEAD_SEQ; head <= HEAD_TIME; head++)
		if (!((d->seen & ~d->wrong) >> head & 1))
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: no '%s'", name,
			                    head == HEAD_SEQ ? "seq" : "t_ns");
	uint64_t bit = UINT64_C(1) << HEAD_COUNT;
	for (const struct sw_field *field = d->fields; field->name; field++, bit <<= 1) {
		/* Every word is always written; anything else is left out when it is zero. */
		if (field->type == SW_FIELD_WORD && !(d->seen & bit))
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: no '%s'", name, field->name);
		if (d->wrong & bit)
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: '%s' has a wrong value", name,
			                    field->name);
	}
	return 0;
}

int sw_event_decode(const char *line, size_t len, struct sw_event *out_event, struct sw_error *err)
{
	struct decoder d;
	if (len > SW_EVENT_LINE_MAX)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "a line of %zu bytes (at most %d)", len,
		                    SW_EVENT_LINE_MAX);
	d.scan = (struct sw_scan){line, line + len, 0};
	d.has_kind = d.named = false;
	d.kind = -1;
	d.seen = d.wrong = 0;
	if (!take_root(&d))
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "not JSON (at byte %zu of %zu)",
		                    (size_t)(d.scan.p - line), len);
	(void)sw_scan_peek(&d.scan);
	if (d.scan.p < d.scan.end)
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "text after the JSON (at byte %zu of %zu)",
		                    (size_t)(d.scan.p - line), len);
	if (d.kind < 0)
		return sw_error_set(err, d.named ? SW_ERR_NOT_FOUND : SW_ERR_PROTOCOL, 0,
		                    "not an event of this version");
	if (check(&d, err) < 0)
		return -1;
	hand_over(&d, out_event);
	return 0;
}
