/* Hides how UTF-8 becomes code points and how many columns each takes.
 * Must not know where text comes from nor where it is drawn. Any thread. */
#ifndef SW_WIDGETS_TEXT_H
#define SW_WIDGETS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The code point at *TEXT, which is moved behind it; 0 at the end. An invalid byte gives '?' and is
 * skipped alone; control characters (C0, DEL, C1) give '?'. RFC 3629: no surrogates, no overlong
 * forms, at most U+10FFFF. */
uint32_t sw_glyph_next(const char **text);

/* Columns of a code point: 0 for combining, zero-width, bidirectional-control and unassigned ones,
 * 2 for wide ones, else 1. Does not depend on the process's locale (the C.UTF-8 locale's wcwidth). */
int sw_glyph_columns(uint32_t ch);

/* CH as UTF-8 into DST, which has 4 bytes and gets no NUL; returns how many it takes. */
size_t sw_glyph_encode(uint32_t ch, char *dst);

/* What ASCII shows instead of CH: 'u' for µ, '.' for …, 'x' for ×, '-' for dashes; '?' else. */
char sw_glyph_ascii(uint32_t ch);

/* Columns of TEXT as sw_put_text would use them. */
int sw_glyph_text_columns(const char *text);

#endif
