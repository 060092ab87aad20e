#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "docker/container_result.h"
#include "docker/warm_internal.h"

static const int64_t boot_timeout_ns = 60000000000;
static const int64_t rest_timeout_ns = 10000000000;

static void forget_why(struct sw_warm *warm)
{
	warm->why[0] = '\0';
	warm->is_why_oom = false;
}

/* ---- its end ---- */

static void on_down(void *user, const struct sw_error *error)
{
	struct sw_warm *warm = user;
	(void)error; /* told by a note */
	bool again = warm->is_again;
	warm->state = SW_WARM_NONE;
	forget_why(warm);
	/* First: whoever is told then may start an attempt, which waits for what is being made. */
	if (again)
		sw_warm_make(warm);
	sw_warm_is_gone(warm);
}

void sw_warm_give_up(struct sw_warm *warm, const char *lost, bool is_again)
{
	sw_loop_disarm(warm->base.options.loop, &warm->patience);
	warm->state = SW_WARM_REMOVING;
	warm->is_again = is_again;
	if (lost)
		sw_container_tell(&warm->base, SW_EVENT_CONTAINER_REPLACED, NULL, sw_kept_id(warm->kept),
		                  lost);
	sw_kept_down(warm->kept, on_down, warm);
}

/* Before its first job: there is nothing to replace, and the next one would come to the same. */
static void fail(struct sw_warm *warm, const char *why)
{
	sw_loop_disarm(warm->base.options.loop, &warm->patience);
	warm->state = SW_WARM_NONE;
	(void)sw_text_copy(warm->why, sizeof warm->why, why);
	if (warm->kept)
		sw_kept_drop(warm->kept);
	sw_warm_is_none(warm);
}

static void fail_with_last_words(struct sw_warm *warm, const char *what)
{
	char text[SW_TEXT_MAX], line[300];
	sw_worker_reader_last_line(&warm->err, line, sizeof line);
	(void)snprintf(text, sizeof text, "the warm worker is not ready: %.150s%s%s", what,
	               line[0] ? "; last line of its output: " : "", line);
	fail(warm, text);
}

/* No failure of the engine: the mode's limit leaves its worker no room, and no code has run. */
static void fail_for_memory(struct sw_warm *warm)
{
	char text[SW_TEXT_MAX], limit[16];
	int64_t bytes = warm->base.options.mode->sandbox.memory_bytes;
	sw_text_bytes(limit, sizeof limit, (uint64_t)bytes);
	if (bytes > 0)
		(void)snprintf(
			text, sizeof text,
			"the warm worker was over its memory limit of %s while it came up, and killed; "
			"raise memory_limit",
			limit);
	else
		(void)snprintf(
			text, sizeof text,
			"the warm worker was killed while it came up, as the machine is out of memory; "
			"set a memory_limit");
	warm->is_why_oom = true;
	fail(warm, text);
}

/* Its job's end, or the way to its next one, was waited for. */
static void on_died(void *user, const struct sw_kept_end *end)
{
	struct sw_warm *warm = user;
	if (!warm->was_ready) {
		/* PID 1 may give up by itself when its child ran out. */
		if (end->is_oom ||
		    sw_container_ran_out(&warm->base.options, end->exit_code, false, false))
			fail_for_memory(warm);
		else
			fail_with_last_words(warm, end->text);
		return;
	}
	if (warm->state == SW_WARM_BUSY)
		sw_warm_has_died(warm, end);
	sw_warm_give_up(warm, end->text, true);
}

static void out_of_patience(void *user)
{
	struct sw_warm *warm = user;
	if (warm->state == SW_WARM_MAKING)
		fail_with_last_words(warm, "nothing was heard of it for 60 s");
	else if (warm->state == SW_WARM_RESTING)
		sw_warm_give_up(warm, "no new worker came up within 10 s after a job", true);
	else if (warm->state == SW_WARM_BUSY)
		sw_warm_is_overdue(warm);
}

void sw_warm_wait_at_most(struct sw_warm *warm, int64_t from_ns, int64_t timeout_ns)
{
	if (sw_loop_arm(warm->base.options.loop, &warm->patience, from_ns + timeout_ns, out_of_patience,
	                warm) < 0)
		out_of_patience(warm); /* nothing may be waited for without an end */
}

/* ---- readiness ---- */

static void learn_clock(struct sw_warm *warm, int64_t ready_ns)
{
	const struct sw_life_stamps *stamps = sw_kept_stamps(warm->kept);
	enum sw_clock clock = sw_worker_clock(&warm->boot, stamps ? stamps->start_ns : 0, ready_ns);
	warm->is_clock_separate = clock == SW_CLOCK_SEPARATE;
	sw_container_learn_clock(&warm->base, clock);
}

/* What was done behind the path: of no iteration at first, then of the one that has just ended, whose
 * processes' end is part of it. */
static void tell_behind(struct sw_warm *warm, const struct sw_worker_report *report,
                        int64_t ready_ns)
{
	struct sw_attempt_result spans = {0};
	bool is_first = !warm->was_ready;
	sw_warm_behind_spans(report, warm->is_clock_separate, is_first ? 0 : warm->facts.result_ns,
	                     warm->rest_ns, ready_ns, &spans);
	sw_container_tell_behind(&warm->base, is_first ? NULL : &warm->rested, sw_kept_id(warm->kept),
	                         spans.spans, spans.n_spans);
}

static void take_ready(struct sw_warm *warm, const struct sw_worker_report *report)
{
	int64_t now = sw_clock_ns();
	sw_loop_disarm(warm->base.options.loop, &warm->patience);
	if (!warm->was_ready)
		learn_clock(warm, now);
	tell_behind(warm, report, now);
	warm->was_ready = true;
	warm->state = SW_WARM_READY;
}

