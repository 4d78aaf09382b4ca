----------------------------- MODULE Semaphore -----------------------------
(* What a semaphore is: so many processes at most are inside.               *)
EXTENDS Naturals, FiniteSets

CONSTANTS Ids, Slots

VARIABLE inside

Init == inside = {}

Enter(p) == p \notin inside /\ Cardinality(inside) < Slots /\ inside' = inside \union {p}

Leave(p) == p \in inside /\ inside' = inside \ {p}

(* No step at all. It comes first, for most steps of what refines this are none here, and a checker then asks no further. *)
Rest == inside' = inside

Next == Rest \/ \E p \in Ids : Enter(p) \/ Leave(p)

Spec == Init /\ [][Next]_inside
=============================================================================
