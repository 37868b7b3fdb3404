/* The log's append (P14) and its cuts (P5) in Promela: from two files to the events that a worker reads.
 *
 * Two partitions. An ingest sends the batches of a source one after the other, each as one transaction:
 * compare-and-set of the source's position, tail rows locked in ascending order, offsets from them, rows, commit. A session
 * executes the transaction independently: the ingest may lose the session at any moment, or be killed and started again, and
 * the session may still continue and commit, soon or much later, or roll back. So the outcome may be unknown here as in
 * reality. An ingest in doubt reads the position and continues from it. Even batches have a row in each partition, odd ones in
 * the second only.
 *
 * A commit is two steps, as in PostgreSQL: first its rows are visible, then its locks are released. The model omits rejected
 * lines, NOTIFY and lock timeouts; a timeout is a rollback. Without FREEZE every lock is released some time. With FREEZE a
 * transaction that has its locks waits for the rows; its ingest sends them, or is frozen until the others can take no step. A
 * process that waits sees which transaction of which session waits for its client, and later ends the session if it still
 * waits in the same transaction. The ingest finds its session gone and knows no more.
 *
 * With TWOFILES the ingests read two files of one length under one name, and the place in a source is the position and the
 * bytes before it (the trail). With COUNT each ingest reports at its end how much it has appended, and the place also names the
 * run that moved it. With DEFINE the stream's definition changes once, beside the ingests; a batch is encoded for one
 * definition, and its session compares that one.
 *
 * What is asserted:
 *   a worker    reads the visible rows at off >= cursor, in order, in one snapshot, and finds neither a gap nor a
 *               missing row below the tail (I6)
 *   a cut       when it becomes visible, no event at or above it is visible, and all events below it are (P5)
 *   a row       has a place of its own, and an `_at` above that of the append before it
 *   a change    has only rows of the former definition below it, and only rows of the new one at or above it
 *   a count     of both ingests together is at most the number in the log
 *   at the end  all processes have ended (none waits for a lock for ever), each batch is in the log exactly once (I5; for
 *               two files under one name, each batch that an ingest took for done is), and the worker has read everything
 *
 * -DONESOURCE  both ingests read the same file     -DBATCHES=…  of a source
 * -DLOSSES=…   connections lost, ingests killed    -DKILLS=…    transactions that the server ends by itself
 * -DCLOCK      rows have an `_at`                 -DFREEZE      an ingest is frozen in the COPY, once; sessions are ended
 * -DTWOFILES   two files under one name          -DCOUNT       with ONESOURCE: both report what they have appended
 * -DDEFINE     the definition is changed
 *
 * and the mutants: SEQUENCE READFIRST BEGINTIME REPEATS BLINDSET POSITIONAPART NOREAD TAKENFORDONE ANYORDER HOLE
 * CUTWITHOUTLOCK CUTANYORDER, with FREEZE also NOTENDED SESSIONALONE LOCKTAKEN, with TWOFILES NOTRAIL TRAILNOTSET, with COUNT
 * NORUN, with DEFINE DEFINITIONFIRST NOTCOMPARED CHANGEWITHOUTLOCK CHANGELOCKSONE */

#ifndef BATCHES
#define BATCHES 2
#endif
#ifndef LOSSES
#define LOSSES 1
#endif
#ifndef KILLS
#define KILLS 0
#endif
#if defined(ONESOURCE) || defined(TWOFILES)
#define SOURCES 1
#define SOURCE(c) 0
#else
#define SOURCES 2
#define SOURCE(c) (c)
#endif
#ifdef ONESOURCE
#define FILES 1
#define FILE(c) 0
#else
#define FILES 2
#define FILE(c) (c)
#endif
#ifdef DEFINE
#define ALL 5                         /* processes that come to an end */
#else
#define ALL 4
#endif
#define PLACES 5
#define HAS(batch, p) ((batch) % 2 == 0 || (p) == 1)
#define CUT 9                         /* who holds a lock: 1 + session, the cut, or the change */
#define CHANGE 10

