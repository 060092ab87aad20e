#include <string.h>

#include "core/session.h"

uint64_t sw_mode_counted_running(const struct sw_mode_state *mode)
{
	uint64_t n = 0;
	for (int i = 0; i < mode->n_slots; i++)
		n += mode->slots[i].is_active && !mode->slots[i].warmup;
	return n;
}

uint64_t sw_mode_pending(const struct sw_mode_state *mode)
{
	uint64_t taken = mode->done + sw_mode_counted_running(mode);
	uint64_t planned = mode->info.planned > 0 ? (uint64_t)mode->info.planned : 0;
	return planned > taken ? planned - taken : 0;
}

uint64_t sw_mode_faults(const struct sw_mode_state *mode)
{
	uint64_t sum = 0;
	for (int f = 0; f < SW_FAULT_COUNT; f++)
		sum += mode->faults[f];
	return sum;
}

uint64_t sw_session_came_of(const struct sw_session *session, enum sw_fault fault,
                            uint64_t out_came_of[SW_CAME_COUNT])
{
	uint64_t injected = 0;
	memset(out_came_of, 0, SW_CAME_COUNT * sizeof *out_came_of);
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		injected += mode->faults[fault];
		for (int c = 0; c < SW_CAME_COUNT; c++)
			out_came_of[c] += mode->came_of[fault][c];
	}
	return injected;
}
