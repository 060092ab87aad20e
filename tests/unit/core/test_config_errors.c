/* What a configuration says when it is wrong: the exact message, with line and column. */
#include "tests/unit/core/config_test.h"

#include <sys/stat.h>
#include <unistd.h>

/* Outlives a failed assert, which leaves the test with longjmp. */
static struct sw_buf long_text;

struct bad {
	const char *text, *message;
};

/* Each text is refused with exactly its message, and changes nothing. */
static void refused(struct sw_plan *plan, const struct bad *cases, size_t n)
{
	struct sw_plan before;

	sw_plan_defaults(&before);
	for (size_t i = 0; i < n; i++) {
		struct sw_error err = {0};

		if (config_test_load(plan, cases[i].text, &err) == 0)
			fail_msg("accepted:\n%s", cases[i].text);
		if (strcmp(err.message, cases[i].message) != 0)
			fail_msg("got      %s\nexpected %s\nin:\n%s", err.message, cases[i].message,
			         cases[i].text);
		assert_int_equal(err.code, SW_ERR_USAGE);
		config_test_same(plan, &before);
	}
}

#define REFUSED(...)                                          \
	do {                                                      \
		static const struct bad cases[] = {__VA_ARGS__};      \
		refused(*state, cases, sizeof cases / sizeof *cases); \
	} while (0)

static void keys(void **state)
{
	REFUSED(
		{"session:\n  name: x\n    \n  iteration: 3\n",
	     "f:4:3: unknown key 'iteration' in session; did you mean 'iterations'?"},
		{"session:\n  zzz: 3\n", "f:2:3: unknown key 'zzz' in session; use one of name, "
	                             "iterations, precision, min_iterations, max_iterations, "
	                             "time_budget_seconds, block, warmup, order, seed"},
		{"zzz: 1", "f:1:1: unknown key 'zzz' at the top level; use one of session, modes, "
	               "workload, sandbox, chaos, decision, gates, tui"},
		{"sesion: {}", "f:1:1: unknown key 'sesion' at the top level; did you mean 'session'?"},
		{"iterations: 5",
	     "f:1:1: unknown key 'iterations' at the top level; it belongs in session"},
		{"sandbox: {image: x}",
	     "f:1:11: unknown key 'image' in sandbox; it belongs in sandbox.docker"},
		{"modes: [{name: a, kind: cold, memory_limits: 1g}]",
	     "f:1:31: unknown key 'memory_limits' in modes[0]; did you mean 'memory_limit'?"},
		{"session: {\"a\\e[31mb\": 1}",
	     "f:1:11: unknown key 'a?[31mb' in session; use one of name, iterations, precision, "
	     "min_iterations, max_iterations, time_budget_seconds, block, warmup, order, seed"},
		{"session:\n  seed: 1\n  seed: 2\n",
	     "f:3:3: session.seed: this key is there twice; keep one"},
		{"session: {}\nsession: {}\n", "f:2:1: session: this key is there twice; keep one"},
		{"session: {[a]: b}", "f:1:11: session: a key must be a word"},
		{"session:\n  <<: {seed: 1}\n",
	     "f:2:3: merge keys (<<) are not supported; write the keys out"});
}

