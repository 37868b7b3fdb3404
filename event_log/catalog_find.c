/* Finding what a name means in a loaded catalogue. */
#include <stdlib.h>
#include <string.h>

#include "event_log/catalog.h"

const lk_cat_stream *lk_catalog_stream(const lk_catalog *c, const char *name) {
	for (int i = 0; i < c->nstreams; i++)
		if (!strcmp(c->streams[i].stream->name, name))
			return &c->streams[i];
	return NULL;
}

const lk_cat_view *lk_catalog_view(const lk_catalog *c, const char *name) {
	for (int i = 0; i < c->nviews; i++)
		if (!strcmp(c->views[i].name, name))
			return &c->views[i];
	return NULL;
}

const lk_cat_copy *lk_catalog_copy(const lk_catalog *c, int64_t copy_id) {
	for (int i = 0; i < c->ncopies; i++)
		if (c->copies[i].id == copy_id)
			return &c->copies[i];
	return NULL;
}

static int unknown(const char *kind, const char *name, const char *const *names, int n, bool other_kind, lk_error *err) {
	const char *near = lk_did_you_mean(name, names, n);
	lk_fail(err, LK_EUSAGE, "there is no %s %s", kind, name);
	if (other_kind)
		lk_hint(err, "%s is a %s", name, strcmp(kind, "view") ? "view" : "stream");
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
	int rc = unknown("stream", name, names, c->nstreams, lk_catalog_view(c, name) != NULL, err);
	free(names);
	return rc;
}

int lk_catalog_need_view(const lk_catalog *c, const char *name, const lk_cat_view **out, lk_error *err) {
	if ((*out = lk_catalog_view(c, name)))
		return 0;
	const char **names = lk_calloc((size_t)c->nviews, sizeof *names);
	for (int i = 0; i < c->nviews; i++)
		names[i] = c->views[i].name;
	int rc = unknown("view", name, names, c->nviews, lk_catalog_stream(c, name) != NULL, err);
	free(names);
	return rc;
}

int lk_catalog_read_copy(const lk_catalog *c, const lk_cat_view *v, int number, const lk_cat_copy **out, lk_error *err) {
	int newest = 0;
	*out = NULL;
	for (int i = 0; i < c->nversions; i++)
		if (c->versions[i].view == v && c->versions[i].number > newest)
			newest = c->versions[i].number;
	if (!number) {
		if ((*out = lk_catalog_copy(c, v->served_copy)))
			return 0;
		return lk_fail(err, LK_EINTERNAL, "view %s serves no copy", v->name);
	}
	for (int i = 0; i < c->ncopies; i++)
		if (c->copies[i].version->view == v && c->copies[i].version->number == number)
			*out = &c->copies[i];
	if (*out)
		return 0;
	lk_fail(err, LK_EUSAGE, "view %s has no version %d that could be read", v->name, number);
	lk_hint(err, "its newest version is %d", newest);
	return LK_EUSAGE;
}
