#include <stdio.h>
#include <string.h>

#include "core/histogram.h"
#include "core/text.h"
#include "tui/screens/observe.h"
#include "widgets/panel.h"

enum {
	NAME,
	SEEN,
	RUNNING,
	OK,
	FAILED,
	OOM,
	KILLED,
	UNSEEN,
	COUNT,
	MEAN,
	P50,
	P95,
	P99,
	MAX,
	N_COLUMNS
};

static const struct sw_table_column columns[N_COLUMNS] = {
	[NAME] = {.title = "image", .width = 12, .weight = 1},
	[SEEN] = {.title = "all", .width = 5, .right = true},
	[RUNNING] = {.title = "running", .width = 7, .right = true, .priority = 4},
	[OK] = {.title = "ok", .width = 5, .right = true},
	[FAILED] = {.title = "failed", .width = 6, .right = true},
	[OOM] = {.title = "oom", .width = 4, .right = true, .priority = 5},
	[KILLED] = {.title = "killed", .width = 6, .right = true, .priority = 6},
	[UNSEEN] = {.title = "unseen", .width = 6, .right = true, .priority = 7},
	[COUNT] = {.title = "n", .width = 5, .right = true, .priority = 8},
	[MEAN] = {.title = "mean", .width = 7, .right = true, .priority = 9},
	[P50] = {.title = "p50", .width = 7, .right = true},
	[P95] = {.title = "p95", .width = 7, .right = true, .priority = 1},
	[P99] = {.title = "p99", .width = 7, .right = true, .priority = 3},
	[MAX] = {.title = "max", .width = 7, .right = true, .priority = 2},
};

static const struct sw_observe_image *at(const struct sw_observe_program *program, int i)
{
	return sw_observe_image(program->source.observe, i);
}

static bool contains(const void *context, int i, const char *text)
{
	return sw_text_contains(at(context, i)->name, text);
}

static int64_t value_of(const struct sw_observe_program *program, int column,
                        const struct sw_observe_image *image)
{
	const struct sw_histogram *h = image->spans[program->span];
	uint64_t n = h ? sw_histogram_count(h) : 0;
	switch (column) {
	case SEEN:
		return (int64_t)(image->created + image->found);
	case RUNNING:
		return (int64_t)image->running;
	case OK:
		return (int64_t)image->exit_codes[0];
	case FAILED:
		return (int64_t)image->failures;
	case OOM:
		return (int64_t)image->oom;
	case KILLED:
		return (int64_t)image->killed;
	case UNSEEN:
		return (int64_t)image->unseen;
	case COUNT:
		return (int64_t)n;
	case MEAN:
		return n ? image->sum_ns[program->span] / (int64_t)n : -1;
	case P50:
		return n ? sw_histogram_percentile(h, 50) : -1;
	case P95:
		return n ? sw_histogram_percentile(h, 95) : -1;
	case P99:
		return n ? sw_histogram_percentile(h, 99) : -1;
	default:
		return n ? sw_histogram_max(h) : -1;
	}
}

static int compare(const void *context, int column, int one, int other)
{
	const struct sw_observe_program *program = context;
	if (column == NAME)
		return strcmp(at(program, one)->name, at(program, other)->name);
	int64_t a = value_of(program, column, at(program, one));
	int64_t b = value_of(program, column, at(program, other));
	return (a > b) - (a < b);
}

static enum sw_role role_of(int column, int64_t value)
{
	if (value <= 0 && column < MEAN)
		return SW_ROLE_DIM;
	switch (column) {
	case OK:
		return SW_ROLE_OK;
	case FAILED:
	case OOM:
	case KILLED:
		return SW_ROLE_BAD;
	case UNSEEN:
		return SW_ROLE_WARNING;
	case COUNT:
		return SW_ROLE_DIM;
	case P50:
		return SW_ROLE_STRONG;
	default:
		return SW_ROLE_TEXT;
	}
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct sw_observe_program *program = user;
	const struct sw_observe_image *image = at(program, program->images.rows[index]);
	const struct sw_histogram *h = image->spans[program->span];
	(void)sw_observe_name(program->source.observe, image, cells[NAME].text);
	cells[NAME].role = sw_observe_role(program->source.observe, image);
	for (int c = SEEN; c < N_COLUMNS; c++) {
		int64_t value = value_of(program, c, image);
		cells[c].role = role_of(c, value);
		if (c < MEAN)
			(void)snprintf(cells[c].text, sizeof cells->text, "%lld", (long long)value);
		else if (value >= 0)
			(void)sw_text_duration(cells[c].text, sizeof cells->text, value);
	}
	if (h && sw_histogram_clamped(h))
		(void)sw_text_copy(cells[MAX].text, sizeof cells->text, "≥ 1 h");
}

