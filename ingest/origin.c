#include "ingest/origin.h"

#include <string.h>

#include "core/flag.h"
#include "ingest/edited.h"

enum { LOOK_MS = 100 };   /* between two looks at the flags */

bool lk_origin_stopped(const lk_origin *o) { return lk_flag_is_set(o->stop) || lk_flag_is_set(o->halt); }

/* Only its position is known, as in rows of schema version 5. */
static bool is_bare(const lk_source_file *f) { return f->position && !f->head_len; }

int lk_origin_find(lk_origin *o, const lk_source_file *files, size_t n) {
	o->known = files;
	o->nknown = n;
	for (;;) {
		size_t len;
		bool all;
		const char *first = lk_input_first(o->in, &len, &all);
		int found = lk_source_find(files, n, first, len, all || lk_origin_stopped(o));
		if (found >= 0 && is_bare(&files[found]) && lk_input_is_file(o->in) && !lk_input_reaches(o->in, files[found].position, o->stop)) {
			o->ruled_out = files[found].position;
			found = LK_SOURCE_NEW;
		}
		if (found != LK_SOURCE_UNDECIDED)
			return found;
		(void)lk_input_look_ahead(o->in, LOOK_MS, NULL);   /* a failure is reported after the records before it */
	}
}

/* The bytes before the position are not known; only that it is between two lines. From now on the bytes that the input has
 * there are known. */
static int take_for_known(lk_origin *o, lk_buf *notes, lk_error *err) {
	lk_source_file *at = &o->at;
	size_t len;
	bool all;
	const char *first = lk_input_first(o->in, &len, &all);
	if (!lk_input_between_lines(o->in, o->stop)) {
		lk_fail(err, LK_EINPUT, "%s is not the file that was read up to byte %lld before: that is within a line", o->name, (long long)at->position);
		return lk_hint(err, "give it as a file, which is then read from its beginning, or give another --source name");
	}
	at->head_len = at->position < (int64_t)len ? (size_t)at->position : len;
	memcpy(at->head, first, at->head_len);
	lk_input_trail(o->in, at->position, at->trail);
	lk_buf_addf(notes, "%s: its first %lld bytes are taken as read: an older lk read the source up to there, and kept nothing by"
	            " which to tell its file; if this is another file, append its first %lld bytes alone, without --source\n", o->name,
	            (long long)at->position, (long long)at->position);
	return 0;
}

static int other_bytes(const lk_origin *o, lk_error *err) {
	lk_fail(err, LK_EINPUT, "%s begins like a file that was read up to byte %lld before, but differs from it", o->name, (long long)o->at.position);
	return lk_hint(err, "was it edited or rewritten? To append the whole file, give another --source name");
}

int lk_origin_begin(lk_origin *o, const lk_source_file *at, lk_buf *notes, lk_error *err) {
	char trail[33];
	o->at = *at;
	int rc = lk_input_seek(o->in, at->position, o->stop, err);
	if (rc || lk_origin_stopped(o))
		return rc;
	if (o->ruled_out)
		lk_buf_addf(notes, "%s: read from its first byte: an older lk read the source up to byte %lld, where no line of this file ends\n",
		            o->name, (long long)o->ruled_out);
	if (is_bare(at))
		return take_for_known(o, notes, err);
	if (!*at->trail)
		return 0;
	lk_input_trail(o->in, at->position, trail);
	return strcmp(trail, at->trail) ? other_bytes(o, err) : 0;
}

/* It has no event yet, so it grows with what is read. */
static bool head_grows(const lk_origin *o) { return (int64_t)o->at.head_len == o->at.position && !*o->at.head_digest; }

void lk_origin_mark(lk_origin *o, int64_t position) {
	size_t len;
	bool all;
	const char *first = lk_input_first(o->in, &len, &all);
	if (head_grows(o)) {
		int64_t end = o->first_event ? o->first_event : position;
		o->at.head_len = (size_t)(end < (int64_t)len ? end : (int64_t)len);
		memcpy(o->at.head, first, o->at.head_len);
	}
	o->at.position = position;
	lk_input_trail(o->in, position, o->at.trail);
}

int lk_origin_took(lk_origin *o, int64_t end, lk_error *err) {
	if (o->first_event)
		return 0;
	const lk_source_file *f = head_grows(o) ? lk_source_edited(o->known, o->nknown, o->in, end) : NULL;
	if (!f) {
		o->first_event = end;
		return 0;
	}
	lk_fail(err, LK_EINPUT, "%s is a file that was read up to byte %lld before, but for its first event", o->name, (long long)f->position);
	return lk_hint(err, "was it edited? The events after that one are in; to append all of it again give another --source name");
}
