#include <stdlib.h>
#include <string.h>

#include "core/histogram.h"
#include "core/text.h"
#include "docker/observe_internal.h"

/* ---- finding ---- */

static uint32_t bucket_of(const char *id)
{
	uint32_t hash = 2166136261U; /* FNV-1a */
	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619U;
	return hash % SW_OBSERVE_BUCKETS;
}

struct sw_observe_container *sw_observe_find_container(const struct sw_observe *observe,
                                                       const char *id)
{
	struct sw_observe_container *container = observe->buckets[bucket_of(id)];
	while (container && strcmp(container->is.id, id) != 0)
		container = container->chain;
	return container;
}

static void chain_out(struct sw_observe *observe, struct sw_observe_container *container)
{
	struct sw_observe_container **at = &observe->buckets[bucket_of(container->is.id)];
	while (*at != container)
		at = &(*at)->chain;
	*at = container->chain;
}

/* The public links follow the private ones. */
static void relink(struct sw_observe_container *container)
{
	if (!container)
		return;
	container->is.newer = container->newer ? &container->newer->is : NULL;
	container->is.older = container->older ? &container->older->is : NULL;
}

static void list_put(struct sw_observe_list *list, struct sw_observe_container *container)
{
	container->newer = NULL;
	container->older = list->newest;
	if (list->newest)
		list->newest->newer = container;
	else
		list->oldest = container;
	list->newest = container;
	list->n++;
	relink(container->older);
	relink(container);
}

static void list_take(struct sw_observe_list *list, struct sw_observe_container *container)
{
	struct sw_observe_container *newer = container->newer, *older = container->older;
	if (newer)
		newer->older = older;
	else
		list->newest = older;
	if (older)
		older->newer = newer;
	else
		list->oldest = newer;
	list->n--;
	relink(newer);
	relink(older);
}

/* The image's index; a new one where there is room. */
static int image_of(struct sw_observe *observe, const char *name)
{
	if (!*name)
		name = "(unknown)";
	for (int i = 0; i < observe->n_images; i++)
		if (strcmp(observe->images[i].name, name) == 0)
			return i;
	int index = observe->n_images < SW_OBSERVE_IMAGES_MAX ? observe->n_images++ : SW_OBSERVE_OTHERS;
	(void)sw_text_copy(observe->images[index].name, sizeof observe->images[index].name,
	                   index == SW_OBSERVE_OTHERS ? "other images" : name);
	observe->has_others |= index == SW_OBSERVE_OTHERS;
	return index;
}

/* ---- counting ---- */

static void record(struct sw_observe *observe, struct sw_observe_image *image,
                   enum sw_observe_span span, int64_t ns)
{
	if (!image->spans[span])
		image->spans[span] = sw_histogram_new();
	if (!image->spans[span] || sw_histogram_record(image->spans[span], ns) < 0) {
		observe->has_memory = false;
		return;
	}
	bool is_full = image->sum_ns[span] > INT64_MAX - ns;
	image->sum_ns[span] = is_full ? INT64_MAX : image->sum_ns[span] + ns;
}

static void time_span(struct sw_observe *observe, int image, enum sw_observe_span span,
                      int64_t from_ns, int64_t to_ns)
{
	if (from_ns == 0 || to_ns == 0)
		return;
	int64_t ns = to_ns - from_ns;
	if (ns < 0) {
		ADD(observe, image, clamped, 1);
		ns = 0;
	}
	record(observe, &observe->images[image], span, ns);
	record(observe, &observe->all, span, ns);
}

static bool is_running(enum sw_container_state state)
{
	return state == SW_CONTAINER_RUNNING || state == SW_CONTAINER_PAUSED;
}

static void set_state(struct sw_observe *observe, struct sw_observe_container *container,
                      enum sw_container_state state)
{
	if (is_running(state) && !is_running(container->is.state))
		ADD(observe, container->image, running, 1);
	else if (!is_running(state) && is_running(container->is.state))
		SUBTRACT(observe, container->image, running, 1);
	container->is.state = state;
}

static void count_exit(struct sw_observe *observe, int image, int exit_code)
{
	ADD(observe, image, runs, 1);
	if (exit_code < 0 || exit_code >= SW_OBSERVE_EXIT_CODES) {
		ADD(observe, image, exit_unknown, 1);
		return;
	}
	ADD(observe, image, exit_codes[exit_code], 1);
	ADD(observe, image, failures, exit_code != 0);
}

/* ---- one container ---- */

/* NULL when there are too many, or memory is out. */
static struct sw_observe_container *track(struct sw_observe *observe,
                                          const struct sw_container_event *event, int image,
                                          bool was_found)
{
	if (observe->living.n >= SW_OBSERVE_LIVING_MAX)
		return NULL;
	struct sw_observe_container *container = calloc(1, sizeof *container);
	if (!container) {
		observe->has_memory = false;
		return NULL;
	}
	memcpy(container->is.id, event->id, sizeof container->is.id);
	container->image = image;
	container->is.image = &observe->images[image];
	container->is.exit_code = container->is.last_kill = -1;
	container->is.was_found = was_found;
	uint32_t bucket = bucket_of(event->id);
	container->chain = observe->buckets[bucket];
	observe->buckets[bucket] = container;
	list_put(&observe->living, container);
	return container;
}

