#include "core/buf.h"
#include "core/config_internal.h"
#include "core/text.h"

/* The buffer's overflow flag is sticky: appends go unchecked here, and the end looks at it. */

static void indent(struct sw_buf *out, int depth)
{
	(void)sw_buf_addf(out, "%*s", depth * 2, "");
}

/* P holds a valid character of LEN bytes. */
static unsigned code_point(const char *p, size_t len)
{
	unsigned c = (unsigned char)*p;

	if (len > 1)
		c &= 0xFFu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3Fu);
	return c;
}

/* What libyaml's reader refuses, or takes for a line break or a byte order mark. */
static bool needs_escape(unsigned c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
	       c == 0xFFFE || c == 0xFFFF;
}

/* Double-quoted. A byte that is not UTF-8 (argv from the command line may hold one) has no form in
 * YAML; it becomes the character of that number. */
static void write_text(struct sw_buf *out, const char *text)
{
	size_t len = strlen(text);

	(void)sw_buf_add(out, "\"", 1);
	for (size_t i = 0, n; i < len; i += n) {
		n = sw_text_utf8_len(text + i, len - i);

		unsigned c = n ? code_point(text + i, n) : (unsigned char)text[i];

		if (n == 0)
			n = 1;
		if (c == '"' || c == '\\')
			(void)sw_buf_addf(out, "\\%c", (int)c);
		else if (c == '\n')
			(void)sw_buf_add_str(out, "\\n");
		else if (c == '$' && text[i + 1] == '{')
			(void)sw_buf_add_str(out, "$$");
		else if (needs_escape(c) || (c >= 0x80 && n == 1))
			(void)sw_buf_addf(out, "\\u%04X", c);
		else
			(void)sw_buf_add(out, text + i, n);
	}
	(void)sw_buf_add(out, "\"", 1);
}

static void write_section(struct sw_buf *out, const struct sw_section *section, const void *base,
                          int depth);

static void write_scalar(struct sw_buf *out, const struct sw_key *key, const void *base)
{
	char text[32];

	if (sw_key_is_text(key))
		write_text(out, (const char *)base + key->offset);
	else
		(void)sw_buf_add_str(out, sw_key_format(key, sw_key_get(key, base), text, sizeof text));
}

/* NAME: and a line for each of N entries, or []. */
static void write_texts(struct sw_buf *out, const char *const *texts, size_t n, int depth)
{
	(void)sw_buf_add_str(out, n ? "\n" : " []\n");
	for (size_t i = 0; i < n; i++) {
		indent(out, depth + 1);
		(void)sw_buf_add_str(out, "- ");
		write_text(out, texts[i]);
		(void)sw_buf_add_str(out, "\n");
	}
}

static void write_gates(struct sw_buf *out, const struct sw_plan *plan)
{
	const char *texts[SW_GATES_MAX];

	for (int i = 0; i < plan->n_gates; i++)
		texts[i] = plan->gates[i];
	write_texts(out, texts, (size_t)plan->n_gates, 0);
}

static void write_command(struct sw_buf *out, const struct sw_workload *workload)
{
	const char *const *command = (const char *const *)workload->command;
	size_t n = 0;

	while (command[n])
		n++;
	write_texts(out, command, n, 1);
}

static void write_numbers(struct sw_buf *out, const struct sw_decision_rules *rules)
{
	(void)sw_buf_add_str(out, " [");
	for (int i = 0; i < rules->n_project; i++) {
		(void)sw_buf_add_str(out, i ? ", " : "");
		write_scalar(out, &sw_config_project, &rules->project_seconds[i]);
	}
	(void)sw_buf_add_str(out, "]\n");
}

static void write_outcomes(struct sw_buf *out, unsigned on)
{
	bool first = true;

	(void)sw_buf_add_str(out, " [");
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		if (!(on & 1u << i))
			continue;
		(void)sw_buf_addf(out, "%s%s", first ? "" : ", ", sw_word(&sw_words_outcome, i));
		first = false;
	}
	(void)sw_buf_add_str(out, "]\n");
}

static void write_modes(struct sw_buf *out, const struct sw_plan *plan)
{
	(void)sw_buf_add_str(out, "\n");
	for (int i = 0; i < plan->n_modes; i++) {
		const struct sw_mode_plan *mode = &plan->modes[i];

		for (size_t j = 0; j < sw_config_mode.n_keys; j++) {
			const struct sw_key *key = &sw_config_mode.keys[j];

			if (key->type == SW_KEY_MATRIX || (key->kinds && !(key->kinds & 1u << mode->kind)))
				continue;
			(void)sw_buf_addf(out, "  %s %s: ", j == 0 ? "-" : " ", key->name);
			write_scalar(out, key, mode);
			(void)sw_buf_add_str(out, "\n");
		}
		for (size_t j = 0; j < sw_config_docker.n_keys; j++) {
			if (!(mode->given & 1u << j))
				continue;
			(void)sw_buf_addf(out, "    %s: ", sw_config_docker.keys[j].name);
			write_scalar(out, &sw_config_docker.keys[j], &mode->sandbox);
			(void)sw_buf_add_str(out, "\n");
		}
	}
}

