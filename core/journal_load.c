#include "core/journal_load.h"

#include <errno.h>

#include "core/error.h"

struct load {
	struct sw_session *session;
	bool out_of_memory;
};

static int apply(void *user, const struct sw_event *event)
{
	struct load *load = user;
	load->out_of_memory = sw_session_apply(load->session, event) < 0;
	return load->out_of_memory;
}

int sw_journal_load(const char *path, struct sw_session *session,
                    struct sw_journal_stats *out_stats, struct sw_error *err)
{
	struct load load = {session, false};
	if (sw_journal_read(path, apply, &load, out_stats, err) < 0)
		return -1;
	if (load.out_of_memory)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot hold the session of %s", path);
	return 0;
}

bool sw_journal_say_broken(const struct sw_journal_stats *stats, char *text, size_t size)
{
	bool is_one = stats->broken == 1;
	char foreign[96] = "";
	if (!stats->broken)
		return false;
	if (stats->foreign)
		(void)snprintf(foreign, sizeof foreign, "; %llu %s of another version of sandwatch",
		               (unsigned long long)stats->foreign,
		               stats->foreign == 1 ? "is an event" : "are events");
	(void)snprintf(text, size, "%llu broken %s skipped%s line %llu: %s%s",
	               (unsigned long long)stats->broken, is_one ? "line was" : "lines were",
	               is_one ? "," : ", the first is", (unsigned long long)stats->first_broken_line,
	               stats->first_error, foreign);
	return true;
}
