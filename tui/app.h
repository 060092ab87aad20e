/* Hides the shell that all screens share: frames, tabs, head and foot, keys, mouse, help, questions,
 * messages. Must not know what the screens show, nor where their data comes from.
 *
 * Main thread only. Frames are drawn when something has changed or moves, at most `fps` a second,
 * and at once after a key; an idle screen costs nothing. */
#ifndef SW_APP_H
#define SW_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/keymap.h"
#include "tui/theme.h"
#include "widgets/canvas.h"
#include "widgets/gauge.h"

struct sw_loop;
struct sw_error;
struct sw_plan;
struct sw_app;

/* One screen. USER is its program's. */
struct sw_screen {
	const char *name;
	unsigned places; /* SW_ON_LIST, SW_ON_HISTOGRAM: which actions it takes */
	void (*draw)(void *user, struct sw_app *app, struct sw_area area);
	/* An action that is the screen's own; false: not taken. May be NULL. */
	bool (*act)(void *user, struct sw_app *app, enum sw_action action);
	/* A click at column X, row Y of the canvas. May be NULL. */
	void (*click)(void *user, struct sw_app *app, int x, int y);
	/* The body of the box that `open` opens, over the screen. May be NULL. */
	void (*draw_detail)(void *user, struct sw_app *app, struct sw_area area);
	/* Where the filter's text is kept (64 bytes); NULL: it has none. */
	char *(*filter)(void *user);
	/* It is shown from now on, or no more. May be NULL. */
	void (*shown)(void *user, bool on);
	const char *about; /* of its key, in the help; NULL: as the table of keys has it */
};

/* The head line. */
struct sw_head {
	char title[96];  /* what is being run or watched */
	char about[192]; /* on what; the first to go in a narrow terminal */
	enum sw_badge badge;
	char note[48]; /* beside it: "pausing", "4x" */
	bool has_progress;
	bool is_endless; /* there never is any: title and about have its room */
	uint64_t done, planned;
	bool is_at_most; /* it may end before all that is planned: there is no share of a whole */
	char eta[24]; /* "ETA 0:12", "" */
};

/* What runs in the shell. */
struct sw_program {
	const struct sw_screen *const *screens;
	int n_screens;
	unsigned places; /* SW_ON_RUN, SW_ON_REPLAY */
	/* What SW_ACTION_MODE does here, in the footer and the help; NULL: as the table of keys has it. */
	const char *mode_word, *mode_about;
	/* Before a frame: takes what has arrived. */
	void (*refresh)(void *user);
	void (*head)(void *user, struct sw_head *out_head);
	/* Whether something moves by itself: then frames follow one another. */
	bool (*moving)(void *user);
	/* Actions that neither shell nor screen take: quit, pause, snapshot … */
	void (*act)(void *user, enum sw_action action);
	/* The terminal is gone. */
	void (*gone)(void *user);
	/* The program stood still for a while (SIGSTOP). May be NULL. */
	void (*continued)(void *user);
	void *user;
};

/* Takes the terminal and draws the first frame. PLAN (borrowed for the call) says theme, keys, frames
 * per second, characters; PROGRAM is copied. What is wrong with the theme is shown, not returned.
 * SW_ERR_USAGE: no terminal on which a screen can be drawn. To be called while the program has one
 * thread (tui/term.h). */
int sw_app_open(struct sw_loop *loop, const struct sw_plan *plan, const struct sw_program *program,
                struct sw_app **out_app, struct sw_error *err);

/* Gives the terminal back. NULL is fine. */
void sw_app_close(struct sw_app *app);

/* Another program from now on: the first screen, nothing open. */
void sw_app_set_program(struct sw_app *app, const struct sw_program *program);
/* Another set of places, as when a session has ended. */
void sw_app_set_places(struct sw_app *app, unsigned places);

/* Something has changed: a frame will be drawn. */
void sw_app_touch(struct sw_app *app);

/* Back to the shell; returns once the program has been continued. */
void sw_app_suspend(struct sw_app *app);

/* A message in the foot for some seconds. */
void sw_app_say(struct sw_app *app, enum sw_role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A question; texts are copied. */
struct sw_ask {
	const char *text, *yes_word;
	enum sw_action action; /* pressed again, its key is a yes, as Enter is */
	void (*yes)(void *user);
	void *user;
};

/* Asks in a box. Any other key closes it. */
void sw_app_ask(struct sw_app *app, const struct sw_ask *ask);

/* ---- for screens, while drawing ---- */

bool sw_app_log_scale(const struct sw_app *app);
bool sw_app_has_detail(const struct sw_app *app);
void sw_app_open_detail(struct sw_app *app);
/* How many of the box's lines have been scrolled away. */
int sw_app_detail_top(const struct sw_app *app);
/* "s" as bound, for hints on a screen. DST needs 64 bytes. Returns DST. */
char *sw_app_key(const struct sw_app *app, enum sw_action action, char *dst, size_t size);

#endif
