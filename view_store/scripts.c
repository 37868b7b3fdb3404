#include "view_store/scripts.h"

#include <stdlib.h>
#include <string.h>

#include "core/fault.h"

static const char *const texts[LK_NSCRIPTS] = {
	[LK_SCRIPT_TAKE_OVER] =
#include "view_store/take_over.lua.h"
	,
	[LK_SCRIPT_DROP] =
#include "view_store/drop.lua.h"
	,
	[LK_SCRIPT_RESET] =
#include "view_store/reset.lua.h"
	,
	[LK_SCRIPT_SWAP] =
#include "view_store/swap.lua.h"
	,
	[LK_SCRIPT_DROP_STATE] =
#include "view_store/drop_state.lua.h"
};

#ifdef LK_FAULTS
static bool left_out(const char *line, size_t len) {
	static const char mark[] = "-- fault: ";
	const char *at = memmem(line, len, mark, sizeof mark - 1);
	if (!at)
		return false;
	at += sizeof mark - 1;
	char *name = lk_strndup(at, (size_t)(line + len - at));
	bool off = lk_mutant(name);
	free(name);
	return off;
}

void lk_script_text(enum lk_script script, lk_buf *out) {
	const char *line = texts[script];
	while (*line) {
		size_t len = strcspn(line, "\n");
		if (!left_out(line, len)) {
			lk_buf_add(out, line, len);
			lk_buf_addc(out, '\n');
		}
		line += len + (line[len] == '\n');
	}
}
#else
void lk_script_text(enum lk_script script, lk_buf *out) { lk_buf_adds(out, texts[script]); }
#endif