void sw_observe_add_untracked(struct sw_observe *observe, int image, uint64_t n)
{
	observe->untracked[image] += n;
	observe->watch.untracked += n;
}

void sw_observe_take_untracked(struct sw_observe *observe, int image, uint64_t n)
{
	observe->untracked[image] -= n;
	observe->watch.untracked -= n;
}

/* A container that is not known yet; NULL when it is only counted. */
static struct sw_observe_container *begin(struct sw_observe *observe,
                                          const struct sw_container_event *event)
{
	int image = image_of(observe, event->image);
	bool was_found = event->kind != SW_CE_CREATE;
	struct sw_observe_container *container = track(observe, event, image, was_found);

	if (event->kind == SW_CE_LISTED && !container) {
		observe->listed[image]++;
		return NULL;
	}
	if (event->kind == SW_CE_LISTED && observe->untracked[image] > 0) {
		sw_observe_take_untracked(observe, image,
		                          1); /* it may be one of these, and there is room again */
		return container;
	}
	if (was_found)
		ADD(observe, image, found, 1);
	else
		ADD(observe, image, created, 1);
	ADD(observe, image, living, 1);
	if (!container)
		sw_observe_add_untracked(observe, image, 1);
	return container;
}

static void forget_oldest(struct sw_observe *observe)
{
	struct sw_observe_container *oldest = observe->ended.oldest;
	list_take(&observe->ended, oldest);
	chain_out(observe, oldest);
	free(oldest);
}

void sw_observe_container_end(struct sw_observe *observe, struct sw_observe_container *container,
                              enum sw_observe_end how)
{
	set_state(observe, container, SW_CONTAINER_EXITED);
	container->is.end = how;
	SUBTRACT(observe, container->image, living, 1);
	ADD(observe, container->image, ended, 1);
	ADD(observe, container->image, unseen, how == SW_END_UNSEEN);
	list_take(&observe->living, container);
	list_put(&observe->ended, container);
	if (observe->ended.n > SW_OBSERVE_ENDED_MAX)
		forget_oldest(observe);
}

/* One that was thought gone is heard of again: what was counted of its end is taken back. */
static bool revive(struct sw_observe *observe, struct sw_observe_container *container)
{
	if (observe->living.n >= SW_OBSERVE_LIVING_MAX)
		return false;
	SUBTRACT(observe, container->image, ended, 1);
	SUBTRACT(observe, container->image, unseen, 1);
	ADD(observe, container->image, living, 1);
	list_take(&observe->ended, container);
	list_put(&observe->living, container);
	container->is.end = SW_END_LIVING;
	return true;
}

static void on_start(struct sw_observe *observe, struct sw_observe_container *container,
                     int64_t time_ns)
{
	struct sw_observed *is = &container->is;
	/* A die may have been missed: a list can have told that it had ended. */
	if (is->died_ns || is->first_started_ns || is->state == SW_CONTAINER_EXITED) {
		is->restarts++;
		ADD(observe, container->image, restarts, 1);
	} else {
		is->first_started_ns = time_ns;
		time_span(observe, container->image, SW_SPAN_STARTUP, is->created_ns, time_ns);
	}
	is->started_ns = time_ns;
	is->died_ns = 0;
	is->exit_code = is->last_kill = -1;
	is->signal = 0;
	is->oom = false;
	set_state(observe, container, SW_CONTAINER_RUNNING);
}

/* A signal that was sent ended it when the exit code says so, too: a container may survive one, or end
 * in its own way because of it. Podman does not say which signal: then the code alone tells. */
static int killed_by(const struct sw_observed *is)
{
	int by_code = is->exit_code > 128 ? is->exit_code - 128 : 0;
	if (is->last_kill < 0 || by_code == 0 || by_code >= SW_OBSERVE_SIGNALS)
		return 0;
	return is->last_kill == 0 || is->last_kill == by_code ? by_code : 0;
}

static void on_die(struct sw_observe *observe, struct sw_observe_container *container,
                   const struct sw_container_event *event)
{
	struct sw_observed *is = &container->is;
	if (is->died_ns) { /* and was not started since */
		observe->watch.ignored++;
		return;
	}
	time_span(observe, container->image, SW_SPAN_RUN, is->started_ns, event->time_ns);
	is->died_ns = event->time_ns;
	is->exit_code = event->exit_code;
	is->signal = killed_by(is);
	count_exit(observe, container->image, event->exit_code);
	ADD(observe, container->image, oom, is->oom);
	ADD(observe, container->image, killed, is->signal > 0);
	ADD(observe, container->image, signals[is->signal], is->signal > 0);
	set_state(observe, container, SW_CONTAINER_EXITED);
}

