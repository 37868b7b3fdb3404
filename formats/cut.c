#include "formats/cut.h"

#include <string.h>

int64_t lk_count_lines(const char *p, const char *end) {
	int64_t n = 0;
	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

lk_record_cut lk_line_record(const lk_stretch *s, const char *end) {
	size_t len = (size_t)(end - s->begin) - 1;
	if (len && s->begin[len - 1] == '\r')
		len--;
	bool last = end == s->end;
	return (lk_record_cut){.begin = s->begin, .end = end, .len = len, .lines = 1, .unterminated = s->added && last};
}

lk_record_cut lk_line_cut(const lk_stretch *s) {
	const char *from = s->begin + s->searched, *found = memchr(from, '\n', (size_t)(s->end - from));
	return found ? lk_line_record(s, found + 1) : (lk_record_cut){.begin = s->begin};
}
