/* Hides an iteration as one more process in a container that is kept: exec create, exec start, and its
 * exit code. Must not know retries or statistics; it implements core/runner.h.
 *
 * The container's first process is the shim, which only keeps it up (`sleep infinity` where no shim can be
 * put). Made in prepare, removed in finish; made anew, off every path, after it was lost or had to be given
 * up: an exec cannot be killed but with its container. An attempt that finds none waits for it, and its
 * time counts from then on.
 *
 * Code can end the container that it is executed in, and leave there what harms the next one. So that it
 * never comes to run on the host for that: the container's end under code that has begun is a crash (or out
 * of memory), as it is for kinds with a container for each attempt; and where the engine can't execute in a
 * container in which an earlier attempt has run, that is no failure of the engine yet: the container is
 * replaced and the attempt begins anew in one where no code has been. */
#ifndef SW_EXEC_H
#define SW_EXEC_H

#include "docker/container_runner.h"

int sw_exec_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
