/* Hides how the summary's lines are set: headings, labelled paragraphs, tables, all within a width.
 * Must not know the figures. Internal to core/report_*.c. */
#ifndef SW_REPORT_PAGE_H
#define SW_REPORT_PAGE_H

#include <stddef.h>

#include "core/buf.h"
#include "core/figures.h"

struct sw_table;

/* Errors stay in out->overflow. */
struct sw_page {
	const struct sw_figures *figures;
	size_t width; /* >= 60 */
	bool ascii;   /* will be translated: mind what has no single ASCII character */
	struct sw_buf *out;
};

/* An empty line, then "TITLE ─────" over the whole width. */
void sw_page_heading(const struct sw_page *page, const char *title);

/* An indented paragraph; nothing when TEXT is empty. */
void sw_page_paragraph(const struct sw_page *page, const char *text);

/* LABEL in a column of LABEL_WIDTH, TEXT beside it; nothing when TEXT is empty. */
void sw_page_labelled(const struct sw_page *page, size_t label_width, const char *label,
                      const char *text);

/* Writes TABLE and frees it. */
void sw_page_table(const struct sw_page *page, struct sw_table *table);

/* What several modes are to one another, what layers cost, drift and outliers (core/report_modes.c);
 * nothing for two modes that are steady. */
void sw_page_modes(const struct sw_page *page);

/* The circuit breaker, resumptions, injected faults and what came of them (core/report_faults.c); nothing
 * where there was none of it. */
void sw_page_faults(const struct sw_page *page);

/* The summary's second half (core/report_conclusions.c): overhead, projection, reliability,
 * decision, recommended configuration. */
void sw_page_conclusions(const struct sw_page *page);

#endif
