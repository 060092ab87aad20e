#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/numbers.h"
#include "core/report.h"
#include "core/report_text.h"

/* Whether a YAML reader takes TEXT for a string as it stands: a conservative yes. */
static bool is_plain(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no",
	                                    "on",   "off",  "y",     "n"};
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./:_@-";
	size_t len = strlen(text);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return false;
	}
	bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
	return len > 0 && (letter || text[0] == '/') && text[len - 1] != ':' &&
	       strspn(text, safe) == len;
}

/* "${" would be filled from the environment: "$${" is its plain form. */
static void put_text(struct sw_buf *out, const char *key, const char *raw)
{
	struct sw_shown text = sw_shown(raw);

	(void)sw_buf_addf(out, "    %s: ", key);
	if (is_plain(text.text)) {
		(void)sw_buf_addf(out, "%s\n", text.text);
		return;
	}
	(void)sw_buf_add_str(out, "\"");
	for (const char *p = text.text; *p; p++) {
		if (*p == '"' || *p == '\\')
			(void)sw_buf_add_str(out, "\\");
		else if (p[0] == '$' && p[1] == '{')
			(void)sw_buf_add_str(out, "$");
		(void)sw_buf_add(out, p, 1);
	}
	(void)sw_buf_add_str(out, "\"\n");
}

static void put_bytes(struct sw_buf *out, const char *key, int64_t bytes)
{
	static const char units[] = "gmk";
	int shift = 30;

	for (const char *unit = units; *unit; unit++, shift -= 10) {
		if (bytes > 0 && bytes % (INT64_C(1) << shift) == 0) {
			(void)sw_buf_addf(out, "    %s: %" PRId64 "%c\n", key, bytes >> shift, *unit);
			return;
		}
	}
	(void)sw_buf_addf(out, "    %s: %" PRId64 "\n", key, bytes);
}

static void put_timeout(struct sw_buf *out, int64_t ns)
{
	double ms = ceil((double)ns / 1e6);

	(void)sw_buf_addf(out, "    timeout_seconds: %s\n", sw_plain(ms / 1000).text);
}

static void put_bool(struct sw_buf *out, const char *key, bool value)
{
	(void)sw_buf_addf(out, "    %s: %s\n", key, value ? "true" : "false");
}

static void put_docker(struct sw_buf *out, const struct sw_mode_info *info)
{
	(void)sw_buf_add_str(out, "  docker:\n");
	if (*info->image)
		put_text(out, "image", info->image);
	put_bytes(out, "memory_limit", info->memory_bytes);
	(void)sw_buf_addf(out, "    cpu_count: %s\n", sw_plain((double)info->cpu_milli / 1000).text);
	if (info->timeout_ns > 0)
		put_timeout(out, info->timeout_ns);
	if (*info->network)
		put_text(out, "network", info->network);
	(void)sw_buf_addf(out, "    pids_limit: %" PRId64 "\n", info->pids_limit);
	put_text(out, "user", info->user);
	put_bool(out, "read_only", info->read_only);
	put_bytes(out, "tmpfs_size", info->tmpfs_bytes);
	if (*info->runtime && strcmp(info->runtime, "default") != 0)
		put_text(out, "runtime", info->runtime);
	if (*info->seccomp)
		put_text(out, "seccomp", info->seccomp);
	put_bool(out, "drop_capabilities", info->drop_capabilities);
	put_bool(out, "no_new_privileges", info->no_new_privileges);
}

static const char *enabled_line(enum sw_verdict verdict)
{
	switch (verdict) {
	case SW_VERDICT_ENABLE:
		return "  enabled: true\n";
	case SW_VERDICT_ENABLE_VERIFIED:
		return "  enabled: true  # once the functional tests have passed\n";
	case SW_VERDICT_OPTIONAL:
		return "  enabled: ${SANDBOX_ENABLED:false}  # optional\n";
	case SW_VERDICT_DISABLE:
		return "  enabled: false  # do not enable: see the reasons\n";
	case SW_VERDICT_UNKNOWN:
		break;
	}
	return "  enabled: false  # not decided: see the reasons\n";
}

int sw_report_recommended_yaml(const struct sw_figures *figures, struct sw_buf *out)
{
	const struct sw_session_info *info = &figures->session->info;
	const struct sw_mode_info *candidate =
		figures->candidate < 0 ? NULL : &figures->modes[figures->candidate].state->info;

	(void)sw_buf_add_str(out, "sandbox:\n");
	(void)sw_buf_add_str(out, enabled_line(figures->verdict));
	if (candidate && candidate->kind != SW_KIND_HOST)
		put_docker(out, candidate);
	(void)sw_buf_addf(out, "  fallback:\n    enabled: %s\n    max_retries: %" PRId64 "\n",
	                  info->fallback_enabled ? "true" : "false", info->max_retries);
	(void)sw_buf_addf(out, "    on: [engine]%s\n",
	                  figures->fallback_unsafe ? "  # the session's own list is unsafe" : "");
	return out->overflow ? -1 : 0;
}
