/* Hides the spelling of the project's fixed words: mode kinds, phases, groups, outcomes, orders.
 * Must not know what happens to them. Each table is the only place that lists its words. */
#ifndef SW_WORDS_H
#define SW_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define SW_NAME_MAX 64     /* a mode's or session's name, with its NUL */
#define SW_MODES_MAX 32    /* modes of one session */
#define SW_PARALLEL_MAX 64 /* iterations of one mode at the same time */
#define SW_TEXT_MAX 512    /* an error's or a note's text, with its NUL */
#define SW_DIGEST_MAX 65   /* a SHA-256 in hex, with its NUL */
#define SW_PYTHON_MAX 24   /* a Python's version, "3.11.2", with its NUL */

/* enum, name. Order is the journal's and the snapshot's. */
#define SW_MODE_KINDS(X)            \
	X(SW_KIND_HOST, "host")         \
	X(SW_KIND_COLD, "cold")         \
	X(SW_KIND_PREPARED, "prepared") \
	X(SW_KIND_EXEC, "exec")         \
	X(SW_KIND_WARM, "warm")

#define SW_GROUPS(X)                           \
	X(SW_GROUP_STARTUP, "startup")             \
	X(SW_GROUP_EXECUTION, "execution")         \
	X(SW_GROUP_SERIALIZATION, "serialization") \
	X(SW_GROUP_CLEANUP, "cleanup")

/* enum, name, group, what a reader is told it is. In the order in which they happen. */
#define SW_PHASES(X)                                                                            \
	X(SW_PHASE_PULL, "pull", SW_GROUP_STARTUP, "the image is fetched")                          \
	X(SW_PHASE_CREATE, "create", SW_GROUP_STARTUP, "the engine creates the container")          \
	X(SW_PHASE_ATTACH, "attach", SW_GROUP_STARTUP, "both streams are connected")                \
	X(SW_PHASE_START, "start", SW_GROUP_STARTUP, "start request to PID 1's first instruction")  \
	X(SW_PHASE_PREWARM, "prewarm", SW_GROUP_STARTUP, "the next worker is forked and warmed up") \
	X(SW_PHASE_BOOT, "boot", SW_GROUP_EXECUTION, "PID 1 to the worker's main")                  \
	X(SW_PHASE_IMPORTS, "imports", SW_GROUP_EXECUTION, "the worker imports its libraries")      \
	X(SW_PHASE_VALIDATE, "validate", SW_GROUP_EXECUTION, "the code is parsed and validated")    \
	X(SW_PHASE_DATA, "data", SW_GROUP_EXECUTION, "the market data is made")                     \
	X(SW_PHASE_EXECUTE, "execute", SW_GROUP_EXECUTION, "the code runs")                         \
	X(SW_PHASE_SERIALIZE, "serialize", SW_GROUP_SERIALIZATION, "the result becomes JSON")       \
	X(SW_PHASE_DELIVER, "deliver", SW_GROUP_SERIALIZATION, "written inside to read outside")    \
	X(SW_PHASE_EXIT, "exit", SW_GROUP_CLEANUP, "result read to exit known")                     \
	X(SW_PHASE_STOP, "stop", SW_GROUP_CLEANUP, "the container is killed")                       \
	X(SW_PHASE_REMOVE, "remove", SW_GROUP_CLEANUP, "the engine removes the container")

/* enum, name, what a reader is told it is. The first is the only success. */
#define SW_OUTCOMES(X)                                                                            \
	X(SW_OUTCOME_OK, "ok", "done, and the result is the expected one")                            \
	X(SW_OUTCOME_REJECTED, "rejected", "the validator refused the code")                          \
	X(SW_OUTCOME_FAILED, "failed", "the code's own error, or a result that differs")              \
	X(SW_OUTCOME_TIMEOUT, "timeout", "over its time limit and killed")                            \
	X(SW_OUTCOME_OOM, "oom", "over its memory limit and killed")                                  \
	X(SW_OUTCOME_CRASHED, "crashed", "died without a result")                                     \
	X(SW_OUTCOME_ENGINE, "engine", "the container engine failed: unreachable, refused, protocol") \
	X(SW_OUTCOME_CANCELLED, "cancelled", "stopped by the user before its end")

