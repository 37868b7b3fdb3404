#include "formats/format.h"

#include <string.h>

#define AN_ENTRY(name) &lk_format_##name,
const lk_format_verbs *const lk_formats[] = {LK_FORMATS(AN_ENTRY) NULL};

static lk_format named(const lk_format_verbs *is, const lk_named_format *n) {
	return (lk_format){.is = is, .delimiter = n->delimiter};
}

lk_format lk_format_default(void) { return named(lk_formats[0], lk_formats[0]->names); }

/* All that lk_format_parse takes. */
static void add_known(lk_buf *out) {
	lk_format_names(out);
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		if ((*f)->texts) {
			lk_buf_adds(out, ", ");
			(*f)->texts(out);
		}
}

void lk_format_help(lk_buf *out) {
	add_known(out);
	lk_buf_adds(out, ". Default: by the file's ending (");
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		for (const lk_named_format *n = (*f)->names; n->name; n++)
			for (int k = 0; k < 3 && n->endings[k]; k++)
				lk_buf_addf(out, "%s%s", n == lk_formats[0]->names && !k ? "" : " ", n->endings[k]);
	lk_buf_addf(out, ", also with .gz); %s for standard input", lk_formats[0]->names[0].name);
}

static int unknown(const char *text, lk_error *err) {
	lk_buf known = LK_BUF_INIT;
	add_known(&known);
	lk_fail(err, LK_EUSAGE, "--format: there is no format \"%s\"", text);
	lk_hint(err, "it is %s", known.data);
	lk_buf_release(&known);
	return LK_EUSAGE;
}

static bool of_name(const char *name, lk_format *out) {
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		for (const lk_named_format *n = (*f)->names; n->name; n++)
			if (!strcmp(name, n->name)) {
				*out = named(*f, n);
				return true;
			}
	return false;
}

int lk_format_parse(const char *text, lk_format *out, lk_error *err) {
	char why[200] = "";
	if (of_name(text, out))
		return LK_OK;
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		if ((*f)->of_text && (*f)->of_text(text, why, sizeof why)) {
			*out = (lk_format){.is = *f, .text = text};
			return LK_OK;
		}
	return strpbrk(text, "%$") ? lk_fail(err, LK_EUSAGE, "--format: %s", why) : unknown(text, err);
}

static bool ends_with(const char *path, size_t len, const char *ending) {
	size_t n = ending ? strlen(ending) : len;
	return len > n && !memcmp(path + len - n, ending, n);
}

int lk_format_of_path(const char *path, lk_format *out) {
	size_t len = strlen(path);
	if (len > 3 && !memcmp(path + len - 3, ".gz", 3))
		len -= 3;
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		for (const lk_named_format *n = (*f)->names; n->name; n++)
			for (int k = 0; k < 3; k++)
				if (ends_with(path, len, n->endings[k])) {
					*out = named(*f, n);
					return 0;
				}
	return -1;
}

const char *lk_format_name(const lk_format *f) {
	if (f->text)
		return strpbrk(f->text, "%$") ? "the format given" : f->text;
	for (const lk_named_format *n = f->is->names; n->name; n++)
		if (n->delimiter == f->delimiter)
			return n->name;
	return f->is->names[0].name;
}

void lk_format_names(lk_buf *out) {
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		for (const lk_named_format *n = (*f)->names; n->name; n++)
			lk_buf_addf(out, "%s%s", n == lk_formats[0]->names ? "" : ", ", n->name);
}

void lk_format_notes(const lk_format_verbs *f, void *scanner, const char *input, lk_buf *out) {
	if (f->notes)
		f->notes(scanner, input, out);
}

static void tell(const lk_format_verbs *f, const lk_format *as, lk_buf *what, lk_buf *todo) {
	if (f == as->is)
		return;
	lk_buf_adds(what, f->called);
	lk_buf_addf(todo, "add --format %s", f->names[0].name);
}

void lk_format_looks(const lk_format *as, const char *p, size_t len, lk_buf *what, lk_buf *todo) {
	for (int sure = 2; sure > 0; sure--)
		for (const lk_format_verbs *const *f = lk_formats; *f; f++)
			if ((*f)->looks && (*f)->looks(p, len) == sure) {
				if ((*f)->tell)
					(*f)->tell(as, p, len, what, todo);
				else
					tell(*f, as, what, todo);
				return;
			}
}
