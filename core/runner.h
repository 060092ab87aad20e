/* Hides how one attempt is executed: on the host, in a container, later in a warm worker.
 * Must not know retries, fallbacks, order or statistics: those are the scheduler's. A runner
 * reports what happened and nothing else.
 *
 * A runner lives on the measuring thread's loop. It runs one attempt at a time; `parallel` gives
 * each slot a runner of its own. Call order: prepare, ((start, done)*, settle)*, finish, free. */
#ifndef SW_RUNNER_H
#define SW_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/words.h"

struct sw_event;
struct sw_error;

/* Where events go: called on the measuring thread, EVENT is only valid during the call.
 * The sink fills in the event's time and number. */
struct sw_sink {
	void (*emit)(void *user, struct sw_event *event);
	void *user;
};

/* A stretch of an attempt. Absolute CLOCK_MONOTONIC; spans of one attempt do not overlap. */
struct sw_span {
	enum sw_phase phase;
	int64_t start_ns, end_ns;
	bool on_path; /* on the critical path: the caller waits for it */
};
#define SW_SPANS_MAX 24

/* What is to be executed: the same for every attempt of a session, for host and container alike.
 * Borrowed: outlives the runner. */
struct sw_task {
	const char *strategy; /* the source's bytes, NULL when a command is run */
	size_t strategy_len;
	enum sw_backtest backtest;
	int days, symbols;
	uint64_t seed;
	char *const *command; /* argv, NULL-terminated; NULL when a strategy is run */
	bool is_unchecked;    /* the strategy goes past the validator: for tests of what holds without it */
};

/* One attempt. token is fresh for each (32 hex digits): a result that does not carry it is not
 * this attempt's. */
struct sw_attempt {
	int mode;          /* index in the plan */
	int64_t iteration; /* 1.. within the mode; warm-up iterations count 1.. of their own */
	int number;        /* 1.. within the iteration */
	bool warmup;
	bool on_host;      /* a fallback */
	char token[33];
};

/* How it went. Plain value; all text is clean (sw_text_clean) and NUL-terminated. */
struct sw_attempt_result {
	enum sw_outcome outcome;
	int64_t start_ns, end_ns; /* absolute CLOCK_MONOTONIC: asked to start -> nothing left of it */
	struct sw_span spans[SW_SPANS_MAX]; /* in order of start */
	int n_spans;
	bool by_durations;   /* inner spans were placed by their durations: the clocks differ */
	int exit_code;       /* -1: not known */
	int term_signal;     /* 0: none */
	uint64_t stdout_bytes, stderr_bytes, dropped_bytes;
	char digest[SW_DIGEST_MAX]; /* of the result; "" when there is none or a command ran */
	char python[SW_PYTHON_MAX]; /* the version of the worker's interpreter; "" when it is not known */
	char container[16];  /* short id; "" on the host */
	char error[SW_TEXT_MAX]; /* "" when ok */
};

/* RESULT is valid during the call; the runner is idle again and may be started from inside it. */
typedef void (*sw_attempt_done_fn)(void *user, const struct sw_attempt_result *result);
/* prepare's and finish's end; ERROR is NULL when all is well, else a clean text. */
typedef void (*sw_runner_ready_fn)(void *user, const char *error);

struct sw_runner;

struct sw_runner_ops {
	/* Whatever is needed once, off every measured path (host: the worker boots). A failure is not
	 * final: start may be called all the same and will report what is wrong as its outcome. */
	void (*prepare)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);
	/* Starts one attempt; DONE is called exactly once, never from inside this call. */
	void (*start)(struct sw_runner *runner, const struct sw_attempt *attempt,
	              sw_attempt_done_fn done, void *user);
	/* Ends a running attempt as soon as its traces can be removed: DONE follows with
	 * SW_OUTCOME_CANCELLED (or what it became first). So for a probe. Idle: does nothing. */
	void (*cancel)(struct sw_runner *runner);
	/* Calls READY once nothing of the runner goes on behind the critical path any more (containers
	 * being made or removed, a worker being warmed up): other modes are measured after that. ERROR tells
	 * what could not be made ready; the next start tries again. Idle runners only; READY is never called from
	 * inside this call. NULL: nothing ever goes on behind. */
	void (*settle)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);
	/* Asks the engine for a sign of life, of an idle runner; READY (never from inside this call) with NULL
	 * when it gives one. For the circuit breaker. cancel calls it off: READY follows soon, with any text.
	 * NULL: there is nobody to ask. */
	void (*probe)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);
	/* Removes whatever is kept between attempts. Idle runners only. */
	void (*finish)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);
	/* Idle, finished or never prepared runners only. */
	void (*free)(struct sw_runner *runner);
};

/* First member of every runner. */
struct sw_runner {
	const struct sw_runner_ops *ops;
};

/* Helpers for runners (core/runner.c). */

/* Appends a span, clamped so that it starts no earlier than the one before ended and ends no
 * earlier than it starts; a full list drops it. Spans of zero length are kept. */
void sw_result_span(struct sw_attempt_result *result, enum sw_phase phase, int64_t start_ns,
                    int64_t end_ns, bool on_path);

/* What the attempt's wall time holds beside its spans on the path: end - start - sum. */
int64_t sw_result_other_ns(const struct sw_attempt_result *result);

/* Sets outcome and error (printf, cleaned). */
void sw_result_fail(struct sw_attempt_result *result, enum sw_outcome outcome, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

#endif
