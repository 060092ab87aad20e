#include "tui/input.h"

#include <string.h>

#include "core/text.h"

enum { ESC = 0x1b, BEL = 0x07, BACKSPACE = 0x7f, COORDINATE_MAX = 99999 };

struct sink {
	sw_input_fn fn;
	void *user;
};

static void emit_key(const struct sink *out, uint32_t key, unsigned mods)
{
	struct sw_input input = {.kind = SW_INPUT_KEY, .key = key, .mods = mods};
	out->fn(out->user, &input);
}

/* Control characters that are no key are dropped: NUL, 28 .. 31, C1. */
static void emit_char(const struct sink *out, uint32_t ch, unsigned mods)
{
	if (ch == 8)
		ch = BACKSPACE; /* what the key sends where `stty erase` is ^H */
	if (ch == 0 || (ch > ESC && ch < ' ') || (ch >= 0x80 && ch < 0xa0))
		return;
	emit_key(out, ch, mods);
}

static void drop(struct sw_input_parser *p)
{
	p->len = 0;
	p->overlong = false;
}

/* Keeps the beginning, which says what kind of sequence it is, when there is no room. */
static void push(struct sw_input_parser *p, unsigned char byte)
{
	if (p->len < sizeof p->pending)
		p->pending[p->len++] = byte;
	else
		p->overlong = true;
}

/* ---- UTF-8 ---- */

