#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

/* malloc gives no larger block; below it, doubling cannot wrap around. */
#define BLOCK_MAX ((size_t)PTRDIFF_MAX)

void sw_buf_init(struct sw_buf *buf, size_t limit)
{
	*buf = (struct sw_buf){.limit = limit};
}

void sw_buf_done(struct sw_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	*buf = (struct sw_buf){.limit = buf->limit};
}

void sw_buf_clear(struct sw_buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

static int refuse(struct sw_buf *buf)
{
	buf->overflow = true;
	return -1;
}

/* Room for EXTRA more bytes and the NUL. */
static int reserve(struct sw_buf *buf, size_t extra)
{
	if (extra >= BLOCK_MAX - buf->len || (buf->limit && extra > buf->limit - buf->len))
		return refuse(buf);
	size_t need = buf->len + extra + 1;
	if (need <= buf->cap)
		return 0;

	size_t cap = buf->cap * 2;
	if (cap < FIRST_CAP)
		cap = FIRST_CAP;
	if (cap < need)
		cap = need;
	/* need <= limit + 1 here, so a bounded buffer never holds more than its bound. */
	if (buf->limit && cap - 1 > buf->limit)
		cap = buf->limit + 1;
	char *data = realloc(buf->data, cap);
	if (!data)
		return refuse(buf);
	buf->data = data;
	buf->cap = cap;
	return 0;
}

int sw_buf_add(struct sw_buf *buf, const void *data, size_t len)
{
	if (reserve(buf, len))
		return -1;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int sw_buf_add_str(struct sw_buf *buf, const char *text)
{
	return sw_buf_add(buf, text, strlen(text));
}

int sw_buf_addf(struct sw_buf *buf, const char *format, ...)
{
	va_list args, again;
	int status = -1;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len < 0) {
		refuse(buf);
	} else if (!reserve(buf, (size_t)len)) {
		(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
		status = 0;
	}
	va_end(again);
	va_end(args);
	return status;
}

void sw_buf_consume(struct sw_buf *buf, size_t len)
{
	if (len == 0)
		return;
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len + 1);
}
