#include "core/scheduler_internal.h"
#include "core/text.h"

/* ---- what was left out ---- */

void sw_scheduler_skip_done(struct sw_scheduler *s)
{
	const struct sw_ranges *done = &s->restored.done[s->turn.mode];
	if (s->turn.warmup && sw_scheduler_is_mode_done(s, s->turn.mode)) {
		s->next_in_turn = s->turn.count;
		return;
	}
	while (!s->turn.warmup && s->next_in_turn < s->turn.count &&
	       sw_ranges_has(done, s->turn.first + s->next_in_turn)) {
		s->next_in_turn++;
		s->turn_has_gap = true;
	}
}

bool sw_scheduler_is_mode_done(const struct sw_scheduler *s, int mode)
{
	return sw_ranges_count(&s->restored.done[mode]) == s->o.plan->iterations;
}

bool sw_scheduler_is_all_done(const struct sw_scheduler *s)
{
	for (int i = 0; i < s->o.plan->n_modes && !s->is_enough; i++)
		if (!sw_scheduler_is_mode_done(s, i))
			return false;
	return true;
}

/* ---- reading it back ---- */

/* As many iterations of each mode, or -1. */
static int64_t even_count(const struct sw_scheduler *s)
{
	for (int i = 1; i < s->o.plan->n_modes; i++)
		if (s->done[i] != s->done[0])
			return -1;
	return s->done[0];
}

static void restore_end(struct sw_scheduler *s, int mode, const struct sw_iteration_info *it)
{
	bool is_planned = it->iteration >= 1 && it->iteration <= s->o.plan->iterations;
	if (it->warmup || !is_planned || !sw_ranges_add(&s->restored.done[mode], it->iteration))
		return;
	s->done[mode]++;
	if (it->outcome == SW_OUTCOME_OK && !it->fell_back)
		sw_adaptive_add(&s->adaptive, mode, it->wall_ns);
}

/* The first ok result stands, also of an iteration that its process did not live to end. */
static void restore_digest(struct sw_scheduler *s, int mode, const struct sw_iteration_info *it)
{
	if (it->outcome != SW_OUTCOME_OK || !*it->digest || *s->digest)
		return;
	sw_text_copy(s->digest, sizeof s->digest, it->digest);
	sw_text_copy(s->digest_mode, sizeof s->digest_mode, s->o.plan->modes[mode].name);
}

static void restore_begin(struct sw_scheduler *s, const struct sw_event *event)
{
	struct sw_restored *r = &s->restored;
	int64_t even = even_count(s);
	if (event->u.it.warmup)
		return;
	if (!r->has_begun)
		r->first_ns = event->t_ns;
	r->has_begun = true;
	if (even > 0 && s->o.plan->is_auto)
		sw_adaptive_went_on(&s->adaptive, even);
}

/* The process whose events were read is gone: what it used of the budget is known. */
static void close_process(struct sw_restored *r)
{
	if (r->is_paused)
		r->paused_ns += r->last_ns - r->pause_began_ns;
	if (r->has_begun)
		r->used_ns += r->last_ns - r->first_ns - r->paused_ns;
	r->has_begun = r->is_paused = false;
	r->paused_ns = 0;
}

static void restore_pause(struct sw_restored *r, const struct sw_event *event)
{
	bool begins = event->kind == SW_EVENT_PAUSED;
	if (begins && !r->is_paused)
		r->pause_began_ns = event->t_ns;
	else if (!begins && r->is_paused && r->has_begun)
		r->paused_ns += event->t_ns - r->pause_began_ns;
	r->is_paused = begins;
}

void sw_scheduler_restore(struct sw_scheduler *s, const struct sw_event *event)
{
	struct sw_restored *r = &s->restored;
	bool has_mode = event->mode >= 0 && event->mode < s->o.plan->n_modes;
	if (event->kind == SW_EVENT_SESSION_RESUMED)
		close_process(r);
	else if (event->kind == SW_EVENT_PAUSED || event->kind == SW_EVENT_RESUMED)
		restore_pause(r, event);
	else if (event->kind == SW_EVENT_LENGTH_DECIDED)
		s->is_enough = true;
	else if (event->kind == SW_EVENT_ITERATION_STARTED && has_mode)
		restore_begin(s, event);
	else if (event->kind == SW_EVENT_ATTEMPT_FINISHED && has_mode)
		restore_digest(s, event->mode, &event->u.it);
	else if (event->kind == SW_EVENT_ITERATION_FINISHED && has_mode)
		restore_end(s, event->mode, &event->u.it);
	/* What an end takes (an engine that hangs) is no time of measuring, and these come with it. */
	if (event->kind != SW_EVENT_CONTAINER_REMOVED && event->kind != SW_EVENT_NOTE &&
	    event->kind != SW_EVENT_SESSION_FINISHED)
		r->last_ns = event->t_ns;
}

/* Some later iteration of a mode has ended, and an earlier one has not. */
static bool has_gaps(const struct sw_scheduler *s)
{
	for (int i = 0; i < s->o.plan->n_modes; i++) {
		const struct sw_ranges *done = &s->restored.done[i];
		if (done->n > 1 || (done->n == 1 && done->list[0].first > 1))
			return true;
	}
	return false;
}

void sw_scheduler_restored(struct sw_scheduler *s)
{
	close_process(&s->restored);
	/* The process may have died between the last end and the look that was due then. */
	if (!s->is_enough && even_count(s) != 0 && !has_gaps(s))
		sw_scheduler_decide_length(s);
}
