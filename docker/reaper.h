/* Hides how what nobody looks after any more is told from what belongs to a living process, by labels.
 * Must not know sessions beyond that. Blocking; for `sandwatch clean`, and a session's setup and end:
 * never while anything is measured.
 *
 * A container of ours carries sw_lifecycle_labels. It is nobody's when sw_labels_owner (docker/lifecycle.h)
 * calls its process dead. */
#ifndef SW_REAPER_H
#define SW_REAPER_H

#include "core/error.h"
#include "docker/engine.h"

struct sw_signals;

/* What a session's start and its end wait for it at most, each. */
#define SW_REAPER_PATIENCE_NS INT64_C(10000000000)

/* Plain value: what became of the containers that were found. */
struct sw_reaped {
	int removed;
	int failed;            /* nobody's, and still there; WHY says what came of the first of them */
	int living;            /* their process runs, or it cannot be told that it does not */
	int elsewhere;         /* of another PID namespace of this boot */
	int foreign;           /* of another host */
	struct sw_error why;
};

/* Removes what is nobody's on ENGINE, and nothing else; one that will not go is counted as failed, and the
 * others go all the same. One that vanishes meanwhile was removed. SIGNALS (may be NULL) end it early.
 *
 * PATIENCE_NS bounds all of it; 0: nothing does but each request's own 30 s. What is left when it is over
 * counts as failed. -1: they could not even be listed. */
int sw_reaper_clean(const struct sw_engine *engine, const struct sw_signals *signals,
                    int64_t patience_ns, struct sw_reaped *out_reaped, struct sw_error *err);

/* Whose containers are looked for, and who hears of those that stay. */
struct sw_reaper_session {
	const char *id;
	int64_t patience_ns; /* as above */
	void (*stays)(void *user, const char *container_id); /* called from inside; may be NULL */
	void *user;
};

/* The same for the containers of SESSION alone, and those of this very process, too: it is over, and an
 * engine that was down at the wrong moment may have kept some. Each that is there still is told to
 * `stays`: one that was not, by the time this returns 0, is gone. With -1 that is known of none. */
int sw_reaper_clean_session(const struct sw_engine *engine, const struct sw_reaper_session *session,
                            struct sw_reaped *out_reaped, struct sw_error *err);

/* Removes the images of ours that have lost their name: an import that was killed leaves what it
 * replaced. Those that a user built (docker/image/Dockerfile) or that a container uses stay. For
 * `sandwatch clean` alone: a session may run one by its id. */
int sw_reaper_clean_images(const struct sw_engine *engine, int *out_removed, struct sw_error *err);

/* The same for the containers of exports alone, which are never started. Before an export: those of the
 * ones that were killed. */
int sw_reaper_clean_exports(const struct sw_engine *engine, const struct sw_signals *signals,
                            struct sw_error *err);

#endif
