#include "core/json_scan.h"

#include <locale.h>

enum class {
	CLASS_PLAIN, /* printable ASCII */
	CLASS_TEXT,  /* DEL and beyond: for sw_text_clean */
	CLASS_STOP,  /* quote, backslash, control */
};

#define ROW(c) c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c
#define STOP CLASS_STOP
static const unsigned char classes[256] = {
	ROW(CLASS_STOP), ROW(CLASS_STOP),
	0, 0, STOP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* " */
	ROW(0), ROW(0),
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, STOP, 0, 0, 0, /* \ */
	ROW(0),
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, CLASS_TEXT,
	ROW(CLASS_TEXT), ROW(CLASS_TEXT), ROW(CLASS_TEXT), ROW(CLASS_TEXT),
	ROW(CLASS_TEXT), ROW(CLASS_TEXT), ROW(CLASS_TEXT), ROW(CLASS_TEXT),
};
#undef ROW
#undef STOP

char sw_scan_peek(struct sw_scan *scan)
{
	const char *p = scan->p;
	while (p < scan->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	scan->p = p;
	return p < scan->end ? *p : '\0';
}

bool sw_scan_char(struct sw_scan *scan, char c)
{
	if (sw_scan_peek(scan) != c || scan->p == scan->end)
		return false;
	scan->p++;
	return true;
}

/* ---- strings ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "uXXXX" at *P, which moves behind it; -1 when it is not one. */
static int hex4(const char **p, const char *end)
{
	int value = 0;
	if (end - *p < 5 || **p != 'u')
		return -1;
	for (int i = 1; i <= 4; i++) {
		int digit = hex_digit((*p)[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	*p += 5;
	return value;
}

static size_t put_utf8(char *dst, uint32_t c)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n; i-- > 1; c >>= 6)
		dst[i] = (char)(0x80 | (c & 0x3f));
	dst[0] = (char)(first[n] | c);
	return n;
}

/* P: behind the backslash. The bytes written to DST (never more than were read), 0 when it is no
 * escape. */
static size_t unescape(const char **p, const char *end, char *dst)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p < end && **p ? strchr(from, **p) : NULL;
	if (at) {
		*dst = to[at - from];
		++*p;
		return 1;
	}
	int c = hex4(p, end);
	if (c < 0 || (c >= 0xdc00 && c <= 0xdfff))
		return 0;
	if (c < 0xd800 || c > 0xdbff)
		return put_utf8(dst, (uint32_t)c);
	if (*p == end || **p != '\\')
		return 0;
	++*p;
	int low = hex4(p, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	return put_utf8(dst, 0x10000 + ((uint32_t)(c & 0x3ff) << 10 | (uint32_t)(low & 0x3ff)));
}

/* From the first escape on; BEGIN..scan->p is text as it stands. */
static bool string_with_escapes(struct sw_scan *scan, const char *begin, char *scratch,
                                struct sw_slice *out)
{
	char unused[4];
	size_t len = (size_t)(scan->p - begin), whole = SIZE_MAX;
	if (scratch)
		memcpy(scratch, begin, len);
	while (scan->p < scan->end && *scan->p != '"') {
		char *dst = scratch ? scratch + len : unused;
		const char *p = scan->p + 1;
		size_t n = 1;
		if (*scan->p == '\\')
			n = unescape(&p, scan->end, dst);
		else if ((unsigned char)*scan->p < 0x20)
			n = 0;
		else
			*dst = *scan->p;
		if (n == 0)
			return false;
		if (*dst == '\0' && whole == SIZE_MAX)
			whole = len;
		len += n;
		scan->p = p;
	}
	if (scan->p == scan->end)
		return false;
	scan->p++;
	if (scratch)
		*out = (struct sw_slice){scratch, whole < len ? whole : len, false};
	return true;
}

bool sw_scan_string(struct sw_scan *scan, char *scratch, struct sw_slice *out)
{
	if (!sw_scan_char(scan, '"'))
		return false;
	const char *begin = scan->p, *p = begin, *end = scan->end;
	unsigned seen = 0;
	for (; p < end && classes[(unsigned char)*p] != CLASS_STOP; p++)
		seen |= classes[(unsigned char)*p];
	scan->p = p;
	if (p < end && *p == '\\')
		return string_with_escapes(scan, begin, scratch, out);
	if (p == end || *p != '"')
		return false;
	scan->p++;
	if (scratch)
		*out = (struct sw_slice){begin, (size_t)(p - begin), seen == CLASS_PLAIN};
	return true;
}

/* ---- numbers ---- */

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* BEGIN..END are digits. Negative all along: INT64_MIN has no positive twin. */
static bool to_int(const char *begin, const char *end, bool negative, int64_t *out)
{
	int64_t value = 0;
	if (end - begin <= 18) {
		for (const char *p = begin; p < end; p++)
			value = value * 10 - (*p - '0');
	} else {
		for (const char *p = begin; p < end; p++)
			if (__builtin_mul_overflow(value, 10, &value) ||
			    __builtin_sub_overflow(value, *p - '0', &value))
				return false;
	}
	if (!negative && value == INT64_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

bool sw_scan_number(struct sw_scan *scan, struct sw_scan_number *out)
{
	(void)sw_scan_peek(scan);
	const char *begin = scan->p, *end = scan->end, *p = begin;
	bool negative = p < end && *p == '-';
	const char *first = p + negative;
	const char *last = p = digits(first, end);
	bool valid = last > first && (*first != '0' || last == first + 1);
	if (valid && p < end && *p == '.') {
		const char *fraction = p + 1;
		p = digits(fraction, end);
		valid = p > fraction;
	}
	if (valid && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		const char *exponent = p;
		p = digits(exponent, end);
		valid = p > exponent;
	}
	scan->p = p;
	if (!valid)
		return false;
	out->text = begin;
	out->len = (size_t)(p - begin);
	out->whole = p == last && to_int(first, last, negative, &out->value);
	return true;
}

double sw_scan_double(const struct sw_scan_number *number, char *scratch)
{
	char *dst = scratch;
	for (size_t i = 0; i < number->len; i++) {
		if (number->text[i] == '.') /* strtod knows the locale's point only */
			dst = stpncpy(dst, localeconv()->decimal_point, 16);
		else
			*dst++ = number->text[i];
	}
	*dst = '\0';
	return strtod(scratch, NULL);
}

/* ---- anything ---- */

bool sw_scan_literal(struct sw_scan *scan, const char *word)
{
	size_t len = strlen(word);
	(void)sw_scan_peek(scan);
	if ((size_t)(scan->end - scan->p) < len || memcmp(scan->p, word, len) != 0)
		return false;
	scan->p += len;
	return true;
}

static bool skip_scalar(struct sw_scan *scan, char first)
{
	struct sw_scan_number number;
	switch (first) {
	case '"':
		return sw_scan_string(scan, NULL, NULL);
	case 't':
		return sw_scan_literal(scan, "true");
	case 'f':
		return sw_scan_literal(scan, "false");
	case 'n':
		return sw_scan_literal(scan, "null");
	default:
		return sw_scan_number(scan, &number);
	}
}

static bool skip_key(struct sw_scan *scan)
{
	return sw_scan_string(scan, NULL, NULL) && sw_scan_char(scan, ':');
}

/* The arrays and objects that are open; objects have their bit set. */
struct nest {
	int depth;
	uint64_t objects[SW_SCAN_DEPTH_MAX / 64 + 1];
};

static bool in_object(const struct nest *nest)
{
	return nest->objects[nest->depth / 64] >> (nest->depth % 64) & 1;
}

static bool enter(struct sw_scan *scan, struct nest *nest, bool object)
{
	if (scan->depth + nest->depth >= SW_SCAN_DEPTH_MAX)
		return false;
	nest->depth++;
	uint64_t bit = UINT64_C(1) << (nest->depth % 64);
	uint64_t *word = &nest->objects[nest->depth / 64];
	*word = object ? *word | bit : *word & ~bit;
	scan->p++;
	return true;
}

/* Behind a value: closes what ends there. *OUT_MORE: another value follows. */
static bool leave(struct sw_scan *scan, struct nest *nest, bool *out_more)
{
	*out_more = false;
	while (nest->depth) {
		bool object = in_object(nest);
		if (sw_scan_char(scan, ',')) {
			*out_more = true;
			return !object || skip_key(scan);
		}
		if (!sw_scan_char(scan, object ? '}' : ']'))
			return false;
		nest->depth--;
	}
	return true;
}

bool sw_scan_skip(struct sw_scan *scan)
{
	struct nest nest;
	bool more = true;
	nest.depth = 0;
	nest.objects[0] = 0;
	while (more) {
		char first = sw_scan_peek(scan);
		if (first == '{' || first == '[') {
			bool object = first == '{';
			if (!enter(scan, &nest, object))
				return false;
			if (sw_scan_peek(scan) != (object ? '}' : ']')) {
				if (object && !skip_key(scan))
					return false;
				continue;
			}
		} else if (!skip_scalar(scan, first)) {
			return false;
		}
		if (!leave(scan, &nest, &more))
			return false;
	}
	return true;
}
