#include "core/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "core/journal.h"
#include "core/loop.h"
#include "core/queue.h"

/* Where the viewer reads on in the journal once the ring has left it behind. */
struct catch_up {
	int fd;
	char *buf;         /* BUFFER bytes, from the first need on */
	int64_t offset;    /* of buf[0] in the file */
	size_t have, used; /* buf[used..have) is to be read */
	uint64_t seq;      /* the newest event before buf[used] */
};
enum { BUFFER = 64 * 1024 };

struct sw_recorder {
	struct sw_recorder_options o;
	struct sw_queue *queue;
	pthread_t thread;
	bool is_started;
	atomic_bool over, disk_full;
	/* The recorder's own. */
	struct sw_journal *journal;
	uint64_t at;           /* the newest event that was dealt with */
	struct sw_error error; /* code SW_OK when there is none */
	int64_t woken_ns;      /* when the viewer was */
	bool owes_wake;        /* an iteration has ended since, and nothing has told the viewer */
	bool is_idle;          /* the last wait was as long as waits are, and for nothing */
	/* The viewer's own. */
	struct sw_queue_place met; /* the file, when the viewer had last taken all that was in it */
	struct catch_up file;
};

/* ---- recording ---- */

static int write_events(struct sw_recorder *r, uint64_t last, bool durable, struct sw_error *err)
{
	for (uint64_t seq = r->at + 1; seq <= last; seq++)
		if (sw_journal_add(r->journal, sw_queue_at(r->queue, seq), err) < 0)
			return -1;
	if (atomic_load(&r->disk_full))
		sw_journal_fill_disk(r->journal);
	return sw_journal_sync(r->journal, durable, err);
}

static void wake_viewer(struct sw_recorder *r, bool at_once)
{
	int64_t now_ns = sw_clock_ns();
	if (!at_once && (!r->owes_wake || now_ns - r->woken_ns < SW_RECORDER_WAKE_NS))
		return;
	sw_loop_wake(r->o.viewer);
	r->woken_ns = now_ns;
	r->owes_wake = false;
}

static void record(struct sw_recorder *r, uint64_t last)
{
	bool durable = false, has_end = false, at_once = false, has_failed = r->error.code != SW_OK;
	struct sw_error err;
	for (uint64_t seq = r->at + 1; seq <= last; seq++) {
		const struct sw_event *event = sw_queue_at(r->queue, seq);
		enum sw_event_kind kind = event->kind;
		/* While a turn goes on nothing is synced: its last end takes the others with it. */
		durable |= sw_event_is_durable(kind) && !event->in_turn;
		if (kind == SW_EVENT_ITERATION_FINISHED)
			r->owes_wake = has_end = true;
		else
			at_once |= sw_event_is_urgent(kind);
	}
	if (!has_failed && write_events(r, last, durable, &err) < 0) {
		has_failed = true;
		r->error = err;
		r->o.failed(r->o.user);
	}
	r->at = last;
	if (has_failed)
		sw_queue_lost(r->queue, last);
	else
		sw_queue_recorded(r->queue, last, sw_journal_size(r->journal));
	wake_viewer(r, at_once || has_failed);
	if (durable || has_end || has_failed)
		r->o.acknowledged(r->o.user, last);
}

static int64_t wait_ns(const struct sw_recorder *r)
{
	/* After a failure somebody has to look whether the producer waits. */
	if (!r->owes_wake)
		return r->is_idle && r->error.code == SW_OK ? SW_QUEUE_REST : SW_QUEUE_IDLE_NS;
	int64_t left_ns = r->woken_ns + SW_RECORDER_WAKE_NS - sw_clock_ns();
	return left_ns > 0 ? left_ns : 0;
}

static void *thread_main(void *user)
{
	struct sw_recorder *r = user;
	uint64_t last;
	int64_t wait;
	while (sw_queue_wait(r->queue, wait = wait_ns(r), &last)) {
		r->is_idle = wait == SW_QUEUE_IDLE_NS && last == r->at;
		if (last > r->at)
			record(r, last);
		else /* after a failure the producer may wait for the viewer */
			wake_viewer(r, r->error.code != SW_OK);
	}
	atomic_store(&r->over, true);
	sw_loop_wake(r->o.viewer);
	return NULL;
}

static void go_on(struct sw_recorder *r, uint64_t seq, int64_t size)
{
	sw_queue_go_on(r->queue, seq, size);
	r->at = seq;
	r->met = (struct sw_queue_place){.seq = seq, .recorded_seq = seq, .recorded_size = size};
}

