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

/* A row: an iteration that ended, or, behind all of those, one that runs. */
struct shown {
	const struct sw_recent *recent; /* NULL: it runs */
	const struct sw_running *run;
	struct sw_which which;
	int64_t start_ns, latency_ns, attempts;
	const char *outcome, *text;
	uint32_t faults;
	enum sw_role role;
};

static int n_running(const struct sw_session *session)
{
	int sum = 0;
	for (int i = 0; i < session->n_modes; i++)
		sum += session->modes[i]->n_running;
	return sum;
}

/* The Ith that runs, by mode and slot. */
static struct shown running_at(const struct sw_session_program *program, int i)
{
	const struct sw_session *session = sw_program_session(program);
	struct shown shown = {.outcome = "running", .text = "", .role = SW_ROLE_ACCENT};
	for (int mode = 0; mode < session->n_modes; mode++) {
		const struct sw_mode_state *state = session->modes[mode];
		for (int k = 0; k < state->n_slots; k++) {
			const struct sw_running *run = &state->slots[k];
			if (!run->is_active || i-- != 0)
				continue;
			shown.run = run;
			shown.which = (struct sw_which){mode, run->iteration, run->warmup};
			shown.start_ns = run->iteration_start_ns;
			shown.latency_ns = program->source.now_ns(program->source.user) -
			                   run->iteration_start_ns;
			shown.attempts = run->attempt;
			shown.faults = run->faults;
			if (run->in_phase)
				shown.text = sw_word(&sw_words_phase, (int)run->phase);
		}
	}
	return shown;
}

static struct shown shown_at(const struct sw_session_program *program, int i)
{
	const struct sw_session *session = sw_program_session(program);
	if (i >= n_recent(session))
		return running_at(program, i - n_recent(session));
	const struct sw_recent *recent = recent_at(session, i);
	return (struct shown){
		.recent = recent,
		.which = {recent->mode, recent->iteration, recent->warmup},
		.start_ns = recent->start_ns,
		.latency_ns = recent->latency_ns,
		.attempts = recent->attempts,
		.outcome = sw_view_outcome_word(recent->outcome, recent->fell_back),
		.text = recent->error,
		.faults = recent->faults,
		.role = sw_view_outcome_role(recent->outcome, recent->fell_back),
	};
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_session_program *program = context;
	struct shown shown = shown_at(program, i);
	char number[32];
	(void)snprintf(number, sizeof number, "%s%lld", shown.which.warmup ? "w" : "#",
	               (long long)shown.which.iteration);
	return sw_text_contains(sw_program_session(program)->modes[shown.which.mode]->info.name,
	                        text) ||
	       sw_text_contains(shown.outcome, text) || sw_text_contains(shown.text, text) ||
	       sw_text_contains(number, text);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *context, int column, int one, int other)
{
	struct shown a = shown_at(context, one), b = shown_at(context, other);
	switch (column) {
	case MODE:
		return order(a.which.mode, b.which.mode);
	case OUTCOME:
		return strcmp(a.outcome, b.outcome);
	case LATENCY:
		return order(a.latency_ns, b.latency_ns);
	case ATTEMPTS:
		return order(a.attempts, b.attempts);
	case STARTED:
		return order(a.start_ns, b.start_ns);
	default:
		/* Warm-up comes before what is counted. */
		if (a.which.warmup != b.which.warmup)
			return a.which.warmup ? -1 : 1;
		return order(a.which.iteration, b.which.iteration);
	}
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_session_program *program = user;
	struct shown shown = shown_at(program, program->iterations.rows[index]);
	(void)snprintf(cells[NUMBER].text, sizeof cells->text, "%s%lld", shown.which.warmup ? "w" : "",
	               (long long)shown.which.iteration);
	cells[NUMBER].role = shown.which.warmup ? SW_ROLE_DIM : SW_ROLE_TEXT;
	(void)snprintf(cells[MODE].text, sizeof cells->text, "%s",
	               sw_program_session(program)->modes[shown.which.mode]->info.name);
	cells[MODE].role = sw_view_mode_role(shown.which.mode);
	(void)snprintf(cells[OUTCOME].text, sizeof cells->text, "%s", shown.outcome);
	cells[OUTCOME].role = shown.role;
	(void)sw_text_duration(cells[LATENCY].text, sizeof cells->text, shown.latency_ns);
	cells[LATENCY].role = shown.which.warmup ? SW_ROLE_DIM : SW_ROLE_STRONG;
	(void)snprintf(cells[ATTEMPTS].text, sizeof cells->text, "%lld", (long long)shown.attempts);
	cells[ATTEMPTS].role = shown.attempts > 1 ? SW_ROLE_WARNING : SW_ROLE_DIM;
	(void)sw_view_clock(cells[STARTED].text, sizeof cells->text, shown.start_ns);
	cells[STARTED].role = SW_ROLE_DIM;
	int n = 0;
	if (shown.faults) {
		char faults[160];
		n = snprintf(cells[ERROR].text, sizeof cells->text, "(%s) ",
		             sw_view_faults(faults, sizeof faults, shown.faults));
	}
	if (n >= 0 && (size_t)n < sizeof cells->text)
		(void)snprintf(cells[ERROR].text + n, sizeof cells->text - (size_t)n, "%s", shown.text);
	cells[ERROR].role = shown.faults ? SW_ROLE_ACCENT : SW_ROLE_DIM;
}

