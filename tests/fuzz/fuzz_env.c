/* ${NAME} in a value, and the quantities that values are: bytes and durations. */
#include "core/config_internal.h"
#include "tests/fuzz/fuzz.h"

static char big[SW_CONFIG_MAX_VALUE + 2];

static const char *get(void *user, const char *name)
{
	(void)user;
	if (strcmp(name, "N") == 0)
		return "${N}";
	if (strcmp(name, "BIG") == 0)
		return memset(big, 'x', sizeof big - 1);
	return strcmp(name, "BAD") == 0 ? "\xc3(" : strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

/* What TEXT comes to by the book, or -1. */
static int expected(const char *text, struct sw_buf *out)
{
	for (; *text; text++) {
		char name[200];
		if (strncmp(text, "$${", 3) == 0) {
			sw_buf_add_str(out, "${");
			text += 2;
			continue;
		}
		if (strncmp(text, "${", 2) != 0) {
			sw_buf_add(out, text, 1);
			continue;
		}
		const char *close = strchr(text, '}');
		size_t len =
			strspn(text + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
		bool is_name = len > 0 && len < 128 && !(text[2] >= '0' && text[2] <= '9');
		if (!close || !is_name || (text[2 + len] != '}' && text[2 + len] != ':'))
			return -1;
		(void)snprintf(name, sizeof name, "%.*s", (int)len, text + 2);
		const char *value = get(NULL, name);
		bool has_default = text[2 + len] == ':';
		if ((!value && !has_default) || (value && strcmp(name, "BAD") == 0))
			return -1;
		if (has_default && (!value || !*value))
			sw_buf_add(out, text + 3 + len, (size_t)(close - text) - 3 - len);
		else
			sw_buf_add_str(out, value);
		text = close;
	}
	return out->len <= SW_CONFIG_MAX_VALUE ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SW_CLEANUP(free) char *text = fuzz_text(data, size);
	SW_CLEANUP(buf) struct sw_buf out = {0};
	SW_CLEANUP(buf) struct sw_buf by_the_book = {0};
	struct sw_error err = {0};
	int64_t value = -1;

	int wanted = expected(text, &by_the_book);
	int got = sw_config_expand(text, (struct sw_config_env){get, NULL}, &out, &err);
	FUZZ_CHECK(got == wanted);
	if (got < 0)
		fuzz_check_error(&err);
	else
		FUZZ_CHECK(out.len == by_the_book.len &&
		           (!out.len || memcmp(out.data, by_the_book.data, out.len) == 0));
	FUZZ_CHECK(sw_config_bytes(text, &value) < 0 ? value == -1 : value >= 0);
	value = -1;
	FUZZ_CHECK(sw_config_duration(text, &value) < 0 ? value == -1 : value >= 0);
	return 0;
}
