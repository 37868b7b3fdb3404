/* Times, dates, intervals and values of each type, read from one text: what is read is printed, and read again the
 * same. */
#include <string.h>

#include "core/time.h"
#include "core/value.h"
#include "tests/fuzz/targets.h"

static void check_time(const char *s, size_t len) {
	int64_t us, again;
	lk_buf b = LK_BUF_INIT;
	for (int zoneless = 0; zoneless < 2; zoneless++) {
		if (lk_time_parse(s, len, zoneless, &us) != 0)
			continue;
		FUZZ_CHECK(us >= LK_TIME_MIN && us <= LK_TIME_MAX);
		lk_buf_clear(&b);
		lk_time_print(us, &b);
		FUZZ_CHECK(lk_time_parse(b.data, b.len, false, &again) == 0 && again == us);
	}
	if (lk_time_parse_clf(s, len, &us) == 0)
		FUZZ_CHECK(us >= LK_TIME_MIN && us <= LK_TIME_MAX);
	lk_buf_release(&b);
}

static void check_date(const char *s, size_t len) {
	int64_t x, again;
	lk_buf b = LK_BUF_INIT;
	if (lk_date_parse(s, len, &x) == 0) {
		lk_date_print(x, &b);
		FUZZ_CHECK(lk_date_parse(b.data, b.len, &again) == 0 && again == x);
	}
	lk_buf_clear(&b);
	if (lk_timestamp_parse(s, len, &x) == 0) {
		lk_timestamp_print(x, &b);
		FUZZ_CHECK(lk_timestamp_parse(b.data, b.len, &again) == 0 && again == x);
	}
	lk_buf_release(&b);
}

static void check_interval(const char *s, size_t len) {
	int64_t us, again;
	const char *reason = NULL;
	lk_buf b = LK_BUF_INIT;
	if (lk_interval_parse(s, len, true, &us, &reason) == 0) {
		FUZZ_CHECK(us >= 0);
		lk_interval_print(us, &b);
		FUZZ_CHECK(lk_interval_parse(b.data, b.len, true, &again, &reason) == 0 && again == us);
	} else {
		FUZZ_CHECK(reason && *reason);
	}
	lk_buf_release(&b);
}

static void check_values(const char *s, size_t len) {
	static const lk_type types[] = {
		{.kind = LK_BOOL}, {.kind = LK_INT2}, {.kind = LK_INT4}, {.kind = LK_INT8}, {.kind = LK_NUMERIC, .precision = 18, .scale = 4},
		{.kind = LK_NUMERIC, .precision = 5}, {.kind = LK_FLOAT4}, {.kind = LK_FLOAT8}, {.kind = LK_TEXT}, {.kind = LK_TIME}, {.kind = LK_DATE},
		{.kind = LK_TIMESTAMP},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		lk_value v;
		const char *reason = NULL;
		if (lk_value_parse(types[i], s, len, &v, &reason) != 0)
			FUZZ_CHECK(reason && *reason);
	}
}

void fuzz_times(const uint8_t *data, size_t len) {
	const char *s = (const char *)data;
	check_time(s, len);
	check_date(s, len);
	check_interval(s, len);
	check_values(s, len);
}
