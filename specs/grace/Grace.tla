------------------------------- MODULE Grace -------------------------------
(* The grace policy: asking is dear, so ask only after a quiet time. The    *)
(* code is kernel/src/policies/grace.rs, whose steps have the same names.   *)
(*                                                                          *)
(*   in_use/<id>   its stamp says when <id> was noticed, or last asked about*)
(*                                                                          *)
(* A contender that is told of an owner looks for how long that one is      *)
(* noticed, and notices it if nobody has. When that is longer than the      *)
(* grace it waits a little, looks again, and touches the directory, so that *)
(* of many only the first asks; then it asks, and recovers from the dead.   *)
(* Who gives the lock back looks at one try, and takes it back if it stands *)
(* for longer than the grace, or at one directory, and removes it if its id *)
(* is not in use.                                                           *)
(*                                                                          *)
(* The lock itself is any lock: what it does takes effect at one moment     *)
(* here, as in the module Check. Time passes between any two steps, by one  *)
(* at a time, and is counted no further than it makes a difference.         *)
(*                                                                          *)
(* What is promised is what Check promises, however clocks go. When a dead  *)
(* owner goes depends on them: where the clock stands still, never.         *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Ids,     \* the processes
    Born,    \* those of them that run from the beginning
    Heir,    \* of each process the one that its client goes on with after a crash, or itself
    Crashes, \* so many may be killed
    Grace    \* so long a time is quiet

VARIABLES
    owner,  \* who owns the lock, or NoOne
    quiet,  \* for how long each process is noticed, counted from 1, or 0
    pc,     \* of each process the step it takes next
    about,  \* of each process whom its steps are about
    goal,   \* of each process that looks for how long somebody is noticed, what it does if for long
    met,    \* of each process who owned the lock since its try began
    read,   \* of each process the stamp it has read, as what it means by now
    young,  \* of each process whether that stamp was young when it was read
    left    \* so many may still be killed

vars == <<owner, quiet, pc, about, goal, met, read, young, left>>

NoOne == "no one"

Trying == {"TRY", "TRY AGAIN"}

(* The lock passes from hand to hand, and who tries may meet the new owner. *)
Passes(to) ==
    /\ owner' = to
    /\ met' = [q \in Ids |-> IF pc'[q] \in Trying THEN met[q] \union ({to} \ {NoOne}) ELSE {}]

Stays == Passes(owner) /\ UNCHANGED quiet

(* The directory of id is made, touched or removed. *)
Stamps(id, for) == Passes(owner) /\ quiet' = [quiet EXCEPT ![id] = for]

Moves(p, step, id, then) ==
    /\ pc' = [pc EXCEPT ![p] = step]
    /\ about' = [about EXCEPT ![p] = id]
    /\ goal' = [goal EXCEPT ![p] = then]
    /\ left' = left

Goes(p, step, id, then) ==
    /\ Moves(p, step, id, then)
    /\ read' = [read EXCEPT ![p] = 0]
    /\ young' = [young EXCEPT ![p] = FALSE]

Rests(p) == Goes(p, "idle", p, "none")

(****************************************************************************)
(* Lock.                                                                    *)
(****************************************************************************)

(* 1 TRY, and 8 TRY AGAIN: a try begins, *)
Begin(p) ==
    /\ pc[p] \in {"idle", "AGAIN"}
    /\ Goes(p, IF pc[p] = "idle" THEN "TRY" ELSE "TRY AGAIN", p, "none")
    /\ Stays

(* takes the lock, *)
Take(p) == pc[p] \in Trying /\ owner = NoOne /\ Goes(p, "HOLD", p, "none") /\ Passes(p) /\ UNCHANGED quiet

(* is told of an owner, and a second one is left alone, *)
Told(p, id) ==
    /\ pc[p] \in Trying /\ id \in met[p]
    /\ Goes(p, "FORGET me", IF pc[p] = "TRY" THEN id ELSE p, "none")
    /\ Stays

(* or comes to nothing: disturbed, or told that the lock is held and not by whom. *)
Fail(p) == pc[p] \in Trying /\ Goes(p, "FORGET me", p, "none") /\ Stays

(* Who did not get the lock may have been noticed while it tried. *)
ForgetMe(p) ==
    /\ pc[p] = "FORGET me"
    /\ IF about[p] = p THEN Rests(p) ELSE Goes(p, "AGE", about[p], "DELAY")
    /\ Stamps(p, 0)

