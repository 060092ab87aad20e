#include "tui/eventlog.h"

#include <stdio.h>

#include "core/text.h"
#include "tui/view.h"

struct entry {
	int64_t t_ns, wall_ns, iteration, attempt, count;
	enum sw_event_kind kind;
	int mode;
	int value; /* phase, outcome, state or clock, by kind */
	bool warmup, on_host;
	char container[16];
	char text[128];
};

struct sw_eventlog {
	uint64_t added;
	struct entry ring[SW_EVENTLOG_MAX];
};

struct sw_eventlog *sw_eventlog_new(void)
{
	return calloc(1, sizeof(struct sw_eventlog));
}

void sw_eventlog_free(struct sw_eventlog *log)
{
	free(log);
}

void sw_eventlog_clear(struct sw_eventlog *log)
{
	log->added = 0;
}

uint64_t sw_eventlog_total(const struct sw_eventlog *log)
{
	return log->added;
}

int sw_eventlog_count(const struct sw_eventlog *log)
{
	return log->added < SW_EVENTLOG_MAX ? (int)log->added : SW_EVENTLOG_MAX;
}

/* ---- adding: what is needed later, nothing more ---- */

/* "prewarm 7.01 ms, remove 24.0 ms": as many as fit. */
static void add_spans(struct entry *entry, const struct sw_iteration_info *it)
{
	size_t used = 0;
	for (int i = 0; i < it->n_spans && used < sizeof entry->text; i++) {
		char took[16];
		const struct sw_span *span = &it->spans[i];
		int n = snprintf(entry->text + used, sizeof entry->text - used, "%s%s %s", i ? ", " : "",
		                 sw_word(&sw_words_phase, (int)span->phase),
		                 sw_text_duration(took, sizeof took, span->end_ns - span->start_ns));
		used += n > 0 ? (size_t)n : 0;
	}
}

static void add_plan(struct entry *entry, const struct sw_mode_info *info)
{
	int n = snprintf(entry->text, sizeof entry->text, "%lld iterations, %s%s",
	                 (long long)info->planned, sw_word(&sw_words_kind, (int)info->kind),
	                 info->preforked ? ", preforked" : "");
	char *at = entry->text + n;
	if (info->parallel > 1)
		at += snprintf(at, 32, ", %lld at a time", (long long)info->parallel);
	if (*info->layer)
		(void)snprintf(at, 32, ", without %s", info->layer);
}

static void add_iteration(struct entry *entry, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	entry->count = it->count;
	entry->iteration = it->iteration;
	entry->attempt = it->attempt;
	entry->warmup = it->warmup;
	entry->on_host = it->on_host || it->fell_back;
	entry->wall_ns = it->wall_ns;
	entry->value = event->kind == SW_EVENT_PHASE_STARTED    ? (int)it->phase
	               : event->kind == SW_EVENT_FAULT_INJECTED ? (int)it->fault
	                                                        : (int)it->outcome;
	if (event->kind == SW_EVENT_ITERATION_FINISHED)
		entry->attempt = it->attempts;
	memcpy(entry->container, it->container, sizeof entry->container);
	(void)sw_text_copy(entry->text, sizeof entry->text, it->text);
}

void sw_eventlog_add(struct sw_eventlog *log, const struct sw_event *event)
{
	struct entry *entry = &log->ring[log->added++ % SW_EVENTLOG_MAX];
	entry->t_ns = event->t_ns;
	entry->kind = event->kind;
	entry->mode = event->mode;
	entry->text[0] = '\0';
	entry->container[0] = '\0';
	entry->iteration = entry->attempt = 0;
	switch ((int)event->kind) {
	case SW_EVENT_SESSION_STARTED:
		(void)sw_text_copy(entry->text, sizeof entry->text, event->u.session.name);
		break;
	case SW_EVENT_ENVIRONMENT:
		(void)snprintf(entry->text, sizeof entry->text, "%.32s %.48s on %.40s",
		               event->u.environment.engine, event->u.environment.engine_version,
		               event->u.environment.host);
		break;
	case SW_EVENT_MODE_PLANNED:
		add_plan(entry, &event->u.planned);
		break;
	case SW_EVENT_LENGTH_DECIDED:
		entry->count = event->u.length.iterations;
		(void)sw_text_copy(entry->text, sizeof entry->text, event->u.length.text);
		break;
	case SW_EVENT_PHASE_BEHIND:
		add_iteration(entry, event);
		add_spans(entry, &event->u.it);
		break;
	case SW_EVENT_PAUSED:
	case SW_EVENT_RESUMED:
		break;
	case SW_EVENT_BREAKER_CHANGED:
		entry->value = (int)event->u.breaker.state;
		(void)sw_text_copy(entry->text, sizeof entry->text, event->u.breaker.text);
		break;
	case SW_EVENT_SESSION_RESUMED:
		(void)sw_text_copy(entry->text, sizeof entry->text, event->u.resumption.text);
		break;
	case SW_EVENT_CLOCK_KNOWN:
		entry->value = (int)event->u.clock;
		break;
	case SW_EVENT_NOTE:
	case SW_EVENT_SESSION_FINISHED:
		entry->value = (int)event->u.end.state;
		(void)sw_text_copy(entry->text, sizeof entry->text, event->u.end.text);
		break;
	default:
		add_iteration(entry, event);
	}
}

