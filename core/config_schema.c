#include "core/config_internal.h"

#include <string.h>

/* The one list of keys: reading, checking, writing and the test of docs/configuration.md use it. */

#define AT(type, field) \
	.offset = offsetof(struct type, field), .size = sizeof(((struct type *)NULL)->field)
#define PLAN(field) AT(sw_plan, field)
#define SECTION(path_text, array)                                                        \
	{                                                                                    \
		.path = (path_text), .keys = (array), .n_keys = sizeof(array) / sizeof(array)[0] \
	}

#define KIB (INT64_C(1) << 10)
#define MIB (INT64_C(1) << 20)
#define TIB (INT64_C(1) << 40)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S (1000 * NS_PER_MS)
/* The longest that a histogram tells apart. */
#define NS_PER_HOUR (INT64_C(3600000) * NS_PER_MS)
#define MILLIONTHS INT64_C(1000000)

static const char *const unicode_names[] = {"auto", "always", "never", NULL};
static const struct sw_words unicode_words = {.what = "unicode setting",
                                              .count = 3,
                                              .names = unicode_names};
static const char *const scale_names[] = {"log", "linear", NULL};
static const struct sw_words scale_words = {.what = "scale", .count = 2, .names = scale_names};

static const struct sw_key session_keys[] = {
	{"name", SW_KEY_TEXT, PLAN(name), .min = 1, .about = "the session's name, for showing"},
	{"iterations", SW_KEY_COUNT, PLAN(iterations), .min = 1, .max = SW_ITERATIONS_MAX,
     .auto_offset = offsetof(struct sw_plan, is_auto),
     .about = "counted iterations of each mode, or as many as the precision takes"},
	{"precision", SW_KEY_PERCENT, PLAN(precision_percent), .min = MILLIONTHS / 100,
     .max = 100 * MILLIONTHS,
     .about = "auto: how narrow the intervals of the differences are to be, in percent"},
	{"min_iterations", SW_KEY_WHOLE, PLAN(min_iterations), .min = 1, .max = SW_ITERATIONS_MAX,
     .about = "auto: at least that many of each mode"},
	{"max_iterations", SW_KEY_WHOLE, PLAN(max_iterations), .min = 1, .max = SW_ITERATIONS_MAX,
     .about = "auto: at most that many of each mode"},
	{"time_budget_seconds", SW_KEY_SECONDS, PLAN(time_budget_ns), .min = NS_PER_S,
     .max = 7 * 24 * NS_PER_HOUR,
     .about = "auto: no turn starts after that much time, once each mode has had one"},
	{"block", SW_KEY_WHOLE, PLAN(block), .min = 1, .max = 10000,
     .about = "iterations of one mode in a row, per slot, before the next mode's turn"},
	{"warmup", SW_KEY_WHOLE, PLAN(warmup), .min = 0, .max = 1000,
     .about = "iterations of each mode that are run first and not counted"},
	{"order", SW_KEY_WORD, PLAN(order), .words = &sw_words_order,
     .about = "how the modes' iterations follow each other"},
	{"seed", SW_KEY_WHOLE, PLAN(seed), .min = 0, .max = INT64_MAX,
     .about = "of the random order, the market data and the bootstrap"},
};
static const struct sw_section session = SECTION("session", session_keys);

static const struct sw_key workload_keys[] = {
	{"strategy", SW_KEY_TEXT, PLAN(workload.strategy),
     .about = "a built-in strategy's name, or a Python file's path"},
	{"backtest", SW_KEY_WORD, PLAN(workload.backtest), .words = &sw_words_backtest,
     .about = "the study's mock simulation, or a real vectorised backtest"},
	{"days", SW_KEY_WHOLE, PLAN(workload.days), .min = 2, .max = 100000,
     .about = "trading days of market data"},
	{"symbols", SW_KEY_WHOLE, PLAN(workload.symbols), .min = 1, .max = 10000,
     .about = "instruments in the market data"},
	{"command", SW_KEY_COMMAND, PLAN(workload.command), .max = SW_CONFIG_MAX_ARGS,
     .about = "a command and its arguments, instead of a strategy"},
};
const struct sw_section sw_config_workload = SECTION("workload", workload_keys);

