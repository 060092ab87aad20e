/* Sessions for the tests of figures, snapshot and report: told as events and folded, so that no
 * test invents a state that a run could not reach. Durations are made up, but shaped like facts. */
#ifndef SW_TEST_STORIES_H
#define SW_TEST_STORIES_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/session.h"
#include "core/stats.h"

#define MS INT64_C(1000000)
#define GIB (INT64_C(1) << 30)

struct story {
	struct sw_session *session;
	uint64_t seq;
	int64_t t_ns;
	int64_t iterations[SW_MODES_MAX];
	struct sw_rng rng;
};

/* Hears each event once it is folded. */
struct story_listener {
	void (*hear)(void *user, const struct sw_event *event);
	void *user;
};

static inline struct story_listener *story_listener(void)
{
	static struct story_listener listener;
	return &listener;
}

static inline void story_tell(struct story *s, struct sw_event *event)
{
	event->seq = ++s->seq;
	event->t_ns = s->t_ns;
	int status = sw_session_apply(s->session, event);
	assert(status == 0);
	(void)status;
	if (story_listener()->hear)
		story_listener()->hear(story_listener()->user, event);
}

static inline struct sw_session_info story_info(const char *name)
{
	struct sw_session_info info = {
		.id = "20251122-223000-7f3a",
		.started_at = "2025-11-22T22:30:00Z",
		.order = SW_ORDER_INTERLEAVED,
		.seed = 42,
		.iterations = 20,
		.warmup = 1,
		.tool_version = "0.1.0",
		.tool_commit = "abcdef0",
		.baseline = "ast-only",
		.candidate = "docker-sandbox",
		.enable_below_percent = 100,
		.optional_below_percent = 300,
		.project_seconds = {3, 4, 5},
		.n_project = 3,
		.sandbox_enabled = true,
		.fallback_enabled = true,
		.max_retries = 1,
		.fallback_on = INT64_C(1) << SW_OUTCOME_ENGINE,
		.gates = 2,
		.workload = "momentum, mock, 252 days × 10 symbols",
		.strategy = "momentum",
		.days = 252,
		.symbols = 10,
	};
	snprintf(info.name, sizeof(info.name), "%s", name);
	return info;
}

static inline void story_begin(struct story *s, const struct sw_session_info *info)
{
	static struct sw_event event;

	memset(s, 0, sizeof(*s));
	s->session = sw_session_new();
	assert(s->session);
	sw_rng_seed(&s->rng, 7);
	event = (struct sw_event){.kind = SW_EVENT_SESSION_STARTED, .mode = -1};
	event.u.session = *info;
	story_tell(s, &event);
}

static inline struct sw_environment story_machine(void)
{
	return (struct sw_environment){
		.host = "bench",
		.os = "Debian GNU/Linux 12",
		.kernel = "Linux 6.18",
		.cpu = "AMD EPYC 7763",
		.cpus = 2,
		.memory_bytes = 8 * GIB,
		.engine = "docker",
		.engine_version = "20.10.24",
		.api_version = "1.41",
		.runtime = "runc",
		.storage = "overlay2",
		.cgroup = "v1",
		.endpoint = "unix:///var/run/docker.sock",
		.image = "sandwatch/python:latest",
		.image_id = "sha256:0123456789ab",
		.image_bytes = 111 * (INT64_C(1) << 20),
	};
}

static inline void story_environment(struct story *s, const struct sw_environment *environment)
{
	struct sw_event event = {.kind = SW_EVENT_ENVIRONMENT, .mode = -1};
	event.u.environment = *environment;
	story_tell(s, &event);
	event = (struct sw_event){.kind = SW_EVENT_CLOCK_KNOWN, .mode = -1};
	event.u.clock = SW_CLOCK_SHARED;
	story_tell(s, &event);
}

static inline struct sw_mode_info story_mode_info(const char *name, enum sw_kind kind)
{
	struct sw_mode_info info = {
		.kind = kind, .parallel = 1, .planned = 20, .timeout_ns = 300000 * MS};
	snprintf(info.name, sizeof(info.name), "%s", name);
	if (kind == SW_KIND_HOST)
		return info;
	snprintf(info.image, sizeof(info.image), "sandwatch/python:latest");
	snprintf(info.image_id, sizeof(info.image_id), "sha256:0123456789ab");
	info.shim = SW_SHIM_BAKED;
	snprintf(info.network, sizeof(info.network), "none");
	snprintf(info.runtime, sizeof(info.runtime), "default");
	snprintf(info.user, sizeof(info.user), "65534:65534");
	snprintf(info.seccomp, sizeof(info.seccomp), "builtin");
	info.memory_bytes = 2 * GIB;
	info.cpu_milli = 500;
	info.pids_limit = 64;
	info.tmpfs_bytes = 16 << 20;
	info.read_only = info.drop_capabilities = info.no_new_privileges = true;
	return info;
}

