/* Hides which keys of a sandbox make up each of its layers, and how a plan of an ablation is made.
 * Must not know YAML, flags, nor how a mode is run or what its figures say. */
#ifndef SW_ABLATE_H
#define SW_ABLATE_H

#include "core/plan.h"

struct sw_error;

/* Replaces PLAN's modes by those of an ablation: its first cold mode (one called "cold" with the
 * sandbox of all modes, where there is none), which becomes the baseline, and for each of LAYERS the
 * same mode without that layer, called "without-LAYER", its `layer` set. There is no candidate: each mode
 * is compared with the baseline. The order becomes interleaved.
 *
 * LAYERS is "network,seccomp" or the like (the words of sw_words_layer, each once), or "all"; it may
 * hold any bytes. PLAN is a finished one (sw_config_finish), and stays one. SW_ERR_USAGE: a word that is no
 * layer (with the nearest that is), one that is there twice or that the full mode does not have,
 * and a sandbox that is not enabled. PLAN is unchanged on failure. Any thread. */
int sw_plan_ablate(struct sw_plan *plan, const char *layers, struct sw_error *err);

#endif
