#include "core/sink.h"

bool lk_sink_put(lk_sink *s, const void *data, size_t len) {
	if (!s->error && len)
		s->error = s->write(s->ctx, data, len);
	s->bytes += s->error ? 0 : (int64_t)len;
	return !s->error;
}

bool lk_sink_put_buf(lk_sink *s, lk_buf *b) {
	bool good = lk_sink_put(s, b->data, b->len);
	lk_buf_clear(b);
	return good;
}

static int add(void *ctx, const void *data, size_t len) {
	lk_buf_add(ctx, data, len);
	return 0;
}

lk_sink lk_sink_memory(lk_buf *out) { return (lk_sink){.write = add, .ctx = out}; }
