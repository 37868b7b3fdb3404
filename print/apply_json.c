#include "print/apply_json.h"

#include "print/json.h"

static void begin(lk_buf *list, const char *file) {
	lk_buf_adds(list, list->len ? ",{\"file\":" : "{\"file\":");
	lk_json_text(file, list);
}

void lk_apply_json_fault(lk_apply_json *j, const lk_fault *f, const char *file, const char *text, size_t len) {
	lk_buf *b = &j->faults;
	int end_line, end_col;
	begin(b, file);
	lk_json_int("line", f->line, b);
	lk_json_int("col", f->col, b);
	if (lk_fault_end(f, text, len, &end_line, &end_col)) {
		lk_json_int("end_line", end_line, b);
		lk_json_int("end_col", end_col, b);
	}
	lk_json_member("message", f->message, b);
	lk_json_member("hint", *f->hint ? f->hint : NULL, b);
	lk_buf_addc(b, '}');
}

void lk_apply_json_definition(lk_apply_json *j, const lk_definition *d, const char *file, int line, const lk_apply_result *r) {
	static const char *const results[] = {[LK_APPLIED_NEW] = "new", [LK_APPLIED_SAME] = "unchanged", [LK_APPLIED_CHANGED] = "changed"};
	lk_buf *b = &j->definitions;
	bool stream = d->stream != NULL;
	begin(b, file);
	lk_json_int("line", line, b);
	lk_json_member("kind", d->kind == LK_DEF_DERIVED ? "derived stream" : stream ? "stream" : "view", b);
	lk_json_member("name", stream ? d->stream->name : d->plan->view, b);
	if (r && r->version)
		lk_json_int("version", r->version, b);
	lk_json_member("result", r ? results[r->what] : NULL, b);
	lk_buf_addc(b, '}');
}

void lk_apply_json_print(const lk_apply_json *j, bool ok, bool compared, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "{\"ok\":%s,\"compared\":%s,\"faults\":[%s],\"definitions\":[%s]}\n", ok ? "true" : "false", compared ? "true" : "false",
	            j->faults.data ? j->faults.data : "", j->definitions.data ? j->definitions.data : "");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_apply_json_release(lk_apply_json *j) {
	lk_buf_release(&j->faults);
	lk_buf_release(&j->definitions);
}
