#include "view_store/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/fault.h"
#include "core/time.h"

const char *lk_unit_key(lk_store *s, int64_t unit) {
	free(s->key);
	return s->key = lk_asprintf("%s%" PRId64, s->prefix, unit);
}

const char *lk_state_key(lk_store *s, int64_t unit) {
	free(s->key);
	return s->key = lk_asprintf("%s%" PRId64 ":state", s->prefix, unit);
}

const char *lk_segment_key(lk_store *s, int64_t unit, int64_t from, uint64_t token) {
	free(s->key);
	return s->key = lk_asprintf("%s%" PRId64 ":%" PRId64 ":%016" PRIx64, s->prefix, unit, from, token);
}

void lk_segment_name(char name[LK_NAME_BYTES], int64_t from, uint64_t token) {
	snprintf(name, LK_NAME_BYTES, "s:%" PRId64 ":%016" PRIx64, from, token);
}

void lk_segment_entry(lk_buf *out, const lk_segment *g) {
	lk_buf_addf(out, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, g->to, g->cells, g->cells ? g->min_pane : 0,
	            g->cells ? g->max_pane : 0);
	if (g->bytes >= 0)
		lk_buf_addf(out, " %" PRId64, g->bytes);
}

uint64_t lk_token_new(void) {
	uint64_t token = 0;
	while (token == 0)
		if (getrandom(&token, sizeof token, 0) != sizeof token)
			token = 0;
	return token;
}

void lk_token_print(char text[17], uint64_t token) { snprintf(text, 17, "%016" PRIx64, token); }

bool lk_reply_is(const redisReply *r, const char *text) { return r->type == REDIS_REPLY_STRING && strcmp(r->str, text) == 0; }

/* --- reading meta --- */

static bool read_int(const char **p, int64_t *out) {
	char *end;
	errno = 0;
	long long v = strtoll(*p, &end, 10);
	if (end == *p || errno)
		return false;
	*p = end;
	*out = v;
	return true;
}

static bool read_token(const char **p, uint64_t *out) {
	const char *s = *p;
	if (strspn(s, "0123456789abcdef") != 16)
		return false;
	*out = strtoull(s, NULL, 16);
	*p = s + 16;
	return *out != 0;
}

/* Entries of the former format have no bytes. */
static bool read_segment(const char *name, const char *entry, bool former, lk_segment *g) {
	*g = (lk_segment){.bytes = -1};
	bool good = read_int(&name, &g->from) && *name++ == ':' && read_token(&name, &g->token) && !*name;
	good = good && read_int(&entry, &g->to) && read_int(&entry, &g->cells);
	good = good && read_int(&entry, &g->min_pane) && read_int(&entry, &g->max_pane);
	if (good && !(former && !*entry))
		good = read_int(&entry, &g->bytes) && g->bytes >= 0 && !*entry;
	return good && g->from >= 0 && g->from < g->to && g->cells >= 0;
}

enum {
	HAS_TOKEN = 1, HAS_CURSOR = 2, HAS_WATERMARK = 4, HAS_AT = 8, HAS_BASE = 16, HAS_BASE_WATERMARK = 32, HAS_BASE_AT = 64,
	HAS_ALL = 127
};

static bool read_field(lk_unit_state *u, const char *name, const char *value, bool former, int64_t *open, int *has) {
	const struct {
		const char *name;
		int64_t *to;
		int bit;
	} numbers[] = {
		{"cursor", &u->at.cursor, HAS_CURSOR}, {"watermark", &u->at.watermark, HAS_WATERMARK},
		{"at", &u->at.last_at, HAS_AT}, {"base", &u->base.cursor, HAS_BASE},
		{"base_watermark", &u->base.watermark, HAS_BASE_WATERMARK}, {"base_at", &u->base.last_at, HAS_BASE_AT},
		{"run", &u->at.run, 0}, {"open", open, 0},
	};
	if (strncmp(name, "s:", 2) == 0)
		return read_segment(name + 2, value, former, &u->segments[u->nsegments++]);
	if (strcmp(name, "token") == 0) {
		*has |= HAS_TOKEN;
		return read_token(&value, &u->token) && !*value;
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			*has |= numbers[i].bit;
			return read_int(&value, numbers[i].to) && !*value;
		}
	}
	return true;
}

