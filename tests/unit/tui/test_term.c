#include "tests/unit/tui/pty_test.h"

#include <sys/stat.h>

/* ---- the child's parts ---- */

static void runs_until_q(void)
{
	open_term();
	say("open");
	run_loop();
	close_term();
	say("closed");
}

static void closes(void)
{
	sigset_t before, after;
	struct termios now;
	sigprocmask(SIG_BLOCK, NULL, &before);
	open_term();
	require(!(fcntl(0, F_GETFL) & O_NONBLOCK) && !(fcntl(1, F_GETFL) & O_NONBLOCK));
	require(sw_term_width(app.term) == 80 && sw_term_height(app.term) == 24);
	require(sw_term_depth(app.term) == SW_DEPTH_256 && sw_term_unicode(app.term));
	require(tcgetattr(0, &now) == 0 && !(now.c_lflag & ICANON));
	close_term();
	require(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* the guard is reaped */
	sigprocmask(SIG_BLOCK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		require(sigismember(&before, i) == sigismember(&after, i));
	require(!(fcntl(1, F_GETFL) & O_NONBLOCK));
	say("closed");
}

static void leaves_without_closing(void)
{
	open_term();
	_exit(7);
}

static void quiet(void)
{
	(void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
}

static void aborts(void)
{
	quiet();
	open_term();
	say("open");
	run_loop();
	abort();
}

static void raises(int number)
{
	quiet();
	open_term();
	(void)raise(number);
	_exit(0);
}

static void segfaults(void)
{
	raises(SIGSEGV);
}

static void divides_by_zero(void)
{
	raises(SIGFPE);
}

/* ---- given back ---- */

static void given_back_when_closed(void **state)
{
	(void)state;
	start(closes);
	heard("closed");
	assert_int_equal(wait_child(), 0);
	assert_non_null(seen(ENTERS "\033[22;0;0t\033[?25l\033[?1000h\033[?1006h\033[?2004h"));
	check_given_back(&pty.before);
}

static void given_back_by_whoever_just_exits(void **state)
{
	(void)state;
	start(leaves_without_closing);
	assert_int_equal(WEXITSTATUS(wait_child()), 7);
	check_given_back(&pty.before);
}

static void given_back_after_a_crash(void **state)
{
	static void (*const crashes[])(void) = {segfaults, divides_by_zero};
	static const int numbers[] = {SIGSEGV, SIGFPE};
	(void)state;
	for (int i = 0; i < 2; i++) {
		start(crashes[i]);
		int status = wait_child();
		/* the sanitizers end with a code of their own */
		assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == numbers[i]
		                                : WEXITSTATUS(status) != 0);
		check_given_back(&pty.before);
		close_one(&pty.said);
		close_one(&pty.told);
	}
}

/* Not by the guard, which is dead: so that a shell's "Aborted" comes behind it. */
static void given_back_by_the_crash_itself(void **state)
{
	pid_t guard = 0;
	(void)state;
	start(aborts);
	heard("open");
	for (int64_t end_ns = sw_clock_ns() + DEADLINE_NS; !guard && sw_clock_ns() < end_ns;)
		assert_int_equal(session_size(pty.child, &guard), 2); /* it has its name in a moment */
	assert_true(guard > 0);
	assert_int_equal(kill(guard, SIGKILL), 0);
	type("q");
	int status = wait_child();
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(modes_are(&pty.before));
	check_given_back(&pty.before);
}

static void killed_by(int number, bool whole_group)
{
	start(runs_until_q);
	heard("open");
	wait_seen("first frame");
	check_raw();
	assert_int_equal(kill(whole_group ? -pty.child : pty.child, number), 0);
	int status = wait_child();
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), number);
	check_given_back(&pty.before);
	close_one(&pty.said);
	close_one(&pty.told);
}

static void given_back_by_whoever_is_killed(void **state)
{
	(void)state;
	killed_by(SIGKILL, false);
	killed_by(SIGKILL, true); /* kill -9 %1 */
	killed_by(SIGTERM, true);
	killed_by(SIGHUP, true);
}

static void ctrl_c_stays_a_signal(void **state)
{
	(void)state;
	start(runs_until_q);
	heard("open");
	type("\003");
	int status = wait_child();
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	check_given_back(&pty.before);
}

static void leaves_a_child_behind(void)
{
	open_term();
	pid_t pid = fork();
	if (pid == 0) {
		(void)setsid();
		/* its end is noticed here: nothing else holds this pipe */
		(void)fcntl(child_says, F_SETFD, 0);
		(void)fcntl(child_hears, F_SETFD, 0);
		(void)dup2(child_hears, 0);
		execl("/bin/cat", "cat", (char *)NULL);
		_exit(1);
	}
	say("open");
	run_loop();
}