static const struct sw_key docker_keys[] = {
	{"image", SW_KEY_TEXT, AT(sw_sandbox, image), .min = 1, .about = "the container's image"},
	{"memory_limit", SW_KEY_BYTES, AT(sw_sandbox, memory_bytes), .min = 6 * MIB, .max = 64 * TIB,
     .zero_is = "none", .min_is = "Docker's minimum",
     .about = "memory of one container; 0: no limit"},
	/* Docker refuses less: "Range of CPUs is from 0.01 to …". */
	{"cpu_count", SW_KEY_CPUS, AT(sw_sandbox, cpu_milli), .min = 10, .max = 1024000,
     .zero_is = "none", .min_is = "Docker's minimum",
     .about = "CPUs of one container, in fractions; 0: no limit"},
	{"timeout_seconds", SW_KEY_SECONDS, AT(sw_sandbox, timeout_ns), .min = NS_PER_MS,
     .max = NS_PER_HOUR, .about = "time limit of one attempt, on the host too"},
	{"network", SW_KEY_TEXT, AT(sw_sandbox, network), .min = 1,
     .about = "none, bridge, or a network's name"},
	{"pids_limit", SW_KEY_WHOLE, AT(sw_sandbox, pids_limit), .min = 0, .max = 4194304,
     .about = "processes and threads of one container; 0: no limit"},
	{"user", SW_KEY_TEXT, AT(sw_sandbox, user),
     .about = "uid:gid inside the container; \"\": the image's own"},
	{"read_only", SW_KEY_BOOL, AT(sw_sandbox, read_only),
     .about = "the root filesystem cannot be written"},
	{"tmpfs_size", SW_KEY_BYTES, AT(sw_sandbox, tmpfs_bytes), .min = 4 * KIB, .max = TIB,
     .zero_is = "none", .about = "size of a writable /tmp in memory; 0: none"},
	{"runtime", SW_KEY_TEXT, AT(sw_sandbox, runtime), .min = 1,
     .about = "the engine's runtime, like crun; default: the engine's own"},
	{"seccomp", SW_KEY_TEXT, AT(sw_sandbox, seccomp), .min = 1,
     .about = "builtin, unconfined, or a profile's path"},
	{"drop_capabilities", SW_KEY_BOOL, AT(sw_sandbox, drop_capabilities),
     .about = "all of them are dropped"},
	{"no_new_privileges", SW_KEY_BOOL, AT(sw_sandbox, no_new_privileges),
     .about = "setuid programs gain nothing"},
	{"engine_timeout_seconds", SW_KEY_SECONDS, AT(sw_sandbox, engine_timeout_ns),
     .min = 100 * NS_PER_MS, .max = NS_PER_HOUR,
     .about = "how long the engine may take to answer one request"},
};
const struct sw_section sw_config_docker = SECTION("sandbox.docker", docker_keys);

static const struct sw_key fallback_keys[] = {
	{"enabled", SW_KEY_BOOL, PLAN(fallback.enabled),
     .about = "whether a failed iteration may run on the host"},
	{"max_retries", SW_KEY_WHOLE, PLAN(fallback.max_retries), .min = 0, .max = 100,
     .about = "attempts in the sandbox after the first"},
	{"on", SW_KEY_OUTCOMES, PLAN(fallback.on), .max = 16,
     .about = "outcomes a run on the host is allowed for"},
};
static const struct sw_section fallback = SECTION("sandbox.fallback", fallback_keys);

static const struct sw_key breaker_keys[] = {
	{"failures", SW_KEY_WHOLE, PLAN(breaker.failures), .min = 0, .max = 1000,
     .about = "attempts in a row that end as engine and open it; 0: never"},
	{"open_seconds", SW_KEY_SECONDS, PLAN(breaker.open_ns), .min = NS_PER_MS, .max = NS_PER_HOUR,
     .about = "how long the engine is left alone before it is probed; doubles with each failure"},
	{"max_open_seconds", SW_KEY_SECONDS, PLAN(breaker.max_open_ns), .min = NS_PER_MS,
     .max = NS_PER_HOUR, .about = "up to that long"},
	{"wait_seconds", SW_KEY_SECONDS, PLAN(breaker.wait_ns), .min = 0, .max = NS_PER_HOUR,
     .about = "how long attempts wait for an engine that worked before; 0: they are refused at once"},
};
static const struct sw_section breaker = SECTION("sandbox.breaker", breaker_keys);

static const struct sw_key sandbox_keys[] = {
	{"enabled", SW_KEY_BOOL, PLAN(sandbox_enabled),
     .about = "false leaves only the modes of kind host"},
	{"docker", SW_KEY_SECTION, PLAN(sandbox), .section = &sw_config_docker,
     .about = "limits and hardening, inherited by every mode"},
	{"fallback", SW_KEY_SECTION, .section = &fallback,
     .about = "what happens when the sandbox fails"},
	{"breaker", SW_KEY_SECTION, .section = &breaker,
     .about = "when an engine that fails is left alone"},
};
static const struct sw_section sandbox = SECTION("sandbox", sandbox_keys);

