/* core/orphans.c on real processes: what fled is found by its mark, and nothing else is touched. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/orphans.h"
#include "core/process.h"

static char mark[SW_ORPHANS_MARK_MAX];

/* SCRIPT in a session of its own, as a grandchild of this process whose parent is gone; its first word on
 * descriptor 3 is waited for, and it ends this process's part. */
static void daemonize(const char *script, char *const *env)
{
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		if (fork() == 0) {
			(void)setsid();
			(void)dup2(ends[1], 3);
			(void)execle("/bin/sh", "sh", "-c", script, (char *)NULL, env);
		}
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
}

static char *const *marked_env(void)
{
	static char *env[3];
	static char path[] = "PATH=/usr/bin:/bin";
	env[0] = path;
	env[1] = mark;
	return env;
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_daemon_is_found(void **state)
{
	(void)state;
	daemonize("echo >&3; exec sleep 1000", marked_env());
	assert_int_equal(sw_orphans_kill(mark), 1);
	assert_no_children();
	assert_int_equal(sw_orphans_kill(mark), 0);
}

/* One of them has lost its mark and its session; it goes with who started it. */
static void all_below_it_go(void **state)
{
	(void)state;
	daemonize("setsid env -i sh -c 'echo >&3; exec sleep 1000' & setsid sleep 1000 & wait", marked_env());
	assert_true(sw_orphans_kill(mark) >= 1);
	assert_no_children();
}

static void ignoring_signals_helps_nobody(void **state)
{
	(void)state;
	daemonize("trap '' TERM INT HUP; echo >&3; while :; do sleep 1000; done", marked_env());
	assert_true(sw_orphans_kill(mark) >= 1);
	assert_no_children();
}

static void others_are_let_be(void **state)
{
	char other[SW_ORPHANS_MARK_MAX], *env[] = {other, NULL};
	int status;
	(void)state;
	sw_orphans_mark(other);
	assert_string_not_equal(other, mark);
	daemonize("echo >&3; exec sleep 1000", env);
	pid_t own = fork(); /* a child that is wanted: neither killed nor, dead, reaped by somebody else */
	if (own == 0) {
		(void)setpgid(0, 0);
		_exit(7);
	}
	(void)setpgid(own, own);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)own, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(sw_orphans_kill(mark), 0);
	assert_int_equal(waitpid(own, &status, 0), own);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* the daemon of the other mark */
	assert_int_equal(sw_orphans_kill(other), 1);
	assert_no_children();
}

static void the_mark_replaces_an_inherited_one(void **state)
{
	char a[] = "A=1", inherited[] = "SANDWATCH_HOST_RUN=1.2.3.4", *env[] = {inherited, a, NULL};
	(void)state;
	char **marked = sw_orphans_env(env, mark);
	assert_non_null(marked);
	assert_string_equal(marked[0], "A=1");
	assert_string_equal(marked[1], mark);
	assert_null(marked[2]);
	free(marked);
}

/* ---- of the dead ---- */

static pid_t sleeper(unsigned long long namespace, pid_t owner, uint64_t start)
{
	char text[160], *env[] = {text, NULL};
	int ends[2];
	char byte;
	snprintf(text, sizeof text, "SANDWATCH_HOST_RUN=%llu.%d.%" PRIu64 ".1", namespace, (int)owner, start);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(ends[1], 3);
		(void)execle("/bin/sh", "sh", "-c", "echo >&3; exec 3>&-; exec sleep 1000", (char *)NULL, env);
		_exit(127);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return child;
}

static bool has_died(pid_t pid)
{
	int status = 0;
	pid_t ended = waitpid(pid, &status, WNOHANG);
	if (ended == 0) {
		kill(pid, SIGTERM);
		waitpid(pid, &status, 0);
	}
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void what_the_dead_left_is_found(void **state)
{
	struct sw_process_stat own;
	struct stat st;
	siginfo_t info;
	(void)state;
	assert_int_equal(sw_process_read_stat(0, &own, NULL), 0);
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	pid_t of_us = sleeper(st.st_ino, getpid(), own.start_ticks);
	pid_t of_a_former = sleeper(st.st_ino, getpid(), own.start_ticks - 1); /* the number was used again */
	pid_t elsewhere = sleeper(st.st_ino + 1, getpid(), own.start_ticks - 1);
	assert_true(sw_orphans_kill_of_dead() >= 1);
	assert_int_equal(waitid(P_PID, (id_t)of_a_former, &info, WEXITED | WNOWAIT), 0);
	bool found = has_died(of_a_former), ours = has_died(of_us), others = has_died(elsewhere);
	assert_true(found);
	assert_false(ours);
	assert_false(others);
}

static int set_up(void **state)
{
	(void)state;
	sw_orphans_adopt();
	sw_orphans_mark(mark);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_daemon_is_found),
		TEST(all_below_it_go),
		TEST(ignoring_signals_helps_nobody),
		TEST(others_are_let_be),
		TEST(the_mark_replaces_an_inherited_one),
		TEST(what_the_dead_left_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
