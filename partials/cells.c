/* The map of cells: open addressing with linear probing, at most half full, a power of two of slots.
 *
 * A slot points to a cell in the arena: header, state, field in one piece. The pointer's upper 16 bits, which are 0 in
 * user space, hold 16 bits of the hash, so that a probe touches a cell only if it is almost certainly the right one.
 * Cells are never removed one by one, so there are no tombstones. */
#include "partials/cells.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"

enum { FIRST_SLOTS = 1024, KEPT_SLOTS = 64 * 1024, TAG_SHIFT = 48 };
enum { REWRITE_BYTES = 128 * 1024, REWRITE_TIMES = 6 };

static const uint64_t POINTER_BITS = (UINT64_C(1) << TAG_SHIFT) - 1;

static lk_cell *slot_cell(const lk_cell *slot) { return (lk_cell *)((uintptr_t)slot & POINTER_BITS); }
static uint64_t slot_tag(const lk_cell *slot) { return (uintptr_t)slot >> TAG_SHIFT; }
static lk_cell *make_slot(const lk_cell *cell) {
	return (lk_cell *)((uintptr_t)cell | (uintptr_t)(cell->hash >> TAG_SHIFT) << TAG_SHIFT);
}

void lk_cells_init(lk_cells *c, const lk_plan *p) {
	*c = (lk_cells){.plan = p, .nslots = FIRST_SLOTS};
	c->slots = lk_calloc(c->nslots, sizeof *c->slots);
	c->scratch = lk_malloc(p->state_size);
	c->settled_bytes = lk_cells_bytes(c);
}

void lk_cells_clear(lk_cells *c) {
	if (c->nslots > KEPT_SLOTS) {
		free(c->slots);
		c->nslots = FIRST_SLOTS;
		c->slots = lk_calloc(c->nslots, sizeof *c->slots);
	} else if (c->ncells) {
		memset(c->slots, 0, c->nslots * sizeof *c->slots);
	}
	lk_arena_clear(&c->arena);
	c->first = c->last = c->first_changed = c->last_changed = NULL;
	c->ncells = c->nchanged = 0;
	c->rewritten_bytes = 0;
	c->stored_bytes = 0;
	c->settled_bytes = lk_cells_bytes(c);
}

void lk_cells_release(lk_cells *c) {
	free(c->slots);
	free(c->scratch);
	lk_arena_release(&c->arena);
	lk_arena_release(&c->scratch_texts);
	lk_buf_release(&c->scratch_field);
	*c = (lk_cells){0};
}

size_t lk_cells_bytes(const lk_cells *c) { return c->arena.used_bytes + c->nslots * sizeof *c->slots; }
size_t lk_cells_growth(const lk_cells *c) { return lk_cells_bytes(c) - c->settled_bytes; }

void *lk_cell_state(const lk_cells *c, const lk_cell *cell) {
	(void)c;
	_Static_assert(sizeof(lk_cell) % 16 == 0, "the state behind a cell is 16-aligned");
	return (char *)cell + sizeof *cell;
}

const uint8_t *lk_cell_field(const lk_cells *c, const lk_cell *cell) {
	return (const uint8_t *)cell + sizeof *cell + c->plan->state_size;
}

/* The slot of the field, or the empty one where it belongs. */
static size_t find_slot(const lk_cells *c, uint64_t hash, const void *field, size_t len) {
	size_t mask = c->nslots - 1, i = hash & mask;
	for (; c->slots[i]; i = (i + 1) & mask) {
		if (slot_tag(c->slots[i]) != hash >> TAG_SHIFT)
			continue;
		const lk_cell *cell = slot_cell(c->slots[i]);
		if (cell->hash == hash && cell->field_len == len && memcmp(lk_cell_field(c, cell), field, len) == 0)
			break;
	}
	return i;
}

