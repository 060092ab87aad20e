#include "tui/screens/preparing.h"

#include <stdio.h>

#include "core/loop.h"
#include "core/text.h"
#include "tui/view.h"
#include "widgets/panel.h"

static struct sw_preparing *self(void *user)
{
	return user;
}

/* "5 at a time, without seccomp"; "" for one at a time with all layers. */
static void describe_way(const struct sw_mode_plan *mode, char *dst, size_t size)
{
	int n = 0;
	dst[0] = '\0';
	if (mode->parallel > 1)
		n = snprintf(dst, size, ", %d at a time", mode->parallel);
	if (mode->layer != SW_LAYER_NONE)
		(void)snprintf(dst + n, size - (size_t)n, ", without %s",
		               sw_word(&sw_words_layer, (int)mode->layer));
}

/* "cold container of sandwatch/python:latest, 2 GiB, 0.5 CPU, network none, 5 at a time". */
static void describe(const struct sw_mode_plan *mode, char *dst, size_t size)
{
	char way[64];
	describe_way(mode, way, sizeof way);
	char memory[16] = "no memory limit", cpus[32] = "all CPUs";
	const struct sw_sandbox *sandbox = &mode->sandbox;
	if (mode->kind == SW_KIND_HOST) {
		(void)snprintf(dst, size, "on the host, without a sandbox%s%s",
		               mode->preforked ? ", preforked" : "", way);
		return;
	}
	if (sandbox->memory_bytes)
		(void)sw_text_bytes(memory, sizeof memory, (uint64_t)sandbox->memory_bytes);
	if (sandbox->cpu_milli)
		(void)snprintf(cpus, sizeof cpus, "%g CPU", (double)sandbox->cpu_milli / 1000);
	(void)snprintf(dst, size, "%s container of %.60s, %s, %s, network %.20s%s",
	               sw_word(&sw_words_kind, (int)mode->kind), sandbox->image, memory, cpus,
	               sandbox->network, way);
}

void sw_preparing_plan(struct sw_preparing *preparing, const struct sw_plan *plan)
{
	(void)sw_text_copy(preparing->title, sizeof preparing->title, plan->name);
	preparing->iterations = plan->iterations;
	preparing->warmup = plan->warmup;
	preparing->n_modes = plan->n_modes;
	for (int i = 0; i < plan->n_modes; i++) {
		(void)sw_text_copy(preparing->modes[i].name, sizeof preparing->modes[i].name,
		                   plan->modes[i].name);
		describe(&plan->modes[i], preparing->modes[i].about, sizeof preparing->modes[i].about);
	}
}

static void draw_plan(const struct sw_preparing *preparing, struct sw_area area)
{
	char note[64];
	(void)snprintf(note, sizeof note, "%lld iterations each, %lld to warm up",
	               (long long)preparing->iterations, (long long)preparing->warmup);
	const struct sw_flow_piece title = {"what will be compared", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = note};
	struct sw_area inside = sw_panel_draw(area, &panel);
	int n = preparing->n_modes, shown = n <= inside.h ? n : inside.h - 1;
	if (shown < n)
		sw_put_textf(inside, 0, inside.h - 1, SW_ROLE_DIM, "+%d more", n - shown);
	for (int i = 0; i < shown; i++) {
		int width = inside.w < 50 ? inside.w / 2 : 24;
		sw_put_text_cut(inside, 0, i, width - 1, preparing->modes[i].name, sw_view_mode_role(i));
		sw_put_text_cut(inside, width, i, inside.w - width, preparing->modes[i].about, SW_ROLE_DIM);
	}
}

static void draw_step(struct sw_area area, int y, const struct sw_setup_step *step, int64_t now_ns)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	char took[32];
	bool lasts = step->elapsed_ns < 0;
	int64_t elapsed = lasts ? now_ns - step->begun_ns : step->elapsed_ns;
	sw_put_char(area, 0, y, lasts ? glyphs->ring : glyphs->check,
	            lasts ? SW_ROLE_WARNING : SW_ROLE_OK);
	sw_put_text_cut(area, 2, y, 10, step->what, SW_ROLE_TEXT);
	/* What is still under way counts in tenths: more would only flicker. */
	if (lasts)
		(void)snprintf(took, sizeof took, "%lld.%lld s", (long long)(elapsed / 1000000000),
		               (long long)(elapsed / 100000000 % 10));
	else
		(void)sw_text_duration(took, sizeof took, elapsed);
	int used = elapsed >= 1000000 ? sw_put_text_right(area, area.w, y, 10, took, SW_ROLE_DIM) : 0;
	sw_put_text_cut(area, 13, y, area.w - 13 - used - (used > 0), step->detail,
	                lasts ? SW_ROLE_TEXT : SW_ROLE_DIM);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_preparing *preparing = self(user);
	(void)app;
	if (area.h > 8)
		sw_area_cut_top(&area, 1);
	draw_plan(preparing, sw_area_cut_top(&area, preparing->n_modes + SW_PANEL_ROWS));
	const struct sw_flow_piece title = {"getting ready", SW_ROLE_TITLE};
	struct sw_panel panel = {.title = &title, .n_title = 1};
	int rows = preparing->steps.n > 1 ? preparing->steps.n : 1;
	struct sw_area inside = sw_panel_draw(sw_area_cut_top(&area, rows + SW_PANEL_ROWS), &panel);
	int first = preparing->steps.n > inside.h ? preparing->steps.n - inside.h : 0;
	int64_t now = sw_clock_ns();
	for (int i = first; i < preparing->steps.n; i++)
		draw_step(inside, i - first, &preparing->steps.steps[i], now);
	if (!preparing->steps.n)
		sw_put_text(inside, 0, 0, "looking for an engine", SW_ROLE_DIM);
}

static void head(void *user, struct sw_head *out)
{
	*out = (struct sw_head){.badge = SW_BADGE_PREPARING};
	(void)sw_text_copy(out->title, sizeof out->title, self(user)->title);
}

/* The seconds of a step that lasts. */
static bool moving(void *user)
{
	const struct sw_preparing *preparing = self(user);
	return preparing->steps.n && preparing->steps.steps[preparing->steps.n - 1].elapsed_ns < 0;
}

static void act(void *user, enum sw_action action)
{
	self(user)->act(self(user)->user, action);
}

static void gone(void *user)
{
	self(user)->gone(self(user)->user);
}

static const struct sw_screen screen = {.name = "getting ready", .draw = draw};
static const struct sw_screen *const screens[] = {&screen};

struct sw_program sw_preparing_program(struct sw_preparing *preparing)
{
	return (struct sw_program){
		.screens = screens,
		.n_screens = 1,
		.head = head,
		.moving = moving,
		.act = act,
		.gone = gone,
		.user = preparing,
	};
}
