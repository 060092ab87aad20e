/* Whole sessions, one for each state that the writers of snapshot and report must master. */
#ifndef SW_TEST_STORY_LIST_H
#define SW_TEST_STORY_LIST_H

#include "tests/unit/core/stories.h"
#include "tests/unit/core/stories_faults.h"

static inline void story_empty(struct story *s)
{
	memset(s, 0, sizeof(*s));
	s->session = sw_session_new();
	assert(s->session);
}

static inline void story_started(struct story *s)
{
	struct sw_session_info info = story_info("just-started");
	story_begin(s, &info);
}

static inline void story_running(struct story *s)
{
	struct sw_session_info info = story_info("running");
	story_study(s, &info);
	story_ok(s, 0);
	story_ok(s, 1);
	story_ok(s, 0);
	story_start(s, 1, false);
}

static inline void story_engineless(struct story *s)
{
	struct sw_session_info info = story_info("no-engine");
	struct sw_environment machine = story_machine();
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	struct sw_mode_info cold = story_mode_info("docker-sandbox", SW_KIND_COLD);

	machine.engine[0] = machine.image_id[0] = machine.image[0] = '\0';
	snprintf(machine.engine_error, sizeof(machine.engine_error),
	         "no socket answers; start dockerd, set DOCKER_HOST, or run as root");
	story_begin(s, &info);
	story_environment(s, &machine);
	story_mode(s, &host);
	story_mode(s, &cold);
	for (int i = 0; i < 3; i++) {
		story_ok(s, 0);
		story_fall_back(s, 1, SW_OUTCOME_OK);
	}
	story_end(s, SW_STATE_FAILED, "no engine");
}

static inline void story_all_fell_back(struct story *s)
{
	struct sw_session_info info = story_info("all-fell-back");
	info.fallback_on |= INT64_C(1) << SW_OUTCOME_OOM | INT64_C(1) << SW_OUTCOME_CRASHED;
	story_study(s, &info);
	for (int i = 0; i < 20; i++) {
		story_ok(s, 0);
		story_fall_back(s, 1, i == 7 ? SW_OUTCOME_FAILED : SW_OUTCOME_OK);
	}
	story_end(s, SW_STATE_DONE, "");
}

static inline void story_one_mode(struct story *s)
{
	struct sw_session_info info = story_info("one-mode");
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	info.sandbox_enabled = false;
	info.candidate[0] = '\0';
	story_begin(s, &info);
	story_mode(s, &host);
	for (int i = 0; i < 20; i++)
		story_ok(s, 0);
	story_end(s, SW_STATE_DONE, "");
}

static inline void story_interrupted(struct story *s)
{
	struct sw_event note = {.kind = SW_EVENT_NOTE, .mode = -1};
	struct turn apart = {BEATS(story_cold_beats), .by_durations = true};
	struct sw_session_info info = story_info("interrupted");

	story_study(s, &info);
	for (int i = 0; i < 6; i++) {
		story_ok(s, 0);
		story_turn(s, 1, &apart);
	}
	story_refuse(s, 1, SW_OUTCOME_TIMEOUT);
	story_fail(s, 1, SW_OUTCOME_OOM, "over 2 GiB");
	story_fail(s, 0, SW_OUTCOME_REJECTED, "import os");
	story_fail(s, 1, SW_OUTCOME_CANCELLED, "stopped by the user");
	snprintf(note.u.end.text, sizeof(note.u.end.text), "the image was made in 5.1 s");
	story_tell(s, &note);
	story_end(s, SW_STATE_INTERRUPTED, "Ctrl-C");
}

