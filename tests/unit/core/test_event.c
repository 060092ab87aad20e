#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/event_fields.h"
#include "tests/unit/core/random_events.h"
#include "tests/unit/rounds.h"

#define ROUNDS rounds(300)

static struct sw_buf buf;
static struct sw_rng rng;
static struct sw_event event, back;
static struct sw_error err;
static cJSON *tree;

static int setup(void **state)
{
	(void)state;
	sw_buf_init(&buf, 0);
	sw_rng_seed(&rng, 2025);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&buf);
	cJSON_Delete(tree);
	tree = NULL;
	return 0;
}

static void encode(const struct sw_event *what)
{
	sw_buf_clear(&buf);
	assert_int_equal(sw_event_encode(what, &buf), 0);
}

static int decode(const char *line)
{
	return sw_event_decode(line, strlen(line), &back, &err);
}

static void assert_same(const struct sw_event *a, const struct sw_event *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->t_ns, b->t_ns);
	assert_memory_equal(&a->u, &b->u, random_event_bytes(a->kind));
	assert_true(sw_event_equal(a, b));
}

static void every_kind_comes_back_equal(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
			random_event(&rng, (enum sw_event_kind)kind, &event);
			encode(&event);
			assert_true(buf.len <= SW_EVENT_LINE_MAX);
			assert_ptr_equal(memchr(buf.data, '\n', buf.len), buf.data + buf.len - 1);
			if (sw_event_decode(buf.data, buf.len, &back, &err) < 0)
				fail_msg("%s: %s", err.message, buf.data);
			assert_same(&event, &back);
			/* Without its newline, and not terminated. */
			char *exact = malloc(buf.len - 1);
			memcpy(exact, buf.data, buf.len - 1);
			memset(&back, 0, sizeof back);
			int status = sw_event_decode(exact, buf.len - 1, &back, &err);
			free(exact);
			assert_int_equal(status, 0);
			assert_same(&event, &back);
		}
	}
}

/* Everything at its longest, all of it in need of escapes. */
static void the_longest_event_fits_a_line(void **state)
{
	(void)state;
	sw_event_init(&event, SW_EVENT_ATTEMPT_FINISHED, SW_MODES_MAX - 1);
	event.seq = INT64_MAX;
	event.t_ns = INT64_MAX;
	struct sw_iteration_info *it = &event.u.it;
	it->iteration = it->attempt = it->start_ns = it->wall_ns = it->exit_code = it->term_signal =
		it->stdout_bytes = it->stderr_bytes = it->dropped_bytes = INT64_MAX;
	it->other_ns = INT64_MIN;
	it->warmup = it->on_host = it->by_durations = true;
	it->outcome = SW_OUTCOME_CANCELLED;
	memset(it->digest, '"', sizeof it->digest - 1);
	memset(it->python, '"', sizeof it->python - 1);
	memset(it->container, '"', sizeof it->container - 1);
	memset(it->text, '\\', sizeof it->text - 1);
	it->n_spans = SW_SPANS_MAX;
	for (int i = 0; i < SW_SPANS_MAX; i++)
		it->spans[i] = (struct sw_span){SW_PHASE_SERIALIZE, INT64_MAX - 1, INT64_MAX, false};
	encode(&event);
	assert_true(buf.len <= SW_EVENT_LINE_MAX);
	assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
	assert_true(sw_event_equal(&event, &back));

	sw_event_init(&event, SW_EVENT_ENVIRONMENT, -1);
	struct sw_environment *e = &event.u.environment;
	char *texts[] = {e->host,           e->os,          e->kernel,   e->cpu,         e->engine,
	                 e->engine_version, e->api_version, e->runtime,  e->storage,     e->cgroup,
	                 e->endpoint,       e->image,       e->image_id, e->engine_error};
	size_t sizes[] = {sizeof e->host,        sizeof e->os,          sizeof e->kernel,
	                  sizeof e->cpu,         sizeof e->engine,      sizeof e->engine_version,
	                  sizeof e->api_version, sizeof e->runtime,     sizeof e->storage,
	                  sizeof e->cgroup,      sizeof e->endpoint,    sizeof e->image,
	                  sizeof e->image_id,    sizeof e->engine_error};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		memset(texts[i], '"', sizes[i] - 1);
	encode(&event);
	assert_true(buf.len <= SW_EVENT_LINE_MAX);
	assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
	assert_same(&event, &back);
}

