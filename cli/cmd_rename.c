/* lk rename: another name for a view. */
#include "catalog/copies.h"
#include "catalog/rename.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/output.h"

static int run(const lk_args *args, lk_error *err) {
	lk_connection c = {0};
	const lk_cat_view *v = NULL;
	const char *name = args->operands[1];
	int rc = lk_connect(&c, LK_WITH_CATALOG, err);
	if (rc == LK_OK)
		rc = lk_catalog_need_view(c.catalog, args->operands[0], &v, err);
	if (rc == LK_OK)
		rc = lk_view_lock(&c.pg, v, err);
	if (rc == LK_OK)
		rc = lk_view_rename(&c.pg, v, name, err);
	if (rc == LK_OK)
		lk_say("view %s is called %s now", v->name, name);
	lk_disconnect(&c);
	return rc;
}

const lk_command lk_cmd_rename = {
	.name = "rename",
	.operands = "VIEW NAME",
	.min_operands = 2,
	.max_operands = 2,
	.summary = "give a view another name",
	.detail = "Its versions, copies and answers stay. Running layers go on with it, unless they were started for this view "
		"by its former name (lk speed --view, lk batch VIEW --every). In your definition file change the name too: lk "
		"apply would declare a new view of the former name. NAME is taken as it is, as if it were quoted in SQL.",
	.examples = {
		{"lk rename traffic visits", "view traffic is called visits from now on"},
	},
	.run = run,
};
