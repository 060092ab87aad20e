/* Hides how a session's state is put into the screens' words and roles.
 * Must not know where on a screen they go. Pure: no clock, no I/O. */
#ifndef SW_VIEW_H
#define SW_VIEW_H

#include "core/figures.h"
#include "widgets/flow.h"

enum sw_role sw_view_mode_role(int mode);
enum sw_role sw_view_phase_role(enum sw_phase phase);

/* Of an iteration or attempt that ended with OUTCOME. */
enum sw_role sw_view_outcome_role(enum sw_outcome outcome, bool fell_back);
/* "ok", "timeout", "fell back". */
const char *sw_view_outcome_word(enum sw_outcome outcome, bool fell_back);

/* "431 ms"; sw_text_duration of a mean. DST needs 16 bytes. Returns DST. */
char *sw_view_mean(char *dst, size_t size, double ns);
/* "[388, 403 ms]", "[0.9 ms, 1.2 s]". DST needs 40 bytes. Returns DST. */
char *sw_view_interval(char *dst, size_t size, double low, double high);
/* "0:12", "1:02:03" of a time. DST needs 16 bytes. Returns DST. */
char *sw_view_clock(char *dst, size_t size, int64_t ns);
/* "57 %", "0.4 %" of a fraction. DST needs 16 bytes. Returns DST. */
char *sw_view_percent(char *dst, size_t size, double fraction);

/* "2.49/s", "812/s", "14/min" of a number per second. DST needs 16 bytes. Returns DST. */
char *sw_view_rate(char *dst, size_t size, double per_second);
/* "cold", "cold ×5", and of a host mode "host" or "preforked". DST needs 32 bytes. Returns DST. */
char *sw_view_kind(char *dst, size_t size, const struct sw_mode_info *info);
/* "delay, reset" of bits 1u << enum sw_fault. DST needs 160 bytes. Returns DST. */
char *sw_view_faults(char *dst, size_t size, uint32_t faults);
/* How long the rest of SESSION will take, ns, at NOW_NS of its own time; -1: not known. */
int64_t sw_view_left_ns(const struct sw_session *session, int64_t now_ns);

/* What is told of many modes beside the figures. A plain value. */
struct sw_highlights {
	int fastest;                 /* the sandbox with the least mean; -1: none has one */
	struct sw_difference saved;  /* from it to the candidate; unknown when it is the candidate */
	int busiest;                 /* the sandbox that gets most done; -1: not known */
	struct sw_layer_cost layers[SW_MODES_MAX]; /* of an ablation, the dearest first */
	int n_layers;
	/* `iterations: auto`, while it looks for their number: how wide the widest interval is, as
	 * core/adaptive.h has it; 0: not known. */
	double precision_percent;
};
/* Costs a bootstrap for the fastest, for each layer, and, with `auto`, for each mode. 0 or -1 (memory). */
int sw_view_highlights(const struct sw_figures *figures, struct sw_highlights *out_highlights);

/* What the session says so far, as sentences: what is compared, which is slower or faster, where the time
 * goes, whether anything fell back. PIECES point into TEXT. HIGHLIGHTS may be NULL. */
#define SW_HEADLINE_PIECES 64
#define SW_HEADLINE_SENTENCES 12
struct sw_headline {
	struct sw_flow_piece pieces[SW_HEADLINE_PIECES];
	int n;
	int ends[SW_HEADLINE_SENTENCES]; /* pieces up to each sentence's end: the last can be left out */
	int n_sentences;
	char text[1536];
	size_t used;
};

/* Adds a piece to what is said; what does not fit is left out. */
void sw_headline_say(struct sw_headline *headline, enum sw_role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void sw_view_headline(const struct sw_session *session, const struct sw_figures *figures,
                      const struct sw_highlights *highlights, struct sw_headline *out_headline);

#endif
