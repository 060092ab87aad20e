/* Hides nothing: the plan of a session as plain values, every unit in its name.
 * Must not know YAML (core/config.c fills it in) nor Docker's spelling (docker/ reads it). */
#ifndef SW_PLAN_H
#define SW_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/words.h"

#define SW_PATH_MAX 1024
#define SW_ITERATIONS_MAX 10000000 /* of one mode; 10^9 is an error, not a plan */
#define SW_CELLS_MAX 50000000 /* days × symbols; the worker's CELLS_MAX */
#define SW_POOL_MAX 64
#define SW_POOL_DEFAULT 2
#define SW_PROJECT_MAX 8
#define SW_GATES_MAX 32
#define SW_BINDINGS_MAX 64
#define SW_CHAOS_MAX 32 /* entries of chaos */
#define SW_CHAOS_ITERATIONS_MAX 64 /* of one entry */

/* The limits and hardening of one container mode. */
struct sw_sandbox {
	char image[256];
	int64_t memory_bytes;   /* 0: no limit */
	int64_t cpu_milli;      /* 500 = half a core; 0: no limit */
	int64_t timeout_ns;     /* of one attempt, container and host alike; > 0 */
	char network[64];       /* "none", "bridge", or a network's name */
	int64_t pids_limit;     /* 0: no limit */
	char user[64];          /* "65534:65534"; "": the image's own */
	bool read_only;         /* the root filesystem */
	int64_t tmpfs_bytes;    /* of /tmp; 0: none */
	char runtime[64];       /* "default": the engine's own */
	char seccomp[SW_PATH_MAX]; /* "builtin", "unconfined", or a profile's path */
	bool drop_capabilities; /* all of them */
	bool no_new_privileges;
	int64_t engine_timeout_ns; /* the engine's patience: for one request, > 0 */
};

struct sw_mode_plan {
	char name[SW_NAME_MAX];
	enum sw_kind kind;
	int parallel; /* 1..SW_PARALLEL_MAX iterations at the same time, each in a slot of its own */
	int pool;     /* prepared: containers kept created ahead, per slot */
	bool preforked; /* host: the warm mode's worker, preforked and prewarmed, instead of the kept one */
	int64_t job_memory_bytes; /* warm: one job's memory ceiling; 0: three quarters of memory_limit */
	enum sw_layer layer;      /* an ablation's: what this mode goes without; NONE: nothing */
	struct sw_sandbox sandbox; /* of the host kind only timeout_ns counts */
	uint32_t given; /* bit per sandbox key (the order of the keys in core/config_schema.c) that the
	                 * mode gave itself; sw_config_finish fills in the rest */
};

/* What one iteration executes: a strategy in the Python worker, or any command. */
struct sw_workload {
	char strategy[SW_PATH_MAX]; /* a built-in's name or a file's path; "" beside a command */
	enum sw_backtest backtest;
	int days, symbols;
	char **command; /* NULL: the strategy; else argv, NULL-terminated, owned */
};

struct sw_fallback {
	bool enabled;
	int max_retries;    /* 0..100: attempts in the sandbox after the first */
	unsigned on;        /* bit 1u << enum sw_outcome: reasons a run on the host is allowed for */
};

/* When an engine that fails is left alone (core/breaker.h). */
struct sw_breaker_plan {
	int failures;        /* `engine` outcomes in a row that open it; 0: never */
	int64_t open_ns;     /* the first pause before it is probed; it doubles with each failed probe, */
	int64_t max_open_ns; /* up to this */
	int64_t wait_ns;     /* an engine that worked before is waited for so long; 0: it is not */
};

