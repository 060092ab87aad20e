/* docker/reaper.c against an engine that holds containers with made-up labels, and removes them as told:
 * what is nobody's goes, whatever becomes of the others, and nothing else does. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/process.h"
#include "core/signals.h"
#include "docker/lifecycle.h"
#include "docker/reaper.h"
#include "tests/unit/docker/peer.h"

#define MS INT64_C(1000000)

enum { HELD_MAX = 1500, LABELS = 7 };
enum label { SESSION, HOST, PID, START, BOOT, PID_NS, MACHINE };
enum removal { GOES, IS_GONE, REFUSED, HANGS, LAST_WORD };

struct held {
	char labels[LABELS][160]; /* "k=v"; "": it does not carry that one */
	enum removal removal;
	bool is_removed;
};

static struct {
	struct peer *peer;
	struct sw_engine engine;
	struct held held[HELD_MAX];
	int n;
	bool hangs;        /* over the list, too */
	const char *images; /* the answer to the list of images */
	char gone[256];    /* the images that were removed, one digit each */
	char last[256];    /* the first line of the last request */
	char stayed[64];   /* the containers of which that was told, one digit each */
	const char **own;
} fake;

static struct sw_signals signals;
static struct sw_reaped reaped;
static struct sw_error error;

/* ---- the engine ---- */

static void reply(int fd, const char *status, const char *body)
{
	char head[160];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	         "Content-Length: %zu\r\n\r\n", status, strlen(body));
	if (peer_say(fd, head))
		peer_say(fd, body);
}

static void add_labels(struct sw_buf *out, const struct held *held)
{
	const char *between = "";
	for (int i = 0; i < LABELS; i++) {
		size_t key = strcspn(held->labels[i], "=");
		if (!held->labels[i][0])
			continue;
		sw_buf_addf(out, "%s\"%.*s\":\"%s\"", between, (int)key, held->labels[i],
		            held->labels[i] + key + 1);
		between = ",";
	}
}

static void list(int fd, const char *line)
{
	struct sw_buf body = {0};
	const char *between = "";
	bool exports = strstr(line, "export") != NULL;
	sw_buf_add_str(&body, "[");
	for (int i = 0; i < fake.n; i++) {
		if (fake.held[i].is_removed || (exports && !strstr(fake.held[i].labels[SESSION], "export")))
			continue;
		sw_buf_addf(&body, "%s{\"Id\":\"%012x%052x\",\"Names\":[\"/c%d\"],\"State\":\"running\",\"Labels\":{",
		            between, i, 0, i);
		add_labels(&body, &fake.held[i]);
		sw_buf_add_str(&body, "}}");
		between = ",";
	}
	sw_buf_add_str(&body, "]");
	reply(fd, "200 OK", body.data);
	sw_buf_done(&body);
}

static void take_away(int fd, const char *line)
{
	char id[13];
	snprintf(id, sizeof id, "%.12s", strstr(line, "/containers/") + strlen("/containers/"));
	struct held *held = &fake.held[strtol(id, NULL, 16)];
	switch (held->removal) {
	case IS_GONE:
		reply(fd, "404 Not Found", "{\"message\":\"No such container\"}");
		break;
	case REFUSED:
		reply(fd, "500 Internal Server Error", "{\"message\":\"driver failed to remove root\"}");
		break;
	case HANGS:
		break;
	case LAST_WORD: /* the engine dies */
		unlink(fake.peer->endpoint.path);
		shutdown(fd, SHUT_RDWR);
		break;
	case GOES:
		held->is_removed = true;
		peer_say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
		break;
	}
}

/* "sha256:5…" is in use. */
static void take_image(int fd, const char *line)
{
	char digit = strchr(line, ':')[1];
	size_t n = strlen(fake.gone);
	if (digit == '5') {
		reply(fd, "409 Conflict", "{\"message\":\"image is being used by running container\"}");
		return;
	}
	fake.gone[n] = digit;
	reply(fd, "200 OK", "[]");
}

static void serve(struct peer *peer, int fd)
{
	while (peer_read_request(peer, fd)) {
		snprintf(fake.last, sizeof fake.last, "%.*s", (int)strcspn(peer->request, "\r"), peer->request);
		if (strstr(fake.last, "DELETE /v1.41/images/"))
			take_image(fd, fake.last);
		else if (strstr(fake.last, "/images/json"))
			reply(fd, "200 OK", fake.images);
		else if (strncmp(fake.last, "DELETE ", 7) == 0)
			take_away(fd, fake.last);
		else if (!fake.hangs)
			list(fd, fake.last);
	}
}

