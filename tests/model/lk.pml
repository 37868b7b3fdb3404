/* The protocol of lk in Promela: one unit of one copy, lambda or, with -DSEAL, kappa, from the log to the answer.
 *
 * Two workers believe that the unit is theirs (there is no lock at all), an appender appends, a batch makes a cut and publishes,
 * a reader answers; in some cases Redis goes back in time or loses everything, or PostgreSQL loses its tail. These faults never
 * break a connection: a process that slept through one continues as if nothing had happened, which is worse than TCP allows. There
 * is no clock and no grace time.
 *
 * A cell is the SET of events that were folded into it (a bit mask), so a lost event shows, and so does a doubled one. Event i
 * belongs to key i % 2, and a commit writes the cells that changed since the last one, as absolute values.
 *
 * What is asserted:
 *   the reader  its segments tile [cut, cursor), unless one of them went away while it read; and
 *               batch + segments + late events = the prefix that it names, each event once (I3)
 *   the sealer  the sealed part is the log below the cut without late events, each event once (I2)
 *   an owner    that has caught up: the unit's segments tile [base, cursor) and are exactly the log (I1)
 *
 * -DN=…       events                          -DROUNDS=…  batches, one after the other
 * -DTAKES=…   take-overs of each worker       -DTWOBATCH  two batch processes
 * -DSWEEP     owners drop what is published   -DCOMPACT   owners compact, each in another process
 * -DSKIP      owners below the cut skip to it -DLATE      event 1 is late: it goes to the ledger, not into a cell
 * -DGOBACK    Redis goes back once            -DFLUSH     Redis loses everything once
 * -DPGLOSS    PostgreSQL loses its last event once, and other events get its offset
 * -DSEAL      no batches: a sealer reads the unit's segments below a cut and publishes them (P12)
 * -DWATCH     a commit is two steps: compare, then write if nothing was touched (else: one step)
 *
 * and the mutants, each of which omits one rule (tests/model/check lists the cases that must catch them):
 *   CURSORONLY TOKENINREDIS KEEPMAP NOWATCH CHUNKED DROPOPEN POINTERFIRST NOTILING SPLITREAD GONEISEMPTY CUTSFIRST LATECUT
 *   BACKWARDS NOLOGCHECK COMPACTACROSS NOSWAPCHECK NOSTAGECHECK LEDGERLAST SEALEARLY SEALANY SEALGONE SEALONCE */

#ifndef N
#define N 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef TAKES
#define TAKES 2
#endif
#ifndef NSEG
#define NSEG 5
#endif
#ifdef ONEKEY
#define KEY(e) 0
#else
#define KEY(e) ((e) % 2)
#endif
#ifdef LATE
#define IS_LATE(off) ((off) == 1)
#else
#define IS_LATE(off) false
#endif
#define HAS_CUT(set, off) ((off) > 0 && ((set) & (1 << ((off) - 1))))
#define NONE 255

/* --- PostgreSQL --- */

byte tail;                   /* the log holds offsets 0 … tail-1 */
byte cuts;                   /* bit off-1: a live cut at off */
byte pub;                    /* the published cut; its batch is the log below it */
byte ledger;                 /* late events that were recorded, by offset */
#ifdef PGLOSS
bool other;                  /* another event has got offset N-1 */
byte lost;                   /* how often the log has lost its tail: older sessions are broken */
#define EVENT(off) (((off) == N - 1 && other) -> N : (off))
#define FETCHED(off) (((off) == N - 1 && saw_other) -> N : (off))
#else
#define EVENT(off) (off)
#define FETCHED(off) (off)
#endif
#define LOG(a, b, set) set = 0; k = a; do :: k < b -> set = set | (1 << EVENT(k)); k++ :: else -> break od; k = 0

/* --- Redis --- */

