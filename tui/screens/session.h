/* Hides nothing: what the screens of a session share. For tui/session_program.c and tui/screens/. */
#ifndef SW_SCREENS_SESSION_H
#define SW_SCREENS_SESSION_H

#include "core/figures.h"
#include "core/series.h"
#include "tui/app.h"
#include "tui/eventlog.h"
#include "tui/screens/list.h"
#include "tui/session_program.h"
#include "tui/view.h"

struct sw_session_program {
	struct sw_source source;
	struct sw_figures *figures; /* of figures_session's state when they were computed */
	bool has_figures, figures_dirty;
	uint64_t figures_seq; /* session->last_seq then */
	int64_t figures_at_ns, figures_cost_ns;
	struct sw_highlights highlights; /* of the same state as the figures */
	/* For the screen that compares: each mode against the baseline and against another one. Of the figures
	 * that were there when it was computed, and only then when the screen is looked at. */
	struct sw_comparison {
		bool is_known, is_owed; /* owed: it is not all of the newest figures, and goes on */
		uint64_t seq;           /* of the figures */
		int reference, next;    /* next: the mode that is due; n_modes: all are done */
		int64_t begun_ns, cost_ns;
		struct sw_difference to_baseline[SW_MODES_MAX], to_reference[SW_MODES_MAX];
		struct sw_drift drift[SW_MODES_MAX];
		struct sw_outliers outliers[SW_MODES_MAX];
		int n_modes;
	} comparison;
	int reference; /* against which the modes are compared beside the baseline; -1: the candidate */
	struct sw_eventlog *log;
	struct sw_list iterations, containers, events;
	struct sw_which
		chosen; /* the iteration whose row was chosen when they were drawn; mode -1: none */
	int mode;   /* whose lifecycle is shown; -1: the candidate's */
	/* What the open detail is of: the lists go on beneath it. */
	struct {
		struct sw_which iteration;
		char container[16];
		uint64_t event; /* its number among all that were added, from 0 */
	} opened;
};

static inline const struct sw_session *sw_program_session(const struct sw_session_program *program)
{
	return program->source.session(program->source.user);
}

/* The mode whose lifecycle is shown: the chosen one, else the candidate, the baseline, the first;
 * -1: there is none. */
int sw_program_mode(const struct sw_session_program *program);
/* The mode against which others are compared beside the baseline: the chosen one, else in a session of many
 * the candidate, else the baseline; -1: there is none. */
int sw_program_reference(const struct sw_session_program *program);
/* Brings the comparison up to date, as far as its cost allows: with many samples some modes at each call. */
void sw_program_compare(struct sw_session_program *program);
/* What all screens do alike, for their act: SW_ACTION_CANCEL cancels the iteration that began first, and
 * says which. */
bool sw_program_act(void *user, struct sw_app *app, enum sw_action action);
/* Cancels this one, and says so. */
void sw_program_cancel(const struct sw_session_program *program, struct sw_app *app,
                       const struct sw_which *which);
/* The slot in which it runs, or NULL. */
const struct sw_running *sw_program_running(const struct sw_session_program *program,
                                            const struct sw_which *which);

/* The six screens, in the order of their keys. */
extern const struct sw_screen sw_screen_live, sw_screen_iterations, sw_screen_containers,
	sw_screen_compare, sw_screen_events, sw_screen_verification;

#endif
