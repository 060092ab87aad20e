#include "tui/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/error.h"
#include "core/file.h"
#include "core/journal.h"
#include "core/journal_load.h"
#include "core/text.h"
#include "tui/setup.h"

/* ---- the flags ---- */

static int check_flags(const struct sw_cli *cli, struct sw_error *err)
{
	const struct {
		const char *name;
		bool is_given;
	} flags[] = {
		{"--config", cli->config},
		{"--chaos", cli->chaos},
		{"--iterations", cli->iterations != -1},
		{"--warmup", cli->warmup >= 0},
		{"--mode", cli->modes},
		{"--ablate", cli->ablate},
		{"--order", cli->order},
		{"--seed", cli->seed >= 0},
	};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].is_given)
			return sw_error_set(
				err, SW_ERR_USAGE, 0,
				"--resume goes on with the plan as it was begun; leave %s out, or start "
				"anew without --resume",
				flags[i].name);
	return 0;
}

/* ---- the plan ---- */

static int differs(const struct sw_resume *resume, const char *what, const char *then,
                   const char *now, struct sw_error *err)
{
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "run %s cannot go on: %s was %s when it began, and is %s in %s; start anew",
	                    resume->session->info.id, what, then, now, resume->run.config);
}

static int check_number(const struct sw_resume *resume, const char *what, int64_t then, int64_t now,
                        struct sw_error *err)
{
	char texts[2][32];
	if (then == now)
		return 0;
	(void)snprintf(texts[0], sizeof texts[0], "%" PRId64, then);
	(void)snprintf(texts[1], sizeof texts[1], "%" PRId64, now);
	return differs(resume, what, texts[0], texts[1], err);
}

static int check_mode(const struct sw_resume *resume, int index, const struct sw_mode_plan *mode,
                      struct sw_error *err)
{
	const struct sw_mode_info *then = &resume->session->modes[index]->info;
	char what[2 * SW_NAME_MAX];
	(void)snprintf(what, sizeof what, "mode %d", index + 1);
	if (strcmp(then->name, mode->name) != 0)
		return differs(resume, what, then->name, mode->name, err);
	(void)snprintf(what, sizeof what, "the kind of mode '%s'", mode->name);
	if (then->kind != mode->kind)
		return differs(resume, what, sw_word(&sw_words_kind, (int)then->kind),
		               sw_word(&sw_words_kind, (int)mode->kind), err);
	(void)snprintf(what, sizeof what, "parallel of mode '%s'", mode->name);
	return check_number(resume, what, then->parallel > 1 ? then->parallel : 1,
	                    mode->parallel > 1 ? mode->parallel : 1, err);
}

int sw_resume_plan(const struct sw_resume *resume, struct sw_plan *plan, struct sw_error *err)
{
	const struct sw_session *session = resume->session;
	const struct sw_session_info *then = &session->info;
	/* Written one after the other: it may have been killed in between. */
	if (session->n_modes < plan->n_modes)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"run %s was killed before its plan was written: there is nothing to go on "
			"with; start anew",
			then->id);
	if (then->order != plan->order)
		return differs(resume, "order", sw_word(&sw_words_order, (int)then->order),
		               sw_word(&sw_words_order, (int)plan->order), err);
	if (check_number(resume, "the number of modes", session->n_modes, plan->n_modes, err) < 0 ||
	    check_number(resume, "iterations", then->iterations, plan->iterations, err) < 0 ||
	    check_number(resume, "iterations: auto", then->is_auto, plan->is_auto, err) < 0 ||
	    check_number(resume, "warmup", then->warmup, plan->warmup, err) < 0 ||
	    check_number(resume, "block", then->block > 1 ? then->block : 1, plan->block, err) < 0 ||
	    check_number(resume, "seed", then->seed, (int64_t)plan->seed, err) < 0)
		return -1;
	for (int i = 0; i < plan->n_modes; i++)
		if (check_mode(resume, i, &plan->modes[i], err) < 0)
			return -1;
	for (int i = 0; i < plan->n_modes; i++) {
		int layer = sw_word_value(&sw_words_layer, session->modes[i]->info.layer);
		plan->modes[i].layer = layer < 0 ? SW_LAYER_NONE : (enum sw_layer)layer;
	}
	return 0;
}

