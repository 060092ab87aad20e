/* Hides cJSON: reading JSON that comes from outside, with bounds. The only core file that includes
 * it is core/codec.c. Must not know what the documents mean.
 *
 * A value is borrowed from its document and lives as long. A missing member is NULL, and every
 * getter takes NULL: it fails like a value of the wrong type. */
#ifndef SW_CODEC_H
#define SW_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_error;
struct sw_value;

/* Parses LEN bytes, which must be one JSON value (and white space). SW_ERR_PROTOCOL otherwise.
 * Nesting is bounded by cJSON's CJSON_NESTING_LIMIT, memory by LEN. Free with sw_value_free. */
int sw_value_parse(const char *text, size_t len, struct sw_value **out_value, struct sw_error *err);
void sw_value_free(struct sw_value *value); /* of sw_value_parse only; NULL is fine */

bool sw_value_is_object(const struct sw_value *value);
bool sw_value_is_null(const struct sw_value *value);
const struct sw_value *sw_value_member(const struct sw_value *object, const char *key);
int sw_value_length(const struct sw_value *array); /* -1: not an array */
const struct sw_value *sw_value_at(const struct sw_value *array, int index);
const struct sw_value *sw_value_first(const struct sw_value *array); /* for walks in O(n) */
const struct sw_value *sw_value_next(const struct sw_value *element);

/* NULL when it is not a string. */
const char *sw_value_text(const struct sw_value *value);

/* Integral numbers within [LOW, HIGH], also written as a string of decimal digits (beyond 2^53 a
 * double is not exact). false: anything else; *out is untouched. */
bool sw_value_int(const struct sw_value *value, int64_t low, int64_t high, int64_t *out);
bool sw_value_double(const struct sw_value *value, double *out);
bool sw_value_bool(const struct sw_value *value, bool *out);

#endif
