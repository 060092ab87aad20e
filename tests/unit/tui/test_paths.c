#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "docker/tree.h"
#include "tui/paths.h"

static char dir[64];
static struct sw_paths paths;
static struct sw_error err;
static uid_t caller;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/sandwatch-test-paths.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	unsetenv("SUDO_UID");
	unsetenv("XDG_STATE_HOME");
	return setenv("HOME", dir, 1);
}

static int tear_down(void **state)
{
	(void)state;
	return sw_tree_remove(dir, NULL);
}

static void assert_state(const char *below_dir)
{
	char expected[128];
	(void)snprintf(expected, sizeof expected, "%s%s", dir, below_dir);
	assert_string_equal(paths.state, expected);
	assert_int_equal(access(expected, F_OK), 0);
}

static void state_is_where_xdg_says(void **state)
{
	char other[80];
	(void)state;
	assert_int_equal(sw_paths_init(&paths, &err), 0);
	assert_state("/.local/state/sandwatch");
	(void)snprintf(other, sizeof other, "%s/other", dir);
	assert_int_equal(setenv("XDG_STATE_HOME", other, 1), 0);
	assert_int_equal(sw_paths_init(&paths, &err), 0);
	assert_state("/other/sandwatch");
	assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
	assert_int_equal(sw_paths_init(&paths, &err), 0);
	assert_state("/.local/state/sandwatch");
	unsetenv("HOME");
	assert_int_equal(sw_paths_init(&paths, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
}

static void latest_is_the_newest_with_a_journal(void **state)
{
	char found[SW_PATH_MAX], folder[200], journal[240];
	static const char *const runs[] = {"20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb",
	                                   "20260103T000000Z-cccccc"};
	(void)state;
	assert_int_equal(sw_paths_init(&paths, &err), 0);
	assert_int_equal(sw_paths_find_run(&paths, "latest", found, sizeof found, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(folder, sizeof folder, "%s/.local/state/sandwatch/runs/%s", dir, runs[i]);
		(void)snprintf(journal, sizeof journal, "%s/journal.jsonl", folder);
		assert_int_equal(sw_file_make_dirs(folder, &err), 0);
		if (i < 2) /* the last session could not begin */
			assert_int_equal(sw_file_write(journal, "", 0, &err), 0);
	}
	assert_int_equal(sw_paths_find_run(&paths, "latest", found, sizeof found, &err), 0);
	assert_non_null(strstr(found, "bbbbbb/journal.jsonl"));
	assert_int_equal(sw_paths_find_run(&paths, "aaaaaa", found, sizeof found, &err), 0);
	assert_non_null(strstr(found, "aaaaaa/journal.jsonl"));
	assert_int_equal(sw_paths_find_run(&paths, runs[0], found, sizeof found, &err), 0);
	assert_non_null(strstr(found, "aaaaaa/journal.jsonl"));
	assert_int_equal(sw_paths_find_run(&paths, runs[2], found, sizeof found, &err), -1);
	assert_int_equal(sw_paths_find_run(&paths, "cccccc", found, sizeof found, &err), -1);
}

static void without_sudo_the_caller_is_oneself(void **state)
{
	static const char *const none[] = {NULL, "", "0", "-1", "x", "65534x", "99999999999999999999"};
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (none[i])
			assert_int_equal(setenv("SUDO_UID", none[i], 1), 0);
		assert_int_equal(sw_paths_init_caller(&paths, &caller, &err), 0);
		assert_int_equal(caller, (uid_t)-1);
		assert_state("/.local/state/sandwatch");
	}
}

/* Made as the caller, who can use it afterwards; and root is root again. */
static void with_sudo_it_is_the_callers(void **state)
{
	char other[80], made[100];
	struct stat st;
	const struct passwd *nobody = getpwnam("nobody");
	(void)state;
	if (geteuid() != 0 || !nobody) {
		print_message("skipped: needs root and a user nobody\n");
		skip();
	}
	uid_t uid = nobody->pw_uid;
	char text[32];
	(void)snprintf(text, sizeof text, "%ld", (long)uid);
	(void)snprintf(other, sizeof other, "%s/other", dir);
	(void)snprintf(made, sizeof made, "%s/sandwatch", other);
	assert_int_equal(setenv("SUDO_UID", text, 1), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", other, 1), 0);
	assert_int_equal(sw_paths_init_caller(&paths, &caller, &err), -1); /* not their folder */
	assert_int_equal(caller, uid);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(chown(dir, uid, nobody->pw_gid), 0);
	assert_int_equal(sw_paths_init_caller(&paths, &caller, &err), 0);
	assert_state("/other/sandwatch");
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_uid, uid);
	assert_int_equal(st.st_gid, nobody->pw_gid);
	assert_int_equal(geteuid(), 0);
	assert_int_equal(getegid(), 0);
	/* Without XDG_STATE_HOME it is their home, not root's, that counts. */
	unsetenv("XDG_STATE_HOME");
	if (sw_paths_init_caller(&paths, &caller, &err) == 0)
		assert_ptr_equal(strstr(paths.state, nobody->pw_dir), paths.state);
	else
		assert_non_null(strstr(err.message, nobody->pw_dir));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(state_is_where_xdg_says),
		TEST(latest_is_the_newest_with_a_journal),
		TEST(without_sudo_the_caller_is_oneself),
		TEST(with_sudo_it_is_the_callers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
