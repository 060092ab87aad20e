#include "core/codec.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>

#include "core/error.h"

static const cJSON *node(const struct sw_value *value)
{
	return (const cJSON *)(const void *)value;
}

static const struct sw_value *wrap(const cJSON *item)
{
	return (const struct sw_value *)(const void *)item;
}

int sw_value_parse(const char *text, size_t len, struct sw_value **out_value, struct sw_error *err)
{
	const char *end = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	if (!root) {
		size_t at = end && end >= text ? (size_t)(end - text) : 0;
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "not JSON (at byte %zu of %zu)", at, len);
	}
	for (; end < text + len; end++) {
		if (*end != ' ' && *end != '\n' && *end != '\r' && *end != '\t') {
			cJSON_Delete(root);
			return sw_error_set(err, SW_ERR_PROTOCOL, 0, "text after the JSON (at byte %zu of %zu)",
			                    (size_t)(end - text), len);
		}
	}
	*out_value = (struct sw_value *)(void *)root;
	return 0;
}

void sw_value_free(struct sw_value *value)
{
	cJSON_Delete((cJSON *)(void *)value);
}

bool sw_value_is_object(const struct sw_value *value)
{
	return cJSON_IsObject(node(value));
}

bool sw_value_is_null(const struct sw_value *value)
{
	return cJSON_IsNull(node(value));
}

const struct sw_value *sw_value_member(const struct sw_value *object, const char *key)
{
	return wrap(cJSON_GetObjectItemCaseSensitive(node(object), key));
}

int sw_value_length(const struct sw_value *array)
{
	return cJSON_IsArray(node(array)) ? cJSON_GetArraySize(node(array)) : -1;
}

const struct sw_value *sw_value_at(const struct sw_value *array, int index)
{
	/* cJSON would count an object's members too. */
	return cJSON_IsArray(node(array)) ? wrap(cJSON_GetArrayItem(node(array), index)) : NULL;
}

const struct sw_value *sw_value_first(const struct sw_value *array)
{
	return cJSON_IsArray(node(array)) ? wrap(node(array)->child) : NULL;
}

const struct sw_value *sw_value_next(const struct sw_value *element)
{
	return element ? wrap(node(element)->next) : NULL;
}

const char *sw_value_text(const struct sw_value *value)
{
	return cJSON_GetStringValue(node(value));
}

static bool parse_digits(const char *text, int64_t *out)
{
	char *end;
	errno = 0;
	long long parsed = strtoll(text, &end, 10);
	bool starts = text[0] == '-' || (text[0] >= '0' && text[0] <= '9'); /* strtoll skips blanks */
	if (errno || end == text || *end || !starts)
		return false;
	*out = parsed;
	return true;
}

bool sw_value_int(const struct sw_value *value, int64_t low, int64_t high, int64_t *out)
{
	int64_t parsed;
	const char *text = sw_value_text(value);
	if (text) {
		if (!parse_digits(text, &parsed))
			return false;
	} else {
		const double limit = 9007199254740992.0; /* 2^53 */
		double number = node(value) ? node(value)->valuedouble : NAN;
		if (!cJSON_IsNumber(node(value)) || !(number >= -limit && number <= limit) ||
		    floor(number) < number)
			return false;
		parsed = (int64_t)number;
	}
	if (parsed < low || parsed > high)
		return false;
	*out = parsed;
	return true;
}

bool sw_value_double(const struct sw_value *value, double *out)
{
	if (!cJSON_IsNumber(node(value)))
		return false;
	*out = node(value)->valuedouble;
	return true;
}

bool sw_value_bool(const struct sw_value *value, bool *out)
{
	if (!cJSON_IsBool(node(value)))
		return false;
	*out = cJSON_IsTrue(node(value));
	return true;
}
