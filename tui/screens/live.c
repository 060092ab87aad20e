#include "tui/screens/session.h"

#include <math.h>

#include "core/text.h"
#include "tui/screens/charts.h"
#include "widgets/counters.h"
#include "widgets/panel.h"

enum {
	WIDE = 104, /* from this width on, and this height, panels stand side by side */
	TALL = 20,
	SIDE = 42, /* columns of the right side */
	COUNTERS = 5,
	SLOTS_LEAST = 3, /* of a mode that runs several at a time are seen, also in a small terminal */
	RECENT_MAX = 16,
};

/* ---- the sentences ---- */

/* Sentences that find no room are left out, never the first. Returns the rows of the others. */
static int choose_sentences(struct sw_headline *headline, int width, int rows)
{
	struct sw_area measure = {NULL, 0, 0, width, 0};
	int n = headline->n_sentences ? headline->ends[0] : 0;
	int used = sw_flow_draw(measure, headline->pieces, n);
	for (int i = 1; i < headline->n_sentences; i++) {
		int length = headline->ends[i] - headline->ends[i - 1];
		memmove(&headline->pieces[n], &headline->pieces[headline->ends[i - 1]],
		        (size_t)length * sizeof headline->pieces[0]);
		int more = sw_flow_draw(measure, headline->pieces, n + length);
		if (more > rows)
			continue;
		used = more;
		n += length;
	}
	headline->n = n;
	return used < rows ? used : rows;
}

static void draw_headline(const struct sw_session_program *program, struct sw_area *area)
{
	struct sw_headline headline;
	const struct sw_session *session = sw_program_session(program);
	sw_view_headline(session, program->has_figures ? program->figures : NULL, &program->highlights,
	                 &headline);
	struct sw_area text = sw_area_sub(*area, 1, 0, area->w - 2, area->h);
	/* As many as it will ever need at this width, so that nothing below jumps. */
	int kept = text.w >= 110 ? 2 : text.w >= 70 ? 3 : 4;
	if (area->h < 16)
		kept--;
	text.h = choose_sentences(&headline, text.w, kept);
	sw_flow_draw(text, headline.pieces, headline.n);
	(void)sw_area_cut_top(area, area->h >= 18 ? kept + 1 : kept);
}

/* ---- what happened ---- */

static const struct sw_attempt_record *newest_in_sandbox(const struct sw_attempts *attempts,
                                                         const struct sw_attempt_record *newest)
{
	for (int i = 0; i < attempts->n; i++) {
		const struct sw_attempt_record *attempt = &attempts->list[i];
		if (!attempt->on_host && (!newest || attempt->start_ns > newest->start_ns))
			newest = attempt;
	}
	return newest;
}

/* Iterations that ended so in their own mode, those too that then ran on the host instead. */
static int64_t sum_outcome(const struct sw_session *session, enum sw_outcome outcome)
{
	uint64_t sum = 0;
	for (int i = 0; i < session->n_modes; i++)
		sum += session->modes[i]->outcomes[outcome] + session->modes[i]->taken[outcome];
	return (int64_t)sum;
}

/* Whether the newest attempt in a sandbox failed for the engine's sake. */
static bool is_engine_failing(const struct sw_session *session)
{
	const struct sw_attempt_record *newest = NULL;
	uint64_t kept = session->n_recent < SW_RECENT_MAX ? session->n_recent : SW_RECENT_MAX;
	for (int i = 0; i < session->n_modes; i++)
		for (int k = 0; k < session->modes[i]->n_slots; k++)
			if (session->modes[i]->slots[k].is_active)
				newest = newest_in_sandbox(&session->modes[i]->slots[k].ended, newest);
	for (uint64_t i = 1; i <= kept && !newest; i++)
		newest = newest_in_sandbox(&session->recent[(session->n_recent - i) % SW_RECENT_MAX].ended,
		                           newest);
	return newest && newest->outcome == SW_OUTCOME_ENGINE;
}

/* Counts that are 0 as a rule: they get their place when they are not. */
struct rare {
	uint64_t replaced;  /* kept containers that were lost, and made anew */
	uint64_t not_asked; /* attempts that the circuit breaker refused */
	uint64_t injected;  /* faults */
};

static struct rare count_rare(const struct sw_session *session)
{
	struct rare rare = {0, 0, 0};
	for (int i = 0; i < session->n_modes; i++) {
		rare.replaced += session->modes[i]->replaced;
		rare.not_asked += session->modes[i]->not_asked;
		rare.injected += sw_mode_faults(session->modes[i]);
	}
	return rare;
}

static int counter_rows(const struct sw_session_program *program)
{
	struct rare rare = count_rare(sw_program_session(program));
	int n = (rare.replaced > 0) + (rare.not_asked > 0) + (rare.injected > 0);
	return COUNTERS + (n + 1) / 2;
}

