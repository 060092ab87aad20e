#include "core/session.h"

#include <assert.h>

#include "core/numbers.h"
#include "core/text.h"

struct sw_session *sw_session_new(void)
{
	return calloc(1, sizeof(struct sw_session));
}

static void free_mode(struct sw_mode_state *mode)
{
	if (!mode)
		return;
	sw_histogram_free(mode->latency);
	sw_histogram_free(mode->other_ppm);
	for (int i = 0; i < SW_PHASE_COUNT; i++)
		sw_histogram_free(mode->phases[i].histogram);
	free(mode);
}

void sw_session_free(struct sw_session *session)
{
	if (!session)
		return;
	for (int i = 0; i < session->n_modes; i++)
		free_mode(session->modes[i]);
	free(session);
}

static int unexpected(struct sw_session *session)
{
	session->unexpected++;
	return 0;
}

static int add_mode(struct sw_session *session, const struct sw_event *event)
{
	if (event->mode != session->n_modes || event->mode == SW_MODES_MAX)
		return unexpected(session);
	struct sw_mode_state *mode = calloc(1, sizeof *mode);
	if (!mode)
		return -1;
	mode->info = event->u.planned;
	mode->latency = sw_histogram_new();
	mode->other_ppm = sw_histogram_new();
	if (!mode->latency || !mode->other_ppm) {
		free_mode(mode);
		return -1;
	}
	session->modes[session->n_modes++] = mode;
	return 0;
}

static int add_span(struct sw_mode_state *mode, const struct sw_span *span)
{
	struct sw_phase_sum *sum = &mode->phases[span->phase];
	int64_t duration = span->end_ns - span->start_ns;
	if (!sum->histogram && !(sum->histogram = sw_histogram_new()))
		return -1;
	sum->count++;
	sum->sum_ns += (double)duration;
	if (span->on_path)
		sum->on_path_sum_ns += (double)duration;
	return sw_histogram_record(sum->histogram, duration);
}

static int attempt_finished(struct sw_session *session, struct sw_mode_state *mode,
                            const struct sw_iteration_info *it)
{
	mode->in_phase = false;
	mode->n_last_spans = it->n_spans;
	memcpy(mode->last_spans, it->spans, (size_t)it->n_spans * sizeof it->spans[0]);
	if (*it->text)
		sw_text_copy(mode->last_error, sizeof mode->last_error, it->text);
	if (!*mode->python && !it->on_host)
		sw_text_copy(mode->python, sizeof mode->python, it->python);
	if (it->warmup)
		return 0;
	mode->attempts++;
	mode->dropped_bytes += (uint64_t)it->dropped_bytes;
	if (it->outcome != SW_OUTCOME_OK || it->on_host)
		return 0;
	if (!*session->digest)
		sw_text_copy(session->digest, sizeof session->digest, it->digest);
	mode->by_durations += it->by_durations;
	mode->wall_sum_ns += (double)it->wall_ns;
	mode->other_sum_ns += (double)it->other_ns;
	double ppm = it->wall_ns > 0 ? 1e6 * (double)it->other_ns / (double)it->wall_ns : 0;
	if (sw_histogram_record(mode->other_ppm, sw_whole_ns(ppm)) < 0)
		return -1;
	for (int i = 0; i < it->n_spans; i++)
		if (add_span(mode, &it->spans[i]) < 0)
			return -1;
	return 0;
}

static int add_latency(struct sw_mode_state *mode, int64_t latency_ns)
{
	if (sw_histogram_record(mode->latency, latency_ns) < 0)
		return -1;
	mode->samples[mode->n_samples++ % SW_SAMPLES_MAX] = latency_ns;
	mode->sum_ns += (double)latency_ns;
	double delta = (double)latency_ns - mode->mean_ns;
	mode->mean_ns += delta / (double)mode->n_samples;
	mode->m2_ns += delta * ((double)latency_ns - mode->mean_ns);
	return 0;
}