typedef Segment { byte from, to, token, even, odd };
typedef Unit {
	bool there;
	byte cursor, base, token, open;    /* open: from of the open segment, or NONE */
	byte last;                         /* identifies event cursor-1 (its _at) */
	byte staged, pieces;               /* the name under which a compaction stages its cells, and the number of staged pieces */
	byte staged_even, staged_odd;
	byte n;
	Segment s[NSEG]
};
Unit redis;
byte fresh = 1;              /* random tokens never repeat */
bool touched[2];             /* what WATCH sees, by worker */
#ifdef TOKENINREDIS
byte counter, old_counter;
#endif
#ifdef GOBACK
Unit old;
#endif
#ifdef COMPACT
typedef Job { bool posted; byte token, from, middle, to, first, second };   /* two segments: [from, middle) and [middle, to) */
Job job;                     /* a worker's job for the compactor of its process: one worker posts one, once */
bool compacted_once;
#endif

#define TOUCH touched[0] = true; touched[1] = true
#define IS_OPEN(u, i) (u.s[i].from == u.open && u.s[i].token == u.token)
#define CLEAR_SEGMENT(u, i) u.s[i].from = 0; u.s[i].to = 0; u.s[i].token = 0; u.s[i].even = 0; u.s[i].odd = 0
#define COPY_SEGMENT(a, i, b, j) a.s[i].from = b.s[j].from; a.s[i].to = b.s[j].to; a.s[i].token = b.s[j].token; \
	a.s[i].even = b.s[j].even; a.s[i].odd = b.s[j].odd
#define COPY(a, b) a.there = b.there; a.cursor = b.cursor; a.base = b.base; a.token = b.token; a.open = b.open; a.last = b.last; \
	a.staged = b.staged; a.pieces = b.pieces; a.staged_even = b.staged_even; a.staged_odd = b.staged_odd; a.n = b.n; k = 0; do :: k < NSEG -> COPY_SEGMENT(a, k, b, k); k++ :: else -> break od; k = 0
#if defined(RESETKEEPS) || defined(TOKENINREDIS)
#define NEW_TOKEN skip
#else
#define NEW_TOKEN token = fresh; fresh++; redis.token = token
#endif
#define EMPTY(u) u.open = NONE; u.n = 0; k = 0; do :: k < NSEG -> CLEAR_SEGMENT(u, k); k++ :: else -> break od; k = 0
#define LOSE(u) u.there = false; u.cursor = 0; u.base = 0; u.token = 0; u.last = NONE; u.staged = 0; u.pieces = 0; u.staged_even = 0; u.staged_odd = 0; EMPTY(u)
/* Follows the segments of u from position pos on, in any listed order. */
#define FOLLOW(u, pos) k = 0; do :: k < u.n -> j = 0; \
	do :: j < u.n -> if :: u.s[j].from == pos && u.s[j].to > pos -> pos = u.s[j].to :: else fi; j++ :: else -> break od; k++ \
	:: else -> break od; j = 0; k = 0

/* --- the log grows --- */

proctype Appender() {
	do
	:: atomic { tail < N -> tail++ }
	:: tail == N -> break
	od
}

/* --- the stream path --- */

