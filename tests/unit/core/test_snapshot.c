#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/snapshot.h"
#include "tests/unit/core/golden.h"
#include "tests/unit/core/story_list.h"

struct fixture {
	struct story story;
	struct sw_figures figures;
	struct sw_buf text;
	char dir[64];
	char paths[64][128];
	int n_paths;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/sw-snapshot-XXXXXX");
	*state = f;
	return mkdtemp(f->dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < f->n_paths; i++)
		unlink(f->paths[i]);
	rmdir(f->dir);
	sw_session_free(f->story.session);
	sw_buf_done(&f->text);
	free(f);
	return 0;
}

static void write_snapshot(struct fixture *f)
{
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
	sw_buf_clear(&f->text);
	assert_int_equal(sw_snapshot_write(&f->figures, GENERATED_AT, &f->text), 0);
}

static void tell(struct fixture *f, void (*story)(struct story *))
{
	sw_session_free(f->story.session);
	story(&f->story);
	write_snapshot(f);
}

static void save(struct fixture *f, const char *name, const char *text, size_t len)
{
	char *path = f->paths[f->n_paths];

	assert_true(f->n_paths < 60);
	snprintf(path, sizeof(f->paths[0]), "%s/%s.json", f->dir, name);
	f->n_paths++;
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* The validator's exit status on all that was saved. */
static int validate(struct fixture *f, const char *option)
{
	char *argv[72] = {"/usr/bin/python3", "tests/validate_snapshot.py"};
	int n = 2, status;

	if (option)
		argv[n++] = (char *)option;
	for (int i = 0; i < f->n_paths; i++)
		argv[n++] = f->paths[i];
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_every_state_is_valid(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < STORIES; i++) {
		tell(f, story_list[i].tell);
		save(f, story_list[i].name, f->text.data, f->text.len);
	}
	assert_int_equal(validate(f, NULL), 0);
}

static void test_overhead_in_every_kind_of_truth_is_valid(void **state)
{
	static const struct beat fast[] = {{SW_PHASE_EXECUTE, 100, false}};
	struct fixture *f = *state;
	struct turn turn = {BEATS(fast), .outcome = SW_OUTCOME_OK, .exact_ns = true};
	struct sw_session_info info = story_info("x");

	/* Nanoseconds, a negative overhead, one sample each, no projection. */
	info.n_project = 0;
	story_study(&f->story, &info);
	story_turn(&f->story, 1, &turn);
	story_ok(&f->story, 0);
	write_snapshot(f);
	save(f, "negative", f->text.data, f->text.len);
	assert_non_null(strstr(f->text.data, "\"percent_ci95\": null,"));
	assert_non_null(strstr(f->text.data, "\"stddev\": null,"));
	/* Zero: percent of nothing. */
	sw_session_free(f->story.session);
	turn.n_beats = 0;
	story_study(&f->story, &info);
	story_turn(&f->story, 0, &turn);
	story_turn(&f->story, 1, &turn);
	write_snapshot(f);
	save(f, "zero", f->text.data, f->text.len);
	assert_int_equal(validate(f, NULL), 0);
}

static void test_more_iterations_than_samples(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	story_study(&f->story, &info);
	story_plan(&f->story, SW_SAMPLES_MAX + 5);
	for (int i = 0; i < SW_SAMPLES_MAX + 5; i++)
		story_ok(&f->story, 0);
	write_snapshot(f);
	assert_non_null(strstr(f->text.data, "\"samples_dropped\": 5"));
	assert_non_null(strstr(f->text.data, "\"exact\": false"));
	save(f, "many", f->text.data, f->text.len);
	assert_int_equal(validate(f, NULL), 0);
}

/* Each change breaks one rule of the schema or of the accounts: the validator must see it. */
static void test_the_validator_refuses_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *from, *to;
	} changes[] = {
		{"schema", "sandwatch/1", "sandwatch/2"},
		{"extra-key", "\"gates\": []", "\"gates\": [], \"more\": 1"},
		{"missing-key", "\"notes_dropped\": 0,", ""},
		{"renamed-key", "\"p95\":", "\"p96\":"},
		{"float-duration", "\"elapsed_ns\": 8", "\"elapsed_ns\": 0.8"},
		{"negative", "\"parallel\": 1", "\"parallel\": -1"},
		{"rate-above-1", "\"success_rate\": 1,", "\"success_rate\": 100,"},
		{"nan", "\"success_rate\": 1,", "\"success_rate\": NaN,"},
		{"kind", "\"kind\": \"cold\"", "\"kind\": \"docker\""},
		{"group", "\"group\": \"cleanup\"", "\"group\": \"end\""},
		{"verdict", "\"verdict\": \"enable, once verified\"", "\"verdict\": \"yes\""},
		{"date", "\"generated_at\": \"2025", "\"generated_at\": \"on 2025"},
		{"reason", "\"taken\": {}", "\"taken\": {\"bored\": 1}"},
		{"text", "\"name\": \"ast-only\"", "\"name\": \"\""},
		{"digest", "\"digest\": \"0", "\"digest\": \"x"},
		{"done-does-not-add-up", "\"done\": 20", "\"done\": 19"},
		{"not-run-does-not-add-up", "\"not_run\": 0", "\"not_run\": 3"},
		{"sample-lost", "\"samples_dropped\": 0", "\"samples_dropped\": 1"},
		{"layer-without-a-mode", "\"ablation\": []",
	     "\"ablation\": [{\"layer\": \"caps\", \"without\": \"a\", \"whole\": \"b\", \"cost\": null}]"},
		{"turns-of-none", "\"throughput_per_second\": null", "\"throughput_per_second\": 3"},
		{"auto", "\"auto\": null", "\"auto\": {}"},
		{"behind-and-waited-for", "\"behind\": []",
	     "\"behind\": [{\"name\": \"create\", \"group\": \"startup\", \"on_path\": true, \"count\": 1, "
	     "\"mean_ns\": 1, \"p50_ns\": 1, \"p95_ns\": 1}]"},
		{"drift", "\"drift\": null", "\"drift\": {\"found\": false}"},
		{"outliers", "\"threshold_ns\"", "\"limit_ns\""},
		{"own-difference", "\"mode\": \"docker-sandbox\"", "\"mode\": \"ast-only\""},
		{"finding", "\"forks\": \"no\"", "\"forks\": \"perhaps\""},
		{"not-tried", "\"forks\": \"no\"", "\"forks\": \"not tested\""},
		{"bond-missing", "\"process tree\": \"yes\",", ""},
		{"source-missing", "\"isolation_source\":", "\"source\":"},
		{"twice", "\"gates\": []", "\"gates\": [], \"gates\": []"},
		{"trailing-comma", "\"gates\": []", "\"gates\": [],,"},
	};
	struct fixture *f = *state;

	tell(f, story_done);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct sw_buf changed = {0};
		const char *at = strstr(f->text.data, changes[i].from);
		if (!at)
			fail_msg("the snapshot has no %s", changes[i].from);
		sw_buf_add(&changed, f->text.data, (size_t)(at - f->text.data));
		sw_buf_add_str(&changed, changes[i].to);
		sw_buf_add_str(&changed, at + strlen(changes[i].from));
		save(f, changes[i].name, changed.data, changed.len);
		sw_buf_done(&changed);
	}
	assert_int_equal(validate(f, "--invalid"), 0);
	save(f, "unchanged", f->text.data, f->text.len);
	assert_int_equal(validate(f, "--invalid"), 1);
}

