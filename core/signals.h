/* Hides how signals wait in descriptors until somebody looks, instead of ending the program in the
 * middle of something. Must not know what is ended or written because of them. */
#ifndef SW_SIGNALS_H
#define SW_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

struct sw_error;

/* Plain value; all are signalfds, non-blocking; -1: not open. */
struct sw_signals {
	int end_fd;      /* readable once SIGINT, SIGTERM or SIGHUP has come */
	int snapshot_fd; /* readable once SIGUSR1 has come */
	int continue_fd; /* readable once SIGCONT has come: only after sw_signals_open_continue */
};

/* Blocks those signals in the calling thread and in the threads it starts from then on: to be called
 * before there are any. A SIGHUP that is ignored already (nohup) stays so. Ignores SIGPIPE; gives
 * SIGCHLD its default action, as children would be reaped unseen where it was inherited ignored. A
 * child inherits all of that, so whoever spawns one has to undo it: core/process.h does. */
int sw_signals_open(struct sw_signals *out_signals, struct sw_error *err);

/* Opens continue_fd, too: for a program without a screen, which stops as any other does and has to know
 * that it did. Called before there are threads. */
int sw_signals_open_continue(struct sw_signals *signals, struct sw_error *err);

/* Whether a SIGCONT has come that nobody has read yet. Any thread that blocks it. */
bool sw_signals_continue_pending(void);

/* The signals stay blocked: one that is still pending must not end what is about to exit anyway. */
void sw_signals_close(struct sw_signals *signals);

/* Whether an end has been asked for. Takes nothing out of the descriptor, so that everybody who
 * looks sees it, until one reads it. SIGNALS may be NULL: never. Any thread. */
bool sw_signals_end_asked(const struct sw_signals *signals);

/* Waits for TIMEOUT_NS, or until an end is asked for, and says whether it was. For what can but be
 * tried again, such as a lock. SIGNALS may be NULL. Any thread. */
bool sw_signals_wait(const struct sw_signals *signals, int64_t timeout_ns);

/* Fills ERR (may be NULL) with SW_ERR_INTERRUPTED, "interrupted", and returns -1. */
int sw_signals_error(struct sw_error *err);

#endif
