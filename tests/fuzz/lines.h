/* How the targets that read journals change an input: half of the time as libFuzzer does, else line by
 * line and value by value, so that what comes of it is still a session. Included once per target. */
#ifndef SW_FUZZ_LINES_H
#define SW_FUZZ_LINES_H

#include "tests/fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

struct fuzz_part {
	size_t at, len;
};

struct fuzz_lines {
	uint8_t *data;
	size_t size, max_size;
	uint64_t state;
};

/* Any line, with its end. */
static inline struct fuzz_part fuzz_line(struct fuzz_lines *in)
{
	size_t at = fuzz_next(&in->state) % in->size, end = at;
	while (at > 0 && in->data[at - 1] != '\n')
		at--;
	while (end < in->size && in->data[end] != '\n')
		end++;
	return (struct fuzz_part){at, (end < in->size ? end + 1 : end) - at};
}

/* The value behind a colon of LINE: a text with its quotes, or what ends before the next comma or bracket;
 * len 0: none. */
static inline struct fuzz_part fuzz_value(struct fuzz_lines *in, struct fuzz_part line)
{
	size_t end = line.at + line.len, from = line.at + fuzz_next(&in->state) % line.len;
	const uint8_t *colon = memmem(in->data + from, end - from, "\":", 2);
	if (!colon)
		return (struct fuzz_part){0, 0};
	size_t at = (size_t)(colon - in->data) + 2, len = 0;
	if (at < end && in->data[at] == '"') {
		for (len = 1; at + len < end && in->data[at + len] != '"'; len++)
			len += in->data[at + len] == '\\';
		len++;
	} else {
		while (at + len < end && !memchr(",}]\n", in->data[at + len], 4))
			len++;
	}
	return (struct fuzz_part){at, at + len <= end ? len : end - at};
}

/* BYTES instead of PART. */
static inline void fuzz_replace(struct fuzz_lines *in, struct fuzz_part part, const void *bytes,
                                size_t len)
{
	if (in->size - part.len + len > in->max_size)
		return;
	memmove(in->data + part.at + len, in->data + part.at + part.len, in->size - part.at - part.len);
	memcpy(in->data + part.at, bytes, len);
	in->size = in->size - part.len + len;
}

/* A value at its limits, or what nobody should obey. */
static inline const char *fuzz_any_value(uint64_t *state, bool is_text)
{
	static const char *const numbers[] = {"0",
	                                      "1",
	                                      "-1",
	                                      "2",
	                                      "100",
	                                      "999999999",
	                                      "4294967295",
	                                      "9007199254740993",
	                                      "9223372036854775807",
	                                      "-9223372036854775808",
	                                      "0.001",
	                                      "1e308",
	                                      "-1e-308",
	                                      "true",
	                                      "false"};
	static const char *const texts[] = {"\"\"",
	                                    "\"host\"",
	                                    "\"cold\"",
	                                    "\"warm\"",
	                                    "\"pool\"",
	                                    "\"ok\"",
	                                    "\"engine\"",
	                                    "\"timeout\"",
	                                    "\"\\u001b[31m\\u202e\\u0085\"",
	                                    "\"a|b`c*d_e<i>[x](y)\\\\\"",
	                                    "\"${HOME:x}: 'y' # \\\"z\\\"\"",
	                                    "\"\xe4\xb8\xad\xe6\x96\x87\xf0\x9f\x98\x80\xcc\x81\"",
	                                    "\"no: - null\"",
	                                    "\"\xff\xc3\"",
	                                    "\"a\\nb\\rc\\td\""};
	return is_text ? texts[fuzz_next(state) % (sizeof texts / sizeof *texts)]
	               : numbers[fuzz_next(state) % (sizeof numbers / sizeof *numbers)];
}

static inline void fuzz_change_value(struct fuzz_lines *in)
{
	struct fuzz_part to = fuzz_value(in, fuzz_line(in)), from = fuzz_value(in, fuzz_line(in));
	if (to.len == 0)
		return;
	bool is_text = in->data[to.at] == '"', is_other_text = from.len && in->data[from.at] == '"';
	if (from.len > 0 && is_text == is_other_text && fuzz_next(&in->state) % 3 == 0) {
		SW_CLEANUP(free) char *value = fuzz_bytes(in->data + from.at, from.len);
		fuzz_replace(in, to, value, from.len);
	} else {
		const char *value = fuzz_any_value(&in->state, is_text);
		fuzz_replace(in, to, value, strlen(value));
	}
}

/* A line goes, comes again, or stands elsewhere. */
static inline void fuzz_move_line(struct fuzz_lines *in)
{
	struct fuzz_part line = fuzz_line(in);
	SW_CLEANUP(free) char *text = fuzz_bytes(in->data + line.at, line.len);
	uint64_t what = fuzz_next(&in->state) % 3;
	if (what != 1)
		fuzz_replace(in, line, "", 0);
	if (what != 0 && in->size > 0)
		fuzz_replace(in, (struct fuzz_part){fuzz_line(in).at, 0}, text, line.len);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct fuzz_lines in = {data, size, max_size, fuzz_hash(&seed, sizeof seed, size) | 1};
	if (size == 0 || fuzz_next(&in.state) % 2)
		return LLVMFuzzerMutate(data, size, max_size);
	for (uint64_t n = 1 + fuzz_next(&in.state) % 4; n > 0 && in.size > 0; n--) {
		if (fuzz_next(&in.state) % 3)
			fuzz_change_value(&in);
		else
			fuzz_move_line(&in);
	}
	return in.size ? in.size : LLVMFuzzerMutate(data, size, max_size);
}

#endif