static void every_difference_is_seen(void **state)
{
	struct sw_event other;
	int seen = 0;
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		for (int round = 0; round < 20; round++) {
			random_event(&rng, (enum sw_event_kind)kind, &event);
			other = event;
			assert_true(sw_event_equal(&event, &other));
			other.seq++;
			assert_false(sw_event_equal(&event, &other));
			random_event(&rng, (enum sw_event_kind)kind, &other);
			other.seq = event.seq;
			other.t_ns = event.t_ns;
			other.mode = event.mode;
			bool same = memcmp(&event.u, &other.u, sizeof event.u) == 0;
			assert_int_equal(sw_event_equal(&event, &other), same);
			seen += !same;
		}
	}
	assert_true(seen > 200);
}

static void decode_tree(const cJSON *what, int *out_status)
{
	char *line = cJSON_PrintUnformatted(what);
	*out_status = decode(line);
	cJSON_free(line);
}

/* What was decoded is whole: it comes back from its own line. */
static void assert_sound(void)
{
	struct sw_event kept = back;
	encode(&kept);
	assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
	assert_same(&kept, &back);
}

/* What is always written: an attempt without its outcome must not pass for a good one. */
static bool is_required(const char *name)
{
	static const char *const required[] = {"event", "seq",    "t_ns",   "order", "backtest",
	                                       "shim",  "kind",   "phase",  "clock", "outcome",
	                                       "state", "reason", "target", "fault"};
	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		if (strcmp(name, required[i]) == 0)
			return true;
	return false;
}

static void dropped_fields_become_their_default(void **state)
{
	int status;
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		random_event(&rng, (enum sw_event_kind)kind, &event);
		encode(&event);
		tree = cJSON_Parse(buf.data);
		assert_non_null(tree);
		for (int i = 0; i < cJSON_GetArraySize(tree); i++) {
			cJSON *less = cJSON_Duplicate(tree, true);
			char *name = cJSON_GetArrayItem(tree, i)->string;
			cJSON_DeleteItemFromArray(less, i);
			decode_tree(less, &status);
			cJSON_Delete(less);
			assert_int_equal(status, is_required(name) ? -1 : 0);
			if (status == 0)
				assert_sound();
		}
		cJSON_Delete(tree);
		tree = NULL;
	}
}

/* No field takes an object, null or a nested list; text takes no number, a number no bool. */
static void mistyped_fields_are_refused(void **state)
{
	static const char *const never[] = {"{}", "null", "[[[]]]", "{\"0\":1}", "[null]", "1e999"};
	static const char *const numbers[] = {"true",     "\"x\"",  "1.5",
	                                      "\"\"",     "\"1 \"", "\" 1\"",
	                                      "\"\\t1\"", "\"+1\"", "\"9223372036854775808\"",
	                                      "1e300",    "-1e300", "[1]"};
	int status;
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		random_event(&rng, (enum sw_event_kind)kind, &event);
		encode(&event);
		tree = cJSON_Parse(buf.data);
		for (int i = 0; i < cJSON_GetArraySize(tree); i++) {
			const cJSON *item = cJSON_GetArrayItem(tree, i);
			bool is_double = strstr(item->string, "percent") != NULL;
			bool is_number = cJSON_IsNumber(item) && !is_double;
			size_t n = sizeof never / sizeof never[0];
			for (size_t k = 0; k < n + sizeof numbers / sizeof numbers[0]; k++) {
				if (k >= n && !is_number)
					break;
				cJSON *bad = cJSON_Duplicate(tree, true);
				cJSON_ReplaceItemInArray(bad, i, cJSON_Parse(k < n ? never[k] : numbers[k - n]));
				cJSON *replaced = cJSON_GetArrayItem(bad, i);
				replaced->string = strdup(item->string);
				decode_tree(bad, &status);
				cJSON_Delete(bad);
				if (status == 0)
					fail_msg("%s: %s was taken for %s", sw_event_name((enum sw_event_kind)kind),
					         k < n ? never[k] : numbers[k - n], item->string);
			}
		}
		cJSON_Delete(tree);
		tree = NULL;
	}
}

