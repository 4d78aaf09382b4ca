---------------------- MODULE MCSlotRecoveryInductive ----------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive. Who was met while *)
(* a try was under way says nothing there, and is what it must be.          *)
EXTENDS SlotRecovery

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]

AtFirst == {"idle", "unborn", "dead", "START", "TIDY", "HOLD"}
Passing == Trying \union {"ASK", "RECOVER", "AGAIN"}

VARIABLE fresh  \* whether no step was taken

Anything ==
    /\ fresh = TRUE
    /\ owner \in [1..Slots -> Ids \union {NoOne}]
    /\ pc \in [Ids -> Steps]
    /\ \A s \in 1..Slots : owner[s] # NoOne => pc[owner[s]] \in {"HOLD", "FIND", "dead"}
    /\ slot \in [Ids -> 1..Slots]
    /\ \A p \in Ids : pc[p] \in AtFirst => slot[p] = 1
    /\ start \in [Ids -> 0..Slots]
    /\ \A p \in Ids : start[p] = 0 <=> pc[p] \notin Passing
    /\ about \in [Ids -> Ids]
    /\ \A p \in Ids : pc[p] \notin {"ASK", "RECOVER", "SWEEP ASK", "SWEEP RECOVER"} => about[p] = p
    /\ met = [p \in Ids |-> IF pc[p] \in Trying THEN {owner[slot[p]]} \ {NoOne} ELSE {}]
    /\ left = Crashes
    /\ Inv

OneMoves == fresh /\ fresh' = FALSE /\ Next
=============================================================================
