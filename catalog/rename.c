/* Definitions are kept as text, and names stand in them: those of derived streams, too. So a name is exchanged in the texts, and each of them is parsed
 * again before it is stored: it must be the same plan.
 *
 * In the text of a view the stream's name stands in FROM, and may stand before the names of columns. These stay as they
 * are: FROM hits becomes FROM visits AS hits. */
#include "catalog/rename.h"

#include <stdlib.h>
#include <string.h>

#include "catalog/drop.h"
#include "catalog/log_sql.h"
#include "catalog/private.h"
#include "catalog/tail_holder.h"
#include "core/fault.h"
#include "sql/lex.h"

/* --- texts --- */

static void exchange(const char *text, lk_token t, const char *name, const char *after, lk_buf *out) {
	lk_buf_add(out, text, (size_t)t.at);
	lk_sql_ident(name, out);
	lk_buf_adds(out, after);
	lk_buf_adds(out, text + t.end);
}

/* The text with another word after CREATE … VIEW, or TABLE; comments and the rest stay as they are. */
static void exchange_name(const char *text, const char *word, const char *name, lk_buf *out) {
	int len = (int)strlen(text);
	lk_token t = lk_lex(text, len, 0);
	while (t.kind != LK_TOKEN_END && !lk_token_is(text, t, word))
		t = lk_lex(text, len, t.end);
	exchange(text, lk_lex(text, len, t.end), name, "", out);
}

static void exchange_stream(const lk_cat_version *v, const char *name, lk_buf *out) {
	const char *text = v->definition;
	lk_token t = lk_lex(text, (int)strlen(text), v->plan->stream_at);
	char *alias = lk_asprintf(" AS %.*s", t.end - t.at, text + t.at);
	exchange(text, t, name, v->plan->stream_aliased ? "" : alias, out);
	free(alias);
}

/* v: the version over the stream; NULL for the declaration of a log, perhaps a derived one. */
static int parse(const char *text, const lk_cat_version *v, const lk_stream *stream, bool derived, lk_definitions *d, lk_error *err) {
	lk_error e = {0};
	int rc = v ? lk_catalog_parse_of(v, text, stream, d, &e) : lk_catalog_parse_log(text, derived, d, &e);
	if (rc && d->nfaults) {
		rc = lk_fail(err, LK_EUSAGE, "%s", d->faults[0].message);
		if (d->faults[0].hint[0])
			lk_hint(err, "%s", d->faults[0].hint);
	} else if (rc) {
		rc = lk_fail(err, rc, "%s", e.text);
	}
	return rc;
}

static int another(const lk_cat_version *v, const char *name, lk_error *err) {
	return lk_fail(err, LK_EINTERNAL, "version %d of view %s would be another one under the name %s", v->number, v->view->name, name);
}

/* --- both --- */

/* The catalogue as it is under its lock: nobody declares a version meanwhile. */
static int refuse_taken(const lk_catalog *c, const char *name, lk_error *err) {
	bool is_view = lk_catalog_view(c, name) != NULL;
	if (!is_view && !lk_catalog_stream(c, name))
		return 0;
	lk_fail(err, LK_EUSAGE, "there is a %s %s already", is_view ? "view" : "stream", name);
	return lk_hint(err, "choose another name");
}

/* Begins, with the catalogue in *c. It is read on the same session before the transaction, and held against what the lock
 * shows. */
static int begin(lk_pg *pg, lk_catalog **c, lk_error *err) {
	int64_t before = 0, now = 0;
	int rc = lk_catalog_stamp(pg, &before, err);
	if (!rc)
		rc = lk_catalog_load(pg, c, err);
	if (!rc)
		rc = lk_catalog_begin(pg, err);
	if (!rc)
		rc = lk_catalog_stamp(pg, &now, err);
	if (!rc && now != before) {
		rc = lk_fail(err, LK_ECONFLICT, "something else was declared or moved just now");
		lk_hint(err, "run it again");
	}
	return rc;
}

static int end(lk_pg *pg, lk_catalog *c, int rc, lk_error *err) {
	if (!rc) {
		LK_CRASH_POINT("rename.written");
		rc = lk_pg_run(pg, err, "COMMIT");
	}
	if (rc)
		lk_pg_rollback(pg);
	lk_catalog_release(c);
	return rc;
}

