-------------------------- MODULE MCFastLockOfFour ---------------------------
(* Four contenders, of which one may be killed. For TLC.                    *)
EXTENDS FastLock, TLC

MCHeir == [id \in Ids |-> id]
Symmetry == Permutations(Ids)
=============================================================================
