#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"

/* Of temporary files; between the two stands the writer's pid. */
#define PREFIX ".sandwatch."
#define SUFFIX ".tmp"

/* For the next bytes of a pipe that somebody has open for writing. */
#define PATIENCE_MS 10000

int sw_file_open(const char *path)
{
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

ssize_t sw_file_read_some(int fd, char *out, size_t size)
{
	for (;;) {
		ssize_t n = read(fd, out, size);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		if (errno == EAGAIN && poll(&ready, 1, PATIENCE_MS) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

static int read_all(int fd, const char *path, size_t max, struct sw_buf *out, struct sw_error *err)
{
	char block[16 * 1024];
	size_t total = 0;
	for (;;) {
		ssize_t n = sw_file_read_some(fd, block, sizeof block);
		if (n < 0)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max)
			return sw_error_set(err, SW_ERR_LIMIT, 0, "%s is larger than %zu bytes", path, max);
		if (sw_buf_add(out, block, (size_t)n) < 0)
			return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot read %s", path);
	}
}

int sw_file_read(const char *path, size_t max, struct sw_buf *out, struct sw_error *err)
{
	size_t before = out->len;
	SW_CLEANUP(close) int fd = sw_file_open(path);
	if (fd < 0)
		return sw_error_set(err, errno == ENOENT ? SW_ERR_NOT_FOUND : SW_ERR_IO, errno,
		                    "cannot open %s", path);
	if (read_all(fd, path, max, out, err) == 0)
		return 0;
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return -1;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_direct(const char *path, const void *data, size_t len, struct sw_error *err)
{
	/* Not blocking in open: a pipe that nobody reads would hold us for ever (ENXIO). */
	SW_CLEANUP(close) int fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENXIO)
		return sw_error_set(err, SW_ERR_IO, 0, "cannot write %s: nobody reads that pipe", path);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 || write_all(fd, data, len) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot write %s", path);
	return 0;
}

/* /dev/stdout leads to a file after `> file`, and is itself not ours to replace. */
static bool is_descriptor(const char *path)
{
	return strncmp(path, "/dev/std", 8) == 0 || strncmp(path, "/dev/fd/", 8) == 0 ||
	       strncmp(path, "/proc/", 6) == 0;
}

/* Whoever writes one holds a lock on it: without a lock, and its process gone, nobody will rename it. */
static bool is_abandoned(int folder, const char *name)
{
	struct stat st;
	char *end;
	errno = 0;
	long pid = strtol(name + sizeof PREFIX - 1, &end, 10);
	if (errno || pid <= 0 || strcmp(end, SUFFIX) != 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
		return false;
	SW_CLEANUP(close) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* The folder that PATH is in, or -1. */
static int open_parent(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	if (len >= sizeof parent)
		return -1;
	(void)snprintf(parent, sizeof parent, "%.*s", (int)len, path);
	return open(slash ? (len ? parent : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_abandoned(const char *path)
{
	int fd = open_parent(path);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) == 0 &&
		    is_abandoned(dirfd(folder), entry->d_name))
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
}

/* Beside PATH; short, as PATH's own name may be as long as a name can be. */
static int temporary_name(const char *path, char *dst, size_t size)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;
	int n = snprintf(dst, size, "%.*s" PREFIX "%d" SUFFIX, folder, path, (int)getpid());
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

void sw_file_sync_parent(const char *path)
{
	SW_CLEANUP(close) int fd = open_parent(path);
	if (fd >= 0)
		(void)fsync(fd);
}

int sw_file_write(const char *path, const void *data, size_t len, struct sw_error *err)
{
	char temporary[PATH_MAX], target[PATH_MAX];
	struct stat st;
	bool is_there = stat(path, &st) == 0;
	if (is_there && (is_descriptor(path) || !S_ISREG(st.st_mode))) {
		if (S_ISDIR(st.st_mode))
			return sw_error_set(err, SW_ERR_IO, EISDIR, "cannot write %s", path);
		return write_direct(path, data, len, err);
	}
	/* A link stays one: what it leads to is replaced. */
	const char *real = is_there && realpath(path, target) ? target : path;
	if (temporary_name(real, temporary, sizeof temporary) < 0)
		return sw_error_set(err, SW_ERR_IO, ENAMETOOLONG, "cannot write %s", path);
	/* Its name can be guessed: nobody's link may lead the write elsewhere. */
	unlink(temporary);
	remove_abandoned(real);
	SW_CLEANUP(close) int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot write %s", path);
	(void)flock(fd, LOCK_EX | LOCK_NB);
	if (is_there)
		(void)fchmod(fd, st.st_mode & 0777);
	if (write_all(fd, data, len) < 0 || fsync(fd) < 0 || rename(temporary, real) < 0) {
		sw_error_set(err, SW_ERR_IO, errno, "cannot write %s", path);
		unlink(temporary);
		return -1;
	}
	sw_file_sync_parent(real);
	return 0;
}

int sw_file_make_dirs(const char *path, struct sw_error *err)
{
	char part[PATH_MAX];
	struct stat st;
	size_t len = strlen(path);
	if (!len || len >= sizeof part)
		return sw_error_set(err, SW_ERR_IO, ENAMETOOLONG, "cannot make the folder %s", path);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i])
			continue;
		char kept = part[i];
		part[i] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot make the folder %s", part);
		part[i] = kept;
	}
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return sw_error_set(err, SW_ERR_IO, ENOTDIR, "cannot make the folder %s", path);
	return 0;
}
