/* Hides the screens of watched containers and what they have in common. Must not know where events
 * come from, nor anything that changes a container. Main thread only. */
#ifndef SW_OBSERVE_PROGRAM_H
#define SW_OBSERVE_PROGRAM_H

#include "docker/observe.h"
#include "tui/app.h"

struct sw_monitor;
struct sw_observe_program;

/* What the screens are shown of; everything is borrowed for as long as the program lives. */
struct sw_observe_source {
	const struct sw_observe *observe;
	const char *filter;            /* docker/filter.h's text; cleaned */
	int64_t (*now_ns)(void *user); /* CLOCK_MONOTONIC */
	int64_t began_ns;              /* when the watch began, since 1970 by this machine's clock */
	int64_t utc_offset_s;          /* of the times of day that are shown */
	void (*act)(void *user, enum sw_action action); /* what no screen takes: quit, snapshot … */
	void (*gone)(void *user);                       /* the terminal is gone */
	void *user;
};

/* NULL: memory. SOURCE is copied. */
struct sw_observe_program *sw_observe_program_new(const struct sw_observe_source *source);
void sw_observe_program_free(struct sw_observe_program *program); /* NULL is fine */
/* For sw_app_open. */
struct sw_program sw_observe_program_of(struct sw_observe_program *program);

/* An engine was found; ABOUT: "Docker 20.10.24 at unix:///run/docker.sock", copied and cleaned. MONITOR
 * (may be NULL) is borrowed. */
void sw_observe_program_engine(struct sw_observe_program *program, const char *about,
                               struct sw_monitor *monitor);
/* None was found yet, and WHY; "": it is being looked for. Copied and cleaned. */
void sw_observe_program_no_engine(struct sw_observe_program *program, const char *why);

/* After each event that was folded; NOW_NS as it was given to the fold. */
void sw_observe_program_applied(struct sw_observe_program *program,
                                const struct sw_container_event *event, int64_t now_ns);

#endif
