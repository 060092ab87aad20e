/* Hides the engine's event stream: connecting, the filter, cutting lines, what happens when the engine
 * goes away and comes back, and the list of containers that makes up for what nobody saw.
 * Must not know who counts the events (docker/observe.h), nor anything that changes a container: it has
 * a reader (docker/reader.h) and nothing else. One loop's thread. */
#ifndef SW_EVENTS_H
#define SW_EVENTS_H

#include "docker/container_event.h"
#include "docker/endpoint.h"
#include "docker/filter.h"

struct sw_events;
struct sw_loop;

/* Everything in the order in which it is to be counted. It may call sw_events_free. */
typedef void (*sw_container_event_fn)(void *user, const struct sw_container_event *event);

/* Connects soon; what comes of it, EVENT tells: CONNECTED and then the list of what is there, or LOST.
 * FILTER is copied. No events of before are asked for.
 *
 * When the stream ends, LOST says why, and connecting is tried again after 0.1 s, then after twice as
 * long each time up to 2 s, for ever; nothing is armed while it is connected. BACK tells that it worked:
 * the stream then goes on from a second before the last event's time, as far back as the engine keeps
 * events (Docker: 256, none over a restart); what comes twice is dropped. Then the list is told again.
 * A connection that is silently dead shows only where the kernel notices (TCP: keep-alive, about two
 * minutes). */
int sw_events_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                  const struct sw_filter *filter, struct sw_events **out_events,
                  struct sw_error *err);
/* Set before the loop turns. */
void sw_events_on_event(struct sw_events *events, sw_container_event_fn event, void *user);
void sw_events_free(struct sw_events *events); /* NULL is fine */

/* What came and could not be read: lines that are no event, or longer than 64 KiB. */
uint64_t sw_events_unreadable(const struct sw_events *events);

#endif