int sw_resume_strategy(const struct sw_resume *resume, const char *path, const char *fingerprint,
                       struct sw_error *err)
{
	const char *then = resume->session->info.strategy_fnv1a;
	if (!*then || strcmp(then, fingerprint) == 0)
		return 0;
	return sw_error_set(
		err, SW_ERR_USAGE, 0,
		"run %s cannot go on: the strategy %s has changed since it began (FNV-1a %s then, "
		"%s now); put it back, or start anew",
		resume->session->info.id, path, then, fingerprint);
}

/* ---- the journal ---- */

static int load(struct sw_resume *resume, struct sw_error *err)
{
	struct sw_journal_stats stats;
	resume->session = sw_session_new();
	if (!resume->session)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot read %s", resume->run.journal);
	if (sw_journal_load(resume->run.journal, resume->session, &stats, err) < 0)
		return -1;
	(void)sw_journal_say_broken(&stats, resume->broken, sizeof resume->broken);
	const struct sw_session *session = resume->session;
	if (!session->started)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"%s tells of no session: it was killed before its plan was written, or is no "
			"journal; start anew",
			resume->run.journal);
	sw_text_copy(resume->run.id, sizeof resume->run.id, session->info.id);
	sw_text_copy(resume->run.started_at, sizeof resume->run.started_at, session->info.started_at);
	resume->is_complete = session->state == SW_STATE_DONE;
	return 0;
}

/* Here already, so that what does not fit is said before anything is started. */
static int check_plan(const struct sw_resume *resume, const struct sw_cli *cli,
                      struct sw_error *err)
{
	struct sw_cli named = *cli;
	struct sw_plan plan;
	named.resume = resume->run.journal;
	if (sw_setup_plan(&named, &plan, err) < 0)
		return -1;
	int status = sw_resume_plan(resume, &plan, err);
	sw_plan_done(&plan);
	return status;
}

static int open_journal(struct sw_resume *resume, const char *name, struct sw_error *err)
{
	struct sw_error why;
	if (sw_journal_open(resume->run.journal, &resume->journal, &resume->cut_bytes, &why) == 0)
		return 0;
	if (why.code == SW_ERR_USAGE)
		return sw_error_set(err, SW_ERR_USAGE, 0, "run %s: %.400s", name, why.message);
	*err = why;
	if (why.code == SW_ERR_NOT_FOUND)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "there is no journal in %s: either it is no run's folder, or the run was killed "
		                    "before it began; start anew",
		                    name);
	return -1;
}

int sw_resume_open(const struct sw_cli *cli, struct sw_resume *out_resume, struct sw_error *err)
{
	struct sw_resume resume = {0};
	struct sw_paths paths;
	char journal[SW_PATH_MAX + 32];
	if (check_flags(cli, err) < 0 || sw_paths_init(&paths, err) < 0)
		return -1;
	if (sw_paths_find_run(&paths, cli->resume, journal, sizeof journal, err) < 0) {
		err->code = SW_ERR_USAGE;
		return sw_error_wrap(err, "--resume");
	}
	if (sw_paths_of_journal(journal, &resume.run, err) < 0)
		return -1;
	if (open_journal(&resume, cli->resume, err) < 0 || load(&resume, err) < 0 ||
	    (!resume.is_complete && check_plan(&resume, cli, err) < 0)) {
		sw_resume_done(&resume);
		return -1;
	}
	*out_resume = resume;
	return 0;
}

void sw_resume_done(struct sw_resume *resume)
{
	sw_journal_free(resume->journal);
	sw_session_free(resume->session);
	resume->journal = NULL;
	resume->session = NULL;
}

void sw_resume_hint(const struct sw_run_paths *run, const char *state, char *text, size_t size)
{
	size_t len = strlen(state);
	bool is_ours = strncmp(run->dir, state, len) == 0 && run->dir[len] == '/';
	(void)snprintf(text, size, "`sandwatch run --resume %s` goes on where it stopped",
	               is_ours ? run->id : run->dir);
}
