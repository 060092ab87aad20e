/* Hides how a session is run and watched at once: the screen from the first moment, the setup beside
 * it, the session, its results. Must not know what the screens show. */
#ifndef SW_SCREEN_RUN_H
#define SW_SCREEN_RUN_H

#include "tui/setup.h"

struct sw_signals;

/* Runs the session that CLI describes on the terminal and returns an exit code. SIGNALS are open
 * since before anything else. SETUP is zeroed, and done with by the caller. May print once the
 * terminal has been given back. */
int sw_screen_run(struct sw_setup *setup, const struct sw_cli *cli,
                  const struct sw_signals *signals);

#endif
