/* Hides how the Markdown report's pieces are written: escaping, headings, lists, figures.
 * Must not know the terminal. Internal to core/report_markdown*.c. */
#ifndef SW_REPORT_MARKDOWN_H
#define SW_REPORT_MARKDOWN_H

#include "core/buf.h"
#include "core/figures.h"
#include "core/numbers.h"

struct sw_table;
struct sw_report_files;

/* Errors stay in out->overflow. */
struct sw_markdown {
	const struct sw_figures *figures;
	const struct sw_report_files *files;
	struct sw_unit unit; /* of all latencies */
	struct sw_buf *out;
};

/* By value, for use inside one expression. */
struct sw_escaped {
	char text[5 * 1024];
};

/* TEXT (any bytes) as Markdown that shows just it, within a line or a table's cell. */
struct sw_escaped sw_md(const char *text);

/* printf, word for word: what comes from outside goes through sw_md. */
void sw_md_add(const struct sw_markdown *md, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "- text\n"; nothing when TEXT is empty. TEXT is escaped. */
void sw_md_item(const struct sw_markdown *md, const char *text);

/* TEXT as a paragraph of its own; nothing when it is empty. TEXT is escaped. */
void sw_md_paragraph(const struct sw_markdown *md, const char *text);

/* Writes TABLE, an empty line, and frees it. */
void sw_md_table(const struct sw_markdown *md, struct sw_table *table);

/* "431.22 ms" in the report's unit. */
struct sw_number sw_md_time(const struct sw_markdown *md, double ns);
struct sw_number sw_md_difference(const struct sw_markdown *md, double ns); /* "+431.22 ms" */

/* The sections after "Performance Comparison" (core/report_markdown_middle.c, _risks.c, _options.c,
 * _end.c). */
void sw_md_breakdown(const struct sw_markdown *md);
void sw_md_projection(const struct sw_markdown *md);
void sw_md_history(const struct sw_markdown *md);
void sw_md_success(const struct sw_markdown *md);
void sw_md_decision(const struct sw_markdown *md);
void sw_md_risks(const struct sw_markdown *md);
void sw_md_recommendations(const struct sw_markdown *md);
void sw_md_optimizations(const struct sw_markdown *md);
void sw_md_conclusion(const struct sw_markdown *md);
void sw_md_files(const struct sw_markdown *md);

#endif
