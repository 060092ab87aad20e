/* Whether this kernel, or valgrind (from 3.21 on), has pidfd_open. Without it core/process.c lets a
 * thread stand in, which closes its descriptor a moment after the end that it watched. */
#ifndef SW_TEST_PIDFD_H
#define SW_TEST_PIDFD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static inline bool has_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Inside a cmocka test. */
static inline void skip_without_pidfd(void)
{
	if (has_pidfd())
		return;
	print_message("skipped: no pidfd_open here\n");
	skip();
}

#endif