/* --- a view --- */

static int check_text(const char *text, const lk_cat_version *v, const char *name, lk_error *err) {
	lk_definitions d = {0};
	int rc = parse(text, v, v->stream, false, &d, err);
	if (!rc && (strcmp(d.items[0].plan->view, name) || strcmp(d.items[0].plan->hash, v->plan->hash)))
		rc = another(v, name, err);
	lk_definitions_release(&d);
	return rc;
}

static int rename_version(lk_pg *pg, const lk_cat_version *v, const char *word, const char *name, lk_error *err) {
	char id[24];
	lk_buf text = LK_BUF_INIT;
	exchange_name(v->definition, word, name, &text);
	int rc = check_text(text.data, v, name, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.version SET definition = $2 WHERE version_id = $1::bigint", 2,
		                (const char *const[]){lk_pg_number(id, v->id), text.data});
	lk_buf_release(&text);
	return rc;
}

/* word: what stands before the name in its definitions. */
static int rename_versions(lk_pg *pg, const lk_catalog *c, int64_t view_id, const char *word, const char *name, lk_error *err) {
	char id[24];
	bool exists = false;
	int rc = 0;
	for (int i = 0; i < c->nversions && !rc; i++)
		if (c->versions[i].view->id == view_id) {
			exists = true;
			rc = rename_version(pg, &c->versions[i], word, name, err);
		}
	if (!rc && !exists)
		rc = lk_fail(err, LK_ECONFLICT, "the view no longer exists");
	return rc ? rc : lk_pg_exec(pg, NULL, err, "UPDATE lk.view SET name = $2 WHERE view_id = $1::bigint", 2,
	                            (const char *const[]){lk_pg_number(id, view_id), name});
}

static int rename_view(lk_pg *pg, const lk_catalog *c, int64_t view_id, const char *name, lk_error *err) {
	int rc = refuse_taken(c, name, err);
	return rc ? rc : rename_versions(pg, c, view_id, "view", name, err);
}

int lk_view_rename(lk_pg *pg, const lk_cat_view *v, const char *name, lk_error *err) {
	lk_catalog *c = NULL;
	int rc = begin(pg, &c, err);
	return end(pg, c, rc ? rc : rename_view(pg, c, v->id, name, err), err);
}

/* --- a stream --- */

/* The new text and the hash of its plan, in which only the stream's name may be another one. */
static int check_over(const char *text, const lk_cat_version *v, const char *name, char hash[33], lk_error *err) {
	lk_stream renamed = *v->stream;
	lk_definitions d = {0};
	renamed.name = (char *)name;
	int rc = parse(text, v, &renamed, false, &d, err);
	if (!rc) {
		memcpy(hash, d.items[0].plan->hash, 33);
		renamed.name = v->stream->name;
		lk_plan_seal(d.items[0].plan, &d.arena);
		if (strcmp(d.items[0].plan->hash, v->plan->hash) || strcmp(d.items[0].plan->view, v->view->name))
			rc = another(v, name, err);
	}
	lk_definitions_release(&d);
	return rc;
}

static int rename_in_version(lk_pg *pg, const lk_cat_version *v, const char *name, lk_error *err) {
	char id[24], hash[33] = "";
	lk_buf text = LK_BUF_INIT;
	exchange_stream(v, name, &text);
	int rc = check_over(text.data, v, name, hash, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.version SET definition = $2, plan_hash = $3 WHERE version_id = $1::bigint", 3,
		                (const char *const[]){lk_pg_number(id, v->id), text.data, hash});
	lk_buf_release(&text);
	return rc;
}

static int rename_table(lk_pg *pg, const lk_buf *from, const lk_buf *to, lk_error *err) {
	return lk_pg_runf(pg, err, "ALTER TABLE %s RENAME TO %s", from->data, to->data + strlen("lk."));
}

