#include "docker/exec_internal.h"

/* Each phase ends where the next begins, so that the attempt is tiled without gaps. */
static void fill_spans(const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	const struct sw_life_stamps *stamps = &facts->stamps;
	int64_t until_ns = stamps->kill_ns ? stamps->kill_ns : facts->end_ns;
	if (!stamps->create_ns)
		return;
	sw_result_span(result, SW_PHASE_CREATE, facts->start_ns,
	               stamps->start_ns ? stamps->start_ns : until_ns, true);
	if (stamps->start_ns) {
		int64_t run_end_ns = sw_container_run_spans(facts, until_ns, result);
		if (stamps->eof_ns && !stamps->kill_ns)
			sw_result_span(result, SW_PHASE_EXIT, run_end_ns, facts->end_ns, true);
	}
	if (stamps->kill_ns)
		sw_result_span(result, SW_PHASE_STOP, stamps->kill_ns, facts->end_ns, true);
}

void sw_exec_result(const struct sw_container_options *options,
                    const struct sw_container_facts *facts, struct sw_attempt_result *out_result)
{
	sw_container_result_begin(facts, out_result);
	fill_spans(facts, out_result);
	sw_container_judge(options, facts, out_result);
}
