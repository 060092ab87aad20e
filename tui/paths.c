#include "tui/paths.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

static int join(char *dst, size_t size, const char *a, const char *b, struct sw_error *err)
{
	int n = snprintf(dst, size, "%s%s", a, b);
	if (n < 0 || (size_t)n >= size)
		return sw_error_set(err, SW_ERR_USAGE, ENAMETOOLONG, "the path %s%s", a, b);
	return 0;
}

static int init(struct sw_paths *paths, const char *home, struct sw_error *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	int status;
	if (state && state[0] == '/')
		status = join(paths->state, sizeof paths->state, state, "/sandwatch", err);
	else if (home && home[0] == '/')
		status = join(paths->state, sizeof paths->state, home, "/.local/state/sandwatch", err);
	else
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "no place for state: set HOME or XDG_STATE_HOME to an absolute path");
	if (status < 0 || sw_file_make_dirs(paths->state, err) < 0)
		return sw_error_wrap(err, "sandwatch keeps its runs and its engine in a folder of its own "
		                          "(set XDG_STATE_HOME to move it)");
	ssize_t n = readlink("/proc/self/exe", paths->program, sizeof paths->program - 1);
	if (n < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot read /proc/self/exe");
	paths->program[n] = '\0';
	*strrchr(paths->program, '/') = '\0';
	return 0;
}

int sw_paths_init(struct sw_paths *paths, struct sw_error *err)
{
	return init(paths, getenv("HOME"), err);
}

/* sudo(8) sets SUDO_UID. */
static const struct passwd *caller(void)
{
	const char *text = getenv("SUDO_UID");
	char *end;
	if (!text || geteuid() != 0)
		return NULL;
	errno = 0;
	long uid = strtol(text, &end, 10);
	return errno || end == text || *end || uid <= 0 ? NULL : getpwuid((uid_t)uid);
}

int sw_paths_init_caller(struct sw_paths *paths, uid_t *out_caller, struct sw_error *err)
{
	const struct passwd *user = caller();
	*out_caller = (uid_t)-1;
	if (!user)
		return sw_paths_init(paths, err);
	*out_caller = user->pw_uid;
	/* Folders that are made on the way belong to the user. */
	if (setegid(user->pw_gid) < 0 || seteuid(user->pw_uid) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot act as %s", user->pw_name);
	int status = init(paths, user->pw_dir, err);
	if (seteuid(0) < 0 || setegid(0) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot act as root again");
	return status;
}

void sw_paths_now(char dst[32])
{
	time_t now = time(NULL);
	struct tm utc;
	gmtime_r(&now, &utc);
	strftime(dst, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int sw_paths_new_run(const struct sw_paths *paths, struct sw_run_paths *out_run,
                     struct sw_error *err)
{
	struct sw_run_paths run;
	unsigned char random[3];
	char folder[80], stamp[32];
	struct tm utc;
	time_t now = time(NULL);
	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make a run's id");
	snprintf(run.id, sizeof run.id, "%02x%02x%02x", random[0], random[1], random[2]);
	gmtime_r(&now, &utc);
	strftime(run.started_at, sizeof run.started_at, "%Y-%m-%dT%H:%M:%SZ", &utc);
	strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
	snprintf(folder, sizeof folder, "/runs/%s-%s", stamp, run.id);
	if (join(run.dir, sizeof run.dir, paths->state, folder, err) < 0 ||
	    join(run.journal, sizeof run.journal, run.dir, "/journal.jsonl", err) < 0 ||
	    join(run.snapshot, sizeof run.snapshot, run.dir, "/snapshot.json", err) < 0 ||
	    join(run.config, sizeof run.config, run.dir, "/config.yaml", err) < 0 ||
	    sw_file_make_dirs(run.dir, err) < 0)
		return -1;
	sw_file_sync_parent(run.dir);
	*out_run = run;
	return 0;
}

int sw_paths_of_journal(const char *journal, struct sw_run_paths *out_run, struct sw_error *err)
{
	struct sw_run_paths run = {0};
	const char *slash = strrchr(journal, '/');
	size_t len = slash ? (size_t)(slash - journal) : 1;
	if (len >= sizeof run.dir || !sw_text_copy(run.journal, sizeof run.journal, journal))
		return sw_error_set(err, SW_ERR_USAGE, ENAMETOOLONG, "the path %s", journal);
	(void)snprintf(run.dir, sizeof run.dir, "%.*s", (int)len, slash ? journal : ".");
	if (join(run.snapshot, sizeof run.snapshot, run.dir, "/snapshot.json", err) < 0 ||
	    join(run.config, sizeof run.config, run.dir, "/config.yaml", err) < 0)
		return -1;
	*out_run = run;
	return 0;
}

/* The newest folder whose name ends with SUFFIX ("": any); names sort by their time. */
static bool newest(const char *runs, const char *suffix, char *dst, size_t size)
{
	char best[256] = "";
	DIR *dir = opendir(runs);
	if (!dir)
		return false;
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name), tail = strlen(suffix);
		/* A session that could not begin leaves a folder without a journal. */
		if (entry->d_name[0] != '.' && len >= tail &&
		    strcmp(entry->d_name + len - tail, suffix) == 0 && strcmp(entry->d_name, best) > 0 &&
		    snprintf(dst, size, "%s/%s/journal.jsonl", runs, entry->d_name) < (int)size &&
		    access(dst, F_OK) == 0)
			sw_text_copy(best, sizeof best, entry->d_name);
	}
	closedir(dir);
	int n = snprintf(dst, size, "%s/%s/journal.jsonl", runs, best);
	return *best && n > 0 && (size_t)n < size;
}

int sw_paths_find_run(const struct sw_paths *paths, const char *run, char *dst, size_t size,
                      struct sw_error *err)
{
	char runs[SW_PATH_MAX + 8], suffix[SW_PATH_MAX];
	struct stat st;
	snprintf(runs, sizeof runs, "%s/runs", paths->state);
	if (strcmp(run, "latest") == 0) {
		if (newest(runs, "", dst, size))
			return 0;
		return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "no run is recorded in %s", runs);
	}
	if (stat(run, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return join(dst, size, run, "", err);
		return join(dst, size, run, "/journal.jsonl", err);
	}
	snprintf(suffix, sizeof suffix, "-%s", run);
	if (!strchr(run, '/') && newest(runs, suffix, dst, size))
		return 0;
	/* The folder's whole name, too: it is what is shown. */
	if (!strchr(run, '/') && snprintf(dst, size, "%s/%s/journal.jsonl", runs, run) < (int)size &&
	    access(dst, F_OK) == 0)
		return 0;
	return sw_error_set(
		err, SW_ERR_NOT_FOUND, 0,
		"no run '%s': give 'latest', an id, a run's folder or a journal (runs are in "
		"%s)",
		run, runs);
}
