/* Reading several partitions in one order (P20) in Promela: appends to two partitions, and two stages that each make a log of both,
 * one of them as the rebuild of the other. With JOIN instead a stage that looks up, for each event of partition 0, the
 * rows of partition 1 that were there before it.
 *
 * An append locks the tail of its partition, reads the clock, chooses `_at`, writes the row, and commits: the row and last_at are
 * visible, and the lock is released. It may also roll back. The clock is no process: whoever reads it finds any time, so it
 * stands, leaps and goes back.
 *
 * A stage repeats: it looks at the tails; if there is more than it has read, it raises `closed` of each partition beyond the last
 * event, looks again at where the partitions end and below which instant all are complete, fetches each partition, and appends rows
 * in the order (`_at`, partition, offset) below that instant, as many as it likes, in one transaction with its positions. One that
 * is killed has appended none, and begins again. A switch locks the tails of both partitions, and then that of a log that is made of them.
 *
 * The stage of a join fetches events, raises partition 1 to the last one's `_at`, and only then reads it: an event finds the rows
 * with a lower `_at`.
 *
 * What is asserted:
 *   rows    are in that order
 *   stages  make the same rows with the same `_at`, in whatever steps
 *   joins   have found what the same look-up finds at the end of all appends
 *   at the end all events are rows, and nobody waits for a lock
 *
 * -DN=…       appends to a partition        -DCLOCKS=…  times that the clock may show
 * -DSWITCH    there is a switch            -DJOIN      a stage that looks up, in place of the two
 *
 * and the mutants: NORAISE LOCKALONE SNAPSHOTFIRST CLOSEDUNHEEDED STARTBEFORELOCK UNORDERED EQUALJOINED ATOFTHECLOCK RAISEINTRANSACTION */

#ifndef N
#define N 2
#endif
#ifndef CLOCKS
#define CLOCKS 2
#endif
#define EVENTS (2 * N)

typedef Part {
	byte n, at[N];
	byte last, closed;                /* of the tail; 0: never */
	bool lock;
}
typedef Log {
	byte n;
	byte part[EVENTS], at[EVENTS];
	byte read[2];                     /* positions in the partitions */
	bool lock;                        /* of its tail */
}

Part part[2];
Log log[2];
byte ended;

#define LATER(a, b) ((a) > (b) -> (a) : (b))
#define EARLIER(a, b) ((a) < (b) -> (a) : (b))
#define COMPLETE(p) LATER(part[p].last, part[p].closed)

proctype Append(byte p) {
	byte i, now, at;
	do
	:: i < N ->
#ifdef STARTBEFORELOCK
		select(now : 1 .. CLOCKS);
		at = LATER(now, part[p].closed);
#endif
		atomic { !part[p].lock -> part[p].lock = true }
		atomic {
#ifndef STARTBEFORELOCK
			select(now : 1 .. CLOCKS);
#ifdef CLOSEDUNHEEDED
			at = now;
#else
			at = LATER(now, part[p].closed);
#endif
#endif
			if :: at <= part[p].last -> at = part[p].last + 1 :: else fi
		}
		if
		:: d_step { part[p].at[part[p].n] = at; part[p].n++; part[p].last = at; part[p].lock = false; i++ }
		:: part[p].lock = false       /* rolled back; it tries again */
		fi;
		now = 0; at = 0
	:: i == N -> break
	od;
	ended++
}

#define NEXT(p) part[p].at[log[me].read[p]]

/* Which partition's event comes first; 2: none that is complete. */
inline choose() {
	first = 2; k = 0;
	do
	:: k < 2 ->
		if
		:: (log[me].read[k] < seen[k] && NEXT(k) < complete && (first == 2 || NEXT(k) < NEXT(first))) -> first = k
		:: else
		fi;
#ifdef UNORDERED
		if :: first < 2 -> break :: else fi;
#endif
		k++
	:: k == 2 -> break
	od;
	k = 0
}

