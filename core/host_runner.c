#include "core/host_runner.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/orphans.h"
#include "core/plan.h"
#include "core/process.h"
#include "core/text.h"
#include "core/worker.h"

#define BOOT_TIMEOUT_NS INT64_C(60000000000)
/* After the process has ended: a grandchild outside the group may hold a pipe open for ever. */
#define DRAIN_TIMEOUT_NS INT64_C(200000000)
/* The zygote ends a child at its limit; what it lets pass for this long is ended with it. */
#define ZYGOTE_GRACE_NS INT64_C(1000000000)

enum { DRAIN_READS = 16, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

enum stream { STREAM_OUT, STREAM_ERR, STREAM_RESULT, STREAM_COUNT };

struct host {
	struct sw_runner runner; /* first: this is what callers hold */
	struct sw_host_options o;
	char mark[SW_ORPHANS_MARK_MAX]; /* of all that this runner starts */
	char **env;             /* of what it spawns, with the mark */
	char **argv;            /* the worker's, o.worker_argv's strings; NULL: there is none */
	char path[SW_PATH_MAX]; /* of the command */
	char path_error[SW_TEXT_MAX];
	int path_code; /* what a shell would exit with then */
	struct sw_process process;
	bool exited, ready; /* the process has been reaped; the worker waits for a job */
	int exit_code, exit_signal;
	int64_t spawn_ns, spawned_ns, exited_ns;
	/* the attempt */
	bool busy, waiting; /* waiting: busy, until the worker is ready */
	bool timed_out, cancelled;
	struct sw_attempt attempt, ran; /* ran: the one that the worker had last */
	sw_attempt_done_fn done;
	void *done_user;
	sw_runner_ready_fn prepared; /* prepare's, settle's or finish's */
	void *prepared_user;
	unsigned readies; /* of the report's that were heeded */
	struct sw_buf job;
	size_t job_sent;
	int64_t read_ns, kill_ns;
	struct sw_worker_reader readers[STREAM_COUNT];
	struct sw_worker_report report;
	struct sw_attempt_result result;
	struct sw_timer deadline;
	struct sw_deferred later;
	char buf[64 * 1024];
};

static void on_stream(void *user, int fd, unsigned events);
static void process_exited(void *user, int fd, unsigned events);
static void begin(struct host *h);

static bool is_command(const struct host *h)
{
	return h->o.task->command != NULL;
}

static bool is_preforked(const struct host *h)
{
	return h->o.preforked && !is_command(h);
}

/* ---- the process ---- */

static int *stream_fd(struct host *h, enum stream stream)
{
	return stream == STREAM_OUT   ? &h->process.out
	       : stream == STREAM_ERR ? &h->process.err
	                              : &h->process.result;
}

static void drop_fd(struct host *h, int *fd)
{
	if (*fd < 0)
		return;
	sw_loop_unwatch(h->o.loop, *fd);
	close(*fd);
	*fd = -1;
}

static void drop_process(struct host *h)
{
	sw_loop_disarm(h->o.loop, &h->deadline);
	drop_fd(h, &h->process.in);
	drop_fd(h, &h->process.pidfd);
	for (int i = 0; i < STREAM_COUNT; i++)
		drop_fd(h, stream_fd(h, (enum stream)i));
	h->process = SW_PROCESS_NONE;
	h->ready = false;
}

static int watch_process(struct host *h, struct sw_error *err)
{
	for (int i = 0; i < STREAM_COUNT; i++) {
		int fd = *stream_fd(h, (enum stream)i);
		if (fd >= 0 && sw_loop_watch(h->o.loop, fd, SW_LOOP_READ, on_stream, h, err) < 0)
			return -1;
	}
	return sw_loop_watch(h->o.loop, h->process.pidfd, SW_LOOP_READ, process_exited, h, err);
}

static int spawn(struct host *h, struct sw_error *err)
{
	struct sw_process_options options = {
		.path = is_command(h) ? h->path : h->argv[0],
		.argv = is_command(h) ? h->o.task->command : h->argv,
		.env = h->env,
		.pipe_in = !is_command(h),
		.pipe_result = !is_command(h),
	};
	h->exited = h->ready = false;
	h->exit_code = -1;
	h->exit_signal = 0;
	h->spawn_ns = sw_clock_ns();
	if (sw_process_spawn(&options, &h->process, err) < 0)
		return -1;
	h->spawned_ns = sw_clock_ns();
	if (watch_process(h, err) == 0)
		return 0;
	sw_process_end(&h->process);
	drop_process(h);
	return -1;
}

static void new_readers(struct host *h, const char *token)
{
	for (int i = 0; i < STREAM_COUNT; i++) {
		sw_worker_reader_done(&h->readers[i]);
		sw_worker_reader_init(&h->readers[i], token);
	}
	sw_worker_report_init(&h->report);
	h->readies = 0;
}

/* ---- the end of an attempt ---- */

static void last_words(struct host *h, char *dst, size_t size)
{
	sw_worker_reader_last_line(&h->readers[STREAM_ERR], dst, size);
	if (!*dst)
		sw_worker_reader_last_line(&h->readers[STREAM_OUT], dst, size);
	if (!*dst)
		sw_text_copy(dst, size, "nothing");
}

static bool has_said(const struct host *h)
{
	return h->readers[STREAM_OUT].plain_bytes + h->readers[STREAM_ERR].plain_bytes > 0;
}

static void judge_end(struct host *h)
{
	struct sw_attempt_result *r = &h->result;
	char said[200], name[24], limit[16];
	last_words(h, said, sizeof said);
	if (h->cancelled)
		sw_result_fail(r, SW_OUTCOME_CANCELLED, "stopped by the user");
	else if (h->timed_out)
		sw_result_fail(r, SW_OUTCOME_TIMEOUT,
		               "over its limit of %s and killed; raise timeout_seconds if it needs longer",
		               sw_text_duration(limit, sizeof limit, h->o.timeout_ns));
	else if (h->exit_signal)
		sw_result_fail(r, SW_OUTCOME_CRASHED, "died by %s; the last it said: %s",
		               sw_text_signal(name, sizeof name, h->exit_signal), said);
	else if (!is_command(h))
		sw_result_fail(r, SW_OUTCOME_CRASHED,
		               "the worker ended with status %d without a result; the last it said: %s",
		               h->exit_code, said);
	else if (h->exit_code == 0)
		r->outcome = SW_OUTCOME_OK;
	else if ((h->exit_code == NOT_EXECUTABLE || h->exit_code == NOT_FOUND) && !has_said(h))
		sw_result_fail(r, SW_OUTCOME_FAILED, "the command cannot be executed: %s: exited with %d",
		               h->o.task->command[0], h->exit_code);
	else
		sw_result_fail(r, SW_OUTCOME_FAILED, "exited with %d; the last it said: %s", h->exit_code,
		               said);
}

/* The worker's own word on the job. */
static bool is_answered(const struct host *h)
{
	return !is_command(h) &&
	       (h->report.has_result || h->report.garbage || (is_preforked(h) && h->report.has_over));
}

static void set_spans(struct host *h)
{
	struct sw_attempt_result *r = &h->result;
	if (is_command(h)) {
		sw_result_span(r, SW_PHASE_START, h->spawn_ns, h->spawned_ns, true);
		int64_t end = h->kill_ns ? h->kill_ns : h->exited_ns;
		sw_result_span(r, SW_PHASE_EXECUTE, h->spawned_ns, end, true);
		if (h->kill_ns)
			sw_result_span(r, SW_PHASE_STOP, h->kill_ns, r->end_ns, true);
		else
			sw_result_span(r, SW_PHASE_EXIT, h->exited_ns, r->end_ns, true);
	} else if (h->report.has_result) {
		/* What the worker did before this job is no part of it. */
		h->report.main_ns = 0;
		h->report.phases[SW_PHASE_IMPORTS].end_ns = 0;
		sw_worker_spans(&h->report, true, r->start_ns, h->read_ns, SW_PHASE_START, r);
	} else {
		sw_result_span(r, SW_PHASE_EXECUTE, r->start_ns, h->kill_ns ? h->kill_ns : r->end_ns, true);
		if (h->kill_ns)
			sw_result_span(r, SW_PHASE_STOP, h->kill_ns, r->end_ns, true);
	}
}

static void count_bytes(struct host *h)
{
	struct sw_attempt_result *r = &h->result;
	r->stdout_bytes = h->readers[STREAM_OUT].plain_bytes;
	r->stderr_bytes = h->readers[STREAM_ERR].plain_bytes;
	if (is_preforked(h) && h->report.has_over) {
		r->stdout_bytes = h->report.over.stdout_bytes;
		r->stderr_bytes = h->report.over.stderr_bytes;
	}
	for (int i = STREAM_OUT; i <= STREAM_ERR; i++)
		r->dropped_bytes += h->readers[i].plain_bytes - h->readers[i].tail_len;
}

static void finish_attempt(struct host *h)
{
	struct sw_attempt_result *r = &h->result;
	r->exit_code = h->exited ? h->exit_code : -1;
	r->term_signal = h->exited ? h->exit_signal : 0;
	if (is_answered(h))
		sw_worker_judge(&h->report, h->o.timeout_ns, r);
	else
		judge_end(h);
	set_spans(h);
	count_bytes(h);
	h->busy = h->waiting = false;
	h->done(h->done_user, r);
}

static void tell_prepared(struct host *h, const char *error)
{
	sw_runner_ready_fn prepared = h->prepared;
	h->prepared = NULL;
	if (prepared)
		prepared(h->prepared_user, error);
}

/* The process is gone and its streams are read: nothing of it is left. */
static void process_over(struct host *h)
{
	int64_t now = sw_clock_ns();
	drop_process(h);
	(void)sw_orphans_kill(h->mark);
	if (h->prepared) {
		char text[SW_TEXT_MAX], said[200];
		last_words(h, said, sizeof said);
		snprintf(text, sizeof text, "the host's worker does not start: %s", said);
		tell_prepared(h, text);
		return;
	}
	if (!h->busy)
		return;
	if (h->waiting)
		h->result.start_ns = now;
	h->result.end_ns = now;
	finish_attempt(h);
}

static bool streams_open(struct host *h)
{
	return h->process.out >= 0 || h->process.err >= 0 || h->process.result >= 0;
}

static void drain_over(void *user)
{
	process_over(user);
}

static void process_exited(void *user, int fd, unsigned events)
{
	struct host *h = user;
	(void)fd;
	(void)events;
	if (!sw_process_reap(&h->process, &h->exit_code, &h->exit_signal))
		return;
	h->exited = true;
	h->ready = false;
	h->exited_ns = sw_clock_ns();
	drop_fd(h, &h->process.pidfd);
	drop_fd(h, &h->process.in);
	if (!streams_open(h) ||
	    sw_loop_arm(h->o.loop, &h->deadline, h->exited_ns + DRAIN_TIMEOUT_NS, drain_over, h) < 0)
		process_over(h);
}

/* ---- streams ---- */

static void result_read(struct host *h)
{
	h->result.end_ns = h->read_ns;
	sw_loop_disarm(h->o.loop, &h->deadline);
	/* What the job printed before its result is in the pipes already, which hold 64 KiB: who prints
	 * on without end keeps nobody here. It can't be taken for a result, nor change this one. */
	struct sw_worker_report ignored;
	sw_worker_report_init(&ignored);
	for (int i = STREAM_OUT; i <= STREAM_ERR; i++) {
		ssize_t n;
		for (int turn = 0; turn < DRAIN_READS; turn++) {
			if ((n = read(*stream_fd(h, (enum stream)i), h->buf, sizeof h->buf)) <= 0)
				break;
			sw_worker_reader_feed(&h->readers[i], h->buf, (size_t)n, &ignored);
		}
	}
	finish_attempt(h);
}

static void boot_over_time(void *user)
{
	struct host *h = user;
	sw_process_kill(&h->process);
}

static void worker_ready(struct host *h)
{
	h->ready = true;
	sw_loop_disarm(h->o.loop, &h->deadline);
	if (h->prepared)
		tell_prepared(h, NULL);
	else if (h->waiting)
		begin(h);
}

static void tell_prewarm(struct host *h, int64_t start_ns, int64_t end_ns)
{
	struct sw_event event;
	if (!h->ran.number || !start_ns)
		return; /* the first child is a part of prepare */
	sw_event_init(&event, SW_EVENT_PHASE_BEHIND, h->ran.mode);
	event.u.it.iteration = h->ran.iteration;
	event.u.it.attempt = h->ran.number;
	event.u.it.warmup = h->ran.warmup;
	event.u.it.on_host = h->ran.on_host;
	event.u.it.spans[0] =
		(struct sw_span){.phase = SW_PHASE_PREWARM, .start_ns = start_ns, .end_ns = end_ns};
	event.u.it.n_spans = 1;
	h->o.sink.emit(h->o.sink.user, &event);
}

/* The result, `over` and `ready` for the next child may come in one piece. The attempt's end may start
 * the next one from inside, which begins a new report. */
static void zygote_said(struct host *h)
{
	int64_t start_ns = h->report.phases[SW_PHASE_PREWARM].start_ns;
	int64_t end_ns = h->report.phases[SW_PHASE_PREWARM].end_ns;
	bool is_ready = h->report.readies != h->readies && !h->exited;
	h->readies = h->report.readies;
	if (h->busy && !h->waiting && is_answered(h)) {
		h->read_ns = sw_clock_ns();
		h->result.end_ns = h->read_ns;
		h->ready = false;
		sw_loop_arm(h->o.loop, &h->deadline, h->read_ns + BOOT_TIMEOUT_NS, boot_over_time, h);
		finish_attempt(h);
	}
	if (!is_ready)
		return;
	tell_prewarm(h, start_ns, end_ns);
	worker_ready(h);
}

static void result_stream(struct host *h, size_t len)
{
	/* The result counts on its own descriptor only: printed text cannot be taken for it. */
	if (!sw_worker_reader_feed(&h->readers[STREAM_RESULT], h->buf, len, &h->report))
		return;
	if (is_preforked(h)) {
		zygote_said(h);
	} else if (!h->ready && !h->exited) {
		worker_ready(h);
	} else if (h->busy && is_answered(h)) {
		h->read_ns = sw_clock_ns();
		result_read(h);
	}
}

static void on_stream(void *user, int fd, unsigned events)
{
	struct host *h = user;
	(void)events;
	int which = STREAM_OUT;
	while (which < STREAM_COUNT && *stream_fd(h, (enum stream)which) != fd)
		which++;
	if (which == STREAM_COUNT)
		return;
	ssize_t n = read(fd, h->buf, sizeof h->buf);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_fd(h, stream_fd(h, (enum stream)which));
		if (h->exited && !streams_open(h))
			process_over(h);
	} else if (which == STREAM_RESULT) {
		result_stream(h, (size_t)n);
	} else {
		struct sw_worker_report ignored;
		sw_worker_report_init(&ignored);
		sw_worker_reader_feed(&h->readers[which], h->buf, (size_t)n, &ignored);
	}
}