static int allocate(struct sw_recorder *r, struct sw_error *err)
{
	r->journal = r->o.journal;
	r->queue = sw_queue_new();
	if (!r->queue)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot record the session");
	if (r->journal)
		go_on(r, r->o.seq, sw_journal_size(r->journal));
	else if (sw_journal_create(r->o.path, &r->journal, err) < 0)
		return -1;
	/* Now: whoever moves the file later moves it for both. */
	r->file.fd = open(r->o.path, O_RDONLY | O_CLOEXEC);
	if (r->file.fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", r->o.path);
	return 0;
}

int sw_recorder_start(const struct sw_recorder_options *options, struct sw_recorder **out_recorder,
                      struct sw_error *err)
{
	struct sw_recorder *r = calloc(1, sizeof *r);
	if (!r) {
		sw_journal_free(options->journal);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot record the session");
	}
	r->o = *options;
	r->file.fd = -1;
	int status = allocate(r, err);
	if (status == 0) {
		int failed = pthread_create(&r->thread, NULL, thread_main, r);
		if (failed)
			status =
				sw_error_set(err, SW_ERR_INTERNAL, failed, "cannot start the recording thread");
		r->is_started = !failed;
	}
	if (status < 0) {
		sw_recorder_free(r);
		return -1;
	}
	r->o.path = NULL; /* borrowed for the start alone */
	*out_recorder = r;
	return 0;
}

void sw_recorder_fill_disk(struct sw_recorder *r)
{
	atomic_store(&r->disk_full, true);
}

void sw_recorder_push(struct sw_recorder *r, struct sw_event *event)
{
	sw_queue_push(r->queue, event, r->o.origin_ns);
}

void sw_recorder_close(struct sw_recorder *r)
{
	sw_queue_close(r->queue);
}

bool sw_recorder_is_over(const struct sw_recorder *r)
{
	return atomic_load(&r->over);
}

const struct sw_error *sw_recorder_error(const struct sw_recorder *r)
{
	return r->error.code == SW_OK ? NULL : &r->error;
}

void sw_recorder_abandon(struct sw_recorder *r, struct sw_event *event, int64_t wait_ns)
{
	(void)sw_queue_close_with(r->queue, event, r->o.origin_ns, wait_ns);
}

void sw_recorder_free(struct sw_recorder *r)
{
	if (!r)
		return;
	if (r->queue)
		sw_queue_close(r->queue);
	if (r->is_started)
		pthread_join(r->thread, NULL);
	sw_journal_free(r->journal);
	sw_queue_free(r->queue);
	if (r->file.fd >= 0)
		close(r->file.fd);
	free(r->file.buf);
	free(r);
}

/* ---- viewing ---- */

/* More of the file, up to SIZE: behind that a line may still be in the making. */
static bool read_more(struct catch_up *file, int64_t size)
{
	memmove(file->buf, file->buf + file->used, file->have - file->used);
	file->offset += (int64_t)file->used;
	file->have -= file->used;
	file->used = 0;
	int64_t left = size - file->offset - (int64_t)file->have;
	size_t room = BUFFER - file->have;
	if (left <= 0 || !room)
		return false;
	size_t want = left < (int64_t)room ? (size_t)left : room;
	ssize_t n;
	do {
		n = pread(file->fd, file->buf + file->have, want, file->offset + (int64_t)file->have);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	file->have += (size_t)n;
	return true;
}

/* The first event after the one numbered PLACE->seq; false when the file does not have it. */
static bool read_event(struct sw_recorder *r, const struct sw_queue_place *place,
                       struct sw_event *out_event)
{
	struct catch_up *file = &r->file;
	struct sw_error err;
	if (!file->buf && !(file->buf = malloc(BUFFER)))
		return false;
	if (file->seq < r->met.recorded_seq) {
		file->seq = r->met.recorded_seq;
		file->offset = r->met.recorded_size;
		file->have = file->used = 0;
	}
	for (;;) {
		const char *line = file->buf + file->used;
		const char *end = memchr(line, '\n', file->have - file->used);
		if (!end) {
			if (!read_more(file, place->recorded_size))
				return false;
			continue;
		}
		file->used += (size_t)(end - line) + 1;
		if (sw_event_decode(line, (size_t)(end - line), out_event, &err) < 0)
			continue;
		file->seq = out_event->seq;
		if (file->seq > place->seq)
			return true;
	}
}

bool sw_recorder_take(struct sw_recorder *r, struct sw_event *out_event, bool *out_is_lost)
{
	struct sw_queue_place place;
	enum sw_taken taken;
	while ((taken = sw_queue_take(r->queue, out_event, &place)) == SW_TAKEN_BEHIND) {
		if (read_event(r, &place, out_event)) {
			sw_queue_skip(r->queue, out_event->seq);
			*out_is_lost = false;
			return true;
		}
		/* Not there although it was written: then it is missing, and whoever folds will count it. */
		sw_queue_skip(r->queue, place.gone_seq);
	}
	if (place.recorded_seq <= place.seq)
		r->met = place;
	*out_is_lost = taken == SW_TAKEN_LOST;
	return taken != SW_TAKEN_NONE;
}
