------------------------------- MODULE FairLock -------------------------------
(* A lock, or a semaphore of so many slots, that serves in the order of arrival, and nothing of how it does so.      *)
(*                                                                                                                   *)
(* An arrival takes time: it begins when p Comes, and is over when p Stands in line. Whoever stood in line before p  *)
(* came is ahead of p until it leaves. So two that arrive together have no order between them, and all others have.  *)
(* With one slot, p takes it when nobody is ahead of it and nobody holds it; with more, when so few are ahead.       *)
EXTENDS Integers, FiniteSets

CONSTANTS Procs, Slots
VARIABLES status, \* Of each process: "away", "coming", "waiting" or "holding".
          ahead   \* Who is ahead of it.

vars == <<status, ahead>>

Init == status = [p \in Procs |-> "away"] /\ ahead = [p \in Procs |-> {}]

Holders == {p \in Procs : status[p] = "holding"}

Come(p) ==
    /\ status[p] = "away"
    /\ status' = [status EXCEPT ![p] = "coming"]
    /\ ahead' = [ahead EXCEPT ![p] = {q \in Procs : status[q] \in {"waiting", "holding"}}]

Stand(p) ==
    /\ status[p] = "coming"
    /\ status' = [status EXCEPT ![p] = "waiting"]
    /\ ahead' = ahead

Take(p) ==
    /\ status[p] = "waiting" /\ Cardinality(ahead[p]) < Slots /\ Cardinality(Holders) < Slots
    /\ status' = [status EXCEPT ![p] = "holding"]
    /\ ahead' = ahead

(* Also of one that gives up, or dies. *)
Leave(p) ==
    /\ status[p] # "away"
    /\ status' = [status EXCEPT ![p] = "away"]
    /\ ahead' = [q \in Procs |-> IF q = p THEN {} ELSE ahead[q] \ {p}]

Next == \E p \in Procs : Come(p) \/ Stand(p) \/ Take(p) \/ Leave(p)
Spec == Init /\ [][Next]_vars

Excludes == Cardinality(Holders) <= Slots

(* Whoever stood in line before p came does not find p served while it waits, but for as many as there are slots. *)
InOrder == \A p \in Holders : Cardinality(ahead[p]) < Slots

(* Whoever stands in line is served at last, or gives up. *)
Served == \A p \in Procs : status[p] = "waiting" ~> status[p] # "waiting"
=============================================================================
