#include <stdio.h>
#include <string.h>

#include "print/comparison.h"
#include "print/json.h"

static void put_real(const char *name, double v, lk_buf *out) { lk_buf_addf(out, ",\"%s\":%.6g", name, v); }

void lk_difference_json(const lk_difference *d, lk_buf *out) {
	if (!d->made) {
		lk_buf_adds(out, "null");
		return;
	}
	lk_buf_adds(out, "{\"left\":");
	lk_json_text(d->left, out);
	lk_json_member("right", d->right, out);
	lk_json_flag("other_shape", d->other_shape, out);
	lk_json_int("compared", d->compared, out);
	lk_json_int("equal", d->equal, out);
	lk_json_int("only_left", d->only_left, out);
	lk_json_int("only_right", d->only_right, out);
	lk_json_int("different", d->different, out);
	lk_json_int("by_late_events", d->by_late, out);
	lk_buf_adds(out, ",\"rows\":[");
	for (int i = 0; i < d->nshown; i++) {
		lk_buf_addf(out, "%s{\"window\":", i ? "," : "");
		lk_json_text(d->shown[i].window, out);
		lk_json_member("key", d->shown[i].key, out);
		lk_json_member("left", d->shown[i].left, out);
		lk_json_member("right", d->shown[i].right, out);
		lk_json_flag("by_late_events", d->shown[i].by_late, out);
		lk_json_member("first_event", d->shown[i].first_event, out);
		lk_buf_addc(out, '}');
	}
	lk_buf_adds(out, "]}");
}

static void put_pair(const char *name, const lk_difference *d, lk_buf *out) {
	lk_buf_addf(out, ",\"%s\":", name);
	lk_difference_json(d, out);
}

static void put_healed(const lk_comparison *c, lk_buf *out) {
	lk_json_int("late_events", c->late, out);
	lk_json_int("healed_events", c->healed, out);
	lk_json_int("healed_rows", c->healed_rows, out);
	lk_buf_adds(out, ",\"healed\":[");
	for (int i = 0; i < c->nhealed_shown; i++) {
		const lk_healed *h = &c->healed_shown[i];
		lk_buf_addf(out, "%s{\"window\":", i ? "," : "");
		lk_json_text(h->window, out);
		lk_json_member("key", h->key, out);
		lk_json_member("lambda", h->lambda, out);
		lk_json_member("kappa", h->kappa, out);
		lk_json_int("late_events", h->events, out);
		lk_buf_addc(out, '}');
	}
	lk_buf_addc(out, ']');
}

static void put_mode(const char *name, const lk_mode_cost *m, lk_buf *out) {
	lk_buf_addf(out, "%s\"%s\":{\"rows_read\":%lld", out->data[out->len - 1] == '{' ? "" : ",", name, (long long)m->rows_read);
	put_real("build_s", m->build_s, out);
	put_real("events_per_s", lk_mode_cost_rate(m), out);
	lk_json_int("redis_bytes", m->redis_bytes, out);
	lk_json_int("postgres_bytes", m->postgres_bytes, out);
	put_real("recover_s", m->recover_s, out);
	lk_json_int("recover_events", m->recover_events, out);
	lk_buf_addc(out, '}');
}

static void put_costs(const lk_comparison *c, lk_buf *out) {
	lk_buf_adds(out, ",\"costs\":");
	if (!c->costs) {
		lk_buf_adds(out, "null");
		return;
	}
	lk_buf_addc(out, '{');
	put_mode("lambda", &c->lambda, out);
	put_mode("kappa", &c->kappa, out);
	put_real("sql_s", c->sql_s, out);
	lk_json_int("log_bytes", c->log_bytes, out);
	lk_buf_addc(out, '}');
}

void lk_comparison_json(const lk_comparison *c, lk_buf *out) {
	lk_buf verdict = LK_BUF_INIT;
	lk_comparison_verdict(c, &verdict);
	lk_buf_adds(out, "{\"view\":");
	lk_json_text(c->view, out);
	lk_json_int("version", c->version, out);
	lk_json_member("verdict", verdict.data, out);
	lk_json_flag("equal", lk_comparison_equal(c), out);
	lk_json_flag("explained", lk_comparison_explained(c), out);
	lk_json_int("events", c->events, out);
	lk_json_offsets("until", &c->cut.at, out);
	lk_buf_adds(out, ",\"rows\":{\"lambda\":");
	lk_buf_addf(out, "%lld,\"kappa\":%lld,\"sql\":", (long long)c->lambda_rows, (long long)c->kappa_rows);
	if (c->sql_raised)
		lk_buf_adds(out, "null}");
	else
		lk_buf_addf(out, "%lld}", (long long)c->sql_rows);
	lk_json_member("sql_raised", c->sql_raised, out);
	lk_json_member("approximate", c->approximate, out);
	lk_json_flag("lambda_was_there", c->lambda_was_there, out);
	lk_json_flag("kappa_was_there", c->kappa_was_there, out);
	put_pair("lambda_kappa", &c->lambda_kappa, out);
	put_pair("lambda_sql", &c->lambda_sql, out);
	put_pair("kappa_sql", &c->kappa_sql, out);
	put_healed(c, out);
	put_costs(c, out);
	lk_buf_addc(out, '}');
	lk_buf_release(&verdict);
}
