/* The kappa switch (P8, P15) in Promela: readers are moved to a copy that a replay has made, and back.
 *
 * One partition. Copy 0 is served: a lambda copy with a batch below PUBLISHED. Replays 0 and 1 make copies 1 and 2, which
 * are kappa. Under the view's advisory lock a replay makes its copy, or finds the one that an earlier run left, and folds
 * from 0 on. Then it locks the tail, so appends wait, folds up to it, and in the same transaction, on the session that
 * holds the lock, moves the pointer by compare-and-set. If it is not in time, it releases the tail and repeats this part.
 * The way back is the same, to the former copy. Meanwhile the log grows, workers fold and sweep every live copy, a process
 * drops copies, and another command moves the pointer too.
 *
 * A replay may be killed at each step and is run once more. The server may end the session that holds the view's lock; its
 * process notices only when it uses the session. A transaction takes effect in one step; its process may be killed before
 * or after it. The model has no cells: a copy is the range [base, cursor); lk.pml shows what makes it exact, for example
 * the fence.
 *
 * What is asserted:
 *   a reader  asks twice, and the second answer covers no less than the first one (except with FLUSH, when Redis
 *             has lost cells); batch and segments omit nothing; the served copy is live
 *   a switch  starts from the copy that it was prepared against, and happens once for each replay
 *   at the end all processes have ended, no lock is left and no append hangs
 *
 * -DN=…      events                                 -DTWO     two replays at once
 * -DBACK     a command goes back to the former copy -DDROP    a process drops copies
 * -DOTHER    another command moves the pointer      -DFLUSH   Redis loses everything once
 * -DKILLS=…  replays killed                         -DENDS=…  sessions that the server ends
 *
 * and the mutants: NOTAILLOCK NOTCAUGHTUP NOCOMPARE RECONNECT TODROPPED CHECKEDBEFORE AGAIN HINTONLY KAPPAATCUT
 * SWEPTBYVIEW */

#ifndef N
#define N 3
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef ENDS
#define ENDS 0
#endif
#define RUNS 2
#define NONE 9
#define COPIES 4                      /* 3: the copy that another command serves */
#define PUBLISHED 1

mtype = { absent, building, live, dropped };

/* --- PostgreSQL --- */

byte tail = PUBLISHED;
byte tail_lock, view_lock;            /* 0, or the session that holds it */
byte dead;                            /* bit: a session that has ended */
byte served, former = NONE;
mtype state[COPIES];
byte batch[COPIES];                   /* the cut of a copy's batch; 0: a kappa copy */

/* --- Redis --- */

typedef Unit { bool there; byte base, cursor };
Unit redis[COPIES];

byte kills = KILLS, ends = ENDS, ended, begun;
byte switched[2];                     /* how often, by replay */

#define IS_DEAD(s) (dead & (1 << (s)))
#define RELEASE(s) if :: view_lock == s -> view_lock = 0 :: else fi; if :: tail_lock == s -> tail_lock = 0 :: else fi
#define LEAVE(s) RELEASE(s); dead = dead & ~(1 << (s)); from = 0; to = 0
#ifdef KAPPAATCUT
#define BEGIN_AT(c) (batch[c] > 0 -> batch[c] : PUBLISHED)
#else
#define BEGIN_AT(c) batch[c]
#endif
#ifdef SWEPTBYVIEW
#define SWEEP_TO(c) PUBLISHED
#else
#define SWEEP_TO(c) batch[c]
#endif
#define BEHIND(c) (!redis[c].there || redis[c].cursor < tail)
#define FOLD(c) if \
	:: !redis[c].there -> redis[c].there = true; redis[c].base = BEGIN_AT(c); redis[c].cursor = BEGIN_AT(c) \
	:: else -> redis[c].cursor++ \
	fi

proctype Appender() {
	do
	:: atomic { tail < N && tail_lock == 0 -> tail++ }
	:: tail == N -> break
	od
}

#define WORK(c) \
	:: atomic { state[c] == live && BEHIND(c) -> FOLD(c) } \
	:: atomic { state[c] == live && redis[c].base < SWEEP_TO(c) && redis[c].cursor >= SWEEP_TO(c) -> redis[c].base = SWEEP_TO(c) } \
	:: atomic { state[c] == dropped && redis[c].there -> redis[c].there = false; redis[c].base = 0; redis[c].cursor = 0 }

proctype Workers() {
	do
	WORK(0)
	WORK(1)
#ifdef TWO
	WORK(2)
#endif
#ifdef OTHER
	WORK(3)
#endif
	od
}

/* --- a replay, and the way back --- */

#define OR_KILLED :: atomic { kills > 0 -> kills--; goto killed }

