/* Hides nothing: what core/scheduler.c (before, after, and what is asked for), core/scheduler_turn.c (turns),
 * core/scheduler_attempt.c (one iteration), core/scheduler_breaker.c (whether an engine is left alone) and
 * core/scheduler_restore.c (what an earlier process did) share. Must not be included elsewhere. */
#ifndef SW_SCHEDULER_INTERNAL_H
#define SW_SCHEDULER_INTERNAL_H

#include "core/adaptive.h"
#include "core/breaker.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/ranges.h"
#include "core/scheduler.h"

/* What the scheduler is doing. Iterations are under way in TURN alone. */
enum sw_stage {
	SW_STAGE_PREPARING, /* runners are made ready, one after the other */
	SW_STAGE_TURN,
	SW_STAGE_SETTLING, /* the turn is over but for what goes on behind it */
	SW_STAGE_WAITING,  /* for the disk, before the next turn */
	SW_STAGE_PAUSED,
	SW_STAGE_FINISHING,
};

/* Where an iteration runs. */
struct sw_slot {
	struct sw_scheduler *s;
	int index;
	struct sw_attempt attempt;
	struct sw_runner *runner; /* that runs or is probed; NULL between attempts */
	bool is_trial;            /* the attempt is the one that a half-open breaker let through */
	bool not_asked;           /* the last attempt was not made: the breaker was open */
	struct sw_timer retry;    /* armed: the next attempt waits */
	struct sw_deferred step;
	int64_t iteration_start_ns;       /* of the first attempt; 0 before its result */
	int64_t began;                    /* counts up: which iteration began first */
	bool active;                      /* an iteration is under way */
	bool again;                       /* not active, and the one in `attempt` is to be run anew */
	uint64_t end_seq;                 /* of its last end: to be in the journal before it begins another */
	bool waits;                       /* not active, and it is not there yet */
	bool dropping, cancelling;        /* what becomes of the iteration that is under way */
	struct sw_attempt_result checked; /* the last result, after the check */
};

/* What an earlier process of the session did (sw_scheduler_restore). */
struct sw_restored {
	struct sw_ranges done[SW_MODES_MAX]; /* counted iterations that ended */
	int64_t used_ns; /* of the time budget, by processes that are gone, pauses left out */
	/* Of the process whose events are being read: when its first counted turn began, and its newest event
	 * but for those of an end was; ns since the session's start. */
	bool has_begun, is_paused;
	int64_t first_ns, last_ns, paused_ns, pause_began_ns;
};

struct sw_scheduler {
	struct sw_scheduler_options o;
	enum sw_stage stage;
	struct sw_order_state order;
	struct sw_slot slots[SW_PARALLEL_MAX];
	int n_slots; /* of the mode with the most */
	/* the turn */
	struct sw_turn turn;
	int64_t next_in_turn; /* 0..turn.count: how many have been handed out */
	bool has_turn;        /* some of `turn` is to be run still, or run anew */
	int n_active;
	int64_t turn_start_ns, turn_ended, turn_ok; /* iterations that ended since it began, or went on */
	bool turn_is_spoilt;               /* a drop: its length says nothing */
	int settle_at;
	/* `iterations: auto` */
	struct sw_adaptive adaptive;
	int64_t done[SW_MODES_MAX];  /* counted iterations that ended */
	int64_t first_ns, paused_ns; /* when the first counted turn began; 0: not yet; pauses since */
	int64_t pause_began_ns;
	bool is_enough;
	struct sw_restored restored;
	bool turn_has_gap; /* an earlier process ran some of it, or it waited: its length says nothing */
	struct sw_deferred step;
	int64_t began;
	int runner_at; /* which runner is being prepared or finished */
	uint64_t wait_seq, acked_seq;
	bool pausing;
	bool stopping;
	enum sw_state end_state;
	char end_text[SW_TEXT_MAX];
	char digest[SW_DIGEST_MAX]; /* of the session's first ok result */
	char digest_mode[SW_NAME_MAX];
	char last_note[SW_TEXT_MAX];
	struct sw_breaker breaker;
	char breaker_text[SW_TEXT_MAX]; /* why it is as it is */
	struct sw_event event; /* reused: events are large */
};

/* ---- core/scheduler.c ---- */

void sw_scheduler_emit(struct sw_scheduler *s);
void sw_scheduler_note(struct sw_scheduler *s, const char *text);
/* All turns are over: the runners are finished one after the other, then the session ends. */
void sw_scheduler_finish(struct sw_scheduler *s);

/* ---- core/scheduler_turn.c ---- */

/* Between turns: begins the next, or pauses, or ends. */
void sw_scheduler_next_turn(void *user);
/* What was just emitted is to be on disk before anything more is measured. */
void sw_scheduler_go_on_when_acked(struct sw_scheduler *s);
/* The slot's iteration has ended or was dropped: it takes another, or the turn ends. */
void sw_scheduler_slot_free(struct sw_slot *slot);
/* What slots waited for may be in the journal now, or need not be there any more. */
void sw_scheduler_recheck_slots(struct sw_scheduler *s);
/* Whether an iteration will begin once SLOT is free. */
bool sw_scheduler_turn_goes_on(const struct sw_scheduler *s);

/* `iterations: auto`: looks whether that is enough, if it is time to look. */
void sw_scheduler_decide_length(struct sw_scheduler *s);

/* ---- core/scheduler_restore.c ---- */

/* All was read that there was. */
void sw_scheduler_restored(struct sw_scheduler *s);
/* Moves next_in_turn past what an earlier process has done of the turn; all of a warm-up for nothing. */
void sw_scheduler_skip_done(struct sw_scheduler *s);
/* No counted iteration of MODE is left, or of any. */
bool sw_scheduler_is_mode_done(const struct sw_scheduler *s, int mode);
bool sw_scheduler_is_all_done(const struct sw_scheduler *s);

/* ---- core/scheduler_breaker.c ---- */

/* Whether SLOT's next attempt is one in a sandbox, which the breaker is about. */
bool sw_slot_is_sandboxed(const struct sw_slot *slot);
/* As sw_breaker_ask. PROBE: it is under way, and sw_slot_probed follows, never from inside this call. */
enum sw_breaker_answer sw_slot_ask_breaker(struct sw_slot *slot);
/* Tells the breaker how the attempt that it let go ended. Where it opened, who waits for a retry is not made
 * to wait. */
void sw_slot_tell_breaker(struct sw_slot *slot);
/* Whether the slot waits for the engine instead of being refused: its attempt is asked for again then. */
bool sw_slot_waits(struct sw_slot *slot);
/* slot->checked becomes that of an attempt that was not made. */
void sw_slot_not_asked(struct sw_slot *slot);

/* ---- core/scheduler_attempt.c ---- */

/* SLOT's next attempt (a struct sw_slot): it is made, or refused soon, or waits for a probe. */
void sw_slot_attempt(void *slot);
/* The probe is over: the slot asks again, or, without an answer, its attempt is refused; or its iteration
 * ends, as was asked for meanwhile. */
void sw_slot_probed(struct sw_slot *slot, bool is_answered);
/* Starts the iteration that slot->attempt names. */
void sw_slot_begin(struct sw_slot *slot);
/* Ends the one that is under way early, as asked for. */
void sw_slot_drop(struct sw_slot *slot);
void sw_slot_cancel(struct sw_slot *slot);
void sw_slot_stop(struct sw_slot *slot);

#endif
