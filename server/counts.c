#include "server/counts.h"

/* Upper bounds. A point query over a kept connection takes about a millisecond. */
static const int64_t bounds_us[LK_COUNTS_BUCKETS] = {500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 250000, 1000000, 2500000, 10000000};

void lk_counts_add(lk_counts *c, int route, int status, int64_t duration_us) {
	lk_route_counts *r = &c->routes[route >= 0 && route < LK_ROUTES_MOST - 1 ? route : LK_ROUTES_MOST - 1];
	int bucket = 0, first = status / 100;
	while (bucket < LK_COUNTS_BUCKETS && duration_us > bounds_us[bucket])
		bucket++;
	atomic_fetch_add(&r->statuses[first >= 0 && first < LK_COUNTS_STATUSES ? first : 5], 1);
	atomic_fetch_add(&r->buckets[bucket], 1);
	atomic_fetch_add(&r->total_us, duration_us);
}

void lk_counts_lost(lk_counts *c, bool redis) { atomic_fetch_add(redis ? &c->lost_redis : &c->lost_postgres, 1); }

static void print_requests(const char *route, lk_route_counts *r, lk_buf *out) {
	for (int s = 1; s < LK_COUNTS_STATUSES; s++)
		if (atomic_load(&r->statuses[s]))
			lk_buf_addf(out, "lk_http_requests_total{route=\"%s\",code=\"%dxx\"} %lld\n", route, s, atomic_load(&r->statuses[s]));
}

static void print_durations(const char *route, lk_route_counts *r, lk_buf *out) {
	static const char name[] = "lk_http_request_duration_seconds";
	long long n = 0;
	for (int i = 0; i < LK_COUNTS_BUCKETS; i++) {
		n += atomic_load(&r->buckets[i]);
		lk_buf_addf(out, "%s_bucket{route=\"%s\",le=\"%g\"} %lld\n", name, route, (double)bounds_us[i] / 1e6, n);
	}
	n += atomic_load(&r->buckets[LK_COUNTS_BUCKETS]);
	lk_buf_addf(out, "%s_bucket{route=\"%s\",le=\"+Inf\"} %lld\n", name, route, n);
	lk_buf_addf(out, "%s_sum{route=\"%s\"} %.6f\n", name, route, (double)atomic_load(&r->total_us) / 1e6);
	lk_buf_addf(out, "%s_count{route=\"%s\"} %lld\n", name, route, n);
}

static void print_one(const char *name, const char *kind, const char *help, long long n, lk_buf *out) {
	lk_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, kind, name, n);
}

void lk_counts_print(lk_counts *c, const char *const *names, int nroutes, lk_buf *out) {
	lk_buf_adds(out, "# HELP lk_http_requests_total Requests that were answered, by route and kind of status.\n"
	                 "# TYPE lk_http_requests_total counter\n");
	for (int i = 0; i < nroutes; i++)
		print_requests(names[i], &c->routes[i], out);
	print_requests("", &c->routes[LK_ROUTES_MOST - 1], out);
	lk_buf_adds(out, "# HELP lk_http_request_duration_seconds From the request's header to its complete answer.\n"
	                 "# TYPE lk_http_request_duration_seconds histogram\n");
	for (int i = 0; i < nroutes; i++)
		print_durations(names[i], &c->routes[i], out);
	print_one("lk_http_connections", "gauge", "Open connections.", atomic_load(&c->connections), out);
	print_one("lk_http_live_clients", "gauge", "Clients that follow a view or a stream.", atomic_load(&c->live), out);
	print_one("lk_http_waiting_requests", "gauge", "Requests that wait for a worker.", atomic_load(&c->waiting), out);
	print_one("lk_http_dropped_clients_total", "counter", "Clients that were dropped because they read too slowly.", atomic_load(&c->dropped), out);
	lk_buf_addf(out, "# HELP lk_server_errors_total Sessions that were lost, or not to be had.\n# TYPE lk_server_errors_total counter\n"
	                 "lk_server_errors_total{server=\"postgresql\"} %lld\nlk_server_errors_total{server=\"redis\"} %lld\n",
	            atomic_load(&c->lost_postgres), atomic_load(&c->lost_redis));
}