/* What was started meanwhile has no hold on the guard's pipe. */
static void given_back_although_a_child_lives_on(void **state)
{
	(void)state;
	start(leaves_a_child_behind);
	heard("open");
	/* It has executed: what is close-on-exec is closed. */
	tell("executed\n");
	wait_seen("executed");
	assert_int_equal(kill(pty.child, SIGKILL), 0);
	(void)wait_child();
	wait_seen(LEAVES);
	check_given_back(&pty.before);
	close_one(&pty.told); /* ends it */
}

/* Modes that were set by somebody who was faster are not touched. */
static void the_guard_respects_newer_modes(void **state)
{
	struct termios newer = pty.before;
	(void)state;
	start(runs_until_q);
	heard("open");
	newer.c_lflag &= ~(tcflag_t)ECHO;
	newer.c_cc[VMIN] = 5;
	assert_int_equal(tcsetattr(pty.slave, TCSANOW, &newer), 0);
	assert_int_equal(kill(pty.child, SIGKILL), 0);
	(void)wait_child();
	check_given_back(&newer);
}

/* ---- while it is open ---- */

static void keys_and_mouse_arrive(void **state)
{
	(void)state;
	start(runs_until_q);
	heard("open");
	type("j\033[A");
	heard("key j");
	heard("key Up");
	type("\033"); /* alone: after a moment */
	heard("key Esc");
	type("\r\023\021\026\017");
	heard("key Enter");
	heard("key Ctrl-S");
	heard("key Ctrl-Q");
	heard("key Ctrl-V");
	heard("key Ctrl-O");
	type("\033[<0;5;6M\033[<65;1;1M");
	heard("mouse 1 at 4,5");
	heard("mouse 3 at 0,0");
	type("q");
	heard("closed");
	assert_int_equal(wait_child(), 0);
	check_given_back(&pty.before);
}

static void sizes_arrive(void **state)
{
	(void)state;
	start(runs_until_q);
	heard("open");
	set_size(100, 30);
	heard("resized 100x30");
	wait_seen("screen of 100x30");
	set_size(1, 1);
	heard("resized 1x1");
	set_size(60, 16);
	heard("resized 60x16");
	wait_seen("screen of 60x16");
	type("q");
	assert_int_equal(wait_child(), 0);
	check_given_back(&pty.before);
}

static void may_not_open_it_again(void)
{
	require(fchmod(1, 0) == 0);
	require(getuid() != 0 || setuid(65534) == 0); /* as after su */
	require(open("/proc/self/fd/1", O_RDWR | O_NOCTTY | O_CLOEXEC) < 0);
	runs_until_q();
}

static void a_terminal_that_cannot_be_opened_again_does_as_well(void **state)
{
	(void)state;
	start(may_not_open_it_again);
	heard("open");
	wait_seen("first frame");
	check_raw();
	set_size(200, 60);
	heard("resized 200x60");
	wait_seen("screen of 200x60");
	type("\033[Bq");
	heard("key Down");
	heard("closed");
	assert_int_equal(wait_child(), 0);
	check_given_back(&pty.before);
}

static void one_cell_is_enough(void **state)
{
	(void)state;
	set_size(1, 1);
	start(runs_until_q);
	heard("open");
	wait_seen("f\033[0m\033[?2026l");
	type("q");
	heard("closed");
	assert_int_equal(wait_child(), 0);
	check_given_back(&pty.before);
}

static void notes_alive(void *user)
{
	(void)user;
	say("alive");
}

static void floods(void)
{
	struct sw_timer timer = {0};
	app.floods = true;
	open_term();
	fill('a');
	require(!sw_term_present(app.term, app.canvas, &app.theme));
	say("busy");
	require(sw_loop_arm(app.loop, &timer, sw_clock_ns(), notes_alive, NULL) == 0);
	run_loop();
	close_term();
	say("closed");
}

static void a_terminal_that_is_not_read_stops_nothing(void **state)
{
	(void)state;
	set_size(200, 60);
	start(floods);
	heard_with("busy", false);
	heard_with("alive", false);
	type("x");
	heard_with("key x", false); /* it still listens */
	heard("ready");
	type("q");
	heard("closed");
	assert_int_equal(wait_child(), 0);
	check_given_back(&pty.before);
}

static void floods_and_closes(void)
{
	app.floods = true;
	open_term();
	require(!sw_term_present(app.term, app.canvas, &app.theme));
	close_term();
	say("closed");
}

