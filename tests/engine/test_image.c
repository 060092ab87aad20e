/* docker/image*.c with a recipe of a few bytes: built once, imported once, replaced when the recipe
 * changes, exported when the engine has what this machine has not built. */
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "tests/engine/fixture.h"

#include "core/signals.h"
#include "docker/http.h"
#include "docker/image.h"
#include "docker/tree.h"

#define NAME "sandwatch/python:test"
#define LAYOUT "LABEL org.sandwatch.layout=2 org.sandwatch.recipe="

static struct fx fx;
static char dir[64], state_dir[128];
static struct sw_image_parts parts;
static struct sw_signals signals;
static int builds; /* steps that said so */
static char **argvs[8]; /* of the images in hand */

/* Does as docker/image/build.sh does, in a blink; it counts its runs in $dir/runs. */
static const char script[] =
	"set -e; dir=$(dirname \"$0\")\n"
	"while [ $# -gt 0 ]; do case $1 in --hash) h=1;; --shim) s=$2; shift;; --worker) w=$2; shift;;\n"
	"  --zygote) z=$2; shift;;\n"
	"  --out) o=$2; shift;; --cache) shift;; esac; shift; done\n"
	"hash=$(cat \"$0\" \"$s\" \"$w\" \"$z\" | sha256sum | cut -d' ' -f1)\n"
	"if [ \"$h\" ]; then echo hash >>\"$dir/runs\"; echo $hash; exit; fi\n"
	"echo build >>\"$dir/runs\"; echo 'making … 0.1 s' >&2\n"
	"if grep -q broken \"$w\"; then echo 'no network here' >&2; exit 3; fi\n"
	"mkdir -p \"$o/rootfs/sandwatch\"; cp \"$w\" \"$o/rootfs/sandwatch/worker.py\"\n"
	"printf '@ROOT@/ld\\n--path\\n@ROOT@/a:@ROOT@/b\\n' >\"$o/rootfs/sandwatch/host.argv\"\n"
	"printf 'TZ=UTC\\n' >\"$o/rootfs/sandwatch/host.env\"\n"
	"tar -c -f \"$o/image.tar\" -C \"$o/rootfs\" .\n"
	"printf 'ENTRYPOINT [\"/shim\"]\\nCMD [\"/x\"]\\n' >\"$o/image.changes\"\n"
	"printf 'LABEL org.sandwatch.layout=2 org.sandwatch.recipe=%s\\n' $hash"
	" >>\"$o/image.changes\"\n";

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int count_runs(const char *what)
{
	char path[128], line[64];
	int n = 0;
	(void)snprintf(path, sizeof path, "%s/runs", dir);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		n += strncmp(line, what, strlen(what)) == 0;
	if (file)
		fclose(file);
	return n;
}

static void on_step(void *user, const char *what, int64_t elapsed_ns, const char *detail)
{
	(void)user, (void)what, (void)elapsed_ns;
	builds += strcmp(detail, "making … 0.1 s") == 0;
}

static const struct sw_steps steps = {.fn = on_step};

/* What an image owns is freed after the test. */
static void keep(const struct sw_image *image)
{
	size_t i = 0;
	while (argvs[i])
		i++;
	argvs[i] = image->argv;
}

static void ensure(struct sw_image *image)
{
	struct sw_error err;
	if (sw_image_ensure(&fx.engine, NAME, &parts, state_dir, steps, image, &err) < 0)
		fail_msg("%s", err.message);
	keep(image);
	assert_true(image->usable && image->ours);
}

static void host_root(const struct sw_image *image, char root[1200])
{
	struct sw_error err;
	if (sw_image_host_root(&fx.engine, image, &parts, state_dir, steps, root, 1200, &err) < 0)
		fail_msg("%s", err.message);
}

static void is_made_once(void **state)
{
	struct sw_image first, second;
	(void)state;
	fx_need_engine();
	ensure(&first);
	assert_int_equal(count_runs("build"), 1);
	assert_int_equal(builds, 1);
	assert_string_equal(first.argv[0], "/shim"); /* the entrypoint, then the command */
	assert_string_equal(first.argv[1], "/x");
	assert_null(first.argv[2]);
	ensure(&second);
	assert_string_equal(first.id, second.id);
	assert_int_equal(count_runs("build"), 1);
	assert_int_equal(count_runs("hash"), 1); /* remembered: no input has changed */
}

