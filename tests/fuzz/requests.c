/* Requests of HTTP as the library hands them on: a path with its query, then a header on each line. What is understood has a
 * route and a form of it, what is not has an answer that says so. */
#include <stdlib.h>
#include <string.h>

#include "options/answer_args.h"
#include "options/late_args.h"
#include "options/tail_args.h"
#include "server/guard.h"
#include "server/routes.h"
#include "tests/fuzz/targets.h"

enum { PAIRS = 16 };

/* The next line, NUL-ended in place; NULL at the end. */
static char *line(char **at) {
	char *begin = *at;
	if (!begin)
		return NULL;
	*at = strchr(begin, '\n');
	if (*at)
		*(*at)++ = '\0';
	return begin;
}

/* As libmicrohttpd splits it. */
static int split_query(char *path, struct lk_asked_pair pairs[PAIRS]) {
	int n = 0;
	char *at = strchr(path, '?');
	if (!at)
		return 0;
	*at++ = '\0';
	for (char *pair; n < PAIRS && (pair = strsep(&at, "&"));) {
		char *value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		pairs[n++] = (struct lk_asked_pair){pair, value};
	}
	return n;
}

static void read_options(const lk_request *q) {
	lk_answer_args answer;
	lk_tail_args tail;
	lk_late_args late;
	lk_error err = {0};
	if (!q->args.noperands)
		return;
	if (lk_answer_args_read(&q->args, &answer, &err) == LK_OK)
		lk_rows_args_read(&q->args, &answer, &err);
	lk_answer_args_release(&answer);
	lk_tail_args_read(&q->args, &tail, &err);
	lk_tail_args_release(&tail);
	lk_late_args_read(&q->args, &late, &err);
}

static void check_guard(const char *token, const char *host, const char *origin) {
	static const char *const names[] = {"lk.example.org"};
	if (lk_host_allowed(host, names, 1) && host)
		FUZZ_CHECK(!strpbrk(host, "@/ "));
	if (lk_origin_allowed(origin, host) && origin)
		FUZZ_CHECK(host && strlen(origin) > strlen(host));
	if (lk_token_shown("correct-horse-battery", token))
		FUZZ_CHECK(strstr(token, "correct-horse-battery"));
}

void fuzz_requests(const uint8_t *data, size_t len) {
	char *text = lk_strndup((const char *)data, len), *at = text, *path = line(&at);
	struct lk_asked_pair pairs[PAIRS];
	lk_service service = {.routes = lk_routes, .nroutes = lk_nroutes};
	lk_request q = {.service = &service};
	lk_asked a = {.path = path, .query = pairs, .nquery = split_query(path, pairs)};
	a.accept = line(&at);
	a.accept_encoding = line(&at);
	const char *host = line(&at), *origin = line(&at);
	check_guard(line(&at), host, origin);
	if (lk_request_read(&q, &a)) {
		FUZZ_CHECK(q.route && !q.reply.failed && q.media < LK_MEDIA_KINDS);
		FUZZ_CHECK(!q.operand || lk_utf8_valid(q.operand, strlen(q.operand)));
		read_options(&q);
	} else {
		FUZZ_CHECK(q.reply.failed && q.reply.status >= 400 && q.reply.status < 500);
		FUZZ_CHECK(lk_utf8_valid(q.reply.body.data, q.reply.body.len));
	}
	lk_request_release(&q);
	free(text);
}
