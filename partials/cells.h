/* A map from field (pane + group key) to cell state, in memory. The speed layer's open segment, the batch layer's fold
 * and the serving layer's merge all use it. Open addressing; cells and their texts live in an arena. Not thread-safe:
 * one owner. */
#ifndef LK_PARTIALS_CELLS_H
#define LK_PARTIALS_CELLS_H

#include "core/budget.h"
#include "plan/plan.h"

typedef struct lk_cell {
	uint64_t hash;
	struct lk_cell *next;          /* in order of creation */
	struct lk_cell *next_changed;  /* in order of first change since lk_cells_settle() */
	uint32_t field_len : 31, changed : 1;
	uint32_t stored_len;           /* of the last partial from lk_cell_store; 0 before the first */
	/* state (plan->state_size bytes, 16-aligned) and then the field follow */
} lk_cell;

typedef struct lk_cells {
	const lk_plan *plan;
	lk_cell **slots;
	size_t nslots, ncells, nchanged;
	lk_cell *first, *last, *first_changed, *last_changed;
	lk_arena arena;
	int64_t min_pane, max_pane;    /* over all cells; valid if ncells > 0 */
	void *scratch;                 /* one state, for decoding */
	lk_arena scratch_texts;
	lk_buf scratch_field;
	size_t rewritten_bytes;        /* see lk_cells_rewrites */
	size_t settled_bytes;          /* lk_cells_bytes at the last settle */
	int64_t stored_bytes;          /* of fields and their last partials from lk_cell_store */
} lk_cells;

void lk_cells_init(lk_cells *c, const lk_plan *p);
void lk_cells_clear(lk_cells *c);      /* empties; keeps at most a megabyte for reuse */
void lk_cells_release(lk_cells *c);
size_t lk_cells_bytes(const lk_cells *c);
size_t lk_cells_growth(const lk_cells *c);   /* bytes of growth since the last settle */

/* The cell of a field, created (all aggregates at their identity) if it is absent. */
lk_cell *lk_cells_at(lk_cells *c, const void *field, size_t len);
lk_cell *lk_cells_find(const lk_cells *c, const void *field, size_t len);   /* or NULL */
void lk_cells_mark(lk_cells *c, lk_cell *cell);   /* as changed */
void lk_cells_settle(lk_cells *c);                /* clears all marks */

/* Do commits of these cells mostly rewrite what they wrote before? Call it once before each lk_cells_settle. Partials
 * that grow (sets, sketches) are written whole whenever they change; a new map that holds only additions is small again
 * (R18). */
bool lk_cells_rewrites(lk_cells *c);

/* A state is the states of all aggregates, one after the other: plan->state_size bytes, 16-aligned. Merging does not
 * change `from`; texts and sets that `into` keeps live in the arena. The result has the same bytes in any order, and
 * merging an empty state changes nothing. */
void lk_state_init(const lk_plan *p, void *state);
void lk_state_merge(const lk_plan *p, void *into, const void *from, lk_arena *arena);

void *lk_cell_state(const lk_cells *c, const lk_cell *cell);
const uint8_t *lk_cell_field(const lk_cells *c, const lk_cell *cell);

/* The partial codec: one format byte, then each aggregate's encode. (partials/encoded.h merges encoded partials.) */
#define LK_PARTIAL_FORMAT 1
void lk_cell_encode(const lk_cells *c, const lk_cell *cell, lk_buf *out);
/* The same for a partial that replaces the one stored before; keeps stored_bytes exact. */
void lk_cell_store(lk_cells *c, lk_cell *cell, lk_buf *out);
/* Decodes a partial, merges it into the cell of that field and marks the cell changed. 0, or -1 if field or partial is
 * malformed: then nothing has changed. */
int lk_cells_merge(lk_cells *c, const void *field, size_t field_len, const void *partial, size_t partial_len);
/* The same for a batch row: pane, key values (types of plan->keys) and the partial columns of all aggregates in
 * order. */
int lk_cells_merge_row(lk_cells *c, int64_t pane, const lk_value *keys, const lk_value *partials);

/* Merges a state into the cell of the field, or every cell of `from`, a map of the same plan; neither is marked
 * changed. */
lk_cell *lk_cells_add_state(lk_cells *into, const void *field, size_t len, const void *state);
void lk_cells_add(lk_cells *into, const lk_cells *from);

/* Compare by field (memcmp), which is the order of answers, and by the group key in it. */
int lk_cell_compare(const lk_cells *c, const lk_cell *a, const lk_cell *b);
int lk_cell_compare_keys(const lk_cells *c, const lk_cell *a, const lk_cell *b);

/* All cells, by field or by group key and then pane. The array is lk_malloc'ed. */
lk_cell **lk_cells_sorted(const lk_cells *c);
lk_cell **lk_cells_by_key(const lk_cells *c);
/* The same within a budget: NULL once it is spent. */
lk_cell **lk_cells_sorted_within(const lk_cells *c, lk_budget *b);
lk_cell **lk_cells_by_key_within(const lk_cells *c, lk_budget *b);

#endif