void sw_warm_rest(struct sw_warm *warm)
{
	warm->rest_ns = sw_clock_ns();
	warm->rested = warm->base.attempt;
	warm->state = SW_WARM_RESTING;
	sw_kept_watch(warm->kept, false);
	if (warm->facts.report.readies > 0)
		take_ready(warm, &warm->facts.report);
	else
		sw_warm_wait_at_most(warm, warm->rest_ns, rest_timeout_ns);
}

/* The first readiness may come before the engine's answer to the start. */
static void check_ready(struct sw_warm *warm)
{
	bool waits = warm->state == SW_WARM_RESTING ||
	             (warm->state == SW_WARM_MAKING && sw_kept_is_up(warm->kept));
	if (!waits || warm->boot.readies == 0)
		return;
	take_ready(warm, &warm->boot);
	sw_warm_is_ready(warm);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_warm *warm = user;
	bool is_job = warm->state == SW_WARM_BUSY;
	if (stream == SW_STREAM_STDERR) {
		/* The shim's stamp and the zygote's own complaints: jobs have pipes of their own. */
		sw_worker_reader_feed(&warm->err, bytes, len, &warm->boot);
		return;
	}
	if (!sw_worker_reader_feed(&warm->out, bytes, len, is_job ? &warm->facts.report : &warm->boot))
		return;
	if (is_job)
		sw_warm_has_news(warm);
	else
		check_ready(warm);
}

/* ---- its making ---- */

static void on_up(void *user, const struct sw_error *error)
{
	struct sw_warm *warm = user;
	if (error && warm->state == SW_WARM_MAKING)
		fail(warm, error->message);
	else if (!error)
		check_ready(warm);
}

static void make_now(struct sw_warm *warm)
{
	sw_worker_report_init(&warm->boot);
	sw_worker_reader_done(&warm->out);
	sw_worker_reader_done(&warm->err);
	sw_worker_reader_init(&warm->out, "-");
	sw_worker_reader_init(&warm->err, warm->boot_token);
	warm->was_ready = warm->had_oom = false;
	sw_kept_up(warm->kept, on_up, warm);
	sw_warm_wait_at_most(warm, sw_clock_ns(), boot_timeout_ns);
}

static void on_looked(void *user, const struct sw_error *error)
{
	struct sw_warm *warm = user;
	if (warm->state != SW_WARM_MAKING)
		return;
	if (error)
		fail(warm, error->message);
	else
		make_now(warm);
}

void sw_warm_make(struct sw_warm *warm)
{
	warm->state = SW_WARM_MAKING;
	forget_why(warm);
	if (!warm->kept)
		fail(warm, warm->refusal);
	else if (!warm->base.has_version)
		sw_container_look_again(&warm->base, on_looked, warm);
	else
		make_now(warm);
}

/* ---- what it is made of ---- */

/* The image's command behind the shim, which becomes it: the worker is PID 1, and a zygote. */
static void shape(struct sw_warm *warm)
{
	const char *const *argv = warm->base.options.image_argv;
	size_t n = 0;
	for (; argv[n + 1] && n < SW_WARM_ARGV_MAX - 2; n++)
		warm->command[n] = argv[n + 1];
	warm->command[n] = "--zygote";
	warm->entrypoint[0] = argv[0];
	warm->entrypoint[1] = "--exec";
	(void)snprintf(warm->boot_token, sizeof warm->boot_token, "%016llx%08x%08x",
	               (unsigned long long)sw_clock_ns(), (unsigned)getpid(),
	               (unsigned)warm->base.options.slot);
}

/* Why no container of this mode can ever be kept warm; "": one can. */
static void find_refusal(struct sw_warm *warm)
{
	const struct sw_container_options *options = &warm->base.options;
	const char *const *argv = options->image_argv;
	char *dst = warm->refusal;
	if (!warm->base.http)
		(void)sw_text_copy(dst, SW_TEXT_MAX,
		                   options->engine_error ? options->engine_error
		                                         : "there is no container engine");
	else if (warm->base.profile_failed)
		(void)sw_text_copy(dst, SW_TEXT_MAX, warm->base.profile_error.message);
	else if (!options->task->strategy)
		(void)snprintf(dst, SW_TEXT_MAX,
		               "%s: a command cannot be kept warm, only a strategy's worker "
		               "can: use another kind of mode",
		               options->mode->name);
	else if (options->image_error)
		(void)sw_text_copy(dst, SW_TEXT_MAX, options->image_error);
	else if (!argv || !argv[0] || strcmp(argv[0], sw_container_shim_path(SW_SHIM_BAKED)) != 0)
		(void)snprintf(dst, SW_TEXT_MAX,
		               "%.200s has no worker that could be kept warm: use "
		               "sandwatch/python, or another kind of mode",
		               options->mode->sandbox.image);
}

int sw_warm_container_init(struct sw_warm *warm, struct sw_error *err)
{
	const struct sw_kept_handlers handlers = {on_data, on_died, warm};
	sw_worker_reader_init(&warm->out, "-");
	sw_worker_reader_init(&warm->err, warm->boot_token);
	find_refusal(warm);
	if (warm->refusal[0])
		return 0;
	shape(warm);
	const struct sw_container_shape made = {.token = warm->boot_token,
	                                        .entrypoint = warm->entrypoint,
	                                        .command = warm->command,
	                                        .with_stdin = true};
	return sw_kept_new(&warm->base, "warm", &made, &handlers, &warm->kept, err);
}

void sw_warm_container_done(struct sw_warm *warm)
{
	sw_loop_disarm(warm->base.options.loop, &warm->patience);
	sw_kept_free(warm->kept);
	sw_worker_reader_done(&warm->out);
	sw_worker_reader_done(&warm->err);
}
