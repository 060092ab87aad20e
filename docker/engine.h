/* Hides how an engine is found, and how a private one is started and stopped.
 * Must not know sessions. Nothing here prints: progress goes to the caller's step function.
 *
 * These calls run before a session and block (with a loop of their own and deadlines); they are not
 * for the measuring thread. */
#ifndef SW_ENGINE_H
#define SW_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "docker/api.h"
#include "docker/endpoint.h"

struct sw_error;
struct sw_signals;

/* Called when a step begins (ELAPSED_NS < 0) and when it has ended; DETAIL is "" or a few words
 * ("Docker 20.10.24 at unix:///…"). WHAT is the same both times. A step that had nothing to do is
 * reported once, ended, with elapsed 0 and a detail that says so. A long step may be reported again
 * while it lasts (ELAPSED_NS < 0) with a DETAIL of how far it is. */
typedef void (*sw_step_fn)(void *user, const char *what, int64_t elapsed_ns, const char *detail);

/* What a caller holds of a long call: it is told of the steps, and can end them early. */
struct sw_steps {
	sw_step_fn fn; /* may be NULL */
	void *user;
	/* Borrowed; NULL: nothing ends it early. Else the call ends soon after an end is asked for, with
	 * SW_ERR_INTERRUPTED; what it had half made is gone by then. Nothing is read from it. */
	const struct sw_signals *signals;
};

struct sw_engine {
	struct sw_endpoint endpoint;
	char api_version[16];
	struct sw_api_info info;
	bool is_private; /* started by sandwatch, this time or earlier */
};

/* What a caller knows of its surroundings; nothing here reads the environment itself. */
struct sw_engine_options {
	const char *host;        /* --host; NULL: not given */
	const char *docker_host; /* $DOCKER_HOST; NULL or "": not set */
	const char *runtime_dir, *home; /* $XDG_RUNTIME_DIR, $HOME; may be NULL */
	const char *state_dir;   /* …/sandwatch: the private engine lives in its engine/ */
	bool may_start;          /* whether a private engine may be started */
};

/* Finds an engine that answers: --host, else DOCKER_HOST (either one given and not answering is an
 * error, nothing else is tried), else the usual sockets, else the private one, which is started if
 * it may be and can be (root and dockerd on PATH). SW_ERR_NO_ENGINE: the message names what was
 * tried and the three things that would help. */
int sw_engine_find(const struct sw_engine_options *options, struct sw_steps steps,
                   struct sw_engine *out_engine, struct sw_error *err);

/* Asks what listens at ENDPOINT: ping, and /info when WITH_INFO, each within TIMEOUT_NS. *OUT_ENGINE
 * is filled in except for is_private. SW_ERR_PROTOCOL: something else than an engine answers. */
int sw_engine_probe(const struct sw_endpoint *endpoint, int64_t timeout_ns, bool with_info,
                    struct sw_engine *out_engine, struct sw_error *err);

/* Where the private engine of STATE_DIR listens, running or not: STATE_DIR/engine/engine.sock, or
 * below /run/sandwatch-<hash>/ where that would be too long for a socket's address. */
int sw_engine_private_endpoint(const char *state_dir, struct sw_endpoint *out_endpoint,
                               struct sw_error *err);

/* Whether STATE_DIR has a private engine that may hold containers, answering or not: its socket is
 * there, or its dockerd runs. One in a folder that is closed to this user counts as none. */
int sw_engine_private_exists(const char *state_dir, bool *out_exists, struct sw_error *err);

/* Starts the private dockerd (no bridge, no iptables, own data root, exec root, socket and pid file
 * below STATE_DIR/engine) unless it answers already. Needs root. Two callers at once start one (a
 * lock file). The daemon outlives this process. The directory is 0700 until access is granted. dockerd
 * is looked for in the usual system folders only. Interrupted, it leaves a daemon that it has begun to
 * start, which is then on record as any other. It runs in a mount namespace of its own, so that crun
 * works on a hybrid cgroup host and the system's containerd is not shared. */
int sw_engine_start_private(const char *state_dir, struct sw_steps steps, struct sw_error *err);

/* Lets user UID reach the running private engine of STATE_DIR, which makes them root on this machine:
 * for the one who called sudo. The socket becomes theirs, the folders on the way get search
 * permission for all. Needs root. SW_ERR_IO: there is no such engine. */
int sw_engine_grant_private(const char *state_dir, uid_t uid, struct sw_error *err);

/* Stops the private engine of STATE_DIR and waits for its end: TERM, then KILL after 20 s; only a
 * process that is this engine's dockerd by its pid file, start time and command line. The bridge
 * that was made on it (docker/engine_bridge.h) is removed before. Its data stays; REMOVE_DATA removes
 * it too. Not running is success; *OUT_WAS_RUNNING says which. Needs root when there is anything to
 * stop. */
int sw_engine_stop_private(const char *state_dir, bool remove_data, bool *out_was_running,
                           struct sw_error *err);

#endif
