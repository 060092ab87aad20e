/* Hides how engines spell what happens to a container: one event, a plain value, whichever engine said
 * it and however. Must not know connections or who counts the events. */
#ifndef SW_CONTAINER_EVENT_H
#define SW_CONTAINER_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/api.h"

struct sw_error;

enum sw_ce_kind {
	/* The engine's own. Docker says die and destroy, Podman died and remove. */
	SW_CE_CREATE,
	SW_CE_START,
	SW_CE_DIE, /* exit_code */
	SW_CE_DESTROY,
	SW_CE_KILL, /* signal: somebody sent one; the container need not die of it */
	SW_CE_OOM,
	SW_CE_STOP,
	SW_CE_PAUSE,
	SW_CE_UNPAUSE,
	SW_CE_RENAME, /* name: the new one */
	SW_CE_LEFT,   /* renamed so that the filter means it no longer */
	/* The watcher's (docker/events.h). */
	SW_CE_CONNECTED,  /* for the first time: from now on events come */
	SW_CE_LOST,       /* text: why. Comes again when the reason changes */
	SW_CE_BACK,       /* lost_ns: for how long it was lost */
	SW_CE_LIST_BEGIN, /* the engine is asked which containers it has */
	SW_CE_LISTED,     /* one of them; between the two other events come, too */
	SW_CE_LIST_END,   /* all of them have been told */
};

enum sw_container_state {
	SW_CONTAINER_CREATED,
	SW_CONTAINER_RUNNING,
	SW_CONTAINER_PAUSED,
	SW_CONTAINER_EXITED,
	SW_CONTAINER_STATES,
};

/* Texts are cleaned (core/text.h) and cut. */
struct sw_container_event {
	enum sw_ce_kind kind;
	char id[SW_CONTAINER_ID_MAX]; /* lower-case hexadecimal digits; "" for CONNECTED … and LIST_… */
	char name[128], image[160]; /* "" where the engine did not say it */
	char old_name[128];         /* of RENAME */
	int64_t time_ns; /* > 0: the engine's clock, since 1970 (timeNano); 0 for the watcher's own */
	int exit_code;   /* of DIE; -1: not said */
	int signal;      /* of KILL; 0: not said */
	enum sw_container_state state; /* of LISTED */
	int64_t created_s;             /* of LISTED: since 1970, whole seconds; 0: not said */
	int64_t lost_ns;               /* of BACK */
	char text[256];                /* of LOST */
};

/* One line of GET /events. 1: an event, in OUT; 0: one that says nothing about a container's life
 * (exec_*, health_status, attach, networks, …); -1: this is no event at all. Any bytes. */
int sw_container_event_read(const char *line, size_t len, struct sw_container_event *out_event);

/* The answer to GET /containers/json: EACH per container, as LISTED. -1: SW_ERR_PROTOCOL. */
typedef void (*sw_container_each_fn)(void *user, const struct sw_container_event *event);
int sw_container_list_read(const char *body, size_t len, sw_container_each_fn each, void *user,
                           struct sw_error *err);

/* "created", "running", "paused", "exited". */
const char *sw_container_state_name(enum sw_container_state state);

#endif
