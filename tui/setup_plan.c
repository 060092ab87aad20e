#include "tui/setup.h"

#include "core/ablate.h"
#include "core/config.h"
#include "core/error.h"
#include "core/text.h"
#include "tui/keymap.h"

static const char *from_environment(void *user, const char *name)
{
	(void)user;
	return getenv(name);
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

static int check_listed(const struct sw_plan *plan, const char *list, struct sw_error *err)
{
	const char *names[SW_MODES_MAX + 1] = {NULL};
	char word[SW_NAME_MAX];
	for (int i = 0; i < plan->n_modes; i++)
		names[i] = plan->modes[i].name;
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		snprintf(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
		if (sw_plan_mode(plan, word) >= 0)
			continue;
		const char *near = sw_text_nearest(word, names);
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "--mode: no mode '%s' in the configuration%s%s; see sandwatch config",
		                    word, near ? "; did you mean " : "", near ? near : "");
	}
	return 0;
}

static int keep_modes(struct sw_plan *plan, const char *list, struct sw_error *err)
{
	int kept = 0;
	if (check_listed(plan, list, err) < 0)
		return -1;
	for (int i = 0; i < plan->n_modes; i++)
		if (listed(list, plan->modes[i].name))
			plan->modes[kept++] = plan->modes[i];
	plan->n_modes = kept;
	/* What is left decides who is compared. */
	if (sw_plan_mode(plan, plan->decision.baseline) < 0)
		plan->decision.baseline[0] = '\0';
	if (sw_plan_mode(plan, plan->decision.candidate) < 0)
		plan->decision.candidate[0] = '\0';
	sw_plan_drop_faults(plan);
	return 0;
}

static int apply_flags(const struct sw_cli *cli, struct sw_plan *plan, struct sw_error *err)
{
	if (cli->iterations >= 0) {
		plan->iterations = cli->iterations;
		plan->is_auto = false;
	} else if (cli->iterations == SW_CLI_AUTO) {
		plan->is_auto = true;
	}
	if (cli->warmup >= 0)
		plan->warmup = cli->warmup;
	if (cli->seed >= 0)
		plan->seed = (uint64_t)cli->seed;
	if (cli->order) {
		int order = sw_word_value(&sw_words_order, cli->order);
		if (order < 0)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "--order is interleaved, sequential or random, not '%s'",
			                    cli->order);
		plan->order = (enum sw_order)order;
	}
	if (cli->theme && !sw_text_copy(plan->theme, sizeof plan->theme, cli->theme))
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "--theme: %zu bytes are too long; use at most %zu", strlen(cli->theme),
		                    sizeof plan->theme - 1);
	return 0;
}

/* core keeps tui.keys as text; whether there are such actions and keys is known here. */
static int check_keys(const struct sw_plan *plan, struct sw_error *err)
{
	struct sw_keymap keymap;
	return sw_keymap_from_plan(&keymap, plan, err);
}

/* The modes of an ablation, instead of the configured ones; an order asked for stays. */
static int ablate(const struct sw_cli *cli, struct sw_plan *plan, struct sw_error *err)
{
	enum sw_order order = plan->order;
	if (cli->modes)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "--ablate makes the session's modes itself; leave --mode out");
	if (sw_plan_ablate(plan, cli->ablate, err) < 0)
		return sw_error_wrap(err, "--ablate");
	if (cli->order)
		plan->order = order;
	return 0;
}

/* It would be full again at the same iteration, and the run never get past it. The entries keep their places,
 * by which the others' rates are drawn. */
static void free_disk(struct sw_plan *plan)
{
	for (int i = 0; i < plan->n_chaos; i++) {
		if (plan->chaos[i].fault != SW_FAULT_DISK_FULL)
			continue;
		plan->chaos[i].n_iterations = 0;
		plan->chaos[i].rate = 0;
	}
}

/* The plan of a run that is to go on. */
static int load_resumed(const struct sw_cli *cli, struct sw_plan *plan, struct sw_config_env env,
                        struct sw_error *err)
{
	char journal[SW_PATH_MAX + 32];
	struct sw_paths paths;
	struct sw_run_paths run;
	if (sw_paths_init(&paths, err) < 0 ||
	    sw_paths_find_run(&paths, cli->resume, journal, sizeof journal, err) < 0 ||
	    sw_paths_of_journal(journal, &run, err) < 0)
		return -1;
	if (sw_config_load_file(plan, run.config, env, err) == 0) {
		free_disk(plan);
		return 0;
	}
	err->code = SW_ERR_USAGE;
	return sw_error_wrap(err, "--resume takes the plan from the run's own configuration");
}

static int load_layers(const struct sw_cli *cli, struct sw_plan *plan, struct sw_config_env env,
                       struct sw_error *err)
{
	if (cli->resume)
		return load_resumed(cli, plan, env, err);
	if (sw_config_load_layers(plan, cli->config, env, err) < 0)
		return -1;
	return cli->chaos ? sw_config_load_chaos(plan, cli->chaos, env, err) : 0;
}

int sw_setup_plan(const struct sw_cli *cli, struct sw_plan *plan, struct sw_error *err)
{
	struct sw_config_env env = {from_environment, NULL};
	sw_plan_defaults(plan);
	if (load_layers(cli, plan, env, err) < 0 || apply_flags(cli, plan, err) < 0 ||
	    sw_config_finish(plan, err) < 0 || check_keys(plan, err) < 0 ||
	    (cli->ablate && ablate(cli, plan, err) < 0) ||
	    (cli->modes && keep_modes(plan, cli->modes, err) < 0)) {
		sw_plan_done(plan);
		return -1;
	}
	return 0;
}
