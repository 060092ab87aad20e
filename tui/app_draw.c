#include "tui/app_internal.h"

#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "widgets/modal.h"
#include "widgets/panel.h"
#include "widgets/tabs.h"
#include "widgets/text.h"

/* Below this height a row for the tabs is better spent on the screen. */
enum { ENDLESS = 24 /* columns for state and note */ };
enum { TABS_FROM_HEIGHT = 18, MARGIN_FROM_HEIGHT = 12 };

/* ---- head ---- */

/* From the right: state, progress, and what is left of the line for title and surroundings. */
static void draw_head(struct sw_app *app, struct sw_area row)
{
	struct sw_head head = {.badge = SW_BADGE_PREPARING};
	app->program.head(app->program.user, &head);
	struct sw_area right = sw_area_cut_right(&row, head.is_endless ? ENDLESS
	                                               : row.w >= 100  ? 52
	                                               : row.w >= 76   ? 38
	                                                               : row.w / 2);
	sw_area_cut_right(&row, 1);
	int x = sw_put_text(row, 1, 0, "sandwatch", SW_ROLE_ACCENT) + 1;
	sw_paint(sw_area_sub(row, 1, 0, x - 1, 1), SW_ROLE_ACCENT, SW_CELL_BOLD);
	if (*head.title)
		x += 2 + sw_put_text_cut(row, x + 2, 0, row.w - x - 2, head.title, SW_ROLE_TEXT);
	if (*head.about && row.w - x > 12)
		sw_put_text_cut(row, x + 2, 0, row.w - x - 2, head.about, SW_ROLE_DIM);
	sw_area_cut_right(&right, 1);
	int used = sw_badge_draw(right, 0, 0, head.badge);
	if (*head.note)
		used += 1 + sw_put_text(right, used + 1, 0, head.note, SW_ROLE_WARNING);
	if (!head.has_progress)
		return;
	char done[48];
	(void)snprintf(done, sizeof done,
	               !head.is_at_most ? "%llu/%llu"
	               : right.w >= 50  ? "%llu of at most %llu"
	                                : "%llu/%llu max",
	               (unsigned long long)head.done, (unsigned long long)head.planned);
	sw_area_cut_left(&right, used + 2);
	struct sw_gauge gauge = {
		.share = head.is_at_most ? NAN
	             : head.planned  ? (double)head.done / (double)head.planned
	                             : 0,
		.done = done,
		.left = head.eta,
		.role = head.badge == SW_BADGE_DONE ? SW_ROLE_OK : SW_ROLE_ACCENT,
	};
	sw_gauge_draw(right, &gauge);
}

/* ---- tabs and foot ---- */

static void draw_tabs(struct sw_app *app, struct sw_area row)
{
	const char *names[SW_HITS_MAX];
	int n = 0;
	for (; n < app->program.n_screens && n < SW_HITS_MAX; n++)
		names[n] = app->program.screens[n]->name;
	sw_tabs_draw(row, names, n, app->screen, &app->tabs);
}

static void draw_keys(struct sw_app *app, struct sw_area row)
{
	struct sw_footer_key keys[SW_HITS_MAX];
	char names[SW_HITS_MAX][32];
	unsigned places = sw_app_places(app);
	int n = 0;
	for (int i = 0; i < SW_ACTION_COUNT && n < SW_HITS_MAX; i++) {
		const struct sw_action_info *info = sw_action_info((enum sw_action)i);
		if (!*info->word || !(info->where & places))
			continue;
		sw_keymap_key(&app->keymap, (enum sw_action)i, names[n], sizeof names[n]);
		if (!*names[n])
			continue;
		app->foot_actions[n] = (enum sw_action)i;
		bool is_mode = i == SW_ACTION_MODE && app->program.mode_word;
		keys[n] = (struct sw_footer_key){names[n], is_mode ? app->program.mode_word : info->word};
		n++;
	}
	sw_footer_draw(row, keys, n, &app->foot);
}

static void draw_foot(struct sw_app *app, struct sw_area row)
{
	app->foot.n = 0;
	if (app->typing) {
		const char *filter = sw_app_screen(app)->filter(app->program.user);
		int x = 1 + sw_put_text(row, 1, 0, "filter: ", SW_ROLE_KEY);
		x += sw_put_text(row, x, 0, filter, SW_ROLE_STRONG);
		sw_put_char(row, x, 0, '_', SW_ROLE_STRONG);
		sw_put_text_right(row, row.w - 1, 0, row.w - x - 3, "Enter keeps it, Esc clears it",
		                  SW_ROLE_DIM);
	} else if (app->said[0]) {
		sw_put_text_cut(row, 1, 0, row.w - 2, app->said, app->said_role);
	} else {
		draw_keys(app, row);
	}
}

/* ---- boxes ---- */

/* What ACTION does in this program; NULL: nothing. */
static const char *about(const struct sw_app *app, enum sw_action action)
{
	const char *own = NULL;
	if (action >= SW_ACTION_SCREEN_1 && action <= SW_ACTION_SCREEN_6) {
		int screen = (int)action - SW_ACTION_SCREEN_1;
		if (screen >= app->program.n_screens)
			return NULL;
		own = app->program.screens[screen]->about;
	} else if (action == SW_ACTION_MODE) {
		own = app->program.mode_about;
	}
	return own ? own : sw_action_info(action)->about;
}

