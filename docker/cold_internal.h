/* Hides nothing: what docker/cold.c (the runner) and docker/cold_result.c (what an attempt was, from the
 * facts gathered) share. Must not be included elsewhere. */
#ifndef SW_COLD_INTERNAL_H
#define SW_COLD_INTERNAL_H

#include "docker/cold.h"

/* Fills in RESULT, which is zeroed before. Pure. */
void sw_cold_result(const struct sw_container_options *options,
                    const struct sw_container_facts *facts, struct sw_attempt_result *out_result);

#endif
