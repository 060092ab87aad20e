/* A small recorded session for the tests of what reads journals: lines of a run that could have been,
 * and the figures that a session of them comes to, as the bytes of a snapshot. */
#ifndef SW_TESTS_RECORDED_RUN_H
#define SW_TESTS_RECORDED_RUN_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/figures.h"
#include "core/session.h"
#include "core/snapshot.h"

#define RUN_MS INT64_C(1000000)

struct recorder {
	struct sw_buf *out;
	struct sw_event event;
	uint64_t seq;
	int64_t t_ns;
};

static struct sw_iteration_info *record_begin(struct recorder *r, enum sw_event_kind kind, int mode,
                                              int64_t iteration)
{
	sw_event_init(&r->event, kind, mode);
	r->event.u.it.iteration = iteration;
	return &r->event.u.it;
}

static void record(struct recorder *r, int64_t after_ns)
{
	r->event.seq = ++r->seq;
	r->event.t_ns = r->t_ns += after_ns;
	if (sw_event_encode(&r->event, r->out) < 0)
		abort();
}

/* Four events, 10 ms apart. */
static void record_iteration(struct recorder *r, int mode, int64_t iteration)
{
	int64_t start = r->t_ns, wall = (20 + iteration % 7 + 40 * mode) * RUN_MS;
	record_begin(r, SW_EVENT_ITERATION_STARTED, mode, iteration)->start_ns = start;
	record(r, 10 * RUN_MS);
	struct sw_iteration_info *it = record_begin(r, SW_EVENT_ATTEMPT_STARTED, mode, iteration);
	it->attempt = 1;
	it->start_ns = start;
	record(r, 10 * RUN_MS);
	it = record_begin(r, SW_EVENT_ATTEMPT_FINISHED, mode, iteration);
	it->attempt = 1;
	it->start_ns = start;
	it->wall_ns = wall;
	it->outcome = iteration % 13 == 0 ? SW_OUTCOME_FAILED : SW_OUTCOME_OK;
	it->n_spans = 1;
	it->spans[0] = (struct sw_span){SW_PHASE_EXECUTE, start, start + wall, true};
	enum sw_outcome outcome = it->outcome;
	record(r, 10 * RUN_MS);
	it = record_begin(r, SW_EVENT_ITERATION_FINISHED, mode, iteration);
	it->start_ns = start;
	it->wall_ns = wall;
	it->attempts = 1;
	it->outcome = outcome;
	record(r, 10 * RUN_MS);
}

/* The lines of a session of 3 + 8 * ITERATIONS events, without its end. */
static inline void record_start(struct recorder *r, struct sw_buf *out, int iterations)
{
	static const char *const names[] = {"host", "box"};
	*r = (struct recorder){.out = out};
	sw_event_init(&r->event, SW_EVENT_SESSION_STARTED, -1);
	snprintf(r->event.u.session.id, sizeof r->event.u.session.id, "recorded");
	snprintf(r->event.u.session.baseline, sizeof r->event.u.session.baseline, "host");
	snprintf(r->event.u.session.candidate, sizeof r->event.u.session.candidate, "box");
	r->event.u.session.iterations = iterations;
	record(r, 0);
	for (int mode = 0; mode < 2; mode++) {
		sw_event_init(&r->event, SW_EVENT_MODE_PLANNED, mode);
		snprintf(r->event.u.planned.name, sizeof r->event.u.planned.name, "%s", names[mode]);
		r->event.u.planned.kind = mode ? SW_KIND_COLD : SW_KIND_HOST;
		r->event.u.planned.planned = iterations;
		record(r, 0);
	}
	for (int i = 1; i <= iterations; i++)
		for (int mode = 0; mode < 2; mode++)
			record_iteration(r, mode, i);
}

static inline void record_end(struct recorder *r)
{
	sw_event_init(&r->event, SW_EVENT_SESSION_FINISHED, -1);
	r->event.u.end.state = SW_STATE_DONE;
	record(r, RUN_MS);
}

/* Opens PATH with FLAGS and appends to it; 0 or -1. */
static inline int record_write(const char *path, int flags, const char *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
	bool done = fd >= 0 && write(fd, data, len) == (ssize_t)len;
	if (fd >= 0)
		close(fd);
	return done ? 0 : -1;
}

/* SESSION's snapshot, into an empty OUT. */
static inline int record_snapshot(const struct sw_session *session, struct sw_buf *out)
{
	struct sw_figures *figures = malloc(sizeof *figures);
	int status = figures && sw_figures_compute(session, figures) == 0
	                 ? sw_snapshot_write(figures, "2026-01-01T00:00:00Z", out)
	                 : -1;
	free(figures);
	return status;
}

#endif
