#include "widgets/text.h"

#include <locale.h>
#include <pthread.h>
#include <stdbool.h>
#include <wchar.h>

uint32_t sw_glyph_next(const char **text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t ch = at[0];
	int n = ch >= 0xf0 && ch < 0xf8 ? 4 : ch >= 0xe0 ? 3 : ch >= 0xc0 ? 2 : 1;
	if (ch == 0)
		return 0;
	++*text;
	if (ch < 0x80)
		return ch >= ' ' && ch != 0x7f ? ch : '?';
	if (n == 1 || ch >= 0xf8)
		return '?';
	ch &= 0xffu >> (n + 1);
	for (int i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return '?';
		ch = ch << 6 | (at[i] & 0x3f);
	}
	if (ch < least[n] || ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000))
		return '?';
	*text += n - 1;
	return ch < 0xa0 ? '?' : ch;
}

size_t sw_glyph_encode(uint32_t ch, char *dst)
{
	if (ch < 0x80) {
		dst[0] = (char)ch;
		return 1;
	}
	size_t n = ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n - 1; i > 0; i--, ch >>= 6)
		dst[i] = (char)(0x80 | (ch & 0x3f));
	dst[0] = (char)(leads[n] | ch);
	return n;
}

/* Written once, before any thread gets past pthread_once, and only read from then on: making and
 * freeing a locale for each character would cost microseconds. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8;

static void make_locale(void)
{
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* Whatever the C library thinks of them: they are invisible, or turn the line around. */
static bool invisible(uint32_t ch)
{
	return ch == 0xad || ch == 0x61c || ch == 0xfeff || (ch >= 0x200b && ch <= 0x200f) ||
	       (ch >= 0x2028 && ch <= 0x202e) || (ch >= 0x2060 && ch <= 0x206f) ||
	       (ch >= 0xfff0 && ch <= 0xfffb) || (ch >= 0xe0000 && ch <= 0xe0fff);
}

int sw_glyph_columns(uint32_t ch)
{
	if (ch < 0x7f)
		return ch >= ' ';
	if (ch < 0xa0 || invisible(ch))
		return 0;
	if (ch < 0x300 || (ch >= 0x2010 && ch < 0x2028) || (ch >= 0x2500 && ch < 0x25fd) ||
	    (ch >= 0x2800 && ch < 0x2900))
		return 1;
	if (ch > 0x10ffff || (ch >= 0xd800 && ch < 0xe000))
		return 0;
	pthread_once(&once, make_locale);
	if (!utf8)
		return 1;
	locale_t before = uselocale(utf8);
	int columns = wcwidth((wchar_t)ch);
	uselocale(before);
	return columns < 0 ? 0 : columns;
}

static char box_ascii(uint32_t ch)
{
	static const char lines[] = "--||--||--||"; /* U+2500 on */
	static const char shapes[] = "#o##########||-->v" /* U+25A0 on */;
	if (ch < 0x250c)
		return lines[ch - 0x2500];
	if (ch < 0x2580)
		return ch == 0x2550 ? '-' : ch == 0x2551 ? '|' : '+';
	if (ch < 0x25a0)
		return ch == 0x2591 ? '.' : '#';
	if (ch == 0x25cf || ch == 0x25cb)
		return ch == 0x25cf ? '*' : 'o';
	if (ch == 0x25ae || ch == 0x25af)
		return ch == 0x25ae ? '#' : '.';
	if (ch == 0x25b2 || ch == 0x25b4)
		return '^';
	if (ch == 0x25bc || ch == 0x25be)
		return 'v';
	if (ch == 0x25b6 || ch == 0x25b8)
		return '>';
	return ch - 0x25a0 < 14 ? shapes[ch - 0x25a0] : '?';
}

char sw_glyph_ascii(uint32_t ch)
{
	static const char latin[] = " !cL?Y|S\"Ca<--R-o+23'uP-,1o>???"
								"?AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
	static const struct {
		uint32_t ch;
		char ascii;
	} others[] = {{0x2016, '='}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'},
	              {0x2022, '*'}, {0x2026, '.'},  {0x2190, '<'},  {0x2191, '^'}, {0x2192, '>'},
	              {0x2193, 'v'}, {0x2212, '-'},  {0x2264, '<'},  {0x2265, '>'}, {0x2248, '~'},
	              {0x2713, '+'}, {0x2714, '+'},  {0x2717, 'x'},  {0x2718, 'x'}, {0x3bc, 'u'},
	              {0x394, 'd'},  {0x3c3, 's'}};
	if (ch >= ' ' && ch < 0x7f)
		return (char)ch;
	if (ch >= 0xa0 && ch < 0x100)
		return latin[ch - 0xa0];
	if (ch >= 0x2010 && ch <= 0x2015)
		return '-';
	if (ch >= 0x2500 && ch < 0x2600)
		return box_ascii(ch);
	if (ch >= 0x2800 && ch < 0x2900)
		return ch == 0x2800 ? ' ' : '*';
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].ch == ch)
			return others[i].ascii;
	return '?';
}

int sw_glyph_text_columns(const char *text)
{
	int columns = 0;
	for (uint32_t ch; (ch = sw_glyph_next(&text)) != 0;)
		columns += sw_glyph_columns(ch);
	return columns;
}
