/* Reading events and lists (docker/container_event.c), and the filter (docker/filter.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"
#include "docker/container_event.h"
#include "docker/filter.h"

#define ID "9f7760f755801987f7b7f347e2cabb280149cd422c5cd6863666222620c6e5fa"

static int read_text(const char *text, struct sw_container_event *event)
{
	return sw_container_event_read(text, strlen(text), event);
}

/* --- recorded --- */

static void test_recorded_events(void **state)
{
	static const enum sw_ce_kind expected[] = {
		SW_CE_CREATE, SW_CE_START,   SW_CE_DIE,    SW_CE_DESTROY, SW_CE_CREATE,  SW_CE_START,
		SW_CE_DIE,    SW_CE_DESTROY, SW_CE_CREATE, SW_CE_START,   SW_CE_PAUSE,   SW_CE_UNPAUSE,
		SW_CE_RENAME, SW_CE_KILL,    SW_CE_KILL,   SW_CE_DIE,     SW_CE_STOP,    SW_CE_START,
		SW_CE_KILL,   SW_CE_KILL,    SW_CE_DIE,    SW_CE_DESTROY, SW_CE_CREATE,  SW_CE_START,
		SW_CE_KILL,   SW_CE_KILL,    SW_CE_DIE,    SW_CE_STOP,    SW_CE_DESTROY, SW_CE_CREATE,
		SW_CE_START,  SW_CE_KILL,    SW_CE_DIE,    SW_CE_DESTROY,
	};
	char line[8192];
	size_t n = 0;
	struct sw_container_event event;
	(void)state;
	FILE *file = fopen("tests/unit/docker/recorded/events.jsonl", "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		int found = sw_container_event_read(line, strcspn(line, "\n"), &event);
		assert_true(found >= 0);
		if (!found)
			continue;
		assert_true(n < sizeof expected / sizeof *expected);
		assert_int_equal(event.kind, expected[n]);
		assert_string_equal(event.image, "sandwatch/python:latest");
		assert_int_equal(strlen(event.id), 64);
		assert_int_equal(strncmp(event.name, "rec-", 4), 0);
		if (n == 2)
			assert_int_equal(event.exit_code, 3);
		if (n == 12) {
			assert_string_equal(event.name, "rec-kill2");
			assert_string_equal(event.old_name, "rec-kill");
		}
		if (n == 13)
			assert_int_equal(event.signal, 15);
		if (n == 14)
			assert_int_equal(event.signal, 9);
		n++;
	}
	fclose(file);
	assert_int_equal(n, sizeof expected / sizeof *expected);
}

static void each(void *user, const struct sw_container_event *event)
{
	struct sw_container_event *last = user;
	int n = last->signal + 1; /* a counter: lists have no signals */
	*last = *event;
	last->signal = n;
}

static void test_recorded_list(void **state)
{
	struct sw_container_event event = {0};
	char body[4096];
	(void)state;
	FILE *file = fopen("tests/unit/docker/recorded/list.json", "r");
	assert_non_null(file);
	size_t len = fread(body, 1, sizeof body, file);
	fclose(file);
	assert_int_equal(sw_container_list_read(body, len, each, &event, NULL), 0);
	assert_int_equal(event.signal, 1);
	assert_int_equal(event.kind, SW_CE_LISTED);
	assert_string_equal(event.name, "rec-kill2");
	assert_string_equal(event.image, "sandwatch/python:latest");
	assert_int_equal(event.state, SW_CONTAINER_RUNNING);
	assert_int_equal(event.created_s, 1795407309);
	assert_int_equal(event.time_ns, 0);
}

/* --- spellings --- */