/* ---- in words ---- */

static enum sw_role outcome_role(const struct entry *entry)
{
	if (entry->value == SW_OUTCOME_OK)
		return entry->on_host && entry->kind == SW_EVENT_ITERATION_FINISHED ? SW_ROLE_WARNING
		                                                                    : SW_ROLE_OK;
	return entry->value == SW_OUTCOME_CANCELLED ? SW_ROLE_DIM : SW_ROLE_BAD;
}

static void add_subject(const struct entry *entry, const struct sw_session *session,
                        struct sw_eventlog_line *line)
{
	if (entry->mode < 0 || entry->mode >= session->n_modes)
		return;
	const char *name = session->modes[entry->mode]->info.name;
	/* A turn is of several: its text says of how many. */
	if (!entry->iteration || entry->kind == SW_EVENT_TURN_FINISHED)
		(void)snprintf(line->subject, sizeof line->subject, "%.38s", name);
	else
		(void)snprintf(line->subject, sizeof line->subject, "%.24s %s%lld", name,
		               entry->warmup ? "w" : "#", (long long)entry->iteration);
}

/* "ok 431 ms", "timeout 3.00 s, attempt 2: killed". */
static void add_outcome(const struct entry *entry, struct sw_eventlog_line *line)
{
	char took[32];
	bool whole = entry->kind == SW_EVENT_ITERATION_FINISHED;
	int n = snprintf(line->text, sizeof line->text, "%s  %s",
	                 sw_word(&sw_words_outcome, entry->value),
	                 sw_text_duration(took, sizeof took, entry->wall_ns));
	if (entry->attempt > 1)
		n += snprintf(line->text + n, sizeof line->text - (size_t)n,
		              whole ? "  %lld attempts" : "  attempt %lld", (long long)entry->attempt);
	if (entry->on_host && entry->mode >= 0)
		n += snprintf(line->text + n, sizeof line->text - (size_t)n,
		              whole ? "  fell back to the host" : "  on the host");
	if (*entry->text)
		(void)snprintf(line->text + n, sizeof line->text - (size_t)n, "  %.100s", entry->text);
}

/* "10 iterations in 2.09 s, 4.78/s". */
static void add_turn(const struct entry *entry, struct sw_eventlog_line *line)
{
	char took[32], rate[16];
	int n = snprintf(line->text, sizeof line->text, "%lld %s%s in %s", (long long)entry->count,
	                 entry->warmup ? "warm-up " : "",
	                 entry->count == 1 ? "iteration" : "iterations",
	                 sw_text_duration(took, sizeof took, entry->wall_ns));
	if (entry->wall_ns > 0)
		(void)snprintf(line->text + n, sizeof line->text - (size_t)n, ", %s",
		               sw_view_rate(rate, sizeof rate,
		                            1e9 * (double)entry->count / (double)entry->wall_ns));
}

/* A container and what an engine, or sandwatch, says of it. */
static void add_container(const struct entry *entry, struct sw_eventlog_line *line)
{
	bool is_kept = entry->kind == SW_EVENT_CONTAINER_CREATED && !entry->iteration;
	(void)snprintf(line->text, sizeof line->text, "%s%s%s%s", entry->container,
	               is_kept ? "  for several iterations" : "", *entry->text ? "  " : "",
	               entry->text);
	line->role = *entry->text ? SW_ROLE_BAD : SW_ROLE_DIM;
	if (entry->kind == SW_EVENT_CONTAINER_REPLACED)
		line->role = SW_ROLE_WARNING;
}

