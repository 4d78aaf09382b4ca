--------------------------- MODULE MCGraceOfThree ----------------------------
(* Three contenders, of which two may be killed. For TLC.                   *)
EXTENDS Grace, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
