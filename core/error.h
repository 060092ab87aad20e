/* Hides how an error's text is put together: code, errno and one message a person can act on.
 * Must not know where errors are shown; nothing here prints, logs or exits. */
#ifndef SW_ERROR_H
#define SW_ERROR_H

/* What kind of thing went wrong; main.c maps it to an exit code. */
enum sw_code {
	SW_OK = 0,
	SW_ERR_USAGE,     /* wrong flags or configuration: exit code 2 */
	SW_ERR_NO_ENGINE, /* no container engine answers: exit code 3 */
	SW_ERR_IO,        /* a file, pipe or disk */
	SW_ERR_PROTOCOL,  /* a peer that answers something else than agreed */
	SW_ERR_TIMEOUT,   /* a deadline passed */
	SW_ERR_NOT_FOUND, /* the thing asked for does not exist */
	SW_ERR_LIMIT,     /* input from outside is larger than its bound */
	SW_ERR_REFUSED,   /* a peer understood and said no */
	SW_ERR_INTERRUPTED, /* a signal asked for the end: exit code 130 */
	SW_ERR_INTERNAL,  /* out of memory, a system call that cannot fail did */
};

/* Owned by the caller, a plain value, never freed. message is NUL-terminated, truncated at a
 * character boundary, and already free of control characters. */
struct sw_error {
	enum sw_code code;
	int sys_errno; /* 0 when no system call was at fault */
	char message[512];
};

/* Fills ERR (may be NULL) and returns -1, so that `return sw_error_set(…)` reads well. A message
 * says what was tried, on what, what came back, and what to do; with sys_errno != 0,
 * ": <strerror>" is appended. Any thread. */
int sw_error_set(struct sw_error *err, enum sw_code code, int sys_errno, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "<context>: " before ERR's message, keeping code and errno. Returns -1. Any thread. */
int sw_error_wrap(struct sw_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
