/* Hides where sandwatch keeps things: the XDG folders and one folder per run.
 * Must not know what is written there. */
#ifndef SW_PATHS_H
#define SW_PATHS_H

#include <sys/types.h>

#include "core/plan.h"

struct sw_error;

struct sw_paths {
	char state[SW_PATH_MAX];   /* $XDG_STATE_HOME/sandwatch, or $HOME/.local/state/sandwatch */
	char program[SW_PATH_MAX]; /* the folder of /proc/self/exe */
};

/* SW_ERR_USAGE when neither variable says where. Makes the state folder. */
int sw_paths_init(struct sw_paths *paths, struct sw_error *err);

/* For what root does on behalf of the user who called sudo, that is with the private engine: as
 * sw_paths_init, but of that user's home and made as that user. *OUT_CALLER is their uid, or -1 when
 * nobody called sudo; then there is no difference. */
int sw_paths_init_caller(struct sw_paths *paths, uid_t *out_caller, struct sw_error *err);

struct sw_run_paths {
	char id[32];         /* 6 hex digits */
	char started_at[32]; /* RFC 3339, UTC */
	char dir[SW_PATH_MAX], journal[SW_PATH_MAX + 32], snapshot[SW_PATH_MAX + 32],
		config[SW_PATH_MAX + 32];
};

/* Makes STATE/runs/<UTC time>-<id>/ for a session that starts now. */
int sw_paths_new_run(const struct sw_paths *paths, struct sw_run_paths *out_run,
                     struct sw_error *err);

/* The files of the run that JOURNAL is of, beside it; id and started_at, which are in it, stay empty. */
int sw_paths_of_journal(const char *journal, struct sw_run_paths *out_run, struct sw_error *err);

/* The journal of RUN: "latest", an id, a run's folder (or its name alone), or a journal's path. */
int sw_paths_find_run(const struct sw_paths *paths, const char *run, char *dst, size_t size,
                      struct sw_error *err);

/* Now, as RFC 3339 in UTC. DST has 32 bytes. */
void sw_paths_now(char dst[32]);

#endif
