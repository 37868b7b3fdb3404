#include <stdlib.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/status.h"

/* Servers with nothing declared are no failure; a message says so. Redis is still checked. */
static int connect_to(lk_status_report *s, bool *empty, lk_error *err) {
	lk_error e = {0};
	int rc = lk_connect(&s->at, 0, err);
	if (rc != LK_OK)
		return rc;
	rc = lk_catalog_load(&s->at.pg, &s->at.catalog, &e);
	*empty = rc == LK_EUSAGE || (rc == LK_OK && s->at.catalog->nstreams == 0);
	if (rc == LK_EUSAGE)
		rc = LK_OK;
	else if (rc != LK_OK)
		*err = e;
	const char *log_id = s->at.catalog ? s->at.catalog->log_id : "";
	return rc ? rc : lk_store_open(&s->at.store, s->at.at.redis, log_id, err);
}

int lk_cmd_status(const lk_args *args, lk_error *err) {
	static const char *const formats[] = {"table", "json", NULL};
	lk_status_report s = {.view = args->noperands ? args->operands[0] : NULL, .digest = lk_args_has(args, "digest")};
	bool empty = false;
	int format;
	int rc = lk_args_choice(args, "format", formats, 0, &format, err);
	if (rc == LK_OK)
		rc = connect_to(&s, &empty, err);
	if (rc == LK_OK && empty) {
		lk_say("PostgreSQL and Redis answer; no streams or views are declared: `lk apply FILE` declares them");
		if (s.view)
			rc = lk_fail(err, LK_EUSAGE, "there is no view %s", s.view);
	} else if (rc == LK_OK) {
		rc = lk_status_read(&s, err);
	}
	if (rc == LK_OK && format == 1)
		lk_status_json(&s, lk_out());
	else if (rc == LK_OK && !empty)
		lk_status_tables(&s);
	free(s.streams);
	free(s.copies);
	lk_disconnect(&s.at);
	return rc;
}
