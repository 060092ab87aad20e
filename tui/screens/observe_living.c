#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "tui/screens/observe.h"

enum { STATE, NAME, IMAGE, ID, AGE, CPU, MEMORY, LIMIT, PIDS, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[STATE] = {.title = "state", .width = 7},
	[NAME] = {.title = "name", .width = 14, .weight = 3},
	[IMAGE] = {.title = "image", .width = 10, .weight = 2, .priority = 1},
	[ID] = {.title = "id", .width = 12, .priority = 4},
	[AGE] = {.title = "age", .width = 8, .right = true},
	[CPU] = {.title = "CPU", .width = 9, .right = true},
	[MEMORY] = {.title = "memory", .width = 9, .right = true},
	[LIMIT] = {.title = "limit", .width = 9, .right = true, .priority = 3},
	[PIDS] = {.title = "pids", .width = 5, .right = true, .priority = 2},
};

static const struct sw_observed *at(const struct sw_observe_program *program, int i)
{
	return program->every[i];
}

static int64_t age_of(const struct sw_observe_program *program, const struct sw_observed *is)
{
	int64_t begin = sw_observe_begin(is), now = sw_observe_time(program);
	return begin && now > begin ? now - begin : begin ? 0 : -1;
}

static const struct sw_sample *sample_of(const struct sw_observe_program *program,
                                         const struct sw_observed *is)
{
	const struct sw_sample *sample = program->monitor ? sw_monitor_find(program->monitor, is->id)
	                                                  : NULL;
	return sample && sample->state == SW_SAMPLE_RUNNING ? sample : NULL;
}

static bool contains(const void *context, int i, const char *text)
{
	const struct sw_observed *is = at(context, i);
	if (is->end != SW_END_LIVING)
		return false;
	return !*text || sw_text_contains(is->name, text) || sw_text_contains(is->image->name, text) ||
	       sw_text_contains(is->id, text) || sw_text_contains(sw_observe_state(is), text);
}

static double value_of(const struct sw_observe_program *program, int column, int i)
{
	const struct sw_sample *sample = sample_of(program, at(program, i));
	if (!sample)
		return -1;
	switch (column) {
	case CPU:
		return isnan(sample->cpu_percent) ? -1 : sample->cpu_percent;
	case MEMORY:
		return (double)sample->memory_bytes;
	case LIMIT:
		return (double)sample->memory_limit_bytes;
	default:
		return (double)sample->pids;
	}
}

static int compare(const void *context, int column, int one, int other)
{
	const struct sw_observe_program *program = context;
	const struct sw_observed *a = at(program, one), *b = at(program, other);
	switch (column) {
	case STATE:
		return strcmp(sw_observe_state(a), sw_observe_state(b));
	case NAME:
		return strcmp(a->name, b->name);
	case IMAGE:
		return strcmp(a->image->name, b->image->name);
	case ID:
		return strcmp(a->id, b->id);
	case AGE:
		return (sw_observe_begin(a) < sw_observe_begin(b)) -
		       (sw_observe_begin(a) > sw_observe_begin(b));
	default: {
		double x = value_of(program, column, one), y = value_of(program, column, other);
		return (x > y) - (x < y);
	}
	}
}