/* Closing does not wait for ever either; the guard does the rest. */
static void a_terminal_that_is_not_read_is_given_back_once_it_is(void **state)
{
	(void)state;
	set_size(200, 60);
	start(floods_and_closes);
	heard_with("closed", false);
	assert_int_equal(waitpid(pty.child, NULL, 0), pty.child);
	assert_true(modes_are(&pty.before));
	check_given_back(&pty.before);
}

static void outlives_its_terminal(void)
{
	(void)signal(SIGHUP, SIG_IGN);
	runs_until_q();
}

static void a_hangup_is_told(void **state)
{
	(void)state;
	start(outlives_its_terminal);
	heard("open");
	close_one(&pty.slave);
	close_one(&pty.master);
	heard_with("gone", false);
	heard_with("closed", false);
	int status;
	assert_int_equal(waitpid(pty.child, &status, 0), pty.child);
	assert_int_equal(status, 0);
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	while (session_size(pty.child, NULL) > 0 && sw_clock_ns() < end_ns)
		pump(false);
	assert_int_equal(session_size(pty.child, NULL), 0);
	pty.child = 0;
}

/* ---- refused ---- */

static void opens_on_another_terminal(void)
{
	require(!sw_term_usable());
	open_term();
}

static void terminals_that_cannot_are_refused(void **state)
{
	static const char *const names[] = {"dumb", "", "no-such-terminal", "vt52", "hurd-but-unknown"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (*names[i])
			setenv("TERM", names[i], 1);
		else
			unsetenv("TERM");
		start(opens_on_another_terminal);
		assert_int_equal(WEXITSTATUS(wait_child()), 97);
		pump(true);
		assert_int_equal(strncmp(pty.lines, "not opened: 1 ", 14), 0); /* SW_ERR_USAGE */
		assert_non_null(strstr(pty.lines, *names[i] ? names[i] : "TERM is not set"));
		assert_int_equal(pty.n_seen, 0);
		assert_true(modes_are(&pty.before));
		wait_session_over();
		close_one(&pty.said);
		close_one(&pty.told);
	}
}

static void opens_without_stdout(void)
{
	(void)dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 1);
	opens_on_another_terminal();
}

static void no_terminal_is_refused(void **state)
{
	(void)state;
	start(opens_without_stdout);
	assert_int_equal(WEXITSTATUS(wait_child()), 97);
	assert_int_equal(pty.n_seen, 0);
}

static void says_what_it_is(void)
{
	open_term();
	say("depth %d unicode %d", (int)sw_term_depth(app.term), sw_term_unicode(app.term));
	close_term();
}

static void the_surroundings_decide_on_colours(void **state)
{
	static const struct {
		const char *term, *name, *value, *line;
	} cases[] = {
		{"xterm-256color", "COLORTERM", "truecolor", "depth 3 unicode 1"},
		{"xterm-256color", "NO_COLOR", "1", "depth 0 unicode 1"},
		{"linux", "COLORTERM", "", "depth 1 unicode 0"},
		{"vt100", "COLORTERM", "", "depth 0 unicode 1"},
		{"xterm-new-and-shiny", "COLORTERM", "", "depth 2 unicode 1"},
		{"screen-256color", "COLORTERM", "", "depth 2 unicode 1"},
		{"tmux", "COLORTERM", "", "depth 1 unicode 1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("TERM", cases[i].term, 1);
		setenv(cases[i].name, cases[i].value, 1);
		start(says_what_it_is);
		heard(cases[i].line);
		assert_int_equal(wait_child(), 0);
		assert_true(modes_are(&pty.before));
		wait_session_over();
		close_one(&pty.said);
		close_one(&pty.told);
		unsetenv("NO_COLOR");
		unsetenv("COLORTERM");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(given_back_when_closed, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(given_back_by_whoever_just_exits, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(given_back_after_a_crash, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(given_back_by_the_crash_itself, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(given_back_by_whoever_is_killed, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(ctrl_c_stays_a_signal, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(given_back_although_a_child_lives_on, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(the_guard_respects_newer_modes, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(keys_and_mouse_arrive, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(sizes_arrive, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(a_terminal_that_cannot_be_opened_again_does_as_well,
	                                    open_pty, close_pty),
		cmocka_unit_test_setup_teardown(one_cell_is_enough, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(a_terminal_that_is_not_read_stops_nothing, open_pty,
	                                    close_pty),
		cmocka_unit_test_setup_teardown(a_terminal_that_is_not_read_is_given_back_once_it_is,
	                                    open_pty, close_pty),
		cmocka_unit_test_setup_teardown(a_hangup_is_told, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(terminals_that_cannot_are_refused, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(no_terminal_is_refused, open_pty, close_pty),
		cmocka_unit_test_setup_teardown(the_surroundings_decide_on_colours, open_pty, close_pty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