static void send_job(void *user, int fd, unsigned events)
{
	struct host *h = user;
	(void)events;
	while (h->job_sent < h->job.len) {
		ssize_t n = write(fd, h->job.data + h->job_sent, h->job.len - h->job_sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			sw_loop_watch(h->o.loop, fd, SW_LOOP_WRITE, send_job, h, NULL);
			return;
		}
		if (n < 0)
			break; /* it is dying: its exit says why */
		h->job_sent += (size_t)n;
	}
	sw_loop_unwatch(h->o.loop, fd);
}

/* ---- attempts ---- */

static void kill_now(struct host *h)
{
	if (!h->kill_ns)
		h->kill_ns = sw_clock_ns();
	sw_process_kill(&h->process);
}

static void over_time(void *user)
{
	struct host *h = user;
	h->timed_out = true;
	kill_now(h);
}

static void emit_phase(struct host *h, enum sw_phase phase)
{
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_PHASE_STARTED, h->attempt.mode);
	event.u.it.iteration = h->attempt.iteration;
	event.u.it.attempt = h->attempt.number;
	event.u.it.warmup = h->attempt.warmup;
	event.u.it.on_host = h->attempt.on_host;
	event.u.it.phase = phase;
	h->o.sink.emit(h->o.sink.user, &event);
}

