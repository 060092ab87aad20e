#include <errno.h>
#include <stdlib.h>

#include "core/text.h"
#include "docker/prepared_internal.h"

/* A worker that has given its result ends within that time, or is ended. */
static const int64_t exit_patience_ns = 10000000000;

enum { LEAVING_MORE = 2 }; /* leaving at most, beyond the pool's depth */

int sw_pool_depth(const struct sw_prepared *prepared)
{
	return prepared->base.options.mode->pool > 0 ? prepared->base.options.mode->pool : 1;
}

static int count(const struct sw_prepared *prepared, enum sw_stock stock)
{
	int n = 0;
	for (const struct sw_stocked *at = prepared->first; at; at = at->next)
		n += at->stock == stock;
	return n;
}

static struct sw_stocked *find(const struct sw_prepared *prepared, enum sw_stock stock)
{
	struct sw_stocked *at = prepared->first;
	while (at && at->stock != stock)
		at = at->next;
	return at;
}

static void forget(struct sw_stocked *stocked)
{
	struct sw_stocked **at = &stocked->owner->first;
	while (*at != stocked)
		at = &(*at)->next;
	*at = stocked->next;
	sw_loop_disarm(stocked->owner->base.options.loop, &stocked->deadline);
	sw_lifecycle_free(stocked->life);
	free(stocked);
}

/* ---- told of what lay behind ---- */

static const struct sw_attempt *served(const struct sw_stocked *stocked)
{
	return stocked->has_served ? &stocked->attempt : NULL;
}

static void tell_made(struct sw_stocked *stocked)
{
	const struct sw_life_stamps *stamps = sw_lifecycle_stamps(stocked->life);
	const struct sw_span spans[] = {
		{SW_PHASE_CREATE, stamps->create_ns, stamps->attach_ns, false},
		{SW_PHASE_ATTACH, stamps->attach_ns, stamps->attached_ns, false},
	};
	sw_container_tell_behind(&stocked->owner->base, NULL, sw_lifecycle_id(stocked->life), spans, 2);
}

/* What of its end nobody waited for: of a container that never served, or from path_end_ns on. */
static void tell_unmade(struct sw_stocked *stocked)
{
	const struct sw_life_stamps *stamps = sw_lifecycle_stamps(stocked->life);
	struct sw_span spans[3];
	int64_t from_ns = stocked->path_end_ns;
	int n = 0;
	if (!stamps->remove_ns || (stocked->has_served && !from_ns))
		return;
	int64_t until_ns = stamps->kill_ns ? stamps->kill_ns : stamps->remove_ns;
	if (from_ns && (stamps->kill_ns || stamps->exited_ns > from_ns || stamps->eof_ns > from_ns))
		spans[n++] = (struct sw_span){SW_PHASE_EXIT, from_ns, until_ns, false};
	int64_t remove_ns = stamps->remove_ns;
	if (stamps->kill_ns && stamps->exited_ns > stamps->kill_ns) {
		spans[n++] = (struct sw_span){SW_PHASE_STOP, stamps->kill_ns, stamps->exited_ns, false};
		remove_ns = stamps->exited_ns;
	}
	spans[n++] = (struct sw_span){SW_PHASE_REMOVE, remove_ns, sw_clock_ns(), false};
	sw_container_tell_behind(&stocked->owner->base, served(stocked), sw_lifecycle_id(stocked->life),
	                         spans, n);
}

/* ---- a container's life ---- */

static void on_deadline(void *user)
{
	struct sw_stocked *stocked = user;
	if (stocked->stock == SW_STOCK_SERVING)
		sw_prepared_overdue(stocked);
	sw_lifecycle_remove(stocked->life);
}

static void arm(struct sw_stocked *stocked, int64_t due_ns)
{
	/* A container without a deadline is not to be. */
	if (sw_loop_arm(stocked->owner->base.options.loop, &stocked->deadline, due_ns, on_deadline,
	                stocked) < 0)
		on_deadline(stocked);
}

static void on_engine_deadline(void *user)
{
	struct sw_stocked *stocked = user;
	sw_prepared_engine_overdue(stocked);
	sw_lifecycle_remove(stocked->life);
}

