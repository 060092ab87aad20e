/* Hides the terminal: its modes, what it can do, escape sequences, and giving it back as it was
 * whatever happens (tui/guard.h). The only file that knows curses (terminfo) is tui/term.c.
 * Must not know what is drawn or what keys do.
 *
 * Never blocks: the terminal is opened a second time, non-blocking; what it does not take at once
 * waits in one buffer, and frames are left out until it is empty. So whoever draws also records,
 * and a terminal that is stopped (Ctrl-S, a slow line) stops nothing. */
#ifndef SW_TERM_H
#define SW_TERM_H

#include <stdbool.h>

#include "tui/input.h"
#include "tui/theme.h"
#include "widgets/canvas.h"

struct sw_loop;
struct sw_error;
struct sw_term;

struct sw_term_handlers {
	void (*input)(void *user, const struct sw_input *input);
	/* The size has changed, or the program was continued after a stop: draw all of it. */
	void (*resized)(void *user, int width, int height);
	/* The terminal has taken what waited: a frame that was left out may be drawn. */
	void (*ready)(void *user);
	/* The terminal is gone (hangup). */
	void (*gone)(void *user);
	/* Somebody else wants the program stopped (SIGTSTP): to be answered with sw_term_suspend, once
	 * what must not be stopped is over. NULL: that is done at once. */
	void (*stop)(void *user);
	/* The program stood still, though it was not sw_term_suspend that stopped it (SIGSTOP). May be
	 * NULL. */
	void (*continued)(void *user);
	void *user;
};

struct sw_term_options {
	bool mouse;
	int depth; /* enum sw_depth, or -1: what the environment and terminfo say */
};

/* Whether stdin and stdout are terminals on which a screen can be drawn. */
bool sw_term_usable(void);

/* To be called while the program has one thread: forks the guard, a small process that gives the
 * terminal back should this one die without doing so (SIGKILL included), and blocks SIGWINCH,
 * SIGCONT and SIGTSTP for all threads to come. Then: alternate screen, raw input (Ctrl-C stays
 * SIGINT; Ctrl-Z arrives as a key), cursor hidden, mouse, bracketed paste. Watches its descriptors
 * in LOOP. SW_ERR_USAGE: not a terminal, or one that cannot move its cursor. */
int sw_term_open(struct sw_loop *loop, const struct sw_term_options *options,
                 const struct sw_term_handlers *handlers, struct sw_term **out_term,
                 struct sw_error *err);

/* Gives the terminal back: modes, screen, cursor, exactly as they were found. Signals are as they were
 * before sw_term_open. NULL is fine. Not from within a handler. */
void sw_term_close(struct sw_term *term);

int sw_term_width(const struct sw_term *term);
int sw_term_height(const struct sw_term *term);
enum sw_depth sw_term_depth(const struct sw_term *term);
bool sw_term_unicode(const struct sw_term *term); /* the locale is UTF-8 and TERM is not "linux" */

/* Sends what differs from the last frame, as one write inside a synchronized update. Returns false
 * when the terminal is still busy with the last one (`ready` will follow) and nothing was sent. */
bool sw_term_present(struct sw_term *term, const struct sw_canvas *canvas,
                     const struct sw_theme *theme);

/* The next frame is sent whole. */
void sw_term_redraw(struct sw_term *term);

/* Ctrl-Z: gives the terminal back and stops the process group, as the shell expects. Returns once
 * the program has been continued, with the screen taken again; `resized` follows. Continued in the
 * background (`bg`), it goes on without a screen: sw_term_present returns false until the terminal is
 * the program's again. May be called from a handler. */
void sw_term_suspend(struct sw_term *term);

#endif
