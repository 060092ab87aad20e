/* Hides the thread on which a session's setup runs, so that the screen is there from the first
 * moment and stays alive. Must not know what the steps are, nor how they are shown. */
#ifndef SW_SETUP_THREAD_H
#define SW_SETUP_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "tui/setup.h"

struct sw_loop;
struct sw_signals;
struct sw_setup_thread;

#define SW_SETUP_STEPS_MAX 24

struct sw_setup_step {
	char what[32], detail[SW_TEXT_MAX];
	int64_t begun_ns;   /* CLOCK_MONOTONIC */
	int64_t elapsed_ns; /* < 0: it lasts */
};

/* Plain value: what has been reported so far, the oldest first. */
struct sw_setup_steps {
	struct sw_setup_step steps[SW_SETUP_STEPS_MAX];
	int n;
};

struct sw_setup_handlers {
	/* A step began, went on or ended. */
	void (*step)(void *user, const struct sw_setup_steps *steps);
	/* The setup is over; ERROR is NULL when SETUP is ready. Frees nothing: sw_setup_thread_free. */
	void (*ended)(void *user, const struct sw_error *error);
	void *user;
};

/* Runs sw_setup_session(SETUP, CLI) on a thread of its own; the handlers are called from LOOP, whose
 * on_wake is taken until `ended`. SIGNALS end it early. All is borrowed until then. */
int sw_setup_thread_start(struct sw_loop *loop, struct sw_setup *setup, const struct sw_cli *cli,
                          const struct sw_signals *signals,
                          const struct sw_setup_handlers *handlers,
                          struct sw_setup_thread **out_thread, struct sw_error *err);

/* After `ended` only. NULL is fine. */
void sw_setup_thread_free(struct sw_setup_thread *thread);

#endif
