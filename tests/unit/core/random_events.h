/* Events with random values in every field that their kind has, for tests of what carries or adds up
 * events. Text is as sw_text_clean leaves it; structs are zeroed first, so that memcmp works. */
#ifndef SW_TESTS_RANDOM_EVENTS_H
#define SW_TESTS_RANDOM_EVENTS_H

#include <stdint.h>
#include <string.h>

#include "core/event_fields.h"
#include "core/stats.h"

/* 1..SIZE-1 bytes; every third time all of them. */
static void random_text(struct sw_rng *rng, char *dst, size_t size)
{
	static const char *const pieces[] = {"a",  "Z", "0", " ", "\"", "\\", "/", "é", "×", "…",
	                                     "本", "😀", "{", "]", ":",  "%",  "<", "&", "'", "-"};
	size_t len = 0, want = sw_rng_below(rng, 3) ? 1 + sw_rng_below(rng, size - 1) : size - 1;
	for (;;) {
		const char *piece = pieces[sw_rng_below(rng, sizeof pieces / sizeof pieces[0])];
		size_t n = strlen(piece);
		if (len + n > want)
			break;
		memcpy(dst + len, piece, n);
		len += n;
	}
	while (len < want)
		dst[len++] = 'x';
	dst[len] = '\0';
}

/* 1..INT64_MAX, of all magnitudes. */
static int64_t random_int(struct sw_rng *rng)
{
	uint64_t shift = 1 + sw_rng_below(rng, 63);
	int64_t value = (int64_t)(sw_rng_next(rng) >> shift);
	return value ? value : INT64_MAX;
}

static int64_t random_signed(struct sw_rng *rng)
{
	int64_t value = random_int(rng);
	return sw_rng_below(rng, 2) ? -value : value;
}

static double random_double(struct sw_rng *rng)
{
	return (double)random_signed(rng) / 4096.0;
}

static bool random_bool(struct sw_rng *rng)
{
	return sw_rng_below(rng, 2);
}

static int random_word(struct sw_rng *rng, const struct sw_words *words)
{
	return (int)sw_rng_below(rng, words->count);
}

#define RANDOM_TEXT(field) random_text(rng, field, sizeof field)

static void random_session(struct sw_rng *rng, struct sw_session_info *s)
{
	RANDOM_TEXT(s->id);
	RANDOM_TEXT(s->name);
	RANDOM_TEXT(s->started_at);
	s->order = (enum sw_order)random_word(rng, &sw_words_order);
	s->seed = random_int(rng);
	s->iterations = random_int(rng);
	s->warmup = random_int(rng);
	RANDOM_TEXT(s->tool_version);
	RANDOM_TEXT(s->tool_commit);
	RANDOM_TEXT(s->baseline);
	RANDOM_TEXT(s->candidate);
	s->enable_below_percent = random_double(rng);
	s->optional_below_percent = random_double(rng);
	s->n_project = (int)sw_rng_below(rng, SW_PROJECT_MAX + 1);
	for (int i = 0; i < s->n_project; i++)
		s->project_seconds[i] = random_double(rng);
	s->sandbox_enabled = random_bool(rng);
	s->fallback_enabled = random_bool(rng);
	s->max_retries = random_int(rng);
	s->fallback_on = random_int(rng);
	s->gates = random_int(rng);
	s->is_auto = random_bool(rng);
	s->precision_percent = random_double(rng);
	s->min_iterations = random_int(rng);
	s->time_budget_ns = random_int(rng);
	s->block = random_int(rng);
	RANDOM_TEXT(s->workload);
	s->command = random_bool(rng);
	RANDOM_TEXT(s->strategy);
	s->backtest = (enum sw_backtest)random_word(rng, &sw_words_backtest);
	s->days = random_int(rng);
	s->symbols = random_int(rng);
	s->breaker_failures = random_int(rng);
	s->breaker_open_ns = random_int(rng);
	s->breaker_max_open_ns = random_int(rng);
	s->breaker_wait_ns = random_int(rng);
}

