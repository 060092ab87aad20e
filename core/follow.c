#include "core/follow.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/plan.h"
#include "core/text.h"

#define SLICE_NS INT64_C(4000000)
#define PATIENCE_NS INT64_C(1000000)

enum {
	CLOCK_EVERY = 64, /* events between two looks at the clock */
	PATIENCE_MAX = 8, /* 1, 2, 4 … 128 ms */
	FILE_MASK = IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB,
	FOLDER_MASK = IN_CREATE | IN_MOVED_TO,
};

/* The folder is watched all the time: only there a file that takes the place of another shows. */
struct sw_follow {
	struct sw_loop *loop;
	const struct sw_follow_ops *ops;
	void *user;
	int notify_fd, file_watch;
	struct sw_journal_reader *reader; /* NULL: there is no file yet */
	struct sw_timer turn;             /* more to read, now */
	bool waited; /* the file came while we watched: its writer may not have locked it yet */
	bool caught_up, finished, gone, deleted;
	bool look;        /* for the writer, at the end of what is there */
	int tries;        /* at it, after a close */
	const char *name; /* in path, without its folder */
	char path[SW_PATH_MAX];
};

static void turn(void *user);

static void tell(struct sw_follow *follow, void (*fn)(void *user))
{
	if (fn)
		fn(follow->user);
}

static void stop(struct sw_follow *follow)
{
	sw_loop_disarm(follow->loop, &follow->turn);
	sw_loop_unwatch(follow->loop, follow->notify_fd);
}

static void fail(struct sw_follow *follow, const struct sw_error *err)
{
	stop(follow);
	follow->ops->failed(follow->user, err);
}

/* A timer that is due now, not a deferred call: descriptors have their turn in between. */
static void soon(struct sw_follow *follow, int64_t delay_ns)
{
	struct sw_error err;
	if (sw_loop_arm(follow->loop, &follow->turn, sw_clock_ns() + delay_ns, turn, follow) < 0) {
		sw_error_set(&err, SW_ERR_INTERNAL, ENOMEM, "cannot follow %s", follow->path);
		fail(follow, &err);
	}
}

/* ---- the file ---- */

/* The file may be another one the next moment: then the folder's watch tells, and we come again. */
static void watch_file(struct sw_follow *follow)
{
	if (follow->file_watch >= 0)
		(void)inotify_rm_watch(follow->notify_fd, follow->file_watch);
	follow->file_watch = inotify_add_watch(follow->notify_fd, follow->path, FILE_MASK);
}

static void begin(struct sw_follow *follow)
{
	follow->caught_up = follow->finished = follow->gone = follow->deleted = false;
	follow->look = true;
	follow->tries = 0;
	watch_file(follow);
}

/* 1: open, 0: not there yet, -1: error. */
static int open_file(struct sw_follow *follow, struct sw_error *err)
{
	struct stat st;
	if (stat(follow->path, &st) == 0 && !S_ISREG(st.st_mode))
		return sw_error_set(err, SW_ERR_IO, 0, "cannot follow %s: it is not a file", follow->path);
	if (sw_journal_reader_open(follow->path, &follow->reader, err) < 0)
		return err->code == SW_ERR_NOT_FOUND ? 0 : -1;
	begin(follow);
	return 1;
}

