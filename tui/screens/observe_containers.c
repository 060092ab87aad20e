#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "tui/screens/observe.h"

enum { BEGAN, STATE, NAME, IMAGE, ID, EXIT, STARTUP, RUN, CLEANUP, WHOLE, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[BEGAN] = {.title = "created", .width = 8, .right = true, .priority = 3},
	[STATE] = {.title = "state", .width = 7},
	[NAME] = {.title = "name", .width = 14, .weight = 3},
	[IMAGE] = {.title = "image", .width = 10, .weight = 2, .priority = 4},
	[ID] = {.title = "id", .width = 12, .priority = 7},
	[EXIT] = {.title = "exit", .width = 13},
	[STARTUP] = {.title = "startup", .width = 8, .right = true, .priority = 2},
	[RUN] = {.title = "run", .width = 8, .right = true},
	[CLEANUP] = {.title = "cleanup", .width = 8, .right = true, .priority = 5},
	[WHOLE] = {.title = "whole", .width = 8, .right = true, .priority = 6},
};

static const struct sw_observed *at(const struct sw_observe_program *program, int i)
{
	return program->every[i];
}

/* The run so far, while it lasts. */
static int64_t run_of(const struct sw_observe_program *program, const struct sw_observed *is,
                      bool *out_lasts)
{
	int64_t run = sw_observe_length(is, SW_SPAN_RUN);
	*out_lasts = run < 0 && is->started_ns && is->end == SW_END_LIVING;
	if (!*out_lasts)
		return run;
	run = sw_observe_time(program) - is->started_ns;
	return run > 0 ? run : 0;
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_observed *is = at(context, i);
	char ending[24];
	return sw_text_contains(is->name, text) || sw_text_contains(is->image->name, text) ||
	       sw_text_contains(is->id, text) || sw_text_contains(sw_observe_state(is), text) ||
	       sw_text_contains(sw_observe_ending(ending, sizeof ending, is), text);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *context, int column, int one, int other)
{
	static const enum sw_observe_span spans[N_COLUMNS] = {
		[STARTUP] = SW_SPAN_STARTUP, [CLEANUP] = SW_SPAN_CLEANUP, [WHOLE] = SW_SPAN_WHOLE};
	const struct sw_observed *a = at(context, one), *b = at(context, other);
	bool lasts;
	switch (column) {
	case BEGAN:
		return order(sw_observe_begin(a), sw_observe_begin(b));
	case STATE:
		return strcmp(sw_observe_state(a), sw_observe_state(b));
	case NAME:
		return strcmp(a->name, b->name);
	case IMAGE:
		return strcmp(a->image->name, b->image->name);
	case ID:
		return strcmp(a->id, b->id);
	case EXIT:
		return order(a->died_ns ? a->exit_code : -2, b->died_ns ? b->exit_code : -2);
	case RUN:
		return order(run_of(context, a, &lasts), run_of(context, b, &lasts));
	default:
		return order(sw_observe_length(a, spans[column]), sw_observe_length(b, spans[column]));
	}
}

static void put_span(struct sw_table_cell *cell, int64_t ns, enum sw_role role)
{
	if (ns >= 0)
		(void)sw_text_duration(cell->text, sizeof cell->text, ns);
	cell->role = role;
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_observe_program *program = user;
	const struct sw_observed *is = at(program, program->containers.rows[index]);
	bool is_gone = is->end != SW_END_LIVING, lasts;
	int64_t begin = sw_observe_begin(is), run = run_of(program, is, &lasts);
	if (begin)
		(void)sw_observe_clock(program, cells[BEGAN].text, 9, begin);
	cells[BEGAN].role = SW_ROLE_DIM;
	(void)sw_text_copy(cells[STATE].text, sizeof cells->text, sw_observe_state(is));
	cells[STATE].role = sw_observe_state_role(is);
	(void)sw_text_copy(cells[NAME].text, sizeof cells->text, is->name);
	cells[NAME].role = is_gone ? SW_ROLE_DIM : SW_ROLE_TEXT;
	(void)sw_observe_name(program->source.observe, is->image, cells[IMAGE].text);
	cells[IMAGE].role = sw_observe_role(program->source.observe, is->image);
	(void)snprintf(cells[ID].text, sizeof cells->text, "%.12s", is->id);
	cells[ID].role = SW_ROLE_DIM;
	(void)sw_observe_ending(cells[EXIT].text, sizeof cells->text, is);
	cells[EXIT].role = sw_observe_ending_role(is);
	put_span(&cells[STARTUP], sw_observe_length(is, SW_SPAN_STARTUP), SW_ROLE_TEXT);
	if (lasts) /* whole seconds: more would only flicker */
		(void)sw_view_clock(cells[RUN].text, sizeof cells->text, run);
	else
		put_span(&cells[RUN], run, SW_ROLE_STRONG);
	cells[RUN].role = lasts ? SW_ROLE_OK : SW_ROLE_STRONG;
	put_span(&cells[CLEANUP], sw_observe_length(is, SW_SPAN_CLEANUP), SW_ROLE_TEXT);
	put_span(&cells[WHOLE], sw_observe_length(is, SW_SPAN_WHOLE), SW_ROLE_TEXT);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_observe_program *program = user;
	sw_observe_collect(program);
	struct sw_listed listed = {program->n_every, contains, compare, program};
	const struct sw_observe_image *all = sw_observe_all(program->source.observe);
	uint64_t seen = all->created + all->found;
	char note[96];
	(void)app;
	sw_list_update(&program->containers, &listed);
	(void)snprintf(note, sizeof note, "%d of %llu%s", program->containers.n_rows,
	               (unsigned long long)seen, program->containers.table.follow ? ", following" : "");
	struct sw_list_view view = {
		.title = "containers",
		.note = note,
		.what = "container",
		.empty = "no container has been seen yet",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->containers, &view);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_observe_program *program = user;
	return sw_list_act(&program->containers, app, N_COLUMNS, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_observe_program *program = user;
	sw_list_click(&program->containers, app, N_COLUMNS, (struct sw_place){x, y});
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_observe_program *program = user;
	int chosen = sw_list_selected(&program->containers);
	if (chosen >= 0 && chosen < program->n_every)
		sw_observe_draw_container(area, program, at(program, chosen), sw_app_detail_top(app));
}

static char *filter(void *user)
{
	struct sw_observe_program *program = user;
	return program->containers.filter;
}

const struct sw_screen sw_observe_screen_containers = {
	.name = "containers",
	.about = "containers: every one, sortable",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
};
