/* Hides how an event is spelled in a journal: one table of kinds and their fields drives the
 * encoder and the decoder. Must not know who produces events or what they add up to.
 *
 * Events are what everything else is made of: a live run, a journal that another process writes and
 * a replay differ only in where they come from. One line of JSON per event; an unknown kind or a
 * broken line is an error the reader counts and skips; unknown fields are ignored. */
#ifndef SW_EVENT_H
#define SW_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fingerprint.h"
#include "core/plan.h"
#include "core/runner.h"
#include "core/words.h"

struct sw_buf;
struct sw_error;

#define SW_EVENT_LINE_MAX 8192 /* bytes of one journal line, its newline included */

/* session_started: the plan, as far as figures and screens need it. */
struct sw_session_info {
	char id[32];
	char name[SW_NAME_MAX];
	char started_at[32]; /* RFC 3339, UTC */
	enum sw_order order;
	int64_t seed, iterations, warmup;
	char tool_version[32], tool_commit[48];
	char baseline[SW_NAME_MAX], candidate[SW_NAME_MAX]; /* resolved; "" where there is none */
	double enable_below_percent, optional_below_percent;
	double project_seconds[SW_PROJECT_MAX];
	int n_project;
	bool sandbox_enabled, fallback_enabled;
	int64_t max_retries;
	int64_t fallback_on; /* bits, as struct sw_fallback's */
	int64_t gates;       /* how many are configured */
	bool is_auto;        /* the number of iterations is found by the rule of core/adaptive.h */
	double precision_percent;
	int64_t min_iterations, time_budget_ns, block;
	/* struct sw_breaker_plan; 0: not known */
	int64_t breaker_failures, breaker_open_ns, breaker_max_open_ns, breaker_wait_ns;
	char workload[256];  /* for people: "momentum, mock, 252 days × 10 symbols" or the command */
	bool command;        /* a command, not a strategy */
	char strategy[128];
	enum sw_backtest backtest;
	int64_t days, symbols;
	char strategy_fnv1a[SW_FINGERPRINT_MAX]; /* of the source's bytes; "": not known (an older journal) */
};

/* environment: what the session runs on. engine "" = none answered. */
struct sw_environment {
	char host[64], os[96], kernel[96], cpu[96];
	int64_t cpus, memory_bytes;
	char engine[32], engine_version[48], api_version[16], runtime[32], storage[32], cgroup[32];
	char endpoint[128];
	bool private_engine; /* started by sandwatch */
	char image[256], image_id[80];
	int64_t image_bytes;
	char engine_error[SW_TEXT_MAX]; /* why there is no engine, and what would help */
};

/* mode_planned, one per mode, in order. */
struct sw_mode_info {
	char name[SW_NAME_MAX];
	enum sw_kind kind;
	int64_t parallel, planned;
	char image[256], image_id[80]; /* image_id "": a host mode, or the image was not found */
	enum sw_shim shim;             /* counts where there is an image_id */
	char network[64], runtime[64], user[64], seccomp[128];
	int64_t memory_bytes, cpu_milli, pids_limit, tmpfs_bytes, timeout_ns;
	bool read_only, drop_capabilities, no_new_privileges;
	int64_t pool, job_memory_bytes; /* prepared; warm */
	bool preforked;                 /* host */
	char layer[16];                 /* sw_words_layer: what an ablation took away; "": nothing */
	int64_t engine_timeout_ns;      /* 0: not known */
};

/* The fields of the events about iterations. Times are ns since the session's start. */
struct sw_iteration_info {
	int64_t iteration, attempt;
	bool warmup, on_host, fell_back;
	enum sw_phase phase;     /* phase_started */
	enum sw_outcome outcome; /* also the reason of retry, fallback_taken, fallback_refused */
	int64_t start_ns, wall_ns, other_ns;
	int64_t attempts; /* iteration_finished */
	int64_t count;    /* turn_finished: iterations of the turn that ended ok in their own mode */
	int64_t exit_code, term_signal;
	enum sw_fault fault;     /* fault_injected, and what it hit */
	enum sw_target target;
	bool not_asked;          /* attempt_finished: the circuit breaker was open; nothing was tried */
	int64_t stdout_bytes, stderr_bytes, dropped_bytes;
	bool by_durations;
	char digest[SW_DIGEST_MAX];
	char python[SW_PYTHON_MAX]; /* attempt_finished */
	char container[16];
	char text[SW_TEXT_MAX];
	struct sw_span spans[SW_SPANS_MAX]; /* relative to the session's start */
	int n_spans;
};

