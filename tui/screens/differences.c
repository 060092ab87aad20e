#include "tui/screens/differences.h"

#include <math.h>
#include <stdio.h>

#include "tui/screens/charts.h"
#include "widgets/interval.h"
#include "widgets/panel.h"

enum { AXIS = 2 };

/* What intervals are drawn of, and their texts. */
struct lines {
	struct sw_interval intervals[SW_MODES_MAX];
	char texts[SW_MODES_MAX][112];
	int n;
	double low, high;
};

static void add_line(struct lines *lines, const char *name, enum sw_role role,
                     const struct sw_difference *difference, const char *noise)
{
	char diff[16], interval[40], percent[24] = "";
	const struct sw_ci *ci = &difference->ci;
	bool known = ci->method != SW_CI_NONE;
	if (difference->percent != 0)
		(void)snprintf(percent, sizeof percent, "%+.0f %%", difference->percent);
	(void)snprintf(lines->texts[lines->n], sizeof lines->texts[0], "%s%s  %s  %s",
	               difference->ns < 0 ? "" : "+", sw_view_mean(diff, sizeof diff, difference->ns),
	               known ? sw_view_interval(interval, sizeof interval, ci->low, ci->high)
	                     : "[?, ?]",
	               known && !difference->is_distinguishable ? noise : percent);
	lines->intervals[lines->n] = (struct sw_interval){
		.name = name,
		.role = role,
		.low = known ? ci->low : NAN,
		.middle = difference->ns,
		.high = known ? ci->high : NAN,
		.text = lines->texts[lines->n],
	};
	lines->low = fmin(lines->low, fmin(difference->ns, known ? ci->low : difference->ns));
	lines->high = fmax(lines->high, fmax(difference->ns, known ? ci->high : difference->ns));
	lines->n++;
}

/* What finds no row is counted. */
static void draw_lines(struct sw_area area, const struct lines *lines)
{
	struct sw_interval_view view = {.label = sw_duration_label,
	                                .intervals = lines->intervals,
	                                .n = lines->n};
	if (lines->n > area.h && area.h > 0) {
		struct sw_area rest = sw_area_cut_bottom(&area, 1);
		sw_put_textf(rest, 0, 0, SW_ROLE_DIM, "+%d more", lines->n - area.h);
		view.n = area.h;
	}
	(void)sw_axis_init(&view.axis, lines->low, lines->high, false);
	sw_axis_round(&view.axis);
	(void)sw_interval_draw(area, &view);
}

static void draw_nothing(const struct sw_session_program *program, struct sw_area area)
{
	bool is_over = sw_program_session(program)->state != SW_STATE_RUNNING;
	sw_put_text_cut(area, 0, 0, area.w,
	                is_over ? "nothing to compare: no two modes ended ok"
	                        : "nothing to compare yet",
	                SW_ROLE_DIM);
}

/* ---- to another mode ---- */

static int mode_rows(const struct sw_session_program *program)
{
	int n = sw_program_session(program)->n_modes;
	return (n > 1 ? n - 1 : 0) + AXIS;
}

static void draw_to(const struct sw_session_program *program, struct sw_area area, int mode,
                    const struct sw_difference *differences)
{
	const struct sw_comparison *found = &program->comparison;
	struct lines lines = {.n = 0};
	bool is_known = found->is_known && mode >= 0 && mode < found->n_modes;
	const struct sw_flow_piece title[] = {
		{"difference to ", SW_ROLE_TITLE},
		{is_known ? program->figures->modes[mode].state->info.name : "the baseline",
	     is_known ? sw_view_mode_role(mode) : SW_ROLE_DIM},
	};
	struct sw_panel panel = {.title = title, .n_title = 2, .note = "95 % interval of the means"};
	struct sw_area inside = sw_panel_draw(area, &panel);
	for (int i = 0; is_known && i < found->n_modes; i++)
		if (differences[i].is_known)
			add_line(&lines, program->figures->modes[i].state->info.name, sw_view_mode_role(i),
			         &differences[i], "not told from noise");
	if (lines.n)
		draw_lines(inside, &lines);
	else
		draw_nothing(program, inside);
}

/* Of an ablation the layers' costs are these very differences. */
int sw_reference_rows(const struct sw_session_program *program)
{
	bool is_told = program->has_figures && program->highlights.n_layers;
	return is_told && program->reference < 0 ? 0 : mode_rows(program);
}

void sw_draw_reference(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_comparison *found = &program->comparison;
	draw_to(program, area, found->is_known ? found->reference : -1, found->to_reference);
}

int sw_baseline_rows(const struct sw_session_program *program)
{
	bool has_baseline = program->has_figures && program->figures->baseline >= 0;
	return has_baseline && program->figures->baseline != sw_program_reference(program)
	           ? mode_rows(program)
	           : 0;
}

void sw_draw_baseline(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_comparison *found = &program->comparison;
	draw_to(program, area, found->is_known ? program->figures->baseline : -1, found->to_baseline);
}

/* ---- layers ---- */

int sw_layers_rows(const struct sw_session_program *program)
{
	int n = program->has_figures ? program->highlights.n_layers : 0;
	return n ? n + AXIS : 0;
}

/* A layer that is the absence of something costs what having it would save: turned round. */
static struct sw_difference turned(const struct sw_difference *cost)
{
	struct sw_difference other = *cost;
	other.ns = -cost->ns;
	other.ci.low = -cost->ci.high;
	other.ci.high = -cost->ci.low;
	return other;
}

void sw_draw_layers(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_highlights *highlights = &program->highlights;
	struct lines lines = {.n = 0};
	const struct sw_flow_piece title = {"what each layer costs", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title,
	                         .n_title = 1,
	                         .note = "95 % interval, against the same without it"};
	struct sw_area inside = sw_panel_draw(area, &panel);
	for (int i = 0; i < highlights->n_layers; i++) {
		const struct sw_layer_cost *layer = &highlights->layers[i];
		bool is_absence = layer->layer == SW_LAYER_NETWORK;
		struct sw_difference cost = is_absence ? turned(&layer->cost) : layer->cost;
		cost.percent = 0;
		if (layer->cost.is_known)
			add_line(&lines, is_absence ? "a network" : sw_word(&sw_words_layer, (int)layer->layer),
			         sw_view_mode_role(layer->mode), &cost, "not distinguishable from zero");
	}
	if (lines.n)
		draw_lines(inside, &lines);
	else
		draw_nothing(program, inside);
}