static void draw_table(struct sw_observe_program *program, struct sw_app *app, struct sw_area area)
{
	struct sw_listed listed = {sw_observe_images(program->source.observe), contains, compare,
	                           program};
	char key[64], note[96], filter[SW_LIST_FILTER_MAX + 16] = "";
	sw_list_update(&program->images, &listed);
	if (program->images.filter[0])
		(void)snprintf(filter, sizeof filter, "  filter: %s", program->images.filter);
	struct sw_flow_piece title[] = {
		{"images side by side, times of ", SW_ROLE_TITLE},
		{sw_observe_span_name(program->span), sw_observe_span_role(program->span)},
		{filter, SW_ROLE_ACCENT},
	};
	(void)snprintf(note, sizeof note, "%s: next span",
	               sw_app_key(app, SW_ACTION_MODE, key, sizeof key));
	struct sw_panel panel = {.title = title, .n_title = 3, .note = note};
	struct sw_table table = {
		.columns = columns,
		.n_columns = N_COLUMNS,
		.rows = program->images.n_rows,
		.row = row,
		.user = program,
		.empty = program->images.filter[0] ? "no image contains that"
	                                       : "no image has been seen yet",
	};
	sw_table_draw(sw_panel_draw(area, &panel), &table, &program->images.table);
}

static void draw_chosen(const struct sw_observe_program *program, struct sw_app *app,
                        struct sw_area area)
{
	int chosen = sw_list_selected(&program->images);
	const struct sw_observe_image *image = chosen < 0 ? NULL : at(program, chosen);
	if (!image)
		return;
	struct sw_flow_piece title[] = {
		{"all spans of ", SW_ROLE_TITLE},
		{image->name, sw_observe_role(program->source.observe, image)},
	};
	struct sw_panel panel = {.title = title,
	                         .n_title = 2,
	                         .note = sw_app_log_scale(app) ? "log" : "linear"};
	sw_observe_draw_image(sw_panel_draw(area, &panel), image, sw_app_log_scale(app));
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	enum { HEAD = 1, LEAST_CHART = 4, BEST_CHART = 14 };
	struct sw_observe_program *program = user;
	int images = sw_observe_images(program->source.observe);
	int rows = (images ? images : 1) + HEAD + SW_PANEL_ROWS;
	int most = area.h - (area.h >= 28 ? BEST_CHART : LEAST_CHART) - SW_PANEL_ROWS;
	if (rows > most)
		rows = most > HEAD + 1 + SW_PANEL_ROWS ? most : area.h;
	draw_table(program, app, sw_area_cut_top(&area, rows));
	if (area.h > SW_PANEL_ROWS)
		draw_chosen(program, app, area);
}

static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_observe_program *program = user;
	return sw_observe_choose_span(program, action) ||
	       sw_list_act(&program->images, app, N_COLUMNS, action);
}

static void click(void *user, struct sw_app *app, int x, int y)
{
	struct sw_observe_program *program = user;
	sw_list_click(&program->images, app, N_COLUMNS, (struct sw_place){x, y});
}

static void draw_detail(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_observe_program *program = user;
	int chosen = sw_list_selected(&program->images);
	const struct sw_observe_image *image = chosen < 0 ? NULL : at(program, chosen);
	if (!image)
		return;
	const struct sw_flow_piece name = {image->name,
	                                   sw_observe_role(program->source.observe, image)};
	int used = sw_flow_draw(area, &name, 1);
	(void)sw_area_cut_top(&area, used + 1);
	sw_observe_draw_image(area, image, sw_app_log_scale(app));
}

static char *filter(void *user)
{
	struct sw_observe_program *program = user;
	return program->images.filter;
}

const struct sw_screen sw_observe_screen_images = {
	.name = "images",
	.about = "images: counts, failures and times side by side",
	.places = SW_ON_LIST | SW_ON_HISTOGRAM,
	.draw = draw,
	.act = act,
	.click = click,
	.draw_detail = draw_detail,
	.filter = filter,
};
