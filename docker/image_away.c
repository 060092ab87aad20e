#include "docker/image_away.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "docker/lifecycle.h"

/* sandwatch-chaos/kept/NAME:PID-START-BOOT_NS: NAME in hex, as a repository may have neither colons nor
 * capitals; PID, START, BOOT and the PID namespace as the labels of containers have them. */
#define KEPT "sandwatch-chaos/kept/"
enum { MEND_MAX = 64 };

/* 7-17-36_10: a PID has no more digits, nor an inode of a namespace; a boot is a UUID. */
#define OWNER_MAX (7 + 1 + 17 + 1 + 36 + 1 + 10)
_Static_assert(sizeof KEPT + 2 * SW_IMAGE_AWAY_NAME_MAX + 1 + OWNER_MAX <= SW_IMAGE_KEPT_MAX,
               "what is cut off would name another owner");

static const int64_t timeout_ns = 20000000000;

struct kept_name {
	char kept[SW_IMAGE_KEPT_MAX];
	char name[SW_IMAGE_AWAY_NAME_MAX + 1];
};

struct asking {
	struct sw_blocking blocking; /* first: its callbacks get this struct */
	const char **own;            /* labels of this process */
	struct kept_name *left;      /* what the dead have taken away */
	int n_left;
};

static int open_asking(struct asking *asking, const struct sw_engine *engine, struct sw_error *err)
{
	*asking = (struct asking){.own = sw_lifecycle_labels("")};
	int status = sw_blocking_init(&asking->blocking, &engine->endpoint, engine->api_version, err);
	if (status == 0 && !asking->own)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot ask the engine");
	return status;
}

static void close_asking(struct asking *asking)
{
	sw_blocking_done(&asking->blocking);
	free(asking->own);
	free(asking->left);
}

bool sw_image_away_can(const char *name)
{
	size_t len = strlen(name);
	return len > 0 && len <= SW_IMAGE_AWAY_NAME_MAX && !strchr(name, '@') &&
	       strncmp(name, "sha256:", 7) != 0;
}

static void write_kept(const struct asking *asking, const char *name, char dst[SW_IMAGE_KEPT_MAX])
{
	const char *const *own = (const char *const *)asking->own;
	int n = snprintf(dst, SW_IMAGE_KEPT_MAX, KEPT);
	for (; *name; name++)
		n += snprintf(dst + n, SW_IMAGE_KEPT_MAX - (size_t)n, "%02x",
		              (unsigned)(unsigned char)*name);
	(void)snprintf(dst + n, SW_IMAGE_KEPT_MAX - (size_t)n, ":%.10s-%.20s-%.40s_%.20s",
	               sw_label(own, "org.sandwatch.pid"), sw_label(own, "org.sandwatch.pid_start"),
	               sw_label(own, "org.sandwatch.boot"), sw_label(own, "org.sandwatch.pid_ns"));
}

/* The second name is nobody's business: WHY without it. */
static int tell(const struct sw_error *why, const char *doing, const char *name,
                struct sw_error *err)
{
	const char *rest = strstr(why->message, "': "); /* behind the names of what was asked for */
	char told[sizeof why->message];
	size_t n = 0;
	for (rest = rest ? rest + 3 : why->message; *rest && n < sizeof told - 1;) {
		if (strncmp(rest, KEPT, strlen(KEPT)) == 0) {
			n += sw_text_copy(told + n, sizeof told - n, "it") ? 2 : 0;
			rest += strlen(KEPT);
			rest += strspn(rest, "0123456789abcdef:-_");
			continue;
		}
		told[n++] = *rest++;
	}
	told[n] = '\0';
	return sw_error_set(err, why->code, 0, "%s image '%s': %s", doing, name, told);
}

/* ---- taking and giving ---- */

static int tag(struct asking *asking, const char *name, const char *new_name, struct sw_error *err)
{
	sw_api_image_tag(asking->blocking.api, name, new_name, timeout_ns, sw_blocking_finished,
	                 &asking->blocking);
	return sw_blocking_wait(&asking->blocking, err);
}

static int untag(struct asking *asking, const char *name, struct sw_error *err)
{
	sw_api_image_remove(asking->blocking.api, name, timeout_ns, sw_blocking_finished,
	                    &asking->blocking);
	return sw_blocking_wait(&asking->blocking, err);
}

static void inspected(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	(void)image;
	sw_blocking_finish(user, error);
}

static int give_back(struct asking *asking, const char *name, const char *kept,
                     struct sw_error *err)
{
	struct sw_error why;
	sw_api_image_inspect(asking->blocking.api, name, timeout_ns, inspected, &asking->blocking);
	if (sw_blocking_wait(&asking->blocking, &why) < 0) {
		if (why.code != SW_ERR_NOT_FOUND) {
			if (err)
				*err = why;
			return -1;
		}
		if (tag(asking, kept, name, err) < 0)
			return -1;
	}
	return untag(asking, kept, err);
}

