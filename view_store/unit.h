/* What the parts of view_store/ share: the connection's struct, key names, the form of a unit's meta. Private to it.
 *
 * Meta is a hash of strings:
 *   format                          "2"; entries of format "1" have no bytes, and the next take-over makes it "2"
 *   token                           16 hex digits
 *   cursor watermark at             decimal
 *   base base_watermark base_at     decimal
 *   state                           "2": the form of the fields of view_store/state.h; missing: a former one, without cursors
 *   open                            `from` of the segment that the owner writes; missing until its first commit
 *   s:<from>:<token>                "<to> <cells> <min pane> <max pane> <bytes>" for each segment that covers an event
 */
#ifndef LK_VIEW_STORE_UNIT_H
#define LK_VIEW_STORE_UNIT_H

#include "view_store/redis.h"
#include "view_store/store.h"

#define LK_META_FORMAT "2"
#define LK_META_FORMER "1"
#define LK_STATE_FORMAT "2"
#define LK_STAGED_FOR_S "600"        /* staged cells that a compaction left behind expire */

/* No call that reads or merges closed segments moves more than about LK_CALL_BYTES, or one cell, or LK_CALL_CELLS
 * cells. */
enum { LK_CALL_BYTES = 1 << 20, LK_CALL_CELLS = 5000, LK_NAME_BYTES = 64 };

/* Units as a reader saw them last, by their ids (view_store/look.c). */
enum { LK_KNOWN_UNITS = 128 };
struct lk_known {
	int64_t unit;
	lk_unit_state state;
};

struct lk_store {
	lk_redis redis;
	struct lk_known known[LK_KNOWN_UNITS];
	char *prefix;                    /* "lk:<log id>:u:" */
	char *log_id;
	char *key;                       /* scratch space of the functions that name keys */
	lk_buf work;
	int64_t committing;              /* the unit whose commit is under way; -1: none */
	lk_commit commit;                /* that commit, without its cells */
	int commands;                    /* in that commit's transaction */
	lk_error verdict;                /* on that commit, if it was refused before it was sent */
};

/* The key's name, valid until the next call of one of these functions. */
const char *lk_unit_key(lk_store *s, int64_t unit);
const char *lk_segment_key(lk_store *s, int64_t unit, int64_t from, uint64_t token);
const char *lk_state_key(lk_store *s, int64_t unit);   /* view_store/state.h */

/* A segment's field in meta, "s:<from>:<token>", and its value. */
void lk_segment_name(char name[LK_NAME_BYTES], int64_t from, uint64_t token);
void lk_segment_entry(lk_buf *out, const lk_segment *g);

/* A fresh fencing token: 64 random bits, never 0. */
uint64_t lk_token_new(void);
void lk_token_print(char text[17], uint64_t token);

/* Reads a meta from HGETALL's reply. 0; 1 if the unit does not exist; LK_EUNSUPPORTED for another format; LK_EINTERNAL
 * if it is malformed. */
int lk_unit_parse(lk_store *s, int64_t unit, const redisReply *meta, lk_unit_state *out, lk_error *err);

/* Maps the word that a fenced script returned: 'done', or why it refused. */
int lk_fenced_reply(lk_store *s, int64_t unit, const redisReply *reply, lk_error *err);
/* Runs the script that was built and maps its word. */
int lk_fenced_call(lk_store *s, int64_t unit, lk_error *err);

bool lk_reply_is(const redisReply *r, const char *text);   /* is it this text? */

/* LK_EINTERNAL while a commit is under way on this connection, since the connection can do nothing else then. */
int lk_store_idle(lk_store *s, lk_error *err);

#endif
