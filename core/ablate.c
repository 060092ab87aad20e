#include "core/ablate.h"

#include "core/config.h"
#include "core/error.h"
#include "core/text.h"

struct layer {
	bool (*has)(const struct sw_sandbox *sandbox);
	void (*remove)(struct sw_sandbox *sandbox);
	const char *keys[4]; /* of the sandbox that `remove` sets, ended by NULL */
};

static bool has_network(const struct sw_sandbox *sandbox)
{
	return strcmp(sandbox->network, "none") == 0;
}

static void remove_network(struct sw_sandbox *sandbox)
{
	sw_text_copy(sandbox->network, sizeof sandbox->network, "bridge");
}

static bool has_seccomp(const struct sw_sandbox *sandbox)
{
	return strcmp(sandbox->seccomp, "unconfined") != 0;
}

static void remove_seccomp(struct sw_sandbox *sandbox)
{
	sw_text_copy(sandbox->seccomp, sizeof sandbox->seccomp, "unconfined");
}

static bool has_readonly(const struct sw_sandbox *sandbox)
{
	return sandbox->read_only;
}

static void remove_readonly(struct sw_sandbox *sandbox)
{
	sandbox->read_only = false;
}

static bool has_limits(const struct sw_sandbox *sandbox)
{
	return sandbox->memory_bytes || sandbox->cpu_milli || sandbox->pids_limit;
}

static void remove_limits(struct sw_sandbox *sandbox)
{
	sandbox->memory_bytes = sandbox->cpu_milli = sandbox->pids_limit = 0;
}

static bool has_caps(const struct sw_sandbox *sandbox)
{
	return sandbox->drop_capabilities || sandbox->no_new_privileges;
}

static void remove_caps(struct sw_sandbox *sandbox)
{
	sandbox->drop_capabilities = sandbox->no_new_privileges = false;
}

static const struct layer layers_by_word[SW_LAYER_COUNT] = {
	[SW_LAYER_NETWORK] = {has_network, remove_network, {"network"}},
	[SW_LAYER_SECCOMP] = {has_seccomp, remove_seccomp, {"seccomp"}},
	[SW_LAYER_READONLY] = {has_readonly, remove_readonly, {"read_only"}},
	[SW_LAYER_LIMITS] = {has_limits, remove_limits, {"memory_limit", "cpu_count", "pids_limit"}},
	[SW_LAYER_CAPS] = {has_caps, remove_caps, {"drop_capabilities", "no_new_privileges"}},
};

static int full_mode(const struct sw_plan *plan, struct sw_mode_plan *out, struct sw_error *err)
{
	if (!plan->sandbox_enabled)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "an ablation takes layers from the sandbox, but sandbox.enabled is "
		                    "false; enable it");
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind == SW_KIND_COLD) {
			*out = plan->modes[i];
			return 0;
		}
	*out = sw_plan_new_mode(&plan->sandbox);
	out->kind = SW_KIND_COLD;
	sw_text_copy(out->name, sizeof out->name, "cold");
	return 0;
}

static int unknown(const char *word, size_t len, struct sw_error *err)
{
	const char *names[SW_LAYER_COUNT + 1] = {NULL};
	char shown[65], list[96] = "";
	size_t n = 0, used = 0;

	for (int i = SW_LAYER_NONE + 1; i < SW_LAYER_COUNT; i++)
		names[n++] = sw_word(&sw_words_layer, i);
	names[n++] = "all";
	for (size_t i = 0; i < n && used < sizeof list; i++)
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
		                         i == 0         ? ""
		                         : names[i + 1] ? ", "
		                                        : " or ",
		                         names[i]);
	if (len == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "a layer's name is missing; use %s", list);
	if (len == 3 && strncmp(word, "all", len) == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "'all' is every layer; write it alone");
	sw_text_clean(shown, sizeof shown, word, len);

	const char *near = sw_text_nearest(shown, names);

	if (near)
		return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no layer; did you mean '%s'?", shown,
		                    near);
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no layer; use %s", shown, list);
}

/* The layers asked for, in the text's order. */
static int read_layers(const char *text, enum sw_layer out[SW_LAYER_COUNT], int *out_n,
                       struct sw_error *err)
{
	unsigned seen = 0;
	int n = 0;

	if (strcmp(text, "all") == 0) {
		for (int i = SW_LAYER_NONE + 1; i < SW_LAYER_COUNT; i++)
			out[n++] = (enum sw_layer)i;
		*out_n = n;
		return 0;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		int layer = len ? sw_word_find(&sw_words_layer, at, len) : -1;

		if (layer <= SW_LAYER_NONE)
			return unknown(at, len, err);
		if (seen & 1u << layer)
			return sw_error_set(err, SW_ERR_USAGE, 0, "layer '%s' is there twice; name it once",
			                    sw_word(&sw_words_layer, layer));
		seen |= 1u << layer;
		out[n++] = (enum sw_layer)layer;
		at += len;
		if (!*at)
			break;
	}
	*out_n = n;
	return 0;
}

static int take_away(const struct sw_mode_plan *full, enum sw_layer which, struct sw_mode_plan *out,
                     struct sw_error *err)
{
	const struct layer *layer = &layers_by_word[which];
	const char *word = sw_word(&sw_words_layer, (int)which);

	if (!layer->has(&full->sandbox))
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"mode '%s' has no layer '%s' that could be taken away; leave it out, or "
			"turn it on in the configuration",
			full->name, word);
	*out = *full;
	snprintf(out->name, sizeof out->name, "without-%s", word);
	if (strcmp(out->name, full->name) == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "the mode without layer '%s' is to be called '%s', but the mode it is "
		                    "taken from has that name; give that another",
		                    word, out->name);
	out->layer = which;
	layer->remove(&out->sandbox);
	for (size_t i = 0; layer->keys[i]; i++)
		out->given |= sw_config_given(layer->keys[i]);
	return 0;
}

int sw_plan_ablate(struct sw_plan *plan, const char *layers, struct sw_error *err)
{
	enum sw_layer which[SW_LAYER_COUNT];
	struct sw_mode_plan modes[SW_LAYER_COUNT];
	int n = 0;

	if (full_mode(plan, &modes[0], err) < 0 || read_layers(layers, which, &n, err) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (take_away(&modes[0], which[i], &modes[i + 1], err) < 0)
			return -1;
	plan->n_modes = n + 1;
	memcpy(plan->modes, modes, (size_t)plan->n_modes * sizeof modes[0]);
	plan->order = SW_ORDER_INTERLEAVED;
	sw_text_copy(plan->decision.baseline, sizeof plan->decision.baseline, modes[0].name);
	plan->decision.candidate[0] = '\0';
	sw_plan_drop_faults(plan);
	return 0;
}