mtype = { waiting, committed, conflict, rolled_back, gone, changed };

/* --- what is visible --- */

typedef Partition { byte tail, row[PLACES], at      /* a row: 1 + its batch, of whatever file; at: the last row's _at */
#ifdef DEFINE
	; byte definition[PLACES], changed_at            /* by which the row was encoded; the first offset after the change */
#endif
};
Partition part[2];
byte position[SOURCES];               /* batches that the source has in the log */
#ifdef TWOFILES
byte read_of[SOURCES], acknowledged[FILES];              /* whose bytes are before the position; what an ingest takes for done */
#endif
#ifdef COUNT
byte mover[SOURCES], counted;
#endif
#ifdef DEFINE
byte definition;
#endif

#if defined(TWOFILES) && !defined(NOTRAIL)
#define IS_AT(s, file, n) (position[s] == (n) && ((n) == 0 || read_of[s] == (file)))
#else
#define IS_AT(s, file, n) (position[s] == (n))
#endif
#ifdef TWOFILES
#define ACKNOWLEDGED acknowledged[me] = (at > acknowledged[me] -> at : acknowledged[me])
#else
#define ACKNOWLEDGED skip
#endif

/* --- what sessions hold --- */

byte tail_lock[2], source_lock[SOURCES];
#ifdef SEQUENCE
byte sequence[2];
#endif
typedef Session { byte job; mtype reply; bool orphan;      /* job: 1 + batch, or 0: idle */
#ifdef FREEZE
	byte transaction; bool copying, sent, frozen, end
#endif
#ifdef DEFINE
	byte definition
#endif
};
Session session[4];                   /* two for each ingest */
#ifdef CLOCK
byte now;
#endif
byte losses = LOSSES, kills = KILLS, ended;
#ifdef FREEZE
byte freezes = 1;
#endif

#define ID(file, batch) ((file) * BATCHES + (batch) + 1)
#define RELEASE(me) k = 0; do \
	:: k < 2 -> if :: tail_lock[k] == me -> tail_lock[k] = 0 :: else fi; k++ :: else -> break od; \
	k = 0; do :: k < SOURCES -> if :: source_lock[k] == me -> source_lock[k] = 0 :: else fi; k++ :: else -> break od; k = 0
/* A session may end by itself: nobody is there any more, or the server ends it. */
#define MAY_END (session[me - 1].orphan || kills > 0)
#define END_IT if :: session[me - 1].orphan -> skip :: else -> kills-- fi; goto roll_back