#define SW_ORDERS(X)                       \
	X(SW_ORDER_INTERLEAVED, "interleaved") \
	X(SW_ORDER_SEQUENTIAL, "sequential")   \
	X(SW_ORDER_RANDOM, "random")

#define SW_BACKTESTS(X)         \
	X(SW_BACKTEST_MOCK, "mock") \
	X(SW_BACKTEST_REAL, "real")

/* How a session ended, or that it has not. */
#define SW_STATES(X)                       \
	X(SW_STATE_RUNNING, "running")         \
	X(SW_STATE_DONE, "done")               \
	X(SW_STATE_INTERRUPTED, "interrupted") \
	X(SW_STATE_FAILED, "failed")

/* Whether the container's CLOCK_MONOTONIC is the host's, so that inner stamps can be placed. */
#define SW_CLOCKS(X)               \
	X(SW_CLOCK_UNKNOWN, "unknown") \
	X(SW_CLOCK_SHARED, "shared")   \
	X(SW_CLOCK_SEPARATE, "separate")

/* The sandbox's layers, as an ablation takes them away one at a time. enum, name, what is taken away. */
#define SW_LAYERS(X)                                                                     \
	X(SW_LAYER_NONE, "", "nothing")                                                      \
	X(SW_LAYER_NETWORK, "network", "no network: the container gets the engine's bridge") \
	X(SW_LAYER_SECCOMP, "seccomp", "the system call filter")                             \
	X(SW_LAYER_READONLY, "readonly", "the read-only root")                               \
	X(SW_LAYER_LIMITS, "limits", "limits of memory, CPU and processes")                  \
	X(SW_LAYER_CAPS, "caps", "dropped capabilities and no-new-privileges")

/* Faults that `chaos` injects. The first six come from the proxy between client and engine, the others are
 * done to the real thing. enum, name, what a reader is told. */
#define SW_FAULTS(X)                                                                                    \
	X(SW_FAULT_DELAY, "delay", "an answer, or a stretch of the stream, comes late")                     \
	X(SW_FAULT_STATUS, "status", "an error status instead of the engine's answer")                      \
	X(SW_FAULT_TRUNCATE, "truncate", "the answer's body, or the stream, is cut off in the middle")      \
	X(SW_FAULT_GARBAGE, "garbage", "bytes that no engine sends, in the answer's body or the stream")    \
	X(SW_FAULT_RESET, "reset", "the connection is reset")                                               \
	X(SW_FAULT_STALL, "stall", "the answer, or the stream, stops in the middle and stays open")         \
	X(SW_FAULT_ENGINE_PAUSE, "engine-pause", "the engine is stopped (SIGSTOP) for a while")             \
	X(SW_FAULT_ENGINE_KILL, "engine-kill", "the engine is killed (SIGKILL) and started again")          \
	X(SW_FAULT_ENGINE_RESTART, "engine-restart", "the engine is asked to end (SIGTERM), and started again") \
	X(SW_FAULT_IMAGE_REMOVE, "image-remove", "the image is removed, and put back after a while")        \
	X(SW_FAULT_CONTAINER_KILL, "container-kill", "a container is killed by somebody else")              \
	X(SW_FAULT_CONTAINER_REMOVE, "container-remove", "a container is removed by somebody else")         \
	X(SW_FAULT_DISK_FULL, "disk-full", "the journal's next write finds the disk full (ENOSPC)")

/* What of a runner's traffic a fault hits: the request, by what it asks for; or the hijacked stream of an
 * attach or an exec. any: whichever comes first; of a fault that is done to the real thing: the attempt's
 * beginning. */
#define SW_FAULT_TARGETS(X)       \
	X(SW_TARGET_ANY, "any")         \
	X(SW_TARGET_CREATE, "create")   \
	X(SW_TARGET_ATTACH, "attach")   \
	X(SW_TARGET_START, "start")     \
	X(SW_TARGET_WAIT, "wait")       \
	X(SW_TARGET_REMOVE, "remove")   \
	X(SW_TARGET_INSPECT, "inspect") \
	X(SW_TARGET_EXEC, "exec")       \
	X(SW_TARGET_PING, "ping")       \
	X(SW_TARGET_STREAM, "stream")

