#include "core/session.h"

#include <assert.h>
#include <stddef.h>

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

static int add_span(struct sw_phase_sum *sum, const struct sw_span *span)
{
	int64_t duration = span->end_ns - span->start_ns;
	if (!sum->histogram && !(sum->histogram = sw_histogram_new()))
		return -1;
	sum->count++;
	sum->sum_ns += (double)duration;
	return sw_histogram_record(sum->histogram, duration);
}

/* A full list keeps its first two and forgets the third: how it began and how it ended. */
static void add_attempt(struct sw_attempts *attempts, const struct sw_iteration_info *it)
{
	if (attempts->n == SW_RECENT_ATTEMPTS_MAX)
		attempts->list[attempts->n - 2] = attempts->list[attempts->n - 1];
	else
		attempts->n++;
	struct sw_attempt_record *record = &attempts->list[attempts->n - 1];
	attempts->total++;
	record->number = it->attempt;
	record->outcome = it->outcome;
	record->on_host = it->on_host;
	record->start_ns = it->start_ns;
	record->wall_ns = it->wall_ns;
	record->exit_code = it->exit_code;
	record->term_signal = it->term_signal;
	sw_text_copy(record->container, sizeof record->container, it->container);
	sw_text_copy(record->error, sizeof record->error, it->text);
	record->n_spans = it->n_spans;
	memcpy(record->spans, it->spans, (size_t)it->n_spans * sizeof record->spans[0]);
}

/* The slot in which ITERATION runs, or NULL. */
static struct sw_running *find_running(struct sw_mode_state *mode, int64_t iteration, bool warmup)
{
	for (int i = 0; i < mode->n_slots; i++) {
		struct sw_running *run = &mode->slots[i];
		if (run->is_active && run->iteration == iteration && run->warmup == warmup)
			return run;
	}
	return NULL;
}

static void leave_slot(struct sw_mode_state *mode, struct sw_running *run)
{
	run->is_active = run->in_phase = false;
	run->n_phase_starts = 0;
	mode->n_running--;
}

static void set_last_error(struct sw_mode_state *mode, struct sw_running *run, const char *text)
{
	if (!*text)
		return;
	if (!run->added.has_error)
		sw_text_copy(run->added.last_error, sizeof run->added.last_error, mode->last_error);
	run->added.has_error = true;
	sw_text_copy(mode->last_error, sizeof mode->last_error, text);
}

static int add_spans(struct sw_mode_state *mode, const struct sw_iteration_info *it)
{
	for (int i = 0; i < it->n_spans; i++) {
		const struct sw_span *span = &it->spans[i];
		struct sw_phase_sum *sums = span->on_path ? mode->phases : mode->behind;
		if (add_span(&sums[span->phase], span) < 0)
			return -1;
	}
	return 0;
}

/* Behind by what the event is, whatever its spans say. */
static int phase_behind(struct sw_mode_state *mode, const struct sw_iteration_info *it)
{
	for (int i = 0; !it->warmup && i < it->n_spans; i++)
		if (add_span(&mode->behind[it->spans[i].phase], &it->spans[i]) < 0)
			return -1;
	return 0;
}

static int attempt_finished(struct sw_session *session, const struct sw_event *event,
                            struct sw_running *run)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_mode_state *mode = session->modes[event->mode];
	run->in_phase = false;
	run->n_phase_starts = 0;
	add_attempt(&run->ended, it);
	mode->n_last_spans = it->n_spans;
	memcpy(mode->last_spans, it->spans, (size_t)it->n_spans * sizeof it->spans[0]);
	mode->last_iteration = it->iteration;
	mode->last_warmup = it->warmup;
	mode->last_on_host = it->on_host;
	set_last_error(mode, run, it->text);
	if (!*mode->python && !it->on_host)
		sw_text_copy(mode->python, sizeof mode->python, it->python);
	if (it->warmup)
		return 0;
	mode->attempts++;
	run->added.attempts++;
	mode->dropped_bytes += (uint64_t)it->dropped_bytes;
	run->added.dropped_bytes += (uint64_t)it->dropped_bytes;
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
	return add_spans(mode, it);
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

/* Field by field: what is not used of an entry is not touched, so that it takes no memory. */
static void remember(struct sw_session *session, const struct sw_event *event,
                     const struct sw_attempts *ended)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_recent *recent = &session->recent[session->n_recent++ % SW_RECENT_MAX];
	recent->mode = event->mode;
	recent->iteration = it->iteration;
	recent->start_ns = it->start_ns;
	recent->latency_ns = it->wall_ns;
	recent->attempts = it->attempts;
	recent->finished_ns = event->t_ns;
	recent->warmup = it->warmup;
	recent->fell_back = it->fell_back;
	recent->outcome = it->outcome;
	sw_text_copy(recent->error, sizeof recent->error, it->text);
	recent->ended.total = ended->total;
	recent->ended.n = ended->n;
	memcpy(recent->ended.list, ended->list, (size_t)ended->n * sizeof ended->list[0]);
}

