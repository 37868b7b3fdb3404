/* The sealed state of moving windows (P21) in Promela: an owner, a batch that seals, and what the owner leaves out of Redis.
 *
 * One partition, two keys. An event has a key, and the number of times that PostgreSQL was set back before it came, by which
 * histories are told apart. The state of a key is the history of its events, a number in base 4; each event gives one row, for
 * which the state of its key before it is read.
 *
 * PostgreSQL holds the log, the position of the log of rows, and the sealed state: rows (key, offset), how far it goes (off) and how far it
 * went before (kept). Redis holds token, cursor, base and the fields. The owner
 *
 *   takes over    writes a token, then reads position and seal; what is of another history, or behind the seal, or has a base
 *                 above it, begins again at the seal
 *   reads         the field, with token and cursor; if Redis has none, the newest sealed row below the cursor
 *   writes        the row, over the session that read the position, if it is not there yet; then field and cursor, fenced
 *   sweeps        if the seal is at or below the cursor: the base goes there, and fields that have not changed since go
 *
 * A batch makes of the seal and the events behind it the state at the position, and removes what only a reader below the former
 * seal would need: one transaction.
 *
 * Faults: kills, Redis is emptied or set back, PostgreSQL is set back: log, position and seal together, and sessions end.
 *
 * What is asserted: a row is made of the state that the log below it gives.
 *
 * -DN=…        events                          -DKILLS=…   owners killed
 * -DFLUSH      Redis is emptied once           -DGOBACK    Redis is set back once        -DPGLOSS    PostgreSQL is set back once
 *
 * and the mutants: NEWEST BASEUNCHECKED BEHINDUNCHECKED UNSEALED TOGETHERATONCE */

#ifndef N
#define N 4
#endif
#ifndef KILLS
#define KILLS 1
#endif

#define ADD(h, e) ((h) * 4 + (e) + 1)
#define LATER(a, b) ((a) > (b) -> (a) : (b))
#define IS_ROW(k, o) ((rows[k] >> (o)) & 1)

typedef Seal { byte off, kept }
typedef Values { short at[N + 1] }

/* PostgreSQL, and its snapshot */
byte tail, pos, key[N], epoch_of[N], epoch;
Seal seal;
byte rows[2];                          /* bit o: the key has a row of the state before offset o */
Values sealed[2];
byte old_tail, old_pos, old_rows[2];
Seal old_seal;
bool has_old;

/* Redis, and its snapshot */
typedef Unit { byte token, cursor, base, last; byte has[2], since[2]; short field[2] }
Unit unit, saved;
bool has_saved;

byte mine, kills = KILLS;
bool quiet;
#ifdef FLUSH
bool may_flush = true;
#endif
#ifdef GOBACK
bool may_go_back = true;
#endif
#ifdef PGLOSS
bool may_lose = true;
#endif

#define IS_USED(t) ((t) == unit.token || (t) == saved.token || (t) == mine)
#define FRESH (!IS_USED(1) -> 1 : (!IS_USED(2) -> 2 : (!IS_USED(3) -> 3 : 4)))
#define COPY(to, from) to.token = from.token; to.cursor = from.cursor; to.base = from.base; to.last = from.last; to.has[0] = from.has[0]; to.has[1] = from.has[1]; to.since[0] = from.since[0]; to.since[1] = from.since[1]; to.field[0] = from.field[0]; to.field[1] = from.field[1]
/* The identity of the event before an offset (P6). */
#define BEFORE(r) ((r) == 0 -> 0 : 1 + epoch_of[(r) - 1])

/* What the log gives for a key below an offset. */
inline fold(k, from, to, h) {
	i = from;
	do
	:: i < to -> if :: key[i] == k -> h = ADD(h, epoch_of[i]) :: else fi; i++
	:: else -> break
	od;
	i = 0
}

/* The newest sealed row of a key at or below an offset. */
inline look_up(k, below, h) {
	i = below; h = 0;
	do
	:: i > 0 -> if :: IS_ROW(k, i) -> h = sealed[k].at[i]; break :: else fi; i--
	:: else -> break
	od;
	i = 0
}

