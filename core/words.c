#include "core/words.h"

SW_WORD_TABLE(kind, "mode kind", SW_MODE_KINDS)
SW_WORD_TABLE(group, "phase group", SW_GROUPS)
SW_WORD_TABLE(phase, "phase", SW_PHASES)
SW_WORD_TABLE(outcome, "outcome", SW_OUTCOMES)
SW_WORD_TABLE(order, "order", SW_ORDERS)
SW_WORD_TABLE(backtest, "backtest", SW_BACKTESTS)
SW_WORD_TABLE(state, "state", SW_STATES)
SW_WORD_TABLE(clock, "clock", SW_CLOCKS)
SW_WORD_TABLE(shim, "shim", SW_SHIMS)
SW_WORD_TABLE(layer, "layer", SW_LAYERS)
SW_WORD_TABLE(fault, "fault", SW_FAULTS)
SW_WORD_TABLE(target, "request", SW_FAULT_TARGETS)
SW_WORD_TABLE(breaker, "state", SW_BREAKER_STATES)

const char *sw_word(const struct sw_words *words, int value)
{
	return value >= 0 && (size_t)value < words->count ? words->names[value] : "?";
}

int sw_word_find(const struct sw_words *words, const char *word, size_t len)
{
	for (size_t i = 0; len && i < words->count; i++) {
		const char *name = words->names[i];
		if (*name == *word && strlen(name) == len && memcmp(name, word, len) == 0)
			return (int)i;
	}
	return -1;
}

int sw_word_value(const struct sw_words *words, const char *word)
{
	return sw_word_find(words, word, strlen(word));
}

enum sw_group sw_phase_group(enum sw_phase phase)
{
#define GROUP(id, name, group, about) group,
	static const enum sw_group groups[] = {SW_PHASES(GROUP)};
	return groups[phase];
}

const char *sw_phase_about(enum sw_phase phase)
{
#define PHASE_ABOUT(id, name, group, about) about,
	static const char *const abouts[] = {SW_PHASES(PHASE_ABOUT)};
	return abouts[phase];
}

const char *sw_outcome_about(enum sw_outcome outcome)
{
#define OUTCOME_ABOUT(id, name, about) about,
	static const char *const abouts[] = {SW_OUTCOMES(OUTCOME_ABOUT)};
	return abouts[outcome];
}

const char *sw_layer_about(enum sw_layer layer)
{
#define LAYER_ABOUT(id, name, about) about,
	static const char *const abouts[] = {SW_LAYERS(LAYER_ABOUT)};
	return abouts[layer];
}

const char *sw_fault_about(enum sw_fault fault)
{
#define FAULT_ABOUT(id, name, about) about,
	static const char *const abouts[] = {SW_FAULTS(FAULT_ABOUT)};
	return abouts[fault];
}

bool sw_fault_is_network(enum sw_fault fault)
{
	return fault <= SW_FAULT_STALL;
}
