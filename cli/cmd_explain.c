/* explain shows a definition and its two executions: the stream plan, by which the speed layer folds each event, and
 * the SQL that the batch layer runs. With a filter it shows an answer instead: for each row the part from each layer,
 * and their sum. */
#include "batch_layer/seal_state.h"
#include "catalog/tail.h"
#include "options/answer_args.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "event_log/derived_log.h"
#include "event_log/sealed.h"
#include "print/explain.h"
#include "print/table.h"

/* How far each partition of the source has become rows, and up to where the state of moving windows has left Redis. */
static int print_positions(lk_connection *c, const lk_cat_copy *copy, const lk_screen *screen, lk_error *err) {
	const lk_cat_stream *source = copy->version->reads;
	lk_frontier read, made;
	lk_table *t = lk_table_new();
	static const char *const names[] = {"PARTITION", "READ", "SOURCE'S END", "ROWS", "STATE SEALED TO"};
	int columns = lk_keeps_state(copy) ? 5 : 4;
	for (int i = 0; i < columns; i++)
		lk_table_column(t, names[i], true);
	int rc = lk_log_tail(&c->pg, source, &read, err);
	if (rc == LK_OK)
		rc = lk_log_tail(&c->pg, copy->log, &made, err);
	for (int p = 0; rc == LK_OK && p < read.n; p++) {
		lk_derived_position at = {0};
		lk_sealed sealed = {0};
		rc = lk_derived_position_read(&c->pg, copy->log, source, p, &at, err);
		if (rc == LK_OK && columns == 5)
			rc = lk_sealed_read(&c->pg, copy->log, p, &sealed, err);
		const int64_t row[] = {p, at.off, read.part[p].off, made.part[p].off, sealed.off};
		for (int i = 0; i < columns; i++)
			lk_table_count(t, row[i]);
	}
	lk_table_end(t, screen, lk_out());
	return rc;
}

static int explain_derived(lk_connection *c, const lk_cat_copy *copy, lk_error *err) {
	lk_screen screen = lk_out_screen();
	lk_explain_derived(copy, &screen, lk_out());
	return print_positions(c, copy, &screen, err);
}

/* They bound an answer, and no option asks for one. */
static int refuse_bounds(const lk_args *args, lk_error *err) {
	static const char *const bounds[] = {"max-rows", "max-memory", "timeout"};
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		if (lk_args_has(args, bounds[i])) {
			lk_fail(err, LK_EUSAGE, "--%s is for an answer, and none is asked for", bounds[i]);
			return lk_hint(err, "--where, --from, --to, --window or --slide ask for one");
		}
	return LK_OK;
}

static int explain_view(const lk_args *args, lk_error *err) {
	lk_connection c;
	const lk_cat_view *v;
	const lk_cat_copy *copy;
	lk_answer_args wanted;
	lk_screen screen = lk_out_screen();
	int rc = lk_answer_args_read(args, &wanted, err);
	if (!rc)
		rc = refuse_bounds(args, err);
	if (rc)
		goto done;
	rc = lk_connect(&c, LK_WITH_CATALOG, err);
	const lk_cat_copy *filler = rc == LK_OK ? lk_catalog_filler(c.catalog, args->operands[0]) : NULL;
	if (filler) {
		rc = explain_derived(&c, filler, err);
		lk_disconnect(&c);
		goto done;
	}
	if (rc == LK_OK)
		rc = lk_catalog_need_view(c.catalog, args->operands[0], &v, err);
	if (rc == LK_OK)
		rc = lk_catalog_wanted_copy(c.catalog, v, wanted.query.copy, wanted.query.version, &copy, err);
	if (rc == LK_OK)
		lk_explain_plan(v, copy, &screen, lk_out());
	lk_disconnect(&c);
done:
	lk_answer_args_release(&wanted);
	return rc;
}

static int explain_answer(const lk_args *args, lk_error *err) {
	lk_answer_args wanted;
	lk_connection c = {0};
	lk_answer a = {0};
	int rc = lk_answer_args_read(args, &wanted, err);
	wanted.query.split = true;
	if (rc == LK_OK)
		rc = lk_connect(&c, LK_WITH_STORE, err);
	if (rc == LK_OK)
		lk_cancel_on_signal(&c.pg);
	if (rc == LK_OK)
		rc = lk_answer_make(&c.pg, c.store, NULL, &wanted.query, &a, err);
	if (rc == LK_OK) {
		lk_screen screen = lk_out_screen();
		lk_explain_answer(&a, &wanted.query, &screen, lk_out());
	}
	lk_answer_release(&a);
	lk_disconnect(&c);
	lk_answer_args_release(&wanted);
	return rc;
}

static int run(const lk_args *args, lk_error *err) {
	static const char *const of_answer[] = {"where", "from", "to", "window", "slide"};
	for (size_t i = 0; i < sizeof of_answer / sizeof *of_answer; i++)
		if (lk_args_has(args, of_answer[i]))
			return explain_answer(args, err);
	return explain_view(args, err);
}

const lk_command lk_cmd_explain = {
	.name = "explain",
	.operands = "VIEW",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "show how a view is computed, or how an answer is built",
	.detail = "Of a derived stream: its definition, what becomes of each event, and how far it has come. With --where, --from, "
		"--to, --window or --slide: an answer with the batch part, the speed part and their sum for each row.",
	.options = {
		LK_ANSWER_OPTIONS,
	},
	.examples = {
		{"lk explain traffic", "definition, stream plan and batch SQL"},
		{"lk explain traffic --where path=/", "the sum behind each row"},
	},
	.run = run,
};