/* kind, name. Fields of each kind: the table in core/event.c. */
#define SW_EVENTS(X)                                      \
	X(SW_EVENT_SESSION_STARTED, "session_started")        \
	X(SW_EVENT_ENVIRONMENT, "environment")                \
	X(SW_EVENT_MODE_PLANNED, "mode_planned")              \
	X(SW_EVENT_ITERATION_STARTED, "iteration_started")    \
	X(SW_EVENT_ATTEMPT_STARTED, "attempt_started")        \
	X(SW_EVENT_PHASE_STARTED, "phase_started")            \
	X(SW_EVENT_ATTEMPT_FINISHED, "attempt_finished")      \
	X(SW_EVENT_RETRY, "retry")                            \
	X(SW_EVENT_FALLBACK_TAKEN, "fallback_taken")          \
	X(SW_EVENT_FALLBACK_REFUSED, "fallback_refused")      \
	X(SW_EVENT_ITERATION_FINISHED, "iteration_finished")  \
	X(SW_EVENT_ITERATION_DROPPED, "iteration_dropped")    \
	X(SW_EVENT_TURN_FINISHED, "turn_finished")            \
	X(SW_EVENT_PHASE_BEHIND, "phase_behind")              \
	X(SW_EVENT_CONTAINER_CREATED, "container_created")    \
	X(SW_EVENT_CONTAINER_REMOVED, "container_removed")    \
	X(SW_EVENT_CONTAINER_REPLACED, "container_replaced")  \
	X(SW_EVENT_CLOCK_KNOWN, "clock_known")                \
	X(SW_EVENT_LENGTH_DECIDED, "length_decided")          \
	X(SW_EVENT_FAULT_INJECTED, "fault_injected")          \
	X(SW_EVENT_BREAKER_CHANGED, "breaker_changed")        \
	X(SW_EVENT_SESSION_RESUMED, "session_resumed")        \
	X(SW_EVENT_NOTE, "note")                              \
	X(SW_EVENT_PAUSED, "paused")                          \
	X(SW_EVENT_RESUMED, "resumed")                        \
	X(SW_EVENT_SESSION_FINISHED, "session_finished")

#define SW_EVENT_ENUM(id, name) id,
enum sw_event_kind { SW_EVENTS(SW_EVENT_ENUM) SW_EVENT_COUNT };
#undef SW_EVENT_ENUM

/* A plain value; which member of the union counts follows from the kind:
 * session_started: session; environment: environment; mode_planned: planned; the iteration,
 * attempt, phase, retry, fallback, turn and container events: it; clock_known: clock; length_decided:
 * length; breaker_changed: breaker; session_resumed: resumption; note and session_finished: end; paused and
 * resumed: none. `mode` is the mode's index where the
 * kind has one, else -1.
 *
 * turn_finished: iterations of a mode, from ITERATION on, were run in a row, `parallel` at a time, and all
 * that they left to do behind is done: from start_ns for wall_ns. COUNT of them ended ok in their own mode.
 * phase_behind: spans that lay on nobody's critical path (iteration 0: not of one iteration).
 * container_created with iteration 0: a container that is kept for several. container_replaced: a kept one
 * was lost, text says why.
 * fault_injected: one of chaos's faults was done, in or during the attempt it names; it may come after that
 * attempt's end, and is told once for each. text says to what.
 * breaker_changed: the circuit breaker's new state and why; `probes` asked since the last change that were
 * not answered.
 * session_resumed: the process before died, or was stopped; another goes on with the same journal. What was
 * running then is run anew, its containers are gone; t_ns goes on from the last event's. */
struct sw_event {
	enum sw_event_kind kind;
	int mode;
	uint64_t seq; /* 1.. without gaps in one session */
	int64_t t_ns; /* when it was emitted, ns since the session's start */
	bool in_turn; /* not in a journal. iteration_finished: its turn goes on, so it need not be synced yet */
	union {
		struct sw_session_info session;
		struct sw_environment environment;
		struct sw_mode_info planned;
		struct sw_iteration_info it;
		enum sw_clock clock;
		struct {
			int64_t iterations; /* of each mode: what `auto` came to */
			double precision_percent; /* reached; 0: not known */
			char text[SW_TEXT_MAX];   /* why it ended there */
		} length;
		struct {
			enum sw_breaker_state state;
			int64_t failures; /* `engine` outcomes in a row so far */
			int64_t probes;   /* unanswered, since the last change */
			int64_t retry_ns; /* open: when it is probed next, ns since the session's start */
			char text[SW_TEXT_MAX];
		} breaker;
		struct {
			char at[32]; /* RFC 3339, UTC */
			char text[SW_TEXT_MAX];
		} resumption;
		struct {
			enum sw_state state; /* session_finished */
			char text[SW_TEXT_MAX];
		} end;
	} u;
};

const char *sw_event_name(enum sw_event_kind kind);

/* Zeroes EVENT and sets kind and mode. */
void sw_event_init(struct sw_event *event, enum sw_event_kind kind, int mode);

/* Appends EVENT as one JSON line with its "\n". Every field that is not empty or zero is written;
 * what is written decodes to an equal event. 0 or -1 (memory). */
int sw_event_encode(const struct sw_event *event, struct sw_buf *out);

/* Decodes one line (LEN bytes, with or without its newline) in one pass, without allocating. Text is
 * cleaned, numbers are checked against their field's range, words against their table; of a name
 * that comes twice the first counts. SW_ERR_PROTOCOL on anything else, SW_ERR_NOT_FOUND when it is an
 * event of a kind that this version does not know, SW_ERR_LIMIT when it is too long.
 * Of an event about an iteration, what lies behind the end of its text and behind its last span is
 * left as it was: a session's worth of them is read without moving it. Any thread. */
int sw_event_decode(const char *line, size_t len, struct sw_event *out_event, struct sw_error *err);

/* Field by field, by the kind's table. */
bool sw_event_equal(const struct sw_event *a, const struct sw_event *b);

#endif
