#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "core/error.h"
#include "core/journal_load.h"
#include "core/loop.h"
#include "core/player.h"
#include "core/stats.h"
#include "tests/unit/core/recorded_run.h"

enum { ITERATIONS = 12, LOG = 4096 };

/* The loop's clock and sleep: time passes only while it sleeps, and by `cost` at each look at it. */
static int64_t now_ns, cost_ns;
static bool idle; /* nothing is ready and nothing is due */

int clock_gettime(clockid_t clock, struct timespec *out)
{
	(void)clock;
	now_ns += cost_ns;
	*out = (struct timespec){.tv_sec = now_ns / 1000000000, .tv_nsec = now_ns % 1000000000};
	return 0;
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec none = {0};
	int ready = (int)syscall(SYS_ppoll, fds, n, &none, mask, _NSIG / 8);
	idle = ready == 0 && !timeout;
	if (ready == 0 && timeout)
		now_ns += timeout->tv_sec * 1000000000 + timeout->tv_nsec;
	return ready;
}

static struct {
	struct sw_session *session;
	uint64_t events;
	int restarted, arrived, ended, failed;
	struct {
		int64_t t_ns, at_ns;
	} log[LOG];
} seen;

static char dir[] = "/tmp/sw-player-XXXXXX";
static char path[64];
static struct sw_loop *loop;
static struct sw_player *player;
static struct sw_buf buf, shot, shot2;
static struct recorder recorder;
static struct sw_error err;
static void (*during)(const struct sw_event *event);

static void on_event(void *user, const struct sw_event *event)
{
	(void)user;
	if (seen.events < LOG) {
		seen.log[seen.events].t_ns = event->t_ns;
		seen.log[seen.events].at_ns = now_ns;
	}
	seen.events++;
	assert_int_equal(sw_session_apply(seen.session, event), 0);
	if (during)
		during(event);
}

static void on_restarted(void *user)
{
	(void)user;
	seen.restarted++;
	seen.events = 0;
	sw_session_free(seen.session);
	seen.session = sw_session_new();
}

static void on_arrived(void *user)
{
	(void)user;
	seen.arrived++;
}

static void on_ended(void *user)
{
	(void)user;
	seen.ended++;
}

static void on_failed(void *user, const struct sw_error *why)
{
	(void)user;
	seen.failed++;
	err = *why;
}

static const struct sw_player_ops ops = {on_event, on_restarted, on_arrived, on_ended, on_failed};

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	sw_buf_init(&buf, 0);
	sw_buf_init(&shot, 0);
	sw_buf_init(&shot2, 0);
	memset(&seen, 0, sizeof seen);
	during = NULL;
	now_ns = 1000000;
	cost_ns = 0;
	seen.session = sw_session_new();
	return seen.session && sw_loop_new(&loop, &err) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_player_free(player);
	player = NULL;
	sw_loop_free(loop);
	loop = NULL;
	sw_session_free(seen.session);
	sw_buf_done(&buf);
	sw_buf_done(&shot);
	sw_buf_done(&shot2);
	unlink(path);
	rmdir(dir);
	return 0;
}

static void open_player(void)
{
	assert_int_equal(record_write(path, O_CREAT | O_TRUNC, buf.data, buf.len), 0);
	assert_int_equal(sw_player_new(loop, path, &ops, NULL, &player, &err), 0);
	assert_int_equal(seen.events, 0); /* nothing from inside a call */
}

/* A recording of 3 + 8 * ITERATIONS + 1 events. */
static void open_recording(void)
{
	record_start(&recorder, &buf, ITERATIONS);
	record_end(&recorder);
	open_player();
}

/* Until nothing is left to do. */
static void run(void)
{
	do
		assert_int_equal(sw_loop_step(loop, &err), 0);
	while (!idle);
}

static void stop_loop(void *user)
{
	*(bool *)user = true;
}

