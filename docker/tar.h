/* Hides the ustar header: an archive of one file, for uploads into a container.
 * Must not know what the file is. Format: POSIX.1-2017, pax, "ustar Interchange Format". */
#ifndef SW_TAR_H
#define SW_TAR_H

#include <stddef.h>

struct sw_buf;

/* Appends an archive that holds NAME (at most 99 bytes), owned by root, with MODE's permissions.
 * 0 or -1 (memory). */
int sw_tar_one(struct sw_buf *out, const char *name, unsigned mode, const void *data, size_t len);

#endif
