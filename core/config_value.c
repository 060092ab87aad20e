#include <inttypes.h>
#include <strings.h>

#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* strtod and printf's %f follow the locale's decimal comma once curses has set it: numbers are
 * read and written in integers here. */
struct decimal {
	bool negative, overflow;
	int64_t whole;
	int64_t part, part_scale; /* the fraction is part / part_scale */
};

enum scan { SCAN_BAD = -1, SCAN_OK, SCAN_OVERFLOW };

/* [-]DIGITS[.DIGITS] with at most nine decimals. Returns what follows, NULL if it is none. */
static const char *scan_decimal(const char *text, struct decimal *out)
{
	struct decimal d = {.part_scale = 1};

	d.negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(d.whole, 10, &d.whole) ||
		    __builtin_add_overflow(d.whole, *text - '0', &d.whole))
			d.overflow = true;
	if (*text == '.') {
		text++;
		if (*text < '0' || *text > '9')
			return NULL;
		for (; *text >= '0' && *text <= '9'; text++) {
			if (d.part_scale == NS_PER_SECOND) {
				if (*text != '0')
					return NULL;
				continue;
			}
			d.part = d.part * 10 + (*text - '0');
			d.part_scale *= 10;
		}
	}
	*out = d;
	return text;
}

/* The number times UNIT. EXACT refuses what does not come out whole, else it is rounded down. */
static enum scan in_units(const struct decimal *d, int64_t unit, bool exact, int64_t *out)
{
	int64_t part = d->part, scale = d->part_scale, whole, fraction;

	while (scale > 1 && part % 10 == 0) {
		part /= 10;
		scale /= 10;
	}
	if (__builtin_mul_overflow(part, unit, &fraction))
		return SCAN_BAD;
	if (exact && fraction % scale != 0)
		return SCAN_BAD;
	*out = d->negative ? INT64_MIN : INT64_MAX;
	if (d->overflow || __builtin_mul_overflow(d->whole, unit, &whole) ||
	    __builtin_add_overflow(whole, fraction / scale, &whole))
		return SCAN_OVERFLOW;
	*out = d->negative ? -whole : whole;
	return SCAN_OK;
}

struct unit {
	const char *name;
	int64_t value;
};

static enum scan scan_with_unit(const char *text, const struct unit *units, int64_t *out)
{
	struct decimal d;
	const char *suffix = scan_decimal(text, &d);

	if (!suffix)
		return SCAN_BAD;
	for (const struct unit *u = units; u->name; u++)
		if (strcasecmp(suffix, u->name) == 0)
			return in_units(&d, u->value, u->value == 1, out);
	return SCAN_BAD;
}

/* Binary, as Docker reads its own limits. */
static enum scan scan_bytes(const char *text, int64_t *out)
{
	static const struct unit units[] = {
		{"", 1},
		{"b", 1},
		{"k", INT64_C(1) << 10},
		{"kb", INT64_C(1) << 10},
		{"kib", INT64_C(1) << 10},
		{"m", INT64_C(1) << 20},
		{"mb", INT64_C(1) << 20},
		{"mib", INT64_C(1) << 20},
		{"g", INT64_C(1) << 30},
		{"gb", INT64_C(1) << 30},
		{"gib", INT64_C(1) << 30},
		{"t", INT64_C(1) << 40},
		{"tb", INT64_C(1) << 40},
		{"tib", INT64_C(1) << 40},
		{NULL, 0},
	};

	return scan_with_unit(text, units, out);
}

int sw_config_bytes(const char *text, int64_t *out_bytes)
{
	int64_t value;

	if (scan_bytes(text, &value) != SCAN_OK || *text == '-')
		return -1;
	*out_bytes = value;
	return 0;
}

int sw_config_duration(const char *text, int64_t *out_ns)
{
	static const struct unit units[] = {
		{"", NS_PER_SECOND},
		{"ns", 1},
		{"us", 1000},
		{"µs", 1000},
		{"ms", 1000000},
		{"s", NS_PER_SECOND},
		{"m", 60 * NS_PER_SECOND},
		{"h", 3600 * NS_PER_SECOND},
		{NULL, 0},
	};
	int64_t value;

	if (scan_with_unit(text, units, &value) != SCAN_OK || *text == '-')
		return -1;
	*out_ns = value;
	return 0;
}

