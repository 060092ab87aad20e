/* Whether this kernel, or valgrind (from 3.21 on), has pidfd_open. Without it core/process.c lets a
 * thread stand in, which closes its descriptor a moment after the end that it watched. */
#ifndef SW_TEST_PIDFD_H
#define SW_TEST_PIDFD_H

#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline bool has_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

#endif
