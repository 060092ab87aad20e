#include "core/json.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"

enum { DEPTH_MAX = 32 };

void sw_json_init(struct sw_json *json, struct sw_buf *out, int indent)
{
	*json = (struct sw_json){.out = out, .indent = indent};
}

static void put(struct sw_json *json, const char *text, size_t len)
{
	(void)sw_buf_add(json->out, text, len); /* a failure stays in out->overflow */
}

static void new_line(struct sw_json *json)
{
	if (json->indent > 0)
		(void)sw_buf_addf(json->out, "\n%*s", json->indent * json->depth, "");
}

/* The escape for the character of N bytes at P (0: an invalid byte), or "" when it needs none. */
static void escape_for(const char *p, size_t n, char out[8])
{
	static const char special[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	unsigned char c = (unsigned char)*p;
	const char *found = c ? strchr(special, c) : NULL;

	out[0] = '\0';
	if (n == 0)
		(void)sw_text_copy(out, 8, "\xef\xbf\xbd");
	else if (found)
		(void)snprintf(out, 8, "\\%c", letters[found - special]);
	else if (c < 0x20 || c == 0x7f)
		(void)snprintf(out, 8, "\\u%04x", c);
	else if (n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0)
		/* C1 controls, legal in JSON: but a file that is shown must not move the cursor. */
		(void)snprintf(out, 8, "\\u%04x", (unsigned char)p[1]);
}

static void put_quoted(struct sw_json *json, const char *text, size_t len)
{
	size_t plain = 0; /* start of the run that needs no escape */
	char escape[8];

	put(json, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t n = sw_text_utf8_len(text + i, len - i);
		escape_for(text + i, n, escape);
		size_t next = i + (n ? n : 1);
		if (escape[0] != '\0') {
			put(json, text + plain, i - plain);
			put(json, escape, strlen(escape));
			plain = next;
		}
		i = next;
	}
	put(json, text + plain, len - plain);
	put(json, "\"", 1);
}

static void begin_value(struct sw_json *json, const char *key)
{
	if (json->depth > 0) {
		if (json->need_comma)
			put(json, ",", 1);
		new_line(json);
	}
	if (key) {
		put_quoted(json, key, strlen(key));
		put(json, ": ", json->indent > 0 ? 2 : 1);
	}
	json->need_comma = true;
}

static void open_level(struct sw_json *json, const char *key, const char *bracket)
{
	begin_value(json, key);
	put(json, bracket, 1);
	json->depth++;
	json->need_comma = false;
	if (json->depth > DEPTH_MAX)
		json->out->overflow = true;
}

static void close_level(struct sw_json *json, const char *bracket)
{
	assert(json->depth > 0);
	json->depth--;
	if (json->need_comma)
		new_line(json);
	put(json, bracket, 1);
	json->need_comma = true;
}

void sw_json_object(struct sw_json *json, const char *key)
{
	open_level(json, key, "{");
}

void sw_json_end_object(struct sw_json *json)
{
	close_level(json, "}");
}

void sw_json_array(struct sw_json *json, const char *key)
{
	open_level(json, key, "[");
}

void sw_json_end_array(struct sw_json *json)
{
	close_level(json, "]");
}

void sw_json_str(struct sw_json *json, const char *key, const char *text)
{
	if (text)
		sw_json_strn(json, key, text, strlen(text));
	else
		sw_json_null(json, key);
}

void sw_json_strn(struct sw_json *json, const char *key, const char *text, size_t len)
{
	begin_value(json, key);
	put_quoted(json, text, len);
}

void sw_json_int(struct sw_json *json, const char *key, int64_t value)
{
	begin_value(json, key);
	(void)sw_buf_addf(json->out, "%" PRId64, value);
}

/* printf writes the locale's decimal mark (one or more bytes); JSON knows only the point. */
static void force_point(char *number)
{
	char *end = number;

	for (const char *p = number; *p;) {
		size_t plain = strspn(p, "0123456789+-e");
		memmove(end, p, plain);
		end += plain;
		p += plain;
		size_t mark = strcspn(p, "0123456789+-e");
		if (mark > 0)
			*end++ = '.';
		p += mark;
	}
	*end = '\0';
}

void sw_json_double(struct sw_json *json, const char *key, double value)
{
	char number[40];

	begin_value(json, key);
	if (!isfinite(value)) {
		put(json, "null", 4);
		return;
	}
	/* Any decimal of up to 15 digits survives a normal double, so fewer need not be tried. */
	int precision = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
	for (; precision <= DBL_DECIMAL_DIG; precision++) {
		(void)snprintf(number, sizeof(number), "%.*g", precision, value);
		double back = strtod(number, NULL);
		if (memcmp(&back, &value, sizeof(value)) == 0)
			break;
	}
	force_point(number);
	put(json, number, strlen(number));
}

void sw_json_bool(struct sw_json *json, const char *key, bool value)
{
	begin_value(json, key);
	put(json, value ? "true" : "false", value ? 4 : 5);
}

void sw_json_null(struct sw_json *json, const char *key)
{
	begin_value(json, key);
	put(json, "null", 4);
}