static inline void story_sixteen(struct story *s)
{
	struct sw_session_info info = story_info("sixteen-modes");
	struct sw_environment machine = story_machine();
	const struct beat prepared[] = {{SW_PHASE_CREATE, 9 * MS, true},
	                                {SW_PHASE_START, 70 * MS, false},
	                                {SW_PHASE_EXECUTE, 3 * MS, false},
	                                {SW_PHASE_REMOVE, 9 * MS, true}};
	struct turn turn = {BEATS(prepared), .outcome = SW_OUTCOME_OK};
	char name[24];

	story_begin(s, &info);
	story_environment(s, &machine);
	for (int i = 0; i < SW_MODES_MAX; i++) {
		snprintf(name, sizeof(name),
		         i == 0   ? "ast-only"
		         : i == 1 ? "docker-sandbox"
		                  : "mode-%02d",
		         i);
		struct sw_mode_info mode = story_mode_info(name, (enum sw_kind)(i % SW_KIND_COUNT));
		mode.parallel = i % 3 + 1;
		story_mode(s, &mode);
	}
	for (int i = 0; i < SW_MODES_MAX; i++) {
		story_ok(s, i % SW_KIND_COUNT == SW_KIND_PREPARED ? 0 : i);
		story_turn(s, i, &turn);
	}
	story_end(s, SW_STATE_DONE, "");
}

/* Texts that would break a table, a page, a document or a terminal if they were let through. */
#define HOSTILE_NAME "| `a` **b** <b>|\x1b[31m\xe2\x80\xae\xff\n## Owned"
#define HOSTILE_TEXT                                                                               \
	"\n## Injected\n```\n| a | b |\n\"},\x1b]0;owned\x07 <script>alert(1)</script> [x](http://e) " \
	"\xed\xa0\x80\xc3 日本語のエラー \xf0\x9f\x92\xa5 ${HOME} $${X} 's \\ end"

static inline void story_hostile(struct story *s)
{
	struct sw_session_info info = story_info(HOSTILE_NAME);
	struct sw_environment machine = story_machine();
	struct sw_mode_info modes[3] = {
		story_mode_info("日本語のモード名はとても長い名前です", SW_KIND_HOST),
		story_mode_info(HOSTILE_NAME, SW_KIND_COLD), story_mode_info("- 1. #", SW_KIND_COLD)};
	struct sw_event note = {.kind = SW_EVENT_NOTE, .mode = -1};

	snprintf(info.baseline, sizeof(info.baseline), "%s", modes[0].name);
	snprintf(info.candidate, sizeof(info.candidate), "%s", modes[1].name);
	snprintf(info.workload, sizeof(info.workload), "%s", HOSTILE_TEXT);
	snprintf(machine.engine, sizeof(machine.engine), "%s", "do|cker\n# x");
	snprintf(machine.host, sizeof(machine.host), "%s", HOSTILE_NAME);
	snprintf(machine.engine_error, sizeof(machine.engine_error), "%s", HOSTILE_TEXT);
	snprintf(modes[1].image, sizeof(modes[1].image), "%s", HOSTILE_TEXT);
	snprintf(modes[1].user, sizeof(modes[1].user), "%s", "a\": {b: [c]} # ${D:e} \\");
	story_begin(s, &info);
	story_environment(s, &machine);
	for (int i = 0; i < 3; i++)
		story_mode(s, &modes[i]);
	for (int i = 0; i < 3; i++) {
		story_ok(s, i);
		story_ok(s, i);
		story_fail(s, i, SW_OUTCOME_FAILED, HOSTILE_TEXT);
	}
	snprintf(note.u.end.text, sizeof(note.u.end.text), "%s", HOSTILE_TEXT);
	story_tell(s, &note);
	story_end(s, SW_STATE_FAILED, HOSTILE_TEXT);
}

static inline void story_done(struct story *s)
{
	story_good(s, 20);
	story_end(s, SW_STATE_DONE, "");
}

/* ---- several kinds ---- */

