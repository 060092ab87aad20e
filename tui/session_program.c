#include "tui/session_program.h"

#include <stdlib.h>

#include "core/loop.h"
#include "tui/screens/session.h"

/* Figures may be asked for at each frame, and take their time with many samples: at most this part
 * of the thread's time goes into them. */
enum { FIGURES_PART = 100 };

static struct sw_session_program *self(void *user)
{
	return user;
}

static bool figures_are_due(const struct sw_session_program *program,
                            const struct sw_session *session, int64_t now)
{
	if (program->has_figures && program->figures_seq == session->last_seq)
		return false;
	/* The last word counts, whatever it costs. */
	return session->state != SW_STATE_RUNNING ||
	       now - program->figures_at_ns >= FIGURES_PART * program->figures_cost_ns;
}

/* As the figures' own interval of the overhead, for every mode beside the candidate. */
static void compute_differences(struct sw_session_program *program,
                                const struct sw_session *session)
{
	const struct sw_figures *figures = program->figures;
	const struct sw_mode_state *base =
		figures->baseline >= 0 ? figures->modes[figures->baseline].state : NULL;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		struct sw_ci *ci = &program->difference_ci[i];
		*ci = (struct sw_ci){.method = SW_CI_NONE};
		/* Beyond that not all samples are there, nor in their order. */
		if (base && base != mode && i != figures->candidate && base->n_samples <= SW_SAMPLES_MAX &&
		    mode->n_samples <= SW_SAMPLES_MAX)
			(void)sw_stats_difference(base->samples, (size_t)base->n_samples, mode->samples,
			                          (size_t)mode->n_samples, (uint64_t)session->info.seed, ci);
	}
}

static void compute_figures(struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	int64_t begin = sw_clock_ns();
	if (!session->started || !program->figures_dirty || !figures_are_due(program, session, begin))
		return;
	program->has_figures = sw_figures_compute(session, program->figures) == 0;
	if (program->has_figures)
		compute_differences(program, session);
	program->figures_seq = session->last_seq;
	program->figures_at_ns = sw_clock_ns();
	program->figures_cost_ns = program->figures_at_ns - begin;
	program->figures_dirty = false;
}

static void refresh(void *user)
{
	struct sw_session_program *program = self(user);
	if (program->source.refresh)
		program->source.refresh(program->source.user);
	compute_figures(program);
}

static void head(void *user, struct sw_head *out)
{
	const struct sw_session_program *program = self(user);
	const struct sw_session *session = sw_program_session(program);
	const struct sw_environment *environment = &session->environment;
	char left[16];
	*out = (struct sw_head){.badge = SW_BADGE_RUNNING};
	(void)snprintf(out->title, sizeof out->title, "%s", session->info.name);
	if (*environment->engine)
		(void)snprintf(out->about, sizeof out->about, "%.31s %.47s \u00b7 %.31s",
		               environment->engine, environment->engine_version, environment->runtime);
	else if (session->started)
		(void)snprintf(out->about, sizeof out->about, "no engine");
	out->done = sw_session_done(session);
	out->planned = sw_session_planned(session);
	out->has_progress = out->planned > 0;
	int64_t left_ns = sw_view_left_ns(session, program->source.now_ns(program->source.user));
	if (session->state == SW_STATE_RUNNING && out->done < out->planned)
		(void)snprintf(out->eta, sizeof out->eta, "ETA %s",
		               left_ns < 0 ? "-:--" : sw_view_clock(left, sizeof left, left_ns));
	else if (session->started)
		(void)snprintf(out->eta, sizeof out->eta, "took %s",
		               sw_view_clock(left, sizeof left,
		                             session->last_ns -
		                                 sw_session_paused_ns(session, session->last_ns)));
	program->source.head(program->source.user, out);
}