static void refused_lines(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"{}",
		"[]",
		"null",
		"7",
		"\"note\"",
		"{",
		"}",
		"{\"event\":\"note\"}",
		"{\"event\":\"note\",\"seq\":1}",
		"{\"event\":7,\"seq\":1,\"t_ns\":1}",
		"{\"event\":\"note\",\"seq\":-1,\"t_ns\":1}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":-1}",
		"{\"event\":\"note\",\"seq\":1.5,\"t_ns\":1}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"mode\":32}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"mode\":-1}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"mode\":\"x\"}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1} x",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1}{}",
		"{\"event\":\"session_finished\",\"seq\":1,\"t_ns\":1,\"state\":\"Done\"}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"iteration\":-1}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"outcome\":\"great\"}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"spans\":[[\"boot\",2,1,true]]}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"spans\":[[\"boot\",-1,1,true]]}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"spans\":[[\"boot\",1,2]]}",
		"{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,\"spans\":[[\"toot\",1,2,true]]}",
		("{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"mode\":0,"
	     "\"spans\":[{\"0\":\"boot\",\"1\":1,\"2\":2,\"3\":true}]}"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		memset(&back, 0x55, sizeof back);
		struct sw_event before = back;
		if (decode(lines[i]) == 0)
			fail_msg("taken: %s", lines[i]);
		assert_int_equal(err.code, SW_ERR_PROTOCOL);
		assert_memory_equal(&before, &back, sizeof back); /* untouched */
	}
}

/* Told apart from a broken line: a later version wrote it. */
static void unknown_kinds_are_said_to_be_unknown(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"event\":\"nothing\",\"seq\":1,\"t_ns\":1}"), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(decode("{\"seq\":[{}],\"event\":\"nothing\"}"), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(decode("{\"event\":\"nothing\",\"seq\":1,\"t_ns\":1"), -1);
	assert_int_equal(err.code, SW_ERR_PROTOCOL);
}

static void unknown_fields_are_ignored(void **state)
{
	(void)state;
	assert_int_equal(decode(" {\"new\":[{\"deep\":1}],\"event\":\"note\",\"seq\":3,\"t_ns\":4,"
	                        "\"text\":\"hi\",\"mode\":2}\r\n"),
	                 0);
	assert_int_equal(back.kind, SW_EVENT_NOTE);
	assert_int_equal(back.seq, 3);
	assert_int_equal(back.t_ns, 4);
	assert_int_equal(back.mode, 2);
	assert_string_equal(back.u.end.text, "hi");
}

static void too_many_spans_or_projects_are_refused(void **state)
{
	static const char span[] = "[\"boot\",1,2,true]";
	for (int n = SW_SPANS_MAX; n <= SW_SPANS_MAX + 1; n++) {
		sw_buf_clear(&buf);
		sw_buf_add_str(&buf, "{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,"
		                     "\"outcome\":\"ok\",\"spans\":[");
		for (int i = 0; i < n; i++)
			sw_buf_addf(&buf, "%s%s", i ? "," : "", span);
		sw_buf_add_str(&buf, "]}");
		assert_int_equal(decode(buf.data), n > SW_SPANS_MAX ? -1 : 0);
	}
	for (int n = SW_PROJECT_MAX; n <= SW_PROJECT_MAX + 1; n++) {
		sw_buf_clear(&buf);
		sw_buf_add_str(&buf,
		               "{\"event\":\"session_started\",\"seq\":1,\"t_ns\":1,\"order\":\"random\","
		               "\"backtest\":\"real\",\"project_seconds\":[");
		for (int i = 0; i < n; i++)
			sw_buf_addf(&buf, "%s3", i ? "," : "");
		sw_buf_add_str(&buf, "]}");
		assert_int_equal(decode(buf.data), n > SW_PROJECT_MAX ? -1 : 0);
	}
	(void)state;
}

/* Big numbers travel as text, on both sides of 2^53 and of zero. */
static void huge_numbers_are_exact(void **state)
{
	static const int64_t values[] = {
		1,        (INT64_C(1) << 53) - 1, INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT64_MAX - 1,
		INT64_MAX};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			sw_event_init(&event, SW_EVENT_ATTEMPT_FINISHED, 0);
			event.seq = (uint64_t)values[i];
			event.t_ns = event.u.it.iteration = values[i];
			event.u.it.other_ns = sign * values[i];
			encode(&event);
			assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
			assert_same(&event, &back);
		}
	}
	event.u.it.other_ns = INT64_MIN;
	encode(&event);
	assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
	assert_same(&event, &back);
}

