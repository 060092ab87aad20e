#include "core/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 64 };

__extension__ typedef unsigned __int128 wide;

/* ---- UTF-8 ---- */

size_t sw_text_utf8_len(const char *p, size_t len)
{
	if (len == 0)
		return 0;
	const unsigned char *b = (const unsigned char *)p;
	if (b[0] < 0x80)
		return 1;

	size_t need = 0;
	if (b[0] >= 0xc2 && b[0] <= 0xdf)
		need = 2;
	else if (b[0] >= 0xe0 && b[0] <= 0xef)
		need = 3;
	else if (b[0] >= 0xf0 && b[0] <= 0xf4)
		need = 4;
	if (need == 0 || need > len)
		return 0;

	/* RFC 3629, section 4: overlong forms, surrogates and values past U+10FFFF all show in the
	 * second byte. */
	unsigned char low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
	if (b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

/* P holds a valid character of LEN bytes. */
static uint32_t decode(const char *p, size_t len)
{
	const unsigned char *b = (const unsigned char *)p;
	if (len == 1)
		return b[0];
	uint32_t point = b[0] & (0xffU >> (len + 1));
	for (size_t i = 1; i < len; i++)
		point = point << 6 | (b[i] & 0x3fU);
	return point;
}

/* Characters that move the cursor, reorder what stands beside them, or take no cell at all: with
 * them a name from outside could look like another, or a column could slip. */
static bool is_unprintable(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x0000, 0x001f},   /* C0 */
		{0x007f, 0x009f},   /* DEL, C1 */
		{0x00ad, 0x00ad},   /* soft hyphen */
		{0x061c, 0x061c},   /* Arabic letter mark */
		{0x180e, 0x180e},   /* Mongolian vowel separator */
		{0x200b, 0x200f},   /* zero-width space and joiners, direction marks */
		{0x2028, 0x202e},   /* line and paragraph separators, embeddings, overrides */
		{0x2060, 0x206f},   /* word joiner, isolates, deprecated format characters */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* interlinear annotation */
		{0xfffe, 0xffff},   /* noncharacters */
		{0xe0000, 0xe007f}, /* tags */
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

size_t sw_text_clean(char *dst, size_t size, const char *src, size_t len)
{
	size_t out = 0;

	for (size_t in = 0; in < len;) {
		size_t n = sw_text_utf8_len(src + in, len - in);
		const char *piece = src + in;
		size_t piece_len = n;
		if (*piece == '\n' || *piece == '\r' || *piece == '\t') {
			piece = " ";
		} else if (n == 0 || is_unprintable(decode(piece, n))) {
			piece = "?";
			piece_len = 1;
		}
		if (out + piece_len >= size)
			break;
		memcpy(dst + out, piece, piece_len);
		out += piece_len;
		in += n ? n : 1;
	}
	dst[out] = '\0';
	return out;
}

bool sw_text_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size);
	bool fits = len < size;

	if (!fits) {
		len = size - 1;
		/* Step back out of a character that the cut would split. */
		for (size_t back = 1; back <= 3 && back <= len; back++) {
			size_t tail = strnlen(src + len - back, 4);
			if (sw_text_utf8_len(src + len - back, tail) > back) {
				len -= back;
				break;
			}
		}
	}
	memcpy(dst, src, len);
	dst[len] = '\0';
	return fits;
}

/* ---- quantities: integers only, so that no locale's decimal comma can slip in ---- */

struct unit {
	uint64_t size;
	const char *name;
};

struct digits {
	uint64_t value; /* the quantity times 10^decimals, rounded half up */
	int decimals;
};

static const uint64_t power10[] = {1, 10, 100};

static struct digits three_digits(uint64_t magnitude, uint64_t unit)
{
	for (int decimals = unit == 1 ? 0 : 2; decimals > 0; decimals--) {
		wide scaled = ((wide)magnitude * power10[decimals] + unit / 2) / unit;
		if (scaled < 1000)
			return (struct digits){(uint64_t)scaled, decimals};
	}
	return (struct digits){(uint64_t)(((wide)magnitude + unit / 2) / unit), 0};
}

