/* Hides nothing: what core/session.c (the session), core/session_iteration.c (iterations and the accounts),
 * core/session_faults.c and core/session_container.c share. Must not be included elsewhere. */
#ifndef SW_SESSION_INTERNAL_H
#define SW_SESSION_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include "core/session.h"

/* ---- core/session.c ---- */

/* Counts an event that did not fit; 0. */
int sw_session_unexpected(struct sw_session *session);
int sw_session_end_pause(struct sw_session *session, int64_t t_ns);

/* ---- core/session_iteration.c ---- */

/* An event about iterations of a mode that there is. 0, or -1 when memory is out. */
int sw_session_iteration(struct sw_session *session, const struct sw_event *event);
/* The slot in which ITERATION runs, or NULL. */
struct sw_running *sw_mode_find_running(struct sw_mode_state *mode, int64_t iteration, bool warmup);
/* Whatever runs is dropped. */
void sw_session_drop_all(struct sw_mode_state *mode);
/* Aborts, in every build, where planned is not fell_back + outcomes + running + pending. */
void sw_session_check_accounts(const struct sw_mode_state *mode);
/* info.planned, never negative. */
uint64_t sw_mode_planned(const struct sw_mode_state *mode);
/* Whether what is done or runs, by its numbers, is part of a plan of so many iterations. */
bool sw_mode_fits(const struct sw_mode_state *mode, int64_t planned);

/* ---- core/session_faults.c ---- */

int sw_session_fault(struct sw_session *session, const struct sw_event *event);
/* The index into came_of of an iteration that ended so. */
int sw_session_what_came(enum sw_outcome outcome, bool fell_back);

/* ---- core/session_container.c ---- */

int sw_session_add_container(struct sw_session *session, const struct sw_event *event);
int sw_session_remove_container(struct sw_session *session, const struct sw_event *event);
/* A pool's container is made for no iteration, and has one from its first phase on. */
void sw_session_serve_container(struct sw_session *session, const struct sw_event *event);
/* All are gone, without an event for each. */
void sw_session_containers_gone(struct sw_session *session, int64_t t_ns);

#endif
