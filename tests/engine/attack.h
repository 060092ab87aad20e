/* Hides the attacks of tests/engine/attacks: their sources, what each is against, and how one tells that
 * it came to something: the jobs after it must be what they always are, and nothing of it may be alive.
 * Header only; any kind of runner that takes struct sw_container_options. */
#ifndef SW_ATTACK_H
#define SW_ATTACK_H

#include "tests/engine/warm_fixture.h"

#include "core/buf.h"
#include "core/file.h"

/* name, the zygote's defence against it ("" where no single one stands alone), what it does */
#define ATTACKS(X)                                                              \
	X(loop, "deadline", "loops for ever")                                       \
	X(memory, "ceiling", "eats all memory")                                     \
	X(crowd, "oom_score", "eats all memory with many processes")                \
	X(daemon, "kill", "leaves processes that write to all others' descriptors") \
	X(bomb, "kill", "forks without end")                                        \
	X(parent, "undumpable", "writes to its parent's memory")                    \
	X(signals, "", "sends every signal to all")                                 \
	X(close, "fork_per_job", "closes its descriptors")                          \
	X(flood, "own_pipes", "floods its descriptors")                             \
	X(forge, "own_pipes", "answers for others")                                 \
	X(patch, "fork_per_job", "patches pandas, numpy and the interpreter")       \
	X(mutate, "fork_per_job", "mutates shared data")

struct attack {
	const char *name, *defence, *about;
};

#define ATTACK_ROW(name, defence, about) {#name, defence, about},
static const struct attack attacks[] = {ATTACKS(ATTACK_ROW)};
#undef ATTACK_ROW
#define N_ATTACKS ((int)(sizeof attacks / sizeof *attacks))

static const char attack_innocent[] =
	"report = sim(data.close / data.close.shift(5) > data.close.rolling(9).mean() / data.close)\n";

/* What came of an attack. */
struct harm {
	bool is_done; /* it came to something: text says what */
	char text[SW_TEXT_MAX];
	bool is_replaced;        /* the container had to be given up; what came after may be well */
	enum sw_outcome outcome; /* the attack's own */
	char said[SW_TEXT_MAX];
};

/* What an iteration is like that follows none. */
struct calm {
	char digest[SW_DIGEST_MAX];
	int processes; /* in its container, when all has settled */
};

static inline void attack_use(struct wx *wx, const char *source, size_t len, bool is_unchecked)
{
	wx->task.strategy = source;
	wx->task.strategy_len = len;
	wx->task.is_unchecked = is_unchecked;
}

static inline const struct sw_attempt_result *attack_innocently(struct wx *wx)
{
	attack_use(wx, attack_innocent, strlen(attack_innocent), false);
	wx_run(wx);
	if (wx->runner->ops->settle)
		wx_settle(wx);
	return &wx->result;
}

static inline void attack_calm(struct wx *wx, struct calm *out_calm)
{
	int pids[WX_PIDS_MAX];
	attack_innocently(wx);
	wx_assert(wx, SW_OUTCOME_OK, "");
	(void)snprintf(out_calm->digest, sizeof out_calm->digest, "%s", wx->result.digest);
	out_calm->processes = wx_pids(wx->result.container, pids);
}

static inline bool attack_judge(struct wx *wx, const struct attack *attack, const struct calm *calm,
                                const char *container, struct harm *harm)
{
	int pids[WX_PIDS_MAX];
	const struct sw_attempt_result *next = attack_innocently(wx);
	/* And once more: what served the first may not have been ready for another. */
	if (next->outcome == SW_OUTCOME_OK && strcmp(next->digest, calm->digest) == 0)
		next = attack_innocently(wx);
	int left = wx_pids(container, pids);
	if (strcmp(attack->name, "parent") == 0 && strstr(harm->said, "harmed"))
		(void)snprintf(harm->text, sizeof harm->text, "it %.200s", harm->said);
	else if (next->outcome != SW_OUTCOME_OK)
		(void)snprintf(harm->text, sizeof harm->text, "the next iteration: %s, %.300s",
		               sw_word(&sw_words_outcome, (int)next->outcome), next->error);
	else if (strcmp(next->digest, calm->digest) != 0)
		(void)snprintf(harm->text, sizeof harm->text, "the next iteration's result is another");
	else if (left > (harm->is_replaced ? 0 : calm->processes))
		(void)snprintf(harm->text, sizeof harm->text, "%d processes are alive",
		               left - calm->processes);
	else if (strcmp(attack->name, "memory") == 0 && strstr(harm->said, "its container was over"))
		(void)snprintf(harm->text, sizeof harm->text, "it took the whole container's memory");
	return harm->text[0] != '\0';
}

/* Whether PID 1 of CONTAINER is on its way to somewhere. */
static inline bool attack_is_moving(const char *container)
{
	char path[64], line[512] = "";
	int pid = wx_first(container);
	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = pid ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	const char *at = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return at && strlen(at) > 2 && strchr("RD", at[2]);
}

/* Until the zygote waits for its next job, or is dead: what an attack did to where jobs come from harms it
 * only there, and it does not come there when the next one is sent fast enough. */
static inline void attack_let_rest(struct wx *wx, const char *container)
{
	const struct timespec look = {.tv_nsec = 2000000};
	int64_t due_ns = sw_clock_ns() + 5 * FX_SECOND;
	wx_settle(wx);
	while (attack_is_moving(container) && sw_clock_ns() < due_ns)
		nanosleep(&look, NULL);
}

/* Runs ATTACK, then innocent iterations; none when the container had to be given up at once, unless
 * JUDGES_ALL. The runner is idle and settled. */
static inline struct harm attack_run(struct wx *wx, const struct attack *attack,
                                     const struct calm *calm, bool judges_all)
{
	struct harm harm = {0};
	struct sw_buf source = {0};
	struct sw_error err;
	char path[128], container[16];
	int replaced = wx->told[SW_EVENT_CONTAINER_REPLACED];
	(void)snprintf(path, sizeof path, "tests/engine/attacks/%s.py", attack->name);
	if (sw_file_read(path, 1 << 16, &source, &err) < 0)
		fail_msg("%s", err.message);
	attack_use(wx, source.data, source.len, true);
	wx_run(wx);
	harm.outcome = wx->result.outcome;
	(void)snprintf(harm.said, sizeof harm.said, "%s", wx->result.error);
	(void)snprintf(container, sizeof container, "%s", wx->result.container);
	if (wx->mode.kind == SW_KIND_WARM)
		attack_let_rest(wx, container);
	harm.is_replaced = wx->told[SW_EVENT_CONTAINER_REPLACED] > replaced;
	if (judges_all || !harm.is_replaced)
		harm.is_done = attack_judge(wx, attack, calm, container, &harm);
	harm.is_replaced = wx->told[SW_EVENT_CONTAINER_REPLACED] > replaced;
	sw_buf_done(&source);
	return harm;
}

#endif
