#include "core/error.h"

#include <stdarg.h>

#include "core/text.h"

/* Twice a message: cleaning only ever shrinks, so a cut here is seldom seen. */
enum { RAW_MAX = 1024 };

__attribute__((format(printf, 2, 0))) static void format_raw(char raw[RAW_MAX], const char *format,
                                                             va_list args)
{
	if (vsnprintf(raw, RAW_MAX, format, args) < 0)
		(void)sw_text_copy(raw, RAW_MAX, format);
}

int sw_error_set(struct sw_error *err, enum sw_code code, int sys_errno, const char *format, ...)
{
	char raw[RAW_MAX];
	char scratch[128], reason[160] = "";
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	format_raw(raw, format, args);
	va_end(args);
	if (sys_errno)
		(void)snprintf(reason, sizeof(reason), ": %s",
		               strerror_r(sys_errno, scratch, sizeof(scratch)));

	/* The reason keeps its room: of a message too long, the middle goes, not the cause. */
	size_t reason_len = strlen(reason);
	size_t used = sw_text_clean(err->message, sizeof(err->message) - reason_len, raw, strlen(raw));
	sw_text_clean(err->message + used, sizeof(err->message) - used, reason, reason_len);
	err->code = code;
	err->sys_errno = sys_errno;
	return -1;
}

int sw_error_wrap(struct sw_error *err, const char *format, ...)
{
	char raw[RAW_MAX];
	char inner[sizeof(err->message)];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	format_raw(raw, format, args);
	va_end(args);
	(void)sw_text_copy(inner, sizeof(inner), err->message);

	/* The cause keeps its room here too, as long as the context gets half. */
	size_t size = sizeof(err->message);
	size_t kept = strlen(inner) + 2 < size / 2 ? strlen(inner) + 2 : size / 2;
	size_t used = sw_text_clean(err->message, size - kept, raw, strlen(raw));
	if (inner[0] != '\0') {
		used += sw_text_clean(err->message + used, size - used, ": ", 2);
		sw_text_clean(err->message + used, size - used, inner, strlen(inner));
	}
	return -1;
}
