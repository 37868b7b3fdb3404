/* The cells of an answer in 32 digits: field and partial of each, in the order of the fields, each preceded by its
 * length. Partials are encoded from the merged state, so segments, batches and the order of merging do not matter: two
 * copies of one version that counted the same events have the same digest. A lambda copy whose batch counted late
 * events has another digest than a kappa copy that refused them. If windows are put together from panes, the digest is
 * of the panes, since different panes may make the same windows. Sessions of a view with retention are the exception:
 * their windows are used, since panes of expired sessions may or may not be stored. */
#include <stdlib.h>

#include "core/digest.h"
#include "serving/answer.h"

static void add_bytes(lk_digest *d, const void *bytes, size_t len, lk_buf *length) {
	lk_buf_clear(length);
	lk_buf_put64(length, len);
	lk_digest_add(d, length->data, length->len);
	lk_digest_add(d, bytes, len);
}

void lk_answer_digest(const lk_answer *a, char out[33]) {
	lk_digest d;
	lk_buf partial = LK_BUF_INIT, length = LK_BUF_INIT;
	bool whole = a->window.kind == LK_W_SESSION && a->horizon != LK_NEVER;
	const lk_cells *all = lk_is_tiling(&a->window) || whole ? &a->cells : &a->panes;
	lk_cell **cells = lk_cells_sorted(all);
	lk_digest_init(&d, 0, 0);
	for (size_t i = 0; i < all->ncells; i++) {
		lk_buf_clear(&partial);
		lk_cell_encode(all, cells[i], &partial);
		add_bytes(&d, lk_cell_field(all, cells[i]), cells[i]->field_len, &length);
		add_bytes(&d, partial.data, partial.len, &length);
	}
	lk_digest_end(&d, out);
	free(cells);
	lk_buf_release(&partial);
	lk_buf_release(&length);
}
