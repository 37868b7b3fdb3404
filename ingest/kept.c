#include "ingest/kept.h"

#include <stdlib.h>

struct lk_kept_record {
	lk_record record;
	size_t begins;       /* its text, in the buffer, which moves as it grows */
};

void lk_kept_add(lk_kept *k, const lk_record *r) {
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 1024;
		k->records = lk_realloc(k->records, k->cap * sizeof *k->records);
	}
	k->records[k->n++] = (struct lk_kept_record){*r, k->text.len};
	lk_buf_add(&k->text, r->text, r->len);
}

lk_record lk_kept_get(const lk_kept *k, size_t i) {
	lk_record r = k->records[i].record;
	r.text = k->text.data ? k->text.data + k->records[i].begins : "";
	return r;
}

void lk_kept_clear(lk_kept *k) {
	k->n = 0;
	lk_buf_clear(&k->text);
}

void lk_kept_release(lk_kept *k) {
	free(k->records);
	lk_buf_release(&k->text);
	*k = (lk_kept){0};
}