static void types(void **state)
{
	REFUSED(
		{"x", "f:1:1: expected keys with values, found a single value"},
		{"[x]", "f:1:1: expected keys with values, found a list"},
		{"session: 3", "f:1:10: session: expected keys with values, found a single value"},
		{"sandbox: {docker: []}",
	     "f:1:19: sandbox.docker: expected keys with values, found a list"},
		{"session: {iterations: [1]}",
	     "f:1:23: session.iterations: expected a whole number or auto, found a list"},
		{"session:\n  iterations:\n",
	     "f:2:14: session.iterations: expected a whole number or auto, found nothing"},
		{"session: {name: ~}",
	     "f:1:17: session.name: expected a text (\"\" for an empty one), found nothing"},
		{"session: {iterations: many}",
	     "f:1:23: session.iterations: 'many' is not a whole number; write one, or auto"},
		{"session: {iterations: 2.5}",
	     "f:1:23: session.iterations: '2.5' is not a whole number; write one, or auto"},
		{"session: {iterations: 0x10}",
	     "f:1:23: session.iterations: '0x10' is not a whole number; write one, or auto"},
		{"session: {order: rndom}",
	     "f:1:18: session.order: 'rndom' is no order; did you mean 'random'?"},
		{"session: {order: 7}",
	     "f:1:18: session.order: '7' is no order; use interleaved, sequential or random"},
		{"tui: {unicode: x}",
	     "f:1:16: tui.unicode: 'x' is no unicode setting; use auto, always or never"},
		{"sandbox:\n  enabled: yes",
	     "f:2:12: sandbox.enabled: 'yes' is not a boolean; write true or false"},
		{"sandbox: {enabled: on}",
	     "f:1:20: sandbox.enabled: 'on' is not a boolean; write true or false"},
		{"sandbox: {enabled: 1}",
	     "f:1:20: sandbox.enabled: '1' is not a boolean; write true or false"},
		{"session: {seed: !!int 3}",
	     "f:1:17: tags like 'tag:yaml.org,2002:int' are not supported; leave it out"},
		{"session: {name: \"\"}", "f:1:17: session.name: must not be empty"},
		{"session: {name: \"a\\u202eb\"}",
	     "f:1:17: session.name: 'a?b' holds characters that cannot be shown; leave them out"},
		{"session: {name: \"a\\0b\"}", "f:1:17: a NUL character is not allowed"},
		{"modes: [{kind: host, name: a/b}]",
	     "f:1:28: modes[0].name: 'a/b' is no name; use letters, digits, '.', '_' and '-'"},
		{"modes: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]",
	     "f:1:16: modes[0].name: 64 bytes are too long; use at most 63"},
		{"tui: {theme: \"\"}", "f:1:14: tui.theme: must not be empty"},
		{"tui: {mouse: on}", "f:1:14: tui.mouse: 'on' is not a boolean; write true or false"},
		{"tui: {scale: logarithmic}",
	     "f:1:14: tui.scale: 'logarithmic' is no scale; use log or linear"},
		{"tui: {scale: liner}", "f:1:14: tui.scale: 'liner' is no scale; did you mean 'linear'?"});
}

static void bindings(void **state)
{
	REFUSED(
		{"tui: {keys: q}",
	     "f:1:13: tui.keys: expected actions with keys like {pause: \"p\"}, found "
	     "a single value"},
		{"tui: {keys: [q]}", "f:1:13: tui.keys: expected actions with keys like {pause: \"p\"}, "
	                         "found a list"},
		{"tui:\n  keys:\n    pause: [p]\n",
	     "f:3:12: tui.keys.pause: expected keys like \"p Space\" (\"\" for none), found a list"},
		{"tui:\n  keys:\n    pause:\n",
	     "f:3:11: tui.keys.pause: expected keys like \"p Space\" (\"\" for none), found nothing"},
		{"tui:\n  keys:\n    pause: p\n    quit: q\n    pause: Space\n",
	     "f:5:5: tui.keys: 'pause' is there twice; keep one"},
		{"tui: {keys: {[a]: p}}", "f:1:14: tui.keys: a key must be a word"},
		{"tui: {keys: {\"\": p}}", "f:1:14: tui.keys: an action's name: must not be empty"},
		{"tui: {keys: {a b: p}}", "f:1:14: tui.keys: an action's name: 'a b' is no name; use "
	                              "letters, digits, '.', '_' and '-'"},
		{"tui: {keys: {\"a\\e[2J\": p}}",
	     "f:1:14: tui.keys: an action's name: 'a?[2J' holds characters that cannot be shown; leave "
	     "them out"},
		{"tui: {keys: {pause: \"\\e[31m\"}}",
	     "f:1:21: tui.keys.pause: '?[31m' holds characters that cannot be shown; leave them out"},
		{"tui: {keys: {pause: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}",
	     "f:1:21: tui.keys.pause: 64 bytes are too long; use at most 63"},
		{"tui: {keys: {pause: ${SW_UNSET}}}",
	     "f:1:22: did not find expected ',' or '}', while parsing a flow mapping that starts at 1:13"},
		{"tui: {keys: {pause: \"${SW_UNSET}\"}}",
	     "f:1:21: tui.keys.pause: the environment variable 'SW_UNSET' is not set; set it, or give a "
	     "default: ${SW_UNSET:default}"});
}

