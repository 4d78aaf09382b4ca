------------------------ MODULE MCGlockDSharedOfThree ------------------------
(* Three clients that share a lock, and take the one that goes by the same  *)
(* name without waiting. A connection breaks. For TLC.                      *)
EXTENDS GlockD, TLC

MCHeir == [s \in Sessions |-> s]
Symmetry == Permutations(Sessions)
=============================================================================
