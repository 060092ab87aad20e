#include "tui/app.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/plan.h"
#include "core/text.h"
#include "tui/app_internal.h"
#include "tui/term.h"
#include "widgets/text.h"

enum { SAID_NS_PER_CHARACTER = 60000000 };
static const int64_t said_min_ns = 4000000000;

/* ---- frames ---- */

static void frame(void *user);

static void schedule(struct sw_app *app)
{
	int64_t due = app->last_frame_ns + app->frame_ns;
	/* One that only waits for a message's end is moved. */
	if (app->busy || (app->frame.slot && app->frame.due_ns <= due))
		return;
	sw_loop_arm(app->loop, &app->frame, due, frame, app);
}

void sw_app_touch(struct sw_app *app)
{
	if (app)
		schedule(app);
}

static void draw_now(struct sw_app *app)
{
	int64_t now = sw_clock_ns();
	if (app->said[0] && now >= app->said_until_ns)
		app->said[0] = '\0';
	/* What the refresh brings is in this frame: it asks for one after that, not for one at once. */
	app->last_frame_ns = now;
	if (app->program.refresh)
		app->program.refresh(app->program.user);
	app->stale = false;
	sw_app_draw(app);
	app->busy = !sw_term_present(app->term, app->canvas, &app->theme);
	if (app->program.moving(app->program.user))
		schedule(app);
	else if (app->said[0] && !app->frame.slot)
		sw_loop_arm(app->loop, &app->frame, app->said_until_ns, frame, app);
}

static void frame(void *user)
{
	draw_now(user);
}

/* A key's effect is not kept waiting for the next frame. */
static void draw_soon(struct sw_app *app)
{
	app->stale = true;
	if (app->busy)
		return;
	sw_loop_disarm(app->loop, &app->frame);
	sw_loop_arm(app->loop, &app->frame, 0, frame, app);
}

/* ---- messages and questions ---- */

void sw_app_say(struct sw_app *app, enum sw_role role, const char *format, ...)
{
	va_list args;
	char text[sizeof app->said];
	if (!app)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)sw_text_clean(app->said, sizeof app->said, text, strlen(text));
	app->said_role = role;
	int64_t reading_ns = (int64_t)strlen(app->said) * SAID_NS_PER_CHARACTER;
	app->said_until_ns = sw_clock_ns() + (reading_ns > said_min_ns ? reading_ns : said_min_ns);
	draw_soon(app);
}

void sw_app_ask(struct sw_app *app, const struct sw_ask *ask)
{
	(void)sw_text_clean(app->question, sizeof app->question, ask->text, strlen(ask->text));
	(void)sw_text_copy(app->yes_word, sizeof app->yes_word, ask->yes_word);
	app->asked = *ask;
	app->box = SW_BOX_QUESTION;
	draw_soon(app);
}

/* ---- actions ---- */

const struct sw_screen *sw_app_screen(const struct sw_app *app)
{
	return app->program.screens[app->screen];
}

unsigned sw_app_places(const struct sw_app *app)
{
	return SW_ON_ANY | app->program.places | sw_app_screen(app)->places;
}

static void tell_shown(struct sw_app *app, bool on)
{
	const struct sw_screen *screen = sw_app_screen(app);
	if (screen->shown)
		screen->shown(app->program.user, on);
}

static void show_screen(struct sw_app *app, int index)
{
	if (index < 0 || index >= app->program.n_screens)
		return;
	tell_shown(app, false);
	app->screen = index;
	tell_shown(app, true);
	app->box = SW_BOX_NONE;
	app->typing = false;
}

static void next_theme(struct sw_app *app)
{
	struct sw_error err;
	int at = 0;
	while (sw_theme_names[at] && strcmp(sw_theme_names[at], app->theme.name) != 0)
		at++;
	const char *name = sw_theme_names[at] && sw_theme_names[at + 1] ? sw_theme_names[at + 1]
	                                                                : sw_theme_names[0];
	if (sw_theme_load(name, &app->theme, &err) < 0)
		sw_app_say(app, SW_ROLE_WARNING, "%s", err.message);
	else
		sw_app_say(app, SW_ROLE_DIM, "theme %s: %s", app->theme.name, app->theme.about);
	sw_term_redraw(app->term);
}

static void close_something(struct sw_app *app)
{
	const struct sw_screen *screen = sw_app_screen(app);
	if (app->box != SW_BOX_NONE)
		app->box = SW_BOX_NONE;
	else if (screen->filter)
		screen->filter(app->program.user)[0] = '\0';
}

