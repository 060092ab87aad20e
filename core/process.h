/* Hides how a child process is spawned and watched: vfork, descriptors, a pidfd instead of SIGCHLD;
 * and how /proc tells of any process. Must not know what a process is for. */
#ifndef SW_PROCESS_H
#define SW_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sw_error;

/* Plain value; {.pid = -1, all descriptors -1} when there is none: SW_PROCESS_NONE. */
struct sw_process {
	pid_t pid;  /* also its process group */
	int pidfd;  /* readable once it has exited (an eventfd where there is no pidfd_open) */
	int in, out, err, result; /* our ends, non-blocking; -1: not piped */
};
#define SW_PROCESS_NONE \
	((struct sw_process){.pid = -1, .pidfd = -1, .in = -1, .out = -1, .err = -1, .result = -1})

struct sw_process_options {
	const char *path;    /* executable */
	char *const *argv;
	char *const *env;    /* NULL: ours */
	bool pipe_in;        /* else /dev/null */
	bool pipe_result;    /* its descriptor 3 */
};

/* Spawns: stdout and stderr are pipes, every signal has its default action and none is blocked, the
 * child leads a process group of its own and is killed when the calling thread dies. Errors of exec
 * show as exit status 127 (not found) or 126. */
int sw_process_spawn(const struct sw_process_options *options, struct sw_process *out_process,
                     struct sw_error *err);

/* SIGKILLs the whole process group. */
void sw_process_kill(const struct sw_process *process);

/* Reaps after pidfd was readable. Returns false when it still runs. */
bool sw_process_reap(struct sw_process *process, int *out_exit_code, int *out_signal);

/* SIGKILLs the group and waits for the process, which takes no longer than freeing its memory. */
void sw_process_end(struct sw_process *process);

/* Closes all descriptors that are open. */
void sw_process_close(struct sw_process *process);

/* Looks NAME up along PATH_LIST as execvp does; a name with a slash is taken as it is. -1 with
 * SW_ERR_NOT_FOUND (errno says why it cannot be executed). DST has SIZE bytes. */
int sw_process_find(const char *name, const char *path_list, char *dst, size_t size,
                    struct sw_error *err);

/* Plain value: what of /proc/PID/stat anybody here asks for. */
struct sw_process_stat {
	char state;           /* field 3: 'R', 'S', 'D', …; 'Z': has ended, not reaped yet */
	pid_t parent;         /* field 4 */
	uint64_t start_ticks; /* field 22: its start, sysconf(_SC_CLK_TCK) ticks a second, from boot on */
};

/* What the kernel says of process PID, whoever's it is; 0: of ours, which is right even where /proc
 * shows another PID namespace than getpid does. It tells one process from a later one of the same
 * number: within one boot, PID and start_ticks together name one process. A tick is 10 ms as a rule,
 * so two processes may share one.
 *
 * SW_ERR_NOT_FOUND: there is no such process, or no /proc; SW_ERR_IO: it may not be read (hidepid);
 * SW_ERR_PROTOCOL: the file is not as expected. ERR may be NULL. Any thread; does not block.
 *
 * Numbers and units of the fields: proc_pid_stat(5). The second, the command's name in parentheses,
 * may itself hold parentheses and spaces, so fields are counted from behind the last ')'. */
int sw_process_read_stat(pid_t pid, struct sw_process_stat *out_stat, struct sw_error *err);

#endif
