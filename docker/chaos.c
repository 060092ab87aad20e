#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/chaos_internal.h"
#include "docker/tree.h"

enum {
	QUEUE_MAX = 64,        /* real faults that wait for their turn */
	SOCKET_NAME_MAX = 24,  /* what the proxy puts behind its folder's name */
	SOCKET_PATH_MAX = 107, /* sun_path */
};

/* ---- lists, under the lock ---- */

static void list_init(struct sw_chaos_list *list)
{
	*list = (struct sw_chaos_list){.end = &list->first};
}

static void list_add(struct sw_chaos_list *list, struct sw_chaos_job *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
	list->count++;
}

/* The job with TAG, taken out; NULL when there is none. */
static struct sw_chaos_job *list_take(struct sw_chaos_list *list, uint64_t tag)
{
	for (struct sw_chaos_job **at = &list->first; *at; at = &(*at)->next) {
		struct sw_chaos_job *job = *at;
		if (job->tag != tag)
			continue;
		*at = job->next;
		if (!*at)
			list->end = at;
		list->count--;
		return job;
	}
	return NULL;
}

static void list_free(struct sw_chaos_list *list)
{
	for (struct sw_chaos_job *job = list->first, *next; job; job = next) {
		next = job->next;
		free(job);
	}
	list_init(list);
}

/* ---- news: any thread ---- */

void sw_chaos_wake_loop(struct sw_chaos *chaos)
{
	uint64_t one = 1;
	if (write(chaos->news_fd, &one, sizeof one) < 0) {
		/* It is readable already. */
	}
}

static void add_news(struct sw_chaos *chaos, struct sw_chaos_news *news)
{
	pthread_mutex_lock(&chaos->lock);
	*chaos->news_end = news;
	chaos->news_end = &news->next;
	pthread_mutex_unlock(&chaos->lock);
	sw_chaos_wake_loop(chaos);
}

__attribute__((format(printf, 3, 0)))
static struct sw_chaos_news *new_news(const struct sw_chaos_job *job, const char *container,
                                      const char *format, va_list args)
{
	char text[2 * SW_TEXT_MAX];
	struct sw_chaos_news *news = calloc(1, sizeof *news);
	if (!news)
		return NULL;
	news->is_note = job == NULL;
	if (job)
		news->job = *job;
	(void)sw_text_copy(news->container, sizeof news->container - 3, container);
	(void)vsnprintf(text, sizeof text, format, args);
	(void)sw_text_clean(news->text, sizeof news->text, text, strlen(text));
	return news;
}

void sw_chaos_tell(struct sw_chaos *chaos, const struct sw_chaos_job *job, const char *container,
                   const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct sw_chaos_news *news = new_news(job, container, format, args);
	va_end(args);
	if (news)
		add_news(chaos, news);
}

void sw_chaos_note(struct sw_chaos *chaos, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	struct sw_chaos_news *news = new_news(NULL, "", format, args);
	va_end(args);
	if (news)
		add_news(chaos, news);
}

void sw_chaos_tell_not_done(struct sw_chaos *chaos, const struct sw_chaos_job *job, const char *why)
{
	const struct sw_chaos_fault *fault = sw_chaos_fault(chaos, job);
	pthread_mutex_lock(&chaos->lock);
	chaos->is_excused[job->entry] = true;
	pthread_mutex_unlock(&chaos->lock);
	sw_chaos_note(chaos, "chaos: %s of mode '%s', iteration %lld, attempt %d, was not injected: %s",
	              sw_word(&sw_words_fault, (int)fault->fault),
	              chaos->options.plan->modes[job->mode].name, (long long)job->iteration,
	              job->number, why);
}

/* ---- news: the loop's thread ---- */

static void emit(struct sw_chaos *chaos, const struct sw_chaos_news *news)
{
	struct sw_event *event = chaos->event;
	const struct sw_chaos_job *job = &news->job;
	const struct sw_chaos_fault *fault = news->is_note ? NULL : sw_chaos_fault(chaos, job);
	if (news->is_note) {
		sw_event_init(event, SW_EVENT_NOTE, -1);
		(void)sw_text_copy(event->u.end.text, sizeof event->u.end.text, news->text);
	} else {
		sw_event_init(event, SW_EVENT_FAULT_INJECTED, job->mode);
		chaos->injected[job->entry]++;
		event->u.it.iteration = job->iteration;
		event->u.it.attempt = job->number;
		event->u.it.fault = fault->fault;
		event->u.it.target = fault->on;
		(void)sw_text_copy(event->u.it.container, sizeof event->u.it.container, news->container);
		(void)sw_text_copy(event->u.it.text, sizeof event->u.it.text, news->text);
	}
	chaos->options.sink.emit(chaos->options.sink.user, event);
	if (fault && fault->fault == SW_FAULT_DISK_FULL)
		chaos->options.disk_full(chaos->options.user);
}

