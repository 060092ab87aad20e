#include <math.h>
#include <stdio.h>

#include "core/histogram.h"
#include "core/text.h"
#include "tui/screens/charts.h"
#include "widgets/waterfall.h"

enum { STRETCHES = SW_SPANS_MAX + 1, PHASES = 2 * SW_PHASE_COUNT };

struct run_text {
	char name[32], elapsed[16];
	struct sw_waterfall_stretch stretches[STRETCHES];
};

/* What the view model's texts live in while it is drawn. */
struct lifecycle {
	char mean[PHASES][16], share[PHASES][24], now[SW_PHASE_COUNT][16], total[16];
	struct sw_waterfall_phase phases[PHASES];
	int index[SW_PHASE_COUNT];      /* of a phase of the path, in phases; -1: not there */
	int64_t now_ns[SW_PHASE_COUNT]; /* what the shown attempt spent in each; -1: nothing yet */
	int running[SW_PHASE_COUNT];    /* slots that are in it */
	int n;
	struct run_text texts[SW_PARALLEL_MAX];
	struct sw_waterfall_run runs[SW_PARALLEL_MAX];
	int n_runs;
	bool is_running;
	double longest; /* of the runs */
};

static const struct sw_mode_figures *figures_of(const struct sw_session_program *program, int mode)
{
	return program->has_figures && mode < program->figures->n_modes ? &program->figures->modes[mode]
	                                                                : NULL;
}

/* ---- means ---- */

/* A phase that no finished attempt had yet still belongs to the picture. */
static int index_of(struct lifecycle *life, enum sw_phase phase)
{
	if (life->index[phase] < 0) {
		life->index[phase] = life->n;
		life->phases[life->n] = (struct sw_waterfall_phase){
			.name = sw_word(&sw_words_phase, (int)phase),
			.role = sw_view_phase_role(phase),
			.start = life->n ? life->phases[life->n - 1].start + life->phases[life->n - 1].length
		                     : 0,
			.mean = "",
		};
		life->n++;
	}
	return life->index[phase];
}

/* Per attempt, of those without the phase too: so the rows add up to the total. */
static void add_means(struct lifecycle *life, const struct sw_mode_figures *mode)
{
	double at = 0;
	for (int i = 0; i < mode->n_phases; i++) {
		const struct sw_phase_figure *figure = &mode->phases[i];
		int k = index_of(life, figure->phase);
		double mean = sw_mode_phases_ns(mode, 1U << figure->phase);
		life->phases[k].start = at;
		life->phases[k].length = mean;
		life->phases[k].mean = sw_view_mean(life->mean[k], sizeof life->mean[k], mean);
		life->phases[k].share =
			sw_view_percent(life->share[k], sizeof life->share[k], figure->share);
		at += mean;
	}
}

/* After all that lies on the path. In place of a share of it: how often. */
static void add_behind(struct lifecycle *life, const struct sw_mode_figures *mode)
{
	for (int i = 0; i < mode->n_behind; i++) {
		const struct sw_phase_figure *figure = &mode->behind[i];
		int k = life->n++;
		(void)snprintf(life->share[k], sizeof life->share[k], "\u00d7%llu",
		               (unsigned long long)figure->count);
		life->phases[k] = (struct sw_waterfall_phase){
			.name = sw_word(&sw_words_phase, (int)figure->phase),
			.role = sw_view_phase_role(figure->phase),
			.length = figure->mean_ns,
			.mean = sw_view_mean(life->mean[k], sizeof life->mean[k], figure->mean_ns),
			.share = life->share[k],
			.off_path = true,
		};
	}
}

/* ---- runs ---- */

static void add_stretch(struct lifecycle *life, struct sw_waterfall_run *run, enum sw_phase phase,
                        const double range[2])
{
	struct run_text *text = &life->texts[run - life->runs];
	if (run->n_stretches == STRETCHES || range[1] < range[0])
		return;
	text->stretches[run->n_stretches++] =
		(struct sw_waterfall_stretch){index_of(life, phase), range[0], range[1]};
	int64_t before = life->now_ns[phase] < 0 ? 0 : life->now_ns[phase];
	life->now_ns[phase] = before + (int64_t)(range[1] - range[0]);
}

