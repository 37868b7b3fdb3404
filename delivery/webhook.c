#include "delivery/webhook.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/fault.h"
#include "core/time.h"
#include "core/wait.h"
#include "delivery/curl.h"

enum { CONNECT_S = 10, REDIRECTS_MOST = 5, RETRY_AFTER_MOST_S = 3600 };

struct lk_webhook {
	const lk_webhook_options *o;
	const lk_curl *curl;
	CURL *easy;
	lk_parcel parcel;
	lk_buf place;              /* for messages */
	int64_t again_us;          /* what the last answer asked for */
	char reason[CURL_ERROR_SIZE];
};

void lk_url_for_people(const char *url, lk_buf *out) {
	const char *host = strstr(url, "://");
	size_t scheme = host ? (size_t)(host - url) + 3 : 0;
	size_t len = strcspn(url + scheme, "/?#");
	const char *begin = url + scheme, *at = memrchr(begin, '@', len);   /* the last: a password may have one too */
	size_t user = at ? (size_t)(at - begin) + 1 : 0;
	lk_buf_add(out, url, scheme);
	lk_buf_add(out, begin + user, len - user);
}

/* --- a request --- */

static size_t ignore(char *data, size_t size, size_t n, void *ctx) {
	(void)data;
	(void)ctx;
	return size * n;
}

static int ends(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
	(void)ctx, (void)a, (void)b, (void)c, (void)d;
	return lk_stop_asked();
}

static struct curl_slist *headers_of(const lk_webhook *w) {
	const lk_curl *c = w->curl;
	const lk_parcel *p = &w->parcel;
	char *key = lk_asprintf(p->rows > 1 ? "Idempotency-Key: %s+%d" : "Idempotency-Key: %s", p->first.data, p->rows - 1);
	struct curl_slist *list = c->curl_slist_append(NULL, "Content-Type: application/json");
	list = c->curl_slist_append(list, "Expect:");
	list = c->curl_slist_append(list, key);
	for (int i = 0; i < w->o->nheaders; i++)
		list = c->curl_slist_append(list, w->o->headers[i]);
	free(key);
	return list;
}

/* What stays the same from request to request. */
static void set_up(lk_webhook *w) {
	const lk_curl *c = w->curl;
	c->curl_easy_setopt(w->easy, CURLOPT_URL, w->o->url);
	c->curl_easy_setopt(w->easy, CURLOPT_POST, 1L);
	c->curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L);
	c->curl_easy_setopt(w->easy, CURLOPT_USERAGENT, "lk");
	c->curl_easy_setopt(w->easy, CURLOPT_ERRORBUFFER, w->reason);
	c->curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, ignore);
	c->curl_easy_setopt(w->easy, CURLOPT_NOPROGRESS, 0L);
	c->curl_easy_setopt(w->easy, CURLOPT_XFERINFOFUNCTION, ends);
	c->curl_easy_setopt(w->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	c->curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, (long)(w->o->timeout_us / 1000 + 1));
	c->curl_easy_setopt(w->easy, CURLOPT_FOLLOWLOCATION, w->o->redirects ? 1L : 0L);
	c->curl_easy_setopt(w->easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MOST);
	c->curl_easy_setopt(w->easy, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
#if LIBCURL_VERSION_NUM >= 0x075500
	c->curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	c->curl_easy_setopt(w->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
	c->curl_easy_setopt(w->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	c->curl_easy_setopt(w->easy, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static int refused(const lk_webhook *w, long status, lk_error *err) {
	const char *rest = w->parcel.rows > 1 ? " and what follows" : "";
	lk_fail(err, LK_EINPUT, "%s refused %s%s: status %ld", w->place.data, w->parcel.first.data, rest, status);
	if (status >= 300 && status < 400)
		return lk_hint(err, "it redirects to another URL: give that one, or --redirects");
	return lk_hint(err, "nothing is skipped: mend the receiver and run it again; --where would leave a row out");
}

static int judge(lk_webhook *w, long status, lk_error *err) {
	curl_off_t asked_s = 0;
	if (status >= 200 && status < 300)
		return LK_OK;
	if (status != 408 && status != 425 && status != 429 && status < 500)
		return refused(w, status, err);
	w->curl->curl_easy_getinfo(w->easy, CURLINFO_RETRY_AFTER, &asked_s);
	w->again_us = (asked_s < RETRY_AFTER_MOST_S ? asked_s : RETRY_AFTER_MOST_S) * LK_US_PER_S;
	return lk_fail(err, LK_EBUSY, "%s does not take %s: status %ld", w->place.data, w->parcel.first.data, status);
}

static int post(lk_webhook *w, lk_error *err) {
	const lk_curl *c = w->curl;
	struct curl_slist *headers = headers_of(w);
	long status = 0;
	w->reason[0] = '\0';
	w->again_us = 0;
	c->curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, headers);
	c->curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->parcel.body.data);
	c->curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->parcel.body.len);
	CURLcode code = c->curl_easy_perform(w->easy);
	c->curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &status);
	c->curl_slist_free_all(headers);
	if (code == CURLE_OK)
		return judge(w, status, err);
	const char *why = w->reason[0] ? w->reason : c->curl_easy_strerror(code);
	if (code == CURLE_URL_MALFORMAT || code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL)
		return lk_fail(err, LK_EUSAGE, "%s cannot take %s: %s", w->place.data, w->parcel.first.data, why);
	return lk_fail(err, LK_EBUSY, "%s does not take %s: %s", w->place.data, w->parcel.first.data, why);
}

