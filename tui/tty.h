/* Hides the terminal as a device: a descriptor of our own, its modes, its size, who is in front.
 * Must not know escape sequences nor what is drawn. */
#ifndef SW_TTY_H
#define SW_TTY_H

#include <stdbool.h>
#include <termios.h>

struct sw_error;

/* Stdout's terminal, opened a second time, so that O_NONBLOCK is ours alone: the shell and others
 * share stdout's description. Where it may not be opened (after su, say) a copy of stdout, which may
 * block: *OUT_BLOCKS. Close-on-exec. Returns the descriptor or -1 (SW_ERR_USAGE: no terminal, or one
 * that cannot be read). */
int sw_tty_open(bool *out_blocks, struct sw_error *err);

/* FOUND with what a screen needs: no lines, no echo, no flow control, no translation of Enter; Ctrl-C
 * and Ctrl-\ stay signals, Ctrl-Z, Ctrl-V and the like arrive as bytes. */
struct termios sw_tty_raw(const struct termios *found);

/* Async-signal-safe. */
bool sw_tty_same_modes(const struct termios *a, const struct termios *b);

/* Whether our process group has the terminal; true where there is no job control.
 * Async-signal-safe. */
bool sw_tty_in_front(int fd);

/* In cells; LINES and COLUMNS, then 80x24, where the terminal doesn't say. */
void sw_tty_size(int fd, int *out_width, int *out_height);

#endif
