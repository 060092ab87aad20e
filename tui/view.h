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
/* "cold", "cold ×5", "host, preforked". DST needs 32 bytes. Returns DST. */
char *sw_view_kind(char *dst, size_t size, const struct sw_mode_info *info);
/* Iterations a second of MODE's turns; 0: not known yet. */
double sw_view_throughput(const struct sw_mode_state *mode);

/* How long the rest of SESSION will take, ns, at NOW_NS of its own time; -1: not known. */
int64_t sw_view_left_ns(const struct sw_session *session, int64_t now_ns);

/* What the session says so far, as sentences: what is compared, which is slower, where the time
 * goes, whether anything fell back. PIECES point into TEXT. */
#define SW_HEADLINE_PIECES 40
struct sw_headline {
	struct sw_flow_piece pieces[SW_HEADLINE_PIECES];
	int n;
	char text[1536];
	size_t used;
};
void sw_view_headline(const struct sw_session *session, const struct sw_figures *figures,
                      struct sw_headline *out_headline);

#endif
