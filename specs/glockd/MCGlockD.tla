------------------------------ MODULE MCGlockD ------------------------------
(* Clients that stand in line for a lock, come, and go.                     *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> s]
=============================================================================
