#include <math.h>
#include <string.h>

#include "core/text.h"
#include "docker/api_internal.h"

cJSON *sw_api_json(const char *body, size_t len)
{
	const char *end = NULL;
	cJSON *json = cJSON_ParseWithLengthOpts(body, len, &end, 0);
	for (; json && end < body + len; end++) {
		if (strchr(" \t\r\n", *end))
			continue;
		cJSON_Delete(json);
		json = NULL;
	}
	return json;
}

void sw_api_json_text(const cJSON *object, const char *key, char *dst, size_t size)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	sw_text_clean(dst, size, text ? text : "", text ? strlen(text) : 0);
}

int64_t sw_api_json_int(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
	if (isnan(value))
		return 0;
	/* 2^63 itself is a double, and one too many. */
	if (value >= 9223372036854775808.0)
		return INT64_MAX;
	return value <= -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
}

bool sw_api_json_bool(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

char *sw_api_reason(char *dst, size_t size, const char *body, size_t len)
{
	/* An attach's refusal may carry chunk sizes around its object: look for the braces. */
	const char *first = memchr(body, '{', len), *last = memrchr(body, '}', len);
	char cause[256];

	dst[0] = '\0';
	if (!first || !last || last < first)
		return dst;
	SW_CLEANUP(cjson) cJSON *json = sw_api_json(first, (size_t)(last - first) + 1);
	sw_api_json_text(json, "message", dst, size);
	sw_api_json_text(json, "cause", cause, sizeof cause);
	size_t used = strlen(dst);
	if (cause[0] && !strstr(dst, cause) && used + 4 < size)
		(void)snprintf(dst + used, size - used, used ? " (%s)" : "%s", cause);
	return dst;
}

enum sw_code sw_api_status_code(int status)
{
	return status == 404 ? SW_ERR_NOT_FOUND : status >= 400 ? SW_ERR_REFUSED : SW_ERR_PROTOCOL;
}

int sw_api_nonsense(const struct sw_api_call *call, const struct sw_http_reply *reply,
                    struct sw_error *err)
{
	char seen[100];
	sw_text_clean(seen, sizeof seen, reply->body, reply->body_len);
	return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s: the engine's answer makes no sense: %d '%s'",
	                    call->what, reply->status, seen);
}
