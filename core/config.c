#include "core/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

#define SYSTEM_PATH "/etc/sandwatch.yaml"

/* ---- one text ---- */

static void free_command(char **command)
{
	for (char **arg = command; arg && *arg; arg++)
		free(*arg);
	free(command);
}

static bool root_has(const struct sw_node *root, const char *name)
{
	if (root->kind == SW_NODE_MAP)
		for (const struct sw_node *key = root->first; key; key = key->next->next)
			if (key->kind == SW_NODE_SCALAR && strcmp(key->text, name) == 0)
				return true;
	return false;
}

/* Earlier layers' gates and decision name earlier layers' modes: they go with them. */
static void forget_modes(struct sw_plan *plan)
{
	plan->n_gates = 0;
	plan->decision.baseline[0] = '\0';
	plan->decision.candidate[0] = '\0';
}

static int load_tree(struct sw_plan *plan, const struct sw_node *root, struct sw_load *load)
{
	struct sw_plan next = *plan; /* the command stays PLAN's until the end */
	struct sw_place top = {.base = &next, .path = "", .node = root};
	uint32_t seen;

	load->plan = &next;
	if (root_has(root, "modes"))
		forget_modes(&next);
	if (sw_load_section(load, &sw_config_root, &top, &seen) < 0) {
		free_command(load->command);
		return -1;
	}
	if (next.workload.command != plan->workload.command)
		free_command(plan->workload.command);
	*plan = next;
	return 0;
}

/* A file of faults: whatever else it said would be meant, and not be done. */
static int check_chaos_alone(const struct sw_node *root, struct sw_load *load)
{
	char shown[65];

	if (!root || sw_node_is_null(root) || (root->kind == SW_NODE_MAP && !root->first))
		return sw_error_set(load->err, SW_ERR_USAGE, 0,
		                    "%s: holds no faults; list them below chaos:", load->file);
	if (root->kind != SW_NODE_MAP)
		return 0; /* the section's own check says what is wrong */
	for (const struct sw_node *key = root->first; key; key = key->next->next) {
		if (key->kind != SW_NODE_SCALAR || strcmp(key->text, "chaos") == 0)
			continue;
		sw_text_clean(shown, sizeof shown, key->text, strlen(key->text));
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "'%s' has no place in a file of faults, which holds 'chaos' alone; put it in a "
		             "configuration (--config)",
		             shown);
		return sw_load_fail_at(load, key, "");
	}
	return 0;
}

static int load_source(struct sw_plan *plan, const struct sw_source *source,
                       struct sw_config_env env, bool is_chaos, struct sw_error *err)
{
	struct sw_tree tree;
	SW_CLEANUP(buf) struct sw_buf value = {0};
	struct sw_load load = {.file = source->file, .env = env, .value = &value, .err = err};
	int result = -1;

	if (source->len > SW_CONFIG_MAX_BYTES)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "%s: larger than %u bytes; that is no configuration", source->file,
		                    SW_CONFIG_MAX_BYTES);
	if (sw_tree_parse(&tree, source, err) == 0 &&
	    (!is_chaos || check_chaos_alone(tree.root, &load) == 0))
		result = tree.root ? load_tree(plan, tree.root, &load) : 0;
	sw_tree_done(&tree);
	return result;
}

int sw_config_load_text(struct sw_plan *plan, const char *name, const char *text, size_t len,
                        struct sw_config_env env, struct sw_error *err)
{
	struct sw_source source = {.file = name, .text = text, .len = len};

	return load_source(plan, &source, env, false, err);
}

/* ---- files ---- */

static int read_all(int fd, const char *path, struct sw_buf *out, struct sw_error *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = sw_file_read_some(fd, chunk, sizeof chunk);

		if (n < 0)
			return sw_error_set(err, SW_ERR_USAGE, errno, "%s: cannot be read", path);
		if (n == 0)
			return 0;
		if (sw_buf_add(out, chunk, (size_t)n) < 0)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "%s: larger than %u bytes; that is no configuration", path,
			                    SW_CONFIG_MAX_BYTES);
	}
}

/* OUT_MISSING (may be NULL: missing is an error) tells that there is no such file. */
static int read_file(const char *path, bool *out_missing, struct sw_buf *out, struct sw_error *err)
{
	SW_CLEANUP(close) int fd = sw_file_open(path);
	struct stat st;

	if (fd < 0 && out_missing && (errno == ENOENT || errno == ENOTDIR)) {
		*out_missing = true;
		return 0;
	}
	if (fd < 0)
		return sw_error_set(err, SW_ERR_USAGE, errno, "%s: cannot be opened", path);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s: is a directory; name a YAML file", path);
	sw_buf_init(out, SW_CONFIG_MAX_BYTES);
	if (read_all(fd, path, out, err) < 0)
		return -1;
	if (!out->len && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s: a pipe that nothing came from", path);
	return 0;
}

static int load_file(struct sw_plan *plan, const char *path, struct sw_config_env env,
                     bool *out_missing, struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};

	if (read_file(path, out_missing, &text, err) < 0)
		return -1;
	return sw_config_load_text(plan, path, text.data ? text.data : "", text.len, env, err);
}

int sw_config_load_file(struct sw_plan *plan, const char *path, struct sw_config_env env,
                        struct sw_error *err)
{
	return load_file(plan, path, env, NULL, err);
}

int sw_config_load_chaos(struct sw_plan *plan, const char *path, struct sw_config_env env,
                         struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};

	if (read_file(path, NULL, &text, err) < 0)
		return -1;

	struct sw_source source = {.file = path, .text = text.data ? text.data : "", .len = text.len};

	return load_source(plan, &source, env, true, err);
}

/* The XDG base directory specification: a relative XDG_CONFIG_HOME is to be ignored. */
static bool user_path(struct sw_config_env env, char *out, size_t size)
{
	const char *base = env.get ? env.get(env.user, "XDG_CONFIG_HOME") : NULL;
	const char *below = "";

	if (!base || *base != '/') {
		base = env.get ? env.get(env.user, "HOME") : NULL;
		below = "/.config";
	}
	if (!base || *base != '/')
		return false;

	int n = snprintf(out, size, "%s%s/sandwatch/config.yaml", base, below);

	return n > 0 && (size_t)n < size;
}

int sw_config_load_layers_at(struct sw_plan *plan, const char *system_path,
                             const char *explicit_path, struct sw_config_env env,
                             struct sw_error *err)
{
	char user[SW_PATH_MAX];
	bool missing = false;

	if (load_file(plan, system_path, env, &missing, err) < 0)
		return -1;
	if (user_path(env, user, sizeof user) && load_file(plan, user, env, &missing, err) < 0)
		return -1;
	return explicit_path ? load_file(plan, explicit_path, env, NULL, err) : 0;
}

int sw_config_load_layers(struct sw_plan *plan, const char *explicit_path, struct sw_config_env env,
                          struct sw_error *err)
{
	return sw_config_load_layers_at(plan, SYSTEM_PATH, explicit_path, env, err);
}
