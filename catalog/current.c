/* No lock is held while a server is asked, so a slow session delays its own thread only. When a look is due, one thread
 * looks, and the others take what is there; only before the first catalogue is there do all of them load. */
#include "catalog/current.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"

struct lk_current {
	bool all_plans;
	pthread_mutex_t lock;
	lk_catalog *newest;        /* held; NULL before the first load */
	int64_t next_look_us;
};

lk_current *lk_current_new(bool all_plans) {
	lk_current *c = lk_calloc(1, sizeof *c);
	c->all_plans = all_plans;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void lk_current_free(lk_current *c) {
	if (!c)
		return;
	lk_catalog_release(c->newest);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* What is there, unless it is time to look: then NULL, and it is the caller's turn. */
static lk_catalog *at_hand(lk_current *c, bool now) {
	lk_catalog *found = NULL;
	pthread_mutex_lock(&c->lock);
	bool due = now || lk_monotonic_us() >= c->next_look_us;
	if (due)
		c->next_look_us = lk_monotonic_us() + LK_CURRENT_US;
	if (c->newest && !due)
		found = lk_catalog_hold(c->newest);
	pthread_mutex_unlock(&c->lock);
	return found;
}

static lk_catalog *of_stamp(lk_current *c, int64_t stamp) {
	lk_catalog *found = NULL;
	pthread_mutex_lock(&c->lock);
	if (c->newest && c->newest->stamp == stamp)
		found = lk_catalog_hold(c->newest);
	pthread_mutex_unlock(&c->lock);
	return found;
}

/* Of several that load at once the last one stays: if it is not the newest, the next look finds that. Gives what to use
 * instead: of the same stamp there is only one. */
static lk_catalog *put(lk_current *c, lk_catalog *loaded) {
	pthread_mutex_lock(&c->lock);
	bool known = c->newest && c->newest->stamp == loaded->stamp;
	lk_catalog *unused = known ? loaded : c->newest;
	if (!known)
		c->newest = lk_catalog_hold(loaded);
	lk_catalog *used = known ? lk_catalog_hold(c->newest) : loaded;
	pthread_mutex_unlock(&c->lock);
	lk_catalog_release(unused);
	return used;
}

/* Without schema lk there is no stamp: the load says what that means. */
static int read_stamp(lk_pg *pg, int64_t *stamp, lk_error *err) {
	lk_error e = {0};
	int rc = lk_catalog_stamp(pg, stamp, &e);
	if (rc && (!strcmp(e.sqlstate, "42P01") || !strcmp(e.sqlstate, "3F000"))) {
		*stamp = 0;
		return 0;
	}
	if (rc && err && err->code == LK_OK)
		*err = e;
	return rc;
}

/* The stamp is read first, so a change in between causes one more load. */
int lk_current_get(lk_current *c, lk_pg *pg, bool now, lk_catalog **out, lk_error *err) {
	int64_t stamp;
	if ((*out = at_hand(c, now)))
		return 0;
	lk_catalog *loaded = NULL;
	int rc = read_stamp(pg, &stamp, err);
	if (rc || (*out = of_stamp(c, stamp)))
		return rc;
	rc = c->all_plans ? lk_catalog_load(pg, &loaded, err) : lk_catalog_load_rows(pg, &loaded, err);
	if (rc)
		return rc;
	loaded->stamp = stamp;
	*out = put(c, loaded);
	return 0;
}