/* A name of 10 kB, and one action more than there is room for. */
static void bindings_are_bounded(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_buf *text = &long_text;
	struct sw_error err = {0};

	sw_buf_clear(text);
	sw_buf_add_str(text, "tui:\n  keys:\n    ? \"");
	for (int i = 0; i < 10240; i++)
		sw_buf_add_str(text, "x");
	sw_buf_add_str(text, "\"\n    : p\n");
	assert_int_equal(config_test_load(plan, text->data, &err), -1);
	assert_string_equal(
		err.message,
		"f:3:7: tui.keys: an action's name: 10240 bytes are too long; use at most 31");
	sw_buf_clear(text);
	sw_buf_add_str(text, "tui:\n  keys:\n");
	for (int i = 0; i <= SW_BINDINGS_MAX; i++)
		sw_buf_addf(text, "    a%d: p\n", i);
	assert_int_equal(config_test_load(plan, text->data, &err), -1);
	assert_string_equal(err.message, "f:67:5: tui.keys.a64: too many actions; use at most 64");
	assert_int_equal(plan->n_bindings, 0);
	sw_buf_done(text);
}

#define DOCKER(line) "sandbox:\n  docker:\n    " line

static void units_and_ranges(void **state)
{
	REFUSED(
		{"session: {iterations: 0}",
	     "f:1:23: session.iterations: 0 is out of range; use 1 to 10000000, or auto"},
		{"session: {iterations: -1}",
	     "f:1:23: session.iterations: -1 is out of range; use 1 to 10000000, or auto"},
		{"session: {iterations: 1000000000}",
	     "f:1:23: session.iterations: 1000000000 is out of range; use 1 to 10000000, or auto"},
		{"session: {iterations: 99999999999999999999}",
	     "f:1:23: session.iterations: 99999999999999999999 is out of range; use 1 to 10000000, or auto"},
		{"session: {seed: -1}",
	     "f:1:17: session.seed: -1 is out of range; use 0 to 9223372036854775807"},
		{"session: {seed: 9223372036854775808}",
	     "f:1:17: session.seed: 9223372036854775808 is out of range; use 0 to 9223372036854775807"},
		{"session: {precision: 0}",
	     "f:1:22: session.precision: 0 is out of range; use 0.01 to 100"},
		{"session: {precision: 2 %}", "f:1:22: session.precision: '2 %' is not a percentage with at "
	                                  "most 6 decimals; write it like 2 or 0.5%"},
		{"session: {precision: 101%}",
	     "f:1:22: session.precision: 101% is out of range; use 0.01 to 100"},
		{"session: {iterations: Auto}",
	     "f:1:23: session.iterations: 'Auto' is not a whole number; write one, or auto"},
		{"session: {min_iterations: auto}",
	     "f:1:27: session.min_iterations: 'auto' is not a whole number"},
		{"session: {time_budget_seconds: 0.5}",
	     "f:1:32: session.time_budget_seconds: 0.5 is out of range; use 1 to 604800"},
		{"session: {block: 0}", "f:1:18: session.block: 0 is out of range; use 1 to 10000"},
		{DOCKER("memory_limit: 4m"),
	     "f:3:19: sandbox.docker.memory_limit: 4m is out of range; use 6m "
	     "(Docker's minimum) to 64t, or 0 for none"},
		{DOCKER("memory_limit: 2x"),
	     "f:3:19: sandbox.docker.memory_limit: '2x' is not a size; write "
	     "bytes, or a number with k, m, g or t, like 512m"},
		{DOCKER("memory_limit: -2g"),
	     "f:3:19: sandbox.docker.memory_limit: -2g is out of range; use 6m "
	     "(Docker's minimum) to 64t, or 0 for none"},
		{DOCKER("cpu_count: 0.005"),
	     "f:3:16: sandbox.docker.cpu_count: 0.005 is out of range; use 0.01 "
	     "(Docker's minimum) to 1024, or 0 for none"},
		{DOCKER("cpu_count: 0.0005"),
	     "f:3:16: sandbox.docker.cpu_count: '0.0005' is not a number of CPUs "
	     "with at most 3 decimals; write it like 0.5"},
		{DOCKER("cpu_count: half"),
	     "f:3:16: sandbox.docker.cpu_count: 'half' is not a number of CPUs "
	     "with at most 3 decimals; write it like 0.5"},
		{DOCKER("timeout_seconds: 0"),
	     "f:3:22: sandbox.docker.timeout_seconds: 0 is out of range; use 0.001 to 3600"},
		{DOCKER("timeout_seconds: 5m"),
	     "f:3:22: sandbox.docker.timeout_seconds: '5m' is not a number of "
	     "seconds; write it without a unit, like 300 or 0.5"},
		{DOCKER("tmpfs_size: 1"),
	     "f:3:17: sandbox.docker.tmpfs_size: 1 is out of range; use 4k to 1t, or 0 for none"},
		{"decision: {enable_below_percent: 10%}",
	     "f:1:34: decision.enable_below_percent: '10%' is not a number with at most 6 decimals; write "
	     "it like 100 or 0.5"},
		{"decision: {project_seconds: [3, 0]}",
	     "f:1:33: decision.project_seconds: 0 is out of range; use 0.001 to 86400"});
}

