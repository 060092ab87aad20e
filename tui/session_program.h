/* Hides the screens of a session and what they have in common, whatever the session comes from: run
 * here, written by another process, or recorded. Must not know which of them it is. */
#ifndef SW_SESSION_PROGRAM_H
#define SW_SESSION_PROGRAM_H

#include "core/session.h"
#include "tui/app.h"

struct sw_journal_stats;
struct sw_monitor;

/* Which iteration of a session. */
struct sw_which {
	int mode;
	int64_t iteration;
	bool warmup;
};

/* Where a session comes from. */
struct sw_source {
	unsigned places; /* SW_ON_RUN, SW_ON_REPLAY */
	/* The state so far; may be another one after sw_session_program_restarted. */
	const struct sw_session *(*session)(void *user);
	/* What time it is in the session, ns since its start. */
	int64_t (*now_ns)(void *user);
	/* Takes what has arrived. May be NULL. */
	void (*refresh)(void *user);
	/* Sets badge and note; may change more. */
	void (*head)(void *user, struct sw_head *head);
	/* Whether time goes on: not when it is paused, over, or its writer is dead. */
	bool (*moving)(void *user);
	/* All actions of a session but SW_ACTION_CANCEL. */
	void (*act)(void *user, enum sw_action action);
	/* Cancels this iteration, which runs as far as is known; false: it cannot, now or ever. NULL: never. */
	bool (*cancel)(void *user, const struct sw_which *run);
	void (*gone)(void *user);
	void (*continued)(void *user); /* as sw_program's; may be NULL */
	/* What reading the journal met besides events; NULL: it is not read. */
	const struct sw_journal_stats *(*stats)(void *user);
	/* CPU and memory of containers; NULL: there is none to ask. */
	struct sw_monitor *monitor;
	void *user;
};

struct sw_session_program;

/* NULL: memory. SOURCE is copied. */
struct sw_session_program *sw_session_program_new(const struct sw_source *source);
void sw_session_program_free(struct sw_session_program *program);
/* For sw_app_open and sw_app_set_program. */
struct sw_program sw_session_program_of(struct sw_session_program *program);

/* An engine that was found later; NULL: none. Borrowed. */
void sw_session_program_monitor(struct sw_session_program *program, struct sw_monitor *monitor);

/* After each event that was folded. */
void sw_session_program_applied(struct sw_session_program *program, const struct sw_event *event);
/* The session begins anew: what was remembered of it is forgotten. */
void sw_session_program_restarted(struct sw_session_program *program);

#endif
