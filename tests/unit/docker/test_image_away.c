/* docker/image_away.c against an engine that holds names of images: a name is taken and given back, what
 * dead processes took away is given back and nothing else, and no error shows the name it is kept under. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "docker/image_away.h"
#include "docker/lifecycle.h"
#include "tests/unit/docker/peer.h"

#define KEPT "sandwatch-chaos/kept/"
#define HEX "612f62" /* a/b */
#define OTHER_BOOT "00000000-0000-0000-0000-000000000000"

enum { NAMES_MAX = 16, NAME_MAX_BYTES = 256 };

static struct {
	struct peer *peer;
	struct sw_engine engine;
	char names[NAMES_MAX][NAME_MAX_BYTES]; /* "": none */
	const char *refuses;                   /* the beginning of a request that is answered with 500 */
	const char **own;
} fake;

static struct sw_error error;

/* ---- the engine ---- */

static char *find(const char *name)
{
	for (int i = 0; i < NAMES_MAX; i++)
		if (strcmp(fake.names[i], name) == 0)
			return fake.names[i];
	return NULL;
}

static void have(const char *name)
{
	char *room = find("");
	assert_non_null(room);
	(void)snprintf(room, NAME_MAX_BYTES, "%s", name);
}

static void reply(int fd, const char *status, const char *body)
{
	char text[4096];
	(void)snprintf(text, sizeof text,
	               "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	               "Content-Length: %zu\r\n\r\n%s",
	               status, strlen(body), body);
	peer_say(fd, text);
}

static void list(int fd)
{
	char body[3500] = "[{\"Id\":\"sha256:1\",\"RepoTags\":[\"c:1\"";
	for (int i = 0; i < NAMES_MAX; i++)
		if (fake.names[i][0])
			(void)snprintf(body + strlen(body), sizeof body - strlen(body), ",\"%s\"", fake.names[i]);
	(void)snprintf(body + strlen(body), sizeof body - strlen(body), "]}]");
	reply(fd, "200 OK", body);
}

/* What stands between "/images/" and END. */
static void name_in(const char *line, const char *end, char dst[NAME_MAX_BYTES])
{
	const char *from = strstr(line, "/images/") + strlen("/images/");
	const char *to = strstr(from, end);
	(void)snprintf(dst, NAME_MAX_BYTES, "%.*s", to ? (int)(to - from) : 0, from);
}

/* "…/tag?repo=REPO&tag=TAG HTTP/1.1", REPO with %2F. */
static void add_tag(const char *line)
{
	char name[NAME_MAX_BYTES];
	size_t n = 0;
	const char *at = strstr(line, "?repo=") + strlen("?repo=");
	for (; *at && *at != ' '; at++) {
		if (strncmp(at, "%2F", 3) == 0) {
			name[n++] = '/';
			at += 2;
		} else if (strncmp(at, "&tag=", 5) == 0) {
			name[n++] = ':';
			at += 4;
		} else {
			name[n++] = *at;
		}
	}
	name[n] = '\0';
	have(name);
}

static void serve(struct peer *peer, int fd)
{
	char line[1024], name[NAME_MAX_BYTES];
	while (peer_read_request(peer, fd)) {
		(void)snprintf(line, sizeof line, "%.*s", (int)strcspn(peer->request, "\r"), peer->request);
		if (fake.refuses && strncmp(line, fake.refuses, strlen(fake.refuses)) == 0) {
			reply(fd, "500 Internal Server Error",
			      "{\"message\":\"no such image: " KEPT HEX ":1-2-3_4: and so on\"}");
		} else if (strstr(line, "/images/json?")) {
			list(fd);
		} else if (strncmp(line, "POST ", 5) == 0) {
			add_tag(line);
			reply(fd, "201 Created", "");
		} else if (strncmp(line, "DELETE ", 7) == 0) {
			name_in(line, " ", name);
			name[strcspn(name, "?")] = '\0';
			char *there = find(name);
			if (there)
				there[0] = '\0';
			reply(fd, there ? "200 OK" : "404 Not Found", "[]");
		} else {
			name_in(line, "/json", name);
			reply(fd, find(name) ? "200 OK" : "404 Not Found",
			      find(name) ? "{\"Id\":\"sha256:1\",\"Size\":1,\"RepoTags\":[\"a/b:1\"]}"
			                 : "{\"message\":\"No such image\"}");
		}
	}
}

static bool has(const char *name)
{
	peer_sync(fake.peer);
	return find(name) != NULL;
}

static const char *own(const char *key)
{
	return sw_label((const char *const *)fake.own, key);
}

/* An image "a/b:latest" that a process with these labels has away; NULL: this one's. NS "": without. */
static void have_kept(const char *start, const char *boot, const char *ns)
{
	char name[NAME_MAX_BYTES];
	(void)snprintf(name, sizeof name, KEPT HEX ":%s-%s-%s%s%s", own("org.sandwatch.pid"),
	               start ? start : own("org.sandwatch.pid_start"),
	               boot ? boot : own("org.sandwatch.boot"), ns && !*ns ? "" : "_",
	               ns ? ns : own("org.sandwatch.pid_ns"));
	have(name);
}

