#include "core/event.h"

#include <math.h>

#include "core/buf.h"
#include "core/event_fields.h"
#include "core/json.h"

#define NAME(name) name, sizeof name - 1
#define AT(member) offsetof(struct sw_event, u.member)
#define SIZE(member) sizeof(((struct sw_event *)0)->u.member)
#define TEXT(name, member) {NAME(name), SW_FIELD_TEXT, AT(member), SIZE(member), NULL, 0}
#define INT(name, member) {NAME(name), SW_FIELD_INT, AT(member), SIZE(member), NULL, 0}
#define SIGNED(name, member) {NAME(name), SW_FIELD_SIGNED, AT(member), SIZE(member), NULL, 0}
#define BOOL(name, member) {NAME(name), SW_FIELD_BOOL, AT(member), SIZE(member), NULL, 0}
#define DOUBLE(name, member) {NAME(name), SW_FIELD_DOUBLE, AT(member), SIZE(member), NULL, 0}
#define WORD(name, member, table) {NAME(name), SW_FIELD_WORD, AT(member), SIZE(member), &(table), 0}
#define MANY(name, type, member, count) {NAME(name), type, AT(member), SIZE(member), NULL, AT(count)}
#define END {NULL, 0, SW_FIELD_INT, 0, 0, NULL, 0}

static const struct sw_field session_fields[] = {
	TEXT("id", session.id),
	TEXT("name", session.name),
	TEXT("started_at", session.started_at),
	WORD("order", session.order, sw_words_order),
	INT("seed", session.seed),
	INT("iterations", session.iterations),
	INT("warmup", session.warmup),
	TEXT("tool_version", session.tool_version),
	TEXT("tool_commit", session.tool_commit),
	TEXT("baseline", session.baseline),
	TEXT("candidate", session.candidate),
	DOUBLE("enable_below_percent", session.enable_below_percent),
	DOUBLE("optional_below_percent", session.optional_below_percent),
	MANY("project_seconds", SW_FIELD_DOUBLES, session.project_seconds, session.n_project),
	BOOL("sandbox_enabled", session.sandbox_enabled),
	BOOL("fallback_enabled", session.fallback_enabled),
	INT("max_retries", session.max_retries),
	INT("fallback_on", session.fallback_on),
	INT("gates", session.gates),
	BOOL("auto", session.is_auto),
	DOUBLE("precision_percent", session.precision_percent),
	INT("min_iterations", session.min_iterations),
	INT("time_budget_ns", session.time_budget_ns),
	INT("block", session.block),
	TEXT("workload", session.workload),
	BOOL("command", session.command),
	TEXT("strategy", session.strategy),
	WORD("backtest", session.backtest, sw_words_backtest),
	INT("days", session.days),
	INT("symbols", session.symbols),
	INT("breaker_failures", session.breaker_failures),
	INT("breaker_open_ns", session.breaker_open_ns),
	INT("breaker_max_open_ns", session.breaker_max_open_ns),
	INT("breaker_wait_ns", session.breaker_wait_ns),
	TEXT("strategy_fnv1a", session.strategy_fnv1a),
	END,
};

static const struct sw_field environment_fields[] = {
	TEXT("host", environment.host),
	TEXT("os", environment.os),
	TEXT("kernel", environment.kernel),
	TEXT("cpu", environment.cpu),
	INT("cpus", environment.cpus),
	INT("memory_bytes", environment.memory_bytes),
	TEXT("engine", environment.engine),
	TEXT("engine_version", environment.engine_version),
	TEXT("api_version", environment.api_version),
	TEXT("runtime", environment.runtime),
	TEXT("storage", environment.storage),
	TEXT("cgroup", environment.cgroup),
	TEXT("endpoint", environment.endpoint),
	BOOL("private_engine", environment.private_engine),
	TEXT("image", environment.image),
	TEXT("image_id", environment.image_id),
	INT("image_bytes", environment.image_bytes),
	TEXT("engine_error", environment.engine_error),
	END,
};