static void grow(lk_cells *c) {
	free(c->slots);
	c->nslots *= 2;
	c->slots = lk_calloc(c->nslots, sizeof *c->slots);
	for (lk_cell *cell = c->first; cell; cell = cell->next) {
		size_t i = cell->hash & (c->nslots - 1);
		while (c->slots[i])
			i = (i + 1) & (c->nslots - 1);
		c->slots[i] = make_slot(cell);
	}
}

void lk_state_init(const lk_plan *p, void *state) {
	for (int i = 0; i < p->naggs; i++)
		p->aggs[i].verbs->init((char *)state + p->aggs[i].state_offset);
}

void lk_state_merge(const lk_plan *p, void *into, const void *from, lk_arena *arena) {
	for (int i = 0; i < p->naggs; i++) {
		const lk_agg *a = &p->aggs[i];
		a->verbs->merge((char *)into + a->state_offset, a, (const char *)from + a->state_offset, arena);
	}
}

static lk_cell *add_cell(lk_cells *c, size_t slot, uint64_t hash, const void *field, size_t len) {
	lk_cell *cell = lk_arena_alloc(&c->arena, sizeof *cell + c->plan->state_size + len);
	*cell = (lk_cell){.hash = hash, .field_len = (uint32_t)len};
	lk_state_init(c->plan, lk_cell_state(c, cell));
	memcpy((char *)lk_cell_state(c, cell) + c->plan->state_size, field, len);
	int64_t pane = len >= LK_PANE_BYTES ? lk_pane_get(field) : 0;
	if (c->ncells == 0 || pane < c->min_pane)
		c->min_pane = pane;
	if (c->ncells == 0 || pane > c->max_pane)
		c->max_pane = pane;
	if (c->last)
		c->last->next = cell;
	else
		c->first = cell;
	c->last = cell;
	c->slots[slot] = make_slot(cell);
	if (++c->ncells * 2 > c->nslots)
		grow(c);
	return cell;
}

lk_cell *lk_cells_at(lk_cells *c, const void *field, size_t len) {
	uint64_t hash = lk_hash(field, len);
	size_t slot = find_slot(c, hash, field, len);
	return c->slots[slot] ? slot_cell(c->slots[slot]) : add_cell(c, slot, hash, field, len);
}

lk_cell *lk_cells_find(const lk_cells *c, const void *field, size_t len) {
	return slot_cell(c->slots[find_slot(c, lk_hash(field, len), field, len)]);
}

void lk_cells_mark(lk_cells *c, lk_cell *cell) {
	if (cell->changed)
		return;
	cell->changed = true;
	cell->next_changed = NULL;
	if (c->last_changed)
		c->last_changed->next_changed = cell;
	else
		c->first_changed = cell;
	c->last_changed = cell;
	c->nchanged++;
}

void lk_cells_settle(lk_cells *c) {
	for (lk_cell *cell = c->first_changed; cell; cell = cell->next_changed)
		cell->changed = false;
	c->first_changed = c->last_changed = NULL;
	c->nchanged = 0;
	c->settled_bytes = lk_cells_bytes(c);
}

bool lk_cells_rewrites(lk_cells *c) {
	size_t bytes = 0;
	for (int i = 0; i < c->plan->naggs; i++) {
		const lk_agg *a = &c->plan->aggs[i];
		if (!a->verbs->weight)
			continue;
		for (const lk_cell *cell = c->first_changed; cell; cell = cell->next_changed)
			bytes += a->verbs->weight((const char *)lk_cell_state(c, cell) + a->state_offset);
	}
	c->rewritten_bytes += bytes;
	return bytes > REWRITE_BYTES && c->rewritten_bytes > REWRITE_TIMES * bytes;
}

void lk_cell_encode(const lk_cells *c, const lk_cell *cell, lk_buf *out) {
	const char *state = lk_cell_state(c, cell);
	lk_buf_addc(out, LK_PARTIAL_FORMAT);
	for (int i = 0; i < c->plan->naggs; i++)
		c->plan->aggs[i].verbs->encode(state + c->plan->aggs[i].state_offset, &c->plan->aggs[i], out);
}

