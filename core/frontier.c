#include "core/frontier.h"

#include "core/time.h"

bool lk_frontier_add(lk_frontier *f, int64_t stream, int partitions) {
	if (partitions > LK_FRONTIER_PARTS - f->n)
		return false;
	for (int part = 0; part < partitions; part++)
		f->part[f->n++] = (lk_frontier_part){.stream = stream, .part = part, .high = LK_NEVER, .last_at = LK_NEVER};
	return true;
}

lk_frontier lk_frontier_start(int64_t stream, int partitions) {
	lk_frontier f = {0};
	lk_frontier_add(&f, stream, partitions);
	return f;
}

lk_frontier_part *lk_frontier_find(lk_frontier *f, int64_t stream, int part) {
	for (int i = 0; i < f->n; i++)
		if (f->part[i].stream == stream && f->part[i].part == part)
			return &f->part[i];
	return NULL;
}

int64_t lk_frontier_off(const lk_frontier *f, int64_t stream, int part) {
	for (int i = 0; i < f->n; i++)
		if (f->part[i].stream == stream && f->part[i].part == part)
			return f->part[i].off;
	return 0;
}

int64_t lk_frontier_events(const lk_frontier *f) {
	int64_t sum = 0;
	for (int i = 0; i < f->n; i++)
		sum += f->part[i].off;
	return sum;
}

bool lk_frontier_reaches(const lk_frontier *f, const lk_frontier *goal) {
	for (int i = 0; i < goal->n; i++)
		if (lk_frontier_off(f, goal->part[i].stream, goal->part[i].part) < goal->part[i].off)
			return false;
	return true;
}

void lk_frontier_print(const lk_frontier *f, lk_buf *out) {
	lk_buf_addc(out, '[');
	for (int i = 0; i < f->n; i++)
		lk_buf_addf(out, "%s%lld", i ? " " : "", (long long)f->part[i].off);
	lk_buf_addc(out, ']');
}

void lk_frontier_sql(const lk_frontier *f, int64_t stream, lk_buf *out) {
	const char *comma = "('{";
	for (int i = 0; i < f->n; i++) {
		if (f->part[i].stream != stream)
			continue;
		lk_buf_addf(out, "%s%lld", comma, (long long)f->part[i].off);
		comma = ",";
	}
	lk_buf_adds(out, "}'::bigint[])");
}

void lk_frontier_behind_sql(const lk_frontier *f, int64_t stream, const char *of, lk_buf *out) {
	lk_buf_addf(out, "%soff < ", of);
	lk_frontier_sql(f, stream, out);
	lk_buf_addf(out, "[%spart + 1]", of);
}
