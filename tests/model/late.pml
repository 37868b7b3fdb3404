/* Watermark, lateness and finality (P9, P10, P11) in Promela: which events the stream path refuses, in any history.
 *
 * One partition with a log of N events, and every such log: an event has a time (0, 1, 2) and passes the WHERE of the view
 * or does not. Panes are one time unit long, windows hop over two panes, allowed_lateness and delay are 0. The whole log
 * exists from the start, and workers fetch any part of it at a time; a batch makes its cut anywhere. Two workers both
 * believe that the unit is theirs, and Redis may lose everything, or go back. lk.pml shows the fence: here the owner's name
 * is its token.
 *
 * Cells are sets of offsets. lk.pml shows that segments can be counted from a cut on, and that an answer from two servers
 * is consistent; here a publish or an answer is one step. The model omits max_ahead, which only bounds the times,
 * sessions, and the least watermark of several partitions.
 *
 * What is asserted, against a history in which one worker folds the whole log from 0 on, event by event:
 *   a commit  folds exactly the events that this history folds (I4)
 *   a row     of the ledger names an event that this history refuses; and each of those from the start of the unit
 *             to its cursor has a row
 *   an answer is batch + segments + late rows = the prefix that it names, each event once (I3)
 *   final     no event is folded into a window that an answer called final before
 *
 * -DN=…       events                             -DROUNDS=…  batches, one after the other; 0: a kappa copy
 * -DTAKES=…   take-overs of each worker          -DFLUSH     Redis loses everything once
 * -DGOBACK    Redis goes back once               -DWHERE     events may fail WHERE; otherwise all pass
 *
 * and the mutants: EMPTYATCUT HIGHOFTHEEND AFTERWHERE ONCEPERBATCH NOTSTORED STOREDAPART SKIPAHEAD BYWINDOW
 * BYSEGMENT */

#ifndef N
#define N 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef TAKES
#define TAKES 2
#endif

/* A watermark is 0 before the first event, else 1 + the largest time. Late: the end of the pane <= the watermark. */
#ifdef BYWINDOW
#define PANE_OVER(t, w) ((t) + 3 <= (w))      /* the end of the last window that contains the pane */
#else
#define PANE_OVER(t, w) ((t) + 2 <= (w))
#endif
#ifdef BYSEGMENT
#define IS_LATE(t, w, panes) (PANE_OVER(t, w) && !((panes) & (1 << (t))))
#else
#define IS_LATE(t, w, panes) PANE_OVER(t, w)
#endif
#ifdef AFTERWHERE
#define ADVANCE(w, off) if :: passes & (1 << (off)) && time[off] >= w -> w = time[off] + 1 :: else fi
#else
#define ADVANCE(w, off) if :: time[off] >= w -> w = time[off] + 1 :: else fi
#endif
#define BELOW(off) ((1 << (off)) - 1)

/* --- PostgreSQL --- */

byte time[N], passes;                 /* the log; passes: bit off: the event passes WHERE */
byte high[N + 1];                     /* the stream's watermark after so many events; it does not depend on a view */
byte pub, pub_watermark;              /* the published cut */
byte ledger;

/* --- Redis --- */

typedef Unit { bool there; byte cursor, watermark, began, owner, folded };
Unit redis;
#ifdef GOBACK
Unit old;
#endif

#define COPY(a, b) a.there = b.there; a.cursor = b.cursor; a.watermark = b.watermark; a.began = b.began; a.owner = b.owner; \
	a.folded = b.folded
#define LOSE(u) u.there = false; u.cursor = 0; u.watermark = 0; u.began = 0; u.owner = 0; u.folded = 0

/* --- the expected results --- */

byte refused;                         /* of the history that folds everything from 0 on */
byte final_to, final_end;             /* an answer over [0, final_end) has called windows final that end at or before final_to */

/* --- the stream path --- */