static void add_sample(const struct sw_sample *sample, struct sw_table_cell *cells)
{
	for (int i = CPU; i <= PIDS; i++)
		cells[i].role = sample ? SW_ROLE_TEXT : SW_ROLE_DIM;
	if (!sample) { /* not zero: not known */
		for (int i = CPU; i <= PIDS; i++)
			(void)sw_text_copy(cells[i].text, sizeof cells->text, "-");
		return;
	}
	if (!isnan(sample->cpu_percent))
		(void)snprintf(cells[CPU].text, sizeof cells->text, "%.1f %%", sample->cpu_percent);
	else
		(void)sw_text_copy(cells[CPU].text, sizeof cells->text, "-");
	if (sample->memory_bytes >= 0)
		(void)sw_text_bytes(cells[MEMORY].text, sizeof cells->text, (uint64_t)sample->memory_bytes);
	if (sample->memory_limit_bytes >= 0)
		(void)sw_text_bytes(cells[LIMIT].text, sizeof cells->text,
		                    (uint64_t)sample->memory_limit_bytes);
	if (sample->pids >= 0)
		(void)snprintf(cells[PIDS].text, sizeof cells->text, "%lld", (long long)sample->pids);
	cells[CPU].role = cells[MEMORY].role = SW_ROLE_STRONG;
	cells[LIMIT].role = SW_ROLE_DIM;
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_observe_program *program = user;
	const struct sw_observed *is = at(program, program->living.rows[index]);
	int64_t age = age_of(program, is);
	(void)sw_text_copy(cells[STATE].text, sizeof cells->text, sw_observe_state(is));
	cells[STATE].role = sw_observe_state_role(is);
	(void)sw_text_copy(cells[NAME].text, sizeof cells->text, is->name);
	(void)sw_observe_name(program->source.observe, is->image, cells[IMAGE].text);
	cells[IMAGE].role = sw_observe_role(program->source.observe, is->image);
	(void)snprintf(cells[ID].text, sizeof cells->text, "%.12s", is->id);
	cells[ID].role = SW_ROLE_DIM;
	if (age >= 0)
		(void)sw_view_clock(cells[AGE].text, sizeof cells->text, age);
	add_sample(sample_of(program, is), cells);
}

/* Those in sight first: more than the monitor takes may be there. */
static void watch(const struct sw_observe_program *program)
{
	const struct sw_list *list = &program->living;
	const char *ids[SW_MONITOR_MAX];
	int n = 0;
	for (int i = 0; i < list->n_rows && n < SW_MONITOR_MAX; i++) {
		int index = (list->table.top + i) % list->n_rows;
		const struct sw_observed *is = at(program, list->rows[index]);
		if (is->state == SW_CONTAINER_RUNNING || is->state == SW_CONTAINER_PAUSED)
			ids[n++] = is->id;
	}
	(void)sw_monitor_watch(program->monitor, ids, n);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	struct sw_observe_program *program = user;
	sw_observe_collect(program);
	struct sw_listed listed = {program->n_every, contains, compare, program};
	char note[64];
	(void)app;
	sw_list_update(&program->living, &listed);
	/* Without a filter's text the list lets everything through; the gone ones do not belong here. */
	int n = 0;
	for (int i = 0; i < program->living.n_rows; i++)
		if (at(program, program->living.rows[i])->end == SW_END_LIVING)
			program->living.rows[n++] = program->living.rows[i];
	program->living.n_rows = n;
	if (program->monitor)
		watch(program);
	const char *error = program->monitor ? sw_monitor_error(program->monitor)
	                                     : "CPU and memory: no engine to ask yet";
	const struct sw_observe_image *all = sw_observe_all(program->source.observe);
	(void)snprintf(note, sizeof note, "%llu running of %llu", (unsigned long long)all->running,
	               (unsigned long long)all->living);
	struct sw_list_view view = {
		.title = "living",
		.note = note,
		.foot = error,
		.what = "container",
		.empty = "no container is there now",
		.columns = columns,
		.n_columns = N_COLUMNS,
		.row = row,
		.user = program,
	};
	sw_list_draw(area, &program->living, &view);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_observe_program *program = user;
	return sw_list_act(&program->living, app, N_COLUMNS, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_observe_program *program = user;
	sw_list_click(&program->living, app, N_COLUMNS, (struct sw_place){x, y});
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_observe_program *program = user;
	int chosen = sw_list_selected(&program->living);
	if (chosen >= 0 && chosen < program->n_every)
		sw_observe_draw_container(area, program, at(program, chosen), sw_app_detail_top(app));
}

static char *filter(void *user)
{
	struct sw_observe_program *program = user;
	return program->living.filter;
}

static void shown(void *user, bool on)
{
	struct sw_observe_program *program = user;
	program->is_living_shown = on;
	if (program->monitor)
		sw_monitor_set(program->monitor, on);
}

const struct sw_screen sw_observe_screen_living = {
	.name = "living",
	.about = "living: CPU and memory of those that are there",
	.places = SW_ON_LIST,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
	.shown = shown,
};