static const struct sw_field planned_fields[] = {
	TEXT("name", planned.name),
	WORD("kind", planned.kind, sw_words_kind),
	INT("parallel", planned.parallel),
	INT("planned", planned.planned),
	TEXT("image", planned.image),
	TEXT("image_id", planned.image_id),
	WORD("shim", planned.shim, sw_words_shim),
	TEXT("network", planned.network),
	TEXT("runtime", planned.runtime),
	TEXT("user", planned.user),
	TEXT("seccomp", planned.seccomp),
	INT("memory_bytes", planned.memory_bytes),
	INT("cpu_milli", planned.cpu_milli),
	INT("pids_limit", planned.pids_limit),
	INT("tmpfs_bytes", planned.tmpfs_bytes),
	INT("timeout_ns", planned.timeout_ns),
	BOOL("read_only", planned.read_only),
	BOOL("drop_capabilities", planned.drop_capabilities),
	BOOL("no_new_privileges", planned.no_new_privileges),
	INT("pool", planned.pool),
	INT("job_memory_bytes", planned.job_memory_bytes),
	BOOL("preforked", planned.preforked),
	TEXT("layer", planned.layer),
	INT("engine_timeout_ns", planned.engine_timeout_ns),
	END,
};

#define ITERATION INT("iteration", it.iteration), BOOL("warmup", it.warmup)
#define ATTEMPT ITERATION, INT("attempt", it.attempt), BOOL("on_host", it.on_host)

static const struct sw_field iteration_started_fields[] = {
	ITERATION, INT("start_ns", it.start_ns), END};
static const struct sw_field attempt_started_fields[] = {
	ATTEMPT, INT("start_ns", it.start_ns), END};
static const struct sw_field phase_started_fields[] = {
	ATTEMPT, WORD("phase", it.phase, sw_words_phase), TEXT("container", it.container), END};
static const struct sw_field attempt_finished_fields[] = {
	ATTEMPT,
	WORD("outcome", it.outcome, sw_words_outcome),
	INT("start_ns", it.start_ns),
	INT("wall_ns", it.wall_ns),
	SIGNED("other_ns", it.other_ns),
	SIGNED("exit_code", it.exit_code),
	INT("term_signal", it.term_signal),
	INT("stdout_bytes", it.stdout_bytes),
	INT("stderr_bytes", it.stderr_bytes),
	INT("dropped_bytes", it.dropped_bytes),
	BOOL("not_asked", it.not_asked),
	BOOL("by_durations", it.by_durations),
	TEXT("digest", it.digest),
	TEXT("python", it.python),
	TEXT("container", it.container),
	TEXT("error", it.text),
	MANY("spans", SW_FIELD_SPANS, it.spans, it.n_spans),
	END,
};
static const struct sw_field reason_fields[] = {
	ITERATION, INT("attempt", it.attempt), WORD("reason", it.outcome, sw_words_outcome), END};
static const struct sw_field iteration_finished_fields[] = {
	ITERATION,
	WORD("outcome", it.outcome, sw_words_outcome),
	BOOL("fell_back", it.fell_back),
	INT("start_ns", it.start_ns),
	INT("wall_ns", it.wall_ns),
	INT("attempts", it.attempts),
	TEXT("error", it.text),
	END,
};
static const struct sw_field iteration_dropped_fields[] = {ITERATION, TEXT("text", it.text), END};
static const struct sw_field container_fields[] = {
	ATTEMPT, TEXT("container", it.container), TEXT("error", it.text), END};
static const struct sw_field turn_fields[] = {ITERATION,
                                              INT("start_ns", it.start_ns),
                                              INT("wall_ns", it.wall_ns),
                                              INT("count", it.count),
                                              END};
static const struct sw_field behind_fields[] = {
	ITERATION, TEXT("container", it.container),
	MANY("spans", SW_FIELD_SPANS, it.spans, it.n_spans), END};
static const struct sw_field length_fields[] = {
	INT("iterations", length.iterations), DOUBLE("precision_percent", length.precision_percent),
	TEXT("text", length.text), END};
static const struct sw_field fault_fields[] = {
	ATTEMPT,
	WORD("fault", it.fault, sw_words_fault),
	WORD("target", it.target, sw_words_target),
	TEXT("container", it.container),
	TEXT("text", it.text),
	END,
};
static const struct sw_field breaker_fields[] = {
	WORD("state", breaker.state, sw_words_breaker), INT("failures", breaker.failures),
	INT("probes", breaker.probes), INT("retry_ns", breaker.retry_ns), TEXT("text", breaker.text), END};
