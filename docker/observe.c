#include "docker/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/histogram.h"
#include "core/text.h"

enum { BUCKETS = 8192, OTHERS = SW_OBSERVE_IMAGES_MAX };

#define SECOND INT64_C(1000000000)

struct container {
	struct sw_observed is; /* first: a pointer to it is one to us */
	struct container *newer, *older, *chain;
	int image;
	bool is_unconfirmed; /* was known when the engine was asked for its list, not heard of since */
};

struct list {
	struct container *newest, *oldest;
	int n;
};

struct sw_observe {
	struct container *buckets[BUCKETS];
	struct list living, ended;
	struct sw_observe_image all, images[SW_OBSERVE_IMAGES_MAX + 1];
	int n_images;
	bool has_others;
	/* Living ones that are only counted, per image; and how many of them a list has told so far. */
	uint64_t untracked[SW_OBSERVE_IMAGES_MAX + 1], listed[SW_OBSERVE_IMAGES_MAX + 1];
	struct sw_observe_watch watch;
	int64_t clock_offset_ns; /* the engine's clock less ours */
	bool has_memory; /* nothing failed during this event */
};

static const char *const span_names[SW_SPANS] = {"startup", "run", "cleanup", "whole"};

const char *sw_observe_span_name(enum sw_observe_span span)
{
	return span_names[span];
}

int sw_observe_new(struct sw_observe **out_observe, struct sw_error *err)
{
	struct sw_observe *observe = calloc(1, sizeof *observe);
	if (!observe)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot watch containers");
	*out_observe = observe;
	return 0;
}

static void list_free(struct list *list)
{
	while (list->newest) {
		struct container *next = list->newest->older;
		free(list->newest);
		list->newest = next;
	}
}

static void image_done(struct sw_observe_image *image)
{
	for (int s = 0; s < SW_SPANS; s++)
		sw_histogram_free(image->spans[s]);
}

void sw_observe_free(struct sw_observe *observe)
{
	if (!observe)
		return;
	list_free(&observe->living);
	list_free(&observe->ended);
	image_done(&observe->all);
	for (int i = 0; i <= SW_OBSERVE_IMAGES_MAX; i++)
		image_done(&observe->images[i]);
	free(observe);
}

/* ---- finding ---- */

static struct container **bucket_of(struct sw_observe *observe, const char *id)
{
	uint32_t hash = 2166136261U; /* FNV-1a */
	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619U;
	return &observe->buckets[hash % BUCKETS];
}

static struct container *find(struct sw_observe *observe, const char *id)
{
	struct container *container = *bucket_of(observe, id);
	while (container && strcmp(container->is.id, id) != 0)
		container = container->chain;
	return container;
}

static void chain_out(struct sw_observe *observe, struct container *container)
{
	struct container **at = bucket_of(observe, container->is.id);
	while (*at != container)
		at = &(*at)->chain;
	*at = container->chain;
}

/* The public links follow the private ones. */
static void relink(struct container *container)
{
	if (!container)
		return;
	container->is.newer = container->newer ? &container->newer->is : NULL;
	container->is.older = container->older ? &container->older->is : NULL;
}

static void list_put(struct list *list, struct container *container)
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

static void list_take(struct list *list, struct container *container)
{
	struct container *newer = container->newer, *older = container->older;
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
	int index = observe->n_images < SW_OBSERVE_IMAGES_MAX ? observe->n_images++ : OTHERS;
	(void)sw_text_copy(observe->images[index].name, sizeof observe->images[index].name,
	                   index == OTHERS ? "other images" : name);
	observe->has_others |= index == OTHERS;
	return index;
}

/* ---- counting: an image's accounts and those of all change alike ---- */

#define ADD(observe, index, field, n)                \
	do {                                             \
		(observe)->images[index].field += (n);       \
		(observe)->all.field += (n);                 \
	} while (0)
#define SUBTRACT(observe, index, field, n)           \
	do {                                             \
		(observe)->images[index].field -= (n);       \
		(observe)->all.field -= (n);                 \
	} while (0)

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

