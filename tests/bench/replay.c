/* How fast a journal is read, parsed and folded, and in how much memory: writes journals of 100,000
 * and of one million events as real runs write them, loads each a few times in a process of its own,
 * and prints one line of JSON.
 *
 *     replay [FOLDER]      where the journals are made and removed again; /tmp without one */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/journal.h"
#include "core/journal_load.h"
#include "core/loop.h"

enum { SMALL = 100000, LARGE = 1000000, ROUNDS = 5 };

struct writer {
	struct sw_journal *journal;
	struct sw_error err;
	struct sw_event event;
	uint64_t seq;
	int64_t t_ns;
	bool failed;
};

struct result {
	double seconds; /* the fastest of ROUNDS */
	long rss_kib;
};

static void put(struct writer *w)
{
	w->event.seq = ++w->seq;
	w->event.t_ns = w->t_ns += 5000 + (int64_t)(w->seq * 7919 % 40000);
	w->failed |= sw_journal_add(w->journal, &w->event, &w->err) < 0;
	if (w->seq % 512 == 0)
		w->failed |= sw_journal_sync(w->journal, false, &w->err) < 0;
}

static struct sw_iteration_info *next(struct writer *w, enum sw_event_kind kind, int mode,
                                      int64_t iteration)
{
	sw_event_init(&w->event, kind, mode);
	w->event.u.it.iteration = iteration;
	if (kind != SW_EVENT_ITERATION_STARTED && kind != SW_EVENT_ITERATION_FINISHED)
		w->event.u.it.attempt = 1;
	if (kind == SW_EVENT_ITERATION_STARTED || kind == SW_EVENT_ATTEMPT_STARTED)
		w->event.u.it.start_ns = w->t_ns;
	return &w->event.u.it;
}

static void put_finish(struct writer *w, int mode, int64_t iteration, const enum sw_phase *phases,
                       int n_phases)
{
	int64_t start = w->t_ns;
	struct sw_iteration_info *it = next(w, SW_EVENT_ATTEMPT_FINISHED, mode, iteration);
	it->start_ns = start;
	it->other_ns = 21417;
	it->stdout_bytes = 311;
	snprintf(it->digest, sizeof it->digest, "%064llx", 0x9f3c5a1bULL);
	snprintf(it->python, sizeof it->python, "3.11.2");
	if (mode)
		snprintf(it->container, sizeof it->container, "%012llx", (unsigned long long)w->seq);
	for (int i = 0; i < n_phases; i++) {
		int64_t end = w->t_ns + 300000 + (int64_t)(w->seq * 104729 % 9000000);
		it->spans[it->n_spans++] = (struct sw_span){phases[i], w->t_ns, end, true};
		w->t_ns = end;
	}
	int64_t wall = it->wall_ns = w->t_ns - start + it->other_ns;
	put(w);
	it = next(w, SW_EVENT_ITERATION_FINISHED, mode, iteration);
	it->start_ns = start;
	it->wall_ns = wall;
	it->attempts = 1;
	put(w);
}

static void put_host(struct writer *w, int64_t iteration)
{
	static const enum sw_phase spans[] = {SW_PHASE_VALIDATE, SW_PHASE_DATA, SW_PHASE_EXECUTE,
	                                      SW_PHASE_SERIALIZE};
	next(w, SW_EVENT_ITERATION_STARTED, 0, iteration);
	put(w);
	next(w, SW_EVENT_ATTEMPT_STARTED, 0, iteration);
	put(w);
	put_finish(w, 0, iteration, spans, 4);
}

static void put_cold(struct writer *w, int64_t iteration)
{
	static const enum sw_phase live[] = {SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START,
	                                     SW_PHASE_REMOVE};
	static const enum sw_phase spans[] = {SW_PHASE_CREATE,  SW_PHASE_ATTACH,    SW_PHASE_START,
	                                      SW_PHASE_BOOT,    SW_PHASE_IMPORTS,   SW_PHASE_DATA,
	                                      SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE, SW_PHASE_DELIVER,
	                                      SW_PHASE_EXIT,    SW_PHASE_REMOVE};
	next(w, SW_EVENT_ITERATION_STARTED, 1, iteration);
	put(w);
	next(w, SW_EVENT_ATTEMPT_STARTED, 1, iteration);
	put(w);
	for (int i = 0; i < 4; i++) {
		next(w, SW_EVENT_PHASE_STARTED, 1, iteration)->phase = live[i];
		put(w);
		if (i != 0 && i != 3)
			continue;
		struct sw_iteration_info *it =
			next(w, i ? SW_EVENT_CONTAINER_REMOVED : SW_EVENT_CONTAINER_CREATED, 1, iteration);
		snprintf(it->container, sizeof it->container, "%012llx", (unsigned long long)w->seq);
		put(w);
	}
	put_finish(w, 1, iteration, spans, 11);
}