static const struct sw_field resumption_fields[] = {
	TEXT("at", resumption.at), TEXT("text", resumption.text), END};
static const struct sw_field clock_fields[] = {WORD("clock", clock, sw_words_clock), END};
static const struct sw_field note_fields[] = {TEXT("text", end.text), END};
static const struct sw_field no_fields[] = {END};
static const struct sw_field finished_fields[] = {
	WORD("state", end.state, sw_words_state), TEXT("text", end.text), END};

const struct sw_field *const sw_event_fields[SW_EVENT_COUNT] = {
	[SW_EVENT_SESSION_STARTED] = session_fields,
	[SW_EVENT_ENVIRONMENT] = environment_fields,
	[SW_EVENT_MODE_PLANNED] = planned_fields,
	[SW_EVENT_ITERATION_STARTED] = iteration_started_fields,
	[SW_EVENT_ATTEMPT_STARTED] = attempt_started_fields,
	[SW_EVENT_PHASE_STARTED] = phase_started_fields,
	[SW_EVENT_ATTEMPT_FINISHED] = attempt_finished_fields,
	[SW_EVENT_RETRY] = reason_fields,
	[SW_EVENT_FALLBACK_TAKEN] = reason_fields,
	[SW_EVENT_FALLBACK_REFUSED] = reason_fields,
	[SW_EVENT_ITERATION_FINISHED] = iteration_finished_fields,
	[SW_EVENT_ITERATION_DROPPED] = iteration_dropped_fields,
	[SW_EVENT_TURN_FINISHED] = turn_fields,
	[SW_EVENT_PHASE_BEHIND] = behind_fields,
	[SW_EVENT_CONTAINER_CREATED] = container_fields,
	[SW_EVENT_CONTAINER_REMOVED] = container_fields,
	[SW_EVENT_CONTAINER_REPLACED] = container_fields,
	[SW_EVENT_LENGTH_DECIDED] = length_fields,
	[SW_EVENT_CLOCK_KNOWN] = clock_fields,
	[SW_EVENT_FAULT_INJECTED] = fault_fields,
	[SW_EVENT_BREAKER_CHANGED] = breaker_fields,
	[SW_EVENT_SESSION_RESUMED] = resumption_fields,
	[SW_EVENT_NOTE] = note_fields,
	[SW_EVENT_PAUSED] = no_fields,
	[SW_EVENT_RESUMED] = no_fields,
	[SW_EVENT_SESSION_FINISHED] = finished_fields,
};

#define EVENT_NAME(id, name) name,
static const char *const event_names[] = {SW_EVENTS(EVENT_NAME) NULL};
const struct sw_words sw_event_names = {"event", SW_EVENT_COUNT, event_names};

const char *sw_event_name(enum sw_event_kind kind)
{
	return event_names[kind];
}

void sw_event_init(struct sw_event *event, enum sw_event_kind kind, int mode)
{
	memset(event, 0, sizeof *event);
	event->kind = kind;
	event->mode = mode;
}

/* ---- encoding ---- */

/* Beyond 2^53 a double, which is all cJSON reads, is not exact: such numbers travel as text. */
static void put_int(struct sw_json *json, const char *name, int64_t value)
{
	const int64_t exact = INT64_C(1) << 53;
	char digits[24];
	if (value > -exact && value < exact) {
		sw_json_int(json, name, value);
		return;
	}
	snprintf(digits, sizeof digits, "%lld", (long long)value);
	sw_json_str(json, name, digits);
}

static void put_spans(struct sw_json *json, const char *name, const struct sw_span *spans, int n)
{
	sw_json_array(json, name);
	for (int i = 0; i < n; i++) {
		sw_json_array(json, NULL);
		sw_json_str(json, NULL, sw_word(&sw_words_phase, (int)spans[i].phase));
		put_int(json, NULL, spans[i].start_ns);
		put_int(json, NULL, spans[i].end_ns);
		sw_json_bool(json, NULL, spans[i].on_path);
		sw_json_end_array(json);
	}
	sw_json_end_array(json);
}

