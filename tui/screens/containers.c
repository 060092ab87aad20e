#include "tui/screens/session.h"

#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "docker/monitor.h"

enum column { ID, MODE, NUMBER, STATE, PHASE, AGE, CPU, MEMORY, PIDS, N_COLUMNS };
enum { N_SORTED = AGE + 1 };

static const struct sw_table_column columns[N_COLUMNS] = {
	[ID] = {.title = "container", .width = 12},
	[MODE] = {.title = "mode", .width = 10, .weight = 2, .priority = 1},
	[NUMBER] = {.title = "#", .width = 5, .right = true, .priority = 2},
	[STATE] = {.title = "state", .width = 8},
	[PHASE] = {.title = "phase", .width = 9, .weight = 1, .priority = 3},
	[AGE] = {.title = "age", .width = 8, .right = true},
	[CPU] = {.title = "CPU", .width = 8, .right = true},
	[MEMORY] = {.title = "memory", .width = 9, .right = true},
	[PIDS] = {.title = "pids", .width = 4, .right = true, .priority = 4},
};

static const char *mode_name(const struct sw_session *session, int mode)
{
	return mode >= 0 && mode < session->n_modes ? session->modes[mode]->info.name : "";
}

/* Made for no one iteration. */
static bool is_kept(const struct sw_seen_container *container)
{
	return container->iteration == 0;
}

/* It is started when its iteration comes, and is left when that has its result. */
static bool is_pools(const struct sw_session *session, const struct sw_seen_container *container)
{
	return container->mode >= 0 && container->mode < session->n_modes &&
	       session->modes[container->mode]->info.kind == SW_KIND_PREPARED;
}

/* "14", "w1", "kept"; of a pool's container that waits for its iteration "ahead". */
static void put_number(const struct sw_session *session, const struct sw_seen_container *container,
                       char *dst, size_t size)
{
	if (is_kept(container))
		(void)snprintf(dst, size, "%s", is_pools(session, container) ? "ahead" : "kept");
	else
		(void)snprintf(dst, size, "%s%lld", container->warmup ? "w" : "",
		               (long long)container->iteration);
}

/* What the container is in, while the attempt it was made for runs. */
static const char *phase_of(const struct sw_session *session,
                            const struct sw_seen_container *container)
{
	if (container->removed_ns || container->mode < 0 || container->mode >= session->n_modes)
		return "";
	const struct sw_mode_state *mode = session->modes[container->mode];
	for (int i = 0; i < mode->n_slots; i++) {
		const struct sw_running *run = &mode->slots[i];
		if (run->is_active && run->in_phase && run->iteration == container->iteration &&
		    run->warmup == container->warmup && run->attempt == container->attempt)
			return sw_word(&sw_words_phase, (int)run->phase);
	}
	return "";
}

static const char *state_of(const struct sw_session *session,
                            const struct sw_seen_container *container)
{
	if (container->removed_ns)
		return "removed";
	if (session->state != SW_STATE_RUNNING)
		return "left";
	const char *phase = phase_of(session, container);
	if (is_pools(session, container) && !*phase)
		return is_kept(container) ? "created" : "ending";
	if (strcmp(phase, "create") == 0 || strcmp(phase, "attach") == 0 || strcmp(phase, "start") == 0)
		return "starting";
	return strcmp(phase, "exit") == 0 || strcmp(phase, "stop") == 0 || strcmp(phase, "remove") == 0
	           ? "ending"
	           : "running";
}

static int64_t age_of(const struct sw_session_program *program,
                      const struct sw_seen_container *container)
{
	int64_t end = container->removed_ns ? container->removed_ns
	                                    : program->source.now_ns(program->source.user);
	return end - container->created_ns;
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_session_program *program = context;
	const struct sw_session *session = sw_program_session(program);
	const struct sw_seen_container *container = &session->containers[i];
	char number[32];
	put_number(session, container, number, sizeof number);
	return sw_text_contains(container->id, text) ||
	       sw_text_contains(mode_name(session, container->mode), text) ||
	       sw_text_contains(number, text) || sw_text_contains(state_of(session, container), text) ||
	       sw_text_contains(phase_of(session, container), text);
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *context, int column, int one, int other)
{
	const struct sw_session_program *program = context;
	const struct sw_session *session = sw_program_session(program);
	const struct sw_seen_container *a = &session->containers[one];
	const struct sw_seen_container *b = &session->containers[other];
	switch (column) {
	case ID:
		return strcmp(a->id, b->id);
	case MODE:
		return order(a->mode, b->mode);
	case NUMBER:
		return order(a->iteration, b->iteration);
	case STATE:
		return strcmp(state_of(session, a), state_of(session, b));
	case PHASE:
		return strcmp(phase_of(session, a), phase_of(session, b));
	default:
		return order(age_of(program, a), age_of(program, b));
	}
}

