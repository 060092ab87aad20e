/* Hides how a session is run without a screen: progress on stderr, files and tables at its end.
 * Must not know the command line's spelling. */
#ifndef SW_BATCH_H
#define SW_BATCH_H

#include "tui/setup.h"

struct sw_signals;

struct sw_batch_options {
	const char *export_path; /* NULL: only the run's own snapshot; "-": stdout */
	const char *report_path; /* NULL: none */
	bool quiet;
	const struct sw_signals *signals; /* open since before the setup; borrowed */
};

/* Runs SETUP's session to its end, or until SIGINT, SIGTERM or SIGHUP, which remove its containers
 * and write what was measured; SIGUSR1 writes a snapshot at that moment. Returns an exit code. May
 * print. */
int sw_batch_run(const struct sw_setup *setup, const struct sw_batch_options *options);

#endif
