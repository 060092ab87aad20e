/* Hides the progress line on stderr: a bar that redraws itself on a terminal, plain lines in a log.
 * Must not know where the session comes from. */
#ifndef SW_PROGRESS_H
#define SW_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "tui/console.h"

/* Embedded. */
struct sw_progress {
	bool quiet;
	struct sw_console console;
	bool drawn;          /* a bar is on the terminal's last line */
	int64_t last_ns;     /* when it was drawn */
	int64_t first_ns;    /* the ETA's base: when the warm-up was over, and what was done by then */
	uint64_t first_done;
	uint64_t last_tenth; /* in a log: the last tenth that was told */
};
void sw_progress_init(struct sw_progress *progress, bool quiet);

/* Shows SESSION as it is at NOW_NS (CLOCK_MONOTONIC). At most ten times a second on a terminal, each
 * tenth of the way and each ten seconds in a log. */
void sw_progress_show(struct sw_progress *progress, const struct sw_session *session,
                      int64_t now_ns);

/* Takes the bar away, so that other text can be written. */
void sw_progress_clear(struct sw_progress *progress);

#endif
