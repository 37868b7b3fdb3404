/* Generated events. Only integer arithmetic decides the output, so a seed gives the same events everywhere. Popularity
 * follows Zipf's law: the k-th path or client has the weight 1/k.
 *
 * web: requests to a web site, with the columns of examples/web/web.sql. A client keeps its address and browser; a path
 * keeps the size of its answer within some limits. */
#include "formats/gen.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"

enum { PATHS = 1000, CLIENTS = 5000, WEIGHT = 1000000 };

typedef struct popularity {
	uint32_t *upto;   /* cumulative weights */
	uint32_t n;
} popularity;

struct lk_gen {
	lk_gen_options o;
	const lk_gen_kind *kind;
	uint64_t random;
	int64_t done;
	uint64_t late_below;   /* an event is late if its random 53-bit number is below this */
	popularity paths, clients;
	lk_buf texts;          /* all paths, one after the other */
	uint32_t path_at[PATHS + 1];
	char time[40];         /* the last second that was printed */
	size_t time_len;
	int64_t second;
};

/* splitmix64 */
static uint64_t mix(uint64_t z) {
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t next(lk_gen *g) { return mix(g->random += UINT64_C(0x9e3779b97f4a7c15)); }

static uint64_t below(lk_gen *g, uint64_t n) { return (uint64_t)((unsigned __int128)next(g) * n >> 64); }

static void popularity_init(popularity *p, uint32_t n) {
	uint32_t sum = 0;
	p->n = n;
	p->upto = lk_malloc(n * sizeof *p->upto);
	for (uint32_t i = 0; i < n; i++)
		p->upto[i] = sum += WEIGHT / (i + 1);
}

static uint32_t pick(lk_gen *g, const popularity *p) {
	uint32_t x = (uint32_t)below(g, p->upto[p->n - 1]), low = 0, high = p->n - 1;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (p->upto[mid] > x)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static void add_number(lk_buf *out, uint64_t n) {
	char digits[20];
	size_t i = sizeof digits;
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	lk_buf_add(out, digits + i, sizeof digits - i);
}

/* lk_time_print with a cache for the part up to the second, which rarely changes. */
static void add_time(lk_gen *g, int64_t us, lk_buf *out) {
	int64_t second = us / LK_US_PER_S - (us % LK_US_PER_S < 0), fraction = us - second * LK_US_PER_S;
	if (!g->time_len || second != g->second) {
		lk_buf b = LK_BUF_INIT;
		lk_time_print(second * LK_US_PER_S, &b);
		g->time_len = b.len - 1 < sizeof g->time ? b.len - 1 : sizeof g->time;   /* without the Z */
		memcpy(g->time, b.data, g->time_len);
		g->second = second;
		lk_buf_release(&b);
	}
	lk_buf_add(out, g->time, g->time_len);
	if (fraction) {
		char digits[7] = ".000000";
		for (int i = 6; i > 0; i--, fraction /= 10)
			digits[i] = (char)('0' + fraction % 10);
		lk_buf_add(out, digits, sizeof digits);
	}
	lk_buf_addc(out, 'Z');
}

/* --- web --- */

static void web_prepare(lk_gen *g) {
	static const char *const sections[] = {"blog", "docs", "images", "products", "about", "download", "presentations", "api/v1/items"};
	static const char *const words[] = {"red", "tall", "quiet", "river", "stone", "paper", "cloud", "north", "early", "salt", "lamp", "wind"};
	static const char *const endings[] = {"", ".html", ".png", ".html"};
	popularity_init(&g->paths, PATHS);
	popularity_init(&g->clients, CLIENTS);
	for (uint32_t i = 0; i < PATHS; i++) {
		uint64_t h = mix(i + 1);
		g->path_at[i] = (uint32_t)g->texts.len;
		if (i == 0)
			lk_buf_addc(&g->texts, '/');
		else
			lk_buf_addf(&g->texts, "/%s/%s-%s-%u%s", sections[h % 8], words[(h >> 8) % 12], words[(h >> 16) % 12], (unsigned)i, endings[(h >> 24) % 4]);
	}
	g->path_at[PATHS] = (uint32_t)g->texts.len;
}

static void add_path(lk_gen *g, uint32_t i, lk_buf *out) {
	lk_buf_add(out, g->texts.data + g->path_at[i], g->path_at[i + 1] - g->path_at[i]);
}

static void add_address(uint64_t client, lk_buf *out) {
	uint64_t h = mix(client + 77);
	add_number(out, 1 + (h & 0xff) % 223);
	for (int shift = 8; shift <= 24; shift += 8) {
		lk_buf_addc(out, '.');
		add_number(out, h >> shift & 0xff);
	}
}

static const char *web_method(uint64_t r) { return r < 90 ? "GET" : r < 98 ? "POST" : "HEAD"; }

static unsigned web_status(uint64_t r) {
	return r < 880 ? 200 : r < 930 ? 304 : r < 970 ? 404 : r < 990 ? 301 : r < 997 ? 500 : 503;
}

static void web_line(lk_gen *g, int64_t ts, lk_buf *out) {
	static const char *const agents[] = {
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0", "Mozilla/5.0 (Macintosh) Safari/605.1",
		"Mozilla/5.0 (iPhone) Safari/604.1", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/7.88.1", "Mozilla/5.0 (Android 14) Chrome/120.0", "python-requests/2.31",
	};
	uint64_t client = pick(g, &g->clients), chance = next(g);
	uint32_t path = pick(g, &g->paths);
	unsigned status = web_status(chance % 1000);
	lk_buf_grow(out, 512);
	lk_buf_adds(out, "{\"ts\":\"");
	add_time(g, ts, out);
	lk_buf_adds(out, "\",\"ip\":\"");
	add_address(client, out);
	lk_buf_adds(out, "\",\"method\":\"");
	lk_buf_adds(out, web_method((chance >> 16) % 100));
	lk_buf_adds(out, "\",\"path\":\"");
	add_path(g, path, out);
	lk_buf_adds(out, "\",\"status\":");
	add_number(out, status);
	lk_buf_adds(out, ",\"bytes\":");
	if (status == 304)
		lk_buf_adds(out, "null");
	else
		add_number(out, status == 200 ? 200 + mix(path) % 40000 + below(g, 2000) : 150 + below(g, 400));
	lk_buf_adds(out, ",\"referer\":");
	if ((chance >> 32) % 100 < 60) {
		lk_buf_adds(out, "\"https://example.org");
		add_path(g, pick(g, &g->paths), out);
		lk_buf_addc(out, '"');
	} else {
		lk_buf_adds(out, "null");
	}
	lk_buf_adds(out, ",\"agent\":\"");
	lk_buf_adds(out, agents[mix(client) >> 32 & 7]);
	lk_buf_adds(out, "\"}\n");
}

const lk_gen_kind lk_gen_kinds[] = {
	{"web", "requests to a web site, for examples/web/web.sql", web_prepare, web_line},
	{NULL, NULL, NULL, NULL},
};

/* --- The generator --- */

lk_gen *lk_gen_new(const lk_gen_options *o) {
	const lk_gen_kind *kind = lk_gen_kinds;
	while (kind->name && strcmp(kind->name, o->kind))
		kind++;
	if (!kind->name)
		return NULL;
	lk_gen *g = lk_calloc(1, sizeof *g);
	g->o = *o;
	g->kind = kind;
	g->random = mix(o->seed);
	g->late_below = o->late <= 0 ? 0 : (uint64_t)((o->late < 1 ? o->late : 1) * 9007199254740992.0);
	kind->prepare(g);
	return g;
}

void lk_gen_free(lk_gen *g) {
	if (!g)
		return;
	free(g->paths.upto);
	free(g->clients.upto);
	lk_buf_release(&g->texts);
	free(g);
}

/* Never before the start. */
static int64_t event_time(lk_gen *g) {
	const lk_gen_options *o = &g->o;
	int64_t since = (int64_t)((__int128)o->span_us * g->done / o->events), back = 0;
	if (g->late_below && next(g) >> 11 < g->late_below)
		back = (int64_t)below(g, (uint64_t)o->span_us / 4 + 1);
	else if (o->jitter_us > 0)
		back = (int64_t)below(g, (uint64_t)o->jitter_us + 1);
	return o->start_us + (back < since ? since - back : 0);
}

int64_t lk_gen_some(lk_gen *g, int64_t max, lk_buf *out) {
	int64_t n = 0;
	for (; n < max && g->done < g->o.events; n++, g->done++)
		g->kind->line(g, event_time(g), out);
	return n;
}
