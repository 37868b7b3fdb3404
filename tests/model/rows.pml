/* A stage that turns rows into rows, in Promela: a derived log with state per key, in any history: the stage
 * of P13 and P18 (docs/protocol.md).
 *
 * PostgreSQL holds the source log, the derived log and the stage's position in the source; Redis holds the unit: token,
 * cursor and state. One partition and one key; each event gives one derived row, which is the fold of everything up to its
 * event, so a row shows exactly which history it was made from. Two workers both believe that the unit is theirs. A worker
 *
 *   takes over    writes its token into Redis, which gives it cursor and state, and then reads the position; a state that
 *                 is beyond the position, or of another history, is reset; one that is behind it folds on and emits nothing.
 *                 A state that is written for either reason has a new token: Redis may be set back to the moment between
 *   reads         the state before an event, if it is not in its map: together with token and cursor, which must be its own
 *   writes rows   and the position, in one transaction, by compare-and-set, over the session that read the position
 *   writes state  and the cursor, fenced
 *
 * After any failure it drops everything and takes over again. It never sends a transaction again, whatever became of it.
 *
 * Faults: a transaction's answer is lost (it may have been done or not), a worker is killed (its session may still finish
 * what it was sent), Redis is emptied or set back, and PostgreSQL is set back: both logs and the position go back together,
 * every session ends, and other events take the offsets of the lost ones.
 *
 * An event is 1 + the number of times that PostgreSQL was set back before it came: it stands for the event's `_at`, by
 * which histories are told apart. A history is a number in base 4, the first event in its highest digit.
 *
 * What is asserted:
 *   a row      is the fold of the source log up to its event, whenever it is committed
 *   position   derived rows and position are equal in number
 *   at the end each worker has come to the end of the source, or given up to the other one: none waits for ever
 *
 * -DN=…       events                          -DLOST=…    answers of transactions that are lost, and kills
 * -DFLUSH     Redis is emptied once           -DGOBACK    Redis is set back once
 * -DPGLOSS    PostgreSQL is set back once
 *
 * and the mutants: READUNCHECKED RESEND NOLOGCHECK NORESET POSITIONAPART NOTCOMPARED SAMETOKEN; STATEFIRST is right, too */

#ifndef N
#define N 3
#endif
#ifndef LOST
#define LOST 1
#endif

#define ADD(h, e) ((h) * 4 + (e))
#define LAST(h) ((h) % 4)

/* PostgreSQL. epoch tells sessions from those of before a restart. */
byte src[N], tail, row[N + 1], rows, pos, epoch, losses = LOST;
/* fold[k]: the history of the first k events */
byte fold[N + 1];

/* Redis: the unit, and a snapshot of it. token 0: there is no unit. */
typedef Unit { byte token, cursor, state };
Unit unit, saved;
bool has_saved, quiet;                /* quiet: no more faults come */
byte token_of[2], done;

#ifdef FLUSH
bool may_flush = true;
#endif
#ifdef GOBACK
bool may_go_back = true;
#endif
#ifdef PGLOSS
bool may_lose = true;
#endif

/* A token that nobody has: 1 to 5 are enough, since at most four places hold one. */
#define IS_USED(t) ((t) == unit.token || (t) == saved.token || (t) == token_of[0] || (t) == token_of[1])
#define FRESH (!IS_USED(1) -> 1 : (!IS_USED(2) -> 2 : (!IS_USED(3) -> 3 : (!IS_USED(4) -> 4 : 5))))

#ifdef NOLOGCHECK
#define IS_OF_THIS_LOG(r, h) true
#else
#define IS_OF_THIS_LOG(r, h) ((r) == 0 || ((r) <= tail && src[(r) - 1] == LAST(h)))
#endif

#define LOSES (losses > 0 && !quiet)
/* A transaction: a row, at the end of the derived log, and the position. */
#define WRITE row[rows] = h; rows++; pos = c + 1; assert(rows == pos && row[rows - 1] == fold[rows])

#ifdef NOTCOMPARED
#define IS_AT(c) (rows < N)
#else
#define IS_AT(c) (pos == (c))
#endif

#ifdef SAMETOKEN
#define NEW_TOKEN skip
#else
#define NEW_TOKEN token_of[me] = FRESH; unit.token = token_of[me]
#endif
#ifdef NORESET
#define BEYOND(r, c) false
#else
#define BEYOND(r, c) ((r) > (c))
#endif

