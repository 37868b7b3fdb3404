#include "cli/answer_args.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *skip_spaces(const char *s) { return s + strspn(s, " \t"); }

/* "COL is null": the length of COL, else 0. */
static size_t null_test(const char *s) {
	size_t n = strcspn(s, " \t");
	const char *p = skip_spaces(s + n);
	if (n == 0 || strncasecmp(p, "is", 2) != 0 || !strchr(" \t", p[2]) || !p[2])
		return 0;
	p = skip_spaces(p + 2);
	return strncasecmp(p, "null", 4) == 0 && !*skip_spaces(p + 4) ? n : 0;
}

static int read_where(const char *text, lk_where *out, char **column, lk_error *err) {
	const char *eq = strchr(text, '=');
	size_t n = eq ? (size_t)(eq - text) : null_test(text);
	if (n == 0) {
		lk_fail(err, LK_EUSAGE, "--where %s: not COL=VALUE", text);
		return lk_hint(err, "for NULL write --where 'COL is null'");
	}
	*column = lk_strndup(text, n);
	*out = (lk_where){.column = *column, .is_null = !eq, .text = eq ? eq + 1 : NULL};
	return LK_OK;
}

int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err) {
	int64_t number = 0;
	int rc = lk_args_int(args, "version", 0, 1, INT_MAX, &number, err);
	*copy = lk_args_text(args, "copy", NULL);
	*version = (int)number;
	if (rc != LK_OK || !*copy || !number)
		return rc;
	lk_fail(err, LK_EUSAGE, "--version and --copy both say which copy is meant");
	return lk_hint(err, "a copy is of one version: leave --version out");
}

int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err) {
	static const char *const layers[] = {"merged", "batch", "speed", NULL};
	int layer = 0, rc = LK_OK;
	*out = (lk_answer_args){.query = {.view = args->operands[0]}};
	lk_query *q = &out->query;
	out->where = lk_calloc((size_t)args->ngiven, sizeof *out->where);
	out->columns = lk_calloc((size_t)args->ngiven, sizeof *out->columns);
	q->where = out->where;
	for (int i = 0; rc == LK_OK && i < args->ngiven; i++) {
		if (strcmp(args->given[i].option->name, "where") != 0)
			continue;
		rc = read_where(args->given[i].value, &out->where[q->nwhere], &out->columns[q->nwhere], err);
		q->nwhere++;
	}
	if (rc == LK_OK)
		rc = lk_args_time(args, "from", INT64_MIN, &q->from, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "to", INT64_MAX, &q->to, err);
	if (rc == LK_OK && q->from >= q->to) {
		lk_fail(err, LK_EUSAGE, "no window starts from %s on and before %s", lk_args_text(args, "from", ""), lk_args_text(args, "to", ""));
		rc = lk_hint(err, "--from is the first time, --to is the one that ends the range");
	}
	if (rc == LK_OK)
		rc = lk_args_interval(args, "window", 0, &q->window_us, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "slide", 0, &q->slide_us, err);
	if (rc == LK_OK)
		rc = lk_args_copy(args, &q->copy, &q->version, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "layer", layers, LK_LAYER_MERGED, &layer, err);
	q->layer = (enum lk_layer)layer;
	return rc;
}

void lk_answer_args_release(lk_answer_args *a) {
	for (int i = 0; i < a->query.nwhere; i++)
		free(a->columns[i]);
	free(a->columns);
	free(a->where);
	*a = (lk_answer_args){0};
}
