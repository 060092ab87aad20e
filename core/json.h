/* Hides JSON's punctuation: a streaming writer onto a sw_buf, without allocating per value.
 * Must not know what is written. Reading is cJSON's work, in core/codec.c. */
#ifndef SW_JSON_H
#define SW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_buf;

/* Embedded; commas and indentation follow from the call order. Depth at most 32: deeper nesting
 * sets out->overflow. At depth 0 no comma is written, so that values may follow each other (JSON
 * Lines: the caller adds the newline). */
struct sw_json {
	struct sw_buf *out;
	int indent; /* spaces per level; 0 writes one line */
	int depth;
	bool need_comma;
};

void sw_json_init(struct sw_json *json, struct sw_buf *out, int indent);

/* KEY is NULL inside arrays and at the top level. Text is any bytes: it is written as valid UTF-8,
 * invalid bytes as U+FFFD, control characters (C0, DEL, C1) escaped; NULL text becomes null, as do
 * doubles that are not finite. The locale does not matter.
 * Errors show in out->overflow. */
void sw_json_object(struct sw_json *json, const char *key);
void sw_json_end_object(struct sw_json *json);
void sw_json_array(struct sw_json *json, const char *key);
void sw_json_end_array(struct sw_json *json);
void sw_json_str(struct sw_json *json, const char *key, const char *text);
void sw_json_strn(struct sw_json *json, const char *key, const char *text, size_t len);
void sw_json_int(struct sw_json *json, const char *key, int64_t value);
void sw_json_double(struct sw_json *json, const char *key, double value); /* shortest round-trip */
void sw_json_bool(struct sw_json *json, const char *key, bool value);
void sw_json_null(struct sw_json *json, const char *key);

#endif
