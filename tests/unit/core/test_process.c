#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/process.h"
#include "tests/unit/core/pidfd.h"

static struct sw_process process;
static struct sw_error err;
static char text[4096];
static int exit_code, exit_signal;

static int setup(void **state)
{
	(void)state;
	process = SW_PROCESS_NONE;
	exit_code = exit_signal = -77;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_process_end(&process);
	sw_process_close(&process);
	return 0;
}

static void spawn(const char *script, bool in, bool result)
{
	char *argv[] = {"sh", "-c", (char *)(uintptr_t)script, NULL};
	struct sw_process_options options = {
		.path = "/bin/sh", .argv = argv, .pipe_in = in, .pipe_result = result};
	if (sw_process_spawn(&options, &process, &err) < 0)
		fail_msg("%s", err.message);
}

static void wait_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&poll_fd, 1, 20000), 1);
}

static const char *read_to_end(int fd)
{
	size_t len = 0;
	for (;;) {
		wait_readable(fd);
		ssize_t n = read(fd, text + len, sizeof text - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return text;
}

static void reap(void)
{
	wait_readable(process.pidfd);
	assert_true(sw_process_reap(&process, &exit_code, &exit_signal));
	assert_int_equal(process.pid, -1);
}

static void streams_and_exit(void **state)
{
	(void)state;
	spawn("echo out; echo err >&2; echo result >&3; read line; echo got $line; exit 3", true, true);
	assert_true(process.pid > 0 && process.pidfd >= 0 && process.in > 3 && process.out > 3 &&
	            process.err > 3 && process.result > 3);
	assert_int_equal(write(process.in, "hello\n", 6), 6);
	assert_string_equal(read_to_end(process.out), "out\ngot hello\n");
	assert_string_equal(read_to_end(process.err), "err\n");
	assert_string_equal(read_to_end(process.result), "result\n");
	reap();
	assert_int_equal(exit_code, 3);
	assert_int_equal(exit_signal, 0);
	assert_false(sw_process_reap(&process, &exit_code, &exit_signal));
}

static void a_signal_is_told(void **state)
{
	(void)state;
	spawn("kill -SEGV $$", false, false);
	reap();
	assert_int_equal(exit_code, -1);
	assert_int_equal(exit_signal, SIGSEGV);
}

static void without_a_pipe_stdin_is_empty(void **state)
{
	(void)state;
	spawn(
		"read line && echo line || echo end; readlink /proc/self/fd/0; test -e /proc/self/fd/3 || echo no 3",
		false, false);
	assert_int_equal(process.in, -1);
	assert_int_equal(process.result, -1);
	const char *said = read_to_end(process.out);
	assert_non_null(strstr(said, "end\n/dev/null\n"));
}

/* Our ends, and what else we have open, are not the child's. */
static void descriptors_do_not_leak(void **state)
{
	char numbers[100];
	(void)state;
	int ours = fcntl(1, F_DUPFD_CLOEXEC, 100);
	spawn("read all; for fd in $all; do test -e /proc/$$/fd/$fd && echo $fd; done", true, true);
	int len = snprintf(numbers, sizeof numbers, "0 1 2 3 %d %d %d %d %d\n", ours, process.in,
	                   process.out, process.err, process.result);
	assert_int_equal(write(process.in, numbers, (size_t)len), len);
	read_to_end(process.out);
	close(ours);
	assert_string_equal(text, "0\n1\n2\n3\n");
}

static void running_is_not_reaped(void **state)
{
	(void)state;
	spawn("read line", true, false);
	assert_false(sw_process_reap(&process, &exit_code, &exit_signal));
	assert_int_equal(exit_code, -77);
	sw_process_kill(&process);
	reap();
	assert_int_equal(exit_signal, SIGKILL);
	sw_process_kill(&process); /* nobody: fine */
}

/* Whose pipe's end is reached only when its last holder is gone. */
static void reaping_kills_what_the_child_left_behind(void **state)
{
	(void)state;
	spawn("sleep 1000 & exit 0", false, false);
	reap();
	assert_int_equal(exit_code, 0);
	assert_string_equal(read_to_end(process.out), "");
}

static void ending_kills_the_whole_group(void **state)
{
	(void)state;
	spawn("sleep 1000 & sleep 1000", false, false);
	sw_process_end(&process);
	assert_int_equal(process.pid, -1);
	assert_string_equal(read_to_end(process.out), "");
	sw_process_end(&process); /* twice: fine */
}

static void signals_are_as_usual_in_the_child(void **state)
{
	sigset_t all, before;
	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGTERM, SIG_IGN);
	spawn("grep -E '^Sig(Blk|Ign)' /proc/self/status", false, false);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	const char *said = read_to_end(process.out);
	unsigned long long blocked, ignored;
	assert_int_equal(sscanf(said, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	/* 32 and 33 are the C library's own: sigaction(2) is refused for them, whoever ignored them. */
	assert_int_equal(ignored & ~0x180000000ULL, 0);
}

static void the_mask_of_the_caller_is_kept(void **state)
{
	sigset_t some, after, before;
	(void)state;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	sigprocmask(SIG_SETMASK, &some, &before);
	spawn("exit 0", false, false);
	sigprocmask(SIG_SETMASK, &before, &after);
	assert_true(sigismember(&after, SIGUSR2));
	assert_false(sigismember(&after, SIGINT));
	reap();
}

static void what_cannot_be_executed_shows_in_the_exit_code(void **state)
{
	char *argv[] = {"x", NULL};
	struct sw_process_options options = {.path = "/nonexistent/x", .argv = argv};
	(void)state;
	skip_without_pidfd(); /* the same old valgrind checks for leaks before the child's _exit */
	assert_int_equal(sw_process_spawn(&options, &process, &err), 0);
	reap();
	assert_int_equal(exit_code, 127);
	sw_process_close(&process);
	options.path = "/etc/passwd";
	assert_int_equal(sw_process_spawn(&options, &process, &err), 0);
	reap();
	assert_int_equal(exit_code, 126);
}

static void without_descriptors_spawning_is_an_error(void **state)
{
	enum { LIMIT = 64 };
	int held[LIMIT], n = 0, failures = 0;
	char *argv[] = {"true", NULL};
	struct sw_process_options options = {
		.path = "/bin/true", .argv = argv, .pipe_in = true, .pipe_result = true};
	struct rlimit before, few;
	(void)state;
	skip_without_pidfd();
	getrlimit(RLIMIT_NOFILE, &before);
	few = (struct rlimit){LIMIT, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	while (n < LIMIT && (held[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	/* It fails later each time, and leaks nothing: 8 for the pipes, one for the pidfd. */
	for (int spare = 0; spare <= 8; spare++) {
		failures += sw_process_spawn(&options, &process, &err) < 0;
		close(held[--n]);
	}
	int status = sw_process_spawn(&options, &process, NULL);
	while (n)
		close(held[--n]);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(failures, 9);
	assert_int_equal(err.code, SW_ERR_INTERNAL);
	assert_int_equal(err.sys_errno, EMFILE);
	assert_int_equal(status, 0);
	reap();
}

/* We may have been started with descriptors 0 to 3 closed; the child gets its own all the same. */
static void low_numbers_do_not_collide(void **state)
{
	int status;
	(void)state;
	skip_without_pidfd();
	pid_t pid = fork();
	if (pid == 0) {
		for (int fd = 0; fd <= 3; fd++)
			close(fd);
		char *argv[] = {"sh", "-c", "read x; echo $? out; echo err >&2; echo 3 >&3", NULL};
		struct sw_process_options options = {.path = "/bin/sh", .argv = argv, .pipe_result = true};
		if (sw_process_spawn(&options, &process, &err) < 0)
			_exit(1);
		read_to_end(process.out);
		if (strcmp(text, "1 out\n") != 0)
			_exit(2);
		read_to_end(process.err);
		if (strcmp(text, "err\n") != 0)
			_exit(3);
		read_to_end(process.result);
		_exit(strcmp(text, "3\n") == 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- finding ---- */

static void commands_are_found_along_the_path(void **state)
{
	char dst[256], dir[] = "/tmp/sw-process-XXXXXX", path[400], name[64];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof name, "%s/sh", dir);
	mkdir(name, 0700); /* a folder is no command, though it has an x */
	snprintf(path, sizeof path, "/nonexistent:%s:/bin", dir);
	int status = sw_process_find("sh", path, dst, sizeof dst, &err);
	rmdir(name);
	close(open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	int denied = sw_process_find("sh", dir, text, sizeof text, &err);
	int why = err.sys_errno;
	unlink(name);
	rmdir(dir);
	assert_int_equal(status, 0);
	assert_string_equal(dst, "/bin/sh");
	assert_int_equal(denied, -1);
	assert_int_equal(why, EACCES);
	assert_int_equal(sw_process_find("sh", NULL, dst, sizeof dst, &err), 0);
	assert_int_equal(sw_process_find("sh", "", dst, sizeof dst, &err), 0);
	assert_int_equal(sw_process_find("/bin/sh", "/nonexistent", dst, sizeof dst, &err), 0);
	assert_string_equal(dst, "/bin/sh");
}

static void an_empty_part_of_the_path_is_here(void **state)
{
	char dst[256], here[1000];
	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir("/bin"), 0);
	int first = sw_process_find("sh", ":/nonexistent", dst, sizeof dst, &err);
	int last = sw_process_find("sh", "/nonexistent:", dst, sizeof dst, &err);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(first, 0);
	assert_int_equal(last, 0);
	assert_string_equal(dst, "./sh");
}

static void what_is_not_found_says_why(void **state)
{
	char dst[64], small[4];
	(void)state;
	assert_int_equal(sw_process_find("no-such-command", "/bin:/usr/bin", dst, sizeof dst, &err),
	                 -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_non_null(strstr(err.message, "no-such-command"));
	assert_int_equal(sw_process_find("", "/bin", dst, sizeof dst, &err), -1);
	assert_int_equal(sw_process_find("/bin", NULL, dst, sizeof dst, &err), -1);
	assert_int_equal(err.sys_errno, EACCES);
	assert_int_equal(sw_process_find("/etc/passwd", NULL, dst, sizeof dst, &err), -1);
	assert_int_equal(sw_process_find("/bin/sh", NULL, small, sizeof small, &err), -1);
	assert_int_equal(sw_process_find("sh", "/bin", small, sizeof small, &err), -1);
}

/* ---- what /proc tells ---- */

static struct sw_process_stat stat_of(pid_t pid)
{
	struct sw_process_stat stat;
	if (sw_process_read_stat(pid, &stat, &err) < 0)
		fail_msg("%s", err.message);
	return stat;
}

static void our_own_stat(void **state)
{
	(void)state;
	struct sw_process_stat own = stat_of(0), again = stat_of(0), by_number = stat_of(getpid());
	assert_true(own.start_ticks > 0);
	assert_true(own.start_ticks == again.start_ticks);
	assert_true(own.start_ticks == by_number.start_ticks);
	assert_int_equal(own.state, 'R');
	assert_int_equal(own.parent, getppid());
	assert_int_equal(by_number.parent, getppid());
}

static uint64_t ticks_since_boot(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	return (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec * hz / 1000000000;
}

static void a_process_starts_between_before_and_after(void **state)
{
	(void)state;
	uint64_t before = ticks_since_boot();
	spawn("read line", true, false);
	uint64_t after = ticks_since_boot();
	struct sw_process_stat child = stat_of(process.pid);
	assert_in_range(child.start_ticks, before, after);
	assert_int_equal(child.parent, getpid());
}

/* Read up to the first ')', this one's state is 'X' and its parent 1. */
static void a_name_may_hold_anything(void **state)
{
	int ready[2], status;
	char byte;
	struct sw_process_stat child = {0};
	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	uint64_t before = ticks_since_boot();
	pid_t pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NAME, "a) X 1 (b", 0, 0, 0) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	uint64_t after = ticks_since_boot();
	close(ready[1]);
	bool named = read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	int result = sw_process_read_stat(pid, &child, &err);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(named);
	assert_int_equal(result, 0);
	assert_true(child.state == 'S' || child.state == 'R');
	assert_int_equal(child.parent, getpid());
	assert_in_range(child.start_ticks, before, after);
}

static void the_dead_tell_until_they_are_reaped(void **state)
{
	(void)state;
	spawn("exit 0", false, false);
	pid_t pid = process.pid;
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(stat_of(pid).state, 'Z');
	reap();
	struct sw_process_stat stat = {.state = '?', .parent = -7, .start_ticks = 7};
	assert_int_equal(sw_process_read_stat(pid, &stat, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(err.sys_errno, ENOENT);
}

static void nobody_has_no_stat(void **state)
{
	static const pid_t nobody[] = {INT_MAX, -1, INT_MIN}; /* the kernel's largest is 2^22 */
	(void)state;
	for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
		struct sw_process_stat stat = {.state = '?', .parent = -7, .start_ticks = 7};
		err = (struct sw_error){0};
		assert_int_equal(sw_process_read_stat(nobody[i], &stat, &err), -1);
		assert_int_equal(err.code, SW_ERR_NOT_FOUND);
		assert_int_equal(err.sys_errno, ENOENT);
		assert_non_null(strstr(err.message, "/proc/"));
		assert_int_equal(sw_process_read_stat(nobody[i], &stat, NULL), -1);
		assert_int_equal(stat.state, '?');
		assert_int_equal(stat.parent, -7);
		assert_int_equal(stat.start_ticks, 7);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(streams_and_exit),
		TEST(a_signal_is_told),
		TEST(without_a_pipe_stdin_is_empty),
		TEST(descriptors_do_not_leak),
		TEST(running_is_not_reaped),
		TEST(reaping_kills_what_the_child_left_behind),
		TEST(ending_kills_the_whole_group),
		TEST(signals_are_as_usual_in_the_child),
		TEST(the_mask_of_the_caller_is_kept),
		TEST(what_cannot_be_executed_shows_in_the_exit_code),
		TEST(without_descriptors_spawning_is_an_error),
		TEST(low_numbers_do_not_collide),
		TEST(commands_are_found_along_the_path),
		TEST(an_empty_part_of_the_path_is_here),
		TEST(what_is_not_found_says_why),
		TEST(our_own_stat),
		TEST(a_process_starts_between_before_and_after),
		TEST(a_name_may_hold_anything),
		TEST(the_dead_tell_until_they_are_reaped),
		TEST(nobody_has_no_stat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
