----------------------------- MODULE MCFastLock -----------------------------
(* Two contenders, of which one may be killed; calls walk, and then act.    *)
EXTENDS FastLock

MCIds == {"A1", "B1"}
MCHeir == [id \in MCIds |-> id]
=============================================================================