static void hostile_text_is_cleaned_and_cut(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"text\":\"a\\u001b[31m\\n"
	                        "\\u202eb\\u0000c\\u009b\"}"),
	                 0);
	for (const char *at = back.u.end.text; *at; at++)
		assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
	assert_null(strstr(back.u.end.text, "\xe2\x80\xae"));
	assert_int_equal(back.u.end.text[0], 'a');

	sw_buf_add_str(&buf, "{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"text\":\"");
	for (int i = 0; i < 1000; i++)
		sw_buf_add_str(&buf, "é");
	sw_buf_add_str(&buf, "\"}");
	assert_int_equal(decode(buf.data), 0);
	assert_int_equal(strlen(back.u.end.text),
	                 510); /* SW_TEXT_MAX - 1, and no half of a character */

	/* In memory, text may be anything: its line is one line, and decodes. */
	sw_event_init(&event, SW_EVENT_NOTE, -1);
	memcpy(event.u.end.text, "\xff\n\"\\\x01\xc3", 7);
	encode(&event);
	assert_ptr_equal(strchr(buf.data, '\n'), buf.data + buf.len - 1);
	assert_int_equal(sw_event_decode(buf.data, buf.len, &back, &err), 0);
}

static void a_line_cut_anywhere_is_an_error(void **state)
{
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		random_event(&rng, (enum sw_event_kind)kind, &event);
		encode(&event);
		for (size_t len = 0; len < buf.len - 1; len++) {
			char *exact = malloc(len + 1);
			memcpy(exact, buf.data, len);
			int status = sw_event_decode(exact, len, &back, &err);
			free(exact);
			assert_int_equal(status, -1);
		}
	}
}

static void a_damaged_line_is_refused_or_sound(void **state)
{
	int refused = 0;
	(void)state;
	for (int round = 0; round < rounds(4000); round++) {
		random_event(&rng, (enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT), &event);
		encode(&event);
		for (uint64_t n = 1 + sw_rng_below(&rng, 3); n; n--)
			buf.data[sw_rng_below(&rng, buf.len)] = (char)sw_rng_next(&rng);
		if (sw_event_decode(buf.data, buf.len, &back, &err) < 0)
			refused++;
		else
			assert_sound();
	}
	assert_true(refused > rounds(400));
}

static void a_long_line_is_refused_unread(void **state)
{
	static const char note[] = "{\"event\":\"note\",\"seq\":1,\"t_ns\":1}";
	(void)state;
	char *line = malloc(SW_EVENT_LINE_MAX + 1);
	memset(line, ' ', SW_EVENT_LINE_MAX + 1);
	memcpy(line, note, strlen(note));
	int fits = sw_event_decode(line, SW_EVENT_LINE_MAX, &back, &err);
	int too_long = sw_event_decode(line, SW_EVENT_LINE_MAX + 1, &back, &err);
	free(line);
	assert_int_equal(fits, 0);
	assert_int_equal(too_long, -1);
	assert_int_equal(err.code, SW_ERR_LIMIT);
}

static void an_event_that_does_not_fit_leaves_the_buffer_as_it_was(void **state)
{
	struct sw_buf small;
	(void)state;
	sw_buf_init(&small, 40);
	sw_buf_add_str(&small, "before\n");
	sw_event_init(&event, SW_EVENT_NOTE, -1);
	memset(event.u.end.text, 'x', 100);
	int status = sw_event_encode(&event, &small);
	size_t len = small.len;
	sw_buf_done(&small);
	assert_int_equal(status, -1);
	assert_int_equal(len, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_comes_back_equal),
		TEST(the_longest_event_fits_a_line),
		TEST(every_difference_is_seen),
		TEST(dropped_fields_become_their_default),
		TEST(mistyped_fields_are_refused),
		TEST(refused_lines),
		TEST(unknown_kinds_are_said_to_be_unknown),
		TEST(unknown_fields_are_ignored),
		TEST(too_many_spans_or_projects_are_refused),
		TEST(huge_numbers_are_exact),
		TEST(hostile_text_is_cleaned_and_cut),
		TEST(a_line_cut_anywhere_is_an_error),
		TEST(a_damaged_line_is_refused_or_sound),
		TEST(a_long_line_is_refused_unread),
		TEST(an_event_that_does_not_fit_leaves_the_buffer_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
