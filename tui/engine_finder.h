/* Hides the thread on which an engine is looked for, so that a screen is there before one answers.
 * Must not know what the engine is wanted for. Starts none. */
#ifndef SW_ENGINE_FINDER_H
#define SW_ENGINE_FINDER_H

#include "core/error.h"
#include "docker/engine.h"
#include "tui/cli.h"

struct sw_loop;
struct sw_engine_finder;

/* Called once from LOOP: ENGINE, valid during the call, or, where it is NULL, ERROR. */
typedef void (*sw_engine_found_fn)(void *user, const struct sw_engine *engine,
                                   const struct sw_error *error);

/* Looks as `sandwatch clean` does: --host, DOCKER_HOST, the usual sockets, the private engine. LOOP's
 * on_wake is taken until FOUND or sw_engine_finder_free. CLI is borrowed until then. To be called
 * where signals are blocked already (core/signals.h). */
int sw_engine_finder_start(struct sw_loop *loop, const struct sw_cli *cli, sw_engine_found_fn found,
                           void *user, struct sw_engine_finder **out_finder, struct sw_error *err);

/* Ends the search if it lasts and waits for that, well below a second; FOUND is then not called. May
 * be called from FOUND. NULL is fine. */
void sw_engine_finder_free(struct sw_engine_finder *finder);

#endif
