/* Hides the words between sandwatch and what it starts: job lines, and the sentinel lines of the
 * worker and of the PID-1 shim, found anywhere in a stream of hostile bytes.
 * Must not know whether the stream is a pipe or a container's.
 *
 * A sentinel is  0x1E "sw1 " TOKEN " " WORD " " REST "\n"  where TOKEN is the attempt's and WORD is
 * init, exit, ready, result, over or phase. "-" for the token is what a worker has before its first job,
 * and a zygote between two: it is good for ready and for "phase imports".
 *
 * "phase NAME" says that the worker begins one of its phases; it announces imports and execute.
 * It is a hint for who looks on: no figure comes from it, as the result brings the phases' stamps.
 *
 * A zygote (docker/worker/zygote.py says more) runs each job in a child that it forked and warmed up
 * before: "ready" when one waits, then per job "result" or none, then "over" when all of the job's
 * processes are gone, then "ready" again. */
#ifndef SW_WORKER_H
#define SW_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/runner.h"

#define SW_RESULT_MAX (1u << 20) /* bytes of one sentinel line */

/* What a job says beside the task. */
struct sw_job_options {
	bool once;            /* the worker ends after it */
	bool noop;            /* to be answered at once: the task is not run */
	int64_t timeout_ns;   /* a zygote's: its child's deadline, at least 1 ms; 0: none */
	int64_t memory_bytes; /* a zygote's: what its child may take beyond what it has; 0: no ceiling */
};

/* Appends the job line (one JSON object and "\n"). Source that is not valid UTF-8 is sent as
 * base64. 0 or -1 (memory). */
int sw_worker_job(struct sw_buf *out, const struct sw_task *task, const struct sw_attempt *attempt,
                  const struct sw_job_options *options);

/* How a zygote's child ended; the words are the protocol's. */
enum sw_over_end {
	SW_OVER_RESULT,  /* it answered */
	SW_OVER_TIMEOUT, /* its deadline passed */
	SW_OVER_OOM,     /* its ceiling stopped it, or the kernel killed it */
	SW_OVER_EXIT,    /* it left with CODE; -1: it gave its results up and lived on */
	SW_OVER_SIGNAL,  /* it died by signal CODE */
	SW_OVER_FLOOD,   /* 1 MiB on its results, and no answer */
};

/* A zygote's word on a job whose processes are all gone. */
struct sw_over {
	enum sw_over_end end;
	int code;
	int killed; /* processes that the job left beside its own */
	uint64_t stdout_bytes, stderr_bytes;
	char tail[200]; /* the last line it printed, clean */
};

/* What the worker and the shim said of one attempt. Times are theirs: CLOCK_MONOTONIC of the
 * machine they run on. 0 = not said. */
struct sw_worker_report {
	bool has_result;
	enum sw_outcome outcome; /* ok, rejected, failed */
	int64_t init_ns, main_ns, exit_ns;
	struct {
		int64_t start_ns, end_ns;
	} phases[SW_PHASE_COUNT];
	int64_t written_ns; /* just before the result was written */
	bool has_exit;
	int exit_code, exit_signal; /* the shim's word; -1 / 0 when not said */
	char digest[SW_DIGEST_MAX];
	char python[SW_PYTHON_MAX]; /* its interpreter's version, clean */
	unsigned readies; /* how often it said ready; phases[SW_PHASE_PREWARM] is the last one's */
	bool has_over;
	struct sw_over over;
	unsigned hints; /* the set (1u << enum sw_phase) of the phases announced so far */
	char error[SW_TEXT_MAX];
	bool garbage; /* a sentinel with the right token could not be read: error says why */
};

/* Embedded; sw_worker_reader_init, then feed every byte of a stream, then done. One reader per
 * stream. Bytes outside sentinels are counted, and the last of them kept for error texts. */
struct sw_worker_reader {
	const char *token; /* borrowed */
	struct sw_buf line;
	bool in_line;
	bool takes_hints; /* the owner's choice after init, else no: "phase" lines are output like any other */
	uint64_t plain_bytes;
	char tail[1024]; /* at least the last half of it is kept */
	size_t tail_len;
};
void sw_worker_reader_init(struct sw_worker_reader *reader, const char *token);
void sw_worker_reader_done(struct sw_worker_reader *reader);

/* Returns the number of sentinels that were taken into REPORT from these bytes. Sentinels of other
 * tokens and overlong ones count as plain bytes; so does a phase's announcement that is not later than
 * the last one, or comes after the result. */
int sw_worker_reader_feed(struct sw_worker_reader *reader, const char *bytes, size_t len,
                          struct sw_worker_report *report);

/* RESULT's outcome and error from what REPORT has: the child's own result when there is one, else how it
 * ended; CRASHED when that is not known either. TIMEOUT_NS is the limit that a text names. */
void sw_worker_judge(const struct sw_worker_report *report, int64_t timeout_ns,
                     struct sw_attempt_result *result);

/* The stream's last plain line, cleaned; "" when there is none. DST as for sw_text_clean. */
void sw_worker_reader_last_line(const struct sw_worker_reader *reader, char *dst, size_t size);

void sw_worker_report_init(struct sw_worker_report *report);

/* Appends the spans the report knows (boot .. serialize, deliver) to RESULT, between FROM_NS (the
 * start request) and READ_NS (when the result was read). With shared clocks the stamps are taken as
 * they are, else they are laid end to end by their durations and by_durations is set: then `start`
 * ends where the first inner phase begins. INIT_PHASE is appended from FROM_NS to the shim's or the
 * worker's first stamp when it is not SW_PHASE_COUNT. RESULT is also told the interpreter's version. */
void sw_worker_spans(const struct sw_worker_report *report, bool shared_clock, int64_t from_ns,
                     int64_t read_ns, enum sw_phase init_phase, struct sw_attempt_result *result);

/* Whether the stamps can be of this host's clock: every stamp of the report lies within
 * [from_ns - slack, to_ns + slack], slack 1 ms. SW_CLOCK_UNKNOWN without stamps. */
enum sw_clock sw_worker_clock(const struct sw_worker_report *report, int64_t from_ns, int64_t to_ns);

#endif
