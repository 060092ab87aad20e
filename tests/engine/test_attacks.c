/* What jobs may try against those that come after them in the same container, on a real engine: each
 * attack of tests/engine/attacks goes past the validator and is withstood; and with the one defence of
 * docker/worker/zygote.py that is against it cut out, it is not: so each of these tests fails when its
 * defence goes. Needs sandwatch/python:latest on the engine.
 *
 * --part K/N runs only every Nth of the tests, from the Kth on: together the parts are all of them.
 * --ledger FILE writes, as JSON lines, which attacks each kind of mode withstands, instead. */
#include "tests/engine/attack.h"

#include "core/json.h"
#include "docker/cold.h"
#include "docker/exec.h"
#include "docker/prepared.h"
#include "docker/tar.h"
#include "tests/engine/part.h"

static char session[40]; /* this run's own: parts of it run at the same time */
static struct wx one;
static struct calm calm;

/* Bounds that keep all of them from doing this machine any harm. */
static void bound(void)
{
	(void)snprintf(session, sizeof session, "attack-test-%d", (int)getpid());
	wx_init(&one, session, 0);
	one.mode.sandbox.timeout_ns = 4 * FX_SECOND;
	one.mode.sandbox.memory_bytes = 320 << 20;
	one.mode.job_memory_bytes = 200 << 20;
	one.mode.sandbox.pids_limit = 64;
	one.mode.sandbox.cpu_milli = 1000;
}

static void make(void)
{
	attack_use(&one, attack_innocent, strlen(attack_innocent), false);
	wx_make(&one);
	assert_string_equal(one.ready_error, "");
}

/* One with all defences. */
static void make_whole(void)
{
	bound();
	make();
	attack_calm(&one, &calm);
	assert_int_equal(calm.processes, 2);
}

/* ---- with all defences: one container for all attacks, one after the other ---- */

static void is_withstood(void **state)
{
	const struct attack *attack = *state;
	wx_need_python();
	if (!one.runner)
		make_whole();
	char container[16];
	(void)snprintf(container, sizeof container, "%s", one.result.container);
	struct harm harm = attack_run(&one, attack, &calm, false);
	print_message("%s, who %s: %s %s\n", attack->name, attack->about,
	              sw_word(&sw_words_outcome, (int)harm.outcome), harm.said);
	if (harm.is_done)
		fail_msg("%s", harm.text);
	assert_false(harm.is_replaced);
	assert_string_equal(one.result.container, container);
}

/* ---- with one of them cut out ---- */

/* SOURCE without the statement that follows the line "# defence: NAME": the next line, and those that go
 * on with it, which are indented more. */
static void cut(struct sw_buf *source, const char *name)
{
	char mark[64];
	(void)snprintf(mark, sizeof mark, "# defence: %s\n", name);
	char *from = strstr(source->data, mark);
	if (!from)
		fail_msg("the zygote has no defence called %s", name);
	from += strlen(mark);
	size_t indent = strspn(from, " ");
	char *to = strchr(from, '\n') + 1;
	while (strspn(to, " ") > indent || (strspn(to, " ") == indent && strchr(")]}", to[indent])))
		to = strchr(to, '\n') + 1;
	memmove(from, to, source->len - (size_t)(to - source->data) + 1);
	source->len -= (size_t)(to - from);
}

static bool is_traced_by_none(void)
{
	struct sw_buf text = {0};
	bool closed = sw_file_read("/proc/sys/kernel/yama/ptrace_scope", 16, &text, NULL) == 0 &&
	              text.data && text.data[0] != '0';
	sw_buf_done(&text);
	return closed;
}

static void is_noticed_without_its_defence(void **state)
{
	const struct attack *attack = *state;
	struct sw_buf source = {0}, tar = {0};
	struct sw_error err;
	char argv_text[256];
	wx_need_python();
	if (!calm.processes)
		make_whole();
	wx_finish(&one);
	if (strcmp(attack->name, "parent") == 0)
		fx_need(!is_traced_by_none(), "this kernel lets nobody trace what is not his child");
	bound();
	if (sw_file_read("docker/worker/zygote.py", 1 << 20, &source, &err) < 0)
		fail_msg("%s", err.message);
	cut(&source, attack->defence);
	assert_int_equal(sw_tar_one(&tar, "sandwatch/zygote.py", 0644, source.data, source.len), 0);
	sw_buf_done(&source);
	one.mode.sandbox.read_only = false;
	one.options.shim = SW_SHIM_UPLOADED;
	one.options.shim_tar = tar.data;
	one.options.shim_tar_len = tar.len;
	/* The worker's source loads the zygote's. */
	const char *argv[WX_ARGV_MAX + 1];
	memcpy(argv, wx_image.argv, sizeof argv);
	for (int i = 0; argv[i]; i++) {
		size_t len = strlen(argv[i]);
		if (len > 4 && strcmp(argv[i] + len - 4, ".pyc") == 0) {
			(void)snprintf(argv_text, sizeof argv_text, "%.*s", (int)len - 1, argv[i]);
			argv[i] = argv_text;
		}
	}
	one.options.image_argv = argv;
	make();
	struct harm harm = attack_run(&one, attack, &calm, false);
	print_message("%s, without the defence %s: %s %s; %s%s\n", attack->name, attack->defence,
	              sw_word(&sw_words_outcome, (int)harm.outcome), harm.said, harm.text,
	              harm.is_replaced ? " (replaced)" : "");
	wx_finish(&one);
	sw_buf_done(&tar);
	assert_true(harm.is_done || harm.is_replaced);
}

