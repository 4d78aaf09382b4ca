-------------------------------- MODULE Lock --------------------------------
(* What an exclusive lock is: somebody owns it, or nobody does.             *)
(*                                                                          *)
(* A process takes the lock while nobody owns it, and gives it back. It may *)
(* die at any time; what a dead process owns is its own until somebody      *)
(* recovers it. Nobody takes the lock from a process that lives.            *)
CONSTANTS Ids, NoOne

ASSUME NoOne \notin Ids

VARIABLES owner, dead

vars == <<owner, dead>>

TypeOK == owner \in Ids \union {NoOne} /\ dead \subseteq Ids

Init == owner = NoOne /\ dead = {}

Take(p) == owner = NoOne /\ p \notin dead /\ owner' = p /\ dead' = dead

GiveBack(p) == owner = p /\ p \notin dead /\ owner' = NoOne /\ dead' = dead

Die(p) == p \notin dead /\ dead' = dead \union {p} /\ owner' = owner

Recover == owner \in dead /\ owner' = NoOne /\ dead' = dead

(* No step at all. It comes first, for most steps of what refines this are none here, and a checker then asks no further. *)
Rest == owner' = owner /\ dead' = dead

Next == Rest \/ Recover \/ \E p \in Ids : Take(p) \/ GiveBack(p) \/ Die(p)

Spec == Init /\ [][Next]_vars
=============================================================================
