/* Hides, from all but tui/app*.c: the shell's state. */
#ifndef SW_APP_INTERNAL_H
#define SW_APP_INTERNAL_H

#include "core/loop.h"
#include "tui/app.h"
#include "widgets/modal.h"

enum { SW_APP_FILTER_MAX = 64 };

enum sw_box { SW_BOX_NONE, SW_BOX_HELP, SW_BOX_QUESTION, SW_BOX_DETAIL };

struct sw_term;

struct sw_app {
	struct sw_loop *loop;
	struct sw_term *term;
	struct sw_canvas *canvas;
	struct sw_theme theme;
	struct sw_keymap keymap;
	struct sw_program program;
	int screen;
	bool log_scale;
	/* frames */
	struct sw_timer frame;
	int64_t frame_ns, last_frame_ns;
	bool busy;  /* the terminal has not taken the last frame yet */
	bool stale; /* where things are is not where the last input has put them */
	/* messages */
	char said[256];
	enum sw_role said_role;
	int64_t said_until_ns;
	/* boxes */
	enum sw_box box;
	int detail_top; /* lines of the detail that are scrolled away */
	char question[200], yes_word[32];
	struct sw_ask asked; /* its texts are those above */
	bool typing;                 /* the filter */
	struct sw_modal_state modal; /* of the help */
	/* where the last frame put things */
	struct sw_hits tabs, foot, choices;
	enum sw_action foot_actions[SW_HITS_MAX];
};

const struct sw_screen *sw_app_screen(const struct sw_app *app);
unsigned sw_app_places(const struct sw_app *app);
void sw_app_do(struct sw_app *app, enum sw_action action);

/* app_draw.c */
void sw_app_draw(struct sw_app *app);
void sw_app_click(struct sw_app *app, int x, int y);

#endif
