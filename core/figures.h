/* Hides how a session's state becomes figures: statistics, overhead, shares, projections, decision.
 * Must not know how they are shown: the snapshot, the summary, the report and the screen all read
 * these, so that no two of them can disagree. Computed at any moment of a run. */
#ifndef SW_FIGURES_H
#define SW_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/series.h"
#include "core/session.h"
#include "core/stats.h"

/* Below this mean of the baseline a percentage says more about the baseline than about the sandbox
 * (the study's 187,600 %): reports say so. */
#define SW_SMALL_BASELINE_NS 50e6
/* An execute phase shorter than this is scheduling noise: its ratio is not carried to long jobs. */
#define SW_EXECUTE_MIN_NS 1e6
/* The kernel hands out a cpu limit per period of 100 ms (cpu.cfs_period_us): shorter code may not
 * have met its limit yet. */
#define SW_CPU_PERIOD_NS 100e6
#define SW_RUN_ITERATIONS 20 /* of the study's evolution run */

/* The seed of every interval of a difference between two modes of a session with SESSION_SEED: one for all,
 * so that the same pair has the same interval wherever it is shown, and the same one as ever (an offset
 * that follows no limit): reports of old journals stay as they were. */
static inline uint64_t sw_difference_seed(uint64_t session_seed)
{
	return session_seed + 16;
}

struct sw_phase_figure {
	enum sw_phase phase;
	uint64_t count; /* how often it occurred */
	double mean_ns; /* each time: attempts without it are not in it */
	double p50_ns, p95_ns;
	double share; /* of the mode's mean attempt wall time, 0..1; 0 behind the path */
};

struct sw_mode_figures {
	const struct sw_mode_state *state;
	struct sw_stats latency;     /* of ok iterations */
	bool exact;                  /* from all samples, not from the histogram */
	uint64_t ok, failures;       /* failures: done - ok - fell_back - cancelled */
	uint64_t cancelled, not_run; /* planned = ok + fell_back + failures + cancelled + not_run */
	uint64_t judged;             /* done without the cancelled ones: what the rates are of */
	double success_rate;         /* (ok + fell_back) / judged; 0 when none is judged */
	double fallback_rate;        /* fell_back and failed fallbacks / judged */
	struct sw_ci success_ci, fallback_ci;          /* Wilson; [0, 1] when none is judged */
	uint64_t timed_attempts;                       /* attempts behind the phases */
	double wall_ns;                                /* their mean wall time */
	struct sw_phase_figure phases[SW_PHASE_COUNT]; /* on the path, those that occurred, in order */
	int n_phases;
	/* What nobody waited for, the same way. A phase may be in both. */
	struct sw_phase_figure behind[SW_PHASE_COUNT];
	int n_behind;
	double group_ns[SW_GROUP_COUNT],
		group_share[SW_GROUP_COUNT]; /* on the path, mean per attempt */
	double other_ns, other_share, other_share_p50;
	/* What the mode gets done, all its slots together, with what they do behind: iterations of its turns
	 * over the turns' length; 0: no turn is over, or the journal tells of none. */
	double throughput_per_second;
};

/* How far the candidate's `execute` phase can be compared with the baseline's. */
enum sw_execute_basis {
	SW_EXECUTE_UNKNOWN,   /* a mode did not measure one */
	SW_EXECUTE_TOO_SHORT, /* under SW_EXECUTE_MIN_NS: measured, not to be extrapolated */
	SW_EXECUTE_MEASURED,
};
const char *sw_execute_basis_name(
	enum sw_execute_basis basis); /* "unknown", "too short", "measured" */

struct sw_execute_figure {
	enum sw_execute_basis basis;
	double baseline_ns, candidate_ns; /* mean execute phases; 0 when unknown */
	double ratio;                     /* candidate / baseline; 0 when unknown */
	bool cpu_limited;                 /* the candidate has less than one CPU */
	double cpu_stretch; /* 1 / that limit: what it does to CPU-bound code; 1 without */
};

struct sw_projection {
	double project_seconds;           /* a job of this length in the baseline */
	double baseline_ns, candidate_ns; /* per job: candidate = job + overhead */
	double overhead_percent, overhead_percent_low, overhead_percent_high;
	double run_baseline_ns, run_candidate_ns; /* for `run_iterations` of them */
	int64_t run_iterations;                   /* 20, the study's */
	/* The same with the job stretched by the measured execute ratio, when the candidate's cpu limit
	 * does that and the ratio is SW_EXECUTE_MEASURED:  job * ratio + overhead - (the part of the
	 * overhead that is the stretched execute phase itself). Else has_ratio is false. */
	bool has_ratio;
	double ratio_candidate_ns, ratio_percent;
};

enum sw_verdict {
	SW_VERDICT_UNKNOWN,         /* too little is known: the reasons say what is missing */
	SW_VERDICT_ENABLE,          /* needs passed functional tests: not given by this version */
	SW_VERDICT_ENABLE_VERIFIED, /* "enable, once verified" */
	SW_VERDICT_OPTIONAL,
	SW_VERDICT_DISABLE,
};
const char *sw_verdict_name(
	enum sw_verdict verdict); /* "unknown", "enable", "enable, once verified",
                                                         "optional", "do not enable" */

