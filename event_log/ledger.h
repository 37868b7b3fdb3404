/* What the stream path refused or could not evaluate, written to PostgreSQL before the Redis commit that passes it (P10). */
#ifndef LK_EVENT_LOG_LEDGER_H
#define LK_EVENT_LOG_LEDGER_H

#include "event_log/catalog.h"

typedef struct lk_ledger lk_ledger;   /* rows gathered for one commit */
lk_ledger *lk_ledger_new(void);
void lk_ledger_free(lk_ledger *l);
void lk_ledger_clear(lk_ledger *l);
bool lk_ledger_empty(const lk_ledger *l);
void lk_ledger_late(lk_ledger *l, int64_t copy_id, int part, int64_t off, int64_t event_time, int64_t pane, int64_t watermark);
void lk_ledger_marked(lk_ledger *l, int64_t stream_id, int64_t version_id, int part, int64_t off, const char *reason);
/* Inserts all with ON CONFLICT DO NOTHING and commits (own transaction, or inside the caller's where one is open). */
int lk_ledger_write(lk_pg *pg, const lk_ledger *l, lk_error *err);

/* Late events of a copy at or above `cut` and below `end`, per partition vectors; and how many are below `cut` (healed).
 * A kappa copy's cut is a seal, which counts no late event: all below `end` are late, none is healed. */
int lk_late_count(lk_pg *pg, const lk_cat_copy *copy, const int64_t *end, int64_t *late, int64_t *healed, lk_error *err);

#endif
