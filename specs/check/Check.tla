------------------------------- MODULE Check -------------------------------
(* The check policy: asking is cheap, so ask each time. The code is         *)
(* kernel/src/policies/check.rs, whose steps have the same names.           *)
(*                                                                          *)
(* A contender that is told of an owner asks whether it is dead, recovers   *)
(* from the dead, and tries once more. Who gave the lock back looks at one  *)
(* try that somebody has on disk, and recovers it if that one is dead.      *)
(*                                                                          *)
(* The lock itself is any lock: what it does takes effect at one moment     *)
(* here. A try that is told of an owner was told of somebody who owned the  *)
(* lock at some moment of the try (`met`), and not of who owns it by now.   *)
(* So what the policy judges may have changed when it acts; that it acts on *)
(* the dead alone, and by name, is what makes it safe.                      *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Ids,     \* the processes
    Born,    \* those of them that run from the beginning
    Heir,    \* of each process the one that its client goes on with after a crash, or itself
    Crashes  \* so many may be killed

VARIABLES
    owner,  \* who owns the lock, or NoOne
    pc,     \* of each process the step it takes next
    about,  \* of each process whom its steps are about
    met,    \* of each process who owned the lock since its try began
    left    \* so many may still be killed

vars == <<owner, pc, about, met, left>>

NoOne == "no one"

Trying == {"TRY", "TRY AGAIN"}

(* The lock passes from hand to hand, and who tries may meet the new owner. *)
Passes(to) ==
    /\ owner' = to
    /\ met' = [q \in Ids |-> IF pc'[q] \in Trying THEN met[q] \union ({to} \ {NoOne}) ELSE {}]

Stays == Passes(owner)

Goes(p, step, id) ==
    /\ pc' = [pc EXCEPT ![p] = step]
    /\ about' = [about EXCEPT ![p] = id]
    /\ left' = left

(* 1 TRY, and 4 TRY AGAIN: a try begins, *)
Begin(p) ==
    /\ pc[p] \in {"idle", "AGAIN"}
    /\ Goes(p, IF pc[p] = "idle" THEN "TRY" ELSE "TRY AGAIN", p)
    /\ Stays

(* takes the lock, *)
Take(p) == pc[p] \in Trying /\ owner = NoOne /\ Goes(p, "HOLD", p) /\ Passes(p)

(* is told of an owner, and a second one is not asked about, *)
Told(p, id) ==
    /\ pc[p] \in Trying /\ id \in met[p]
    /\ IF pc[p] = "TRY" THEN Goes(p, "ASK", id) ELSE Goes(p, "idle", p)
    /\ Stays

(* or comes to nothing: disturbed, or told that the lock is held and not by whom. *)
Fail(p) == pc[p] \in Trying /\ Goes(p, "idle", p) /\ Stays

(* 2 ASK, and the same in a SWEEP. *)
Ask(p) ==
    /\ pc[p] \in {"ASK", "SWEEP ASK"}
    /\ IF pc[about[p]] = "dead"
       THEN Goes(p, IF pc[p] = "ASK" THEN "RECOVER" ELSE "SWEEP RECOVER", about[p])
       ELSE Goes(p, "idle", p)
    /\ Stays

(* 3 RECOVER what the dead one left, and the same in a SWEEP. *)
Recover(p) ==
    /\ pc[p] \in {"RECOVER", "SWEEP RECOVER"}
    /\ Goes(p, IF pc[p] = "RECOVER" THEN "AGAIN" ELSE "idle", p)
    /\ Passes(IF owner = about[p] THEN NoOne ELSE owner)

(* Unlock: 1 UNLOCK. *)
Unlock(p) == pc[p] = "HOLD" /\ owner = p /\ Goes(p, "SWEEP", p) /\ Passes(NoOne)

(* 2 SWEEP: one try, whoever's it is, or none. *)
Sweep(p, id) == pc[p] = "SWEEP" /\ Goes(p, "SWEEP ASK", id) /\ Stays

SweepNone(p) == pc[p] = "SWEEP" /\ Goes(p, "idle", p) /\ Stays

Crash(p) ==
    /\ left > 0 /\ pc[p] \notin {"dead", "unborn"}
    /\ pc' = [pc EXCEPT ![Heir[p]] = "idle", ![p] = "dead"]
    /\ about' = [about EXCEPT ![p] = p]
    /\ left' = left - 1
    /\ Stays

Init ==
    /\ owner = NoOne
    /\ pc = [p \in Ids |-> IF p \in Born THEN "idle" ELSE "unborn"]
    /\ about = [p \in Ids |-> p]
    /\ met = [p \in Ids |-> {}]
    /\ left = Crashes

(* What ends a try: it is fair that one of these comes about. *)
TryEnds(p) == Take(p) \/ Fail(p) \/ \E id \in met[p] : Told(p, id)

Next ==
    \E p \in Ids :
        \/ Begin(p) \/ TryEnds(p) \/ Ask(p) \/ Recover(p) \/ Unlock(p) \/ SweepNone(p) \/ Crash(p)
        \/ \E id \in Ids : pc[id] # "unborn" /\ Sweep(p, id)

(* Contenders go on. A try that finds an owner all the time is told of it some time. *)
Fairness ==
    /\ \A p \in Ids : WF_vars(Begin(p)) /\ WF_vars(TryEnds(p)) /\ WF_vars(Ask(p) \/ Recover(p))
    /\ \A p \in Ids : WF_vars(Unlock(p)) /\ WF_vars(SweepNone(p))
    /\ \A p, id \in Ids : SF_vars(Told(p, id))

Spec == Init /\ [][Next]_vars /\ Fairness

Holders == {p \in Ids : pc[p] = "HOLD"}

MutualExclusion == Cardinality(Holders) <= 1

NotDispossessed == \A p \in Holders : owner = p

Abstract == INSTANCE Lock WITH dead <- {p \in Ids : pc[p] = "dead"}

Refines == Abstract!Spec

(* The dead do not keep the lock, and nobody waits for a fairness beyond that of trying. *)
DeadOwnersGo == \A p \in Ids : (pc[p] = "dead" /\ owner = p) ~> owner # p

(* An inductive invariant, of which the two above are parts: who holds owns, who owns holds or is dead, what is
   recovered from is dead, and nobody was met who is none. *)
TypeOK ==
    /\ owner \in Ids \union {NoOne}
    /\ pc \in [Ids -> Trying \union {"idle", "unborn", "dead", "HOLD", "ASK", "RECOVER", "AGAIN", "SWEEP",
                                     "SWEEP ASK", "SWEEP RECOVER"}]
    /\ about \in [Ids -> Ids]
    /\ met \in [Ids -> SUBSET Ids]
    /\ left \in 0..Crashes

Inv ==
    /\ TypeOK
    /\ \A p \in Ids : pc[p] = "HOLD" => owner = p
    /\ owner # NoOne => pc[owner] \in {"HOLD", "dead"}
    /\ \A p \in Ids : pc[p] \in {"RECOVER", "SWEEP RECOVER"} => pc[about[p]] = "dead"
    /\ \A p \in Ids : Heir[p] # p => pc[p] = "dead" \/ pc[Heir[p]] = "unborn"
=============================================================================
