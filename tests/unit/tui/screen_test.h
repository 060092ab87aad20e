/* Hides a small terminal: what is on its screen after some bytes. It knows what tui/paint.c may send
 * and nothing else: any other byte, and a screen that scrolls, is counted as a fault. */
#ifndef SW_SCREEN_TEST_H
#define SW_SCREEN_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "widgets/text.h"

enum { SCREEN_W = 64, SCREEN_H = 24 };

struct screen_cell {
	uint32_t ch;         /* 0: second half of a wide one */
	int32_t fg, bg;      /* -1; as the SGR numbers say: 0..255, or 1 << 24 | rgb */
	unsigned attributes; /* bit N: SGR N */
};

struct screen {
	int w, h, x, y;
	bool wraps_late; /* xterm's way: the cursor stays in the last column until the next character */
	bool wrap_pending, in_update;
	struct screen_cell pen, cells[SCREEN_H][SCREEN_W];
	int faults, updates, sgrs;
	const char *fault_at;
};

static inline void screen_reset(struct screen *s, int w, int h, bool wraps_late)
{
	*s = (struct screen){.w = w, .h = h, .wraps_late = wraps_late, .pen = {0, -1, -1, 0}};
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			s->cells[y][x] = (struct screen_cell){'X', 77, 77, 0}; /* to be overwritten */
}

static inline int screen_clamp(int value, int max)
{
	return value < 0 ? 0 : value > max ? max : value;
}

static inline void screen_wrap(struct screen *s)
{
	s->x = 0;
	s->wrap_pending = false;
	if (++s->y == s->h) {
		s->y = s->h - 1;
		s->faults++; /* scrolls */
	}
}

static inline void screen_blank_half(struct screen *s, int x)
{
	if (x >= 0 && x < s->w)
		s->cells[s->y][x].ch = ' ';
}

static inline void screen_char(struct screen *s, uint32_t ch)
{
	int columns = sw_glyph_columns(ch);
	if (ch < ' ' || (ch >= 0x7f && ch < 0xa0) || columns < 1) {
		s->faults++;
		return;
	}
	if (s->wrap_pending || s->x + columns > s->w)
		screen_wrap(s);
	if (s->cells[s->y][s->x].ch == 0)
		screen_blank_half(s, s->x - 1);
	if (s->x + columns < s->w && s->cells[s->y][s->x + columns].ch == 0)
		screen_blank_half(s, s->x + columns);
	for (int i = 0; i < columns; i++) {
		s->cells[s->y][s->x + i] = s->pen;
		s->cells[s->y][s->x + i].ch = i ? 0 : ch;
	}
	s->x += columns;
	if (s->x < s->w)
		return;
	s->x = s->w - 1;
	if (s->wraps_late)
		s->wrap_pending = true;
	else
		screen_wrap(s);
}

static inline int screen_color(const int *p, int n, int *i)
{
	if (*i + 2 < n && p[*i + 1] == 5) {
		*i += 2;
		return p[*i];
	}
	if (*i + 4 < n && p[*i + 1] == 2) {
		*i += 4;
		return 1 << 24 | p[*i - 2] << 16 | p[*i - 1] << 8 | p[*i];
	}
	return -2;
}

static inline void screen_sgr(struct screen *s, const int *p, int n)
{
	s->sgrs++;
	for (int i = 0; i < n; i++) {
		int v = p[i];
		if (v == 0)
			s->pen = (struct screen_cell){0, -1, -1, 0};
		else if (v == 1 || v == 2 || v == 3 || v == 4 || v == 7)
			s->pen.attributes |= 1u << v;
		else if ((v >= 30 && v <= 37) || (v >= 90 && v <= 97))
			s->pen.fg = v < 90 ? v - 30 : v - 90 + 8;
		else if ((v >= 40 && v <= 47) || (v >= 100 && v <= 107))
			s->pen.bg = v < 100 ? v - 40 : v - 100 + 8;
		else if (v == 38 || v == 48)
			*(v == 38 ? &s->pen.fg : &s->pen.bg) = screen_color(p, n, &i);
		else if (v == 39 || v == 49)
			*(v == 39 ? &s->pen.fg : &s->pen.bg) = -1;
		else
			s->faults++;
	}
	s->faults += s->pen.fg == -2 || s->pen.bg == -2;
}

/* Returns what is behind the sequence. */
static inline const char *screen_csi(struct screen *s, const char *at)
{
	int p[17] = {0}, n = 0;
	bool private = *at == '?';
	for (at += private; (*at >= '0' && *at <= '9') || *at == ';'; at++) {
		if (*at == ';')
			n++;
		else
			p[n] = p[n] * 10 + *at - '0';
		if (n == 16) /* the Linux console takes 16 */
			break;
	}
	int by = p[0] ? p[0] : 1;
	if (private && p[0] == 2026 && (*at == 'h' || *at == 'l')) {
		s->faults += s->in_update == (*at == 'h');
		s->in_update = *at == 'h';
		s->updates += *at == 'h';
		return at + 1;
	}
	if (private) {
		s->faults += p[0] != 6 || *at != 'l';
		return at + 1;
	}
	if (*at != 'm')
		s->wrap_pending = false;
	if (*at == 'm')
		screen_sgr(s, p, n + 1);
	else if (*at == 'H' || *at == 'r')
		s->y = *at == 'r' ? 0 : screen_clamp(by - 1, s->h - 1),
		s->x = screen_clamp(p[1] - 1, s->w - 1);
	else if (*at == 'C' || *at == 'D')
		s->x = screen_clamp(s->x + (*at == 'C' ? by : -by), s->w - 1);
	else if (*at == 'B')
		s->y = screen_clamp(s->y + by, s->h - 1);
	else
		s->faults++;
	return at + 1;
}

/* BYTES end with a NUL. */
static inline void screen_feed(struct screen *s, const char *bytes)
{
	for (const char *at = bytes; *at;) {
		int before = s->faults;
		const char *begin = at;
		if (at[0] == '\033' && at[1] == '[') {
			at = screen_csi(s, at + 2);
		} else if (at[0] == '\033' && at[1] == '(' && at[2] == 'B') {
			at += 3;
		} else if (*at == '\r') {
			s->x = 0;
			s->wrap_pending = false;
			at++;
		} else if (*at == '\017') {
			at++;
		} else if (*at == '\033' || (*at > 0 && *at < ' ')) {
			s->faults++;
			at++;
		} else {
			screen_char(s, sw_glyph_next(&at));
		}
		if (s->faults > before && !s->fault_at)
			s->fault_at = begin;
	}
}

#endif
