#include "server/request.h"

#include <string.h>

#include "core/suggest.h"
#include "core/time.h"
#include "server/url.h"

static const lk_option of_format = {"format", "FORMAT", "the form of the answer, instead of what Accept says", false};

const lk_option *lk_route_format(const lk_route *r) { return r->nmedia > 1 ? &of_format : NULL; }

static bool find_route(lk_request *q, const char *path) {
	const char *part = NULL;
	size_t len = 0;
	for (int i = 0; !q->route && i < q->service->nroutes; i++)
		if (lk_path_matches(path, q->service->routes[i].path, &part, &len))
			q->route = &q->service->routes[i];
	if (q->route && part)
		q->operand = lk_url_decode(&q->arena, part, len);
	if (q->route && (!part || q->operand)) {
		q->args.operands = &q->operand;
		q->args.noperands = q->operand != NULL;
		return true;
	}
	q->route = NULL;
	lk_reply_problem(&q->reply, 404, "there is nothing at this path", "/api/v1/openapi.json describes what there is");
	return false;
}

static const lk_option *find_option(const lk_route *r, const char *name) {
	for (const lk_option *o = r->options; o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	const lk_option *format = lk_route_format(r);
	return format && !strcmp(name, format->name) ? format : NULL;
}

static int unknown(const lk_route *r, const char *name, lk_error *err) {
	const char *names[LK_ROUTE_OPTIONS + 1];
	int n = 0;
	for (const lk_option *o = r->options; o->name; o++)
		names[n++] = o->name;
	if (lk_route_format(r))
		names[n++] = "format";
	lk_fail(err, LK_EUSAGE, "%s has no parameter \"%.100s\"", r->path, name);
	if (n)
		lk_hint_names(err, name, names, n, "its parameters: ");
	return LK_EUSAGE;
}

static int read_pair(lk_request *q, const struct lk_asked_pair *p, lk_error *err) {
	const char *given = p->value ? p->value : "";
	char *name = lk_url_decode(&q->arena, p->name, strlen(p->name)), *value = lk_url_decode(&q->arena, given, strlen(given));
	if (!name || !value)
		return lk_fail(err, LK_EUSAGE, "the query is no UTF-8 text in the encoding of URLs");
	const lk_option *o = find_option(q->route, name);
	return o ? lk_args_add(&q->args, o, value, err) : unknown(q->route, name, err);
}

/* Does the text begin with the name of a parameter, as a whole word? */
static bool begins_with_parameter(const lk_service *s, const char *text) {
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");
	for (int i = 0; i < s->nroutes; i++)
		for (const lk_option *o = s->routes[i].options; o->name; o++)
			if (strlen(o->name) == len && !strncmp(o->name, text, len))
				return true;
	return false;
}

static void name_parameters(const lk_service *s, char *text) {
	char *to = text;
	for (const char *at = text; *at; at++) {
		if (at[0] == '-' && at[1] == '-' && (at == text || at[-1] == ' ') && begins_with_parameter(s, at + 2))
			at += 2;
		*to++ = *at;
	}
	*to = '\0';
}

bool lk_request_failure(const lk_service *s, lk_reply *r, int status, const lk_error *why) {
	lk_error plain = *why;
	name_parameters(s, plain.text);
	name_parameters(s, plain.hint);
	return lk_reply_failure(r, status, &plain);
}

static bool refuse(lk_request *q, int status, const lk_error *why) {
	lk_request_failure(q->service, &q->reply, status, why);
	return false;
}

bool lk_request_read(lk_request *q, const lk_asked *a) {
	lk_error err = {0};
	q->arena.small = true;
	q->head = a->head;
	q->gzip = lk_takes_gzip(a->accept_encoding);
	q->last_event = a->last_event ? lk_arena_strdup(&q->arena, a->last_event) : NULL;
	q->key = a->key ? lk_arena_strdup(&q->arena, a->key) : NULL;
	q->args.now_us = lk_time_now();
	if (!find_route(q, a->path))
		return false;
	for (int i = 0; i < a->nquery; i++)
		if (read_pair(q, &a->query[i], &err) != LK_OK)
			return refuse(q, 0, &err);
	const char *named = lk_args_text(&q->args, "format", NULL);
	if (named && lk_media_named(q->route->media, q->route->nmedia, named, &q->media, &err) != LK_OK)
		return refuse(q, 0, &err);
	if (!named && lk_media_choose(q->route->media, q->route->nmedia, a->accept, &q->media, &err) != LK_OK)
		return refuse(q, 406, &err);
	return true;
}

void lk_request_release(lk_request *q) {
	lk_args_release(&q->args);
	lk_reply_release(&q->reply);
	lk_buf_release(&q->body);
	lk_arena_release(&q->arena);
}
