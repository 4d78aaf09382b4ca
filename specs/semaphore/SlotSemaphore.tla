--------------------------- MODULE SlotSemaphore ---------------------------
(* The semaphore: so many holders at a time, each in a slot that is a lock  *)
(* of its own. The code is kernel/src/semaphore.rs, whose steps have the    *)
(* same names.                                                              *)
(*                                                                          *)
(* A contender makes the directory, looks whether it has a slot already,    *)
(* starts at a slot that chance picks, and tries one after the other; when  *)
(* all are held it goes round once more. Who got none removes the directory *)
(* if it is empty. A holder finds its slot by trying to unlock each.        *)
(*                                                                          *)
(* The lock of a slot is here one file that holds its owner's id: it is     *)
(* made in one call, whose contents come in a second step, and it is given  *)
(* back by reading it and removing it. Nobody dies. (Locks of more steps    *)
(* are FastLock, and who asks about the dead is Check.) One step is one     *)
(* call, or one half of such a call.                                        *)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Ids,   \* the processes
    Slots  \* how many slots there are

VARIABLES
    stands,  \* whether the directory is there
    owner,   \* of each slot the process that made its file, or NoOne
    pc,      \* of each process the step it takes next
    slot,    \* of each process the slot it takes it at
    start    \* of each process the slot it started at, or 0

vars == <<stands, owner, pc, slot, start>>

NoOne == "no one"

(* What is read in a slot: nothing in a file without contents. *)
Reads(s) == IF owner[s] # NoOne /\ pc[owner[s]] = "WRITE" THEN NoOne ELSE owner[s]

Goes(p, step, s, from) ==
    /\ pc' = [pc EXCEPT ![p] = step]
    /\ slot' = [slot EXCEPT ![p] = s]
    /\ start' = [start EXCEPT ![p] = from]

Rests(p) == Goes(p, "idle", 1, 0)

Unchanged == UNCHANGED <<stands, owner>>

(* 1 MAKE. *)
Make(p) ==
    /\ pc[p] = "idle"
    /\ stands' = TRUE
    /\ owner' = owner
    /\ Goes(p, "LOOK", 1, 0)

(* 2 LOOK: an id that has a slot already gets no other. *)
Look(p) ==
    /\ pc[p] = "LOOK"
    /\ CASE Reads(slot[p]) = p -> Goes(p, "TIDY", 1, 0)
         [] slot[p] < Slots -> Goes(p, "LOOK", slot[p] + 1, 0)
         [] OTHER -> Goes(p, "START", 1, 0)
    /\ Unchanged

(* 3 START. *)
Start(p, s) == pc[p] = "START" /\ Goes(p, "PASS", s, s) /\ Unchanged

After(s) == IF s = Slots THEN 1 ELSE s + 1

(* 4 PASS, and 5 PASS AGAIN: the lock of one slot, then of the next. *)
Pass(p) ==
    /\ pc[p] \in {"PASS", "PASS AGAIN"}
    /\ IF stands /\ owner[slot[p]] = NoOne
       THEN /\ owner' = [owner EXCEPT ![slot[p]] = p]
            /\ stands' = stands
            /\ Goes(p, "WRITE", slot[p], 0)
       ELSE /\ Unchanged
            /\ CASE After(slot[p]) # start[p] -> Goes(p, pc[p], After(slot[p]), start[p])
                 [] pc[p] = "PASS" -> Goes(p, "PASS AGAIN", start[p], start[p])
                 [] OTHER -> Goes(p, "TIDY", 1, 0)

(* The contents of the file. *)
Write(p) == pc[p] = "WRITE" /\ Goes(p, "FIND", 1, 0) /\ Unchanged

(* 6 TIDY, and the second step of a release. *)
Tidy(p) ==
    /\ pc[p] = "TIDY"
    /\ stands' = (stands /\ \E s \in 1..Slots : owner[s] # NoOne)
    /\ owner' = owner
    /\ Rests(p)

(* Release: 1 FIND, slot after slot; who is there holds a slot until it begins. *)
Find(p) ==
    /\ pc[p] = "FIND"
    /\ IF Reads(slot[p]) = p THEN Goes(p, "REMOVE", slot[p], 0)
       ELSE slot[p] < Slots /\ Goes(p, "FIND", slot[p] + 1, 0)
    /\ Unchanged

Remove(p) ==
    /\ pc[p] = "REMOVE"
    /\ owner' = [owner EXCEPT ![slot[p]] = NoOne]
    /\ stands' = stands
    /\ Goes(p, "TIDY", 1, 0)

Step(p) ==
    \/ Make(p) \/ Look(p) \/ Pass(p) \/ Write(p) \/ Tidy(p) \/ Find(p) \/ Remove(p)
    \/ \E s \in 1..Slots : Start(p, s)

Init ==
    /\ stands = FALSE
    /\ owner = [s \in 1..Slots |-> NoOne]
    /\ pc = [p \in Ids |-> "idle"]
    /\ slot = [p \in Ids |-> 1]
    /\ start = [p \in Ids |-> 0]

Next == \E p \in Ids : Step(p)

Fairness == \A p \in Ids : WF_vars(Step(p))

Spec == Init /\ [][Next]_vars /\ Fairness

(* Who was told that it has a slot, and has not begun to give it back: that begins with a step at slot 1. *)
Holders == {p \in Ids : pc[p] = "FIND" /\ slot[p] = 1}

Inside == {p \in Ids : pc[p] \in {"WRITE", "FIND", "REMOVE"}}

NoMoreThanSlots == Cardinality(Inside) <= Slots

NotDispossessed == \A p \in Inside : \E s \in 1..Slots : owner[s] = p

NothingLeftBehind == (\A p \in Ids : pc[p] = "idle") => ~stands

Abstract == INSTANCE Semaphore WITH inside <- Inside

Refines == Abstract!Spec

(* Every attempt ends, and so does every release. *)
AttemptsEnd == \A p \in Ids : pc[p] = "LOOK" ~> pc[p] \in {"idle", "FIND"}
HoldersLeave == \A p \in Ids : pc[p] = "FIND" ~> pc[p] = "idle"

(* An inductive invariant: whoever is inside owns one slot, and nobody else owns any. *)
TypeOK ==
    /\ owner \in [1..Slots -> Ids \union {NoOne}]
    /\ pc \in [Ids -> {"idle", "LOOK", "START", "PASS", "PASS AGAIN", "WRITE", "TIDY", "FIND", "REMOVE"}]
    /\ slot \in [Ids -> 1..Slots]
    /\ start \in [Ids -> 0..Slots]
    /\ stands \in BOOLEAN

Inv ==
    /\ TypeOK
    /\ \A s \in 1..Slots : owner[s] # NoOne => owner[s] \in Inside /\ stands
    /\ \A p \in Inside : Cardinality({s \in 1..Slots : owner[s] = p}) = 1
    /\ \A p \in Ids : pc[p] \in {"WRITE", "REMOVE"} => owner[slot[p]] = p
    /\ \A p \in Ids : pc[p] = "FIND" => \E s \in slot[p]..Slots : owner[s] = p
    /\ \A p \in Ids : pc[p] \in {"PASS", "PASS AGAIN"} <=> start[p] # 0
=============================================================================
