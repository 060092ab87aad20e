/* Hides nothing: what docker/cold.c gathers during an attempt and docker/cold_result.c turns into
 * its result. Must not be included elsewhere. */
#ifndef SW_COLD_INTERNAL_H
#define SW_COLD_INTERNAL_H

#include "core/error.h"
#include "core/worker.h"
#include "docker/cold.h"
#include "docker/lifecycle.h"

/* Everything known of one attempt when its container is gone. Times: CLOCK_MONOTONIC ns, 0 = never. */
struct sw_cold_facts {
	int64_t start_ns, end_ns;
	int64_t first_byte_ns; /* of any output */
	int64_t result_ns;     /* the result's sentinel was complete */
	int64_t exit_ns;       /* the shim's exit sentinel was complete */
	struct sw_life_stamps stamps;
	char id[SW_CONTAINER_ID_MAX];
	int exit_code;
	bool has_ended;      /* by itself, exit code and end of stream known */
	bool is_cancelled, is_timed_out;
	bool has_failed;     /* the container's life went wrong: life_error says how */
	struct sw_error life_error;
	bool is_missing_image;
	bool is_oom;         /* the engine says so */
	int refused_code;    /* start was refused, and the engine's exit code for that: 126, 127; else 0 */
	bool is_left_behind; /* the engine would not remove it: removal_error */
	struct sw_error removal_error;
	struct sw_worker_report report;
	struct sw_worker_reader out, err;
};

/* Whether the attempt's stamps are of this host's clock; SW_CLOCK_UNKNOWN without any. */
enum sw_clock sw_cold_clock(const struct sw_cold_facts *facts);

/* Fills in RESULT, which is zeroed before. Pure. */
void sw_cold_result(const struct sw_cold_options *options, const struct sw_cold_facts *facts,
                    struct sw_attempt_result *out_result);

#endif
