/* What all threads of a server share. */
#ifndef LK_SERVER_SERVICE_H
#define LK_SERVER_SERVICE_H

#include <pthread.h>

#include "catalog/current.h"
#include "core/told.h"
#include "server/counts.h"
#include "server/server.h"

typedef struct lk_service {
	const lk_web_options *options;
	const struct lk_route *routes;   /* server/routes.h */
	int nroutes;
	lk_current *current;       /* the catalogue */
	struct lk_live *live;      /* server/live.h */
	lk_counts counts;
	volatile int stopping;     /* answers under way give up */
	pthread_mutex_t telling;
	lk_told told;              /* the trouble that the log has */
} lk_service;

/* To the server's log, as often as core/told.h says. */
void lk_service_tell(lk_service *s, const lk_error *why);

#endif