/* What the shell does itself; false: somebody else's. */
static bool own_action(struct sw_app *app, enum sw_action action)
{
	const struct sw_screen *screen = sw_app_screen(app);
	if (action >= SW_ACTION_SCREEN_1 && action <= SW_ACTION_SCREEN_6) {
		show_screen(app, (int)action - SW_ACTION_SCREEN_1);
		return true;
	}
	switch ((int)action) {
	case SW_ACTION_NEXT_SCREEN:
		show_screen(app, (app->screen + 1) % app->program.n_screens);
		return true;
	case SW_ACTION_PREVIOUS_SCREEN:
		show_screen(app, (app->screen + app->program.n_screens - 1) % app->program.n_screens);
		return true;
	case SW_ACTION_HELP:
		app->box = app->box == SW_BOX_HELP ? SW_BOX_NONE : SW_BOX_HELP;
		app->modal.top = 0;
		return true;
	case SW_ACTION_CLOSE:
		close_something(app);
		return true;
	case SW_ACTION_THEME:
		next_theme(app);
		return true;
	case SW_ACTION_SCALE:
		app->log_scale = !app->log_scale;
		return true;
	case SW_ACTION_FILTER:
		app->typing = screen->filter != NULL;
		return true;
	case SW_ACTION_REDRAW:
		sw_term_redraw(app->term);
		return true;
	default:
		return false;
	}
}

static int scrolled_by(enum sw_action action)
{
	const int page = 8, all = 100000;
	switch ((int)action) {
	case SW_ACTION_UP:
		return -1;
	case SW_ACTION_DOWN:
		return 1;
	case SW_ACTION_PAGE_UP:
		return -page;
	case SW_ACTION_PAGE_DOWN:
		return page;
	case SW_ACTION_TOP:
		return -all;
	default:
		return 0;
	}
}

/* Keys that move a list move the text of a box that is open. */
static bool scroll_box(struct sw_app *app, enum sw_action action)
{
	int by = scrolled_by(action);
	if (action == SW_ACTION_OPEN)
		app->box = SW_BOX_NONE;
	else if (!by)
		return false;
	else if (app->box == SW_BOX_HELP)
		sw_modal_scroll(&app->modal, by);
	else
		app->detail_top = app->detail_top + by > 0 ? app->detail_top + by : 0;
	return true;
}

void sw_app_do(struct sw_app *app, enum sw_action action)
{
	const struct sw_screen *screen = sw_app_screen(app);
	if (action == SW_ACTION_NONE)
		return;
	draw_soon(app);
	if (app->box != SW_BOX_NONE && scroll_box(app, action))
		return;
	if (screen->act && screen->act(app->program.user, app, action))
		return;
	if (!own_action(app, action))
		app->program.act(app->program.user, action);
}

/* ---- input ---- */

static void answer(struct sw_app *app, const struct sw_input *input)
{
	enum sw_action action = sw_keymap_action(&app->keymap, input, sw_app_places(app));
	bool yes = input->kind == SW_INPUT_KEY &&
	           (input->key == '\r' || input->key == 'y' || action == app->asked.action);
	app->box = SW_BOX_NONE;
	draw_soon(app);
	if (yes)
		app->asked.yes(app->asked.user);
}