static void drain(struct sw_chaos *chaos)
{
	pthread_mutex_lock(&chaos->lock);
	struct sw_chaos_news *news = chaos->news;
	chaos->news = NULL;
	chaos->news_end = &chaos->news;
	pthread_mutex_unlock(&chaos->lock);
	for (struct sw_chaos_news *next; news; news = next) {
		next = news->next;
		emit(chaos, news);
		free(news);
	}
}

static void on_news(void *user, int fd, unsigned events)
{
	struct sw_chaos *chaos = user;
	uint64_t count;
	(void)events;
	if (read(fd, &count, sizeof count) < 0) {
		/* Somebody has read it already. */
	}
	/* Before the news are taken: those that came until then are told first. */
	pthread_mutex_lock(&chaos->lock);
	void (*settled)(void *user) = chaos->is_settled ? chaos->settled : NULL;
	pthread_mutex_unlock(&chaos->lock);
	drain(chaos);
	if (!settled)
		return;
	chaos->settled = NULL;
	settled(chaos->settled_user); /* may free it */
}

/* ---- jobs ---- */

/* Consumes JOB, whose time has come. Not from under the lock. */
static void begin(struct sw_chaos *chaos, struct sw_chaos_job *job)
{
	if (sw_chaos_fault(chaos, job)->fault == SW_FAULT_DISK_FULL) {
		sw_chaos_tell(chaos, job, "", "the journal's next write finds the disk full");
		free(job);
		return;
	}
	pthread_mutex_lock(&chaos->lock);
	bool is_calm = chaos->calm, is_full = chaos->queue.count >= QUEUE_MAX;
	if (!is_calm && !is_full) {
		list_add(&chaos->queue, job);
		pthread_cond_broadcast(&chaos->wake);
	}
	pthread_mutex_unlock(&chaos->lock);
	if (!is_calm && !is_full)
		return;
	if (is_full)
		sw_chaos_tell_not_done(chaos, job, "too many faults wait for their turn");
	free(job);
}

/* The proxy's thread. */
static void on_hit(void *user, uint64_t tag, const char *what)
{
	struct sw_chaos *chaos = user;
	char text[SW_TEXT_MAX];
	pthread_mutex_lock(&chaos->lock);
	struct sw_chaos_job *job = list_take(&chaos->armed, tag);
	pthread_mutex_unlock(&chaos->lock);
	if (!job)
		return;
	const struct sw_chaos_fault *fault = sw_chaos_fault(chaos, job);
	if (!sw_fault_is_network(fault->fault)) {
		begin(chaos, job);
		return;
	}
	sw_chaos_text(fault, what, text, sizeof text);
	sw_chaos_tell(chaos, job, "", "%s", text);
	free(job);
}

/* Consumes JOB. It is listed first: it may hit at once. */
static void arm(struct sw_chaos *chaos, struct sw_chaos_job *job)
{
	const struct sw_chaos_fault *fault = sw_chaos_fault(chaos, job);
	const struct sw_proxy_fault armed = {
		.fault = fault->fault,
		.target = fault->on,
		.duration_ns = fault->duration_ns,
		.code = (int)fault->code,
		.bytes = fault->bytes,
		.tag = job->tag,
	};
	int listener = chaos->listeners[job->mode][job->slot];
	uint64_t tag = job->tag;
	pthread_mutex_lock(&chaos->lock);
	list_add(&chaos->armed, job);
	pthread_mutex_unlock(&chaos->lock);
	if (listener >= 0 && sw_proxy_arm(chaos->proxy, listener, &armed))
		return;
	pthread_mutex_lock(&chaos->lock);
	job = list_take(&chaos->armed, tag);
	pthread_mutex_unlock(&chaos->lock);
	if (!job)
		return;
	sw_chaos_tell_not_done(chaos, job,
	                       listener < 0 ? "its runner does not talk through the proxy"
	                                    : "too many faults wait at the proxy");
	free(job);
}

/* What no proxy has any more has hit, and is about to be told: it stays on the list for that. */
static void disarm(struct sw_chaos *chaos, int mode, int slot)
{
	uint64_t tags[SW_CHAOS_MAX];
	int n = 0;
	pthread_mutex_lock(&chaos->lock);
	for (struct sw_chaos_job *job = chaos->armed.first; job && n < SW_CHAOS_MAX; job = job->next)
		if (job->mode == mode && job->slot == slot)
			tags[n++] = job->tag;
	pthread_mutex_unlock(&chaos->lock);
	for (int i = 0; i < n; i++) {
		if (sw_proxy_disarm(chaos->proxy, chaos->listeners[mode][slot], tags[i]) == 0)
			continue;
		pthread_mutex_lock(&chaos->lock);
		struct sw_chaos_job *job = list_take(&chaos->armed, tags[i]);
		pthread_mutex_unlock(&chaos->lock);
		free(job);
	}
}

