/* Hides the compiler's cleanup attribute: a local that owns says so where it is declared.
 * Must not know any module; each module defines its own sw_cleanup_<type>. */
#ifndef SW_CLEANUP_H
#define SW_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* SW_CLEANUP(close) int fd = -1;   SW_CLEANUP(free) char *text = NULL; */
#define SW_CLEANUP(kind) __attribute__((cleanup(sw_cleanup_##kind)))

/* The owner gives P away: yields its value and leaves NULL behind. */
#define SW_TAKE(p)                  \
	__extension__({                 \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

/* The same for descriptors, which leave -1 behind. */
#define SW_TAKE_FD(fd)     \
	__extension__({        \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

static inline void sw_cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void sw_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void sw_cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#endif
