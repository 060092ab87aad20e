/* Hides how "which containers" is written and which ones it means.
 * Must not know connections or what is done with the containers. */
#ifndef SW_FILTER_H
#define SW_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct sw_buf;
struct sw_error;

enum { SW_FILTER_MAX = 8, SW_FILTER_VALUE_MAX = 256 };

/* A plain value; {0}, with nothing in it, means all. Labels: every one must be there. Names: one of
 * them must be part of the container's, as `docker ps --filter name=` has it. Images: one of them must
 * be the container's. All three kinds that are given must fit. */
struct sw_filter {
	int n_labels, n_names, n_images;
	char labels[SW_FILTER_MAX][SW_FILTER_VALUE_MAX]; /* "k=v" or "k" */
	char names[SW_FILTER_MAX][SW_FILTER_VALUE_MAX];
	char images[SW_FILTER_MAX][SW_FILTER_VALUE_MAX];
};

/* Adds what TEXT says: label=KEY=VALUE, label=KEY, name=PART, image=NAME, or all; several joined by
 * commas. So a value holds no comma. SW_ERR_USAGE names the piece that is wrong; FILTER is then as it
 * was. Call once for each time the option is given. */
int sw_filter_add(struct sw_filter *filter, const char *text, struct sw_error *err);

/* Whether a container of this NAME, made from IMAGE, is meant, as far as these two tell: labels are the
 * engine's to compare. IMAGE "python" fits "python:3.12", "docker.io/library/python:latest" and
 * "localhost/python:latest"; with a tag only the same tag does. */
bool sw_filter_fits(const struct sw_filter *filter, const char *name, const char *image);

/* Appends the engine's form of the labels, percent-encoded: {"label":["k=v"]}, and with IS_EVENTS
 * "type":["container"]. */
void sw_filter_query(const struct sw_filter *filter, bool is_events, struct sw_buf *path);

/* As a person would write it, for a title: "label=app=web,name=api" or "all". Returns DST. */
char *sw_filter_text(const struct sw_filter *filter, char *dst, size_t size);

#endif