static void fail_later(void *user)
{
	struct host *h = user;
	h->result.start_ns = h->result.end_ns = sw_clock_ns();
	h->busy = h->waiting = false;
	h->done(h->done_user, &h->result);
}

static void cannot_start(struct host *h, const char *why)
{
	sw_result_fail(&h->result, h->cancelled ? SW_OUTCOME_CANCELLED : SW_OUTCOME_CRASHED, "%s", why);
	sw_loop_defer(h->o.loop, &h->later, fail_later, h);
}

/* As in a container: the command's own failure, in the same words. */
static void refuse_command(struct host *h, int why)
{
	struct sw_error error;
	sw_error_set(&error, SW_ERR_NOT_FOUND, why, "the command cannot be executed: %s",
	             h->o.task->command[0]);
	sw_text_copy(h->path_error, sizeof h->path_error, error.message);
	h->path_code = why == EACCES ? NOT_EXECUTABLE : NOT_FOUND;
}

static void cannot_execute(struct host *h)
{
	sw_result_fail(&h->result, SW_OUTCOME_FAILED, "%s", h->path_error);
	h->result.exit_code = h->path_code;
	sw_loop_defer(h->o.loop, &h->later, fail_later, h);
}

/* The measured part of an attempt begins. */
static void begin(struct host *h)
{
	struct sw_error err = {.code = SW_OK};
	new_readers(h, h->attempt.token);
	h->ran = h->attempt;
	h->waiting = false;
	h->result.start_ns = sw_clock_ns();
	if (is_command(h)) {
		if (spawn(h, &err) < 0) {
			cannot_start(h, err.message);
			return;
		}
		h->result.start_ns = h->spawn_ns;
	} else {
		sw_buf_clear(&h->job);
		h->job_sent = 0;
		struct sw_job_options job = {.timeout_ns = is_preforked(h) ? h->o.timeout_ns : 0,
		                             .memory_bytes = is_preforked(h) ? h->o.memory_bytes : 0};
		if (sw_worker_job(&h->job, h->o.task, &h->attempt, &job) < 0) {
			cannot_start(h, "cannot write the job: out of memory");
			return;
		}
		h->result.start_ns = sw_clock_ns();
		send_job(h, h->process.in, SW_LOOP_WRITE);
	}
	int64_t limit_ns = h->o.timeout_ns + (is_preforked(h) ? ZYGOTE_GRACE_NS : 0);
	sw_loop_arm(h->o.loop, &h->deadline, h->result.start_ns + limit_ns, over_time, h);
	emit_phase(h, SW_PHASE_EXECUTE);
}

