/* Ending sessions that hold the log's end and are frozen.
 *
 * The server ends a transaction of lk that is idle between two statements (LK_IDLE_MS). Within a statement it waits for
 * the client without a limit. If an append is stopped in its COPY (SIGSTOP, a suspended machine), its backend reacts
 * neither to statement_timeout nor to a cancel, only to a termination. So a session whose wait for the log's end failed
 * looks for a session that
 *
 *   is lk's own, in this database; has rows of lk.tail or lk.source locked; has been in one statement for FROZEN_MS and
 *   waits for its client in it; and a second later is in the same transaction and statement, without another byte.
 *
 * The statement that ends the session compares what was seen, so that the next transaction of a process that woke up is
 * not mistaken for the frozen one. If it is ended even so, between the comparison and the signal, nothing is lost: its
 * client does not know the outcome of its transaction, and checks (ingest.c). */
#include "catalog/tail_holder.h"

#include <stdlib.h>
#include <time.h>

#include "core/fault.h"

enum { FROZEN_MS = 5000, LOOKS_APART_MS = 1000 };

#define FROZEN_SQL \
	"(SELECT a.pid, a.application_name AS name, concat_ws(' ', a.pid, extract(epoch FROM a.backend_start), extract(epoch FROM a.xact_start)," \
	" a.backend_xid, extract(epoch FROM a.state_change), c.bytes_processed) AS seen" \
	" FROM pg_stat_activity a LEFT JOIN pg_stat_progress_copy c USING (pid)" \
	" WHERE a.datname = current_database() AND (a.application_name = 'lk' OR a.application_name LIKE 'lk %')" \
	" AND a.state = 'active' AND a.wait_event IN ('ClientRead', 'ClientWrite')" \
	" AND a.state_change < clock_timestamp() - $1::int * interval '1 millisecond'" \
	" AND a.pid IN (SELECT pid FROM pg_locks WHERE relation IN ('lk.tail'::regclass, 'lk.source'::regclass) AND granted" \
	" AND mode IN ('RowShareLock', 'RowExclusiveLock'))) f"

static void (*tell)(const char *text);

void lk_tail_tell(void (*say)(const char *text)) { tell = say; }

static void name_holder(lk_pg *pg, lk_error *err) {
	PGresult *res;
	if (lk_pg_exec(pg, &res, NULL,
	               "SELECT coalesce('prepared transaction ' || (SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
	               " ORDER BY prepared LIMIT 1), (SELECT 'process ' || pid || ' (' || application_name || ')' FROM pg_locks"
	               " JOIN pg_stat_activity USING (pid) WHERE relation = 'lk.tail'::regclass AND granted AND mode IN ('RowShareLock', 'RowExclusiveLock')"
	               " AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 1))", 0, NULL))
		return;
	if (!PQgetisnull(res, 0, 0))
		lk_hint(err, "%s holds the end of the log", PQgetvalue(res, 0, 0));
	PQclear(res);
}

/* What is seen of frozen sessions, as an array; NULL if there is none. */
static char *look(lk_pg *pg, const char *frozen_ms) {
	PGresult *res;
	if (lk_pg_exec(pg, &res, NULL, "SELECT array_agg(seen) FROM " FROZEN_SQL, 1, &frozen_ms))
		return NULL;
	char *seen = PQgetisnull(res, 0, 0) ? NULL : lk_strdup(PQgetvalue(res, 0, 0));
	PQclear(res);
	return seen;
}

static void tell_ended(const PGresult *res, int i) {
	char *text = lk_asprintf("ended the session of PostgreSQL process %s (%s): it held the end of the log, and its program was frozen; its last"
	                         " transaction is undone", PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
	if (tell)
		tell(text);
	free(text);
}

/* Ends the sessions that are still as they were seen. Returns how many. */
static int end_seen(lk_pg *pg, const char *frozen_ms, const char *seen) {
	PGresult *res;
	int ended = 0;
	if (lk_pg_exec(pg, &res, NULL, "SELECT pid, name, pg_terminate_backend(pid, 1000) FROM " FROZEN_SQL " WHERE seen = ANY ($2::text[])", 2,
	               (const char *const[]){frozen_ms, seen}))
		return 0;
	for (int i = 0; i < PQntuples(res); i++)
		if (PQgetvalue(res, i, 2)[0] == 't') {
			tell_ended(res, i);
			ended++;
		}
	PQclear(res);
	return ended;
}

bool lk_tail_free(lk_pg *pg, lk_error *err) {
	char frozen_ms[24];
	int apart_ms = LK_HURRIED(LOOKS_APART_MS), ended = 0;
	lk_pg_number(frozen_ms, LK_HURRIED(FROZEN_MS));
	char *seen = look(pg, frozen_ms);
	if (seen) {
		nanosleep(&(struct timespec){.tv_sec = apart_ms / 1000, .tv_nsec = apart_ms % 1000 * 1000000L}, NULL);
		ended = end_seen(pg, frozen_ms, seen);
		free(seen);
	}
	if (!ended)
		name_holder(pg, err);
	else if (err)
		lk_error_clear(err);
	return ended > 0;
}
