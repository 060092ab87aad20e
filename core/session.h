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
#include "core/ranges.h"

#define SW_SAMPLES_MAX 8192 /* latencies kept per mode; beyond, figures come from the histogram */
#define SW_RECENT_MAX 256   /* finished iterations kept for tables, all modes together */
#define SW_NOTES_MAX 32
#define SW_SEEN_CONTAINERS_MAX 64
#define SW_RECENT_ATTEMPTS_MAX 4 /* kept of one iteration */

/* What came of an iteration: its outcome in its own mode, or that it fell back and ended ok on the host. */
#define SW_CAME_BACK SW_OUTCOME_COUNT
#define SW_CAME_COUNT (SW_OUTCOME_COUNT + 1)

struct sw_phase_sum {
	uint64_t count; /* how often it occurred */
	double sum_ns;
	struct sw_histogram *histogram; /* NULL until the first */
};

/* One finished attempt. Times are ns since the session's start. */
struct sw_attempt_record {
	int64_t number; /* 1.. in its iteration */
	enum sw_outcome outcome;
	bool on_host;
	int64_t start_ns, wall_ns;
	int64_t exit_code, term_signal; /* -1: not known; 0: none */
	char container[16];             /* short id; "" on the host */
	struct sw_span spans[SW_SPANS_MAX];
	int n_spans;
	char error[160];
	bool not_asked;                 /* the circuit breaker was open */
	uint32_t faults;                /* bits 1u << enum sw_fault: injected while it ran */
};

/* The attempts of one iteration: all, or the first two and the last two when there are more. */
struct sw_attempts {
	int64_t total; /* ever finished */
	int n;         /* kept in list */
	struct sw_attempt_record list[SW_RECENT_ATTEMPTS_MAX];
};

struct sw_phase_start {
	enum sw_phase phase;
	int64_t start_ns; /* since the session's start; it lasts until the next one's */
};

/* What an iteration added to its mode's counters of the same names: a drop takes it back. */
struct sw_mode_counts {
	uint64_t attempts, retries, not_asked, dropped_bytes;
	uint64_t taken[SW_OUTCOME_COUNT], refused[SW_OUTCOME_COUNT], retried[SW_OUTCOME_COUNT];
	bool has_error;                /* it set the mode's last_error, which was: */
	char last_error[SW_TEXT_MAX];
};

/* A slot of a mode: the iteration that runs in it right now, if one does. */
struct sw_running {
	bool is_active, warmup, on_host;
	int64_t iteration, attempt;
	int64_t iteration_start_ns, attempt_start_ns, phase_start_ns;
	enum sw_phase phase;
	bool in_phase;
	/* the running attempt's so far, the newest last; none between attempts */
	struct sw_phase_start phase_starts[SW_SPANS_MAX];
	int n_phase_starts;
	struct sw_attempts ended; /* its attempts that have ended */
	uint32_t attempt_faults;  /* of the running attempt, as struct sw_attempt_record's */
	uint32_t faults;          /* of the iteration, in whichever attempt */
	struct sw_mode_counts added;
};

/* Warm-up iterations are counted in warmup_done and nowhere else. Every counted iteration that finished
 * is in exactly one of outcomes[] (by its final outcome in its own kind of mode) or in fell_back (ended
 * ok on the host):  done = fell_back + sum(outcomes).  Latency, samples and phases are of iterations that
 * ended ok without a fallback: what the mode itself costs. An iteration that was dropped (for a pause, by
 * a stop, or because its process died) is counted in `dropped` and nowhere else, as if it had not been
 * run yet. So at any moment planned = fell_back + sum(outcomes) + running + pending where running are
 * counted iterations in slots, and pending those not begun; checked after each event. */
struct sw_mode_state {
	struct sw_mode_info info;
	uint64_t done, fell_back, warmup_done;
	uint64_t dropped; /* warm-up included */
	uint64_t outcomes[SW_OUTCOME_COUNT];
	uint64_t attempts, retries;
	uint64_t fallback_failed;  /* fallbacks taken that did not end ok either */
	uint64_t taken[SW_OUTCOME_COUNT], refused[SW_OUTCOME_COUNT]; /* fallbacks, by reason */
	uint64_t retried[SW_OUTCOME_COUNT];
	uint64_t not_asked;             /* attempts that were not made: the circuit breaker was open */
	uint64_t faults[SW_FAULT_COUNT]; /* injected by chaos, warm-up and dropped iterations included */
	/* Of the counted iterations that a fault of a kind hit, in whichever attempt: what came of them. */
	uint64_t came_of[SW_FAULT_COUNT][SW_CAME_COUNT];
	struct sw_ranges finished;      /* which counted iterations are done: none twice */
	/* latency of ok iterations: first attempt's start to last attempt's end */
	struct sw_histogram *latency;
	double sum_ns, mean_ns, m2_ns; /* Welford's running mean and sum of squared deviations */
	double busy_ns; /* wall time of all finished, counted iterations, however they ended */
	int64_t samples[SW_SAMPLES_MAX];
	uint64_t n_samples; /* ever; samples[i % SW_SAMPLES_MAX] */
	struct sw_phase_sum phases[SW_PHASE_COUNT]; /* on the path of attempts that ended ok, not on the host */
	/* What nobody waited for: of phase_behind events, and those attempts' spans off the path. */
	struct sw_phase_sum behind[SW_PHASE_COUNT];
	double wall_sum_ns, other_sum_ns; /* of the attempts that phases[] are of */
	struct sw_histogram *other_ppm;   /* other / wall of each, in millionths */
	uint64_t by_durations;            /* attempts whose inner phases were placed by durations */
	uint64_t containers_created, containers_removed;
	uint64_t dropped_bytes;
	char python[SW_PYTHON_MAX]; /* of the mode's own first attempt that told it; "" until then */
	char last_error[SW_TEXT_MAX];
	struct sw_span last_spans[SW_SPANS_MAX]; /* of the newest finished attempt */
	int n_last_spans;
	int64_t last_iteration; /* which that was */
	bool last_warmup, last_on_host;
	uint64_t replaced; /* kept containers that were lost, and made anew */
	/* Turns: iterations in a row, `parallel` at a time, until nothing of them goes on behind. Their
	 * quotient is the mode's throughput. Warm-up excluded. */
	uint64_t turn_count; /* iterations that ended ok in a turn that is over */
	double turn_ns;      /* those turns' length */
	/* what runs right now: one slot per parallel iteration; an iteration keeps its slot to its end */
	struct sw_running *slots; /* owned */
	int n_slots, n_running;
};