static void update(struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	struct sw_listed listed = {
		.n = n_recent(session) + n_running(session),
		.contains = contains,
		.compare = compare,
		.context = program,
	};
	sw_list_update(&program->iterations, &listed);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	(void)app;
	update(program);
	char note[96];
	int running = n_running(session);
	int n = snprintf(note, sizeof note, "%d of %llu", program->iterations.n_rows,
	                 (unsigned long long)session->n_recent + (unsigned)running);
	if (running)
		(void)snprintf(note + n, sizeof note - (size_t)n, ", %d running", running);
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
	int chosen = sw_list_selected(&program->iterations);
	program->chosen = chosen < 0 ? (struct sw_which){.mode = -1} : shown_at(program, chosen).which;
}

/* The row that is chosen now stays the one that is shown, whatever the list does meanwhile. */
static void remember(struct sw_session_program *program)
{
	int chosen = sw_list_selected(&program->iterations);
	if (chosen >= 0)
		program->opened.iteration = shown_at(program, chosen).which;
}

/* The opened one, or the one that was seen to be chosen, if it still runs: more may have come since. */
static bool cancel(struct sw_session_program *program, struct sw_app *app)
{
	struct sw_which which = sw_app_has_detail(app) ? program->opened.iteration : program->chosen;
	if (!sw_program_running(program, &which))
		return false;
	sw_program_cancel(program, app, &which);
	return true;
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	if (action == SW_ACTION_CANCEL)
		return cancel(program, app) || sw_program_act(program, app, action);
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

static void draw_running(const struct sw_session_program *program, const struct sw_running *run,
                         struct sw_area area)
{
	const struct sw_which *which = &program->opened.iteration;
	const struct sw_mode_state *mode = sw_program_session(program)->modes[which->mode];
	char number[48], attempt[48], took[16];
	int64_t now_ns = program->source.now_ns(program->source.user);
	(void)snprintf(number, sizeof number, " %s%lld", which->warmup ? "warm-up " : "#",
	               (long long)which->iteration);
	(void)snprintf(attempt, sizeof attempt, ", attempt %lld%s", (long long)run->attempt,
	               run->on_host ? " on the host" : "");
	const struct sw_flow_piece pieces[] = {
		{mode->info.name, sw_view_mode_role(which->mode)},
		{number, SW_ROLE_TEXT},
		{" runs: ", SW_ROLE_ACCENT},
		{sw_text_duration(took, sizeof took, now_ns - run->iteration_start_ns), SW_ROLE_STRONG},
		{attempt, SW_ROLE_DIM},
		{run->in_phase ? ", in " : "", SW_ROLE_DIM},
		{run->in_phase ? sw_word(&sw_words_phase, (int)run->phase) : "",
	     run->in_phase ? sw_view_phase_role(run->phase) : SW_ROLE_DIM},
	};
	sw_flow_draw(area, pieces, sizeof pieces / sizeof pieces[0]);
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	const struct sw_which *which = &program->opened.iteration;
	const struct sw_running *run = sw_program_running(program, which);
	if (run) {
		draw_running(program, run, area);
		return;
	}
	for (int i = 0; i < n_recent(session); i++) {
		const struct sw_recent *recent = recent_at(session, i);
		if (recent->mode == which->mode && recent->iteration == which->iteration &&
		    recent->warmup == which->warmup) {
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