static void check_accounts(const struct sw_mode_state *mode)
{
	uint64_t sum = mode->fell_back;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		sum += mode->outcomes[i];
	assert(sum == mode->done);
	(void)sum;
}

static int iteration_finished(struct sw_session *session, const struct sw_event *event,
                              struct sw_running *run)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_mode_state *mode = session->modes[event->mode];
	leave_slot(mode, run);
	remember(session, event, &run->ended);
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

/* Retries and fallbacks are counted when they happen; a drop takes those of its iteration back. */
static int iteration_dropped(struct sw_mode_state *mode, struct sw_running *run)
{
	const struct sw_mode_counts *added = &run->added;
	mode->attempts -= added->attempts;
	mode->retries -= added->retries;
	mode->dropped_bytes -= added->dropped_bytes;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		mode->taken[i] -= added->taken[i];
		mode->refused[i] -= added->refused[i];
		mode->retried[i] -= added->retried[i];
	}
	if (added->has_error)
		sw_text_copy(mode->last_error, sizeof mode->last_error, added->last_error);
	leave_slot(mode, run);
	mode->dropped++;
	return 0;
}

static int end_pause(struct sw_session *session, int64_t t_ns)
{
	session->paused_sum_ns = sw_session_paused_ns(session, t_ns);
	session->paused = false;
	return 0;
}

/* A free slot; else the one that was taken first, whose finish is lost: the mode must not be stuck. */
static struct sw_running *take_slot(struct sw_session *session, struct sw_mode_state *mode)
{
	struct sw_running *oldest = NULL;
	for (int i = 0; i < mode->n_slots; i++) {
		struct sw_running *run = &mode->slots[i];
		if (!run->is_active) {
			mode->n_running++;
			return run;
		}
		if (!oldest || run->iteration_start_ns < oldest->iteration_start_ns)
			oldest = run;
	}
	session->unexpected++;
	return oldest;
}

static int iteration_started(struct sw_session *session, struct sw_mode_state *mode,
                             const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	if (find_running(mode, it->iteration, it->warmup) && mode->n_slots > 1)
		return unexpected(session);
	struct sw_running *run = take_slot(session, mode);
	if (session->paused) {
		session->unexpected++; /* the pause's end is lost */
		end_pause(session, event->t_ns);
	}
	memset(&run->added, 0, offsetof(struct sw_mode_counts, last_error));
	run->ended.total = 0;
	run->ended.n = run->n_phase_starts = 0;
	run->is_active = true;
	run->warmup = it->warmup;
	run->on_host = run->in_phase = false;
	run->iteration = it->iteration;
	run->attempt = 0;
	run->iteration_start_ns = it->start_ns;
	return 0;
}

/* At the list's end. Who is gone makes room first: one that is kept is older than most, and there. */
static struct sw_seen_container *new_container(struct sw_session *session)
{
	int at = 0;
	session->containers_made++;
	if (session->n_containers < SW_SEEN_CONTAINERS_MAX)
		return &session->containers[session->n_containers++];
	while (at < SW_SEEN_CONTAINERS_MAX && !session->containers[at].removed_ns)
		at++;
	if (at == SW_SEEN_CONTAINERS_MAX)
		at = 0;
	memmove(&session->containers[at], &session->containers[at + 1],
	        (size_t)(SW_SEEN_CONTAINERS_MAX - 1 - at) * sizeof *session->containers);
	return &session->containers[SW_SEEN_CONTAINERS_MAX - 1];
}

static int add_container(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_seen_container *seen = new_container(session);
	session->modes[event->mode]->containers_created++;
	sw_text_copy(seen->id, sizeof seen->id, it->container);
	seen->mode = event->mode;
	seen->iteration = it->iteration;
	seen->attempt = it->attempt;
	seen->warmup = it->warmup;
	seen->created_ns = event->t_ns;
	seen->removed_ns = 0;
	sw_text_copy(seen->error, sizeof seen->error, it->text);
	return 0;
}

/* The one EVENT names, while it is there; NULL: left out of the list, or its line is lost. */
static struct sw_seen_container *find_container(struct sw_session *session,
                                                const struct sw_event *event)
{
	for (int i = session->n_containers - 1; i >= 0; i--) {
		struct sw_seen_container *seen = &session->containers[i];
		if (!seen->removed_ns && seen->mode == event->mode &&
		    strcmp(seen->id, event->u.it.container) == 0)
			return seen;
	}
	return NULL;
}

static int remove_container(struct sw_session *session, const struct sw_event *event)
{
	struct sw_seen_container *seen = find_container(session, event);
	session->modes[event->mode]->containers_removed++;
	if (!seen)
		return 0;
	seen->removed_ns = event->t_ns > 0 ? event->t_ns : 1;
	if (*event->u.it.text)
		sw_text_copy(seen->error, sizeof seen->error, event->u.it.text);
	return 0;
}

