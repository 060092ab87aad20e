/* Hides the sentences that the summary and the Markdown report share, so that they cannot say
 * different things. Must not know how they are laid out. */
#ifndef SW_REPORT_WORDS_H
#define SW_REPORT_WORDS_H

#include "core/figures.h"
#include "core/isolation.h"
#include "core/numbers.h"

/* By value, for use inside one expression; "" where there is nothing to say. Text from outside is
 * cleaned, not yet escaped for Markdown. */
struct sw_sentence {
	char text[1024];
};

/* A sentence as printf has it, cleaned. */
struct sw_sentence sw_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct sw_sentence sw_say_state(
	const struct sw_figures *figures); /* "done, 40 of 40 iterations in 12.4 s" */
/* "12.4 s", "12.4 s, 5.00 s of it paused": from the session's start to its newest event. */
struct sw_sentence sw_say_elapsed(const struct sw_session *session);
struct sw_sentence sw_say_engine(
	const struct sw_figures *figures); /* "docker 20.10.24 · runc · overlay2" */
struct sw_sentence sw_say_machine(
	const struct sw_figures *figures); /* "Debian 12 · Linux 6.18 · 2 CPUs · 7.6 GiB" */
struct sw_sentence sw_say_image(
	const struct sw_figures *figures); /* "sandwatch/python:latest (111 MiB)" */

/* "baked", or per mode where they differ: how PID 1's stamp comes into the containers. */
struct sw_sentence sw_say_shim(const struct sw_figures *figures);

/* "3.11.2", or per mode where they differ; whether and where code is validated, with its cost. */
struct sw_sentence sw_say_python(const struct sw_figures *figures);
struct sw_sentence sw_say_validation(const struct sw_figures *figures);

/* "no iteration ended ok yet", "… fell back to the host …": why there is no overhead; "" when there
 * is one. */
struct sw_sentence sw_say_no_overhead(const struct sw_figures *figures);

/* What must be known before the overhead is believed: noise, a percentage of next to nothing. */
struct sw_sentence sw_say_noise(const struct sw_figures *figures);
struct sw_sentence sw_say_small_baseline(const struct sw_figures *figures);

/* What the projection leaves out: the candidate's cpu limit, and the measured execute ratio. */
struct sw_sentence sw_say_ratio(const struct sw_figures *figures);

/* "2 configured, not evaluated by this version"; "" without gates. */
struct sw_sentence sw_say_gates(const struct sw_figures *figures);

/* "timeout 2, oom 1": failures of a mode by outcome; "" when there were none. */
struct sw_sentence sw_say_failures(const struct sw_mode_figures *mode);

/* "engine 2": COUNTS by outcome, those above 0. */
struct sw_sentence sw_say_counts(const uint64_t counts[SW_OUTCOME_COUNT]);

/* ---- core/report_faults.c ---- */

/* "delay 2, reset 1": those above 0. */
struct sw_sentence sw_say_faults(const uint64_t counts[SW_FAULT_COUNT]);
/* "opened 1 time, closed at the end: 14 attempts were not asked of the engine …"; "" when it never opened. */
struct sw_sentence sw_say_breaker(const struct sw_figures *figures);
/* "1 time by another process; 1 iteration was dropped …"; "" when it never was. */
struct sw_sentence sw_say_resumed(const struct sw_figures *figures);

/* ---- core/report_words_modes.c: several modes, and the course of one ---- */

/* "seccomp costs 1.2 ms [-3.0, +5.0]: not distinguishable from zero", in UNIT. */
struct sw_sentence sw_say_layer(const struct sw_figures *figures, const struct sw_layer_cost *cost,
                                struct sw_unit unit);

/* "warm: the last third of its iterations took 1.2 ms longer …", "cold: 2 of 40 iterations are far out …";
 * "" where there was none, or nothing was judged. */
struct sw_sentence sw_say_drift(const struct sw_figures *figures, int mode,
                                const struct sw_drift *drift);
struct sw_sentence sw_say_outliers(const struct sw_figures *figures, int mode,
                                   const struct sw_outliers *outliers);

/* What `iterations: auto` waits for, or why it ended; "" where the number was given. */
struct sw_sentence sw_say_auto(const struct sw_figures *figures);

/* What the isolation ledger was found out on, and whether that is another engine than this session's; "" when
 * the ledger is empty. */
struct sw_sentence sw_say_isolation_source(const struct sw_figures *figures);
/* The modes of KIND that lack no layer, names with commas between them: one line of the ledger serves them
 * all. FIRST: the one that stands for them, the first that ran one iteration at a time; "" and -1: none. */
struct sw_sentence sw_say_modes_of(const struct sw_figures *figures,
                                   const struct sw_isolation *line, int *out_first);
/* "-45.0 %": how much MODE's mean is more than the candidate's; "-" where either has none, or it is the
 * candidate. */
struct sw_number sw_say_against_candidate(const struct sw_figures *figures, int mode);

/* "1 kept container was lost, and made anew"; "" when none was. */
struct sw_sentence sw_say_replaced(const struct sw_mode_figures *mode);

/* "12.3", "0.53": iterations per second with three digits; "-" when there is none. */
struct sw_number sw_say_rate(double per_second);

/* The names of what is compared, cleaned; "baseline", "candidate" where there is none. */
struct sw_sentence sw_say_baseline(const struct sw_figures *figures);
struct sw_sentence sw_say_candidate(const struct sw_figures *figures);

/* The unit for a table of all modes' latencies, of one mode's phases, and of the overhead. */
struct sw_unit sw_unit_of_modes(const struct sw_figures *figures);
struct sw_unit sw_unit_of_phases(const struct sw_mode_figures *mode);

/* Half the width of the mean's interval, the larger side. */
double sw_mean_reach(const struct sw_stats *stats);

#endif