/* ---- the containers ---- */

/* One that this very process would make. */
static struct held *hold(void)
{
	struct held *held = &fake.held[fake.n++];
	assert_true(fake.n <= HELD_MAX);
	for (int i = 0; i < LABELS; i++)
		snprintf(held->labels[i], sizeof held->labels[i], "%s", fake.own[i]);
	return held;
}

static void change(struct held *held, enum label which, const char *value)
{
	char *at = strchr(held->labels[which], '=') + 1;
	snprintf(at, sizeof held->labels[which] - (size_t)(at - held->labels[which]), "%s", value);
}

/* One whose process had this process's number before it: nobody's. */
static struct held *hold_dead(void)
{
	struct held *held = hold();
	change(held, START, "1");
	return held;
}

static int removed_now(void)
{
	int n = 0;
	peer_sync(fake.peer);
	for (int i = 0; i < fake.n; i++)
		n += fake.held[i].is_removed;
	return n;
}

static int clean(int64_t patience_ns)
{
	return sw_reaper_clean(&fake.engine, &signals, patience_ns, &reaped, &error);
}

static void assert_found(int removed, int living, int elsewhere, int foreign)
{
	assert_int_equal(reaped.removed, removed);
	assert_int_equal(reaped.living, living);
	assert_int_equal(reaped.elsewhere, elsewhere);
	assert_int_equal(reaped.foreign, foreign);
	assert_int_equal(reaped.failed, 0);
}

/* ---- whose it is ---- */

static void nothing_is_there(void **state)
{
	(void)state;
	assert_int_equal(clean(0), 0);
	assert_found(0, 0, 0, 0);
}

static void ones_own_lives(void **state)
{
	(void)state;
	hold();
	assert_int_equal(clean(0), 0);
	assert_found(0, 1, 0, 0);
	assert_int_equal(removed_now(), 0);
}

static void an_earlier_boot_is_nobodys(void **state)
{
	(void)state;
	change(hold(), BOOT, "00000000-0000-0000-0000-000000000000"); /* a power cut; the pid lives again */
	struct held *other = hold(); /* of another PID namespace of that boot */
	change(other, BOOT, "00000000-0000-0000-0000-000000000000");
	change(other, PID_NS, "1");
	assert_int_equal(clean(0), 0);
	assert_found(2, 0, 0, 0);
}

static void a_number_used_again_is_nobodys(void **state)
{
	(void)state;
	hold_dead();
	assert_int_equal(clean(0), 0);
	assert_found(1, 0, 0, 0);
	assert_true(fake.held[0].is_removed);
}

static void another_host_is_not_touched(void **state)
{
	(void)state;
	change(hold_dead(), HOST, "another");
	struct held *earlier = hold_dead();
	change(earlier, HOST, "another");
	change(earlier, BOOT, "00000000-0000-0000-0000-000000000000");
	hold_dead()->labels[HOST][0] = '\0';
	assert_int_equal(clean(0), 0);
	assert_found(0, 0, 0, 3);
	assert_int_equal(removed_now(), 0);
}

/* Two machines may have one name, and one engine; one is booted later than the other. */
static void another_machine_of_that_name_is_not_touched(void **state)
{
	(void)state;
	struct held *held = hold();
	change(held, MACHINE, "0123456789abcdef");
	change(held, BOOT, "00000000-0000-0000-0000-000000000000");
	change(hold_dead(), MACHINE, "0123456789abcdef");
	hold_dead()->labels[MACHINE][0] = '\0'; /* of a sandwatch that did not write it yet */
	assert_int_equal(clean(0), 0);
	assert_found(1, 0, 0, 2);
	assert_true(fake.held[2].is_removed);
}

static void another_pid_namespace_is_not_touched(void **state)
{
	(void)state;
	change(hold_dead(), PID_NS, "4026530000");
	change(hold(), PID_NS, "4026530000"); /* the same numbers mean another process there */
	assert_int_equal(clean(0), 0);
	assert_found(0, 0, 2, 0);
	assert_int_equal(removed_now(), 0);
}

static void one_that_names_no_namespace_is_of_this_one(void **state)
{
	(void)state;
	hold()->labels[PID_NS][0] = '\0';
	hold_dead()->labels[PID_NS][0] = '\0';
	assert_int_equal(clean(0), 0);
	assert_found(1, 1, 0, 0);
	assert_true(fake.held[1].is_removed);
}

