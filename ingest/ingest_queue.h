/* Between the two threads of an ingest: a ring of encoded batches. */
#ifndef LK_INGEST_INGEST_QUEUE_H
#define LK_INGEST_INGEST_QUEUE_H

#include <pthread.h>

#include "ingest/encoder.h"

enum { LK_INGEST_QUEUE = 3 };

/* A batch, which moves the source's file from one position to another. */
typedef struct lk_ingest_item {
	lk_encoded encoded;
	lk_source_file from;
} lk_ingest_item;

/* filled - emptied batches wait; the encoder owns items[filled % LK_INGEST_QUEUE], the appender
 * items[emptied % LK_INGEST_QUEUE]. */
typedef struct lk_ingest_queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	lk_ingest_item items[LK_INGEST_QUEUE];
	uint64_t filled, emptied;
	bool ended;        /* the encoder fills no more */
	bool abandoned;    /* the appender takes no more */
} lk_ingest_queue;

void lk_ingest_queue_init(lk_ingest_queue *q, const lk_cat_stream *s);
void lk_ingest_queue_release(lk_ingest_queue *q);
/* An empty batch; NULL when the appender has given up. */
lk_ingest_item *lk_ingest_queue_fillable(lk_ingest_queue *q);
/* A filled batch; NULL when there will be none. */
lk_ingest_item *lk_ingest_queue_filled(lk_ingest_queue *q);
/* Adds 1 to the counter and sets the flag; either may be NULL. */
void lk_ingest_queue_step(lk_ingest_queue *q, uint64_t *counter, bool *flag);

#endif
