#include "options/answer_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- conditions ---
 *
 * COL OP VALUE. If the operator directly follows the column, the value is the rest of the text, byte for byte. If
 * blanks precede the operator, blanks after it are skipped too, and a text may be quoted as in SQL. */

static const struct { const char *text; enum lk_where_op op; } operators[] = {   /* the longer ones first */
	{"!=", LK_WHERE_NE}, {"<>", LK_WHERE_NE}, {"<=", LK_WHERE_LE}, {">=", LK_WHERE_GE},
	{"=", LK_WHERE_EQ}, {"<", LK_WHERE_LT}, {">", LK_WHERE_GT},
};

static const char blank[] = " \t";

/* The first operator in a text, or NULL. */
static const char *find_operator(const char *s, enum lk_where_op *op, size_t *len) {
	for (; *s; s++)
		for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
			*len = strlen(operators[i].text);
			*op = operators[i].op;
			if (strncmp(s, operators[i].text, *len) == 0)
				return s;
		}
	return NULL;
}

/* If *s begins with the word, moves *s past it and the blanks after it. */
static bool takes_word(const char **s, const char *word) {
	size_t n = strlen(word);
	if (strncasecmp(*s, word, n) != 0 || ((*s)[n] && !strchr(blank, (*s)[n])))
		return false;
	*s += n + strspn(*s + n, blank);
	return true;
}

/* "is null" or "is not null", to the end. */
static bool is_null_test(const char *s, enum lk_where_op *op) {
	if (!takes_word(&s, "is"))
		return false;
	*op = takes_word(&s, "not") ? LK_WHERE_NOT_NULL : LK_WHERE_NULL;
	return takes_word(&s, "null") && !*s;
}

/* 'it''s' -> it's; anything else is copied unchanged. */
static char *without_quotes(const char *s) {
	size_t len = strlen(s), n = 0;
	if (len < 2 || s[0] != '\'' || s[len - 1] != '\'')
		return lk_strdup(s);
	char *out = lk_malloc(len);
	for (size_t i = 1; i < len - 1; i++) {
		out[n++] = s[i];
		i += s[i] == '\'' && s[i + 1] == '\'' && i + 1 < len - 1;
	}
	out[n] = '\0';
	return out;
}

static int no_condition(const char *text, lk_error *err) {
	lk_fail(err, LK_EUSAGE, "--where %s: not a condition", text);
	return lk_hint(err, "write 'COL >= VALUE' (= != < <= > >=), 'COL is null' or 'COL is not null'");
}

static int read_where(const char *text, lk_where *out, char **column, char **value, lk_error *err) {
	size_t len = 0;
	*out = (lk_where){0};
	const char *at = find_operator(text, &out->op, &len), *end = at ? at : text + strcspn(text, blank);
	bool apart = at && at > text && strchr(blank, at[-1]);
	while (end > text && strchr(blank, end[-1]))
		end--;
	if (end == text || (!at && !is_null_test(end + strspn(end, blank), &out->op)))
		return no_condition(text, err);
	*column = lk_strndup(text, (size_t)(end - text));
	out->column = *column;
	if (at) {
		at += len;
		*value = apart ? without_quotes(at + strspn(at, blank)) : lk_strdup(at);
		out->text = *value;
	}
	return LK_OK;
}

int lk_conditions_read(const lk_args *args, lk_answer_args *out, lk_error *err) {
	lk_query *q = &out->query;
	size_t most = (size_t)args->ngiven;
	int rc = LK_OK;
	out->where = lk_calloc(most, sizeof *out->where);
	out->texts = lk_calloc(2 * most, sizeof *out->texts);
	q->where = out->where;
	for (int i = 0; rc == LK_OK && i < args->ngiven; i++) {
		if (strcmp(args->given[i].option->name, "where") != 0)
			continue;
		char **texts = &out->texts[2 * q->nwhere];
		rc = read_where(args->given[i].value, &out->where[q->nwhere], &texts[0], &texts[1], err);
		q->nwhere++;
	}
	return rc;
}

/* --- rows --- */

/* "COL", "COL asc" or "COL desc". */
static void read_sort(const char *text, lk_answer_args *out) {
	size_t len = strlen(text), word = len;
	while (word > 0 && !strchr(blank, text[word - 1]))
		word--;
	bool descending = word && strcasecmp(text + word, "desc") == 0, ascending = word && strcasecmp(text + word, "asc") == 0;
	if (descending || ascending)
		for (len = word; len > 0 && strchr(blank, text[len - 1]);)
			len--;
	out->sort = lk_strndup(text, len);
	out->query.sort = out->sort;
	out->query.descending = descending;
}