static bool is_waiting(const struct sw_session *session, const struct sw_seen_container *container)
{
	return strcmp(state_of(session, container), "created") == 0;
}

static const struct sw_sample *sample_of(const struct sw_session_program *program,
                                         const struct sw_seen_container *container)
{
	const struct sw_monitor *monitor = program->source.monitor;
	return monitor ? sw_monitor_find(monitor, container->id) : NULL;
}

/* Why there are no figures of one that is there; "": there are. */
static const char *why_no_figures(const struct sw_session_program *program,
                                  const struct sw_seen_container *container)
{
	const struct sw_sample *sample = sample_of(program, container);
	if (is_waiting(sw_program_session(program), container))
		return "none yet, as it waits to be started";
	if (!program->source.monitor)
		return "no engine to ask";
	if (!sample || !sample->at_ns)
		return *sw_monitor_error(program->source.monitor)
		           ? sw_monitor_error(program->source.monitor)
		           : "not known yet, as the engine is asked once a second";
	if (sample->state == SW_SAMPLE_STOPPED)
		return "not known yet, as it did not run when the engine was asked, once a second";
	if (sample->state == SW_SAMPLE_GONE)
		return "none, as the engine has it no more";
	return sample->state == SW_SAMPLE_RUNNING ? "" : "the engine did not say";
}

static void add_sample(const struct sw_session_program *program,
                       const struct sw_seen_container *container, struct sw_table_cell *cells)
{
	const struct sw_sample *sample = sample_of(program, container);
	cells[CPU].role = cells[MEMORY].role = cells[PIDS].role = SW_ROLE_DIM;
	if (*why_no_figures(program, container)) {
		/* Not zero: not known. But one that waits has no process. */
		const char *text = is_waiting(sw_program_session(program), container) ? "none yet" : "-";
		(void)snprintf(cells[CPU].text, sizeof cells->text, "%s", text);
		(void)snprintf(cells[MEMORY].text, sizeof cells->text, "%s", text);
		return;
	}
	if (!isnan(sample->cpu_percent))
		(void)snprintf(cells[CPU].text, sizeof cells->text, "%.1f %%", sample->cpu_percent);
	else if (sample->cpu_ns >= 0)
		(void)sw_text_duration(cells[CPU].text, sizeof cells->text, sample->cpu_ns);
	if (sample->memory_bytes >= 0)
		(void)sw_text_bytes(cells[MEMORY].text, sizeof cells->text, (uint64_t)sample->memory_bytes);
	if (sample->pids >= 0)
		(void)snprintf(cells[PIDS].text, sizeof cells->text, "%lld", (long long)sample->pids);
	cells[CPU].role = cells[MEMORY].role = SW_ROLE_STRONG;
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	int at = program->containers.rows[index];
	const struct sw_seen_container *container = &session->containers[at];
	bool gone = container->removed_ns != 0;
	const char *state = state_of(session, container);
	(void)snprintf(cells[ID].text, sizeof cells->text, "%s", container->id);
	cells[ID].role = gone ? SW_ROLE_DIM : SW_ROLE_TEXT;
	(void)snprintf(cells[MODE].text, sizeof cells->text, "%s", mode_name(session, container->mode));
	cells[MODE].role = gone ? SW_ROLE_DIM : sw_view_mode_role(container->mode);
	put_number(session, container, cells[NUMBER].text, sizeof cells->text);
	cells[NUMBER].role = SW_ROLE_DIM;
	(void)snprintf(cells[STATE].text, sizeof cells->text, "%s", state);
	cells[STATE].role = *container->error || strcmp(state, "left") == 0 ? SW_ROLE_BAD
	                    : gone                                          ? SW_ROLE_DIM
	                                                                    : SW_ROLE_OK;
	(void)snprintf(cells[PHASE].text, sizeof cells->text, "%s", phase_of(session, container));
	(void)sw_text_duration(cells[AGE].text, sizeof cells->text, age_of(program, container));
	cells[AGE].role = gone ? SW_ROLE_DIM : SW_ROLE_TEXT;
	if (!gone)
		add_sample(program, container, cells);
}

