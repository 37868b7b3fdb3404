/* Finding what a name means in a loaded catalogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "core/suggest.h"

enum { VIEWS_NAMED = 8 };   /* in a hint */

const lk_cat_stream *lk_catalog_stream(const lk_catalog *c, const char *name) {
	for (int i = 0; i < c->nstreams; i++)
		if (c->streams[i].served && !strcmp(c->streams[i].stream->name, name))
			return &c->streams[i];
	return NULL;
}

const lk_cat_view *lk_catalog_view(const lk_catalog *c, const char *name) {
	for (int i = 0; i < c->nviews; i++)
		if (!strcmp(c->views[i].name, name))
			return &c->views[i];
	return NULL;
}

const lk_cat_copy *lk_catalog_filler(const lk_catalog *c, const char *name) {
	const lk_cat_stream *s = lk_catalog_stream(c, name);
	return s && s->of_copy ? lk_catalog_copy(c, s->of_copy) : NULL;
}

const lk_cat_view *lk_catalog_maker(const lk_catalog *c, const lk_cat_stream *s) {
	const lk_cat_copy *copy = s->of_copy ? lk_catalog_copy(c, s->of_copy) : NULL;
	return copy ? copy->version->view : NULL;
}

int lk_catalog_readers(const lk_catalog *c, const lk_cat_stream *s) {
	int n = 0;
	for (int i = 0; i < c->nviews; i++)
		n += c->views[i].stream == s;
	for (int i = 0; i < c->nmakers; i++)
		n += c->makers[i].stream == s;
	return n;
}

const lk_cat_copy *lk_catalog_copy(const lk_catalog *c, int64_t copy_id) {
	for (int i = 0; i < c->ncopies; i++)
		if (c->copies[i].id == copy_id)
			return &c->copies[i];
	return NULL;
}

const lk_cat_copy *lk_catalog_sandbox(const lk_catalog *c, const char *name) {
	for (int i = 0; i < c->ncopies; i++)
		if (c->copies[i].name && !strcmp(c->copies[i].name, name))
			return &c->copies[i];
	return NULL;
}

/* `other`: what else has this name, or NULL. */
static int unknown(const char *kind, const char *name, const char *const *names, int n, const char *other, lk_error *err) {
	const char *near = lk_did_you_mean(name, names, n);
	lk_fail(err, LK_EUSAGE, "there is no %s %s", kind, name);
	if (other)
		lk_hint(err, "%s is a %s", name, other);
	else if (near)
		lk_hint(err, "did you mean %s?", near);
	else if (n)
		lk_hint(err, "`lk status` lists what is declared");
	else
		lk_hint(err, "no %s is declared: `lk apply FILE` declares one", kind);
	return LK_EUSAGE;
}

int lk_catalog_need_stream(const lk_catalog *c, const char *name, const lk_cat_stream **out, lk_error *err) {
	if ((*out = lk_catalog_stream(c, name)))
		return 0;
	const char **names = lk_calloc((size_t)c->nstreams, sizeof *names);
	for (int i = 0; i < c->nstreams; i++)
		names[i] = c->streams[i].stream->name;
	const lk_cat_view *view = lk_catalog_view(c, name);
	char *other = view ? lk_asprintf("view of stream %s; `lk query %s` prints its rows", view->stream->stream->name, name) : NULL;
	int rc = unknown("stream", name, names, c->nstreams, other, err);
	free(other);
	free(names);
	return rc;
}

/* "stream; its views: a, b", or how to read it. NULL if there is no such stream. */
static char *as_stream(const lk_catalog *c, const char *name) {
	const lk_cat_stream *stream = lk_catalog_stream(c, name);
	int n = 0;
	lk_buf b = LK_BUF_INIT;
	if (!stream)
		return NULL;
	lk_buf_adds(&b, stream->of_copy ? "derived stream" : "stream");
	for (int i = 0; i < c->nviews; i++)
		if (c->views[i].stream == stream && n++ < VIEWS_NAMED)
			lk_buf_addf(&b, "%s%s", n == 1 ? "; its views: " : ", ", c->views[i].name);
	lk_buf_adds(&b, n > VIEWS_NAMED ? ", …" : "");
	if (n == 0)
		lk_buf_addf(&b, "; `lk tail %s` prints its rows", name);
	return lk_buf_steal(&b);
}

int lk_catalog_need_view(const lk_catalog *c, const char *name, const lk_cat_view **out, lk_error *err) {
	if ((*out = lk_catalog_view(c, name)))
		return 0;
	const char **names = lk_calloc((size_t)c->nviews, sizeof *names);
	for (int i = 0; i < c->nviews; i++)
		names[i] = c->views[i].name;
	char *other = as_stream(c, name);
	int rc = unknown("view", name, names, c->nviews, other, err);
	free(other);
	free(names);
	return rc;
}

int lk_catalog_need_definition(const lk_catalog *c, const char *name, const lk_cat_view **out, lk_error *err) {
	const lk_cat_copy *filler = lk_catalog_filler(c, name);
	*out = filler ? filler->version->view : NULL;
	return filler ? 0 : lk_catalog_need_view(c, name, out, err);
}

const char *lk_copy_state_name(enum lk_copy_state s) {
	static const char *const names[] = {
		[LK_COPY_LIVE] = "live", [LK_COPY_BUILDING] = "building", [LK_COPY_SANDBOX] = "sandbox", [LK_COPY_SCRATCH] = "scratch",
	};
	return names[s];
}