static void another_recipe_replaces_it(void **state)
{
	struct sw_image first, second;
	(void)state;
	fx_need_engine();
	ensure(&first);
	write_file(parts.worker, "print('another')\n");
	ensure(&second);
	assert_string_not_equal(first.id, second.id);
	assert_string_not_equal(first.recipe, second.recipe);
	assert_int_equal(count_runs("build"), 2);
	assert_false(fx_has_image(&fx, first.id));
	assert_true(fx_has_image(&fx, second.id));
}

static void removed_from_the_engine_it_is_packed_again(void **state)
{
	struct sw_image first, second;
	(void)state;
	fx_need_engine();
	ensure(&first);
	fx_remove_image(&fx, NAME);
	ensure(&second);
	assert_string_equal(first.recipe, second.recipe);
	assert_int_equal(count_runs("build"), 1);
}

static void host_runs_the_recipes_own_root(void **state)
{
	struct sw_image image;
	struct sw_error err;
	char root[1200], expected[1300];
	char **argv, **env;
	(void)state;
	fx_need_engine();
	ensure(&image);
	host_root(&image, root);
	assert_non_null(strstr(root, "/image/recipe-"));
	assert_int_equal(sw_image_host_command(root, &argv, &env, &err), 0);
	(void)snprintf(expected, sizeof expected, "%s/ld", root);
	assert_string_equal(argv[0], expected);
	assert_string_equal(argv[1], "--path");
	assert_int_equal(strncmp(argv[2], root, strlen(root)), 0);
	assert_non_null(strstr(argv[2] + strlen(root), root));
	assert_null(argv[3]);
	assert_string_equal(env[0], "TZ=UTC");
	assert_null(env[1]);
	sw_image_argv_free(argv);
	sw_image_argv_free(env);
}

/* The image is there, but was not built here: the host must run its bytes all the same. */
static void root_is_exported_when_it_was_not_built_here(void **state)
{
	struct sw_image image;
	char root[1200], again[1200], path[1300];
	(void)state;
	fx_need_engine();
	ensure(&image);
	assert_int_equal(sw_tree_remove(state_dir, NULL), 0);
	host_root(&image, root);
	assert_null(strstr(root, "recipe-"));
	(void)snprintf(path, sizeof path, "%s/sandwatch/worker.py", root);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(fx_count(&fx, "org.sandwatch.session=export"), 0);
	host_root(&image, again);
	assert_string_equal(root, again);
	assert_int_equal(count_runs("build"), 1);
}

/* The same recipe, but another build of it: packages may have moved on in between. */
static void root_of_another_build_is_not_taken(void **state)
{
	struct sw_image image;
	char root[1200], path[1300];
	(void)state;
	fx_need_engine();
	ensure(&image);
	host_root(&image, root);
	(void)snprintf(path, sizeof path, "%s/../imported", root);
	assert_int_equal(unlink(path), 0);
	host_root(&image, root);
	assert_null(strstr(root, "recipe-"));
}

/* ---- what is not ours to replace ---- */

