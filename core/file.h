/* Hides how small files are read whole and written so that no reader ever sees half of one.
 * Must not know what is in them. */
#ifndef SW_FILE_H
#define SW_FILE_H

#include <stddef.h>

struct sw_buf;
struct sw_error;

/* Appends the whole file; more than MAX bytes is SW_ERR_LIMIT, a directory or a missing file
 * SW_ERR_IO / SW_ERR_NOT_FOUND. */
int sw_file_read(const char *path, size_t max, struct sw_buf *out, struct sw_error *err);

/* Writes PATH through a temporary file beside it: synced, then renamed over it. Mode 0644 less the
 * umask, or as the old file's; a symbolic link stays, and what it leads to is replaced. On failure the
 * old file stays and the temporary one is removed; those that killed processes left
 * in the folder go, too. Devices and pipes (/dev/stdout) are written directly; a pipe that nobody reads is
 * SW_ERR_IO. */
int sw_file_write(const char *path, const void *data, size_t len, struct sw_error *err);

/* Puts PATH's entry in its folder on disk, as fsync(2) of the file alone does not: after a create or
 * a rename that must outlive a power cut. Where the file system can't, nothing happens. Blocks; any
 * thread. */
void sw_file_sync_parent(const char *path);

/* mkdir -p with mode 0700 for what it makes. */
int sw_file_make_dirs(const char *path, struct sw_error *err);

#endif
