#include "docker/tar.h"

#include "core/buf.h"

enum { BLOCK = 512 };

int sw_tar_one(struct sw_buf *out, const char *name, unsigned mode, const void *data, size_t len)
{
	static const char zeros[2 * BLOCK];
	char header[BLOCK] = {0};
	unsigned sum = 0;
	snprintf(header, 100, "%s", name);
	snprintf(header + 100, 8, "%07o", mode & 07777);
	snprintf(header + 108, 8, "%07o", 0u);
	snprintf(header + 116, 8, "%07o", 0u);
	snprintf(header + 124, 12, "%011zo", len);
	snprintf(header + 136, 12, "%011o", 0u);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	/* The sum counts its own field as blanks. */
	memset(header + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 7, "%06o", sum);
	if (sw_buf_add(out, header, BLOCK) < 0 || sw_buf_add(out, data, len) < 0 ||
	    sw_buf_add(out, zeros, (BLOCK - len % BLOCK) % BLOCK) < 0)
		return -1;
	return sw_buf_add(out, zeros, sizeof zeros);
}