/* Puts an image on the engine that has the recipe's rootfs, and CHANGE as its labels. */
static void import_as(const char *name, const char *change)
{
	char out[200], path[250];
	const char *const changes[] = {change, NULL};
	char *const build[] = {"bash", parts.build, "--shim", parts.shim, "--worker", parts.worker,
	                       "--zygote", parts.zygote, "--out", out, NULL};
	pid_t pid;
	int status;
	(void)snprintf(out, sizeof out, "%s/other", dir);
	assert_int_equal(posix_spawnp(&pid, "bash", NULL, NULL, build, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)snprintf(path, sizeof path, "%s/image.tar", out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	sw_api_image_import(fx.api, name, fd, changes, 60 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "importing an image");
	close(fd);
	if (!fx.ok)
		fail_msg("%s", fx.error.message);
	(void)snprintf(path, sizeof path, "%s/runs", dir);
	assert_int_equal(unlink(path), 0); /* this one is not counted */
}

static void replied(void *user, const struct sw_http_reply *reply)
{
	(void)user;
	fx.answered = true;
	fx.ok = !reply->error && reply->status == 201;
}

static void own_names(void **state)
{
	static const char *const own[] = {"sandwatch/python", "sandwatch/python:latest", NAME};
	static const char *const others[] = {
		"sandwatch/python-mine:1", "sandwatch/python3", "sandwatch/python/x:1", "sandwatch/python:",
		"sandwatch/python@sha256:12", "sandwatch/python:5000/x", "h:5000/sandwatch/python:1", "python",
	};
	(void)state;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		assert_true(sw_image_is_own_name(own[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(sw_image_is_own_name(others[i]));
}

static void a_name_that_begins_like_ours_is_the_users(void **state)
{
	static const char mine[] = "sandwatch/python-mine:1";
	struct sw_image before, after;
	struct sw_error err;
	(void)state;
	fx_need_engine();
	import_as(mine, "LABEL org.example=mine");
	assert_int_equal(sw_image_ensure(&fx.engine, mine, &parts, state_dir, steps, &before, &err), 0);
	keep(&before);
	assert_true(before.usable && !before.ours);
	assert_int_equal(sw_image_ensure(&fx.engine, mine, &parts, state_dir, steps, &after, &err), 0);
	keep(&after);
	bool stays = fx_has_image(&fx, before.id);
	fx_remove_image(&fx, mine);
	assert_true(stays);
	assert_string_equal(before.id, after.id);
	assert_int_equal(count_runs("build"), 0);
}

static void an_image_without_our_label_stays_under_our_name(void **state)
{
	struct sw_image image;
	struct sw_error err;
	(void)state;
	fx_need_engine();
	import_as(NAME, "LABEL org.example=mine");
	assert_int_equal(sw_image_ensure(&fx.engine, NAME, &parts, state_dir, steps, &image, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_non_null(strstr(err.message, "docker tag " NAME));
	assert_non_null(strstr(err.message, "sandbox.docker.image"));
	assert_true(fx_has_image(&fx, NAME));
	assert_int_equal(count_runs("build"), 0);
}

static void name_it(const char *image, const char *repository, const char *tag)
{
	char path[300];
	struct sw_http_request request = {.method = "POST", .path = path, .timeout_ns = 10 * FX_SECOND};
	(void)snprintf(path, sizeof path, "/v%s/images/%s/tag?repo=%s&tag=%s", fx.engine.api_version,
	               image, repository, tag);
	assert_non_null(sw_http_send(fx.http, &request, replied, NULL, NULL));
	fx_wait(&fx, "naming an image");
	assert_true(fx.ok);
}

static void a_replaced_image_with_a_name_of_the_users_stays(void **state)
{
	static const char kept[] = "sandwatch-test/kept:1";
	struct sw_image first, second;
	(void)state;
	fx_need_engine();
	ensure(&first);
	name_it(NAME, "sandwatch-test/kept", "1");
	write_file(parts.worker, "print('another')\n");
	ensure(&second);
	bool stays = fx_has_image(&fx, kept) && fx_has_image(&fx, first.id);
	fx_remove_image(&fx, kept);
	assert_string_not_equal(first.id, second.id);
	assert_true(stays);
}

/* ---- cut short ---- */

/* A tar that ends in the middle leaves nothing that the next import would take for an image. */
static void half_a_tar_is_not_imported(void **state)
{
	struct sw_image first, second;
	struct sw_error err;
	char path[128], paths[200];
	(void)state;
	fx_need_engine();
	ensure(&first);
	fx_remove_image(&fx, NAME);
	(void)snprintf(path, sizeof path, "%s/tar", dir);
	write_file(path, "#!/bin/sh\nhead -c 1000 /dev/zero >\"$3\"; echo out of ink >&2; exit 1\n");
	assert_int_equal(chmod(path, 0755), 0);
	char *usual = strdup(getenv("PATH"));
	(void)snprintf(paths, sizeof paths, "%s:/usr/bin:/bin", dir);
	setenv("PATH", paths, 1);
	int result = sw_image_ensure(&fx.engine, NAME, &parts, state_dir, steps, &second, &err);
	setenv("PATH", usual, 1);
	free(usual);
	assert_int_equal(result, -1);
	assert_non_null(strstr(err.message, "out of ink"));
	ensure(&second);
	assert_string_equal(first.recipe, second.recipe);
}

static bool is_there(const char *name)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/image/%s", state_dir, name);
	return access(path, F_OK) == 0;
}

static void make_half(void)
{
	static const char *const names[] = {"building", "unpacking"};
	char path[200];
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/image/%s", state_dir, names[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
}

static void what_was_left_half_made_goes(void **state)
{
	struct sw_image image;
	char root[1200], path[200];
	(void)state;
	fx_need_engine();
	ensure(&image);
	make_half();
	(void)snprintf(path, sizeof path, "%s/image/lock", state_dir);
	int lock = open(path, O_RDWR | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	host_root(&image, root);
	assert_true(is_there("building") && is_there("unpacking")); /* somebody may be at it */
	close(lock);
	host_root(&image, root);
	assert_false(is_there("building") || is_there("unpacking"));
}

static bool drain_signals(void)
{
	struct signalfd_siginfo info;
	bool any = false;
	while (read(signals.end_fd, &info, sizeof info) > 0)
		any = true;
	return any;
}

static void an_end_that_is_asked_for_ends_it(void **state)
{
	struct sw_image image;
	struct sw_error err;
	char root[1200];
	(void)state;
	fx_need_engine();
	import_as(NAME, LAYOUT "dockerfile");
	ensure(&image);
	struct sw_steps heeding = {.fn = on_step, .signals = &signals};
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(sw_image_ensure(&fx.engine, NAME, &parts, state_dir, heeding, &image, &err), -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
	assert_int_equal(sw_image_host_root(&fx.engine, &image, &parts, state_dir, heeding, root,
	                                    sizeof root, &err), -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
	assert_int_equal(sw_image_host_root(NULL, NULL, &parts, state_dir, heeding, root, sizeof root, &err),
	                 -1);
	assert_int_equal(err.code, SW_ERR_INTERRUPTED);
	assert_false(is_there("unpacking") || is_there("building"));
	assert_int_equal(fx_count(&fx, "org.sandwatch.session=export"), 0);
	assert_true(drain_signals());
	assert_int_equal(sw_image_host_root(&fx.engine, &image, &parts, state_dir, heeding, root,
	                                    sizeof root, &err), 0);
}

/* ---- the Dockerfile's image ---- */

static void the_dockerfiles_image_is_taken(void **state)
{
	struct sw_image image;
	char root[1200], path[1300];
	(void)state;
	fx_need_engine();
	import_as(NAME, LAYOUT "dockerfile");
	ensure(&image);
	assert_string_equal(image.recipe, "dockerfile");
	host_root(&image, root);
	assert_null(strstr(root, "recipe-"));
	(void)snprintf(path, sizeof path, "%s/sandwatch/host.argv", root);
	assert_int_equal(access(path, R_OK), 0);
	ensure(&image);
	assert_string_equal(image.recipe, "dockerfile");
	assert_int_equal(count_runs("build"), 0);
}

static void of_another_layout_it_is_to_be_built_again(void **state)
{
	struct sw_image image;
	struct sw_error err;
	(void)state;
	fx_need_engine();
	import_as(NAME, "LABEL org.sandwatch.layout=0 org.sandwatch.recipe=dockerfile");
	assert_int_equal(sw_image_ensure(&fx.engine, NAME, &parts, state_dir, steps, &image, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_non_null(strstr(err.message, "layout 0"));
	assert_non_null(strstr(err.message, "docker build -f docker/image/Dockerfile -t " NAME " docker"));
	assert_true(fx_has_image(&fx, NAME));
	assert_int_equal(count_runs("build"), 0);
}

static void two_at_once_build_one(void **state)
{
	pid_t children[2];
	(void)state;
	fx_need_engine();
	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			struct sw_image image;
			_exit(sw_image_ensure(&fx.engine, NAME, &parts, state_dir, (struct sw_steps){0}, &image,
			                      NULL) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < 2; i++) {
		int status = -1;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_runs("build"), 1);
}

static void broken_build_says_why_and_leaves_nothing(void **state)
{
	struct sw_image image;
	struct sw_error err;
	char path[200];
	(void)state;
	fx_need_engine();
	write_file(parts.worker, "broken\n");
	assert_int_equal(sw_image_ensure(&fx.engine, NAME, &parts, state_dir, steps, &image, &err), -1);
	assert_non_null(strstr(err.message, "no network here"));
	assert_non_null(strstr(err.message, "build.log"));
	(void)snprintf(path, sizeof path, "%s/image/building", state_dir);
	assert_int_equal(access(path, F_OK), -1);
	assert_false(fx_has_image(&fx, NAME));
}

static void foreign_image_must_be_there(void **state)
{
	struct sw_image image;
	struct sw_error err;
	(void)state;
	fx_need_engine();
	assert_int_equal(sw_image_ensure(&fx.engine, "nowhere/none:1", &parts, state_dir, steps, &image,
	                                 &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "docker pull nowhere/none:1"));
	assert_int_equal(count_runs("build"), 0);
}

static void without_an_engine_the_recipe_is_built(void **state)
{
	char root[1200];
	struct sw_error err;
	(void)state;
	if (sw_image_host_root(NULL, NULL, &parts, state_dir, steps, root, sizeof root, &err) < 0)
		fail_msg("%s", err.message);
	assert_non_null(strstr(root, "/image/recipe-"));
	assert_int_equal(access(root, F_OK), 0);
	assert_int_equal(count_runs("build"), 1);
}

static void incomplete_parts_are_named(void **state)
{
	struct sw_error err;
	struct sw_image_parts found;
	(void)state;
	assert_int_equal(sw_image_parts(dir, &found, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "build.sh"));
}

static int set_up_one(void **state)
{
	(void)state;
	builds = 0;
	(void)snprintf(dir, sizeof dir, "/tmp/sandwatch-test-image.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(state_dir, sizeof state_dir, "%s/state", dir);
	(void)snprintf(parts.build, sizeof parts.build, "%s/build.sh", dir);
	(void)snprintf(parts.shim, sizeof parts.shim, "%s/shim", dir);
	(void)snprintf(parts.worker, sizeof parts.worker, "%s/worker.py", dir);
	(void)snprintf(parts.zygote, sizeof parts.zygote, "%s/zygote.py", dir);
	if (fx.api)
		fx_remove_image(&fx, NAME); /* of a run that was ended in its middle */
	write_file(parts.build, script);
	write_file(parts.shim, "shim\n");
	write_file(parts.worker, "print('one')\n");
	write_file(parts.zygote, "print('zygote')\n");
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof argvs / sizeof *argvs; i++) {
		sw_image_argv_free(argvs[i]);
		argvs[i] = NULL;
	}
	if (fx.api)
		fx_remove_image(&fx, NAME);
	(void)drain_signals();
	return sw_tree_remove(dir, NULL);
}

static int set_up(void **state)
{
	(void)state;
	if (fx_host())
		fx_open(&fx, fx_host());
	return sw_signals_open(&signals, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	fx_close(&fx);
	sw_signals_close(&signals);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_made_once),
		TEST(another_recipe_replaces_it),
		TEST(removed_from_the_engine_it_is_packed_again),
		TEST(host_runs_the_recipes_own_root),
		TEST(root_is_exported_when_it_was_not_built_here),
		TEST(root_of_another_build_is_not_taken),
		TEST(own_names),
		TEST(a_name_that_begins_like_ours_is_the_users),
		TEST(an_image_without_our_label_stays_under_our_name),
		TEST(a_replaced_image_with_a_name_of_the_users_stays),
		TEST(half_a_tar_is_not_imported),
		TEST(what_was_left_half_made_goes),
		TEST(an_end_that_is_asked_for_ends_it),
		TEST(the_dockerfiles_image_is_taken),
		TEST(of_another_layout_it_is_to_be_built_again),
		TEST(two_at_once_build_one),
		TEST(broken_build_says_why_and_leaves_nothing),
		TEST(foreign_image_must_be_there),
		TEST(without_an_engine_the_recipe_is_built),
		TEST(incomplete_parts_are_named),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
