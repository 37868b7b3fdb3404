/* The Lua scripts that Redis runs for the view store, each atomic: small changes of a unit. Their texts are the .lua
 * files next to this one. A change that moves many cells is a transaction instead (see commit.c). */
#ifndef LK_VIEW_STORE_SCRIPTS_H
#define LK_VIEW_STORE_SCRIPTS_H

#include "core/buf.h"

enum lk_script {
	LK_SCRIPT_TAKE_OVER,
	LK_SCRIPT_DROP,
	LK_SCRIPT_RESET,
	LK_SCRIPT_SWAP,
	LK_SCRIPT_DROP_STATE,
	LK_NSCRIPTS
};

/* Adds the text of a script. The fault build leaves out lines that end in "-- fault: <name>" if that mutant is on. */
void lk_script_text(enum lk_script script, lk_buf *out);

#endif