static void run_for(int64_t ns)
{
	struct sw_timer timer = {0};
	bool over = false;
	assert_int_equal(sw_loop_arm(loop, &timer, now_ns + ns, stop_loop, &over), 0);
	while (!over)
		assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void assert_same_as_read_at_once(void)
{
	struct sw_journal_stats stats;
	struct sw_session *whole = sw_session_new();
	int status = sw_journal_load(path, whole, &stats, &err);
	sw_buf_clear(&shot);
	sw_buf_clear(&shot2);
	status |= record_snapshot(whole, &shot) | record_snapshot(seen.session, &shot2);
	sw_session_free(whole);
	assert_int_equal(status, 0);
	assert_int_equal(seen.events, stats.events);
	assert_int_equal(shot.len, shot2.len);
	assert_memory_equal(shot.data, shot2.data, shot.len);
}

static void every_event_comes_in_its_time(void **state)
{
	static const double speeds[] = {1, 0.1, 8, 1000};
	(void)state;
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		record_start(&recorder, &buf, ITERATIONS);
		record_end(&recorder);
		int64_t start = now_ns;
		open_player();
		assert_int_equal(sw_player_duration(player), recorder.t_ns);
		sw_player_set_speed(player, speeds[i]);
		run();
		assert_int_equal(seen.events, recorder.seq);
		for (uint64_t n = 0; n < seen.events; n++) {
			double late = (double)(seen.log[n].at_ns - start) -
			              (double)seen.log[n].t_ns / speeds[i];
			assert_true(late > -2 && late < 2);
		}
		assert_int_equal(seen.ended, 1);
		assert_int_equal(sw_player_state(player), SW_PLAYER_ENDED);
		assert_int_equal(sw_player_position(player), recorder.t_ns);
		assert_same_as_read_at_once();
		sw_player_free(player);
		player = NULL;
		on_restarted(NULL);
		seen.ended = 0;
		sw_buf_clear(&buf);
	}
}

static void as_fast_as_possible_takes_no_time(void **state)
{
	(void)state;
	open_recording();
	int64_t start = now_ns;
	sw_player_set_speed(player, INFINITY);
	run();
	assert_int_equal(now_ns, start);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(sw_player_position(player), recorder.t_ns);
	assert_same_as_read_at_once();
}

static void speeds_are_clamped(void **state)
{
	(void)state;
	open_recording();
	sw_player_set_speed(player, 0);
	assert_true(fabs(sw_player_speed(player) - SW_PLAYER_SPEED_MIN) < 1e-9);
	sw_player_set_speed(player, NAN);
	assert_true(fabs(sw_player_speed(player) - SW_PLAYER_SPEED_MIN) < 1e-9);
	sw_player_set_speed(player, 1e9);
	assert_true(fabs(sw_player_speed(player) - SW_PLAYER_SPEED_MAX) < 1e-9);
}

/* The playhead goes on from where it was, at the new speed. */
static void the_speed_may_change_on_the_way(void **state)
{
	(void)state;
	open_recording();
	run_for(105 * RUN_MS);
	assert_int_equal(sw_player_position(player), 105 * RUN_MS);
	uint64_t told = seen.events;
	sw_player_set_speed(player, 0.5);
	run_for(8 * RUN_MS);
	assert_int_equal(sw_player_position(player), 109 * RUN_MS);
	assert_int_equal(seen.events, told);
	run_for(2 * RUN_MS);
	assert_int_equal(seen.events, told + 1);
	sw_player_set_speed(player, 10);
	run_for(10 * RUN_MS);
	assert_int_equal(sw_player_position(player), 210 * RUN_MS);
	run();
	assert_same_as_read_at_once();
}

static void paused_nothing_moves(void **state)
{
	(void)state;
	open_recording();
	run_for(57 * RUN_MS);
	uint64_t told = seen.events;
	sw_player_pause(player);
	assert_int_equal(sw_player_state(player), SW_PLAYER_PAUSED);
	run(); /* nothing is due at all */
	run_for(60000 * RUN_MS);
	assert_int_equal(seen.events, told);
	assert_int_equal(sw_player_position(player), 57 * RUN_MS);
	sw_player_resume(player);
	assert_int_equal(sw_player_state(player), SW_PLAYER_PLAYING);
	run_for(2 * RUN_MS);
	assert_int_equal(seen.events, told);
	run_for(1 * RUN_MS);
	assert_int_equal(seen.events, told + 1);
	run();
	assert_int_equal(seen.ended, 1);
	assert_same_as_read_at_once();
}

static void a_step_is_one_event(void **state)
{
	(void)state;
	open_recording();
	sw_player_pause(player);
	run();
	assert_int_equal(seen.events, 0);
	for (uint64_t n = 1; n <= recorder.seq; n++) {
		sw_player_step(player);
		assert_int_equal(seen.events, n - 1);
		run();
		assert_int_equal(seen.events, n);
		assert_int_equal(sw_player_position(player), seen.log[n - 1].t_ns);
		assert_true(sw_player_is_paused(player));
	}
	sw_player_step(player);
	run();
	assert_int_equal(seen.events, recorder.seq);
	assert_int_equal(seen.ended, 1);
	assert_same_as_read_at_once();
}

/* From where a step left it, it plays on in the events' own time. */
static void after_steps_it_plays_on(void **state)
{
	(void)state;
	open_recording();
	for (int i = 0; i < 10; i++)
		sw_player_step(player);
	run();
	assert_int_equal(seen.events, 10);
	int64_t left = recorder.t_ns - sw_player_position(player), from = now_ns;
	sw_player_resume(player);
	run();
	assert_int_equal(now_ns - from, left);
	assert_same_as_read_at_once();
}