/* --- the target --- */

static int take(void *ctx, const lk_shape *shape, const lk_log_row *row, const char *id, lk_error *err) {
	lk_webhook *w = ctx;
	(void)err;
	lk_parcel_add(&w->parcel, shape, row, id);
	return LK_OK;
}

static bool full(const void *ctx) { return ((const lk_webhook *)ctx)->parcel.body.len >= LK_PARCEL_BYTES; }

static int flush(void *ctx, lk_error *err) {
	lk_webhook *w = ctx;
	size_t len = w->parcel.body.len;
	if (w->parcel.array)
		lk_buf_addc(&w->parcel.body, ']');
	int rc = post(w, err);
	w->parcel.body.len = len;
	if (rc == LK_OK)
		lk_parcel_clear(&w->parcel);
	return rc;
}

static int64_t again_us(const void *ctx) { return ((const lk_webhook *)ctx)->again_us; }

lk_target lk_webhook_target(lk_webhook *w) {
	return (lk_target){.ctx = w, .rows_most = w->o->batch, .waits = true,
	                   .row = take, .full = full, .flush = flush, .again_us = again_us};
}

static int check(const lk_webhook_options *o, lk_error *err) {
	if (strncasecmp(o->url, "http://", 7) != 0 && strncasecmp(o->url, "https://", 8) != 0) {
		lk_fail(err, LK_EUSAGE, "--webhook: not a URL of http or https");
		return lk_hint(err, "write https://host/path");
	}
	for (int i = 0; i < o->nheaders; i++) {
		const char *h = o->headers[i];
		if (!strchr(h, ':') || h[0] == ':' || strpbrk(h, "\r\n")) {
			lk_fail(err, LK_EUSAGE, "--header: not a header");
			return lk_hint(err, "write 'Name: value'");
		}
	}
	return LK_OK;
}

int lk_webhook_open(lk_webhook **out, const lk_webhook_options *o, lk_error *err) {
	const lk_curl *curl = NULL;
	*out = NULL;
	int rc = check(o, err);
	if (rc == LK_OK)
		rc = lk_curl_load(&curl, err);
	if (rc != LK_OK)
		return rc;
	lk_webhook *w = lk_calloc(1, sizeof *w);
	w->o = o;
	w->curl = curl;
	w->parcel.array = o->batch > 1;
	lk_url_for_people(o->url, &w->place);
	*out = w;
	if (!(w->easy = curl->curl_easy_init()))
		return lk_fail(err, LK_EINTERNAL, "libcurl gives no handle");
	set_up(w);
	return LK_OK;
}

void lk_webhook_close(lk_webhook *w) {
	if (!w)
		return;
	if (w->easy)
		w->curl->curl_easy_cleanup(w->easy);
	lk_parcel_release(&w->parcel);
	lk_buf_release(&w->place);
	free(w);
}
