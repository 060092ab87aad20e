#include "core/standing.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

void sw_standing_done(struct sw_standing *standing)
{
	free(standing->containers);
	*standing = (struct sw_standing){0};
}

static void add(struct sw_standing *standing, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	if (standing->n == standing->room) {
		size_t room = standing->room ? 2 * standing->room : 64;
		void *longer = realloc(standing->containers, room * sizeof *standing->containers);
		if (!longer)
			return;
		standing->containers = longer;
		standing->room = room;
	}
	struct sw_standing_container *container = &standing->containers[standing->n++];
	*container = (struct sw_standing_container){
		.mode = event->mode,
		.iteration = it->iteration,
		.attempt = it->attempt,
		.warmup = it->warmup,
	};
	(void)sw_text_copy(container->id, sizeof container->id, it->container);
}

static void take_out(struct sw_standing *standing, size_t at)
{
	standing->n--;
	memmove(&standing->containers[at], &standing->containers[at + 1],
	        (standing->n - at) * sizeof *standing->containers);
}

void sw_standing_take(struct sw_standing *standing, const struct sw_event *event)
{
	if (event->kind == SW_EVENT_CONTAINER_CREATED)
		add(standing, event);
	if (event->kind != SW_EVENT_CONTAINER_REMOVED)
		return;
	for (size_t i = standing->n; i-- > 0;) {
		if (standing->containers[i].mode != event->mode ||
		    strcmp(standing->containers[i].id, event->u.it.container) != 0)
			continue;
		take_out(standing, i);
		return;
	}
}

void sw_standing_keep(struct sw_standing *standing, const char *id)
{
	for (size_t i = 0; i < standing->n; i++) {
		struct sw_standing_container *container = &standing->containers[i];
		if (*container->id && strncmp(container->id, id, strlen(container->id)) == 0)
			container->is_kept = true;
	}
}

int sw_standing_tell_gone(struct sw_standing *standing, const struct sw_sink *sink,
                          struct sw_event *event)
{
	int n = 0;
	for (size_t i = 0; i < standing->n;) {
		const struct sw_standing_container *container = &standing->containers[i];
		if (container->is_kept) {
			i++;
			continue;
		}
		sw_event_init(event, SW_EVENT_CONTAINER_REMOVED, container->mode);
		event->u.it.iteration = container->iteration;
		event->u.it.attempt = container->attempt;
		event->u.it.warmup = container->warmup;
		(void)sw_text_copy(event->u.it.container, sizeof event->u.it.container, container->id);
		take_out(standing, i);
		sink->emit(sink->user, event);
		n++;
	}
	return n;
}
