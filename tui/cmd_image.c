#include <stdio.h>

#include "core/error.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "tui/cmd.h"
#include "tui/setup.h"
#include "tui/steps.h"

static const int64_t timeout_ns = 60000000000;

/* The first sandbox mode's image is the configuration's. */
static const char *image_name(const struct sw_plan *plan)
{
	int mode = sw_plan_candidate(plan);
	return mode >= 0 ? plan->modes[mode].sandbox.image : plan->sandbox.image;
}

static int build(struct sw_setup *setup, struct sw_steps steps, struct sw_error *err)
{
	struct sw_image_parts parts;
	struct sw_image image;
	char size[32], root[SW_PATH_MAX];
	if (sw_image_parts(setup->paths.program, &parts, err) < 0 ||
	    sw_image_ensure(&setup->engine, image_name(&setup->plan), &parts, setup->paths.state, steps,
	                    &image, err) < 0)
		return -1;
	sw_image_done(&image);
	if (image.ours && sw_image_host_root(&setup->engine, &image, &parts, setup->paths.state, steps,
	                                     root, sizeof root, err) < 0)
		return -1;
	printf("%s  %.19s  %s\n", image.name, image.id,
	       sw_text_bytes(size, sizeof size, (uint64_t)image.size_bytes));
	return 0;
}

struct look {
	struct sw_blocking blocking;
	const char *name;
	bool silent, ours;
};

static void looked(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	struct look *look = user;
	char size[32];
	if (!error)
		look->ours = *image->layout != '\0';
	if (!error && !look->silent)
		printf("%s  %.19s  %s  %s\n", look->name, image->id,
		       sw_text_bytes(size, sizeof size, (uint64_t)image->size_bytes),
		       look->ours ? "sandwatch's own" : "no shim, no worker");
	sw_blocking_finish(&look->blocking, error);
}

static int fail_missing(const char *name, struct sw_error *err)
{
	if (sw_image_is_own_name(name))
		return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "the image %s is not on this engine: `sandwatch image "
		                    "build` makes it, as a session does that needs it", name);
	return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "the image %s is not on this engine: `docker pull %s` "
	                    "or `docker build -t %s …` puts it there", name, name, name);
}

static int remove_ours(struct look *look, struct sw_error *err)
{
	if (!look->ours)
		return sw_error_set(err, SW_ERR_USAGE, 0, "sandwatch did not make the image %s, which lacks its "
		                    "label org.sandwatch.layout: `docker rmi %s` removes it", look->name,
		                    look->name);
	sw_api_image_remove(look->blocking.api, look->name, timeout_ns, sw_blocking_finished,
	                    &look->blocking);
	if (sw_blocking_wait(&look->blocking, err) < 0)
		return -1;
	printf("%s is removed\n", look->name);
	return 0;
}

static int list_or_remove(struct sw_setup *setup, bool remove, const struct sw_signals *signals,
                          struct sw_error *err)
{
	struct look look = {.name = image_name(&setup->plan), .silent = remove};
	struct sw_blocking *blocking = &look.blocking;
	int status = sw_blocking_init(blocking, &setup->engine.endpoint, setup->engine.api_version, err);
	if (status == 0)
		status = sw_blocking_heed(blocking, signals, err);
	if (status == 0) {
		sw_api_image_inspect(blocking->api, look.name, timeout_ns, looked, &look);
		status = sw_blocking_wait(blocking, err);
	}
	bool is_missing = status < 0 && err->code == SW_ERR_NOT_FOUND;
	if (is_missing && remove) {
		printf("%s was not there\n", look.name);
		status = 0;
	} else if (is_missing) {
		status = fail_missing(look.name, err);
	} else if (status == 0 && remove) {
		status = remove_ours(&look, err);
	}
	sw_blocking_done(blocking);
	return status;
}

static int act(const struct sw_cli *cli, struct sw_setup *setup, struct sw_steps steps,
               struct sw_error *err)
{
	const char *action = cli->n_arguments ? cli->arguments[0] : "list";
	bool is_build = strcmp(action, "build") == 0, is_remove = strcmp(action, "remove") == 0;
	if (!is_build && !is_remove && strcmp(action, "list") != 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "image takes build, list or remove, not '%s'",
		                    action);
	if (sw_setup_plan(cli, &setup->plan, err) < 0 || sw_paths_init(&setup->paths, err) < 0 ||
	    sw_setup_engine(setup, cli, true, steps, err) < 0)
		return -1;
	return is_build ? build(setup, steps, err) : list_or_remove(setup, is_remove, steps.signals, err);
}

int sw_cmd_image(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_signals signals = {-1, -1, -1};
	struct sw_step_lines lines;
	struct sw_error err;
	int code = SW_EXIT_DONE;
	if (!setup)
		return SW_EXIT_FAILED;
	sw_step_lines_init(&lines, cli->quiet);
	struct sw_steps steps = sw_step_lines_steps(&lines);
	steps.signals = &signals;
	if (sw_signals_open(&signals, &err) < 0 || act(cli, setup, steps, &err) < 0) {
		sw_step_lines_fail(&lines, &err);
		code = sw_cli_exit_code(&err);
	}
	sw_setup_done(setup);
	sw_signals_close(&signals);
	free(setup);
	return code;
}
