/* Hides what the runners of containers have in common: the engine's connection, a container's name,
 * labels and description, and how events about it are told. Must not know how many attempts a container
 * serves, nor when one is made or removed: those are the runners'.
 *
 * For docker/{cold,prepared,exec,warm}*.c alone; others call their sw_…_new. One loop's thread. */
#ifndef SW_CONTAINER_RUNNER_H
#define SW_CONTAINER_RUNNER_H

#include "core/buf.h"
#include "core/error.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/plan.h"
#include "core/runner.h"
#include "docker/container_result.h"
#include "docker/endpoint.h"
#include "docker/lifecycle.h"

/* Everything is borrowed and outlives the runner. */
struct sw_container_options {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	const char *api_version;  /* negotiated; "" when no engine answered: every attempt then tries,
	                              fails as `engine`, and says engine_error */
	const char *engine_error; /* why there is no engine, or NULL */
	const struct sw_mode_plan *mode;
	const struct sw_task *task;
	const char *session_id; /* labels and names */
	int slot;               /* 0..parallel-1: part of the names */
	int index;              /* the mode's in the plan: what events about no attempt are about */
	int64_t origin_ns;    /* the session's start, CLOCK_MONOTONIC: phase_behind counts from there */
	enum sw_shim shim;    /* baked: the image's entrypoint; uploaded: shim_tar is put at /, which
	                              a read-only root does not allow: there it is left out */
	const void *shim_tar; /* a tar with sandwatch-shim, for uploaded */
	size_t shim_tar_len;
	const char *const *image_argv; /* the image's entrypoint and command; NULL: not known */
	const char *image_error;       /* why the image is not to be had, or NULL */
	bool is_podman;
	struct sw_sink sink; /* phase_started, phase_behind, container_…, clock_known, note */
};

/* First member of every runner of containers. Its fields are the runners' to read; the attempt's are theirs
 * to set. */
struct sw_container_runner {
	struct sw_runner runner;
	struct sw_container_options options;
	struct sw_http *http; /* NULL: there is no endpoint at all */
	struct sw_api *api;
	const char **labels;
	struct sw_buf seccomp; /* the profile's text; empty: none is sent */
	struct sw_error profile_error;
	bool profile_failed;
	bool has_version; /* an engine has answered */
	enum sw_clock clock;

	sw_runner_ready_fn ready;
	void *ready_user;
	char ready_error[SW_TEXT_MAX];
	struct sw_deferred ready_call;
	sw_api_done_fn looked;
	void *looked_user;
	struct sw_deferred look_call;
	sw_runner_ready_fn probed; /* NULL: none under way, or called off */
	void *probed_user;
	bool is_pinging; /* a probe's ping is not answered yet, though it may be called off */

	struct sw_attempt attempt; /* the one under way or the last */
	enum sw_phase inner; /* the newest phase inside the container that was told; PULL: none yet */
	bool has_exit_event;
};

/* ---- how long an attempt may take, whatever engine, container and code do ----
 *
 * Its kind's own timers see to each of these; together they are its deadline:
 *   up to 2 x engine_timeout + 10 s   for a container to run in, where others are made ahead or kept: none of
 *                                     its time. An earlier one's removal takes engine_timeout + 1 s at most,
 *                                     a worker that was to exit is killed after 10 s (prepared), and what is
 *                                     made takes the rest. Warm: its own bound, of which docker/warm.h tells;
 *   engine_timeout                    from then on to the first sign of the code (the start's answer, or a
 *                                     byte of output), for all requests together;
 *   timeout                           for the code, from that sign on. What it does to its container, and
 *                                     what the engine makes of that, is within it, and never `engine`;
 *   3 x engine_timeout + 10 s         for how it ended: one look after a patience of silence, the end of its
 *                                     streams, and one question more (out of memory? refused?);
 *   2 x engine_timeout + 1 s          for its removal, a request under way before it included.
 * Whoever is over the first two ends as `engine`, and is told with the phase it hung in. Where no engine had
 * answered when the session began, one ping (5 s) comes first. */

/* The patience with an engine, for one request: the mode's engine_timeout. */
int64_t sw_container_patience_ns(const struct sw_container_runner *base);

/* How long an attempt waits for a container that is made ahead, or kept. */
int64_t sw_container_wait_ns(const struct sw_container_runner *base);

/* FACTS of an attempt whose container never came, or (after a patience) whose code gave no sign: it was in
 * PHASE. */
void sw_container_fail_waiting(const struct sw_container_runner *base,
                               struct sw_container_facts *facts);
void sw_container_fail_overdue(const struct sw_container_runner *base,
                               struct sw_container_facts *facts, enum sw_phase phase);

/* Reads the seccomp profile that goes with each container of SANDBOX into OUT, which stays empty when
 * there is none, or Podman is to read it. SW_ERR_PROTOCOL: the file is no JSON object; else as
 * sw_file_read. */
int sw_container_profile(const struct sw_sandbox *sandbox, bool is_podman, struct sw_buf *out,
                         struct sw_error *err);

/* BASE is zeroed before; on failure sw_container_done is still to be called. A seccomp profile that cannot be
 * read is no failure: profile_error has it, and each attempt is to end with it. */
int sw_container_init(struct sw_container_runner *base, const struct sw_container_options *options,
                      const struct sw_runner_ops *ops, struct sw_error *err);
