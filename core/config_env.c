#include "core/buf.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

#define NAME_MAX_BYTES 128

static bool is_name_char(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static int bad_reference(const char *text, const char *what, struct sw_error *err)
{
	char shown[65];

	sw_text_clean(shown, sizeof shown, text, strnlen(text, 48));
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "'%s' %s; write ${NAME} or ${NAME:default}, or $${ for a plain ${", shown,
	                    what);
}

static int append(struct sw_buf *out, const char *text, size_t len, struct sw_error *err)
{
	if (out->len + len > SW_CONFIG_MAX_VALUE)
		return sw_error_set(err, SW_ERR_USAGE, 0, "the value is longer than %d bytes",
		                    SW_CONFIG_MAX_VALUE);
	if (sw_buf_add(out, text, len) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, 0, "out of memory");
	return 0;
}

static int append_variable(struct sw_buf *out, const char *name, const char *value,
                           struct sw_error *err)
{
	size_t len = strnlen(value, SW_CONFIG_MAX_VALUE + 1);

	for (size_t i = 0; i < len;) {
		size_t n = sw_text_utf8_len(value + i, len - i);

		if (n == 0)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "the environment variable '%s' is not valid UTF-8", name);
		i += n;
	}
	return append(out, value, len, err);
}

/* One "${…}" at TEXT. Returns what follows it, or NULL. */
static const char *expand_one(const char *text, struct sw_config_env env, struct sw_buf *out,
                              struct sw_error *err)
{
	char name[NAME_MAX_BYTES];
	const char *start = text + 2, *end = strchr(start, '}');
	size_t n = 0;

	if (!end) {
		bad_reference(text, "has no '}'", err);
		return NULL;
	}
	while (is_name_char(start[n], n == 0))
		n++;
	if (n == 0 || n >= sizeof name || (start[n] != '}' && start[n] != ':')) {
		bad_reference(text, "holds no variable's name", err);
		return NULL;
	}
	memcpy(name, start, n);
	name[n] = '\0';

	const char *value = env.get ? env.get(env.user, name) : NULL;
	bool has_default = start[n] == ':';

	/* As in the shell's ${NAME:-default}, an empty variable leaves the default standing. */
	if (has_default && (!value || !*value)) {
		const char *fallback = start + n + 1;

		return append(out, fallback, (size_t)(end - fallback), err) < 0 ? NULL : end + 1;
	}
	if (!value) {
		sw_error_set(err, SW_ERR_USAGE, 0,
		             "the environment variable '%s' is not set; set it, or give a default: "
		             "${%s:default}",
		             name, name);
		return NULL;
	}
	return append_variable(out, name, value, err) < 0 ? NULL : end + 1;
}

int sw_config_expand(const char *text, struct sw_config_env env, struct sw_buf *out,
                     struct sw_error *err)
{
	while (*text) {
		size_t plain = strcspn(text, "$");

		if (plain == 0 && strncmp(text, "$${", 3) == 0) {
			if (append(out, "${", 2, err) < 0)
				return -1;
			text += 3;
		} else if (plain == 0 && strncmp(text, "${", 2) == 0) {
			text = expand_one(text, env, out, err);
			if (!text)
				return -1;
		} else {
			plain += plain == 0; /* a lone $ stands for itself */
			if (append(out, text, plain, err) < 0)
				return -1;
			text += plain;
		}
	}
	return 0;
}
