/* Hides YAML: layers, ${NAME:default}, the table of known keys, and errors with line and column.
 * Must not know flags (main's), the engine, or what is done with the plan. The only file that
 * includes libyaml is core/config_yaml.c. */
#ifndef SW_CONFIG_H
#define SW_CONFIG_H

#include <stddef.h>

#include "core/plan.h"

struct sw_buf;
struct sw_error;

#define SW_CONFIG_MAX_BYTES (1u << 20) /* of one file */

/* How the environment is read: getenv's shape, passed in so that tests need no process state. */
typedef const char *(*sw_config_env_fn)(void *user, const char *name);

struct sw_config_env {
	sw_config_env_fn get;
	void *user;
};

/* Lays the file PATH over PLAN: only the keys it names change. A list (modes, gates) replaces the
 * earlier list. New modes take the earlier gates, decision.baseline and candidate with them, which
 * named the earlier modes; of strategy and command the later stands. Errors (SW_ERR_USAGE) read
 * "FILE:LINE:COLUMN: what, and what to do", with the nearest valid key for an unknown one. PLAN is
 * unchanged on failure. Any thread. */
int sw_config_load_file(struct sw_plan *plan, const char *path, struct sw_config_env env,
                        struct sw_error *err);

/* The same from memory; NAME stands for the file in messages. */
int sw_config_load_text(struct sw_plan *plan, const char *name, const char *text, size_t len,
                        struct sw_config_env env, struct sw_error *err);

/* The same of a file of faults (--chaos): it must have `chaos`, and nothing else. */
int sw_config_load_chaos(struct sw_plan *plan, const char *path, struct sw_config_env env,
                         struct sw_error *err);

/* Lays the layers in order: /etc/sandwatch.yaml and $XDG_CONFIG_HOME/sandwatch/config.yaml
 * ($HOME/.config without it) where they exist, then EXPLICIT_PATH (may be NULL), which must. On
 * failure PLAN may hold the layers before the one that failed. Any thread. */
int sw_config_load_layers(struct sw_plan *plan, const char *explicit_path,
                          struct sw_config_env env, struct sw_error *err);

/* Last step, after flags: fills each mode's inherited sandbox, drops sandbox modes where sandbox.enabled
 * is false, and checks what only the whole plan can show (names unique and not empty, ranges, decision's
 * and chaos' names, what a mode's keys and the workload rule out together), and makes iterations the most
 * there may be when they are auto. A decision's name whose mode was dropped becomes "", and faults that
 * no mode is left for go. SW_ERR_USAGE with the key's path. PLAN is unchanged on failure. Doing it twice
 * is the same as once. Any thread. */
int sw_config_finish(struct sw_plan *plan, struct sw_error *err);

/* The bit that the sandbox key NAME ("network") has in a mode's `given`; 0: there is no such key. */
uint32_t sw_config_given(const char *name);

/* Appends a finished plan as YAML that names every key and, loaded and finished, is an equal plan;
 * of a mode's sandbox it writes what the mode gave itself, and of a matrix the modes it made; `layer`
 * has no key. 0 or -1 (memory, OUT's limit). */
int sw_config_write(const struct sw_plan *plan, struct sw_buf *out);

/* "2g" -> 2147483648, "16m", "512k", "1.5g", plain bytes; "300" / "300s" / "5m" / "100ms" -> ns.
 * 0, or -1 for anything else (also negative, overflow, trailing text). */
int sw_config_bytes(const char *text, int64_t *out_bytes);
int sw_config_duration(const char *text, int64_t *out_ns);

#endif
