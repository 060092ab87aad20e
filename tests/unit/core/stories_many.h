/* Sessions of many modes: the ladder from cold to warm, an ablation, a length found by itself. Told as
 * events, as those of stories.h, with more going on than those of story_list.h; what several slots do
 * at the same time comes in the order of its time. */
#ifndef SW_TEST_STORIES_MANY_H
#define SW_TEST_STORIES_MANY_H

#include "tests/unit/core/stories.h"

/* How a mode of many goes: what an iteration spends on its path, and what is done behind. */
struct way {
	const struct beat *beats, *behind, *once; /* once: for each kept container */
	int n_beats, n_behind, n_once;
};

static const struct beat many_preforked_beats[] = {
	{SW_PHASE_VALIDATE, 260000, false},
	{SW_PHASE_EXECUTE, 1900000, false},
	{SW_PHASE_SERIALIZE, 20000, false},
	{SW_PHASE_DELIVER, 60000, false},
};
static const struct beat many_prepared_beats[] = {
	{SW_PHASE_START, 79000000, false},    {SW_PHASE_BOOT, 9000000, false},
	{SW_PHASE_IMPORTS, 150000000, false}, {SW_PHASE_VALIDATE, 1400000, false},
	{SW_PHASE_DATA, 3400000, false},      {SW_PHASE_EXECUTE, 5100000, false},
	{SW_PHASE_SERIALIZE, 40000, false},   {SW_PHASE_DELIVER, 200000, false},
};
static const struct beat many_prepared_behind[] = {
	{SW_PHASE_CREATE, 8000000, true},
	{SW_PHASE_ATTACH, 90000, true},
	{SW_PHASE_EXIT, 25000000, true},
	{SW_PHASE_REMOVE, 24000000, true},
};
static const struct beat many_exec_beats[] = {
	{SW_PHASE_CREATE, 1400000, false},   {SW_PHASE_START, 31000000, false},
	{SW_PHASE_BOOT, 9000000, false},     {SW_PHASE_IMPORTS, 150000000, false},
	{SW_PHASE_VALIDATE, 1400000, false}, {SW_PHASE_DATA, 3400000, false},
	{SW_PHASE_EXECUTE, 5100000, false},  {SW_PHASE_SERIALIZE, 40000, false},
	{SW_PHASE_DELIVER, 200000, false},   {SW_PHASE_EXIT, 6000000, false},
};
static const struct beat many_exec_once[] = {
	{SW_PHASE_CREATE, 8000000, true},
	{SW_PHASE_START, 79000000, true},
};
static const struct beat many_warm_beats[] = {
	{SW_PHASE_VALIDATE, 290000, false},
	{SW_PHASE_EXECUTE, 2000000, false},
	{SW_PHASE_SERIALIZE, 20000, false},
	{SW_PHASE_DELIVER, 90000, false},
};
static const struct beat many_warm_behind[] = {{SW_PHASE_PREWARM, 7000000, true}};
static const struct beat many_warm_once[] = {
	{SW_PHASE_CREATE, 8000000, true},    {SW_PHASE_ATTACH, 90000, true},
	{SW_PHASE_START, 79000000, true},    {SW_PHASE_BOOT, 9000000, true},
	{SW_PHASE_IMPORTS, 244000000, true},
};

static inline struct way many_way(const struct sw_mode_info *info)
{
	switch ((int)info->kind) {
	case SW_KIND_HOST:
		return info->preforked ? (struct way){.beats = many_preforked_beats, .n_beats = 4}
		                       : (struct way){.beats = story_host_beats, .n_beats = 4};
	case SW_KIND_PREPARED:
		return (struct way){.beats = many_prepared_beats,
		                    .n_beats = 8,
		                    .behind = many_prepared_behind,
		                    .n_behind = 4};
	case SW_KIND_EXEC:
		return (struct way){
			.beats = many_exec_beats, .n_beats = 10, .once = many_exec_once, .n_once = 2};
	case SW_KIND_WARM:
		return (struct way){.beats = many_warm_beats,
		                    .n_beats = 4,
		                    .behind = many_warm_behind,
		                    .n_behind = 1,
		                    .once = many_warm_once,
		                    .n_once = 5};
	default:
		return (struct way){.beats = story_cold_beats, .n_beats = 12};
	}
}