struct sw_recent {
	int mode;
	int64_t iteration, start_ns, latency_ns, attempts;
	int64_t finished_ns; /* when it was over: the event's own time */
	bool warmup, fell_back;
	enum sw_outcome outcome;
	char error[160];
	uint32_t faults;          /* bits: injected while it ran, in whichever attempt */
	struct sw_attempts ended; /* ended.total may be less than attempts: events were lost */
};

/* A container of the session. Times are ns since the session's start. */
struct sw_seen_container {
	char id[16]; /* short */
	int mode;
	int64_t iteration, attempt; /* 0: made for no one iteration; of a pool: for none so far */
	bool warmup;
	int64_t created_ns; /* when the engine had answered */
	int64_t removed_ns; /* 0: it is still there, as far as events tell */
	char error[160];    /* the newest that an event about it told; "" when none */
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
	/* Those that are there, and the newest of those that are not, the oldest first. Only where there are
	 * too many for the list, the oldest is left out although it is there. */
	struct sw_seen_container containers[SW_SEEN_CONTAINERS_MAX];
	int n_containers;
	uint64_t containers_made; /* in all */
	/* the circuit breaker */
	enum sw_breaker_state breaker;
	int64_t breaker_since_ns, breaker_retry_ns; /* since then; open: probed at that time at the earliest */
	uint64_t breaker_opened, breaker_probes;    /* how often; unanswered probes */
	char breaker_text[SW_TEXT_MAX];             /* why it is as it is */
	uint64_t resumed; /* how often another process went on with the session */
	bool paused;
	int64_t paused_since_ns; /* while paused */
	int64_t paused_sum_ns;   /* of the pauses that are over */
	char digest[SW_DIGEST_MAX]; /* of the first ok result: what all must equal */
	/* `iterations: auto` has come to its end: each mode's info.planned says at how many */
	bool is_length_decided;
	double length_precision_percent;
	char length_text[SW_TEXT_MAX];
};

/* On the heap: the struct is large. NULL when memory is out. */
struct sw_session *sw_session_new(void);
void sw_session_free(struct sw_session *session);

/* Adds EVENT. An event that does not fit (an unknown mode, a finish without a start, an iteration that
 * does not run, a number already seen) is counted in `unexpected` and changes nothing else. So is the
 * start of an iteration while all slots are taken, but it takes the place of the one that began first: its
 * finish was lost. 0, or -1 when memory is out. */
int sw_session_apply(struct sw_session *session, const struct sw_event *event);

/* The iteration of MODE that runs and began first, or NULL. */
const struct sw_running *sw_mode_running(const struct sw_mode_state *mode);

/* Modes that the decision compares; NULL when there is none. */
const struct sw_mode_state *sw_session_baseline(const struct sw_session *session);
const struct sw_mode_state *sw_session_candidate(const struct sw_session *session);

/* Finished and planned iterations of all modes, warm-up excluded. */
uint64_t sw_session_done(const struct sw_session *session);
uint64_t sw_session_planned(const struct sw_session *session);

/* How long the session was paused, up to NOW_NS (ns since its start; last_ns for what the events
 * alone tell). An open pause counts from its event on; a session's end ends it. */
int64_t sw_session_paused_ns(const struct sw_session *session, int64_t now_ns);

/* Counted iterations of MODE that run, and that have not begun (core/session.h, accounts). */
uint64_t sw_mode_counted_running(const struct sw_mode_state *mode);
uint64_t sw_mode_pending(const struct sw_mode_state *mode);

/* Injected faults of all kinds. */
uint64_t sw_mode_faults(const struct sw_mode_state *mode);

/* What came of the iterations that FAULT hit, in all modes; returns how often it was injected. */
uint64_t sw_session_came_of(const struct sw_session *session, enum sw_fault fault,
                            uint64_t out_came_of[SW_CAME_COUNT]);

/* Fallbacks taken, refused, of all reasons. */
uint64_t sw_mode_taken(const struct sw_mode_state *mode);
uint64_t sw_mode_refused(const struct sw_mode_state *mode);

/* Latencies kept, oldest first, into DST (room for SW_SAMPLES_MAX); returns how many. */
size_t sw_mode_samples(const struct sw_mode_state *mode, int64_t *dst);

#endif