static inline void story_mode(struct story *s, const struct sw_mode_info *info)
{
	struct sw_event event = {.kind = SW_EVENT_MODE_PLANNED, .mode = s->session->n_modes};
	event.u.planned = *info;
	story_tell(s, &event);
}

/* For tests of more iterations than a story's 20: the fold takes none beyond the plan. */
static inline void story_plan(struct story *s, int64_t planned)
{
	for (int i = 0; i < s->session->n_modes; i++)
		s->session->modes[i]->info.planned = planned;
}

/* One span of an attempt to come. */
struct beat {
	enum sw_phase phase;
	int64_t ns;
	bool off_path;
};

static const struct beat story_host_beats[] = {
	{SW_PHASE_VALIDATE, 270000, false},
	{SW_PHASE_DATA, 1800000, false},
	{SW_PHASE_EXECUTE, 2900000, false},
	{SW_PHASE_SERIALIZE, 20000, false},
};
static const struct beat story_cold_beats[] = {
	{SW_PHASE_CREATE, 8000000, false},    {SW_PHASE_ATTACH, 90000, false},
	{SW_PHASE_START, 79000000, false},    {SW_PHASE_BOOT, 9000000, false},
	{SW_PHASE_IMPORTS, 244000000, false}, {SW_PHASE_VALIDATE, 1400000, false},
	{SW_PHASE_DATA, 3400000, false},      {SW_PHASE_EXECUTE, 5100000, false},
	{SW_PHASE_SERIALIZE, 40000, false},   {SW_PHASE_DELIVER, 200000, false},
	{SW_PHASE_EXIT, 25000000, false},     {SW_PHASE_REMOVE, 24000000, false},
};
#define BEATS(beats) (beats), (int)(sizeof(beats) / sizeof((beats)[0]))

/* Within ±8 %, the same in every run of the test. */
static inline int64_t story_jitter(struct story *s, int64_t ns)
{
	return ns * (int64_t)(920 + sw_rng_below(&s->rng, 161)) / 1000;
}

/* The whole of one iteration: an attempt on the beats that ended in OUTCOME. */
struct turn {
	const struct beat *beats;
	int n_beats;
	enum sw_outcome outcome;
	const char *error;
	bool warmup, by_durations;
	bool exact_ns; /* no jitter, no "other" */
};

static inline void story_add_spans(struct story *s, const struct turn *turn,
                                   struct sw_iteration_info *it)
{
	int64_t t = s->t_ns;
	for (int i = 0; i < turn->n_beats; i++) {
		int64_t ns = turn->exact_ns ? turn->beats[i].ns : story_jitter(s, turn->beats[i].ns);
		it->spans[it->n_spans++] =
			(struct sw_span){turn->beats[i].phase, t, t + ns, !turn->beats[i].off_path};
		t += ns;
		if (!turn->beats[i].off_path)
			it->wall_ns += ns;
	}
	it->other_ns = turn->exact_ns ? 0 : it->wall_ns / 500;
	it->wall_ns += it->other_ns;
}

static inline void story_it(struct story *s, enum sw_event_kind kind, int mode,
                            const struct sw_iteration_info *it)
{
	static struct sw_event event;
	event = (struct sw_event){.kind = kind, .mode = mode};
	event.u.it = *it;
	story_tell(s, &event);
}

static inline void story_start(struct story *s, int mode, bool warmup)
{
	struct sw_iteration_info it = {
		.iteration = ++s->iterations[mode], .attempt = 1, .warmup = warmup, .start_ns = s->t_ns};
	story_it(s, SW_EVENT_ITERATION_STARTED, mode, &it);
	story_it(s, SW_EVENT_ATTEMPT_STARTED, mode, &it);
}

/* The first N phases of the running attempt, and half of the last one's time. */
static inline void story_phases(struct story *s, int mode, int n)
{
	for (int i = 0; i < n; i++) {
		struct sw_iteration_info it = {.iteration = s->iterations[mode],
		                               .attempt = 1,
		                               .phase = story_cold_beats[i].phase};
		story_it(s, SW_EVENT_PHASE_STARTED, mode, &it);
		s->t_ns += story_cold_beats[i].ns / (i + 1 < n ? 1 : 2);
		snprintf(it.container, sizeof(it.container), "%012llx", 0x5eedb0c5ULL + s->seq);
		if (i == 0)
			story_it(s, SW_EVENT_CONTAINER_CREATED, mode, &it);
	}
}

static inline void story_turn(struct story *s, int mode, const struct turn *turn)
{
	story_start(s, mode, turn->warmup);
	struct sw_iteration_info it = {.iteration = s->iterations[mode],
	                               .attempt = 1,
	                               .attempts = 1,
	                               .warmup = turn->warmup,
	                               .outcome = turn->outcome,
	                               .start_ns = s->t_ns,
	                               .by_durations = turn->by_durations};
	story_add_spans(s, turn, &it);
	if (turn->outcome == SW_OUTCOME_OK) {
		snprintf(it.digest, sizeof(it.digest), "%064d", 7);
		snprintf(it.python, sizeof(it.python), "3.11.2");
	}
	snprintf(it.text, sizeof(it.text), "%s", turn->error ? turn->error : "");
	s->t_ns += it.wall_ns;
	story_it(s, SW_EVENT_ATTEMPT_FINISHED, mode, &it);
	story_it(s, SW_EVENT_ITERATION_FINISHED, mode, &it);
}