/* Cancels all of its requests, without callbacks: containers are gone before. */
void sw_container_done(struct sw_container_runner *base);

/* The vtable's prepare for runners that need no more: asks the engine for a sign of life, which also opens
 * the connection that the first create goes over. */
void sw_container_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);

/* The vtable's probe: a ping, also where no engine had answered when the session began. */
void sw_container_probe(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);
/* For the vtable's cancel: calls the probe off, if one is under way. */
void sw_container_cancel_probe(struct sw_container_runner *base);

/* READY with ERROR (NULL: all is well; copied), never from inside this call. One at a time. */
void sw_container_ready_later(struct sw_container_runner *base, const char *error,
                              sw_runner_ready_fn ready, void *user);

/* Where no engine answered when the session began (has_version is false): asks whether one has come since.
 * DONE, never from inside this call; its error says why there is none. One at a time. */
void sw_container_look_again(struct sw_container_runner *base, sw_api_done_fn done, void *user);

/* ---- the container to be made ---- */

/* What runners decide of a container; the rest follows from the mode. */
struct sw_container_shape {
	const char *token;             /* SANDWATCH_TOKEN for the shim and the worker */
	const char *const *env;        /* more of the environment, "K=V", at most 6; may be NULL */
	const char *const *entrypoint; /* NULL: the image's */
	const char *const *command;    /* NULL: the image's */
	bool with_stdin;
	bool is_held, is_kept; /* as struct sw_life_options' */
};

/* Fills in what a container for one run of the task is like: the strategy's worker is the image's own
 * command, a command goes behind the shim. ROOM is entrypoint's, and outlives SHAPE. */
void sw_container_shape_once(const struct sw_container_runner *base, const char *token,
                             const char *room[2], struct sw_container_shape *out_shape);

/* Where the shim is in the container; NULL: there is none. */
const char *sw_container_shim_path(enum sw_shim shim);

#define SW_CONTAINER_NAME_MAX 192

/* "sandwatch-SESSION-INDEX.SLOT-MODE-", of the signs that an engine allows: how the names of the containers
 * of one slot begin, and those of no other in that session, whatever its mode is called. INDEX is MODE's
 * place in the plan. */
void sw_container_prefix(const char *session_id, int index, const char *mode, int slot,
                         char dst[SW_CONTAINER_NAME_MAX]);

/* The prefix of the runner's slot, and WHAT, which makes it unique. */
void sw_container_name(const struct sw_container_runner *base, const char *what, char *dst,
                       size_t size);

/* A token that nobody can guess, 32 hex digits. */
void sw_container_token(char dst[33]);

/* Appends the body of create for a container of SHAPE with all that the mode says; or -1 with the profile's
 * error. */
int sw_container_body(const struct sw_container_runner *base,
                      const struct sw_container_shape *shape, struct sw_buf *out,
                      struct sw_error *err);

/* Begins to make a container of SHAPE: sw_lifecycle_start with all that the mode says, or the profile's
 * error. HANDLERS as there. */
int sw_container_make(struct sw_container_runner *base, const char *name,
                      const struct sw_container_shape *shape,
                      const struct sw_life_handlers *handlers, struct sw_lifecycle **out_life,
                      struct sw_error *err);

/* ---- an attempt as it goes on ---- */

/* Makes ATTEMPT the base's, and FACTS those of one that starts now. The readers take what carries
 * base->attempt.token: a runner whose container was given another one sets it before, in ATTEMPT. */
void sw_container_begin(struct sw_container_runner *base, const struct sw_attempt *attempt,
                        struct sw_container_facts *facts);

/* Bytes of the attempt's output: reads them into FACTS, and tells the phases they announce (ID: the
 * container's; IS_RUNNING: the start was answered). */
void sw_container_hear(struct sw_container_runner *base, struct sw_container_facts *facts,
                       enum sw_stream stream, const char *bytes, size_t len, const char *id,
                       bool is_running);

/* Tells the phases inside the container that have begun, as far as can be told from outside. */
void sw_container_tell_inner(struct sw_container_runner *base,
                             const struct sw_container_facts *facts, const char *id,
                             bool is_running);

/* ---- events; ID: a container's, "" when it has none, of which the short form is told ---- */

/* phase_started of the attempt under way. */
void sw_container_tell_phase(struct sw_container_runner *base, enum sw_phase phase, const char *id);

/* container_created, _removed, _replaced: OF's, or of no attempt when NULL. TEXT may be NULL. */
void sw_container_tell(struct sw_container_runner *base, enum sw_event_kind kind,
                       const struct sw_attempt *of, const char *id, const char *text);

/* phase_behind of OF's iteration, or of none when NULL. SPANS: absolute CLOCK_MONOTONIC; they are told as
 * not on the path. None: nothing is told. */
void sw_container_tell_behind(struct sw_container_runner *base, const struct sw_attempt *of,
                              const char *id, const struct sw_span *spans, int n);

/* TEXT is clean. */
void sw_container_note(struct sw_container_runner *base, const char *text);

/* A note that a container could not be removed: no attempt's fault. */
void sw_container_tell_left(struct sw_container_runner *base, const struct sw_error *error);

/* clock_known, once, as soon as CLOCK is not SW_CLOCK_UNKNOWN. */
void sw_container_learn_clock(struct sw_container_runner *base, enum sw_clock clock);

#endif
