/* The accounts are checked in every build. */
#undef NDEBUG
#include <assert.h>
#include <stddef.h>

#include "core/numbers.h"
#include "core/session_internal.h"
#include "core/text.h"

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
static void add_attempt(struct sw_attempts *attempts, const struct sw_iteration_info *it,
                        uint32_t faults)
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
	record->not_asked = it->not_asked;
	record->faults = faults;
	record->n_spans = it->n_spans;
	memcpy(record->spans, it->spans, (size_t)it->n_spans * sizeof record->spans[0]);
}

struct sw_running *sw_mode_find_running(struct sw_mode_state *mode, int64_t iteration, bool warmup)
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

static void keep_spans(struct sw_mode_state *mode, const struct sw_iteration_info *it)
{
	mode->n_last_spans = it->n_spans;
	memcpy(mode->last_spans, it->spans, (size_t)it->n_spans * sizeof it->spans[0]);
	mode->last_iteration = it->iteration;
	mode->last_warmup = it->warmup;
	mode->last_on_host = it->on_host;
}

static int attempt_finished(struct sw_session *session, const struct sw_event *event,
                            struct sw_running *run)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_mode_state *mode = session->modes[event->mode];
	run->in_phase = false;
	run->n_phase_starts = 0;
	add_attempt(&run->ended, it, run->attempt_faults);
	run->attempt_faults = 0;
	if (!it->not_asked)
		keep_spans(mode, it);
	set_last_error(mode, run, it->text);
	if (!*mode->python && !it->on_host)
		sw_text_copy(mode->python, sizeof mode->python, it->python);
	if (it->warmup)
		return 0;
	mode->attempts++;
	run->added.attempts++;
	mode->not_asked += it->not_asked;
	run->added.not_asked += it->not_asked;
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
                     const struct sw_running *run)
{
	const struct sw_attempts *ended = &run->ended;
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
	recent->faults = run->faults;
	sw_text_copy(recent->error, sizeof recent->error, it->text);
	recent->ended.total = ended->total;
	recent->ended.n = ended->n;
	memcpy(recent->ended.list, ended->list, (size_t)ended->n * sizeof ended->list[0]);
}

static uint64_t sum_outcomes(const struct sw_mode_state *mode)
{
	uint64_t sum = mode->fell_back;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		sum += mode->outcomes[i];
	return sum;
}

void sw_session_check_accounts(const struct sw_mode_state *mode)
{
	uint64_t planned = sw_mode_planned(mode), running = sw_mode_counted_running(mode);
	assert(mode->done == sum_outcomes(mode));
	assert(running <= planned && mode->done <= planned - running);
	assert(planned == sum_outcomes(mode) + running + sw_mode_pending(mode));
}

uint64_t sw_mode_planned(const struct sw_mode_state *mode)
{
	return mode->info.planned > 0 ? (uint64_t)mode->info.planned : 0;
}

uint64_t sw_mode_counted_running(const struct sw_mode_state *mode)
{
	uint64_t n = 0;
	for (int i = 0; i < mode->n_slots; i++)
		n += mode->slots[i].is_active && !mode->slots[i].warmup;
	return n;
}

/* By what is finished, not by how: so the two can be checked against each other. */
uint64_t sw_mode_pending(const struct sw_mode_state *mode)
{
	return sw_mode_planned(mode) - (uint64_t)sw_ranges_count(&mode->finished) -
	       sw_mode_counted_running(mode);
}

/* Whether each iteration that is done or runs is one of PLANNED. */
bool sw_mode_fits(const struct sw_mode_state *mode, int64_t planned)
{
	const struct sw_ranges *finished = &mode->finished;
	if (finished->n && finished->list[finished->n - 1].last > planned)
		return false;
	for (int i = 0; i < mode->n_slots; i++) {
		const struct sw_running *run = &mode->slots[i];
		if (run->is_active && !run->warmup && run->iteration > planned)
			return false;
	}
	return true;
}

static int iteration_finished(struct sw_session *session, const struct sw_event *event,
                              struct sw_running *run)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_mode_state *mode = session->modes[event->mode];
	if (!it->warmup && !sw_ranges_add(&mode->finished, it->iteration))
		return sw_session_unexpected(session);
	leave_slot(mode, run);
	remember(session, event, run);
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
	for (int f = 0; f < SW_FAULT_COUNT; f++)
		mode->came_of[f][sw_session_what_came(it->outcome, it->fell_back)] += run->faults >> f & 1;
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
	mode->not_asked -= added->not_asked;
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

static bool may_start(struct sw_mode_state *mode, const struct sw_iteration_info *it)
{
	if (sw_mode_find_running(mode, it->iteration, it->warmup))
		return false;
	return it->warmup || (it->iteration >= 1 && it->iteration <= mode->info.planned &&
	                      !sw_ranges_has(&mode->finished, it->iteration));
}

static int iteration_started(struct sw_session *session, struct sw_mode_state *mode,
                             const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	if (!may_start(mode, it))
		return sw_session_unexpected(session);
	struct sw_running *run = take_slot(session, mode);
	if (session->paused) {
		session->unexpected++; /* the pause's end is lost */
		sw_session_end_pause(session, event->t_ns);
	}
	memset(&run->added, 0, offsetof(struct sw_mode_counts, last_error));
	run->ended.total = 0;
	run->ended.n = run->n_phase_starts = 0;
	run->is_active = true;
	run->warmup = it->warmup;
	run->on_host = run->in_phase = false;
	run->iteration = it->iteration;
	run->attempt = 0;
	run->faults = run->attempt_faults = 0;
	run->iteration_start_ns = it->start_ns;
	return 0;
}

static int phase_started(struct sw_running *run, const struct sw_event *event)
{
	run->in_phase = true;
	run->phase = event->u.it.phase;
	run->phase_start_ns = event->t_ns;
	if (run->n_phase_starts < SW_SPANS_MAX)
		run->phase_starts[run->n_phase_starts++] = (struct sw_phase_start){run->phase, event->t_ns};
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
	struct sw_running *run = sw_mode_find_running(mode, it->iteration, it->warmup);
	if (!run)
		return sw_session_unexpected(session);
	switch ((int)event->kind) {
	case SW_EVENT_ATTEMPT_STARTED:
		run->attempt = it->attempt;
		run->attempt_faults = 0;
		run->on_host = it->on_host;
		run->attempt_start_ns = it->start_ns;
		run->n_phase_starts = 0;
		return 0;
	case SW_EVENT_PHASE_STARTED:
		sw_session_serve_container(session, event);
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

int sw_session_iteration(struct sw_session *session, const struct sw_event *event)
{
	struct sw_mode_state *mode = session->modes[event->mode];
	int result;
	switch ((int)event->kind) {
	case SW_EVENT_ITERATION_STARTED:
		result = iteration_started(session, mode, event);
		break;
	case SW_EVENT_FAULT_INJECTED:
		return sw_session_fault(session, event);
	case SW_EVENT_TURN_FINISHED:
		return turn_finished(mode, &event->u.it);
	case SW_EVENT_PHASE_BEHIND:
		return phase_behind(mode, &event->u.it);
	default:
		result = apply_to_running(session, event);
	}
	sw_session_check_accounts(mode);
	return result;
}

void sw_session_drop_all(struct sw_mode_state *mode)
{
	for (int i = 0; i < mode->n_slots; i++)
		if (mode->slots[i].is_active)
			(void)iteration_dropped(mode, &mode->slots[i]);
}
