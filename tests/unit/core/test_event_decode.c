#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/json_scan.h"
#include "tests/unit/core/decode_oracle.h"
#include "tests/unit/core/random_events.h"
#include "tests/unit/rounds.h"

/* The decoder against the one before it, over lines that are valid, damaged, shuffled and hostile.
 * The two differ where cJSON is lax, and nowhere else; `lax` names all of it. */

static struct sw_buf buf, line;
static struct sw_rng rng;
static uint64_t both, neither, lax_ones;

static int setup(void **state)
{
	(void)state;
	sw_buf_init(&buf, 0);
	sw_buf_init(&line, 0);
	sw_rng_seed(&rng, 7);
	both = neither = lax_ones = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&buf);
	sw_buf_done(&line);
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number that is not JSON's ("01", "1.", "-.5"), longer than the 63 bytes that cJSON reads, or
 * whole and beyond 2^53, where cJSON rounds. Returns its length. */
static size_t lax_number(const char *p, size_t len, bool *out_lax)
{
	size_t n = 0;
	while (n < len && (is_digit(p[n]) || strchr("+-.eE", p[n] ? p[n] : ' ')))
		n++;
	struct sw_scan scan = {p, p + n, 0};
	struct sw_scan_number number;
	if (!sw_scan_number(&scan, &number) || scan.p != p + n || n > 63)
		*out_lax = true;
	else if (number.whole ? number.value > (INT64_C(1) << 53) || number.value < -(INT64_C(1) << 53)
	                      : !memchr(p, '.', n) && !memchr(p, 'e', n) && !memchr(p, 'E', n))
		*out_lax = true;
	return n;
}

/* Whether P..LEN holds what cJSON takes or refuses other than RFC 8259 does:
 *  - control characters as they are, in strings and as white space;
 *  - \u with something else than four hex digits, which it takes for \u0000;
 *  - numbers: see above. */
static bool lax(const char *p, size_t len)
{
	bool in_string = false, found = false;
	for (size_t i = 0; i < len && !found; i++) {
		unsigned char c = (unsigned char)p[i];
		bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
		if (c < 0x20 && (in_string || !space)) {
			found = true;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (in_string && c == '\\') {
			if (++i < len && p[i] == 'u')
				found = i + 4 < len && strspn(p + i + 1, "0123456789abcdefABCDEF") < 4;
		} else if (!in_string && (is_digit(p[i]) || p[i] == '-')) {
			i += lax_number(p + i, len - i, &found) - 1;
		}
	}
	return found;
}

static void same(const char *text, size_t len)
{
	static struct sw_event old, new;
	struct sw_error old_err = {0}, new_err = {0};
	char *exact = malloc(len + 1); /* so that ASan sees a byte too far */
	memcpy(exact, text, len);
	exact[len] = '\0';
	bool is_lax = lax(exact, len);
	exact = realloc(exact, len ? len : 1);
	int old_status = oracle_decode(exact, len, &old, &old_err);
	memset(&new, 0x55, sizeof new);
	int status = sw_event_decode(exact, len, &new, &new_err);
	free(exact);
	both += status == 0 && old_status == 0;
	neither += status < 0 && old_status < 0;
	lax_ones += is_lax;
	if (is_lax)
		return;
	if (status != old_status)
		fail_msg("before: %s, now: %s: %.*s", old_status ? old_err.message : "taken",
		         status ? new_err.message : "taken", (int)len, text);
	if (status == 0 && !sw_event_equal(&old, &new))
		fail_msg("another event than before: %.*s", (int)len, text);
	if (status == 0)
		return;
	static const char syntax[] = "not JSON"; /* cJSON's place is where the value began */
	bool both_syntax = strncmp(old_err.message, syntax, strlen(syntax)) == 0 &&
	                   strncmp(new_err.message, syntax, strlen(syntax)) == 0;
	if (!both_syntax && strcmp(old_err.message, new_err.message) != 0)
		fail_msg("before: %s, now: %s: %.*s", old_err.message, new_err.message, (int)len, text);
	assert_int_equal(old_err.code, new_err.code);
}

static void encode_random(enum sw_event_kind kind)
{
	static struct sw_event event;
	random_event(&rng, kind, &event);
	sw_buf_clear(&buf);
	assert_int_equal(sw_event_encode(&event, &buf), 0);
}

static void valid_lines(void **state)
{
	(void)state;
	for (int round = 0; round < 100; round++)
		for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
			encode_random((enum sw_event_kind)kind);
			same(buf.data, buf.len);
			same(buf.data, buf.len - 1);
		}
	assert_int_equal(neither, 0);
	assert_int_equal(lax_ones, 0);
}

