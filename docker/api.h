/* Hides the Docker Engine API: paths, query strings, JSON bodies, statuses and their meaning.
 * Must not know sessions or phases. Fields and paths: Docker Engine API v1.41 and facts.md.
 *
 * Each call is asynchronous on the http client's loop, takes a deadline, and calls back once, never
 * from inside itself (but when memory for the call itself is out). A callback may make further
 * calls. In every callback `error` is NULL on success; it names what was tried and
 * what the engine said (cleaned), with SW_ERR_NOT_FOUND for 404, SW_ERR_REFUSED for other 4xx and
 * 5xx. */
#ifndef SW_API_H
#define SW_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/http.h"

struct sw_api;
struct sw_buf;
struct sw_error;
struct sw_sandbox;

#define SW_CONTAINER_ID_MAX 72

/* Takes no ownership of HTTP, which must outlive it. Until sw_api_ping has answered, the oldest
 * version this program knows (1.24) is asked for. */
int sw_api_new(struct sw_http *http, struct sw_api **out_api, struct sw_error *err);
/* Cancels its calls, without callbacks; before the http client is freed. NULL is fine. */
void sw_api_free(struct sw_api *api);
struct sw_http *sw_api_http(struct sw_api *api);

typedef void (*sw_api_done_fn)(void *user, const struct sw_error *error);

/* GET /_ping (unversioned): checks that an engine answers (body "OK", header-negotiated version)
 * and sets the API version to min(the engine's, 1.47). Something that is not an engine is
 * SW_ERR_PROTOCOL. */
void sw_api_ping(struct sw_api *api, int64_t timeout_ns, sw_api_done_fn done, void *user);
const char *sw_api_version(const struct sw_api *api); /* "1.41" */
/* Takes over a version that another client of the same engine negotiated. */
void sw_api_set_version(struct sw_api *api, const char *version);

struct sw_api_info { /* GET /info and /version; cleaned */
	char name[32]; /* "docker" or "podman" */
	char version[48], runtime[32], storage[32], cgroup[32], os[96], kernel[96], arch[32];
	char id[80];
	bool memory_limit, cpu_quota, pids_limit; /* what this engine can enforce */
	bool is_vm; /* Docker Desktop or another kernel than this host's: clocks may differ */
};
typedef void (*sw_api_info_fn)(void *user, const struct sw_api_info *info,
                               const struct sw_error *error);
void sw_api_info(struct sw_api *api, int64_t timeout_ns, sw_api_info_fn done, void *user);

struct sw_api_image { /* GET /images/{name}/json */
	char id[80]; /* sha256:… */
	int64_t size_bytes;
	char layout[16];  /* label org.sandwatch.layout, "" when it is not ours */
	char recipe[72];  /* label org.sandwatch.recipe */
	bool tagged;      /* it has a name: some RepoTags */
	char **entrypoint, **command; /* NULL-terminated or NULL; valid during the call */
};
typedef void (*sw_api_image_fn)(void *user, const struct sw_api_image *image,
                                const struct sw_error *error);
void sw_api_image_inspect(struct sw_api *api, const char *name, int64_t timeout_ns,
                          sw_api_image_fn done, void *user);

/* POST /images/create?fromSrc=-: the tar in FD becomes NAME ("sandwatch/python:latest").
 * CHANGES: Dockerfile lines (ENTRYPOINT […], CMD […], LABEL …), NULL-terminated. */
void sw_api_image_import(struct sw_api *api, const char *name, int fd, const char *const *changes,
                         int64_t timeout_ns, sw_api_done_fn done, void *user);
/* DELETE /images/{name}; a missing image is success. */
void sw_api_image_remove(struct sw_api *api, const char *name, int64_t timeout_ns,
                         sw_api_done_fn done, void *user);

/* POST /images/{name}/tag: image NAME (or id) gets the further name NEW_NAME
 * ("sandwatch/python:latest"). One that has that name loses it. */
void sw_api_image_tag(struct sw_api *api, const char *name, const char *new_name, int64_t timeout_ns,
                      sw_api_done_fn done, void *user);
/* GET /images/json?filters={"reference":[PATTERN]}: calls EACH for every name ("repository:tag",
 * cleaned) of the images found, also for those that do not fit PATTERN; then DONE. */
