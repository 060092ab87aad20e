/* Hides how a setup step is shown on stderr: what, how long, and what came of it.
 * Must not know the steps. */
#ifndef SW_STEPS_H
#define SW_STEPS_H

#include "docker/engine.h"
#include "tui/console.h"

/* Embedded; its address is the callback's user. Quiet: shows nothing. */
struct sw_step_lines {
	bool quiet;
	struct sw_console console; /* longer details than its width are cut */
	bool open; /* a line without its newline is on the terminal */
};
void sw_step_lines_init(struct sw_step_lines *lines, bool quiet);

/* A sw_step_fn. */
void sw_step_show(void *user, const char *what, int64_t elapsed_ns, const char *detail);

struct sw_steps sw_step_lines_steps(struct sw_step_lines *lines);

/* Says ERROR on a line of its own, even when quiet. */
void sw_step_lines_fail(struct sw_step_lines *lines, const struct sw_error *error);

#endif
