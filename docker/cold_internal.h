/* Hides nothing: what docker/cold.c (the runner), docker/cold_attempt.c (an attempt as it happens)
 * and docker/cold_result.c (what it was, from the facts gathered) share. Must not be included
 * elsewhere. */
#ifndef SW_COLD_INTERNAL_H
#define SW_COLD_INTERNAL_H

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/worker.h"
#include "docker/cold.h"
#include "docker/lifecycle.h"

/* All that is known of an attempt when its container is gone. Times: CLOCK_MONOTONIC ns, 0 = never. */
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
	struct sw_worker_report report;
	struct sw_worker_reader out, err;
};

/* Whether the attempt's stamps are of this host's clock; SW_CLOCK_UNKNOWN without any. */
enum sw_clock sw_cold_clock(const struct sw_cold_facts *facts);

/* Fills in RESULT, which is zeroed before. Pure. */
void sw_cold_result(const struct sw_cold_options *options, const struct sw_cold_facts *facts,
                    struct sw_attempt_result *out_result);

/* The runner. */
struct sw_cold {
	struct sw_runner runner;
	struct sw_cold_options options;
	struct sw_http *http; /* NULL: there is no endpoint at all */
	struct sw_api *api;
	bool has_version;
	const char **labels;
	struct sw_buf seccomp; /* the profile's text; empty: none is sent */
	struct sw_error profile_error;
	bool profile_failed;
	enum sw_clock clock;

	sw_runner_ready_fn ready;
	void *ready_user;
	char ready_error[SW_TEXT_MAX];

	bool is_busy, is_gone;
	bool is_asking; /* a state request of ours is out */
	enum sw_phase inner; /* the newest phase inside the container that was told; PULL: none yet */
	bool has_exit_event;
	struct sw_attempt attempt;
	sw_attempt_done_fn done;
	void *user;
	struct sw_lifecycle *life;
	struct sw_cold_facts facts;
	struct sw_timer deadline;
	struct sw_deferred later;
};

/* The vtable's start and cancel (docker/cold_attempt.c). */
void sw_cold_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                   sw_attempt_done_fn done, void *user);
void sw_cold_cancel(struct sw_runner *runner);

#endif