static void remember(struct sw_session *session, int index, const struct sw_iteration_info *it)
{
	const struct sw_mode_state *mode = session->modes[index];
	struct sw_recent *recent = &session->recent[session->n_recent++ % SW_RECENT_MAX];
	*recent = (struct sw_recent){
		.mode = index,
		.iteration = it->iteration,
		.start_ns = it->start_ns,
		.latency_ns = it->wall_ns,
		.attempts = it->attempts,
		.warmup = it->warmup,
		.fell_back = it->fell_back,
		.outcome = it->outcome,
		.n_spans = mode->n_last_spans,
	};
	memcpy(recent->spans, mode->last_spans, sizeof recent->spans);
	sw_text_clean(recent->error, sizeof recent->error, it->text, strlen(it->text));
}

static void check_accounts(const struct sw_mode_state *mode)
{
	uint64_t sum = mode->fell_back;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		sum += mode->outcomes[i];
	assert(sum == mode->done);
	(void)sum;
}

static int iteration_finished(struct sw_session *session, int index,
                              const struct sw_iteration_info *it)
{
	struct sw_mode_state *mode = session->modes[index];
	if (!mode->running || mode->iteration != it->iteration || mode->running_warmup != it->warmup)
		return unexpected(session);
	mode->running = mode->in_phase = false;
	remember(session, index, it);
	if (it->warmup) {
		mode->warmup_done++;
		return 0;
	}
	mode->done++;
	mode->busy_ns += (double)it->wall_ns;
	if (it->fell_back && it->outcome == SW_OUTCOME_OK)
		mode->fell_back++;
	else
		mode->outcomes[it->outcome]++;
	if (it->fell_back && it->outcome != SW_OUTCOME_OK)
		mode->fallback_failed++;
	check_accounts(mode);
	if (it->outcome == SW_OUTCOME_OK && !it->fell_back)
		return add_latency(mode, it->wall_ns);
	return 0;
}

static int iteration_started(struct sw_session *session, struct sw_mode_state *mode,
                             const struct sw_iteration_info *it)
{
	if (mode->running)
		session->unexpected++; /* its finish is lost; the mode must not be stuck with it */
	mode->running = true;
	mode->running_warmup = it->warmup;
	mode->running_on_host = false;
	mode->in_phase = false;
	mode->iteration = it->iteration;
	mode->attempt = 0;
	mode->iteration_start_ns = it->start_ns;
	return 0;
}

static int apply_to_mode(struct sw_session *session, const struct sw_event *event)
{
	if (event->mode < 0 || event->mode >= session->n_modes)
		return unexpected(session);
	struct sw_mode_state *mode = session->modes[event->mode];
	const struct sw_iteration_info *it = &event->u.it;
	if (event->kind == SW_EVENT_ITERATION_STARTED)
		return iteration_started(session, mode, it);
	if (event->kind == SW_EVENT_ITERATION_FINISHED)
		return iteration_finished(session, event->mode, it);
	if (event->kind == SW_EVENT_CONTAINER_CREATED) {
		mode->containers_created++;
		return 0;
	}
	if (event->kind == SW_EVENT_CONTAINER_REMOVED) {
		mode->containers_removed++;
		return 0;
	}
	if (!mode->running || mode->iteration != it->iteration || mode->running_warmup != it->warmup)
		return unexpected(session);
	bool counted = !it->warmup;
	switch ((int)event->kind) {
	case SW_EVENT_ATTEMPT_STARTED:
		mode->attempt = it->attempt;
		mode->running_on_host = it->on_host;
		mode->attempt_start_ns = it->start_ns;
		return 0;
	case SW_EVENT_PHASE_STARTED:
		mode->in_phase = true;
		mode->phase = it->phase;
		mode->phase_start_ns = event->t_ns;
		return 0;
	case SW_EVENT_ATTEMPT_FINISHED:
		return attempt_finished(session, mode, it);
	case SW_EVENT_RETRY:
		mode->retries += counted;
		mode->retried[it->outcome] += counted;
		return 0;
	case SW_EVENT_FALLBACK_TAKEN:
		mode->taken[it->outcome] += counted;
		return 0;
	default:
		mode->refused[it->outcome] += counted;
		return 0;
	}
}