static void set_state(struct sw_observe *observe, struct container *container,
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
static struct container *track(struct sw_observe *observe, const struct sw_container_event *event,
                               int image, bool was_found)
{
	if (observe->living.n >= SW_OBSERVE_LIVING_MAX)
		return NULL;
	struct container *container = calloc(1, sizeof *container);
	if (!container) {
		observe->has_memory = false;
		return NULL;
	}
	memcpy(container->is.id, event->id, sizeof container->is.id);
	container->image = image;
	container->is.image = &observe->images[image];
	container->is.exit_code = container->is.last_kill = -1;
	container->is.was_found = was_found;
	container->chain = *bucket_of(observe, event->id);
	*bucket_of(observe, event->id) = container;
	list_put(&observe->living, container);
	return container;
}

static void add_untracked(struct sw_observe *observe, int image, uint64_t n)
{
	observe->untracked[image] += n;
	observe->watch.untracked += n;
}

static void take_untracked(struct sw_observe *observe, int image, uint64_t n)
{
	observe->untracked[image] -= n;
	observe->watch.untracked -= n;
}

/* A container that is not known yet; NULL when it is only counted. */
static struct container *begin(struct sw_observe *observe, const struct sw_container_event *event)
{
	int image = image_of(observe, event->image);
	bool was_found = event->kind != SW_CE_CREATE;
	struct container *container = track(observe, event, image, was_found);

	if (event->kind == SW_CE_LISTED && !container) {
		observe->listed[image]++;
		return NULL;
	}
	if (event->kind == SW_CE_LISTED && observe->untracked[image] > 0) {
		take_untracked(observe, image, 1); /* it may be one of these, and there is room again */
		return container;
	}
	if (was_found)
		ADD(observe, image, found, 1);
	else
		ADD(observe, image, created, 1);
	ADD(observe, image, living, 1);
	if (!container)
		add_untracked(observe, image, 1);
	return container;
}

static void forget_oldest(struct sw_observe *observe)
{
	struct container *oldest = observe->ended.oldest;
	list_take(&observe->ended, oldest);
	chain_out(observe, oldest);
	free(oldest);
}

static void end(struct sw_observe *observe, struct container *container, enum sw_observe_end how)
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
static bool revive(struct sw_observe *observe, struct container *container)
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

static void on_start(struct sw_observe *observe, struct container *container, int64_t time_ns)
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

static void on_die(struct sw_observe *observe, struct container *container,
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

static void on_destroy(struct sw_observe *observe, struct container *container, int64_t time_ns)
{
	struct sw_observed *is = &container->is;
	is->destroyed_ns = time_ns;
	time_span(observe, container->image, SW_SPAN_CLEANUP, is->died_ns, time_ns);
	time_span(observe, container->image, SW_SPAN_WHOLE, is->created_ns, time_ns);
	end(observe, container, SW_END_REMOVED);
}

/* Its create may come after the list that has it already. */
static void on_create(struct sw_observe *observe, struct container *container, int64_t time_ns)
{
	if (container->is.was_found) {
		SUBTRACT(observe, container->image, found, 1);
		ADD(observe, container->image, created, 1);
	}
	container->is.was_found = false;
	container->is.created_ns = time_ns;
}

/* The engine may tell it after the die. */
static void on_oom(struct sw_observe *observe, struct container *container)
{
	ADD(observe, container->image, oom, container->is.died_ns && !container->is.oom);
	container->is.oom = true;
}

static void on_listed(struct sw_observe *observe, struct container *container,
                      const struct sw_container_event *event)
{
	struct sw_observed *is = &container->is;
	is->listed_created_s = event->created_s;
	/* A die, or another start, was not seen: what is left of that run has no length. */
	if (is_running(event->state) ? is->died_ns > 0 : is->died_ns == 0)
		is->started_ns = is->died_ns = 0;
	set_state(observe, container, event->state);
}

static void change(struct sw_observe *observe, struct container *container,
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
		end(observe, container, SW_END_UNSEEN);
		break;
	case SW_CE_LISTED:
		on_listed(observe, container, event);
		break;
	default:
		break;
	}
}

/* ---- events ---- */

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
	take_untracked(observe, image, 1);
	SUBTRACT(observe, image, living, 1);
	ADD(observe, image, ended, 1);
	ADD(observe, image, unseen, event->kind == SW_CE_LEFT);
}