(* 2 AGE, 4 LOOK AGAIN, and the same in a SWEEP: the stamp of whom it is about, *)
Age(p) ==
    /\ pc[p] = "AGE"
    /\ IF quiet[about[p]] = 0 THEN Goes(p, "NOTICE", about[p], "none")
       ELSE /\ Moves(p, "AGE now", about[p], goal[p])
            /\ read' = [read EXCEPT ![p] = quiet[about[p]]]
            /\ young' = [young EXCEPT ![p] = quiet[about[p]] <= Grace]
    /\ Stays

(* and one of now, which is one of any moment since: who was young then may be taken to be so still; *)
Old(p) == pc[p] = "AGE now" /\ read[p] > Grace /\ Goes(p, goal[p], about[p], "none") /\ Stays

Young(p) == pc[p] = "AGE now" /\ young[p] /\ Rests(p) /\ Stays

(* or nothing, where the directory has gone meanwhile. *)
Gone(p) == pc[p] = "AGE now" /\ quiet[about[p]] = 0 /\ Rests(p) /\ Stays

(* Whoever is noticed for the first time is given a directory, *)
Notice(p) ==
    /\ pc[p] = "NOTICE"
    /\ Goes(p, "IN USE", about[p], "none")
    /\ IF quiet[about[p]] = 0 THEN Stamps(about[p], 1) ELSE Stays

(* unless that around it is removed just then; *)
NoticeInVain(p) == pc[p] = "NOTICE" /\ Goes(p, "IN USE", about[p], "none") /\ Stays

(* and stays noticed, or has gone before, and is forgotten. *)
InUse(p) == pc[p] = "IN USE" /\ Rests(p) /\ Stays

NotInUse(p) == pc[p] = "IN USE" /\ Rests(p) /\ Stamps(about[p], 0)

(* 3 DELAY, which may be interrupted. *)
Delay(p) == pc[p] = "DELAY" /\ Goes(p, "AGE", about[p], "TOUCH") /\ Stays

Interrupted(p) == pc[p] = "DELAY" /\ Rests(p) /\ Stays

(* 5 TOUCH. *)
Touch(p) ==
    /\ pc[p] = "TOUCH"
    /\ Goes(p, "ASK", about[p], "none")
    /\ IF quiet[about[p]] = 0 THEN Stays ELSE Stamps(about[p], 1)

(* 6 ASK. *)
Ask(p) ==
    /\ pc[p] = "ASK"
    /\ IF pc[about[p]] = "dead" THEN Goes(p, "RECOVER", about[p], "none") ELSE Rests(p)
    /\ Stays

(* 7 RECOVER: what the dead one left, and its directory. *)
Recover(p) ==
    /\ pc[p] = "RECOVER"
    /\ Goes(p, "FORGET owner", about[p], "none")
    /\ Passes(IF owner = about[p] THEN NoOne ELSE owner)
    /\ UNCHANGED quiet

ForgetOwner(p) == pc[p] = "FORGET owner" /\ Goes(p, "AGAIN", p, "none") /\ Stamps(about[p], 0)

(****************************************************************************)
(* Unlock.                                                                  *)
(****************************************************************************)

(* 1 UNLOCK. *)
Unlock(p) ==
    /\ pc[p] = "HOLD" /\ owner = p
    /\ Goes(p, "FORGET", p, "none")
    /\ Passes(NoOne)
    /\ UNCHANGED quiet

(* 2 FORGET. *)
Forget(p) == pc[p] = "FORGET" /\ Goes(p, "SWEEP", p, "none") /\ Stamps(p, 0)

(* 3 SWEEP: a try, *)
SweepTry(p, id) == pc[p] = "SWEEP" /\ Goes(p, "AGE", id, "CLEAN") /\ Stays

(* a directory, *)
SweepNoticed(p, id) == pc[p] = "SWEEP" /\ Goes(p, "IN USE", id, "none") /\ Stays

(* or nothing. *)
SweepNone(p) == pc[p] = "SWEEP" /\ Rests(p) /\ Stays

(* A try that is old is taken back: it comes to nothing. *)
Clean(p) == pc[p] = "CLEAN" /\ Rests(p) /\ Stamps(about[p], 0)

(****************************************************************************)
(* What anybody does, and time.                                             *)
(****************************************************************************)