/* Each byte of a line left out, replaced and preceded by each of these. */
static void damage_everywhere(const char *text, size_t len)
{
	static const char bytes[] = "\"\\{}[]:,0-.e+tnu \n\x01\x7f\x80\xc3\xff\0";
	for (size_t at = 0; at < len; at++) {
		same(text, at);
		for (size_t i = 0; i < sizeof bytes; i++)
			for (size_t skip = 0; skip <= 1; skip++) {
				sw_buf_clear(&line);
				sw_buf_add(&line, text, at);
				if (i < sizeof bytes - 1)
					sw_buf_add(&line, &bytes[i], 1);
				sw_buf_add(&line, text + at + skip, len - at - skip);
				same(line.data, line.len);
			}
	}
}

static void every_byte_damaged(void **state)
{
	static const char *const lines[] = {
		"{\"event\":\"phase_started\",\"seq\":7,\"t_ns\":905834,\"mode\":0,\"iteration\":1,"
		"\"warmup\":true,\"attempt\":1,\"phase\":\"create\"}",
		"{\"event\":\"attempt_finished\",\"seq\":13,\"t_ns\":1397,\"mode\":0,\"iteration\":1,"
		"\"on_host\":false,\"outcome\":\"ok\",\"other_ns\":-3,\"wall_ns\":\"9223372036854775807\","
		"\"error\":\"a\\u00e9\\ud83d\\ude00\\n\xc3\xa9\",\"new\":{\"a\":[null,1.5e-3,{}]},"
		"\"spans\":[[\"create\",8,11,true],[\"\\u0061ttach\",11,1218,true,9]]}",
		"{\"t_ns\":3,\"seq\":1,\"order\":\"random\",\"backtest\":\"real\",\"seed\":1e3,"
		"\"enable_below_percent\":-12.25,\"project_seconds\":[3,4.5,1E2],\"event\":\"session_started\"}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		same(lines[i], strlen(lines[i]));
		assert_int_equal(both, 1);
		damage_everywhere(lines[i], strlen(lines[i]));
		assert_true(both > 100 && neither > 1000);
		both = 0;
	}
}

static void random_damage(void **state)
{
	(void)state;
	for (int round = 0; round < rounds(6000); round++) {
		encode_random((enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT));
		for (uint64_t n = 1 + sw_rng_below(&rng, 3); n; n--) {
			char *at = &buf.data[sw_rng_below(&rng, buf.len)];
			if (sw_rng_below(&rng, 2))
				*at = (char)sw_rng_next(&rng);
			else
				*at = (char)(*at ^ 1 << sw_rng_below(&rng, 8));
		}
		same(buf.data, buf.len);
		same(buf.data, (size_t)sw_rng_below(&rng, buf.len));
	}
	assert_true(both > (uint64_t)rounds(500) && neither > (uint64_t)rounds(5000));
	assert_true(lax_ones < (uint64_t)rounds(6000)); /* that the comparison is not left out always */
}

/* Values of every shape for every field, one after another and twice the same name. */
static const char *const values[] = {
	"0",
	"-0",
	"-0.0",
	"1",
	"-1",
	"1.0",
	"1.5",
	"1e3",
	"1E+2",
	"1e-1",
	"1e999",
	"-1e999",
	"1e-999",
	"9007199254740992",
	"-9007199254740992",
	"0.1",
	"true",
	"false",
	"null",
	"{}",
	"[]",
	"\"\"",
	"\"1\"",
	"\"-1\"",
	"\"-\"",
	"\"007\"",
	"\"1 \"",
	"\" 1\"",
	"\"+1\"",
	"\"0x1\"",
	"\"\\u0031\"",
	"\"1\\u00002\"",
	"\"9223372036854775807\"",
	"\"9223372036854775808\"",
	"\"-9223372036854775808\"",
	"\"-9223372036854775809\"",
	"\"ok\"",
	"\"o\\u006b\"",
	"\"okay\"",
	"\"o\"",
	"\"ok\\u0000x\"",
	"\"oom\"",
	"\"\\ud83d\\ude00\"",
	"\"\\ud83d\"",
	"\"\\ude00\"",
	"\"\\ud83d\\u0041\"",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
	"\"\\x\"",
	"[1,2,3]",
	"[1,\"2\"]",
	"[1,]",
	"[[]]",
	"[[\"boot\",1,2,true]]",
	"[[\"boot\",1,2,true,{\"x\":[]}]]",
	"[[\"boot\",1,2,1]]",
	"[[\"boot\",2,1,true]]",
	"[[\"boot\",1,2]]",
	"[[\"boot\",\"1\",2.0,false]]",
	"[{\"0\":\"boot\"}]",
	"[null]",
	"[1e999]",
	"{\"a\":{\"b\":[{}]}}",
	"[\"\xff\"]",
	"\"\xff\xc3\"",
	"\"\xe2\x80\xae\x7f\xc2\x85\"",
	"\"e\xcc\x81\"",
};
enum { VALUES = sizeof values / sizeof values[0] };