static void on_destroy(struct sw_observe *observe, struct sw_observe_container *container,
                       int64_t time_ns)
{
	struct sw_observed *is = &container->is;
	is->destroyed_ns = time_ns;
	time_span(observe, container->image, SW_SPAN_CLEANUP, is->died_ns, time_ns);
	time_span(observe, container->image, SW_SPAN_WHOLE, is->created_ns, time_ns);
	sw_observe_container_end(observe, container, SW_END_REMOVED);
}

/* Its create may come after the list that has it already. */
static void on_create(struct sw_observe *observe, struct sw_observe_container *container,
                      int64_t time_ns)
{
	if (container->is.was_found) {
		SUBTRACT(observe, container->image, found, 1);
		ADD(observe, container->image, created, 1);
	}
	container->is.was_found = false;
	container->is.created_ns = time_ns;
}

/* The engine may tell it after the die. */
static void on_oom(struct sw_observe *observe, struct sw_observe_container *container)
{
	ADD(observe, container->image, oom, container->is.died_ns && !container->is.oom);
	container->is.oom = true;
}

static void on_listed(struct sw_observe *observe, struct sw_observe_container *container,
                      const struct sw_container_event *event)
{
	struct sw_observed *is = &container->is;
	is->listed_created_s = event->created_s;
	/* A die, or another start, was not seen: what is left of that run has no length. */
	if (is_running(event->state) ? is->died_ns > 0 : is->died_ns == 0)
		is->started_ns = is->died_ns = 0;
	set_state(observe, container, event->state);
}

static void change(struct sw_observe *observe, struct sw_observe_container *container,
                   const struct sw_container_event *event)
{
	container->is_unconfirmed = false;
	if (event->name[0])
		memcpy(container->is.name, event->name, sizeof container->is.name);
	switch ((int)event->kind) {
	case SW_CE_CREATE:
		on_create(observe, container, event->time_ns);
		break;
	case SW_CE_START:
		on_start(observe, container, event->time_ns);
		break;
	case SW_CE_DIE:
		on_die(observe, container, event);
		break;
	case SW_CE_DESTROY:
		on_destroy(observe, container, event->time_ns);
		break;
	case SW_CE_KILL:
		container->is.last_kill = event->signal;
		break;
	case SW_CE_OOM:
		on_oom(observe, container);
		break;
	case SW_CE_PAUSE:
		set_state(observe, container, SW_CONTAINER_PAUSED);
		break;
	case SW_CE_UNPAUSE:
		set_state(observe, container, SW_CONTAINER_RUNNING);
		break;
	case SW_CE_LEFT:
		sw_observe_container_end(observe, container, SW_END_UNSEEN);
		break;
	case SW_CE_LISTED:
		on_listed(observe, container, event);
		break;
	default:
		break;
	}
}

/* ---- an event ---- */

/* Of a container that is only counted: what needs no memory of it. */
static void change_untracked(struct sw_observe *observe, const struct sw_container_event *event)
{
	int image = image_of(observe, event->image);
	if (observe->untracked[image] == 0)
		return;
	if (event->kind == SW_CE_DIE)
		count_exit(observe, image, event->exit_code);
	if (event->kind != SW_CE_DESTROY && event->kind != SW_CE_LEFT)
		return;
	sw_observe_take_untracked(observe, image, 1);
	SUBTRACT(observe, image, living, 1);
	ADD(observe, image, ended, 1);
	ADD(observe, image, unseen, event->kind == SW_CE_LEFT);
}

void sw_observe_container_event(struct sw_observe *observe, const struct sw_container_event *event)
{
	struct sw_observe_container *container = sw_observe_find_container(observe, event->id);
	bool is_create = event->kind == SW_CE_CREATE, is_listed = event->kind == SW_CE_LISTED;

	if (container && container->is.end != SW_END_LIVING) {
		/* Its removal may be told after the list that lacks it. An ended one is not told of again by
		 * anything but a list that was made before. */
		if (container->is.end == SW_END_REMOVED || !revive(observe, container)) {
			observe->watch.ignored += !is_listed && event->kind != SW_CE_STOP;
			return;
		}
	}
	if (container && is_create && container->is.created_ns) {
		observe->watch.ignored++;
		return;
	}
	/* What it tells may be older than the event that came since the engine was asked. */
	if (container && is_listed && !container->is_unconfirmed) {
		container->is.listed_created_s = event->created_s;
		return;
	}
	if (!container && !is_create && !is_listed && observe->watch.untracked > 0) {
		change_untracked(observe, event);
		return;
	}
	if (!container)
		container = begin(observe, event);
	if (container)
		change(observe, container, event);
	else if (!is_create && !is_listed)
		change_untracked(observe, event);
}
