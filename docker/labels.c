#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/fingerprint.h"
#include "core/process.h"
#include "docker/lifecycle.h"

enum { LABELS = 7, LABEL_MAX = 160, MACHINE_ID_LEN = 32 };

static void own_start(char dst[32])
{
	struct sw_process_stat own;
	dst[0] = '\0';
	if (sw_process_read_stat(0, &own, NULL) == 0)
		(void)snprintf(dst, 32, "%" PRIu64, own.start_ticks);
}

static void boot_id(char dst[64])
{
	dst[0] = '\0';
	SW_CLEANUP(fclose) FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!file || !fgets(dst, 64, file))
		return;
	dst[strcspn(dst, "\n")] = '\0';
}

/* machine-id(5): it is not to be shown to others as it is. Empty in many images, "uninitialized" at times. */
static void machine(char dst[SW_FINGERPRINT_MAX])
{
	char id[MACHINE_ID_LEN + 1] = "";
	dst[0] = '\0';
	SW_CLEANUP(fclose) FILE *file = fopen("/etc/machine-id", "re");
	if (file && fgets(id, sizeof id, file) && strspn(id, "0123456789abcdef") == MACHINE_ID_LEN)
		sw_fingerprint(id, MACHINE_ID_LEN, dst);
}

/* namespaces(7): the inode names the namespace among those of one boot. */
static void pid_namespace(char dst[32])
{
	struct stat st;
	dst[0] = '\0';
	if (stat("/proc/self/ns/pid", &st) == 0)
		(void)snprintf(dst, 32, "%llu", (unsigned long long)st.st_ino);
}

const char **sw_lifecycle_labels(const char *session_id)
{
	char start[32], boot[64], namespace[32], host[128] = "", machine_id[SW_FINGERPRINT_MAX];
	struct {
		const char *pointers[LABELS + 1];
		char text[LABELS][LABEL_MAX];
	} *block = calloc(1, sizeof *block);
	if (!block)
		return NULL;
	own_start(start);
	boot_id(boot);
	pid_namespace(namespace);
	machine(machine_id);
	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	(void)snprintf(block->text[0], LABEL_MAX, "org.sandwatch.session=%.100s", session_id);
	(void)snprintf(block->text[1], LABEL_MAX, "org.sandwatch.host=%s", host);
	(void)snprintf(block->text[2], LABEL_MAX, "org.sandwatch.pid=%d", (int)getpid());
	(void)snprintf(block->text[3], LABEL_MAX, "org.sandwatch.pid_start=%s", start);
	(void)snprintf(block->text[4], LABEL_MAX, "org.sandwatch.boot=%s", boot);
	(void)snprintf(block->text[5], LABEL_MAX, "org.sandwatch.pid_ns=%s", namespace);
	(void)snprintf(block->text[6], LABEL_MAX, "org.sandwatch.machine=%s", machine_id);
	for (int i = 0; i < LABELS; i++)
		block->pointers[i] = block->text[i];
	return block->pointers;
}

const char *sw_label(const char *const *labels, const char *key)
{
	size_t len = strlen(key);
	for (; *labels; labels++)
		if (strncmp(*labels, key, len) == 0 && (*labels)[len] == '=')
			return *labels + len + 1;
	return "";
}

static bool is_alive(const char *pid, const char *start)
{
	struct sw_process_stat stat;
	char now[32];
	if (*pid < '1' || strspn(pid, "0123456789") != strlen(pid) || strlen(pid) > 10)
		return false;
	long long number = strtoll(pid, NULL, 10);
	if (number > INT_MAX)
		return false;
	/* A /proc that hides other users' processes (hidepid) is no sign of their end. */
	if (sw_process_read_stat((pid_t)number, &stat, NULL) < 0)
		return kill((pid_t)number, 0) == 0 || errno != ESRCH;
	(void)snprintf(now, sizeof now, "%" PRIu64, stat.start_ticks);
	return stat.state != 'Z' && stat.state != 'X' && strcmp(now, start) == 0;
}

enum sw_owner sw_labels_owner(const char *const *own, const char *const *labels)
{
	static const char host[] = "org.sandwatch.host", boot[] = "org.sandwatch.boot",
					  pid_ns[] = "org.sandwatch.pid_ns", start[] = "org.sandwatch.pid_start",
					  machine[] = "org.sandwatch.machine";
	if (strcmp(sw_label(labels, host), sw_label(own, host)) != 0)
		return SW_OWNER_FOREIGN;
	/* Of the same name, at an engine that both can reach: its boot says nothing of ours. */
	if (*sw_label(labels, machine) &&
	    strcmp(sw_label(labels, machine), sw_label(own, machine)) != 0)
		return SW_OWNER_FOREIGN;
	if (!*sw_label(own, boot) || !*sw_label(own, start))
		return SW_OWNER_LIVES; /* without a /proc nobody can be told dead */
	if (strcmp(sw_label(labels, boot), sw_label(own, boot)) != 0)
		return SW_OWNER_DEAD;
	/* One without the label is of a sandwatch that did not write it yet; as with machine. */
	if (*sw_label(labels, pid_ns) && strcmp(sw_label(labels, pid_ns), sw_label(own, pid_ns)) != 0)
		return SW_OWNER_ELSEWHERE;
	return is_alive(sw_label(labels, "org.sandwatch.pid"), sw_label(labels, start))
	           ? SW_OWNER_LIVES
	           : SW_OWNER_DEAD;
}
