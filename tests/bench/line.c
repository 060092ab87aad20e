/* A line to a warm worker and back, without sandwatch's runner: keeps a container with the zygote as its PID
 * 1 over the program's own client of the engine, hands it one job after another, and prints one line of JSON.
 *
 *     line HOST IMAGE RUNTIME noop COUNT
 * jobs without work: line_ns is from before the write of a job's line to its result's last byte, turn_ns
 * to when the next worker is ready, cpu_ns is this program's own CPU time for each
 *
 *     line HOST IMAGE RUNTIME seeds COUNT
 * real jobs with the seeds 1..COUNT and then COUNT..1: what each answers tells it from all others, so that a
 * lost or a strange answer shows
 *
 *     line HOST IMAGE RUNTIME echo COUNT
 * instead of the zygote a process that says what it hears, and rests for as long as a zygote takes for its
 * next child: the floor that the engine's own way to and from a container is
 *
 *     line HOST IMAGE RUNTIME relay COUNT
 * one that hands what it hears to a child over a pipe and says what comes back over another: the floor for a
 * job that has pipes of its own */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/plan.h"
#include "core/worker.h"
#include "docker/api.h"
#include "docker/engine.h"
#include "docker/lifecycle.h"

enum { COUNT_MAX = 100000, WARMUP = 20, TOKEN_LEN = 32, DIGEST_LEN = 64, WORDS_MAX = 32 };

static const int64_t engine_timeout_ns = 30000000000;
static const int64_t patience_ns = 60000000000;

struct job {
	uint64_t seed;
	int64_t sent_ns, result_ns, ready_ns;
	int results;
	char token[TOKEN_LEN + 1], digest[DIGEST_LEN + 1];
};

enum what { NOOP, SEEDS, ECHO, RELAY, WHATS };
static const char *const what_names[WHATS] = {"noop", "seeds", "echo", "relay"};

struct bench {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	struct sw_engine engine;
	struct sw_lifecycle *life;
	struct sw_buf line;
	struct job *jobs;
	struct job *current;
	int n_jobs;
	enum what what;
	bool is_ready, is_answered, is_over, has_died;
	int64_t cpu_ns; /* this process's own, of all jobs but the first WARMUP */
	int strange;    /* lines whose token is not the running job's */
	bool has_failed;
	struct sw_error error;
};

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "line: %s\n", what);
	exit(1);
}

/* ---- what the container says ---- */

static void take_result(struct bench *bench, const char *rest)
{
	static const char key[] = "\"digest\":\"";
	struct job *job = bench->current;
	const char *digest = strstr(rest, key);
	job->result_ns = sw_clock_ns();
	job->results++;
	if (digest && strlen(digest += sizeof key - 1) >= DIGEST_LEN)
		memcpy(job->digest, digest, DIGEST_LEN);
}

static void take_line(struct bench *bench, const char *line)
{
	char token[TOKEN_LEN + 2], word[16];
	int rest = 0;
	const char *sentinel = strstr(line, "\x1esw1 ");
	if (!sentinel || sscanf(sentinel, "\x1esw1 %33s %15s %n", token, word, &rest) < 2)
		return;
	if (strcmp(word, "ready") == 0 && strcmp(token, "-") == 0)
		bench->is_ready = true;
	else if (strcmp(word, "result") != 0 && strcmp(word, "over") != 0)
		return;
	else if (!bench->current || strcmp(token, bench->current->token) != 0)
		bench->strange++;
	else if (strcmp(word, "result") == 0)
		take_result(bench, sentinel + rest);
	else
		bench->is_over = true;
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct bench *bench = user;
	(void)stream;
	for (const char *end; (end = memchr(bytes, '\n', len)); bytes = end + 1) {
		size_t part = (size_t)(end - bytes);
		sw_buf_add(&bench->line, bytes, part);
		sw_buf_add(&bench->line, "", 1);
		take_line(bench, bench->line.data);
		bench->line.len = 0;
		len -= part + 1;
	}
	sw_buf_add(&bench->line, bytes, len);
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct bench *bench = user;
	fprintf(stderr, "line: the container has ended: %s\n", error ? error->message : "");
	bench->has_died = true;
}

