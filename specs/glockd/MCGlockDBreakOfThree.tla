------------------------ MODULE MCGlockDBreakOfThree -------------------------
(* Three clients, of which one loses its connection; either side notices    *)
(* first, or never. For TLC.                                                *)
EXTENDS GlockD, TLC

MCHeir == [s \in Sessions |-> s]
Symmetry == Permutations(Sessions)
=============================================================================