static const struct sw_key decision_keys[] = {
	{"baseline", SW_KEY_TEXT, PLAN(decision.baseline),
     .about = "the mode compared with; \"\": the first of kind host"},
	{"candidate", SW_KEY_TEXT, PLAN(decision.candidate),
     .about = "the mode in question; \"\": the first of another kind"},
	{"enable_below_percent", SW_KEY_DECIMAL, PLAN(decision.enable_below_percent), .min = 0,
     .max = 1000000 * MILLIONTHS,
     .about = "overhead up to which the sandbox is enabled by default"},
	{"optional_below_percent", SW_KEY_DECIMAL, PLAN(decision.optional_below_percent), .min = 0,
     .max = 1000000 * MILLIONTHS, .about = "overhead up to which it is an option"},
	{"project_seconds", SW_KEY_NUMBERS, PLAN(decision.project_seconds), .max = SW_PROJECT_MAX,
     .about = "job lengths the overhead is projected onto"},
};
static const struct sw_section decision = SECTION("decision", decision_keys);

static const struct sw_key tui_keys[] = {
	{"theme", SW_KEY_TEXT, PLAN(theme), .min = 1,
     .about = "the screen's colours: a theme's name, or a theme file's path"},
	{"fps", SW_KEY_WHOLE, PLAN(fps), .min = 1, .max = 60, .about = "redraws per second at most"},
	{"unicode", SW_KEY_TEXT, PLAN(unicode), .min = 1, .words = &unicode_words,
     .about = "whether the screen may use more than ASCII"},
	{"mouse", SW_KEY_BOOL, PLAN(mouse),
     .about = "whether the screen takes the mouse: wheel and click"},
	{"scale", SW_KEY_TEXT, PLAN(scale), .min = 1, .words = &scale_words,
     .about = "the latency axis at the start: logarithmic or linear"},
	{"keys", SW_KEY_BINDINGS, PLAN(bindings), .max = SW_BINDINGS_MAX,
     .about = "keys of the screen's actions, by the action's name"},
};
static const struct sw_section tui = SECTION("tui", tui_keys);

static const struct sw_key root_keys[] = {
	{"session", SW_KEY_SECTION, .section = &session, .about = "how often, and in which order"},
	{"modes", SW_KEY_MODES, PLAN(modes), .max = SW_MODES_MAX, .about = "the ways of executing"},
	{"workload", SW_KEY_SECTION, .section = &sw_config_workload,
     .about = "what one iteration executes"},
	{"sandbox", SW_KEY_SECTION, .section = &sandbox, .about = "the container and its fallback"},
	{"chaos", SW_KEY_CHAOS, PLAN(chaos), .max = SW_CHAOS_MAX, .about = "faults to be injected"},
	{"decision", SW_KEY_SECTION, .section = &decision, .about = "when the sandbox is worth it"},
	{"gates", SW_KEY_TEXTS, PLAN(gates), .max = SW_GATES_MAX,
     .about = "conditions that are to decide the exit code"},
	{"tui", SW_KEY_SECTION, .section = &tui, .about = "the screen"},
};
const struct sw_section sw_config_root = SECTION("", root_keys);

static const struct sw_key mode_keys[] = {
	{"name", SW_KEY_NAME, AT(sw_mode_plan, name), .min = 1, .about = "unique in the session"},
	{"kind", SW_KEY_WORD, AT(sw_mode_plan, kind), .words = &sw_words_kind,
     .about = "what happens per iteration"},
	{"parallel", SW_KEY_WHOLE, AT(sw_mode_plan, parallel), .min = 1,
     .max = SW_PARALLEL_MAX, .about = "iterations at the same time"},
	{"pool", SW_KEY_WHOLE, AT(sw_mode_plan, pool), .min = 1, .max = SW_POOL_MAX,
     .kinds = 1u << SW_KIND_PREPARED,
     .about = "containers kept created ahead, for each that runs at the same time"},
	{"preforked", SW_KEY_BOOL, AT(sw_mode_plan, preforked), .kinds = 1u << SW_KIND_HOST,
     .about = "the warm kind's preforked worker, on the host"},
	{"job_memory", SW_KEY_BYTES, AT(sw_mode_plan, job_memory_bytes), .min = 6 * MIB,
     .max = 64 * TIB, .zero_is = "three quarters of memory_limit", .kinds = 1u << SW_KIND_WARM,
     .about = "memory of one job; 0: three quarters of memory_limit"},
	{"matrix", SW_KEY_MATRIX, .about = "keys with lists of values: a mode for each combination"},
};
const struct sw_section sw_config_mode = {
	.path = "modes",
	.keys = mode_keys,
	.n_keys = sizeof mode_keys / sizeof mode_keys[0],
	.also = &sw_config_docker,
	.also_offset = offsetof(struct sw_mode_plan, sandbox),
};