proctype Backend(byte me) {
	byte batch, src, p, i, k, off[2];
#ifdef CLOCK
	byte at[2];
#endif

idle:
	atomic { session[me - 1].job > 0 -> batch = session[me - 1].job - 1; src = SOURCE((me - 1) / 2);
#ifdef CLOCK
		if :: now++ :: skip fi; at[0] = now; at[1] = now    /* BEGIN; the clock may stand */
#endif
#ifdef FREEZE
		session[me - 1].transaction++; session[me - 1].sent = false
#endif
		};
#if defined(DEFINE) && defined(DEFINITIONFIRST)
	if
	:: session[me - 1].definition != definition -> d_step { RELEASE(me); session[me - 1].reply = changed }; goto over
	:: else
	fi;
#endif
#ifndef POSITIONAPART
	if
	:: atomic { source_lock[src] == 0 -> source_lock[src] = me;
		if
#ifndef BLINDSET
		:: !IS_AT(src, FILE((me - 1) / 2), batch) -> d_step { RELEASE(me); session[me - 1].reply = conflict }; goto over
#endif
		:: else
		fi }
	:: atomic { MAY_END -> END_IT }
	fi;
#endif
	do
	:: i < 2 ->
#ifdef ANYORDER
		p = (me > 2 -> 1 - i : i);
#else
		p = i;
#endif
		if
		:: HAS(batch, p) ->
#ifdef READFIRST
			off[p] = part[p].tail;
#endif
			if
#ifdef SEQUENCE
			:: atomic { off[p] = sequence[p]; sequence[p]++ }
#else
			:: atomic { tail_lock[p] == 0 -> tail_lock[p] = me;
#ifndef READFIRST
				off[p] = part[p].tail;
#endif
#if defined(CLOCK) && !defined(BEGINTIME)
#ifdef REPEATS
				at[p] = now
#else
				at[p] = (now > part[p].at -> now : part[p].at + 1)
#endif
#endif
				}
#endif
			:: atomic { MAY_END -> END_IT }
			fi
		:: else
		fi;
		i++
	:: else -> break
	od;
#if defined(DEFINE) && !defined(DEFINITIONFIRST) && !defined(NOTCOMPARED)
	if
	:: session[me - 1].definition != definition -> d_step { RELEASE(me); session[me - 1].reply = changed }; goto over
	:: else
	fi;
#endif
#ifdef FREEZE
	session[me - 1].copying = true;
	if
	:: d_step { session[me - 1].sent -> session[me - 1].copying = false }
	:: atomic { session[me - 1].end -> session[me - 1].copying = false;
		d_step { RELEASE(me); session[me - 1].end = false; session[me - 1].reply = gone }; goto over }
	:: atomic { MAY_END -> session[me - 1].copying = false; END_IT }
	fi;
#endif
	if
	:: d_step {                                         /* commit: all its rows become visible */
		p = 0;
		do
		:: p < 2 ->
			if
			:: HAS(batch, p) ->
				if
#ifdef HOLE
				:: batch == 0 && p == 1                     /* its COPY was in a savepoint that was rolled back, the tail was not */
#endif
				:: else -> assert(part[p].row[off[p]] == 0); part[p].row[off[p]] = ID(FILE((me - 1) / 2), batch)
				fi;
#ifdef DEFINE
				part[p].definition[off[p]] = session[me - 1].definition;
#endif
				if :: part[p].tail <= off[p] -> part[p].tail = off[p] + 1 :: else fi;
#ifdef CLOCK
				assert(at[p] > part[p].at); part[p].at = at[p]
#endif
			:: else
			fi;
			p++
		:: else -> break
		od;
#ifndef POSITIONAPART
		position[src] = batch + 1;
#if defined(TWOFILES) && !defined(TRAILNOTSET)
		read_of[src] = FILE((me - 1) / 2);
#endif
#ifdef COUNT
		mover[src] = (me - 1) / 2;
#endif
#endif
		p = 0; i = 0; off[0] = 0; off[1] = 0 }
	:: atomic { MAY_END -> END_IT }
	fi;
	d_step { RELEASE(me); session[me - 1].reply = committed };
over:
	skip;
	d_step { session[me - 1].job = 0; batch = 0; i = 0; p = 0; src = 0; off[0] = 0; off[1] = 0;
		if :: session[me - 1].orphan -> session[me - 1].orphan = false; session[me - 1].reply = waiting :: else fi };
	goto idle;
roll_back:
	skip;
	d_step { RELEASE(me); session[me - 1].reply = rolled_back };
	goto over
}

/* --- ingest --- */

