#include "ingest/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/flag.h"

enum { STOP_CHECK_MS = 100 };

int lk_unpack_open(lk_unpacker *u, const char *path, lk_error *err) {
	struct stat st;
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		lk_fail(err, LK_EUSAGE, "cannot read %s: %s", is_stdin ? "standard input" : path,
		        fd < 0 ? strerror(errno) : "not a file");
		if (fd >= 0)
			close(fd);
		return LK_EUSAGE;
	}
	*u = (lk_unpacker){.fd = fd, .path = lk_strdup(path), .raw = lk_malloc(LK_UNPACK_LEAST)};
	u->regular = S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
	return 0;
}

void lk_unpack_close(lk_unpacker *u) {
	if (u->packing == LK_PACKED_GZIP)
		inflateEnd(&u->z);
	close(u->fd);
	free(u->path);
	free(u->raw);
}

const char *lk_unpack_name(const lk_unpacker *u) { return strcmp(u->path, "-") ? u->path : "standard input"; }

int lk_unpack_rewind(lk_unpacker *u, lk_error *err) {
	if (lseek(u->fd, 0, SEEK_SET) != 0)
		return lk_fail(err, LK_EINPUT, "cannot read %s again: %s", lk_unpack_name(u), strerror(errno));
	if (u->packing == LK_PACKED_GZIP)
		inflateEnd(&u->z);
	u->packing = LK_PACKING_UNKNOWN;
	u->in_member = u->raw_end = u->end = false;
	u->raw_at = u->raw_len = 0;
	u->unpacked = 0;
	return 0;
}

int lk_unpack_seek(lk_unpacker *u, int64_t position, int64_t *size, lk_error *err) {
	struct stat st;
	if (fstat(u->fd, &st) != 0 || lseek(u->fd, position, SEEK_SET) != position)
		return lk_fail(err, LK_EINPUT, "cannot seek in %s: %s", lk_unpack_name(u), strerror(errno));
	*size = st.st_size;
	u->end = false;
	return 0;
}

/* --- Reading --- */

/* read() with a limit on waiting: bytes in *n (0 at the end), 0; LK_INPUT_IDLE; LK_EINPUT. */
static int read_some(lk_unpacker *u, char *to, size_t cap, int wait_ms, size_t *n, lk_error *err) {
	for (;;) {
		if (!u->regular && wait_ms >= 0) {
			struct pollfd p = {.fd = u->fd, .events = POLLIN};
			int ready = poll(&p, 1, wait_ms);
			if (ready == 0 || (ready < 0 && errno == EINTR))
				return LK_INPUT_IDLE;
		}
		ssize_t got = read(u->fd, to, cap);
		if (got >= 0) {
			*n = (size_t)got;
			return 0;
		}
		if (errno == EAGAIN && wait_ms < 0) {
			struct pollfd p = {.fd = u->fd, .events = POLLIN};
			(void)poll(&p, 1, STOP_CHECK_MS);
		} else if (errno == EAGAIN) {
			return LK_INPUT_IDLE;
		} else if (errno != EINTR) {
			return lk_fail(err, LK_EINPUT, "cannot read %s: %s", lk_unpack_name(u), strerror(errno));
		}
	}
}

static int fill_raw(lk_unpacker *u, int wait_ms, lk_error *err) {
	size_t n;
	if (u->raw_at) {
		memmove(u->raw, u->raw + u->raw_at, u->raw_len - u->raw_at);
		u->raw_len -= u->raw_at;
		u->raw_at = 0;
	}
	int rc = read_some(u, u->raw + u->raw_len, LK_UNPACK_LEAST - u->raw_len, wait_ms, &n, err);
	if (rc)
		return rc;
	u->raw_len += n;
	u->raw_end = n == 0;
	return 0;
}

static int damaged(lk_unpacker *u, const char *what, lk_error *err) {
	return lk_fail(err, LK_EINPUT, "%s: %s, after %lld bytes of text", lk_unpack_name(u),
	               u->raw_end ? "the gzip data ends too early" : what, (long long)u->unpacked);
}

/* Between members: skips zeros, as gzip does. */
static void next_member(lk_unpacker *u) {
	while (u->raw_at < u->raw_len && u->raw[u->raw_at] == 0)
		u->raw_at++;
	if (u->raw_at < u->raw_len) {
		inflateReset(&u->z);
		u->in_member = true;
	}
}