static const struct beat story_prepared_beats[] = {
	{SW_PHASE_CREATE, 8 * MS, true},     {SW_PHASE_START, 40 * MS, false},
	{SW_PHASE_BOOT, 9 * MS, false},      {SW_PHASE_IMPORTS, 100 * MS, false},
	{SW_PHASE_EXECUTE, 10 * MS, false},  {SW_PHASE_DELIVER, MS, false},
	{SW_PHASE_EXIT, 25 * MS, true},      {SW_PHASE_REMOVE, 24 * MS, true},
};
static const struct beat story_exec_beats[] = {
	{SW_PHASE_CREATE, MS, false},
	{SW_PHASE_START, 29 * MS, false},
	{SW_PHASE_IMPORTS, 60 * MS, false},
	{SW_PHASE_EXECUTE, 10 * MS, false},
};
static const struct beat story_warm_beats[] = {
	{SW_PHASE_DATA, MS, false},
	{SW_PHASE_EXECUTE, 3 * MS, false},
	{SW_PHASE_DELIVER, MS / 5, false},
};

struct rung {
	const char *name;
	enum sw_kind kind;
	int parallel;
	const char *runtime;
	const struct beat *beats;
	int n_beats;
	int percent; /* how long the beats take */
};

static const struct rung story_rungs[] = {
	{"ast-only", SW_KIND_HOST, 1, "", BEATS(story_host_beats), 100},
	{"docker-sandbox", SW_KIND_COLD, 1, "runc", BEATS(story_cold_beats), 100},
	{"cold-crun", SW_KIND_COLD, 1, "crun", BEATS(story_cold_beats), 75},
	{"cold-x2", SW_KIND_COLD, 2, "runc", BEATS(story_cold_beats), 120},
	{"prepared", SW_KIND_PREPARED, 1, "runc", BEATS(story_prepared_beats), 100},
	{"exec", SW_KIND_EXEC, 1, "runc", BEATS(story_exec_beats), 100},
	{"warm", SW_KIND_WARM, 1, "runc", BEATS(story_warm_beats), 100},
	{"warm-x2", SW_KIND_WARM, 2, "runc", BEATS(story_warm_beats), 110},
};
#define STORY_RUNGS (sizeof(story_rungs) / sizeof(story_rungs[0]))

static inline void story_rung_mode(struct story *s, const struct rung *rung)
{
	struct sw_mode_info mode = story_mode_info(rung->name, rung->kind);
	mode.parallel = rung->parallel;
	mode.planned = 12;
	snprintf(mode.runtime, sizeof(mode.runtime), "%s", rung->runtime);
	mode.pool = rung->kind == SW_KIND_PREPARED ? 2 : 0;
	mode.job_memory_bytes = rung->kind == SW_KIND_WARM ? GIB : 0;
	mode.preforked = rung->kind == SW_KIND_HOST;
	story_mode(s, &mode);
}

/* What a mode that keeps its container has made before its first iteration. */
static inline void story_rung_keep(struct story *s, int mode)
{
	const struct rung *rung = &story_rungs[mode];

	if (rung->kind != SW_KIND_EXEC && rung->kind != SW_KIND_WARM)
		return;
	for (int i = 0; i < rung->parallel; i++) {
		s->t_ns += 80 * MS;
		story_behind(s, mode, SW_PHASE_CREATE, 80 * MS);
	}
}

/* `parallel` at a time: the turn is that much shorter than what its iterations took. */
static inline void story_rung_turn(struct story *s, int mode)
{
	const struct rung *rung = &story_rungs[mode];
	struct beat beats[SW_SPANS_MAX];
	struct turn turn = {beats, rung->n_beats, .outcome = SW_OUTCOME_OK};
	int64_t began = s->t_ns;

	for (int i = 0; i < rung->n_beats; i++) {
		beats[i] = rung->beats[i];
		beats[i].ns = beats[i].ns * rung->percent / 100;
	}
	for (int i = 0; i < rung->parallel; i++)
		story_turn(s, mode, &turn);
	if (rung->kind == SW_KIND_WARM)
		story_behind(s, mode, SW_PHASE_PREWARM, 2 * MS);
	story_turn_end(s, mode, rung->parallel, (s->t_ns - began) / rung->parallel + MS);
}

