/* The switch of a derived stream (P19) in Promela: the stream and the views over it are moved from one log to another, and back.
 *
 * One partition; each event of the source makes one row, so a log of pos rows has been made of the source's first pos events. Log 0
 * is served; log 1 is filled by a replay. Views 0 and 1 read the stream from the start; view 2 is declared meanwhile, over
 * the log that is served then. A view has a copy over each log: copy (v, l) has folded cur rows of log l. Workers fill and fold
 * whatever is live, which what was served stays.
 *
 * The switch takes the catalogue's lock, then the tail of the served log, which then has no more rows, notes how far that
 * log was made of the source, brings the other log at least there and all copies over it to its end, asks whether these are
 * all copies that are needed, and moves all pointers in one step. If it is not in time, it releases the locks and repeats
 * this part. It may be killed at each step, and is run once more.
 *
 * What is asserted:
 *   a reader  finds each view over the log that the stream's readers get, and what a view covers of the source never falls
 *   at the end no lock is left
 *
 * -DN=…  events of the source      -DKILLS=…  replays killed      -DBACK  a second switch goes back
 *
 * and the mutants: NOTAILLOCK NOTBEHIND NOTCAUGHTUP ONEBYONE NOTASKED ASKEDBEFORE */

#ifndef N
#define N 3
#endif
#ifndef KILLS
#define KILLS 0
#endif
#define VIEWS 3
#define LATER 2                       /* the view that is declared meanwhile */

typedef Log { byte pos; byte cur[VIEWS]; byte copied; }   /* copied: bit v: view v has a copy over it */

byte source, kills = KILLS;
Log log[2];
bool live[2];
byte served, reads[VIEWS];            /* the log that readers of the stream get; that the served copy of each view reads */
byte declared = 3;                    /* bits, of views 0 and 1 */
bool tail_lock[2], catalogue_lock;
byte running = 1;

#define HAS(bits, v) ((bits) & (1 << (v)))
#define FILL(l) (log[l].pos < source && !tail_lock[l])
#define CAUGHT_UP(v) (!HAS(log[to].copied, v) || log[to].cur[v] >= made)
#define FOLD(v, l) (HAS(log[l].copied, v) && log[l].cur[v] < log[l].pos)

proctype Source() {
	do
	:: atomic { source < N -> source++ }
	:: source == N -> break
	od
}

proctype Workers() {
	do
	:: atomic { live[0] && FILL(0) -> log[0].pos++ }
	:: atomic { live[1] && FILL(1) -> log[1].pos++ }
	:: atomic { live[0] && FOLD(0, 0) -> log[0].cur[0]++ }
	:: atomic { live[0] && FOLD(1, 0) -> log[0].cur[1]++ }
	:: atomic { live[0] && FOLD(2, 0) -> log[0].cur[2]++ }
	:: atomic { live[1] && FOLD(0, 1) -> log[1].cur[0]++ }
	:: atomic { live[1] && FOLD(1, 1) -> log[1].cur[1]++ }
	:: atomic { live[1] && FOLD(2, 1) -> log[1].cur[2]++ }
	:: atomic { running == 0 && source == N && !FILL(served) && !FOLD(0, served) && !FOLD(1, served) -> break }
	od
}

/* lk apply: a new view has a copy over the log that is served. */
proctype Apply() {
	atomic { !catalogue_lock -> declared = declared | 4; reads[LATER] = served; log[served].copied = log[served].copied | 4 }
}

proctype Reader() {
	byte seen[2], v;
	do
	:: atomic { running > 0 ->
		assert(reads[0] == served && reads[1] == served);
		assert(!HAS(declared, LATER) || reads[LATER] == served);
		select(v : 0 .. 1);
		assert(log[reads[v]].cur[v] >= seen[v]);
		seen[v] = log[reads[v]].cur[v];
		v = 0 }
	:: running == 0 -> break
	od
}

#define OR_KILLED :: atomic { kills > 0 -> kills--; goto killed }
#define LEAVE tail_lock[from] = false; catalogue_lock = false; mine = false

proctype Switch() {
	byte from, to, made, round, v;
	bool mine;
again:
	atomic { from = served; to = 1 - served }
start:
	if
	:: atomic { !catalogue_lock -> log[to].copied = log[to].copied | declared }   /* gathers, in a transaction of its own */
	OR_KILLED
	fi;
catch_up:
	do
	:: atomic { !live[to] && FILL(to) -> log[to].pos++ }
	:: atomic { !live[to] && FOLD(0, to) -> log[to].cur[0]++ }
	:: atomic { !live[to] && FOLD(1, to) -> log[to].cur[1]++ }
	:: atomic { !live[to] && FOLD(2, to) -> log[to].cur[2]++ }
	:: break
	OR_KILLED
	od;
#ifdef ASKEDBEFORE
	if :: declared != (declared & log[to].copied) -> goto start :: else fi;
#endif
	if
	:: atomic { !catalogue_lock -> catalogue_lock = true; mine = true }
	OR_KILLED
	fi;
#ifdef ASKEDBEFORE
	catalogue_lock = false;
#endif
#ifndef NOTAILLOCK
	tail_lock[from] = true;
#endif
	made = log[from].pos;
	do
	:: atomic { FILL(to) -> log[to].pos++ }
	:: atomic { FOLD(0, to) -> log[to].cur[0]++ }
	:: atomic { FOLD(1, to) -> log[to].cur[1]++ }
	:: atomic { FOLD(2, to) -> log[to].cur[2]++ }
#ifdef NOTBEHIND
	:: atomic { !FOLD(0, to) && !FOLD(1, to) -> break }
#else
#ifdef NOTCAUGHTUP
	:: atomic { log[to].pos >= made -> break }
#else
	:: atomic { log[to].pos >= made && CAUGHT_UP(0) && CAUGHT_UP(1) && CAUGHT_UP(LATER) -> break }
#endif
#endif
	:: atomic { true -> LEAVE; goto catch_up }                                    /* not in time */
	OR_KILLED
	od;
#if !defined(NOTASKED) && !defined(ASKEDBEFORE)
	if
	:: atomic { declared != (declared & log[to].copied) -> LEAVE; goto start }    /* somebody has declared something */
	:: else
	fi;
#endif
#ifdef ONEBYONE
	served = to; reads[0] = to; reads[1] = to;
#endif
	if
	:: atomic { true -> served = to; live[to] = true;
		for (v : 0 .. VIEWS - 1) { if :: HAS(log[to].copied, v) -> reads[v] = to :: else fi }
		v = 0;
		LEAVE; goto over }
	OR_KILLED
	fi;
killed:
	atomic { if :: mine -> LEAVE :: else fi; goto again };                        /* its session has ended; it is run again */
over:
#ifdef BACK
	if :: round == 0 -> round = 1; goto again :: else fi;
#endif
	atomic { running = 0; assert(!catalogue_lock && !tail_lock[0] && !tail_lock[1]); from = 0; to = 0; made = 0; round = 0 }
}

init {
	atomic {
		log[0].copied = 3; live[0] = true;
		run Source(); run Workers(); run Apply(); run Reader(); run Switch()
	}
}