static void test_the_same_bytes_again(void **state)
{
	struct fixture *f = *state;
	struct sw_buf first = {0};

	tell(f, story_interrupted);
	sw_buf_add(&first, f->text.data, f->text.len);
	tell(f, story_interrupted);
	bool same = first.len == f->text.len && memcmp(first.data, f->text.data, first.len) == 0;
	sw_buf_done(&first);
	assert_true(same);
}

static void test_what_was_not_measured_is_null(void **state)
{
	struct fixture *f = *state;
	tell(f, story_engineless);
	assert_non_null(strstr(f->text.data, "\"engine\": null,"));
	assert_non_null(strstr(f->text.data, "\"engine_error\": \"no socket answers"));
	assert_non_null(strstr(f->text.data, "\"image\": null,"));
	assert_non_null(strstr(f->text.data, "\"overhead\": null,"));
	assert_non_null(strstr(f->text.data, "\"latency_ns\": null,"));
	assert_non_null(strstr(f->text.data, "\"verdict\": \"unknown\""));
	tell(f, story_running); /* one iteration of the candidate */
	assert_non_null(strstr(f->text.data, "\"overhead_percent_ci95\": null,"));
}

static void test_an_open_breaker(void **state)
{
	struct fixture *f = *state;
	tell(f, story_breaking);
	assert_non_null(strstr(f->text.data, "\"state\": \"open\","));
	assert_non_null(strstr(f->text.data, "\"opened\": 1,"));
	assert_non_null(strstr(f->text.data, "\"probes_unanswered\": 1,"));
	assert_non_null(strstr(f->text.data, "\"text\": \"a probe got no answer\""));
	tell(f, story_faults);
	assert_non_null(strstr(f->text.data, "\"state\": \"closed\","));
	assert_non_null(strstr(f->text.data, "\"probed_at_ns\": null,"));
}