/* The event becomes a row. Rows that both logs have are the same. */
inline take() {
	i = log[me].n; at = NEXT(first);
	assert(i == 0 || at > log[me].at[i - 1] || (at == log[me].at[i - 1] && first >= log[me].part[i - 1]));
#ifdef ATOFTHECLOCK
	at = now;
#endif
	log[me].part[i] = first; log[me].at[i] = at;
	log[me].read[first]++; log[me].n++;
	assert(log[1 - me].n <= i || (log[1 - me].part[i] == first && log[1 - me].at[i] == at));
	i = 0; at = 0; first = 0
}

#ifdef LOCKALONE
#define RAISE(p) atomic { !part[p].lock -> skip }
#else
#define RAISE(p) atomic { !part[p].lock -> part[p].closed = LATER(part[p].closed, LATER(to, now)) }
#endif
#define LOCK_LOG(which) atomic { !log[which].lock -> log[which].lock = true }
#define HAS_MORE (part[0].n > log[me].read[0] || part[1].n > log[me].read[1])
#define HAS_ALL (log[me].read[0] == N && log[me].read[1] == N)

proctype Stage(byte me) {
	byte to, complete, now, seen[2], first, i, at, k;
	do
	:: atomic { HAS_MORE ->
			to = LATER(part[0].last, part[1].last) + 1;
			select(now : 1 .. CLOCKS);
#ifdef SNAPSHOTFIRST
			seen[0] = part[0].n; seen[1] = part[1].n
#endif
		};
#ifdef RAISEINTRANSACTION
		LOCK_LOG(me);
#endif
#ifndef NORAISE
		RAISE(0);
		RAISE(1);
#endif
		atomic {
#if defined(NORAISE) || defined(LOCKALONE)
			complete = LATER(to, now);
#else
			complete = EARLIER(COMPLETE(0), COMPLETE(1));
#endif
			to = 0
		};
#ifndef SNAPSHOTFIRST
		seen[0] = part[0].n;
		seen[1] = part[1].n;
#endif
#ifndef RAISEINTRANSACTION
		LOCK_LOG(me);
#endif
		atomic {
			do
			:: choose();
				if :: first < 2 -> take() :: else -> break fi
			:: break
			od;
			log[me].lock = false;
			first = 0; seen[0] = 0; seen[1] = 0; complete = 0; now = 0
		}
	:: HAS_ALL -> break
	od;
	ended++
}

/* How many of the first n rows of partition 1 an event with this `_at` finds. */
inline look_up(when, rows, out) {
	k = 0; out = 0;
	do
#ifdef EQUALJOINED
	:: k < rows -> if :: part[1].at[k] <= when -> out++ :: else fi; k++
#else
	:: k < rows -> if :: part[1].at[k] < when -> out++ :: else fi; k++
#endif
	:: k == rows -> break
	od;
	k = 0
}

byte joined, found[N];

proctype Join() {
	byte end, to, now, seen, k;
	do
	:: atomic { part[0].n > joined ->
			select(end : joined + 1 .. part[0].n);
			to = part[0].at[end - 1];
			select(now : 1 .. CLOCKS);
#ifdef SNAPSHOTFIRST
			seen = part[1].n
#endif
		};
#ifndef NORAISE
		RAISE(1);
#endif
#ifndef SNAPSHOTFIRST
		seen = part[1].n;
#endif
		atomic {
			do
			:: joined < end -> look_up(part[0].at[joined], seen, found[joined]); joined++
			:: joined == end -> break
			od;
			end = 0; to = 0; now = 0; seen = 0
		}
	:: joined == N -> break
	od;
	ended++
}

proctype Switch() {
	atomic { !part[0].lock -> part[0].lock = true };
	atomic { !part[1].lock -> part[1].lock = true };
	LOCK_LOG(0);
	atomic { log[0].lock = false; part[0].lock = false; part[1].lock = false };
	ended++
}

init {
	byte all = 2, i, k, finds;
	atomic {
		run Append(0); run Append(1);
#ifdef JOIN
		run Join(); all++;
#else
		run Stage(0); run Stage(1); all = all + 2;
#endif
#ifdef SWITCH
		run Switch(); all++
#endif
	};
	timeout;                              /* no process can take another step */
	assert(ended == all);
	d_step {
		do
		:: i < joined -> look_up(part[0].at[i], part[1].n, finds); assert(found[i] == finds); i++
		:: i == joined -> break
		od
	}
}