proctype Worker(byte me) {
	byte takes, cursor, watermark, end, folded, late, k, w;
#ifdef BYSEGMENT
	byte panes;
#endif

take:
	atomic {
		if :: takes == TAKES -> goto done :: else -> takes++ fi;
		if
		:: !redis.there -> redis.there = true; redis.cursor = pub; redis.began = pub;
#ifdef EMPTYATCUT
			redis.watermark = 0
#else
			redis.watermark = pub_watermark
#endif
		:: else
		fi;
#ifdef SKIPAHEAD
		if :: redis.cursor < pub -> redis.cursor = pub; redis.watermark = pub_watermark; redis.folded = 0 :: else fi;
#endif
		redis.owner = me; cursor = redis.cursor; watermark = redis.watermark;
#ifdef NOTSTORED
		watermark = (cursor == pub -> pub_watermark : 0);
#endif
#ifdef BYSEGMENT
		panes = 0;
#endif
	};
loop:
	atomic {                                                /* fetch and fold: invisible to others */
		if :: cursor == N -> goto idle :: else fi;
		end = cursor + 1; do :: end < N -> end++ :: break od;
		folded = 0; late = 0; k = cursor; w = watermark;
		do
		:: k < end ->
			if
			:: !(passes & (1 << k))
			:: else ->
				if
#ifdef BYSEGMENT
				:: IS_LATE(time[k], w, panes) -> late = late | (1 << k)
				:: else -> folded = folded | (1 << k); panes = panes | (1 << time[k])
#else
				:: IS_LATE(time[k], w, 0) -> late = late | (1 << k)
				:: else -> folded = folded | (1 << k)
#endif
				fi
			fi;
			ADVANCE(watermark, k);
#ifndef ONCEPERBATCH
			w = watermark;
#endif
			k++
		:: else -> break
		od;
		k = 0; w = 0 };
	if :: late -> atomic { assert((late & ~refused) == 0); ledger = ledger | late } :: else fi;
	atomic {
		if
		:: redis.there && redis.owner == me && redis.cursor == cursor -> d_step {
			assert(folded == (passes & ~refused & BELOW(end) & ~BELOW(cursor)));
			k = cursor;                                     /* final windows do not change */
			do
			:: k < end -> assert(!(folded & (1 << k)) || k < final_end || time[k] + 1 > final_to); k++
			:: else -> break
			od;
			k = 0;
			assert(((ledger ^ refused) & BELOW(end) & ~BELOW(redis.began)) == 0);
			redis.cursor = end; redis.folded = redis.folded | folded;
#ifndef STOREDAPART
			redis.watermark = watermark;
#endif
			cursor = end; end = 0; folded = 0 }
		:: else -> end = 0; folded = 0; late = 0; cursor = 0; watermark = 0; goto take
		fi };
#ifdef STOREDAPART
	if :: redis.there && redis.owner == me -> redis.watermark = watermark :: else fi;
#endif
	late = 0;
	goto loop;
idle:
	if
	:: !redis.there || redis.owner != me || redis.cursor != cursor -> goto take
	:: true
	fi;
done:
	cursor = 0; watermark = 0
}

/* --- the batch layer --- */

proctype Batch(byte rounds) {
	byte cut;
	do
	:: rounds > 0 -> rounds--;
		atomic { cut = pub + 1; do :: cut < N -> cut++ :: break od; pub = (cut < N -> cut : N); cut = 0;
#ifdef HIGHOFTHEEND
			pub_watermark = high[N]
#else
			pub_watermark = high[pub]
#endif
			}
	:: else -> break
	od
}

/* --- the serving layer --- */

proctype Reader() {
	byte end, set, rows, watermark;
	d_step {
		end = pub; watermark = pub_watermark; set = 0; rows = 0;
		if
		:: redis.there && redis.cursor > pub -> end = redis.cursor; watermark = redis.watermark;
			set = redis.folded & ~BELOW(pub); rows = ledger & BELOW(end) & ~BELOW(pub)
		:: else
		fi;
		assert((set & rows) == 0);
		assert((set | rows) == (passes & BELOW(end) & ~BELOW(pub)));
		if :: watermark > 0 -> final_to = watermark - 1; final_end = end :: else fi;
		end = 0; set = 0; rows = 0; watermark = 0 }
}

/* --- faults, and the log --- */

#if defined(GOBACK) || defined(FLUSH)
proctype RedisFault() {
#ifdef GOBACK
	d_step { COPY(old, redis) };
	d_step { COPY(redis, old); LOSE(old) };
#endif
#ifdef FLUSH
	d_step { LOSE(redis) };
#endif
}
#endif

init {
	byte k, w, panes;
	atomic {
		do
		:: k < N ->
			if :: time[k] = 0 :: time[k] = 1 :: time[k] = 2 fi;
			if
			:: passes = passes | (1 << k)
#ifdef WHERE
			:: true
#endif
			fi;
			if
			:: passes & (1 << k) && IS_LATE(time[k], w, panes) -> refused = refused | (1 << k)
			:: else -> if :: passes & (1 << k) -> panes = panes | (1 << time[k]) :: else fi
			fi;
			ADVANCE(w, k);
			high[k + 1] = (time[k] >= high[k] -> time[k] + 1 : high[k]);
			k++
		:: else -> break
		od;
		k = 0; w = 0; panes = 0;
		run Worker(1); run Worker(2); run Batch(ROUNDS); run Reader();
#if defined(GOBACK) || defined(FLUSH)
		run RedisFault()
#endif
	}
}