static void answer(void *user, const struct sw_error *error)
{
	struct bench *bench = user;
	bench->is_answered = true;
	bench->has_failed = error != NULL;
	if (error)
		bench->error = *error;
}

/* ---- waiting ---- */

static void nothing(void *user)
{
	(void)user;
}

static void until(struct bench *bench, const bool *flag, const char *what)
{
	struct sw_timer limit = {0};
	struct sw_error err;
	int64_t due_ns = sw_clock_ns() + patience_ns;
	if (sw_loop_arm(bench->loop, &limit, due_ns, nothing, NULL) < 0)
		die("out of memory");
	while (!*flag && !bench->has_died && sw_clock_ns() < due_ns)
		if (sw_loop_step(bench->loop, &err) < 0)
			die(err.message);
	sw_loop_disarm(bench->loop, &limit);
	if (!*flag)
		die(what);
}

static void answered(struct bench *bench, const char *what)
{
	until(bench, &bench->is_answered, what);
	bench->is_answered = false;
	if (bench->has_failed)
		die(bench->error.message);
}

/* ---- the container ---- */

struct argv {
	struct bench *bench;
	char *list[WORDS_MAX];
	int count;
};

/* A line's result at once, its end and the readiness for the next one after a rest. */
#define SAY                                         \
	"    first, _, rest = line.partition(b'\\n')\n" \
	"    os.write(1, first + b'\\n')\n"             \
	"    time.sleep(0.01)\n"                        \
	"    os.write(1, rest)\n"
#define READY "os.write(1, b'\\x1esw1 - ready {}\\n')\n"

static const char echo[] = "import os, time\n" READY "while line := os.read(0, 65536):\n" SAY;
static const char relay[] = "import os, time\n"
							"heard, job = os.pipe()\n"
							"result, said = os.pipe()\n"
							"if os.fork() == 0:\n"
							"    os.close(job)\n"
							"    while line := os.read(heard, 65536):\n"
							"        os.write(said, line)\n"
							"    os._exit(0)\n" READY "while line := os.read(0, 65536):\n"
							"    os.write(job, line)\n"
							"    line = os.read(result, 65536)\n" SAY;

static bool is_floor(const struct bench *bench)
{
	return bench->what == ECHO || bench->what == RELAY;
}

static void add(struct argv *argv, const char *word)
{
	argv->list[argv->count++] = strdup(word);
}

static void on_image(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	struct argv *argv = user;
	if (!error && is_floor(argv->bench)) {
		const char *const words[] = {"/usr/bin/python3", "-I", "-c",
		                             argv->bench->what == ECHO ? echo : relay};
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			add(argv, words[i]);
	} else if (!error) {
		char **const lists[] = {image->entrypoint, image->command};
		for (int i = 0; i < 2; i++)
			for (char **word = lists[i]; word && *word && argv->count < WORDS_MAX - 3; word++) {
				add(argv, *word);
				if (argv->count == 1)
					add(argv, "--exec"); /* the shim becomes its command */
			}
		add(argv, "--zygote");
	}
	answer(argv->bench, error);
}

