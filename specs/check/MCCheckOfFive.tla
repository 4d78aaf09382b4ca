---------------------------- MODULE MCCheckOfFive ----------------------------
(* Five contenders, of which two may be killed. For TLC.                    *)
EXTENDS Check, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
