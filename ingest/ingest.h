/* Ingest: appends an input's events to the log, each exactly once, whatever happens to the connection.
 *
 * Any thread. A run has a second thread of its own that encodes. Callbacks come on the caller's thread. The report owns
 * no memory. */
#ifndef LK_INGEST_INGEST_H
#define LK_INGEST_INGEST_H

#include "ingest/encoder.h"

typedef struct lk_ingest_report {
	int64_t events, rejects;            /* that this run has appended */
	int64_t others;                     /* events and rejects that another run of the source has appended meanwhile */
	int64_t batches;                    /* of both */
	int64_t bytes;                      /* of uncompressed input, read by this run */
	int64_t skipped_bytes;              /* a named source: read by earlier runs */
	int64_t left_bytes;                 /* a named source: a last line without a line break, left for the next run */
	int64_t reconnects;
	double seconds;
	bool another_file;                  /* a named source: not one of those that were read before */
	bool stopped;                       /* *stop was set before the end */
	lk_first_reject first;              /* of this run; where rejects is not 0 */
	char looks[160], todo[240];         /* if nothing was an event: what the input looks like and what to do, or "" */
	char source[320];                   /* what lk.rejected calls this run */
} lk_ingest_report;

typedef struct lk_ingest_options {
	const char *postgres;               /* conninfo */
	const lk_cat_stream *stream;
	lk_format format;
	const char *path;                   /* "-": the standard input */
	const char *source;                 /* remembers its position under this name; NULL: unnamed */
	bool strict;                        /* write nothing if any record is bad; a pipe is copied to a file first */
	int64_t retry_us;                   /* how long to wait for a server that went away; 0: 5 minutes */
	size_t batch_events;                /* 0: 20,000 */
	const volatile int *stop;           /* may be NULL; set: what was read is appended, then the run ends */
	void (*progress)(void *ctx, const lk_ingest_report *so_far);   /* after each batch; may be NULL */
	void (*note)(void *ctx, const char *text);                     /* a line for the user; may be NULL */
	void *ctx;
} lk_ingest_options;

/* Runs to the end of the input. *out is filled in any case: what it counts is in the log. LK_EINPUT: a bad record under
 * strict, an invalid csv header, an input that cannot be read further (what came before is in the log); LK_EUSAGE;
 * LK_EUNREACHABLE; LK_ECONFLICT: another process reads the same named source. If the stream's definition changes
 * meanwhile, it is parsed: see sql/sql.h for the thread. */
int lk_ingest_run(const lk_ingest_options *o, lk_ingest_report *out, lk_error *err);

/* Only the strict check, without a server: LK_EINPUT with the place of the first bad record. To append a set of files
 * as a whole or not at all, check all, then run all. Standard input and pipes pass unread; their run checks them. */
int lk_ingest_check(const lk_ingest_options *o, lk_error *err);

#endif
