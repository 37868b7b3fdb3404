#include "postgres/binary.h"
#include "postgres/pg.h"

enum { SEND_BYTES = 128 * 1024 };

static int put(lk_pg *pg, const char *p, size_t n, const char *doing, lk_error *err) {
	for (size_t piece; n; p += piece, n -= piece) {
		piece = n < SEND_BYTES ? n : SEND_BYTES;
		if (lk_pg_put(pg, p, piece) != 0)
			return lk_pg_failed(pg, NULL, doing, err);
	}
	return 0;
}

int lk_pg_put_tuples(lk_pg *pg, const lk_buf *tuples, const char *doing, lk_error *err) {
	lk_buf frame = LK_BUF_INIT;
	lk_copy_header(&frame);
	int rc = put(pg, frame.data, frame.len, doing, err);
	if (!rc)
		rc = put(pg, tuples->data, tuples->len, doing, err);
	lk_buf_clear(&frame);
	lk_copy_trailer(&frame);
	if (!rc)
		rc = put(pg, frame.data, frame.len, doing, err);
	lk_buf_release(&frame);
	return rc;
}

static int put_whole(lk_pg *pg, const lk_buf *tuples, const char *doing, lk_error *err) {
	int rc = lk_pg_put_tuples(pg, tuples, doing, err);
	return !rc && lk_pg_put_end(pg, NULL) != 0 ? lk_pg_failed(pg, NULL, doing, err) : rc;
}

int lk_pg_copy_in(lk_pg *pg, const char *sql, const lk_buf *tuples, const char *doing, lk_error *err) {
	PGresult *res;
	int rc = PQsendQuery(pg->conn, sql) ? 0 : lk_pg_failed(pg, NULL, doing, err);
	while (!rc && (res = lk_pg_result(pg))) {
		ExecStatusType st = PQresultStatus(res);
		rc = st == PGRES_COPY_IN ? put_whole(pg, tuples, doing, err) : st == PGRES_COMMAND_OK ? 0 : lk_pg_failed(pg, res, doing, err);
		PQclear(res);
	}
	return rc;
}
