/* The catalogue: what is declared, and where readers look. Everything that apply writes and all layers read.
 *
 * Any thread may call these functions, with a session of its own. */
#ifndef LK_CATALOG_CATALOG_H
#define LK_CATALOG_CATALOG_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/frontier.h"
#include "postgres/pg.h"
#include "sql/sql.h"

/* Makes schema lk if it is missing, upgrades it if an older version made it (concurrent callers are fine), and gives
 * the log's id. LK_EUNSUPPORTED if it is newer, or too old. Not within a transaction. */
int lk_catalog_install(lk_pg *pg, char log_id[33], lk_error *err);

typedef struct lk_cat_stream {
	int64_t id;
	lk_stream *stream;
	const char *definition;    /* as it is stored; of a derived stream the declaration of its log */
	int64_t of_copy;           /* the copy that fills the log; 0: lk ingest does */
	bool served;               /* readers of its name get this log; false: another one, by another copy of the definition */
} lk_cat_stream;

enum lk_copy_state { LK_COPY_LIVE, LK_COPY_BUILDING, LK_COPY_SANDBOX, LK_COPY_SCRATCH };   /* see schema.sql */
const char *lk_copy_state_name(enum lk_copy_state s);   /* "live", "building", "sandbox", "scratch" */
enum lk_range_by { LK_BY_EVENT, LK_BY_AT };

/* The part of history that a sandbox holds: events with from <= time < to, by event time or `_at`. INT64_MIN,
 * INT64_MAX: no bound. */
typedef struct lk_range {
	enum lk_range_by by;
	int64_t from, to;
} lk_range;

typedef struct lk_cat_copy {
	int64_t id;
	bool kappa;
	enum lk_copy_state state;
	bool was_served;
	char *name;                /* of a sandbox, else NULL */
	lk_range range;            /* of a sandbox; else everything */
	int64_t cut_id;            /* 0: none published */
	char *batch_table;         /* quoted "lk"."batch_…", or NULL */
	int64_t *units;            /* [partitions] */
	lk_frontier cut;           /* the published one; at offset 0 without */
	const struct lk_cat_version *version;
	const lk_cat_stream *log;  /* which it fills: it is of a derived stream, and has no cells. NULL: it is of a view */
} lk_cat_copy;

typedef struct lk_cat_version {
	int64_t id;
	int number;
	const char *definition;    /* as it is stored */
	const lk_cat_stream *reads;/* the log that it reads; its view's, or a former or coming one of the same derived stream */
	const lk_stream *stream;   /* that one as it is now, but with the watermark delay of when the version was made */
	/* Made from the definition; before that NULL, and fold_only is what the catalogue says alone. */
	lk_plan *plan;
	bool fold_only;
	int stored_digits;         /* the most digits of its numeric keys and arguments (lk_resolver) */
	const struct lk_cat_view *view;
} lk_cat_version;

/* A view; or, in lk_catalog.makers, the definition of a derived stream: its copies fill logs. */
typedef struct lk_cat_view {
	int64_t id;
	char *name;
	const lk_cat_stream *stream;   /* the log that its served copy reads */
	int64_t served_copy;       /* 0: none yet */
	int64_t former_copy;       /* was served before, and can be served again; 0: none */
} lk_cat_view;

/* "served", "former", or the name of its state. */
const char *lk_copy_role(const lk_cat_copy *copy);

/* A consistent picture of the catalogue, from one snapshot of the database. It never changes, except that plans are
 * added, so threads share it: each holds it as long as it uses anything in it. */
typedef struct lk_catalog {
	char log_id[33];
	lk_cat_stream *streams;  int nstreams;
	lk_cat_view *views;      int nviews;
	lk_cat_view *makers;     int nmakers;    /* of derived streams */
	lk_cat_version *versions;int nversions;
	lk_cat_copy *copies;     int ncopies;    /* not dropped */
	int64_t stamp;                           /* of catalog/current.h */
	lk_arena arena;
	lk_definitions *parsed;  int nparsed;    /* of streams, then of versions */
	pthread_mutex_t planning;                /* held while a plan is looked at or put in its place */
	atomic_int holders;
} lk_catalog;

/* Reads all of it, after upgrading an older schema. LK_EUSAGE with a hint ("run lk apply") if schema lk does not exist.
 * The caller holds *out, and releases it. */
int lk_catalog_load(lk_pg *pg, lk_catalog **out, lk_error *err);
/* The same, but makes only this view's plans, since making them takes the time. */
int lk_catalog_load_view(lk_pg *pg, const char *view, lk_catalog **out, lk_error *err);
/* The same without any plan. */
int lk_catalog_load_rows(lk_pg *pg, lk_catalog **out, lk_error *err);
/* Makes the version's plan unless it is there. Threads may ask for the same one at once. */
int lk_catalog_plan(lk_catalog *c, lk_pg *pg, const lk_cat_version *v, lk_error *err);
lk_catalog *lk_catalog_hold(lk_catalog *c);      /* once more; c */
void lk_catalog_release(lk_catalog *c);          /* the last holder frees it; NULL is fine */
/* A stream as it is declared now, in out->items[0]; LK_EUSAGE if it no longer exists. The caller releases *out in
 * either case. Parses. */