/* What has been told at T, straight from the start. */
static uint64_t events_until(int64_t t_ns)
{
	uint64_t n = 3;
	while (n < recorder.seq && (int64_t)(n - 2) * 10 * RUN_MS <= t_ns)
		n++;
	return n;
}

static void seeking_forward_folds_without_waiting(void **state)
{
	(void)state;
	open_recording();
	run_for(5 * RUN_MS);
	int64_t from = now_ns;
	sw_player_seek(player, 333 * RUN_MS);
	assert_int_equal(sw_player_state(player), SW_PLAYER_SEEKING);
	assert_int_equal(sw_player_position(player), 333 * RUN_MS); /* where it goes */
	while (seen.arrived == 0)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	assert_int_equal(now_ns, from);
	assert_int_equal(seen.restarted, 0);
	assert_int_equal(seen.events, events_until(333 * RUN_MS));
	assert_int_equal(sw_player_state(player), SW_PLAYER_PLAYING);
	assert_int_equal(sw_player_position(player), 333 * RUN_MS);
	run_for(8 * RUN_MS);
	assert_int_equal(seen.events, events_until(341 * RUN_MS));
	/* What happens at that very moment belongs to it; steps that were asked for before do not. */
	sw_player_step(player);
	sw_player_step(player);
	sw_player_seek(player, 500 * RUN_MS);
	run();
	assert_int_equal(seen.arrived, 2);
	assert_int_equal(seen.events, events_until(500 * RUN_MS));
}

static void seeking_back_starts_anew(void **state)
{
	(void)state;
	open_recording();
	sw_player_set_speed(player, INFINITY);
	run();
	assert_int_equal(seen.ended, 1);
	sw_player_pause(player);
	sw_player_seek_fraction(player, 0.5);
	run();
	assert_int_equal(seen.restarted, 1);
	assert_int_equal(seen.arrived, 1);
	assert_int_equal(sw_player_state(player), SW_PLAYER_PAUSED);
	assert_int_equal(sw_player_position(player), recorder.t_ns / 2);
	assert_int_equal(seen.events, events_until(recorder.t_ns / 2));
	assert_int_equal(seen.events, sw_player_stats(player)->events - 1); /* one is waiting */
	sw_player_seek_fraction(player, 0.6); /* behind where it is, before where it was */
	run();
	assert_int_equal(seen.restarted, 1);
	assert_int_equal(seen.arrived, 2);
	sw_player_resume(player);
	run();
	assert_int_equal(seen.ended, 2);
	assert_same_as_read_at_once();
}

/* Back within the silence since the last event: nothing to forget. */
static void a_short_way_back_tells_nothing_again(void **state)
{
	(void)state;
	open_recording();
	run_for(48 * RUN_MS);
	uint64_t told = seen.events;
	sw_player_seek(player, 41 * RUN_MS);
	while (seen.arrived == 0)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	assert_int_equal(seen.restarted, 0);
	assert_int_equal(seen.events, told);
	assert_int_equal(sw_player_position(player), 41 * RUN_MS);
	run_for(8 * RUN_MS);
	assert_int_equal(seen.events, told);
	run_for(1 * RUN_MS);
	assert_int_equal(seen.events, told + 1);
}

static void whatever_was_pressed_it_ends_the_same(void **state)
{
	struct sw_rng rng;
	(void)state;
	sw_rng_seed(&rng, 11);
	open_recording();
	for (int i = 0; i < 600; i++) {
		switch (sw_rng_below(&rng, 7)) {
		case 0:
			sw_player_seek(player, (int64_t)sw_rng_below(&rng, 2000) * RUN_MS - 300 * RUN_MS);
			break;
		case 1:
			sw_player_seek_fraction(player, (double)sw_rng_below(&rng, 12) / 10 - 0.05);
			break;
		case 2:
			sw_player_pause(player);
			break;
		case 3:
			sw_player_resume(player);
			break;
		case 4:
			sw_player_step(player);
			break;
		case 5:
			sw_player_set_speed(player, (double)sw_rng_below(&rng, 50) / 5);
			break;
		default:
			run_for((int64_t)sw_rng_below(&rng, 60) * RUN_MS);
		}
		int64_t at = sw_player_position(player);
		assert_true(at >= 0 && at <= sw_player_duration(player));
		assert_int_equal(seen.failed, 0);
	}
	assert_true(seen.restarted > 20 && seen.arrived > 20);
	sw_player_resume(player);
	sw_player_set_speed(player, INFINITY);
	run();
	assert_int_equal(sw_player_state(player), SW_PLAYER_ENDED);
	assert_same_as_read_at_once();
}

static int between;
static double progress;

static void on_between(void *user)
{
	double now = sw_player_seek_progress(player);
	between++;
	if (sw_player_state(player) == SW_PLAYER_SEEKING && !seen.arrived) {
		assert_true(now >= progress && now <= 1);
		progress = now;
		assert_int_equal(sw_loop_arm(loop, user, now_ns, on_between, user), 0);
	}
}

