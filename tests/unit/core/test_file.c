#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/file.h"

/* What core/file.c asks of the disk goes through here. */
static int file_syncs, syncs_at_rename;

int fsync(int fd)
{
	struct stat st;
	file_syncs += fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
	syncs_at_rename = file_syncs;
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static char dir[] = "/tmp/sw-file-XXXXXX";
static char path[600];
static struct sw_buf buf;
static struct sw_error err;

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	sw_buf_init(&buf, 0);
	return mkdtemp(dir) ? 0 : -1;
}

static void remove_all(const char *at)
{
	char name[600];
	DIR *open_dir = opendir(at);
	struct dirent *entry;
	while (open_dir && (entry = readdir(open_dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof name, "%s/%s", at, entry->d_name);
		if (unlink(name) < 0)
			remove_all(name);
	}
	if (open_dir)
		closedir(open_dir);
	rmdir(at);
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&buf);
	remove_all(dir);
	return 0;
}

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static int n_entries(void)
{
	int n = -2;
	DIR *open_dir = opendir(dir);
	while (readdir(open_dir))
		n++;
	closedir(open_dir);
	return n;
}

static void assert_holds(const char *at, const char *text)
{
	sw_buf_clear(&buf);
	if (sw_file_read(at, 1000, &buf, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(buf.len, strlen(text));
	assert_memory_equal(buf.len ? buf.data : "", text, buf.len);
}

static void what_is_written_is_read(void **state)
{
	struct stat st;
	mode_t mask = umask(022);
	(void)state;
	in_dir("a");
	assert_int_equal(sw_file_write(path, "first", 5, &err), 0);
	umask(mask);
	assert_holds(path, "first");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(sw_file_write(path, "2nd", 3, &err), 0);
	assert_holds(path, "2nd");
	assert_int_equal(sw_file_write(path, "", 0, &err), 0);
	assert_holds(path, "");
	assert_int_equal(n_entries(), 1);
}

/* Who has the old file open keeps the whole old file: it is replaced, not written over. */
static void a_file_is_on_disk_before_it_has_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		file_syncs = syncs_at_rename = 0;
		assert_int_equal(sw_file_write(in_dir("a"), "x", 1, &err), 0);
		assert_int_equal(syncs_at_rename, 1);
	}
}