static void lists(void **state)
{
	REFUSED(
		{"modes: {}", "f:1:8: modes: expected a list, found a mapping"},
		{"modes: []", "f:1:8: modes: an empty list; name at least one mode"},
		{"modes: [x]", "f:1:9: modes[0]: expected keys with values, found a single value"},
		{"modes: [{kind: cold}]", "f:1:9: modes[0]: a mode needs a name"},
		{"modes:\n  - name: a\n",
	     "f:2:5: modes[0]: a mode needs a kind; use host, cold, prepared, exec or warm"},
		{"modes: [{name: a, kind: cool}]",
	     "f:1:25: modes[0].kind: 'cool' is no mode kind; did you mean 'cold'?"},
		{"modes: [{name: a b, kind: cold}]",
	     "f:1:16: modes[0].name: 'a b' is no name; use letters, digits, '.', '_' and '-'"},
		{"modes:\n  - {name: a, kind: host}\n  - {kind: cold, name: a}\n",
	     "f:3:24: modes[1]: the name 'a' is there twice; give another"},
		{"modes: [{name: a, kind: host}, {name: b, kind: cold, memory_limit: 1}]",
	     "f:1:68: modes[1].memory_limit: 1 is out of range; use 6m (Docker's minimum) to 64t, or 0 for "
	     "none"},
		{"workload: {command: echo hi}",
	     "f:1:21: workload.command: expected a list like [sh, -c, \"make test\"], found a single value"},
		{"workload: {command: []}",
	     "f:1:21: workload.command: an empty list; name at least the program"},
		{"workload: {command: [\"\"]}",
	     "f:1:22: workload.command: the program's name must not be empty"},
		{"workload: {command: [a, [b]]}",
	     "f:1:25: workload.command: expected a text (\"\" for an empty one), found a list"},
		{"workload: {strategy: a, command: [b]}",
	     "f:1:34: workload.command: there is a strategy too; keep one of them"},
		{"workload: {command: [b], strategy: a}",
	     "f:1:36: workload.strategy: there is a command too; keep one of them"},
		{"workload: {command: [b], days: 1}",
	     "f:1:32: workload.days: 1 is out of range; use 2 to 100000"},
		{"workload: {strategy: ''}", "f:1:22: workload.strategy: must not be empty"},
		{"sandbox:\n  fallback:\n    on: engine\n",
	     "f:3:9: sandbox.fallback.on: expected a list, found a single value"},
		{"sandbox: {fallback: {on: [engine, rejected]}}",
	     "f:1:35: sandbox.fallback.on: 'rejected' is the code's own doing and must not earn it a run on "
	     "the host; use engine, timeout, oom or crashed"},
		{"sandbox: {fallback: {on: [failed]}}",
	     "f:1:27: sandbox.fallback.on: 'failed' is the code's own doing and must not earn it a run on "
	     "the host; use engine, timeout, oom or crashed"},
		{"sandbox: {fallback: {on: [ok]}}",
	     "f:1:27: sandbox.fallback.on: 'ok' is no failure of the "
	     "sandbox; use engine, timeout, oom or crashed"},
		{"sandbox: {fallback: {on: [engin]}}",
	     "f:1:27: sandbox.fallback.on: 'engin' is no outcome; did you mean 'engine'?"},
		{"gates: ['']", "f:1:9: gates: must not be empty"},
		{"decision: {project_seconds: [1,2,3,4,5,6,7,8,9]}",
	     "f:1:29: decision.project_seconds: 9 entries are too many; use at most 8"});
}

