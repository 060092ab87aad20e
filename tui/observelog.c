#include "tui/observelog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { ID_SHOWN = 12 };

struct entry {
	int64_t time_ns, lost_ns;
	enum sw_ce_kind kind;
	int value; /* exit code, signal, or how many the list had */
	char id[ID_SHOWN + 1];
	char name[128], image[160];
	char text[256]; /* why it was lost, or the old name */
};

struct sw_observelog {
	uint64_t added;
	int listed; /* by the list that is being told */
	struct entry ring[SW_OBSERVELOG_MAX];
};

struct sw_observelog *sw_observelog_new(void)
{
	return calloc(1, sizeof(struct sw_observelog));
}

void sw_observelog_free(struct sw_observelog *log)
{
	free(log);
}

uint64_t sw_observelog_total(const struct sw_observelog *log)
{
	return log->added;
}

int sw_observelog_count(const struct sw_observelog *log)
{
	return log->added < SW_OBSERVELOG_MAX ? (int)log->added : SW_OBSERVELOG_MAX;
}

void sw_observelog_add(struct sw_observelog *log, const struct sw_container_event *event,
                       int64_t time_ns)
{
	if (event->kind == SW_CE_LIST_BEGIN)
		log->listed = 0;
	log->listed += event->kind == SW_CE_LISTED;
	if (event->kind == SW_CE_LIST_BEGIN || event->kind == SW_CE_LISTED)
		return;
	struct entry *entry = &log->ring[log->added++ % SW_OBSERVELOG_MAX];
	*entry = (struct entry){.kind = event->kind, .lost_ns = event->lost_ns};
	entry->time_ns = event->time_ns ? event->time_ns : time_ns;
	entry->value = event->kind == SW_CE_LIST_END ? log->listed
	               : event->kind == SW_CE_KILL   ? event->signal
	                                             : event->exit_code;
	(void)sw_text_copy(entry->id, sizeof entry->id, event->id);
	(void)sw_text_copy(entry->name, sizeof entry->name, event->name);
	(void)sw_text_copy(entry->image, sizeof entry->image, event->image);
	(void)sw_text_copy(entry->text, sizeof entry->text,
	                   event->kind == SW_CE_RENAME || event->kind == SW_CE_LEFT ? event->old_name
	                                                                            : event->text);
}

/* ---- in words ---- */

static const struct {
	const char *what;
	enum sw_role role;
} words[] = {
	[SW_CE_CREATE] = {"create", SW_ROLE_TEXT},   [SW_CE_START] = {"start", SW_ROLE_STARTUP},
	[SW_CE_DIE] = {"die", SW_ROLE_OK},           [SW_CE_DESTROY] = {"destroy", SW_ROLE_DIM},
	[SW_CE_KILL] = {"kill", SW_ROLE_WARNING},    [SW_CE_OOM] = {"out of memory", SW_ROLE_BAD},
	[SW_CE_STOP] = {"stop", SW_ROLE_TEXT},       [SW_CE_PAUSE] = {"pause", SW_ROLE_TEXT},
	[SW_CE_UNPAUSE] = {"unpause", SW_ROLE_TEXT}, [SW_CE_RENAME] = {"rename", SW_ROLE_TEXT},
	[SW_CE_LEFT] = {"left", SW_ROLE_WARNING},    [SW_CE_CONNECTED] = {"connected", SW_ROLE_OK},
	[SW_CE_LOST] = {"engine away", SW_ROLE_BAD}, [SW_CE_BACK] = {"engine back", SW_ROLE_WARNING},
	[SW_CE_LIST_END] = {"listed", SW_ROLE_DIM},
};

static void say_exit(const struct entry *entry, struct sw_observelog_line *line)
{
	line->role = entry->value == 0 ? SW_ROLE_OK : SW_ROLE_BAD;
	if (entry->value < 0)
		(void)snprintf(line->text, sizeof line->text, "exit code not said");
	else
		(void)snprintf(line->text, sizeof line->text, "exit code %d", entry->value);
}

static void say_signal(const struct entry *entry, struct sw_observelog_line *line)
{
	const char *name = entry->value > 0 ? sigabbrev_np(entry->value) : NULL;
	if (name)
		(void)snprintf(line->text, sizeof line->text, "SIG%s was sent", name);
	else if (entry->value > 0)
		(void)snprintf(line->text, sizeof line->text, "signal %d was sent", entry->value);
	else
		(void)snprintf(line->text, sizeof line->text, "a signal was sent");
}

static void add_words(const struct entry *entry, struct sw_observelog_line *line)
{
	char lost[16];
	switch ((int)entry->kind) {
	case SW_CE_DIE:
		say_exit(entry, line);
		break;
	case SW_CE_KILL:
		say_signal(entry, line);
		break;
	case SW_CE_RENAME:
	case SW_CE_LEFT:
		(void)snprintf(line->text, sizeof line->text, "was called %.128s%s", entry->text,
		               entry->kind == SW_CE_LEFT ? "; the filter means it no longer" : "");
		break;
	case SW_CE_BACK:
		(void)snprintf(line->text, sizeof line->text, "after %s",
		               sw_text_duration(lost, sizeof lost, entry->lost_ns));
		break;
	case SW_CE_LIST_END:
		(void)snprintf(line->text, sizeof line->text, "%d container%s there", entry->value,
		               entry->value == 1 ? " is" : "s are");
		break;
	default:
		(void)sw_text_copy(line->text, sizeof line->text, entry->text);
	}
}

void sw_observelog_line(const struct sw_observelog *log, int index,
                        struct sw_observelog_line *out_line)
{
	uint64_t first = log->added - (uint64_t)sw_observelog_count(log);
	const struct entry *entry = &log->ring[(first + (uint64_t)index) % SW_OBSERVELOG_MAX];
	*out_line = (struct sw_observelog_line){
		.time_ns = entry->time_ns,
		.what = words[entry->kind].what,
		.role = words[entry->kind].role,
	};
	(void)sw_text_copy(out_line->id, sizeof out_line->id, entry->id);
	(void)sw_text_copy(out_line->subject, sizeof out_line->subject,
	                   *entry->name ? entry->name : entry->id);
	(void)sw_text_copy(out_line->image, sizeof out_line->image, entry->image);
	add_words(entry, out_line);
}