Crash(p) ==
    /\ left > 0 /\ pc[p] \notin {"dead", "unborn"}
    /\ pc' = [pc EXCEPT ![Heir[p]] = "idle", ![p] = "dead"]
    /\ about' = [about EXCEPT ![p] = p]
    /\ goal' = [goal EXCEPT ![p] = "none"]
    /\ read' = [read EXCEPT ![p] = 0]
    /\ young' = [young EXCEPT ![p] = FALSE]
    /\ left' = left - 1
    /\ Stays

Later(for) == IF for \in 1..Grace THEN for + 1 ELSE for

Tick ==
    /\ quiet' = [id \in Ids |-> Later(quiet[id])]
    /\ read' = [p \in Ids |-> Later(read[p])]
    /\ UNCHANGED <<owner, pc, about, goal, met, young, left>>

Init ==
    /\ owner = NoOne
    /\ quiet = [p \in Ids |-> 0]
    /\ pc = [p \in Ids |-> IF p \in Born THEN "idle" ELSE "unborn"]
    /\ about = [p \in Ids |-> p]
    /\ goal = [p \in Ids |-> "none"]
    /\ met = [p \in Ids |-> {}]
    /\ read = [p \in Ids |-> 0]
    /\ young = [p \in Ids |-> FALSE]
    /\ left = Crashes

(* What ends a try: it is fair that one of these comes about. *)
TryEnds(p) == Take(p) \/ Fail(p) \/ \E id \in met[p] : Told(p, id)

(* The next step of an attempt, but a try. *)
GoesOn(p) ==
    CASE pc[p] = "FORGET me" -> ForgetMe(p)
      [] pc[p] = "AGE" -> Age(p)
      [] pc[p] = "AGE now" -> Old(p) \/ Young(p) \/ Gone(p)
      [] pc[p] = "NOTICE" -> Notice(p) \/ NoticeInVain(p)
      [] pc[p] = "IN USE" -> InUse(p) \/ NotInUse(p)
      [] pc[p] = "DELAY" -> Delay(p) \/ Interrupted(p)
      [] pc[p] = "TOUCH" -> Touch(p)
      [] pc[p] = "ASK" -> Ask(p)
      [] pc[p] = "RECOVER" -> Recover(p)
      [] pc[p] = "FORGET owner" -> ForgetOwner(p)
      [] pc[p] = "HOLD" -> Unlock(p)
      [] pc[p] = "FORGET" -> Forget(p)
      [] pc[p] = "SWEEP" -> SweepNone(p)
      [] pc[p] = "CLEAN" -> Clean(p)
      [] OTHER -> FALSE

Next ==
    \/ Tick
    \/ \E p \in Ids :
        \/ Begin(p) \/ TryEnds(p) \/ GoesOn(p) \/ Crash(p)
        \/ \E id \in Ids : pc[p] = "SWEEP" /\ pc[id] # "unborn" /\ (SweepTry(p, id) \/ SweepNoticed(p, id))

(* Contenders go on, and time does. What is tried again and again comes about: a try is told of the owner, who is noticed
   and found in use, and a delay comes to its end. *)
Fairness ==
    /\ WF_vars(Tick)
    /\ \A p \in Ids : WF_vars(Begin(p)) /\ WF_vars(TryEnds(p)) /\ WF_vars(GoesOn(p))
    /\ \A p \in Ids : SF_vars(Notice(p)) /\ SF_vars(quiet[about[p]] > 0 /\ InUse(p)) /\ SF_vars(Delay(p))
    /\ \A p, id \in Ids : SF_vars(Told(p, id))

Spec == Init /\ [][Next]_vars /\ Fairness

Holders == {p \in Ids : pc[p] = "HOLD"}

MutualExclusion == Cardinality(Holders) <= 1

NotDispossessed == \A p \in Holders : owner = p

Abstract == INSTANCE Lock WITH dead <- {p \in Ids : pc[p] = "dead"}

Refines == Abstract!Spec

(* The dead do not keep the lock, if time goes on. *)
DeadOwnersGo == \A p \in Ids : (pc[p] = "dead" /\ owner = p) ~> owner # p

(* An inductive invariant, of which the first two above are parts. No time stands in it. *)
Inv ==
    /\ \A p \in Ids : pc[p] = "HOLD" => owner = p
    /\ owner # NoOne => pc[owner] \in {"HOLD", "dead"}
    /\ \A p \in Ids : pc[p] = "RECOVER" => pc[about[p]] = "dead"
    /\ \A p \in Ids : Heir[p] # p => pc[p] = "dead" \/ pc[Heir[p]] = "unborn"
    /\ left + Cardinality({p \in Ids : pc[p] = "dead"}) = Crashes
=============================================================================