static const char *engine_state(const struct sw_session *session)
{
	if (session->breaker == SW_BREAKER_OPEN)
		return "breaker open";
	if (session->breaker == SW_BREAKER_HALF_OPEN)
		return "breaker half-open";
	if (!*session->environment.engine)
		return "engine none";
	return is_engine_failing(session) ? "engine fails" : "engine up";
}

static void draw_counters(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_session *session = sw_program_session(program);
	uint64_t taken = 0, refused = 0, retries = 0;
	struct rare rare = count_rare(session);
	for (int i = 0; i < session->n_modes; i++) {
		taken += sw_mode_taken(session->modes[i]);
		refused += sw_mode_refused(session->modes[i]);
		retries += session->modes[i]->retries;
	}
	struct sw_flow_piece title[] = {{"fallback and failures", SW_ROLE_TITLE}};
	struct sw_panel panel = {.title = title, .n_title = 1, .note = engine_state(session)};
	struct sw_area inside = sw_panel_draw(area, &panel);
	struct sw_counter counters[16] = {
		{"fell back", (int64_t)taken, NULL, SW_ROLE_WARNING},
		{"refused", (int64_t)refused, NULL, SW_ROLE_WARNING},
		{"retries", (int64_t)retries, NULL, SW_ROLE_WARNING},
		{"engine", sum_outcome(session, SW_OUTCOME_ENGINE), NULL, SW_ROLE_BAD},
		{"timeouts", sum_outcome(session, SW_OUTCOME_TIMEOUT), NULL, SW_ROLE_BAD},
		{"out of mem.", sum_outcome(session, SW_OUTCOME_OOM), NULL, SW_ROLE_BAD},
		{"crashed", sum_outcome(session, SW_OUTCOME_CRASHED), NULL, SW_ROLE_BAD},
		{"failed", sum_outcome(session, SW_OUTCOME_FAILED), NULL, SW_ROLE_BAD},
		{"rejected", sum_outcome(session, SW_OUTCOME_REJECTED), NULL, SW_ROLE_BAD},
		{"cancelled", sum_outcome(session, SW_OUTCOME_CANCELLED), NULL, SW_ROLE_TEXT},
	};
	const struct sw_counter rarely[] = {
		{"replaced", (int64_t)rare.replaced, NULL, SW_ROLE_WARNING},
		{"not asked", (int64_t)rare.not_asked, NULL, SW_ROLE_WARNING},
		{"injected", (int64_t)rare.injected, NULL, SW_ROLE_ACCENT},
	};
	int n = 10;
	for (size_t i = 0; i < sizeof rarely / sizeof rarely[0]; i++)
		if (rarely[i].value)
			counters[n++] = rarely[i];
	(void)sw_counters_draw(inside, counters, n, 4);
}

/* ---- the verdict so far ---- */

static enum sw_role verdict_role(enum sw_verdict verdict)
{
	switch (verdict) {
	case SW_VERDICT_ENABLE:
	case SW_VERDICT_ENABLE_VERIFIED:
		return SW_ROLE_OK;
	case SW_VERDICT_OPTIONAL:
		return SW_ROLE_WARNING;
	case SW_VERDICT_DISABLE:
		return SW_ROLE_BAD;
	case SW_VERDICT_UNKNOWN:
		break;
	}
	return SW_ROLE_DIM;
}

/* "a 3 s job takes 7.20 s      +140 %" */
static void draw_projection(struct sw_area area, int y, const struct sw_projection *projection,
                            bool stretched)
{
	char text[64], takes[16], percent[16];
	double ns = stretched ? projection->ratio_candidate_ns : projection->candidate_ns;
	double more = stretched ? projection->ratio_percent : projection->overhead_percent;
	(void)snprintf(text, sizeof text, "a %g s job takes ", projection->project_seconds);
	int x = sw_put_text(area, 0, y, text, SW_ROLE_DIM);
	(void)sw_put_text(area, x, y, sw_view_mean(takes, sizeof takes, ns), SW_ROLE_TEXT);
	(void)snprintf(percent, sizeof percent, "%+.0f %%", more);
	sw_put_text_right(area, area.w, y, 10, percent, SW_ROLE_STRONG);
}

/* Where the projections alone would not explain the verdict: what speaks against the sandbox beside
 * its overhead, or what is missing. The first reason, that nothing was verified, is in the verdict. */
