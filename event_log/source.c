#include "event_log/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

/* A row without a number if the stream exists and the source does not. */
static const char rows_sql[] =
	"SELECT p.number, p.position, coalesce(p.run, 0), encode(p.head, 'hex'), p.trail, p.head_bytes, p.head_digest"
	" FROM lk.stream s LEFT JOIN lk.source p ON p.stream_id = s.stream_id AND p.name = $2%s WHERE s.stream_id = $1 ORDER BY p.number DESC";

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void read_row(const PGresult *res, int row, lk_source_file *out) {
	const char *hex = PQgetvalue(res, row, 3);
	*out = (lk_source_file){
		.number = (int)lk_pg_int(res, row, 0), .position = lk_pg_int(res, row, 1), .run = lk_pg_int(res, row, 2),
	};
	for (; hex[0] && hex[1] && out->head_len < LK_SOURCE_HEAD; hex += 2)
		out->head[out->head_len++] = (char)(digit(hex[0]) << 4 | digit(hex[1]));
	snprintf(out->trail, sizeof out->trail, "%s", PQgetvalue(res, row, 4));
	snprintf(out->head_digest, sizeof out->head_digest, "%s", PQgetvalue(res, row, 6));
	if (*out->head_digest)
		out->head_len = (size_t)lk_pg_int(res, row, 5);
}

static int read_rows(lk_pg *pg, const lk_cat_stream *s, const char *source, int number, PGresult **res, lk_error *err) {
	char id[24], only[24];
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, rows_sql, number ? " AND p.number = $3" : "");
	int rc = lk_pg_exec(pg, res, err, sql.data, number ? 3 : 2,
	                    (const char *const[]){lk_pg_number(id, s->id), source, lk_pg_number(only, number)});
	lk_buf_release(&sql);
	if (!rc && !PQntuples(*res)) {
		PQclear(*res);
		rc = lk_fail(err, LK_EUSAGE, "stream %s was dropped", s->stream->name);
	}
	return rc;
}

int lk_source_files(lk_pg *pg, const lk_cat_stream *s, const char *source, lk_source_file **files, size_t *n, lk_error *err) {
	PGresult *res;
	*files = NULL;
	*n = 0;
	int rc = read_rows(pg, s, source, 0, &res, err);
	if (rc)
		return rc;
	*n = PQgetisnull(res, 0, 0) ? 0 : (size_t)PQntuples(res);
	*files = lk_calloc(*n + 1, sizeof **files);
	for (size_t i = 0; i < *n; i++)
		read_row(res, (int)i, &(*files)[i]);
	PQclear(res);
	return 0;
}

int lk_source_read(lk_pg *pg, const lk_cat_stream *s, const char *source, int number, lk_source_file *out, lk_error *err) {
	PGresult *res;
	*out = (lk_source_file){.number = number};
	int rc = read_rows(pg, s, source, number, &res, err);
	if (rc)
		return rc;
	if (!PQgetisnull(res, 0, 0))
		read_row(res, 0, out);
	PQclear(res);
	return 0;
}

int lk_source_beginning(lk_pg *pg, const lk_cat_stream *s, const char *prefix, char **name, lk_error *err) {
	char id[24];
	PGresult *res = NULL;
	*name = NULL;
	int rc = lk_pg_exec(pg, &res, err, "SELECT name FROM lk.source WHERE stream_id = $1::bigint AND starts_with(name, $2) ORDER BY name LIMIT 1", 2,
	                    (const char *const[]){lk_pg_number(id, s->id), prefix});
	if (rc == LK_OK && PQntuples(res))
		*name = lk_strdup(PQgetvalue(res, 0, 0));
	PQclear(res);
	return rc;
}

bool lk_source_same_place(const lk_source_file *a, const lk_source_file *b) {
	return a->position == b->position && !strcmp(a->trail, b->trail);
}

/* Of two files that the input may be: one with a known head rather than one without; of two whose heads both match, the
 * one that was read further. */
static bool is_better(const lk_source_file *f, const lk_source_file *than) {
	if (!f->head_len != !than->head_len)
		return f->head_len > 0;
	return f->position > than->position;
}

void lk_source_head_digest(const char *head, size_t len, char out[33]) {
	lk_digest d;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, head, len);
	lk_digest_end(&d, out);
}

/* Do these bytes of an input contradict the head, as far as both are known? A digest only speaks of the whole. */
static bool begins_otherwise(const lk_source_file *f, const char *first, size_t len) {
	char digest[33];
	if (!*f->head_digest) {
		size_t same = len < f->head_len ? len : f->head_len;
		return same && memcmp(first, f->head, same);
	}
	if (len < f->head_len)
		return false;
	lk_source_head_digest(first, f->head_len, digest);
	return strcmp(digest, f->head_digest) != 0;
}

int lk_source_find(const lk_source_file *files, size_t n, const char *first, size_t len, bool all) {
	int found = LK_SOURCE_NEW;
	for (size_t i = 0; i < n; i++) {
		const lk_source_file *f = &files[i];
		if (begins_otherwise(f, first, len))
			continue;
		if (len < f->head_len && !all)
			return LK_SOURCE_UNDECIDED;
		if (len < f->head_len)      /* it ends before the first event of that file */
			continue;
		if (found < 0 || is_better(f, &files[found]))
			found = (int)i;
	}
	return found;
}

static void head_text(const lk_source_file *f, lk_buf *out) {
	lk_buf_adds(out, "\\x");
	for (size_t i = 0; i < f->head_len; i++)
		lk_buf_addf(out, "%02x", (unsigned)(unsigned char)f->head[i]);
}

/* A row whose head was erased keeps its digest: the process that moves it may have read the head before. */
int lk_source_send(lk_pg *pg, const lk_cat_stream *s, const lk_source_step *step) {
	static const char begin[] =
		"INSERT INTO lk.source AS s (stream_id, name, number, position, run, head, trail) VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (stream_id, name, number) DO UPDATE SET position = excluded.position, run = excluded.run,"
		" head = CASE WHEN s.head_digest IS NULL THEN excluded.head END, trail = excluded.trail WHERE s.position = $8::bigint AND s.trail IS NOT DISTINCT FROM $9::text";
	static const char move[] =
		"UPDATE lk.source SET position = $4, run = $5, head = CASE WHEN head_digest IS NULL THEN $6::bytea END, trail = $7"
		" WHERE stream_id = $1 AND name = $2 AND number = $3 AND position = $8 AND trail IS NOT DISTINCT FROM $9";
	const lk_source_file *from = step->from, *to = step->to;
	char id[24], number[24], at[24], run[24], was_at[24];
	lk_buf head = LK_BUF_INIT;
	head_text(to, &head);
	const char *const params[] = {
		lk_pg_number(id, s->id), step->source, lk_pg_number(number, to->number), lk_pg_number(at, to->position), lk_pg_number(run, to->run),
		head.data, *to->trail ? to->trail : NULL, lk_pg_number(was_at, from->position), *from->trail ? from->trail : NULL,
	};
	int sent = PQsendQueryParams(pg->conn, from->position ? move : begin, 9, NULL, params, NULL, NULL, 0);
	lk_buf_release(&head);
	return sent;
}

int lk_source_forget(lk_pg *pg, const lk_cat_stream *s, const char *source, int newest, lk_error *err) {
	char id[24], last[24];
	return lk_pg_exec(pg, NULL, err, "DELETE FROM lk.source WHERE stream_id = $1 AND name = $2 AND number <= $3", 3,
	                  (const char *const[]){lk_pg_number(id, s->id), source, lk_pg_number(last, newest - LK_SOURCE_FILES)});
}
