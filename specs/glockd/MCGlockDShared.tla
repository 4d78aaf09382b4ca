--------------------------- MODULE MCGlockDShared ---------------------------
(* Clients that share a lock, and take the one that goes by the same name   *)
(* without waiting. A connection breaks, or a client goes.                  *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> s]
=============================================================================
