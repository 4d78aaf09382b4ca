---------------------------- MODULE SlotRecovery ----------------------------
(* The semaphore whose holders die: so many slots, each a lock under the    *)
(* check policy. The code is kernel/src/semaphore.rs over                   *)
(* kernel/src/policies/check.rs, whose steps have the same names.           *)
(*                                                                          *)
(* In a first pass nobody asks who is dead, and in a second whoever is told *)
(* of an owner asks whether it is dead, recovers the slot from the dead, by *)
(* name, and tries it once more. So a slot of the dead stays as long as     *)
(* another is free, and goes when somebody finds all of them held.          *)
(*                                                                          *)
(* The lock of a slot takes effect at one moment, as in Check: a try that   *)
(* is told of an owner was told of somebody who owned the slot at some      *)
(* moment of the try (`met`), and not of who owns it by now. The directory  *)
(* and what is left in it are SlotSemaphore's.                              *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Ids,     \* the processes
    Born,    \* those of them that run from the beginning
    Heir,    \* of each process the one that its client goes on with after a crash, or itself
    Slots,   \* how many slots there are
    Crashes  \* so many may be killed

VARIABLES
    owner,  \* of each slot who owns it, or NoOne
    pc,     \* of each process the step it takes next
    slot,   \* of each process the slot it takes it at
    start,  \* of each process the slot it started at, or 0
    about,  \* of each process whom its steps are about
    met,    \* of each process who owned its slot since its try began
    left    \* so many may still be killed

vars == <<owner, pc, slot, start, about, met, left>>

NoOne == "no one"

Trying == {"PASS", "PASS AGAIN", "TRY AGAIN"}

(* A slot passes from hand to hand, and who tries it may meet the new owner. *)
Passes(s, to) ==
    /\ owner' = [owner EXCEPT ![s] = to]
    /\ met' = [q \in Ids |->
                IF pc'[q] \notin Trying THEN {}
                ELSE (IF pc[q] = pc'[q] /\ slot[q] = slot'[q] THEN met[q] ELSE {}) \union ({owner'[slot'[q]]} \ {NoOne})]

Stays == Passes(1, owner[1])

Goes(p, step, s, from, id) ==
    /\ pc' = [pc EXCEPT ![p] = step]
    /\ slot' = [slot EXCEPT ![p] = s]
    /\ start' = [start EXCEPT ![p] = from]
    /\ about' = [about EXCEPT ![p] = id]
    /\ left' = left

Rests(p, step) == Goes(p, step, 1, 0, p)

(* 1 MAKE. *)
Make(p) == pc[p] = "idle" /\ Rests(p, "LOOK") /\ Stays

(* 2 LOOK: an id that has a slot already gets no other. *)
Look(p) ==
    /\ pc[p] = "LOOK"
    /\ CASE owner[slot[p]] = p -> Rests(p, "TIDY")
         [] slot[p] < Slots -> Goes(p, "LOOK", slot[p] + 1, 0, p)
         [] OTHER -> Rests(p, "START")
    /\ Stays

(* 3 START. *)
Start(p, s) == pc[p] = "START" /\ Goes(p, "PASS", s, s, p) /\ Stays

After(s) == IF s = Slots THEN 1 ELSE s + 1

(* The slot is not to be had, and the next one is tried. *)
NextSlot(p) ==
    CASE After(slot[p]) # start[p] -> Goes(p, IF pc[p] = "PASS" THEN "PASS" ELSE "PASS AGAIN", After(slot[p]), start[p], p)
      [] pc[p] = "PASS" -> Goes(p, "PASS AGAIN", start[p], start[p], p)
      [] OTHER -> Rests(p, "TIDY")

(* 4 PASS, and 5 PASS AGAIN: a try takes the slot, *)
Take(p) ==
    /\ pc[p] \in Trying /\ owner[slot[p]] = NoOne
    /\ Rests(p, "HOLD")
    /\ Passes(slot[p], p)

(* is told of an owner, whom the second pass asks about once, *)
Told(p, id) ==
    /\ pc[p] \in Trying /\ id \in met[p]
    /\ IF pc[p] = "PASS AGAIN" THEN Goes(p, "ASK", slot[p], start[p], id) ELSE NextSlot(p)
    /\ Stays

(* or comes to nothing: disturbed, or told that it is held and not by whom. *)
Fail(p) == pc[p] \in Trying /\ NextSlot(p) /\ Stays

Ask(p) ==
    /\ pc[p] = "ASK"
    /\ IF pc[about[p]] = "dead" THEN Goes(p, "RECOVER", slot[p], start[p], about[p]) ELSE NextSlot(p)
    /\ Stays

Recover(p) ==
    /\ pc[p] = "RECOVER"
    /\ Goes(p, "AGAIN", slot[p], start[p], p)
    /\ Passes(slot[p], IF owner[slot[p]] = about[p] THEN NoOne ELSE owner[slot[p]])

Again(p) == pc[p] = "AGAIN" /\ Goes(p, "TRY AGAIN", slot[p], start[p], p) /\ Stays

(* 6 TIDY, and the last step of a release. *)
Tidy(p) == pc[p] = "TIDY" /\ Rests(p, "idle") /\ Stays

(* Release: 1 FIND, slot after slot, *)
Find(p) ==
    /\ pc[p] \in {"HOLD", "FIND"}
    /\ IF owner[slot[p]] = p
       THEN Goes(p, "SWEEP", slot[p], 0, p) /\ Passes(slot[p], NoOne)
       ELSE slot[p] < Slots /\ Goes(p, "FIND", slot[p] + 1, 0, p) /\ Stays