void sw_pool_expect(struct sw_stocked *stocked)
{
	struct sw_container_runner *base = &stocked->owner->base;
	int64_t due_ns = sw_clock_ns() + sw_container_patience_ns(base);
	if (sw_loop_arm(base->options.loop, &stocked->deadline, due_ns, on_engine_deadline, stocked) < 0)
		on_engine_deadline(stocked);
}

/* As in a cold one, the limit counts from the first sign that the code runs. */
static void begin_limit(struct sw_stocked *stocked)
{
	if (stocked->has_limit || stocked->stock != SW_STOCK_SERVING)
		return;
	stocked->has_limit = true;
	arm(stocked, sw_clock_ns() + stocked->owner->base.options.mode->sandbox.timeout_ns);
}

static void on_entered(void *user, enum sw_life state)
{
	struct sw_stocked *stocked = user;
	struct sw_container_runner *base = &stocked->owner->base;
	bool uploads = base->options.shim == SW_SHIM_UPLOADED;
	if (state == (uploads ? SW_LIFE_UPLOADING : SW_LIFE_ATTACHING))
		sw_container_tell(base, SW_EVENT_CONTAINER_CREATED, NULL, sw_lifecycle_id(stocked->life),
		                  NULL);
	if (state == SW_LIFE_RUNNING)
		begin_limit(stocked);
	if (stocked->stock == SW_STOCK_SERVING)
		sw_prepared_entered(stocked, state);
	if (state != SW_LIFE_HELD || stocked->stock != SW_STOCK_MAKING)
		return;
	stocked->stock = SW_STOCK_READY;
	tell_made(stocked);
	sw_prepared_serve(stocked->owner);
	sw_pool_check_quiet(stocked->owner);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_stocked *stocked = user;
	if (stocked->stock != SW_STOCK_SERVING || stream == SW_STREAM_STDIN)
		return;
	begin_limit(stocked);
	sw_prepared_heard(stocked, stream, bytes, len);
}

/* Nobody has it yet. */
static void lose(struct sw_stocked *stocked, const struct sw_error *error)
{
	struct sw_prepared *prepared = stocked->owner;
	struct sw_error told = *error;
	/* An engine that lets none live must not be asked for ever. */
	if (++prepared->losses > sw_pool_depth(prepared) + LEAVING_MORE)
		stocked->error = *error;
	sw_error_wrap(&told, "a container that was made ahead is lost");
	sw_container_tell(&prepared->base, SW_EVENT_CONTAINER_REPLACED, NULL,
	                  sw_lifecycle_id(stocked->life), told.message);
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct sw_stocked *stocked = user;
	enum sw_stock was = stocked->stock;
	if (was == SW_STOCK_SERVING) {
		sw_prepared_ended(stocked, error);
		return;
	}
	if (was == SW_STOCK_MAKING) {
		stocked->error = *error;
		stocked->failed_in = sw_lifecycle_state(stocked->life);
	} else if (was == SW_STOCK_READY) {
		lose(stocked, error);
	}
	stocked->stock = SW_STOCK_LEAVING;
	sw_lifecycle_remove(stocked->life);
	sw_pool_refill(stocked->owner);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct sw_stocked *stocked = user;
	struct sw_prepared *prepared = stocked->owner;
	const char *id = sw_lifecycle_id(stocked->life);
	sw_loop_disarm(prepared->base.options.loop, &stocked->deadline);
	if (error)
		sw_container_tell_left(&prepared->base, error);
	else if (sw_lifecycle_is_known(stocked->life))
		sw_container_tell(&prepared->base, SW_EVENT_CONTAINER_REMOVED, served(stocked), id, NULL);
	tell_unmade(stocked);
	sw_prepared_gone(stocked);
	if (stocked->error.code == SW_OK || prepared->is_finishing) {
		forget(stocked);
	} else {
		stocked->stock = SW_STOCK_BROKEN;
		sw_lifecycle_free(stocked->life);
		stocked->life = NULL;
	}
	sw_pool_refill(prepared);
	sw_prepared_serve(prepared);
	sw_pool_check_quiet(prepared);
}

/* ---- the pool ---- */

