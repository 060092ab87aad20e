/* Hides how an attempt in a container is judged: phases and an outcome from the facts gathered.
 * Must not know how the facts came about, nor send a request. Pure; any thread. */
#ifndef SW_CONTAINER_RESULT_H
#define SW_CONTAINER_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/worker.h"
#include "docker/lifecycle.h"

struct sw_container_options;

/* All that is known of an attempt at its end. Times: CLOCK_MONOTONIC ns, 0 = never. */
struct sw_container_facts {
	int64_t start_ns, end_ns;
	int64_t first_byte_ns; /* of any output */
	int64_t result_ns;     /* the result's sentinel was complete */
	int64_t exit_ns;       /* the shim's exit sentinel was complete */
	struct sw_life_stamps stamps;
	char id[SW_CONTAINER_ID_MAX];
	int exit_code;
	bool has_ended; /* by itself, exit code and end of stream known */
	bool is_cancelled, is_timed_out;
	bool has_failed; /* the container's life went wrong: life_error says how */
	struct sw_error life_error;
	bool is_missing_image;
	bool is_container_dead; /* kept: the container itself ended under the code, with exit_code */
	bool is_oom; /* the engine says so */
	bool is_oom_untold; /* it could not be asked: SIGKILL under a limit is taken for one */
	bool
		exit_is_behind; /* a result is judged by itself: what the worker exits with is not waited for */
	int refused_code; /* start was refused, and the engine's exit code for that: 126, 127; else 0 */
	struct sw_worker_report report;
	struct sw_worker_reader out, err;
};

/* Whether the attempt's stamps are of this host's clock; SW_CLOCK_UNKNOWN without any. */
enum sw_clock sw_container_clock(const struct sw_container_facts *facts);

/* Zeroes RESULT and fills in all but spans, outcome and error: times, exit, bytes, id. */
void sw_container_result_begin(const struct sw_container_facts *facts,
                               struct sw_attempt_result *out_result);

/* Appends the spans from the start request on: start, and what is inside the container up to the result
 * or the end of the run (at the latest UNTIL_NS). Returns where they end. */
int64_t sw_container_run_spans(const struct sw_container_facts *facts, int64_t until_ns,
                               struct sw_attempt_result *result);

/* Appends what follows the run, which ended at RUN_END_NS (0: it never began): exit, stop, remove, as far
 * as the attempt waited for them. */
void sw_container_end_spans(const struct sw_container_facts *facts, int64_t run_end_ns,
                            struct sw_attempt_result *result);

/* Sets outcome, digest and error. */
void sw_container_judge(const struct sw_container_options *options,
                        const struct sw_container_facts *facts, struct sw_attempt_result *result);

/* Whether SIGKILL, as EXIT_CODE tells it, came because memory ran out. IS_OOM: the engine says so. IS_UNTOLD:
 * it could not be asked; Podman never tells (facts.md). Then SIGKILL under a limit is taken for it. */
bool sw_container_ran_out(const struct sw_container_options *options, int exit_code, bool is_oom,
                          bool is_untold);

/* Takes over how a container's life went wrong. */
void sw_container_fail(struct sw_container_facts *facts, const struct sw_error *error,
                       enum sw_life state);

/* Before a removal takes the answer away: whether the engine has to be asked why it ended so (ERROR as of
 * sw_life_handlers.ended, in STATE), and what its answer adds to the facts. */
bool sw_container_must_ask(const struct sw_container_options *options, const struct sw_error *error,
                           enum sw_life state, int exit_code);
void sw_container_asked(struct sw_container_facts *facts, const struct sw_api_state *state);

/* "SIGSEGV"; NULL when it has no name here. */
const char *sw_signal_name(int sig);

#endif
