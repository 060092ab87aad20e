#include "docker/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#include "core/error.h"

enum { OPEN_MAX_FDS = 32 };

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int sw_tree_remove(const char *path, struct sw_error *err)
{
	if (nftw(path, remove_entry, OPEN_MAX_FDS, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot remove %s", path);
	return 0;
}