static void nonsense_is_no_process(void **state)
{
	static const char *const pids[] = {"", "0", "-1", "+5", "1x", " 1", "99999999999", "4294967296"};
	(void)state;
	for (size_t i = 0; i < sizeof pids / sizeof *pids; i++)
		change(hold(), PID, pids[i]);
	assert_int_equal(clean(0), 0);
	assert_found((int)(sizeof pids / sizeof *pids), 0, 0, 0);
}

/* Killed, and its parent does not look: it is as dead as one that is reaped. */
static void a_zombie_is_dead(void **state)
{
	struct sw_process_stat stat;
	siginfo_t info;
	char text[32];
	(void)state;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	assert_true(child > 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(sw_process_read_stat(child, &stat, NULL), 0);
	struct held *held = hold();
	snprintf(text, sizeof text, "%d", (int)child);
	change(held, PID, text);
	snprintf(text, sizeof text, "%llu", (unsigned long long)stat.start_ticks);
	change(held, START, text);
	int status = clean(0);
	waitpid(child, NULL, 0);
	assert_int_equal(status, 0);
	assert_found(1, 0, 0, 0);
}

/* ---- removing ---- */

static void many_go(void **state)
{
	(void)state;
	for (int i = 0; i < HELD_MAX - 1; i++)
		hold_dead();
	hold();
	assert_int_equal(clean(0), 0);
	assert_found(HELD_MAX - 1, 1, 0, 0);
	assert_int_equal(removed_now(), HELD_MAX - 1);
}

static void one_that_vanishes_is_no_error(void **state)
{
	(void)state;
	hold_dead()->removal = IS_GONE;
	hold_dead();
	assert_int_equal(clean(0), 0);
	assert_found(2, 0, 0, 0);
}

static void one_that_stays_holds_up_nobody(void **state)
{
	(void)state;
	hold_dead();
	hold_dead()->removal = REFUSED;
	hold_dead()->removal = REFUSED;
	hold_dead();
	assert_int_equal(clean(0), 0);
	assert_int_equal(reaped.removed, 2);
	assert_int_equal(reaped.failed, 2);
	assert_non_null(strstr(reaped.why.message, "driver failed to remove root"));
	assert_non_null(strstr(reaped.why.message, "000000000001")); /* the first of them */
	assert_int_equal(removed_now(), 2);
}

static void an_engine_that_dies_is_not_asked_on(void **state)
{
	(void)state;
	hold_dead();
	hold_dead()->removal = LAST_WORD;
	for (int i = 0; i < 20; i++)
		hold_dead();
	assert_int_equal(clean(0), 0);
	assert_int_equal(reaped.removed, 1);
	assert_int_equal(reaped.failed, 21);
}

static void a_hanging_removal_ends_with_the_patience(void **state)
{
	(void)state;
	hold_dead();
	hold_dead()->removal = HANGS;
	hold_dead();
	assert_int_equal(clean(200 * MS), 0);
	assert_int_equal(reaped.removed, 1);
	assert_int_equal(reaped.failed, 2);
	assert_int_equal(reaped.why.code, SW_ERR_TIMEOUT);
}

static void a_hanging_list_ends_with_the_patience(void **state)
{
	(void)state;
	hold_dead();
	fake.hangs = true;
	assert_int_equal(clean(100 * MS), -1);
	assert_int_equal(error.code, SW_ERR_TIMEOUT);
}

static void a_signal_ends_it(void **state)
{
	(void)state;
	hold_dead()->removal = HANGS;
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(clean(0), -1);
	assert_int_equal(error.code, SW_ERR_INTERRUPTED);
}

static void stays(void *user, const char *id)
{
	assert_ptr_equal(user, &fake);
	assert_int_equal(strlen(id), 64);
	fake.stayed[strlen(fake.stayed)] = id[11];
}

static int clean_session(int64_t patience_ns)
{
	const struct sw_reaper_session session = {"mine", patience_ns, stays, &fake};
	return sw_reaper_clean_session(&fake.engine, &session, &reaped, &error);
}

/* Once a session is over, what its own process made is as good as a dead one's; another's is not. */
static void a_session_that_is_over(void **state)
{
	(void)state;
	hold();
	hold_dead();
	change(hold(), HOST, "another");
	assert_int_equal(clean_session(20000 * MS), 0);
	assert_found(2, 0, 0, 1);
	assert_true(fake.held[0].is_removed && fake.held[1].is_removed && !fake.held[2].is_removed);
	assert_string_equal(fake.stayed, "2");
}

static void what_stays_of_a_session_is_told(void **state)
{
	(void)state;
	hold()->removal = IS_GONE;
	hold()->removal = REFUSED;
	hold();
	hold()->removal = HANGS;
	hold();
	assert_int_equal(clean_session(200 * MS), 0);
	assert_int_equal(reaped.removed, 2);
	assert_int_equal(reaped.failed, 3);
	assert_string_equal(fake.stayed, "134");
}

static void of_an_engine_that_dies_all_the_rest_stays(void **state)
{
	(void)state;
	hold();
	hold()->removal = LAST_WORD;
	hold();
	hold();
	assert_int_equal(clean_session(20000 * MS), 0);
	assert_int_equal(reaped.removed, 1);
	assert_string_equal(fake.stayed, "123");
}

/* Then nobody knows, and nobody is told. */
static void of_an_engine_that_lists_nothing_nothing_is_known(void **state)
{
	(void)state;
	hold();
	fake.hangs = true;
	assert_int_equal(clean_session(100 * MS), -1);
	assert_string_equal(fake.stayed, "");
}

static void exports_alone(void **state)
{
	(void)state;
	change(hold_dead(), SESSION, "export");
	hold_dead();
	change(hold(), SESSION, "export");
	assert_int_equal(sw_reaper_clean_exports(&fake.engine, NULL, &error), 0);
	assert_int_equal(removed_now(), 1);
	assert_true(fake.held[0].is_removed);
}

#define HASH "cc5ec8d64cbab4c5e4d358a865b263179f15a0b5fb746f993f9ba69237f46906"
#define IMAGE(digit, tags, recipe)                                \
	"{\"Id\":\"sha256:" digit HASH "\",\"RepoTags\":" tags "," \
	"\"Labels\":{\"org.sandwatch.recipe\":\"" recipe "\"}}"

static void images_without_a_name(void **state)
{
	int removed = -1;
	(void)state;
	fake.images = "[" IMAGE("1", "null", HASH) "," IMAGE("2", "[\"<none>:<none>\"]", HASH) ","
	              IMAGE("3", "[\"a:b\"]", HASH) "," IMAGE("4", "null", "dockerfile") ","
	              IMAGE("5", "null", HASH) "," IMAGE("6", "[]", HASH) "]";
	assert_int_equal(sw_reaper_clean_images(&fake.engine, &removed, &error), 0);
	assert_int_equal(removed, 3);
	peer_sync(fake.peer);
	assert_string_equal(fake.gone, "126");
}

/* ---- ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof fake);
	fake.own = sw_lifecycle_labels("s1");
	if (!fake.own || sw_signals_open(&signals, NULL) < 0)
		return -1;
	fake.peer = peer_start(true, serve, NULL);
	fake.engine.endpoint = fake.peer->endpoint;
	snprintf(fake.engine.api_version, sizeof fake.engine.api_version, "1.41");
	return 0;
}

static int tear_down(void **state)
{
	struct signalfd_siginfo info;
	(void)state;
	while (read(signals.end_fd, &info, sizeof info) > 0)
		continue;
	sw_signals_close(&signals);
	peer_stop(fake.peer);
	free(fake.own);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_there),
		TEST(ones_own_lives),
		TEST(an_earlier_boot_is_nobodys),
		TEST(a_number_used_again_is_nobodys),
		TEST(another_host_is_not_touched),
		TEST(another_machine_of_that_name_is_not_touched),
		TEST(another_pid_namespace_is_not_touched),
		TEST(one_that_names_no_namespace_is_of_this_one),
		TEST(nonsense_is_no_process),
		TEST(a_zombie_is_dead),
		TEST(many_go),
		TEST(one_that_vanishes_is_no_error),
		TEST(one_that_stays_holds_up_nobody),
		TEST(an_engine_that_dies_is_not_asked_on),
		TEST(a_hanging_removal_ends_with_the_patience),
		TEST(a_hanging_list_ends_with_the_patience),
		TEST(a_signal_ends_it),
		TEST(a_session_that_is_over),
		TEST(what_stays_of_a_session_is_told),
		TEST(of_an_engine_that_dies_all_the_rest_stays),
		TEST(of_an_engine_that_lists_nothing_nothing_is_known),
		TEST(exports_alone),
		TEST(images_without_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
