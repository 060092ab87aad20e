/* Hides how a child process is spawned and watched: vfork, descriptors, a pidfd instead of SIGCHLD.
 * Must not know what the child is for. */
#ifndef SW_PROCESS_H
#define SW_PROCESS_H

#include <stdbool.h>
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

#endif