static struct sw_stocked *append(struct sw_prepared *prepared)
{
	struct sw_stocked *stocked = calloc(1, sizeof *stocked), **at = &prepared->first;
	if (!stocked)
		return NULL;
	stocked->owner = prepared;
	sw_container_token(stocked->attempt.token);
	while (*at)
		at = &(*at)->next;
	*at = stocked;
	return stocked;
}

static int make(struct sw_prepared *prepared)
{
	const struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, NULL};
	struct sw_life_handlers own = handlers;
	struct sw_container_shape shape;
	const char *entrypoint[2];
	char what[32], name[192];
	struct sw_stocked *stocked = append(prepared);
	if (!stocked)
		return -1;
	own.user = stocked;
	(void)snprintf(what, sizeof what, "p%lld", (long long)++prepared->serial);
	sw_container_name(&prepared->base, what, name, sizeof name);
	sw_container_shape_once(&prepared->base, stocked->attempt.token, entrypoint, &shape);
	shape.is_held = true;
	if (sw_container_make(&prepared->base, name, &shape, &own, &stocked->life, &stocked->error) < 0)
		stocked->stock = SW_STOCK_BROKEN;
	return 0;
}

/* One that could not be made keeps its place until an attempt was told of it: it is not made over and
 * over. */
void sw_pool_refill(struct sw_prepared *prepared)
{
	int has = 0;
	if (!prepared->is_open || !prepared->base.has_version)
		return;
	for (const struct sw_stocked *at = prepared->first; at; at = at->next)
		has += at->stock == SW_STOCK_MAKING || at->stock == SW_STOCK_READY ||
		       at->error.code != SW_OK;
	for (; has < sw_pool_depth(prepared); has++)
		if (make(prepared) < 0)
			return;
}

struct sw_stocked *sw_pool_ready(struct sw_prepared *prepared)
{
	if (count(prepared, SW_STOCK_LEAVING) >= sw_pool_depth(prepared) + LEAVING_MORE)
		return NULL;
	return find(prepared, SW_STOCK_READY);
}

const struct sw_stocked *sw_pool_broken(const struct sw_prepared *prepared)
{
	if (find(prepared, SW_STOCK_READY) || find(prepared, SW_STOCK_MAKING))
		return NULL;
	return find(prepared, SW_STOCK_BROKEN);
}

void sw_pool_drop_broken(struct sw_prepared *prepared)
{
	for (struct sw_stocked *at = prepared->first, *next; at; at = next) {
		next = at->next;
		if (at->stock == SW_STOCK_BROKEN)
			forget(at);
	}
}

void sw_pool_clear(struct sw_prepared *prepared)
{
	sw_pool_drop_broken(prepared);
	for (struct sw_stocked *at = prepared->first; at; at = at->next) {
		if (at->stock != SW_STOCK_SERVING)
			at->stock = SW_STOCK_LEAVING;
		sw_lifecycle_remove(at->life);
	}
}

void sw_pool_release(struct sw_stocked *stocked, int64_t path_end_ns)
{
	stocked->stock = SW_STOCK_LEAVING;
	stocked->path_end_ns = path_end_ns;
	if (sw_lifecycle_state(stocked->life) < SW_LIFE_EXITED)
		arm(stocked, sw_clock_ns() + exit_patience_ns);
	else
		sw_lifecycle_remove(stocked->life);
}

static bool is_quiet(const struct sw_prepared *prepared)
{
	return prepared->is_finishing
	           ? !prepared->first
	           : !find(prepared, SW_STOCK_MAKING) && !find(prepared, SW_STOCK_LEAVING) &&
	                 !find(prepared, SW_STOCK_SERVING);
}

/* What could not be made is forgotten with it: the next start tries again. */
void sw_pool_check_quiet(struct sw_prepared *prepared)
{
	sw_runner_ready_fn ready = prepared->quiet;
	char text[SW_TEXT_MAX] = "";
	if (!ready || !is_quiet(prepared))
		return;
	const struct sw_stocked *broken = find(prepared, SW_STOCK_BROKEN);
	if (broken)
		(void)sw_text_copy(text, sizeof text, broken->error.message);
	sw_pool_drop_broken(prepared);
	prepared->quiet = NULL;
	prepared->is_open = false;
	sw_container_ready_later(&prepared->base, text[0] ? text : NULL, ready, prepared->quiet_user);
}