static void add_words(const struct entry *entry, struct sw_eventlog_line *line)
{
	switch ((int)entry->kind) {
	case SW_EVENT_PHASE_STARTED:
		(void)snprintf(line->text, sizeof line->text, "%s", sw_word(&sw_words_phase, entry->value));
		line->role = SW_ROLE_DIM;
		break;
	case SW_EVENT_ATTEMPT_STARTED:
		(void)snprintf(line->text, sizeof line->text, "attempt %lld%s", (long long)entry->attempt,
		               entry->on_host ? " on the host" : "");
		line->role = SW_ROLE_DIM;
		break;
	case SW_EVENT_ATTEMPT_FINISHED:
	case SW_EVENT_ITERATION_FINISHED:
		add_outcome(entry, line);
		line->role = outcome_role(entry);
		break;
	case SW_EVENT_FAULT_INJECTED:
		(void)snprintf(line->text, sizeof line->text, "%s  %s", sw_word(&sw_words_fault, entry->value),
		               entry->text);
		line->role = SW_ROLE_ACCENT;
		break;
	case SW_EVENT_BREAKER_CHANGED:
		(void)snprintf(line->text, sizeof line->text, "%s%s%s",
		               sw_word(&sw_words_breaker, entry->value), *entry->text ? ": " : "",
		               entry->text);
		line->role = entry->value == SW_BREAKER_CLOSED ? SW_ROLE_OK : SW_ROLE_WARNING;
		break;
	case SW_EVENT_SESSION_RESUMED:
		(void)sw_text_copy(line->text, sizeof line->text, entry->text);
		line->role = SW_ROLE_WARNING;
		break;
	case SW_EVENT_RETRY:
	case SW_EVENT_FALLBACK_TAKEN:
	case SW_EVENT_FALLBACK_REFUSED:
		(void)snprintf(line->text, sizeof line->text, "because of: %s",
		               sw_word(&sw_words_outcome, entry->value));
		line->role = SW_ROLE_WARNING;
		break;
	case SW_EVENT_CONTAINER_CREATED:
	case SW_EVENT_CONTAINER_REMOVED:
	case SW_EVENT_CONTAINER_REPLACED:
		add_container(entry, line);
		break;
	case SW_EVENT_TURN_FINISHED:
		add_turn(entry, line);
		break;
	case SW_EVENT_PHASE_BEHIND:
		(void)sw_text_copy(line->text, sizeof line->text, entry->text);
		line->role = SW_ROLE_DIM;
		break;
	case SW_EVENT_LENGTH_DECIDED:
		(void)snprintf(line->text, sizeof line->text, "%lld iterations each: %s",
		               (long long)entry->count, entry->text);
		line->role = SW_ROLE_OK;
		break;
	case SW_EVENT_CLOCK_KNOWN:
		(void)snprintf(line->text, sizeof line->text, "%s", sw_word(&sw_words_clock, entry->value));
		line->role = SW_ROLE_DIM;
		break;
	case SW_EVENT_SESSION_FINISHED:
		(void)snprintf(line->text, sizeof line->text, "%s%s%s",
		               sw_word(&sw_words_state, entry->value), *entry->text ? ": " : "",
		               entry->text);
		line->role = entry->value == SW_STATE_DONE ? SW_ROLE_OK : SW_ROLE_WARNING;
		break;
	case SW_EVENT_NOTE:
		(void)sw_text_copy(line->text, sizeof line->text, entry->text);
		line->role = SW_ROLE_WARNING;
		break;
	case SW_EVENT_ITERATION_STARTED:
		line->role = SW_ROLE_DIM;
		break;
	default:
		(void)sw_text_copy(line->text, sizeof line->text, entry->text);
	}
}

void sw_eventlog_line(const struct sw_eventlog *log, int index, const struct sw_session *session,
                      struct sw_eventlog_line *out_line)
{
	uint64_t first = log->added - (uint64_t)sw_eventlog_count(log);
	const struct entry *entry = &log->ring[(first + (uint64_t)index) % SW_EVENTLOG_MAX];
	*out_line = (struct sw_eventlog_line){
		.t_ns = entry->t_ns,
		.mode = entry->mode,
		.what = sw_event_name(entry->kind),
		.role = SW_ROLE_TEXT,
	};
	add_subject(entry, session, out_line);
	add_words(entry, out_line);
}