#define EVENT(action, attributes)                                                           \
	"{\"status\":\"" action "\",\"id\":\"" ID                                               \
	"\",\"from\":\"localhost/a:1\",\"Type\":\"container\","                                 \
	"\"Action\":\"" action "\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":{" attributes    \
	"\"name\":\"n\",\"image\":\"localhost/a:1\"}},\"scope\":\"local\",\"time\":1795407262," \
	"\"timeNano\":1795407262822545913}"

static void test_exact_time(void **state)
{
	struct sw_container_event event;
	(void)state;
	assert_int_equal(read_text(EVENT("create", ""), &event), 1);
	assert_true(event.time_ns == INT64_C(1795407262822545913));
	/* A label with that name, or with that text in it, is not the time. */
	assert_int_equal(read_text(EVENT("create", "\"timeNano\":\"1795407262822545800\","
	                                           "\"x\":\"\\\"timeNano\\\":1795407262822545801\","),
	                           &event),
	                 1);
	assert_true(event.time_ns == INT64_C(1795407262822545913));
	assert_int_equal(
		read_text("{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"" ID
	              "\"},\"time\":1795407262}",
	              &event),
		1);
	assert_true(event.time_ns == INT64_C(1795407262000000000));
	assert_string_equal(event.name, "");
}

static void test_podman(void **state)
{
	struct sw_container_event event;
	(void)state;
	assert_int_equal(read_text(EVENT("died", "\"containerExitCode\":\"7\","), &event), 1);
	assert_int_equal(event.kind, SW_CE_DIE);
	assert_int_equal(event.exit_code, 7);
	assert_int_equal(read_text(EVENT("remove", ""), &event), 1);
	assert_int_equal(event.kind, SW_CE_DESTROY);
	assert_int_equal(read_text(EVENT("init", ""), &event), 0);
	assert_int_equal(read_text(EVENT("cleanup", ""), &event), 0);
	assert_int_equal(read_text(EVENT("kill", ""), &event), 1);
	assert_int_equal(event.signal, 0);
}

static void test_details(void **state)
{
	static const struct {
		const char *text;
		int signal;
	} signals[] = {{"9", 9},  {"SIGKILL", 9},  {"TERM", 15}, {"0", 0},
	               {"65", 0}, {"nonsense", 0}, {"-9", 0},    {"99999999999999999999", 0}};
	struct sw_container_event event;
	char line[1024];
	(void)state;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		snprintf(line, sizeof line, EVENT("kill", "\"signal\":\"%s\","), signals[i].text);
		assert_int_equal(read_text(line, &event), 1);
		assert_int_equal(event.signal, signals[i].signal);
	}
	assert_int_equal(read_text(EVENT("die", "\"exitCode\":\"-1\","), &event), 1);
	assert_int_equal(event.exit_code, -1);
	assert_int_equal(read_text(EVENT("die", "\"exitCode\":\"256\","), &event), 1);
	assert_int_equal(event.exit_code, -1);
	assert_int_equal(read_text(EVENT("health_status: healthy", ""), &event), 0);
	assert_int_equal(read_text(EVENT("exec_die", ""), &event), 0);
	assert_int_equal(
		read_text("{\"Type\":\"network\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"" ID
	              "\"},\"timeNano\":5}",
	              &event),
		0);
	/* API 1.52 has no status, id, from. */
	assert_int_equal(read_text("{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"" ID
	                           "\",\"Attributes\":{\"exitCode\":\"0\",\"image\":\"b\"}},"
	                           "\"timeNano\":1795407262822545912}",
	                           &event),
	                 1);
	assert_int_equal(event.exit_code, 0);
	assert_string_equal(event.image, "b");
}

/* --- hostile --- */

static void test_nonsense(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"null",
		"[]",
		"5",
		"\"create\"",
		"{}",
		"{\"Action\":5}",
		"HTTP/1.1 200 OK",
		"{\"Action\":\"create\"}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID "\"}}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"../../x\"},\"timeNano\":5}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID "\"},\"timeNano\":-5}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID "\"},\"timeNano\":1e300}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID ID "\"},\"timeNano\":5}",
		"{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID "\"},\"timeNano\":5} trailing",
	};
	struct sw_container_event event = {.signal = 77};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (read_text(lines[i], &event) != -1)
			fail_msg("'%s' is taken for an event", lines[i]);
	assert_int_equal(event.signal, 77); /* untouched */
	assert_int_equal(sw_container_list_read("{}", 2, each, &event, NULL), -1);
	assert_int_equal(sw_container_list_read("[1,{},{\"Id\":5},null]", 21, each, &event, NULL), 0);
	assert_int_equal(event.signal, 77);
}

static bool is_clean(const char *text)
{
	char clean[512];
	sw_text_clean(clean, sizeof clean, text, strlen(text));
	return strcmp(clean, text) == 0;
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = {"a\\u001b[31mb", "a\\nb\\r\\tc", "\\u202egpj.exe",
	                                    "x\\u0000y",     "\xff\xfe\x80", "\\u009b2J"};
	struct sw_container_event event;
	char *line = malloc(20000);
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(
			line, 20000,
			"{\"Action\":\"rename\",\"Actor\":{\"ID\":\"" ID "\",\"Attributes\":{"
			"\"name\":\"%s\",\"image\":\"%s\",\"oldName\":\"/%s\"}},\"timeNano\":1795407262822545912}",
			names[i], names[i], names[i]);
		assert_int_equal(read_text(line, &event), 1);
		assert_true(is_clean(event.name) && is_clean(event.image) && is_clean(event.old_name));
		assert_true(event.name[0] && event.image[0]);
	}
	size_t len = (size_t)snprintf(line, 20000,
	                              "{\"Action\":\"create\",\"Actor\":{\"ID\":\"" ID
	                              "\",\"Attributes\":{\"name\":\"");
	for (int i = 0; i < 5000; i++, len += 2)
		memcpy(line + len, "\xc3\xa4", 2);
	snprintf(line + len, 20000 - len, "\"}},\"timeNano\":1795407262822545912}");
	assert_int_equal(read_text(line, &event), 1);
	assert_int_equal(strlen(event.name), 126); /* whole characters */
	/* Every truncation and every changed byte is survived. */
	char copy[sizeof(EVENT("die", "\"exitCode\":\"7\","))];
	for (size_t i = 0; i < sizeof copy - 1; i++) {
		memcpy(copy, EVENT("die", "\"exitCode\":\"7\","), sizeof copy);
		(void)sw_container_event_read(copy, i, &event);
		for (int c = 0; c < 256; c += 5) {
			copy[i] = (char)c;
			(void)sw_container_event_read(copy, sizeof copy - 1, &event);
		}
	}
	free(line);
}

