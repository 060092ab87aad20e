/* A journal that grows while it is read: wherever its writer has come to, the reader tells the
 * same events as of the whole file, and counts the rest. */
#include <sys/mman.h>
#include <unistd.h>

#include "core/journal_read.h"
#include "tests/fuzz/fuzz.h"

struct followed {
	int fd;
	struct sw_journal_reader *reader;
	uint64_t events, digest;
};

static void read_on(struct followed *followed)
{
	const struct sw_event *event;
	struct sw_error err = {0};
	enum sw_journal_next next;
	while ((next = sw_journal_reader_next(followed->reader, &event, &err)) == SW_JOURNAL_EVENT) {
		SW_CLEANUP(buf) struct sw_buf line = {0};
		FUZZ_CHECK(sw_event_encode(event, &line) == 0);
		followed->digest = fuzz_hash(line.data, line.len, followed->digest);
		followed->events++;
	}
	FUZZ_CHECK(next == SW_JOURNAL_END);
}

static bool feed(void *user, const char *bytes, size_t len)
{
	struct followed *followed = user;
	FUZZ_CHECK(write(followed->fd, bytes, len) == (ssize_t)len);
	read_on(followed);
	return true;
}

static void run(const uint8_t *data, size_t size, enum fuzz_cut cut, struct followed *out,
                struct sw_journal_stats *out_stats)
{
	char path[64];
	struct sw_error err = {0};
	struct sw_event last;
	*out = (struct followed){.fd = memfd_create("journal", MFD_CLOEXEC)};
	FUZZ_CHECK(out->fd >= 0);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", out->fd);
	if (sw_journal_reader_open(path, &out->reader, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	read_on(out);
	fuzz_feed(data, size, cut, feed, out);
	read_on(out);
	*out_stats = *sw_journal_reader_stats(out->reader);
	FUZZ_CHECK(out_stats->events == out->events);
	FUZZ_CHECK(sw_journal_reader_offset(out->reader) <= size);
	fuzz_check_shown(out_stats->first_error, sizeof out_stats->first_error);
	FUZZ_CHECK(!sw_journal_reader_last(out->reader, &last) || out->events > 0);
	sw_journal_reader_free(out->reader);
	close(out->fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct followed whole, cut_up;
	struct sw_journal_stats stats, cut_stats;
	run(data, size, FUZZ_WHOLE, &whole, &stats);
	/* Each piece is a handful of system calls. */
	for (enum fuzz_cut cut = size < 2048 ? FUZZ_SMALL : FUZZ_ANY; cut < FUZZ_CUTS; cut++) {
		run(data, size, cut, &cut_up, &cut_stats);
		FUZZ_CHECK(cut_up.events == whole.events && cut_up.digest == whole.digest);
		FUZZ_CHECK(cut_stats.broken == stats.broken && cut_stats.foreign == stats.foreign);
		FUZZ_CHECK(cut_stats.overlong == stats.overlong && cut_stats.torn == stats.torn);
		FUZZ_CHECK(cut_stats.first_broken_line == stats.first_broken_line);
	}
	return 0;
}
