#include "print/csv.h"

#include <string.h>

void lk_csv_field(const char *s, size_t len, lk_buf *b) {
	if (len > 0 && !memchr(s, '"', len) && !memchr(s, ',', len) && !memchr(s, '\n', len) && !memchr(s, '\r', len)) {
		lk_buf_add(b, s, len);
		return;
	}
	lk_buf_addc(b, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			lk_buf_addc(b, '"');
		lk_buf_addc(b, s[i]);
	}
	lk_buf_addc(b, '"');
}