/* One that has ended: what of it lay on the path. Returns its length. */
static double add_spans(struct lifecycle *life, struct sw_waterfall_run *run,
                        const struct sw_span *spans, int n)
{
	double begin = 0, end = 0;
	bool has_begun = false;
	for (int i = 0; i < n; i++) {
		if (!spans[i].on_path)
			continue;
		begin = has_begun ? begin : (double)spans[i].start_ns;
		has_begun = true;
		end = (double)spans[i].end_ns - begin;
		const double range[] = {(double)spans[i].start_ns - begin, end};
		add_stretch(life, run, spans[i].phase, range);
	}
	return end;
}

/* One that runs, up to NOW_NS. */
static double add_phases(struct lifecycle *life, struct sw_waterfall_run *run,
                         const struct sw_running *slot, int64_t now_ns)
{
	double begin = (double)slot->phase_starts[0].start_ns;
	enum sw_phase newest = slot->phase_starts[slot->n_phase_starts - 1].phase;
	for (int i = 0; i < slot->n_phase_starts; i++) {
		bool is_newest = i + 1 == slot->n_phase_starts;
		int64_t end = is_newest ? now_ns : slot->phase_starts[i + 1].start_ns;
		const double range[] = {(double)slot->phase_starts[i].start_ns - begin,
		                        (double)end - begin};
		add_stretch(life, run, slot->phase_starts[i].phase, range);
	}
	run->active = life->is_running = true;
	life->phases[index_of(life, newest)].active = true;
	life->running[newest]++;
	return (double)now_ns - begin;
}

/* Slot K's, or of a mode's only slot the last one that ended, wherever it is known from. */
static void add_run(struct lifecycle *life, const struct sw_mode_state *mode, int k, int64_t now_ns)
{
	const struct sw_running *slot = &mode->slots[k];
	const struct sw_attempts *ended = &slot->ended;
	struct sw_waterfall_run *run = &life->runs[life->n_runs];
	struct run_text *text = &life->texts[life->n_runs++];
	int64_t iteration = slot->iteration;
	bool warmup = slot->warmup;
	double elapsed;
	*run = (struct sw_waterfall_run){.stretches = text->stretches};
	if (slot->is_active && slot->n_phase_starts) {
		elapsed = add_phases(life, run, slot, now_ns);
	} else if (ended->n) {
		elapsed = add_spans(life, run, ended->list[ended->n - 1].spans,
		                    ended->list[ended->n - 1].n_spans);
	} else {
		elapsed = mode->n_slots == 1 ? add_spans(life, run, mode->last_spans, mode->n_last_spans)
		                             : 0;
		iteration = mode->last_iteration;
		warmup = mode->last_warmup;
	}
	if (!run->n_stretches)
		return;
	(void)snprintf(text->name, sizeof text->name, "%s%lld", warmup ? "w" : "#",
	               (long long)iteration);
	run->name = text->name;
	run->elapsed = sw_view_mean(text->elapsed, sizeof text->elapsed, elapsed);
	life->longest = fmax(life->longest, elapsed);
}

/* Of one slot: what it spends in each phase. Of several: how many are in it. */
static void add_now_texts(struct lifecycle *life)
{
	for (int phase = 0; phase < SW_PHASE_COUNT; phase++) {
		int k = life->index[phase];
		char *text = life->now[phase];
		if (k < 0)
			continue;
		if (life->n_runs > 1 && life->running[phase])
			(void)snprintf(text, sizeof life->now[0], "\u00d7%d", life->running[phase]);
		else if (life->n_runs == 1 && life->now_ns[phase] >= 0)
			(void)sw_text_duration(text, sizeof life->now[0], life->now_ns[phase]);
		life->phases[k].now = text;
	}
}

/* ---- the whole ---- */

/* The axis must not jump with each iteration: it goes as far as the slowest of most of them. */
static double axis_end(const struct sw_mode_state *mode, double expected, double elapsed)
{
	double high = (double)sw_histogram_percentile(mode->latency, 95);
	double end = fmax(high, expected) * 1.05;
	return end > 0 ? end : fmax(elapsed, 1e6);
}

static const char behind_head[] = "behind the path, nobody waits for it";

