/* Hides how bytes are gathered: one growing block with a bound.
 * Must not know what the bytes mean. */
#ifndef SW_BUF_H
#define SW_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* Embedded, a plain value: {0} is an empty buffer without a bound. data is NUL-terminated whenever
 * it is not NULL (the NUL is not counted in len). Not for sharing between threads. */
struct sw_buf {
	char *data;
	size_t len, cap;
	size_t limit; /* 0: none; appending past it fails and sets overflow */
	bool overflow;
};

void sw_buf_init(struct sw_buf *buf, size_t limit);
void sw_buf_done(struct sw_buf *buf);
void sw_buf_clear(struct sw_buf *buf); /* keeps memory and limit, resets overflow */

/* All appends return 0, or -1 when the bound or memory is exhausted: then nothing was appended and
 * buf->overflow is set, so a writer may check once at its end. */
int sw_buf_add(struct sw_buf *buf, const void *data, size_t len);
int sw_buf_add_str(struct sw_buf *buf, const char *text);
int sw_buf_addf(struct sw_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first LEN bytes (LEN <= buf->len). */
void sw_buf_consume(struct sw_buf *buf, size_t len);

static inline void sw_cleanup_buf(struct sw_buf *buf)
{
	sw_buf_done(buf);
}

#endif
