#include "core/fingerprint.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

void sw_fingerprint(const void *data, size_t len, char dst[SW_FINGERPRINT_MAX])
{
	const unsigned char *bytes = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	(void)snprintf(dst, SW_FINGERPRINT_MAX, "%016" PRIx64, hash);
}