/* Spans that nobody waited for, from now on; time goes on by them. */
static inline void many_behind(struct story *s, int mode, const struct beat *beats, int n)
{
	struct sw_iteration_info it = {.start_ns = s->t_ns};
	for (int i = 0; i < n; i++) {
		int64_t ns = story_jitter(s, beats[i].ns);
		it.spans[it.n_spans++] = (struct sw_span){beats[i].phase, s->t_ns, s->t_ns + ns, false};
		s->t_ns += ns;
	}
	if (n)
		story_it(s, SW_EVENT_PHASE_BEHIND, mode, &it);
}

static inline void many_container(struct story *s, enum sw_event_kind kind, int mode,
                                  struct sw_iteration_info it, const char *id)
{
	snprintf(it.container, sizeof it.container, "%s", id);
	story_it(s, kind, mode, &it);
}

/* A container that is kept for several iterations. */
static inline void many_keep(struct story *s, int mode, const char *id)
{
	struct way way = many_way(&s->session->modes[mode]->info);
	many_container(s, SW_EVENT_CONTAINER_CREATED, mode, (struct sw_iteration_info){0}, id);
	many_behind(s, mode, way.once, way.n_once);
}

/* Several at a time all take longer than one alone: they share the machine. */
static inline int64_t many_crowded(int64_t ns, int parallel)
{
	return ns * (10 + 4 * (parallel - 1)) / 10;
}

/* COUNT iterations of MODE in a row, `parallel` at a time, and what they leave to do behind. */
static inline void many_mode_turn(struct story *s, int mode, int count)
{
	const struct sw_mode_info *info = &s->session->modes[mode]->info;
	struct way way = many_way(info);
	int parallel = (int)info->parallel;
	struct sw_iteration_info turn = {.iteration = s->iterations[mode] + 1,
	                                 .count = count,
	                                 .start_ns = s->t_ns};
	for (int begun = 0; begun < count; begun += parallel) {
		struct sw_iteration_info its[SW_PARALLEL_MAX];
		int n = count - begun < parallel ? count - begun : parallel;
		int64_t begin = s->t_ns;
		for (int k = 0; k < n; k++) {
			struct sw_iteration_info *it = &its[k];
			int64_t t = begin;
			story_start(s, mode, false);
			*it = (struct sw_iteration_info){
				.iteration = s->iterations[mode], .attempt = 1, .attempts = 1, .start_ns = begin};
			for (int i = 0; i < way.n_beats; i++) {
				int64_t ns = story_jitter(s, many_crowded(way.beats[i].ns, parallel));
				it->spans[it->n_spans++] = (struct sw_span){way.beats[i].phase, t, t + ns, true};
				t += ns;
			}
			it->other_ns = (t - begin) / 500;
			it->wall_ns = t - begin + it->other_ns;
			snprintf(it->digest, sizeof it->digest, "%064d", 7);
			snprintf(it->python, sizeof it->python, "3.11.2");
		}
		for (int ended = 0; ended < n; ended++) {
			int next = -1;
			for (int k = 0; k < n; k++)
				if (its[k].wall_ns && (next < 0 || its[k].wall_ns < its[next].wall_ns))
					next = k;
			s->t_ns = begin + its[next].wall_ns;
			story_it(s, SW_EVENT_ATTEMPT_FINISHED, mode, &its[next]);
			story_it(s, SW_EVENT_ITERATION_FINISHED, mode, &its[next]);
			its[next].wall_ns = 0;
		}
		for (int k = 0; k < n && way.n_behind; k++)
			many_behind(s, mode, way.behind, way.n_behind);
	}
	turn.wall_ns = s->t_ns - turn.start_ns;
	story_it(s, SW_EVENT_TURN_FINISHED, mode, &turn);
}

