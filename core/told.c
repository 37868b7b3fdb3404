#include "core/told.h"

#include "core/time.h"

static const int64_t distances_us[] = {5 * LK_US_PER_S, 30 * LK_US_PER_S, 300 * LK_US_PER_S};

enum { DISTANCES = sizeof distances_us / sizeof *distances_us };

/* FNV-1a of all but the digits. */
static uint64_t digest(const char *text) {
	uint64_t h = 14695981039346656037u;
	for (; *text; text++)
		if (*text < '0' || *text > '9')
			h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

bool lk_told_has(const lk_told *t, const char *text) { return t->times > 0 && t->what == digest(text); }

bool lk_told_due(lk_told *t, const char *text, int64_t now_us) {
	int times = lk_told_has(t, text) ? t->times : 0;
	int64_t least_us = distances_us[times < 1 ? 0 : times < DISTANCES ? times - 1 : DISTANCES - 1];
	if (!t->since_us)
		t->since_us = now_us;
	if (t->said_us && now_us - t->said_us < least_us)
		return false;
	t->what = digest(text);
	t->said_us = now_us;
	t->times = times + 1;
	return true;
}

int64_t lk_told_over(lk_told *t, int64_t now_us) {
	int64_t since_us = t->since_us;
	t->since_us = 0;
	t->times = 0;
	return since_us ? now_us - since_us : 0;
}
