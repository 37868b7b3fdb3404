/* Stuck units and lost servers: notices say so at once, and again when it is over. A run that has an end does not wait
 * for ever. */
#include "speed_layer/worker.h"

#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "core/wait.h"
#include "speed_layer/unit.h"

bool lk_unit_is_hopeless(const lk_unit *u) {
	return !u->taken && u->error.code != LK_OK && u->error.code != LK_EFENCED && u->error.code != LK_EFULL
	       && u->error.code != LK_EUNREACHABLE && u->error.code != LK_EBUSY;
}

void lk_worker_fatal(lk_worker *w, const lk_error *why, bool give_up) {
	pthread_mutex_lock(&w->pool->lock);
	if (w->pool->fatal.code == LK_OK)
		w->pool->fatal = *why;
	if (give_up)
		atomic_store(&w->pool->given_up, 1);
	pthread_mutex_unlock(&w->pool->lock);
}

/* --- room --- */

static void hint_at_room(const lk_unit *u, lk_error *e) {
	if (u->copy->log)
		lk_hint(e, "raise maxmemory, or drop copies that you do not need (`lk mode`, `lk drop`): a moving window keeps the last"
		        " rows of each key in Redis");
	else if (lk_unit_plan(u)->allowed_lateness_us < 0 && !u->copy->kappa)
		lk_hint(e, "run a batch to make room (`lk batch`), raise maxmemory, or drop copies that you do not need"
		        " (`lk mode`, `lk drop`)");
	else
		lk_hint(e, "raise maxmemory, or drop copies that you do not need (`lk mode`, `lk drop`); then more frequent"
		        " batches, or seals in kappa mode, keep less in Redis (`lk run --every`)");
}

/* Its cells, or the rows of a derived stream: which part of the log they are of. */
static void add_covered(const lk_unit *u, lk_buf *out) {
	if (u->copy->log)
		lk_buf_adds(out, "the rows of what it has read are in its log");
	else
		lk_buf_addf(out, "its cells cover the log below offset %lld", (long long)u->committed);
}

/* Makes the message about Redis without room: its usage, who waits and how long, what is stored, what makes room. */
static void add_usage(lk_worker *w, const lk_unit *u, bool over, lk_error *e) {
	lk_store_usage use;
	char time[64] = " until there is room";
	int64_t wait_s = w->pool->o->room_wait_us / LK_US_PER_S;
	*e = u->error;
	if (over && wait_s == 0)
		return;
	if (e->code != LK_EFULL || *e->sqlstate || lk_store_usage_read(w->path.store, &use, NULL) != LK_OK || use.max_bytes == 0)
		return;
	if (wait_s > 0)
		snprintf(time, sizeof time, over ? " for %lld s" : " for up to %lld s", (long long)wait_s);
	lk_buf covered = LK_BUF_INIT;
	add_covered(u, &covered);
	lk_error_clear(e);
	lk_fail(e, LK_EFULL, "no room for partition %d of %s %s, which %s%s; %s, and nothing is lost."
	        " %.600s (%lld of %lld bytes of maxmemory are used)", u->part, u->copy->log ? "derived stream" : "view",
	        u->copy->version->view->name, over ? "has waited" : "waits", time, covered.data, u->error.text,
	        (long long)use.used_bytes, (long long)use.max_bytes);
	hint_at_room(u, e);
	lk_buf_release(&covered);
}

static bool waited_too_long(const lk_worker *w, const lk_unit *u) {
	int64_t most = w->pool->o->room_wait_us;
	return u->error.code == LK_EFULL && most > 0 && lk_monotonic_us() - u->full_since_us >= most;
}

int lk_worker_trouble(lk_worker *w, const lk_unit *u, lk_error *err) {
	if (u->error.code == LK_EUNREACHABLE) {
		if (err)
			*err = u->error;
		return LK_EUNREACHABLE;
	}
	lk_error told;
	bool no_room = waited_too_long(w, u), was_dropped = u->error.code == LK_ECONFLICT;
	add_usage(w, u, no_room, &told);
	if (u->error.code != LK_EFENCED && !was_dropped && !no_room)
		lk_pool_notice(w->pool, &told);
	if (no_room || (w->pool->o->once && lk_unit_is_hopeless(u) && (!was_dropped || w->pool->o->copy)))
		lk_worker_fatal(w, &told, no_room);
	return LK_OK;
}

/* --- servers --- */

void lk_worker_server_trouble(lk_worker *w, lk_error *why) {
	int64_t now = lk_monotonic_us(), most = w->pool->o->server_wait_us;
	if (lk_stop_asked())   /* the wait was ended for it: no trouble of a server, and no further try */
		return;
	w->away_since_us = w->away_since_us ? w->away_since_us : now;
	if (most > 0 && now - w->away_since_us >= most) {
		lk_worker_fatal(w, why, true);
		return;
	}
	lk_pool_notice(w->pool, lk_pool_say_how_long(w->pool, why));
	lk_pool_waits(w->pool, LK_WAIT_SERVER, &w->waits_for_server, true);
}

/* --- when it goes on --- */

static bool any_waits_for_room(const lk_worker *w) {
	for (int i = 0; i < w->nshares; i++)
		for (int k = 0; k < w->shares[i].nunits; k++)
			if (w->shares[i].units[k]->full_since_us)
				return true;
	return false;
}

void lk_worker_end_of_trouble(lk_worker *w) {
	w->away_since_us = 0;
	lk_pool_waits(w->pool, LK_WAIT_SERVER, &w->waits_for_server, false);
	lk_pool_waits(w->pool, LK_WAIT_ROOM, &w->waits_for_room, any_waits_for_room(w));
}