static bool is_deleted(const struct sw_follow *follow)
{
	struct stat st;
	return stat(follow->path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* The kernel tells of a close before it lets go of the file's locks (fs/file_table.c, __fput), and
 * of their end it tells nobody: so a writer that seems to live after a close is looked at again,
 * a few times. */
static void look_for_writer(struct sw_follow *follow)
{
	if (follow->waited && sw_journal_reader_offset(follow->reader) == 0 && !follow->tries)
		return;
	if (!sw_journal_reader_has_writer(follow->reader)) {
		follow->look = false;
		follow->tries = 0;
		if (!follow->finished && !follow->gone) {
			follow->gone = true;
			tell(follow, follow->ops->writer_gone);
		}
	} else if (follow->tries) {
		follow->tries--;
		soon(follow, PATIENCE_NS << (PATIENCE_MAX - 1 - follow->tries));
	} else {
		follow->look = false;
	}
}

static void at_end(struct sw_follow *follow)
{
	if (!follow->caught_up) {
		follow->caught_up = true;
		tell(follow, follow->ops->caught_up);
	}
	if (follow->look)
		look_for_writer(follow);
	bool deleted = is_deleted(follow);
	if (deleted && !follow->deleted)
		tell(follow, follow->ops->deleted);
	follow->deleted = deleted;
}

static void take(struct sw_follow *follow, const struct sw_event *event)
{
	follow->gone = false;
	/* Notes may come behind the end. Anything else means that it goes on, or is out of order. */
	if (event->kind != SW_EVENT_NOTE)
		follow->finished = event->kind == SW_EVENT_SESSION_FINISHED;
	follow->ops->event(follow->user, event);
}

static void turn(void *user)
{
	struct sw_follow *follow = user;
	const struct sw_event *event;
	struct sw_error err;
	int64_t until = sw_clock_ns() + SLICE_NS;
	int opened = follow->reader ? 1 : open_file(follow, &err);
	if (opened < 0)
		fail(follow, &err);
	if (opened <= 0)
		return;
	for (int n = 1;; n++) {
		switch (sw_journal_reader_next(follow->reader, &event, &err)) {
		case SW_JOURNAL_EVENT:
			take(follow, event);
			break;
		case SW_JOURNAL_RESTARTED:
			follow->waited = true;
			begin(follow);
			tell(follow, follow->ops->restarted);
			break;
		case SW_JOURNAL_END:
			at_end(follow);
			return;
		case SW_JOURNAL_ERROR:
			fail(follow, &err);
			return;
		}
		if (n % CLOCK_EVERY == 0 && sw_clock_ns() >= until) {
			soon(follow, 0);
			return;
		}
	}
}

/* ---- what the kernel tells ---- */

static bool concerns(const struct sw_follow *follow, const struct inotify_event *event)
{
	return event->wd == follow->file_watch || event->mask & IN_Q_OVERFLOW ||
	       (event->len && strcmp(event->name, follow->name) == 0);
}

static void notified(void *user, int fd, unsigned events)
{
	struct sw_follow *follow = user;
	_Alignas(struct inotify_event) char buf[4096];
	bool any = false;
	ssize_t n;
	(void)events;
	while ((n = read(fd, buf, sizeof buf)) > 0) {
		for (const char *at = buf; at < buf + n;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
			at += sizeof *event + event->len;
			if (!concerns(follow, event))
				continue;
			any = true;
			if (event->mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW)) {
				follow->look = true;
				follow->tries = PATIENCE_MAX;
			}
			if (event->mask & IN_IGNORED && event->wd == follow->file_watch)
				follow->file_watch = -1;
		}
	}
	if (any)
		soon(follow, 0);
}

static int watch_folder(struct sw_follow *follow, struct sw_error *err)
{
	char folder[SW_PATH_MAX];
	int len = (int)(follow->name - follow->path);
	if (len)
		snprintf(folder, sizeof folder, "%.*s", len, follow->path);
	if (inotify_add_watch(follow->notify_fd, len ? folder : ".", FOLDER_MASK) >= 0)
		return 0;
	return sw_error_set(err, errno == ENOENT ? SW_ERR_NOT_FOUND : SW_ERR_IO, errno,
	                    "cannot watch the folder of %s", follow->path);
}

static int start(struct sw_follow *follow, struct sw_error *err)
{
	follow->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (follow->notify_fd < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot watch %s", follow->path);
	if (watch_folder(follow, err) < 0)
		return -1;
	int opened = open_file(follow, err);
	if (opened < 0)
		return -1;
	follow->waited = !opened;
	if (sw_loop_watch(follow->loop, follow->notify_fd, SW_LOOP_READ, notified, follow, err) < 0)
		return -1;
	if (sw_loop_arm(follow->loop, &follow->turn, sw_clock_ns(), turn, follow) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot follow %s", follow->path);
	return 0;
}

int sw_follow_new(struct sw_loop *loop, const char *path, const struct sw_follow_ops *ops,
                  void *user, struct sw_follow **out_follow, struct sw_error *err)
{
	struct sw_follow *follow = calloc(1, sizeof *follow);
	if (!follow)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot follow %s", path);
	follow->loop = loop;
	follow->ops = ops;
	follow->user = user;
	follow->notify_fd = follow->file_watch = -1;
	if (!sw_text_copy(follow->path, sizeof follow->path, path)) {
		free(follow);
		return sw_error_set(err, SW_ERR_IO, ENAMETOOLONG, "cannot follow %s", path);
	}
	const char *slash = strrchr(follow->path, '/');
	follow->name = slash ? slash + 1 : follow->path;
	if (start(follow, err) < 0) {
		sw_follow_free(follow);
		return -1;
	}
	*out_follow = follow;
	return 0;
}

void sw_follow_free(struct sw_follow *follow)
{
	if (!follow)
		return;
	stop(follow);
	if (follow->notify_fd >= 0)
		close(follow->notify_fd);
	sw_journal_reader_free(follow->reader);
	free(follow);
}

const struct sw_journal_stats *sw_follow_stats(const struct sw_follow *follow)
{
	return follow->reader ? sw_journal_reader_stats(follow->reader) : NULL;
}