proctype Worker(byte me) {
	byte c, h, r, session, want, before;

take_over:
	atomic {                                            /* the token first … */
		token_of[me] = FRESH; unit.token = token_of[me]; r = unit.cursor; h = unit.state
	}
	atomic {                                            /* … then position and log, in one snapshot; emits nothing */
		session = epoch; c = pos; before = r;
		if
		:: !IS_OF_THIS_LOG(r, h) || BEYOND(r, c) -> r = 0; h = 0
		:: else
		fi;
		do :: r < c -> h = ADD(h, src[r]); r++ :: else -> break od
	}
	atomic { if                                         /* a reset, or what it has caught up with */
		:: unit.token == token_of[me] && unit.cursor == before -> NEW_TOKEN; unit.cursor = r; unit.state = h; want = r; before = 0
		:: else -> goto take_over
		fi }

next:                                                   /* want: the cursor that it has committed */
	if
	:: atomic { session != epoch || token_of[me] != unit.token -> goto again_or_not }
	:: atomic { c == tail && session == epoch && token_of[me] == unit.token && quiet && c == N -> goto end }
#ifdef NORESET
	:: r > c -> false
#endif
	:: atomic { c < tail && session == epoch -> if       /* the next event, and the state before it */
		:: true                                          /* it is in the map, … */
		:: true -> if                                    /* … or no longer */
#ifdef READUNCHECKED
			:: true -> h = unit.state
#else
			:: unit.token == token_of[me] && unit.cursor == want -> h = unit.state
			:: else -> goto take_over
#endif
			fi
		fi;
		h = ADD(h, src[c]) }
	fi;

#ifdef STATEFIRST
	atomic { if
		:: unit.token == token_of[me] && unit.cursor == want -> unit.cursor = c + 1; unit.state = h; want = c + 1
		:: else -> goto take_over
		fi }
#endif
send:
	if                                                  /* rows and position, in one transaction */
	:: atomic { session == epoch && IS_AT(c) -> WRITE }
#ifdef POSITIONAPART
	:: atomic { session == epoch && pos == c && LOSES -> losses--; pos = c + 1; goto take_over }
#endif
	:: atomic { session == epoch && IS_AT(c) && LOSES -> losses--; WRITE;
#ifdef RESEND
		goto again
#else
		goto take_over
#endif
	   }
	:: atomic { LOSES -> losses--;                       /* it was not done */
#ifdef RESEND
		goto again
#else
		goto take_over
#endif
	   }
	:: atomic { session != epoch || pos != c -> goto take_over }
	fi;
	c++; r++;

	if                                                  /* state and cursor, fenced */
#ifdef STATEFIRST
	:: true
#else
	:: atomic { unit.token == token_of[me] && unit.cursor == want -> unit.cursor = c; unit.state = h; want = c }
	:: atomic { unit.token != token_of[me] || unit.cursor != want -> goto take_over }
	:: atomic { LOSES -> losses--; goto take_over }      /* killed between the two */
#endif
	fi;
	goto next;

#ifdef RESEND
again:
	if                                                  /* the same rows, over another session */
	:: atomic { pos == c -> session = epoch; goto send }
	:: atomic { pos != c -> goto take_over }
	fi;
#endif
again_or_not:                                           /* the other one has the unit: takes it back, or leaves it */
	if
	:: goto take_over
	:: atomic { done == 0 && session == epoch -> done++ }
	fi;
end:
	skip
}

/* Events come, also instead of lost ones. */
active proctype Source() {
	do
	:: atomic { tail < N -> src[tail] = epoch + 1; fold[tail + 1] = ADD(fold[tail], epoch + 1); tail++ }
	:: atomic { tail == N && pos == N && quiet -> break }
	od
}

active proctype Faults() {
	byte k, l;
end:
	do
	:: atomic { !quiet -> quiet = true }
#ifdef GOBACK
	:: atomic { !quiet && may_go_back && !has_saved && unit.token -> saved.token = unit.token; saved.cursor = unit.cursor; saved.state = unit.state; has_saved = true }
	:: atomic { !quiet && may_go_back && has_saved -> unit.token = saved.token; unit.cursor = saved.cursor; unit.state = saved.state;
		saved.token = 0; saved.cursor = 0; saved.state = 0; may_go_back = false }
#endif
#ifdef FLUSH
	:: atomic { !quiet && may_flush -> unit.token = 0; unit.cursor = 0; unit.state = 0; may_flush = false }
#endif
#ifdef PGLOSS
	:: atomic { !quiet && may_lose && tail > 0 -> may_lose = false; epoch++;
		l = tail;
		do :: l > 0 -> l--; src[l] = 0; fold[l + 1] = 0 :: true -> break od;
		tail = l;
		k = pos;
		do :: k > tail -> k--; row[k] = 0 :: k <= tail && k > 0 -> k--; row[k] = 0 :: k <= tail -> break od;
		pos = k; rows = k }
#endif
	od
}

/* Nobody waits for ever: if no process can take a step, the rows are all there. */
active proctype Monitor() {
	run Worker(0); run Worker(1);
	timeout -> assert(rows == N && pos == N && tail == N)
}
