/* Hides what `network: bridge` is on a private engine: a bridge made through the API, because
 * dockerd there runs without its own one. Must not know modes or sessions. Blocking, for setup and
 * clean-up, never for the measuring thread.
 *
 * The private dockerd is started with --bridge=none and --iptables=false, so that it leaves the
 * machine's network alone. A container with NetworkMode "bridge" is then started all the same, without any
 * network and without a word: measured, that would be no bridge at all. A bridge asked for by name
 * is one: an interface br-… on this machine, addresses that no route of it has, no packet filter and no
 * address translation, hence no way to the internet. */
#ifndef SW_ENGINE_BRIDGE_H
#define SW_ENGINE_BRIDGE_H

#include "docker/engine.h"

#define SW_ENGINE_BRIDGE "sandwatch-bridge"

/* Makes the network SW_ENGINE_BRIDGE on ENGINE, labelled org.sandwatch.network, unless it is there.
 * Within 30 s. A step of STEPS; SW_ERR_INTERRUPTED. */
int sw_engine_bridge_make(const struct sw_engine *engine, struct sw_steps steps,
                          struct sw_error *err);

/* Removes it from the engine at ENDPOINT, within 5 s; there being none is success. Its interface goes
 * with it. */
int sw_engine_bridge_remove(const struct sw_endpoint *endpoint, struct sw_error *err);

#endif
