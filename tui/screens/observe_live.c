#include <stdio.h>

#include "core/text.h"
#include "tui/screens/observe.h"
#include "widgets/counters.h"
#include "widgets/panel.h"

enum {
	WIDE = 104, /* from this width on, and this height, panels stand side by side */
	TALL = 20,
	SIDE = 46, /* columns of the right side */
	LEAST = 4, /* rows of a panel that is worth having */
	VALUE_COLUMNS = 5,
};

/* ---- the sentences ---- */

static void draw_headline(const struct sw_observe_program *program, struct sw_area *area)
{
	struct sw_headline headline;
	sw_observe_headline(program, &headline);
	struct sw_area text = sw_area_sub(*area, 1, 0, area->w - 2, area->h);
	/* As many rows as it will mostly need at this width, so that nothing below jumps. */
	int kept = area->h >= 28 || text.w >= 70 ? 3 : 4;
	if (area->h < 14)
		kept = 3;
	text.h = kept < area->h ? kept : area->h;
	sw_flow_draw(text, headline.pieces, headline.n);
	(void)sw_area_cut_top(area, area->h >= 28 ? kept + 1 : kept);
}

/* ---- accounts ---- */

/* Both lines of them add up: created + there before = running + stopped + ended. */
static int fill_containers(const struct sw_observe_image *all, struct sw_counter *out)
{
	const struct sw_counter counters[] = {
		{"created", (int64_t)all->created, NULL, SW_ROLE_TEXT},
		{"there before", (int64_t)all->found, NULL, SW_ROLE_TEXT},
		{"running", (int64_t)all->running, NULL, SW_ROLE_OK},
		{"not running", (int64_t)(all->living - all->running), NULL, SW_ROLE_TEXT},
		{"removed", (int64_t)(all->ended - all->unseen), NULL, SW_ROLE_TEXT},
		{"ended unseen", (int64_t)all->unseen, NULL, SW_ROLE_WARNING},
	};
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
		out[i] = counters[i];
	return sizeof counters / sizeof counters[0];
}

static int fill_runs(const struct sw_observe_image *all, struct sw_counter *out)
{
	const struct sw_counter counters[] = {
		{"ended ok", (int64_t)all->exit_codes[0], NULL, SW_ROLE_OK},
		{"failed", (int64_t)all->failures, NULL, SW_ROLE_BAD},
		{"out of mem.", (int64_t)all->oom, NULL, SW_ROLE_BAD},
		{"killed", (int64_t)all->killed, NULL, SW_ROLE_BAD},
		{"restarted", (int64_t)all->restarts, NULL, SW_ROLE_WARNING},
		{"not known", (int64_t)all->exit_unknown, NULL, SW_ROLE_WARNING},
	};
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
		out[i] = counters[i];
	return sizeof counters / sizeof counters[0];
}

static void draw_containers(const struct sw_observe_program *program, struct sw_area area)
{
	const struct sw_observe_image *all = sw_observe_all(program->source.observe);
	struct sw_counter counters[8];
	char note[48];
	const struct sw_flow_piece title = {"containers", SW_ROLE_TITLE};
	(void)snprintf(note, sizeof note, "%llu", (unsigned long long)(all->created + all->found));
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = note};
	int n = fill_containers(all, counters);
	(void)sw_counters_draw(sw_panel_draw(area, &panel), counters, n, VALUE_COLUMNS);
}

/* ---- exit codes ---- */

enum { CODES = 4, CODE_LABEL = 10, CODE_COUNT = 6 };

static void draw_code(struct sw_area area, const char *label, uint64_t count, uint64_t most,
                      enum sw_role role)
{
	char text[24];
	int bar = area.w - CODE_LABEL - CODE_COUNT - 1;
	sw_put_text_cut(area, 0, 0, CODE_LABEL - 1, label, count ? SW_ROLE_TEXT : SW_ROLE_DIM);
	if (bar > 0 && count)
		sw_bar_draw(area, CODE_LABEL, 0, bar, (double)count / (double)most, role);
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)count);
	sw_put_text_right(area, area.w, 0, CODE_COUNT, text, count ? role : SW_ROLE_DIM);
}

