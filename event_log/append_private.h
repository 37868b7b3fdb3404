/* A batch of encoded events, shared by the file that encodes it and the one that appends it. */
#ifndef LK_EVENT_LOG_APPEND_PRIVATE_H
#define LK_EVENT_LOG_APPEND_PRIVATE_H

#include "event_log/append.h"

struct lk_append_part {
	lk_buf tuples;
	size_t *begins;          /* of the tuples */
	size_t n, cap;
	int64_t max_ts;
	int64_t first_off, at;   /* from the tail */
};

struct lk_append_reject {
	int64_t position;
	char *reason, *content;
};

struct lk_append_batch {
	const lk_cat_stream *stream;
	struct lk_append_part *parts;
	size_t nevents, event_bytes;
	struct {                 /* how to take the last event back */
		int part;
		int64_t max_ts;
	} last;
	struct lk_append_reject *rejects;
	size_t nrejects, reject_cap;
	lk_arena texts;
	lk_buf sql, reject_rows;
};

/* Writes offset and _at, once they are known, into all tuples of a partition. */
void lk_append_fill(struct lk_append_part *p);
/* Makes reject_rows: (stream_id, source, position, reason, content). */
void lk_append_encode_rejects(lk_append_batch *b, const char *source);

#endif