static int boot(struct host *h, struct sw_error *err)
{
	if (!h->argv)
		return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "no worker for the host: %s",
		                    h->o.no_worker ? h->o.no_worker : "no image's root is unpacked");
	drop_process(h); /* a dead one's pipes may be open still */
	(void)sw_orphans_kill(h->mark);
	new_readers(h, "-");
	if (spawn(h, err) < 0)
		return -1;
	sw_loop_arm(h->o.loop, &h->deadline, sw_clock_ns() + BOOT_TIMEOUT_NS, boot_over_time, h);
	return 0;
}

static void begin_later(void *user)
{
	begin(user);
}

static void host_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                       sw_attempt_done_fn done, void *user)
{
	struct host *h = (struct host *)runner;
	struct sw_error err;
	h->attempt = *attempt;
	h->done = done;
	h->done_user = user;
	h->busy = h->waiting = true;
	h->timed_out = h->cancelled = false;
	h->kill_ns = h->read_ns = 0;
	sw_worker_report_init(&h->report); /* the last attempt's says nothing of this one */
	h->readies = 0;
	h->result = (struct sw_attempt_result){.exit_code = -1};
	if (is_command(h) && *h->path_error)
		cannot_execute(h);
	else if (is_command(h) || h->ready)
		sw_loop_defer(h->o.loop, &h->later, begin_later, h);
	else if (h->process.pid < 0 && boot(h, &err) < 0)
		cannot_start(h, err.message);
}