proctype Ingest(bool me) {
	byte at, slot = 2 * me;
#ifdef DEFINE
	byte encoded;
#endif
start:
	atomic { at = position[SOURCE(me)];
		if :: IS_AT(SOURCE(me), FILE(me), at) -> ACKNOWLEDGED :: else -> goto done fi };    /* another file: it gets a row of its own */
#ifdef DEFINE
	encoded = definition;
#endif
next:
	if :: at == BATCHES -> goto done :: else fi;
again:
	skip;
	d_step { session[slot].reply = waiting; session[slot].job = at + 1
#ifdef DEFINE
		; session[slot].definition = encoded
#endif
	};
wait:
	if
	:: atomic { session[slot].job == 0 && session[slot].reply == committed -> session[slot].reply = waiting };
#ifdef POSITIONAPART
		if
		:: position[SOURCE(me)] = at + 1                    /* in a transaction of its own */
		:: atomic { losses > 0 -> losses--; goto start }
		fi;
#endif
		d_step { at++; ACKNOWLEDGED
#ifdef COUNT
		; counted++
#endif
		}; goto next
#ifdef DEFINE
	:: atomic { session[slot].job == 0 && session[slot].reply == changed -> session[slot].reply = waiting; encoded = definition }; goto again
#endif
	:: atomic { session[slot].job == 0 && (session[slot].reply == conflict || session[slot].reply == rolled_back) ->
#ifdef NOREAD
		if
		:: session[slot].reply == conflict -> session[slot].reply = waiting; goto done    /* somebody else seems to read this file */
		:: else -> session[slot].reply = waiting; goto again
		fi
#endif
		session[slot].reply = waiting }
#ifdef FREEZE
	:: d_step { session[slot].copying && !session[slot].sent -> session[slot].sent = true }; goto wait
	:: atomic { session[slot].copying && !session[slot].sent && freezes > 0 -> freezes--; session[slot].frozen = true };
		d_step { ended >= 2 -> session[slot].frozen = false }; goto wait
	:: atomic { session[slot].job == 0 && session[slot].reply == gone -> session[slot].reply = waiting; slot = slot ^ 1 };
#ifdef TAKENFORDONE
		at++; goto next;
#endif
		if :: true :: goto start fi
#endif
	:: atomic { losses > 0 && session[slot ^ 1].job == 0 -> losses--;    /* the connection is lost, or this process is killed */
		if :: session[slot].job > 0 -> session[slot].orphan = true :: else -> session[slot].reply = waiting fi;
		slot = slot ^ 1 };
#ifdef NOREAD
		goto again;
#endif
#ifdef TAKENFORDONE
		at++; goto next;
#endif
		if :: true :: goto start fi
	fi;
	/* is it in the log? The position shows it */
	if
	:: atomic { IS_AT(SOURCE(me), FILE(me), at + 1) -> at++; ACKNOWLEDGED
#ifdef COUNT
		;
		if
#ifndef NORUN
		:: mover[SOURCE(me)] != me
#endif
		:: else -> counted++
		fi
#endif
		}; goto next
	:: IS_AT(SOURCE(me), FILE(me), at) -> goto again
	:: else                                                 /* another ingest is further: it goes on, this one ends */
	fi;
done:
	ended++
}

/* --- processes that wait for the log's end --- */

#ifdef FREEZE
/* A slow session may be taken for a frozen one, twice. */
#define IS_SILENT(s) (session[s].copying && !session[s].sent && (session[s].frozen || ends < 2))
#define LOOK(s) atomic { seen == 0 && IS_SILENT(s) -> seen = s + 1; transaction = session[s].transaction }
#ifdef SESSIONALONE
#define IS_AS_SEEN(s) IS_SILENT(s)
#else
#define IS_AS_SEEN(s) (IS_SILENT(s) && session[s].transaction == transaction)
#endif

proctype Waiter() {
	byte seen, transaction, ends, k;
	do
	:: LOOK(0)
	:: LOOK(1)
	:: LOOK(2)
	:: LOOK(3)
	:: d_step { seen > 0 -> seen--;
		if
		:: IS_AS_SEEN(seen) ->
			assert(session[seen].transaction == transaction);
			if :: session[seen].frozen -> skip :: else -> ends++ fi;
#ifdef LOCKTAKEN
			RELEASE(seen + 1)
#else
			session[seen].end = true
#endif
		:: else
		fi;
		seen = 0; transaction = 0 }
	od
}
#endif

/* --- a worker --- */