proctype Replay(byte me; bool back) {
	byte session = RUNS * me, from, to, former_was;
start:
	session++;
	if
	:: atomic { view_lock == 0 -> view_lock = session }
	:: view_lock != 0 -> goto done                          /* another one is running */
	OR_KILLED
	fi;
	if
	:: atomic { IS_DEAD(session) -> goto failed }
	:: atomic { !IS_DEAD(session) -> from = served; to = (back -> former : me + 1);
		if
		:: to == NONE || to == from -> goto over            /* there is no former copy; or the copy is already served */
		:: else
		fi;
		if
		:: state[to] == absent -> state[to] = building
		:: state[to] == building                            /* left by a run that was killed */
		:: state[to] == dropped -> goto over
		:: state[to] == live ->
#ifdef AGAIN
			skip
#else
			if :: back :: !back -> goto over fi              /* an earlier run has switched, but could not report it */
#endif
		fi }
	OR_KILLED
	fi;
catch_up:
	do                                                      /* on other sessions */
	:: atomic { BEHIND(to) && state[to] != dropped -> FOLD(to) }
	:: break
	OR_KILLED
	od;
#ifndef NOTAILLOCK
	if
	:: atomic { !IS_DEAD(session) && tail_lock == 0 -> tail_lock = session }
	:: atomic { IS_DEAD(session) -> goto failed }
	OR_KILLED
	fi;
#endif
	do
	:: atomic { BEHIND(to) && state[to] != dropped -> FOLD(to) }
#ifdef NOTCAUGHTUP
	:: break
#else
	:: !BEHIND(to) || state[to] == dropped -> break
#endif
	:: atomic { tail_lock == session -> tail_lock = 0; goto catch_up }    /* not in time: appends continue */
	OR_KILLED
	od;
	if
#ifdef RECONNECT
	:: atomic { true ->                                     /* on a new session, if the old one has ended */
#else
	:: atomic { IS_DEAD(session) -> goto failed }
	:: atomic { !IS_DEAD(session) ->
#endif
		if
#ifndef NOCOMPARE
		:: served != from -> goto over
#endif
#ifndef TODROPPED
		:: state[to] == dropped -> goto over
#endif
		:: else
		fi;
		assert(served == from);
		if
		:: !back -> switched[me]++; assert(switched[me] == 1)
		:: back
		fi;
		if
		:: former != NONE && former != to -> former_was = former; state[former_was] = dropped; former_was = 0
		:: else
		fi;
		served = to; former = from; state[to] = live;
		if :: tail_lock == session -> tail_lock = 0 :: else fi }
	OR_KILLED
	fi;
over:
	if
	:: atomic { true -> LEAVE(session); goto done }
	OR_KILLED
	fi;
killed:
	skip;                                                   /* its session remains for a while */
failed:
	atomic { LEAVE(session); if :: session == RUNS * me + RUNS :: else -> goto start fi };
done:
	atomic { session = 0; ended++ }
}

/* --- others --- */

#ifdef DROP
proctype Drop() {
	byte c;
	if :: c = 0 :: c = 1 fi;
	if
#ifdef CHECKEDBEFORE
	:: served == c || state[c] == absent
	:: served != c && state[c] != absent -> state[c] = dropped
#else
	:: atomic { served == c || state[c] == absent }
	:: atomic { served != c && state[c] != absent -> state[c] = dropped }
#endif
	fi;
	c = 0
}
#endif

#ifdef OTHER
proctype Other() {                                          /* it is complete; by compare-and-set too */
	if
	:: atomic { served == 0 -> served = 3; former = 0; state[3] = live; batch[3] = tail }
	:: true
	fi
}
#endif

#if ENDS > 0
proctype ServerEndsSessions() {
	byte s;
	do
	:: atomic { ends > 0 && view_lock != 0 -> ends--; s = view_lock; dead = dead | (1 << s); RELEASE(s); s = 0 }
	:: break
	od
}
#endif

#ifdef FLUSH
proctype RedisFault() {
	byte c;
	d_step { do :: c < COPIES -> redis[c].there = false; redis[c].base = 0; redis[c].cursor = 0; c++ :: else -> break od; c = 0 }
}
#endif

proctype Reader() {
	byte queries = 2, copy, covered; bool moved; Unit u;
again:
	copy = served;
	d_step { u.there = redis[copy].there; u.base = redis[copy].base; u.cursor = redis[copy].cursor };
	d_step {                                                /* one snapshot: the pointer again, and the batch */
		assert(state[served] == live);
#ifndef HINTONLY
		moved = served != copy;
#endif
		if
		:: moved
		:: else ->
			assert(!u.there || u.cursor <= batch[copy] || u.base <= batch[copy]);
			if :: !u.there || u.cursor < batch[copy] -> u.cursor = batch[copy] :: else fi;
#ifndef FLUSH
			assert(u.cursor >= covered);
#endif
			covered = u.cursor; queries--
		fi;
		u.there = false; u.base = 0; u.cursor = 0; copy = 0 };
	if :: queries > 0 -> goto again :: else -> ended++ fi
}

init {
	atomic {
		state[0] = live; state[1] = absent; state[2] = absent; state[3] = absent; batch[0] = PUBLISHED;
		redis[0].there = true; redis[0].cursor = PUBLISHED;
		run Appender(); run Workers(); run Reader(); run Replay(0, false); begun = 2;
#ifdef TWO
		run Replay(1, false); begun++;
#endif
#ifdef BACK
		run Replay(2, true); begun++;
#endif
#ifdef DROP
		run Drop();
#endif
#ifdef OTHER
		run Other();
#endif
#if ENDS > 0
		run ServerEndsSessions();
#endif
#ifdef FLUSH
		run RedisFault();
#endif
	};
	timeout;                                                /* no process can take another step */
	assert(ended == begun && tail == N && tail_lock == 0 && view_lock == 0)
}
