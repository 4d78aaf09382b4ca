-------------------------- MODULE MCCheckInductive --------------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive.                   *)
EXTENDS Check

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]

(* The first part only names the values to try. *)
Anything == TypeOK /\ Inv
=============================================================================