static void modes(void **state)
{
	REFUSED(
		{"modes: [{name: x, kind: cold, parallel: 65}]",
	     "f:1:41: modes[0].parallel: 65 is out of range; use 1 to 64"},
		{"modes: [{name: x, kind: prepared, pool: 65}]",
	     "f:1:41: modes[0].pool: 65 is out of range; use 1 to 64"},
		{"modes: [{name: x, kind: warm, job_memory: 1m}]",
	     "f:1:43: modes[0].job_memory: 1m is out of range; use 6m to 64t, or 0 for three quarters of "
	     "memory_limit"},
		{"modes: [{name: x, kind: cold, pool: 2}]",
	     "f:1:31: modes[0].pool: a mode of kind cold does not take it; leave it out, or use kind "
	     "prepared"},
		{"modes: [{preforked: false, name: x, kind: exec}]",
	     "f:1:10: modes[0].preforked: a mode of kind exec does not take it; leave it out, or use kind "
	     "host"},
		{"modes:\n- {name: y, kind: host}\n- {name: x, kind: prepared, job_memory: 64m}\n",
	     "f:3:29: modes[1].job_memory: a mode of kind prepared does not take it; leave it out, or use "
	     "kind warm"});
}

#define MATRIX(text) "modes:\n- name: x\n  kind: cold\n  matrix: " text

static void matrices(void **state)
{
	REFUSED(
		{MATRIX("3"),
	     "f:4:11: modes[0].matrix: expected keys with lists, like {runtime: [runc, crun]}"},
		{MATRIX("{}"),
	     "f:4:11: modes[0].matrix: expected keys with lists, like {runtime: [runc, crun]}"},
		{MATRIX(""),
	     "f:4:10: modes[0].matrix: expected keys with lists, like {runtime: [runc, crun]}"},
		{MATRIX("{runtime: runc}"),
	     "f:4:21: modes[0].matrix.runtime: expected a list of values like [none, bridge]"},
		{MATRIX("{runtime: []}"),
	     "f:4:21: modes[0].matrix.runtime: an empty list; name at least one value"},
		{MATRIX("{runtime: [runc, [crun]]}"),
	     "f:4:28: modes[0].matrix.runtime: expected a text (\"\" for an empty one), found a list"},
		{MATRIX("{runtime: [a, b, a]}"),
	     "f:4:28: modes[0].matrix.runtime: this value is there twice; keep one"},
		{MATRIX("{runtme: [a]}"),
	     "f:4:12: unknown key 'runtme' in modes[0].matrix; did you mean 'runtime'?"},
		{MATRIX("{kind: [cold, warm]}"), "f:4:12: 'kind' is no key that modes[0].matrix can vary; use "
	                                     "a mode's keys but name and kind"},
		{MATRIX("{matrix: [a]}"), "f:4:12: 'matrix' is no key that modes[0].matrix can vary; use a "
	                              "mode's keys but name and kind"},
		{MATRIX("{[a]: [b]}"), "f:4:12: modes[0].matrix: a key must be a word"},
		{MATRIX("{user: [a], user: [b]}"),
	     "f:4:23: modes[0].matrix.user: this key is there twice; keep one"},
		{MATRIX("{user: [a]}\n  user: b\n"),
	     "f:4:12: modes[0].matrix.user: the mode gives this key too; keep one of them"},
		{MATRIX("{pool: [1, 2]}"),
	     "f:4:12: modes[0].matrix.pool: a mode of kind cold does not take it; leave it out, or use "
	     "kind prepared"},
		{MATRIX("{cpu_count: [1, 0.001]}"),
	     "f:4:27: modes[0].matrix.cpu_count: 0.001 is out of range; use 0.01 (Docker's minimum) to "
	     "1024, or 0 for none"},
		{MATRIX("{parallel: [1,2,3,4,5,6], pids_limit: [1,2,3,4,5,6]}"),
	     "f:4:49: modes[0].matrix.pids_limit: these are 36 modes or more; a session has at most 32"},
		{MATRIX("{parallel: [1,2,3,4,5,6,7,8]}\n- {name: y, kind: cold, matrix: {parallel: "
	            "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]}}"),
	     "f:5:3: modes[1]: 'y-25' is one mode too many; a session has at most 32"},
		{MATRIX("{user: [a-b, a+b]}"), "f:2:9: modes[0]: the name 'x-a-b' is there twice; give another"},
		{"modes: [{kind: cold, name: \"c-{runtime}-{net}\", matrix: {runtime: [a]}}]",
	     "f:1:28: modes[0].name: '{net}' is no key of the matrix; use one that is, like {runtime}"},
		{"modes: [{kind: cold, name: \"c-{runtime\", matrix: {runtime: [a]}}]",
	     "f:1:28: modes[0].name: '{runtime' is no key of the matrix; use one that is, like {runtime}"},
		{"modes: [{kind: cold, name: \"c {user}\", matrix: {user: [a]}}]",
	     "f:1:28: modes[0].name: 'c a' is no name; use letters, digits, '.', '_' and '-'"},
		{"modes: [{kind: cold, name: '', matrix: {parallel: [1]}}]",
	     "f:1:28: modes[0].name: must not be empty"},
		{"modes: [{kind: cold, name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,"
	     " matrix: {user: [aaaa]}}]",
	     "f:1:28: modes[0].name: "
	     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-aaaa': 64 "
	     "bytes are too long; use at most 63"},
		{"modes: [{kind: cold, name: \"c-{runtime}\"}]",
	     "f:1:28: modes[0].name: 'c-{runtime}' is no name; use letters, digits, '.', '_' and '-'"},
		{"modes: [{kind: cold, matrix: {runtime: [a]}}]", "f:1:9: modes[0]: a mode needs a name"});
}