int lk_catalog_read_stream(lk_pg *pg, int64_t stream_id, lk_definitions *out, lk_error *err);
/* A number that changes whenever the result of lk_catalog_load would change (except published pointers); cheap to
 * read. */
int lk_catalog_stamp(lk_pg *pg, int64_t *stamp, lk_error *err);

/* The log that readers of the name get; or NULL. */
const lk_cat_stream *lk_catalog_stream(const lk_catalog *c, const char *name);
const lk_cat_view *lk_catalog_view(const lk_catalog *c, const char *name);
/* The copy that fills the derived stream of that name; NULL if there is none. */
const lk_cat_copy *lk_catalog_filler(const lk_catalog *c, const char *name);
/* The definition of a derived stream; NULL if it is not derived. */
const lk_cat_view *lk_catalog_maker(const lk_catalog *c, const lk_cat_stream *s);
/* How many views and derived streams read it. */
int lk_catalog_readers(const lk_catalog *c, const lk_cat_stream *s);
const lk_cat_copy *lk_catalog_copy(const lk_catalog *c, int64_t copy_id);
const lk_cat_copy *lk_catalog_sandbox(const lk_catalog *c, const char *name);   /* of any view */
/* LK_EUSAGE with did-you-mean if it does not exist. */
int lk_catalog_need_stream(const lk_catalog *c, const char *name, const lk_cat_stream **out, lk_error *err);
int lk_catalog_need_view(const lk_catalog *c, const char *name, const lk_cat_view **out, lk_error *err);
/* The view of this name, or the definition of the derived stream. */
int lk_catalog_need_definition(const lk_catalog *c, const char *name, const lk_cat_view **out, lk_error *err);
/* The copy that a query reads: the served one, or the newest live copy of version `number` (0: served). */
int lk_catalog_read_copy(const lk_catalog *c, const lk_cat_view *v, int number, const lk_cat_copy **out, lk_error *err);
/* A copy of the view by a sandbox's name or by its id in digits. Else LK_EUSAGE with the copies that exist. */
int lk_catalog_need_copy(const lk_catalog *c, const lk_cat_view *v, const char *name, const lk_cat_copy **out, lk_error *err);
/* The copy of that name or id, or, if name is NULL, the one that a query reads. */
int lk_catalog_wanted_copy(const lk_catalog *c, const lk_cat_view *v, const char *name, int number, const lk_cat_copy **out, lk_error *err);
/* The view's newest version over the log that readers get. Others are not brought into service one by one. */
const lk_cat_version *lk_catalog_newest(const lk_catalog *c, const lk_cat_view *v);
const lk_cat_version *lk_catalog_version(const lk_catalog *c, const lk_cat_view *v, int number);   /* or NULL */

enum lk_applied { LK_APPLIED_NEW, LK_APPLIED_SAME, LK_APPLIED_CHANGED };

typedef struct lk_apply_result {
	enum lk_applied what;
	bool anew;            /* of a stream: it had no event and was declared again, with the views over it */
	int new_versions;     /* of a stream: views over it that got a new version, because the watermark delay has changed */
	int version;          /* of a view */
	int served_version;   /* of a view: what readers get until the new one is in service */
	bool kappa;           /* of a view: a kappa copy serves it, so a replay, not a batch, brings a version into service */
	bool left;            /* of a view: readers had this version and were moved away from it; no batch undoes that */
} lk_apply_result;

/* Declares one definition of a file.
 *
 * A stream: catalogue row, lk.log_<name> partitioned by list of part with its leaves, tail rows. An existing one may stay
 * the same or get more nullable columns at the end (R28); anything else is LK_EDEFINITION. Idempotent (I8).
 *
 * A view: a new one gets version 1 and a lambda copy, served at once. A changed plan gets a new version and, in lambda
 * mode, a lambda copy beside the served one; a copy of an older version that no batch has brought into service is dropped.
 * First describes the batch SQL and the user's text by PREPARE and compares their types with the plan (R5). The plan is
 * compared only with the newest version: going back to an older form makes a new version too.
 *
 * A derived stream: its definition, the log that it fills, and the copy that fills it. What is declared already keeps its
 * definition; its watermark and idle_timeout may change. LK_EDEFINITION with a hint if the text would make other rows. */
int lk_apply(lk_pg *pg, const lk_definition *d, lk_apply_result *out, lk_error *err);
/* A dry run: between these two calls lk_apply reports what it would do, each time as if what it accepted before
 * were applied, and the end undoes all of it. Nobody else can declare anything meanwhile. Works without schema lk,
 * too. */
int lk_apply_dry_run_begin(lk_pg *pg, lk_error *err);
void lk_apply_dry_run_end(lk_pg *pg);

#endif
