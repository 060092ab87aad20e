/* Job control: between the test and the program stands what a shell does, in a few lines. */
#include "tests/unit/tui/pty_test.h"

static void job(void)
{
	open_term();
	say("open");
	run_loop();
	close_term();
	say("closed");
	_exit(0);
}

/* Puts a stopped or ended job's terminal into modes of its own, as readline does. */
static void shell_modes(void)
{
	struct termios modes;
	require(tcgetattr(0, &modes) == 0);
	modes.c_lflag |= ICANON;
	modes.c_lflag &= ~(tcflag_t)ECHO;
	modes.c_cc[VERASE] = 0x15;
	require(tcsetattr(0, TCSANOW, &modes) == 0);
}

static pid_t shell_job;

static void shell_waits(void)
{
	int status;
	require(waitpid(shell_job, &status, WUNTRACED) == shell_job);
	require(tcsetpgrp(0, getpgrp()) == 0);
	if (WIFSTOPPED(status)) {
		struct termios modes;
		require(tcgetattr(0, &modes) == 0);
		say("stopped by %d %s", WSTOPSIG(status), modes.c_lflag & ICANON ? "tidy" : "raw");
		shell_modes();
		say("prompt");
	} else {
		say("ended %d", status);
	}
}

/* Commands: f fg, b bg, t only puts it in front, w waits for it, e ends. */
static void shell(void)
{
	char command;
	(void)signal(SIGTTOU, SIG_IGN);
	shell_job = fork();
	if (shell_job == 0) {
		(void)setpgid(0, 0);
		(void)tcsetpgrp(0, getpid());
		(void)signal(SIGTTOU, SIG_DFL);
		job();
	}
	(void)setpgid(shell_job, shell_job);
	(void)tcsetpgrp(0, shell_job);
	say("job %d", (int)shell_job);
	while (read(child_hears, &command, 1) == 1) {
		if (command == 'e')
			_exit(0);
		if (command == 'f' || command == 't')
			require(tcsetpgrp(0, shell_job) == 0);
		if (command == 'f' || command == 'b')
			require(kill(-shell_job, SIGCONT) == 0);
		if (command == 'w')
			shell_waits();
	}
	_exit(1);
}

static struct termios prompt_modes;

static pid_t start_shell(void)
{
	start(shell);
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	while (!strstr(pty.lines, "job ") || !strchr(strstr(pty.lines, "job "), '\n')) {
		assert_true(sw_clock_ns() < end_ns);
		pump(true);
	}
	pid_t pid = (pid_t)strtol(strstr(pty.lines, "job ") + 4, NULL, 10);
	heard("open");
	wait_seen("first frame");
	check_raw();
	tell("w");
	return pid;
}

static void wait_prompt(const char *stopped)
{
	heard(stopped);
	heard("prompt");
	assert_int_equal(tcgetattr(pty.slave, &prompt_modes), 0);
	assert_int_equal(prompt_modes.c_cc[VERASE], 0x15);
}

/* It ends as it should, and leaves what the shell had last. */
static void quit_and_check(const struct termios *modes)
{
	type("q");
	heard("closed");
	tell("we");
	heard("ended 0");
	assert_int_equal(wait_child(), 0);
	check_given_back(modes);
}

/* valgrind lets no SIGTSTP stop anything. */
static void skip_without_stops(void)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)raise(SIGTSTP);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (!WIFSTOPPED(status))
		skip();
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static char stopped_tidy[32], stopped_raw[32];

static int set_up(void **state)
{
	(void)snprintf(stopped_tidy, sizeof stopped_tidy, "stopped by %d tidy", SIGTSTP);
	(void)snprintf(stopped_raw, sizeof stopped_raw, "stopped by %d raw", SIGSTOP);
	return open_pty(state);
}

static void ctrl_z_and_fg(void **state)
{
	(void)state;
	skip_without_stops();
	(void)start_shell();
	for (int i = 0; i < 3; i++) {
		type("\032");
		heard("key Ctrl-Z");
		wait_prompt(stopped_tidy);
		wait_seen(LEAVES);
		forget_seen();
		tell("f");
		heard("resized 80x24");
		wait_seen(ENTERS);
		wait_seen("screen of 80x24");
		check_raw();
		tell("w");
	}
	/* A size that changed meanwhile is known at once. */
	type("\032");
	wait_prompt(stopped_tidy);
	wait_seen(LEAVES);
	forget_seen();
	set_size(90, 20);
	tell("f");
	heard("resized 90x20");
	quit_and_check(&prompt_modes);
}

static void the_whole_group_stops(void **state)
{
	(void)state;
	skip_without_stops();
	pid_t pid = start_shell();
	assert_int_equal(kill(pid, SIGTSTP), 0); /* from outside: without a handler, at once */
	wait_prompt(stopped_tidy);
	wait_seen(LEAVES);
	/* killed while it is stopped: the guard has nothing to give back */
	forget_seen();
	assert_int_equal(kill(pid, SIGKILL), 0);
	tell("we");
	heard("ended 9");
	assert_int_equal(wait_child(), 0);
	wait_session_over();
	pump(true);
	assert_int_equal(pty.n_seen, 0);
	assert_true(modes_are(&prompt_modes));
}

static void stopped_from_outside_it_takes_the_screen_again(void **state)
{
	(void)state;
	pid_t pid = start_shell();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	wait_prompt(stopped_raw);
	forget_seen();
	tell("f");
	heard("resized 80x24");
	wait_seen(ENTERS);
	wait_seen("screen of 80x24");
	check_raw();
	/* a SIGCONT that nobody needed keeps the modes that were found first */
	assert_int_equal(kill(pid, SIGCONT), 0);
	heard("resized 80x24");
	quit_and_check(&prompt_modes);
}

static void in_the_background_it_goes_on_without_a_screen(void **state)
{
	(void)state;
	skip_without_stops();
	pid_t pid = start_shell();
	type("\032");
	wait_prompt(stopped_tidy);
	forget_seen();
	tell("b");
	heard("resized 80x24");
	assert_true(modes_are(&prompt_modes));
	assert_int_equal(pty.n_seen, 0);
	type("x\n"); /* the shell's, not ours */
	tell("t");
	wait_seen(ENTERS);
	check_raw();
	heard("ready"); /* a frame was left out meanwhile, and whoever draws waits for this */
	wait_seen("screen of 80x24");
	/* killed there, it is restored to what the shell had */
	assert_int_equal(kill(pid, SIGKILL), 0);
	tell("we");
	heard("ended 9");
	assert_int_equal(wait_child(), 0);
	check_given_back(&prompt_modes);
}

static void without_a_shell_nothing_stops(void **state)
{
	(void)state;
	start(job);
	heard("open");
	wait_seen("first frame");
	forget_seen();
	type("\032");
	heard("key Ctrl-Z");
	heard("resized 80x24");
	wait_seen(LEAVES);
	wait_seen(ENTERS);
	type("q");
	heard("closed");
	assert_int_equal(wait_child(), 0);
	wait_session_over();
	assert_true(modes_are(&pty.before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ctrl_z_and_fg, set_up, close_pty),
		cmocka_unit_test_setup_teardown(the_whole_group_stops, set_up, close_pty),
		cmocka_unit_test_setup_teardown(stopped_from_outside_it_takes_the_screen_again, set_up,
	                                    close_pty),
		cmocka_unit_test_setup_teardown(in_the_background_it_goes_on_without_a_screen, set_up,
	                                    close_pty),
		cmocka_unit_test_setup_teardown(without_a_shell_nothing_stops, set_up, close_pty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