proctype Owner() {
	byte r, b, session, k, i, s, want;
	short h, right;
	bool good;
take_over:
	atomic { mine = FRESH; unit.token = mine; r = unit.cursor; b = unit.base; want = unit.last };
	atomic {
		session = epoch; s = seal.off;
		good = r <= pos && (r > tail -> false : want == BEFORE(r));
#ifndef BEHINDUNCHECKED
		good = good && r >= s;
#endif
#ifndef BASEUNCHECKED
		good = good && b <= s;
#endif
		if :: !good -> r = s; b = s; want = BEFORE(s) :: else fi
	};
	atomic {
		if
		:: unit.token != mine -> goto take_over
		:: else ->
			if
			:: !good ->
				mine = FRESH; unit.token = mine; unit.cursor = r; unit.base = r; unit.last = want;
				unit.has[0] = 0; unit.has[1] = 0; unit.since[0] = 0; unit.since[1] = 0; unit.field[0] = 0; unit.field[1] = 0
			:: else
			fi
		fi;
		s = 0; good = false; want = 0
	};
	do
	:: atomic { session != epoch || unit.token != mine || unit.cursor != r -> goto take_over }
	:: atomic { r < tail && session == epoch && unit.token == mine && unit.cursor == r ->      /* the field, fenced */
			k = key[r]; h = unit.field[k]; good = unit.has[k] || b == 0
		};
		if
		:: atomic { !good && session == epoch ->
#ifdef NEWEST
				look_up(k, N, h);
#else
				look_up(k, r, h);
#endif
				good = true }
		:: atomic { !good && session != epoch -> goto take_over }
		:: good
		fi;
		atomic {                                                                             /* the row */
			if
			:: session != epoch -> goto take_over
			:: else ->
				if
				:: pos == r -> right = 0; fold(k, 0, r, right); assert(h == right); pos++
				:: else
				fi
			fi;
			want = 1 + epoch_of[r]; h = ADD(h, epoch_of[r]); right = 0
		};
		atomic {                                                                             /* the state */
			if
			:: unit.token == mine && unit.cursor == r ->
				unit.field[k] = h; unit.has[k] = 1; unit.since[k] = r + 1; unit.cursor = r + 1; unit.last = want; r++
			:: else -> goto take_over
			fi;
			k = 0; h = 0; good = false; want = 0
		}
	:: atomic { session == epoch &&
#ifdef UNSEALED
			r > b
#else
			(seal.off > b && seal.off <= r)
#endif
			->
#ifdef UNSEALED
			s = r
#else
			s = seal.off
#endif
		};
		do                                                                                   /* a page has one field */
		:: atomic { s > 0 ->
				if
				:: unit.token != mine || unit.cursor < s -> goto take_over
				:: else -> unit.base = LATER(unit.base, s); b = s
				fi;
				if :: k = 0 :: k = 1 fi;
				if :: unit.has[k] && unit.since[k] <= s -> unit.has[k] = 0; unit.since[k] = 0; unit.field[k] = 0 :: else fi;
				k = 0
			}
		:: break
		od;
		s = 0
	:: atomic { kills > 0 -> kills--; goto take_over }
	:: atomic { quiet && pos == N -> break }
	od
}

proctype Source() {
	do
	:: atomic { tail < N -> if :: key[tail] = 0 :: key[tail] = 1 fi; epoch_of[tail] = epoch; tail++ }
	:: tail == N && quiet -> break
	od
}

proctype Batch() {
	byte k, i, o;
	short h;
	do
	:: atomic { pos > seal.off ->
			k = 0;
			do
			:: k < 2 ->
				look_up(k, seal.off, h);
				fold(k, seal.off, pos, h);
				o = 0;                                  /* put together: only the newest row up to the former end is read */
#ifdef TOGETHERATONCE
				do :: o < pos -> rows[k] = rows[k] & ~(1 << o); o++ :: else -> break od;
#else
				i = seal.off;
				do :: i > seal.kept && !IS_ROW(k, i) -> i-- :: else -> break od;
				if
				:: i > seal.kept -> do :: o < i -> rows[k] = rows[k] & ~(1 << o); o++ :: else -> break od
				:: else
				fi;
#endif
				i = seal.off;                           /* what has changed */
				do
				:: i < pos && key[i] != k -> i++
				:: i < pos && key[i] == k -> sealed[k].at[pos] = h; rows[k] = rows[k] | (1 << pos); break
				:: i == pos -> break
				od;
				h = 0; o = 0; i = 0; k++
			:: else -> break
			od;
			k = 0; seal.kept = seal.off; seal.off = pos }
	:: quiet -> break
	od
}

proctype Faults() {
	do
#ifdef GOBACK
	:: atomic { !has_saved && may_go_back -> COPY(saved, unit); has_saved = true }
	:: atomic { has_saved && may_go_back -> COPY(unit, saved); may_go_back = false; saved.token = 0 }
#endif
#ifdef FLUSH
	:: atomic { may_flush -> may_flush = false; unit.token = 0; unit.cursor = 0; unit.base = 0; unit.last = 0; unit.has[0] = 0; unit.has[1] = 0;
			unit.since[0] = 0; unit.since[1] = 0; unit.field[0] = 0; unit.field[1] = 0 }
#endif
#ifdef PGLOSS
	:: atomic { !has_old && may_lose -> has_old = true; old_tail = tail; old_pos = pos; old_rows[0] = rows[0]; old_rows[1] = rows[1];
			old_seal.off = seal.off; old_seal.kept = seal.kept }
	:: atomic { has_old && may_lose -> may_lose = false; tail = old_tail; pos = old_pos; rows[0] = old_rows[0]; rows[1] = old_rows[1];
			seal.off = old_seal.off; seal.kept = old_seal.kept; epoch++ }
#endif
	:: atomic { quiet = true; break }
	od
}

init { atomic { run Owner(); run Source(); run Batch(); run Faults() } }
