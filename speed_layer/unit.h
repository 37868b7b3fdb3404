/* What the files of the stream path share about one unit. */
#ifndef LK_SPEED_LAYER_UNIT_H
#define LK_SPEED_LAYER_UNIT_H

#include "speed_layer/stream_path.h"

/* Reads the copy's published cut in the unit's partition: 0 and LK_NEVER if there is none. LK_ECONFLICT if the copy was
 * dropped. Uses the writer session. */
int lk_unit_published(lk_path *p, const lk_unit *u, lk_position *cut, lk_error *err);

/* The position that the last commit of any owner has reached: 0 if there is none. */
int lk_unit_cursor(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err);

/* True if the unit may, and should, skip what lies between its cursor and the published cut. */
bool lk_unit_should_skip(const lk_path *p, const lk_unit *u, int64_t cursor, int64_t cut);

/* True if a segment spans the cut: readers could not serve it. */
bool lk_unit_straddles(const lk_unit_state *st, int64_t cut);

/* Records that the commit sent last is in Redis: counts its events. */
void lk_unit_acknowledged(lk_path *p, lk_unit *u);

/* Tells a unit that is at the log's end what high the log has there. */
void lk_unit_follow(lk_path *p, lk_unit *u, const lk_frontier_part *tail);

/* What is asked of the log to know the position again (P6). */
static inline lk_seen lk_position_seen(const lk_position *at, int part) { return (lk_seen){part, at->cursor, at->last_at, at->run}; }

static inline const lk_plan *lk_unit_plan(const lk_unit *u) { return u->copy->version->plan; }
static inline const lk_cat_stream *lk_unit_stream(const lk_unit *u) { return u->copy->version->reads; }

#endif
