#include "docker/filter.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "docker/api_internal.h"

static int refuse(struct sw_error *err, const char *piece, size_t len, const char *why)
{
	char shown[80];
	sw_text_clean(shown, sizeof shown, piece, len);
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' says not which containers: %s", shown, why);
}

/* The value of "KEY=…" when PIECE is one. */
static const char *value_of(const char *piece, size_t len, const char *key)
{
	size_t key_len = strlen(key);
	bool is_it = len > key_len && memcmp(piece, key, key_len) == 0 && piece[key_len] == '=';
	return is_it ? piece + key_len + 1 : NULL;
}

static int put(char (*list)[SW_FILTER_VALUE_MAX], int *n, const char *value, size_t len)
{
	if (*n == SW_FILTER_MAX)
		return -1;
	memcpy(list[*n], value, len);
	list[(*n)++][len] = '\0';
	return 0;
}

static bool is_printable(const char *text, size_t len)
{
	char clean[SW_FILTER_VALUE_MAX * 2];
	return sw_text_clean(clean, sizeof clean, text, len) == len && memcmp(clean, text, len) == 0;
}

static int add_piece(struct sw_filter *filter, const char *piece, size_t len, struct sw_error *err)
{
	const char *label = value_of(piece, len, "label"), *name = value_of(piece, len, "name");
	const char *image = value_of(piece, len, "image");
	const char *value = label ? label : name ? name : image;
	int result;

	if (len == 3 && memcmp(piece, "all", 3) == 0)
		return 0;
	if (!value)
		return refuse(err, piece, len,
		              "write label=KEY=VALUE, label=KEY, name=PART, image=NAME or all");
	size_t value_len = (size_t)(piece + len - value);
	if (value_len == 0 || (label && label[0] == '='))
		return refuse(err, piece, len, "the value is empty");
	if (value_len >= SW_FILTER_VALUE_MAX)
		return refuse(err, piece, len, "the value is longer than 255 bytes");
	if (!is_printable(value, value_len))
		return refuse(err, piece, len, "it holds characters that cannot be shown");
	if (label)
		result = put(filter->labels, &filter->n_labels, value, value_len);
	else if (name)
		result = put(filter->names, &filter->n_names, value, value_len);
	else
		result = put(filter->images, &filter->n_images, value, value_len);
	return result == 0 ? 0 : refuse(err, piece, len, "at most 8 of a kind can be given");
}

int sw_filter_add(struct sw_filter *filter, const char *text, struct sw_error *err)
{
	struct sw_filter new = *filter;
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		if (add_piece(&new, at, len, err) < 0)
			return -1;
		at += len;
		if (!*at)
			break;
	}
	*filter = new;
	return 0;
}

/* "localhost:5000/a/b:tag": where ":tag" or "@sha256:…" begins, or the end. */
static size_t untagged_len(const char *image)
{
	const char *slash = strrchr(image, '/'), *name = slash ? slash : image;
	return (size_t)(name - image) + strcspn(name, ":@");
}

static const char *without(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	return strncmp(text, prefix, len) == 0 ? text + len : text;
}

static bool image_fits(const char *wanted, const char *image)
{
	wanted = without(without(without(wanted, "localhost/"), "docker.io/"), "library/");
	image = without(without(without(image, "localhost/"), "docker.io/"), "library/");
	size_t len = untagged_len(image);
	if (strcmp(wanted, image) == 0)
		return true;
	/* Without a tag it means any. */
	return !wanted[untagged_len(wanted)] && strlen(wanted) == len &&
	       memcmp(wanted, image, len) == 0;
}

bool sw_filter_fits(const struct sw_filter *filter, const char *name, const char *image)
{
	bool fits = filter->n_names == 0;
	for (int i = 0; i < filter->n_names && !fits; i++)
		fits = strstr(name, filter->names[i]);
	if (!fits || filter->n_images == 0)
		return fits;
	for (int i = 0; i < filter->n_images; i++)
		if (image_fits(filter->images[i], image))
			return true;
	return false;
}

void sw_filter_query(const struct sw_filter *filter, bool is_events, struct sw_buf *path)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_json json;

	sw_json_init(&json, &text, 0);
	sw_json_object(&json, NULL);
	if (is_events) {
		sw_json_array(&json, "type");
		sw_json_str(&json, NULL, "container");
		sw_json_end_array(&json);
	}
	if (filter->n_labels > 0) {
		sw_json_array(&json, "label");
		for (int i = 0; i < filter->n_labels; i++)
			sw_json_str(&json, NULL, filter->labels[i]);
		sw_json_end_array(&json);
	}
	sw_json_end_object(&json);
	if (text.overflow)
		path->overflow = true;
	else
		sw_api_path_value(path, text.data);
}

char *sw_filter_text(const struct sw_filter *filter, char *dst, size_t size)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	for (int i = 0; i < filter->n_labels; i++)
		sw_buf_addf(&text, ",label=%s", filter->labels[i]);
	for (int i = 0; i < filter->n_names; i++)
		sw_buf_addf(&text, ",name=%s", filter->names[i]);
	for (int i = 0; i < filter->n_images; i++)
		sw_buf_addf(&text, ",image=%s", filter->images[i]);
	(void)sw_text_copy(dst, size, text.data ? text.data + 1 : "all");
	return dst;
}