static bool moving(void *user)
{
	const struct sw_session_program *program = self(user);
	/* Figures that were not due yet are shown once they are. */
	bool is_owing = program->figures_dirty && sw_program_session(program)->started;
	return is_owing || program->source.moving(program->source.user);
}

static void act(void *user, enum sw_action action)
{
	const struct sw_session_program *program = self(user);
	program->source.act(program->source.user, action);
}

static void gone(void *user)
{
	const struct sw_session_program *program = self(user);
	program->source.gone(program->source.user);
}

static void continued(void *user)
{
	const struct sw_session_program *program = self(user);
	if (program->source.continued)
		program->source.continued(program->source.user);
}

struct sw_session_program *sw_session_program_new(const struct sw_source *source)
{
	struct sw_session_program *program = calloc(1, sizeof *program);
	if (!program)
		return NULL;
	program->source = *source;
	program->figures = calloc(1, sizeof *program->figures);
	program->log = sw_eventlog_new();
	if (!program->figures || !program->log) {
		sw_session_program_free(program);
		return NULL;
	}
	program->mode = -1;
	program->iterations.table = (struct sw_table_state){.sort = -1, .follow = true};
	program->containers.table = (struct sw_table_state){.sort = -1, .follow = true};
	program->events.table = (struct sw_table_state){.sort = -1, .follow = true};
	return program;
}

void sw_session_program_free(struct sw_session_program *program)
{
	if (!program)
		return;
	sw_list_done(&program->iterations);
	sw_list_done(&program->containers);
	sw_list_done(&program->events);
	free(program->figures);
	sw_eventlog_free(program->log);
	free(program);
}

static const struct sw_screen *const screens[] = {
	&sw_screen_live,    &sw_screen_iterations, &sw_screen_containers,
	&sw_screen_compare, &sw_screen_events,     &sw_screen_verification,
};

struct sw_program sw_session_program_of(struct sw_session_program *program)
{
	return (struct sw_program){
		.screens = screens,
		.n_screens = sizeof screens / sizeof screens[0],
		.places = program->source.places,
		.refresh = refresh,
		.head = head,
		.moving = moving,
		.act = act,
		.gone = gone,
		.continued = continued,
		.user = program,
	};
}

void sw_session_program_monitor(struct sw_session_program *program, struct sw_monitor *monitor)
{
	program->source.monitor = monitor;
}

void sw_session_program_applied(struct sw_session_program *program, const struct sw_event *event)
{
	sw_eventlog_add(program->log, event);
	/* Figures are of finished iterations; events in between change none. */
	if (event->kind == SW_EVENT_ITERATION_FINISHED || event->kind == SW_EVENT_MODE_PLANNED ||
	    event->kind == SW_EVENT_SESSION_FINISHED || event->kind == SW_EVENT_ENVIRONMENT)
		program->figures_dirty = true;
}

void sw_session_program_restarted(struct sw_session_program *program)
{
	sw_eventlog_clear(program->log);
	program->has_figures = false;
	program->figures_dirty = true;
	program->figures_at_ns = 0;
}

/* ---- for the screens ---- */

static int mode_of(const struct sw_session *session, const struct sw_mode_state *mode)
{
	for (int i = 0; mode && i < session->n_modes; i++)
		if (session->modes[i] == mode)
			return i;
	return -1;
}

int sw_program_mode(const struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	if (program->mode >= 0 && program->mode < session->n_modes)
		return program->mode;
	int mode = mode_of(session, sw_session_candidate(session));
	if (mode < 0)
		mode = mode_of(session, sw_session_baseline(session));
	return mode < 0 && session->n_modes ? 0 : mode;
}

bool sw_program_choose_mode(void *user, struct sw_app *app, enum sw_action action)
{
	struct sw_session_program *program = self(user);
	const struct sw_session *session = sw_program_session(program);
	(void)app;
	if (action != SW_ACTION_MODE || !session->n_modes)
		return false;
	program->mode = (sw_program_mode(program) + 1) % session->n_modes;
	return true;
}