/* COUNT iterations were run in a row, the last one just now, all of them in WALL_NS. */
static inline void story_turn_end(struct story *s, int mode, int64_t count, int64_t wall_ns)
{
	struct sw_iteration_info it = {.iteration = s->iterations[mode] - count + 1,
	                               .count = count,
	                               .start_ns = s->t_ns - wall_ns,
	                               .wall_ns = wall_ns};
	story_it(s, SW_EVENT_TURN_FINISHED, mode, &it);
}

/* A span that nobody waited for. */
static inline void story_behind(struct story *s, int mode, enum sw_phase phase, int64_t ns)
{
	struct sw_iteration_info it = {
		.n_spans = 1, .spans = {{phase, s->t_ns - ns, s->t_ns, false}}, .start_ns = s->t_ns - ns};
	story_it(s, SW_EVENT_PHASE_BEHIND, mode, &it);
}

static inline void story_ok(struct story *s, int mode)
{
	bool host = s->session->modes[mode]->info.kind == SW_KIND_HOST;
	struct turn turn = {BEATS(story_cold_beats), .outcome = SW_OUTCOME_OK};
	if (host)
		turn = (struct turn){BEATS(story_host_beats), .outcome = SW_OUTCOME_OK};
	story_turn(s, mode, &turn);
}

static inline void story_fail(struct story *s, int mode, enum sw_outcome outcome, const char *error)
{
	struct turn turn = {story_cold_beats, 3, outcome, error, false, false, false};
	story_turn(s, mode, &turn);
}

/* An engine failure, a retry that fails too, and a run on the host that ends in HOST_OUTCOME. */
static inline void story_fall_back(struct story *s, int mode, enum sw_outcome host_outcome)
{
	story_start(s, mode, false);
	struct sw_iteration_info it = {.iteration = s->iterations[mode],
	                               .attempt = 1,
	                               .outcome = SW_OUTCOME_ENGINE,
	                               .start_ns = s->t_ns,
	                               .wall_ns = 5 * MS};
	snprintf(it.text, sizeof(it.text), "create: the engine said no (500)");
	story_it(s, SW_EVENT_ATTEMPT_FINISHED, mode, &it);
	story_it(s, SW_EVENT_RETRY, mode, &it);
	story_it(s, SW_EVENT_FALLBACK_TAKEN, mode, &it);
	it.attempts = 3;
	it.fell_back = true;
	it.outcome = host_outcome;
	s->t_ns += 15 * MS;
	story_it(s, SW_EVENT_ITERATION_FINISHED, mode, &it);
}

static inline void story_refuse(struct story *s, int mode, enum sw_outcome outcome)
{
	struct sw_iteration_info it = {.iteration = s->iterations[mode] + 1,
	                               .outcome = outcome,
	                               .attempt = 1,
	                               .attempts = 1,
	                               .start_ns = s->t_ns};
	story_start(s, mode, false);
	snprintf(it.text, sizeof(it.text), "over its limit");
	story_it(s, SW_EVENT_ATTEMPT_FINISHED, mode, &it);
	story_it(s, SW_EVENT_FALLBACK_REFUSED, mode, &it);
	story_it(s, SW_EVENT_ITERATION_FINISHED, mode, &it);
}

static inline void story_end(struct story *s, enum sw_state state, const char *text)
{
	struct sw_event event = {.kind = SW_EVENT_SESSION_FINISHED, .mode = -1};
	event.u.end.state = state;
	snprintf(event.u.end.text, sizeof(event.u.end.text), "%s", text);
	story_tell(s, &event);
}

/* Begun, on the usual machine, with the study's two modes. */
static inline void story_study(struct story *s, const struct sw_session_info *info)
{
	struct sw_environment machine = story_machine();
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	struct sw_mode_info cold = story_mode_info("docker-sandbox", SW_KIND_COLD);

	story_begin(s, info);
	story_environment(s, &machine);
	story_mode(s, &host);
	story_mode(s, &cold);
}

/* The study as it should go: one warm-up and N iterations of each, all ok. */
static inline void story_good(struct story *s, int n)
{
	struct sw_session_info info = story_info("docker-sandbox-study");
	struct turn warmup[2] = {{BEATS(story_host_beats), .warmup = true},
	                         {BEATS(story_cold_beats), .warmup = true}};

	story_study(s, &info);
	for (int mode = 0; mode < 2; mode++) {
		story_turn(s, mode, &warmup[mode]);
		s->iterations[mode] = 0;
	}
	for (int i = 0; i < n; i++) {
		story_ok(s, 0);
		story_ok(s, 1);
	}
}

#endif
