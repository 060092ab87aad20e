/* Hides, from all but core/config*.c: the table of known keys, and how a tree is laid over a plan.
 * Must not know libyaml (core/config_yaml.c alone does), nor where a text came from. */
#ifndef SW_CONFIG_INTERNAL_H
#define SW_CONFIG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"
#include "core/yaml.h"

#define SW_CONFIG_MAX_VALUE 65536 /* bytes of one value, after substitution */
#define SW_CONFIG_MAX_ARGS 1024   /* of workload.command */
#define SW_CONFIG_MAX_TEMPLATE 256 /* bytes of a name beside a matrix, its NUL included */

/* ---- ${NAME} (config_env.c) ---- */

/* Appends TEXT to OUT with ${NAME} and ${NAME:default} filled in and $${ reduced to ${. One pass:
 * what a variable holds is not looked at again. The error's message has no position yet. */
int sw_config_expand(const char *text, struct sw_config_env env, struct sw_buf *out,
                     struct sw_error *err);

/* ---- the table of keys (config_schema.c) ---- */

enum sw_key_type {
	SW_KEY_SECTION,  /* keys below it */
	SW_KEY_BOOL,     /* bool */
	SW_KEY_WHOLE,    /* int, int64_t or uint64_t */
	SW_KEY_BYTES,    /* int64_t */
	SW_KEY_CPUS,     /* int64_t, thousandths */
	SW_KEY_SECONDS,  /* int64_t, ns */
	SW_KEY_DECIMAL,  /* double, six decimals */
	SW_KEY_PERCENT,  /* the same; a % behind it is fine */
	SW_KEY_COUNT,    /* int64_t, or SW_KEY_AUTO: the bool at auto_offset */
	SW_KEY_WORD,     /* enum of `words` */
	SW_KEY_TEXT,     /* char[size]; one of `words` where there are any */
	SW_KEY_NAME,     /* char[size] of [A-Za-z0-9._-] */
	SW_KEY_OUTCOMES, /* the rest are lists, each with a reader of its own in config_list.c */
	SW_KEY_NUMBERS,
	SW_KEY_TEXTS,
	SW_KEY_COMMAND,
	SW_KEY_MODES,
	SW_KEY_CHAOS,
	SW_KEY_ITERATIONS, /* of a fault; one number is fine too */
	SW_KEY_MATRIX,   /* a mapping of a mode's keys to lists: makes modes, is none of the plan */
	SW_KEY_BINDINGS, /* a mapping of free names to texts */
};

#define SW_KEY_AUTO INT64_MIN /* what a SW_KEY_COUNT that is auto gets and sets */

struct sw_section;

struct sw_key {
	const char *name;
	enum sw_key_type type;
	size_t offset, size; /* in the section's struct */
	int64_t min, max;    /* numbers: in the stored unit; texts: min length; lists: max entries */
	const char *zero_is; /* 0 is allowed below min and means this ("none"); NULL: it is not */
	size_t auto_offset;  /* SW_KEY_COUNT */
	unsigned kinds;      /* bits 1u << enum sw_kind of the modes, or enum sw_fault of the faults, that
	                      * take it; 0: all */
	const char *min_is;  /* where the minimum comes from, for the message; NULL: ours */
	const struct sw_words *words;
	const struct sw_section *section;
	const char *about;
};

struct sw_section {
	const char *path; /* "sandbox.docker"; "" at the top */
	const struct sw_key *keys;
	size_t n_keys;
	const struct sw_section *also; /* a mode takes sandbox.docker's keys beside its own */
	size_t also_offset;
};

extern const struct sw_section sw_config_root; /* over struct sw_plan */
extern const struct sw_section sw_config_workload;
extern const struct sw_section sw_config_mode;   /* over struct sw_mode_plan; begins name, kind */
extern const struct sw_section sw_config_docker; /* over struct sw_sandbox; given's bits */
extern const struct sw_section sw_config_fault;  /* over struct sw_chaos_fault: one entry of chaos */
extern const struct sw_key sw_config_iteration;  /* one entry of its iterations */
extern const struct sw_key sw_config_project;    /* one entry of decision.project_seconds */
extern const struct sw_key sw_config_gate;       /* one entry of gates */
extern const struct sw_key sw_config_action;     /* the name of an entry of tui.keys */
extern const struct sw_key sw_config_keys;       /* its value */

bool sw_key_is_number(const struct sw_key *key); /* bool and words included */
bool sw_key_is_text(const struct sw_key *key);

/* The outcomes fallback.on may name. */
#define SW_CONFIG_FALLBACK_MASK                                                  \
	(1u << SW_OUTCOME_ENGINE | 1u << SW_OUTCOME_TIMEOUT | 1u << SW_OUTCOME_OOM | \
	 1u << SW_OUTCOME_CRASHED)

