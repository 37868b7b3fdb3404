/* Every fault has a place in the file and a text; what is accepted is accepted again from its own text, with the same
 * meaning, since the catalogue keeps only that. */
#include "tests/fuzz/targets.h"

#include <string.h>

#include "tests/support/definitions.h"

static void check_fault(const lk_fault *f, const char *text, size_t len) {
	size_t lines = 1;
	lk_buf shown = LK_BUF_INIT;
	int line, col;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	FUZZ_CHECK(f->line >= 1 && (size_t)f->line <= lines && f->col >= 1 && (size_t)f->col <= len + 1);
	FUZZ_CHECK(*f->message && strlen(f->message) < 400 && lk_utf8_valid(f->message, strlen(f->message)));
	FUZZ_CHECK(!strpbrk(f->message, "\n\r\033") && lk_utf8_valid(f->hint, strlen(f->hint)));
	lk_fault_print(f, "f", text, len, &shown);
	if (lk_fault_end(f, text, len, &line, &col))
		FUZZ_CHECK(line > f->line || (line == f->line && col > f->col));
	lk_buf_release(&shown);
}

static void read_again(const lk_definition *d, const lk_definitions *all) {
	lk_definitions again;
	const char *text = d->kind == LK_DEF_STREAM ? d->stream->text : d->plan->text;
	bool over_hits = d->kind == LK_DEF_VIEW && strcmp(d->plan->stream->name, "hits") == 0;
	for (int i = 0; i < all->nitems && over_hits; i++)
		over_hits = all->items[i].kind == LK_DEF_VIEW || strcmp(all->items[i].stream->name, "hits") != 0;
	if (d->kind == LK_DEF_VIEW && !over_hits)
		return;
	FUZZ_CHECK(lk_sql_parse(text, strlen(text), test_hits(), &again) == LK_OK && again.nitems == 1);
	if (d->kind == LK_DEF_VIEW) {
		lk_buf sql = LK_BUF_INIT;
		lk_sql_log log = {.table = "t", .bound = "true", .calendar_starts = "'{}'::timestamptz[]"};
		FUZZ_CHECK(strcmp(again.items[0].plan->hash, d->plan->hash) == 0);
		lk_plan_batch_sql(d->plan, &log, &sql);
		lk_plan_oracle_sql(d->plan, &log, &sql);
		lk_buf_release(&sql);
	} else {
		FUZZ_CHECK(again.items[0].stream->schema.ncolumns == d->stream->schema.ncolumns);
	}
	lk_definitions_release(&again);
}

void fuzz_definitions(const uint8_t *data, size_t len) {
	const char *text = (const char *)data;
	lk_definitions d;
	int rc = lk_sql_parse(text, len, test_hits(), &d);
	FUZZ_CHECK(rc == (d.nfaults ? LK_EDEFINITION : LK_OK) && (d.nfaults || d.nitems));
	for (int i = 0; i < d.nfaults; i++)
		check_fault(&d.faults[i], text, len);
	for (int i = 0; i < d.nitems; i++)
		read_again(&d.items[i], &d);
	lk_definitions_release(&d);
}
