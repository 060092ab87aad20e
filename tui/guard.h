/* Hides how the terminal is given back whatever happens to the program: a small process that waits
 * for its end, and handlers for its crashes. Must not know what the sequences mean that it writes.
 *
 * The guard is forked and never executes anything. It sits in a process group of its own, so that
 * neither Ctrl-C nor `kill -9 %1` reaches it, holds nothing but the terminal and one end of a socket
 * pair, and sleeps until the other end, which is ours alone, is closed by the kernel. */
#ifndef SW_GUARD_H
#define SW_GUARD_H

#include <stdbool.h>
#include <termios.h>

struct sw_error;
struct sw_guard;

/* Forks: only while the program has one thread. TTY is borrowed; LEAVE (copied, at most 255 bytes) is
 * what to write to give the screen back. Then sets handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and
 * SIGABRT, which give it back and let the signal do what it would have done. One guard at a time. */
int sw_guard_start(int tty, const char *leave, struct sw_guard **out_guard, struct sw_error *err);

/* The terminal is about to be taken, from modes FOUND to OURS: from now on it has to be given back. */
void sw_guard_taken(struct sw_guard *guard, const struct termios *found,
                    const struct termios *ours);

/* It is somebody else's again, as it is. */
void sw_guard_left(struct sw_guard *guard);

/* Gives it back: writes LEAVE, sets FOUND, waiting PATIENCE_MS for a terminal that takes no bytes.
 * Returns whether it took them, or is gone; else the guard will try again when the program ends.
 * A terminal that was not taken is left alone. Async-signal-safe. */
bool sw_guard_give_back(struct sw_guard *guard, int patience_ms);

/* Ends the guard, unless it still has something to do. NULL is fine. */
void sw_guard_end(struct sw_guard *guard);

#endif
