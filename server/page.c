/* The live page's files. They are part of the program: nothing is read from disk, and nothing comes from another host. */
#include <string.h>

#include "server/routes.h"

static const char
	index_html[] =
#include "server/page/index.html.h"
	,
	page_css[] =
#include "server/page/page.css.h"
	,
	icon_svg[] =
#include "server/page/icon.svg.h"
	,
	chart_min_js[] =
#include "server/page/chart.min.js.h"
	,
	main_js[] =
#include "server/page/main.js.h"
	,
	api_js[] =
#include "server/page/api.js.h"
	,
	boundary_js[] =
#include "server/page/boundary.js.h"
	,
	chart_js[] =
#include "server/page/chart.js.h"
	,
	dom_js[] =
#include "server/page/dom.js.h"
	,
	stream_js[] =
#include "server/page/stream.js.h"
	,
	table_js[] =
#include "server/page/table.js.h"
	,
	url_js[] =
#include "server/page/url.js.h"
	,
	view_js[] =
#include "server/page/view.js.h"
	;

static const char html[] = "text/html; charset=utf-8", css[] = "text/css; charset=utf-8", js[] = "text/javascript; charset=utf-8";

static const struct file { const char *name, *type, *text; size_t len; } files[] = {
#define FILE_OF(name, type, text) {name, type, text, sizeof text - 1}
	FILE_OF("index.html", html, index_html),
	FILE_OF("page.css", css, page_css),
	FILE_OF("icon.svg", "image/svg+xml", icon_svg),
	FILE_OF("chart.min.js", js, chart_min_js),
	FILE_OF("main.js", js, main_js),
	FILE_OF("api.js", js, api_js),
	FILE_OF("boundary.js", js, boundary_js),
	FILE_OF("chart.js", js, chart_js),
	FILE_OF("dom.js", js, dom_js),
	FILE_OF("stream.js", js, stream_js),
	FILE_OF("table.js", js, table_js),
	FILE_OF("url.js", js, url_js),
	FILE_OF("view.js", js, view_js),
};

int lk_answer_page(lk_session *s, lk_request *q, lk_error *err) {
	const char *name = q->operand ? q->operand : "index.html";
	(void)s;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (!strcmp(files[i].name, name)) {
			q->reply.type = files[i].type;
			lk_buf_add(&q->reply.body, files[i].text, files[i].len);
			if (q->gzip)
				lk_reply_compress(&q->reply);
			return LK_OK;
		}
	q->reply.status = 404;
	return lk_fail(err, LK_EUSAGE, "the live page has no such file");
}
