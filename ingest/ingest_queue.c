#include "ingest/ingest_queue.h"

void lk_ingest_queue_init(lk_ingest_queue *q, const lk_cat_stream *s) {
	*q = (lk_ingest_queue){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	for (int i = 0; i < LK_INGEST_QUEUE; i++)
		q->items[i].encoded.batch = lk_append_batch_new(s);
}

void lk_ingest_queue_release(lk_ingest_queue *q) {
	for (int i = 0; i < LK_INGEST_QUEUE; i++) {
		lk_append_batch_free(q->items[i].encoded.batch);
		lk_kept_release(&q->items[i].encoded.kept);
		lk_buf_release(&q->items[i].encoded.notes);
	}
}

lk_ingest_item *lk_ingest_queue_fillable(lk_ingest_queue *q) {
	pthread_mutex_lock(&q->lock);
	while (q->filled - q->emptied == LK_INGEST_QUEUE && !q->abandoned)
		pthread_cond_wait(&q->changed, &q->lock);
	lk_ingest_item *it = q->abandoned ? NULL : &q->items[q->filled % LK_INGEST_QUEUE];
	pthread_mutex_unlock(&q->lock);
	return it;
}

lk_ingest_item *lk_ingest_queue_filled(lk_ingest_queue *q) {
	pthread_mutex_lock(&q->lock);
	while (q->filled == q->emptied && !q->ended)
		pthread_cond_wait(&q->changed, &q->lock);
	lk_ingest_item *it = q->filled == q->emptied ? NULL : &q->items[q->emptied % LK_INGEST_QUEUE];
	pthread_mutex_unlock(&q->lock);
	return it;
}

void lk_ingest_queue_step(lk_ingest_queue *q, uint64_t *counter, bool *flag) {
	pthread_mutex_lock(&q->lock);
	if (counter)
		++*counter;
	if (flag)
		*flag = true;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}
