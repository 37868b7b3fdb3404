/* Event files.
 *
 *   fd --read--> raw --inflate--> text [at … len) --> records
 *
 * Plain input is read straight into text; gzip (several members too) goes through raw. The text buffer grows until a
 * record fits, up to LK_RECORD_MAX; of a longer record only the head is kept, and the rest is read and discarded. At
 * the end of the input a missing line break is added to the buffer, so that the last record is found like any other;
 * positions do not count it. The last LK_INPUT_TRAIL bytes before a record stay in the buffer: they identify the input
 * when a later run continues it. Damaged gzip data is reported after the records before it; damage that only the
 * checksum shows is reported at the end of the member. Zeros after the last member are skipped: tapes and some
 * downloads have them.
 *
 * A pipe is polled before every read: its reader must be able to send what it has when nothing comes for a while, and
 * to notice a stop. */
#include "ingest/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/digest.h"
#include "core/flag.h"
#include "ingest/looks.h"

enum { READ_BYTES = 1 << 20, RAW_BYTES = 256 << 10, STOP_CHECK_MS = 100, KEEP_BYTES = 2 * LK_INPUT_TRAIL };   /* blanks may be between the last record and `at` */

enum packing { PACK_UNKNOWN, PACK_PLAIN, PACK_GZIP };

struct lk_input {
	int fd;
	char *path;
	const lk_format_verbs *format;
	void *dialect;           /* of it */
	bool regular;
	enum packing packing;
	z_stream z;
	bool in_member;          /* of gzip */
	char *raw;
	size_t raw_at, raw_len;
	bool raw_end;            /* of the file */
	char *text;
	size_t cap, at, len;
	size_t searched;         /* bytes after `at` that hold no whole record; in too long a record: no line break */
	int64_t position, line;  /* of text[at]; line 0: unknown */
	bool end, added_break;
	lk_text_place place;     /* of text[at] */
	bool exact;              /* the next record was guessed wrong */
	struct place_back {      /* where the last record began */
		size_t at;
		int64_t position, line;
		lk_text_place place;
	} back;
	bool looked_at;          /* its first bytes are checked: it is text, or a failure is noted */
	bool within;             /* of a record that is too long: not at the beginning of a line */
	bool too_short;          /* for a position to which it was to be moved */
	char *head;              /* of a record that is too long, while the rest is being discarded */
	int64_t head_position, head_line;
	char first[LK_INPUT_FIRST];
	size_t nfirst;
	lk_error failure;        /* of reading; reported once the records before it are handed out */
};

static const char *shown(const lk_input *in) { return strcmp(in->path, "-") ? in->path : "standard input"; }

/* --- Opening --- */

int lk_input_open(lk_input **out, const char *path, const lk_format *format, lk_error *err) {
	struct stat st;
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
	*out = NULL;
	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		lk_fail(err, LK_EUSAGE, "cannot read %s: %s", is_stdin ? "standard input" : path, fd < 0 ? strerror(errno) : "not a file");
		if (fd >= 0)
			close(fd);
		return LK_EUSAGE;
	}
	lk_input *in = lk_calloc(1, sizeof *in);
	in->fd = fd;
	in->path = lk_strdup(path);
	in->format = format->is;
	in->dialect = format->is->dialect ? format->is->dialect(format) : NULL;
	in->regular = S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
	in->line = 1;
	in->raw = lk_malloc(RAW_BYTES);
	*out = in;
	return 0;
}

void lk_input_close(lk_input *in) {
	if (!in)
		return;
	if (in->packing == PACK_GZIP)
		inflateEnd(&in->z);
	close(in->fd);
	free(in->path);
	free(in->dialect);
	free(in->raw);
	free(in->text);
	free(in->head);
	free(in);
}

bool lk_input_is_file(const lk_input *in) { return in->regular; }
bool lk_input_may_grow(const lk_input *in) { return in->regular && in->packing != PACK_GZIP; }

static void start_over(lk_input *in) {
	if (in->packing == PACK_GZIP)
		inflateEnd(&in->z);
	in->packing = PACK_UNKNOWN;
	in->in_member = in->raw_end = in->end = in->added_break = false;
	in->raw_at = in->raw_len = in->at = in->len = in->searched = in->nfirst = 0;
	in->position = 0;
	in->line = 1;
	in->place = (lk_text_place){0};
	in->exact = in->within = in->too_short = false;
	lk_error_clear(&in->failure);
	free(in->head);
	in->head = NULL;
}

