/* A version's definition is kept as text, and its name stands in it. So the name is exchanged in the texts of all
 * versions, and each is parsed again before it is stored: it must be the same plan. */
#include "catalog/rename.h"

#include <string.h>

#include "catalog/private.h"
#include "core/fault.h"
#include "sql/lex.h"

/* The text with another word after CREATE … VIEW; comments and the rest stay as they are. */
static void exchange_name(const char *text, const char *name, lk_buf *out) {
	int len = (int)strlen(text);
	lk_token t = lk_lex(text, len, 0);
	while (t.kind != LK_TOKEN_END && !lk_token_is(text, t, "view"))
		t = lk_lex(text, len, t.end);
	t = lk_lex(text, len, t.end);
	lk_buf_add(out, text, (size_t)t.at);
	lk_sql_ident(name, out);
	lk_buf_add(out, text + t.end, (size_t)(len - t.end));
}

static int check_text(const char *text, const lk_cat_version *v, const char *name, lk_error *err) {
	lk_definitions d = {0};
	lk_error e = {0};
	int rc = lk_catalog_parse(text, v->stream, &d, &e);
	if (rc && d.nfaults) {
		rc = lk_fail(err, LK_EUSAGE, "%s", d.faults[0].message);
		if (d.faults[0].hint[0])
			lk_hint(err, "%s", d.faults[0].hint);
	} else if (rc) {
		rc = lk_fail(err, rc, "%s", e.text);
	} else if (strcmp(d.items[0].plan->view, name) || strcmp(d.items[0].plan->hash, v->plan->hash)) {
		rc = lk_fail(err, LK_EINTERNAL, "version %d would be another one under the name %s", v->number, name);
	}
	lk_definitions_release(&d);
	return rc;
}

static int rename_version(lk_pg *pg, const lk_cat_version *v, const char *name, lk_error *err) {
	char id[24];
	lk_buf text = LK_BUF_INIT;
	exchange_name(v->definition, name, &text);
	int rc = check_text(text.data, v, name, err);
	if (!rc)
		rc = lk_pg_exec(pg, NULL, err, "UPDATE lk.version SET definition = $2 WHERE version_id = $1::bigint", 2,
		                (const char *const[]){lk_pg_number(id, v->id), text.data});
	lk_buf_release(&text);
	return rc;
}

/* The catalogue as it is under its lock: nobody declares a version meanwhile. */
static int rename_all(lk_pg *pg, const lk_catalog *c, const lk_cat_view *v, const char *name, lk_error *err) {
	char id[24];
	bool is_view = lk_catalog_view(c, name) != NULL;
	if (is_view || lk_catalog_stream(c, name)) {
		lk_fail(err, LK_EUSAGE, "there is a %s %s already", is_view ? "view" : "stream", name);
		return lk_hint(err, "choose another name");
	}
	int rc = 0;
	for (int i = 0; i < c->nversions && !rc; i++)
		if (c->versions[i].view == v)
			rc = rename_version(pg, &c->versions[i], name, err);
	return rc ? rc : lk_pg_exec(pg, NULL, err, "UPDATE lk.view SET name = $2 WHERE view_id = $1::bigint", 2,
	                            (const char *const[]){lk_pg_number(id, v->id), name});
}

/* Read on the same session before the transaction, and held against what the lock shows. */
static int load(lk_pg *pg, int64_t view_id, lk_catalog **c, const lk_cat_view **v, lk_error *err) {
	int rc = lk_catalog_load(pg, c, err);
	*v = NULL;
	for (int i = 0; !rc && i < (*c)->nviews; i++)
		if ((*c)->views[i].id == view_id)
			*v = &(*c)->views[i];
	return !rc && !*v ? lk_fail(err, LK_ECONFLICT, "the view no longer exists") : rc;
}

int lk_view_rename(lk_pg *pg, const lk_cat_view *old, const char *name, lk_error *err) {
	lk_catalog *c = NULL;
	const lk_cat_view *v;
	int64_t before = 0, now = 0;
	int rc = lk_catalog_stamp(pg, &before, err);
	if (!rc)
		rc = load(pg, old->id, &c, &v, err);
	if (!rc)
		rc = lk_catalog_begin(pg, err);
	if (!rc)
		rc = lk_catalog_stamp(pg, &now, err);
	if (!rc && now != before) {
		rc = lk_fail(err, LK_ECONFLICT, "something else was declared or moved just now");
		lk_hint(err, "run it again");
	}
	if (!rc)
		rc = rename_all(pg, c, v, name, err);
	if (!rc) {
		LK_CRASH_POINT("rename.written");
		rc = lk_pg_run(pg, err, "COMMIT");
	}
	if (rc)
		lk_pg_rollback(pg);
	lk_catalog_release(c);
	return rc;
}
