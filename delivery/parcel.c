#include "delivery/parcel.h"

#include <string.h>

void lk_parcel_add(lk_parcel *p, const lk_shape *shape, const lk_log_row *row, const char *id) {
	const lk_shaped_row pair = {shape, row};
	const lk_rows rows = lk_shaped_rows(&pair);
	lk_buf object = LK_BUF_INIT;
	if (p->rows++ == 0)
		lk_buf_adds(&p->first, id);
	lk_rows_object(&rows, 0, &object);
	lk_buf_adds(&p->body, !p->array ? "{\"_id\":" : p->rows == 1 ? "[{\"_id\":" : ",\n{\"_id\":");
	lk_json_quote(id, strlen(id), &p->body);
	lk_buf_addc(&p->body, ',');
	lk_buf_add(&p->body, object.data + 1, object.len - 1);
	lk_buf_adds(&p->body, p->array ? "" : "\n");
	lk_buf_release(&object);
}

void lk_parcel_clear(lk_parcel *p) {
	p->rows = 0;
	lk_buf_clear(&p->body);
	lk_buf_clear(&p->first);
}

void lk_parcel_release(lk_parcel *p) {
	lk_buf_release(&p->body);
	lk_buf_release(&p->first);
}
