#include "delivery/seek.h"

#include <stdio.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/history.h"

/* 1 and the row's times; 0 if there is no such row; an error. */
static int read_row(lk_pg *pg, const lk_rows_log *log, int part, int64_t off, lk_bookmark_part *out, lk_error *err) {
	char p[24], o[24];
	lk_buf sql = LK_BUF_INIT;
	PGresult *res = NULL;
	lk_buf_adds(&sql, "SELECT " LK_SQL_US("_at"));
	lk_buf_adds(&sql, log->derived ? ", _src FROM " : ", NULL FROM ");
	lk_log_leaf(log->stream->stream, part, &sql);
	lk_buf_adds(&sql, " WHERE part = $1::int AND off = $2::bigint");
	int rc = lk_pg_exec(pg, &res, err, sql.data, 2, (const char *const[]){lk_pg_number(p, part), lk_pg_number(o, off)});
	lk_buf_release(&sql);
	if (rc)
		return rc;
	int there = PQntuples(res);
	out->at = there ? lk_pg_int_or(res, 0, 0, LK_NEVER) : LK_NEVER;
	out->src = there ? lk_pg_int_or(res, 0, 1, LK_NEVER) : LK_NEVER;
	PQclear(res);
	return there;
}

static int missing(const lk_rows_log *log, int part, int64_t off, lk_error *err) {
	lk_fail(err, LK_EGAP, "stream %s, partition %d: row %lld is missing from the log", log->name, part, (long long)off);
	return lk_hint(err, "rows of the log were removed by hand, or the database was restored just now");
}

/* Is the row after (at, src)? Rows that one append wrote share their `_at`; of a derived stream, `_src` tells them
 * apart. */
static bool is_after(const lk_bookmark_part *row, int64_t at, int64_t src) {
	return row->at > at || (row->at == at && src != LK_NEVER && row->src > src);
}

/* The first offset of [0, end) whose row is after (at, src), or end. */
static int first_after(lk_pg *pg, const lk_rows_log *log, int part, const lk_bookmark_part *before, int64_t *end, lk_error *err) {
	int64_t low = 0, high = *end;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		lk_bookmark_part row;
		int there = read_row(pg, log, part, middle, &row, err);
		if (there <= 0)
			return there < 0 ? there : missing(log, part, middle, err);
		if (is_after(&row, before->at, before->src))
			high = middle;
		else
			low = middle + 1;
	}
	*end = low;
	return LK_OK;
}

/* The same, of those that have a later `_at`. */
static int first_later(lk_pg *pg, const lk_rows_log *log, int part, int64_t at, int64_t *end, lk_error *err) {
	return first_after(pg, log, part, &(lk_bookmark_part){.at = at, .src = LK_NEVER}, end, err);
}

int lk_seek_describe(lk_pg *pg, const lk_rows_log *log, int part, lk_bookmark_part *place, lk_error *err) {
	int64_t first = place->off;
	place->at = place->src = LK_NEVER;
	place->run = 0;
	if (place->off == 0)
		return LK_OK;
	int there = read_row(pg, log, part, place->off - 1, place, err);
	if (there <= 0)
		return there < 0 ? there : missing(log, part, place->off - 1, err);
	int rc = log->derived ? first_later(pg, log, part, place->at - 1, &first, err) : LK_OK;
	place->run = place->off - first;
	return rc;
}

int lk_seek_time(lk_pg *pg, const lk_rows_log *log, int part, int64_t us, int64_t *off, lk_error *err) {
	lk_frontier tail;
	int rc = lk_log_tail(pg, log->stream, &tail, err);
	if (rc)
		return rc;
	*off = tail.part[part].off;
	return first_later(pg, log, part, us - 1, off, err);
}

/* --- a position that was kept --- */

static int of_another(const lk_rows_log *log, const lk_bookmark *p, lk_error *err) {
	if (strcmp(p->stream, log->name) != 0)
		lk_fail(err, LK_EUSAGE, "the position is one of stream %s, not of %s", p->stream, log->name);
	else
		lk_fail(err, LK_EUSAGE, "the position is one of stream %s in another database", log->name);
	return lk_hint(err, "give another cursor or name, or remove this one to begin anew");
}