static void broken_yaml(void **state)
{
	REFUSED(
		{"session: {name: [a}\n", "f:1:19: did not find expected ',' or ']', while parsing a flow "
	                              "sequence that starts at 1:17"},
		{"a: b: c", "f:1:5: mapping values are not allowed in this context"},
		{"session:\n\tname: x\n",
	     "f:2:1: found character that cannot start any token, while scanning "
	     "for the next token that starts at 2:1"},
		{"session: \"x",
	     "f:1:12: found unexpected end of stream, while scanning a quoted scalar that "
	     "starts at 1:10"},
		{"---\nsession: {}\n---\nsession: {}\n", "f:3:1: a second document; one file holds one"},
		{"session:\n  name: \"\xC3\xA4\xFF\"\n",
	     "f:2:11: not UTF-8 (byte 0xFF); save the file as UTF-8"},
		{"\xFF\xFEs\x01", "f:1:1: not UTF-8 (byte 0xFF); save the file as UTF-8"},
		{"session:\n  name: \xC3\xA4\x01\n", "f:2:10: control characters are not allowed"},
		{"session: *none", "f:1:10: the alias '*none' refers to nothing; define '&none' before it"},
		{"session: {name: &n many,\n  iterations: *n}",
	     "f:1:17: session.iterations: 'many' is not a whole number; write one, or auto"},
		{"session: &a {name: *a}",
	     "f:1:20: the alias '*a' is inside the value it refers to (a cycle)"},
		{"modes: &a\n  - name: x\n    kind: [&b [*a]]\n",
	     "f:3:16: the alias '*a' is inside the value it refers to (a cycle)"},
		{"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	     "f:1:33: nested more than 32 levels deep"});
}

static void the_environment(void **state)
{
	static const char *const vars[] = {"BAD", "a\xFF", "N", "x", NULL};
	static const struct bad cases[] = {
		{"session:\n  name: ${NOT_SET}\n",
	     "f:2:9: session.name: the environment variable 'NOT_SET' is not set; set it, or give a "
	     "default: ${NOT_SET:default}"},
		{"session:\n  name: ${BAD}\n",
	     "f:2:9: session.name: the environment variable 'BAD' is not valid UTF-8"},
		{"session:\n  name: a${N\n", "f:2:9: session.name: '${N' has no '}'; write ${NAME} or "
	                                 "${NAME:default}, or $${ for a plain ${"},
		{"session:\n  name: ${1}\n", "f:2:9: session.name: '${1}' holds no variable's name; write "
	                                 "${NAME} or ${NAME:default}, or $${ for a plain ${"},
		{"session:\n  iterations: ${N}\n",
	     "f:2:15: session.iterations: 'x' is not a whole number; write one, or auto"},
		{"gates: ['${N}', '${GONE}']",
	     "f:1:17: gates: the environment variable 'GONE' is not set; set it, or give a default: "
	     "${GONE:default}"},
	};
	char big[SW_CONFIG_MAX_VALUE + 2];
	const char *huge[] = {"BIG", big, NULL};
	struct sw_error err = {0};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(sw_config_load_text(*state, "f", cases[i].text, strlen(cases[i].text),
		                                     config_test_env(vars), &err),
		                 -1);
		assert_string_equal(err.message, cases[i].message);
	}
	memset(big, 'a', sizeof big);
	big[sizeof big - 1] = '\0';
	assert_int_equal(
		sw_config_load_text(*state, "f", "gates: ['${BIG}']", 17, config_test_env(huge), &err), -1);
	assert_string_equal(err.message, "f:1:9: gates: the value is longer than 65536 bytes");
}

/* cmocka leaves a failed test with longjmp: nothing here is on the heap. */
static void __attribute__((format(printf, 2, 3))) add(char text[4096], const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, 4096 - used, format, args);
	va_end(args);
}