static void make(struct bench *bench, const char *image, const char *runtime)
{
	SW_CLEANUP(buf) struct sw_buf body = {0};
	struct argv argv = {.bench = bench};
	struct sw_plan plan;
	struct sw_error err;
	char name[64];
	sw_api_image_inspect(bench->api, image, engine_timeout_ns, on_image, &argv);
	answered(bench, "the engine does not tell the image");
	sw_plan_defaults(&plan);
	plan.sandbox.cpu_milli = 0;
	(void)snprintf(plan.sandbox.image, sizeof plan.sandbox.image, "%s", image);
	(void)snprintf(plan.sandbox.runtime, sizeof plan.sandbox.runtime, "%s", runtime);
	const char *entrypoint[] = {argv.list[0], NULL};
	SW_CLEANUP(free) const char **labels = sw_lifecycle_labels("bench");
	struct sw_api_create create = {
		.sandbox = &plan.sandbox,
		.labels = labels,
		.open_stdin = true,
		.entrypoint = entrypoint,
		.command = (const char *const *)argv.list + 1,
		.is_podman = strcmp(bench->engine.info.name, "podman") == 0,
	};
	if (sw_api_create_body(&create, &body) < 0)
		die("out of memory");
	(void)snprintf(name, sizeof name, "sandwatch-bench-%d", (int)getpid());
	const struct sw_life_options options = {.name = name,
	                                        .body = body.data,
	                                        .with_stdin = true,
	                                        .engine_timeout_ns = engine_timeout_ns};
	const struct sw_life_handlers handlers = {
		.data = on_data, .ended = on_ended, .gone = answer, .user = bench};
	if (sw_lifecycle_start(bench->loop, bench->api, &options, &handlers, &bench->life, &err) < 0)
		die(err.message);
	until(bench, &bench->is_ready, "the worker does not get ready");
	for (int i = 0; i < argv.count; i++)
		free(argv.list[i]);
	sw_plan_done(&plan);
}

/* ---- jobs ---- */

static const char strategy[] =
	"position = (data.close > data.close.rolling(20).mean()).astype(float)\n"
	"report = sim(position)\n";

static void describe(const struct bench *bench, const struct job *job, struct sw_buf *out)
{
	struct sw_task task = {.strategy = strategy,
	                       .strategy_len = sizeof strategy - 1,
	                       .backtest = SW_BACKTEST_REAL,
	                       .days = 252,
	                       .symbols = 10,
	                       .seed = job->seed};
	struct sw_attempt attempt = {.number = 1};
	memcpy(attempt.token, job->token, sizeof job->token);
	const struct sw_job_options options = {.noop = bench->what == NOOP,
	                                       .timeout_ns = patience_ns,
	                                       .memory_bytes = 1 << 30};
	if (is_floor(bench)) {
		sw_buf_addf(out, "\x1esw1 %s result {\"digest\":\"%064d\"}\n", job->token, 0);
		sw_buf_addf(out, "\x1esw1 %s over {}\n\x1esw1 - ready {}\n", job->token);
	} else if (sw_worker_job(out, &task, &attempt, &options) < 0) {
		die("out of memory");
	}
}

static void run(struct bench *bench, struct job *job)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_error err;
	describe(bench, job, &text);
	bench->current = job;
	bench->is_over = bench->is_ready = false;
	job->sent_ns = sw_clock_ns();
	if (sw_lifecycle_write(bench->life, text.data, text.len, &err) < 0)
		die(err.message);
	until(bench, &bench->is_over, "a job does not end");
	until(bench, &bench->is_ready, "no next worker gets ready");
	job->ready_ns = sw_clock_ns();
}

static int64_t cpu_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void run_all(struct bench *bench)
{
	for (int i = 0; i < bench->n_jobs; i++) {
		if (i == WARMUP)
			bench->cpu_ns = cpu_ns();
		run(bench, &bench->jobs[i]);
	}
	bench->cpu_ns = cpu_ns() - bench->cpu_ns;
}

static struct job *jobs_new(int count, int n)
{
	struct job *jobs = calloc((size_t)n, sizeof *jobs);
	for (int i = 0; jobs && i < n; i++) {
		jobs[i].seed = (uint64_t)(i < count ? i + 1 : 2 * count - i);
		(void)snprintf(jobs[i].token, sizeof jobs[i].token, "%032" PRIx64,
		               (uint64_t)(i + 1) * UINT64_C(0x9e3779b97f4a7c15));
	}
	return jobs;
}

