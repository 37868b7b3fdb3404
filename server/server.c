#include "server/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/flag.h"
#include "core/time.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/live.h"
#include "server/routes.h"

const lk_web_limits lk_web_defaults = {
	.connections = 1000, .of_client = 128, .waiting = 256, .live = 600, .time_us = 10 * LK_US_PER_S, .rows = 5000000,
	.memory_bytes = 256 << 20, .body_bytes = 64 << 20, .upload_bytes = 16 << 20, .idle_s = 30, .bytes_per_s = 1024,
};

struct lk_web {
	lk_web_options options;
	lk_service service;
	lk_listener listener;
	char *token;
	lk_pool *pool;
	lk_http *http;
};

/* Each connection is a descriptor, and so is each session. */
static void allow_descriptors(void) {
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static void release(lk_web *s) {
	lk_listener_close(&s->listener);
	lk_current_free(s->service.current);
	pthread_mutex_destroy(&s->service.telling);
	free(s->token);
	free(s);
}

int lk_web_start(lk_web **out, const lk_web_options *o, lk_error *err) {
	lk_web *s = lk_calloc(1, sizeof *s);
	s->options = *o;
	s->listener.fd = -1;
	s->service.options = &s->options;
	s->service.routes = lk_routes;
	s->service.nroutes = lk_nroutes;
	pthread_mutex_init(&s->service.telling, NULL);
	int rc = o->token_file ? lk_token_read(o->token_file, &s->token, err) : LK_OK;
	if (rc == LK_OK)
		rc = lk_listen(&s->listener, o->listen, !s->token, err);
	if (rc != LK_OK) {
		release(s);
		return rc;
	}
	allow_descriptors();
	s->service.current = lk_current_new(false);
	s->service.live = lk_live_new(&s->service, &lk_http_feed_calls);
	s->pool = lk_pool_new(&s->service, o->workers);
	rc = lk_http_start(&s->http, &s->service, s->pool, s->listener.fd, s->token, err);
	if (rc != LK_OK) {
		lk_pool_free(s->pool);
		lk_live_free(s->service.live);
		release(s);
		return rc;
	}
	*out = s;
	return LK_OK;
}

const char *lk_web_address(const lk_web *s) { return s->listener.address; }

bool lk_web_is_well(const lk_web *s) { return lk_pool_is_well(s->pool); }

void lk_web_stop(lk_web *s) {
	lk_flag_set(&s->service.stopping);
	lk_http_quiesce(s->http);
	lk_live_end(s->service.live);
	lk_pool_free(s->pool);
	lk_http_stop(s->http);
	lk_live_free(s->service.live);
	release(s);
}
