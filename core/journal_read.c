#include "core/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/text.h"

enum {
	BUFFER = 128 * 1024,
	HEAD = 256,       /* bytes of the file's start that tell whether it was rewritten */
	TAIL = 64 * 1024, /* where the last event is looked for */
};

struct sw_journal_reader {
	int fd;
	bool regular;
	bool at_end;   /* the file may have become another one since */
	bool skipping; /* inside a line that is longer than any event */
	dev_t dev;
	ino_t ino;
	char *buf;
	size_t at, have; /* buf[at..have) is read, but not taken */
	uint64_t offset; /* of buf[have] in the file */
	uint64_t line;
	char head[HEAD];
	size_t head_len;
	struct sw_journal_stats stats;
	struct sw_event event;
	char path[SW_PATH_MAX];
};

/* ---- the file ---- */

static int open_file(struct sw_journal_reader *reader, struct sw_error *err)
{
	struct stat st;
	SW_CLEANUP(close) int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return sw_error_set(err, errno == ENOENT ? SW_ERR_NOT_FOUND : SW_ERR_IO, errno,
		                    "cannot open %s", reader->path);
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = SW_TAKE_FD(fd);
	reader->dev = st.st_dev;
	reader->ino = st.st_ino;
	reader->regular = S_ISREG(st.st_mode);
	return 0;
}

static void start_over(struct sw_journal_reader *reader)
{
	reader->at_end = reader->skipping = false;
	reader->at = reader->have = reader->head_len = 0;
	reader->offset = reader->line = 0;
	reader->stats = (struct sw_journal_stats){0};
}

int sw_journal_reader_open(const char *path, struct sw_journal_reader **out_reader,
                           struct sw_error *err)
{
	struct sw_journal_reader *reader = calloc(1, sizeof *reader);
	char *buf = malloc(BUFFER);
	if (!reader || !buf) {
		free(reader);
		free(buf);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot read %s", path);
	}
	reader->fd = -1;
	reader->buf = buf;
	int status = sw_text_copy(reader->path, sizeof reader->path, path)
	                 ? open_file(reader, err)
	                 : sw_error_set(err, SW_ERR_IO, ENAMETOOLONG, "cannot open %s", path);
	if (status < 0) {
		sw_journal_reader_free(reader);
		return -1;
	}
	*out_reader = reader;
	return 0;
}

void sw_journal_reader_free(struct sw_journal_reader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		close(reader->fd);
	free(reader->buf);
	free(reader);
}

