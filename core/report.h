/* Hides the words of what people read of a finished session: the study's tables on a terminal, and
 * the study's report as Markdown. Must not compute: every figure comes from core/figures.h.
 * Text only (UTF-8, no colours); must not know the terminal or the file. */
#ifndef SW_REPORT_H
#define SW_REPORT_H

#include <stdbool.h>

#include "core/figures.h"

struct sw_buf;

/* Appends the summary tables (performance statistics side by side, lifecycle breakdown, projection,
 * reliability, decision), at most WIDTH columns (>= 60). ASCII: no characters beyond ASCII. */
int sw_report_summary(const struct sw_figures *figures, int width, bool ascii, struct sw_buf *out);

/* Whether the process that writes a run's journal lives: told of a session that has not ended. */
enum sw_journal_writer { SW_WRITER_UNKNOWN, SW_WRITER_ALIVE, SW_WRITER_DEAD };

/* Where a run's files are, for the report to name them; NULL: there is none. Borrowed. */
struct sw_report_files {
	const char *journal, *snapshot, *config; /* the run's own */
	const char *exported, *report;           /* --export and --report */
	enum sw_journal_writer writer;
};

/* Appends the study's report with its sections filled from this run alone: what the run did not
 * measure stands there as not measured. GENERATED_AT: RFC 3339. 0 or -1 (memory). */
int sw_report_markdown(const struct sw_figures *figures, const struct sw_report_files *files,
                       const char *generated_at, struct sw_buf *out);

/* Appends the recommended YAML (the study's block, loads as a configuration). */
int sw_report_recommended_yaml(const struct sw_figures *figures, struct sw_buf *out);

#endif