static const struct sw_reason *telling_reason(const struct sw_figures *figures)
{
	bool good = figures->verdict == SW_VERDICT_ENABLE ||
	            figures->verdict == SW_VERDICT_ENABLE_VERIFIED;
	for (int i = 1; i < figures->n_reasons && !good && figures->n_projections; i++)
		if (figures->reasons[i].weight < 0 && strcmp(figures->reasons[i].topic, "overhead") != 0)
			return &figures->reasons[i];
	return !figures->n_projections && figures->n_reasons > 1 ? &figures->reasons[1] : NULL;
}

static void draw_decision(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_figures *figures = program->figures;
	bool known = program->has_figures;
	struct sw_flow_piece title[] = {
		{"should it be on? ", SW_ROLE_TITLE},
		{known ? sw_verdict_name(figures->verdict) : "unknown",
	     known ? verdict_role(figures->verdict) : SW_ROLE_DIM},
	};
	struct sw_panel panel = {.title = title, .n_title = 2};
	struct sw_area inside = sw_panel_draw(area, &panel);
	if (!known)
		return;
	const struct sw_reason *reason = telling_reason(figures);
	int y = 0, projections = reason && figures->n_projections ? 1 : figures->n_projections;
	for (int i = 0; i < projections && y < inside.h; i++)
		/* As the verdict has it: a ratio that is noise stretches nothing. */
		draw_projection(inside, y++, &figures->projections[i],
		                figures->decision_with_ratio && figures->projections[i].has_ratio);
	(void)sw_area_cut_top(&inside, y);
	if (reason && inside.h > 0)
		sw_flow_draw(inside, &(struct sw_flow_piece){reason->text, SW_ROLE_DIM}, 1);
}

/* A row for each projection, or for a reason. */
static int decision_rows(const struct sw_session_program *program)
{
	int projections = program->has_figures ? program->figures->n_projections : 0;
	return projections > 2 ? projections : 2;
}

/* ---- the whole ---- */

static void draw_latency(const struct sw_session_program *program, struct sw_app *app,
                         struct sw_area area)
{
	struct sw_flow_piece title[] = {{"latency", SW_ROLE_TITLE},
	                                {" of iterations that ended ok", SW_ROLE_DIM}};
	struct sw_panel panel = {
		.title = title,
		.n_title = area.w >= 70 ? 2 : 1,
		.note = sw_app_log_scale(app) ? "log" : "linear",
	};
	sw_draw_latency(sw_panel_draw(area, &panel), program, sw_app_log_scale(app));
}

/* "cold ×5, 3 running"; what the mode's name says already is left out. */
static void describe_mode(const struct sw_mode_state *mode, char *dst, size_t size)
{
	char kind[32];
	bool is_new = !strstr(mode->info.name, sw_view_kind(kind, sizeof kind, &mode->info));
	int n = snprintf(dst, size, "%s%s", is_new ? "  " : "", is_new ? kind : "");
	if (mode->n_slots > 1 && mode->n_running)
		(void)snprintf(dst + n, size - (size_t)n, ", %d running", mode->n_running);
}

static void draw_lifecycle(const struct sw_session_program *program, struct sw_area area)
{
	const struct sw_session *session = sw_program_session(program);
	int mode = sw_program_mode(program);
	if (mode < 0)
		return;
	char note[48], about[64], behind[256];
	const struct sw_mode_state *state = session->modes[mode];
	const struct sw_running *run = sw_mode_running(state);
	uint64_t timed = program->has_figures && mode < program->figures->n_modes
	                     ? program->figures->modes[mode].timed_attempts
	                     : 0;
	/* With two modes their names say it; with more, and several at a time, it has to be said. */
	bool is_told = session->n_modes > 2 || state->n_slots > 1;
	describe_mode(state, about, sizeof about);
	struct sw_flow_piece title[] = {{"lifecycle  ", SW_ROLE_TITLE},
	                                {state->info.name, sw_view_mode_role(mode)},
	                                {about, SW_ROLE_DIM}};
	/* What is seen of the newest attempt is then no container's. */
	bool elsewhere = state->info.kind != SW_KIND_HOST && (run ? run->on_host : state->last_on_host);
	(void)snprintf(note, sizeof note, "%smean of %llu", elsewhere ? "newest on the host, " : "",
	               (unsigned long long)timed);
	sw_lifecycle_behind_text(program, mode, behind, sizeof behind);
	struct sw_flow_piece foot = {behind, SW_ROLE_DIM};
	bool needs_foot = *behind && !sw_lifecycle_shows_behind(program, mode, area.h - SW_PANEL_ROWS);
	struct sw_panel panel = {.title = title,
	                         .n_title = is_told ? 3 : 2,
	                         .note = note,
	                         .foot = &foot,
	                         .n_foot = needs_foot};
	sw_draw_lifecycle(sw_panel_draw(area, &panel), program, mode);
}