static void host_cancel(struct sw_runner *runner)
{
	struct host *h = (struct host *)runner;
	if (!h->busy)
		return;
	h->cancelled = true;
	if (h->process.pid > 0 && is_preforked(h)) {
		/* Its children are in groups of their own: it ends them itself, before the deadline kills it. */
		h->kill_ns = sw_clock_ns();
		kill(h->process.pid, SIGTERM);
		sw_loop_arm(h->o.loop, &h->deadline, h->kill_ns + ZYGOTE_GRACE_NS, boot_over_time, h);
	} else if (h->process.pid > 0) {
		kill_now(h);
	} else if (!h->exited || h->waiting) {
		sw_loop_cancel(h->o.loop, &h->later);
		cannot_start(h, "stopped by the user");
	}
}

static void ready_later(void *user)
{
	tell_prepared(user, NULL);
}

static void host_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct host *h = (struct host *)runner;
	struct sw_error err;
	h->prepared = ready;
	h->prepared_user = user;
	if (is_command(h) || h->ready)
		sw_loop_defer(h->o.loop, &h->later, ready_later, h);
	else if (boot(h, &err) < 0)
		tell_prepared(h, err.message);
}

/* Whatever keeps a preforked worker from being ready ends it, too: then there is nothing to wait for. */
static void host_settle(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct host *h = (struct host *)runner;
	h->prepared = ready;
	h->prepared_user = user;
	if (!is_preforked(h) || h->ready || h->process.pid < 0)
		sw_loop_defer(h->o.loop, &h->later, ready_later, h);
}

