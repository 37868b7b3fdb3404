#include "cli/logs.h"

#include "cli/connect.h"
#include "cli/kappa.h"
#include "cli/output.h"

int lk_logs_is_derived(const char *name, bool *derived, lk_error *err) {
	lk_connection c = {0};
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	*derived = rc == LK_OK && lk_catalog_filler(c.catalog, name);
	lk_disconnect(&c);
	return rc;
}

static void say_work(const lk_replay_options *o, const lk_replay_report *r) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "replay %s@%d, copy %lld: ", o->view, r->version, (long long)r->copy_id);
	lk_buf_add_count(&b, r->events);
	lk_buf_addf(&b, " event%s in %.2f s%s", r->events == 1 ? "" : "s", r->seconds, r->resumed ? "; it continued an earlier replay" : "");
	lk_say("%s", b.data);
	lk_buf_release(&b);
}

static void put_differences(const lk_derived_comparison *c, bool by_sql) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < c->nshown; i++) {
		const char *log = c->shown[i].log ? c->shown[i].log : "none", *other = c->shown[i].sql ? c->shown[i].sql : "none";
		lk_buf_addf(&b, "row %lld: %s in the %s log, %s %s\n", (long long)c->shown[i].row, log, by_sql ? "new" : "served", other,
		            by_sql ? "by SQL" : "in the new one");
	}
	lk_put_lines(b.data ? b.data : "");
	lk_buf_release(&b);
}

static void say_log(const char *name, const lk_logs_report *r) {
	const lk_derived_comparison *c = &r->log;
	lk_buf b = LK_BUF_INIT;
	if (!r->logs || c->differ) {
		lk_buf_adds(&b, r->logs ? "different rows: " : "");
		lk_buf_add_count(&b, c->differ);
	} else {
		lk_buf_adds(&b, "the same ");
		lk_buf_add_count(&b, r->rows);
		lk_buf_adds(&b, r->rows == 1 ? " row" : " rows");
		lk_buf_adds(&b, r->by_sql ? ", in the same order" : ", byte by byte");
	}
	if (r->logs)
		lk_say("%s and the new log%s of %s have %s", r->by_sql ? "PostgreSQL, by the definition's text," : "the served log", r->logs > 1 ? "s" : "", name, b.data);
	lk_buf_release(&b);
	put_differences(c, r->by_sql);
}

static void say_views(const lk_logs_report *r) {
	if (r->verified && r->views)
		lk_say("%d view%s over it compared with PostgreSQL", r->views, r->views == 1 ? "" : "s");
	if (r->difference.made && !lk_difference_none(&r->difference))
		lk_kappa_say_difference(&r->difference);
}

static void say_switch(const lk_replay_options *o, const lk_logs_report *r) {
	const lk_switch_report *s = &r->run.switched_how;
	if (r->moved > 0)
		lk_say("switched: %d %s at once, %s waited %.1f ms, gap %lld events", r->moved, r->moved == 1 ? "copy" : "copies",
		       "the former log", (double)s->held_us / 1e3, (long long)s->gap);
	lk_say("readers of %s, and of all that is made of it, get copy %lld now; `lk mode %s --back` goes back to copy %lld", o->view,
	       (long long)r->run.copy_id, o->view, (long long)r->from_copy);
}

static void say_report(const lk_replay_options *o, const lk_logs_report *r, int rc) {
	if (r->run.copy_id && (rc == LK_OK || rc == LK_EDIFFERS))
		say_work(o, &r->run);
	if (r->verified || rc == LK_EDIFFERS) {
		say_log(o->view, r);
		say_views(r);
	}
	if (rc != LK_OK || r->run.stopped)
		return;
	if (r->run.already && !r->run.switched)
		lk_say("readers already get copy %lld of version %d", (long long)r->run.copy_id, r->run.version);
	else if (r->run.switched)
		say_switch(o, r);
	else
		lk_say("the new log is removed again; --switch brings one into service");
}

int lk_logs_command(const lk_replay_options *o, bool back, lk_error *err) {
	lk_logs_report r = {0};
	lk_replay_options all = *o;
	all.switch_over |= back;
	int rc = lk_logs_run(&all, back, &r, err);
	say_report(o, &r, rc);
	if (rc == LK_OK && r.run.stopped) {
		rc = lk_fail(err, LK_EBUSY, "stopped; the work done so far is kept, and readers get what they had before");
		lk_hint(err, "run it again to continue");
	}
	lk_logs_report_release(&r);
	return rc;
}
