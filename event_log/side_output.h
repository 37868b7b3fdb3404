/* Events that the stream path refused or could not evaluate, written to PostgreSQL before the Redis commit that moves
 * the cursor past them (P10).
 *
 * A side output is the caller's, for one thread. Any thread may read late events, with a session of its own. */
#ifndef LK_EVENT_LOG_SIDE_OUTPUT_H
#define LK_EVENT_LOG_SIDE_OUTPUT_H

#include "catalog/catalog.h"

typedef struct lk_side_output lk_side_output;   /* rows gathered for one commit */
lk_side_output *lk_side_output_new(void);
void lk_side_output_free(lk_side_output *l);
void lk_side_output_clear(lk_side_output *l);
bool lk_side_output_empty(const lk_side_output *l);
typedef struct lk_late_row {
	int64_t copy_id, part, off;
	int64_t event_time;        /* of the view's windows */
	int64_t pane, watermark;   /* the watermark that refused it */
} lk_late_row;
void lk_side_output_late(lk_side_output *l, const lk_late_row *row);
void lk_side_output_marked(lk_side_output *l, int64_t stream_id, int64_t version_id, int part, int64_t off, const char *reason);
/* Inserts all with ON CONFLICT DO NOTHING and commits (in its own transaction, or inside the caller's if one is
 * open). */
int lk_side_output_write(lk_pg *pg, const lk_side_output *l, lk_error *err);

/* Has a batch counted a late event since? SQL over rows l of lk.late: those below the published cut, which the
 * expression `cut` gives for the row's partition (NULL: none). A kappa copy's cut is a seal, which holds only what its
 * segments held and so counts no late event: nothing heals them. */
void lk_healed_sql(const lk_cat_copy *copy, const char *cut, lk_buf *out);

/* The late events of a copy below `end`: those not healed, and those healed, by copy->cut. */
int lk_late_count(lk_pg *pg, const lk_cat_copy *copy, const lk_frontier *end, int64_t *late, int64_t *healed, lk_error *err);

/* Of these late events, how many are counted but no longer kept one by one (catalog/housekeeping.c). They are below
 * the copy's published cut. */
int lk_late_removed(lk_pg *pg, const lk_cat_copy *copy, int64_t *removed, lk_error *err);

#endif