static void draw_recent(const struct sw_session_program *program, struct sw_app *app,
                        struct sw_area area)
{
	struct sw_flow_piece title[] = {{"iterations", SW_ROLE_TITLE}, {" over time", SW_ROLE_DIM}};
	struct sw_panel panel = {.title = title, .n_title = 2};
	sw_draw_recent(sw_panel_draw(area, &panel), program, sw_app_log_scale(app));
}

struct rows {
	int latency, lifecycle; /* with their frames */
};

/* From the most telling down: blocks under a heading for each mode, or one line; a row for each phase, or
 * one stacked bar, of all slots or of some. */
static struct rows share_out(const struct sw_session_program *program, int height)
{
	int mode = sw_program_mode(program);
	int best = sw_latency_rows(program) + SW_PANEL_ROWS;
	int blocks = 2 * sw_program_session(program)->n_modes + 2 + SW_PANEL_ROWS;
	int lines = sw_latency_line_rows(program) + SW_PANEL_ROWS;
	int phases = sw_lifecycle_rows(program, mode) + SW_PANEL_ROWS;
	int all = sw_lifecycle_stacked_rows(program, mode, SW_PARALLEL_MAX) + SW_PANEL_ROWS;
	int some = sw_lifecycle_stacked_rows(program, mode, SLOTS_LEAST) + SW_PANEL_ROWS;
	const struct rows forms[] = {
		{blocks, phases}, {lines, phases}, {blocks, all}, {lines, all}, {lines, some},
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (forms[i].latency + forms[i].lifecycle > height)
			continue;
		int lifecycle = forms[i].lifecycle, latency = height - lifecycle;
		/* What lines leave the waterfall's axis gets a line of its own. */
		if (lifecycle == phases && latency > lines && latency < blocks)
			latency = height - ++lifecycle;
		return (struct rows){latency < best ? latency : best, lifecycle};
	}
	return (struct rows){height - some, some};
}

/* Side by side: what is compared and where the time goes on the left, what came of it on the right. */
static void draw_wide(const struct sw_session_program *program, struct sw_app *app,
                      struct sw_area area)
{
	struct sw_area right = sw_area_cut_right(&area, area.w >= 160 ? area.w / 3 : SIDE);
	struct rows rows = share_out(program, area.h);
	draw_latency(program, app, sw_area_cut_top(&area, rows.latency));
	draw_lifecycle(program, sw_area_cut_top(&area, rows.lifecycle));
	draw_counters(program, sw_area_cut_top(&right, counter_rows(program) + SW_PANEL_ROWS));
	draw_decision(program, sw_area_cut_top(&right, decision_rows(program) + SW_PANEL_ROWS));
	draw_recent(program, app, sw_area_cut_top(&right, right.h < RECENT_MAX ? right.h : RECENT_MAX));
}

/* One below the other, and the less the smaller. */
static void draw_narrow(const struct sw_session_program *program, struct sw_app *app,
                        struct sw_area area)
{
	const int least = 4; /* rows of a panel that is worth having */
	int mode = sw_program_mode(program);
	int latency = sw_latency_rows(program) + SW_PANEL_ROWS;
	int lines = sw_latency_line_rows(program) + SW_PANEL_ROWS;
	int lifecycle = sw_lifecycle_stacked_rows(program, mode, 1) - 1 + SW_PANEL_ROWS;
	/* What each mode's line leaves is for the slots. */
	int slots = sw_lifecycle_stacked_rows(program, mode, SLOTS_LEAST) - 1 + SW_PANEL_ROWS;
	if (slots > lifecycle && area.h - lines > lifecycle)
		lifecycle = area.h - lines < slots ? area.h - lines : slots;
	if (latency + lifecycle + least > area.h)
		latency = area.h - lifecycle - (area.h >= 2 * lifecycle + least + 4 ? least : 0);
	if (latency < least) {
		latency = area.h > 2 * least ? area.h / 2 : area.h;
		lifecycle = area.h - latency;
	}
	draw_latency(program, app, sw_area_cut_top(&area, latency));
	draw_lifecycle(program, sw_area_cut_top(&area, lifecycle));
	if (area.h >= least)
		draw_recent(program, app, area);
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	draw_headline(program, &area);
	if (area.w >= WIDE && area.h >= TALL)
		draw_wide(program, app, area);
	else
		draw_narrow(program, app, area);
}

/* SW_ACTION_MODE: the next mode's lifecycle. */
static bool act(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	if (action != SW_ACTION_MODE || !session->n_modes)
		return sw_program_act(program, app, action);
	program->mode = (sw_program_mode(program) + 1) % session->n_modes;
	return true;
}

const struct sw_screen sw_screen_live = {
	.name = "live",
	.places = SW_ON_HISTOGRAM,
	.draw = draw,
	.act = act,
};