static int inflate_some(lk_unpacker *u, char *to, size_t cap, size_t *len, lk_error *err) {
	size_t room = cap - *len;
	bool other = u->z.total_in == 0 && (uint8_t)u->raw[u->raw_at] != 0x1f;
	u->z.next_in = (Bytef *)u->raw + u->raw_at;
	u->z.avail_in = (uInt)(u->raw_len - u->raw_at);
	u->z.next_out = (Bytef *)to + *len;
	u->z.avail_out = (uInt)room;
	int z = inflate(&u->z, Z_NO_FLUSH);
	u->raw_at = u->raw_len - u->z.avail_in;
	u->unpacked += (int64_t)(room - u->z.avail_out);
	*len += room - u->z.avail_out;
	if (z == Z_STREAM_END)
		u->in_member = false;
	else if (z != Z_OK && z != Z_BUF_ERROR)
		return damaged(u, other ? "something that is not gzip data follows the gzip data" : "damaged gzip data", err);
	return 0;
}

static int unpack_gzip(lk_unpacker *u, char *to, size_t cap, size_t *len, int wait_ms, lk_error *err) {
	if (u->raw_at == u->raw_len && !u->raw_end) {
		int rc = fill_raw(u, wait_ms, err);
		if (rc)
			return rc;
	}
	if (u->raw_at == u->raw_len) {
		u->end = true;
		return u->in_member ? damaged(u, "damaged gzip data", err) : 0;
	}
	if (!u->in_member)
		next_member(u);
	return u->in_member ? inflate_some(u, to, cap, len, err) : 0;
}

/* Plain or gzip: the first two bytes tell. The bytes of a plain file that were read go to the caller. */
static int find_packing(lk_unpacker *u, char *to, size_t *len, int wait_ms, lk_error *err) {
	int rc = fill_raw(u, wait_ms, err);
	if (rc || (u->raw_len < 2 && !u->raw_end))
		return rc;
	if (u->raw_len >= 2 && (uint8_t)u->raw[0] == 0x1f && (uint8_t)u->raw[1] == 0x8b) {
		u->z = (z_stream){0};
		if (inflateInit2(&u->z, 16 + MAX_WBITS) != Z_OK)
			return lk_fail(err, LK_EINTERNAL, "zlib cannot start");
		u->packing = LK_PACKED_GZIP;
		u->in_member = true;
		return 0;
	}
	u->packing = LK_PACKED_PLAIN;
	memcpy(to + *len, u->raw, u->raw_len);
	*len += u->raw_len;
	u->raw_len = 0;
	u->end = u->raw_end;
	return 0;
}

int lk_unpack(lk_unpacker *u, char *to, size_t cap, size_t *len, int wait_ms, lk_error *err) {
	size_t n;
	if (u->packing == LK_PACKING_UNKNOWN)
		return find_packing(u, to, len, wait_ms, err);
	if (u->packing == LK_PACKED_GZIP)
		return unpack_gzip(u, to, cap, len, wait_ms, err);
	int rc = read_some(u, to + *len, cap - *len, wait_ms, &n, err);
	if (rc)
		return rc;
	*len += n;
	u->end = n == 0;
	return 0;
}

/* --- Spooling --- */

static int open_spool(lk_error *err) {
	const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char *name = lk_asprintf("%s/lk-input-XXXXXX", dir);
	int fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		lk_fail(err, LK_EINPUT, "cannot make a file in %s: %s", dir, strerror(errno));
	else
		unlink(name);
	free(name);
	return fd;
}

static int write_all(int fd, const char *p, size_t n) {
	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int lk_unpack_spool(lk_unpacker *u, const volatile int *stop, lk_error *err) {
	if (u->regular)
		return 0;
	int fd = open_spool(err), rc = 0;
	if (fd < 0)
		return LK_EINPUT;
	while (!lk_flag_is_set(stop)) {
		size_t n = 0;
		rc = read_some(u, u->raw, LK_UNPACK_LEAST, STOP_CHECK_MS, &n, err);
		if (rc == LK_INPUT_IDLE)
			continue;
		if (rc < 0 || n == 0)
			break;
		if (write_all(fd, u->raw, n) != 0) {
			rc = lk_fail(err, LK_EINPUT, "cannot keep %s in a file: %s", lk_unpack_name(u), strerror(errno));
			break;
		}
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	close(u->fd);
	u->fd = fd;
	u->regular = true;
	return lk_unpack_rewind(u, err);
}