static void test_several_kinds(void **state)
{
	struct fixture *f = *state;
	tell(f, story_ladder);
	assert_non_null(strstr(f->text.data, "\"precision_percent\": 2,"));
	assert_non_null(strstr(f->text.data, "\"max_iterations\": 200,"));
	assert_non_null(strstr(f->text.data, "\"decided\": true,\n      \"iterations\": 12,\n"
	                                     "      \"reached_percent\": 1.9,"));
	assert_non_null(strstr(f->text.data, "\"pool\": 2,"));
	assert_non_null(strstr(f->text.data, "\"preforked\": true,"));
	assert_non_null(strstr(f->text.data, "\"job_memory_bytes\": 1073741824,"));
	const char *exec = strstr(f->text.data, "\"kind\": \"exec\"");
	assert_non_null(exec);
	assert_non_null(exec = strstr(exec, "\"filesystem\": \"yes\","));
	assert_non_null(strstr(exec, "\"forks\": \"no\","));
	assert_non_null(strstr(f->text.data, "\"isolation_source\": \"docker "));
	assert_non_null(strstr(f->text.data, "\"replaced\": 1,"));
	const char *behind = strstr(f->text.data, "\"behind\": [\n        {\n          \"name\": \"create\"");
	assert_non_null(behind);
	assert_non_null(strstr(behind, "\"name\": \"prewarm\",\n          \"group\": "
	                               "\"startup\",\n          \"on_path\": false,\n"
	                               "          \"count\": 12,"));
	assert_non_null(strstr(f->text.data, "\"ablation\": [],"));
	f->story.session->is_length_decided = false;
	write_snapshot(f);
	save(f, "undecided", f->text.data, f->text.len);
	assert_non_null(strstr(f->text.data, "\"reached_percent\": null,\n      \"text\": null"));
	assert_int_equal(validate(f, NULL), 0);
}

static void test_an_ablation(void **state)
{
	struct fixture *f = *state;
	tell(f, story_ablation);
	assert_non_null(strstr(f->text.data, "\"ablation\": [\n    {\n      \"layer\": \"network\",\n"
	                                     "      \"without\": \"without-network\",\n"
	                                     "      \"whole\": \"sandbox\",\n      \"cost\": {\n"
	                                     "        \"mode\": \"without-network\",\n"
	                                     "        \"mean_ns\": -"));
	assert_non_null(strstr(f->text.data, "\"verdict\": \"unknown\""));
	/* Only whole sandboxes were attacked. */
	assert_non_null(strstr(f->text.data, "\"layer\": null,\n      \"isolation\": {"));
	assert_non_null(strstr(f->text.data, "\"layer\": \"seccomp\",\n      \"isolation\": null,"));
}

static void test_a_full_buffer_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct sw_buf small;

	tell(f, story_done);
	for (size_t limit = 1; limit < f->text.len; limit = limit * 3 + 1) {
		sw_buf_init(&small, limit);
		int status = sw_snapshot_write(&f->figures, GENERATED_AT, &small);
		sw_buf_done(&small);
		assert_int_equal(status, -1);
	}
	sw_buf_init(&small, f->text.len);
	int status = sw_snapshot_write(&f->figures, GENERATED_AT, &small);
	sw_buf_done(&small);
	assert_int_equal(status, 0);
}

/* What nobody evaluated is not to be taken for held. */
static void test_gates_are_said_not_to_be_evaluated(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	assert_non_null(strstr(f->text.data, "\"gates\": 2,"));
	assert_non_null(strstr(f->text.data, "\"gates: 2 configured, not evaluated by this version\""));
	f->story.session->info.gates = 0;
	f->story.session->n_notes = SW_NOTES_MAX;
	write_snapshot(f);
	assert_null(strstr(f->text.data, "gates: "));
	save(f, "full", f->text.data, f->text.len);
	f->story.session->info.gates = 1;
	write_snapshot(f);
	save(f, "full-and-gates", f->text.data, f->text.len);
	assert_int_equal(validate(f, NULL), 0);
}

static void test_golden(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	golden_check("snapshot.json", &f->text);
}

/* An open pause counts up to the newest event. */
static void test_paused_time(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	f->story.session->paused_sum_ns = 3000;
	f->story.session->paused = true;
	f->story.session->paused_since_ns = f->story.session->last_ns - 400;
	write_snapshot(f);
	assert_non_null(strstr(f->text.data, "\"paused_ns\": 3400,"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_state_is_valid),
		TEST(test_overhead_in_every_kind_of_truth_is_valid),
		TEST(test_more_iterations_than_samples),
		TEST(test_the_validator_refuses_what_is_wrong),
		TEST(test_the_same_bytes_again),
		TEST(test_what_was_not_measured_is_null),
		TEST(test_an_open_breaker),
		TEST(test_several_kinds),
		TEST(test_an_ablation),
		TEST(test_a_full_buffer_is_an_error),
		TEST(test_gates_are_said_not_to_be_evaluated),
		TEST(test_golden),
		TEST(test_paused_time),
	};
	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