static void draw_codes(const struct sw_observe_image *all, struct sw_area area)
{
	int codes[CODES];
	int n = sw_observe_top_codes(all, codes, CODES < area.h ? CODES : area.h > 0 ? area.h - 1 : 0);
	uint64_t most = all->exit_codes[0] ? all->exit_codes[0] : 1;
	if (n && all->exit_codes[codes[0]] > most)
		most = all->exit_codes[codes[0]];
	draw_code(sw_area_cut_top(&area, 1), "exit 0", all->exit_codes[0], most, SW_ROLE_OK);
	for (int i = 0; i < n; i++) {
		char label[24];
		(void)snprintf(label, sizeof label, "exit %d", codes[i]);
		draw_code(sw_area_cut_top(&area, 1), label, all->exit_codes[codes[i]], most, SW_ROLE_BAD);
	}
}

static void draw_runs(const struct sw_observe_program *program, struct sw_area area)
{
	const struct sw_observe_image *all = sw_observe_all(program->source.observe);
	struct sw_counter counters[8];
	char note[48];
	const struct sw_flow_piece title[] = {{"how they ended", SW_ROLE_TITLE}};
	(void)snprintf(note, sizeof note, "%llu run%s", (unsigned long long)all->runs,
	               all->runs == 1 ? "" : "s");
	struct sw_panel panel = {.title = title, .n_title = 1, .note = note};
	struct sw_area inside = sw_panel_draw(area, &panel);
	int n = fill_runs(all, counters);
	int used = sw_counters_draw(inside, counters, n, VALUE_COLUMNS);
	(void)sw_area_cut_top(&inside, used + 1);
	if (inside.h > 0)
		draw_codes(all, inside);
}

/* ---- what ended last ---- */

/* "exit 3", "SIGKILL", "oom", "unseen", "not run". */
static const char *how_it_ended(const struct sw_observed *is, char *dst, size_t size)
{
	char ending[24];
	if (!is->died_ns)
		return is->end == SW_END_UNSEEN ? "unseen" : "not run";
	if (is->oom)
		return "oom";
	(void)sw_observe_ending(ending, sizeof ending, is);
	(void)snprintf(dst, size, "%s%s", is->signal ? "" : "exit ", ending);
	return dst;
}

static void draw_ended(struct sw_area row, const struct sw_observe_program *program,
                       const struct sw_observed *is)
{
	enum { CLOCK = 8, HOW = 8, TOOK = 8 };
	char how[40], took[16], clock[CLOCK + 1];
	int64_t run = sw_observe_length(is, SW_SPAN_RUN);
	int name = row.w - CLOCK - HOW - TOOK - 3;
	sw_put_text(row, 0, 0,
	            is->destroyed_ns ? sw_observe_clock(program, clock, sizeof clock, is->destroyed_ns)
	                             : "       -",
	            SW_ROLE_DIM);
	sw_put_text_cut(row, CLOCK + 1, 0, name > 0 ? name : 0, *is->name ? is->name : is->id,
	                sw_observe_role(program->source.observe, is->image));
	sw_put_text_right(row, row.w - TOOK - 1, 0, HOW, how_it_ended(is, how, sizeof how),
	                  is->end == SW_END_UNSEEN || is->died_ns ? sw_observe_ending_role(is)
	                                                          : SW_ROLE_DIM);
	sw_put_text_right(row, row.w, 0, TOOK,
	                  run >= 0 ? sw_text_duration(took, sizeof took, run) : "-", SW_ROLE_TEXT);
}

static void draw_last(const struct sw_observe_program *program, struct sw_area area)
{
	const struct sw_observed *is = sw_observe_ended(program->source.observe);
	const struct sw_flow_piece title[] = {{"gone last", SW_ROLE_TITLE}};
	struct sw_panel panel = {.title = title, .n_title = 1, .note = "how, run"};
	struct sw_area inside = sw_panel_draw(area, &panel);
	if (!is)
		sw_put_text_cut(inside, 0, 0, inside.w, "none has gone yet", SW_ROLE_DIM);
	for (; is && inside.h > 0; is = is->older)
		draw_ended(sw_area_cut_top(&inside, 1), program, is);
}

/* ---- the charts ---- */

