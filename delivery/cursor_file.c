/* The file is replaced by rename(2), so a lock on the file itself would stay with the former one: it is on FILE.lock. */
#include "delivery/cursor_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"

enum { FILE_MOST = 64 << 10 };   /* bytes of a position; one of 64 partitions has about 6,000 */

static int failed(const char *doing, const char *path, lk_error *err) {
	int e = errno, code = e == ENOSPC || e == EDQUOT ? LK_EFULL : LK_EUSAGE;
	lk_fail(err, code, "cannot %s cursor file %s: %s", doing, path, strerror(e));
	if (code == LK_EFULL)
		return lk_hint(err, "make room; the file keeps its former position, so the rows since then come again");
	return lk_hint(err, "--cursor needs a file in a folder that can be written");
}

static int take_lock(lk_cursor_file *f, const char *lock, lk_error *err) {
	f->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (f->lock < 0)
		return failed("lock", f->path, err);
	if (flock(f->lock, LOCK_EX | LOCK_NB) == 0)
		return LK_OK;
	if (errno != EWOULDBLOCK)
		return failed("lock", f->path, err);
	lk_fail(err, LK_EBUSY, "another process reads with cursor file %s", f->path);
	return lk_hint(err, "stop it, or give each reader a file of its own");
}

int lk_cursor_file_open(lk_cursor_file *f, const char *path, lk_error *err) {
	struct stat st;
	*f = (lk_cursor_file){.lock = -1};
	char *real = realpath(path, NULL);   /* a link stays a link */
	f->path = lk_strdup(real ? real : path);
	free(real);
	f->next = lk_asprintf("%s.next", f->path);
	if (stat(f->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		lk_fail(err, LK_EUSAGE, "cursor file %s is no plain file", path);
		return lk_hint(err, "name a file that lk may replace");
	}
	char *lock = lk_asprintf("%s.lock", f->path);
	int rc = take_lock(f, lock, err);
	free(lock);
	return rc;
}

static int read_all(int fd, char *text, size_t room, size_t *len) {
	ssize_t n = 0;
	for (*len = 0; *len < room && (n = read(fd, text + *len, room - *len)) > 0;)
		*len += (size_t)n;
	return n < 0 ? -1 : 0;
}

int lk_cursor_file_read(const lk_cursor_file *f, lk_bookmark *out, lk_error *err) {
	size_t len = 0;
	const char *why = "";
	*out = (lk_bookmark){0};
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : failed("read", f->path, err);
	char *text = lk_malloc(FILE_MOST);
	int bad = read_all(fd, text, FILE_MOST, &len);
	int rc = bad ? failed("read", f->path, err) : LK_OK;
	close(fd);
	if (!rc && lk_bookmark_read(text, len, out, &why)) {
		rc = lk_fail(err, LK_EINPUT, "cursor file %s is damaged: %s", f->path, why);
		lk_hint(err, "restore it, or remove it and say with --from where to begin");
	}
	free(text);
	return rc;
}

static int write_next(const lk_cursor_file *f, const lk_buf *text, lk_error *err) {
	int fd = open(f->next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return failed("write", f->path, err);
	ssize_t n = write(fd, text->data, text->len);
	if (n >= 0 && (size_t)n < text->len)
		errno = ENOSPC;
	bool good = n == (ssize_t)text->len && fsync(fd) == 0;
	int rc = good ? LK_OK : failed("write", f->path, err);
	if (close(fd) != 0 && !rc)
		rc = failed("write", f->path, err);
	return rc;
}

/* The rename lasts once its folder is on disk too. */
static void sync_folder(const char *path) {
	char *folder = lk_strdup(path), *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

int lk_cursor_file_write(lk_cursor_file *f, const lk_bookmark *p, lk_error *err) {
	lk_buf text = LK_BUF_INIT;
	lk_bookmark_print(p, &text);
	int rc = write_next(f, &text, err);
	lk_buf_release(&text);
	LK_CRASH_POINT("cursor.written");
	if (!rc && rename(f->next, f->path) != 0)
		rc = failed("replace", f->path, err);
	if (rc)
		unlink(f->next);
	else
		sync_folder(f->path);
	return rc;
}

void lk_cursor_file_close(lk_cursor_file *f) {
	if (f->lock >= 0)
		close(f->lock);
	free(f->path);
	free(f->next);
	*f = (lk_cursor_file){.lock = -1};
}
