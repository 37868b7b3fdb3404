#include "core/fault.h"
#include "speed_layer/stream_path.h"

static int write_ledgers(lk_path *p, const lk_write *writes, int n, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; i < n && rc == LK_OK; i++)
		if (writes[i].kind == LK_WRITE_LEDGER)
			rc = lk_ledger_write(p->writer, writes[i].ledger, err);
	LK_CRASH_POINT("ledger.written");
	return rc;
}

int lk_path_write(lk_path *p, lk_unit *u, const lk_write *writes, int n, lk_error *err) {
	lk_commit c = {.unit = u->id, .token = u->token, .from = u->committed, .to = u->at};
	for (int i = 0; i < n; i++)
		if (writes[i].kind == LK_WRITE_CELLS) {
			c.cells = writes[i].segment.cells;
			c.segment_from = writes[i].segment.from;
		}
	int rc = write_ledgers(p, writes, n, err);
	return rc == LK_OK ? lk_store_commit_send(p->store, &c, err) : rc;
}