static size_t utf8_need(unsigned char lead)
{
	return lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

static uint32_t utf8_decode(const unsigned char *bytes, size_t n)
{
	uint32_t ch = bytes[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		ch = ch << 6 | (bytes[i] & 0x3f);
	return ch;
}

static void begin_utf8(struct sw_input_parser *p, unsigned char lead)
{
	if (utf8_need(lead))
		push(p, lead);
	else
		drop(p);
}

static bool take_utf8(struct sw_input_parser *p, size_t start, unsigned char byte,
                      const struct sink *out)
{
	if ((byte & 0xc0) != 0x80) {
		drop(p);
		return false;
	}
	push(p, byte);
	const unsigned char *bytes = p->pending + start;
	size_t n = p->len - start;
	if (n < utf8_need(bytes[0]))
		return true;
	drop(p);
	if (sw_text_utf8_len((const char *)bytes, n) == n)
		emit_char(out, utf8_decode(bytes, n), start ? SW_MOD_ALT : 0);
	return true;
}

/* ---- what a complete sequence means ---- */

enum { PARAMS_MAX = 4 };

struct params {
	int values[PARAMS_MAX]; /* -1: left empty, or not there */
	int n;
};

/* False when there is anything but digits and ';'. */
static bool read_params(const unsigned char *bytes, size_t n, struct params *out_params)
{
	struct params params = {{-1, -1, -1, -1}, n > 0};
	for (size_t i = 0; i < n; i++) {
		int *value = &params.values[params.n - 1];
		if (bytes[i] == ';') {
			if (params.n++ == PARAMS_MAX)
				return false;
			continue;
		}
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
		*value = (*value < 0 ? 0 : *value) * 10 + bytes[i] - '0';
		if (*value > COORDINATE_MAX)
			*value = COORDINATE_MAX;
	}
	*out_params = params;
	return true;
}

/* xterm's: 1 plus a sum of 1 shift, 2 alt, 4 ctrl, 8 meta; higher ones are locks. */
static unsigned mods_of(int parameter)
{
	unsigned bits = parameter > 1 ? (unsigned)parameter - 1 : 0;
	return (bits & 7) | (bits & 8 ? SW_MOD_ALT : 0);
}

/* Keys by the letter that ends CSI or SS3; 0: none. */
static uint32_t letter_key(unsigned char letter)
{
	switch (letter) {
	case 'A':
		return SW_CODE_UP;
	case 'B':
		return SW_CODE_DOWN;
	case 'C':
		return SW_CODE_RIGHT;
	case 'D':
		return SW_CODE_LEFT;
	case 'H':
		return SW_CODE_HOME;
	case 'F':
		return SW_CODE_END;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return SW_CODE_F1 + letter - 'P';
	default:
		return 0;
	}
}

/* Keys by the number before '~'; 0: none. */
static uint32_t number_key(int number)
{
	static const uint32_t keys[] = {
		[1] = SW_CODE_HOME,     [2] = SW_CODE_INSERT,   [3] = SW_CODE_DELETE,
		[4] = SW_CODE_END,      [5] = SW_CODE_PAGE_UP,  [6] = SW_CODE_PAGE_DOWN,
		[7] = SW_CODE_HOME,     [8] = SW_CODE_END,      [11] = SW_CODE_F1,
		[12] = SW_CODE_F1 + 1,  [13] = SW_CODE_F1 + 2,  [14] = SW_CODE_F1 + 3,
		[15] = SW_CODE_F1 + 4,  [17] = SW_CODE_F1 + 5,  [18] = SW_CODE_F1 + 6,
		[19] = SW_CODE_F1 + 7,  [20] = SW_CODE_F1 + 8,  [21] = SW_CODE_F1 + 9,
		[23] = SW_CODE_F1 + 10, [24] = SW_CODE_F1 + 11,
	};
	return number >= 0 && number < (int)(sizeof keys / sizeof *keys) ? keys[number] : 0;
}

/* rxvt: shift is CSI a..d, ctrl SS3 a..d. */
static uint32_t rxvt_arrow(unsigned char letter)
{
	return letter >= 'a' && letter <= 'd' ? letter_key((unsigned char)(letter - 'a' + 'A')) : 0;
}

/* BUTTONS as xterm has them: 0..2 a button, 4 shift, 8 meta, 16 ctrl, 32 motion, 64 wheel. */
static void emit_mouse(const struct sink *out, int buttons, int x, int y)
{
	struct sw_input input = {.x = x > 0 ? x : 0, .y = y > 0 ? y : 0};
	input.mods = (buttons & 4 ? SW_MOD_SHIFT : 0) | (buttons & 8 ? SW_MOD_ALT : 0) |
	             (buttons & 16 ? SW_MOD_CTRL : 0);
	switch (buttons & ~(4 | 8 | 16)) {
	case 0:
		input.kind = SW_INPUT_CLICK;
		break;
	case 64:
		input.kind = SW_INPUT_WHEEL_UP;
		break;
	case 65:
		input.kind = SW_INPUT_WHEEL_DOWN;
		break;
	default:
		return;
	}
	out->fn(out->user, &input);
}

static void end_tilde(struct sw_input_parser *p, const struct params *params, unsigned alt,
                      const struct sink *out)
{
	uint32_t key = number_key(params->values[0]);
	if (key)
		emit_key(out, key, mods_of(params->values[1]) | alt);
	else if (params->values[0] == 200)
		p->in_paste = true;
}

static void end_csi(struct sw_input_parser *p, const unsigned char *bytes, size_t n,
                    unsigned char final, const struct sink *out)
{
	unsigned alt = p->pending[1] == ESC ? SW_MOD_ALT : 0;
	struct params params;
	if (n && bytes[0] == '<' && final == 'M') {
		if (read_params(bytes + 1, n - 1, &params) && params.n == 3)
			emit_mouse(out, params.values[0], params.values[1] - 1, params.values[2] - 1);
		return;
	}
	if (!read_params(bytes, n, &params))
		return;
	uint32_t key = letter_key(final);
	switch (final) {
	case '~':
		end_tilde(p, &params, alt, out);
		return;
	case '$': /* rxvt: shift, ctrl, both */
	case '^':
	case '@':
		if (params.n == 1 && (key = number_key(params.values[0])))
			emit_key(out, key,
			         (final == '$'   ? SW_MOD_SHIFT
			          : final == '^' ? SW_MOD_CTRL
			                         : SW_MOD_SHIFT | SW_MOD_CTRL) |
			             alt);
		return;
	case 'Z':
		emit_key(out, SW_CODE_BACK_TAB, (mods_of(params.values[1]) & ~1u) | alt);
		return;
	case 'P': /* plain, these are no keys; R may be an answer about the cursor's place */
	case 'Q':
	case 'R':
	case 'S':
		if (params.n != 2 || params.values[0] != 1)
			return;
		break;
	default:
		break;
	}
	if (key && params.values[0] <= 1)
		emit_key(out, key, mods_of(params.values[1]) | alt);
	else if (!n && rxvt_arrow(final))
		emit_key(out, rxvt_arrow(final), SW_MOD_SHIFT | alt);
}

static void end_ss3(const unsigned char *bytes, size_t n, unsigned char final, unsigned alt,
                    const struct sink *out)
{
	static const char keypad[] = "*+,-./0123456789"; /* j .. y */
	struct params params;
	if (!read_params(bytes, n, &params))
		return;
	if (letter_key(final))
		emit_key(out, letter_key(final), mods_of(params.values[params.n > 1]) | alt);
	else if (rxvt_arrow(final))
		emit_key(out, rxvt_arrow(final), SW_MOD_CTRL | alt);
	else if (final == 'M')
		emit_key(out, '\r', alt);
	else if (final >= 'j' && final <= 'y')
		emit_key(out, (unsigned char)keypad[final - 'j'], alt);
}

/* ---- byte by byte: false means that what was pending has been dropped, and BYTE begins anew ---- */

static bool take_x10_mouse(struct sw_input_parser *p, size_t start, unsigned char byte,
                           const struct sink *out)
{
	if (byte < ' ') {
		drop(p);
		return false;
	}
	push(p, byte);
	if (p->len < start + 6)
		return true;
	const unsigned char *bytes = p->pending + start + 3;
	drop(p);
	emit_mouse(out, bytes[0] - ' ', bytes[1] - ' ' - 1, bytes[2] - ' ' - 1);
	return true;
}

/* "CSI 7 $" is a key of rxvt's, "CSI ? 25 ; 1 $ y" an answer. */
static bool ends_with_dollar(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
	return n > 0;
}

static bool take_csi(struct sw_input_parser *p, size_t start, unsigned char byte,
                     const struct sink *out)
{
	const unsigned char *bytes = p->pending + start + 2;
	size_t n = p->len - start - 2;
	if (n && bytes[0] == 'M')
		return take_x10_mouse(p, start, byte, out);
	if (byte < ' ' || byte >= 0x7f) {
		drop(p);
		return false;
	}
	if (n && bytes[0] == '[') { /* the Linux console's F1 .. F5 */
		drop(p);
		if (byte >= 'A' && byte <= 'E')
			emit_key(out, SW_CODE_F1 + byte - 'A', start ? SW_MOD_ALT : 0);
		return true;
	}
	bool opens = !n && (byte == 'M' || byte == '[');
	bool ends = byte >= '@' || (byte == '$' && ends_with_dollar(bytes, n));
	if (opens || !ends) {
		push(p, byte);
		return true;
	}
	bool known = !p->overlong;
	drop(p);
	if (known)
		end_csi(p, bytes, n, byte, out);
	return true;
}

static bool take_ss3(struct sw_input_parser *p, size_t start, unsigned char byte,
                     const struct sink *out)
{
	if (byte < ' ' || byte >= 0x7f) {
		drop(p);
		return false;
	}
	if (byte < '@') {
		push(p, byte);
		return true;
	}
	bool known = !p->overlong;
	size_t n = p->len - start - 2;
	drop(p);
	if (known)
		end_ss3(p->pending + start + 2, n, byte, start ? SW_MOD_ALT : 0, out);
	return true;
}

/* An answer's text up to BEL or ESC \: nothing of it is kept. `overlong`: there was some. */
static bool take_string(struct sw_input_parser *p, size_t start, unsigned char byte)
{
	if (p->len == start + 3) { /* behind an ESC */
		drop(p);
		if (byte == '\\')
			return true;
		push(p, ESC);
		return false;
	}
	if (byte == BEL)
		drop(p);
	else if (byte == ESC)
		push(p, ESC);
	else
		p->overlong = true;
	return true;
}

/* Behind one ESC, or two: then START is 1, and Alt is meant if a sequence follows (rxvt). */
static bool take_after_escape(struct sw_input_parser *p, size_t start, unsigned char byte,
                              const struct sink *out)
{
	if (byte == ESC) {
		if (start)
			emit_key(out, ESC, 0);
		else
			push(p, ESC);
		return true;
	}
	if (memchr("[OPX]^_", byte, 7)) {
		push(p, byte);
		return true;
	}
	if (start) {
		p->len = 1;
		emit_key(out, ESC, 0);
	}
	if (byte >= 0x80) {
		begin_utf8(p, byte);
		return true;
	}
	drop(p);
	emit_char(out, byte, SW_MOD_ALT);
	return true;
}

/* Nothing inside a paste means anything but its end. */
static void take_paste(struct sw_input_parser *p, unsigned char byte)
{
	static const char end[] = "\033[201~";
	if (byte != (unsigned char)end[p->len])
		p->len = 0;
	if (byte == (unsigned char)end[p->len])
		p->pending[p->len++] = byte;
	if (p->len == sizeof end - 1) {
		p->len = 0;
		p->in_paste = false;
	}
}

static bool take(struct sw_input_parser *p, unsigned char byte, const struct sink *out)
{
	if (p->in_paste) {
		take_paste(p, byte);
		return true;
	}
	if (!p->len) {
		if (byte == ESC)
			push(p, byte);
		else if (byte >= 0x80)
			begin_utf8(p, byte);
		else
			emit_char(out, byte, 0);
		return true;
	}
	if (p->pending[0] != ESC)
		return take_utf8(p, 0, byte, out);
	size_t start = p->len > 1 && p->pending[1] == ESC;
	if (p->len == start + 1)
		return take_after_escape(p, start, byte, out);
	switch (p->pending[start + 1]) {
	case '[':
		return take_csi(p, start, byte, out);
	case 'O':
		return take_ss3(p, start, byte, out);
	case 'P':
	case 'X':
	case ']':
	case '^':
	case '_':
		return take_string(p, start, byte);
	default:
		return take_utf8(p, start + 1, byte, out);
	}
}

void sw_input_feed(struct sw_input_parser *parser, const void *bytes, size_t n, sw_input_fn fn,
                   void *user)
{
	const struct sink out = {fn, user};
	for (size_t i = 0; i < n; i++)
		while (!take(parser, ((const unsigned char *)bytes)[i], &out))
			continue;
}

bool sw_input_pending(const struct sw_input_parser *parser)
{
	return parser->len > 0;
}

void sw_input_flush(struct sw_input_parser *parser, sw_input_fn fn, void *user)
{
	const struct sink out = {fn, user};
	struct sw_input_parser was = *parser;
	if (was.in_paste) {
		/* Its end may come in pieces; but no paste holds a lone ESC: this is somebody who wants out. */
		if (was.len == 1)
			*parser = (struct sw_input_parser){.len = 0};
		return;
	}
	drop(parser);
	if (!was.len || was.overlong || was.pending[0] != ESC)
		return;
	size_t start = was.len > 1 && was.pending[1] == ESC;
	if (was.len > start + 2)
		return;
	if (was.len == start + 1 || start)
		emit_key(&out, ESC, 0);
	if (was.len == start + 1 && start)
		emit_key(&out, ESC, 0);
	if (was.len == start + 2 && was.pending[start + 1] < 0x80)
		emit_char(&out, was.pending[start + 1], SW_MOD_ALT);
}
