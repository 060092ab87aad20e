#include <stdio.h>

#include "core/text.h"
#include "tui/screens/observe.h"

enum { TIME, WHAT, SUBJECT, IMAGE, TEXT, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[TIME] = {.title = "time", .width = 12, .right = true},
	[WHAT] = {.title = "event", .width = 13},
	[SUBJECT] = {.title = "container", .width = 14, .weight = 2},
	[IMAGE] = {.title = "image", .width = 12, .weight = 1, .priority = 1},
	[TEXT] = {.title = "", .width = 12, .weight = 3},
};

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_observe_program *program = context;
	struct sw_observelog_line line;
	sw_observelog_line(program->log, i, &line);
	return sw_text_contains(line.what, text) || sw_text_contains(line.subject, text) ||
	       sw_text_contains(line.id, text) || sw_text_contains(line.image, text) ||
	       sw_text_contains(line.text, text);
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_observe_program *program = user;
	struct sw_observelog_line line;
	sw_observelog_line(program->log, program->events.rows[index], &line);
	(void)sw_observe_clock(program, cells[TIME].text, 13, line.time_ns);
	cells[TIME].role = SW_ROLE_DIM;
	(void)sw_text_copy(cells[WHAT].text, sizeof cells->text, line.what);
	cells[WHAT].role = line.role;
	(void)sw_text_copy(cells[SUBJECT].text, sizeof cells->text, line.subject);
	(void)sw_observe_short(line.image, cells[IMAGE].text);
	cells[IMAGE].role = SW_ROLE_DIM;
	(void)sw_text_copy(cells[TEXT].text, sizeof cells->text, line.text);
	cells[TEXT].role = line.role;
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_observe_program *program = user;
	struct sw_listed listed = {
		.n = sw_observelog_count(program->log),
		.contains = contains,
		.context = program,
	};
	char note[64];
	(void)app;
	sw_list_update(&program->events, &listed);
	(void)snprintf(note, sizeof note, "%d of %llu%s", program->events.n_rows,
	               (unsigned long long)sw_observelog_total(program->log),
	               program->events.table.follow ? ", following" : "");
	struct sw_list_view view = {
		.title = "events",
		.note = note,
		.what = "event",
		.empty = "nothing has happened yet",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->events, &view);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_observe_program *program = user;
	return sw_list_act(&program->events, app, 0, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_observe_program *program = user;
	sw_list_click(&program->events, app, 0, (struct sw_place){x, y});
}

/* The whole line, however long. */
static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_observe_program *program = user;
	int chosen = sw_list_selected(&program->events);
	struct sw_observelog_line line;
	char clock[13];
	(void)app;
	if (chosen < 0)
		return;
	sw_observelog_line(program->log, chosen, &line);
	const struct sw_flow_piece pieces[] = {
		{sw_observe_clock(program, clock, sizeof clock, line.time_ns), SW_ROLE_DIM},
		{"  ", SW_ROLE_TEXT},
		{line.what, line.role},
		{"  ", SW_ROLE_TEXT},
		{line.subject, SW_ROLE_STRONG},
		{*line.id ? "  " : "", SW_ROLE_TEXT},
		{line.id, SW_ROLE_DIM},
		{*line.image ? " of " : "", SW_ROLE_DIM},
		{line.image, SW_ROLE_TEXT},
		{*line.text ? ": " : "", SW_ROLE_TEXT},
		{line.text, line.role},
	};
	sw_flow_draw(area, pieces, sizeof pieces / sizeof pieces[0]);
}

static char *filter(void *user)
{
	struct sw_observe_program *program = user;
	return program->events.filter;
}

const struct sw_screen sw_observe_screen_events = {
	.name = "events",
	.about = "events: everything that happened",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
};
