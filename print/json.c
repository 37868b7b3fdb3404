#include "print/json.h"

#include <string.h>

#include "core/time.h"
#include "core/value.h"

void lk_json_text(const char *s, lk_buf *out) {
	if (s)
		lk_json_quote(s, strlen(s), out);
	else
		lk_buf_adds(out, "null");
}

void lk_json_member(const char *name, const char *text, lk_buf *out) {
	lk_buf_addf(out, ",\"%s\":", name);
	lk_json_text(text, out);
}

void lk_json_int(const char *name, int64_t n, lk_buf *out) { lk_buf_addf(out, ",\"%s\":%lld", name, (long long)n); }

void lk_json_flag(const char *name, bool on, lk_buf *out) { lk_buf_addf(out, ",\"%s\":%s", name, on ? "true" : "false"); }

void lk_json_time(const char *name, int64_t us, lk_buf *out) {
	lk_buf_addf(out, ",\"%s\":", name);
	if (us == LK_NEVER) {
		lk_buf_adds(out, "null");
		return;
	}
	lk_buf_addc(out, '"');
	lk_time_print(us, out);
	lk_buf_addc(out, '"');
}

void lk_json_offsets(const char *name, const lk_frontier *f, lk_buf *out) {
	lk_buf_addf(out, ",\"%s\":[", name);
	for (int i = 0; i < f->n; i++)
		lk_buf_addf(out, "%s%lld", i ? "," : "", (long long)f->part[i].off);
	lk_buf_addc(out, ']');
}
