#include "docker/cold_internal.h"

/* Each phase ends where the next begins, so that the attempt is tiled without gaps. */
static void fill_spans(const struct sw_container_facts *facts, struct sw_attempt_result *result)
{
	const struct sw_life_stamps *stamps = &facts->stamps;
	int64_t remove_ns = stamps->remove_ns ? stamps->remove_ns : facts->end_ns;
	int64_t until_ns = stamps->kill_ns ? stamps->kill_ns : remove_ns;
	if (!stamps->create_ns)
		return;
	sw_result_span(result, SW_PHASE_CREATE, facts->start_ns,
	               stamps->attach_ns ? stamps->attach_ns : remove_ns, true);
	if (stamps->attach_ns)
		sw_result_span(result, SW_PHASE_ATTACH, stamps->attach_ns,
		               stamps->start_ns ? stamps->start_ns : remove_ns, true);
	int64_t run_end_ns = stamps->start_ns ? sw_container_run_spans(facts, until_ns, result) : 0;
	sw_container_end_spans(facts, run_end_ns, result);
}

void sw_cold_result(const struct sw_container_options *options,
                    const struct sw_container_facts *facts, struct sw_attempt_result *out_result)
{
	sw_container_result_begin(facts, out_result);
	fill_spans(facts, out_result);
	sw_container_judge(options, facts, out_result);
}
