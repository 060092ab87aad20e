#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "docker/chaos_internal.h"

/* "the answer to POST /containers/create", or "the stream". */
static void subject(const char *what, char *dst, size_t size)
{
	bool is_stream = strcmp(what, "stream") == 0;
	(void)snprintf(dst, size, "the %s%.300s", is_stream ? "" : "answer to ", what);
}

void sw_chaos_text(const struct sw_chaos_fault *fault, const char *what, char *dst, size_t size)
{
	char answer[340], after[48] = "", length[16];
	subject(what, answer, sizeof answer);
	if (fault->bytes > 0)
		(void)snprintf(after, sizeof after, " after %lld byte%s", (long long)fault->bytes,
		               fault->bytes == 1 ? "" : "s");
	switch ((int)fault->fault) {
	case SW_FAULT_DELAY:
		(void)snprintf(dst, size, "%s held back for %s", answer,
		               sw_text_duration(length, sizeof length, fault->duration_ns));
		break;
	case SW_FAULT_STATUS:
		(void)snprintf(dst, size, "%.300s answered with %lld", what, (long long)fault->code);
		break;
	case SW_FAULT_TRUNCATE:
		(void)snprintf(dst, size, "%s cut off%s", answer, after);
		break;
	case SW_FAULT_GARBAGE:
		(void)snprintf(dst, size, "garbage in %s%s", answer, after);
		break;
	case SW_FAULT_RESET:
		(void)snprintf(dst, size, "the connection of %s reset%s", answer, after);
		break;
	case SW_FAULT_STALL:
		(void)snprintf(dst, size, "%s stopped%s for %s", answer, after,
		               sw_text_duration(length, sizeof length, fault->duration_ns));
		break;
	default:
		(void)snprintf(dst, size, "%s at %.300s", sw_word(&sw_words_fault, (int)fault->fault),
		               what);
	}
}
