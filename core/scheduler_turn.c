#include "core/scheduler_internal.h"

/* ---- the next turn ---- */

static void emit_pause(struct sw_scheduler *s)
{
	s->pause_began_ns = sw_clock_ns();
	sw_event_init(&s->event, SW_EVENT_PAUSED, -1);
	sw_scheduler_emit(s);
}

static bool take_turn(struct sw_scheduler *s)
{
	if (s->has_turn)
		return true;
	do {
		if (!sw_order_next(&s->order, &s->turn))
			return false;
		s->next_in_turn = 0;
		s->turn_has_gap = false;
		sw_scheduler_skip_done(s);
	} while (s->next_in_turn == s->turn.count);
	return s->has_turn = true;
}

static int parallel(const struct sw_scheduler *s)
{
	int n = s->o.plan->modes[s->turn.mode].parallel;
	return n > 1 ? n : 1;
}

/* Of the turn, those that were dropped come first. */
static bool take_iteration(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	if (slot->again)
		return true;
	if (s->next_in_turn == s->turn.count)
		return false;
	slot->attempt.mode = s->turn.mode;
	slot->attempt.iteration = s->turn.first + s->next_in_turn++;
	slot->attempt.warmup = s->turn.warmup;
	sw_scheduler_skip_done(s);
	return true;
}

void sw_scheduler_next_turn(void *user)
{
	struct sw_scheduler *s = user;
	if (s->stopping || s->is_enough || !take_turn(s)) {
		sw_scheduler_finish(s);
		return;
	}
	if (s->pausing) {
		if (s->stage != SW_STAGE_PAUSED)
			emit_pause(s);
		s->stage = SW_STAGE_PAUSED;
		return;
	}
	s->stage = SW_STAGE_TURN;
	s->turn_start_ns = sw_clock_ns();
	if (!s->first_ns && !s->turn.warmup)
		s->first_ns = s->turn_start_ns;
	s->turn_ended = s->turn_ok = 0;
	s->turn_is_spoilt = false;
	for (int i = 0; i < parallel(s) && s->stage == SW_STAGE_TURN; i++)
		if (!s->slots[i].active && take_iteration(&s->slots[i]))
			sw_slot_begin(&s->slots[i]);
}

void sw_scheduler_go_on_when_acked(struct sw_scheduler *s)
{
	s->stage = SW_STAGE_WAITING;
	if (s->acked_seq >= s->wait_seq || s->stopping)
		sw_loop_defer(s->o.loop, &s->step, sw_scheduler_next_turn, s);
}

/* ---- its end ---- */

static void emit_turn(struct sw_scheduler *s)
{
	if (s->turn_is_spoilt || s->turn_has_gap || !s->turn_ended)
		return;
	sw_event_init(&s->event, SW_EVENT_TURN_FINISHED, s->turn.mode);
	struct sw_iteration_info *it = &s->event.u.it;
	it->iteration = s->turn.first;
	it->warmup = s->turn.warmup;
	it->start_ns = s->turn_start_ns - s->o.origin_ns;
	it->wall_ns = sw_clock_ns() - s->turn_start_ns;
	it->count = s->turn_ok;
	sw_scheduler_emit(s);
}

/* Precision is asked for when all modes have done as much: no figure rests on more iterations than another.
 * The time budget is kept turn by turn, once each mode has had one. */
void sw_scheduler_decide_length(struct sw_scheduler *s)
{
	const struct sw_plan *plan = s->o.plan;
	int64_t least = s->done[0], most = s->done[0];
	int64_t elapsed_ns = s->restored.used_ns - s->paused_ns;
	elapsed_ns += s->first_ns ? sw_clock_ns() - s->first_ns : 0;
	if (!plan->is_auto || s->turn.warmup || s->stopping)
		return;
	for (int i = 1; i < plan->n_modes; i++) {
		least = s->done[i] < least ? s->done[i] : least;
		most = s->done[i] > most ? s->done[i] : most;
	}
	bool is_over = plan->time_budget_ns > 0 && elapsed_ns >= plan->time_budget_ns && least > 0;
	if ((s->has_turn || least != most) && !is_over)
		return;
	sw_event_init(&s->event, SW_EVENT_LENGTH_DECIDED, -1);
	s->is_enough = sw_adaptive_is_enough(&s->adaptive, elapsed_ns, least,
	                                     &s->event.u.length.precision_percent,
	                                     s->event.u.length.text, sizeof s->event.u.length.text);
	s->event.u.length.iterations = most;
	if (s->is_enough)
		sw_scheduler_emit(s);
}

static void settle_next(struct sw_scheduler *s);

static void settled(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	if (error)
		sw_scheduler_note(s, error);
	s->settle_at++;
	settle_next(s);
}

static void settle_next(struct sw_scheduler *s)
{
	struct sw_runner *const *runners = s->o.runners[s->turn.mode];
	while (s->settle_at < parallel(s) && !runners[s->settle_at]->ops->settle)
		s->settle_at++;
	if (s->settle_at < parallel(s)) {
		runners[s->settle_at]->ops->settle(runners[s->settle_at], settled, s);
		return;
	}
	emit_turn(s);
	sw_scheduler_decide_length(s);
	sw_scheduler_go_on_when_acked(s);
}

static bool has_more(const struct sw_scheduler *s)
{
	for (int i = 0; i < s->n_slots; i++)
		if (s->slots[i].again)
			return true;
	return s->next_in_turn < s->turn.count;
}

bool sw_scheduler_turn_goes_on(const struct sw_scheduler *s)
{
	/* After a drop the disk is waited for, as before any turn. */
	return !s->pausing && !s->stopping && !s->turn_is_spoilt && has_more(s);
}

static void begin_next(void *user)
{
	struct sw_slot *slot = user;
	slot->waits = false;
	if (sw_scheduler_turn_goes_on(slot->s) && take_iteration(slot))
		sw_slot_begin(slot);
	else
		sw_scheduler_slot_free(slot);
}

void sw_scheduler_recheck_slots(struct sw_scheduler *s)
{
	for (int i = 0; i < s->n_slots; i++)
		if (s->slots[i].waits && (s->acked_seq >= s->slots[i].end_seq || s->stopping))
			sw_loop_defer(s->o.loop, &s->slots[i].step, begin_next, &s->slots[i]);
}

void sw_scheduler_slot_free(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	bool takes_one = slot->again || s->next_in_turn < s->turn.count;
	if (sw_scheduler_turn_goes_on(s) && takes_one) {
		/* A kill is to cost what is in flight and no end before it. */
		slot->waits = s->acked_seq < slot->end_seq;
		if (!slot->waits)
			sw_loop_defer(s->o.loop, &slot->step, begin_next, slot);
		return;
	}
	if (s->n_active > 0 || s->stage != SW_STAGE_TURN)
		return;
	for (int i = 0; i < s->n_slots; i++)
		if (s->slots[i].step.pending || s->slots[i].waits)
			return; /* it begins another, or will be back here */
	s->has_turn = has_more(s);
	s->stage = SW_STAGE_SETTLING;
	s->settle_at = 0;
	settle_next(s);
}