/* The clock takes 1 ms per look: a slice is over after a few hundred events, and the rest of the loop has its
 * turn. */
static void a_long_seek_leaves_the_loop_alive(void **state)
{
	static struct sw_timer timer;
	(void)state;
	record_start(&recorder, &buf, 1000);
	open_player();
	run_for(RUN_MS);
	assert_true(sw_player_seek_progress(player) >= 1);
	cost_ns = RUN_MS;
	between = 0;
	progress = 0;
	sw_player_seek_fraction(player, 0.999);
	assert_int_equal(sw_loop_arm(loop, &timer, now_ns, on_between, &timer), 0);
	while (seen.arrived == 0)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	sw_loop_disarm(loop, &timer);
	assert_true(between > 10);
	assert_true(progress > 0.8);
	assert_true(seen.events > 7900);
}

static void seek_again(const struct sw_event *event)
{
	if (event->seq == 20 && seen.restarted < 3)
		sw_player_seek(player, 50 * RUN_MS);
	if (event->seq == 30) {
		during = NULL;
		sw_player_pause(player);
	}
}

static void callbacks_may_press_keys(void **state)
{
	(void)state;
	open_recording();
	during = seek_again;
	run();
	assert_int_equal(seen.restarted, 3);
	assert_int_equal(seen.events, 30);
	assert_int_equal(sw_player_state(player), SW_PLAYER_PAUSED);
	sw_player_resume(player);
	run();
	assert_same_as_read_at_once();
}

/* Times that jump to the end of the world and back make nobody wait. */
static void hostile_times(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	int64_t kept = recorder.t_ns;
	recorder.t_ns = INT64_MAX;
	record_begin(&recorder, SW_EVENT_RETRY, 0, 1);
	record(&recorder, 0);
	recorder.t_ns = 0;
	record_begin(&recorder, SW_EVENT_RETRY, 0, 1);
	record(&recorder, 0);
	recorder.t_ns = kept;
	record_end(&recorder);
	sw_buf_add_str(&buf, "\x1b]0;x\n{\"event\":\"note\",\"seq\":99,\"t_ns\":");
	int64_t from = now_ns;
	open_player();
	assert_int_equal(sw_player_duration(player), recorder.t_ns);
	run();
	assert_int_equal(seen.ended, 1);
	assert_int_equal(now_ns - from, recorder.t_ns);
	assert_int_equal(sw_player_stats(player)->broken, 1);
	assert_true(sw_player_stats(player)->torn);
	assert_same_as_read_at_once();
}

static void a_journal_without_a_readable_end(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	for (int i = 0; i < 70000; i++)
		sw_buf_add_str(&buf, "x");
	open_player();
	assert_int_equal(sw_player_duration(player), 0);
	run();
	assert_int_equal(seen.ended, 1);
	assert_same_as_read_at_once();
	sw_player_seek_fraction(player, 0);
	run();
	assert_int_equal(seen.arrived, 1);
}

static void an_empty_journal_ends_at_once(void **state)
{
	(void)state;
	open_player();
	run();
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.events, 0);
}

static void errors(void **state)
{
	(void)state;
	assert_int_equal(sw_player_new(loop, path, &ops, NULL, &player, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(sw_player_new(loop, dir, &ops, NULL, &player, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_null(player);
	sw_player_free(NULL);
	/* Cut while it is played: what is left is not what was begun. */
	open_recording();
	run_for(50 * RUN_MS);
	assert_int_equal(truncate(path, 10), 0);
	sw_player_set_speed(player, INFINITY);
	run();
	assert_int_equal(seen.failed, 1);
	assert_int_equal(seen.ended, 0);
	assert_int_equal(sw_player_state(player), SW_PLAYER_FAILED);
	sw_player_seek(player, 0);
	sw_player_step(player);
	run();
	assert_int_equal(seen.failed, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_event_comes_in_its_time),
		TEST(as_fast_as_possible_takes_no_time),
		TEST(speeds_are_clamped),
		TEST(the_speed_may_change_on_the_way),
		TEST(paused_nothing_moves),
		TEST(a_step_is_one_event),
		TEST(after_steps_it_plays_on),
		TEST(seeking_forward_folds_without_waiting),
		TEST(seeking_back_starts_anew),
		TEST(a_short_way_back_tells_nothing_again),
		TEST(whatever_was_pressed_it_ends_the_same),
		TEST(a_long_seek_leaves_the_loop_alive),
		TEST(callbacks_may_press_keys),
		TEST(hostile_times),
		TEST(a_journal_without_a_readable_end),
		TEST(an_empty_journal_ends_at_once),
		TEST(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
