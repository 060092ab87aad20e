/* Hides which fields each kind of event has, and where they lie: the table that the encoder, the
 * decoder and the comparison share. For core/event*.c and their tests only.
 * Must not know JSON. */
#ifndef SW_EVENT_FIELDS_H
#define SW_EVENT_FIELDS_H

#include "core/event.h"

enum sw_field_type {
	SW_FIELD_TEXT,   /* char[size] */
	SW_FIELD_INT,    /* int64_t >= 0 */
	SW_FIELD_SIGNED, /* int64_t */
	SW_FIELD_BOOL,
	SW_FIELD_DOUBLE,  /* finite */
	SW_FIELD_WORD,    /* an enum with a table of words; always written, so always required */
	SW_FIELD_DOUBLES, /* double[SW_PROJECT_MAX], its int count at count_offset */
	SW_FIELD_SPANS,   /* struct sw_span[SW_SPANS_MAX], its int count at count_offset */
};

#define SW_EVENT_FIELDS_MAX 60 /* of one kind: the decoder notes them in the bits of 64 */

struct sw_field {
	const char *name;
	size_t name_len;
	enum sw_field_type type;
	size_t offset, size; /* in struct sw_event */
	const struct sw_words *words;
	size_t count_offset;
};

/* The fields of each kind; the last has no name. */
extern const struct sw_field *const sw_event_fields[SW_EVENT_COUNT];

/* The kinds' names, in their order. */
extern const struct sw_words sw_event_names;

#endif
