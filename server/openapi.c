#include "server/openapi.h"

#include <string.h>

#include "print/json.h"

/* The texts of options are written for a command line: --from is the parameter from. */
static void add_help(const char *help, lk_buf *b) {
	lk_buf text = LK_BUF_INIT;
	for (const char *p = help; *p; p++)
		if (p[0] == '-' && p[1] == '-' && p[2] >= 'a' && p[2] <= 'z')
			p++;
		else
			lk_buf_addc(&text, *p);
	lk_json_member("description", text.data, b);
	lk_buf_release(&text);
}

static void add_part(const char *path, lk_buf *b) {
	const char *brace = strchr(path, '{');
	if (!brace)
		return;
	lk_buf_addf(b, "\n{\"name\":\"%.*s\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}", (int)strcspn(brace + 1, "}"), brace + 1);
}

static void add_option(const lk_option *o, bool first, lk_buf *b) {
	lk_buf_addf(b, "%s\n{\"name\":\"%s\",\"in\":\"query\"", first ? "" : ",", o->name);
	add_help(o->help, b);
	lk_buf_adds(b, o->many ? ",\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}" : ",\"schema\":{\"type\":\"string\"}}");
}

static void add_format(const lk_route *r, bool first, lk_buf *b) {
	const lk_option *o = lk_route_format(r);
	if (!o)
		return;
	lk_buf_addf(b, "%s\n{\"name\":\"%s\",\"in\":\"query\"", first ? "" : ",", o->name);
	add_help(o->help, b);
	lk_buf_adds(b, ",\"schema\":{\"enum\":[");
	for (int i = 0; i < r->nmedia; i++)
		lk_buf_addf(b, "%s\"%s\"", i ? "," : "", lk_media_name(r->media[i]));
	lk_buf_adds(b, "]}}");
}

static void add_media(enum lk_media m, bool first, lk_buf *b) {
	const char *type = lk_media_type(m);
	lk_buf_addf(b, "%s\"%.*s\":{}", first ? "" : ",", (int)strcspn(type, ";"), type);
}

static void add_route(const lk_route *r, lk_buf *b) {
	bool first = !strchr(r->path, '{');
	lk_buf_addf(b, "{\"%s\":{\"summary\":", r->posts ? "post" : "get");
	lk_json_text(r->summary, b);
	lk_buf_adds(b, ",\"parameters\":[");
	add_part(r->path, b);
	if (r->posts)
		lk_buf_adds(b, ",\n{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":true,\"schema\":{\"type\":\"string\"}}");
	for (const lk_option *o = r->options; o->name; o++) {
		add_option(o, first, b);
		first = false;
	}
	add_format(r, first, b);
	lk_buf_adds(b, r->posts ? "],\n\"requestBody\":{\"required\":true,\"content\":{\"application/x-ndjson\":{},\"text/csv\":{}}}" : "]");
	lk_buf_adds(b, ",\n\"responses\":{\"200\":{\"description\":\"OK\",\"content\":{");
	for (int i = 0; i < r->nmedia; i++)
		add_media(r->media[i], i == 0, b);
	lk_buf_adds(b, "}},\"default\":{\"$ref\":\"#/components/responses/problem\"}}");
	lk_buf_adds(b, r->open ? ",\"security\":[]}}" : "}}");
}

void lk_openapi_print(const lk_route *routes, int n, lk_buf *out) {
	lk_buf_adds(out, "{\"openapi\":\"3.1.0\",\n\"info\":{\"title\":\"lk\",\"version\":\"1\",\"description\":\"Views over a log, merged from "
	                 "a batch and a speed layer. HEAD works wherever GET does.\"},\n\"security\":[{},{\"token\":[]}],\n\"paths\":{\n");
	bool first = true;
	for (int i = 0; i < n; i++) {
		if (routes[i].page)
			continue;
		lk_buf_adds(out, first ? "" : ",\n");
		first = false;
		lk_json_text(routes[i].path, out);
		lk_buf_addc(out, ':');
		add_route(&routes[i], out);
	}
	lk_buf_adds(out, "},\n\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},\n\"responses\":{\"problem\":"
	                 "{\"description\":\"what is wrong, and what to do\",\"content\":{\"application/problem+json\":{\"schema\":{\"type\":\"object\","
	                 "\"properties\":{\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
	                 "\"hint\":{\"type\":\"string\"}}}}}}}}}\n");
}
