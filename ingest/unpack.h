/* A file, pipe or terminal as a stream of uncompressed bytes. Needs no server.
 *
 * Plain or gzip, told by the first two bytes. Several gzip members in a row are one stream, and zeros after the last one
 * are skipped: tapes and some downloads have them. A pipe is polled before every read: its reader must be able to send
 * what it has when nothing comes for a while, and to notice a stop.
 *
 * An unpacker is the caller's, for one thread. */
#ifndef LK_INGEST_UNPACK_H
#define LK_INGEST_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "core/status.h"

enum { LK_INPUT_IDLE = 2 };        /* nothing came for as long as the caller waits */
enum { LK_UNPACK_LEAST = 256 << 10 };   /* bytes of room that lk_unpack needs */

enum lk_packing { LK_PACKING_UNKNOWN, LK_PACKED_PLAIN, LK_PACKED_GZIP };

typedef struct lk_unpacker {
	int fd;
	char *path;                    /* "-": the standard input */
	bool regular;                  /* a file: it can be read twice */
	enum lk_packing packing;
	bool end;                      /* there are no more bytes */
	/* private */
	z_stream z;
	bool in_member;                /* of gzip */
	char *raw;                     /* bytes as they are in the file */
	size_t raw_at, raw_len;
	bool raw_end;
	int64_t unpacked;              /* bytes that were handed out */
} lk_unpacker;

/* LK_EUSAGE if it cannot be opened; then there is nothing to close. */
int lk_unpack_open(lk_unpacker *u, const char *path, lk_error *err);
void lk_unpack_close(lk_unpacker *u);
/* The path, or "standard input". */
const char *lk_unpack_name(const lk_unpacker *u);

/* Adds bytes at to[*len], where at least LK_UNPACK_LEAST of `cap` are free, and moves *len: 0, also without a byte;
 * LK_INPUT_IDLE if a pipe or terminal gave nothing for wait_ms (-1: waits, 0: does not); LK_EINPUT (cannot be read, or
 * damaged gzip data). Damage that only a checksum shows is reported at the end of its member. */
int lk_unpack(lk_unpacker *u, char *to, size_t cap, size_t *len, int wait_ms, lk_error *err);

/* Back to the first byte. Only a file can. */
int lk_unpack_rewind(lk_unpacker *u, lk_error *err);
/* Moves a plain file to `position`; *size: how long it is. */
int lk_unpack_seek(lk_unpacker *u, int64_t position, int64_t *size, lk_error *err);
/* Copies what follows into a file without a name (in TMPDIR, else /tmp), from whose first byte it is then read. Does
 * nothing for a file. Ends when *stop is set; stop may be NULL. */
int lk_unpack_spool(lk_unpacker *u, const volatile int *stop, lk_error *err);

#endif
