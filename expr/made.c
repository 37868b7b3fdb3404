/* What evaluation makes texts and times with. */
#include <string.h>

#include "expr/private.h"

const char LK_TIME_RANGE[] = "timestamp out of range";

lk_value lk_made_text(lk_eval *ev, const char *s, size_t len) {
	char *copy = lk_arena_alloc(ev->arena, len + 1);
	memcpy(copy, len ? s : "", len);
	return lk_text(copy, len);
}

size_t lk_code_point_end(const char *s, size_t len, size_t at) {
	for (at++; at < len && ((unsigned char)s[at] & 0xc0) == 0x80; at++)
		;
	return at;
}

lk_value lk_time_checked(lk_int128 us, lk_eval *ev) {
	const int64_t least = INT64_C(-210866803200000000);   /* 24 November 4714 BC, as in PostgreSQL */
	return us >= least && us <= INT64_MAX ? lk_int((int64_t)us) : lk_mark(ev, LK_TIME_RANGE);
}