/* ---- what each kind of mode withstands ---- */

static const struct {
	enum sw_kind kind;
	wx_new_fn create;
} kinds[] = {
	{SW_KIND_COLD, sw_cold_new},
	{SW_KIND_PREPARED, sw_prepared_new},
	{SW_KIND_EXEC, sw_exec_new},
	{SW_KIND_WARM, sw_warm_new},
};

static void write_line(FILE *file, enum sw_kind kind, const struct attack *attack,
                       const struct harm *harm)
{
	struct sw_buf line = {0};
	struct sw_json json;
	sw_json_init(&json, &line, 0);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "kind", sw_word(&sw_words_kind, (int)kind));
	sw_json_str(&json, "attack", attack->name);
	sw_json_str(&json, "about", attack->about);
	sw_json_bool(&json, "withstood", !harm->is_done);
	sw_json_bool(&json, "replaced", harm->is_replaced);
	sw_json_str(&json, "outcome", sw_word(&sw_words_outcome, (int)harm->outcome));
	sw_json_str(&json, "harm", harm->text);
	sw_json_end_object(&json);
	assert_false(line.overflow);
	(void)fprintf(file, "%s\n", line.data);
	(void)fflush(file);
	sw_buf_done(&line);
}

/* One JSON line for each kind and attack into the file *STATE. Of the host there is none: what goes past the
 * validator there has the machine. */
static void write_ledger(void **state)
{
	wx_need_python();
	FILE *file = fopen(*state, "we");
	assert_non_null(file);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (int i = 0; i < N_ATTACKS; i++) {
			if (!one.runner) {
				bound();
				one.create = kinds[k].create;
				one.mode.kind = kinds[k].kind;
				one.mode.pool = 1;
				if (kinds[k].kind != SW_KIND_WARM) /* each iteration imports anew */
					one.mode.sandbox.timeout_ns = 15 * FX_SECOND;
				make();
				attack_calm(&one, &calm);
			}
			struct harm harm = attack_run(&one, &attacks[i], &calm, true);
			write_line(file, kinds[k].kind, &attacks[i], &harm);
			if (harm.is_done)
				wx_finish(&one);
		}
		wx_finish(&one);
	}
	fclose(file);
}

static int tear_down(void **state)
{
	wx_finish(&one);
	return wx_close(state);
}

/* Arguments: the attacks to be tried; none: all. Or: --part K/N, or --ledger FILE. */
int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--ledger") == 0) {
		const struct CMUnitTest ledger[] = {cmocka_unit_test_prestate(write_ledger, argv[2])};
		return cmocka_run_group_tests(ledger, wx_open, tear_down);
	}
	struct part part = part_of(&argc, argv);
	struct CMUnitTest tests[2 * N_ATTACKS];
	char names[2 * N_ATTACKS][96];
	size_t n = 0;
	memset(tests, 0, sizeof tests);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < N_ATTACKS; i++) {
			bool is_wanted = argc < 2;
			for (int k = 1; k < argc; k++)
				is_wanted |= strcmp(argv[k], attacks[i].name) == 0;
			if (!is_wanted || (pass == 1 && !attacks[i].defence[0]) || !part_has_next(&part))
				continue;
			(void)snprintf(names[n], sizeof names[n],
			               pass ? "%s_is_noticed_without_%s" : "%s_is_withstood", attacks[i].name,
			               attacks[i].defence);
			tests[n] = (struct CMUnitTest){.name = names[n],
			                               .test_func = pass ? is_noticed_without_its_defence
			                                                 : is_withstood,
			                               .initial_state = (void *)(uintptr_t)&attacks[i]};
			n++;
		}
	}
	return _cmocka_run_group_tests("attacks", tests, n, wx_open, tear_down);
}