/* Nine lists of nine aliases to the list before: 9^9 values if nobody counts. */
static void a_billion_laughs(void **state)
{
	char text[4096] = "";
	struct sw_error err = {0};

	add(text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		add(text, "a%d: &a%d [*a%d", i, i, i - 1);
		for (int j = 1; j < 9; j++)
			add(text, ",*a%d", i - 1);
		add(text, "]\n");
	}

	int result = config_test_load(*state, text, &err);

	assert_int_equal(result, -1);
	assert_string_equal(err.message,
	                    "f:5:10: more than 10000 values once every alias is written out; "
	                    "write fewer");
}

/* Each level holds the one before: shallow to write, deep once written out. */
static void deep_aliases(void **state)
{
	char text[4096] = "";
	struct sw_error err = {0};

	add(text, "a0: &a0 [x]\n");
	for (int i = 1; i < 40; i++)
		add(text, "a%d: &a%d [*a%d]\n", i, i, i - 1);

	int result = config_test_load(*state, text, &err);

	assert_int_equal(result, -1);
	assert_string_equal(err.message, "f:32:12: nested more than 32 levels deep");
	text[0] = '\0';
	for (int i = 0; i < 70; i++)
		add(text, "a%d: &a%d x\n", i, i);
	result = config_test_load(*state, text, &err);
	assert_int_equal(result, -1);
	assert_string_equal(err.message, "f:65:6: more than 64 anchors; write fewer");
}