static void add_member(const char *name, const char *value)
{
	sw_buf_addf(&line, "%s\"%s\":%s", line.data[line.len - 1] == '{' ? "" : ",", name, value);
}

static void add_valid(enum sw_event_kind kind, const char *without)
{
	sw_buf_clear(&line);
	sw_buf_add_str(&line, "{");
	char name[40];
	snprintf(name, sizeof name, "\"%s\"", sw_event_name(kind));
	if (strcmp(without, "event") != 0)
		add_member("event", name);
	if (strcmp(without, "seq") != 0)
		add_member("seq", "3");
	if (strcmp(without, "t_ns") != 0)
		add_member("t_ns", "4");
	for (const struct sw_field *field = sw_event_fields[kind]; field->name; field++) {
		if (field->type != SW_FIELD_WORD || strcmp(without, field->name) == 0)
			continue;
		snprintf(name, sizeof name, "\"%s\"", sw_word(field->words, 0));
		add_member(field->name, name);
	}
}

static void every_value_for_every_field(void **state)
{
	static const char *const heads[] = {"event", "mode", "seq", "t_ns", "new"};
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		const struct sw_field *field = sw_event_fields[kind];
		for (size_t f = 0; f < 5 || field->name; f++) {
			const char *name = f < 5 ? heads[f] : field++->name;
			for (int i = 0; i < VALUES; i++) {
				int other = (int)sw_rng_below(&rng, VALUES);
				add_valid((enum sw_event_kind)kind, name);
				add_member(name, values[i]);
				add_member(name, values[other]); /* the first counts */
				sw_buf_add_str(&line, "}");
				same(line.data, line.len);
				add_valid((enum sw_event_kind)kind, "");
				add_member(name, values[i]);
				sw_buf_add_str(&line, "} ");
				same(line.data, line.len);
			}
		}
	}
	assert_true(both > 5000 && neither > 5000);
	assert_int_equal(lax_ones, 0);
}

static void members_in_any_order(void **state)
{
	(void)state;
	for (int round = 0; round < 500; round++) {
		encode_random((enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT));
		cJSON *tree = cJSON_Parse(buf.data);
		cJSON *mixed = cJSON_CreateObject();
		for (int n; (n = cJSON_GetArraySize(tree)) > 0;) {
			cJSON *item = cJSON_DetachItemFromArray(tree, (int)sw_rng_below(&rng, (uint64_t)n));
			if (sw_rng_below(&rng, 20) == 0)
				cJSON_AddItemToObject(mixed, item->string, cJSON_CreateNumber(2));
			cJSON_AddItemToObject(mixed, item->string, item);
		}
		char *text = sw_rng_below(&rng, 2) ? cJSON_Print(mixed) : cJSON_PrintUnformatted(mixed);
		size_t len = strlen(text);
		if (len <= SW_EVENT_LINE_MAX)
			same(text, len);
		cJSON_free(text);
		cJSON_Delete(tree);
		cJSON_Delete(mixed);
	}
	assert_true(both > 200);
}

/* In a field of its own, then as what a later version adds to a span. */
static void nest(bool in_span, const char *open, const char *close, int depth)
{
	add_valid(in_span ? SW_EVENT_ATTEMPT_FINISHED : SW_EVENT_NOTE, "");
	sw_buf_add_str(&line, in_span ? ",\"spans\":[[\"boot\",1,2,true," : ",\"new\":");
	for (int i = 0; i < depth; i++)
		sw_buf_add_str(&line, open);
	sw_buf_add_str(&line, "1");
	for (int i = 0; i < depth; i++)
		sw_buf_add_str(&line, close);
	sw_buf_add_str(&line, in_span ? "]]}" : ",\"text\":\"x\"}");
	same(line.data, line.len);
}

static void deep_nesting(void **state)
{
	(void)state;
	for (int depth = SW_SCAN_DEPTH_MAX - 3; depth <= SW_SCAN_DEPTH_MAX + 2; depth++) {
		nest(false, "[", "]", depth);
		nest(false, "{\"a\":", "}", depth);
		nest(true, "[", "]", depth - 2);
		nest(true, "{\"a\":", "}", depth - 2);
	}
	assert_int_equal(both, 12); /* 999 arrays in an object are 1000 */
	assert_int_equal(neither, 12);
	sw_buf_clear(&line);
	for (int i = 0; i < SW_EVENT_LINE_MAX; i++)
		sw_buf_add_str(&line, "[");
	same(line.data, line.len);
	for (int i = 0; i < SW_EVENT_LINE_MAX; i++)
		line.data[i] = i % 2 ? '}' : '{';
	same(line.data, line.len);
	sw_buf_clear(&line);
	for (int i = 0; i < SW_EVENT_LINE_MAX / 5; i++)
		sw_buf_add_str(&line, "{\"\":[");
	same(line.data, line.len);
}

