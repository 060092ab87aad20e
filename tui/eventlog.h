/* Hides how events are remembered for the screen and put into words: a ring of the newest ones.
 * Must not know how they are drawn. Nothing is allocated after sw_eventlog_new. */
#ifndef SW_EVENTLOG_H
#define SW_EVENTLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "widgets/roles.h"

#define SW_EVENTLOG_MAX 1024 /* kept */
#define SW_EVENTLOG_TEXT 160

struct sw_eventlog;

/* NULL: memory. */
struct sw_eventlog *sw_eventlog_new(void);
void sw_eventlog_free(struct sw_eventlog *log);
void sw_eventlog_clear(struct sw_eventlog *log);
void sw_eventlog_add(struct sw_eventlog *log, const struct sw_event *event);

/* How many were ever added, and how many of them are kept. */
uint64_t sw_eventlog_total(const struct sw_eventlog *log);
int sw_eventlog_count(const struct sw_eventlog *log);

/* One event in words. */
struct sw_eventlog_line {
	int64_t t_ns;
	int mode; /* -1: none */
	const char *what;
	enum sw_role role;
	char subject[40]; /* "docker-sandbox #14.2", "" */
	char text[SW_EVENTLOG_TEXT];
};

/* The INDEXth kept, from the oldest (0). */
void sw_eventlog_line(const struct sw_eventlog *log, int index, const struct sw_session *session,
                      struct sw_eventlog_line *out_line);

#endif
