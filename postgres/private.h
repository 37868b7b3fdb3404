/* What the files of pg.h share. Private to postgres/. */
#ifndef LK_POSTGRES_PRIVATE_H
#define LK_POSTGRES_PRIVATE_H

#include "postgres/pg.h"

/* A message of the server without line breaks, NUL-ended. */
void lk_pg_one_line(lk_buf *out, const char *message);

/* Connects to the first host of the text that can be reached; its session is not prepared yet. The text may hold a
 * password: neither it nor libpq's complaint about its form is ever shown. */
int lk_pg_connect_to(lk_pg *pg, const char *conninfo, const char *application_name, lk_error *err);

#endif
