/* Hides how containers that nobody looks after any more are told from living ones, by their labels.
 * Must not know sessions beyond that. Blocking; for `sandwatch clean`, not the measuring thread. */
#ifndef SW_REAPER_H
#define SW_REAPER_H

#include "docker/engine.h"

struct sw_error;
struct sw_signals;

struct sw_reaped {
	int removed, living, foreign; /* living: their process runs; foreign: of another host */
};

/* Removes this host's sandwatch containers on ENGINE whose process is gone (its pid, start time and
 * boot id say so), and no others. */
int sw_reaper_clean(const struct sw_engine *engine, struct sw_reaped *out_reaped,
                    struct sw_error *err);

/* The same for the containers of exports alone, which are never started; SIGNALS (may be NULL) end it
 * early. Before an export: those of the ones that were killed. */
int sw_reaper_clean_exports(const struct sw_engine *engine, const struct sw_signals *signals,
                            struct sw_error *err);

#endif