static void a_reader_never_sees_half_a_file(void **state)
{
	char seen[16] = "";
	(void)state;
	in_dir("a");
	assert_int_equal(sw_file_write(path, "old content", 11, &err), 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(sw_file_write(path, "new", 3, &err), 0);
	ssize_t n = read(fd, seen, sizeof seen);
	close(fd);
	assert_int_equal(n, 11);
	assert_memory_equal(seen, "old content", 11);
	assert_holds(path, "new");
}

/* A full disk, played by RLIMIT_FSIZE in a child. */
static void a_failed_write_keeps_the_old_file_and_leaves_nothing(void **state)
{
	int status;
	(void)state;
	in_dir("a");
	assert_int_equal(sw_file_write(path, "old", 3, &err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char *big = calloc(1, 100000);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
		bool right = sw_file_write(path, big, 100000, &err) < 0 && err.code == SW_ERR_IO &&
		             err.sys_errno == EFBIG && strstr(err.message, path);
		free(big);
		_exit(right ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_holds(path, "old");
	assert_int_equal(n_entries(), 1);
}

static void a_folder_is_not_replaced(void **state)
{
	(void)state;
	in_dir("sub");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sw_file_write(path, "x", 1, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_int_equal(err.sys_errno, EISDIR);
	assert_int_equal(n_entries(), 1);
	assert_int_equal(sw_file_read(path, 10, &buf, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
}

static void missing_places(void **state)
{
	(void)state;
	in_dir("no/such/file");
	assert_int_equal(sw_file_write(path, "x", 1, &err), -1);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_non_null(strstr(err.message, path));
	assert_int_equal(sw_file_read(path, 10, &buf, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(sw_file_read("", 10, &buf, &err), -1);
	assert_int_equal(buf.len, 0);
}

static void devices_are_written_directly(void **state)
{
	struct stat before, after;
	(void)state;
	assert_int_equal(stat("/dev/null", &before), 0);
	assert_int_equal(sw_file_write("/dev/null", "x", 1, &err), 0);
	assert_int_equal(stat("/dev/null", &after), 0);
	assert_true(S_ISCHR(after.st_mode));
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(sw_file_write("/dev/full", "x", 1, &err), -1);
	assert_int_equal(err.sys_errno, ENOSPC);
}

/* A pipe in the place of the file gets the bytes. */
static void pipes_are_written_directly(void **state)
{
	char seen[8];
	(void)state;
	in_dir("pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int status = sw_file_write(path, "xyz", 3, &err);
	ssize_t n = read(fd, seen, sizeof seen);
	close(fd);
	assert_int_equal(status, 0);
	assert_int_equal(n, 3);
}

/* `--export /dev/stdout > file`: what it leads to is a file, but the entry in /dev is not ours. In a
 * child, since descriptor 1 is the tests' own; and as nobody, so that broken code breaks no machine. */
static void dev_stdout_is_not_replaced(void **state)
{
	struct stat before, after;
	int status;
	(void)state;
	in_dir("out");
	assert_int_equal(lstat("/dev/stdout", &before), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		dup2(fd, 1);
		if (geteuid() == 0 && (fchown(fd, 65534, 65534) < 0 || setuid(65534) < 0))
			_exit(3);
		prctl(PR_SET_DUMPABLE, 1); /* else /proc/self/fd is root's */
		if (write(1, "head ", 5) != 5)
			_exit(2);
		_exit(sw_file_write("/dev/stdout", "body", 4, &err) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(lstat("/dev/stdout", &after), 0);
	assert_true(S_ISLNK(after.st_mode));
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(status, 0);
	assert_holds(path, "head body");
}

/* The temporary file's name can be guessed by who shares the folder. */
static void a_planted_link_leads_nowhere(void **state)
{
	char planted[300], victim[300];
	(void)state;
	snprintf(victim, sizeof victim, "%s/victim", dir);
	assert_int_equal(sw_file_write(victim, "precious", 8, &err), 0);
	in_dir("a");
	snprintf(planted, sizeof planted, "%s/.sandwatch.%d.tmp", dir, (int)getpid());
	assert_int_equal(symlink(victim, planted), 0);
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_holds(path, "x");
	assert_holds(victim, "precious");
	assert_int_equal(n_entries(), 2);
}

static void a_link_stays_and_its_file_is_replaced(void **state)
{
	char file[300];
	struct stat st;
	(void)state;
	snprintf(file, sizeof file, "%s/file", dir);
	assert_int_equal(sw_file_write(file, "old", 3, &err), 0);
	assert_int_equal(chmod(file, 0600), 0);
	in_dir("a");
	assert_int_equal(symlink("file", path), 0);
	assert_int_equal(sw_file_write(path, "new", 3, &err), 0);
	assert_holds(file, "new");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(n_entries(), 2);
}

static void a_second_time_replaces_in_shared_memory_too(void **state)
{
	char shared[] = "/dev/shm/sw-test-file.XXXXXX";
	(void)state;
	int fd = mkstemp(shared);
	if (fd < 0)
		skip();
	close(fd);
	assert_int_equal(sw_file_write(shared, "first", 5, &err), 0);
	assert_int_equal(sw_file_write(shared, "2nd", 3, &err), 0);
	assert_holds(shared, "2nd");
	unlink(shared);
}

static void a_pipe_that_nobody_reads_is_an_error(void **state)
{
	(void)state;
	in_dir("a");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sw_file_write(path, "x", 1, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_non_null(strstr(err.message, "nobody reads"));
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char byte = 0;
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	close(fd);
}

static void a_name_may_be_as_long_as_names_are(void **state)
{
	char name[256];
	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	in_dir(name);
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_holds(path, "x");
}

static void reading_has_a_bound(void **state)
{
	(void)state;
	in_dir("a");
	char *big = malloc(50000);
	memset(big, 'x', 50000);
	int status = sw_file_write(path, big, 50000, &err);
	free(big);
	assert_int_equal(status, 0);
	sw_buf_add_str(&buf, "before");
	assert_int_equal(sw_file_read(path, 49999, &buf, &err), -1);
	assert_int_equal(err.code, SW_ERR_LIMIT);
	assert_int_equal(buf.len, 6); /* as it was */
	assert_string_equal(buf.data, "before");
	assert_int_equal(sw_file_read(path, 50000, &buf, &err), 0);
	assert_int_equal(buf.len, 50006); /* appended */
	assert_int_equal(sw_file_read("/dev/zero", 100000, &buf, &err), -1);
	assert_int_equal(err.code, SW_ERR_LIMIT);
}

static void folders_are_made(void **state)
{
	struct stat st;
	mode_t mask = umask(022);
	(void)state;
	in_dir("x//y/z/");
	int status = sw_file_make_dirs(path, &err);
	umask(mask);
	assert_int_equal(status, 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(sw_file_make_dirs(path, &err), 0); /* there already */
	assert_int_equal(sw_file_make_dirs("/", &err), 0);
	assert_int_equal(sw_file_make_dirs("", &err), -1);
}

static void a_file_in_the_way_of_folders_is_an_error(void **state)
{
	(void)state;
	in_dir("a");
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_int_equal(sw_file_make_dirs(path, &err), -1);
	assert_int_equal(err.sys_errno, ENOTDIR);
	in_dir("a/b");
	assert_int_equal(sw_file_make_dirs(path, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
}

static int dead_pid(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return (int)pid;
}

/* A file named after a process; the descriptor stays open. */
static int put_file(const char *before, int pid, const char *behind)
{
	char name[64];
	snprintf(name, sizeof name, "%s%d%s", before, pid, behind);
	in_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

static bool is_there(const char *before, int pid, const char *behind)
{
	char name[64];
	snprintf(name, sizeof name, "%s%d%s", before, pid, behind);
	in_dir(name);
	return access(path, F_OK) == 0;
}

/* What writers that are gone left goes, and nothing else. */
static void temporary_files_of_the_dead_go(void **state)
{
	const char begin[] = ".sandwatch.", end[] = ".tmp";
	int dead = dead_pid(), locked = dead_pid();
	(void)state;
	close(put_file(begin, dead, end));
	close(put_file(begin, 1, end)); /* lives */
	close(put_file(begin, dead, ".tmp.bak"));
	close(put_file(begin, dead, "x.tmp"));
	close(put_file("sandwatch.", dead, end));
	int held = put_file(begin, locked, end); /* of a process that cannot be seen from here */
	assert_int_equal(flock(held, LOCK_EX), 0);
	in_dir("file");
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_false(is_there(begin, dead, end));
	assert_true(is_there(begin, 1, end));
	assert_true(is_there(begin, locked, end));
	assert_true(is_there(begin, dead, ".tmp.bak"));
	assert_true(is_there(begin, dead, "x.tmp"));
	assert_true(is_there("sandwatch.", dead, end));
	close(held);
	in_dir("other");
	assert_int_equal(sw_file_write(path, "x", 1, &err), 0);
	assert_false(is_there(begin, locked, end));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(a_file_is_on_disk_before_it_has_its_name),
		TEST(a_reader_never_sees_half_a_file),
		TEST(a_failed_write_keeps_the_old_file_and_leaves_nothing),
		TEST(a_folder_is_not_replaced),
		TEST(missing_places),
		TEST(devices_are_written_directly),
		TEST(pipes_are_written_directly),
		TEST(dev_stdout_is_not_replaced),
		TEST(a_planted_link_leads_nowhere),
		TEST(a_link_stays_and_its_file_is_replaced),
		TEST(a_second_time_replaces_in_shared_memory_too),
		TEST(a_pipe_that_nobody_reads_is_an_error),
		TEST(a_name_may_be_as_long_as_names_are),
		TEST(reading_has_a_bound),
		TEST(folders_are_made),
		TEST(a_file_in_the_way_of_folders_is_an_error),
		TEST(temporary_files_of_the_dead_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
