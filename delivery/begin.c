#include "delivery/begin.h"

#include <stdio.h>

#include "catalog/tail.h"
#include "core/time.h"
#include "core/wait.h"

enum { GROWS = 4 };   /* how much farther back the next look begins, where too few rows have passed */

static int no_partition(const lk_rows_log *log, int part, lk_error *err) {
	int n = log->stream->stream->partitions;
	lk_fail(err, LK_EUSAGE, "stream %s has no partition %d", log->name, part);
	return n == 1 ? lk_hint(err, "its only one is 0") : lk_hint(err, "it has 0 to %d", n - 1);
}

int lk_begin_check(const lk_rows_log *log, const lk_begin *b, lk_error *err) {
	return b->partition < log->stream->stream->partitions ? LK_OK : no_partition(log, b->partition, err);
}

static bool reads(const lk_begin *b, int part) { return b->partition < 0 || b->partition == part; }

static int check_named(const lk_rows_log *log, const lk_begin *b, lk_error *err) {
	int n = log->stream->stream->partitions;
	for (int p = 0; p < LK_MAX_PARTITIONS; p++) {
		if (p >= n && b->offs[p] >= 0)
			return no_partition(log, p, err);
		if (p < n && b->offs[p] < 0 && reads(b, p)) {
			lk_fail(err, LK_EUSAGE, "--from says nothing of partition %d of stream %s", p, log->name);
			return lk_hint(err, "name each one, as in --from 0:10,1:20, or read one alone with --partition");
		}
	}
	return LK_OK;
}

/* --- the last rows --- */

typedef struct ends {
	lk_frontier from, to;
} ends;

/* The rows of [from, to) that pass, by partition. Without conditions all do, and none is read. */
static int count_passing(lk_pg *pg, const lk_shape *s, const ends *e, int64_t *passing, lk_error *err) {
	for (int p = 0; p < e->to.n; p++)
		passing[p] = s->nwhere ? 0 : e->to.part[p].off - e->from.part[p].off;
	if (!s->nwhere)
		return LK_OK;
	lk_row_reader *r = lk_row_reader_new(pg, &(lk_row_reader_of){.log = s->log, .from = &e->from, .to = &e->to,
	                                 .columns = s->read, .ncolumns = s->nread});
	lk_log_row row;
	int rc;
	while ((rc = lk_row_reader_next(r, &row, err)) == 0 && !lk_stop_asked())
		passing[row.part] += lk_shape_passes(s, &row);
	lk_row_reader_free(r);
	return rc < 0 ? rc : LK_OK;
}

/* Moves e->from back until each partition has as many rows as are wanted, or is read from its beginning. */
static int find_last(lk_pg *pg, const lk_shape *s, int64_t last, ends *e, int64_t *skip, lk_error *err) {
	int n = s->log->stream->stream->partitions;
	int64_t passing[LK_MAX_PARTITIONS], all = 0;
	bool enough = false;
	for (int64_t back = last; !enough && !lk_stop_asked(); back = back > INT64_MAX / GROWS ? INT64_MAX : back * GROWS) {
		for (int p = 0; p < n; p++)
			e->from.part[p].off = e->to.part[p].off > back ? e->to.part[p].off - back : 0;
		int rc = count_passing(pg, s, e, passing, err);
		if (rc)
			return rc;
		enough = true;
		for (int p = 0; p < n; p++)
			enough &= passing[p] >= last || e->from.part[p].off == 0;
	}
	for (int p = 0; p < n; p++)
		all += passing[p];
	*skip = all > last ? all - last : 0;
	return LK_OK;
}

/* --- all kinds --- */

static int check_offset(const lk_rows_log *log, int part, int64_t wanted, int64_t *off, lk_error *err) {
	if (wanted > *off) {
		lk_fail(err, LK_EUSAGE, "--from: partition %d of stream %s ends at offset %lld, before %lld", part, log->name, (long long)*off,
		        (long long)wanted);
		return lk_hint(err, "write --from end for what comes next, or an offset for each partition: --from 0:10,1:20");
	}
	*off = wanted;
	return LK_OK;
}

/* The place in a partition that is read; *off: its end before. */
static int find_place(lk_pg *pg, const lk_shape *s, const lk_begin *b, int part, int64_t *off, lk_error *err) {
	switch (b->at) {
	case LK_BEGIN_FIRST: *off = 0; return LK_OK;
	case LK_BEGIN_TIME: return lk_seek_time(pg, s->log, part, b->time, off, err);
	case LK_BEGIN_OFFSET: return check_offset(s->log, part, b->off, off, err);
	case LK_BEGIN_OFFSETS: return check_offset(s->log, part, b->offs[part], off, err);
	default: return LK_OK;
	}
}

static int find_places(lk_pg *pg, const lk_shape *s, const lk_begin *b, ends *e, lk_error *err) {
	int rc = lk_log_tail(pg, s->log->stream, &e->to, err);
	if (rc)
		return rc;
	for (int p = 0; p < e->to.n; p++)
		e->to.part[p].off = reads(b, p) ? e->to.part[p].off : 0;
	e->from = e->to;
	for (int p = 0; rc == LK_OK && p < e->to.n; p++)
		if (reads(b, p))
			rc = find_place(pg, s, b, p, &e->from.part[p].off, err);
	return rc;
}

int lk_begin_find(lk_pg *pg, const lk_shape *s, const lk_begin *b, lk_bookmark *out, int64_t *skip, lk_error *err) {
	int n = s->log->stream->stream->partitions;
	ends e;
	*skip = 0;
	*out = (lk_bookmark){.log = s->log->stream->id, .n = n};
	snprintf(out->database, sizeof out->database, "%s", s->log->database);
	snprintf(out->stream, sizeof out->stream, "%s", s->log->name);
	int rc = lk_begin_check(s->log, b, err);
	if (rc == LK_OK && b->at == LK_BEGIN_OFFSETS)
		rc = check_named(s->log, b, err);
	if (rc == LK_OK)
		rc = find_places(pg, s, b, &e, err);
	if (rc == LK_OK && b->at == LK_BEGIN_LAST && b->last > 0)
		rc = find_last(pg, s, b->last, &e, skip, err);
	for (int p = 0; p < n && rc == LK_OK; p++) {
		out->part[p].off = e.from.part[p].off;
		rc = lk_seek_describe(pg, s->log, p, &out->part[p], err);
	}
	return rc;
}
