/* Hides how events add up to a session's state: the fold.
 * Must not know clocks, files or screens: sw_session_apply reads nothing but the event, so a live
 * run, a followed journal and a replay of the same events end in the same state.
 *
 * Memory does not grow with the iterations: histograms, sums, and rings of the most recent ones.
 * One thread at a time. */
#ifndef SW_SESSION_H
#define SW_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"
#include "core/histogram.h"

#define SW_SAMPLES_MAX 8192 /* latencies kept per mode; beyond, figures come from the histogram */
#define SW_RECENT_MAX 256   /* finished iterations kept for tables, all modes together */
#define SW_NOTES_MAX 32

struct sw_phase_sum {
	uint64_t count;      /* counted attempts in which the phase occurred */
	double sum_ns;
	double on_path_sum_ns;
	struct sw_histogram *histogram; /* NULL until the first */
};

/* Warm-up iterations are counted in warmup_done and nowhere else. Every counted iteration that
 * finished is in exactly one of outcomes[] (by its final outcome in its own kind of mode) or in
 * fell_back (ended ok on the host):  done = fell_back + sum(outcomes).  Latency, samples and phases
 * are of iterations that ended ok without a fallback: what the mode itself costs. */
struct sw_mode_state {
	struct sw_mode_info info;
	uint64_t done, fell_back, warmup_done;
	uint64_t outcomes[SW_OUTCOME_COUNT];
	uint64_t attempts, retries;
	uint64_t fallback_failed;  /* fallbacks taken that did not end ok either */
	uint64_t taken[SW_OUTCOME_COUNT], refused[SW_OUTCOME_COUNT]; /* fallbacks, by reason */
	uint64_t retried[SW_OUTCOME_COUNT];
	/* latency of ok iterations: first attempt's start to last attempt's end */
	struct sw_histogram *latency;
	double sum_ns, mean_ns, m2_ns; /* Welford's running mean and sum of squared deviations */
	double busy_ns; /* wall time of all finished, counted iterations, however they ended */
	int64_t samples[SW_SAMPLES_MAX];
	uint64_t n_samples; /* ever; samples[i % SW_SAMPLES_MAX] */
	struct sw_phase_sum phases[SW_PHASE_COUNT];
	double wall_sum_ns, other_sum_ns; /* of the attempts behind phases[] */
	struct sw_histogram *other_ppm;   /* other / wall of each, in millionths */
	uint64_t by_durations;            /* attempts whose inner phases were placed by durations */
	uint64_t containers_created, containers_removed;
	uint64_t dropped_bytes;
	char python[SW_PYTHON_MAX]; /* of the mode's own first attempt that told it; "" until then */
	char last_error[SW_TEXT_MAX];
	struct sw_span last_spans[SW_SPANS_MAX]; /* of the newest finished attempt */
	int n_last_spans;
	/* what runs right now */
	bool running, running_warmup, running_on_host;
	int64_t iteration, attempt;
	int64_t iteration_start_ns, attempt_start_ns, phase_start_ns;
	enum sw_phase phase;
	bool in_phase;
};

struct sw_recent {
	int mode;
	int64_t iteration, start_ns, latency_ns, attempts;
	bool warmup, fell_back;
	enum sw_outcome outcome;
	struct sw_span spans[SW_SPANS_MAX]; /* of the last attempt */
	int n_spans;
	char error[160];
};

struct sw_session {
	bool started;
	struct sw_session_info info;
	struct sw_environment environment;
	struct sw_mode_state *modes[SW_MODES_MAX]; /* owned */
	int n_modes;
	enum sw_state state;
	enum sw_clock clock;
	char end_text[SW_TEXT_MAX];
	int64_t last_ns; /* t_ns of the newest event: the session's elapsed time */
	uint64_t last_seq, missing, unexpected; /* gaps in seq; events that did not fit the state */
	char notes[SW_NOTES_MAX][SW_TEXT_MAX];
	int n_notes;
	uint64_t notes_dropped;
	struct sw_recent recent[SW_RECENT_MAX]; /* ring: recent[(n_recent - 1) % SW_RECENT_MAX] newest */
	uint64_t n_recent;
	char digest[SW_DIGEST_MAX]; /* of the first ok result: what all must equal */
};

/* On the heap: the struct is large. NULL when memory is out. */
struct sw_session *sw_session_new(void);
void sw_session_free(struct sw_session *session);

/* Adds EVENT. An event that does not fit (an unknown mode, a finish without a start, another
 * iteration than the one that runs, a number already seen) is counted in `unexpected` and changes
 * nothing else. So is the start of an iteration while one runs, but it takes the other's place: the
 * finish was lost. 0, or -1 when memory is out. */
int sw_session_apply(struct sw_session *session, const struct sw_event *event);

/* Modes that the decision compares; NULL when there is none. */
const struct sw_mode_state *sw_session_baseline(const struct sw_session *session);
const struct sw_mode_state *sw_session_candidate(const struct sw_session *session);

/* Finished and planned iterations of all modes, warm-up excluded. */
uint64_t sw_session_done(const struct sw_session *session);
uint64_t sw_session_planned(const struct sw_session *session);

/* Fallbacks taken, refused, of all reasons. */
uint64_t sw_mode_taken(const struct sw_mode_state *mode);
uint64_t sw_mode_refused(const struct sw_mode_state *mode);

/* Latencies kept, oldest first, into DST (room for SW_SAMPLES_MAX); returns how many. */
size_t sw_mode_samples(const struct sw_mode_state *mode, int64_t *dst);

#endif
