/* Appending: encode first, without locks; then one short transaction (P14).
 *
 * A batch is the caller's, for one thread at a time: it may be encoded by one thread and appended by another. */
#ifndef LK_EVENT_LOG_APPEND_H
#define LK_EVENT_LOG_APPEND_H

#include "event_log/source.h"

/* Events and rejects that one transaction appends. Encoding needs no connection. */
typedef struct lk_append_batch lk_append_batch;

lk_append_batch *lk_append_batch_new(const lk_cat_stream *s);
void lk_append_batch_free(lk_append_batch *b);
void lk_append_batch_clear(lk_append_batch *b);
/* Encodes one event; its partition is lk_partition_of. 0, or -1 with *reason if it cannot be an event (no event
 * time). */
int lk_append_batch_add(lk_append_batch *b, const lk_value *row, const char **reason);
/* Takes back the event that was added last; only once. */
void lk_append_batch_take_back(lk_append_batch *b);
/* Notes a line that could not be an event. content is cut at 1,000 bytes and made valid UTF-8. */
void lk_append_batch_reject(lk_append_batch *b, int64_t position, const char *reason, const char *content, size_t len);
size_t lk_append_batch_events(const lk_append_batch *b);
size_t lk_append_batch_rejects(const lk_append_batch *b);
size_t lk_append_batch_bytes(const lk_append_batch *b);

/* Appends: tail rows in ascending order, COPY, rejects, the source's position, commit; then a rate-limited NOTIFY.
 * step: LK_ECONFLICT if the source's file is at another position (another process reads it, or this batch is already
 * in). After an unknown outcome (LK_EUNREACHABLE) the caller reads the file's row again, which tells whether the batch
 * is in. LK_ECHANGED: the stream's definition has changed since the batch was made. After any other failure the batch
 * may be appended again as it is. */
int lk_append(lk_pg *pg, lk_append_batch *b, const lk_source_step *step, lk_error *err);
/* Wakes readers of the log after a commit, at most once in 1 ms. The hint may be lost. */
void lk_append_hint(lk_pg *pg);

#endif
