#include "sql/names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/suggest.h"
#include "core/time.h"

bool lk_sql_check_name(lk_stmt *s, const char *what, const char *name, int at) {
	bool plain = isalpha((unsigned char)*name) || (unsigned char)*name >= 0x80;
	for (const char *p = name; *p && plain; p++)
		plain = isalnum((unsigned char)*p) || *p == '_' || *p == '-' || (unsigned char)*p >= 0x80;
	if (!plain)
		lk_stmt_fault(s, at, "use letters, digits, _ and -, beginning with a letter", "\"%s\" cannot be the name of a %s", name, what);
	else if (strlen(name) > LK_MAX_NAME_BYTES)
		lk_stmt_fault(s, at, "choose a shorter name", "the name of a %s has at most %d bytes, \"%s\" has %zu", what,
		              LK_MAX_NAME_BYTES, name, strlen(name));
	return plain && strlen(name) <= LK_MAX_NAME_BYTES;
}

bool lk_sql_is_view(lk_stmt *s, const char *name) {
	for (int i = 0; i < s->out->nitems; i++)
		if (s->out->items[i].kind == LK_DEF_VIEW && strcmp(s->out->items[i].plan->view, name) == 0)
			return true;
	return s->resolver && s->resolver->view && s->resolver->view(s->resolver->ctx, name);
}

bool lk_sql_check_column(lk_stmt *s, const char *what, const char *name, int at) {
	static const char *const reserved[] = {"window_start", "window_end", NULL};
	bool good = *name != '_' && *name;
	for (const char *const *r = reserved; *r; r++)
		good &= strcmp(name, *r) != 0;
	if (!good)
		lk_stmt_fault(s, at, "names that begin with _, and window_start and window_end, belong to lk", "the %s name \"%s\" is reserved",
		              what, name);
	return good;
}

const char *lk_sql_relation(lk_stmt *s, const json_t *r, const char *what) {
	static const char *const keys[] = {"relname", "inh", "relpersistence", "location", "alias", NULL};
	int at = lk_tree_location(r);
	bool good = lk_tree_only(s, r, at, what, keys);
	if (strcmp(lk_tree_str(r, "relpersistence"), "p") != 0) {
		lk_stmt_fault(s, at, "leave TEMPORARY or UNLOGGED out", "%s cannot be temporary or unlogged", what);
		good = false;
	}
	if (!lk_tree_flag(r, "inh")) {
		lk_stmt_fault(s, at, "leave ONLY out", "ONLY is not supported");
		good = false;
	}
	return good ? lk_tree_str(r, "relname") : NULL;
}

const char *lk_sql_alias(lk_stmt *s, const json_t *f, const char *name, int at, const json_t **columns) {
	static const char *const keys[] = {"aliasname", "colnames", NULL};
	const json_t *alias = json_object_get(f, "alias");
	*columns = NULL;
	if (!alias || !lk_tree_only(s, alias, at, "an alias", keys))
		return name;
	*columns = json_object_get(alias, "colnames");
	return lk_tree_str(alias, "aliasname");
}

static lk_option *find(lk_option *known, int n, const char *name) {
	for (int i = 0; i < n; i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

/* Options of other systems, and what to write instead. */
static const struct {
	const char *names, *hint;
} foreign[] = {
	{" kafka_topic topic connector format value_format key_format type bootstrap_servers replicas value_avro_schema_full_name ",
	 "leave it out: lk ingest reads files and pipes"},
	{" timestamp timestamp_format rowtime ", "write event_time = column"},
	{" key primary_key partition_key distribution ", "write partition_by = column"},
	{" grace grace_period ", "write allowed_lateness = '10 s'"},
	{" ttl ", "write retention = '30 d' in a view"},
};

static const char *foreign_hint(const char *name) {
	char word[66];
	if (strlen(name) + 3 > sizeof word)
		return NULL;
	snprintf(word, sizeof word, " %s ", name);
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (strstr(foreign[i].names, word))
			return foreign[i].hint;
	return NULL;
}

static bool unknown_option(lk_stmt *s, const lk_option *known, int n, const char *name, int at) {
	const char **names = lk_arena_alloc(s->arena, sizeof *names * (size_t)(n + 1));
	lk_buf all = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		names[i] = known[i].name;
		lk_buf_addf(&all, "%s%s", i ? ", " : "", known[i].name);
	}
	const char *near = lk_did_you_mean(name, names, n);
	const char *hint = foreign_hint(name) ? foreign_hint(name) : near ? lk_stmt_text(s, "did you mean %s?", near) : lk_stmt_text(s, "options: %s", all.data);
	lk_buf_release(&all);
	lk_stmt_fault(s, at, hint, "unknown option \"%s\"", name);
	return false;
}

bool lk_sql_options(lk_stmt *s, const json_t *list, lk_option *known, int nknown) {
	size_t i;
	json_t *item;
	bool good = true;
	json_array_foreach(list, i, item) {
		static const char *const keys[] = {"defname", "arg", "defaction", "location", NULL};
		const json_t *f = lk_tree_as(item, "DefElem");
		int at = lk_tree_location(f);
		const char *name = lk_tree_str(f, "defname");
		if (!lk_tree_only(s, f, at, "an option", keys)) {
			good = false;
			continue;
		}
		lk_option *o = find(known, nknown, name);
		if (!o) {
			good = unknown_option(s, known, nknown, name, at);
		} else if (o->value) {
			lk_stmt_fault(s, at, "write it once", "option \"%s\" is given twice", name);
			good = false;
		} else if (!json_object_get(f, "arg")) {
			lk_stmt_fault(s, at, lk_stmt_text(s, "write %s = …", name), "option \"%s\" has no value", name);
			good = false;
		} else {
			o->value = json_object_get(f, "arg");
			o->at = at;
		}
	}
	return good;
}

bool lk_sql_interval_option(lk_stmt *s, const lk_option *o, int64_t fallback, int64_t *out) {
	*out = fallback;
	if (!o->value)
		return true;
	const char *text = lk_tree_string_node(o->value), *reason = "";
	if (text && lk_interval_parse(text, strlen(text), true, out, &reason) == 0)
		return true;
	const char *hint = lk_stmt_text(s, "write a whole number and a unit (us, ms, s, min, h, d, w) in quotes: %s = '10 s'", o->name);
	if (text)
		lk_stmt_fault(s, o->at, hint, "%s '%s': %s", o->name, text, reason);
	else
		lk_stmt_fault(s, o->at, hint, "%s is not an interval", o->name);
	return false;
}