/* N iterations that began one after the other, GAP_NS apart, and have all come as far as they could in the
 * AHEAD_NS since the first began. Each has a container of its own. */
static inline void many_crowd(struct story *s, int mode, int n, int64_t gap_ns, int64_t ahead_ns)
{
	struct way way = many_way(&s->session->modes[mode]->info);
	int64_t begin = s->t_ns, next[SW_PARALLEL_MAX];
	int64_t iterations[SW_PARALLEL_MAX];
	int at[SW_PARALLEL_MAX];
	for (int k = 0; k < n; k++) {
		next[k] = begin + k * gap_ns;
		at[k] = -1;
	}
	for (;;) {
		int k = 0;
		for (int i = 1; i < n; i++)
			if (next[i] < next[k])
				k = i;
		if (next[k] > begin + ahead_ns)
			break;
		s->t_ns = next[k];
		if (at[k]++ < 0) {
			story_start(s, mode, false);
			iterations[k] = s->iterations[mode];
		}
		if (at[k] == way.n_beats) {
			next[k] = INT64_MAX;
			continue;
		}
		struct sw_iteration_info it = {.iteration = iterations[k],
		                               .attempt = 1,
		                               .phase = way.beats[at[k]].phase};
		story_it(s, SW_EVENT_PHASE_STARTED, mode, &it);
		if (it.phase == SW_PHASE_ATTACH) {
			char id[16];
			snprintf(id, sizeof id, "%012llx", 0xc01dc0ffeeULL * (s->seq + 1) & 0xffffffffffffULL);
			many_container(s, SW_EVENT_CONTAINER_CREATED, mode, it, id);
		}
		next[k] += many_crowded(way.beats[at[k]].ns, n);
	}
	s->t_ns = begin + ahead_ns;
}

enum {
	LADDER_PREFORKED = 1,
	LADDER_COLD,
	LADDER_PREPARED,
	LADDER_EXEC,
	LADDER_WARM,
	LADDER_COLD_X5,
	LADDER_WARM_X2,
	LADDER_MODES
};

static inline void many_ladder_modes(struct story *s, const struct sw_session_info *info)
{
	static const struct {
		const char *name;
		enum sw_kind kind;
		int parallel;
	} modes[LADDER_MODES] = {
		{"ast-only", SW_KIND_HOST, 1},       {"host-preforked", SW_KIND_HOST, 1},
		{"docker-sandbox", SW_KIND_COLD, 1}, {"prepared", SW_KIND_PREPARED, 1},
		{"exec", SW_KIND_EXEC, 1},           {"warm", SW_KIND_WARM, 1},
		{"cold-x5", SW_KIND_COLD, 5},        {"warm-x2", SW_KIND_WARM, 2},
	};
	struct sw_environment machine = story_machine();
	story_begin(s, info);
	story_environment(s, &machine);
	for (int i = 0; i < LADDER_MODES; i++) {
		struct sw_mode_info mode = story_mode_info(modes[i].name, modes[i].kind);
		mode.parallel = modes[i].parallel;
		mode.planned = info->iterations;
		mode.preforked = i == LADDER_PREFORKED;
		mode.pool = mode.kind == SW_KIND_PREPARED ? 2 : 0;
		story_mode(s, &mode);
	}
	many_keep(s, LADDER_EXEC, "e5ec00000001");
	many_keep(s, LADDER_WARM, "a3a300000001");
	many_keep(s, LADDER_WARM_X2, "a3a300000002");
	many_keep(s, LADDER_WARM_X2, "a3a300000003");
}

