---------------------- MODULE MCSlotSemaphoreInductive ----------------------
(* From every state in which Inv holds, and not from the first only, each   *)
(* step leads to one in which it holds: Inv is inductive.                   *)
EXTENDS SlotSemaphore

MCIds == {"A1", "B1"}

Anything == TypeOK /\ Inv
=============================================================================
