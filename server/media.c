#include "server/media.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

static const struct { const char *name, *type, *others; } media[LK_MEDIA_KINDS] = {
	[LK_MEDIA_JSON] = {"json", "application/json", ""},
	[LK_MEDIA_JSONL] = {"jsonl", "application/jsonl", "application/x-ndjson application/jsonlines"},
	[LK_MEDIA_CSV] = {"csv", "text/csv; charset=utf-8; header=present", ""},
	[LK_MEDIA_TEXT] = {"text", "text/plain; charset=utf-8", ""},
	[LK_MEDIA_METRICS] = {"metrics", "text/plain; version=0.0.4; charset=utf-8", ""},
	[LK_MEDIA_EVENTS] = {"events", "text/event-stream; charset=utf-8", ""},
	[LK_MEDIA_PAGE] = {"page", "text/html; charset=utf-8", ""},
};

const char *lk_media_name(enum lk_media m) { return media[m].name; }
const char *lk_media_type(enum lk_media m) { return media[m].type; }

static const char blank[] = " \t";

/* One item of a header's list: "text/csv;q=0.5". */
typedef struct item {
	const char *text;
	size_t len;
	double q;
} item;

/* The next item from *at on; false at the end. */
static bool next_item(const char **at, item *out) {
	const char *p = *at + strspn(*at, " \t,");
	if (!*p)
		return false;
	size_t all = strcspn(p, ",");
	*out = (item){.text = p, .len = strcspn(p, ";,"), .q = 1};
	while (out->len && strchr(blank, p[out->len - 1]))
		out->len--;
	for (const char *q = memchr(p, ';', all); q && q < p + all; q = memchr(q, ';', (size_t)(p + all - q))) {
		q += 1 + strspn(q + 1, blank);
		if (!strncasecmp(q, "q=", 2))
			out->q = strtod(q + 2, NULL);
	}
	*at = p + all;
	return true;
}

static bool is_word(const item *i, const char *word) { return strlen(word) == i->len && !strncasecmp(i->text, word, i->len); }

/* How closely the item names the type: 3 by name, 2 by "text/…", 1 by everything, 0 not. */
static int closeness(const item *i, enum lk_media m) {
	const char *type = media[m].type;
	size_t bare = strcspn(type, ";"), slash = strcspn(type, "/");
	if (i->len == bare && !strncasecmp(i->text, type, bare))
		return 3;
	for (const char *p = media[m].others; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len == i->len && !strncasecmp(p, i->text, len))
			return 3;
		p += len;
	}
	if (i->len == slash + 2 && !strncasecmp(i->text, type, slash + 1) && i->text[slash + 1] == '*')
		return 2;
	return is_word(i, "*/*");
}

/* The closest item decides. */
static double preference(const char *accept, enum lk_media m) {
	int closest = 0;
	double q = 0;
	for (item i; next_item(&accept, &i);) {
		int close = closeness(&i, m);
		if (close > closest) {
			closest = close;
			q = i.q;
		}
	}
	return q;
}

static int none(const char *what, const char *value, const enum lk_media *choices, int n, lk_error *err) {
	lk_buf all = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&all, "%s%s", i ? ", " : "", what[0] == 'A' ? media[choices[i]].type : media[choices[i]].name);
	lk_fail(err, LK_EUSAGE, "%s %.200s: there is no answer in this form", what, value);
	lk_hint(err, "one of %s", all.data);
	lk_buf_release(&all);
	return LK_EUSAGE;
}

int lk_media_choose(const enum lk_media *choices, int n, const char *accept, enum lk_media *out, lk_error *err) {
	double best = 0;
	*out = choices[0];
	if (!accept)
		return LK_OK;
	for (int i = 0; i < n; i++) {
		double q = preference(accept, choices[i]);
		if (q > best) {
			best = q;
			*out = choices[i];
		}
	}
	return best > 0 ? LK_OK : none("Accept:", accept, choices, n, err);
}

int lk_media_named(const enum lk_media *choices, int n, const char *name, enum lk_media *out, lk_error *err) {
	for (int i = 0; i < n; i++)
		if (!strcasecmp(name, media[choices[i]].name)) {
			*out = choices[i];
			return LK_OK;
		}
	return none("format", name, choices, n, err);
}

bool lk_takes_gzip(const char *accept_encoding) {
	double q = 0;
	bool named = false;
	for (item i; accept_encoding && next_item(&accept_encoding, &i);) {
		bool gzip = is_word(&i, "gzip") || is_word(&i, "x-gzip");
		if (gzip || (!named && is_word(&i, "*")))
			q = i.q;
		named |= gzip;
	}
	return q > 0;
}
