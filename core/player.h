/* Hides the time of a recorded journal: when each of its events is due, at which speed, and where the
 * playhead is. Must not know what the events add up to, nor who watches.
 *
 * Events come in the journal's order, each once since the start or the last `restarted`: whoever
 * folds them ends in the state that reading the file at once ends in, whatever was pressed in between.
 * On the loop's thread; callbacks come from sw_loop_run only (never from inside a call made here), and
 * may call anything here but free. Times are ns since the session's start, as the events' t_ns. */
#ifndef SW_PLAYER_H
#define SW_PLAYER_H

#include "core/journal_read.h"

struct sw_error;
struct sw_loop;
struct sw_player;

#define SW_PLAYER_SPEED_MIN 0.1
#define SW_PLAYER_SPEED_MAX 1000.0

enum sw_player_state {
	SW_PLAYER_PLAYING,
	SW_PLAYER_PAUSED,
	SW_PLAYER_SEEKING, /* on the way to another time, as fast as it goes */
	SW_PLAYER_ENDED,   /* all is told; seeking back plays on */
	SW_PLAYER_FAILED,
};

/* Each may be NULL but event and failed. */
struct sw_player_ops {
	void (*event)(void *user, const struct sw_event *event); /* only valid during the call */
	void (*restarted)(void *user); /* seeking back: forget everything, it follows from the start */
	void (*arrived)(void *user);   /* a seek is done */
	void (*ended)(void *user);
	void (*failed)(void *user, const struct sw_error *err);
};

/* Plays PATH, a file, from its start at speed 1; the first events follow from sw_loop_run. What a
 * writer adds later is played too, but the duration stays as it was found. OPS is borrowed. */
int sw_player_new(struct sw_loop *loop, const char *path, const struct sw_player_ops *ops,
                  void *user, struct sw_player **out_player, struct sw_error *err);
void sw_player_free(struct sw_player *player); /* NULL is fine */

/* SW_PLAYER_SPEED_MIN..MAX, others are clamped; INFINITY (<math.h>) is as fast as possible. */
void sw_player_set_speed(struct sw_player *player, double speed);
double sw_player_speed(const struct sw_player *player);

void sw_player_pause(struct sw_player *player);
void sw_player_resume(struct sw_player *player); /* speed as before */

/* Tells one more event and stays paused there. */
void sw_player_step(struct sw_player *player);

/* Goes to T_NS (clamped to 0..duration): all events up to it are told without waiting. Back from
 * there, `restarted` comes first. Then it plays, or is paused, as before. A new seek replaces one that
 * is under way. */
void sw_player_seek(struct sw_player *player, int64_t t_ns);
void sw_player_seek_fraction(struct sw_player *player, double fraction); /* 0..1 of the duration */

enum sw_player_state sw_player_state(const struct sw_player *player);

/* Whether it is paused, or will be once a seek has arrived. */
bool sw_player_is_paused(const struct sw_player *player);

/* The playhead: moves between events too; never beyond the duration. While it seeks, where it goes:
 * so that "10 s on", pressed twice, is 20 s. */
int64_t sw_player_position(const struct sw_player *player);

/* The time of the last event that the file held when it was opened: 0 when none is near its end. */
int64_t sw_player_duration(const struct sw_player *player);

/* 0..1: how far a seek is; 1 when there is none. */
double sw_player_seek_progress(const struct sw_player *player);

const struct sw_journal_stats *sw_player_stats(const struct sw_player *player);

#endif