static int by_from(const void *a, const void *b) {
	const lk_segment *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static const char *find(const redisReply *meta, const char *name) {
	for (size_t i = 0; i + 1 < meta->elements; i += 2)
		if (strcmp(meta->element[i]->str, name) == 0)
			return meta->element[i + 1]->str;
	return NULL;
}

int lk_unit_parse(lk_store *s, int64_t unit, const redisReply *meta, lk_unit_state *out, lk_error *err) {
	*out = (lk_unit_state){0};
	if (meta->type != REDIS_REPLY_ARRAY || meta->elements % 2)
		return lk_redis_unexpected(&s->redis, "HGETALL", err);
	for (size_t i = 0; i < meta->elements; i++)
		if (meta->element[i]->type != REDIS_REPLY_STRING)
			return lk_redis_unexpected(&s->redis, "HGETALL", err);
	if (meta->elements == 0)
		return 1;
	const char *format = find(meta, "format"), *state = find(meta, "state");
	bool former = format && strcmp(format, LK_META_FORMER) == 0;
	if (format && !former && strcmp(format, LK_META_FORMAT) != 0) {
		lk_fail(err, LK_EUNSUPPORTED, "Redis key %s has format %.20s; this program reads " LK_META_FORMAT,
		        lk_unit_key(s, unit), format);
		lk_hint(err, "another version of lk wrote it: use that one, or upgrade this lk");
		return LK_EUNSUPPORTED;
	}
	out->segments = lk_malloc((meta->elements / 2) * sizeof *out->segments);
	int64_t open = -1;
	int has = 0;
	bool good = format != NULL;
	for (size_t i = 0; good && i < meta->elements; i += 2)
		good = read_field(out, meta->element[i]->str, meta->element[i + 1]->str, former, &open, &has);
	if (!good || has != HAS_ALL || out->at.cursor < out->base.cursor || out->base.cursor < 0) {
		lk_unit_state_release(out);
		return lk_fail(err, LK_EINTERNAL, "Redis key %s is malformed: another program wrote to it",
		               lk_unit_key(s, unit));
	}
	out->has_state = state && strcmp(state, LK_STATE_FORMAT) == 0;
	for (int i = 0; i < out->nsegments; i++)
		out->segments[i].open = out->segments[i].token == out->token && out->segments[i].from == open;
	if (out->nsegments)
		qsort(out->segments, (size_t)out->nsegments, sizeof *out->segments, by_from);
	return LK_OK;
}

void lk_unit_state_release(lk_unit_state *u) {
	free(u->segments);
	*u = (lk_unit_state){0};
}

/* --- the words of fenced scripts --- */

int lk_fenced_reply(lk_store *s, int64_t unit, const redisReply *reply, lk_error *err) {
	static const struct {
		const char *word;
		int code;
		const char *text;
	} words[] = {
		{"done", LK_OK, ""},
		{"gone", LK_EFENCED, "is no longer in Redis"},
		{"owner", LK_EFENCED, "has another owner now"},
		{"cursor", LK_EINTERNAL, "cannot have a base above its cursor"},
		{"open", LK_EINTERNAL, "cannot lose its open segment"},
		{"straddles", LK_EINTERNAL, "has a segment across the new base"},
		{"staged", LK_ECONFLICT, "lost staged cells of a compaction"},
		{"inputs", LK_ECONFLICT, "no longer has the segments that were compacted"},
	};
	for (size_t i = 0; reply->type == REDIS_REPLY_STRING && i < sizeof words / sizeof *words; i++) {
		if (strcmp(reply->str, words[i].word) != 0)
			continue;
		if (words[i].code != LK_OK)
			lk_fail(err, words[i].code, "unit %" PRId64 " %s", unit, words[i].text);
		return words[i].code;
	}
	return lk_redis_unexpected(&s->redis, "a script", err);
}

int lk_fenced_call(lk_store *s, int64_t unit, lk_error *err) {
	redisReply *reply;
	int rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK)
		rc = lk_fenced_reply(s, unit, reply, err);
	freeReplyObject(reply);
	return rc;
}
