#include "cli/report.h"

static int connect_to(lk_report *r, lk_error *err) {
	lk_connection *c = &r->servers;
	lk_error e = {0};
	int rc = lk_connect(c, 0, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_catalog_load(&c->pg, &c->catalog, &e);
	r->empty = rc == LK_EUSAGE || (rc == LK_OK && c->catalog->nstreams == 0);
	if (rc == LK_EUSAGE)
		rc = LK_OK;
	else if (rc != LK_OK)
		*err = e;
	const char *log_id = c->catalog ? c->catalog->log_id : "";
	return rc ? rc : lk_store_open(&c->store, c->at.redis, log_id, err);
}

int lk_report_read(lk_report *r, lk_error *err) {
	int rc = connect_to(r, err);
	r->status.pg = &r->servers.pg;
	r->status.store = r->servers.store;
	r->status.catalog = r->servers.catalog;
	return rc == LK_OK && !r->empty ? lk_status_read(&r->status, err) : rc;
}

void lk_report_release(lk_report *r) {
	lk_status_release(&r->status);
	lk_disconnect(&r->servers);
}
