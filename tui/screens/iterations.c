#include "tui/screens/session.h"

#include <stdio.h>

#include "core/text.h"
#include "tui/screens/attempt.h"

enum column {
	NUMBER,
	MODE,
	OUTCOME,
	LATENCY,
	ATTEMPTS,
	STARTED,
	N_SORTED,
	ERROR = N_SORTED,
	N_COLUMNS
};

static const struct sw_table_column columns[N_COLUMNS] = {
	[NUMBER] = {.title = "#", .width = 5, .right = true},
	[MODE] = {.title = "mode", .width = 14, .weight = 1},
	[OUTCOME] = {.title = "outcome", .width = 9},
	[LATENCY] = {.title = "latency", .width = 9, .right = true},
	[ATTEMPTS] = {.title = "tries", .width = 3, .right = true, .priority = 2},
	[STARTED] = {.title = "started", .width = 8, .right = true, .priority = 3},
	[ERROR] = {.title = "error", .width = 12, .weight = 5, .priority = 1},
};

static int n_recent(const struct sw_session *session)
{
	return session->n_recent < SW_RECENT_MAX ? (int)session->n_recent : SW_RECENT_MAX;
}

/* The Ith kept, from the oldest. */
static const struct sw_recent *recent_at(const struct sw_session *session, int i)
{
	uint64_t first = session->n_recent - (uint64_t)n_recent(session);
	return &session->recent[(first + (uint64_t)i) % SW_RECENT_MAX];
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_session *session = context;
	const struct sw_recent *recent = recent_at(session, i);
	char number[32];
	(void)snprintf(number, sizeof number, "%s%lld", recent->warmup ? "w" : "#",
	               (long long)recent->iteration);
	return sw_text_contains(session->modes[recent->mode]->info.name, text) ||
	       sw_text_contains(sw_view_outcome_word(recent->outcome, recent->fell_back), text) ||
	       sw_text_contains(recent->error, text) || sw_text_contains(number, text);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *context, int column, int one, int other)
{
	const struct sw_session *session = context;
	const struct sw_recent *a = recent_at(session, one), *b = recent_at(session, other);
	switch (column) {
	case MODE:
		return order(a->mode, b->mode);
	case OUTCOME:
		return strcmp(sw_view_outcome_word(a->outcome, a->fell_back),
		              sw_view_outcome_word(b->outcome, b->fell_back));
	case LATENCY:
		return order(a->latency_ns, b->latency_ns);
	case ATTEMPTS:
		return order(a->attempts, b->attempts);
	case STARTED:
		return order(a->start_ns, b->start_ns);
	default:
		/* Warm-up comes before what is counted. */
		if (a->warmup != b->warmup)
			return a->warmup ? -1 : 1;
		return order(a->iteration, b->iteration);
	}
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	const struct sw_recent *recent = recent_at(session, program->iterations.rows[index]);
	(void)snprintf(cells[NUMBER].text, sizeof cells->text, "%s%lld", recent->warmup ? "w" : "",
	               (long long)recent->iteration);
	cells[NUMBER].role = recent->warmup ? SW_ROLE_DIM : SW_ROLE_TEXT;
	(void)snprintf(cells[MODE].text, sizeof cells->text, "%s",
	               session->modes[recent->mode]->info.name);
	cells[MODE].role = sw_view_mode_role(recent->mode);
	(void)snprintf(cells[OUTCOME].text, sizeof cells->text, "%s",
	               sw_view_outcome_word(recent->outcome, recent->fell_back));
	cells[OUTCOME].role = sw_view_outcome_role(recent->outcome, recent->fell_back);
	(void)sw_text_duration(cells[LATENCY].text, sizeof cells->text, recent->latency_ns);
	cells[LATENCY].role = recent->warmup ? SW_ROLE_DIM : SW_ROLE_STRONG;
	(void)snprintf(cells[ATTEMPTS].text, sizeof cells->text, "%lld", (long long)recent->attempts);
	cells[ATTEMPTS].role = recent->attempts > 1 ? SW_ROLE_WARNING : SW_ROLE_DIM;
	(void)sw_view_clock(cells[STARTED].text, sizeof cells->text, recent->start_ns);
	cells[STARTED].role = SW_ROLE_DIM;
	(void)snprintf(cells[ERROR].text, sizeof cells->text, "%s", recent->error);
	cells[ERROR].role = SW_ROLE_DIM;
}

static void update(struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	struct sw_listed listed = {
		.n = n_recent(session),
		.contains = contains,
		.compare = compare,
		.context = session,
	};
	sw_list_update(&program->iterations, &listed);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	(void)app;
	update(program);
	char note[64];
	(void)snprintf(note, sizeof note, "%d of %llu", program->iterations.n_rows,
	               (unsigned long long)session->n_recent);
	struct sw_list_view view = {
		.title = "iterations",
		.note = note,
		.what = "iteration",
		.empty = "no iteration has ended yet",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->iterations, &view);
}

/* The row that is chosen now stays the one that is shown, whatever the list does meanwhile. */
static void remember(struct sw_session_program *program)
{
	int chosen = sw_list_selected(&program->iterations);
	if (chosen < 0)
		return;
	const struct sw_recent *recent = recent_at(sw_program_session(program), chosen);
	program->opened.mode = recent->mode;
	program->opened.iteration = recent->iteration;
	program->opened.warmup = recent->warmup;
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	bool taken = sw_list_act(&program->iterations, app, N_SORTED, action);
	if (sw_app_has_detail(app))
		remember(program);
	return taken;
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_session_program *program = user;
	sw_list_click(&program->iterations, app, N_SORTED, (struct sw_place){x, y});
	if (sw_app_has_detail(app))
		remember(program);
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	for (int i = 0; i < n_recent(session); i++) {
		const struct sw_recent *recent = recent_at(session, i);
		if (recent->mode == program->opened.mode &&
		    recent->iteration == program->opened.iteration &&
		    recent->warmup == program->opened.warmup) {
			sw_draw_iteration(area, session, recent, sw_app_detail_top(app));
			return;
		}
	}
	sw_put_text_cut(area, 0, 0, area.w, "too long ago: the journal still has it", SW_ROLE_DIM);
}

static char *filter(void *user)
{
	struct sw_session_program *program = user;
	return program->iterations.filter;
}

const struct sw_screen sw_screen_iterations = {
	.name = "iterations",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
};
