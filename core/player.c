#include "core/player.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/loop.h"

#define SLICE_NS INT64_C(4000000)
#define NEVER_NS INT64_C(4000000000000000000)

enum { CLOCK_EVERY = 64 }; /* events between two looks at the clock */

struct sw_player {
	struct sw_loop *loop;
	const struct sw_player_ops *ops;
	void *user;
	struct sw_journal_reader *reader;
	struct sw_timer turn;
	const struct sw_event *pending; /* the reader's, read but not told */
	int64_t duration_ns;
	int64_t told_ns; /* the newest of all events told since the start */
	/* At the time anchor_clock the playhead stood at anchor_ns. */
	int64_t anchor_ns, anchor_clock;
	double speed;
	bool paused, ended, failed;
	bool seeking, rewind; /* rewind: to the start first */
	int64_t target_ns, seek_from_ns;
	int steps; /* events to be told although it is paused */
};

static void turn(void *user);

/* A timestamp beyond the end is damage, and must not make anybody wait. */
static int64_t time_of(const struct sw_player *player, const struct sw_event *event)
{
	return event->t_ns < player->duration_ns ? event->t_ns : player->duration_ns;
}

static void fail(struct sw_player *player, const struct sw_error *err)
{
	player->failed = true;
	sw_loop_disarm(player->loop, &player->turn);
	player->ops->failed(player->user, err);
}

/* A timer even for now, not a deferred call: descriptors have their turn in between. */
static void turn_at(struct sw_player *player, int64_t clock_ns)
{
	if (!player->failed && sw_loop_arm(player->loop, &player->turn, clock_ns, turn, player) < 0)
		player->failed = true;
}

static int64_t position_at(const struct sw_player *player, int64_t clock_ns)
{
	if (player->ended)
		return player->duration_ns;
	if (player->paused || player->seeking || isinf(player->speed))
		return player->anchor_ns;
	double moved = (double)(clock_ns - player->anchor_clock) * player->speed;
	double left = (double)(player->duration_ns - player->anchor_ns);
	return moved < left ? player->anchor_ns + (int64_t)moved : player->duration_ns;
}

static void anchor(struct sw_player *player, int64_t position_ns, int64_t clock_ns)
{
	player->anchor_ns = position_ns;
	player->anchor_clock = clock_ns;
}

/* Sets the anchor to where the playhead is, before what moves it changes. */
static int64_t settle(struct sw_player *player)
{
	int64_t now = sw_clock_ns();
	anchor(player, position_at(player, now), now);
	return now;
}

static int64_t due(const struct sw_player *player, int64_t t_ns)
{
	double wait = (double)(t_ns - player->anchor_ns) / player->speed;
	if (wait <= 0)
		return player->anchor_clock;
	return wait < (double)NEVER_NS ? player->anchor_clock + (int64_t)wait : NEVER_NS;
}

/* ---- telling ---- */

/* Fills in pending. 1: there is one, 0: the end, -1: failed. */
static int look_ahead(struct sw_player *player)
{
	struct sw_error err;
	if (player->pending)
		return 1;
	switch (sw_journal_reader_next(player->reader, &player->pending, &err)) {
	case SW_JOURNAL_EVENT:
		return 1;
	case SW_JOURNAL_END:
		return 0;
	case SW_JOURNAL_RESTARTED:
		sw_error_set(&err, SW_ERR_IO, 0, "the journal was replaced while it was played");
		break;
	case SW_JOURNAL_ERROR:
		break;
	}
	fail(player, &err);
	return -1;
}

static void tell(struct sw_player *player)
{
	const struct sw_event *event = player->pending;
	int64_t t_ns = time_of(player, event);
	player->pending = NULL;
	if (t_ns > player->told_ns)
		player->told_ns = t_ns;
	if ((isinf(player->speed) || player->paused) && player->anchor_ns < player->told_ns)
		player->anchor_ns = player->told_ns;
	player->ops->event(player->user, event);
}

/* Whether the pending event is to be told now; else *OUT_CLOCK says when, -1: not by itself. */
static bool is_due(const struct sw_player *player, int64_t now, int64_t *out_clock)
{
	int64_t t_ns = time_of(player, player->pending);
	*out_clock = -1;
	if (player->seeking)
		return t_ns <= player->target_ns;
	if (player->paused)
		return player->steps > 0;
	if (isinf(player->speed))
		return true;
	*out_clock = due(player, t_ns);
	return *out_clock <= now;
}

static void arrive(struct sw_player *player)
{
	player->seeking = false;
	anchor(player, player->target_ns, sw_clock_ns());
	if (player->ops->arrived)
		player->ops->arrived(player->user);
}

static void end(struct sw_player *player)
{
	player->ended = true;
	player->steps = 0;
	if (player->ops->ended)
		player->ops->ended(player->user);
}

static int restart(struct sw_player *player)
{
	struct sw_error err;
	player->rewind = player->ended = false;
	player->pending = NULL;
	player->told_ns = 0;
	if (sw_journal_reader_rewind(player->reader, &err) < 0) {
		fail(player, &err);
		return -1;
	}
	if (player->ops->restarted)
		player->ops->restarted(player->user);
	return 0;
}

