/* What an image says of how it runs on the host: two small files below a root that came out of a
 * container. */
#include <sys/stat.h>
#include <unistd.h>

#include "docker/image.h"
#include "tests/fuzz/fuzz.h"

static char root[64];

static void put(const char *name, const uint8_t *data, size_t size)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/sandwatch/%s", root, name);
	FILE *file = fopen(path, "we");
	FUZZ_CHECK(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void remove_root(void)
{
	char path[128];
	static const char *const parts[] = {"/sandwatch/host.argv", "/sandwatch/host.env", "/sandwatch",
	                                    ""};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		(void)snprintf(path, sizeof path, "%s%s", root, parts[i]);
		(void)remove(path);
	}
}

static void make_root(void)
{
	char path[128];
	(void)snprintf(root, sizeof root, "/tmp/sandwatch-fuzz.XXXXXX");
	FUZZ_CHECK(mkdtemp(root));
	(void)snprintf(path, sizeof path, "%s/sandwatch", root);
	FUZZ_CHECK(mkdir(path, 0700) == 0 && atexit(remove_root) == 0);
}

static void check_list(char **list)
{
	for (char **word = list; *word; word++)
		FUZZ_CHECK((*word)[0] && !strchr(*word, '\n') && !strstr(*word, "@ROOT@"));
}

/* The first empty line separates the command from its environment. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *gap = size ? memmem(data, size, "\n\n", 2) : NULL;
	size_t first = gap ? (size_t)(gap - data) + 1 : size;
	char **argv = NULL, **env = NULL;
	struct sw_error err = {0};

	if (!root[0])
		make_root();
	put("host.argv", data, first);
	put("host.env", data + first, size - first);
	if (sw_image_host_command(root, &argv, &env, &err) < 0) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(argv[0]);
	check_list(argv);
	check_list(env);
	sw_image_argv_free(argv);
	sw_image_argv_free(env);
	return 0;
}
