/* The decoder as it was before core/event_decode.c: over a tree of cJSON's. What it takes and what it
 * says is what the fast one must take and say; test_event_decode.c names the differences. */
#ifndef SW_TESTS_DECODE_ORACLE_H
#define SW_TESTS_DECODE_ORACLE_H

#include <math.h>
#include <string.h>

#include "core/codec.h"
#include "core/error.h"
#include "core/event_fields.h"
#include "core/text.h"

static bool get_doubles(const struct sw_value *value, double *out, int *out_count)
{
	int n = sw_value_length(value);
	if (n < 0 || n > SW_PROJECT_MAX)
		return false;
	for (int i = 0; i < n; i++)
		if (!sw_value_double(sw_value_at(value, i), &out[i]) || !isfinite(out[i]))
			return false;
	*out_count = n;
	return true;
}

static bool get_spans(const struct sw_value *value, struct sw_span *out, int *out_count)
{
	int n = sw_value_length(value);
	if (n < 0 || n > SW_SPANS_MAX)
		return false;
	for (int i = 0; i < n; i++) {
		const struct sw_value *span = sw_value_at(value, i);
		const char *word = sw_value_text(sw_value_at(span, 0));
		int phase = word ? sw_word_value(&sw_words_phase, word) : -1;
		if (phase < 0 || !sw_value_int(sw_value_at(span, 1), 0, INT64_MAX, &out[i].start_ns) ||
		    !sw_value_int(sw_value_at(span, 2), out[i].start_ns, INT64_MAX, &out[i].end_ns) ||
		    !sw_value_bool(sw_value_at(span, 3), &out[i].on_path))
			return false;
		out[i].phase = (enum sw_phase)phase;
	}
	*out_count = n;
	return true;
}

static bool get_field(const struct sw_value *value, const struct sw_field *field,
                      struct sw_event *event)
{
	char *at = (char *)event + field->offset;
	int *count = (int *)(void *)((char *)event + field->count_offset);
	const char *text = sw_value_text(value);
	switch (field->type) {
	case SW_FIELD_TEXT:
		if (text)
			sw_text_clean(at, field->size, text, strlen(text));
		return text != NULL;
	case SW_FIELD_INT:
		return sw_value_int(value, 0, INT64_MAX, (int64_t *)(void *)at);
	case SW_FIELD_SIGNED:
		return sw_value_int(value, INT64_MIN, INT64_MAX, (int64_t *)(void *)at);
	case SW_FIELD_BOOL:
		return sw_value_bool(value, (bool *)at);
	case SW_FIELD_DOUBLE:
		return sw_value_double(value, (double *)(void *)at) && isfinite(*(double *)(void *)at);
	case SW_FIELD_WORD: {
		int word = text ? sw_word_value(field->words, text) : -1;
		if (word >= 0)
			*(int *)(void *)at = word;
		return word >= 0;
	}
	case SW_FIELD_DOUBLES:
		return get_doubles(value, (double *)(void *)at, count);
	case SW_FIELD_SPANS:
		return get_spans(value, (struct sw_span *)(void *)at, count);
	}
	return false;
}

static int decode_root(const struct sw_value *root, struct sw_event *event, struct sw_error *err)
{
	int64_t number, mode = -1;
	const char *name = sw_value_text(sw_value_member(root, "event"));
	int kind = 0;
	while (name && sw_event_names.names[kind] && strcmp(sw_event_names.names[kind], name) != 0)
		kind++;
	if (!name || !sw_event_names.names[kind])
		return sw_error_set(err, name ? SW_ERR_NOT_FOUND : SW_ERR_PROTOCOL, 0,
		                    "not an event of this version");
	const struct sw_value *mode_value = sw_value_member(root, "mode");
	if (mode_value && !sw_value_int(mode_value, 0, SW_MODES_MAX - 1, &mode))
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: 'mode' is not one", name);
	sw_event_init(event, (enum sw_event_kind)kind, (int)mode);
	if (!sw_value_int(sw_value_member(root, "seq"), 0, INT64_MAX, &number))
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: no 'seq'", name);
	event->seq = (uint64_t)number;
	if (!sw_value_int(sw_value_member(root, "t_ns"), 0, INT64_MAX, &event->t_ns))
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: no 't_ns'", name);
	for (const struct sw_field *field = sw_event_fields[kind]; field->name; field++) {
		const struct sw_value *value = sw_value_member(root, field->name);
		/* Every word is always written; anything else is left out when it is zero. */
		if (!value && field->type == SW_FIELD_WORD)
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: no '%s'", name, field->name);
		if (value && !get_field(value, field, event))
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: '%s' has a wrong value", name,
			                    field->name);
	}
	return 0;
}

static int oracle_decode(const char *line, size_t len, struct sw_event *out_event,
                         struct sw_error *err)
{
	struct sw_value *root;
	if (len > SW_EVENT_LINE_MAX)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "a line of %zu bytes (at most %d)", len,
		                    SW_EVENT_LINE_MAX);
	if (sw_value_parse(line, len, &root, err) < 0)
		return -1;
	struct sw_event event;
	int status = decode_root(root, &event, err);
	sw_value_free(root);
	if (status == 0)
		*out_event = event;
	return status;
}

#endif