typedef void (*sw_api_tag_fn)(void *user, const char *name);
void sw_api_image_list(struct sw_api *api, const char *pattern, int64_t timeout_ns, sw_api_tag_fn each,
                       sw_api_done_fn done, void *user);

/* GET /images/json?filters={"dangling":["true"],"label":[LABEL]}: calls EACH for every image without a
 * name that carries LABEL ("KEY"), with its id and LABEL's value (cleaned); then DONE. */
typedef void (*sw_api_nameless_fn)(void *user, const char *id, const char *value);
void sw_api_image_list_nameless(struct sw_api *api, const char *label, int64_t timeout_ns,
                                sw_api_nameless_fn each, sw_api_done_fn done, void *user);

/* POST /networks/create: a bridge network NAME with the label LABEL ("KEY", its value empty). One of that
 * name that is there already is success. */
void sw_api_network_create(struct sw_api *api, const char *name, const char *label,
                           int64_t timeout_ns, sw_api_done_fn done, void *user);
/* DELETE /networks/{name}; a missing network is success. */
void sw_api_network_remove(struct sw_api *api, const char *name, int64_t timeout_ns,
                           sw_api_done_fn done, void *user);

/* What a container is made of. Everything is borrowed during the call only. */
struct sw_api_create {
	const char *name; /* "sandwatch-<session>-<n>"; NULL: the engine names it */
	const struct sw_sandbox *sandbox; /* image, limits, hardening */
	const char *seccomp_json; /* the profile's text; NULL: the engine's own (builtin) */
	const char *const *entrypoint; /* NULL: the image's */
	const char *const *command;    /* NULL: the image's */
	const char *const *env;        /* "K=V", NULL-terminated; may be NULL */
	const char *const *labels;     /* "k=v", NULL-terminated; may be NULL */
	bool open_stdin;
	bool is_podman; /* Ulimits are sent (facts.md); a seccomp profile goes by path, not inline */
};
/* Appends the JSON body of POST /containers/create: pure, for tests and for reuse.
 * cap-drop ALL, no-new-privileges, log driver none, NetworkMode none together with
 * NetworkDisabled, IpcMode none … as the sandbox says. */
int sw_api_create_body(const struct sw_api_create *create, struct sw_buf *out);

/* ID is valid during the call. WARNING: the engine's warnings joined, "" when none. */
typedef void (*sw_api_created_fn)(void *user, const char *id, const char *warning,
                                  const struct sw_error *error);
void sw_api_container_create(struct sw_api *api, const char *name, const char *body,
                             int64_t timeout_ns, sw_api_created_fn done, void *user);
/* Start, wait, state and upload give a handle for sw_http_cancel, as sw_http_send does. */
struct sw_http_call *sw_api_container_start(struct sw_api *api, const char *id, int64_t timeout_ns,
                                            sw_api_done_fn done, void *user);
/* POST …/wait, condition not-running: send after start's answer only (facts.md). */
typedef void (*sw_api_waited_fn)(void *user, int exit_code, const struct sw_error *error);
struct sw_http_call *sw_api_container_wait(struct sw_api *api, const char *id, int64_t timeout_ns,
                                           sw_api_waited_fn done, void *user);
struct sw_api_state { /* GET /containers/{id}/json, .State */
	char status[16]; /* created, running, exited, … */
	bool running, oom_killed;
	int exit_code;
	char error[256];
};
typedef void (*sw_api_state_fn)(void *user, const struct sw_api_state *state,
                                const struct sw_error *error);
struct sw_http_call *sw_api_container_state(struct sw_api *api, const char *id, int64_t timeout_ns,
                                            sw_api_state_fn done, void *user);
/* GET /events of the past AGE_NS: whether the kernel has killed something in container ID for want of
 * memory. For one that runs: its oom_killed is set at its end only (20.10). The engine's clock must be
 * this machine's, and it remembers its last 256 events. */
typedef void (*sw_api_oom_fn)(void *user, bool has_oom, const struct sw_error *error);
struct sw_http_call *sw_api_container_oom(struct sw_api *api, const char *id, int64_t age_ns,
                                          int64_t timeout_ns, sw_api_oom_fn done, void *user);
