/* Rows to a command: one process for each, with the row on its standard input and its id in LK_ID.
 *
 * Used by one thread, in a process whose children are its own. */
#ifndef LK_DELIVERY_COMMAND_H
#define LK_DELIVERY_COMMAND_H

#include "delivery/parcel.h"
#include "delivery/target.h"

typedef struct lk_command_target {
	const char *command;          /* for sh -c */
	int64_t timeout_us;           /* then it is killed, with its children */
	lk_parcel parcel;
} lk_command_target;

/* Lends the struct, which must not move. SIGCHLD gets its default action. Its flush fails with LK_EBUSY unless the
 * command exits with 0. */
lk_target lk_command_as_target(lk_command_target *c);
void lk_command_target_release(lk_command_target *c);

#endif
