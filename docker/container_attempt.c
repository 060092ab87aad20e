#include <stdio.h>

#include "core/text.h"
#include "docker/container_runner.h"

/* ---- events ---- */

static void emit(struct sw_container_runner *base, struct sw_event *event)
{
	if (base->options.sink.emit)
		base->options.sink.emit(base->options.sink.user, event);
}

static void begin(struct sw_container_runner *base, enum sw_event_kind kind,
                  const struct sw_attempt *of, const char *id, struct sw_event *event)
{
	sw_event_init(event, kind, base->options.index);
	if (of) {
		event->u.it.iteration = of->iteration;
		event->u.it.attempt = of->number;
		event->u.it.warmup = of->warmup;
		event->u.it.on_host = of->on_host;
	}
	(void)snprintf(event->u.it.container, sizeof event->u.it.container, "%.12s", id);
}

void sw_container_tell_phase(struct sw_container_runner *base, enum sw_phase phase, const char *id)
{
	struct sw_event event;
	begin(base, SW_EVENT_PHASE_STARTED, &base->attempt, id, &event);
	event.u.it.phase = phase;
	emit(base, &event);
}

void sw_container_tell(struct sw_container_runner *base, enum sw_event_kind kind,
                       const struct sw_attempt *of, const char *id, const char *text)
{
	struct sw_event event;
	begin(base, kind, of, id, &event);
	(void)sw_text_copy(event.u.it.text, sizeof event.u.it.text, text ? text : "");
	emit(base, &event);
}

void sw_container_tell_behind(struct sw_container_runner *base, const struct sw_attempt *of,
                              const char *id, const struct sw_span *spans, int n)
{
	struct sw_event event;
	if (n <= 0)
		return;
	begin(base, SW_EVENT_PHASE_BEHIND, of, id, &event);
	for (int i = 0; i < n && i < SW_SPANS_MAX; i++)
		event.u.it.spans[event.u.it.n_spans++] =
			(struct sw_span){spans[i].phase, spans[i].start_ns - base->options.origin_ns,
		                     spans[i].end_ns - base->options.origin_ns, false};
	emit(base, &event);
}

void sw_container_note(struct sw_container_runner *base, const char *text)
{
	struct sw_event event;
	sw_event_init(&event, SW_EVENT_NOTE, base->options.index);
	(void)sw_text_copy(event.u.end.text, sizeof event.u.end.text, text);
	emit(base, &event);
}

void sw_container_tell_left(struct sw_container_runner *base, const struct sw_error *error)
{
	struct sw_error told = *error;
	sw_error_wrap(&told, "a container stays behind (`sandwatch clean` removes it)");
	sw_container_note(base, told.message);
}

void sw_container_learn_clock(struct sw_container_runner *base, enum sw_clock clock)
{
	struct sw_event event;
	if (base->clock != SW_CLOCK_UNKNOWN || clock == SW_CLOCK_UNKNOWN)
		return;
	base->clock = clock;
	sw_event_init(&event, SW_EVENT_CLOCK_KNOWN, base->options.index);
	event.u.clock = clock;
	emit(base, &event);
}

/* ---- an attempt as it goes on ---- */

void sw_container_begin(struct sw_container_runner *base, const struct sw_attempt *attempt,
                        struct sw_container_facts *facts)
{
	*facts = (struct sw_container_facts){.start_ns = sw_clock_ns(), .exit_code = -1};
	base->attempt = *attempt;
	base->has_exit_event = false;
	base->inner = SW_PHASE_PULL;
	sw_worker_report_init(&facts->report);
	sw_worker_reader_init(&facts->out, base->attempt.token);
	sw_worker_reader_init(&facts->err, base->attempt.token);
	facts->out.takes_hints = base->options.task->strategy != NULL; /* the worker's result channel */
}

static void inner_begins(struct sw_container_runner *base, enum sw_phase phase, const char *id)
{
	if (phase <= base->inner || base->has_exit_event)
		return;
	base->inner = phase;
	sw_container_tell_phase(base, phase, id);
}

/* A worker says itself when it has booted; a command has no phases of its own, and without a shim all that
 * tells of its beginning may be the start's answer. */
void sw_container_tell_inner(struct sw_container_runner *base,
                             const struct sw_container_facts *facts, const char *id,
                             bool is_running)
{
	if (!base->options.task->strategy) {
		if (facts->first_byte_ns || (is_running && base->options.shim == SW_SHIM_NONE))
			inner_begins(base, SW_PHASE_EXECUTE, id);
		return;
	}
	if (is_running || facts->report.init_ns || facts->report.hints)
		inner_begins(base, SW_PHASE_BOOT, id);
	for (int phase = SW_PHASE_IMPORTS; phase <= SW_PHASE_EXECUTE; phase++)
		if (facts->report.hints & 1u << phase)
			inner_begins(base, (enum sw_phase)phase, id);
}

static void exit_begins(struct sw_container_runner *base, const char *id)
{
	if (base->has_exit_event)
		return;
	base->has_exit_event = true;
	sw_container_tell_phase(base, SW_PHASE_EXIT, id);
}

void sw_container_hear(struct sw_container_runner *base, struct sw_container_facts *facts,
                       enum sw_stream stream, const char *bytes, size_t len, const char *id,
                       bool is_running)
{
	struct sw_worker_reader *reader = stream == SW_STREAM_STDERR ? &facts->err : &facts->out;
	if (stream == SW_STREAM_STDIN)
		return;
	if (!facts->first_byte_ns)
		facts->first_byte_ns = sw_clock_ns();
	int taken = sw_worker_reader_feed(reader, bytes, len, &facts->report);
	sw_container_tell_inner(base, facts, id, is_running);
	if (!taken)
		return;
	if ((facts->report.has_result || facts->report.garbage) && !facts->result_ns) {
		facts->result_ns = sw_clock_ns();
		if (!facts->exit_is_behind)
			exit_begins(base, id);
	}
	if (facts->report.has_exit && !facts->exit_ns) {
		facts->exit_ns = sw_clock_ns();
		exit_begins(base, id);
	}
}