/* The log's table and its partitions. */
static int rename_tables(lk_pg *pg, const lk_stream *old, const lk_stream *new, lk_error *err) {
	lk_buf from = LK_BUF_INIT, to = LK_BUF_INIT;
	lk_log_table(old, &from);
	lk_log_table(new, &to);
	int rc = rename_table(pg, &from, &to, err);
	for (int p = 0; p < old->partitions && !rc; p++) {
		lk_buf_clear(&from);
		lk_buf_clear(&to);
		lk_log_leaf(old, p, &from);
		lk_log_leaf(new, p, &to);
		rc = rename_table(pg, &from, &to, err);
	}
	lk_buf_release(&from);
	lk_buf_release(&to);
	if (rc == LK_EBUSY)
		lk_hint(err, "a batch or another program is reading the log: run it again when that has ended");
	return rc;
}

void lk_stream_log_renamed(const lk_cat_stream *s, const char *name, lk_buf *out) {
	if (strcmp(lk_stream_log(s->stream), s->stream->name) != 0)
		lk_log_name(name, s->of_copy, out);
	else
		lk_buf_adds(out, name);
}

static int rename_log(lk_pg *pg, const lk_cat_stream *s, const char *name, lk_error *err) {
	char id[24];
	lk_definitions d = {0};
	lk_buf text = LK_BUF_INIT, log = LK_BUF_INIT;
	lk_stream_log_renamed(s, name, &log);
	exchange_name(s->definition, "table", name, &text);
	int rc = parse(text.data, NULL, NULL, s->of_copy != 0, &d, err);
	if (!rc && strcmp(d.items[0].stream->name, name))
		rc = lk_fail(err, LK_EINTERNAL, "stream %s would be another one under the name %s", s->stream->name, name);
	if (!rc) {
		d.items[0].stream->log = log.data;
		rc = rename_tables(pg, s->stream, d.items[0].stream, err);
	}
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.stream SET name = $2, definition = $3 WHERE stream_id = $1::bigint", 3,
		                (const char *const[]){lk_pg_number(id, s->id), log.data, text.data});
	lk_definitions_release(&d);
	lk_buf_release(&text);
	lk_buf_release(&log);
	return rc;
}

static const lk_cat_stream *stream_of_id(const lk_catalog *c, int64_t id) {
	for (int i = 0; i < c->nstreams; i++)
		if (c->streams[i].id == id)
			return &c->streams[i];
	return NULL;
}

/* A derived stream has a log for each copy of its definition. */
static bool is_log_of(const lk_catalog *c, const lk_cat_stream *log, const lk_cat_stream *s, const lk_cat_view *maker) {
	return log == s || (maker && lk_catalog_maker(c, log) == maker);
}

static int rename_one(lk_pg *pg, const lk_catalog *c, const lk_cat_stream *log, const char *name, lk_error *err) {
	int rc = lk_stream_hold(pg, log->id, err);
	if (!rc)
		rc = rename_log(pg, log, name, err);
	for (int i = 0; i < c->nversions && !rc; i++)
		if (c->versions[i].reads == log)
			rc = rename_in_version(pg, &c->versions[i], name, err);
	return rc;
}

static int rename_stream(lk_pg *pg, const lk_catalog *c, int64_t id, const char *name, lk_error *err) {
	const lk_cat_stream *s = stream_of_id(c, id);
	int rc = s ? refuse_taken(c, name, err) : lk_fail(err, LK_ECONFLICT, "the stream no longer exists");
	const lk_cat_view *maker = s ? lk_catalog_maker(c, s) : NULL;
	for (int i = 0; i < c->nstreams && !rc; i++)
		if (is_log_of(c, &c->streams[i], s, maker))
			rc = rename_one(pg, c, &c->streams[i], name, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.delivery SET stream = $2 WHERE stream = $1", 2,
		                (const char *const[]){s->stream->name, name});
	return rc || !maker ? rc : rename_versions(pg, c, maker->id, "table", name, err);
}

int lk_stream_rename(lk_pg *pg, const lk_cat_stream *s, const char *name, lk_error *err) {
	int rc;
	do {
		lk_catalog *c = NULL;
		rc = begin(pg, &c, err);
		rc = end(pg, c, rc ? rc : rename_stream(pg, c, s->id, name, err), err);
	} while (rc == LK_EBUSY && lk_tail_free(pg, err));
	return rc;
}
