/* Hides how an image's name is taken from it for a while, so that the engine answers 404 where it is
 * asked for, and given back: its layers stay under a second name, which says whose they are and who
 * took it away, so that the next sandwatch can mend what a killed one left behind. Must not know why.
 * Blocking. */
#ifndef SW_IMAGE_AWAY_H
#define SW_IMAGE_AWAY_H

#include <stdbool.h>

#include "docker/engine.h"

struct sw_error;

#define SW_IMAGE_KEPT_MAX 256     /* as long as the names are that docker/api.h asks for */
#define SW_IMAGE_AWAY_NAME_MAX 80 /* of which the name it is kept under holds every byte twice */

/* Whether NAME is one that can be taken away and given back: no id and no digest, at most
 * SW_IMAGE_AWAY_NAME_MAX bytes. */
bool sw_image_away_can(const char *name);

/* Takes NAME ("sandwatch/python:latest") from its image; OUT_KEPT: the name that it is kept under. An
 * error leaves the image as it was. */
int sw_image_away_take(const struct sw_engine *engine, const char *name,
                       char out_kept[SW_IMAGE_KEPT_MAX], struct sw_error *err);

/* Gives it back, and forgets the second name. Where there is another image of that name by now, that
 * one stays. */
int sw_image_away_give_back(const struct sw_engine *engine, const char *name, const char *kept,
                            struct sw_error *err);

/* Gives back what processes took away that do not live any more; *OUT_GIVEN: how many images. */
int sw_image_away_mend(const struct sw_engine *engine, int *out_given, struct sw_error *err);

#endif
