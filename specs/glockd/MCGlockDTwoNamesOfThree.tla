----------------------- MODULE MCGlockDTwoNamesOfThree -----------------------
(* Three clients and two locks; one command is cut. For TLC.                *)
EXTENDS GlockD, TLC

MCHeir == [s \in Sessions |-> s]
Symmetry == Permutations(Sessions)
=============================================================================
