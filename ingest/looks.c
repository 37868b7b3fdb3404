#include "ingest/looks.h"

#include <stdbool.h>
#include <string.h>

static const char unpack_first[] = "unpack it first, and give --format where lk reads standard input";

static const struct {
	const char *bytes;
	size_t len;
	const char *what, *todo;
} magic[] = {
#define MAGIC(bytes, what, todo) {bytes, sizeof bytes - 1, what, todo}
	MAGIC("\x1f\x8b", "gzip data within gzip data", "unpack it once: gzip -dc FILE | lk ingest STREAM … (lk unpacks the second time)"),
	MAGIC("\x28\xb5\x2f\xfd", "zstd data", unpack_first),
	MAGIC("\xfd" "7zXZ\0", "xz data", unpack_first),
	MAGIC("BZh91AY&SY", "bzip2 data", unpack_first),
	MAGIC("\x04\x22\x4d\x18", "lz4 data", unpack_first),
	MAGIC("7z\xbc\xaf\x27\x1c", "a 7z archive", unpack_first),
	MAGIC("PK\x03\x04", "a zip archive or a spreadsheet (.xlsx)", "unpack it, or save the sheet as CSV"),
	MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old spreadsheet (.xls)", "save the sheet as CSV"),
	MAGIC("PAR1", "a Parquet file", "write it as CSV or JSON lines, say with duckdb: COPY (FROM 'FILE') TO 'FILE.csv'"),
	MAGIC("Obj\x01", "an Avro file", "write it as JSON lines: avro-tools tojson FILE"),
	MAGIC("ARROW1", "an Arrow file", "write it as CSV or JSON lines"),
	MAGIC("SQLite format 3", "an SQLite database", "write a table as CSV: sqlite3 -csv -header FILE 'SELECT …'"),
	MAGIC("%PDF-", "a PDF document", "events are text: JSON lines, CSV or an access log"),
	MAGIC("\xff\xfe", "text in UTF-16", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE"),
	MAGIC("\xfe\xff", "text in UTF-16", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE"),
};

static const char *utf16_without_mark(const char *p, size_t len) {
	for (int odd = 0; len >= 8 && odd < 2; odd++)
		if (p[odd] && p[2 + odd] && p[4 + odd] && p[6 + odd] && !p[1 - odd] && !p[3 - odd] && !p[5 - odd] && !p[7 - odd])
			return odd ? "iconv -f UTF-16BE -t UTF-8 FILE" : "iconv -f UTF-16LE -t UTF-8 FILE";
	return NULL;
}

int lk_looks_packed(const char *name, const char *p, size_t len, lk_error *err) {
	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if (len >= magic[i].len && !memcmp(p, magic[i].bytes, magic[i].len)) {
			lk_fail(err, LK_EINPUT, "%s is %s", name, magic[i].what);
			lk_hint(err, "%s", magic[i].todo);
			return LK_EINPUT;
		}
	const char *iconv = utf16_without_mark(p, len);
	if (!iconv)
		return LK_OK;
	lk_fail(err, LK_EINPUT, "%s is text in UTF-16", name);
	lk_hint(err, "write it as UTF-8: %s", iconv);
	return LK_EINPUT;
}

/* --- Text of another kind --- */

static bool begins(const char *p, size_t len, const char *with) { return len >= strlen(with) && !memcmp(p, with, strlen(with)); }

static void set(lk_buf *what, lk_buf *todo, const char *w, const char *t) {
	lk_buf_adds(what, w);
	lk_buf_adds(todo, t);
}

void lk_looks_like(const lk_format *f, const char *p, size_t len, lk_buf *what, lk_buf *todo) {
	while (len && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r' || (unsigned char)*p >= 0x80)) {
		p++;
		len--;
	}
	size_t line = 0;
	while (line < len && p[line] != '\n' && p[line] != '\r')
		line++;
	if (memchr(p, '\0', len))
		set(what, todo, "binary data", "events are text: JSON lines, CSV or an access log");
	else if (begins(p, len, "#Software:") || begins(p, len, "#Version:") || begins(p, len, "#Fields:"))
		set(what, todo, "a log in the W3C extended format (IIS, CloudFront)", "make it CSV: its line #Fields: has the names, between blanks or tabs");
	else if (begins(p, len, "<"))
		set(what, todo, begins(p, len, "<!") || begins(p, len, "<html") ? "a web page" : "XML", "events are JSON lines, CSV or an access log");
	else
		lk_format_looks(f, p, line, what, todo);
}