void lk_cell_store(lk_cells *c, lk_cell *cell, lk_buf *out) {
	size_t before = out->len;
	lk_cell_encode(c, cell, out);
	uint32_t len = (uint32_t)(out->len - before);
	c->stored_bytes += (int64_t)len - cell->stored_len + (cell->stored_len ? 0 : cell->field_len);
	cell->stored_len = len;
}

static bool field_is_whole(const lk_plan *p, const uint8_t *field, size_t len) {
	const uint8_t *end = field + len;
	lk_value v;
	if (len < LK_PANE_BYTES)
		return false;
	field += LK_PANE_BYTES;
	for (int i = 0; i < p->nkeys; i++)
		if (lk_key_get(p->keys[i].expr->type, &field, end, &v) != 0)
			return false;
	return field == end;
}

static int decode_state(lk_cells *c, char *state, const uint8_t *p, size_t len) {
	const uint8_t *end = p + len;
	if (p == end || *p++ != LK_PARTIAL_FORMAT)
		return -1;
	for (int i = 0; i < c->plan->naggs; i++) {
		const lk_agg *a = &c->plan->aggs[i];
		a->verbs->init(state + a->state_offset);
		if (a->verbs->decode(state + a->state_offset, a, &p, end, &c->scratch_texts) != 0)
			return -1;
	}
	return p == end ? 0 : -1;
}

lk_cell *lk_cells_add_state(lk_cells *into, const void *field, size_t len, const void *state) {
	lk_cell *cell = lk_cells_at(into, field, len);
	lk_state_merge(into->plan, lk_cell_state(into, cell), state, &into->arena);
	return cell;
}

static void merge_scratch(lk_cells *c, const void *field, size_t len) {
	lk_cells_mark(c, lk_cells_add_state(c, field, len, c->scratch));
	if (c->scratch_texts.used_bytes)
		lk_arena_clear(&c->scratch_texts);
}

int lk_cells_merge(lk_cells *c, const void *field, size_t field_len, const void *partial, size_t partial_len) {
	if (!field_is_whole(c->plan, field, field_len) || decode_state(c, c->scratch, partial, partial_len) != 0)
		return -1;
	merge_scratch(c, field, field_len);
	return 0;
}

int lk_cells_merge_row(lk_cells *c, int64_t pane, const lk_value *keys, const lk_value *partials) {
	const lk_plan *p = c->plan;
	char *scratch = c->scratch;
	lk_buf_clear(&c->scratch_field);
	lk_pane_put(&c->scratch_field, pane);
	for (int i = 0; i < p->nkeys; i++)
		lk_key_put(&c->scratch_field, p->keys[i].expr->type, &keys[i]);
	for (int i = 0; i < p->naggs; i++) {
		const lk_agg *a = &p->aggs[i];
		if (a->verbs->load(scratch + a->state_offset, a, partials, &c->scratch_texts) != 0)
			return -1;
		partials += a->verbs->npartials;
	}
	merge_scratch(c, c->scratch_field.data, c->scratch_field.len);
	return 0;
}

void lk_cells_add(lk_cells *into, const lk_cells *from) {
	for (const lk_cell *cell = from->first; cell; cell = cell->next)
		lk_cells_add_state(into, lk_cell_field(from, cell), cell->field_len, lk_cell_state(from, cell));
}

/* Compares fields from byte `skip` on. */
static int compare_from(const lk_cells *c, const lk_cell *a, const lk_cell *b, uint32_t skip) {
	uint32_t la = a->field_len - skip, lb = b->field_len - skip;
	int order = memcmp(lk_cell_field(c, a) + skip, lk_cell_field(c, b) + skip, la < lb ? la : lb);
	return order ? order : (la > lb) - (la < lb);
}

int lk_cell_compare(const lk_cells *c, const lk_cell *a, const lk_cell *b) { return compare_from(c, a, b, 0); }
int lk_cell_compare_keys(const lk_cells *c, const lk_cell *a, const lk_cell *b) { return compare_from(c, a, b, LK_PANE_BYTES); }