/* A pool's container is made for no iteration, and has one from its first phase on. */
static void serve_container(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	if (session->modes[event->mode]->info.kind != SW_KIND_PREPARED || !*it->container)
		return;
	struct sw_seen_container *seen = find_container(session, event);
	if (!seen || seen->iteration)
		return;
	seen->iteration = it->iteration;
	seen->attempt = it->attempt;
	seen->warmup = it->warmup;
}

static int phase_started(struct sw_running *run, const struct sw_event *event)
{
	run->in_phase = true;
	run->phase = event->u.it.phase;
	run->phase_start_ns = event->t_ns;
	if (run->n_phase_starts < SW_SPANS_MAX)
		run->phase_starts[run->n_phase_starts++] =
			(struct sw_phase_start){run->phase, event->t_ns};
	return 0;
}

static void count_reason(struct sw_mode_state *mode, struct sw_running *run,
                         const struct sw_event *event)
{
	enum sw_outcome reason = event->u.it.outcome;
	if (run->warmup)
		return;
	if (event->kind == SW_EVENT_RETRY) {
		mode->retries++;
		mode->retried[reason]++;
		run->added.retries++;
		run->added.retried[reason]++;
	} else if (event->kind == SW_EVENT_FALLBACK_TAKEN) {
		mode->taken[reason]++;
		run->added.taken[reason]++;
	} else {
		mode->refused[reason]++;
		run->added.refused[reason]++;
	}
}

/* What is about an iteration that runs. */
static int apply_to_running(struct sw_session *session, const struct sw_event *event)
{
	struct sw_mode_state *mode = session->modes[event->mode];
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_running *run = find_running(mode, it->iteration, it->warmup);
	if (!run)
		return unexpected(session);
	switch ((int)event->kind) {
	case SW_EVENT_ATTEMPT_STARTED:
		run->attempt = it->attempt;
		run->on_host = it->on_host;
		run->attempt_start_ns = it->start_ns;
		run->n_phase_starts = 0;
		return 0;
	case SW_EVENT_PHASE_STARTED:
		serve_container(session, event);
		return phase_started(run, event);
	case SW_EVENT_ITERATION_DROPPED:
		return iteration_dropped(mode, run);
	case SW_EVENT_ITERATION_FINISHED:
		return iteration_finished(session, event, run);
	case SW_EVENT_ATTEMPT_FINISHED:
		return attempt_finished(session, event, run);
	default:
		count_reason(mode, run, event);
		return 0;
	}
}

static int turn_finished(struct sw_mode_state *mode, const struct sw_iteration_info *it)
{
	if (it->warmup)
		return 0;
	mode->turn_count += (uint64_t)it->count;
	mode->turn_ns += (double)it->wall_ns;
	return 0;
}

static int apply_to_mode(struct sw_session *session, const struct sw_event *event)
{
	if (event->mode < 0 || event->mode >= session->n_modes)
		return unexpected(session);
	struct sw_mode_state *mode = session->modes[event->mode];
	switch ((int)event->kind) {
	case SW_EVENT_ITERATION_STARTED:
		return iteration_started(session, mode, event);
	case SW_EVENT_CONTAINER_CREATED:
		return add_container(session, event);
	case SW_EVENT_CONTAINER_REMOVED:
		return remove_container(session, event);
	case SW_EVENT_CONTAINER_REPLACED:
		mode->replaced++;
		return 0;
	case SW_EVENT_TURN_FINISHED:
		return turn_finished(mode, &event->u.it);
	case SW_EVENT_PHASE_BEHIND:
		return phase_behind(mode, &event->u.it);
	default:
		return apply_to_running(session, event);
	}
}

/* Nobody's plan is shorter than what is done. */
static int decide_length(struct sw_session *session, const struct sw_event *event)
{
	for (int i = 0; i < session->n_modes; i++) {
		struct sw_mode_info *info = &session->modes[i]->info;
		int64_t done = (int64_t)session->modes[i]->done;
		if (event->u.length.iterations < done)
			return unexpected(session);
		info->planned = event->u.length.iterations;
	}
	session->is_length_decided = true;
	session->length_precision_percent = event->u.length.precision_percent;
	sw_text_copy(session->length_text, sizeof session->length_text, event->u.length.text);
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
	case SW_EVENT_LENGTH_DECIDED:
		return decide_length(session, event);
	case SW_EVENT_NOTE:
		add_note(session, event->u.end.text);
		return 0;
	case SW_EVENT_PAUSED:
		if (session->paused || session->state != SW_STATE_RUNNING)
			return unexpected(session);
		session->paused = true;
		session->paused_since_ns = event->t_ns;
		return 0;
	case SW_EVENT_RESUMED:
		return session->paused ? end_pause(session, event->t_ns) : unexpected(session);
	case SW_EVENT_SESSION_FINISHED:
		if (session->state != SW_STATE_RUNNING)
			return unexpected(session);
		if (session->paused)
			end_pause(session, event->t_ns);
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
		sum += (uint64_t)session->modes[i]->info.planned;
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