/* 512MB, 2GiB: powers of 1024, as usual for memory. */
static int read_memory(const lk_args *args, int64_t *bytes, lk_error *err) {
	static const struct { const char *unit; int shift; } units[] = {
		{"k", 10}, {"kb", 10}, {"kib", 10}, {"m", 20}, {"mb", 20}, {"mib", 20}, {"g", 30}, {"gb", 30}, {"gib", 30}};
	const char *text = lk_args_text(args, "max-memory", NULL);
	char *end;
	if (!text)
		return LK_OK;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	int shift = strcmp(text, "0") == 0 ? 0 : -1;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (end > text && strcasecmp(end, units[i].unit) == 0)
			shift = units[i].shift;
	if (shift < 0 || errno || n < 0 || n > INT64_MAX >> 30) {
		lk_fail(err, LK_EUSAGE, "--max-memory %s: not a size", text);
		return lk_hint(err, "write a whole number and a unit: 512MB, 2GB; 0 for no bound");
	}
	*bytes = (int64_t)n << shift;
	return LK_OK;
}

int lk_rows_args_read(const lk_args *args, lk_answer_args *out, lk_error *err) {
	static const char *const fills[] = {"null", "zero", "previous", NULL};
	int fill = -1;
	lk_query *q = &out->query;
	int rc = lk_args_int(args, "last", (lk_whole){0, 1, INT64_MAX}, &q->last, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "limit", (lk_whole){0, 1, INT64_MAX}, &q->limit, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "fill", fills, -1, &fill, err);
	if (rc == LK_OK && fill >= 0)
		q->fill = (enum lk_fill)(LK_FILL_NULL + fill);
	if (rc == LK_OK && lk_args_has(args, "sort"))
		read_sort(lk_args_text(args, "sort", ""), out);
	return rc;
}

static int read_bounds(const lk_args *args, lk_bounds *b, lk_error *err) {
	*b = (lk_bounds){.bytes = LK_ANSWER_BYTES};
	int rc = lk_args_int(args, "max-rows", (lk_whole){LK_ANSWER_ROWS, 0, INT64_MAX}, &b->rows, err);
	if (rc == LK_OK)
		rc = read_memory(args, &b->bytes, err);
	return rc == LK_OK ? lk_args_interval(args, "timeout", 0, &b->time_us, err) : rc;
}

int lk_args_copy(const lk_args *args, const char **copy, int *version, lk_error *err) {
	int rc = lk_args_version(args, version, err);
	*copy = lk_args_text(args, "copy", NULL);
	if (rc != LK_OK || !*copy || !*version)
		return rc;
	lk_fail(err, LK_EUSAGE, "--version and --copy both say which copy to read");
	return lk_hint(err, "each copy has one version: leave --version out");
}

int lk_answer_args_read(const lk_args *args, lk_answer_args *out, lk_error *err) {
	static const char *const layers[] = {"merged", "batch", "speed", NULL};
	int layer = 0;
	*out = (lk_answer_args){.query = {.view = args->operands[0]}};
	lk_query *q = &out->query;
	int rc = lk_conditions_read(args, out, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "from", INT64_MIN, &q->from, err);
	if (rc == LK_OK)
		rc = lk_args_time(args, "to", INT64_MAX, &q->to, err);
	if (rc == LK_OK && q->from >= q->to) {
		lk_fail(err, LK_EUSAGE, "no window can start at or after %s and before %s", lk_args_text(args, "from", ""), lk_args_text(args, "to", ""));
		rc = lk_hint(err, "--from must be before --to, which is not part of the range");
	}
	if (rc == LK_OK)
		rc = lk_args_interval(args, "window", 0, &q->window_us, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "slide", 0, &q->slide_us, err);
	if (rc == LK_OK)
		rc = lk_args_copy(args, &q->copy, &q->version, err);
	if (rc == LK_OK)
		rc = lk_args_choice(args, "layer", layers, LK_LAYER_MERGED, &layer, err);
	if (rc == LK_OK)
		rc = read_bounds(args, &q->bounds, err);
	q->layer = (enum lk_layer)layer;
	return rc;
}

void lk_answer_args_release(lk_answer_args *a) {
	for (int i = 0; i < 2 * a->query.nwhere; i++)
		free(a->texts[i]);
	free(a->texts);
	free(a->where);
	free(a->sort);
	*a = (lk_answer_args){0};
}