static void random_environment(struct sw_rng *rng, struct sw_environment *e)
{
	RANDOM_TEXT(e->host);
	RANDOM_TEXT(e->os);
	RANDOM_TEXT(e->kernel);
	RANDOM_TEXT(e->cpu);
	e->cpus = random_int(rng);
	e->memory_bytes = random_int(rng);
	RANDOM_TEXT(e->engine);
	RANDOM_TEXT(e->engine_version);
	RANDOM_TEXT(e->api_version);
	RANDOM_TEXT(e->runtime);
	RANDOM_TEXT(e->storage);
	RANDOM_TEXT(e->cgroup);
	RANDOM_TEXT(e->endpoint);
	e->private_engine = random_bool(rng);
	RANDOM_TEXT(e->image);
	RANDOM_TEXT(e->image_id);
	e->image_bytes = random_int(rng);
	RANDOM_TEXT(e->engine_error);
}

static void random_mode(struct sw_rng *rng, struct sw_mode_info *m)
{
	RANDOM_TEXT(m->name);
	m->kind = (enum sw_kind)random_word(rng, &sw_words_kind);
	m->parallel = random_int(rng);
	m->planned = random_int(rng);
	RANDOM_TEXT(m->image);
	RANDOM_TEXT(m->image_id);
	m->shim = (enum sw_shim)random_word(rng, &sw_words_shim);
	RANDOM_TEXT(m->network);
	RANDOM_TEXT(m->runtime);
	RANDOM_TEXT(m->user);
	RANDOM_TEXT(m->seccomp);
	m->memory_bytes = random_int(rng);
	m->cpu_milli = random_int(rng);
	m->pids_limit = random_int(rng);
	m->tmpfs_bytes = random_int(rng);
	m->timeout_ns = random_int(rng);
	m->read_only = random_bool(rng);
	m->drop_capabilities = random_bool(rng);
	m->no_new_privileges = random_bool(rng);
	m->pool = random_int(rng);
	m->job_memory_bytes = random_int(rng);
	m->preforked = random_bool(rng);
	RANDOM_TEXT(m->layer);
	m->engine_timeout_ns = random_int(rng);
}

static void random_spans(struct sw_rng *rng, struct sw_iteration_info *it)
{
	it->n_spans = (int)sw_rng_below(rng, SW_SPANS_MAX + 1);
	for (int i = 0; i < it->n_spans; i++) {
		int64_t a = random_int(rng), b = random_int(rng);
		it->spans[i].phase = (enum sw_phase)random_word(rng, &sw_words_phase);
		it->spans[i].start_ns = a < b ? a : b;
		it->spans[i].end_ns = a < b ? b : a;
		it->spans[i].on_path = random_bool(rng);
	}
}

static void random_attempt(struct sw_rng *rng, struct sw_iteration_info *it)
{
	it->outcome = (enum sw_outcome)random_word(rng, &sw_words_outcome);
	it->start_ns = random_int(rng);
	it->wall_ns = random_int(rng);
	it->other_ns = random_signed(rng);
	it->exit_code = random_signed(rng);
	it->term_signal = random_int(rng);
	it->stdout_bytes = random_int(rng);
	it->stderr_bytes = random_int(rng);
	it->dropped_bytes = random_int(rng);
	it->not_asked = random_bool(rng);
	it->by_durations = random_bool(rng);
	RANDOM_TEXT(it->digest);
	RANDOM_TEXT(it->python);
	RANDOM_TEXT(it->container);
	RANDOM_TEXT(it->text);
	random_spans(rng, it);
}