int sw_journal_reader_rewind(struct sw_journal_reader *reader, struct sw_error *err)
{
	if (lseek(reader->fd, 0, SEEK_SET) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot go back in %s", reader->path);
	start_over(reader);
	return 0;
}

/* Cut and written anew past the place that was reached: only its start can tell. */
static bool is_rewritten(const struct sw_journal_reader *reader)
{
	char head[HEAD];
	ssize_t n = pread(reader->fd, head, reader->head_len, 0);
	return n >= 0 && ((size_t)n < reader->head_len || memcmp(head, reader->head, (size_t)n) != 0);
}

/* 1: the reader starts over, 0: the file is what it was, -1: error. */
static int look_again(struct sw_journal_reader *reader, struct sw_error *err)
{
	struct stat st;
	if (!reader->regular)
		return 0;
	if (stat(reader->path, &st) == 0 && (st.st_dev != reader->dev || st.st_ino != reader->ino)) {
		struct sw_error ignored;
		if (open_file(reader, &ignored) < 0)
			return 0; /* gone again: what is open is still the newest there was */
		start_over(reader);
		return 1;
	}
	if (fstat(reader->fd, &st) < 0 ||
	    ((uint64_t)st.st_size >= reader->offset && !is_rewritten(reader)))
		return 0;
	return sw_journal_reader_rewind(reader, err) < 0 ? -1 : 1;
}

/* ---- lines ---- */

static void broken(struct sw_journal_reader *reader, const char *why)
{
	if (reader->stats.broken++)
		return;
	reader->stats.first_broken_line = reader->line;
	sw_text_copy(reader->stats.first_error, sizeof reader->stats.first_error, why);
}

/* Takes one line of LEN bytes; true when it is an event. */
static bool take_line(struct sw_journal_reader *reader, const char *line, size_t len)
{
	struct sw_error err;
	reader->line++;
	if (reader->skipping || len > SW_EVENT_LINE_MAX) {
		reader->skipping = false;
		reader->stats.overlong++;
		broken(reader, "a line longer than any event");
		return false;
	}
	if (sw_event_decode(line, len, &reader->event, &err) < 0) {
		reader->stats.foreign += err.code == SW_ERR_NOT_FOUND;
		broken(reader, err.message);
		return false;
	}
	reader->stats.events++;
	return true;
}

static bool next_event(struct sw_journal_reader *reader)
{
	const char *end;
	while ((end = memchr(reader->buf + reader->at, '\n', reader->have - reader->at))) {
		const char *line = reader->buf + reader->at;
		reader->at = (size_t)(end + 1 - reader->buf);
		if (take_line(reader, line, (size_t)(end - line)))
			return true;
	}
	return false;
}

/* Keeps the line that has begun, if it can still become an event. */
static void make_room(struct sw_journal_reader *reader)
{
	size_t left = reader->have - reader->at;
	reader->skipping |= left > SW_EVENT_LINE_MAX;
	if (reader->skipping)
		left = 0;
	memmove(reader->buf, reader->buf + reader->have - left, left);
	reader->at = 0;
	reader->have = left;
}

static ssize_t fill(struct sw_journal_reader *reader, struct sw_error *err)
{
	char *to = reader->buf + reader->have;
	ssize_t n;
	do
		n = read(reader->fd, to, BUFFER - reader->have);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot read %s", reader->path);
	if (reader->offset < HEAD) {
		size_t room = HEAD - (size_t)reader->offset;
		size_t kept = (size_t)n < room ? (size_t)n : room;
		memcpy(reader->head + reader->offset, to, kept);
		reader->head_len = (size_t)reader->offset + kept;
	}
	reader->have += (size_t)n;
	reader->offset += (uint64_t)n;
	return n;
}

enum sw_journal_next sw_journal_reader_next(struct sw_journal_reader *reader,
                                            const struct sw_event **out_event, struct sw_error *err)
{
	for (;;) {
		if (next_event(reader)) {
			*out_event = &reader->event;
			return SW_JOURNAL_EVENT;
		}
		make_room(reader);
		int again = reader->at_end ? look_again(reader, err) : 0;
		ssize_t n = again ? again : fill(reader, err);
		if (!again && n == 0)
			again = look_again(reader, err);
		if (again < 0 || n < 0)
			return SW_JOURNAL_ERROR;
		if (again)
			return SW_JOURNAL_RESTARTED;
		reader->at_end = n == 0;
		if (n == 0) {
			reader->stats.torn = reader->have > 0 || reader->skipping;
			return SW_JOURNAL_END;
		}
	}
}

const struct sw_journal_stats *sw_journal_reader_stats(const struct sw_journal_reader *reader)
{
	return &reader->stats;
}

uint64_t sw_journal_reader_offset(const struct sw_journal_reader *reader)
{
	return reader->offset - (reader->have - reader->at);
}

bool sw_journal_reader_has_writer(const struct sw_journal_reader *reader)
{
	if (flock(reader->fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	(void)flock(reader->fd, LOCK_UN);
	return false;
}

bool sw_journal_reader_last(const struct sw_journal_reader *reader, struct sw_event *out_event)
{
	struct stat st;
	struct sw_error err;
	SW_CLEANUP(free) char *buf = malloc(TAIL);
	if (!buf || fstat(reader->fd, &st) < 0)
		return false;
	ssize_t n = pread(reader->fd, buf, TAIL, st.st_size > TAIL ? st.st_size - TAIL : 0);
	char *end = n > 0 ? memrchr(buf, '\n', (size_t)n) : NULL;
	while (end) {
		char *before = memrchr(buf, '\n', (size_t)(end - buf));
		const char *line = before ? before + 1 : buf;
		if (sw_event_decode(line, (size_t)(end - line), out_event, &err) == 0)
			return true;
		end = before;
	}
	return false;
}

/* ---- all at once ---- */

int sw_journal_read(const char *path, sw_journal_fn fn, void *user,
                    struct sw_journal_stats *out_stats, struct sw_error *err)
{
	struct sw_journal_reader *reader;
	const struct sw_event *event;
	enum sw_journal_next next;
	if (sw_journal_reader_open(path, &reader, err) < 0)
		return -1;
	do
		next = sw_journal_reader_next(reader, &event, err);
	while (next == SW_JOURNAL_EVENT && fn(user, event) == 0);
	if (next == SW_JOURNAL_RESTARTED)
		sw_error_set(err, SW_ERR_IO, 0, "%s was replaced while it was read: try again", path);
	if (next == SW_JOURNAL_EVENT || next == SW_JOURNAL_END)
		*out_stats = reader->stats;
	sw_journal_reader_free(reader);
	return next == SW_JOURNAL_EVENT || next == SW_JOURNAL_END ? 0 : -1;
}
