#include <math.h>
#include <string.h>
#include <time.h>

#include "docker/api_internal.h"
#include "docker/monitor.h"

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* -1 where it is missing. */
static int64_t number(const cJSON *object, const char *key)
{
	const cJSON *item = member(object, key);
	int64_t value = cJSON_IsNumber(item) ? sw_api_json_int(object, key) : -1;
	return value < 0 ? -1 : value;
}

/* "2026-11-23T04:15:09.389990574Z", "…+01:00": ns since 1970; 0 for anything else, as for Docker's
 * "0001-01-01T00:00:00Z" of a container that does not run. */
static int64_t read_time(const char *text)
{
	struct tm tm = {0};
	const char *at = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t fraction = 0, unit = 100000000;
	if (!at || tm.tm_year < 70 || tm.tm_year > 300)
		return 0;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
			fraction += (*at - '0') * unit;
	}
	int64_t offset_s = 0;
	if ((*at == '+' || *at == '-') && strlen(at) == 6 && at[3] == ':') {
		int hours = (at[1] - '0') * 10 + at[2] - '0', minutes = (at[4] - '0') * 10 + at[5] - '0';
		offset_s = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	}
	return ((int64_t)timegm(&tm) - offset_s) * 1000000000 + fraction;
}

/* As docker/cli's calculateMemUsageUnixNoCache: less the page cache that is not in use; "cache" is what
 * engines without those two have. */
static int64_t working_set(const cJSON *memory)
{
	static const char *const keys[] = {"total_inactive_file", "inactive_file", "cache"};
	int64_t usage = number(memory, "usage");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		int64_t cache = number(member(memory, "stats"), keys[i]);
		if (cache >= 0)
			return cache < usage ? usage - cache : usage;
	}
	return usage;
}

static double percent(const struct sw_sample *before, int64_t last_read_ns, int64_t cpu_ns,
                      int64_t read_ns)
{
	bool can_tell = before->state == SW_SAMPLE_RUNNING && last_read_ns > 0 &&
	                read_ns > last_read_ns && before->cpu_ns >= 0 && cpu_ns >= before->cpu_ns;
	if (!can_tell)
		return NAN;
	return 100.0 * (double)(cpu_ns - before->cpu_ns) / (double)(read_ns - last_read_ns);
}

static void clear(struct sw_sample *sample)
{
	sample->cpu_ns = sample->memory_bytes = sample->memory_limit_bytes = sample->pids = -1;
	sample->cpu_percent = NAN;
}

int sw_sample_read(const char *body, size_t len, int64_t last_read_ns, struct sw_sample *sample,
                   int64_t *out_read_ns)
{
	/* Docker's answer, with status 200, about a container that goes while it is asked about. */
	if (len == 0) {
		sample->state = SW_SAMPLE_STOPPED;
		clear(sample);
		*out_read_ns = 0;
		return 0;
	}
	SW_CLEANUP(cjson) cJSON *json = sw_api_json(body, len);
	const cJSON *cpu = member(member(json, "cpu_stats"), "cpu_usage");
	const cJSON *memory = member(json, "memory_stats");
	struct sw_sample new = *sample;

	if (!cJSON_IsObject(json) || !cJSON_IsObject(cpu))
		return -1;
	int64_t read_ns = read_time(cJSON_GetStringValue(member(json, "read")));
	new.cpu_ns = number(cpu, "total_usage");
	new.memory_bytes = working_set(memory);
	new.memory_limit_bytes = number(memory, "limit");
	new.pids = number(member(json, "pids_stats"), "current");
	/* A container that runs has used memory; one that doesn't has no "read" on Docker. */
	bool is_running = read_ns > 0 && (new.memory_bytes > 0 || new.cpu_ns > 0 || new.pids > 0);
	new.state = is_running ? SW_SAMPLE_RUNNING : SW_SAMPLE_STOPPED;
	new.cpu_percent = percent(sample, last_read_ns, new.cpu_ns, read_ns);
	if (!is_running)
		clear(&new);
	*sample = new;
	*out_read_ns = read_ns;
	return 0;
}