/* How many of the stored unit make one of the written one; 0 where that is no plain number. */
static int64_t stored_per_written(const struct sw_key *key)
{
	if (key->type == SW_KEY_WHOLE || key->type == SW_KEY_COUNT)
		return 1;
	if (key->type == SW_KEY_CPUS)
		return 1000;
	if (key->type == SW_KEY_DECIMAL || key->type == SW_KEY_PERCENT)
		return 1000000;
	return key->type == SW_KEY_SECONDS ? NS_PER_SECOND : 0;
}

int64_t sw_key_get(const struct sw_key *key, const void *base)
{
	const void *at = (const char *)base + key->offset;

	if (key->type == SW_KEY_BOOL)
		return *(const bool *)at;
	if (key->type == SW_KEY_WORD)
		return *(const unsigned *)at;
	if (key->type == SW_KEY_COUNT && *(const bool *)((const char *)base + key->auto_offset))
		return SW_KEY_AUTO;
	if (key->type == SW_KEY_DECIMAL || key->type == SW_KEY_PERCENT) {
		double scaled = *(const double *)at * 1e6;

		if (!(scaled > -9e18 && scaled < 9e18))
			return INT64_MIN;
		return (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
	}
	return key->size == sizeof(int) ? *(const int *)at : *(const int64_t *)at;
}

void sw_key_set(const struct sw_key *key, void *base, int64_t value)
{
	void *at = (char *)base + key->offset;

	if (key->type == SW_KEY_COUNT) {
		*(bool *)((char *)base + key->auto_offset) = value == SW_KEY_AUTO;
		if (value == SW_KEY_AUTO)
			return;
	}
	if (key->type == SW_KEY_BOOL)
		*(bool *)at = value != 0;
	else if (key->type == SW_KEY_WORD)
		*(unsigned *)at = (unsigned)value;
	else if (key->type == SW_KEY_DECIMAL || key->type == SW_KEY_PERCENT)
		*(double *)at = (double)value / 1e6;
	else if (key->size == sizeof(int))
		*(int *)at = (int)value;
	else
		*(int64_t *)at = value;
}

char *sw_key_format(const struct sw_key *key, int64_t value, char *dst, size_t size)
{
	static const char suffix[] = "\0kmgt";
	int64_t per = stored_per_written(key);
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t step = 0;

	if (key->type == SW_KEY_BOOL) {
		snprintf(dst, size, "%s", value ? "true" : "false");
	} else if (key->type == SW_KEY_COUNT && value == SW_KEY_AUTO) {
		snprintf(dst, size, "auto");
	} else if (key->type == SW_KEY_WORD) {
		snprintf(dst, size, "%s", sw_word(key->words, (int)value));
	} else if (per > 1) {
		int digits = per == 1000 ? 3 : per == 1000000 ? 6 : 9;
		int n = snprintf(dst, size, "%s%" PRIu64 ".%0*" PRIu64, value < 0 ? "-" : "",
		                 magnitude / (uint64_t)per, digits, magnitude % (uint64_t)per);

		while (n > 0 && (size_t)n < size && dst[n - 1] == '0')
			dst[--n] = '\0';
		if (n > 0 && (size_t)n < size && dst[n - 1] == '.')
			dst[n - 1] = '\0';
	} else {
		if (key->type == SW_KEY_BYTES)
			for (; value && value % 1024 == 0 && step < 4; step++)
				value /= 1024;
		snprintf(dst, size, "%" PRId64 "%.1s", value, &suffix[step]);
	}
	return dst;
}

static int out_of_range(const struct sw_key *key, const char *shown, struct sw_error *err)
{
	char min[32], max[32], from[80], zero[64] = "";

	sw_key_format(key, key->min, min, sizeof min);
	sw_key_format(key, key->max, max, sizeof max);
	snprintf(from, sizeof from, key->min_is ? "%s (%s)" : "%s", min, key->min_is);
	if (key->zero_is)
		snprintf(zero, sizeof zero, ", or 0 for %s", key->zero_is);
	else if (key->type == SW_KEY_COUNT)
		snprintf(zero, sizeof zero, ", or auto");
	return sw_error_set(err, SW_ERR_USAGE, 0, "%.40s is out of range; use %s to %s%s", shown, from,
	                    max, zero);
}

static bool in_range(const struct sw_key *key, int64_t value)
{
	if (key->type == SW_KEY_BOOL)
		return true;
	if (key->type == SW_KEY_WORD)
		return value >= 0 && (size_t)value < key->words->count;
	if (key->type == SW_KEY_COUNT && value == SW_KEY_AUTO)
		return true;
	return (value >= key->min && value <= key->max) || (value == 0 && key->zero_is);
}

int sw_key_check(const struct sw_key *key, int64_t value, struct sw_error *err)
{
	char shown[32];

	if (in_range(key, value))
		return 0;
	return out_of_range(key, sw_key_format(key, value, shown, sizeof shown), err);
}

int sw_key_bad_word(const char *what, const char *text, const char *const *names,
                    struct sw_error *err)
{
	char shown[65], list[200] = "";
	const char *near = sw_text_nearest(text, names);
	size_t used = 0;

	sw_text_clean(shown, sizeof shown, text, strlen(text));
	if (near)
		return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no %s; did you mean '%s'?", shown, what,
		                    near);
	for (size_t i = 0; names[i] && used < sizeof list; i++) {
		const char *joint = names[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? joint : "", names[i]);
	}
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no %s; use %s", shown, what, list);
}