static void put_quantity(char *dst, size_t size, const char *sign, uint64_t magnitude,
                         const struct unit *units, size_t count)
{
	size_t u = count - 1;
	while (u > 0 && magnitude < units[u].size)
		u--;
	struct digits d = three_digits(magnitude, units[u].size);
	/* 999.6 ms rounds to a full second: then it is written as one. */
	if (u + 1 < count &&
	    (wide)d.value * units[u].size >= (wide)units[u + 1].size * power10[d.decimals]) {
		u++;
		d = three_digits(magnitude, units[u].size);
	}

	uint64_t scale = power10[d.decimals];
	if (d.decimals == 0)
		(void)snprintf(dst, size, "%s%" PRIu64 " %s", sign, d.value, units[u].name);
	else
		(void)snprintf(dst, size, "%s%" PRIu64 ".%0*" PRIu64 " %s", sign, d.value / scale,
		               d.decimals, d.value % scale, units[u].name);
}

char *sw_text_duration(char *dst, size_t size, int64_t ns)
{
	static const struct unit units[] = {
		{1, "ns"},
		{1000, "µs"},
		{1000000, "ms"},
		{1000000000, "s"},
		{60 * UINT64_C(1000000000), "min"},
		{3600 * UINT64_C(1000000000), "h"},
	};
	uint64_t magnitude = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	put_quantity(dst, size, ns < 0 ? "-" : "", magnitude, units, sizeof(units) / sizeof(units[0]));
	return dst;
}

const char *sw_text_signal(char *dst, size_t size, int number)
{
	const char *name = sigabbrev_np(number);
	if (name)
		(void)snprintf(dst, size, "SIG%s", name);
	else
		(void)snprintf(dst, size, "signal %d", number); /* a real-time signal */
	return dst;
}

char *sw_text_seconds(char *dst, size_t size, double seconds)
{
	double ms = round(seconds * 1000.0);

	if (!isfinite(ms)) {
		(void)snprintf(dst, size, "-");
	} else if (fabs(ms) < 9e15) {
		uint64_t magnitude = (uint64_t)fabs(ms);
		(void)snprintf(dst, size, "%s%" PRIu64 ".%03" PRIu64 "s", ms < 0 ? "-" : "",
		               magnitude / 1000, magnitude % 1000);
	} else {
		(void)snprintf(dst, size, "%.0fs", seconds);
	}
	return dst;
}

char *sw_text_bytes(char *dst, size_t size, uint64_t bytes)
{
	static const struct unit units[] = {
		{1, "B"},
		{UINT64_C(1) << 10, "KiB"},
		{UINT64_C(1) << 20, "MiB"},
		{UINT64_C(1) << 30, "GiB"},
		{UINT64_C(1) << 40, "TiB"},
		{UINT64_C(1) << 50, "PiB"},
		{UINT64_C(1) << 60, "EiB"},
	};
	size_t u = sizeof(units) / sizeof(units[0]) - 1;
	while (u > 0 && bytes < units[u].size)
		u--;
	if (bytes % units[u].size == 0)
		(void)snprintf(dst, size, "%" PRIu64 " %s", bytes / units[u].size, units[u].name);
	else
		put_quantity(dst, size, "", bytes, units, sizeof(units) / sizeof(units[0]));
	return dst;
}

/* ---- "did you mean" ---- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t sw_text_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t la = strnlen(a, WORD_MAX + 1), lb = strnlen(b, WORD_MAX + 1);

	if (la > WORD_MAX || lb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		before[j] = above[j] = j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			char ca = lower(a[i - 1]), cb = lower(b[j - 1]);
			size_t best = min_size(above[j], row[j - 1]) + 1;
			best = min_size(best, above[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == lower(b[j - 2]) && cb == lower(a[i - 2]))
				best = min_size(best, before[j - 2] + 1);
			row[j] = best;
		}
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[lb];
}

const char *sw_text_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t best = 1 + strlen(word) / 4 + 1;

	for (; *candidates; candidates++) {
		size_t distance = sw_text_distance(word, *candidates);
		if (distance < best) {
			best = distance;
			nearest = *candidates;
		}
	}
	return nearest;
}
