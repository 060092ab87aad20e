#include "core/session_internal.h"
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
	for (int i = 0; i < SW_PHASE_COUNT; i++) {
		sw_histogram_free(mode->phases[i].histogram);
		sw_histogram_free(mode->behind[i].histogram);
	}
	free(mode->slots);
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

int sw_session_unexpected(struct sw_session *session)
{
	session->unexpected++;
	return 0;
}

static int add_mode(struct sw_session *session, const struct sw_event *event)
{
	if (event->mode != session->n_modes || event->mode == SW_MODES_MAX)
		return sw_session_unexpected(session);
	struct sw_mode_state *mode = calloc(1, sizeof *mode);
	if (!mode)
		return -1;
	mode->info = event->u.planned;
	if (mode->info.planned < 0)
		mode->info.planned = 0;
	int64_t parallel = mode->info.parallel;
	mode->n_slots = parallel < 1 ? 1 : parallel > SW_PARALLEL_MAX ? SW_PARALLEL_MAX : (int)parallel;
	mode->slots = calloc((size_t)mode->n_slots, sizeof *mode->slots);
	mode->latency = sw_histogram_new();
	mode->other_ppm = sw_histogram_new();
	if (!mode->slots || !mode->latency || !mode->other_ppm) {
		free_mode(mode);
		return -1;
	}
	session->modes[session->n_modes++] = mode;
	return 0;
}

int sw_session_end_pause(struct sw_session *session, int64_t t_ns)
{
	session->paused_sum_ns = sw_session_paused_ns(session, t_ns);
	session->paused = false;
	return 0;
}

static int apply_to_mode(struct sw_session *session, const struct sw_event *event)
{
	if (event->mode < 0 || event->mode >= session->n_modes)
		return sw_session_unexpected(session);
	switch ((int)event->kind) {
	case SW_EVENT_CONTAINER_CREATED:
		return sw_session_add_container(session, event);
	case SW_EVENT_CONTAINER_REMOVED:
		return sw_session_remove_container(session, event);
	case SW_EVENT_CONTAINER_REPLACED:
		session->modes[event->mode]->replaced++;
		return 0;
	default:
		return sw_session_iteration(session, event);
	}
}

/* Nobody's plan is shorter than what is done, or runs. */
static int decide_length(struct sw_session *session, const struct sw_event *event)
{
	int64_t iterations = event->u.length.iterations;
	for (int i = 0; i < session->n_modes; i++)
		if (iterations < 0 || !sw_mode_fits(session->modes[i], iterations))
			return sw_session_unexpected(session);
	for (int i = 0; i < session->n_modes; i++) {
		session->modes[i]->info.planned = iterations;
		sw_session_check_accounts(session->modes[i]);
	}
	session->is_length_decided = true;
	session->length_precision_percent = event->u.length.precision_percent;
	sw_text_copy(session->length_text, sizeof session->length_text, event->u.length.text);
	return 0;
}

/* An open breaker with probes that nobody answered: the last of them is what the event is about. */
static int breaker_changed(struct sw_session *session, const struct sw_event *event)
{
	bool is_open = event->u.breaker.state == SW_BREAKER_OPEN;
	if (event->u.breaker.state != session->breaker) {
		session->breaker_since_ns = event->t_ns;
		session->breaker_opened += is_open;
	}
	session->breaker_probes += is_open && event->u.breaker.probes > 0;
	session->breaker = event->u.breaker.state;
	session->breaker_retry_ns = event->u.breaker.retry_ns;
	sw_text_copy(session->breaker_text, sizeof session->breaker_text, event->u.breaker.text);
	return 0;
}

/* Its breaker begins closed, as any process's. */
static int session_resumed(struct sw_session *session, const struct sw_event *event)
{
	if (session->paused)
		sw_session_end_pause(session, event->t_ns);
	for (int i = 0; i < session->n_modes; i++) {
		sw_session_drop_all(session->modes[i]);
		sw_session_check_accounts(session->modes[i]);
	}
	sw_session_containers_gone(session, event->t_ns);
	session->state = SW_STATE_RUNNING;
	session->end_text[0] = '\0';
	session->breaker = SW_BREAKER_CLOSED;
	session->breaker_since_ns = event->t_ns;
	session->breaker_retry_ns = 0;
	session->breaker_text[0] = '\0';
	session->resumed++;
	return 0;
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
			return sw_session_unexpected(session);
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
	case SW_EVENT_LENGTH_DECIDED:
		return decide_length(session, event);
	case SW_EVENT_BREAKER_CHANGED:
		return breaker_changed(session, event);
	case SW_EVENT_SESSION_RESUMED:
		return session_resumed(session, event);
	case SW_EVENT_NOTE:
		add_note(session, event->u.end.text);
		return 0;
	case SW_EVENT_PAUSED:
		if (session->paused || session->state != SW_STATE_RUNNING)
			return sw_session_unexpected(session);
		session->paused = true;
		session->paused_since_ns = event->t_ns;
		return 0;
	case SW_EVENT_RESUMED:
		return session->paused ? sw_session_end_pause(session, event->t_ns) : sw_session_unexpected(session);
	case SW_EVENT_SESSION_FINISHED:
		if (session->state != SW_STATE_RUNNING)
			return sw_session_unexpected(session);
		if (session->paused)
			sw_session_end_pause(session, event->t_ns);
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
		return sw_session_unexpected(session);
	session->missing += event->seq - session->last_seq - 1;
	session->last_seq = event->seq;
	if (event->t_ns > session->last_ns)
		session->last_ns = event->t_ns;
	return apply_to_session(session, event);
}

const struct sw_running *sw_mode_running(const struct sw_mode_state *mode)
{
	const struct sw_running *first = NULL;
	for (int i = 0; i < mode->n_slots; i++) {
		const struct sw_running *run = &mode->slots[i];
		if (run->is_active && (!first || run->iteration_start_ns < first->iteration_start_ns))
			first = run;
	}
	return first;
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
		sum += sw_mode_planned(session->modes[i]);
	return sum;
}

int64_t sw_session_paused_ns(const struct sw_session *session, int64_t now_ns)
{
	int64_t sum = session->paused_sum_ns;
	int64_t open_ns = session->paused ? now_ns - session->paused_since_ns : 0;
	if (open_ns <= 0)
		return sum;
	return sum > INT64_MAX - open_ns ? INT64_MAX : sum + open_ns; /* times of a hostile journal */
}

static uint64_t sum_counts(const uint64_t *counts)
{
	uint64_t sum = 0;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		sum += counts[i];
	return sum;
}

uint64_t sw_mode_taken(const struct sw_mode_state *mode)
{
	return sum_counts(mode->taken);
}

uint64_t sw_mode_refused(const struct sw_mode_state *mode)
{
	return sum_counts(mode->refused);
}

size_t sw_mode_samples(const struct sw_mode_state *mode, int64_t *dst)
{
	size_t n = mode->n_samples < SW_SAMPLES_MAX ? (size_t)mode->n_samples : SW_SAMPLES_MAX;
	uint64_t first = mode->n_samples - n;
	for (size_t i = 0; i < n; i++)
		dst[i] = mode->samples[(first + i) % SW_SAMPLES_MAX];
	return n;
}