/* ---- one value (config_value.c); messages have neither position nor path yet ---- */

/* BASE is the struct the key's section lies over. Numbers travel as int64_t in the stored unit
 * (doubles as millionths). */
int64_t sw_key_get(const struct sw_key *key, const void *base);
void sw_key_set(const struct sw_key *key, void *base, int64_t value);
int sw_key_parse(const struct sw_key *key, const char *text, int64_t *out, struct sw_error *err);
int sw_key_check(const struct sw_key *key, int64_t value, struct sw_error *err);
int sw_key_check_text(const struct sw_key *key, const char *text, struct sw_error *err);

/* As a person would write it: 2g, 0.5, true. DST needs 32 bytes. Returns DST. */
char *sw_key_format(const struct sw_key *key, int64_t value, char *dst, size_t size);

/* "'X' is no WHAT; did you mean 'Y'?", or the words to choose from. Returns -1. */
int sw_key_bad_word(const char *what, const char *text, const char *const *names,
                    struct sw_error *err);

/* ---- walking (config_walk.c, config_list.c, config_mode.c, config_matrix.c) ---- */

struct sw_load {
	const char *file;
	struct sw_config_env env;
	struct sw_plan *plan; /* the copy being changed */
	struct sw_buf *value; /* the last scalar, expanded */
	char **command;       /* new, owned, until the load succeeds */
	bool strategy;        /* this text names one: then it may not name a command too */
	const struct sw_node *matrix; /* of the mode being read; NULL: it has none */
	char template[SW_CONFIG_MAX_TEMPLATE]; /* the name of a mode with a matrix */
	struct sw_error *err;
};

/* A key's value on its way into the struct at BASE. */
struct sw_place {
	const struct sw_key *key;
	void *base;
	const char *path;
	const struct sw_node *node;
};

/* Keeps err's code and puts "FILE:LINE:COLUMN: PATH: " before its message. Returns -1. */
int sw_load_fail_at(struct sw_load *load, const struct sw_node *node, const char *path);

/* The expanded text of a scalar, valid until the next call; NULL on failure, reported. */
const char *sw_load_scalar(struct sw_load *load, const struct sw_node *node, const char *path,
                           const char *expected);

/* Lays NODE's keys over BASE. Bit i of OUT_SEEN: key i was there (then also's keys). */
int sw_load_section(struct sw_load *load, const struct sw_section *section,
                    const struct sw_place *place, uint32_t *out_seen);
int sw_load_list(struct sw_load *load, const struct sw_place *place);

/* The scalar at PLACE into its struct. */
int sw_load_value(struct sw_load *load, const struct sw_place *place);

/* The key NAME of SECTION or of what it takes beside its own; false without one. */
struct sw_found_key {
	const struct sw_key *key;
	size_t index;  /* as in OUT_SEEN */
	size_t offset; /* of the key's section in the struct walked over */
};
bool sw_find_key(const struct sw_section *section, const char *name, struct sw_found_key *out);

/* Appends modes to the plan: of the list at PLACE, and of one entry of it that has a matrix. FIRST
 * is the entry without its matrix, SEEN its keys; load->template its name. */
int sw_load_modes(struct sw_load *load, const struct sw_place *place);
int sw_load_matrix(struct sw_load *load, const struct sw_place *place,
                   const struct sw_mode_plan *first, uint32_t seen);

/* The key node, or its value, of NAME in a mapping; NULL without one. */
const struct sw_node *sw_node_key(const struct sw_node *map, const char *name);
const struct sw_node *sw_node_value(const struct sw_node *map, const char *name);

/* Appends MODE, read from the entry at PLACE. Errors point at NAME, the node its name came from. */
int sw_load_add_mode(struct sw_load *load, const struct sw_place *place,
                     const struct sw_mode_plan *mode, const struct sw_node *name);

/* An error when a mode of KIND does not take the mode's key at PLACE, whose node is the key's. */
int sw_load_check_kind(struct sw_load *load, const struct sw_place *place, enum sw_kind kind);
int sw_load_bindings(struct sw_load *load, const struct sw_place *place);

/* The list chaos, and an entry's iterations: config_chaos.c. */
int sw_load_chaos(struct sw_load *load, const struct sw_place *place);
int sw_load_iterations(struct sw_load *load, const struct sw_place *place);

/* What of chaos only the whole plan can show: each entry's mode. */
int sw_config_check_chaos(const struct sw_plan *plan, struct sw_error *err);

/* ---- files (config.c) ---- */

/* sw_config_load_layers with the system's file at SYSTEM_PATH. */
int sw_config_load_layers_at(struct sw_plan *plan, const char *system_path,
                             const char *explicit_path, struct sw_config_env env,
                             struct sw_error *err);

#endif