/* Those that are still there; the monitor asks for nothing else. */
static void watch(const struct sw_session_program *program, const struct sw_session *session)
{
	const char *ids[SW_SEEN_CONTAINERS_MAX];
	int n = 0;
	for (int i = 0; i < session->n_containers; i++)
		if (!session->containers[i].removed_ns)
			ids[n++] = session->containers[i].id;
	(void)sw_monitor_watch(program->source.monitor, ids, n);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	struct sw_listed listed = {session->n_containers, contains, compare, program};
	char note[64];
	uint64_t living = 0;
	if (program->source.monitor)
		watch(program, session);
	sw_list_update(&program->containers, &listed);
	for (int i = 0; i < session->n_containers; i++)
		living += session->containers[i].removed_ns == 0;
	const char *error = program->source.monitor ? sw_monitor_error(program->source.monitor)
	                                            : "CPU and memory: no engine to ask";
	(void)app;
	(void)snprintf(note, sizeof note, "%llu there, %llu made", (unsigned long long)living,
	               (unsigned long long)session->containers_made);
	struct sw_list_view view = {
		.title = "containers",
		.note = note,
		.foot = error,
		.what = "container",
		.empty = "no container has been made yet",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->containers, &view);
}

static void remember(struct sw_session_program *program)
{
	int chosen = sw_list_selected(&program->containers);
	if (chosen >= 0)
		memcpy(program->opened.container, sw_program_session(program)->containers[chosen].id,
		       sizeof program->opened.container);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	bool taken = sw_list_act(&program->containers, app, N_SORTED, action);
	if (sw_app_has_detail(app))
		remember(program);
	return taken || sw_program_act(program, app, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_session_program *program = user;
	sw_list_click(&program->containers, app, N_SORTED, (struct sw_place){x, y});
	if (sw_app_has_detail(app))
		remember(program);
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	char number[48], age[16];
	int at = session->n_containers - 1;
	(void)app;
	while (at >= 0 && strcmp(session->containers[at].id, program->opened.container) != 0)
		at--;
	if (at < 0)
		return;
	const struct sw_seen_container *container = &session->containers[at];
	if (is_kept(container))
		(void)snprintf(number, sizeof number, "%s",
		               is_pools(session, container) ? ", made ahead of its iteration:"
		                                            : ", kept for several iterations:");
	else
		(void)snprintf(number, sizeof number, " %s%lld, attempt %lld:",
		               container->warmup ? "warm-up " : "#", (long long)container->iteration,
		               (long long)container->attempt);
	const char *why = container->removed_ns ? "" : why_no_figures(program, container);
	const struct sw_flow_piece pieces[] = {
		{container->id, SW_ROLE_STRONG},
		{" of ", SW_ROLE_DIM},
		{mode_name(session, container->mode), sw_view_mode_role(container->mode)},
		{number, SW_ROLE_TEXT},
		{" ", SW_ROLE_TEXT},
		{state_of(session, container), SW_ROLE_TEXT},
		{", age ", SW_ROLE_DIM},
		{sw_text_duration(age, sizeof age, age_of(program, container)), SW_ROLE_TEXT},
		{*container->error ? ": " : "", SW_ROLE_TEXT},
		{container->error, SW_ROLE_BAD},
		{*why ? "; CPU and memory: " : "", SW_ROLE_DIM},
		{why, SW_ROLE_TEXT},
	};
	sw_flow_draw(area, pieces, sizeof pieces / sizeof pieces[0]);
}

static char *filter(void *user)
{
	struct sw_session_program *program = user;
	return program->containers.filter;
}

static void shown(void *user, bool on)
{
	const struct sw_session_program *program = user;
	if (program->source.monitor)
		sw_monitor_set(program->source.monitor, on);
}

const struct sw_screen sw_screen_containers = {
	.name = "containers",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
	.shown = shown,
};
