/* The Lua scripts that Redis runs for the view store, each one atomic. Their texts are the .lua files beside this. */
#ifndef LK_VIEW_STORE_SCRIPTS_H
#define LK_VIEW_STORE_SCRIPTS_H

#include "core/buf.h"

enum lk_script {
	LK_SCRIPT_TAKE_OVER,
	LK_SCRIPT_COMMIT,
	LK_SCRIPT_DROP,
	LK_SCRIPT_RESET,
	LK_SCRIPT_SWAP,
	LK_SCRIPT_READ_UNIT,
	LK_NSCRIPTS
};

/* Adds the text of a script. With the fault build, lines that end in "-- fault: <name>" are left out where that mutant is on. */
void lk_script_text(enum lk_script script, lk_buf *out);

#endif
