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

/* All modes beside one another, drift and outliers; what each layer costs: parts of the sections
 * "Performance Comparison" and "Overhead Breakdown" (core/report_markdown_modes.c). */
void sw_md_modes(const struct sw_markdown *md);
void sw_md_layers(const struct sw_markdown *md);

/* The circuit breaker, resumptions, injected faults and what came of them: a part of "Success Rate Analysis"
 * (core/report_faults.c). */
void sw_md_faults(const struct sw_markdown *md);

/* What a session that measures every kind is started with. */
#define SW_LADDER_COMMAND "sandwatch --config config/ladder.yaml"

#define SW_PHASE_BIT(phase) (1U << (phase))
/* What can be done before the job comes and after its result went; with `start`, what the engine and its
 * runtime do; with PID 1's start and the imports, what a kept worker does not do again. */
#define SW_PREPARED_PHASES                                                                         \
	(SW_PHASE_BIT(SW_PHASE_CREATE) | SW_PHASE_BIT(SW_PHASE_ATTACH) | SW_PHASE_BIT(SW_PHASE_EXIT) | \
	 SW_PHASE_BIT(SW_PHASE_STOP) | SW_PHASE_BIT(SW_PHASE_REMOVE))
#define SW_ENGINE_PHASES (SW_PREPARED_PHASES | SW_PHASE_BIT(SW_PHASE_START))
#define SW_REUSE_PHASES \
	(SW_ENGINE_PHASES | SW_PHASE_BIT(SW_PHASE_BOOT) | SW_PHASE_BIT(SW_PHASE_IMPORTS))

/* core/report_markdown_impact.c. The mode that optimizations are compared with: the candidate if it is a cold
 * one that runs one iteration at a time, else the first such mode; NULL when none ended an iteration ok. */
const struct sw_mode_figures *sw_md_cold(const struct sw_markdown *md);
/* The runtime that MODE used: the engine's own where it asked for none; "" when that is not known. */
const char *sw_md_runtime(const struct sw_markdown *md, const struct sw_mode_figures *mode);
/* The study's table "Estimated Impact of Optimizations": against COLD. */
void sw_md_impact(const struct sw_markdown *md, const struct sw_mode_figures *cold);

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