/* Sorting a million cells by following pointers is slow, so an entry carries the pane and the first bytes of the
 * key. */
typedef struct sort_entry {
	uint64_t pane, prefix;
	lk_cell *cell;
} sort_entry;

static sort_entry make_entry(const lk_cells *c, lk_cell *cell) {
	uint8_t head[16] = {0};
	memcpy(head, lk_cell_field(c, cell), cell->field_len < sizeof head ? cell->field_len : sizeof head);
	return (sort_entry){lk_get64(head), lk_get64(head + 8), cell};
}

/* The state of a sort. Once the budget is spent, all entries compare as equal, so that the sort ends soon. */
typedef struct sorting {
	const lk_cells *cells;
	lk_budget *budget;
	size_t bytes;            /* of the arrays */
	unsigned compared;
	bool over;
} sorting;

enum { LOOK_EVERY = 1024 };

static bool is_over(sorting *s) {
	if (!s->over && ++s->compared % LOOK_EVERY == 0)
		s->over = !lk_budget_allows(s->budget, s->bytes);
	return s->over;
}

static int compare_entries(const void *x, const void *y, void *ctx) {
	const sort_entry *a = x, *b = y;
	sorting *s = ctx;
	if (is_over(s))
		return 0;
	if (a->pane != b->pane)
		return a->pane < b->pane ? -1 : 1;
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return lk_cell_compare(s->cells, a->cell, b->cell);
}

/* The result of a sort; NULL if its budget was spent. */
static lk_cell **sorted_or_null(const sorting *s, lk_cell **sorted) {
	if (!s->over)
		return sorted;
	free(sorted);
	return NULL;
}

lk_cell **lk_cells_sorted_within(const lk_cells *c, lk_budget *b) {
	sorting s = {.cells = c, .budget = b, .bytes = c->ncells * (sizeof(sort_entry) + sizeof(lk_cell *))};
	if (!lk_budget_allows(b, s.bytes))
		return NULL;
	sort_entry *entries = lk_malloc(c->ncells * sizeof *entries);
	lk_cell **sorted = lk_malloc(c->ncells * sizeof *sorted);
	size_t n = 0;
	for (lk_cell *cell = c->first; cell; cell = cell->next)
		entries[n++] = make_entry(c, cell);
	qsort_r(entries, n, sizeof *entries, compare_entries, &s);
	for (size_t i = 0; i < n; i++)
		sorted[i] = entries[i].cell;
	free(entries);
	return sorted_or_null(&s, sorted);
}

static int by_key_then_pane(const void *x, const void *y, void *ctx) {
	const lk_cell *a = *(lk_cell *const *)x, *b = *(lk_cell *const *)y;
	sorting *s = ctx;
	if (is_over(s))
		return 0;
	int order = lk_cell_compare_keys(s->cells, a, b);
	return order ? order : memcmp(lk_cell_field(s->cells, a), lk_cell_field(s->cells, b), LK_PANE_BYTES);
}

lk_cell **lk_cells_by_key_within(const lk_cells *c, lk_budget *b) {
	sorting s = {.cells = c, .budget = b, .bytes = c->ncells * sizeof(lk_cell *)};
	if (!lk_budget_allows(b, s.bytes))
		return NULL;
	lk_cell **sorted = lk_malloc(c->ncells * sizeof *sorted);
	size_t n = 0;
	for (lk_cell *cell = c->first; cell; cell = cell->next)
		sorted[n++] = cell;
	qsort_r(sorted, n, sizeof *sorted, by_key_then_pane, &s);
	return sorted_or_null(&s, sorted);
}

lk_cell **lk_cells_sorted(const lk_cells *c) { return lk_cells_sorted_within(c, NULL); }
lk_cell **lk_cells_by_key(const lk_cells *c) { return lk_cells_by_key_within(c, NULL); }