/* The wall clock, for that question alone. And whether it was set between two moments, each read on it and on
 * CLOCK_MONOTONIC: then what the engine remembers of the time between cannot be asked for. */
int64_t sw_api_wall_ns(void);
bool sw_api_wall_was_set(int64_t then_wall_ns, int64_t then_ns, int64_t now_wall_ns,
                         int64_t now_ns);
void sw_api_container_kill(struct sw_api *api, const char *id, const char *signal,
                           int64_t timeout_ns, sw_api_done_fn done, void *user);
/* DELETE ?force=1&v=1; a container that is gone already (404) is success. One whose removal is under way
 * (409 "removal … already in progress") is waited for (POST …/wait?condition=removed), and asked about
 * once more. */
void sw_api_container_remove(struct sw_api *api, const char *id, int64_t timeout_ns,
                             sw_api_done_fn done, void *user);
/* PUT …/archive?path=PATH with an uncompressed tar. */
struct sw_http_call *sw_api_container_upload(struct sw_api *api, const char *id, const char *path,
                                             const void *tar, size_t tar_len, int64_t timeout_ns,
                                             sw_api_done_fn done, void *user);
/* GET …/export: the root filesystem as a tar into FD. */
void sw_api_container_export(struct sw_api *api, const char *id, int fd, int64_t timeout_ns,
                             sw_api_done_fn done, void *user);
/* GET /containers/json?all=1&filters={"label":[LABEL]}; calls EACH per container, then DONE.
 * LABELS: "k=v" of each container's labels, NULL-terminated. */
typedef void (*sw_api_container_fn)(void *user, const char *id, const char *name,
                                    const char *state, const char *const *labels);
void sw_api_container_list(struct sw_api *api, const char *label, int64_t timeout_ns,
                           sw_api_container_fn each, sw_api_done_fn done, void *user);

/* ---- another process in a container that runs: exec ---- */

/* What is executed. Everything is borrowed during the call only. */
struct sw_api_exec {
	const char *const *command; /* NULL-terminated */
	const char *const *env;     /* "K=V", beside the container's own; may be NULL */
	const char *user;           /* NULL or "": the container's */
	const char *workdir;        /* NULL or "": the container's */
	bool with_stdin;            /* stdout and stderr always, a terminal never */
};
/* Appends the JSON body of POST /containers/{id}/exec: pure. 0 or -1 (memory). */
int sw_api_exec_body(const struct sw_api_exec *exec, struct sw_buf *out);

/* Creates it, not started yet; WARNING is "". SW_ERR_REFUSED when the container does not run (409),
 * SW_ERR_NOT_FOUND when there is none. An exec cannot be killed or removed: it goes with its container.
 * Gives a handle for sw_http_cancel, as those below do. */
struct sw_http_call *sw_api_exec_create(struct sw_api *api, const char *container, const char *body,
                                        int64_t timeout_ns, sw_api_created_fn done, void *user);

/* Where sw_attach_open starts exec ID, with SW_API_EXEC_START as its body. Its answer comes before the
 * process; a command that cannot be executed is told in the stream and by exit code 126 or 127. The
 * stream's end may come up to 2 s after the process's, while others hold it open (measured on 20.10). */
#define SW_API_EXEC_START "{\"Detach\":false,\"Tty\":false}"
void sw_api_exec_start_path(const struct sw_api *api, const char *id, char *dst, size_t size);

struct sw_api_exec_state { /* GET /exec/{id}/json */
	bool running;
	int exit_code; /* -1 while there is none: it runs, or was never started */
	int64_t pid;   /* on the engine's host; 0: never started */
};
typedef void (*sw_api_exec_state_fn)(void *user, const struct sw_api_exec_state *state,
                                     const struct sw_error *error);
struct sw_http_call *sw_api_exec_inspect(struct sw_api *api, const char *id, int64_t timeout_ns,
                                         sw_api_exec_state_fn done, void *user);

/* The path of an attach to ID with the streams asked for, for sw_attach_open. */
void sw_api_attach_path(const struct sw_api *api, const char *id, bool with_stdin, char *dst,
                        size_t size);

#endif