/* ---- attempts ---- */

static bool is_known(const struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt)
{
	return !attempt->on_host && attempt->mode >= 0 &&
	       attempt->mode < chaos->options.plan->n_modes && slot >= 0 && slot < SW_PARALLEL_MAX;
}

void sw_chaos_attempt_begins(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt)
{
	int entries[SW_CHAOS_MAX];
	drain(chaos);
	if (!is_known(chaos, slot, attempt))
		return;
	uint64_t turn = ++chaos->last_turn;
	pthread_mutex_lock(&chaos->lock);
	chaos->turns[attempt->mode][slot] = turn;
	bool is_calm = chaos->calm;
	pthread_mutex_unlock(&chaos->lock);
	int n = is_calm ? 0 : sw_chaos_due(chaos->options.plan, attempt, entries);
	for (int i = 0; i < n; i++) {
		struct sw_chaos_job *job = calloc(1, sizeof *job);
		if (!job)
			return;
		*job = (struct sw_chaos_job){
			.entry = entries[i],
			.slot = slot,
			.mode = attempt->mode,
			.number = attempt->number,
			.iteration = attempt->iteration,
			.turn = turn,
			.tag = ++chaos->last_tag,
		};
		const struct sw_chaos_fault *fault = sw_chaos_fault(chaos, job);
		chaos->due[job->entry]++;
		if (sw_fault_is_network(fault->fault) || fault->on != SW_TARGET_ANY)
			arm(chaos, job);
		else
			begin(chaos, job);
	}
}

void sw_chaos_attempt_ended(struct sw_chaos *chaos, int slot, const struct sw_attempt *attempt)
{
	if (is_known(chaos, slot, attempt)) {
		pthread_mutex_lock(&chaos->lock);
		chaos->turns[attempt->mode][slot] = 0;
		pthread_cond_broadcast(&chaos->wake);
		pthread_mutex_unlock(&chaos->lock);
		disarm(chaos, attempt->mode, slot);
	}
	drain(chaos);
}

static void calm_down(struct sw_chaos *chaos)
{
	struct sw_chaos_list dropped;
	list_init(&dropped);
	pthread_mutex_lock(&chaos->lock);
	bool was_calm = chaos->calm;
	chaos->calm = true;
	for (struct sw_chaos_job *job; (job = chaos->queue.first);)
		list_add(&dropped, list_take(&chaos->queue, job->tag));
	pthread_cond_broadcast(&chaos->wake);
	pthread_mutex_unlock(&chaos->lock);
	list_free(&dropped);
	for (int i = 0; !was_calm && i < chaos->options.plan->n_modes; i++)
		for (int slot = 0; slot < SW_PARALLEL_MAX; slot++)
			if (chaos->listeners[i][slot] >= 0)
				disarm(chaos, i, slot);
	drain(chaos);
}

void sw_chaos_calm(struct sw_chaos *chaos)
{
	chaos->is_stopped = true;
	calm_down(chaos);
}

void sw_chaos_settle(struct sw_chaos *chaos, void (*settled)(void *user), void *user)
{
	chaos->settled = settled;
	chaos->settled_user = user;
	calm_down(chaos);
	sw_chaos_wake_loop(chaos); /* it may be so already */
}

/* ---- life ---- */

int sw_chaos_endpoint(struct sw_chaos *chaos, int mode, int slot, struct sw_endpoint *out_endpoint,
                      struct sw_error *err)
{
	if (!chaos->options.engine->endpoint.text[0]) {
		*out_endpoint = chaos->options.engine->endpoint;
		return 0;
	}
	if (sw_proxy_listen(chaos->proxy, out_endpoint, err) < 0)
		return sw_error_wrap(err, "chaos");
	chaos->listeners[mode][slot] = chaos->n_listeners++;
	return 0;
}

/* What a killed session has left in the run that is resumed goes first. */
static bool make_anew(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return true;
	return errno == EEXIST && sw_tree_remove(path, NULL) == 0 && mkdir(path, 0700) == 0;
}

static int make_dir(struct sw_chaos *chaos, struct sw_error *err)
{
	int n = snprintf(chaos->dir, sizeof chaos->dir, "%s/proxy", chaos->options.dir);
	if (n > 0 && n + SOCKET_NAME_MAX <= SOCKET_PATH_MAX && make_anew(chaos->dir))
		return 0;
	(void)snprintf(chaos->dir, sizeof chaos->dir, "/tmp/sandwatch-proxy.XXXXXX");
	if (mkdtemp(chaos->dir))
		return 0;
	chaos->dir[0] = '\0';
	return sw_error_set(err, SW_ERR_IO, errno,
	                    "cannot make a directory for the proxy's sockets in /tmp");
}