/* Tells what is due, until nothing is or the slice is over. Callbacks may change everything. */
static void turn(void *user)
{
	struct sw_player *player = user;
	int64_t now = sw_clock_ns(), until = now + SLICE_NS, clock_ns;
	for (int n = 1; !player->failed; n++) {
		if (player->rewind && restart(player) < 0)
			return;
		int ahead = look_ahead(player);
		if (ahead < 0)
			return;
		bool due_now = ahead && is_due(player, now, &clock_ns);
		if (!due_now && player->seeking) {
			arrive(player);
		} else if (!ahead) {
			if (!player->ended)
				end(player);
			return;
		} else if (!due_now) {
			if (clock_ns >= 0)
				turn_at(player, clock_ns);
			return;
		} else {
			player->steps -= !player->seeking && player->steps > 0;
			tell(player);
		}
		if (n % CLOCK_EVERY == 0 && (now = sw_clock_ns()) >= until) {
			turn_at(player, now);
			return;
		}
	}
}

/* ---- controls ---- */

int sw_player_new(struct sw_loop *loop, const char *path, const struct sw_player_ops *ops,
                  void *user, struct sw_player **out_player, struct sw_error *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return sw_error_set(err, SW_ERR_IO, 0, "cannot play %s: it is not a file", path);
	struct sw_player *player = calloc(1, sizeof *player);
	struct sw_event *last = malloc(sizeof *last);
	int status = player && last
	                 ? sw_journal_reader_open(path, &player->reader, err)
	                 : sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot play %s", path);
	if (status == 0) {
		player->loop = loop;
		player->ops = ops;
		player->user = user;
		player->speed = 1;
		if (sw_journal_reader_last(player->reader, last))
			player->duration_ns = last->t_ns;
		anchor(player, 0, sw_clock_ns());
		turn_at(player, player->anchor_clock);
		if (player->failed)
			status = sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot play %s", path);
	}
	free(last);
	if (status < 0) {
		sw_player_free(player);
		return -1;
	}
	*out_player = player;
	return 0;
}

void sw_player_free(struct sw_player *player)
{
	if (!player)
		return;
	if (player->loop)
		sw_loop_disarm(player->loop, &player->turn);
	sw_journal_reader_free(player->reader);
	free(player);
}

void sw_player_set_speed(struct sw_player *player, double speed)
{
	int64_t now = settle(player);
	if (!(speed >= SW_PLAYER_SPEED_MIN))
		speed = SW_PLAYER_SPEED_MIN;
	if (speed > SW_PLAYER_SPEED_MAX && !isinf(speed))
		speed = SW_PLAYER_SPEED_MAX;
	player->speed = speed;
	turn_at(player, now);
}

double sw_player_speed(const struct sw_player *player)
{
	return player->speed;
}

void sw_player_pause(struct sw_player *player)
{
	(void)settle(player);
	player->paused = true;
}

void sw_player_resume(struct sw_player *player)
{
	int64_t now = settle(player);
	player->paused = false;
	player->steps = 0;
	turn_at(player, now);
}

void sw_player_step(struct sw_player *player)
{
	int64_t now = settle(player);
	player->paused = true;
	if (!player->ended)
		player->steps++;
	turn_at(player, now);
}

void sw_player_seek(struct sw_player *player, int64_t t_ns)
{
	int64_t now = settle(player);
	if (t_ns > player->duration_ns)
		t_ns = player->duration_ns;
	player->target_ns = t_ns > 0 ? t_ns : 0;
	player->steps = 0;
	player->seeking = true;
	/* Back within the silence after the last event nothing needs to be told again. */
	if (player->target_ns < player->told_ns)
		player->rewind = true;
	player->seek_from_ns = player->rewind ? 0 : player->told_ns;
	turn_at(player, now);
}

void sw_player_seek_fraction(struct sw_player *player, double fraction)
{
	if (!(fraction > 0))
		fraction = 0;
	if (fraction > 1)
		fraction = 1;
	sw_player_seek(player, (int64_t)(fraction * (double)player->duration_ns));
}

enum sw_player_state sw_player_state(const struct sw_player *player)
{
	if (player->failed)
		return SW_PLAYER_FAILED;
	if (player->seeking)
		return SW_PLAYER_SEEKING;
	if (player->ended)
		return SW_PLAYER_ENDED;
	return player->paused ? SW_PLAYER_PAUSED : SW_PLAYER_PLAYING;
}

bool sw_player_is_paused(const struct sw_player *player)
{
	return player->paused;
}

int64_t sw_player_position(const struct sw_player *player)
{
	return player->seeking ? player->target_ns : position_at(player, sw_clock_ns());
}

int64_t sw_player_duration(const struct sw_player *player)
{
	return player->duration_ns;
}

double sw_player_seek_progress(const struct sw_player *player)
{
	int64_t way = player->target_ns - player->seek_from_ns;
	if (!player->seeking || way <= 0)
		return player->seeking ? 0 : 1;
	if (player->rewind)
		return 0;
	double part = (double)(player->told_ns - player->seek_from_ns) / (double)way;
	return part < 1 ? part : 1;
}

const struct sw_journal_stats *sw_player_stats(const struct sw_player *player)
{
	return sw_journal_reader_stats(player->reader);
}
