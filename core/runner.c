#include "core/runner.h"

#include <stdarg.h>

#include "core/text.h"

void sw_result_span(struct sw_attempt_result *result, enum sw_phase phase, int64_t start_ns,
                    int64_t end_ns, bool on_path)
{
	if (result->n_spans >= SW_SPANS_MAX)
		return;
	int64_t floor_ns = result->n_spans ? result->spans[result->n_spans - 1].end_ns : result->start_ns;
	if (start_ns < floor_ns)
		start_ns = floor_ns;
	if (end_ns < start_ns)
		end_ns = start_ns;
	result->spans[result->n_spans++] = (struct sw_span){phase, start_ns, end_ns, on_path};
}

int64_t sw_result_other_ns(const struct sw_attempt_result *result)
{
	int64_t other = result->end_ns - result->start_ns;
	for (int i = 0; i < result->n_spans; i++)
		if (result->spans[i].on_path)
			other -= result->spans[i].end_ns - result->spans[i].start_ns;
	return other;
}

void sw_result_fail(struct sw_attempt_result *result, enum sw_outcome outcome, const char *format,
                    ...)
{
	char text[2 * SW_TEXT_MAX];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	result->outcome = outcome;
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof text)
		len = (int)sizeof text - 1;
	sw_text_clean(result->error, sizeof result->error, text, (size_t)len);
}
