/* Hides how wide a text is on a terminal, where a paragraph breaks, and what ASCII makes of it.
 * Must not know what the text says. */
#ifndef SW_REPORT_TEXT_H
#define SW_REPORT_TEXT_H

#include <stddef.h>

#include "core/buf.h"

/* Text from outside, cleaned (sw_text_clean), by value for use inside one expression. */
struct sw_shown {
	char text[1024];
};
struct sw_shown sw_shown(const char *text);

/* Terminal columns of TEXT (valid UTF-8 without control characters): East Asian wide and emoji
 * characters take 2, combining ones 0 (UAX #11, as terminals do it). */
size_t sw_text_columns(const char *text);

/* The longest prefix of TEXT that fits in COLUMNS, in bytes; how many columns it takes in
 * OUT_COLUMNS (may be NULL). */
size_t sw_text_prefix(const char *text, size_t columns, size_t *out_columns);

/* TEXT (any bytes: it is cleaned) broken at spaces into lines of at most WIDTH columns; the first
 * line begins with LEAD, the others with as many spaces. A longer word is cut. */
int sw_report_paragraph(const char *lead, const char *text, size_t width, struct sw_buf *out);

/* Ends a line of OUT without the spaces at its end. */
void sw_report_end_line(struct sw_buf *out);

/* Appends TEXT with one ASCII character for each column: what was aligned stays aligned. */
int sw_report_ascii(const char *text, struct sw_buf *out);

#endif
