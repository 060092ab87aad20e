#include "tui/eventlog.h"

#include <stdio.h>

#include "core/text.h"

struct entry {
	int64_t t_ns, wall_ns, iteration, attempt;
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

static void add_iteration(struct entry *entry, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	entry->iteration = it->iteration;
	entry->attempt = it->attempt;
	entry->warmup = it->warmup;
	entry->on_host = it->on_host || it->fell_back;
	entry->wall_ns = it->wall_ns;
	entry->value = event->kind == SW_EVENT_PHASE_STARTED ? (int)it->phase : (int)it->outcome;
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
		(void)snprintf(entry->text, sizeof entry->text, "%lld iterations, %s",
		               (long long)event->u.planned.planned,
		               sw_word(&sw_words_kind, (int)event->u.planned.kind));
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
	if (!entry->iteration)
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
	case SW_EVENT_RETRY:
	case SW_EVENT_FALLBACK_TAKEN:
	case SW_EVENT_FALLBACK_REFUSED:
		(void)snprintf(line->text, sizeof line->text, "because of: %s",
		               sw_word(&sw_words_outcome, entry->value));
		line->role = SW_ROLE_WARNING;
		break;
	case SW_EVENT_CONTAINER_CREATED:
	case SW_EVENT_CONTAINER_REMOVED:
		(void)snprintf(line->text, sizeof line->text, "%s%s%s", entry->container,
		               *entry->text ? "  " : "", entry->text);
		line->role = *entry->text ? SW_ROLE_BAD : SW_ROLE_DIM;
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