struct sw_reason {
	char topic[32];         /* functional tests, overhead, reliability, security, … */
	char text[SW_TEXT_MAX]; /* clean */
	int weight;             /* +1 speaks for, 0 neutral, -1 against */
};
#define SW_REASONS_MAX 8

struct sw_figures {
	const struct sw_session *session;
	struct sw_mode_figures modes[SW_MODES_MAX];
	int n_modes;
	int baseline, candidate; /* indices, -1 */
	bool has_overhead;       /* both have ok iterations */
	double overhead_ns;      /* candidate mean - baseline mean */
	double overhead_min_ns, overhead_max_ns,
		overhead_p50_ns; /* the same of minima, maxima, medians */
	double overhead_stddev_ns; /* of the difference of two independent iterations, one of each mode:
	                            * sqrt(sd² + sd²); 0 while a mode has fewer than 2 */
	struct sw_ci overhead_ci;
	double
		overhead_percent; /* of the baseline's mean; its bounds are overhead_ci's over that mean */
	double overhead_percent_low, overhead_percent_high;
	bool distinguishable; /* there is an interval, and it excludes 0 */
	bool small_baseline;  /* the baseline's mean is under SW_SMALL_BASELINE_NS */
	struct sw_execute_figure execute;
	struct sw_projection projections[SW_PROJECT_MAX];
	int n_projections;
	double decision_percent; /* what the rules compared; 0 without has_overhead */
	double decision_seconds; /* the job it is projected for; 0: the measured percentage */
	bool decision_with_ratio;
	bool fallback_unsafe; /* fallback.on lets code earn a run on the host */
	enum sw_verdict verdict;
	struct sw_reason reasons[SW_REASONS_MAX];
	int n_reasons;
};

/* Mean of mode B minus mean of mode A. */
struct sw_difference {
	int a, b;
	bool is_known; /* both have ok iterations; else all below is 0 */
	double ns;
	struct sw_ci ci;
	double percent, percent_low, percent_high; /* of A's mean; 0 when that is 0 */
	bool is_distinguishable;                   /* there is an interval, and it excludes 0 */
};

/* What one layer of the sandbox costs, by an ablation. */
struct sw_layer_cost {
	enum sw_layer layer;
	int mode;                  /* the one without the layer */
	/* From that mode to the whole sandbox: what having the layer adds to an iteration. For `network` the
	 * layer is the absence of a network, so that setting one up costs the opposite: a negative cost here. */
	struct sw_difference cost;
};

/* Of any two modes, by their indices, which must be valid; a == b gives an unknown one. Costs a bootstrap
 * of up to 2 × 2048 samples: not for every frame. 0 or -1 (memory). */
int sw_figures_difference(const struct sw_figures *figures, int a, int b,
                          struct sw_difference *out_difference);

/* Whether a mode of the session goes without a layer; and whether that is all there is: such modes are
 * there to be compared with the whole sandbox, not to be enabled, so that only a host baseline beside them,
 * against a sandbox with all its layers, is something to decide about. */
bool sw_figures_is_ablation(const struct sw_figures *figures);
bool sw_figures_is_mere_ablation(const struct sw_figures *figures);

/* What MODE is compared with by `iterations: auto` and by an ablation: the baseline; for a mode without
 * a layer, or where there is no baseline, the first sandbox that has all layers; else the first mode. */
int sw_figures_reference(const struct sw_figures *figures, int mode);

/* The cost of each layer that a mode of the session goes without, in the order of the modes; how many in
 * OUT_N. 0 or -1 (memory). */
int sw_figures_layers(const struct sw_figures *figures, struct sw_layer_cost out_costs[SW_MODES_MAX],
                      int *out_n);

/* Drift and outliers of the latencies kept of a mode, in their order. 0 or -1 (memory). */
int sw_figures_series(const struct sw_figures *figures, int mode, struct sw_drift *out_drift,
                      struct sw_outliers *out_outliers);

/* What an attempt of MODE spends on its path in the phases of the set PHASES (1u << enum sw_phase),
 * on average, in ns; 0 without timed attempts. */
double sw_mode_phases_ns(const struct sw_mode_figures *mode, unsigned phases);

/* Computes OUT of SESSION, which is borrowed for OUT's life. Equal states give equal figures (the
 * bootstrap is seeded with the session's seed). 0 or -1 (memory). */
int sw_figures_compute(const struct sw_session *session, struct sw_figures *out_figures);

/* The rules, in core/decision.c: fills in decision_*, verdict and reasons of figures that are
 * complete otherwise; sw_figures_compute calls it last.
 *  - The projected overhead of the slowest case that counts (the shortest project_seconds, with the
 *    execute ratio where there is one; without any, the measured percentage) against
 *    enable_below_percent and optional_below_percent.
 *  - Fallbacks or failures in the candidate: "optional" at most; fewer successes than the baseline,
 *    or not a single ok iteration: "do not enable".
 *  - Without passed functional tests: "enable, once verified" at most. */
void sw_figures_decide(struct sw_figures *figures);

#endif