static int not_a(const char *what, const char *text, struct sw_error *err)
{
	char shown[65];

	sw_text_clean(shown, sizeof shown, text, strlen(text));
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is not %s", shown, what);
}

static const char *number_form(enum sw_key_type type)
{
	if (type == SW_KEY_BYTES)
		return "a size; write bytes, or a number with k, m, g or t, like 512m";
	if (type == SW_KEY_CPUS)
		return "a number of CPUs with at most 3 decimals; write it like 0.5";
	if (type == SW_KEY_SECONDS)
		return "a number of seconds; write it without a unit, like 300 or 0.5";
	if (type == SW_KEY_DECIMAL)
		return "a number with at most 6 decimals; write it like 100 or 0.5";
	if (type == SW_KEY_PERCENT)
		return "a percentage with at most 6 decimals; write it like 2 or 0.5%";
	return type == SW_KEY_COUNT ? "a whole number; write one, or auto" : "a whole number";
}

static int parse_bool(const char *text, int64_t *out, struct sw_error *err)
{
	bool yes = !strcmp(text, "true") || !strcmp(text, "True") || !strcmp(text, "TRUE");

	if (!yes && strcmp(text, "false") && strcmp(text, "False") && strcmp(text, "FALSE"))
		return not_a("a boolean; write true or false", text, err);
	*out = yes;
	return 0;
}

int sw_key_parse(const struct sw_key *key, const char *text, int64_t *out, struct sw_error *err)
{
	int64_t per = stored_per_written(key), value = 0;
	enum scan scan = SCAN_BAD;
	struct decimal d;

	if (key->type == SW_KEY_BOOL)
		return parse_bool(text, out, err);
	if (key->type == SW_KEY_WORD) {
		int word = sw_word_value(key->words, text);

		if (word < 0)
			return sw_key_bad_word(key->words->what, text, key->words->names, err);
		*out = word;
		return 0;
	}
	if (key->type == SW_KEY_COUNT && strcmp(text, "auto") == 0) {
		*out = SW_KEY_AUTO;
		return 0;
	}
	if (key->type == SW_KEY_BYTES) {
		scan = scan_bytes(text, &value);
	} else {
		const char *end = scan_decimal(text, &d);

		if (end && key->type == SW_KEY_PERCENT && *end == '%')
			end++;
		if (end && *end == '\0')
			scan = in_units(&d, per, true, &value);
	}
	if (scan == SCAN_BAD)
		return not_a(number_form(key->type), text, err);
	if (scan == SCAN_OVERFLOW || !in_range(key, value))
		return out_of_range(key, text, err);
	*out = value;
	return 0;
}

static bool is_name(const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
								  "0123456789._-";

	return text[strspn(text, allowed)] == '\0';
}

int sw_key_check_text(const struct sw_key *key, const char *text, struct sw_error *err)
{
	char clean[SW_PATH_MAX];
	size_t len = strlen(text);

	if (len < (size_t)key->min)
		return sw_error_set(err, SW_ERR_USAGE, 0, "must not be empty");
	if (key->words && sw_word_value(key->words, text) < 0)
		return sw_key_bad_word(key->words->what, text, key->words->names, err);
	if (len >= key->size)
		return sw_error_set(err, SW_ERR_USAGE, 0, "%zu bytes are too long; use at most %zu", len,
		                    key->size - 1);
	sw_text_clean(clean, sizeof clean, text, len);
	if (strcmp(clean, text) != 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s' holds characters that cannot be shown; leave them out", clean);
	if (key->type == SW_KEY_NAME && !is_name(text))
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s' is no name; use letters, digits, '.', '_' and '-'", clean);
	return 0;
}
