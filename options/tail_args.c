#include "options/tail_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"

/* --- --from --- */

static bool take_offset(const char **at, int64_t *out) {
	char *end;
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*out = strtoll(*at, &end, 10);
	*at = end;
	return !errno;
}

/* "0:10,1:20" */
static bool read_offsets(const char *text, lk_begin *b) {
	for (int p = 0; p < LK_MAX_PARTITIONS; p++)
		b->offs[p] = -1;
	b->at = LK_BEGIN_OFFSETS;
	for (int64_t part; take_offset(&text, &part) && part < LK_MAX_PARTITIONS && *text++ == ':';) {
		if (b->offs[part] >= 0 || !take_offset(&text, &b->offs[part]))
			return false;
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

static bool read_offset(const char *text, lk_begin *b) {
	b->at = LK_BEGIN_OFFSET;
	return take_offset(&text, &b->off) && !*text;
}

static int read_from(const lk_args *args, lk_begin *b, lk_error *err) {
	const char *text = lk_args_text(args, "from", NULL);
	lk_error why = {0};
	if (!strcasecmp(text, "beginning") || !strcasecmp(text, "end"))
		b->at = strcasecmp(text, "end") ? LK_BEGIN_FIRST : LK_BEGIN_END;
	else if (!read_offset(text, b) && !read_offsets(text, b)) {
		b->at = LK_BEGIN_TIME;
		lk_args_time(args, "from", 0, &b->time, &why);
	}
	if (why.code == LK_OK)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "--from %s: not a place in a stream", text);
	return lk_hint(err, "write beginning, end, an offset (100, or 0:100,1:90 by partition), a time such as"
	               " 2015-05-17T10:05:00Z, or -1h");
}

static bool delivers(const lk_args *args) { return lk_args_has(args, "webhook") || lk_args_has(args, "exec"); }

/* Without --from: all of it where each row is to be had once, else the last rows, as many as are wanted. */
static int read_begin(const lk_args *args, lk_tail_options *o, lk_error *err) {
	lk_begin *b = &o->begin;
	bool from = lk_args_has(args, "from"), last = lk_args_has(args, "last");
	if (from && last) {
		lk_fail(err, LK_EUSAGE, "--from and --last both say where to begin");
		return lk_hint(err, "give one of them");
	}
	b->at = (o->cursor || o->name || delivers(args)) && !last ? LK_BEGIN_FIRST : LK_BEGIN_LAST;
	int rc = lk_args_int(args, "last", (lk_whole){o->limit ? o->limit : LK_TAIL_ROWS, 0, INT64_MAX}, &b->last, err);
	return rc == LK_OK && from ? read_from(args, b, err) : rc;
}

static int read_format(const lk_args *args, lk_tail_args *out, lk_error *err) {
	int rc = lk_args_choice(args, "format", lk_answer_formats, LK_AS_TABLE, &out->format, err);
	if (rc != LK_OK || out->format != LK_AS_JSON || !out->options.follow)
		return rc;
	lk_fail(err, LK_EUSAGE, "--format json is one object, which never ends with --follow");
	return lk_hint(err, "--format jsonl has an object for each row");
}

/* --- deliveries --- */

enum { BATCH_MOST = 10000, TIMEOUT_S = 30, RETRY_S = 300, NAME_MOST = 63 };

static int excluded(const lk_args *args, const char *one, const char *other, lk_error *err) {
	if (!lk_args_has(args, one) || !lk_args_has(args, other))
		return LK_OK;
	return lk_fail(err, LK_EUSAGE, "--%s does not go with --%s", one, other);
}

static int needs(const lk_args *args, const char *one, const char *other, lk_error *err) {
	if (!lk_args_has(args, one) || lk_args_has(args, other))
		return LK_OK;
	return lk_fail(err, LK_EUSAGE, "--%s is for --%s, which is not given", one, other);
}

static int check_name(const char *name, lk_error *err) {
	size_t len = name ? strlen(name) : 1;
	if (len > 0 && len <= NAME_MOST && (!name || lk_utf8_valid(name, len)))
		return LK_OK;
	return lk_fail(err, LK_EUSAGE, "--name is UTF-8 text of 1 to %d bytes", NAME_MOST);
}

static int check_together(const lk_args *args, lk_error *err) {
	int rc = excluded(args, "webhook", "exec", err);
	if (rc == LK_OK)
		rc = excluded(args, "cursor", "name", err);
	if (rc == LK_OK)
		rc = excluded(args, "webhook", "format", err);
	if (rc == LK_OK)
		rc = excluded(args, "exec", "format", err);
	if (rc == LK_OK)
		rc = needs(args, "batch", "webhook", err);
	if (rc == LK_OK)
		rc = needs(args, "header", "webhook", err);
	if (rc == LK_OK)
		rc = needs(args, "redirects", "webhook", err);
	for (int i = 0; i < 2 && rc == LK_OK && !delivers(args); i++)
		rc = needs(args, i ? "retry" : "timeout", "webhook or --exec", err);
	return rc;
}

static int read_delivery(const lk_args *args, lk_tail_args *out, lk_error *err) {
	int64_t batch = 1, timeout_us = 0;
	int rc = check_together(args, err);
	if (rc == LK_OK)
		rc = check_name(out->options.name, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "batch", (lk_whole){1, 1, BATCH_MOST}, &batch, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "timeout", TIMEOUT_S * LK_US_PER_S, &timeout_us, err);
	if (rc == LK_OK)
		rc = lk_args_interval(args, "retry", out->options.follow ? 0 : RETRY_S * LK_US_PER_S, &out->options.retry_us, err);
	out->headers = lk_calloc((size_t)args->ngiven, sizeof *out->headers);
	out->webhook = (lk_webhook_options){.url = lk_args_text(args, "webhook", NULL), .headers = out->headers, .batch = (int)batch,
	                                    .redirects = lk_args_has(args, "redirects"), .timeout_us = timeout_us};
	out->command = (lk_command_target){.command = lk_args_text(args, "exec", NULL), .timeout_us = timeout_us};
	for (int i = 0; i < args->ngiven; i++)
		if (!strcmp(args->given[i].option->name, "header"))
			out->headers[out->webhook.nheaders++] = args->given[i].value;
	return rc;
}

/* --- all of them --- */

int lk_tail_args_read(const lk_args *args, lk_tail_args *out, lk_error *err) {
	int64_t partition = -1;
	*out = (lk_tail_args){0};
	lk_tail_options *o = &out->options;
	o->stream = args->operands[0];
	o->columns = lk_args_text(args, "columns", NULL);
	o->follow = lk_args_has(args, "follow");
	o->cursor = lk_args_text(args, "cursor", NULL);
	o->name = lk_args_text(args, "name", NULL);
	int rc = lk_conditions_read(args, &out->conditions, err);
	o->where = out->conditions.where;
	o->nwhere = out->conditions.query.nwhere;
	if (rc == LK_OK)
		rc = lk_args_int(args, "partition", (lk_whole){-1, 0, LK_MAX_PARTITIONS - 1}, &partition, err);
	if (rc == LK_OK)
		rc = lk_args_int(args, "limit", (lk_whole){0, 1, INT64_MAX}, &o->limit, err);
	if (rc == LK_OK)
		rc = read_begin(args, o, err);
	if (rc == LK_OK)
		rc = read_format(args, out, err);
	if (rc == LK_OK)
		rc = read_delivery(args, out, err);
	o->begin.partition = (int)partition;
	return rc;
}

void lk_tail_args_release(lk_tail_args *a) {
	lk_answer_args_release(&a->conditions);
	lk_command_target_release(&a->command);
	free(a->headers);
}
