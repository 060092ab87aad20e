#include "tui/session_program.h"

#include <stdlib.h>

#include "core/loop.h"
#include "tui/screens/session.h"

/* Figures may be asked for at each frame, and take their time with many samples: at most this part
 * of the thread's time goes into them. */
enum { FIGURES_PART = 100 };
/* What a bootstrap draws from at most, and what one frame's comparison may. */
enum { BOOTSTRAP_SAMPLES = 2048, FRAME_SAMPLES = 2 * BOOTSTRAP_SAMPLES };

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

static void compute_figures(struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	int64_t begin = sw_clock_ns();
	if (!session->started || !program->figures_dirty || !figures_are_due(program, session, begin))
		return;
	program->has_figures = sw_figures_compute(session, program->figures) == 0 &&
	                       sw_view_highlights(program->figures, &program->highlights) == 0;
	program->figures_seq = session->last_seq;
	program->figures_at_ns = sw_clock_ns();
	program->figures_cost_ns = program->figures_at_ns - begin;
	program->figures_dirty = false;
}

/* MODE against the others, and in itself. 0 or -1 (memory). */
static int compare_mode(const struct sw_figures *figures, struct sw_comparison *found, int mode)
{
	int baseline = figures->baseline, reference = found->reference;
	found->to_baseline[mode] = found->to_reference[mode] =
		(struct sw_difference){.is_known = false};
	if (baseline >= 0 && baseline != mode &&
	    sw_figures_difference(figures, baseline, mode, &found->to_baseline[mode]) < 0)
		return -1;
	if (reference == baseline)
		found->to_reference[mode] = found->to_baseline[mode];
	else if (reference >= 0 && reference != mode &&
	         sw_figures_difference(figures, reference, mode, &found->to_reference[mode]) < 0)
		return -1;
	return sw_figures_series(figures, mode, &found->drift[mode], &found->outliers[mode]);
}

/* Samples that are drawn from: a bootstrap's time goes with them. */
static uint64_t weight(const struct sw_figures *figures, int mode)
{
	return figures->modes[mode].latency.count < BOOTSTRAP_SAMPLES
	           ? figures->modes[mode].latency.count
	           : BOOTSTRAP_SAMPLES;
}

static void begin_comparison(struct sw_session_program *program, int reference)
{
	struct sw_comparison *found = &program->comparison;
	if (!found->is_known || found->reference != reference)
		memset(found, 0, sizeof *found);
	found->is_known = true;
	found->reference = reference;
	found->seq = program->figures_seq;
	found->n_modes = program->figures->n_modes;
	found->next = 0;
	found->cost_ns = 0;
}

static bool comparison_is_due(const struct sw_session_program *program, int64_t now)
{
	const struct sw_comparison *found = &program->comparison;
	return found->next >= found->n_modes && found->seq != program->figures_seq &&
	       (sw_program_session(program)->state != SW_STATE_RUNNING ||
	        now - found->begun_ns >= FIGURES_PART * found->cost_ns);
}

void sw_program_compare(struct sw_session_program *program)
{
	struct sw_comparison *found = &program->comparison;
	const struct sw_figures *figures = program->figures;
	int reference = sw_program_reference(program);
	int64_t begin = sw_clock_ns();
	found->is_owed = false;
	if (!program->has_figures) {
		found->is_known = false;
		return;
	}
	if (!found->is_known || found->reference != reference || comparison_is_due(program, begin)) {
		begin_comparison(program, reference);
		found->begun_ns = begin;
	}
	/* A frame must not wait for all modes of a session of many samples. */
	for (uint64_t done = 0; found->next < found->n_modes && done < FRAME_SAMPLES; found->next++) {
		if (compare_mode(figures, found, found->next) < 0) {
			found->is_known = false;
			return;
		}
		done += 3 * weight(figures, found->next);
		done += figures->baseline >= 0 ? weight(figures, figures->baseline) : 0;
		done += reference >= 0 ? weight(figures, reference) : 0;
	}
	found->cost_ns += sw_clock_ns() - begin;
	found->is_owed = found->next < found->n_modes || found->seq != program->figures_seq;
}

static void refresh(void *user)
{
	struct sw_session_program *program = self(user);
	program->comparison.is_owed = false; /* unless the screen that shows it is drawn now */
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
	out->is_at_most = session->info.is_auto && !session->is_length_decided &&
	                  session->state == SW_STATE_RUNNING;
	int64_t now_ns = program->source.now_ns(program->source.user);
	int64_t left_ns = sw_view_left_ns(session, now_ns);
	if (session->state == SW_STATE_RUNNING && out->done < out->planned)
		(void)snprintf(out->eta, sizeof out->eta, "%s%s", out->is_at_most ? "ETA <" : "ETA ",
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
	bool is_owing = (program->figures_dirty && sw_program_session(program)->started) ||
	                program->comparison.is_owed;
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
	program->mode = program->reference = program->chosen.mode = -1;
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
	    event->kind == SW_EVENT_SESSION_FINISHED || event->kind == SW_EVENT_ENVIRONMENT ||
	    event->kind == SW_EVENT_TURN_FINISHED || event->kind == SW_EVENT_PHASE_BEHIND ||
	    event->kind == SW_EVENT_LENGTH_DECIDED)
		program->figures_dirty = true;
}

void sw_session_program_restarted(struct sw_session_program *program)
{
	sw_eventlog_clear(program->log);
	program->has_figures = program->comparison.is_known = program->comparison.is_owed = false;
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

int sw_program_reference(const struct sw_session_program *program)
{
	const struct sw_session *session = sw_program_session(program);
	if (program->reference >= 0 && program->reference < session->n_modes)
		return program->reference;
	int baseline = mode_of(session, sw_session_baseline(session));
	int candidate = mode_of(session, sw_session_candidate(session));
	return candidate >= 0 && (session->n_modes > 2 || baseline < 0) ? candidate : baseline;
}

const struct sw_running *sw_program_running(const struct sw_session_program *program,
                                            const struct sw_which *which)
{
	const struct sw_session *session = sw_program_session(program);
	if (which->mode < 0 || which->mode >= session->n_modes)
		return NULL;
	const struct sw_mode_state *mode = session->modes[which->mode];
	for (int i = 0; i < mode->n_slots; i++) {
		const struct sw_running *run = &mode->slots[i];
		if (run->is_active && run->iteration == which->iteration && run->warmup == which->warmup)
			return run;
	}
	return NULL;
}

/* The one that runs and began first, of all modes; false: none runs. */
static bool find_oldest(const struct sw_session *session, struct sw_which *out)
{
	const struct sw_running *oldest = NULL;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_running *run = sw_mode_running(session->modes[i]);
		if (!run || (oldest && run->iteration_start_ns >= oldest->iteration_start_ns))
			continue;
		oldest = run;
		*out = (struct sw_which){i, run->iteration, run->warmup};
	}
	return oldest != NULL;
}

void sw_program_cancel(const struct sw_session_program *program, struct sw_app *app,
                       const struct sw_which *which)
{
	if (program->source.cancel && program->source.cancel(program->source.user, which))
		sw_app_say(app, SW_ROLE_WARNING, "cancelling %s %s%lld",
		           sw_program_session(program)->modes[which->mode]->info.name,
		           which->warmup ? "w" : "#", (long long)which->iteration);
}

bool sw_program_act(void *user, struct sw_app *app, enum sw_action action)
{
	const struct sw_session_program *program = self(user);
	struct sw_which oldest;
	if (action != SW_ACTION_CANCEL)
		return false;
	if (find_oldest(sw_program_session(program), &oldest))
		sw_program_cancel(program, app, &oldest);
	return true;
}
