/* Hides a warm iteration: one line to a worker that waits in a kept container, forked and warmed up
 * ahead (docker/worker/zygote.py). Must not know retries or statistics; it implements core/runner.h.
 *
 * The container is made once, behind every path. A job harms itself only: its worker is killed with all its
 * descendants when it is over, and the next one is made when nothing of it is left. A container that is lost
 * all the same is replaced, behind the path as well, and that is told (container_replaced). */
#ifndef SW_WARM_H
#define SW_WARM_H

#include "core/runner.h"

struct sw_container_options;
struct sw_error;

/* As docker/container_runner.h says of OPTIONS. image_argv NULL: the image is none of ours, so no worker is
 * in it, and each attempt says so as `engine`. prepare makes the container and waits until its worker is
 * ready; finish removes it. */
int sw_warm_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
