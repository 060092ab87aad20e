/* A configuration: any bytes load or are refused in words; what loads is written as YAML that
 * loads to the same plan. */
#include "core/config_internal.h"
#include "tests/fuzz/fuzz.h"

static const char *get(void *user, const char *name)
{
	static const char *const pairs[][2] = {
		{"N", "3"},
		{"EMPTY", ""},
		{"HOME", "/home/u"},
		{"BAD", "\xff\xfe"},
		{"TEXT", "a: [b, ${N}]\n- 'c'"},
	};
	(void)user;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (strcmp(pairs[i][0], name) == 0)
			return pairs[i][1];
	return NULL;
}

static void same_section(const struct sw_section *section, const void *a, const void *b)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_key *key = &section->keys[i];
		const char *at = (const char *)a + key->offset, *bt = (const char *)b + key->offset;
		if (key->type == SW_KEY_SECTION)
			same_section(key->section, at, bt);
		else if (sw_key_is_number(key))
			FUZZ_CHECK(sw_key_get(key, a) == sw_key_get(key, b));
		else if (sw_key_is_text(key))
			FUZZ_CHECK(strcmp(at, bt) == 0);
	}
	if (section->also)
		same_section(section->also, (const char *)a + section->also_offset,
		             (const char *)b + section->also_offset);
}

static void same_plan(const struct sw_plan *a, const struct sw_plan *b)
{
	same_section(&sw_config_root, a, b);
	FUZZ_CHECK(a->n_modes == b->n_modes);
	for (int i = 0; i < a->n_modes; i++) {
		same_section(&sw_config_mode, &a->modes[i], &b->modes[i]);
		FUZZ_CHECK(a->modes[i].given == b->modes[i].given);
	}
	FUZZ_CHECK(a->n_gates == b->n_gates);
	for (int i = 0; i < a->n_gates; i++)
		FUZZ_CHECK(strcmp(a->gates[i], b->gates[i]) == 0);
	FUZZ_CHECK(a->n_bindings == b->n_bindings);
	for (int i = 0; i < a->n_bindings; i++) {
		FUZZ_CHECK(strcmp(a->bindings[i].action, b->bindings[i].action) == 0);
		FUZZ_CHECK(strcmp(a->bindings[i].keys, b->bindings[i].keys) == 0);
	}
	FUZZ_CHECK(a->n_chaos == b->n_chaos);
	FUZZ_CHECK(a->fallback.on == b->fallback.on);
	FUZZ_CHECK(!a->workload.command == !b->workload.command);
	for (size_t i = 0; a->workload.command && a->workload.command[i]; i++)
		FUZZ_CHECK(b->workload.command[i] &&
		           strcmp(a->workload.command[i], b->workload.command[i]) == 0);
}

/* The plan of TEXT, finished. Without ENV nothing may be left to fill in. */
static int load(struct sw_plan *plan, const char *text, size_t len, bool with_env,
                struct sw_error *err)
{
	struct sw_config_env env = {with_env ? get : NULL, NULL};
	sw_plan_defaults(plan);
	if (sw_config_load_text(plan, "f", text, len, env, err) < 0)
		return -1;
	return sw_config_finish(plan, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Not on the stack: they are large. */
	static struct sw_plan plan, back;
	struct sw_error err = {0};
	SW_CLEANUP(buf) struct sw_buf out = {0};
	SW_CLEANUP(buf) struct sw_buf again = {0};
	SW_CLEANUP(free) char *text = fuzz_bytes(data, size);

	if (load(&plan, text, size, true, &err) < 0) {
		fuzz_check_error(&err);
		sw_plan_done(&plan);
		return 0;
	}
	FUZZ_CHECK(sw_config_write(&plan, &out) == 0);
	if (load(&back, out.data, out.len, false, &err) < 0) {
		fprintf(stderr, "%s\n%s", err.message, out.data);
		abort();
	}
	same_plan(&plan, &back);
	FUZZ_CHECK(sw_config_write(&back, &again) == 0);
	FUZZ_CHECK(out.len == again.len && memcmp(out.data, again.data, out.len) == 0);
	sw_plan_done(&plan);
	sw_plan_done(&back);
	return 0;
}
