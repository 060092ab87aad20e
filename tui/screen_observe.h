/* Hides how containers that other programs start are watched. Must not know sessions. Read-only: what
 * it knows of the engine comes through docker/reader.h. */
#ifndef SW_SCREEN_OBSERVE_H
#define SW_SCREEN_OBSERVE_H

#include "docker/filter.h"
#include "tui/cli.h"

struct sw_plan;
struct sw_signals;

struct sw_observe_options {
	const struct sw_cli *cli;   /* --batch, --host, --export, --quiet */
	const struct sw_plan *plan; /* how the screen looks */
	const struct sw_filter *filter;
	const struct sw_signals *signals;
};

/* Shows the containers that FILTER lets through, from now on, until the user leaves; without a
 * terminal, or with --batch, until SIGINT or SIGTERM, and then prints its table, or the snapshot with
 * --export -. SIGUSR1 writes a snapshot. Returns an exit code. Prints. */
int sw_screen_observe(const struct sw_observe_options *options);

#endif
