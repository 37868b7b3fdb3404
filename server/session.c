#include "server/session.h"

#include "core/time.h"

static void limit(lk_session *s) {
	int64_t left = s->deadline_us - lk_monotonic_us();
	s->pg.limit_us = left > 1 ? left : 1;
}

static int need_postgres(lk_session *s, lk_error *err) {
	int rc = LK_OK;
	if (!s->pg.conn)
		rc = lk_pg_open(&s->pg, s->service->options->postgres, "lk serve", err);
	limit(s);
	if (rc != LK_OK)
		s->away = rc == LK_EUNREACHABLE ? "PostgreSQL cannot be reached" : NULL;
	return rc;
}

static int need_redis(lk_session *s, lk_error *err) {
	int rc = LK_OK;
	lk_catalog *c = NULL;
	if (!s->store) {
		rc = lk_session_catalog(s, &c, err);
		if (rc == LK_OK && (rc = lk_store_open(&s->store, s->service->options->redis, c->log_id, err)) != LK_OK)
			s->away = rc == LK_EUNREACHABLE ? "Redis cannot be reached" : NULL;
		lk_catalog_release(c);
	}
	if (rc == LK_OK)
		lk_store_give_up_at(s->store, s->deadline_us);
	return rc;
}

int lk_session_need(lk_session *s, int needs, lk_error *err) {
	s->away = NULL;
	s->kept = s->pg.conn || s->store;
	int rc = needs & (LK_NEEDS_POSTGRES | LK_NEEDS_REDIS) ? need_postgres(s, err) : LK_OK;
	return rc == LK_OK && (needs & LK_NEEDS_REDIS) ? need_redis(s, err) : rc;
}

int lk_session_catalog(lk_session *s, lk_catalog **out, lk_error *err) {
	return lk_current_get(s->service->current, &s->pg, false, out, err);
}

void lk_session_close(lk_session *s) {
	if (s->store)
		lk_store_close(s->store);
	if (s->pg.conn)
		lk_pg_close(&s->pg);
	s->store = NULL;
	s->pg = (lk_pg){0};
}

/* A failure of the request itself leaves both sessions as they are; after any other one both are opened anew. */
bool lk_session_mend(lk_session *s, int rc) {
	bool kept = s->kept;
	if (rc == LK_OK)
		return false;
	if (rc == LK_EUSAGE || rc == LK_EPARTIAL || rc == LK_ETOOBIG) {
		lk_pg_rollback(&s->pg);
		return false;
	}
	if (rc == LK_EUNREACHABLE && !s->away)
		s->away = PQstatus(s->pg.conn) == CONNECTION_OK ? "Redis cannot be reached" : "PostgreSQL cannot be reached";
	if (rc == LK_EUNREACHABLE)
		lk_counts_lost(&s->service->counts, s->away[0] == 'R');
	lk_session_close(s);
	return kept && rc == LK_EUNREACHABLE;
}
