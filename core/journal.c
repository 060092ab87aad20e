#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

struct sw_journal {
	int fd;
	bool disk_is_full; /* as a test has it */
	int64_t size;
	struct sw_buf pending;
	char path[SW_PATH_MAX];
};

enum { LOCK_TRIES = 50, LOCK_PAUSE_NS = 4000000 };

/* Waits for a reader that is just asking: it lets go at once. */
static void lock(int fd)
{
	while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
}

int sw_journal_is_written(const char *path, bool *out, struct sw_error *err)
{
	SW_CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path);
	/* Any other failure is a file system without locks: nothing says that somebody writes. */
	*out = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	return 0;
}

int sw_journal_create(const char *path, struct sw_journal **out_journal, struct sw_error *err)
{
	struct sw_journal *journal = calloc(1, sizeof *journal);
	if (!journal)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot create %s", path);
	journal->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (journal->fd < 0) {
		sw_error_set(err, SW_ERR_IO, errno, "cannot create %s", path);
		free(journal);
		return -1;
	}
	lock(journal->fd);
	sw_file_sync_parent(path);
	sw_text_copy(journal->path, sizeof journal->path, path);
	*out_journal = journal;
	return 0;
}

/* A writer has it for as long as it lives, somebody who asks for a moment only: several tries tell the two
 * apart. */
static int lock_for_good(int fd, const char *path, struct sw_error *err)
{
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return 0; /* a file system without locks */
		if (tries == LOCK_TRIES)
			return sw_error_set(err, SW_ERR_USAGE, 0, "%s is still being written by another process",
			                    path);
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
	}
	return 0;
}

/* How long the file is up to its last newline; -1: it cannot be read. */
static int64_t whole_lines(int fd, int64_t size)
{
	char block[4096];
	for (int64_t end = size; end > 0;) {
		int64_t start = end > (int64_t)sizeof block ? end - (int64_t)sizeof block : 0;
		ssize_t n = pread(fd, block, (size_t)(end - start), start);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != end - start)
			return -1;
		const char *newline = memrchr(block, '\n', (size_t)n);
		if (newline)
			return start + (newline - block) + 1;
		end = start;
	}
	return 0;
}

static int cut_torn_line(struct sw_journal *journal, const char *path, int64_t *out_cut,
                         struct sw_error *err)
{
	struct stat st;
	if (fstat(journal->fd, &st) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s is no file: only a journal in a file can go on",
		                    path);
	int64_t whole = whole_lines(journal->fd, st.st_size);
	if (whole < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
	if (whole < st.st_size && (ftruncate(journal->fd, whole) < 0 || fsync(journal->fd) < 0))
		return sw_error_set(err, SW_ERR_IO, errno, "cannot cut the torn last line off %s", path);
	journal->size = whole;
	*out_cut = st.st_size - whole;
	return 0;
}

int sw_journal_open(const char *path, struct sw_journal **out_journal, int64_t *out_cut,
                    struct sw_error *err)
{
	struct sw_journal *journal = calloc(1, sizeof *journal);
	if (!journal)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot open %s", path);
	journal->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK);
	if (journal->fd < 0) {
		sw_error_set(err, errno == ENOENT ? SW_ERR_NOT_FOUND : SW_ERR_IO, errno, "cannot open %s",
		             path);
		free(journal);
		return -1;
	}
	if (lock_for_good(journal->fd, path, err) < 0 ||
	    cut_torn_line(journal, path, out_cut, err) < 0) {
		sw_journal_free(journal);
		return -1;
	}
	sw_text_copy(journal->path, sizeof journal->path, path);
	*out_journal = journal;
	return 0;
}

void sw_journal_free(struct sw_journal *journal)
{
	if (!journal)
		return;
	close(journal->fd);
	sw_buf_done(&journal->pending);
	free(journal);
}

int sw_journal_add(struct sw_journal *journal, const struct sw_event *event, struct sw_error *err)
{
	if (sw_event_encode(event, &journal->pending) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot add an event to %s",
		                    journal->path);
	return 0;
}

void sw_journal_fill_disk(struct sw_journal *journal)
{
	journal->disk_is_full = true;
}

static ssize_t write_some(const struct sw_journal *journal)
{
	if (!journal->disk_is_full)
		return write(journal->fd, journal->pending.data, journal->pending.len);
	errno = ENOSPC;
	return -1;
}

int sw_journal_sync(struct sw_journal *journal, bool durable, struct sw_error *err)
{
	struct sw_buf *pending = &journal->pending;
	while (pending->len) {
		ssize_t n = write_some(journal);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot write %s", journal->path);
		sw_buf_consume(pending, (size_t)n);
		journal->size += n;
	}
	if (durable && fdatasync(journal->fd) < 0 && errno != EINVAL && errno != EROFS)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot write %s to disk", journal->path);
	return 0;
}

int64_t sw_journal_size(const struct sw_journal *journal)
{
	return journal->size;
}
