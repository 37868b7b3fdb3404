/* A position in a file: one process at a time, and never half a position.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_CURSOR_FILE_H
#define LK_DELIVERY_CURSOR_FILE_H

#include "core/status.h"
#include "delivery/bookmark.h"

typedef struct lk_cursor_file {
	char *path, *next;    /* the file; the one that replaces it */
	int lock;             /* descriptor of FILE.lock, which says whose it is; -1 */
} lk_cursor_file;

/* Takes the file for this process. LK_EBUSY: another process has it; LK_EUSAGE: it cannot be there. */
int lk_cursor_file_open(lk_cursor_file *f, const char *path, lk_error *err);
/* 0; 1: there is no file yet, *out is empty; LK_EINPUT: it is damaged. */
int lk_cursor_file_read(const lk_cursor_file *f, lk_bookmark *out, lk_error *err);
/* Replaces it: afterwards the file has this position, also after a power failure. LK_EFULL: no room; then the former
 * one stays. */
int lk_cursor_file_write(lk_cursor_file *f, const lk_bookmark *p, lk_error *err);
void lk_cursor_file_close(lk_cursor_file *f);

#endif