int lk_input_rewind(lk_input *in, lk_error *err) {
	if (lseek(in->fd, 0, SEEK_SET) != 0)
		return lk_fail(err, LK_EINPUT, "cannot read %s again: %s", shown(in), strerror(errno));
	start_over(in);
	return 0;
}

/* --- Reading --- */

/* read() with a limit on waiting: bytes in *n (0 at the end), 0; LK_INPUT_IDLE; LK_EINPUT. */
static int read_some(lk_input *in, char *to, size_t cap, int wait_ms, size_t *n, lk_error *err) {
	for (;;) {
		if (!in->regular && wait_ms >= 0) {
			struct pollfd p = {.fd = in->fd, .events = POLLIN};
			int ready = poll(&p, 1, wait_ms);
			if (ready == 0 || (ready < 0 && errno == EINTR))
				return LK_INPUT_IDLE;
		}
		ssize_t got = read(in->fd, to, cap);
		if (got >= 0) {
			*n = (size_t)got;
			return 0;
		}
		if (errno == EAGAIN && wait_ms < 0) {
			struct pollfd p = {.fd = in->fd, .events = POLLIN};
			(void)poll(&p, 1, STOP_CHECK_MS);
		} else if (errno == EAGAIN) {
			return LK_INPUT_IDLE;
		} else if (errno != EINTR) {
			return lk_fail(err, LK_EINPUT, "cannot read %s: %s", shown(in), strerror(errno));
		}
	}
}

static int fill_raw(lk_input *in, int wait_ms, lk_error *err) {
	size_t n;
	if (in->raw_at) {
		memmove(in->raw, in->raw + in->raw_at, in->raw_len - in->raw_at);
		in->raw_len -= in->raw_at;
		in->raw_at = 0;
	}
	int rc = read_some(in, in->raw + in->raw_len, RAW_BYTES - in->raw_len, wait_ms, &n, err);
	if (rc)
		return rc;
	in->raw_len += n;
	in->raw_end = n == 0;
	return 0;
}

static int damaged(lk_input *in, const char *what, lk_error *err) {
	return lk_fail(err, LK_EINPUT, "%s: %s, after %lld bytes of text", shown(in), in->raw_end ? "the gzip data ends too early" : what,
	               (long long)(in->position + (int64_t)(in->len - in->at)));
}

/* Between members: skips zeros, as gzip does. */
static void next_member(lk_input *in) {
	while (in->raw_at < in->raw_len && in->raw[in->raw_at] == 0)
		in->raw_at++;
	if (in->raw_at < in->raw_len) {
		inflateReset(&in->z);
		in->in_member = true;
	}
}

static int inflate_some(lk_input *in, lk_error *err) {
	size_t room = in->cap - in->len;
	bool other = in->z.total_in == 0 && (uint8_t)in->raw[in->raw_at] != 0x1f;
	in->z.next_in = (Bytef *)in->raw + in->raw_at;
	in->z.avail_in = (uInt)(in->raw_len - in->raw_at);
	in->z.next_out = (Bytef *)in->text + in->len;
	in->z.avail_out = (uInt)room;
	int z = inflate(&in->z, Z_NO_FLUSH);
	in->raw_at = in->raw_len - in->z.avail_in;
	in->len += room - in->z.avail_out;
	if (z == Z_STREAM_END)
		in->in_member = false;
	else if (z != Z_OK && z != Z_BUF_ERROR)
		return damaged(in, other ? "something that is not gzip data follows the gzip data" : "damaged gzip data", err);
	return 0;
}

static int fill_gzip(lk_input *in, int wait_ms, lk_error *err) {
	if (in->raw_at == in->raw_len && !in->raw_end) {
		int rc = fill_raw(in, wait_ms, err);
		if (rc)
			return rc;
	}
	if (in->raw_at == in->raw_len) {
		in->end = true;
		return in->in_member ? damaged(in, "damaged gzip data", err) : 0;
	}
	if (!in->in_member)
		next_member(in);
	return in->in_member ? inflate_some(in, err) : 0;
}

