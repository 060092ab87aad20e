/* Hides what is to be found out before another process may go on with a session: its journal, whether that is
 * still being written, what is left, and whether the plan beside it is the one that was begun.
 * Must not know how the session is run or shown. */
#ifndef SW_RESUME_H
#define SW_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan.h"
#include "tui/cli.h"
#include "tui/paths.h"

struct sw_error;
struct sw_journal;
struct sw_session;

/* sw_live_start takes journal and session, and leaves NULL. */
struct sw_resume {
	struct sw_run_paths run;
	struct sw_journal *journal;   /* opened for this process: nobody else writes it */
	struct sw_session *session;   /* all events that are in it */
	int64_t cut_bytes;            /* of a torn last line that is gone now */
	char broken[2 * SW_TEXT_MAX]; /* says which lines in it were skipped, or "" */
	bool is_complete;             /* nothing is left to run */
};

/* The run that CLI->resume names, if it can go on; blocks as long as its journal takes to read. Errors
 * (SW_ERR_USAGE, SW_ERR_NOT_FOUND, SW_ERR_IO): flags that contradict it, a run that another process still
 * writes, that has no plan or another one than the config.yaml beside it. */
int sw_resume_open(const struct sw_cli *cli, struct sw_resume *out_resume, struct sw_error *err);
void sw_resume_done(struct sw_resume *resume); /* lets go of the journal; zeroes are fine */

/* Whether PLAN is the plan that was begun; what a config.yaml does not hold (an ablation's layers) it gets
 * from the journal. SW_ERR_USAGE says what differs. */
int sw_resume_plan(const struct sw_resume *resume, struct sw_plan *plan, struct sw_error *err);

/* Whether the strategy's source, whose fingerprint is given, is the one of then. */
int sw_resume_strategy(const struct sw_resume *resume, const char *path, const char *fingerprint,
                       struct sw_error *err);

/* Says in TEXT how to go on with RUN, of the state folder STATE. */
void sw_resume_hint(const struct sw_run_paths *run, const char *state, char *text, size_t size);

#endif
