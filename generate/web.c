/* Requests to a web site, with the columns of examples/web/web.sql. A client keeps its address and browser; a path
 * keeps the size of its answer within some limits. */
#include "generate/scenario.h"

enum { PATHS = 1000 };

typedef struct web {
	lk_zipf paths, clients;
	lk_buf texts;                 /* all paths, each with a NUL */
	uint32_t path_at[PATHS];
} web;

static void prepare(void *state, lk_gen_scene *scene) {
	static const char *const sections[] = {
		"blog", "docs", "images", "products", "about", "download", "presentations", "api/v1/items",
	};
	static const char *const words[] = {
		"red", "tall", "quiet", "river", "stone", "paper", "cloud", "north", "early", "salt", "lamp", "wind",
	};
	static const char *const endings[] = {"", ".html", ".png", ".html"};
	web *w = state;
	lk_zipf_init(&w->paths, PATHS);
	lk_zipf_init(&w->clients, scene->keys);
	for (uint32_t i = 0; i < PATHS; i++) {
		uint64_t h = lk_mix(i + 1);
		w->path_at[i] = (uint32_t)w->texts.len;
		if (i == 0)
			lk_buf_addc(&w->texts, '/');
		else
			lk_buf_addf(&w->texts, "/%s/%s-%s-%u%s", sections[h % 8], words[(h >> 8) % 12], words[(h >> 16) % 12],
			            (unsigned)i, endings[(h >> 24) % 4]);
		lk_buf_addc(&w->texts, 0);
	}
}

static void release(void *state) {
	web *w = state;
	lk_zipf_release(&w->paths);
	lk_zipf_release(&w->clients);
	lk_buf_release(&w->texts);
}

static const char *path_of(const web *w, uint32_t path) { return w->texts.data + w->path_at[path]; }

static void add_address(lk_fields *f, uint64_t client) {
	uint64_t h = lk_mix(client + 77);
	lk_fields_open(f, "ip");
	lk_fields_count(f, 1 + (h & 0xff) % 223);
	for (int shift = 8; shift <= 24; shift += 8) {
		lk_fields_piece(f, ".");
		lk_fields_count(f, h >> shift & 0xff);
	}
	lk_fields_close(f);
}

static const char *method_of(uint64_t r) { return r < 90 ? "GET" : r < 98 ? "POST" : "HEAD"; }

static unsigned status_of(uint64_t r) {
	return r < 880 ? 200 : r < 930 ? 304 : r < 970 ? 404 : r < 990 ? 301 : r < 997 ? 500 : 503;
}

static int64_t bytes_of(lk_random *r, unsigned status, uint32_t path) {
	uint64_t of_path = lk_mix(path) % 40000;
	return (int64_t)(status == 200 ? 200 + of_path + lk_random_below(r, 2000) : 150 + lk_random_below(r, 400));
}

static void add_referer(const web *w, lk_random *r, bool known, lk_fields *f) {
	if (!known) {
		lk_fields_null(f, "referer");
		return;
	}
	lk_fields_open(f, "referer");
	lk_fields_piece(f, "https://example.org");
	lk_fields_piece(f, path_of(w, lk_zipf_pick(&w->paths, r)));
	lk_fields_close(f);
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	static const char *const agents[] = {
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0",
		"Mozilla/5.0 (Macintosh) Safari/605.1",
		"Mozilla/5.0 (iPhone) Safari/604.1", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/7.88.1",
		"Mozilla/5.0 (Android 14) Chrome/120.0", "python-requests/2.31",
	};
	const web *w = state;
	uint64_t client = lk_zipf_pick(&w->clients, r), chance = lk_random_next(r);
	uint32_t path = lk_zipf_pick(&w->paths, r);
	unsigned status = status_of(chance % 1000);
	lk_fields_time(f, "ts", ts);
	add_address(f, client);
	lk_fields_text(f, "method", method_of((chance >> 16) % 100));
	lk_fields_text(f, "path", path_of(w, path));
	lk_fields_number(f, "status", status);
	if (status == 304)
		lk_fields_null(f, "bytes");
	else
		lk_fields_number(f, "bytes", bytes_of(r, status, path));
	add_referer(w, r, (chance >> 32) % 100 < 60, f);
	lk_fields_text(f, "agent", agents[lk_mix(client) >> 32 & 7]);
	return NULL;
}

const lk_scenario lk_scenario_web = {
	.name = "web",
	.about = "requests to a web site",
	.of = "by",
	.sources = "clients",
	.events = 100000,
	.span_us = 3600 * LK_US_PER_S,
	.keys = 5000,
	.regular = true,
	.state_bytes = sizeof(web),
	.prepare = prepare,
	.event = event,
	.release = release,
};