/* One snapshot of a partition: its rows, and its tail. */
#define FETCH(p) atomic { part[p].tail > cursor[p] -> d_step { k = cursor[p]; \
	do \
	:: k < PLACES -> if :: part[p].row[k] != 0 -> assert(k == cursor[p]); cursor[p]++ :: else fi; k++ \
	:: else -> break \
	od; \
	assert(cursor[p] == part[p].tail); k = 0 } }

proctype Worker() {
	byte cursor[2], k;
	do
	:: FETCH(0)
	:: FETCH(1)
	:: cursor[0] == part[0].tail && cursor[1] == part[1].tail && ended == ALL - 1 -> break
	od;
	ended++
}

/* --- a cut --- */

proctype Cut() {
	byte off[2], i, p, k;
	do
	:: i < 2 ->
#ifdef CUTANYORDER
		p = 1 - i;
#else
		p = i;
#endif
#ifdef CUTWITHOUTLOCK
		off[p] = part[p].tail;
#else
		atomic { tail_lock[p] == 0 -> tail_lock[p] = CUT; off[p] = part[p].tail };
#endif
		i++
	:: else -> break
	od;
	i = 0;
	d_step {
		do
		:: i < 2 -> k = 0;
			do
			:: k < PLACES -> assert((part[i].row[k] != 0) == (k < off[i])); k++
			:: else -> break
			od;
			i++
		:: else -> break
		od;
		i = 0; off[0] = 0; off[1] = 0; p = 0; k = 0 };
	d_step { k = 0; do :: k < 2 -> if :: tail_lock[k] == CUT -> tail_lock[k] = 0 :: else fi; k++ :: else -> break od; k = 0 };
	ended++
}

/* --- a change of the definition --- */

#ifdef DEFINE
proctype Change() {
	byte i, k;
#ifndef CHANGEWITHOUTLOCK
	do
#ifdef CHANGELOCKSONE
	:: i < 1 ->
#else
	:: i < 2 ->
#endif
		atomic { tail_lock[i] == 0 -> tail_lock[i] = CHANGE }; i++
	:: else -> break
	od;
	i = 0;
#endif
	d_step { definition = 1; part[0].changed_at = part[0].tail; part[1].changed_at = part[1].tail };
	d_step { k = 0; do :: k < 2 -> if :: tail_lock[k] == CHANGE -> tail_lock[k] = 0 :: else fi; k++ :: else -> break od; k = 0; i = 0 };
	ended++
}
#endif

init {
	byte p, k, s, b, n;
	atomic {
		session[0].reply = waiting; session[1].reply = waiting; session[2].reply = waiting; session[3].reply = waiting;
		run Backend(1); run Backend(2); run Backend(3); run Backend(4);
#if defined(FREEZE) && !defined(NOTENDED)
		run Waiter();
#endif
#ifdef DEFINE
		run Change();
#endif
		run Ingest(0); run Ingest(1); run Worker(); run Cut()
	};
	timeout;                                                /* no process can take another step */
	d_step {
		assert(ended == ALL);
		do
		:: p < 2 -> s = 1;
			do
			:: s <= FILES * BATCHES -> n = 0; k = 0; b = (s - 1) % BATCHES;
				do :: k < PLACES -> if :: part[p].row[k] == s -> n++ :: else fi; k++ :: else -> break od;
#ifdef TWOFILES
				assert(n <= 1 && (n == 1 || !HAS(b, p) || b >= acknowledged[(s - 1) / BATCHES]));
#else
				assert(n == (HAS(b, p) -> 1 : 0));
#endif
				s++
			:: else -> break
			od;
#ifdef DEFINE
			k = 0;
			do
			:: k < part[p].tail -> assert(part[p].definition[k] == (k < part[p].changed_at -> 0 : 1)); k++
			:: else -> break
			od;
#endif
			p++
		:: else -> break
		od;
#ifdef COUNT
		assert(counted <= BATCHES)
#endif
	}
}