static void write_iterations(struct sw_buf *out, const struct sw_chaos_fault *fault)
{
	(void)sw_buf_add_str(out, "[");
	for (int i = 0; i < fault->n_iterations; i++) {
		(void)sw_buf_add_str(out, i ? ", " : "");
		write_scalar(out, &sw_config_iteration, &fault->iterations[i]);
	}
	(void)sw_buf_add_str(out, "]");
}

/* What the fault uses: iterations with the attempts beside them, or the rate. */
static bool is_used(const struct sw_key *key, const struct sw_chaos_fault *fault)
{
	bool of_iterations = key->type == SW_KEY_ITERATIONS ||
	                     key->offset == offsetof(struct sw_chaos_fault, attempts);

	if (of_iterations || key->offset == offsetof(struct sw_chaos_fault, rate))
		return of_iterations == (fault->n_iterations > 0);
	return !key->kinds || key->kinds & 1u << fault->fault;
}

static void write_chaos(struct sw_buf *out, const struct sw_plan *plan)
{
	(void)sw_buf_add_str(out, plan->n_chaos ? "\n" : " []\n");
	for (int i = 0; i < plan->n_chaos; i++) {
		const struct sw_chaos_fault *fault = &plan->chaos[i];

		for (size_t j = 0; j < sw_config_fault.n_keys; j++) {
			const struct sw_key *key = &sw_config_fault.keys[j];

			if (!is_used(key, fault))
				continue;
			(void)sw_buf_addf(out, "  %s %s: ", j == 0 ? "-" : " ", key->name);
			if (key->type == SW_KEY_ITERATIONS)
				write_iterations(out, fault);
			else
				write_scalar(out, key, fault);
			(void)sw_buf_add_str(out, "\n");
		}
	}
}

static void write_bindings(struct sw_buf *out, const struct sw_plan *plan)
{
	(void)sw_buf_add_str(out, plan->n_bindings ? "\n" : " {}\n");
	for (int i = 0; i < plan->n_bindings; i++) {
		const char *action = plan->bindings[i].action;

		indent(out, 2);
		/* A name may look like a number or a dash to YAML; ours all begin with a letter. */
		if (*action >= 'a' && *action <= 'z')
			(void)sw_buf_add_str(out, action);
		else
			write_text(out, action);
		(void)sw_buf_add_str(out, ": ");
		write_text(out, plan->bindings[i].keys);
		(void)sw_buf_add_str(out, "\n");
	}
}

static void write_list(struct sw_buf *out, const struct sw_key *key, const struct sw_plan *plan)
{
	if (key->type == SW_KEY_MODES)
		write_modes(out, plan);
	else if (key->type == SW_KEY_CHAOS)
		write_chaos(out, plan);
	else if (key->type == SW_KEY_BINDINGS)
		write_bindings(out, plan);
	else if (key->type == SW_KEY_TEXTS)
		write_gates(out, plan);
	else if (key->type == SW_KEY_COMMAND)
		write_command(out, &plan->workload);
	else if (key->type == SW_KEY_NUMBERS)
		write_numbers(out, &plan->decision);
	else
		write_outcomes(out, plan->fallback.on);
}

/* Of strategy and command a text may name one. */
static bool is_what_runs(const struct sw_key *key, const struct sw_workload *workload)
{
	if (strcmp(key->name, "strategy") == 0)
		return !workload->command;
	return key->type != SW_KEY_COMMAND || workload->command;
}

/* Every list's section lies over struct sw_plan itself, so BASE is the plan there. */
static void write_section(struct sw_buf *out, const struct sw_section *section, const void *base,
                          int depth)
{
	const struct sw_plan *plan = base;

	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_key *key = &section->keys[i];

		if (section == &sw_config_workload && !is_what_runs(key, &plan->workload))
			continue;
		indent(out, depth);
		(void)sw_buf_addf(out, "%s:", key->name);
		if (key->type == SW_KEY_SECTION) {
			(void)sw_buf_add_str(out, "\n");
			write_section(out, key->section, (const char *)base + key->offset, depth + 1);
		} else if (sw_key_is_number(key) || sw_key_is_text(key)) {
			(void)sw_buf_add_str(out, " ");
			write_scalar(out, key, base);
			(void)sw_buf_add_str(out, "\n");
		} else {
			write_list(out, key, plan);
		}
	}
}

int sw_config_write(const struct sw_plan *plan, struct sw_buf *out)
{
	write_section(out, &sw_config_root, plan, 0);
	return out->overflow ? -1 : 0;
}
