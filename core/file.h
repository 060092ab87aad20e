/* Hides how small files are read whole and written so that no reader ever sees half of one.
 * Must not know what is in them. */
#ifndef SW_FILE_H
#define SW_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct sw_buf;
struct sw_error;

/* Opens PATH for reading, at once: a pipe that nobody writes is at its end, where open(2) alone would wait
 * for ever, and the signals of a session are blocked. Returns a descriptor, or -1 and errno. Any thread. */
int sw_file_open(const char *path);

/* read(2) of what sw_file_open has opened. Blocks until there is something or the end; a pipe whose
 * writer says nothing for 10 s is ETIMEDOUT. Returns the bytes read, 0 at the end, -1 and errno. */
ssize_t sw_file_read_some(int fd, char *out, size_t size);

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