int sw_image_away_take(const struct sw_engine *engine, const char *name,
                       char out_kept[SW_IMAGE_KEPT_MAX], struct sw_error *err)
{
	struct asking asking;
	char kept[SW_IMAGE_KEPT_MAX];
	struct sw_error why;
	int status = open_asking(&asking, engine, &why);
	if (status == 0) {
		write_kept(&asking, name, kept);
		status = tag(&asking, name, kept, &why);
	}
	if (status == 0 && untag(&asking, name, &why) < 0) {
		(void)give_back(&asking, name, kept, NULL);
		status = -1;
	}
	if (status == 0)
		(void)sw_text_copy(out_kept, SW_IMAGE_KEPT_MAX, kept);
	close_asking(&asking);
	return status == 0 ? 0 : tell(&why, "taking away", name, err);
}

int sw_image_away_give_back(const struct sw_engine *engine, const char *name, const char *kept,
                            struct sw_error *err)
{
	struct asking asking;
	struct sw_error why;
	int status = open_asking(&asking, engine, &why);
	if (status == 0)
		status = give_back(&asking, name, kept, &why);
	close_asking(&asking);
	return status == 0 ? 0 : tell(&why, "putting back", name, err);
}

/* ---- mending ---- */

/* The name whose hex is HEX, LEN bytes; false: it is none of ours. */
static bool read_name(const char *hex, size_t len, char dst[SW_IMAGE_AWAY_NAME_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	if (len == 0 || len % 2 || len / 2 > SW_IMAGE_AWAY_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		const char *high = memchr(digits, hex[i], 16), *low = memchr(digits, hex[i + 1], 16);
		if (!high || !low)
			return false;
		dst[i / 2] = (char)((high - digits) * 16 + (low - digits));
	}
	dst[len / 2] = '\0';
	return strlen(dst) == len / 2 && sw_image_away_can(dst);
}

/* Whether the process that OWNER ("PID-START-BOOT_NS") names is dead. It is of this host, as the engine is;
 * one that names no namespace is of a sandwatch that did not write it yet. */
static bool is_dead(const struct asking *asking, const char *owner)
{
	const char *const *own = (const char *const *)asking->own;
	char pid[12] = "", start[24] = "", boot[64] = "", namespace[24] = "", labels[5][128];
	(void)sscanf(owner, "%11[0-9]-%23[0-9]-%63[^_]_%23[0-9]", pid, start, boot, namespace);
	(void)snprintf(labels[0], sizeof *labels, "org.sandwatch.pid=%s", pid);
	(void)snprintf(labels[1], sizeof *labels, "org.sandwatch.pid_start=%s", start);
	(void)snprintf(labels[2], sizeof *labels, "org.sandwatch.boot=%s", boot);
	(void)snprintf(labels[3], sizeof *labels, "org.sandwatch.pid_ns=%s", namespace);
	(void)snprintf(labels[4], sizeof *labels, "org.sandwatch.host=%.100s",
	               sw_label(own, "org.sandwatch.host"));
	const char *const theirs[] = {labels[0], labels[1], labels[2], labels[3], labels[4], NULL};
	return sw_labels_owner(own, theirs) == SW_OWNER_DEAD;
}

static void look(void *user, const char *kept)
{
	struct asking *asking = user;
	const char *colon = strrchr(kept, ':');
	struct kept_name *left = &asking->left[asking->n_left];
	size_t prefix = strlen(KEPT);
	if (asking->n_left == MEND_MAX || !colon || strncmp(kept, KEPT, prefix) != 0 ||
	    colon < kept + prefix || !is_dead(asking, colon + 1))
		return;
	if (!read_name(kept + prefix, (size_t)(colon - kept) - prefix, left->name) ||
	    !sw_text_copy(left->kept, sizeof left->kept, kept))
		return;
	asking->n_left++;
}

static int mend(struct asking *asking, struct sw_error *err)
{
	asking->left = calloc(MEND_MAX + 1, sizeof *asking->left);
	if (!asking->left)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for images that are away");
	sw_api_image_list(asking->blocking.api, KEPT "*", timeout_ns, look, sw_blocking_finished,
	                  &asking->blocking);
	if (sw_blocking_wait(&asking->blocking, err) < 0)
		return -1;
	for (int i = 0; i < asking->n_left; i++) {
		struct sw_error why;
		if (give_back(asking, asking->left[i].name, asking->left[i].kept, &why) < 0)
			return tell(&why, "putting back", asking->left[i].name, err);
	}
	return 0;
}

int sw_image_away_mend(const struct sw_engine *engine, int *out_given, struct sw_error *err)
{
	struct asking asking;
	int status = open_asking(&asking, engine, err);
	if (status == 0)
		status = mend(&asking, err);
	if (status == 0)
		*out_given = asking.n_left;
	close_asking(&asking);
	return status;
}
