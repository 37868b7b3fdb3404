#include "server/body.h"

#include <errno.h>

#include "core/time.h"

static int write_body(void *ctx, const void *data, size_t len) {
	lk_body *b = ctx;
	lk_buf *text = &b->request->reply.body;
	if (lk_monotonic_us() >= b->session->deadline_us)
		return ETIMEDOUT;
	if ((int64_t)(text->len + len) > b->session->service->options->limits.body_bytes)
		return EFBIG;
	lk_buf_add(text, data, len);
	return 0;
}

void lk_body_begin(lk_body *b, lk_session *s, lk_request *q) {
	*b = (lk_body){.sink = {.write = write_body, .ctx = b}, .session = s, .request = q};
}

int lk_body_end(lk_body *b, lk_error *err) {
	const lk_web_limits *most = &b->session->service->options->limits;
	b->request->reply.type = lk_media_type(b->request->media);
	if (!b->sink.error)
		return LK_OK;
	lk_error_clear(err);
	if (b->sink.error == ETIMEDOUT)
		return lk_fail(err, LK_ETOOBIG, "the answer takes longer than %lld s", (long long)(most->time_us / LK_US_PER_S));
	lk_fail(err, LK_ETOOBIG, "the answer's text would have more than %lld MiB", (long long)(most->body_bytes >> 20));
	return lk_hint(err, "ask for fewer rows: where, from, to, limit");
}
