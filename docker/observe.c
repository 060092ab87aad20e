#include "docker/observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/histogram.h"
#include "core/text.h"
#include "docker/observe_internal.h"

#define SECOND INT64_C(1000000000)

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

static void list_free(struct sw_observe_list *list)
{
	while (list->newest) {
		struct sw_observe_container *next = list->newest->older;
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

/* ---- events ---- */

static void on_list_begin(struct sw_observe *observe)
{
	for (struct sw_observe_container *c = observe->living.newest; c; c = c->older)
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
		sw_observe_add_untracked(observe, image, has - had);
	} else if (has < had) {
		SUBTRACT(observe, image, living, had - has);
		ADD(observe, image, ended, had - has);
		ADD(observe, image, unseen, had - has);
		sw_observe_take_untracked(observe, image, had - has);
	}
}

static void on_list_end(struct sw_observe *observe)
{
	struct sw_observe_container *next;
	for (struct sw_observe_container *c = observe->living.newest; c; c = next) {
		next = c->older;
		if (c->is_unconfirmed)
			sw_observe_container_end(observe, c, SW_END_UNSEEN);
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
	if (is_first || offset > observe->clock_offset_ns || offset < observe->clock_offset_ns - SECOND)
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
		sw_observe_container_event(observe, event);
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
		sw_observe_container_event(observe, event);
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
	const struct sw_observe_container *container = sw_observe_find_container(observe, id);
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
	return index == observe->n_images && observe->has_others ? &observe->images[SW_OBSERVE_OTHERS]
	                                                         : NULL;
}

int sw_observe_top_codes(const struct sw_observe_image *image, int *out_codes, int max)
{
	int n = 0;
	for (int code = 1; code < SW_OBSERVE_EXIT_CODES; code++) {
		uint64_t count = image->exit_codes[code];
		int at = n;
		if (count == 0)
			continue;
		while (at > 0 && image->exit_codes[out_codes[at - 1]] < count)
			at--;
		if (at >= max)
			continue;
		n += n < max;
		memmove(out_codes + at + 1, out_codes + at, (size_t)(n - 1 - at) * sizeof *out_codes);
		out_codes[at] = code;
	}
	return n;
}

const struct sw_observe_watch *sw_observe_watch(const struct sw_observe *observe)
{
	return &observe->watch;
}

int64_t sw_observe_engine_now(const struct sw_observe *observe, int64_t now_ns)
{
	return observe->watch.last_event_ns ? now_ns + observe->clock_offset_ns : 0;
}
