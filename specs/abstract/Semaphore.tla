----------------------------- MODULE Semaphore -----------------------------
(* What a semaphore is: so many processes at most are inside.               *)
EXTENDS Naturals, FiniteSets

CONSTANTS Ids, Slots

VARIABLE inside

Init == inside = {}

Enter(p) == p \notin inside /\ Cardinality(inside) < Slots /\ inside' = inside \union {p}

Leave(p) == p \in inside /\ inside' = inside \ {p}

Next == \E p \in Ids : Enter(p) \/ Leave(p)

Spec == Init /\ [][Next]_inside
=============================================================================
