#include "cli/apply_print.h"

#include <string.h>

#include "cli/output.h"
#include "expr/function.h"
#include "plan/watermark.h"

static void say_waiting_log(const char *name, const lk_apply_result *r) {
	lk_say("derived stream %s: version %d%s; readers get version %d until `lk replay %s --switch` brings it into service, with all that reads %s",
	       name, r->version, r->what == LK_APPLIED_SAME ? ", unchanged" : "", r->served_version, name, name);
}

void lk_applied_stream_print(const lk_stream *s, const lk_apply_result *r) {
	static const char *const what[] = {[LK_APPLIED_NEW] = "new", [LK_APPLIED_SAME] = "unchanged",
	                                   [LK_APPLIED_CHANGED] = "changed"};
	if (r->anew) {
		lk_say("stream %s: redeclared, with the views over it: it had no events", s->name);
		return;
	}
	if (r->version != r->served_version) {
		say_waiting_log(s->name, r);
		return;
	}
	if (!r->new_versions) {
		lk_say("%sstream %s: %s", s->derived ? "derived " : "", s->name, what[r->what]);
		return;
	}
	lk_say("stream %s: changed; %d view%s a new version, which the next batch (in kappa mode `lk replay VIEW --switch`) brings into"
	       " service", s->name, r->new_versions, r->new_versions == 1 ? " over it has" : "s over it have");
}

/* How a version that is not served yet will be served. */
static void say_waiting(const char *view, const lk_apply_result *r) {
	const char *unchanged = r->what == LK_APPLIED_SAME ? ", unchanged" : "";
	lk_buf how = LK_BUF_INIT;
	if (r->left) {
		lk_say("view %s: version %d%s; readers were moved from it to version %d: `lk mode %s --back` or `lk replay %s --switch` moves"
		       " them back to it", view, r->version, unchanged, r->served_version, view, view);
		return;
	}
	if (!r->kappa)
		lk_buf_addf(&how, "`lk batch %s` (or, into kappa mode, ", view);
	lk_buf_addf(&how, "`lk replay %s --switch`%s", view, r->kappa ? "" : ")");
	lk_say("view %s: version %d%s; readers get version %d until %s brings it into service", view, r->version, unchanged,
	       r->served_version, how.data);
	lk_buf_release(&how);
}

/* An event with a time in the future moves the watermark: other events are then late, or their windows expired. */
static void warn_of_ahead(const lk_plan *p) {
	int64_t ahead = p->stream->max_ahead_us, until_late = lk_ahead_until_late(p), until_expired = lk_ahead_until_expired(p);
	lk_buf most = LK_BUF_INIT, late = LK_BUF_INIT, expired = LK_BUF_INIT;
	lk_duration_print(ahead, &most);
	lk_duration_print(until_late, &late);
	lk_duration_print(until_expired, &expired);
	if (ahead > until_late)
		lk_say("view %s: one event dated up to %s ahead (max_ahead of stream %s) makes current events late, and in kappa mode"
		       " they are never counted; a max_ahead of at most %s avoids this", p->view, most.data, p->stream->name, late.data);
	if (ahead > until_expired)
		lk_say("view %s: its retention is shorter than max_ahead of stream %s, %s: one event dated ahead in each partition removes"
		       " windows that have not ended; a max_ahead of at most %s avoids this", p->view, p->stream->name, most.data, expired.data);
	lk_buf_release(&most);
	lk_buf_release(&late);
	lk_buf_release(&expired);
}

static void warn_of_null(const lk_plan *p) {
	const lk_expr *x = lk_plan_never_true(p);
	if (x && x->op == LK_X_NOTIN)
		lk_say("view %s: NOT IN with NULL among its values is never true; leave NULL out", p->view);
	else if (x)
		lk_say("view %s: a comparison with NULL is never true; write IS NULL or IS NOT NULL", p->view);
}

/* A key that cuts time into pieces is what other systems have for a window. */
static void warn_of_time_key(const lk_plan *p) {
	for (int i = 0; i < p->nkeys && p->window.kind == LK_W_NONE; i++) {
		const lk_expr *x = p->keys[i].expr;
		bool cuts = x->op == LK_X_CALL && (strcmp(x->fn->name, "date_trunc") == 0 || strcmp(x->fn->name, "date_bin") == 0);
		if (!cuts)
			continue;
		lk_say("view %s: %s as a key has no window_start, no lateness and no retention; GROUP BY tumble(%s, '1 hour') has them",
		       p->view, x->fn->name, p->stream->schema.columns[p->stream->schema.event_time].name);
		return;
	}
}

static void warn(const lk_plan *p) {
	warn_of_null(p);
	warn_of_time_key(p);
	warn_of_ahead(p);
	if (p->retention_us > 0 && !lk_has_final_rows(p))
		lk_say("view %s: its windows expire as soon as they are final, so answers have no final rows; choose an allowed_lateness%s"
		       " shorter than its retention", p->view, p->window.kind == LK_W_SESSION ? " + gap" : "");
	if (p->retention_us > 0 && p->stream->partitions > 1)
		lk_say("view %s: retention removes nothing until each of the %d partitions of stream %s has an event",
		       p->view, p->stream->partitions, p->stream->name);
}

void lk_applied_view_print(const lk_plan *p, const lk_apply_result *r) {
	if (r->version == r->served_version)
		lk_say("view %s: %s, version %d", p->view, r->what == LK_APPLIED_SAME ? "unchanged" : "new", r->version);
	else
		say_waiting(p->view, r);
	if (r->what != LK_APPLIED_SAME)
		warn(p);
}
