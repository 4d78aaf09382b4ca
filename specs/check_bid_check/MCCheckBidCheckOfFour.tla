------------------------ MODULE MCCheckBidCheckOfFour ------------------------
(* Four contenders, of which one may be killed. For TLC.                    *)
EXTENDS CheckBidCheck, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
