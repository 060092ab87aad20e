/* Hides an iteration in a container that was made ahead: created and attached off the critical path, started
 * on it, and removed behind it. Must not know retries or statistics; it implements core/runner.h.
 *
 * An attempt's time is start request to result read (without a result: to its exit known). The runner keeps
 * mode.pool containers ready and has at most pool + 2 leaving; an attempt that has to wait for either begins
 * when it has its container: the wait is none of its time, and a note says so. */
#ifndef SW_PREPARED_H
#define SW_PREPARED_H

#include "docker/container_runner.h"

/* As sw_cold_new; finish before free. */
int sw_prepared_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                    struct sw_error *err);

#endif