void sw_draw_lifecycle(struct sw_area area, const struct sw_session_program *program, int mode)
{
	const struct sw_mode_state *state = sw_program_session(program)->modes[mode];
	const struct sw_mode_figures *figures = figures_of(program, mode);
	struct lifecycle life = {.n = 0};
	for (int i = 0; i < SW_PHASE_COUNT; i++) {
		life.index[i] = -1;
		life.now_ns[i] = -1;
	}
	if (figures)
		add_means(&life, figures);
	for (int k = 0; k < state->n_slots; k++)
		add_run(&life, state, k, program->source.now_ns(program->source.user));
	add_now_texts(&life);
	if (figures)
		add_behind(&life, figures);
	/* Before anything has run in the only slot there is no row for it. */
	if (life.n_runs == 1 && !life.runs[0].n_stretches)
		life.n_runs = 0;
	double expected = figures ? figures->wall_ns : 0;
	struct sw_waterfall_view view = {
		.phases = life.phases,
		.n = life.n,
		.label = sw_duration_label,
		.mean_head = "mean",
		.share_head = "share",
		.now_head = life.is_running || life.n_runs > 1 ? "now" : "last",
		.total_name = "mean",
		.total = expected > 0 ? sw_view_mean(life.total, sizeof life.total, expected) : "",
		.runs = life.runs,
		.n_runs = life.n_runs,
		.behind_head = behind_head,
		.expected = expected,
	};
	(void)sw_axis_init(&view.axis, 0, axis_end(state, expected, life.longest), false);
	(void)sw_waterfall_draw(area, &view);
}

/* As many phases and slots as there are, or will be: what a container's attempt goes through. */
static struct sw_waterfall_view outline(const struct sw_session_program *program, int mode,
                                        struct sw_waterfall_phase phases[PHASES])
{
	const struct sw_mode_state *state = mode >= 0 ? sw_program_session(program)->modes[mode] : NULL;
	const struct sw_mode_figures *figures = mode >= 0 ? figures_of(program, mode) : NULL;
	struct sw_waterfall_view view = {.phases = phases,
	                                 .n_runs = state ? state->n_slots : 1,
	                                 .mean_head = "",
	                                 .behind_head = behind_head};
	int path = figures ? figures->n_phases : 0, behind = figures ? figures->n_behind : 0;
	if (!path)
		path = state && state->info.kind == SW_KIND_HOST ? 5 : 11;
	for (view.n = 0; view.n < path + behind; view.n++)
		phases[view.n] = (struct sw_waterfall_phase){.off_path = view.n >= path};
	return view;
}

int sw_lifecycle_rows(const struct sw_session_program *program, int mode)
{
	struct sw_waterfall_phase phases[PHASES];
	struct sw_waterfall_view view = outline(program, mode, phases);
	return sw_waterfall_rows(&view) - 1; /* an axis without its line does */
}

int sw_lifecycle_stacked_rows(const struct sw_session_program *program, int mode, int slots)
{
	struct sw_waterfall_phase phases[PHASES];
	struct sw_waterfall_view view = outline(program, mode, phases);
	view.n_runs = view.n_runs < slots ? view.n_runs : slots;
	return sw_waterfall_stacked_rows(&view);
}

bool sw_lifecycle_shows_behind(const struct sw_session_program *program, int mode, int rows)
{
	struct sw_waterfall_phase phases[PHASES];
	struct sw_waterfall_view view = outline(program, mode, phases);
	return sw_waterfall_shows_behind(&view, rows);
}

void sw_lifecycle_behind_text(const struct sw_session_program *program, int mode, char *dst,
                              size_t size)
{
	const struct sw_mode_figures *figures = figures_of(program, mode);
	size_t used = 0;
	dst[0] = '\0';
	for (int i = 0; figures && i < figures->n_behind && used < size; i++) {
		const struct sw_phase_figure *phase = &figures->behind[i];
		char mean[16];
		int n = snprintf(dst + used, size - used, "%s%s %s", used ? ", " : "behind the path: ",
		                 sw_word(&sw_words_phase, (int)phase->phase),
		                 sw_view_mean(mean, sizeof mean, phase->mean_ns));
		used += n > 0 ? (size_t)n : 0;
	}
}
