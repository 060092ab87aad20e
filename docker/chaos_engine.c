#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/chaos_internal.h"

static const int64_t grace_ns =
	30000000000; /* dockerd gives its containers 10 s to end, and itself 15 s */
static const int64_t again_ns = 2000000000;   /* a start that failed is tried again */
static const int64_t stopped_ns = 1000000000; /* SIGSTOP takes less */

/* The private dockerd, or false, which is told. */
static bool find(struct sw_chaos *chaos, const struct sw_chaos_job *job, pid_t *out_pid)
{
	struct sw_error err;
	if (!chaos->has_paths) {
		sw_chaos_tell_not_done(chaos, job, "the engine is not one that sandwatch may stop");
		return false;
	}
	if (sw_daemon_find(&chaos->paths, out_pid, &err) < 0) {
		sw_chaos_tell_not_done(chaos, job, err.message);
		return false;
	}
	if (*out_pid == 0)
		sw_chaos_tell_not_done(chaos, job, "the private engine does not run");
	return *out_pid != 0;
}

/* ---- stopped for a while ---- */

/* dockerd alone: it is what answers, and a client cannot tell more from less. Its containerd goes on,
 * because a dockerd whose containerd is silent would kill it when it is continued, and because after a
 * SIGKILL of ours there is one process for the next start to find and continue, not two. */
void sw_chaos_engine_pause(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	int64_t duration_ns = sw_chaos_fault(chaos, job)->duration_ns;
	SW_CLEANUP(close) int lock = -1;
	struct sw_error err;
	char length[16];
	pid_t pid;
	if (!find(chaos, job, &pid))
		return;
	/* Held until it goes on again: another sandwatch would take it for one that was left stopped. */
	if (sw_daemon_lock(&chaos->paths, NULL, &lock, &err) < 0 ||
	    sw_daemon_signal(&chaos->paths, pid, SIGSTOP, &err) < 0) {
		sw_chaos_tell_not_done(chaos, job, err.message);
		return;
	}
	for (int64_t late_ns = sw_clock_ns() + stopped_ns;
	     !sw_daemon_is_stopped(pid) && sw_clock_ns() < late_ns;)
		(void)sw_chaos_wait(chaos, sw_clock_ns() + 1000000, NULL);
	sw_chaos_tell(chaos, job, "", "engine stopped (process %d, SIGSTOP) for %s", (int)pid,
	              sw_text_duration(length, sizeof length, duration_ns));
	(void)sw_chaos_wait(chaos, sw_clock_ns() + duration_ns, NULL);
	if (sw_daemon_signal(&chaos->paths, pid, SIGCONT, &err) == 0)
		return;
	sw_chaos_note(chaos, "chaos: the engine that was stopped could not be continued: %s",
	              err.message);
	if (err.code == SW_ERR_NOT_FOUND)
		chaos->restart_ns = sw_clock_ns();
}

/* ---- ended, and started again ---- */

static int start(struct sw_chaos *chaos, struct sw_error *err)
{
	const char *state_dir = chaos->options.state_dir;
	const struct sw_steps quiet = {0};
	if (sw_engine_start_private(state_dir, quiet, err) < 0) {
		chaos->restart_ns = sw_clock_ns() + again_ns;
		return -1;
	}
	chaos->restart_ns = 0;
	/* Whom sudo had granted the one before. */
	if (chaos->owner != 0)
		(void)sw_engine_grant_private(state_dir, chaos->owner, NULL);
	return 0;
}

/* The fault has been told by now: a start takes its time, and the session may end meanwhile. */
static void start_again(struct sw_chaos *chaos, const char *how, int64_t since_ns)
{
	struct sw_error err;
	char length[16];
	if (start(chaos, &err) == 0)
		sw_chaos_note(chaos, "chaos: the engine runs again, %s after it was %s",
		              sw_text_duration(length, sizeof length, sw_clock_ns() - since_ns), how);
	else
		sw_chaos_note(chaos,
		              "chaos: the engine that was %s does not start, which is tried again: %s", how,
		              err.message);
}

static void see_owner(struct sw_chaos *chaos)
{
	struct stat st;
	if (stat(chaos->paths.socket, &st) == 0)
		chaos->owner = st.st_uid;
}

void sw_chaos_engine_kill(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	struct sw_error err;
	pid_t pid;
	if (!find(chaos, job, &pid))
		return;
	see_owner(chaos);
	int64_t since_ns = sw_clock_ns();
	if (sw_daemon_kill(&chaos->paths, pid, &err) < 0) {
		sw_chaos_tell_not_done(chaos, job, err.message);
		return;
	}
	sw_chaos_tell(chaos, job, "",
	              "engine killed (process %d, SIGKILL), to be started again at once", (int)pid);
	start_again(chaos, "killed", since_ns);
}

void sw_chaos_engine_restart(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	struct sw_error err;
	pid_t pid;
	if (!find(chaos, job, &pid))
		return;
	see_owner(chaos);
	int64_t since_ns = sw_clock_ns();
	if (sw_daemon_signal(&chaos->paths, pid, SIGTERM, &err) < 0) {
		sw_chaos_tell_not_done(chaos, job, err.message);
		return;
	}
	/* Before its end: that takes 10 s where a container does not heed SIGTERM, and until then the engine
	 * answers some requests and refuses others. */
	sw_chaos_tell(chaos, job, "",
	              "engine asked to end (process %d, SIGTERM), to be started again then", (int)pid);
	if (sw_daemon_end(&chaos->paths, pid, grace_ns, &err) < 0)
		sw_chaos_note(chaos, "chaos: %s", err.message);
	else
		start_again(chaos, "asked to end", since_ns);
}

void sw_chaos_engine_mend(struct sw_chaos *chaos, bool is_last)
{
	struct sw_error err;
	if (start(chaos, &err) == 0)
		sw_chaos_note(chaos, "chaos: the private engine runs again");
	else if (is_last)
		sw_chaos_note(
			chaos, "chaos: the private engine does not run again; `sandwatch engine` starts it: %s",
			err.message);
}
