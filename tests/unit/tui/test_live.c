#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/journal.h"
#include "core/journal_read.h"
#include "core/loop.h"
#include "tui/live.h"

enum { ITERATIONS = 40 };

/* A session of one host mode whose command ends once the gate is open, and else never. */
static char dir[] = "/tmp/sw-live-XXXXXX";
static char gate[64], script[128];
static char *command[] = {"/bin/sh", "-c", script, NULL};
static struct sw_setup *plan_of;
static struct sw_loop *loop;
static struct sw_live *live;
static struct sw_error err;
static int n_ended, n_notes;
static uint64_t n_applied, last_seq;

static void open_gate(void)
{
	int fd = open(gate, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void applied(void *user, const struct sw_event *event)
{
	(void)user;
	assert_int_equal(event->seq, last_seq + 1);
	last_seq = event->seq;
	n_applied++;
	n_notes += event->kind == SW_EVENT_NOTE;
}

static void ended(void *user, const struct sw_error *error)
{
	(void)user;
	assert_null(error);
	n_ended++;
}

static int setup(void **state)
{
	(void)state;
	alarm(120); /* a session that hangs */
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(gate, sizeof gate, "%s/gate", dir);
	snprintf(script, sizeof script, "[ -e %s ] || exec tail -f /dev/null", gate);
	plan_of = calloc(1, sizeof *plan_of);
	if (!plan_of || sw_loop_new(&loop, &err) < 0)
		return -1;
	sw_plan_defaults(&plan_of->plan);
	plan_of->plan.n_modes = 1;
	plan_of->plan.iterations = ITERATIONS;
	plan_of->plan.warmup = 0;
	plan_of->plan.fallback.enabled = false;
	plan_of->plan.workload.command = command;
	plan_of->task.command = command;
	snprintf(plan_of->run.journal, sizeof plan_of->run.journal, "%s/journal.jsonl", dir);
	n_ended = n_notes = 0;
	n_applied = last_seq = 0;
	live = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	alarm(0);
	sw_live_free(live);
	sw_loop_free(loop);
	unlink(gate);
	unlink(plan_of->run.journal);
	free(plan_of);
	rmdir(dir);
	return 0;
}

static const struct sw_session *session(void)
{
	return sw_live_session(live);
}

static const struct sw_mode_state *mode(void)
{
	return session()->modes[0];
}

static void start(void)
{
	struct sw_live_handlers handlers = {applied, ended, NULL};
	if (sw_live_start(loop, plan_of, &handlers, &live, &err) < 0)
		fail_msg("%s", err.message);
}

static void step(void)
{
	assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void run_to_end(void)
{
	while (!n_ended)
		step();
	assert_int_equal(n_ended, 1);
	assert_int_equal(session()->missing, 0);
	assert_int_equal(session()->unexpected, 0);
	assert_int_equal(n_applied, session()->last_seq);
}

/* Nothing wakes anybody for a phase: it is there for who looks. */
static void until_it_runs(void)
{
	do {
		sw_live_drain(live);
	} while (!session()->n_modes || !mode()->n_running || !sw_mode_running(mode())->n_phase_starts);
}

static int see_end(void *user, const struct sw_event *event)
{
	enum sw_state *end = user;
	if (event->kind == SW_EVENT_SESSION_FINISHED)
		*end = event->u.end.state;
	return 0;
}

static enum sw_state state_on_disk(void)
{
	struct sw_journal_stats stats;
	enum sw_state end = SW_STATE_RUNNING;
	assert_int_equal(sw_journal_read(plan_of->run.journal, see_end, &end, &stats, &err), 0);
	return end;
}

/* More events than any ring holds, and nobody looks before the last is on disk. */
static void a_session_needs_nobody_who_looks(void **state)
{
	bool is_written;
	(void)state;
	open_gate();
	start();
	while (state_on_disk() == SW_STATE_RUNNING)
		;
	assert_int_equal(n_applied, 0);
	/* What was read may not be synced yet, and is not given out before. */
	do {
		sw_live_drain(live);
	} while (session()->state == SW_STATE_RUNNING);
	assert_int_equal(session()->state, SW_STATE_DONE);
	assert_int_equal(mode()->outcomes[SW_OUTCOME_OK], ITERATIONS);
	run_to_end();
	assert_true(n_applied > 128);
	assert_int_equal(sw_journal_is_written(plan_of->run.journal, &is_written, &err), 0);
	assert_true(is_written);
	sw_live_free(live);
	live = NULL;
	assert_int_equal(sw_journal_is_written(plan_of->run.journal, &is_written, &err), 0);
	assert_false(is_written);
}

static void a_pause_drops_and_measures_anew(void **state)
{
	(void)state;
	start();
	until_it_runs();
	sw_live_pause(live, false);
	sw_live_pause(live, true);
	while (!session()->paused)
		step();
	assert_int_equal(mode()->dropped, 1);
	assert_int_equal(mode()->done + mode()->attempts, 0);
	assert_int_equal(mode()->n_running, 0);
	open_gate();
	sw_live_resume(live);
	run_to_end();
	assert_int_equal(mode()->outcomes[SW_OUTCOME_OK], ITERATIONS);
	assert_int_equal(mode()->dropped, 1);
	assert_true(sw_session_paused_ns(session(), session()->last_ns) > 0);
}

static void a_paused_session_can_be_stopped(void **state)
{
	(void)state;
	start();
	until_it_runs();
	sw_live_pause(live, true);
	while (!session()->paused)
		step();
	sw_live_stop(live);
	run_to_end();
	assert_int_equal(session()->state, SW_STATE_INTERRUPTED);
	assert_int_equal(mode()->done, 0);
}

static void one_iteration_can_be_cancelled(void **state)
{
	(void)state;
	start();
	until_it_runs();
	open_gate();
	sw_live_cancel_iteration(live, 0, 1, false);
	run_to_end();
	assert_int_equal(session()->state, SW_STATE_DONE);
	assert_int_equal(mode()->outcomes[SW_OUTCOME_CANCELLED], 1);
	assert_int_equal(mode()->outcomes[SW_OUTCOME_OK], ITERATIONS - 1);
}

/* In a process of its own: what it leaves behind goes with it. */
static void an_abandoned_session_has_an_end_on_disk(void **state)
{
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		start();
		until_it_runs();
		sw_live_abandon(live, "left behind");
		_exit(session()->state == SW_STATE_INTERRUPTED && n_ended == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(state_on_disk(), SW_STATE_INTERRUPTED);
}

static void what_images_lack_is_told_once(void **state)
{
	static const char *const lacks[] = {"no a", "no b", "no a", "", "no b"};
	(void)state;
	open_gate();
	plan_of->plan.n_modes = sizeof lacks / sizeof *lacks;
	plan_of->plan.iterations = 1;
	for (int i = 0; i < plan_of->plan.n_modes; i++) {
		plan_of->plan.modes[i] = plan_of->plan.modes[0];
		snprintf(plan_of->plan.modes[i].name, sizeof plan_of->plan.modes[i].name, "m%d", i);
		snprintf(plan_of->image_errors[i], sizeof plan_of->image_errors[i], "%s", lacks[i]);
	}
	start();
	run_to_end();
	assert_int_equal(n_notes, 2);
}

static void a_journal_that_cannot_be_made_is_told(void **state)
{
	struct sw_live_handlers handlers = {applied, ended, NULL};
	(void)state;
	snprintf(plan_of->run.journal, sizeof plan_of->run.journal, "%s/none/journal.jsonl", dir);
	assert_int_equal(sw_live_start(loop, plan_of, &handlers, &live, &err), -1);
	assert_non_null(strstr(err.message, "none/journal.jsonl"));
	live = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_abandoned_session_has_an_end_on_disk), TEST(a_session_needs_nobody_who_looks),
		TEST(a_pause_drops_and_measures_anew),         TEST(a_paused_session_can_be_stopped),
		TEST(one_iteration_can_be_cancelled),          TEST(a_journal_that_cannot_be_made_is_told),
		TEST(what_images_lack_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
