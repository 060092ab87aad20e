#include "docker/container_event.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "docker/api_internal.h"

static const struct {
	const char *action;
	enum sw_ce_kind kind;
} actions[] = {
	{"create", SW_CE_CREATE}, {"start", SW_CE_START},     {"die", SW_CE_DIE},
	{"died", SW_CE_DIE},      {"destroy", SW_CE_DESTROY}, {"remove", SW_CE_DESTROY},
	{"kill", SW_CE_KILL},     {"oom", SW_CE_OOM},         {"stop", SW_CE_STOP},
	{"pause", SW_CE_PAUSE},   {"unpause", SW_CE_UNPAUSE}, {"rename", SW_CE_RENAME},
};

static const char *const states[SW_CONTAINER_STATES] = {"created", "running", "paused", "exited"};

const char *sw_container_state_name(enum sw_container_state state)
{
	return states[state];
}

/* The text of OBJECT's KEY, raw; "" without. */
static const char *raw(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	return text ? text : "";
}

/* -1 when it is none: it goes into paths and tables. */
static int read_id(const char *text, char *dst, size_t size)
{
	size_t len = strspn(text, "0123456789abcdef");
	return len >= 12 && !text[len] && sw_text_copy(dst, size, text) ? 0 : -1;
}

static int read_kind(const char *action, enum sw_ce_kind *out_kind)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strcmp(actions[i].action, action) == 0) {
			*out_kind = actions[i].kind;
			return 0;
		}
	}
	return -1;
}

/* A whole number from 0 to MAX; -1 for anything else. */
static int small_number(const char *text, int max)
{
	int value = 0;
	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || value > max)
			return -1;
		value = value * 10 + (*text - '0');
	}
	return value <= max ? value : -1;
}

/* "9", "KILL" or "SIGKILL". */
static int read_signal(const char *text)
{
	int number = small_number(text, 64);
	if (number >= 0)
		return number;
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	for (int s = 1; s < NSIG && s <= 64; s++) {
		const char *known = sigabbrev_np(s);
		if (known && strcmp(known, name) == 0)
			return s;
	}
	return 0;
}

/* cJSON keeps numbers as doubles, which hold a time in ns to 256 ns only: the digits are read from the
 * line itself. Inside a string the quotes would stand behind backslashes, and an attribute's value is
 * a string, so the key is followed by digits in one place. */
static int64_t read_time(const cJSON *json, const char *line, size_t len)
{
	static const char key[] = "\"timeNano\":";
	int64_t rough = sw_api_json_int(json, "timeNano"), exact = 0;
	const char *at = line, *end = line + len;

	if (rough <= 0 || rough == INT64_MAX) {
		int64_t seconds = sw_api_json_int(json, "time");
		return seconds > 0 && seconds < INT64_MAX / 1000000000 ? seconds * 1000000000 : 0;
	}
	while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1))) {
		int digits = 0;
		at += sizeof key - 1;
		while (at < end && *at == ' ')
			at++;
		for (exact = 0; at < end && *at >= '0' && *at <= '9' && digits < 19; digits++)
			exact = digits < 18 || exact < INT64_MAX / 10 ? exact * 10 + (*at++ - '0') : exact;
		if (exact - rough >= -1024 && exact - rough <= 1024)
			return exact;
	}
	return rough;
}

int sw_container_event_read(const char *line, size_t len, struct sw_container_event *out_event)
{
	struct sw_container_event event = {.exit_code = -1};
	SW_CLEANUP(cjson) cJSON *json = sw_api_json(line, len);
	const cJSON *actor = cJSON_GetObjectItemCaseSensitive(json, "Actor");
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(actor, "Attributes");

	/* The fields outside of Actor are older; Docker leaves them out since API 1.52. */
	const char *type = raw(json, "Type"), *action = raw(json, "Action"), *id = raw(actor, "ID");
	action = *action ? action : raw(json, "status");
	id = *id ? id : raw(json, "id");
	if (!cJSON_IsObject(json) || !*action)
		return -1;
	if ((*type && strcmp(type, "container") != 0) || read_kind(action, &event.kind) < 0)
		return 0;
	event.time_ns = read_time(json, line, len);
	if (read_id(id, event.id, sizeof event.id) < 0 || event.time_ns <= 0)
		return -1;
	sw_api_json_text(attributes, "name", event.name, sizeof event.name);
	sw_api_json_text(attributes, "image", event.image, sizeof event.image);
	if (!event.image[0])
		sw_api_json_text(json, "from", event.image, sizeof event.image);
	if (event.kind == SW_CE_RENAME) {
		const char *old = raw(attributes, "oldName");
		old += *old == '/';
		sw_text_clean(event.old_name, sizeof event.old_name, old, strlen(old));
	} else if (event.kind == SW_CE_DIE) {
		const char *code = raw(attributes, "exitCode");
		event.exit_code = small_number(*code ? code : raw(attributes, "containerExitCode"), 255);
	} else if (event.kind == SW_CE_KILL) {
		event.signal = read_signal(raw(attributes, "signal"));
	}
	*out_event = event;
	return 1;
}

/* Docker's and Podman's words: created, configured, initialized; running, restarting; paused;
 * exited, dead, removing, stopping, stopped. */
static enum sw_container_state read_state(const char *word)
{
	static const struct {
		const char *word;
		enum sw_container_state state;
	} words[] = {
		{"created", SW_CONTAINER_CREATED},     {"configured", SW_CONTAINER_CREATED},
		{"initialized", SW_CONTAINER_CREATED}, {"running", SW_CONTAINER_RUNNING},
		{"stopping", SW_CONTAINER_RUNNING},    {"paused", SW_CONTAINER_PAUSED},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].state;
	return SW_CONTAINER_EXITED;
}

static int64_t read_created(const cJSON *item)
{
	int64_t seconds = sw_api_json_int(item, "Created");
	return seconds > 0 && seconds < INT64_MAX / 1000000000 ? seconds : 0;
}

int sw_container_list_read(const char *body, size_t len, sw_container_each_fn each, void *user,
                           struct sw_error *err)
{
	const cJSON *item;
	SW_CLEANUP(cjson) cJSON *json = sw_api_json(body, len);
	if (!cJSON_IsArray(json)) {
		char seen[100];
		sw_text_clean(seen, sizeof seen, body, len);
		return sw_error_set(err, SW_ERR_PROTOCOL, 0,
		                    "listing containers: the engine's answer makes no sense: '%s'", seen);
	}
	cJSON_ArrayForEach(item, json)
	{
		struct sw_container_event event = {.kind = SW_CE_LISTED, .exit_code = -1};
		const cJSON *names = cJSON_GetObjectItemCaseSensitive(item, "Names");
		const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(names, 0));
		if (read_id(raw(item, "Id"), event.id, sizeof event.id) < 0)
			continue;
		if (name)
			sw_text_clean(event.name, sizeof event.name, name + (*name == '/'),
			              strlen(name + (*name == '/')));
		sw_api_json_text(item, "Image", event.image, sizeof event.image);
		event.state = read_state(raw(item, "State"));
		event.created_s = read_created(item);
		each(user, &event);
	}
	return 0;
}
