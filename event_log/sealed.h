/* The sealed state of a derived stream with moving windows: what is kept of each key, as of an offset of the partition
 * that the stream reads, in PostgreSQL (lk.state, lk.sealed). A batch makes it of the log alone; it is in one database with
 * the log, so it is always of the log's own history.
 *
 * The owner of the unit in Redis may leave out there what has not changed since an offset up to which the state is sealed. What
 * it does not find in Redis it reads here, before the offset where it stands (P21).
 *
 * Any thread, with a session of its own. */
#ifndef LK_EVENT_LOG_SEALED_H
#define LK_EVENT_LOG_SEALED_H

#include "catalog/catalog.h"

typedef struct lk_sealed {
	int64_t off;               /* the state before this offset is sealed; 0: none */
	int64_t kept;              /* and can be read as it was at any offset from here on, the end before that one */
} lk_sealed;

/* How far it goes in one partition. */
int lk_sealed_read(lk_pg *pg, const lk_cat_stream *log, int part, lk_sealed *out, lk_error *err);

typedef struct lk_sealed_field {
	const void *name, *bytes;
	size_t name_len, len;
} lk_sealed_field;

typedef struct lk_sealed_call {
	const lk_cat_stream *log;
	int part;
	int64_t at;                /* an offset of what the stream reads: the state before it */
	const lk_sealed_field *fields;
	int n;
} lk_sealed_call;

/* Reads fields, of which the caller has set the names, and hands over those that there are, lent. c->at is no lower than the end
 * was when the caller took the unit over. An error of `take` ends it. */
int lk_sealed_fields(lk_pg *pg, const lk_sealed_call *c, int (*take)(void *ctx, int i, const void *bytes, size_t len), void *ctx, lk_error *err);

/* --- sealing, inside the caller's transaction --- */

/* Adds the fields. */
int lk_sealed_add(lk_pg *pg, const lk_sealed_call *c, lk_error *err);
/* The state is sealed up to `to` from now on, and rows that no reader of the former one needs are removed. LK_ECONFLICT:
 * another process has sealed it, or the stream was dropped. */
int lk_sealed_move(lk_pg *pg, const lk_cat_stream *log, int part, const lk_sealed *former, int64_t to, lk_error *err);

#endif
