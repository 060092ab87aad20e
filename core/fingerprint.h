/* Hides how bytes become a short word that differs when they do: FNV-1a, 64 bits.
 * Must not know what the bytes are. Against a change by mistake, not against who wants two to be alike. */
#ifndef SW_FINGERPRINT_H
#define SW_FINGERPRINT_H

#include <stddef.h>

#define SW_FINGERPRINT_MAX 17 /* 16 hex digits and the NUL */

/* http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a, 64 bits). Any thread. */
void sw_fingerprint(const void *data, size_t len, char dst[SW_FINGERPRINT_MAX]);

#endif