/* ---- what came of it ---- */

static void print_times(const struct bench *bench)
{
	printf("{\"line_ns\":[");
	for (int i = WARMUP; i < bench->n_jobs; i++)
		printf("%s%" PRId64, i > WARMUP ? "," : "",
		       bench->jobs[i].result_ns - bench->jobs[i].sent_ns);
	printf("],\"turn_ns\":[");
	for (int i = WARMUP; i < bench->n_jobs; i++)
		printf("%s%" PRId64, i > WARMUP ? "," : "",
		       bench->jobs[i].ready_ns - bench->jobs[i].sent_ns);
	printf("],\"cpu_ns\":%" PRId64, bench->cpu_ns / (bench->n_jobs - WARMUP));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same seed's answers, once on the way up and once on the way down, must be equal, and no others. */
static void print_order(const struct bench *bench)
{
	int half = bench->n_jobs / 2, mixed = 0, distinct = half > 0;
	SW_CLEANUP(free) const char **digests = calloc((size_t)half + 1, sizeof *digests);
	if (!digests)
		die("out of memory");
	for (int i = 0; i < half; i++) {
		digests[i] = bench->jobs[i].digest;
		mixed += strcmp(digests[i], bench->jobs[2 * half - 1 - i].digest) != 0;
	}
	qsort(digests, (size_t)half, sizeof *digests, by_text);
	for (int i = 1; i < half; i++)
		distinct += strcmp(digests[i - 1], digests[i]) != 0;
	printf("{\"seeds\":%d,\"distinct\":%d,\"mixed\":%d", half, distinct, mixed);
}

static void print(const struct bench *bench)
{
	int lost = 0, doubled = 0;
	for (int i = 0; i < bench->n_jobs; i++) {
		lost += bench->jobs[i].results == 0 || !bench->jobs[i].digest[0];
		doubled += bench->jobs[i].results > 1;
	}
	if (bench->what == SEEDS)
		print_order(bench);
	else
		print_times(bench);
	printf(",\"jobs\":%d,\"lost\":%d,\"doubled\":%d,\"strange\":%d}\n", bench->n_jobs, lost,
	       doubled, bench->strange);
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	struct sw_endpoint endpoint;
	struct sw_error err;
	int count = argc == 6 ? (int)strtol(argv[5], NULL, 10) : 0;
	while (count > 0 && bench.what < WHATS && strcmp(argv[4], what_names[bench.what]) != 0)
		bench.what++;
	if (count < 1 || count > COUNT_MAX || bench.what == WHATS)
		die("usage: line HOST IMAGE RUNTIME noop|seeds|echo|relay COUNT");
	if (sw_endpoint_parse(argv[1], &endpoint, &err) < 0 ||
	    sw_engine_probe(&endpoint, engine_timeout_ns, true, &bench.engine, &err) < 0 ||
	    sw_loop_new(&bench.loop, &err) < 0 ||
	    sw_http_new(bench.loop, &endpoint, &bench.http, &err) < 0 ||
	    sw_api_new(bench.http, &bench.api, &err) < 0)
		die(err.message);
	sw_api_set_version(bench.api, bench.engine.api_version);
	bench.n_jobs = bench.what == SEEDS ? 2 * count : WARMUP + count;
	bench.jobs = jobs_new(count, bench.n_jobs);
	if (!bench.jobs)
		die("out of memory");
	make(&bench, argv[2], argv[3]);
	run_all(&bench);
	sw_lifecycle_remove(bench.life);
	answered(&bench, "the container is not removed");
	print(&bench);
	sw_lifecycle_free(bench.life);
	sw_api_free(bench.api);
	sw_http_free(bench.http);
	sw_loop_free(bench.loop);
	sw_buf_done(&bench.line);
	free(bench.jobs);
	return 0;
}