static void put_start(struct writer *w)
{
	static const char *const names[] = {"ast-only", "docker-sandbox"};
	sw_event_init(&w->event, SW_EVENT_SESSION_STARTED, -1);
	struct sw_session_info *info = &w->event.u.session;
	info->iterations = LARGE;
	snprintf(info->id, sizeof info->id, "20251122-223000-7f3a");
	snprintf(info->baseline, sizeof info->baseline, "%s", names[0]);
	snprintf(info->candidate, sizeof info->candidate, "%s", names[1]);
	put(w);
	for (int i = 0; i < 2; i++) {
		sw_event_init(&w->event, SW_EVENT_MODE_PLANNED, i);
		snprintf(w->event.u.planned.name, sizeof w->event.u.planned.name, "%s", names[i]);
		w->event.u.planned.kind = i ? SW_KIND_COLD : SW_KIND_HOST;
		w->event.u.planned.planned = LARGE;
		put(w);
	}
}

/* Returns -1 when the journal could not be written. */
static int write_journal(const char *path, uint64_t events)
{
	struct writer w = {0};
	if (sw_journal_create(path, &w.journal, &w.err) == 0) {
		put_start(&w);
		for (int64_t i = 1; w.seq < events; i++) {
			put_host(&w, i);
			put_cold(&w, i);
		}
		w.failed |= sw_journal_sync(w.journal, false, &w.err) < 0;
		sw_journal_free(w.journal);
	} else {
		w.failed = true;
	}
	if (w.failed)
		fprintf(stderr, "replay: %s\n", w.err.message);
	return w.failed ? -1 : 0;
}

/* Loads PATH once and says how long it took through PIPE. */
static int child(const char *path, uint64_t events, int pipe_fd)
{
	struct sw_error err;
	struct sw_journal_stats stats;
	struct sw_session *session = sw_session_new();
	int64_t start = sw_clock_ns();
	if (!session || sw_journal_load(path, session, &stats, &err) < 0)
		return 1;
	int64_t took = sw_clock_ns() - start;
	/* A journal that was not folded as a whole would be fast for nothing. */
	bool whole = stats.events >= events && !stats.broken && !session->unexpected &&
	             !session->missing && sw_session_done(session) >= events / 16;
	sw_session_free(session);
	return whole && write(pipe_fd, &took, sizeof took) == (ssize_t)sizeof took ? 0 : 2;
}

static int measure(const char *path, uint64_t events, struct result *out)
{
	for (int round = 0; round < ROUNDS; round++) {
		int fds[2], status;
		struct rusage usage;
		int64_t took = 0;
		if (pipe(fds) < 0)
			return -1;
		pid_t pid = fork();
		if (pid == 0)
			_exit(child(path, events, fds[1]));
		close(fds[1]);
		bool read_it = read(fds[0], &took, sizeof took) == (ssize_t)sizeof took;
		close(fds[0]);
		if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0 || !read_it)
			return -1;
		double seconds = (double)took / 1e9;
		if (round == 0 || seconds < out->seconds)
			out->seconds = seconds;
		if (usage.ru_maxrss > out->rss_kib)
			out->rss_kib = usage.ru_maxrss;
	}
	return 0;
}

static int run(const char *folder, uint64_t events, struct result *out)
{
	char path[256];
	snprintf(path, sizeof path, "%s/sandwatch-replay-%ld.jsonl", folder, (long)getpid());
	int status = write_journal(path, events) < 0 ? -1 : measure(path, events, out);
	unlink(path);
	return status;
}

int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "/tmp";
	struct result small = {0}, large = {0};
	if (run(folder, SMALL, &small) < 0 || run(folder, LARGE, &large) < 0) {
		fprintf(stderr, "replay: could not be measured\n");
		return 1;
	}
	printf("{\"events\":%d,\"seconds\":%.3f,\"events_per_second\":%.0f,"
	       "\"rss_kib_100k\":%ld,\"rss_kib_1m\":%ld}\n",
	       LARGE, large.seconds, LARGE / large.seconds, small.rss_kib, large.rss_kib);
	return 0;
}