/* Plain or gzip: the first two bytes tell. */
static int find_packing(lk_input *in, int wait_ms, lk_error *err) {
	int rc = fill_raw(in, wait_ms, err);
	if (rc || (in->raw_len < 2 && !in->raw_end))
		return rc;
	if (in->raw_len >= 2 && (uint8_t)in->raw[0] == 0x1f && (uint8_t)in->raw[1] == 0x8b) {
		in->z = (z_stream){0};
		if (inflateInit2(&in->z, 16 + MAX_WBITS) != Z_OK)
			return lk_fail(err, LK_EINTERNAL, "zlib cannot start");
		in->packing = PACK_GZIP;
		in->in_member = true;
		return 0;
	}
	in->packing = PACK_PLAIN;
	memcpy(in->text + in->len, in->raw, in->raw_len);
	in->len += in->raw_len;
	in->raw_len = 0;
	in->end = in->raw_end;
	return 0;
}

static void make_room(lk_input *in) {
	if (in->at > KEEP_BYTES && in->cap - in->len < READ_BYTES) {
		size_t gone = in->at - KEEP_BYTES;
		memmove(in->text, in->text + gone, in->len - gone);
		in->len -= gone;
		in->at -= gone;
	}
	if (in->cap - in->len < READ_BYTES) {
		in->cap = in->len + READ_BYTES > 2 * in->cap ? in->len + READ_BYTES : 2 * in->cap;
		in->text = lk_realloc(in->text, in->cap + 1);   /* and an added line break */
	}
}

/* Keeps the input's first bytes: text[before … len) is what was read now. */
static void keep_first(lk_input *in, size_t before) {
	size_t n = in->len - before, room = LK_INPUT_FIRST - in->nfirst;
	if (in->position + (int64_t)(before - in->at) != (int64_t)in->nfirst)
		return;
	memcpy(in->first + in->nfirst, in->text + before, n < room ? n : room);
	in->nfirst += n < room ? n : room;
}

/* Reports an input that cannot be text before any of it is taken as records. */
static int look_at(lk_input *in, lk_error *err) {
	if (in->nfirst < LK_MAGIC_BYTES && !in->end)
		return 0;
	in->looked_at = true;
	int rc = lk_looks_packed(shown(in), in->first, in->nfirst, err);
	if (rc)
		in->at = in->len = 0;
	return rc;
}

static int fill(lk_input *in, int wait_ms, lk_error *err) {
	size_t n;
	int rc;
	make_room(in);
	size_t before = in->len;
	if (in->packing == PACK_UNKNOWN)
		rc = find_packing(in, wait_ms, err);
	else if (in->packing == PACK_GZIP)
		rc = fill_gzip(in, wait_ms, err);
	else if (!(rc = read_some(in, in->text + in->len, in->cap - in->len, wait_ms, &n, err))) {
		in->len += n;
		in->end = n == 0;
	}
	keep_first(in, before);
	if (!rc && !in->looked_at && in->position == 0 && in->at == 0)
		rc = look_at(in, err);
	if (!rc && in->end && in->len > in->at && in->text[in->len - 1] != '\n') {
		in->text[in->len++] = '\n';
		in->added_break = true;
	}
	return rc;
}

/* --- Records --- */

/* Moves over `n` bytes of text with so many line breaks. */
static void advance(lk_input *in, size_t n, int64_t lines) {
	if (in->line)
		in->line += lines;
	in->at += n;
	in->position += (int64_t)n;
	in->searched = 0;
	if (n && in->at == in->len && in->added_break)
		in->position--;
}

static const char *line_break(lk_input *in) {
	const char *from = in->text + in->at + in->searched, *end = in->text + in->len;
	const char *found = memchr(from, '\n', (size_t)(end - from));
	in->searched = (size_t)((found ? found : end) - (in->text + in->at));
	return found;
}

/* After a record that is too long: does the next one begin at text[at]? *more: it takes more text to tell. */
static bool resumes(lk_input *in, bool *more) {
	if (!in->format->resumes)
		return true;
	int found = in->format->resumes(in->text + in->at, in->text + in->len, in->place);
	*more = found < 0 && !in->end;
	return found != 0 && !*more;
}

