#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/process.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/image_recipe.h"

/* A script that is told to end removes what it has begun; longer than this it need not take. */
static const int64_t grace_ns = 1000000000;

struct stream {
	int fd; /* -1 after its end; the process owns it */
	char line[512];
	size_t len;
	char last[400];
};

/* What a child says: into the log as it comes, the last whole line of each stream kept. */
struct output {
	const struct sw_recipe_run *run;
	int log_fd;
	struct stream out, err;
};

static void line_done(struct output *output, struct stream *stream)
{
	size_t len = stream->len;
	stream->len = 0;
	if (len == 0)
		return;
	sw_text_clean(stream->last, sizeof stream->last, stream->line, len);
	if (output->run->progress.fn)
		output->run->progress.fn(output->run->progress.user, output->run->what, -1, stream->last);
}

static void take(struct output *output, struct stream *stream, const char *bytes, size_t len)
{
	if (output->log_fd >= 0 && write(output->log_fd, bytes, len) < 0)
		output->log_fd = -1; /* a full disk must not hide the build's own message */
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			line_done(output, stream);
		else if (stream->len < sizeof stream->line)
			stream->line[stream->len++] = bytes[i];
	}
}

static void drain(struct output *output, struct stream *stream)
{
	char bytes[4096];
	while (stream->fd >= 0) {
		ssize_t n = read(stream->fd, bytes, sizeof bytes);
		if (n > 0)
			take(output, stream, bytes, (size_t)n);
		else if (n == 0)
			stream->fd = -1;
		else if (errno != EINTR)
			return;
	}
}

enum end { ENDED, LATE, INTERRUPTED };

/* Reads until the child has ended: not until a pipe closes, which a stray grandchild may hold. */
static enum end follow(struct output *output, int pidfd, int64_t due_ns)
{
	const struct sw_signals *signals = output->run->signals;
	for (;;) {
		struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
		                       {.fd = output->out.fd, .events = POLLIN},
		                       {.fd = output->err.fd, .events = POLLIN},
		                       {.fd = signals ? signals->end_fd : -1, .events = POLLIN}};
		int64_t left_ms = (due_ns - sw_clock_ns()) / 1000000;
		int n = poll(fds, 4, left_ms > 0 ? (int)left_ms : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return LATE;
		drain(output, &output->out);
		drain(output, &output->err);
		if (fds[0].revents) {
			line_done(output, &output->out);
			line_done(output, &output->err);
			return ENDED;
		}
		if (fds[3].revents)
			return INTERRUPTED;
	}
}

/* TERM first: build.sh then removes what it has begun. The whole group gets it, as a shell waits for
 * the program that it runs before it heeds a signal. */
static void stop_child(struct sw_process *process)
{
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
	(void)kill(-process->pid, SIGTERM);
	(void)poll(&ended, 1, (int)(grace_ns / 1000000));
	sw_process_end(process);
}

static const char *last_words(const struct output *output)
{
	if (output->err.last[0])
		return output->err.last;
	return output->out.last[0] ? output->out.last : "it said nothing";
}

static int judge(const struct output *output, struct sw_process *process, struct sw_error *err)
{
	const struct sw_recipe_run *run = output->run;
	int code = -1, number = 0;
	(void)sw_process_reap(process, &code, &number);
	if (code == 0)
		return 0;
	return sw_error_set(err, SW_ERR_IO, 0, "%s: %s %s %d: %.300s", run->what, run->argv[0],
	                    number ? "died by signal" : "ended with", number ? number : code,
	                    last_words(output));
}

static int follow_and_judge(struct output *output, struct sw_process *process, struct sw_error *err)
{
	const struct sw_recipe_run *run = output->run;
	enum end end = follow(output, process->pidfd, sw_clock_ns() + run->timeout_ns);
	if (end == ENDED)
		return judge(output, process, err);
	stop_child(process);
	if (end == INTERRUPTED)
		return sw_signals_error(err);
	return sw_error_set(err, SW_ERR_TIMEOUT, 0, "%s: %s did not end in time; last line: %.200s",
	                    run->what, run->argv[0], last_words(output));
}

int sw_recipe_run(const struct sw_recipe_run *run, struct sw_error *err)
{
	char path[1024];
	struct output output = {.run = run};
	struct sw_process process = SW_PROCESS_NONE;
	struct sw_process_options options = {.path = path, .argv = (char *const *)(uintptr_t)run->argv};

	/* Asked for before, it ends even what would not take long. */
	if (sw_signals_end_asked(run->signals))
		return sw_signals_error(err);
	if (sw_process_find(run->argv[0], getenv("PATH"), path, sizeof path, err) < 0 ||
	    sw_process_spawn(&options, &process, err) < 0)
		return sw_error_wrap(err, "%s", run->what);
	SW_CLEANUP(close) int log_fd = open(run->log_path,
	                                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	output.log_fd = log_fd;
	output.out.fd = process.out;
	output.err.fd = process.err;
	int result = follow_and_judge(&output, &process, err);
	sw_process_close(&process);
	if (result == 0 && run->out_last)
		(void)sw_text_copy(run->out_last, run->out_size, output.out.last);
	return result;
}
