/* What the files of the catalogue share. */
#ifndef LK_EVENT_LOG_CATALOG_PRIVATE_H
#define LK_EVENT_LOG_CATALOG_PRIVATE_H

#include "event_log/copies.h"

/* Begins a transaction that alone may change definitions. */
int lk_catalog_begin(lk_pg *pg, lk_error *err);
/* Inside such a transaction: makes schema lk where it is missing, brings an older one forward, and gives the log's id. */
int lk_catalog_ensure(lk_pg *pg, char log_id[33], lk_error *err);
/* Checks the row of lk.meta (log_id, schema_version) and gives the id; 1 where the schema is of an older version that
 * lk_catalog_install brings forward, LK_EUNSUPPORTED where this program cannot read it. */
int lk_catalog_check_meta(const PGresult *meta, char log_id[33], lk_error *err);
/* Parses one stored definition. stream: what its FROM means, NULL for a stream's own text. The
 * caller releases *out in either case. */
int lk_catalog_parse(const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err);
/* The same for the view of a version, with the list of its calendar, where it has one. */
int lk_catalog_parse_version(lk_pg *pg, int64_t version_id, const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err);

/* Inserts the rows of a copy and its units, inside the caller's transaction. LK_ECONFLICT where there is no such
 * version. */
int lk_copy_insert(lk_pg *pg, int64_t version_id, int partitions, const lk_copy_spec *spec, int64_t *copy_id, lk_error *err);
/* Inside the caller's transaction, where a version `newest` of the view was just made: drops the lambda copies of older
 * ones that wait to be brought into service, since a batch is made of the newest version alone, and the speed layer would
 * keep them up to date for nobody. One of which a batch is running stays, and so does what readers had or have. */
int lk_copies_supersede(lk_pg *pg, int64_t view_id, int newest, lk_error *err);

#endif
