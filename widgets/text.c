#include "widgets/text.h"

#include <locale.h>
#include <pthread.h>
#include <wchar.h>

/* ---- UTF-8 ---- */

/* The bytes of the character that FIRST begins, and the bits that it holds itself; 0: it begins none. */
static int sequence(unsigned char first, uint32_t *out_bits)
{
	if (first >= 0xc2 && first <= 0xdf) {
		*out_bits = first & 0x1f;
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		*out_bits = first & 0x0f;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		*out_bits = first & 0x07;
		return 4;
	}
	return 0;
}

uint32_t sw_glyph_next(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t ch;
	if (!*at)
		return 0;
	if (*at < 0x80) {
		*text += 1;
		return *at < ' ' || *at == 0x7f ? '?' : *at;
	}
	int n = sequence(*at, &ch);
	for (int i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		ch = ch << 6 | (at[i] & 0x3f);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (!n || ch < least[n] || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff)) {
		*text += 1;
		return '?';
	}
	*text += n;
	return ch < 0xa0 ? '?' : ch;
}

/* ---- columns ---- */

/* Made once: which characters are wide does not depend on the user's locale. */
static locale_t utf8_locale;
static pthread_once_t utf8_once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* glibc has no wcwidth_l. */
static int asked_columns(uint32_t ch)
{
	pthread_once(&utf8_once, make_locale);
	if (!utf8_locale)
		return 1;
	locale_t before = uselocale(utf8_locale);
	int columns = wcwidth((wchar_t)ch);
	uselocale(before);
	return columns < 0 ? 0 : columns;
}

static int is_invisible(uint32_t ch)
{
	return ch == 0xad || (ch >= 0x200b && ch <= 0x200f) || (ch >= 0x2028 && ch <= 0x202e) ||
	       (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff || (ch >= 0xfff0 && ch <= 0xfffb) ||
	       (ch >= 0xe0000 && ch <= 0xe0fff);
}

int sw_glyph_columns(uint32_t ch)
{
	if (ch >= 0x20 && ch < 0x7f)
		return 1;
	if (ch < 0xa0 || is_invisible(ch))
		return 0;
	/* What pictures are made of: Latin-1, punctuation, arrows, boxes, blocks, shapes, braille. */
	if (ch < 0x250 || (ch >= 0x2010 && ch <= 0x2027) || (ch >= 0x2190 && ch <= 0x21ff) ||
	    (ch >= 0x2500 && ch <= 0x25cf) || (ch >= 0x2800 && ch <= 0x28ff))
		return 1;
	return asked_columns(ch);
}

char sw_glyph_ascii(uint32_t ch)
{
	static const struct {
		uint32_t ch;
		char ascii;
	} table[] = {
		{0xa0, ' '},   {0xb0, 'o'},   {0xb1, '~'},    {0xb2, '2'},    {0xb5, 'u'},   {0xb7, '-'},
		{0xd7, 'x'},   {0x3bc, 'u'},  {0x2010, '-'},  {0x2011, '-'},  {0x2012, '-'}, {0x2013, '-'},
		{0x2014, '-'}, {0x2016, '='}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
		{0x2022, '*'}, {0x2026, '.'}, {0x2190, '<'},  {0x2191, '^'},  {0x2192, '>'}, {0x2193, 'v'},
		{0x2212, '-'}, {0x2248, '~'}, {0x2264, '<'},  {0x2265, '>'},  {0x25b2, '^'}, {0x25bc, 'v'},
		{0x25b4, '^'}, {0x25be, 'v'}, {0x25b8, '>'},  {0x25cf, '*'},  {0x25cb, 'o'}, {0x2713, 'v'},
		{0x2717, 'x'},
	};
	if (ch >= ' ' && ch < 0x7f)
		return (char)ch;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].ch == ch)
			return table[i].ascii;
	if (ch >= 0x2500 && ch <= 0x257f)
		return '+';
	if (ch >= 0x2580 && ch <= 0x259f)
		return '#';
	return '?';
}

int sw_text_columns(const char *text)
{
	int columns = 0;
	uint32_t ch;
	while ((ch = sw_glyph_next(&text)))
		columns += sw_glyph_columns(ch);
	return columns;
}