const char *lk_copy_role(const lk_cat_copy *copy) {
	const lk_cat_view *v = copy->version->view;
	return copy->id == v->served_copy ? "served" : copy->id == v->former_copy ? "former" : lk_copy_state_name(copy->state);
}

const lk_cat_version *lk_catalog_newest(const lk_catalog *c, const lk_cat_view *v) {
	const lk_cat_version *newest = NULL;
	for (int i = 0; i < c->nversions; i++)
		if (c->versions[i].view == v && c->versions[i].reads == v->stream && (!newest || c->versions[i].number > newest->number))
			newest = &c->versions[i];
	return newest;
}

const lk_cat_version *lk_catalog_version(const lk_catalog *c, const lk_cat_view *v, int number) {
	for (int i = 0; i < c->nversions; i++)
		if (c->versions[i].view == v && c->versions[i].reads == v->stream && c->versions[i].number == number)
			return &c->versions[i];
	return NULL;
}

/* Copies are in the order of their ids, which is that in which they were made. */
static const lk_cat_copy *newest_live(const lk_catalog *c, const lk_cat_version *version) {
	const lk_cat_copy *found = NULL;
	for (int i = 0; i < c->ncopies; i++)
		if (c->copies[i].version == version && c->copies[i].state == LK_COPY_LIVE)
			found = &c->copies[i];
	return found;
}

/* Of a view over a derived stream: over its former log, or one that is being filled. */
static bool reads_another_log(const lk_catalog *c, const lk_cat_view *v, int number) {
	for (int i = 0; i < c->nversions; i++)
		if (c->versions[i].view == v && c->versions[i].number == number && c->versions[i].reads != v->stream)
			return true;
	return false;
}

static int no_version(const lk_catalog *c, const lk_cat_view *v, int number, lk_error *err) {
	const lk_cat_version *newest = lk_catalog_newest(c, v);
	if (lk_catalog_version(c, v, number)) {
		lk_fail(err, LK_EUSAGE, "version %d of view %s has no copy to read", number, v->name);
		lk_hint(err, "`lk replay %s --version %d` makes one", v->name, number);
	} else if (reads_another_log(c, v, number)) {
		lk_fail(err, LK_EUSAGE, "version %d of view %s reads another log of stream %s than readers get", number, v->name, v->stream->stream->name);
		lk_hint(err, "`lk mode %s` lists its copies; `lk query %s --copy COPY` reads one", v->name, v->name);
	} else {
		lk_fail(err, LK_EUSAGE, "view %s has no version %d", v->name, number);
		lk_hint(err, "its newest version is %d", newest ? newest->number : 0);
	}
	return LK_EUSAGE;
}

int lk_catalog_read_copy(const lk_catalog *c, const lk_cat_view *v, int number, const lk_cat_copy **out, lk_error *err) {
	const lk_cat_copy *served = lk_catalog_copy(c, v->served_copy);
	*out = served;
	if (!number)
		return served ? 0 : lk_fail(err, LK_EINTERNAL, "view %s serves no copy", v->name);
	const lk_cat_version *version = lk_catalog_version(c, v, number);
	if (version && !(served && served->version == version))
		*out = newest_live(c, version);
	return version && *out ? 0 : no_version(c, v, number, err);
}

/* "12 (lambda, served), 31 (kappa), sunday (sandbox)" */
static void list_copies(const lk_catalog *c, const lk_cat_view *v, lk_buf *out) {
	for (int i = 0; i < c->ncopies; i++) {
		const lk_cat_copy *k = &c->copies[i];
		if (k->version->view != v)
			continue;
		lk_buf_adds(out, out->len ? ", " : "");
		if (k->name)
			lk_buf_adds(out, k->name);
		else
			lk_buf_addf(out, "%lld", (long long)k->id);
		lk_buf_addf(out, " (%s", k->name ? lk_copy_state_name(k->state) : k->kappa ? "kappa" : "lambda");
		if (!k->name && k->state != LK_COPY_LIVE)
			lk_buf_addf(out, ", %s", lk_copy_state_name(k->state));
		lk_buf_adds(out, k->id == v->served_copy ? ", served)" : k->id == v->former_copy ? ", former)" : ")");
	}
}

static bool is_called(const lk_cat_copy *k, const char *name) {
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)k->id);
	return (k->name && !strcmp(k->name, name)) || !strcmp(id, name);
}

int lk_catalog_need_copy(const lk_catalog *c, const lk_cat_view *v, const char *name, const lk_cat_copy **out, lk_error *err) {
	const lk_cat_copy *other = NULL;
	*out = NULL;
	for (int i = 0; i < c->ncopies; i++)
		if (is_called(&c->copies[i], name)) {
			if (c->copies[i].version->view != v)
				other = &c->copies[i];
			else
				*out = &c->copies[i];
		}
	if (*out)
		return 0;
	lk_buf there = LK_BUF_INIT;
	list_copies(c, v, &there);
	lk_fail(err, LK_EUSAGE, "view %s has no copy %s", v->name, name);
	if (other)
		lk_hint(err, "it is a copy of view %s", other->version->view->name);
	else
		lk_hint(err, "its copies are: %s", there.len ? there.data : "none");
	lk_buf_release(&there);
	return LK_EUSAGE;
}

int lk_catalog_wanted_copy(const lk_catalog *c, const lk_cat_view *v, const char *name, int number, const lk_cat_copy **out, lk_error *err) {
	return name ? lk_catalog_need_copy(c, v, name, out, err) : lk_catalog_read_copy(c, v, number, out, err);
}
