#include <string.h>
#include <unistd.h>

#include "docker/chaos_internal.h"

static int refuse(int entry, const struct sw_chaos_fault *fault, const char *why,
                  struct sw_error *err)
{
	return sw_error_set(err, SW_ERR_USAGE, 0, "chaos: entry %d (%s) cannot be injected: %s",
	                    entry + 1, sw_word(&sw_words_fault, (int)fault->fault), why);
}

static bool is_to_engine(enum sw_fault fault)
{
	return fault == SW_FAULT_ENGINE_PAUSE || fault == SW_FAULT_ENGINE_KILL ||
	       fault == SW_FAULT_ENGINE_RESTART;
}

/* The first image of FAULT's modes that cannot be taken away, or NULL. */
static const char *fixed_image(const struct sw_plan *plan, const struct sw_chaos_fault *fault)
{
	for (int i = 0; i < plan->n_modes; i++) {
		const struct sw_mode_plan *mode = &plan->modes[i];
		bool is_meant = !fault->mode[0] || strcmp(fault->mode, mode->name) == 0;
		if (mode->kind != SW_KIND_HOST && is_meant && !sw_image_away_can(mode->sandbox.image))
			return mode->sandbox.image;
	}
	return NULL;
}

static int check(const struct sw_plan *plan, int entry, const struct sw_engine *engine,
                 struct sw_error *err)
{
	const struct sw_chaos_fault *fault = &plan->chaos[entry];
	char why[400];
	if (fault->fault == SW_FAULT_DISK_FULL && fault->on == SW_TARGET_ANY)
		return 0;
	if (!engine)
		return refuse(entry, fault,
		              "no container engine answers (`sandwatch engine` tells which one is used, "
		              "and starts one where it can)",
		              err);
	if (!is_to_engine(fault->fault) && fault->fault != SW_FAULT_IMAGE_REMOVE)
		return 0;
	if (!engine->is_private) {
		(void)snprintf(why, sizeof why,
		               "%.120s was not started by sandwatch, and somebody else's engine is "
		               "left alone; as root, with no other engine running and without --host and "
		               "DOCKER_HOST, sandwatch starts one of its own",
		               engine->endpoint.text);
		return refuse(entry, fault, why, err);
	}
	if (is_to_engine(fault->fault) && geteuid() != 0)
		return refuse(entry, fault,
		              "the private engine is root's, and only root can stop it and start it "
		              "again: run sandwatch as root",
		              err);
	const char *image = fault->fault == SW_FAULT_IMAGE_REMOVE ? fixed_image(plan, fault) : NULL;
	if (image) {
		(void)snprintf(why, sizeof why,
		               "'%.100s' is not a name that an image can lose and get back: give it "
		               "one of at most %d bytes (docker tag), and use that",
		               image, SW_IMAGE_AWAY_NAME_MAX);
		return refuse(entry, fault, why, err);
	}
	return 0;
}

int sw_chaos_check(const struct sw_plan *plan, const struct sw_engine *engine, struct sw_error *err)
{
	for (int i = 0; i < plan->n_chaos; i++)
		if (check(plan, i, engine, err) < 0)
			return -1;
	return 0;
}
