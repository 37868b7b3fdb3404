/* The nearest name by optimal string alignment distance (Damerau-Levenshtein without repeated edits of one place). Near
 * is at most two edits, or a third of a longer name; more than half of the name must remain. */
#include "core/suggest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

enum { LONGEST = 64 };

static int least(int a, int b) { return a < b ? a : b; }

static int distance(const char *a, size_t n, const char *b, size_t m) {
	int d[LONGEST + 1][LONGEST + 1];
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (int)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (int)j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			int change = strncasecmp(&a[i - 1], &b[j - 1], 1) != 0;
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[n][m];
}

const char *lk_did_you_mean(const char *name, const char *const *names, int n) {
	size_t len = strlen(name);
	const char *best = NULL;
	int best_distance = (int)(len / 3 > 2 ? len / 3 : 2);
	if (len > LONGEST)
		return NULL;
	if (len <= 2)
		best_distance = 1;
	for (int i = 0; i < n; i++) {
		size_t other = strlen(names[i]);
		if (other > LONGEST)
			continue;
		int d = distance(name, len, names[i], other);
		int longer = (int)(len > other ? len : other);
		if (d < best_distance + !best && d < longer && (d < 2 || 2 * d < longer)) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}

void lk_hint_names(lk_error *err, const char *name, const char *const *names, int n, const char *these) {
	const char *near = lk_did_you_mean(name, names, n);
	lk_buf all = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&all, "%s%s", i ? ", " : these, names[i]);
	if (near)
		lk_hint(err, "did you mean %s?", near);
	else if (n > 0)
		lk_hint(err, "%s", all.data);
	lk_buf_release(&all);
}
