/* Hides how a session is watched that is not run here: one that another process writes, or a recorded
 * one that is played. Must not know what the screens show. Writes nothing into the run's folder. */
#ifndef SW_SCREEN_WATCH_H
#define SW_SCREEN_WATCH_H

#include "tui/cli.h"

struct sw_plan;
struct sw_signals;

struct sw_watch_options {
	const struct sw_cli *cli;   /* --batch, --export, --report, --quiet */
	const struct sw_plan *plan; /* how the screen looks */
	const char *journal;
	bool is_replay;
	double speed; /* of a replay; INFINITY: as fast as possible */
	const struct sw_signals *signals;
};

/* Shows the session of OPTIONS->journal until the user leaves; without a terminal, or with --batch,
 * tells its progress on stderr until its end, and its tables on stdout. Returns an exit code. Prints. */
int sw_screen_watch(const struct sw_watch_options *options);

#endif