proctype Worker(bool me) {
	byte takes, start, cursor, from, token, even, odd;     /* the owner's state: dropped in any doubt */
	byte hi, seen, end, late, i, j, k, a, b; bool even_changed, odd_changed, fits;
#ifdef PGLOSS
	byte session; bool saw_other;
#endif

take:
	if :: takes == TAKES -> goto done :: else -> takes++ fi;
	d_step {
		start = pub;
#ifdef PGLOSS
		session = lost
#endif
	}
	atomic { d_step {                                       /* the take-over script */
		if
		:: !redis.there -> redis.there = true; redis.cursor = start; redis.base = start; redis.last = NONE;
		   if :: start > 0 -> redis.last = EVENT(start - 1) :: else fi
		:: else
		fi;
#ifdef TOKENINREDIS
		counter++; token = counter;
#else
		token = fresh; fresh++;
#endif
		redis.token = token; redis.open = NONE; TOUCH;
		cursor = redis.cursor; from = cursor; even = 0; odd = 0; hi = 0; seen = 0; end = 0; late = 0; start = 0
	} }
	/* does the state match the log? */
	d_step {
		fits = true;
#ifdef PGLOSS
#ifndef NOLOGCHECK
		if :: cursor > tail -> fits = false :: else fi;
		if :: cursor > 0 && cursor <= tail && redis.last != NONE && redis.last != EVENT(cursor - 1) -> fits = false :: else fi;
#endif
#endif
#ifdef SKIP
		if :: cursor < pub -> fits = false :: else fi;
#endif
		start = pub
	}
	if
	:: fits
	:: else ->
		atomic { if                                         /* the reset script, fenced */
		:: redis.there && redis.token == token -> d_step { NEW_TOKEN; EMPTY(redis); redis.cursor = start; redis.base = start; redis.last = NONE;
			if :: start > 0 -> redis.last = EVENT(start - 1) :: else fi; TOUCH; cursor = start; from = start }
		:: else -> goto take
		fi }
	fi;
	start = 0;

loop:
	skip;
#ifdef PGLOSS
	if :: session != lost -> goto take :: else fi;
#endif
#ifdef CUTSFIRST
	seen = cuts; hi = tail;
#else
	d_step { hi = tail; seen = cuts;                         /* one snapshot */
#ifdef PGLOSS
		saw_other = other
#endif
	};
#endif
	if
	:: hi <= cursor ->
		if
		:: atomic { tail > cursor -> hi = 0; seen = 0 }; goto loop
		:: atomic { tail <= cursor -> hi = 0; seen = 0 }; goto idle
		fi
	:: else
	fi;
	d_step {
		/* a live cut is here: the segment closes, a new one opens */
		if :: from < cursor && HAS_CUT(seen, cursor) -> from = cursor; even = 0; odd = 0 :: else fi;
		end = cursor; late = 0; even_changed = false; odd_changed = false;
		do
		:: true ->
			if
			:: IS_LATE(end) -> late = late | (1 << FETCHED(end))
			:: !IS_LATE(end) && KEY(end) == 0 -> even = even | (1 << FETCHED(end)); even_changed = true
			:: !IS_LATE(end) && KEY(end) == 1 -> odd = odd | (1 << FETCHED(end)); odd_changed = true
			fi;
			end++;
			if :: end == hi || HAS_CUT(seen, end) -> break :: else fi
		od;
		hi = 0; seen = 0
	}
#ifdef LATE
#ifndef LEDGERLAST
	ledger = ledger | late;
#endif
#endif
#ifdef CHUNKED
	atomic { if                                             /* the cells in a call of their own */
	:: redis.there && redis.token == token && redis.cursor == cursor ->
		d_step { i = 0; do :: i < redis.n && !(redis.s[i].from == from && redis.s[i].token == token) -> i++ :: else -> break od;
			if :: i < redis.n -> if :: even_changed -> redis.s[i].even = even :: else fi;
				if :: odd_changed -> redis.s[i].odd = odd :: else fi :: else fi; i = 0 }
	:: else -> goto refused
	fi }
#endif
#ifdef WATCH
	atomic { if
	:: redis.there && redis.token == token && redis.cursor == cursor -> touched[me] = false
	:: else -> goto refused
	fi }
#endif
	atomic { if
#ifdef WATCH
#ifdef NOWATCH
	:: redis.there ->
#else
	:: !touched[me] ->
#endif
#else
#ifdef CURSORONLY
	:: redis.there && redis.cursor == cursor ->
#else
	:: redis.there && redis.token == token && redis.cursor == cursor ->
#endif
#endif
		d_step {
			i = 0; do :: i < redis.n && !(redis.s[i].from == from && redis.s[i].token == token) -> i++ :: else -> break od;
			assert(i < NSEG);
			if :: i == redis.n -> redis.n++; redis.s[i].from = from; redis.s[i].token = token :: else fi;
			redis.s[i].to = end;
			if :: even_changed -> redis.s[i].even = even :: else fi;
			if :: odd_changed -> redis.s[i].odd = odd :: else fi;
			redis.cursor = end; redis.last = FETCHED(end - 1); redis.open = from; TOUCH;
			cursor = end; i = 0; end = 0; even_changed = false; odd_changed = false
		}
	:: else -> goto refused
	fi }
#ifdef LEDGERLAST
	ledger = ledger | late;
#endif
	late = 0;
	goto sweep;

refused:
	late = 0; end = 0; even_changed = false; odd_changed = false;
#ifdef KEEPMAP
	if
	:: takes < TAKES && redis.there -> atomic { takes++; cursor = redis.cursor; redis.token = token; TOUCH }; goto loop
	:: else -> goto take
	fi
#else
	goto take
#endif

sweep:
	skip;
#ifdef SWEEP
	if
	:: pub > 0 -> start = pub;                               /* read in PostgreSQL, used later */
		atomic { if                                         /* the drop script, fenced */
#ifdef DROPOPEN
		:: redis.there && redis.token == token -> d_step {
#else
		/* the base does not move beyond the start of the open segment, which will grow */
		:: redis.there && redis.token == token && redis.cursor >= start && !(redis.open < start) -> d_step {
#endif
			i = 0; j = 0;
			do
			:: i < redis.n ->
				if
#ifdef DROPOPEN
				:: redis.s[i].from < start
#else
				:: redis.s[i].to <= start && !IS_OPEN(redis, i)
#endif
				:: else -> if :: i != j -> COPY_SEGMENT(redis, j, redis, i) :: else fi; j++
				fi;
				i++
			:: else -> break
			od;
			i = j; do :: i < NSEG -> CLEAR_SEGMENT(redis, i); i++ :: else -> break od;
			redis.n = j; if :: redis.base < start && start <= redis.cursor -> redis.base = start :: else fi; TOUCH; i = 0; j = 0; start = 0 }
		:: else -> start = 0
		fi }
	:: true
	fi;
#endif
#ifdef COMPACT
	/* chooses two adjacent closed segments, then reads the live cuts; the compactor does the rest */
	if
	:: atomic { !compacted_once ->
		d_step { a = NONE; i = 0;
			do
			:: i < redis.n ->
				j = 0;
				do
				:: j < redis.n ->
					if :: redis.s[i].to == redis.s[j].from && !IS_OPEN(redis, i) && !IS_OPEN(redis, j) -> a = i; b = j :: else fi; j++
				:: else -> break
				od; i++
			:: else -> break
			od; i = 0; j = 0;
			if
			:: a != NONE -> job.token = token; job.from = redis.s[a].from; job.middle = redis.s[a].to; job.to = redis.s[b].to;
				job.first = redis.s[a].token; job.second = redis.s[b].token; compacted_once = true; a = 1
			:: else -> a = 0
			fi; b = 0 } };
		if
#ifdef COMPACTACROSS
		:: atomic { a == 1 -> job.posted = true; a = 0 }
#else
		:: atomic { a == 1 && !HAS_CUT(cuts, job.middle) -> job.posted = true; a = 0 }
#endif
		:: else -> a = 0
		fi
	:: else
	fi;
#endif
	goto loop;

idle:
	skip;
	/* it has caught up and is still the owner: the unit is the log (I1) */
	d_step {
#ifdef PGLOSS
		if :: session == lost && redis.there && redis.token == token && redis.cursor == tail ->
#else
		if :: redis.there && redis.token == token && redis.cursor == tail ->
#endif
			a = redis.base; FOLLOW(redis, a);
			assert(a == redis.cursor);
			a = 0; k = 0;
			do
			:: k < redis.n ->
				if :: redis.s[k].from >= redis.base -> assert((a & (redis.s[k].even | redis.s[k].odd)) == 0);
					a = a | redis.s[k].even | redis.s[k].odd :: else fi; k++
			:: else -> break
			od;
			b = a; LOG(redis.base, redis.cursor, a);
#ifdef LATE
			a = a & ~(1 << 1);
#endif
			assert(a == b)
		:: else
		fi;
		a = 0; b = 0; k = 0
	}
	if
	:: !redis.there || redis.cursor != cursor || redis.token != token -> goto take
	:: tail > cursor -> goto loop
#ifdef SWEEP
	:: pub > redis.base && pub <= cursor && from < cursor -> goto take    /* an idle unit at the cut: taken over, its segment closes */
#endif
#if defined(SWEEP) || defined(COMPACT)
	:: goto sweep
#endif
#ifdef PGLOSS
	:: session != lost -> goto take
#endif
	:: true
	fi;
done:
	skip
}

#ifdef COMPACT
/* --- the compactor of a worker's process, beside its owner --- */

#define FIND(at, f, t) at = 0; do :: at < redis.n && !(redis.s[at].from == f && redis.s[at].token == t) -> at++ :: else -> break od
/* Adds the cells of segment `at` to the staged ones; if Redis has lost those, begins them again under the same name. */
#define STAGE(at) if :: redis.staged != name -> redis.staged = name; redis.pieces = 0; redis.staged_even = 0; redis.staged_odd = 0 :: else fi; \
	redis.pieces++; redis.staged_even = redis.staged_even | redis.s[at].even; redis.staged_odd = redis.staged_odd | redis.s[at].odd

proctype Compactor() {
	byte i, j, name; bool gone;
	if
	:: job.posted ->
		d_step { name = fresh; fresh++; FIND(i, job.from, job.first); gone = (i == redis.n);
			if :: !gone -> STAGE(i) :: else fi; i = 0 };
		d_step { FIND(j, job.middle, job.second); gone = gone || (j == redis.n);
			if :: !gone -> STAGE(j) :: else fi; j = 0 };
		atomic { if                                         /* the swap script, fenced */
#ifdef NOSWAPCHECK
		:: !gone && redis.there ->
#else
		:: !gone && redis.there && redis.token == job.token ->
#endif
			d_step {
				FIND(i, job.from, job.first); FIND(j, job.middle, job.second);
				if
#ifndef NOSTAGECHECK
				:: redis.staged != name || redis.pieces != 2
#else
				:: redis.staged != name                         /* the same number of cells, perhaps older ones */
#endif
#ifndef NOSWAPCHECK
				:: i == redis.n || j == redis.n || redis.s[i].to != job.middle || redis.s[j].to != job.to ||
				   IS_OPEN(redis, i) || IS_OPEN(redis, j)   /* again: Redis went back to a state in which it is open */
#endif
				:: else ->
					/* it replaces the first one; the second one goes, and the last one moves to its place */
					if :: i == redis.n -> redis.n++ :: else fi; assert(i < NSEG);
					redis.s[i].from = job.from; redis.s[i].to = job.to; redis.s[i].token = name;
					redis.s[i].even = redis.staged_even; redis.s[i].odd = redis.staged_odd;
					if :: j < redis.n && j != i -> redis.n--; if :: j < redis.n -> COPY_SEGMENT(redis, j, redis, redis.n) :: else fi;
						CLEAR_SEGMENT(redis, redis.n) :: else fi;
					TOUCH
				fi;
				i = 0; j = 0 }
		:: else
		fi };
		d_step { gone = false; name = 0; job.token = 0; job.from = 0; job.middle = 0; job.to = 0; job.first = 0;
			job.second = 0; job.posted = false }
	fi
}
#endif

/* --- the batch layer --- */

proctype Batch(byte rounds) {
	byte cut, former;
	do
	:: rounds > 0 -> rounds--;
#ifdef LATECUT
		cut = tail;
#else
		atomic { cut = tail; if :: cut > 0 -> cuts = cuts | (1 << (cut - 1)) :: else fi };
#endif
		atomic {                                            /* publish: compare-and-set; the former cut is released */
			former = pub;
			if
#ifdef BACKWARDS
			:: cut != pub ->
#else
			:: cut > pub ->
#endif
				pub = cut;
				if :: cut > 0 -> cuts = cuts | (1 << (cut - 1)) :: else fi;
				if :: former > 0 -> cuts = cuts & ~(1 << (former - 1)) :: else fi
			:: else                                         /* another batch was faster: this cut is abandoned */
				if :: cut > 0 && cut != pub -> cuts = cuts & ~(1 << (cut - 1)) :: else fi
			fi;
			former = 0; cut = 0 }
	:: else -> break
	od
}

/* --- sealing --- */

#ifdef SEAL
byte sealed;                 /* the rows of the table: the sealed events */

proctype Sealer(byte rounds) {
	byte cut, set, twice, pos, tries, i, j, k; bool gone; Unit u;
	do
	:: rounds > 0 -> rounds--; tries = 0;
#ifdef SEALANY
		atomic { redis.there && redis.n > 0 && redis.s[redis.n - 1].to > pub -> cut = redis.s[redis.n - 1].to };
#else
		atomic { tail > pub -> cut = tail; cuts = cuts | (1 << (cut - 1)) };
#endif
read:
		tries++;
#ifndef SEALEARLY
		atomic { redis.there && redis.cursor >= cut -> skip };
#endif
		d_step { COPY(u, redis); i = 0; gone = !u.there;          /* meta and the open segment */
#ifndef SEALEARLY
			if :: u.cursor < cut -> gone = true :: else fi;
#endif
			do :: i < u.n -> if :: IS_OPEN(u, i) -> skip :: else -> u.s[i].even = 0; u.s[i].odd = 0 fi; i++ :: else -> break od;
			i = 0; u.last = 0; u.staged = 0 };
		do                                                  /* the closed ones, one by one */
		:: i < u.n ->
			d_step {
				if
				:: !IS_OPEN(u, i) && u.s[i].from >= pub && u.s[i].from < cut ->
					j = 0; do :: j < redis.n && !(redis.s[j].from == u.s[i].from && redis.s[j].token == u.s[i].token) -> j++ :: else -> break od;
					if
					:: j < redis.n -> u.s[i].even = redis.s[j].even; u.s[i].odd = redis.s[j].odd
					:: else -> gone = true
					fi;
					j = 0
				:: else
				fi;
				i++ }
		:: else -> break
		od;
		i = 0;
#ifndef SEALONCE
		d_step {                                            /* meta once more: they must still be listed as they were */
			do
			:: i < u.n ->
				j = 0; do :: j < redis.n && !(redis.s[j].from == u.s[i].from && redis.s[j].token == u.s[i].token) -> j++ :: else -> break od;
				if
				:: IS_OPEN(u, i) || u.s[i].from < pub || u.s[i].from >= cut || (j < redis.n && redis.s[j].to == u.s[i].to)
				:: else -> gone = true
				fi;
				i++
			:: else -> break
			od;
			i = 0; j = 0 };
#endif
		atomic { d_step {
			set = 0; twice = 0;
			do
			:: i < u.n ->
				if :: u.s[i].from >= pub && u.s[i].from < cut ->
					twice = twice | (set & (u.s[i].even | u.s[i].odd)); set = set | u.s[i].even | u.s[i].odd
				:: else fi; i++
			:: else -> break
			od;
			i = 0; pos = pub; FOLLOW(u, pos);
			/* it ignores segments above the cut */
			if :: pos > cut -> pos = cut; k = 0;
				do :: k < u.n -> if :: u.s[k].from < cut && u.s[k].to > cut -> pos = NONE :: else fi; k++ :: else -> break od; k = 0
			:: else fi;
#ifdef SEALGONE
			gone = false;
#endif
#ifdef SEALEARLY
			gone = false; pos = cut;
#endif
		}
		if
		:: gone || pos != cut ->                            /* rolled back: it reads again, or gives up and abandons the cut */
			if
			:: tries < 2 -> goto read
			:: else -> cuts = cuts & ~(1 << (cut - 1))
			fi
		:: else -> d_step {                                 /* publish */
			assert(twice == 0);
			sealed = sealed | set;
			if :: pub > 0 -> cuts = cuts & ~(1 << (pub - 1)) :: else fi;
			pub = cut; cuts = cuts | (1 << (cut - 1));
			pos = 0; LOG(0, pub, pos);
#ifdef LATE
			pos = pos & ~(1 << 1);
#endif
			assert(sealed == pos) }
		fi };
		d_step { LOSE(u); cut = 0; set = 0; twice = 0; pos = 0; gone = false }
	:: else -> break
	od
}
#endif

/* --- the serving layer --- */

proctype Reader() {
	byte cut, end, pos, set, twice, i, j, k, tries, rows; bool gone; Unit u;   /* token 0 in u: that segment went away */
again:
	skip;
#ifdef POINTERFIRST
	d_step { cut = pub; rows = ledger };
#endif
	/* meta, and with it the cells of the open segment */
	d_step { COPY(u, redis); i = 0;
		do :: i < u.n -> if :: IS_OPEN(u, i) -> skip :: else -> u.s[i].even = 0; u.s[i].odd = 0 fi; i++ :: else -> break od;
		i = 0; u.last = 0; u.staged = 0 };
	/* the closed segments, one by one; any of them may have gone away */
	do
	:: i < u.n ->
		d_step {
#ifdef SPLITREAD
			if
			:: true ->
#else
			if
			:: !IS_OPEN(u, i) ->
#endif
				j = 0; do :: j < redis.n && !(redis.s[j].from == u.s[i].from && redis.s[j].token == u.s[i].token) -> j++ :: else -> break od;
				if
				:: j < redis.n -> u.s[i].even = redis.s[j].even; u.s[i].odd = redis.s[j].odd
				:: else -> u.s[i].token = 0
				fi;
				j = 0
			:: else
			fi;
			i++ }
	:: else -> break
	od;
	i = 0;
	/* meta once more: a closed segment must still be listed as it was */
	d_step {
		do
		:: i < u.n ->
			j = 0; do :: j < redis.n && !(redis.s[j].from == u.s[i].from && redis.s[j].token == u.s[i].token) -> j++ :: else -> break od;
			if
			:: IS_OPEN(u, i) || (j < redis.n && redis.s[j].to == u.s[i].to)
			:: else -> u.s[i].token = 0
			fi;
			i++
		:: else -> break
		od;
		i = 0; j = 0
	}
#ifndef POINTERFIRST
	d_step { cut = pub; rows = ledger };                     /* one snapshot of PostgreSQL, after Redis */
#endif
	d_step {
		end = (u.there && u.cursor > cut -> u.cursor : cut);
		set = 0; twice = 0; gone = false; i = 0;
		do
		:: i < u.n ->
			if :: u.s[i].from >= cut && u.cursor > cut ->
				twice = twice | (set & (u.s[i].even | u.s[i].odd)); set = set | u.s[i].even | u.s[i].odd;
				if :: u.s[i].token == 0 -> gone = true :: else fi
			:: else fi; i++
		:: else -> break
		od;
		i = 0; pos = cut; FOLLOW(u, pos);
#ifdef GONEISEMPTY
		gone = false;
#endif
#ifdef NOTILING
		gone = false; pos = end;
#endif
	}
	if
	:: gone -> if :: tries < 2 -> tries++; goto again :: else -> goto done fi
	:: else
	fi;
	d_step {
		assert(pos == end || u.cursor <= cut);
		pos = 0; LOG(cut, end, pos);
#ifdef LATE
		rows = rows & pos; assert((set & rows) == 0); set = set | rows;
#endif
		assert(twice == 0);
		assert(set == pos)
	}
done:
	skip
}

/* --- faults --- */

#if defined(GOBACK) || defined(FLUSH)
proctype RedisFault() {
	byte k;
#ifdef GOBACK
	d_step { COPY(old, redis);
#ifdef TOKENINREDIS
		old_counter = counter;
#endif
	}
	d_step { COPY(redis, old); TOUCH; LOSE(old);
#ifdef TOKENINREDIS
		counter = old_counter;
#endif
	}
#endif
#ifdef FLUSH
	d_step { LOSE(redis); TOUCH };
#endif
}
#endif

#ifdef PGLOSS
proctype PostgresFault() {
	atomic { tail == N -> tail = N - 1; other = true; lost++ }
	atomic { tail < N -> tail++ }
}
#endif

init {
	atomic {
		redis.open = NONE; redis.last = NONE;
		run Appender(); run Worker(0); run Worker(1);
#ifdef COMPACT
		run Compactor();
#endif
#ifdef SEAL
		run Sealer(ROUNDS);
#elif defined(TWOBATCH)
		run Batch(1); run Batch(1);
#else
		run Batch(ROUNDS);
#endif
#ifndef NOREADER
		run Reader();
#endif
#if defined(GOBACK) || defined(FLUSH)
		run RedisFault();
#endif
#ifdef PGLOSS
		run PostgresFault();
#endif
	}
}