static void on_container(struct sw_observe *observe, const struct sw_container_event *event)
{
	struct container *container = find(observe, event->id);
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

static void on_list_begin(struct sw_observe *observe)
{
	for (struct container *c = observe->living.newest; c; c = c->older)
		c->is_unconfirmed = true;
	memset(observe->listed, 0, sizeof observe->listed);
}

/* Those that are only counted are as many as the list had of them. */
static void count_untracked(struct sw_observe *observe, int image)
{
	uint64_t had = observe->untracked[image], has = observe->listed[image];
	if (has > had) {
		ADD(observe, image, found, has - had);
		ADD(observe, image, living, has - had);
		add_untracked(observe, image, has - had);
	} else if (has < had) {
		SUBTRACT(observe, image, living, had - has);
		ADD(observe, image, ended, had - has);
		ADD(observe, image, unseen, had - has);
		take_untracked(observe, image, had - has);
	}
}

static void on_list_end(struct sw_observe *observe)
{
	struct container *next;
	for (struct container *c = observe->living.newest; c; c = next) {
		next = c->older;
		if (c->is_unconfirmed)
			end(observe, c, SW_END_UNSEEN);
	}
	for (int i = 0; i <= SW_OBSERVE_IMAGES_MAX; i++)
		count_untracked(observe, i);
	observe->watch.is_listed = true;
}

/* The offset that the least delayed event shows; a step of more than a second is a clock that was set. */
static void set_clock(struct sw_observe *observe, int64_t time_ns, int64_t now_ns)
{
	int64_t offset = time_ns - now_ns;
	bool is_first = observe->watch.last_event_ns == 0;
	if (is_first || offset > observe->clock_offset_ns ||
	    offset < observe->clock_offset_ns - SECOND)
		observe->clock_offset_ns = offset;
	observe->watch.last_event_ns = time_ns;
}

static void on_watch(struct sw_observe *observe, const struct sw_container_event *event,
                     int64_t now_ns)
{
	struct sw_observe_watch *watch = &observe->watch;
	bool is_lost = event->kind == SW_CE_LOST;
	if (is_lost) {
		(void)sw_text_copy(watch->why, sizeof watch->why, event->text);
		if (!watch->is_connected && watch->since_ns)
			return; /* still, for another reason */
		watch->lost += watch->is_connected;
	} else if (watch->was_connected && !watch->is_connected) {
		watch->lost_ns += now_ns - watch->since_ns;
	}
	watch->is_connected = !is_lost;
	watch->was_connected |= !is_lost;
	watch->is_listed = false;
	watch->since_ns = now_ns;
}

int sw_observe_apply(struct sw_observe *observe, const struct sw_container_event *event,
                     int64_t now_ns)
{
	observe->has_memory = true;
	switch (event->kind) {
	case SW_CE_CONNECTED:
	case SW_CE_LOST:
	case SW_CE_BACK:
		on_watch(observe, event, now_ns);
		break;
	case SW_CE_LIST_BEGIN:
		on_list_begin(observe);
		break;
	case SW_CE_LIST_END:
		on_list_end(observe);
		break;
	case SW_CE_LISTED:
		on_container(observe, event);
		break;
	case SW_CE_CREATE:
	case SW_CE_START:
	case SW_CE_DIE:
	case SW_CE_DESTROY:
	case SW_CE_KILL:
	case SW_CE_OOM:
	case SW_CE_STOP:
	case SW_CE_PAUSE:
	case SW_CE_UNPAUSE:
	case SW_CE_RENAME:
	case SW_CE_LEFT:
		observe->watch.events++;
		set_clock(observe, event->time_ns, now_ns);
		on_container(observe, event);
		break;
	}
	return observe->has_memory ? 0 : -1;
}

/* ---- reading ---- */

const struct sw_observed *sw_observe_living(const struct sw_observe *observe)
{
	return observe->living.newest ? &observe->living.newest->is : NULL;
}

const struct sw_observed *sw_observe_ended(const struct sw_observe *observe)
{
	return observe->ended.newest ? &observe->ended.newest->is : NULL;
}

const struct sw_observed *sw_observe_find(const struct sw_observe *observe, const char *id)
{
	const struct container *container = find((struct sw_observe *)(uintptr_t)observe, id);
	return container ? &container->is : NULL;
}

const struct sw_observe_image *sw_observe_all(const struct sw_observe *observe)
{
	return &observe->all;
}

const struct sw_observe_image *sw_observe_image(const struct sw_observe *observe, int index)
{
	if (index >= 0 && index < observe->n_images)
		return &observe->images[index];
	return index == observe->n_images && observe->has_others ? &observe->images[OTHERS] : NULL;
}

const struct sw_observe_watch *sw_observe_watch(const struct sw_observe *observe)
{
	return &observe->watch;
}

int64_t sw_observe_engine_now(const struct sw_observe *observe, int64_t now_ns)
{
	return observe->watch.last_event_ns ? now_ns + observe->clock_offset_ns : 0;
}
