/* Hides what keys and mouse look like as bytes. Must not know descriptors nor what a key does.
 * Pure: bytes in, events out; any bytes at all may come in. */
#ifndef SW_INPUT_H
#define SW_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys that are no characters, beyond Unicode. */
enum sw_key_code {
	SW_CODE_UP = 0x110000,
	SW_CODE_DOWN,
	SW_CODE_LEFT,
	SW_CODE_RIGHT,
	SW_CODE_HOME,
	SW_CODE_END,
	SW_CODE_PAGE_UP,
	SW_CODE_PAGE_DOWN,
	SW_CODE_INSERT,
	SW_CODE_DELETE,
	SW_CODE_BACK_TAB, /* shift-tab */
	SW_CODE_F1,       /* .. SW_CODE_F1 + 11 */
	SW_CODE_LAST = SW_CODE_F1 + 11,
};
/* Others are what they send: '\t', '\r' (Enter), 0x1b (Escape), 0x7f (Backspace), ' ', letters;
 * Ctrl with a letter is 1..26 (Ctrl-H is Backspace: many terminals send it for that key). No other
 * control character is ever a key. */

enum { SW_MOD_SHIFT = 1, SW_MOD_ALT = 2, SW_MOD_CTRL = 4 };

enum sw_input_kind { SW_INPUT_KEY, SW_INPUT_CLICK, SW_INPUT_WHEEL_UP, SW_INPUT_WHEEL_DOWN };

struct sw_input {
	enum sw_input_kind kind;
	uint32_t key;  /* of a key: a code point or SW_CODE_* */
	unsigned mods; /* SW_MOD_* (of characters only ALT: shift and ctrl are in the character) */
	int x, y;      /* of the mouse: the cell, from 0 */
};

/* Embedded, zero-initialised. */
struct sw_input_parser {
	unsigned char pending[64];
	size_t len;
	bool in_paste, overlong;
};

typedef void (*sw_input_fn)(void *user, const struct sw_input *input);

/* Takes N bytes; calls FN for each event that is complete. Knows xterm's, rxvt's, the Linux
 * console's, screen's and tmux's sequences (CSI, SS3, modifiers `1;5A`, tilde keys), SGR mouse
 * reports (1006), UTF-8, and skips what it doesn't know, pastes (2004) and answers of the terminal.
 * A lone Escape stays pending until more comes or sw_input_flush. */
void sw_input_feed(struct sw_input_parser *parser, const void *bytes, size_t n, sw_input_fn fn,
                   void *user);
/* A lone Escape, or something unfinished, waits for more bytes. */
bool sw_input_pending(const struct sw_input_parser *parser);
/* No more bytes came for a while: what is pending is a key press on its own. */
void sw_input_flush(struct sw_input_parser *parser, sw_input_fn fn, void *user);

/* "Ctrl-C", "Enter", "PgUp", "F1", "q", "Space", "Alt-x": for help and configuration. DST needs 32
 * bytes. Returns DST. sw_input_key_parse is its inverse (case-insensitive but for characters): 0,
 * or -1 for no key's name. */
char *sw_input_key_name(uint32_t key, unsigned mods, char *dst, size_t size);
int sw_input_key_parse(const char *name, uint32_t *out_key, unsigned *out_mods);

#endif
