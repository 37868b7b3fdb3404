#include "core/fault.h"
#include "speed_layer/stream_path.h"

static int write_side_outputs(lk_path *p, const lk_write *writes, int n, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; i < n && rc == LK_OK; i++)
		if (writes[i].kind == LK_WRITE_SIDE_OUTPUT)
			rc = lk_side_output_write(p->writer, writes[i].side_output, err);
	LK_CRASH_POINT("side_output.written");
	return rc;
}

int lk_path_write(lk_path *p, lk_unit *u, const lk_write *writes, int n, lk_error *err) {
	lk_commit c = {.unit = u->id, .token = u->token, .from = u->committed, .to = u->at};
	for (int i = 0; i < n; i++)
		if (writes[i].kind == LK_WRITE_CELLS) {
			c.cells = writes[i].segment.cells;
			c.segment_from = writes[i].segment.from;
		}
	int rc = write_side_outputs(p, writes, n, err);
	return rc == LK_OK ? lk_store_commit_send(p->store, &c, err) : rc;
}