/* Without an engine there is nothing to be between: the disk may be full all the same. */
static int start_proxy(struct sw_chaos *chaos, struct sw_error *err)
{
	const struct sw_endpoint *engine = &chaos->options.engine->endpoint;
	if (!engine->text[0])
		return 0;
	if (make_dir(chaos, err) < 0)
		return -1;
	return sw_proxy_start(engine, chaos->dir, on_hit, chaos, &chaos->proxy, err);
}

static int init_lock(struct sw_chaos *chaos, struct sw_error *err)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a condition");
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&chaos->lock, NULL);
	pthread_cond_init(&chaos->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	chaos->has_lock = true;
	return 0;
}

static int set_up(struct sw_chaos *chaos, struct sw_error *err)
{
	const struct sw_chaos_options *options = &chaos->options;
	list_init(&chaos->armed);
	list_init(&chaos->queue);
	chaos->news_end = &chaos->news;
	chaos->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (chaos->news_fd < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot make an eventfd");
	for (int i = 0; i < SW_MODES_MAX; i++)
		for (int slot = 0; slot < SW_PARALLEL_MAX; slot++)
			chaos->listeners[i][slot] = -1;
	chaos->event = calloc(1, sizeof *chaos->event);
	if (!chaos->event)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "out of memory");
	chaos->has_paths = options->engine->is_private && geteuid() == 0;
	if (chaos->has_paths && sw_daemon_paths(options->state_dir, &chaos->paths, err) < 0)
		return -1;
	if (init_lock(chaos, err) < 0 || start_proxy(chaos, err) < 0 ||
	    sw_loop_watch(options->loop, chaos->news_fd, SW_LOOP_READ, on_news, chaos, err) < 0)
		return -1;
	return sw_chaos_act_start(chaos, err);
}

int sw_chaos_new(const struct sw_chaos_options *options, struct sw_chaos **out_chaos,
                 struct sw_error *err)
{
	struct sw_chaos *chaos = calloc(1, sizeof *chaos);
	if (!chaos)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "chaos cannot begin");
	chaos->options = *options;
	if (set_up(chaos, err) < 0) {
		sw_chaos_free(chaos);
		return sw_error_wrap(err, "chaos cannot begin");
	}
	*out_chaos = chaos;
	return 0;
}

static void end_acting(struct sw_chaos *chaos)
{
	pthread_mutex_lock(&chaos->lock);
	chaos->quit = true;
	pthread_cond_broadcast(&chaos->wake);
	pthread_mutex_unlock(&chaos->lock);
	pthread_join(chaos->thread, NULL);
}

/* A list that hits nothing must not pass for a run that withstood it. Not of a session that was stopped,
 * or that another process began: there an entry may have had, or has yet, its turn. */
static void tell_idle_entries(struct sw_chaos *chaos)
{
	const struct sw_plan *plan = chaos->options.plan;
	for (int i = 0; i < plan->n_chaos && !chaos->options.is_resumed; i++) {
		const struct sw_chaos_fault *fault = &plan->chaos[i];
		if (chaos->injected[i] || chaos->is_excused[i])
			continue;
		if (chaos->due[i])
			sw_chaos_note(chaos, "chaos: entry %d (%s, on %s) came due %d %s and was never injected: nothing "
			              "fitted", i + 1, sw_word(&sw_words_fault, (int)fault->fault),
			              sw_word(&sw_words_target, (int)fault->on), chaos->due[i],
			              chaos->due[i] == 1 ? "time" : "times");
		else
			sw_chaos_note(chaos, "chaos: entry %d (%s) never came due", i + 1,
			              sw_word(&sw_words_fault, (int)fault->fault));
	}
}

void sw_chaos_free(struct sw_chaos *chaos)
{
	if (!chaos)
		return;
	if (chaos->has_thread) {
		calm_down(chaos);
		end_acting(chaos);
	}
	sw_proxy_stop(chaos->proxy);
	if (chaos->has_lock) {
		drain(chaos);
		if (!chaos->is_stopped)
			tell_idle_entries(chaos);
		drain(chaos);
		pthread_cond_destroy(&chaos->wake);
		pthread_mutex_destroy(&chaos->lock);
	}
	list_free(&chaos->armed);
	list_free(&chaos->queue);
	if (chaos->news_fd >= 0) {
		sw_loop_unwatch(chaos->options.loop, chaos->news_fd);
		close(chaos->news_fd);
	}
	if (chaos->dir[0])
		(void)rmdir(chaos->dir);
	free(chaos->event);
	free(chaos);
}
