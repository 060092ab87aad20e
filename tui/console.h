/* Hides what kind of place stdout or stderr is: a terminal, how wide, which characters it shows.
 * Must not know what is written. */
#ifndef SW_CONSOLE_H
#define SW_CONSOLE_H

#include <stdbool.h>

/* A plain value. */
struct sw_console {
	bool is_terminal; /* lines may be redrawn: not with TERM=dumb, nor into a file */
	bool unicode;     /* the locale is UTF-8 */
	int width;        /* columns; 0 when it is no terminal */
};

/* Of the open descriptor FD. Reads the locale's LC_CTYPE and $TERM. */
struct sw_console sw_console_of(int fd);

#endif
