/* Hides what docker/observe.c (the watch, the lists, reading) and docker/observe_container.c (what one
 * event changes) share. Must not be included by anything else. */
#ifndef SW_OBSERVE_INTERNAL_H
#define SW_OBSERVE_INTERNAL_H

#include "docker/observe.h"

enum { SW_OBSERVE_BUCKETS = 8192, SW_OBSERVE_OTHERS = SW_OBSERVE_IMAGES_MAX };

struct sw_observe_container {
	struct sw_observed is; /* first: a pointer to it is one to us */
	struct sw_observe_container *newer, *older, *chain;
	int image;
	bool is_unconfirmed; /* was known when the engine was asked for its list, not heard of since */
};

struct sw_observe_list {
	struct sw_observe_container *newest, *oldest;
	int n;
};

struct sw_observe {
	struct sw_observe_container *buckets[SW_OBSERVE_BUCKETS];
	struct sw_observe_list living, ended;
	struct sw_observe_image all, images[SW_OBSERVE_IMAGES_MAX + 1];
	int n_images;
	bool has_others;
	/* Living ones that are only counted, per image; and how many of them a list has told so far. */
	uint64_t untracked[SW_OBSERVE_IMAGES_MAX + 1], listed[SW_OBSERVE_IMAGES_MAX + 1];
	struct sw_observe_watch watch;
	int64_t clock_offset_ns; /* the engine's clock less ours */
	bool has_memory;         /* nothing failed during this event */
};

/* An image's accounts and those of all change alike. */
#define ADD(observe, index, field, n)          \
	do {                                       \
		(observe)->images[index].field += (n); \
		(observe)->all.field += (n);           \
	} while (0)
#define SUBTRACT(observe, index, field, n)     \
	do {                                       \
		(observe)->images[index].field -= (n); \
		(observe)->all.field -= (n);           \
	} while (0)

/* NULL when it is neither living nor among those that ended last. */
struct sw_observe_container *sw_observe_find_container(const struct sw_observe *observe,
                                                       const char *id);

/* Folds an event of a container, LISTED included. */
void sw_observe_container_event(struct sw_observe *observe, const struct sw_container_event *event);

/* CONTAINER, a living one, has ended. */
void sw_observe_container_end(struct sw_observe *observe, struct sw_observe_container *container,
                              enum sw_observe_end how);

/* N containers that are only counted come or go. */
void sw_observe_add_untracked(struct sw_observe *observe, int image, uint64_t n);
void sw_observe_take_untracked(struct sw_observe *observe, int image, uint64_t n);

#endif
