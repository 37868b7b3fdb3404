/* What the files of the catalogue share. */
#ifndef LK_CATALOG_PRIVATE_H
#define LK_CATALOG_PRIVATE_H

#include "catalog/copies.h"

/* Begins a transaction that alone may change definitions. */
int lk_catalog_begin(lk_pg *pg, lk_error *err);
/* Inside such a transaction: makes schema lk if it is missing, upgrades an older one, and gives the log's id. */
int lk_catalog_ensure(lk_pg *pg, char log_id[33], lk_error *err);
/* Checks the row of lk.meta (log_id, schema_version) and gives the id; 1 if the schema has an older version that
 * lk_catalog_install upgrades, LK_EUNSUPPORTED if this program cannot read it. */
int lk_catalog_check_meta(const PGresult *meta, char log_id[33], lk_error *err);
/* Parses the stored declaration of a stream's log. The caller releases *out in either case. */
int lk_catalog_parse_log(const char *text, bool derived, lk_definitions *out, lk_error *err);
/* Parses one stored definition over a stream, of a view or of a derived stream. The caller releases *out in either case. */
int lk_catalog_parse(const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err);
/* The same for another text of a version, read as the version's own was when it was made. */
int lk_catalog_parse_of(const lk_cat_version *v, const char *text, const lk_stream *stream, lk_definitions *out, lk_error *err);
/* The same for the text of a version, with the list of its calendar, if it has one. */
int lk_catalog_parse_version(lk_pg *pg, const lk_cat_version *v, lk_definitions *out, lk_error *err);

/* Inserts the rows of a copy and its units, inside the caller's transaction. LK_ECONFLICT if there is no such
 * version. */
int lk_copy_insert(lk_pg *pg, int64_t version_id, int partitions, const lk_copy_spec *spec, int64_t *copy_id, lk_error *err);
/* Inside the caller's transaction that has just made version `newest` of the view: drops the lambda copies of older
 * versions that wait to be brought into service. A batch is made only of the newest version, so the speed layer would
 * keep them up to date for nobody. A copy whose batch is running stays, and so do copies that readers had or have. */
int lk_copies_supersede(lk_pg *pg, int64_t view_id, int newest, lk_error *err);

#endif
