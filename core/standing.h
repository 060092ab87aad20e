/* Hides which containers a session has told of as created, and not yet as removed. Must not know who
 * makes and removes them.
 *
 * For the session's end: a removal that nobody answered to has no event, whether it came through or not;
 * once the engine has said what is there, the rest is gone, and that is told. One thread's. */
#ifndef SW_STANDING_H
#define SW_STANDING_H

#include "core/event.h"
#include "core/runner.h"

struct sw_standing_container {
	char id[16]; /* as container_created had it */
	int mode;
	int64_t iteration, attempt; /* it was made for */
	bool warmup, is_kept;       /* is_kept: it was said to be there still */
};

/* Embedded, begins as {0}. Grows with what stands, not with what was made. */
struct sw_standing {
	struct sw_standing_container *containers;
	size_t n, room;
};

void sw_standing_done(struct sw_standing *standing);

/* Takes note of container_created and container_removed; all other events are nothing to it. One for which
 * there is no memory is not noted. */
void sw_standing_take(struct sw_standing *standing, const struct sw_event *event);

/* The one whose full or short ID this is, is there: sw_standing_tell_gone leaves it out. */
void sw_standing_keep(struct sw_standing *standing, const char *id);

/* Emits container_removed for all that sw_standing_keep did not name, and forgets them; how many. EVENT
 * (caller's, events are large) is overwritten. */
int sw_standing_tell_gone(struct sw_standing *standing, const struct sw_sink *sink,
                          struct sw_event *event);

#endif
