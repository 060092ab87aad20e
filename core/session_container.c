#include "core/session_internal.h"
#include "core/text.h"

/* At the list's end. Who is gone makes room first: one that is kept is older than most, and there. */
static struct sw_seen_container *new_container(struct sw_session *session)
{
	int at = 0;
	session->containers_made++;
	if (session->n_containers < SW_SEEN_CONTAINERS_MAX)
		return &session->containers[session->n_containers++];
	while (at < SW_SEEN_CONTAINERS_MAX && !session->containers[at].removed_ns)
		at++;
	if (at == SW_SEEN_CONTAINERS_MAX)
		at = 0;
	memmove(&session->containers[at], &session->containers[at + 1],
	        (size_t)(SW_SEEN_CONTAINERS_MAX - 1 - at) * sizeof *session->containers);
	return &session->containers[SW_SEEN_CONTAINERS_MAX - 1];
}

int sw_session_add_container(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_seen_container *seen = new_container(session);
	session->modes[event->mode]->containers_created++;
	sw_text_copy(seen->id, sizeof seen->id, it->container);
	seen->mode = event->mode;
	seen->iteration = it->iteration;
	seen->attempt = it->attempt;
	seen->warmup = it->warmup;
	seen->created_ns = event->t_ns;
	seen->removed_ns = 0;
	sw_text_copy(seen->error, sizeof seen->error, it->text);
	return 0;
}

/* The one EVENT names, while it is there; NULL: left out of the list, or its line is lost. */
static struct sw_seen_container *find_container(struct sw_session *session,
                                                const struct sw_event *event)
{
	for (int i = session->n_containers - 1; i >= 0; i--) {
		struct sw_seen_container *seen = &session->containers[i];
		if (!seen->removed_ns && seen->mode == event->mode &&
		    strcmp(seen->id, event->u.it.container) == 0)
			return seen;
	}
	return NULL;
}

int sw_session_remove_container(struct sw_session *session, const struct sw_event *event)
{
	struct sw_seen_container *seen = find_container(session, event);
	session->modes[event->mode]->containers_removed++;
	if (!seen)
		return 0;
	seen->removed_ns = event->t_ns > 0 ? event->t_ns : 1;
	if (*event->u.it.text)
		sw_text_copy(seen->error, sizeof seen->error, event->u.it.text);
	return 0;
}

/* A pool's container is made for no iteration, and has one from its first phase on. */
void sw_session_serve_container(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	if (session->modes[event->mode]->info.kind != SW_KIND_PREPARED || !*it->container)
		return;
	struct sw_seen_container *seen = find_container(session, event);
	if (!seen || seen->iteration)
		return;
	seen->iteration = it->iteration;
	seen->attempt = it->attempt;
	seen->warmup = it->warmup;
}

void sw_session_containers_gone(struct sw_session *session, int64_t t_ns)
{
	for (int i = 0; i < session->n_containers; i++)
		if (!session->containers[i].removed_ns)
			session->containers[i].removed_ns = t_ns > 0 ? t_ns : 1;
	for (int i = 0; i < session->n_modes; i++) {
		struct sw_mode_state *mode = session->modes[i];
		if (mode->containers_removed < mode->containers_created)
			mode->containers_removed = mode->containers_created;
	}
}
