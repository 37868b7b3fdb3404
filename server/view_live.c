/* A view that is followed: asked once a second, and what has changed is published. */
#include "core/time.h"
#include "options/answer_args.h"
#include "server/followed.h"

enum { EVERY_US = 1000000 };

static int look(lk_followed *f, lk_picture *out, lk_error *err) {
	lk_answer_args wanted;
	lk_answer a = {0};
	lk_session *s = &f->session;
	s->deadline_us = lk_monotonic_us() + s->service->options->limits.time_us;
	int rc = lk_answer_args_read(&f->args, &wanted, err);
	if (rc == LK_OK)
		rc = lk_rows_args_read(&f->args, &wanted, err);
	wanted.query.bounds = (lk_bounds){.rows = s->service->options->limits.rows, .bytes = s->service->options->limits.memory_bytes,
	                                  .time_us = s->service->options->limits.time_us, .stop = &s->service->stopping};
	if (rc == LK_OK)
		rc = lk_session_need(s, LK_NEEDS_POSTGRES | LK_NEEDS_REDIS, err);
	if (rc == LK_OK)
		rc = lk_answer_make(&s->pg, s->store, s->service->current, &wanted.query, &a, err);
	if (rc == LK_OK)
		lk_picture_take(out, &a);
	lk_answer_release(&a);
	lk_answer_args_release(&wanted);
	return rc;
}

static void publish_quiet(lk_followed *f) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, ": nothing has changed\n\n");
	lk_feed_publish(f->feed, &b, NULL, NULL);
}

static void tell(lk_followed *f, lk_picture *now) {
	lk_buf changes = LK_BUF_INIT, all = LK_BUF_INIT;
	if (!lk_picture_differs(&f->picture, now) && !f->failing) {
		lk_picture_release(now);
		if (lk_monotonic_us() < f->said_us + LK_QUIET_US)
			return;
		publish_quiet(f);
	} else {
		lk_picture_print_all(now, &all);
		if (f->picture.taken)
			lk_picture_print_changes(&f->picture, now, &changes);
		else
			lk_buf_add(&changes, all.data, all.len);
		lk_feed_publish(f->feed, &changes, now->id, &all);
		lk_picture_release(&f->picture);
		f->picture = *now;
	}
	f->said_us = lk_monotonic_us();
}

static void look_and_tell(lk_followed *f) {
	lk_picture now = {0};
	lk_error err = {0};
	int rc = look(f, &now, &err);
	if (lk_session_mend(&f->session, rc)) {   /* the sessions were old: new ones may do */
		lk_error_clear(&err);
		rc = look(f, &now, &err);
		lk_session_mend(&f->session, rc);
	}
	if (rc == LK_OK)
		tell(f, &now);
	else if (!f->failing)
		lk_followed_problem(f, f->session.away, &err);
	f->failing = rc != LK_OK;
}

static void run(lk_followed *f) {
	int64_t next_us;
	do {
		next_us = lk_monotonic_us() + EVERY_US;
		look_and_tell(f);
	} while (lk_followed_goes_on(f, next_us));
}

const lk_followed_kind lk_followed_view = {.run = run};
