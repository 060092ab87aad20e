/* A session under injected faults, for the tests of figures, snapshot, report and screens: told as
 * events, as in tests/unit/core/stories.h. */
#ifndef SW_TEST_STORIES_FAULTS_H
#define SW_TEST_STORIES_FAULTS_H

#include "tests/unit/core/stories.h"

static inline void story_inject(struct story *s, int64_t attempt, enum sw_fault fault,
                                enum sw_target target, const char *text)
{
	struct sw_iteration_info it = {
		.iteration = s->iterations[1], .attempt = attempt, .fault = fault, .target = target};
	snprintf(it.text, sizeof it.text, "%s", text);
	story_it(s, SW_EVENT_FAULT_INJECTED, 1, &it);
}

static inline void story_breaker(struct story *s, enum sw_breaker_state state, int64_t probes,
                                 const char *text)
{
	struct sw_event event = {.kind = SW_EVENT_BREAKER_CHANGED, .mode = -1};
	event.u.breaker.state = state;
	event.u.breaker.failures = state == SW_BREAKER_CLOSED ? 0 : 3;
	event.u.breaker.probes = probes;
	event.u.breaker.retry_ns = state == SW_BREAKER_OPEN ? s->t_ns + 1500 * MS : 0;
	snprintf(event.u.breaker.text, sizeof event.u.breaker.text, "%s", text);
	story_tell(s, &event);
}

/* An attempt of the iteration that runs, which failed for the engine's sake. */
static inline void story_attempt_fails(struct story *s, int64_t number, bool not_asked,
                                       const char *text)
{
	struct sw_iteration_info it = {.iteration = s->iterations[1],
	                               .attempt = number,
	                               .outcome = SW_OUTCOME_ENGINE,
	                               .not_asked = not_asked,
	                               .start_ns = s->t_ns,
	                               .wall_ns = not_asked ? 0 : 4 * MS};
	snprintf(it.text, sizeof it.text, "%s", text);
	if (number > 1)
		story_it(s, SW_EVENT_ATTEMPT_STARTED, 1, &it);
	s->t_ns += it.wall_ns;
	story_it(s, SW_EVENT_ATTEMPT_FINISHED, 1, &it);
}

static inline void story_attempt_reason(struct story *s, enum sw_event_kind kind)
{
	struct sw_iteration_info it = {.iteration = s->iterations[1], .outcome = SW_OUTCOME_ENGINE};
	story_it(s, kind, 1, &it);
}

/* The iteration that runs ends, after so many attempts. */
static inline void story_iteration_ends(struct story *s, int64_t attempts, bool fell_back)
{
	struct sw_iteration_info it = {.iteration = s->iterations[1],
	                               .attempts = attempts,
	                               .fell_back = fell_back,
	                               .start_ns = s->t_ns - 9 * MS,
	                               .wall_ns = 9 * MS};
	story_it(s, SW_EVENT_ITERATION_FINISHED, 1, &it);
}

static inline void story_falls_back(struct story *s, int64_t attempts)
{
	story_attempt_reason(s, SW_EVENT_FALLBACK_TAKEN);
	s->t_ns += 6 * MS;
	story_iteration_ends(s, attempts + 1, true);
}

/* Up to the moment in which the breaker is open: six undisturbed iterations of each, then what chaos does. */
static inline void story_breaking(struct story *s)
{
	static const char down[] = "creating a container: cannot connect to "
							   "unix:///run/docker.sock: Connection refused";
	static const char open[] = "not asked: the circuit breaker is open (3 attempts in a row "
							   "failed), probed again in 1.5 s";
	story_good(s, 6);
	story_start(s, 1, false);
	story_inject(s, 1, SW_FAULT_STATUS, SW_TARGET_CREATE, "POST /containers/create answered with 503");
	story_attempt_fails(s, 1, false, "creating a container: HTTP 503: injected");
	story_attempt_reason(s, SW_EVENT_RETRY);
	s->t_ns += 430 * MS;
	story_iteration_ends(s, 2, false);
	story_refuse(s, 1, SW_OUTCOME_TIMEOUT);
	story_inject(s, 1, SW_FAULT_STALL, SW_TARGET_STREAM, "the stream stood still for 2 s");
	for (int i = 0; i < 2; i++) {
		story_start(s, 1, false);
		if (i == 0)
			story_inject(s, 1, SW_FAULT_ENGINE_KILL, SW_TARGET_ANY, "process 4711 killed");
		story_attempt_fails(s, 1, false, down);
		story_attempt_reason(s, SW_EVENT_RETRY);
		if (i == 0) {
			story_attempt_fails(s, 2, false, down);
		} else {
			story_breaker(s, SW_BREAKER_OPEN, 0, "3 attempts in a row failed");
			story_attempt_fails(s, 2, true, open);
		}
		story_falls_back(s, 2);
	}
	story_start(s, 1, false);
	story_breaker(s, SW_BREAKER_OPEN, 1, "a probe got no answer");
	story_attempt_fails(s, 1, true, open);
	story_falls_back(s, 1);
}

/* The engine does not come back, and the session ends. */
static inline void story_broken(struct story *s)
{
	story_breaking(s);
	while (s->iterations[0] < 20)
		story_ok(s, 0);
	story_end(s, SW_STATE_DONE, "");
}

/* To its end: the engine comes back, the process is killed and another one goes on. */
static inline void story_faults(struct story *s)
{
	struct sw_event resumed = {.kind = SW_EVENT_SESSION_RESUMED, .mode = -1};
	story_breaking(s);
	story_breaker(s, SW_BREAKER_HALF_OPEN, 0, "the engine answered a probe");
	story_ok(s, 1);
	story_breaker(s, SW_BREAKER_CLOSED, 0, "an attempt went well");
	story_start(s, 1, false);
	s->iterations[1]--;
	snprintf(resumed.u.resumption.text, sizeof resumed.u.resumption.text, "its process had died");
	story_tell(s, &resumed);
	while (s->iterations[1] < 20)
		story_ok(s, 1);
	while (s->iterations[0] < 20)
		story_ok(s, 0);
	story_end(s, SW_STATE_DONE, "");
}

#endif