static void host_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct host *h = (struct host *)runner;
	sw_process_end(&h->process);
	drop_process(h);
	(void)sw_orphans_kill(h->mark);
	h->prepared = ready;
	h->prepared_user = user;
	sw_loop_defer(h->o.loop, &h->later, ready_later, h);
}

static void host_free(struct sw_runner *runner)
{
	struct host *h = (struct host *)runner;
	for (int i = 0; i < STREAM_COUNT; i++)
		sw_worker_reader_done(&h->readers[i]);
	sw_buf_done(&h->job);
	free(h->argv);
	free(h->env);
	free(h);
}

static const struct sw_runner_ops host_ops = {
	.prepare = host_prepare,
	.start = host_start,
	.cancel = host_cancel,
	.settle = host_settle,
	.finish = host_finish,
	.free = host_free,
};

/* The caller's arguments, and what makes a worker a zygote. */
static char **worker_argv(const struct sw_host_options *options)
{
	static char zygote[] = "--zygote";
	size_t n = 0;
	while (options->worker_argv[n])
		n++;
	char **argv = calloc(n + 2, sizeof *argv);
	if (!argv)
		return NULL;
	memcpy(argv, options->worker_argv, n * sizeof *argv);
	argv[n] = options->preforked ? zygote : NULL;
	return argv;
}

int sw_host_new(const struct sw_host_options *options, struct sw_runner **out_runner,
                struct sw_error *err)
{
	struct host *h = calloc(1, sizeof *h);
	struct sw_error why;
	if (!h)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner for the host");
	h->runner.ops = &host_ops;
	h->o = *options;
	h->process = SW_PROCESS_NONE;
	sw_orphans_adopt();
	sw_orphans_mark(h->mark);
	h->env = sw_orphans_env(is_command(h) ? NULL : options->worker_env, h->mark);
	if (!h->env || (options->worker_argv && !(h->argv = worker_argv(options)))) {
		free(h->env);
		free(h);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner for the host");
	}
	if (is_command(h) && sw_process_find(options->task->command[0], options->path_list, h->path,
	                                     sizeof h->path, &why) < 0)
		refuse_command(h, why.sys_errno);
	*out_runner = &h->runner;
	return 0;
}