/* Every way to run a sandbox side by side; one kept container was lost, and five cold ones run now. */
static inline void many_ladder(struct story *s)
{
	struct sw_session_info info = story_info("ladder");
	info.iterations = 40;
	info.block = 2;
	many_ladder_modes(s, &info);
	for (int round = 0; round < 6; round++) {
		for (int mode = 0; mode < LADDER_MODES; mode++)
			if (s->session->modes[mode]->info.parallel == 1 || round % 2 == 0)
				many_mode_turn(s, mode, (int)s->session->modes[mode]->info.parallel * 2);
		if (round != 3)
			continue;
		struct sw_iteration_info lost = {.iteration = 0};
		snprintf(lost.text, sizeof lost.text, "its first process ended with signal 9");
		many_container(s, SW_EVENT_CONTAINER_REPLACED, LADDER_WARM, lost, "a3a300000001");
		lost.text[0] = '\0';
		many_container(s, SW_EVENT_CONTAINER_REMOVED, LADDER_WARM, lost, "a3a300000001");
		many_keep(s, LADDER_WARM, "a3a300000004");
	}
	many_crowd(s, LADDER_COLD_X5, 5, 180 * MS, 900 * MS);
}

/* The cold mode, and the same without one layer at a time. Two of them save time; the rest is noise. */
static inline void many_ablation(struct story *s)
{
	static const struct {
		const char *name;
		enum sw_layer layer;
		int64_t saved_ns;
	} modes[] = {
		{"docker-sandbox", SW_LAYER_NONE, 0},
		{"without-network", SW_LAYER_NETWORK, -38 * MS},
		{"without-seccomp", SW_LAYER_SECCOMP, 1 * MS},
		{"without-readonly", SW_LAYER_READONLY, 0},
		{"without-limits", SW_LAYER_LIMITS, 21 * MS},
		{"without-caps", SW_LAYER_CAPS, 0},
	};
	const int n = sizeof modes / sizeof modes[0];
	struct sw_session_info info = story_info("what-each-layer-costs");
	struct sw_environment machine = story_machine();
	info.baseline[0] = '\0';
	info.iterations = 30;
	story_begin(s, &info);
	story_environment(s, &machine);
	for (int i = 0; i < n; i++) {
		struct sw_mode_info mode = story_mode_info(modes[i].name, SW_KIND_COLD);
		mode.planned = info.iterations;
		snprintf(mode.layer, sizeof mode.layer, "%s",
		         sw_word(&sw_words_layer, (int)modes[i].layer));
		if (modes[i].layer == SW_LAYER_NETWORK)
			snprintf(mode.network, sizeof mode.network, "bridge");
		story_mode(s, &mode);
	}
	for (int round = 0; round < 20; round++) {
		for (int mode = 0; mode < n; mode++) {
			struct beat beats[12];
			memcpy(beats, story_cold_beats, sizeof beats);
			beats[2].ns -= modes[mode].saved_ns; /* start */
			struct turn turn = {BEATS(beats), .outcome = SW_OUTCOME_OK};
			story_turn(s, mode, &turn);
		}
	}
}

/* Two modes whose number of iterations is looked for. */
static inline void many_auto(struct story *s)
{
	struct sw_session_info info = story_info("as-long-as-it-takes");
	info.is_auto = true;
	info.iterations = 500;
	info.min_iterations = 10;
	info.precision_percent = 2;
	info.time_budget_ns = 600 * 1000 * MS;
	struct sw_mode_info modes[2] = {story_mode_info("ast-only", SW_KIND_HOST),
	                                story_mode_info("docker-sandbox", SW_KIND_COLD)};
	struct sw_environment machine = story_machine();
	story_begin(s, &info);
	story_environment(s, &machine);
	for (int mode = 0; mode < 2; mode++) {
		modes[mode].planned = info.iterations;
		story_mode(s, &modes[mode]);
	}
	for (int i = 0; i < 18; i++) {
		story_ok(s, 0);
		story_ok(s, 1);
	}
}

static inline void many_auto_decided(struct story *s)
{
	struct sw_event event = {.kind = SW_EVENT_LENGTH_DECIDED, .mode = -1};
	many_auto(s);
	event.u.length.iterations = 18;
	event.u.length.precision_percent = 1.8;
	snprintf(event.u.length.text, sizeof event.u.length.text,
	         "the interval is as narrow as asked for: 1.8 %% of the difference");
	story_tell(s, &event);
	story_end(s, SW_STATE_DONE, "");
}

#endif
