/* Hides when an engine that fails is left alone, and when it is asked again: a circuit breaker.
 * Must not know what an attempt is made of, nor how an engine is probed; reads no clock.
 *
 * closed: attempts are made. `failures` attempts in a row that ended as `engine` open it.
 * open: no attempt in a sandbox is made; each is told as `engine`, not asked. Once open_ns has passed, who
 * wants to make one asks the engine for a sign of life first (a probe). None: open_ns doubles, up to
 * max_open_ns.
 * half-open: a probe was answered, and one attempt is let through. Whatever but `engine` comes of it closes
 * the breaker; `engine` opens it again, for twice as long.
 *
 * An engine that has worked in this session and went away is likely to come back: for wait_ns from the moment
 * in which the breaker opened, attempts wait for the next probe instead of being refused. Else the rest of a
 * plan would be spent on fallbacks while a daemon is restarted.
 *
 * After M. Nygard, "Release It!", and the usual implementations. One breaker per session: a session has one
 * engine. Embedded; one thread. */
#ifndef SW_BREAKER_H
#define SW_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan.h"

struct sw_breaker {
	struct sw_breaker_plan plan;
	enum sw_breaker_state state;
	int64_t failures;           /* in a row */
	int64_t probes;             /* unanswered, since the last change of the state */
	int64_t open_ns;            /* how long it stays open this time */
	int64_t retry_at_ns;        /* open: when it may be probed; CLOCK_MONOTONIC */
	int64_t wait_until_ns;      /* not closed: how long attempts wait; 0: they do not */
	bool has_worked;            /* an attempt has ended otherwise than as `engine` */
	bool is_probing, is_trying; /* a probe, or half-open's one attempt, is under way */
};

enum sw_breaker_answer {
	SW_BREAKER_GO,     /* make the attempt; tell its end by sw_breaker_ended */
	SW_BREAKER_TRY,    /* the same; it is half-open's one, and is to be told as that */
	SW_BREAKER_PROBE,  /* probe the engine, tell that by sw_breaker_probed, then ask again */
	SW_BREAKER_REFUSE, /* do not make it */
};

void sw_breaker_init(struct sw_breaker *breaker, const struct sw_breaker_plan *plan);

/* Before each attempt in a sandbox, at NOW_NS (CLOCK_MONOTONIC). */
enum sw_breaker_answer sw_breaker_ask(struct sw_breaker *breaker, int64_t now_ns);

/* Refused at NOW_NS: whether to wait instead, and ask again at the end of the wait, or as soon as the state
 * changes. OUT_UNTIL_NS: CLOCK_MONOTONIC. */
bool sw_breaker_may_wait(const struct sw_breaker *breaker, int64_t now_ns, int64_t *out_until_ns);

/* How the probe came out: true, since it is always worth telling. Nobody has been told to probe: nothing
 * happens, false. */
bool sw_breaker_probed(struct sw_breaker *breaker, bool is_answered, int64_t now_ns);
/* The probe was called off: it says nothing of the engine, and the next who asks may probe. */
void sw_breaker_called_off(struct sw_breaker *breaker);

/* An attempt that sw_breaker_ask let go has ended; IS_TRIAL: the answer was SW_BREAKER_TRY. Whether the state
 * has changed. A cancelled attempt says nothing of the engine; neither do those that were let go before the
 * breaker opened, and end while it is not closed. */
bool sw_breaker_ended(struct sw_breaker *breaker, bool is_trial, enum sw_outcome outcome,
                      int64_t now_ns);

#endif