static void put_field(struct sw_json *json, const struct sw_field *field, const struct sw_event *event)
{
	const char *at = (const char *)event + field->offset;
	const void *count_at = (const char *)event + field->count_offset;
	int count = field->count_offset ? *(const int *)count_at : 0;
	switch (field->type) {
	case SW_FIELD_TEXT:
		if (*at)
			sw_json_str(json, field->name, at);
		break;
	case SW_FIELD_INT:
	case SW_FIELD_SIGNED:
		if (*(const int64_t *)(const void *)at)
			put_int(json, field->name, *(const int64_t *)(const void *)at);
		break;
	case SW_FIELD_BOOL:
		if (*(const bool *)at)
			sw_json_bool(json, field->name, true);
		break;
	case SW_FIELD_DOUBLE:
		if (fabs(*(const double *)(const void *)at) > 0)
			sw_json_double(json, field->name, *(const double *)(const void *)at);
		break;
	case SW_FIELD_WORD:
		sw_json_str(json, field->name, sw_word(field->words, *(const int *)(const void *)at));
		break;
	case SW_FIELD_DOUBLES:
		sw_json_array(json, field->name);
		for (int i = 0; i < count; i++)
			sw_json_double(json, NULL, ((const double *)(const void *)at)[i]);
		sw_json_end_array(json);
		break;
	case SW_FIELD_SPANS:
		if (count)
			put_spans(json, field->name, (const struct sw_span *)(const void *)at, count);
		break;
	}
}

int sw_event_encode(const struct sw_event *event, struct sw_buf *out)
{
	struct sw_json json;
	size_t before = out->len;
	sw_json_init(&json, out, 0);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "event", event_names[event->kind]);
	put_int(&json, "seq", (int64_t)event->seq);
	put_int(&json, "t_ns", event->t_ns);
	if (event->mode >= 0)
		sw_json_int(&json, "mode", event->mode);
	for (const struct sw_field *field = sw_event_fields[event->kind]; field->name; field++)
		put_field(&json, field, event);
	sw_json_end_object(&json);
	sw_buf_add(out, "\n", 1);
	if (!out->overflow)
		return 0;
	out->len = before;
	return -1;
}

/* ---- equality ---- */

static bool spans_equal(const struct sw_span *a, const struct sw_span *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a[i].phase != b[i].phase || a[i].start_ns != b[i].start_ns ||
		    a[i].end_ns != b[i].end_ns || a[i].on_path != b[i].on_path)
			return false;
	return true;
}

static bool field_equal(const struct sw_field *field, const struct sw_event *a,
                        const struct sw_event *b)
{
	const char *at_a = (const char *)a + field->offset, *at_b = (const char *)b + field->offset;
	const void *count_a = (const char *)a + field->count_offset;
	const void *count_b = (const char *)b + field->count_offset;
	switch (field->type) {
	case SW_FIELD_TEXT:
		return strcmp(at_a, at_b) == 0;
	case SW_FIELD_SPANS:
		return *(const int *)count_a == *(const int *)count_b &&
		       spans_equal((const struct sw_span *)(const void *)at_a,
		                   (const struct sw_span *)(const void *)at_b, *(const int *)count_a);
	case SW_FIELD_DOUBLES:
		return *(const int *)count_a == *(const int *)count_b &&
		       memcmp(at_a, at_b, (size_t)*(const int *)count_a * sizeof(double)) == 0;
	case SW_FIELD_INT:
	case SW_FIELD_SIGNED:
	case SW_FIELD_BOOL:
	case SW_FIELD_DOUBLE:
	case SW_FIELD_WORD:
		return memcmp(at_a, at_b, field->size) == 0;
	}
	return false;
}

bool sw_event_equal(const struct sw_event *a, const struct sw_event *b)
{
	if (a->kind != b->kind || a->mode != b->mode || a->seq != b->seq || a->t_ns != b->t_ns)
		return false;
	for (const struct sw_field *field = sw_event_fields[a->kind]; field->name; field++)
		if (!field_equal(field, a, b))
			return false;
	return true;
}