/* Discards the text of a record that is too long; its head stays until the next record begins. */
static bool forget(lk_input *in, lk_record *out) {
	bool more = false;
	if (!in->head) {
		in->head = lk_strndup(in->text + in->at, LK_RECORD_HEAD);
		in->head_position = in->position;
		in->head_line = in->line;
		in->within = true;
		in->searched = 0;
	}
	do {
		if (in->within) {
			const char *found = line_break(in);
			if (!found) {
				in->position += (int64_t)(in->len - in->at);
				in->at = in->len;
				in->searched = 0;
				return false;
			}
			advance(in, (size_t)(found + 1 - (in->text + in->at)), 1);
		}
		in->within = !resumes(in, &more) && !more;
		if (more)
			return false;
	} while (in->within);
	in->place = (lk_text_place){0};
	*out = (lk_record){.text = in->head, .len = LK_RECORD_HEAD, .position = in->head_position, .end = in->position,
	                   .line = in->head_line, .too_long = true};
	in->head_line = -1;   /* handed out: it goes at the next call */
	return true;
}

static void skip_byte_order_mark(lk_input *in) {
	if (in->position == 0 && in->len - in->at >= 3 && !memcmp(in->text + in->at, "\xef\xbb\xbf", 3))
		advance(in, 3, 0);
}

static lk_record_cut cut(const lk_input *in) {
	return in->format->cut(&(lk_stretch){
		.begin = in->text + in->at, .end = in->text + in->len, .place = in->place, .searched = in->searched,
		.all = in->end, .added = in->added_break, .exact = in->exact, .dialect = in->dialect,
	});
}

static bool take_next(lk_input *in, lk_record *out) {
	lk_record_cut s = cut(in);
	advance(in, (size_t)(s.begin - (in->text + in->at)), s.lines_before);
	in->place = s.at_begin;
	if (!s.end) {
		in->searched = in->len - in->at;
		return in->len - in->at > LK_RECORD_MAX && forget(in, out);
	}
	size_t n = (size_t)(s.end - s.begin);
	bool too_long = n > LK_RECORD_MAX;
	in->back = (struct place_back){in->at, in->position, in->line, in->place};
	*out = (lk_record){.text = s.begin, .len = too_long ? LK_RECORD_HEAD : s.len, .position = in->position, .line = in->line,
	                   .too_long = too_long, .unterminated = s.unterminated, .guessed = s.guessed};
	advance(in, n, s.lines);
	in->place = s.at_end;
	in->exact = false;
	out->end = in->position;
	return true;
}

void lk_input_again(lk_input *in) {
	in->at = in->back.at;
	in->position = in->back.position;
	in->line = in->back.line;
	in->place = in->back.place;
	in->exact = true;
}

const char *lk_input_sample(const lk_input *in, size_t *len) {
	*len = in->nfirst;
	return in->first;
}

static bool take(lk_input *in, lk_record *out) {
	if (in->head && in->head_line < 0) {
		free(in->head);
		in->head = NULL;
	}
	if (in->head)
		return forget(in, out);
	skip_byte_order_mark(in);
	return in->at < in->len && take_next(in, out);
}

/* A file's first bytes are checked before its first record is handed out; a pipe is not held back for that. */
static bool may_take(const lk_input *in) {
	return !in->regular || in->looked_at || in->end || in->failure.code || in->position > 0;
}

int lk_input_next(lk_input *in, int wait_ms, lk_record *out, lk_error *err) {
	for (;;) {
		if (may_take(in) && take(in, out))
			return 0;
		if (in->failure.code) {
			if (err)
				*err = in->failure;
			return in->failure.code;
		}
		if (in->end)
			return LK_INPUT_END;
		int rc = fill(in, wait_ms, &in->failure);
		if (rc > 0)
			return rc;
	}
}

const char *lk_input_first(const lk_input *in, size_t *len, bool *all) {
	*len = in->nfirst;
	*all = in->nfirst == LK_INPUT_FIRST || in->end || in->failure.code;
	return in->first;
}

int lk_input_look_ahead(lk_input *in, int wait_ms, lk_error *err) {
	int rc = fill(in, wait_ms, &in->failure);
	if (rc < 0 && err)
		*err = in->failure;
	return rc;
}

void lk_input_trail(const lk_input *in, int64_t position, char out[33]) {
	size_t n = position < LK_INPUT_TRAIL ? (size_t)position : LK_INPUT_TRAIL;
	int64_t end = (int64_t)in->at - (in->position - position) - (in->added_break && in->at == in->len);
	lk_digest d;
	*out = '\0';
	if (end < (int64_t)n)
		return;
	lk_digest_init(&d, 0, 0);
	lk_digest_add(&d, in->text + end - n, n);
	lk_digest_end(&d, out);
}

