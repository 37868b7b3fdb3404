#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/command_line.h"

void test_program_release(test_program *p) {
	free(p->out);
	free(p->err);
	p->out = p->err = NULL;
}

void test_run(test_program *p, const char *const *env, int want, const char *out_has, const char *err_has,
              const char *const *argv) {
	test_program_release(p);
	int got = test_lk(&p->servers, env, &p->out, &p->err, argv);
	if (got == want && strstr(p->out, out_has) && strstr(p->err, err_has))
		return;
	lk_buf line = LK_BUF_INIT;
	for (int i = 0; argv[i]; i++)
		lk_buf_addf(&line, " %s", argv[i]);
	fail_msg("lk%s: exit %d, wanted %d with \"%s\" and \"%s\"\nstdout: %s\nstderr: %s", line.data, got, want, out_has,
	         err_has, p->out, p->err);
}

char *test_file(const test_program *p, const char *name, const char *text) {
	char *path = lk_asprintf("%s/%s", p->servers.dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
	return path;
}

char *test_text_of(const char *path) {
	lk_buf text = LK_BUF_INIT;
	char part[65536];
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be read", path);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		lk_buf_add(&text, part, n);
	fclose(f);
	return lk_buf_steal(&text);
}

char *test_ask(const test_program *p, const char *sql, const char *const *params) {
	int n = 0;
	while (params && params[n])
		n++;
	PGconn *c = PQconnectdb(p->servers.at.postgres);
	PGresult *r = PQexecParams(c, sql, n, NULL, params, NULL, NULL, 0);
	char *text = lk_strdup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return text;
}

void test_ask_is(const test_program *p, const char *sql, const char *want) {
	char *got = test_ask(p, sql, NULL);
	assert_string_equal(got, want);
	free(got);
}

/* --- polling --- */

enum { AWAIT_MS = 60000 };

typedef struct wanted {
	const test_program *p;
	const char *text;
	int pid, signal;
} wanted;

static int holds(void *ctx) {
	const wanted *w = ctx;
	char *t = test_ask(w->p, w->text, NULL);
	int yes = strcmp(t, "t") == 0;
	free(t);
	return yes;
}

void test_await_sql(const test_program *p, const char *sql) {
	if (!test_poll(holds, &(wanted){.p = p, .text = sql}, AWAIT_MS))
		fail_msg("never true: %s", sql);
}

static int covers(void *ctx) {
	const wanted *w = ctx;
	char *out = NULL;
	int status = test_lk(&w->p->servers, NULL, &out, NULL, ARGS("query", "traffic", "--format", "json"));
	int yes = status == 0 && strstr(out, w->text) != NULL;
	free(out);
	return yes;
}

void test_await_hits(const test_program *p, int n) {
	char *text = lk_asprintf("\"hits\":%d", n);
	if (!test_poll(covers, &(wanted){.p = p, .text = text}, AWAIT_MS))
		fail_msg("traffic never had %s", text);
	free(text);
}

static int catches(void *ctx) {
	const wanted *w = ctx;
	char path[64], line[256];
	unsigned long long caught = 0;
	snprintf(path, sizeof path, "/proc/%d/status", w->pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		sscanf(line, "SigCgt: %llx", &caught);
	if (f)
		fclose(f);
	return caught >> (w->signal - 1) & 1;
}

void test_await_handler(int pid, int signal) {
	if (!test_poll(catches, &(wanted){.pid = pid, .signal = signal}, AWAIT_MS))
		fail_msg("process %d never caught signal %d", pid, signal);
}
