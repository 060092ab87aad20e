/* Hides a cold iteration: a container made, run and removed on the critical path.
 * Must not know retries or statistics; it implements core/runner.h. */
#ifndef SW_COLD_H
#define SW_COLD_H

#include "docker/container_runner.h"

int sw_cold_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
