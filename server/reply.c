#include "server/reply.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/value.h"
#include "print/json.h"

enum { COMPRESS_LEAST = 1024, GZIP_WINDOW = 15 + 16, RETRY_S = 1 };

const char *lk_status_phrase(int status) {
	static const struct { int status; const char *phrase; } phrases[] = {
		{200, "OK"}, {400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {406, "Not Acceptable"}, {409, "Conflict"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"}, {422, "Unprocessable Content"}, {421, "Misdirected Request"},
		{429, "Too Many Requests"}, {500, "Internal Server Error"}, {503, "Service Unavailable"},
	};
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}

/* A text may hold what a client sent, in no known encoding, or cut within a character: then its ASCII alone is shown. */
static void add_member(const char *name, const char *text, lk_buf *b) {
	char *shown = lk_strdup(text);
	bool valid = lk_utf8_valid(text, strlen(text));
	for (char *p = shown; !valid && *p; p++)
		*p = *p & 0x80 ? '?' : *p;
	lk_json_member(name, shown, b);
	free(shown);
}

void lk_reply_problem(lk_reply *r, int status, const char *detail, const char *hint) {
	lk_buf *b = &r->body;
	lk_buf_clear(b);
	lk_buf_adds(b, "{\"title\":");
	lk_json_text(lk_status_phrase(status), b);
	lk_json_int("status", status, b);
	add_member("detail", detail, b);
	if (*hint)
		add_member("hint", hint, b);
	lk_buf_adds(b, "}\n");
	r->status = status;
	r->type = "application/problem+json";
	r->compressed = false;
	r->failed = true;
	if (status == 429 || status == 503)
		r->retry_after_s = RETRY_S;
}

/* What clients are told of failures that are not of their request. */
static const struct general { int code, status; const char *detail, *hint; } general[] = {
	{LK_EUNREACHABLE, 503, "a server that lk needs cannot be reached", "try again later"},
	{LK_EUNSUPPORTED, 503, "a server that lk needs is too old, or misconfigured", "the log of lk serve says which"},
	{LK_EFULL, 503, "a server that lk needs has no room", "try again later"},
	{LK_EGAP, 500, "the log does not fit what was read of it", "the log of lk serve says more"},
	{LK_EVALUE, 500, "a value cannot be computed", "the log of lk serve says more"},
	{LK_ECONFLICT, 503, "what is read has just changed", "try again"},
	{LK_ECHANGED, 503, "what is read has just changed", "try again"},
	{LK_EINTERNAL, 500, "the answer failed", "the log of lk serve says more"},
};

static int usual_status(int code) {
	switch (code) {
	case LK_EUSAGE: case LK_EDEFINITION: case LK_EINPUT: return 400;
	case LK_ETOOBIG: return 413;
	case LK_EPARTIAL: case LK_EBUSY: return 503;
	default: return 500;
	}
}

bool lk_reply_failure(lk_reply *r, int status, const lk_error *why) {
	for (size_t i = 0; i < sizeof general / sizeof *general; i++)
		if (general[i].code == why->code) {
			lk_reply_problem(r, status ? status : general[i].status, general[i].detail, general[i].hint);
			return true;
		}
	lk_reply_problem(r, status ? status : usual_status(why->code), why->text, why->hint);
	return false;
}

void lk_reply_compress(lk_reply *r) {
	z_stream z = {0};
	if (r->compressed || r->body.len < COMPRESS_LEAST ||
	    deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	lk_buf out = LK_BUF_INIT;
	lk_buf_grow(&out, r->body.len);
	z.next_in = (Bytef *)r->body.data;
	z.avail_in = (uInt)r->body.len;
	z.next_out = (Bytef *)out.data;
	z.avail_out = (uInt)r->body.len;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		out.len = r->body.len - z.avail_out;
		lk_buf_release(&r->body);
		r->body = out;
		r->compressed = true;
	} else {
		lk_buf_release(&out);
	}
	deflateEnd(&z);
}

void lk_reply_release(lk_reply *r) {
	lk_buf_release(&r->body);
	*r = (lk_reply){0};
}
