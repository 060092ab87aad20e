/* Hides the screen that is shown until the session can start: the plan, and what is being prepared.
 * Must not know how that is done. */
#ifndef SW_SCREENS_PREPARING_H
#define SW_SCREENS_PREPARING_H

#include "core/plan.h"
#include "tui/app.h"
#include "tui/setup_thread.h"

/* Embedded by its owner, who sets act, gone and user and keeps steps up to date. */
struct sw_preparing {
	struct sw_setup_steps steps;
	char title[SW_NAME_MAX];
	int64_t iterations, warmup;
	struct {
		char name[SW_NAME_MAX], about[240];
	} modes[SW_MODES_MAX];
	int n_modes;
	void (*act)(void *user, enum sw_action action);
	void (*gone)(void *user);
	void *user;
};

/* Takes from PLAN what is shown of it. */
void sw_preparing_plan(struct sw_preparing *preparing, const struct sw_plan *plan);

/* PREPARING is borrowed. */
struct sw_program sw_preparing_program(struct sw_preparing *preparing);

#endif
