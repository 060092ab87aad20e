#include "core/report_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { PARAGRAPH_MAX = 2048 };

struct sw_shown sw_shown(const char *text)
{
	struct sw_shown shown;

	(void)sw_text_clean(shown.text, sizeof(shown.text), text, strlen(text));
	return shown;
}

/* ---- columns of characters ---- */

struct range {
	uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	}
	return false;
}

static size_t columns_of(uint32_t c)
{
	static const struct range none[] = {
		{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x064b, 0x065f}, {0x0e34, 0x0e3a},
		{0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200f}, {0x20d0, 0x20ff},
		{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
	};
	static const struct range two[] = {
		{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},
		{0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},
		{0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},
		{0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f5},
		{0x26fa, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
		{0x274c, 0x274e},   {0x2753, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27bf},
		{0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
		{0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
		{0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
		{0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
	};

	if (is_in(c, none, sizeof(none) / sizeof(none[0])))
		return 0;
	return is_in(c, two, sizeof(two) / sizeof(two[0])) ? 2 : 1;
}

/* The character at P (never its NUL); an invalid byte counts as one character. */
static size_t next_character(const char *p, size_t *out_columns)
{
	size_t len = sw_text_utf8_len(p, strnlen(p, 4));
	uint32_t c = (unsigned char)*p;

	if (len > 1) {
		c &= 0xffU >> (len + 1);
		for (size_t i = 1; i < len; i++)
			c = c << 6 | ((unsigned char)p[i] & 0x3fU);
	}
	*out_columns = len ? columns_of(c) : 1;
	return len ? len : 1;
}

size_t sw_text_prefix(const char *text, size_t columns, size_t *out_columns)
{
	size_t at = 0, used = 0;

	while (text[at]) {
		size_t more, len = next_character(text + at, &more);
		if (used + more > columns)
			break;
		used += more;
		at += len;
	}
	if (out_columns)
		*out_columns = used;
	return at;
}

size_t sw_text_columns(const char *text)
{
	size_t used = 0;

	while (*text) {
		size_t more;
		text += next_character(text, &more);
		used += more;
	}
	return used;
}

/* ---- ASCII ---- */

/* One character for one, so that what was aligned stays so. */
static char ascii_of(const char *p, size_t len)
{
	static const struct {
		const char *from;
		char to;
	} table[] = {
		{"µ", 'u'}, {"×", 'x'}, {"−", '-'}, {"–", '-'}, {"·", '-'}, {"○", 'o'},
		{"…", '~'}, {"─", '-'}, {"→", '>'}, {"█", '#'}, {"▉", '#'}, {"▊", '#'},
		{"▋", '#'}, {"▌", '#'}, {"▍", '.'}, {"▎", '.'}, {"▏", '.'},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strlen(table[i].from) == len && memcmp(table[i].from, p, len) == 0)
			return table[i].to;
	}
	return '?';
}

int sw_report_ascii(const char *text, struct sw_buf *out)
{
	while (*text) {
		size_t columns, len = next_character(text, &columns);
		char c = len > 1 ? ascii_of(text, len) : (unsigned char)*text < 0x80 ? *text : '?';
		for (size_t i = 0; i < columns; i++)
			(void)sw_buf_add(out, &c, 1);
		text += len;
	}
	return out->overflow ? -1 : 0;
}

/* ---- paragraphs ---- */

void sw_report_end_line(struct sw_buf *out)
{
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	(void)sw_buf_add_str(out, "\n");
}

/* Whether a line may end with the space before AT: a number stays with its unit. */
static bool may_break(const char *text, size_t at)
{
	return text[at - 1] == ' ' && (at < 2 || text[at - 2] < '0' || text[at - 2] > '9');
}

/* Bytes of TEXT for a line of ROOM columns: to the last space that fits, else as much as fits. */
static size_t line_bytes(const char *text, size_t room)
{
	size_t fits = sw_text_prefix(text, room, NULL), at = fits;

	if (text[fits] == '\0' || may_break(text, fits + 1))
		return fits;
	while (at > 0 && !may_break(text, at))
		at--;
	if (at > 0)
		return at;
	for (at = fits; at > 0 && text[at - 1] != ' ';)
		at--;
	return at > 0 ? at : fits;
}

int sw_report_paragraph(const char *lead, const char *text, size_t width, struct sw_buf *out)
{
	char clean[PARAGRAPH_MAX];
	size_t indent = sw_text_columns(lead);
	const char *rest = clean;

	(void)sw_text_clean(clean, sizeof(clean), text, strlen(text));
	(void)sw_buf_add_str(out, lead);
	for (bool first = true; first || *rest; first = false) {
		(void)sw_buf_addf(out, "%*s", first ? 0 : (int)indent, "");
		size_t n = line_bytes(rest, width - indent);
		if (n == 0 && *rest)
			n = strlen(rest); /* a character wider than the room: cannot be, but must end */
		(void)sw_buf_add(out, rest, n);
		sw_report_end_line(out);
		rest += n;
		rest += strspn(rest, " ");
	}
	return out->overflow ? -1 : 0;
}
