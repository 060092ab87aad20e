#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

struct sw_journal {
	int fd;
	int64_t size;
	struct sw_buf pending;
	char path[SW_PATH_MAX];
};

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

int sw_journal_sync(struct sw_journal *journal, bool durable, struct sw_error *err)
{
	struct sw_buf *pending = &journal->pending;
	while (pending->len) {
		ssize_t n = write(journal->fd, pending->data, pending->len);
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

struct reading {
	sw_journal_fn fn;
	void *user;
	struct sw_journal_stats stats;
	struct sw_event event;
	bool skipping; /* inside a line that is longer than any event */
};

static void broken(struct reading *reading, const char *why)
{
	if (reading->stats.broken++)
		return;
	reading->stats.first_broken_line = reading->stats.events + 1;
	sw_text_copy(reading->stats.first_error, sizeof reading->stats.first_error, why);
}

static int take_line(struct reading *reading, const char *line, size_t len)
{
	struct sw_error err;
	if (reading->skipping) {
		reading->skipping = false;
		return 0;
	}
	if (sw_event_decode(line, len, &reading->event, &err) < 0) {
		broken(reading, err.message);
		return 0;
	}
	reading->stats.events++;
	return reading->fn(reading->user, &reading->event);
}

/* Takes the whole lines of buf[0..len); returns the bytes used, or -1 when FN said stop. */
static ssize_t take_lines(struct reading *reading, const char *buf, size_t len)
{
	size_t used = 0;
	const char *end;
	while ((end = memchr(buf + used, '\n', len - used))) {
		size_t n = (size_t)(end - (buf + used));
		if (take_line(reading, buf + used, n) != 0)
			return -1;
		used += n + 1;
	}
	return (ssize_t)used;
}

int sw_journal_read(const char *path, sw_journal_fn fn, void *user,
                    struct sw_journal_stats *out_stats, struct sw_error *err)
{
	enum { BUFFER = 64 * 1024 };
	SW_CLEANUP(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	SW_CLEANUP(free) char *buf = malloc(BUFFER);
	SW_CLEANUP(free) struct reading *reading = calloc(1, sizeof *reading);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path);
	if (!buf || !reading)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot read %s", path);
	reading->fn = fn;
	reading->user = user;
	size_t have = 0;
	ssize_t n;
	while ((n = read(fd, buf + have, BUFFER - have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", path);
		have += (size_t)n;
		ssize_t used = take_lines(reading, buf, have);
		if (used < 0) {
			have = 0;
			break;
		}
		memmove(buf, buf + used, have - (size_t)used);
		have -= (size_t)used;
		if (have == BUFFER) {
			if (!reading->skipping)
				broken(reading, "a line longer than any event");
			reading->skipping = true;
			have = 0;
		}
	}
	reading->stats.torn = have > 0 || reading->skipping;
	*out_stats = reading->stats;
	return 0;
}