/* All kinds side by side, the number of iterations found by the rule of `auto`. */
static inline void story_ladder(struct story *s)
{
	struct sw_event decided = {.kind = SW_EVENT_LENGTH_DECIDED, .mode = -1};
	struct sw_event replaced = {.kind = SW_EVENT_CONTAINER_REPLACED, .mode = 6};
	struct sw_session_info info = story_info("ladder");
	struct sw_environment machine = story_machine();

	info.is_auto = true;
	info.iterations = 200;
	info.precision_percent = 2;
	info.min_iterations = 10;
	info.time_budget_ns = 300000 * MS;
	info.block = 1;
	story_begin(s, &info);
	story_environment(s, &machine);
	for (size_t i = 0; i < STORY_RUNGS; i++)
		story_rung_mode(s, &story_rungs[i]);
	for (size_t i = 0; i < STORY_RUNGS; i++)
		story_rung_keep(s, (int)i);
	for (int round = 0; round < 12; round++)
		for (size_t i = 0; i < STORY_RUNGS; i++)
			if (round % story_rungs[i].parallel == 0)
				story_rung_turn(s, (int)i);
	snprintf(replaced.u.it.text, sizeof(replaced.u.it.text), "its container died");
	story_tell(s, &replaced);
	decided.u.length.iterations = 12;
	decided.u.length.precision_percent = 1.9;
	snprintf(decided.u.length.text, sizeof(decided.u.length.text),
	         "precise enough: the widest 95 %% interval, of the difference of docker-sandbox from "
	         "ast-only, spans 1.90 %% of the larger mean; asked for: 2 %%");
	story_tell(s, &decided);
	story_end(s, SW_STATE_DONE, "");
}

/* The cold mode with one layer less at a time: of three that cost 30 ms, nothing, and 12 ms, the first by
 * its absence. */
static inline void story_ablation(struct story *s)
{
	static const struct {
		const char *name, *layer;
		int64_t ms;
	} modes[] = {{"sandbox", "", 300},
	             {"without-network", "network", 330},
	             {"without-seccomp", "seccomp", 300},
	             {"without-caps", "caps", 288}};
	struct sw_session_info info = story_info("ablation");
	struct sw_environment machine = story_machine();

	/* As core/ablate.h's plan: no candidate of its own, so that the first sandbox is both. */
	snprintf(info.baseline, sizeof(info.baseline), "sandbox");
	snprintf(info.candidate, sizeof(info.candidate), "sandbox");
	story_begin(s, &info);
	story_environment(s, &machine);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct sw_mode_info mode = story_mode_info(modes[i].name, SW_KIND_COLD);
		snprintf(mode.layer, sizeof(mode.layer), "%s", modes[i].layer);
		story_mode(s, &mode);
	}
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
			struct beat beats[] = {{SW_PHASE_START, modes[i].ms * MS / 3, false},
			                       {SW_PHASE_IMPORTS, modes[i].ms * MS / 3, false},
			                       {SW_PHASE_REMOVE, modes[i].ms * MS / 3, false}};
			struct turn turn = {BEATS(beats), .outcome = SW_OUTCOME_OK};
			story_turn(s, (int)i, &turn);
		}
	story_end(s, SW_STATE_DONE, "");
}

static const struct {
	const char *name;
	void (*tell)(struct story *s);
} story_list[] = {
	{"empty", story_empty},
	{"started", story_started},
	{"running", story_running},
	{"engineless", story_engineless},
	{"all-fell-back", story_all_fell_back},
	{"one-mode", story_one_mode},
	{"interrupted", story_interrupted},
	{"sixteen", story_sixteen},
	{"hostile", story_hostile},
	{"ladder", story_ladder},
	{"ablation", story_ablation},
	{"breaking", story_breaking},
	{"faults", story_faults},
	{"done", story_done},
};
#define STORIES (sizeof(story_list) / sizeof(story_list[0]))
#define GENERATED_AT "2025-11-22T22:31:00Z"

#endif
