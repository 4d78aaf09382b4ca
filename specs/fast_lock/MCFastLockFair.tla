--------------------------- MODULE MCFastLockFair ---------------------------
(* The same, and what comes about in time.                                  *)
EXTENDS FastLock

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