/* --- the filter --- */

static void test_filter(void **state)
{
	struct sw_filter filter = {0};
	struct sw_buf path = {0};
	char text[512];
	(void)state;
	assert_int_equal(sw_filter_add(&filter, "all", NULL), 0);
	assert_true(sw_filter_fits(&filter, "x", "y"));
	assert_string_equal(sw_filter_text(&filter, text, sizeof text), "all");
	assert_int_equal(sw_filter_add(&filter, "label=app=web,name=api", NULL), 0);
	assert_int_equal(sw_filter_add(&filter, "label=x,image=python,name=db", NULL), 0);
	assert_int_equal(filter.n_labels, 2);
	assert_string_equal(sw_filter_text(&filter, text, sizeof text),
	                    "label=app=web,label=x,name=api,name=db,image=python");
	assert_true(sw_filter_fits(&filter, "my-api-1", "python:3.12"));
	assert_true(sw_filter_fits(&filter, "db", "docker.io/library/python:latest"));
	assert_true(sw_filter_fits(&filter, "db", "localhost/python"));
	assert_false(sw_filter_fits(&filter, "web", "python:3.12"));
	assert_false(sw_filter_fits(&filter, "db", "pythonic:3.12"));
	assert_false(sw_filter_fits(&filter, "db", "mine/python:3.12"));
	sw_filter_query(&filter, true, &path);
	assert_string_equal(path.data, "%7B%22type%22%3A%5B%22container%22%5D%2C%22label%22%3A%5B%22"
	                               "app%3Dweb%22%2C%22x%22%5D%7D");
	sw_buf_done(&path);
	struct sw_filter tagged = {0};
	assert_int_equal(sw_filter_add(&tagged, "image=host:5000/a/b:1", NULL), 0);
	assert_true(sw_filter_fits(&tagged, "", "host:5000/a/b:1"));
	assert_false(sw_filter_fits(&tagged, "", "host:5000/a/b:2"));
	struct sw_filter port = {0};
	assert_int_equal(sw_filter_add(&port, "image=host:5000/a/b", NULL), 0);
	assert_true(sw_filter_fits(&port, "", "host:5000/a/b:2"));
}

static void test_filter_errors(void **state)
{
	static const char *const wrong[][2] = {
		{"", "'' says not which"},
		{"web", "'web'"},
		{"label=", "empty"},
		{"label==x", "empty"},
		{"label=a,,name=b", "''"},
		{"Name=x", "write label="},
		{"name=\x1b[31m", "cannot be shown"},
		{"name=a,", "''"},
		{"status=running", "'status=running'"},
		{"all,what", "'what'"},
	};
	struct sw_filter filter = {0}, before;
	struct sw_error err;
	char many[128] = "name=a";
	(void)state;
	assert_int_equal(sw_filter_add(&filter, "name=kept", NULL), 0);
	before = filter;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		err.code = SW_OK;
		assert_int_equal(sw_filter_add(&filter, wrong[i][0], &err), -1);
		assert_int_equal(err.code, SW_ERR_USAGE);
		if (!strstr(err.message, wrong[i][1]))
			fail_msg("'%s': %s", wrong[i][0], err.message);
		assert_memory_equal(&filter, &before, sizeof filter);
	}
	for (int i = 0; i < 7; i++)
		snprintf(many + strlen(many), sizeof many - strlen(many), ",name=a");
	assert_int_equal(sw_filter_add(&filter, many, &err), -1);
	assert_non_null(strstr(err.message, "at most 8"));
	char *longest = malloc(600);
	memset(longest, 'x', 599);
	memcpy(longest, "name=", 5);
	longest[599] = '\0';
	assert_int_equal(sw_filter_add(&filter, longest, &err), -1);
	free(longest);
	assert_non_null(strstr(err.message, "longer than 255"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_events), cmocka_unit_test(test_recorded_list),
		cmocka_unit_test(test_exact_time),      cmocka_unit_test(test_podman),
		cmocka_unit_test(test_details),         cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_hostile_names),   cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_errors),
	};
	return cmocka_run_group_tests_name("container events", tests, NULL, NULL);
}