static void draw_help(struct sw_app *app, struct sw_area area)
{
	struct sw_modal_line lines[SW_ACTION_COUNT + 4];
	char keys[SW_ACTION_COUNT][64], close[64], hint[96];
	unsigned places = sw_app_places(app);
	int n = 0;
	for (int i = 0; i < SW_ACTION_COUNT; i++) {
		const struct sw_action_info *info = sw_action_info((enum sw_action)i);
		const char *what = about(app, (enum sw_action)i);
		if (!(info->where & places) || !what)
			continue;
		lines[n++] = (struct sw_modal_line){sw_keymap_keys(&app->keymap, (enum sw_action)i, keys[i],
		                                                   sizeof keys[i]),
		                                    what, SW_ROLE_TEXT};
	}
	lines[n++] = (struct sw_modal_line){NULL, "", SW_ROLE_TEXT};
	lines[n++] = (struct sw_modal_line){
		NULL,
		"The mouse chooses screens, rows, columns to sort by and keys below; its wheel scrolls.",
		SW_ROLE_DIM};
	(void)snprintf(hint, sizeof hint, "%s closes",
	               sw_keymap_key(&app->keymap, SW_ACTION_CLOSE, close, sizeof close));
	struct sw_modal modal = {
		.title = "keys",
		.lines = lines,
		.n_lines = n,
		.key_role = SW_ROLE_KEY,
		.footer = hint,
	};
	sw_modal_draw(area, &modal, &app->modal);
}

static void draw_question(struct sw_app *app, struct sw_area area)
{
	char key[64];
	char yes[80];
	(void)snprintf(yes, sizeof yes, "Enter or %s",
	               sw_keymap_key(&app->keymap, app->asked.action, key, sizeof key));
	const struct sw_choice choices[] = {{yes, app->yes_word}, {"Esc", "go on"}};
	struct sw_question question = {
		.title = "are you sure?",
		.text = app->question,
		.choices = choices,
		.n_choices = 2,
	};
	sw_question_draw(area, &question, &app->choices);
}

static void draw_detail(struct sw_app *app, struct sw_area area)
{
	const struct sw_screen *screen = sw_app_screen(app);
	if (!screen->draw_detail)
		return;
	if (area.w > 60 && area.h > MARGIN_FROM_HEIGHT)
		area = sw_area_sub(area, 3, 1, area.w - 6, area.h - 2);
	sw_fill(area, ' ', SW_ROLE_TEXT);
	char key[64], hint[96];
	(void)snprintf(hint, sizeof hint, "%s closes",
	               sw_keymap_key(&app->keymap, SW_ACTION_CLOSE, key, sizeof key));
	const struct sw_flow_piece title = {"in detail", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = hint};
	screen->draw_detail(app->program.user, app, sw_panel_draw(area, &panel));
}

static void draw_box(struct sw_app *app, struct sw_area area)
{
	switch (app->box) {
	case SW_BOX_NONE:
		break;
	case SW_BOX_HELP:
		draw_help(app, area);
		break;
	case SW_BOX_QUESTION:
		draw_question(app, area);
		break;
	case SW_BOX_DETAIL:
		draw_detail(app, area);
		break;
	}
}

/* ---- the whole ---- */

void sw_app_draw(struct sw_app *app)
{
	sw_canvas_clear(app->canvas);
	struct sw_area area = sw_canvas_area(app->canvas);
	bool has_tabs = area.h >= TABS_FROM_HEIGHT && app->program.n_screens > 1;
	app->tabs.n = 0;
	if (area.h > 2)
		draw_head(app, sw_area_cut_top(&area, 1));
	if (has_tabs)
		draw_tabs(app, sw_area_cut_top(&area, 1));
	if (area.h > 1)
		draw_foot(app, sw_area_cut_bottom(&area, 1));
	sw_app_screen(app)->draw(app->program.user, app, area);
	draw_box(app, area);
}

/* ---- clicks ---- */

static void click_box(struct sw_app *app, int x, int y)
{
	if (app->box == SW_BOX_QUESTION) {
		int choice = sw_hits_at(&app->choices, x, y);
		if (choice < 0)
			return;
		app->box = SW_BOX_NONE;
		if (choice == 0)
			app->asked.yes(app->asked.user);
	} else if (app->box == SW_BOX_HELP && sw_hits_at(&app->modal.box, x, y) >= 0) {
		return;
	} else {
		app->box = SW_BOX_NONE;
	}
}

void sw_app_click(struct sw_app *app, int x, int y)
{
	const struct sw_screen *screen = sw_app_screen(app);
	int tab = sw_hits_at(&app->tabs, x, y), key = sw_hits_at(&app->foot, x, y);
	if (app->box != SW_BOX_NONE)
		click_box(app, x, y);
	else if (tab >= 0)
		sw_app_do(app, (enum sw_action)(SW_ACTION_SCREEN_1 + tab));
	else if (key >= 0)
		sw_app_do(app, app->foot_actions[key]);
	else if (screen->click)
		screen->click(app->program.user, app, x, y);
}