static int too_short(lk_input *in, int64_t position, int64_t size, lk_error *err) {
	in->too_short = true;
	lk_fail(err, LK_EINPUT, "%s ends at byte %lld, but was read up to byte %lld before", shown(in), (long long)size, (long long)position);
	lk_hint(err, "is it a part of that file, or was it edited? To append the whole file, give another --source name");
	return LK_EINPUT;
}

int lk_input_seek(lk_input *in, int64_t position, const volatile int *stop, lk_error *err) {
	struct stat st;
	while (in->packing == PACK_UNKNOWN && !in->end) {
		int rc = lk_flag_is_set(stop) ? LK_INPUT_END : fill(in, STOP_CHECK_MS, err);
		if (rc && rc != LK_INPUT_IDLE)
			return rc < 0 ? rc : 0;
	}
	int64_t near = position - LK_INPUT_TRAIL;
	if (in->regular && in->packing == PACK_PLAIN && near > in->position) {
		if (fstat(in->fd, &st) != 0 || lseek(in->fd, near, SEEK_SET) != near)
			return lk_fail(err, LK_EINPUT, "cannot seek in %s: %s", shown(in), strerror(errno));
		if (st.st_size < position)
			return too_short(in, position, st.st_size, err);
		in->at = in->len = in->searched = 0;
		in->position = near;
		in->end = in->added_break = false;
		in->line = 0;
		in->place = (lk_text_place){0};
	}
	while (in->position < position) {
		int64_t have = (int64_t)(in->len - in->at), n = position - in->position < have ? position - in->position : have;
		in->at += (size_t)n;
		in->position += n;
		in->searched = 0;
		in->line = 0;
		in->place = (lk_text_place){0};
		if (in->at == in->len && in->added_break && n)
			in->position--;
		if (in->position >= position)
			break;
		if (in->end && in->at == in->len)
			return too_short(in, position, in->position, err);
		int rc = lk_flag_is_set(stop) ? LK_INPUT_END : fill(in, STOP_CHECK_MS, err);
		if (rc && rc != LK_INPUT_IDLE)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

static bool is_break(char c) { return c == '\n' || c == '\r'; }

/* After a line break, or before one: what was read last may have been the end of the input, without one. */
bool lk_input_between_lines(lk_input *in, const volatile int *stop) {
	if (!in->position || (in->at && is_break(in->text[in->at - 1])))
		return true;
	while (in->at == in->len && !in->end && !in->failure.code && !lk_flag_is_set(stop))
		(void)fill(in, STOP_CHECK_MS, &in->failure);
	return in->at == in->len || is_break(in->text[in->at]);
}

bool lk_input_reaches(lk_input *in, int64_t position, const volatile int *stop) {
	lk_error why = {0};
	bool there = !lk_input_seek(in, position, stop, &why) && lk_input_between_lines(in, stop);
	bool unreadable = why.code && !in->too_short;
	return (lk_input_rewind(in, &why) != 0) || there || unreadable;
}

bool lk_input_peek(const lk_input *in, int64_t position, size_t n, char *out) {
	int64_t begin = in->position - (int64_t)in->at, end = begin + (int64_t)in->len - in->added_break;
	if (position >= begin && position + (int64_t)n <= end) {
		memcpy(out, in->text + (position - begin), n);
		return true;
	}
	return lk_input_may_grow(in) && pread(in->fd, out, n, (off_t)position) == (ssize_t)n;
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

int lk_input_spool(lk_input *in, const volatile int *stop, lk_error *err) {
	if (in->regular)
		return 0;
	int fd = open_spool(err), rc = 0;
	if (fd < 0)
		return LK_EINPUT;
	while (!lk_flag_is_set(stop)) {
		size_t n = 0;
		rc = read_some(in, in->raw, RAW_BYTES, STOP_CHECK_MS, &n, err);
		if (rc == LK_INPUT_IDLE)
			continue;
		if (rc < 0 || n == 0)
			break;
		if (write_all(fd, in->raw, n) != 0) {
			rc = lk_fail(err, LK_EINPUT, "cannot keep %s in a file: %s", shown(in), strerror(errno));
			break;
		}
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	close(in->fd);
	in->fd = fd;
	in->regular = true;
	return lk_input_rewind(in, err);
}
