/* Hides how the events of watched containers are remembered for the screen and put into words: a ring
 * of the newest ones. Must not know how they are drawn. Nothing is allocated after
 * sw_observelog_new. */
#ifndef SW_OBSERVELOG_H
#define SW_OBSERVELOG_H

#include <stdint.h>

#include "docker/container_event.h"
#include "widgets/roles.h"

#define SW_OBSERVELOG_MAX 1024 /* kept */

struct sw_observelog;

/* NULL: memory. */
struct sw_observelog *sw_observelog_new(void);
void sw_observelog_free(struct sw_observelog *log); /* NULL is fine */

/* EVENT's own time or, where it has none, TIME_NS (since 1970) is when it happened. What a list tells
 * container by container is left out, but for its end, which says how many there were. */
void sw_observelog_add(struct sw_observelog *log, const struct sw_container_event *event,
                       int64_t time_ns);

/* How many were ever added, and how many of them are kept. */
uint64_t sw_observelog_total(const struct sw_observelog *log);
int sw_observelog_count(const struct sw_observelog *log);

/* One event in words. */
struct sw_observelog_line {
	int64_t time_ns; /* since 1970 */
	const char *what;
	enum sw_role role;
	char subject[128]; /* the container's name, or its short id; "" */
	char id[16];       /* "" */
	char image[160];   /* "" */
	char text[280];    /* "exit code 3", why it was lost; "" */
};

/* The INDEXth kept, from the oldest (0). */
void sw_observelog_line(const struct sw_observelog *log, int index,
                        struct sw_observelog_line *out_line);

#endif