static int kept_names(void)
{
	int n = 0;
	peer_sync(fake.peer);
	for (int i = 0; i < NAMES_MAX; i++)
		n += strncmp(fake.names[i], KEPT, strlen(KEPT)) == 0;
	return n;
}

static int mended(void)
{
	int given = -1;
	if (sw_image_away_mend(&fake.engine, &given, &error) < 0)
		fail_msg("%s", error.message);
	return given;
}

/* ---- taken and given ---- */

static void it_is_away_and_comes_back(void **state)
{
	char kept[SW_IMAGE_KEPT_MAX];
	(void)state;
	have("a/b:1");
	assert_int_equal(sw_image_away_take(&fake.engine, "a/b:1", kept, &error), 0);
	assert_false(has("a/b:1"));
	assert_true(has(kept));
	assert_non_null(strstr(kept, own("org.sandwatch.pid_ns")));
	assert_int_equal(mended(), 0); /* its process lives */
	assert_int_equal(sw_image_away_give_back(&fake.engine, "a/b:1", kept, &error), 0);
	assert_true(has("a/b:1"));
	assert_int_equal(kept_names(), 0);
}

/* Whose it is stands at the end of the name that it is kept under. */
static void the_longest_name_keeps_its_owner(void **state)
{
	char name[SW_IMAGE_AWAY_NAME_MAX + 2] = "", kept[SW_IMAGE_KEPT_MAX];
	(void)state;
	memset(name, 'a', SW_IMAGE_AWAY_NAME_MAX + 1);
	assert_false(sw_image_away_can(name));
	memcpy(name + SW_IMAGE_AWAY_NAME_MAX - 2, ":1", 3);
	assert_true(sw_image_away_can(name));
	have(name);
	assert_int_equal(sw_image_away_take(&fake.engine, name, kept, &error), 0);
	assert_int_equal(mended(), 0);
	assert_false(has(name));
	assert_int_equal(sw_image_away_give_back(&fake.engine, name, kept, &error), 0);
	assert_true(has(name));
	assert_int_equal(kept_names(), 0);
}

/* ---- whose process lives: as with containers ---- */

static void what_the_dead_took_comes_back(void **state)
{
	(void)state;
	have_kept("1", NULL, NULL);
	assert_int_equal(mended(), 1);
	assert_true(has("a/b:latest"));
	assert_int_equal(kept_names(), 0);
}

static void what_an_earlier_boot_took_comes_back(void **state)
{
	(void)state;
	have_kept(NULL, OTHER_BOOT, NULL);
	have_kept(NULL, OTHER_BOOT, "1"); /* of any namespace of it */
	assert_int_equal(mended(), 2);
	assert_int_equal(kept_names(), 0);
}

/* The same numbers mean another process there, and no such one here says nothing of there. */
static void what_another_namespace_took_stays_away(void **state)
{
	(void)state;
	have_kept("1", NULL, "4026530000");
	assert_int_equal(mended(), 0);
	assert_int_equal(kept_names(), 1);
	assert_false(has("a/b:latest"));
}

/* A sandwatch that did not write it yet. */
static void without_a_namespace_it_is_of_this_one(void **state)
{
	(void)state;
	have_kept(NULL, NULL, "");
	assert_int_equal(mended(), 0);
	have_kept("1", NULL, "");
	assert_int_equal(mended(), 1);
	assert_int_equal(kept_names(), 1);
}

/* ---- errors ---- */

static void reads(const char *wanted)
{
	assert_null(strstr(error.message, "kept"));
	assert_non_null(strstr(error.message, wanted));
}

static void errors_are_for_the_user(void **state)
{
	char kept[SW_IMAGE_KEPT_MAX];
	int given;
	(void)state;
	have("a/b:1");
	fake.refuses = "POST ";
	assert_int_equal(sw_image_away_take(&fake.engine, "a/b:1", kept, &error), -1);
	reads("taking away image 'a/b:1': ");
	reads("no such image: it");
	reads(" and so on");
	fake.refuses = "DELETE ";
	assert_int_equal(sw_image_away_take(&fake.engine, "a/b:1", kept, &error), -1);
	reads("taking away image 'a/b:1': ");
	assert_true(has("a/b:1"));
	fake.refuses = "GET ";
	assert_int_equal(sw_image_away_give_back(&fake.engine, "a/b:1", KEPT HEX ":1-2-3_4", &error), -1);
	reads("putting back image 'a/b:1': ");
	fake.refuses = "POST ";
	have_kept("1", NULL, NULL);
	assert_int_equal(sw_image_away_mend(&fake.engine, &given, &error), -1);
	reads("putting back image 'a/b': ");
}

/* ---- ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.own = sw_lifecycle_labels("s1");
	if (!fake.own)
		return -1;
	fake.peer = peer_start(true, serve, NULL);
	fake.engine.endpoint = fake.peer->endpoint;
	(void)snprintf(fake.engine.api_version, sizeof fake.engine.api_version, "1.41");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	peer_stop(fake.peer);
	free(fake.own);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_away_and_comes_back),
		TEST(the_longest_name_keeps_its_owner),
		TEST(what_the_dead_took_comes_back),
		TEST(what_an_earlier_boot_took_comes_back),
		TEST(what_another_namespace_took_stays_away),
		TEST(without_a_namespace_it_is_of_this_one),
		TEST(errors_are_for_the_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