static void add_note(struct sw_session *session, const char *text)
{
	if (session->n_notes < SW_NOTES_MAX)
		sw_text_copy(session->notes[session->n_notes++], SW_TEXT_MAX, text);
	else
		session->notes_dropped++;
}

static int apply_to_session(struct sw_session *session, const struct sw_event *event)
{
	switch ((int)event->kind) {
	case SW_EVENT_SESSION_STARTED:
		if (session->started)
			return unexpected(session);
		session->started = true;
		session->info = event->u.session;
		return 0;
	case SW_EVENT_ENVIRONMENT:
		session->environment = event->u.environment;
		return 0;
	case SW_EVENT_MODE_PLANNED:
		return add_mode(session, event);
	case SW_EVENT_CLOCK_KNOWN:
		/* Once apart, always said: one container on another clock spoils placement. */
		if (session->clock != SW_CLOCK_SEPARATE)
			session->clock = event->u.clock;
		return 0;
	case SW_EVENT_NOTE:
		add_note(session, event->u.end.text);
		return 0;
	case SW_EVENT_SESSION_FINISHED:
		if (session->state != SW_STATE_RUNNING)
			return unexpected(session);
		session->state = event->u.end.state;
		sw_text_copy(session->end_text, sizeof session->end_text, event->u.end.text);
		return 0;
	default:
		return apply_to_mode(session, event);
	}
}

int sw_session_apply(struct sw_session *session, const struct sw_event *event)
{
	if (event->seq <= session->last_seq ||
	    (!session->started && event->kind != SW_EVENT_SESSION_STARTED))
		return unexpected(session);
	session->missing += event->seq - session->last_seq - 1;
	session->last_seq = event->seq;
	if (event->t_ns > session->last_ns)
		session->last_ns = event->t_ns;
	return apply_to_session(session, event);
}

static const struct sw_mode_state *by_name(const struct sw_session *session, const char *name)
{
	for (int i = 0; *name && i < session->n_modes; i++)
		if (strcmp(session->modes[i]->info.name, name) == 0)
			return session->modes[i];
	return NULL;
}

const struct sw_mode_state *sw_session_baseline(const struct sw_session *session)
{
	return by_name(session, session->info.baseline);
}

const struct sw_mode_state *sw_session_candidate(const struct sw_session *session)
{
	return by_name(session, session->info.candidate);
}

uint64_t sw_session_done(const struct sw_session *session)
{
	uint64_t sum = 0;
	for (int i = 0; i < session->n_modes; i++)
		sum += session->modes[i]->done;
	return sum;
}

uint64_t sw_session_planned(const struct sw_session *session)
{
	uint64_t sum = 0;
	for (int i = 0; i < session->n_modes; i++)
		sum += (uint64_t)session->modes[i]->info.planned;
	return sum;
}

static uint64_t sum_outcomes(const uint64_t *counts)
{
	uint64_t sum = 0;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		sum += counts[i];
	return sum;
}

uint64_t sw_mode_taken(const struct sw_mode_state *mode)
{
	return sum_outcomes(mode->taken);
}

uint64_t sw_mode_refused(const struct sw_mode_state *mode)
{
	return sum_outcomes(mode->refused);
}

size_t sw_mode_samples(const struct sw_mode_state *mode, int64_t *dst)
{
	size_t n = mode->n_samples < SW_SAMPLES_MAX ? (size_t)mode->n_samples : SW_SAMPLES_MAX;
	uint64_t first = mode->n_samples - n;
	for (size_t i = 0; i < n; i++)
		dst[i] = mode->samples[(first + i) % SW_SAMPLES_MAX];
	return n;
}
