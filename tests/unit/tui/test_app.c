#include "tests/unit/tui/pty_test.h"

#include "core/plan.h"
#include "tui/app.h"

/* How many frames, and when: of one program that shows nothing. */
enum { FPS = 50, FRAMES = 6 };
#define FRAME_NS (INT64_C(1000000000) / FPS)

static struct {
	struct sw_loop *loop;
	struct sw_app *app;
	bool is_moving, touches, says;
	int frames, stop_after;
	int64_t shortest_ns, last_ns;
} shown;

static void refresh(void *user)
{
	int64_t now_ns = sw_clock_ns();
	(void)user;
	if (shown.frames++ && now_ns - shown.last_ns < shown.shortest_ns)
		shown.shortest_ns = now_ns - shown.last_ns;
	shown.last_ns = now_ns;
	/* As events do that are taken here. */
	if (shown.touches || (shown.says && shown.frames == 2))
		sw_app_touch(shown.app);
	if (shown.frames == shown.stop_after)
		sw_loop_stop(shown.loop);
}

static void draw(void *user, struct sw_app *shell, struct sw_area area)
{
	(void)user;
	(void)shell;
	(void)area;
}

static void head(void *user, struct sw_head *out_head)
{
	(void)user;
	(void)out_head;
}

static bool moving(void *user)
{
	(void)user;
	return shown.is_moving;
}

static void act(void *user, enum sw_action action)
{
	(void)user;
	(void)action;
}

static void gone(void *user)
{
	(void)user;
}

static void over(void *user)
{
	sw_loop_stop(user);
}

static void begin(void *user)
{
	(void)user;
	if (shown.says)
		sw_app_say(shown.app, SW_ROLE_TEXT, "a message");
}

/* Runs it until stop_after frames, or for as long as FRAMES frames would take. */
static void show(void)
{
	static const struct sw_screen screen = {.name = "nothing", .draw = draw};
	static const struct sw_screen *const screens[] = {&screen};
	struct sw_program program = {.screens = screens,
	                             .n_screens = 1,
	                             .refresh = refresh,
	                             .head = head,
	                             .moving = moving,
	                             .act = act,
	                             .gone = gone};
	struct sw_timer timer = {0}, first = {0};
	struct sw_plan plan;
	struct sw_error err;
	sw_plan_defaults(&plan);
	plan.fps = FPS;
	shown.shortest_ns = INT64_MAX;
	require(sw_loop_new(&shown.loop, &err) == 0);
	require(sw_app_open(shown.loop, &plan, &program, &shown.app, &err) == 0);
	require(sw_loop_arm(shown.loop, &first, 0, begin, NULL) == 0);
	if (!shown.stop_after)
		require(sw_loop_arm(shown.loop, &timer, sw_clock_ns() + FRAMES * FRAME_NS, over,
		                    shown.loop) == 0);
	require(sw_loop_run(shown.loop, &err) == 0);
	sw_app_close(shown.app);
	sw_loop_free(shown.loop);
	sw_plan_done(&plan);
}

static void moves(void)
{
	shown.is_moving = shown.touches = true;
	shown.stop_after = FRAMES;
	show();
	/* Timers are never early; only the way from the clock to here may be shorter than before. */
	say("%s", shown.shortest_ns >= FRAME_NS * 3 / 4 ? "paced" : "in a hurry");
}

static void stands_still(void)
{
	show();
	say("%d frame", shown.frames);
}

static void says_something(void)
{
	shown.says = true;
	show();
	say("%d frames", shown.frames);
}

static void frames_keep_their_distance(void **state)
{
	(void)state;
	start(moves);
	heard("paced");
	assert_int_equal(wait_child(), 0);
}

static void what_stands_still_is_drawn_once(void **state)
{
	(void)state;
	start(stands_still);
	heard("1 frame");
	assert_int_equal(wait_child(), 0);
}

/* The second frame shows the message, which stands for seconds; what comes then is in a third. */
static void a_message_keeps_no_frame_waiting(void **state)
{
	(void)state;
	start(says_something);
	heard("3 frames");
	assert_int_equal(wait_child(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_keep_their_distance, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(what_stands_still_is_drawn_once, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(a_message_keeps_no_frame_waiting, open_pty, close_pty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