static void draw_spans(const struct sw_observe_program *program, struct sw_app *app,
                       struct sw_area area)
{
	static const char *const about[SW_SPANS] = {
		[SW_SPAN_STARTUP] = "  create to start",
		[SW_SPAN_RUN] = "  start to die",
		[SW_SPAN_CLEANUP] = "  die to destroy",
		[SW_SPAN_WHOLE] = "  create to destroy",
	};
	char key[64], note[96];
	struct sw_flow_piece title[] = {
		{"time of ", SW_ROLE_TITLE},
		{sw_observe_span_name(program->span), sw_observe_span_role(program->span)},
		{about[program->span], SW_ROLE_DIM},
	};
	(void)snprintf(note, sizeof note, "%s: next span, %s",
	               sw_app_key(app, SW_ACTION_MODE, key, sizeof key),
	               sw_app_log_scale(app) ? "log" : "linear");
	struct sw_panel panel = {.title = title, .n_title = area.w >= 60 ? 3 : 2, .note = note};
	struct sw_area inside = sw_panel_draw(area, &panel);
	if (!sw_observe_timed_images(program)) {
		sw_put_text_cut(inside, 0, 0, inside.w, "no container has come that far yet", SW_ROLE_DIM);
		return;
	}
	(void)sw_observe_draw_spans(inside, program, sw_app_log_scale(app));
}

static void draw_lives(const struct sw_observe_program *program, struct sw_area area)
{
	struct sw_flow_piece title[] = {{"a container's life", SW_ROLE_TITLE}};
	struct sw_panel panel = {.title = title, .n_title = 1, .note = "means, by image"};
	sw_observe_draw_lives(sw_panel_draw(area, &panel), program);
}

/* ---- the whole ---- */

/* How AREA's rows are shared by the histograms and the bars below them. */
static int rows_of_lives(const struct sw_observe_program *program, int rows)
{
	int lives = sw_observe_lives_rows(program) + SW_PANEL_ROWS;
	int most = rows / 3 > LEAST + 1 ? rows / 3 : LEAST + 1;
	return lives < most ? lives : most;
}

static void draw_left(const struct sw_observe_program *program, struct sw_app *app,
                      struct sw_area area)
{
	int lives = rows_of_lives(program, area.h);
	int spans = sw_observe_spans_rows(program) + SW_PANEL_ROWS;
	if (spans + lives > area.h || !sw_observe_timed_images(program))
		spans = area.h - lives;
	draw_spans(program, app, sw_area_cut_top(&area, spans));
	draw_lives(program, sw_area_cut_top(&area, sw_observe_lives_rows(program) + SW_PANEL_ROWS));
}

static void draw_wide(const struct sw_observe_program *program, struct sw_app *app,
                      struct sw_area area)
{
	enum { CONTAINERS = 3, RUNS = 3 + 1 + 1 + CODES };
	struct sw_area right = sw_area_cut_right(&area, area.w >= 160 ? area.w / 3 : SIDE);
	draw_left(program, app, area);
	draw_containers(program, sw_area_cut_top(&right, CONTAINERS + SW_PANEL_ROWS));
	draw_runs(program, sw_area_cut_top(&right, RUNS + SW_PANEL_ROWS));
	if (right.h >= LEAST)
		draw_last(program, right);
}

/* One line of counters where there is no room for their panels. */
static void draw_counters_line(const struct sw_observe_program *program, struct sw_area area)
{
	const struct sw_observe_image *all = sw_observe_all(program->source.observe);
	struct sw_counter counters[16];
	int n = fill_containers(all, counters);
	n += fill_runs(all, counters + n);
	(void)sw_counters_draw(sw_area_sub(area, 1, 0, area.w - 2, area.h), counters, n, 3);
}

/* One below the other, and the less the smaller. */
static void draw_narrow(const struct sw_observe_program *program, struct sw_app *app,
                        struct sw_area area)
{
	int lives = rows_of_lives(program, area.h);
	int counters = area.h >= 14 ? (area.w >= 76 ? 3 : 4) : 0;
	if (counters)
		draw_counters_line(program, sw_area_cut_top(&area, counters));
	if (area.h < 2 * LEAST) {
		draw_spans(program, app, area);
		return;
	}
	draw_spans(program, app, sw_area_cut_top(&area, area.h - lives));
	draw_lives(program, area);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_observe_program *program = user;
	draw_headline(program, &area);
	if (area.w >= WIDE && area.h >= TALL)
		draw_wide(program, app, area);
	else
		draw_narrow(program, app, area);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	(void)app;
	return sw_observe_choose_span(user, action);
}

const struct sw_screen sw_observe_screen_live = {
	.name = "live",
	.about = "live: how long they take, how they end",
	.places = SW_ON_HISTOGRAM,
	.draw = draw,
	.act = act,
};