static void move(lk_bookmark_part *place, int64_t off) {
	*place = (lk_bookmark_part){.off = off, .at = LK_NEVER, .src = LK_NEVER, .lost = place->lost};
}

/* Behind the rows of [0, *end) that the reader had, as far as they are there: an append is lost as a whole, so if rows of the same `_at`
 * are there, they are the same ones, and come after fewer rows than before. */
static int amid(lk_pg *pg, const lk_rows_log *log, int part, const lk_bookmark_part *place, int64_t *end, lk_error *err) {
	int64_t first;
	int rc = first_later(pg, log, part, place->at, end, err);
	first = *end;
	if (rc == LK_OK && place->run)
		rc = first_later(pg, log, part, place->at - 1, &first, err);
	if (rc == LK_OK && place->run)
		*end = lk_earlier(first + place->run, *end);
	return rc;
}

/* A place in the log that it is of: where it was left, unless the row before it is another one now. */
static int resume_place(lk_pg *pg, const lk_rows_log *log, int part, lk_bookmark_part *place, int64_t end, lk_error *err) {
	bool has;
	int rc = lk_log_has(pg, log->stream->stream, &(lk_seen){part, place->off, place->at, place->run}, 1, &has, err);
	if (rc || has)
		return rc;
	int64_t off = end;
	rc = amid(pg, log, part, place, &off, err);
	if (rc)
		return rc;
	move(place, off);
	place->lost++;
	rc = lk_seek_describe(pg, log, part, place, err);
	return rc ? rc : 1;
}

/* Where the partitions are others than before, no place says how far each of them was read: the earliest one is safe. */
static lk_bookmark_part earliest(const lk_bookmark *p) {
	lk_bookmark_part first = {.at = INT64_MAX, .src = LK_NEVER};
	for (int i = 0; i < p->n; i++)
		if (p->part[i].at < first.at)
			first.at = p->part[i].at;
	return first;
}

static int resume_elsewhere(lk_pg *pg, const lk_rows_log *log, lk_bookmark *p, const lk_frontier *tail, lk_error *err) {
	bool alike = p->n == tail->n;
	const lk_bookmark_part all = earliest(p);
	int rc = LK_OK;
	for (int i = 0; i < tail->n && !rc; i++) {
		lk_bookmark_part *place = &p->part[i];
		lk_bookmark_part before = alike ? *place : all;
		int64_t off = before.at == LK_NEVER ? 0 : tail->part[i].off;
		before.src = log->by_src ? before.src : LK_NEVER;
		before.at -= log->derived && !log->by_src && off;
		if (off)
			rc = first_after(pg, log, i, &before, &off, err);
		*place = (lk_bookmark_part){.off = off};
		if (!rc)
			rc = lk_seek_describe(pg, log, i, place, err);
	}
	p->n = tail->n;
	p->log = log->stream->id;
	return rc;
}

int lk_seek_resume(lk_pg *pg, const lk_rows_log *log, lk_bookmark *p, enum lk_resumed *what, lk_error *err) {
	lk_frontier tail;
	bool same_log = p->log == log->stream->id;
	*what = LK_RESUMED_HERE;
	if (strcmp(p->database, log->database) != 0 || (!same_log && strcmp(p->stream, log->name) != 0))
		return of_another(log, p, err);
	int rc = lk_log_tail(pg, log->stream, &tail, err);
	if (rc)
		return rc;
	if (!same_log || p->n != tail.n) {
		*what = LK_RESUMED_OTHER_LOG;
		return resume_elsewhere(pg, log, p, &tail, err);
	}
	for (int i = 0; i < tail.n && rc >= 0; i++) {
		rc = resume_place(pg, log, i, &p->part[i], tail.part[i].off, err);
		if (rc > 0)
			*what = LK_RESUMED_LOST_END;
	}
	return rc < 0 ? rc : LK_OK;
}
