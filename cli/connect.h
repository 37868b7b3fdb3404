/* How most commands begin: find and connect to the servers, load the catalogue. */
#ifndef LK_CLI_CONNECT_H
#define LK_CLI_CONNECT_H

#include "catalog/catalog.h"
#include "private_servers/servers.h"
#include "view_store/store.h"

typedef struct lk_connection {
	lk_servers at;
	lk_pg pg;
	lk_catalog *catalog;
	lk_store *store;
} lk_connection;

enum { LK_WITH_CATALOG = 1, LK_WITH_STORE = 2 };

const char *lk_home(void);   /* LK_HOME, or ".lk" */
/* Connects to PostgreSQL, and to what `with` names. Call lk_disconnect also after a failure. */
int lk_connect(lk_connection *c, int with, lk_error *err);
void lk_disconnect(lk_connection *c);

#endif
