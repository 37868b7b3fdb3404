#include "formats/format.h"

#include <string.h>

#include "formats/log_format.h"

static const struct {
	const char *name, *endings[3];
	lk_format format;
} formats[] = {
	{"jsonl", {".jsonl", ".ndjson"}, {.kind = LK_FORMAT_JSON}},
	{"json", {".json"}, {.kind = LK_FORMAT_JSON}},
	{"csv", {".csv"}, {.kind = LK_FORMAT_CSV, .delimiter = ','}},
	{"tsv", {".tsv"}, {.kind = LK_FORMAT_CSV, .delimiter = '\t'}},
	{"access", {".log"}, {.kind = LK_FORMAT_LOG}},
};
enum { NFORMATS = sizeof formats / sizeof *formats };

int lk_format_parse(const char *text, lk_format *out, lk_error *err) {
	char why[200];
	*out = (lk_format){.kind = LK_FORMAT_LOG, .log = text};
	for (int i = 0; i < NFORMATS; i++)
		if (!strcmp(text, formats[i].name)) {
			*out = formats[i].format;
			return LK_OK;
		}
	lk_log_format *f = lk_log_format_new(text, why, sizeof why);
	lk_log_format_free(f);
	if (f)
		return LK_OK;
	if (strpbrk(text, "%$"))
		return lk_fail(err, LK_EUSAGE, "--format: %s", why);
	lk_fail(err, LK_EUSAGE, "--format: there is no format \"%s\"", text);
	return lk_hint(err, "it is jsonl, json, csv, tsv, access, %s, or a web server's format string", lk_log_format_names());
}

static int ends_with(const char *path, size_t len, const char *ending) {
	size_t n = ending ? strlen(ending) : len;
	return len > n && !memcmp(path + len - n, ending, n);
}

int lk_format_of_path(const char *path, lk_format *out) {
	size_t len = strlen(path);
	if (len > 3 && !memcmp(path + len - 3, ".gz", 3))
		len -= 3;
	for (int i = 0; i < NFORMATS; i++)
		for (int k = 0; k < 3; k++)
			if (ends_with(path, len, formats[i].endings[k])) {
				*out = formats[i].format;
				return 0;
			}
	return -1;
}

const char *lk_format_name(const lk_format *f) {
	if (f->kind == LK_FORMAT_LOG && f->log)
		return strpbrk(f->log, "%$") ? "the format given" : f->log;
	for (int i = 0; i < NFORMATS; i++)
		if (formats[i].format.kind == f->kind && formats[i].format.delimiter == f->delimiter)
			return formats[i].name;
	return "csv";
}
