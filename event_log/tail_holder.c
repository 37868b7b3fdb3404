#include "event_log/tail_holder.h"

void lk_tail_holder(lk_pg *pg, lk_error *err) {
	PGresult *res;
	if (lk_pg_exec(pg, &res, NULL,
	               "SELECT coalesce('prepared transaction ' || (SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
	               " ORDER BY prepared LIMIT 1), (SELECT 'process ' || pid || ' (' || application_name || ')' FROM pg_locks"
	               " JOIN pg_stat_activity USING (pid) WHERE relation = 'lk.tail'::regclass AND granted AND mode = 'RowExclusiveLock'"
	               " AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 1))", 0, NULL))
		return;
	if (!PQgetisnull(res, 0, 0))
		lk_hint(err, "%s has been holding the end of the log", PQgetvalue(res, 0, 0));
	PQclear(res);
}