(* and what a release of that lock does about one try of the dead, which owns nothing of it. *)
Sweep(p, id) == pc[p] = "SWEEP" /\ Goes(p, "SWEEP ASK", slot[p], 0, id) /\ Stays

SweepNone(p) == pc[p] = "SWEEP" /\ Rests(p, "TIDY") /\ Stays

SweepAsk(p) ==
    /\ pc[p] = "SWEEP ASK"
    /\ IF pc[about[p]] = "dead" THEN Goes(p, "SWEEP RECOVER", slot[p], 0, about[p]) ELSE Rests(p, "TIDY")
    /\ Stays

SweepRecover(p) ==
    /\ pc[p] = "SWEEP RECOVER"
    /\ Rests(p, "TIDY")
    /\ Passes(slot[p], IF owner[slot[p]] = about[p] THEN NoOne ELSE owner[slot[p]])

Crash(p) ==
    /\ left > 0 /\ pc[p] \notin {"dead", "unborn"}
    /\ pc' = [pc EXCEPT ![Heir[p]] = "idle", ![p] = "dead"]
    /\ slot' = [slot EXCEPT ![p] = 1]
    /\ start' = [start EXCEPT ![p] = 0]
    /\ about' = [about EXCEPT ![p] = p]
    /\ left' = left - 1
    /\ Stays

Init ==
    /\ owner = [s \in 1..Slots |-> NoOne]
    /\ pc = [p \in Ids |-> IF p \in Born THEN "idle" ELSE "unborn"]
    /\ slot = [p \in Ids |-> 1]
    /\ start = [p \in Ids |-> 0]
    /\ about = [p \in Ids |-> p]
    /\ met = [p \in Ids |-> {}]
    /\ left = Crashes

(* What ends a try: it is fair that one of these comes about. *)
TryEnds(p) == Take(p) \/ Fail(p) \/ \E id \in met[p] : Told(p, id)

Acts(p) ==
    \/ Make(p) \/ Look(p) \/ Ask(p) \/ Recover(p) \/ Again(p) \/ Tidy(p) \/ Find(p)
    \/ SweepNone(p) \/ SweepAsk(p) \/ SweepRecover(p)
    \/ \E s \in 1..Slots : Start(p, s)

Next ==
    \E p \in Ids :
        \/ Acts(p) \/ TryEnds(p) \/ Crash(p)
        \/ \E id \in Ids : pc[id] # "unborn" /\ Sweep(p, id)

ToldAgain(p, id) == pc[p] = "PASS AGAIN" /\ Told(p, id)

(* A try that finds an owner all the time is told of it some time, also the one that asks. *)
Fairness ==
    /\ \A p \in Ids : WF_vars(Acts(p)) /\ WF_vars(TryEnds(p))
    /\ \A p, id \in Ids : SF_vars(ToldAgain(p, id))

Spec == Init /\ [][Next]_vars /\ Fairness

(* Who was told that it has a slot, and has not begun to give it back. *)
Holders == {p \in Ids : pc[p] = "HOLD"}

Inside == {p \in Ids : pc[p] \in {"HOLD", "FIND"}}

NoMoreThanSlots == Cardinality(Inside) <= Slots

NotDispossessed == \A p \in Inside : \E s \in 1..Slots : owner[s] = p

Abstract == INSTANCE Semaphore WITH inside <- Inside

Refines == Abstract!Spec

(* The dead do not keep all slots. One of several they may keep: nobody asks about it while another is free. *)
IsOfTheDead(s) == owner[s] # NoOne /\ pc[owner[s]] = "dead"
NotForeverFull == (\A s \in 1..Slots : IsOfTheDead(s)) ~> (\E s \in 1..Slots : ~IsOfTheDead(s))

(* An inductive invariant: whoever is inside owns one slot, who owns one is inside or dead, and what is recovered from
   is dead. *)
Steps == Trying \union {"idle", "unborn", "dead", "LOOK", "START", "TIDY", "HOLD", "FIND", "ASK", "RECOVER", "AGAIN", "SWEEP",
                       "SWEEP ASK", "SWEEP RECOVER"}

TypeOK ==
    /\ owner \in [1..Slots -> Ids \union {NoOne}]
    /\ pc \in [Ids -> Steps]
    /\ slot \in [Ids -> 1..Slots]
    /\ start \in [Ids -> 0..Slots]
    /\ about \in [Ids -> Ids]
    /\ met \in [Ids -> SUBSET Ids]
    /\ left \in 0..Crashes

Inv ==
    /\ TypeOK
    /\ \A s \in 1..Slots : owner[s] # NoOne => pc[owner[s]] \in {"HOLD", "FIND", "dead"}
    /\ \A p \in Inside : Cardinality({s \in slot[p]..Slots : owner[s] = p}) = 1
    /\ \A p \in Inside : \A s \in 1..Slots : owner[s] = p => s >= slot[p]
    /\ \A p \in Ids : pc[p] = "HOLD" => slot[p] = 1
    /\ \A p \in Ids : pc[p] \in {"RECOVER", "SWEEP RECOVER"} => pc[about[p]] = "dead"
    /\ \A p \in Ids : Heir[p] # p => pc[p] = "dead" \/ pc[Heir[p]] = "unborn"
=============================================================================
