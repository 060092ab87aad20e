#include <strings.h>

#include "core/text.h"
#include "tui/input.h"
#include "widgets/text.h"

/* A key's first name is the one that is shown. `any_mods`: else only Alt can be told apart. */
static const struct key_name {
	uint32_t key;
	const char *name;
	bool any_mods;
} names[] = {
	{SW_CODE_UP, "Up", true},
	{SW_CODE_DOWN, "Down", true},
	{SW_CODE_LEFT, "Left", true},
	{SW_CODE_RIGHT, "Right", true},
	{SW_CODE_HOME, "Home", true},
	{SW_CODE_END, "End", true},
	{SW_CODE_PAGE_UP, "PgUp", true},
	{SW_CODE_PAGE_UP, "PageUp", true},
	{SW_CODE_PAGE_DOWN, "PgDn", true},
	{SW_CODE_PAGE_DOWN, "PageDown", true},
	{SW_CODE_INSERT, "Ins", true},
	{SW_CODE_INSERT, "Insert", true},
	{SW_CODE_DELETE, "Del", true},
	{SW_CODE_DELETE, "Delete", true},
	{'\t', "Tab", false},
	{'\r', "Enter", false},
	{'\r', "Return", false},
	{0x1b, "Esc", false},
	{0x1b, "Escape", false},
	{0x7f, "Backspace", false},
	{' ', "Space", false},
};
enum { NAMES = sizeof names / sizeof *names };

static const struct {
	unsigned mod;
	const char *prefix;
	size_t len;
} prefixes[] = {{SW_MOD_CTRL, "Ctrl-", 5}, {SW_MOD_ALT, "Alt-", 4}, {SW_MOD_SHIFT, "Shift-", 6}};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

static size_t encode(uint32_t ch, char *dst)
{
	size_t n = sw_glyph_encode(ch, dst);
	dst[n] = '\0';
	return n;
}

static const char *name_of(uint32_t key)
{
	for (size_t i = 0; i < NAMES; i++)
		if (names[i].key == key)
			return names[i].name;
	return NULL;
}

char *sw_input_key_name(uint32_t key, unsigned mods, char *dst, size_t size)
{
	char base[8];
	const char *name = name_of(key);
	if (key == SW_CODE_BACK_TAB) {
		name = "Tab";
		mods |= SW_MOD_SHIFT;
	} else if (key >= SW_CODE_F1 && key <= SW_CODE_LAST) {
		(void)snprintf(base, sizeof base, "F%u", (unsigned)(key - SW_CODE_F1 + 1) % 100);
		name = base;
	} else if (!name && key < ' ') {
		mods |= SW_MOD_CTRL;
		encode(key + '@', base);
		name = base;
	} else if (!name && key < SW_CODE_UP) {
		encode(key, base);
		name = base;
	}
	(void)snprintf(dst, size, "%s%s%s%s", mods & SW_MOD_CTRL ? "Ctrl-" : "",
	               mods & SW_MOD_ALT ? "Alt-" : "", mods & SW_MOD_SHIFT ? "Shift-" : "",
	               name ? name : "?");
	return dst;
}

/* A name that is no character; false when NAME is none. */
static bool find_named(const char *name, uint32_t *out_key, bool *out_any_mods)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcasecmp(name, names[i].name) == 0) {
			*out_key = names[i].key;
			*out_any_mods = names[i].any_mods;
			return true;
		}
	if ((name[0] != 'F' && name[0] != 'f') || name[1] < '1' || name[1] > '9')
		return false;
	char *end;
	long number = strtol(name + 1, &end, 10);
	if (*end || number > 12)
		return false;
	*out_key = SW_CODE_F1 + (uint32_t)number - 1;
	*out_any_mods = true;
	return true;
}

/* 0 when NAME is not one printable character. */
static uint32_t one_char(const char *name)
{
	size_t len = strlen(name), n = sw_text_utf8_len(name, len);
	if (!n || n != len)
		return 0;
	uint32_t ch = (unsigned char)name[0] & (n == 1 ? 0x7f : 0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		ch = ch << 6 | ((unsigned char)name[i] & 0x3f);
	return ch > ' ' && ch != 0x7f && (ch < 0x80 || ch >= 0xa0) ? ch : 0;
}

/* Ctrl and Shift with a character are another character, where there is one. 0: there is none. */
static uint32_t with_mods(uint32_t ch, unsigned mods)
{
	bool is_letter = (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z');
	if (mods & (SW_MOD_CTRL | SW_MOD_SHIFT) && !is_letter)
		return 0;
	if (mods & SW_MOD_CTRL)
		/* Ctrl-H is what Backspace sends on many terminals: input.c takes it for that. */
		return mods & SW_MOD_SHIFT ? 0 : (ch & 31) == 8 ? 0x7f : ch & 31;
	return mods & SW_MOD_SHIFT ? ch & ~0x20u : ch;
}

int sw_input_key_parse(const char *name, uint32_t *out_key, unsigned *out_mods)
{
	uint32_t key;
	unsigned mods = 0;
	bool any_mods = false;
	for (size_t i = 0; i < PREFIXES; i++)
		if (!(mods & prefixes[i].mod) &&
		    strncasecmp(name, prefixes[i].prefix, prefixes[i].len) == 0) {
			mods |= prefixes[i].mod;
			name += prefixes[i].len;
			i = (size_t)-1; /* in any order */
		}
	if (find_named(name, &key, &any_mods)) {
		if (key == '\t' && mods & SW_MOD_SHIFT) {
			key = SW_CODE_BACK_TAB;
			mods &= ~(unsigned)SW_MOD_SHIFT;
		} else if (!any_mods && mods & (SW_MOD_CTRL | SW_MOD_SHIFT)) {
			return -1;
		}
	} else {
		key = one_char(name);
		if (key)
			key = with_mods(key, mods);
		if (!key)
			return -1;
		mods &= SW_MOD_ALT;
	}
	*out_key = key;
	*out_mods = mods;
	return 0;
}