static void files(void **state)
{
	char dir[] = "/tmp/sw-config-XXXXXX", path[64], expected[256];
	struct sw_config_env env = config_test_env(NULL);
	struct sw_error err = {0};

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/c.yaml", dir);
	assert_int_equal(sw_config_load_file(*state, path, env, &err), -1);
	snprintf(expected, sizeof expected, "%s: cannot be opened: No such file or directory", path);
	assert_string_equal(err.message, expected);
	assert_int_equal(sw_config_load_file(*state, dir, env, &err), -1);
	snprintf(expected, sizeof expected, "%s: is a directory; name a YAML file", dir);
	assert_string_equal(err.message, expected);
	/* A pipe that nobody writes: neither waited for, nor taken for an empty file. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sw_config_load_file(*state, path, env, &err), -1);
	snprintf(expected, sizeof expected, "%s: a pipe that nothing came from", path);
	assert_string_equal(err.message, expected);
	assert_int_equal(unlink(path), 0);

	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (unsigned i = 0; i <= SW_CONFIG_MAX_BYTES; i++)
		assert_int_equal(fputc('#', file), '#');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(sw_config_load_file(*state, path, env, &err), -1);
	snprintf(expected, sizeof expected, "%s: larger than 1048576 bytes; that is no configuration",
	         path);
	assert_string_equal(err.message, expected);
	assert_int_equal(sw_config_load_text(*state, "f", "", SW_CONFIG_MAX_BYTES + 1, env, &err), -1);
	assert_string_equal(err.message, "f: larger than 1048576 bytes; that is no configuration");
	assert_int_equal(truncate(path, SW_CONFIG_MAX_BYTES), 0);
	assert_int_equal(sw_config_load_file(*state, path, env, &err), 0);
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0), 0);
		assert_int_equal(sw_config_load_file(*state, path, env, &err), -1);
		snprintf(expected, sizeof expected, "%s: cannot be opened: Permission denied", path);
		assert_string_equal(err.message, expected);
	}
	assert_int_equal(unlink(path) | rmdir(dir), 0);
}

/* What each text says once it is loaded and finished. */
static void finishing(void **state)
{
	static const struct bad cases[] = {
		{"modes: [{name: x, kind: warm}]\nworkload: {command: [a]}",
	     "mode 'x': kind warm keeps the Python worker ready, which runs strategies, but "
	     "workload.command is given; use kind exec, or name a workload.strategy"},
		{"modes: [{name: x, kind: host, preforked: true}]\nworkload: {command: [a]}",
	     "mode 'x': preforked keeps the Python worker ready, which runs strategies, but "
	     "workload.command is given; leave preforked out, or name a workload.strategy"},
		{"modes: [{name: x, kind: warm, job_memory: 65m, memory_limit: 64m}]",
	     "mode 'x': job_memory 65 MiB is above its memory_limit 64 MiB; use a smaller one"},
		{"modes: [{name: x, kind: warm, job_memory: 3g}]",
	     "mode 'x': job_memory 3 GiB is above its memory_limit 2 GiB; use a smaller one"},
		{"session: {min_iterations: 1001}",
	     "session.min_iterations 1001 is above session.max_iterations 1000; use a smaller one"},
		{"session: {iterations: auto, max_iterations: 9}",
	     "session.min_iterations 10 is above session.max_iterations 9; use a smaller one"},
		{"session: {iterations: auto, order: sequential}",
	     "session.order sequential finishes a mode before the next begins, and iterations: auto goes "
	     "by their differences; use interleaved or random"},
		{"modes: [{name: x, kind: cold}]\nsandbox: {enabled: false}",
	     "sandbox.enabled is false and no mode of kind host is left; add one, or enable the sandbox"},
		{"decision: {candidate: docker-sandbux}",
	     "decision.candidate: 'docker-sandbux' is no mode of this session; did you mean "
	     "'docker-sandbox'?"},
		{"decision: {baseline: zz}",
	     "decision.baseline: 'zz' is no mode of this session; use ast-only or docker-sandbox"},
		{"decision: {baseline: ast-only, candidate: ast-only}",
	     "decision.candidate: 'ast-only' is the baseline too; name another mode"},
		{"sandbox: {breaker: {open_seconds: 31}}",
	     "sandbox.breaker.open_seconds is above sandbox.breaker.max_open_seconds; use a smaller one"},
		{"sandbox: {breaker: {open_seconds: 2, max_open_seconds: 1}}",
	     "sandbox.breaker.open_seconds is above sandbox.breaker.max_open_seconds; use a smaller one"},
		{"decision: {enable_below_percent: 301}",
	     "decision.enable_below_percent is above decision.optional_below_percent; use a smaller one"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sw_plan *plan = *state;
		struct sw_error err = {0};

		sw_plan_done(plan);
		sw_plan_defaults(plan);
		config_test_ok(plan, cases[i].text);
		assert_int_equal(sw_config_finish(plan, &err), -1);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, SW_ERR_USAGE);
	}
}

/* Flags write into the plan after the loader's checks. */
static void finishing_checks_flags(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	plan->iterations = 0;
	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message, "session.iterations: 0 is out of range; use 1 to 10000000, or auto");
	plan->iterations = 20;
	plan->seed = UINT64_MAX;
	assert_int_equal(sw_config_finish(plan, &err), -1);
	plan->seed = 42;
	plan->n_modes = 0;
	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message, "modes: there is none; name at least one");
	plan->n_modes = 2;
	plan->modes[1].given = UINT32_MAX;
	plan->modes[1].sandbox.timeout_ns = 0;
	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message,
	                    "modes[1].timeout_seconds: 0 is out of range; use 0.001 to 3600");
	plan->modes[1].given = 0;
	(void)sw_text_copy(plan->modes[1].name, SW_NAME_MAX, "ast-only");
	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message, "modes[1]: the name 'ast-only' is there twice; give another");
	(void)sw_text_copy(plan->modes[1].name, SW_NAME_MAX, "b");
	plan->decision.enable_below_percent = -1;
	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message,
	                    "decision.enable_below_percent: -1 is out of range; use 0 to 1000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(keys),
		CONFIG_TEST(types),
		CONFIG_TEST(bindings),
		CONFIG_TEST(bindings_are_bounded),
		CONFIG_TEST(units_and_ranges),
		CONFIG_TEST(lists),
		CONFIG_TEST(modes),
		CONFIG_TEST(matrices),
		CONFIG_TEST(broken_yaml),
		CONFIG_TEST(the_environment),
		CONFIG_TEST(a_billion_laughs),
		CONFIG_TEST(deep_aliases),
		CONFIG_TEST(files),
		CONFIG_TEST(finishing),
		CONFIG_TEST(finishing_checks_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
