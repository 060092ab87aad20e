#include "tui/theme.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "tui/theme_internal.h"

enum { FILE_MAX = 64 << 10 };

#define THEME_NAME(name) #name,
const char *const sw_theme_names[] = {SW_THEMES(THEME_NAME) NULL};

const struct sw_style *sw_theme_style(const struct sw_theme *theme, enum sw_role role,
                                      enum sw_depth depth)
{
	switch (depth) {
	case SW_DEPTH_TRUE:
		return &theme->rgb[role];
	case SW_DEPTH_256:
		return &theme->x256[role];
	case SW_DEPTH_16:
		return &theme->x16[role];
	case SW_DEPTH_NONE:
		break;
	}
	return &theme->none[role];
}

/* ---- those that come with the program ---- */

static int load_builtin(int index, const struct sw_theme *plain, struct sw_theme *out,
                        struct sw_error *err)
{
	struct sw_theme_draft draft;
	char file[64];
	size_t len;
	const char *text = sw_theme_text(index, &len);
	snprintf(file, sizeof file, "themes/%s.yaml", sw_theme_names[index]);
	if (sw_theme_parse(file, text, len, &draft, err) < 0)
		return -1;
	sw_theme_resolve(&draft, NULL, plain, out);
	return 0;
}

void sw_theme_default(struct sw_theme *theme)
{
	static const struct sw_theme_draft empty = {.base = -1};
	/* It parses, a test sees to that: only memory can be out. Then the terminal's own colours do. */
	if (load_builtin(0, NULL, theme, NULL) < 0)
		sw_theme_resolve(&empty, NULL, NULL, theme);
}

/* ---- files ---- */

static int read_theme(const char *path, struct sw_buf *out, struct sw_error *err)
{
	struct stat st;
	/* A pipe would hold us for ever. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s: is no file; name a theme file", path);
	if (sw_file_read(path, FILE_MAX, out, err) == 0)
		return 0;
	err->code = SW_ERR_USAGE;
	return sw_error_wrap(err, "theme");
}

/* A file without a name has its own: "/a/b.yaml" is b. */
static void name_after(const char *path, char *dst, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t len = dot && dot > name ? (size_t)(dot - name) : strlen(name);
	sw_text_clean(dst, size, name, len);
}

static int load_file(const char *path, const struct sw_theme *dusk, struct sw_theme *out,
                     struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_theme_draft draft;
	struct sw_theme base = *dusk;
	if (read_theme(path, &text, err) < 0 ||
	    sw_theme_parse(path, text.data ? text.data : "", text.len, &draft, err) < 0 ||
	    (draft.base > 0 && load_builtin(draft.base, dusk, &base, err) < 0))
		return -1;
	if (!*draft.name)
		name_after(path, draft.name, sizeof draft.name);
	bool based = draft.base >= 0 || !draft.rgb[SW_ROLE_TEXT].given;
	sw_theme_resolve(&draft, based ? &base : NULL, &base, out);
	return 0;
}

/* The XDG base directory specification: a relative XDG_CONFIG_HOME is to be ignored. */
static bool user_path(const char *name, char *out, size_t size)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *below = "";
	if (!base || *base != '/') {
		base = getenv("HOME");
		below = "/.config";
	}
	if (!base || *base != '/')
		return false;
	int n = snprintf(out, size, "%s%s/sandwatch/themes/%s.yaml", base, below, name);
	return n > 0 && (size_t)n < size;
}

static int not_there(const char *name, const char *path, struct sw_error *err)
{
	const char *near = sw_text_nearest(name, sw_theme_names);
	if (near)
		return sw_error_set(err, SW_ERR_USAGE, 0, "no theme '%.80s'; did you mean '%s'?", name,
		                    near);
	return sw_error_set(
		err, SW_ERR_USAGE, 0,
		"no theme '%.80s'; use dusk, paper, contrast, deuteranopia, mono, or a file "
		"of that name: %s",
		name, path);
}

static int load(const char *name, const struct sw_theme *dusk, struct sw_theme *out,
                struct sw_error *err)
{
	char path[PATH_MAX] = "$XDG_CONFIG_HOME/sandwatch/themes/NAME.yaml";
	struct stat st;
	if (strchr(name, '/'))
		return load_file(name, dusk, out, err);
	for (int i = 0; sw_theme_names[i]; i++)
		if (strcmp(sw_theme_names[i], name) == 0)
			return load_builtin(i, dusk, out, err);
	bool known = user_path(name, path, sizeof path);
	if (!known ||
	    (stat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)))
		return not_there(name, path, err);
	return load_file(path, dusk, out, err);
}

int sw_theme_load(const char *name, struct sw_theme *out_theme, struct sw_error *err)
{
	struct sw_theme dusk;
	struct sw_error ignored;
	sw_theme_default(&dusk);
	*out_theme = dusk;
	return load(name, &dusk, out_theme, err ? err : &ignored);
}

/* ---- the terminal ---- */

enum sw_depth sw_theme_depth(const char *no_color, const char *colorterm, const char *term,
                             int max_colors)
{
	bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
	if ((no_color && *no_color) || dumb || max_colors == 0)
		return SW_DEPTH_NONE;
	if (colorterm && (strcmp(colorterm, "truecolor") == 0 || strcmp(colorterm, "24bit") == 0))
		return SW_DEPTH_TRUE;
	if (strstr(term, "direct"))
		return SW_DEPTH_TRUE;
	return strstr(term, "256color") || max_colors >= 256 ? SW_DEPTH_256 : SW_DEPTH_16;
}