/* States of the circuit breaker (core/breaker.h), in its field's standard words. */
#define SW_BREAKER_STATES(X)            \
	X(SW_BREAKER_CLOSED, "closed")        \
	X(SW_BREAKER_OPEN, "open")            \
	X(SW_BREAKER_HALF_OPEN, "half-open")

/* How PID 1's stamp came into the image. */
#define SW_SHIMS(X)             \
	X(SW_SHIM_NONE, "left out") \
	X(SW_SHIM_BAKED, "baked")   \
	X(SW_SHIM_UPLOADED, "uploaded")

#define SW_WORD_ENUM(id, ...) id,
enum sw_kind { SW_MODE_KINDS(SW_WORD_ENUM) SW_KIND_COUNT };
enum sw_group { SW_GROUPS(SW_WORD_ENUM) SW_GROUP_COUNT };
enum sw_phase { SW_PHASES(SW_WORD_ENUM) SW_PHASE_COUNT };
enum sw_outcome { SW_OUTCOMES(SW_WORD_ENUM) SW_OUTCOME_COUNT };
enum sw_order { SW_ORDERS(SW_WORD_ENUM) SW_ORDER_COUNT };
enum sw_backtest { SW_BACKTESTS(SW_WORD_ENUM) SW_BACKTEST_COUNT };
enum sw_state { SW_STATES(SW_WORD_ENUM) SW_STATE_COUNT };
enum sw_clock { SW_CLOCKS(SW_WORD_ENUM) SW_CLOCK_COUNT };
enum sw_shim { SW_SHIMS(SW_WORD_ENUM) SW_SHIM_COUNT };
enum sw_layer { SW_LAYERS(SW_WORD_ENUM) SW_LAYER_COUNT };
enum sw_fault { SW_FAULTS(SW_WORD_ENUM) SW_FAULT_COUNT };
enum sw_target { SW_FAULT_TARGETS(SW_WORD_ENUM) SW_TARGET_COUNT };
enum sw_breaker_state { SW_BREAKER_STATES(SW_WORD_ENUM) SW_BREAKER_COUNT };
#undef SW_WORD_ENUM

/* A table of words: names[value], COUNT of them, then NULL. */
struct sw_words {
	const char *what; /* "mode kind", "outcome": for messages */
	size_t count;
	const char *const *names;
};
/* Defines sw_words_IDENT of LIST, an X-macro like those above. WHAT: as in struct sw_words. */
#define SW_WORD_NAME(id, name, ...) name,
#define SW_WORD_TABLE(ident, what_text, LIST)                             \
	static const char *const ident##_names[] = {LIST(SW_WORD_NAME) NULL}; \
	const struct sw_words sw_words_##ident = {                            \
		.what = (what_text),                                              \
		.count = sizeof ident##_names / sizeof ident##_names[0] - 1,      \
		.names = ident##_names,                                           \
	};

extern const struct sw_words sw_words_kind, sw_words_group, sw_words_phase, sw_words_outcome,
	sw_words_order, sw_words_backtest, sw_words_state, sw_words_clock, sw_words_shim,
	sw_words_layer, sw_words_fault, sw_words_target, sw_words_breaker;

/* The word for VALUE, "?" when out of range. Never NULL. */
const char *sw_word(const struct sw_words *words, int value);

/* The value of WORD, or -1. */
int sw_word_value(const struct sw_words *words, const char *word);

/* The same for LEN bytes that nothing terminates. */
int sw_word_find(const struct sw_words *words, const char *word, size_t len);

enum sw_group sw_phase_group(enum sw_phase phase);
const char *sw_phase_about(enum sw_phase phase);
const char *sw_outcome_about(enum sw_outcome outcome);
const char *sw_layer_about(enum sw_layer layer);
const char *sw_fault_about(enum sw_fault fault);
/* Whether the proxy injects it, rather than that it is done to the real thing. */
bool sw_fault_is_network(enum sw_fault fault);

#endif
