/* Plans of stored definitions.
 *
 * Definitions are stored as the user's text and parsed again here, so nothing stored needs a migration when the form of
 * a plan changes. (The starts of calendar windows are not computed again: they are stored too, and read when the
 * text is parsed; not meanwhile, since parsing is a thing that all threads wait for, core/stack.h.) A version's plan sees the stream as it is declared now (columns may have been added at its end) but with
 * the watermark delay of the time when the version was made: a version never changes its meaning.
 *
 * A catalogue that threads share gets its plans one by one. The lock guards only the pointers: a plan is made without
 * it, and if two threads make the same one, the second throws its own away. */
#include <string.h>

#include "catalog/private.h"
#include "catalog/zones.h"

/* What a stored definition is read with. */
typedef struct reading {
	const lk_stream *stream;   /* NULL: it is the declaration of a log */
	bool derived;            /* of a derived stream's */
	lk_calendar *calendar;   /* of its window, without the list; NULL: it has none */
	int stored_digits;       /* of the version; 0: it does not exist yet */
} reading;

static const lk_stream *give_stream(void *ctx, const char *name) {
	const lk_stream *s = ((const reading *)ctx)->stream;
	return s && !strcmp(s->name, name) ? s : NULL;
}

/* The zone was checked when the view was declared. */
static int give_calendar(void *ctx, lk_calendar *c, lk_arena *arena, const char **near) {
	(void)arena;
	*near = NULL;
	((reading *)ctx)->calendar = c;
	return 0;
}

static int parse(const char *text, reading *r, lk_definitions *out, lk_error *err) {
	const lk_resolver resolver = {.stream = give_stream, .ctx = r, .calendar = give_calendar, .derived = r->derived,
	                              .stored_digits = r->stored_digits};
	int rc = lk_sql_parse(text, strlen(text), &resolver, out);
	if (!rc && out->nitems == 1 && (out->items[0].kind == LK_DEF_STREAM) == !r->stream)
		return 0;
	lk_fail(err, LK_EUNSUPPORTED, "a definition in the catalogue cannot be read by this lk: %s",
	        out->nfaults ? out->faults[0].message : "it is not one statement of its kind");
	lk_hint(err, "it was declared by another version of lk");
	return LK_EUNSUPPORTED;
}

int lk_catalog_parse_log(const char *text, bool derived, lk_definitions *out, lk_error *err) {
	reading r = {.derived = derived};
	return parse(text, &r, out, err);
}

int lk_catalog_parse(const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err) {
	reading r = {.stream = stream};
	return parse(text, &r, out, err);
}

int lk_catalog_parse_of(const lk_cat_version *v, const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err) {
	reading r = {.stream = stream, .stored_digits = v->stored_digits};
	return parse(text, &r, out, err);
}

int lk_catalog_parse_version(lk_pg *pg, const lk_cat_version *v, lk_definitions *out, lk_error *err) {
	reading r = {.stream = v->stream, .stored_digits = v->stored_digits};
	int rc = parse(v->definition, &r, out, err);
	return !rc && r.calendar ? lk_calendar_read(pg, v->id, r.calendar, &out->arena, err) : rc;
}

static const lk_plan *plan_of(lk_catalog *c, const lk_cat_version *v) {
	pthread_mutex_lock(&c->planning);
	const lk_plan *p = v->plan;
	pthread_mutex_unlock(&c->planning);
	return p;
}

static void put_plan(lk_catalog *c, lk_cat_version *v, lk_definitions *d) {
	pthread_mutex_lock(&c->planning);
	if (!v->plan) {
		v->plan = d->items[0].plan;
		v->fold_only = v->fold_only || v->plan->fold_only;
		c->parsed[c->nstreams + (v - c->versions)] = *d;
		*d = (lk_definitions){0};
	}
	pthread_mutex_unlock(&c->planning);
}

int lk_catalog_plan(lk_catalog *c, lk_pg *pg, const lk_cat_version *version, lk_error *err) {
	lk_cat_version *v = &c->versions[version - c->versions];
	lk_definitions d = {0};
	if (plan_of(c, v))
		return 0;
	int rc = lk_catalog_parse_version(pg, v, &d, err);
	if (rc == 0)
		put_plan(c, v, &d);
	lk_definitions_release(&d);
	return rc;
}