/* The last character goes, all its bytes. */
static void erase(char *text)
{
	size_t len = strlen(text);
	while (len && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--;
	if (len)
		text[len - 1] = '\0';
}

static void append(char *text, size_t size, uint32_t ch)
{
	char bytes[5] = {0};
	(void)sw_glyph_encode(ch, bytes);
	size_t len = strlen(text), more = strlen(bytes);
	if (len + more < size)
		memcpy(text + len, bytes, more + 1);
}

/* The filter is typed; the list follows each letter. */
static void type(struct sw_app *app, const struct sw_input *input)
{
	char *filter = sw_app_screen(app)->filter(app->program.user);
	draw_soon(app);
	if (input->kind != SW_INPUT_KEY)
		return;
	if (input->key == '\r' || input->key == 0x1b) {
		app->typing = false;
		if (input->key == 0x1b)
			filter[0] = '\0';
	} else if (input->key == 0x7f || input->key == 8) {
		erase(filter);
	} else if (input->key == 21) { /* Ctrl-U */
		filter[0] = '\0';
	} else if (input->key >= ' ' && input->key < 0x110000 && !input->mods) {
		append(filter, SW_APP_FILTER_MAX, input->key);
	}
}

static void mouse(struct sw_app *app, const struct sw_input *input)
{
	if (input->kind == SW_INPUT_WHEEL_UP || input->kind == SW_INPUT_WHEEL_DOWN) {
		enum sw_action action = input->kind == SW_INPUT_WHEEL_UP ? SW_ACTION_UP : SW_ACTION_DOWN;
		for (int i = 0; i < 3; i++)
			sw_app_do(app, action);
		return;
	}
	sw_app_click(app, input->x, input->y);
	draw_soon(app);
}

/* A busy machine hands over an Escape and the next key at once, as Alt with that key. */
static bool is_escape_and_key(const struct sw_app *app, const struct sw_input *input)
{
	return input->kind == SW_INPUT_KEY && input->mods == SW_MOD_ALT &&
	       sw_keymap_action(&app->keymap, input, ~0U) == SW_ACTION_NONE;
}

static void on_input(void *user, const struct sw_input *input)
{
	struct sw_app *app = user;
	if (is_escape_and_key(app, input)) {
		on_input(app, &(struct sw_input){.kind = SW_INPUT_KEY, .key = 0x1b});
		on_input(app, &(struct sw_input){.kind = SW_INPUT_KEY, .key = input->key});
		return;
	}
	/* Keys that come faster than frames mean what the earlier ones will show. */
	if (app->stale)
		sw_app_draw(app);
	app->stale = false;
	if (app->box == SW_BOX_QUESTION && input->kind == SW_INPUT_KEY)
		answer(app, input);
	else if (app->typing)
		type(app, input);
	else if (input->kind == SW_INPUT_KEY)
		sw_app_do(app, sw_keymap_action(&app->keymap, input, sw_app_places(app)));
	else
		mouse(app, input);
}

static void on_resized(void *user, int width, int height)
{
	struct sw_app *app = user;
	if (sw_canvas_resize(app->canvas, width, height) == 0)
		draw_soon(app);
}

static void on_ready(void *user)
{
	struct sw_app *app = user;
	app->busy = false;
	schedule(app);
}

/* As Ctrl-Z, but asked for by somebody else. */
static void on_stop(void *user)
{
	struct sw_app *app = user;
	app->program.act(app->program.user, SW_ACTION_SUSPEND);
}

static void on_continued(void *user)
{
	struct sw_app *app = user;
	if (app->program.continued)
		app->program.continued(app->program.user);
}

static void on_gone(void *user)
{
	struct sw_app *app = user;
	app->busy = true; /* for ever: nobody looks */
	sw_loop_disarm(app->loop, &app->frame);
	app->program.gone(app->program.user);
}

/* ---- opening and closing ---- */

/* What is wrong with colours is no reason not to measure. */
static void load_looks(struct sw_app *app, const struct sw_plan *plan)
{
	struct sw_error err;
	if (sw_theme_load(plan->theme, &app->theme, &err) < 0)
		sw_app_say(app, SW_ROLE_WARNING, "%s; using %s", err.message, app->theme.name);
}

static const struct sw_glyphs *glyphs_for(const struct sw_app *app, const struct sw_plan *plan)
{
	bool unicode = sw_term_unicode(app->term);
	if (strcmp(plan->unicode, "always") == 0)
		unicode = true;
	else if (strcmp(plan->unicode, "never") == 0)
		unicode = false;
	return unicode ? &sw_glyphs_unicode : &sw_glyphs_ascii;
}

int sw_app_open(struct sw_loop *loop, const struct sw_plan *plan, const struct sw_program *program,
                struct sw_app **out_app, struct sw_error *err)
{
	struct sw_app *app = calloc(1, sizeof *app);
	if (!app)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot draw a screen");
	struct sw_term_options options = {.mouse = plan->mouse, .depth = -1};
	struct sw_term_handlers handlers = {
		.input = on_input,
		.resized = on_resized,
		.ready = on_ready,
		.stop = on_stop,
		.gone = on_gone,
		.continued = on_continued,
		.user = app,
	};
	app->loop = loop;
	app->program = *program;
	app->frame_ns = INT64_C(1000000000) / (plan->fps > 0 ? plan->fps : 10);
	app->log_scale = strcmp(plan->scale, "linear") != 0;
	if (sw_keymap_from_plan(&app->keymap, plan, err) < 0 ||
	    sw_term_open(loop, &options, &handlers, &app->term, err) < 0) {
		sw_app_close(app);
		return -1;
	}
	app->canvas =
		sw_canvas_new(sw_term_width(app->term), sw_term_height(app->term), glyphs_for(app, plan));
	if (!app->canvas) {
		sw_app_close(app);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot draw a screen");
	}
	load_looks(app, plan);
	draw_now(app);
	*out_app = app;
	return 0;
}

void sw_app_close(struct sw_app *app)
{
	if (!app)
		return;
	sw_loop_disarm(app->loop, &app->frame);
	sw_term_close(app->term);
	sw_canvas_free(app->canvas);
	free(app);
}

void sw_app_set_program(struct sw_app *app, const struct sw_program *program)
{
	tell_shown(app, false);
	app->program = *program;
	app->screen = 0;
	app->box = SW_BOX_NONE;
	app->typing = false;
	tell_shown(app, true);
	schedule(app);
}

void sw_app_set_places(struct sw_app *app, unsigned places)
{
	app->program.places = places;
	if (app->box == SW_BOX_QUESTION)
		app->box = SW_BOX_NONE;
	schedule(app);
}

void sw_app_suspend(struct sw_app *app)
{
	sw_term_suspend(app->term);
	draw_soon(app);
}

/* ---- for screens ---- */

bool sw_app_log_scale(const struct sw_app *app)
{
	return app->log_scale;
}

bool sw_app_has_detail(const struct sw_app *app)
{
	return app->box == SW_BOX_DETAIL;
}

void sw_app_open_detail(struct sw_app *app)
{
	app->box = SW_BOX_DETAIL;
	app->detail_top = 0;
}

int sw_app_detail_top(const struct sw_app *app)
{
	return app->detail_top;
}

char *sw_app_key(const struct sw_app *app, enum sw_action action, char *dst, size_t size)
{
	return sw_keymap_key(&app->keymap, action, dst, size);
}