static int decode(const char *text, struct sw_event *out)
{
	struct sw_error err;
	return sw_event_decode(text, strlen(text), out, &err);
}

/* What cJSON took or got wrong, and this decoder does not. */
static void stricter_than_before(void **state)
{
	static const char *const refused[] = {
		"{\"event\":\"note\",\"seq\":01,\"t_ns\":1}",
		"{\"event\":\"note\",\"seq\":1.,\"t_ns\":1}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"x\":-.5}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"text\":\"\\uzzzz\"}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"text\":\"\t\"}",
		"{\"event\":\"note\",\"seq\":1,\"t_ns\":1,\"text\":\"\\n\t\"}",
		"{\"event\":\"note\",\"seq\":1,\x01\"t_ns\":1}",
	};
	static struct sw_event event;
	struct sw_error err;
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_true(lax(refused[i], strlen(refused[i])));
		assert_int_equal(oracle_decode(refused[i], strlen(refused[i]), &event, &err), 0);
		assert_int_equal(decode(refused[i], &event), -1);
	}
	assert_int_equal(
		decode("{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"outcome\":\"ok\","
	           "\"other_ns\":9223372036854775808}",
	           &event),
		-1);
	assert_int_equal(
		decode("{\"event\":\"attempt_finished\",\"seq\":1,\"t_ns\":1,\"outcome\":\"ok\","
	           "\"other_ns\":-9223372036854775808}",
	           &event),
		0);
	assert_true(event.u.it.other_ns == INT64_MIN);
	/* Numbers are exact to the last digit, and as long as they like. */
	assert_int_equal(decode("{\"event\":\"note\",\"seq\":9223372036854775807,\"t_ns\":"
	                        "9007199254740993}",
	                        &event),
	                 0);
	assert_int_equal(event.seq, INT64_MAX);
	assert_int_equal(event.t_ns, INT64_C(9007199254740993));
	assert_int_equal(decode("{\"event\":\"note\",\"seq\":9223372036854775808,\"t_ns\":1}", &event),
	                 -1);
	assert_int_equal(decode("{\"event\":\"note\",\"t_ns\":1,\"seq\":1.00000000000000000000000000000"
	                        "0000000000000000000000000000000000000000000000000}",
	                        &event),
	                 0);
	assert_int_equal(event.seq, 1);
}

/* strtod reads what the locale says; JSON knows the point only. */
static void doubles_do_not_follow_the_locale(void **state)
{
	static struct sw_event event;
	static const char text[] = "{\"event\":\"session_started\",\"seq\":1,\"t_ns\":1,\"order\":"
							   "\"random\",\"backtest\":\"real\",\"enable_below_percent\":2.5}";
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		(void)setlocale(LC_NUMERIC, names[i]);
		int status = decode(text, &event);
		(void)setlocale(LC_NUMERIC, "C");
		assert_int_equal(status, 0);
		assert_true(event.u.session.enable_below_percent > 2.4999);
		assert_true(event.u.session.enable_below_percent < 2.5001);
	}
}

/* An event that is used again for the next line must not keep anything that counts. */
static void nothing_is_left_of_the_event_before(void **state)
{
	static struct sw_event event;
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		static struct sw_event fresh;
		add_valid((enum sw_event_kind)kind, "");
		sw_buf_add_str(&line, "}");
		sw_event_init(&fresh, (enum sw_event_kind)kind, -1);
		fresh.seq = 3;
		fresh.t_ns = 4;
		memset(&event, 0x55, sizeof event);
		assert_int_equal(decode(line.data, &event), 0);
		assert_true(sw_event_equal(&event, &fresh));
		size_t n = random_event_bytes((enum sw_event_kind)kind);
		assert_memory_equal(&event.u, &fresh.u, n);
		if (n < sizeof event.u) {
			assert_int_equal(event.u.it.text[0], '\0');
			assert_int_equal(event.u.it.n_spans, 0);
		}
	}
}

static void tables_fit_the_decoder(void **state)
{
	(void)state;
	for (int kind = 0; kind < SW_EVENT_COUNT; kind++) {
		int n = 0;
		for (const struct sw_field *field = sw_event_fields[kind]; field->name; field++, n++)
			assert_int_equal(field->name_len, strlen(field->name));
		assert_true(n <= SW_EVENT_FIELDS_MAX);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(valid_lines),
		TEST(every_byte_damaged),
		TEST(random_damage),
		TEST(every_value_for_every_field),
		TEST(members_in_any_order),
		TEST(deep_nesting),
		TEST(stricter_than_before),
		TEST(doubles_do_not_follow_the_locale),
		TEST(nothing_is_left_of_the_event_before),
		TEST(tables_fit_the_decoder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
