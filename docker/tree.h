/* Hides how a whole directory tree is removed. Must not know what is in it. */
#ifndef SW_TREE_H
#define SW_TREE_H

struct sw_error;

/* Removes PATH and all below it, following no links. A missing PATH is success. */
int sw_tree_remove(const char *path, struct sw_error *err);

#endif