static void random_iteration(struct sw_rng *rng, enum sw_event_kind kind,
                             struct sw_iteration_info *it)
{
	bool of_container = kind == SW_EVENT_CONTAINER_CREATED || kind == SW_EVENT_CONTAINER_REMOVED ||
	                    kind == SW_EVENT_CONTAINER_REPLACED;
	bool of_attempt = kind == SW_EVENT_ATTEMPT_STARTED || kind == SW_EVENT_PHASE_STARTED ||
	                  kind == SW_EVENT_ATTEMPT_FINISHED || kind == SW_EVENT_FAULT_INJECTED ||
	                  of_container;
	bool of_reason = kind == SW_EVENT_RETRY || kind == SW_EVENT_FALLBACK_TAKEN ||
	                 kind == SW_EVENT_FALLBACK_REFUSED;
	it->iteration = random_int(rng);
	it->warmup = random_bool(rng);
	if (of_attempt || of_reason)
		it->attempt = random_int(rng);
	if (of_attempt)
		it->on_host = random_bool(rng);
	if (of_reason)
		it->outcome = (enum sw_outcome)random_word(rng, &sw_words_outcome);
	if (kind == SW_EVENT_ITERATION_STARTED || kind == SW_EVENT_ATTEMPT_STARTED)
		it->start_ns = random_int(rng);
	if (kind == SW_EVENT_PHASE_STARTED)
		it->phase = (enum sw_phase)random_word(rng, &sw_words_phase);
	if (kind == SW_EVENT_ATTEMPT_FINISHED)
		random_attempt(rng, it);
	if (kind == SW_EVENT_FAULT_INJECTED) {
		it->fault = (enum sw_fault)random_word(rng, &sw_words_fault);
		it->target = (enum sw_target)random_word(rng, &sw_words_target);
		RANDOM_TEXT(it->container);
		RANDOM_TEXT(it->text);
	}
	if (kind == SW_EVENT_TURN_FINISHED) {
		it->start_ns = random_int(rng);
		it->wall_ns = random_int(rng);
		it->count = random_int(rng);
	}
	if (kind == SW_EVENT_PHASE_BEHIND) {
		RANDOM_TEXT(it->container);
		random_spans(rng, it);
	}
	if (of_container) {
		RANDOM_TEXT(it->container);
		RANDOM_TEXT(it->text);
	}
	if (kind == SW_EVENT_ITERATION_DROPPED)
		RANDOM_TEXT(it->text);
	if (kind == SW_EVENT_ITERATION_FINISHED) {
		it->outcome = (enum sw_outcome)random_word(rng, &sw_words_outcome);
		it->fell_back = random_bool(rng);
		it->start_ns = random_int(rng);
		it->wall_ns = random_int(rng);
		it->attempts = random_int(rng);
		RANDOM_TEXT(it->text);
	}
}

static void random_event(struct sw_rng *rng, enum sw_event_kind kind, struct sw_event *event)
{
	int mode = sw_rng_below(rng, 8) ? (int)sw_rng_below(rng, SW_MODES_MAX) : -1;
	sw_event_init(event, kind, mode);
	event->seq = (uint64_t)random_int(rng);
	event->t_ns = random_int(rng);
	switch ((int)kind) {
	case SW_EVENT_SESSION_STARTED:
		random_session(rng, &event->u.session);
		break;
	case SW_EVENT_ENVIRONMENT:
		random_environment(rng, &event->u.environment);
		break;
	case SW_EVENT_MODE_PLANNED:
		random_mode(rng, &event->u.planned);
		break;
	case SW_EVENT_CLOCK_KNOWN:
		event->u.clock = (enum sw_clock)random_word(rng, &sw_words_clock);
		break;
	case SW_EVENT_SESSION_FINISHED:
		event->u.end.state = (enum sw_state)random_word(rng, &sw_words_state);
		RANDOM_TEXT(event->u.end.text);
		break;
	case SW_EVENT_LENGTH_DECIDED:
		event->u.length.iterations = random_int(rng);
		event->u.length.precision_percent = random_double(rng);
		RANDOM_TEXT(event->u.length.text);
		break;
	case SW_EVENT_BREAKER_CHANGED:
		event->u.breaker.state = (enum sw_breaker_state)random_word(rng, &sw_words_breaker);
		event->u.breaker.failures = random_int(rng);
		event->u.breaker.probes = random_int(rng);
		event->u.breaker.retry_ns = random_int(rng);
		RANDOM_TEXT(event->u.breaker.text);
		break;
	case SW_EVENT_SESSION_RESUMED:
		RANDOM_TEXT(event->u.resumption.at);
		RANDOM_TEXT(event->u.resumption.text);
		break;
	case SW_EVENT_NOTE:
		RANDOM_TEXT(event->u.end.text);
		break;
	case SW_EVENT_PAUSED:
	case SW_EVENT_RESUMED:
		break;
	default:
		random_iteration(rng, kind, &event->u.it);
	}
}

/* Of an iteration's event the decoder sets its text and spans only as far as they go: how many bytes
 * of the union are the same for equal events. */
static inline size_t random_event_bytes(enum sw_event_kind kind)
{
	struct sw_event event;
	const char *first = sw_event_fields[kind]->name;
	return first && strcmp(first, "iteration") == 0 ? offsetof(struct sw_iteration_info, text)
	                                                : sizeof event.u;
}

#endif
