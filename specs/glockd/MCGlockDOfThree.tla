--------------------------- MODULE MCGlockDOfThree ---------------------------
(* Three clients of three commands each that stand in line for a lock,      *)
(* come, and go. For TLC.                                                   *)
EXTENDS GlockD, TLC

MCHeir == [s \in Sessions |-> s]
Symmetry == Permutations(Sessions)
=============================================================================
