/* Hides what is written of a session: the run's snapshot, --export, --report, the tables on stdout.
 * Must not know how the session was run or shown. May print. */
#ifndef SW_RESULTS_H
#define SW_RESULTS_H

#include <stdbool.h>

#include "core/session.h"
#include "tui/paths.h"

/* Plain value, borrowed strings. */
struct sw_results {
	const struct sw_run_paths *run; /* snapshot "": it is somebody else's, and not written */
	const char *export_path; /* NULL: only the run's own snapshot; "-": stdout */
	const char *report_path; /* NULL: none */
	bool quiet;              /* no tables; a sandbox that was not used is named all the same */
	void (*say)(void *user, const char *text); /* what went wrong, or a warning */
	void *user;
};

enum {
	SW_RESULTS_TABLES = 1, /* on stdout, or stderr when that is taken by a file named "-" */
	SW_RESULTS_FILES = 2,  /* the run's snapshot, --export and --report, but for "-" */
	SW_RESULTS_STDOUT = 4, /* those named "-" */
	SW_RESULTS_FOLDER = 8, /* where it is recorded, on stderr */
};

/* Writes WHAT (SW_RESULTS_*), each on its own: a full disk here says nothing of the one there.
 * 0, or -1 when any of it could not be written; what and why was said. */
int sw_results_write(const struct sw_results *results, const struct sw_session *session,
                     unsigned what);

/* The run's snapshot as of now. 0 or -1 (said). */
int sw_results_snapshot(const struct sw_results *results, const struct sw_session *session);

/* Whether --export and --report (NULL: not given) can be written: better found out now than after an hour
 * of measuring. SW_ERR_USAGE. */
int sw_results_check(const char *export_path, const char *report_path, struct sw_error *err);

/* What the program exits with after SESSION: SW_EXIT_NO_ENGINE when every sandbox iteration ended
 * for want of an engine and nothing stood in for it; else SW_EXIT_DONE. */
int sw_results_exit_code(const struct sw_session *session);

#endif