/* One entry of chaos: a fault and when it is injected (core/chaos.h). */
struct sw_chaos_fault {
	enum sw_fault fault;
	char mode[SW_NAME_MAX]; /* "": all modes of containers */
	int64_t iterations[SW_CHAOS_ITERATIONS_MAX]; /* counted ones; none: by the rate */
	int n_iterations;
	double rate;          /* 0..1 of a mode's attempts in its sandbox, by the session's seed */
	int64_t attempts;     /* of the named iterations: the first so many; 0: all. By rate: not used */
	enum sw_target on;
	int64_t duration_ns;  /* delay, stall, engine-pause, image-remove: how long */
	int64_t code;         /* status: 400..599 */
	int64_t bytes;        /* truncate, garbage, reset, stall: so much of the body or stream passes before */
	char where[160];      /* "FILE:LINE:COLUMN" of mode, for messages; "": not known */
};

struct sw_decision_rules {
	char baseline[SW_NAME_MAX], candidate[SW_NAME_MAX]; /* "": the first host, the first other */
	double enable_below_percent, optional_below_percent;
	double project_seconds[SW_PROJECT_MAX];
	int n_project;
};

/* One entry of tui.keys, as text: the screen alone knows which actions and keys there are. */
struct sw_binding {
	char action[32], keys[64];
	char where[160]; /* "FILE:LINE:COLUMN" of keys, for messages; "": not known */
};

struct sw_plan {
	char name[SW_NAME_MAX];
	int64_t iterations; /* per mode, 1..SW_ITERATIONS_MAX; the most there may be when is_auto */
	bool is_auto;       /* `iterations: auto`: ends by the rule of core/adaptive.h */
	double precision_percent;         /* auto: 95 % intervals of differences are to be this narrow */
	int64_t min_iterations;           /* auto: per mode */
	int64_t max_iterations;           /* auto: what sw_config_finish makes iterations */
	int64_t time_budget_ns;           /* auto: no turn starts after that much time */
	int64_t block;      /* iterations of one mode per slot before the next mode's turn, >= 1 */
	int64_t warmup;     /* per mode, run and not counted, 0..1000 */
	enum sw_order order;
	uint64_t seed;
	struct sw_mode_plan modes[SW_MODES_MAX];
	int n_modes;
	bool sandbox_enabled; /* false: modes of other kinds than host were left out of modes[] */
	struct sw_sandbox sandbox; /* what modes inherit */
	struct sw_workload workload;
	struct sw_fallback fallback;
	struct sw_breaker_plan breaker;
	struct sw_chaos_fault chaos[SW_CHAOS_MAX];
	int n_chaos;
	struct sw_decision_rules decision;
	char gates[SW_GATES_MAX][128]; /* kept word for word: this version evaluates none of them */
	int n_gates;
	char theme[SW_PATH_MAX]; /* tui, kept for the screen: a theme's name or path */
	int fps;                 /* 1..60 */
	char unicode[8];         /* auto, always, never */
	bool mouse;
	char scale[8]; /* log, linear: the latency axis at the start */
	struct sw_binding bindings[SW_BINDINGS_MAX];
	int n_bindings;
};

/* The built-in defaults (design.md's configuration block). PLAN owns nothing yet. */
void sw_plan_defaults(struct sw_plan *plan);

/* A mode with nothing of its own yet but the sandbox: no name, kind host, one at a time. */
struct sw_mode_plan sw_plan_new_mode(const struct sw_sandbox *sandbox);

/* A fault with the defaults, and neither iterations nor a rate yet. */
struct sw_chaos_fault sw_plan_new_fault(void);

/* Drops the entries of chaos that no mode of containers is left for. */
void sw_plan_drop_faults(struct sw_plan *plan);

/* Frees what PLAN owns (the command) and leaves it empty. NULL is fine. */
void sw_plan_done(struct sw_plan *plan);

/* Index of the mode called NAME, or -1. */
int sw_plan_mode(const struct sw_plan *plan, const char *name);

/* The indices of decision.baseline and candidate: by name; or, where no name is given, the first
 * host mode and the first other mode that is neither the baseline nor an ablation's (those are
 * compared with the baseline layer by layer); -1 where there is none. */
int sw_plan_baseline(const struct sw_plan *plan);
int sw_plan_candidate(const struct sw_plan *plan);

#endif
