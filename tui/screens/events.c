#include "tui/screens/session.h"

#include <stdio.h>

#include "core/journal_read.h"
#include "core/text.h"

enum { TIME, WHAT, SUBJECT, TEXT, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[TIME] = {.title = "time", .width = 8, .right = true},
	[WHAT] = {.title = "event", .width = 14, .weight = 1},
	[SUBJECT] = {.title = "of", .width = 14, .weight = 2},
	[TEXT] = {.title = "", .width = 12, .weight = 4},
};

/* Seconds with milliseconds: what happens within one iteration has to be told apart. */
static void put_time(char *dst, size_t size, int64_t t_ns)
{
	(void)snprintf(dst, size, "%lld.%03lld", (long long)(t_ns / 1000000000),
	               (long long)(t_ns / 1000000 % 1000));
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_session_program *program = context;
	struct sw_eventlog_line line;
	sw_eventlog_line(program->log, i, sw_program_session(program), &line);
	return sw_text_contains(line.what, text) || sw_text_contains(line.subject, text) ||
	       sw_text_contains(line.text, text);
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_session_program *program = user;
	struct sw_eventlog_line line;
	sw_eventlog_line(program->log, program->events.rows[index], sw_program_session(program), &line);
	put_time(cells[TIME].text, sizeof cells->text, line.t_ns);
	cells[TIME].role = SW_ROLE_DIM;
	(void)snprintf(cells[WHAT].text, sizeof cells->text, "%s", line.what);
	cells[WHAT].role = line.role;
	(void)snprintf(cells[SUBJECT].text, sizeof cells->text, "%s", line.subject);
	cells[SUBJECT].role = line.mode >= 0 ? sw_view_mode_role(line.mode) : SW_ROLE_TEXT;
	(void)snprintf(cells[TEXT].text, sizeof cells->text, "%s", line.text);
	cells[TEXT].role = line.role == SW_ROLE_DIM ? SW_ROLE_TEXT : line.role;
}

/* Appends "; N WHAT" when there are any. */
static void add(char *dst, size_t size, unsigned long long n, const char *what)
{
	size_t used = strlen(dst);
	if (n)
		(void)snprintf(dst + used, size - used, "%s%llu %s", used ? "; " : "", n, what);
}

/* What was no event, or none that fitted: it was skipped, and is not kept quiet. "" when there is none. */
static void tell_damage(const struct sw_session_program *program, char *dst, size_t size)
{
	const struct sw_session *session = sw_program_session(program);
	const struct sw_journal_stats *stats =
		program->source.stats ? program->source.stats(program->source.user) : NULL;
	dst[0] = '\0';
	if (stats) {
		add(dst, size, stats->broken, "lines are no events and were skipped");
		add(dst, size, stats->first_broken_line, "is the first of them");
		add(dst, size, stats->foreign, "of another version");
	}
	add(dst, size, session->unexpected, "events did not fit");
	add(dst, size, session->missing, "are missing");
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_session_program *program = user;
	struct sw_listed listed = {
		.n = sw_eventlog_count(program->log),
		.contains = contains,
		.context = program,
	};
	(void)app;
	sw_list_update(&program->events, &listed);
	char note[64];
	(void)snprintf(note, sizeof note, "%d of %llu%s", program->events.n_rows,
	               (unsigned long long)sw_eventlog_total(program->log),
	               program->events.table.follow ? ", following" : "");
	char damage[200];
	tell_damage(program, damage, sizeof damage);
	struct sw_list_view view = {
		.title = "events",
		.note = note,
		.foot = damage,
		.what = "event",
		.empty = "nothing has happened yet",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->events, &view);
}

static uint64_t first_kept(const struct sw_session_program *program)
{
	return sw_eventlog_total(program->log) - (uint64_t)sw_eventlog_count(program->log);
}

static void remember(struct sw_session_program *program)
{
	int chosen = sw_list_selected(&program->events);
	if (chosen >= 0)
		program->opened.event = first_kept(program) + (uint64_t)chosen;
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	bool taken = sw_list_act(&program->events, app, 0, action);
	if (sw_app_has_detail(app))
		remember(program);
	return taken || sw_program_act(program, app, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_session_program *program = user;
	sw_list_click(&program->events, app, 0, (struct sw_place){x, y});
	if (sw_app_has_detail(app))
		remember(program);
}

/* The whole line, however long. */
static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	struct sw_eventlog_line line;
	char time[32];
	(void)app;
	if (program->opened.event < first_kept(program)) {
		sw_put_text_cut(area, 0, 0, area.w, "too long ago: the journal still has it", SW_ROLE_DIM);
		return;
	}
	sw_eventlog_line(program->log, (int)(program->opened.event - first_kept(program)),
	                 sw_program_session(program), &line);
	put_time(time, sizeof time, line.t_ns);
	const struct sw_flow_piece pieces[] = {
		{time, SW_ROLE_DIM},       {" s  ", SW_ROLE_DIM},        {line.what, line.role},
		{"  ", SW_ROLE_TEXT},      {line.subject, SW_ROLE_TEXT}, {"  ", SW_ROLE_TEXT},
		{line.text, SW_ROLE_TEXT},
	};
	sw_flow_draw(area, pieces, sizeof pieces / sizeof pieces[0]);
}

static char *filter(void *user)
{
	struct sw_session_program *program = user;
	return program->events.filter;
}

const struct sw_screen sw_screen_events = {
	.name = "events",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
};
