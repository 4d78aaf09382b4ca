--------------------------- MODULE MCGlockDShared ---------------------------
(* Clients that share a lock, and take the one that goes by the same name   *)
(* without waiting. A connection breaks, or a command is cut.               *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> s]
=============================================================================