#define FAULT(word) (1u << SW_FAULT_##word)
static const struct sw_key fault_keys[] = {
	{"fault", SW_KEY_WORD, AT(sw_chaos_fault, fault), .words = &sw_words_fault,
     .about = "what is done"},
	{"mode", SW_KEY_NAME, AT(sw_chaos_fault, mode),
     .about = "to attempts of this mode; \"\": of every mode of containers"},
	{"iterations", SW_KEY_ITERATIONS, AT(sw_chaos_fault, iterations),
     .max = SW_CHAOS_ITERATIONS_MAX, .about = "in these counted iterations of the mode"},
	{"rate", SW_KEY_DECIMAL, AT(sw_chaos_fault, rate), .min = 0, .max = MILLIONTHS,
     .about = "instead of iterations: in this share of the attempts, drawn by the session's seed"},
	{"attempts", SW_KEY_WHOLE, AT(sw_chaos_fault, attempts), .min = 0, .max = 101,
     .about = "beside iterations: in so many attempts of each, from the first; 0: in all"},
	{"on", SW_KEY_WORD, AT(sw_chaos_fault, on), .words = &sw_words_target,
     .about = "which request, or the stream, is hit"},
	{"seconds", SW_KEY_SECONDS, AT(sw_chaos_fault, duration_ns), .min = NS_PER_MS,
     .max = NS_PER_HOUR,
     .kinds = FAULT(DELAY) | FAULT(STALL) | FAULT(ENGINE_PAUSE) | FAULT(IMAGE_REMOVE),
     .about = "how long it lasts"},
	{"code", SW_KEY_WHOLE, AT(sw_chaos_fault, code), .min = 400, .max = 599,
     .kinds = FAULT(STATUS), .about = "the HTTP status that is answered"},
	{"bytes", SW_KEY_BYTES, AT(sw_chaos_fault, bytes), .min = 0, .max = TIB,
     .kinds = FAULT(TRUNCATE) | FAULT(GARBAGE) | FAULT(RESET) | FAULT(STALL),
     .about = "of the answer's body, or of the stream, that pass before it"},
};
const struct sw_section sw_config_fault = SECTION("chaos", fault_keys);

const struct sw_key sw_config_iteration = {.name = "iterations",
                                           .type = SW_KEY_WHOLE,
                                           .size = sizeof(int64_t),
                                           .min = 1,
                                           .max = SW_ITERATIONS_MAX,
                                           .about = "an iteration's number"};
const struct sw_key sw_config_project = {.name = "project_seconds",
                                         .type = SW_KEY_DECIMAL,
                                         .size = sizeof(double),
                                         .min = 1000,
                                         .max = 86400 * MILLIONTHS,
                                         .about = "a job's length in seconds"};
const struct sw_key sw_config_action = {.name = "action",
                                        .type = SW_KEY_NAME,
                                        .size = sizeof(((struct sw_binding *)NULL)->action),
                                        .min = 1,
                                        .about = "an action's name"};
const struct sw_key sw_config_keys = {.name = "keys",
                                      .type = SW_KEY_TEXT,
                                      .size = sizeof(((struct sw_binding *)NULL)->keys),
                                      .about = "its keys"};
const struct sw_key sw_config_gate = {.name = "gates",
                                      .type = SW_KEY_TEXT,
                                      .size = sizeof(((struct sw_plan *)NULL)->gates[0]),
                                      .min = 1,
                                      .about = "a condition"};

bool sw_key_is_number(const struct sw_key *key)
{
	return key->type >= SW_KEY_BOOL && key->type <= SW_KEY_WORD;
}

bool sw_key_is_text(const struct sw_key *key)
{
	return key->type == SW_KEY_TEXT || key->type == SW_KEY_NAME;
}

uint32_t sw_config_given(const char *name)
{
	for (size_t i = 0; i < sw_config_docker.n_keys; i++)
		if (strcmp(sw_config_docker.keys[i].name, name) == 0)
			return UINT32_C(1) << i;
	return 0;
}
