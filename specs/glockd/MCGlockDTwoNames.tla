-------------------------- MODULE MCGlockDTwoNames --------------------------
(* Clients that hold two locks, or stand in line for one and hold the       *)
(* other; one command is cut. Inv from the beginning.                       *)
EXTENDS GlockD

MCHeir == [s \in Sessions |-> s]
=============================================================================
