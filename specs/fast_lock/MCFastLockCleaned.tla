------------------------- MODULE MCFastLockCleaned --------------------------
(* One contender, and a cleaner that takes back its proposals.              *)
EXTENDS FastLock

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
