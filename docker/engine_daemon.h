/* Hides the private engine's processes: how dockerd is spawned, recognised, and ended.
 * Must not know the API, nor when it is to be started. Blocking; internal to docker/engine_*.c and
 * docker/chaos_engine.c. */
#ifndef SW_ENGINE_DAEMON_H
#define SW_ENGINE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sw_error;
struct sw_signals;

/* Below STATE_DIR/engine, all absolute. */
struct sw_daemon_paths {
	char dir[900];
	char run[900]; /* exec root and socket: DIR, or a short folder below /run */
	char data[1024], exec[1024], socket[1024], pid[1024], log[1024], config[1024], record[1024],
		lock[1024], containerd[1024], containerd_pid[1024];
};

/* How a failed start's message begins. */
extern const char sw_engine_cannot_start[];

/* Works out the paths; makes nothing. STATE_DIR may be relative. */
int sw_daemon_paths(const char *state_dir, struct sw_daemon_paths *out_paths, struct sw_error *err);

/* The first of NAME in the system's program folders; false when there is none. */
bool sw_daemon_find_program(const char *name, char *dst, size_t size);

/* Spawns dockerd, detached from this process, its output in PATHS->log (an older log is kept as
 * .old), and writes down who it is. Returns once it has been executed. */
int sw_daemon_spawn(const struct sw_daemon_paths *paths, pid_t *out_pid, struct sw_error *err);

/* This engine's dockerd by its record, start time and command line; 0 when it does not run. An error
 * when that cannot be told (no descriptor is left, say): then it may run, and is to be left alone. */
int sw_daemon_find(const struct sw_daemon_paths *paths, pid_t *out_pid, struct sw_error *err);

/* Whether dockerd PID listens at PATHS->socket although no file is there any more: nobody can reach
 * it. False while it has not come as far as to listen. */
int sw_daemon_lost_socket(const struct sw_daemon_paths *paths, pid_t pid, bool *out_lost,
                          struct sw_error *err);

/* A descriptor that is readable once PID has ended, -1 when it has already. */
int sw_daemon_pidfd(pid_t pid);

/* Sends SIG to dockerd PID. SW_ERR_NOT_FOUND: it does not run any more, or is not this engine's. */
int sw_daemon_signal(const struct sw_daemon_paths *paths, pid_t pid, int sig, struct sw_error *err);

/* Whether process PID is stopped by a signal (SIGSTOP); not one that a debugger holds. */
bool sw_daemon_is_stopped(pid_t pid);

/* KILL, and waits for the end of dockerd alone: its containerd, shims and containers run on. */
int sw_daemon_kill(const struct sw_daemon_paths *paths, pid_t pid, struct sw_error *err);

/* The lock that whoever starts or stops this engine holds; makes its folders. It is given back by
 * closing *OUT_FD, or by this process's death. SIGNALS (may be NULL) end the waiting. In
 * docker/engine_private.c. */
int sw_daemon_lock(const struct sw_daemon_paths *paths, const struct sw_signals *signals, int *out_fd,
                   struct sw_error *err);

/* TERM, then KILL after GRACE_NS; then what dockerd left of its containerd, shims and containers. */
int sw_daemon_end(const struct sw_daemon_paths *paths, pid_t pid, int64_t grace_ns,
                  struct sw_error *err);

/* Ends this engine's containerd, shims and containers when dockerd itself is gone. Returns how many
 * processes were killed. */
int sw_daemon_sweep(const struct sw_daemon_paths *paths);

/* The line of the log that tells best why dockerd died, cleaned; "" when it said nothing. */
void sw_daemon_last_words(const struct sw_daemon_paths *paths, char *dst, size_t size);

#endif
