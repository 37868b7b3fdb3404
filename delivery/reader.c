#include "delivery/reader.h"

#include <stdlib.h>
#include <string.h>

#include "event_log/scan.h"

/* Rows of a partition that are read at once: so many, or fewer if they have many columns, or are large. */
enum { STEP_ROWS = 1000, STEP_VALUES = 65536, STEP_BYTES = 1 << 20 };

/* What is read of a partition and not yet given away. */
typedef struct step {
	int64_t next, to;     /* what is read next */
	int64_t rows;         /* to be read at once */
	lk_value *values;     /* [n][width] */
	int64_t first;        /* the offset of values[0] */
	int n, given;
	lk_arena texts;
} step;

struct lk_row_reader {
	lk_pg *pg;
	const lk_rows_log *log;
	const int *columns;
	int ncolumns, width, n;
	int64_t most;         /* rows of a step */
	int last;             /* the partition whose row was given last */
	step part[LK_MAX_PARTITIONS];
};

lk_row_reader *lk_row_reader_new(lk_pg *pg, const lk_row_reader_of *of) {
	lk_row_reader *r = lk_calloc(1, sizeof *r);
	const lk_stream *s = of->log->stream->stream;
	*r = (lk_row_reader){.pg = pg, .log = of->log, .columns = of->columns, .ncolumns = of->ncolumns, .width = lk_slot_src(s) + 1,
	                 .n = s->partitions, .last = -1};
	r->most = STEP_VALUES / r->width < STEP_ROWS ? STEP_VALUES / r->width : STEP_ROWS;
	for (int p = 0; p < r->n; p++)
		r->part[p] = (step){.next = of->from->part[p].off, .to = of->to->part[p].off, .rows = r->most};
	return r;
}

void lk_row_reader_free(lk_row_reader *r) {
	for (int p = 0; r && p < r->n; p++) {
		free(r->part[p].values);
		lk_arena_release(&r->part[p].texts);
	}
	free(r);
}

static lk_type type_of(const lk_row_reader *r, int slot) {
	const lk_schema *s = &r->log->stream->stream->schema;
	return slot < s->ncolumns ? s->columns[slot].type : (lk_type){.kind = LK_INT8};
}

/* Keeps a row that a scan lends. Returns the bytes of its texts. */
static size_t keep(lk_row_reader *r, step *p, const lk_value *row) {
	lk_value *to = &p->values[(size_t)p->n * (size_t)r->width];
	size_t bytes = 0;
	memcpy(to, row, sizeof *row * (size_t)r->width);
	for (int i = 0; i < r->ncolumns; i++) {
		lk_value *v = &to[r->columns[i]];
		if (!lk_value_borrows(type_of(r, r->columns[i]), v))
			continue;
		char *text = lk_arena_alloc(&p->texts, v->len);
		memcpy(text, v->s, v->len);
		v->s = text;
		bytes += v->len;
	}
	p->n++;
	return bytes;
}

static int take_rows(lk_row_reader *r, step *p, lk_scan *s, lk_error *err) {
	lk_value *row = lk_calloc((size_t)r->width, sizeof *row);
	size_t bytes = 0;
	int64_t off;
	int rc;
	for (int i = 0; i < r->width; i++)
		row[i] = lk_null();
	while ((rc = lk_scan_next(s, row, &off, err)) == 0) {
		bytes += keep(r, p, row);
		if (bytes >= STEP_BYTES)
			break;
	}
	free(row);
	return rc < 0 ? rc : LK_OK;
}

/* After large rows the next step is as short as this one was. */
static int read_step(lk_row_reader *r, int part, lk_error *err) {
	step *p = &r->part[part];
	int64_t end = p->next + p->rows < p->to ? p->next + p->rows : p->to;
	lk_scan s;
	p->first = p->next;
	p->n = p->given = 0;
	lk_arena_clear(&p->texts);
	p->values = lk_realloc(p->values, (size_t)(end - p->next) * (size_t)r->width * sizeof *p->values);
	int rc = lk_scan_begin(&s, r->pg, &(lk_scan_of){.stream = r->log->stream, .part = part, .columns = r->columns,
	                       .ncolumns = r->ncolumns, .from = p->next, .to = end, .src = r->log->derived}, err);
	if (rc)
		return rc;
	rc = take_rows(r, p, &s, err);
	int ended = lk_scan_end(&s, rc ? NULL : err);
	rc = rc ? rc : ended;
	p->rows = p->n < end - p->next ? p->n : p->rows * 2 < r->most ? p->rows * 2 : r->most;
	p->next += p->n;
	if (!rc && !p->n)
		rc = lk_fail(err, LK_EGAP, "stream %s, partition %d: the log ends before row %lld", r->log->name, part, (long long)p->next);
	return rc;
}

static const lk_value *head(const lk_row_reader *r, int part) {
	const step *p = &r->part[part];
	return p->given < p->n ? &p->values[(size_t)p->given * (size_t)r->width] : NULL;
}

int lk_row_reader_next(lk_row_reader *r, lk_log_row *row, lk_error *err) {
	int at = lk_slot_at(r->log->stream->stream), best = -1, rc = LK_OK;
	if (r->last >= 0)
		r->part[r->last].given++;
	r->last = -1;
	for (int p = 0; p < r->n && !rc; p++) {
		if (!head(r, p) && r->part[p].next < r->part[p].to)
			rc = read_step(r, p, err);
		const lk_value *v = head(r, p);
		if (v && (best < 0 || v[at].i < head(r, best)[at].i))
			best = p;
	}
	if (rc || best < 0)
		return rc ? rc : 1;
	*row = (lk_log_row){best, r->part[best].first + r->part[best].given, head(r, best)};
	r->last = best;
	return LK_OK;
}
