/* Hides how what a command on the host has started is found again once it fled from its process group
 * (a daemon: a double fork and setsid), and what a killed sandwatch could not end.
 * Must not know runners or sessions.
 *
 * Whatever a command starts inherits a mark in its environment: SANDWATCH_HOST_RUN=NS.PID.START.SERIAL, which
 * names the sandwatch that started it (its PID namespace, pid and start time, as core/process.h has them)
 * and one runner of it. Orphans of marked processes are handed to this process (PR_SET_CHILD_SUBREAPER)
 * instead of to init, and only such children of its own are killed, so no number can have got another
 * process by then. Who takes the mark out of its environment is still killed together with a marked parent
 * that lives; alone it gets away: this is order among what is trusted, no boundary. Needs
 * /proc/PID/task/TID/children (Linux 4.2, CONFIG_PROC_CHILDREN); where there is none, nothing is found. */
#ifndef SW_ORPHANS_H
#define SW_ORPHANS_H

#include <stddef.h>

#define SW_ORPHANS_MARK_MAX 128

/* From now on orphans below this process become its children, whichever thread started them. A private
 * engine must not be one of them: docker/engine_spawn.c takes care. */
void sw_orphans_adopt(void);

/* A mark that no other call gives: "SANDWATCH_HOST_RUN=…", for an environment. */
void sw_orphans_mark(char dst[SW_ORPHANS_MARK_MAX]);

/* ENV (NULL: this process's) with MARK in place of any other: one block for free(), whose strings are
 * MARK and ENV's. NULL when memory is out. */
char **sw_orphans_env(char *const *env, const char *mark);

/* Kills the children of this process that carry MARK and all below them, until there are none; reaps them,
 * and what else was handed to this process and has ended. Not while a process that is wanted carries
 * MARK. Gives up on those that do not end within 100 ms, or multiply faster. Returns how many it killed. Any
 * thread; of what this process started itself it touches nothing but what carries MARK. */
int sw_orphans_kill(const char *mark);

/* Kills what carries the mark of a sandwatch of this PID namespace that has ended, among the processes that
 * this user may look into; returns how many. Reads all of /proc: for a setup, not the measuring thread. */
int sw_orphans_kill_of_dead(void);

#endif
