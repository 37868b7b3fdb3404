#include "cli/connect.h"

#include <stdlib.h>

const char *lk_home(void) {
	const char *home = getenv("LK_HOME");
	return home && *home ? home : ".lk";
}

/* Without a catalogue, the store gets the log's id from the code that loads one: each query saves a round trip. */
static int finish_store(lk_connection *c, const lk_error *started, lk_error *err) {
	if (!c->store) {
		*err = *started;
		return err->code;
	}
	if (c->catalog)
		lk_store_set_log(c->store, c->catalog->log_id);
	return lk_store_ready(c->store, err);
}

/* Redis connects while PostgreSQL opens a session. If neither can be reached, the error is PostgreSQL's. */
int lk_connect(lk_connection *c, int with, lk_error *err) {
	lk_error started = {0};
	*c = (lk_connection){0};
	int rc = lk_servers_find(lk_home(), &c->at, err);
	if (rc == LK_OK && (with & LK_WITH_STORE))
		lk_store_start(&c->store, c->at.redis, &started);
	if (rc == LK_OK)
		rc = lk_pg_open(&c->pg, c->at.postgres, "lk", err);
	if (rc == LK_OK && (with & LK_WITH_CATALOG))
		rc = lk_catalog_load(&c->pg, &c->catalog, err);
	if (rc == LK_OK && (with & LK_WITH_STORE))
		rc = finish_store(c, &started, err);
	return rc;
}

void lk_disconnect(lk_connection *c) {
	if (c->store)
		lk_store_close(c->store);
	if (c->catalog)
		lk_catalog_release(c->catalog);
	if (c->pg.conn)
		lk_pg_close(&c->pg);
	lk_servers_release(&c->at);
}
